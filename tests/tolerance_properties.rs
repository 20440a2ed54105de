//! What holds of every kind of tolerance, whatever the texts.

use std::time::{Duration, Instant};

use proptest::prelude::*;
use trueprint::expectation::{Bound, Selector, Tolerance, ToleranceKind};
use trueprint::matching::tolerance::{forgives, forgives_together};
use trueprint::position::LineNumber;

fn tolerance(kind: ToleranceKind) -> Tolerance {
    Tolerance {
        line: LineNumber::FIRST,
        selector: Selector {
            claim: None,
            statement: None,
            at: None,
            nth: None,
        },
        kind,
        python: None,
        seldom: false,
        reason: "it varies".to_owned(),
    }
}

fn text(pattern: &str) -> ToleranceKind {
    ToleranceKind::Text(pattern.parse().expect("a pattern"))
}

fn kinds() -> Vec<Tolerance> {
    [
        ToleranceKind::Timing(None),
        ToleranceKind::Timing(Some(Bound::Percent(50.0))),
        ToleranceKind::Size(None),
        ToleranceKind::Random(None),
        ToleranceKind::Address,
        ToleranceKind::Order,
        ToleranceKind::Count(None),
        ToleranceKind::Count(Some(Bound::Number(3.0))),
        ToleranceKind::Approximate(None),
        text("{any}{int}{word}{any}{path}"),
    ]
    .map(tolerance)
    .to_vec()
}

/// Texts in which brackets, quotes, numbers and line ends are frequent.
fn any_text() -> impl Strategy<Value = String> {
    proptest::collection::vec(
        prop_oneof![
            "[a-z]{1,4}",
            "-?[0-9]{1,9}(\\.[0-9]{1,3})?",
            "0x[0-9a-f]{1,8}",
            "[\\[\\](){},:'\"\\\\ \n]",
            "\\PC",
            Just("0.5s".to_owned()),
            Just("µ…é".to_owned()),
        ],
        0..24,
    )
    .prop_map(|parts| parts.concat())
}

proptest! {
    #[test]
    fn equal_texts_are_forgiven(text in any_text()) {
        for tolerance in kinds() {
            let alone = forgives_together(&[&tolerance], &text, &text);
            prop_assert!(alone.is_ok_and(|forgiven| forgiven.entries.is_empty()));
        }
    }

    #[test]
    fn nothing_panics(claimed in any_text(), actual in any_text()) {
        let all = kinds();
        for tolerance in &all {
            let _ = forgives(tolerance, &claimed, &actual);
        }
        let together: Vec<&Tolerance> = all.iter().collect();
        let _ = forgives_together(&together, &claimed, &actual);
    }

    #[test]
    fn another_word_is_never_forgiven(
        before in "[a-z]{2,6}",
        one in "[a-z]{2,6}",
        other in "[g-z]{2,6}",
        number in 1u32..100_000,
    ) {
        prop_assume!(one != other);
        let claimed = format!("{before} {number} {one}: 0.5 s, 12 bytes, 0x7f12, [1, 2]");
        let actual = format!("{before} {number} {other}: 0.6 s, 13 bytes, 0x7f13, [2, 1]");
        for tolerance in kinds() {
            prop_assert!(forgives(&tolerance, &claimed, &actual).is_err(), "{tolerance:?}");
        }
    }

    #[test]
    fn durations_within_the_bound_are_forgiven_and_others_not(
        claimed in 0.01f64..100.0,
        share in 0.0f64..2.0,
    ) {
        let tolerance = tolerance(ToleranceKind::Timing(Some(Bound::Percent(50.0))));
        prop_assume!((share - 0.5).abs() > 0.01);
        let one = format!("took {claimed:.6}s");
        let other = format!("took {:.6}s", claimed * (1.0 + share));
        prop_assert_eq!(forgives(&tolerance, &one, &other).is_ok(), share < 0.5);
    }

    #[test]
    fn a_shuffled_list_has_the_same_elements(
        elements in proptest::collection::vec("[a-z]{1,3}", 1..8),
        seed in any::<u64>(),
    ) {
        let mut shuffled = elements.clone();
        let turn = usize::try_from(seed % 8).expect("a small number") % elements.len();
        shuffled.rotate_left(turn);
        let order = tolerance(ToleranceKind::Order);
        let (one, other) = (format!("{elements:?}"), format!("{shuffled:?}"));
        prop_assert!(forgives(&order, &one, &other).is_ok());
        shuffled.push("more".to_owned());
        let longer = format!("{shuffled:?}");
        prop_assert!(forgives(&order, &one, &longer).is_err());
    }
}

/// Texts that would keep a backtracking matcher busy for years.
#[test]
fn awkward_texts_take_no_longer_than_others() {
    let awkward = [
        "1_".repeat(8_000),
        "111,".repeat(4_000),
        "'\\".repeat(8_000),
        "[".repeat(16_000),
        "=/".repeat(8_000),
        "a1".repeat(8_000),
        "0x".repeat(8_000),
        "'".repeat(16_001),
        "\"'".repeat(8_000),
        "1:11:".repeat(3_000),
        "a\n".repeat(8_000),
    ];
    let mut tolerances = kinds();
    tolerances.push(tolerance(text("{any}{any}{any}{any}{any}{any}{int}x")));
    tolerances.push(tolerance(text(
        "{lines}{string}{lines}{path}{lines}{number}x",
    )));
    for claimed in &awkward {
        let actual = format!("{claimed}b");
        for tolerance in &tolerances {
            let start = Instant::now();
            let _ = forgives(tolerance, claimed, &actual);
            let took = start.elapsed();
            assert!(
                took < Duration::from_secs(10),
                "{:?} on {:?}… took {took:?}",
                tolerance.kind,
                &claimed[..4]
            );
        }
    }
}
