//! The rules of single comments, each with what it promises: what it forgives, and
//! that it forgives no more.

use proptest::prelude::*;

use trueprint::document::Format;
use trueprint::verdict::Verdict;

use crate::judging::{Does, check, check_page};
use crate::values::{value, with_changed_digit};

/// The verdict on the claim of a script.
fn judged(code: &str, does: &Does<'_>) -> Option<Verdict> {
    check_page(Format::Markdown, &format!("```python\n{code}\n```\n"), does)
}

/// The spellings of an exception's type, and those of its type and message.
const TYPES: &[&str] = &[
    "# TYPE",
    "# TYPE!",
    "# => TYPE",
    "# raises TYPE",
    "# Raises a TYPE",
    "# this raises TYPE",
    "# will raise TYPE",
    "# throws TYPE",
    "# TYPE - it is refused",
    "# TYPE (it is refused)",
    "# TYPE, since it is refused",
    "# raises TYPE because it is refused",
];

const MESSAGES: &[&str] = &[
    "# TYPE: MESSAGE",
    "# => TYPE: MESSAGE",
    "# raises TYPE: MESSAGE",
    "# Raises TYPE: MESSAGE",
    "# Output: TYPE: MESSAGE",
];

const ASSIGNED: &[&str] = &[
    "total = 6 * 7  # => {}",
    "total = 6 * 7  # -> {}",
    "total = 6 * 7  # total = {}",
    "total = 6 * 7  # total is now {}",
    "total = 6 * 7  # now total is {}",
    "total = 6 * 7\n# => {}",
    "total = 6 * 7\n# total is now {}",
];

const LEFT: &[&str] = &[
    "items.append(6 * 7)  # items = {}",
    "items.append(6 * 7)  # items is now {}",
    "items.append(6 * 7)\n# items is now {}",
    "items.append(6 * 7)  # Now items is {}",
];

fn exception_type() -> impl Strategy<Value = &'static str> {
    prop::sample::select(vec![
        "TypeError",
        "ValueError",
        "KeyError",
        "ZeroDivisionError",
        "AttributeError",
        "StopIteration",
        "OutOfStockError",
    ])
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 96,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn what_is_assigned(shown in value(), which in any::<usize>()) {
        let does = Does::Leaves("total", &shown);
        let other = with_changed_digit(&shown, which);
        for notation in ASSIGNED {
            let claim = |value: &str| judged(&notation.replace("{}", value), &does);
            prop_assert_eq!(claim(&shown), Some(Verdict::Holds), "{} {}", notation, shown);
            prop_assert_eq!(claim(&other), Some(Verdict::Wrong), "{} {}", notation, other);
        }
        // Without a word that says so it can only prove itself right.
        let bare = |value: &str| judged(&format!("total = 6 * 7  # {value}"), &does);
        prop_assert_eq!(bare(&shown), Some(Verdict::Holds));
        prop_assert_eq!(bare(&other), None);
    }

    #[test]
    fn what_a_name_holds(
        items in prop::collection::vec(10_u32..9999, 1..6),
        which in any::<usize>(),
    ) {
        let shown = format!("{items:?}");
        let does = Does::Leaves("items", &shown);
        let other = with_changed_digit(&shown, which);
        for notation in LEFT {
            let claim = |value: &str| {
                judged(&format!("items = []\n{}", notation.replace("{}", value)), &does)
            };
            prop_assert_eq!(claim(&shown), Some(Verdict::Holds), "{} {}", notation, shown);
            prop_assert_eq!(claim(&other), Some(Verdict::Wrong), "{} {}", notation, other);
        }
        let bare = |value: &str| {
            judged(&format!("items = []\nitems.append(6 * 7)  # {value}"), &does)
        };
        prop_assert_eq!(bare(&shown), Some(Verdict::Holds));
        prop_assert_eq!(bare(&other), None);
    }

    #[test]
    fn what_is_raised(
        types in (exception_type(), exception_type()),
        message in "[a-z]{3,8}( [a-z]{3,8}){0,2} [0-9]{2}",
        which in any::<usize>(),
    ) {
        let (raised, other) = types;
        prop_assume!(raised != other);
        let does = Does::Raises(raised, &message);
        for notation in TYPES {
            let claim = |name: &str| judged(&format!("6 * 7  {}", notation.replace("TYPE", name)), &does);
            prop_assert_eq!(claim(raised), Some(Verdict::Holds), "{} {}", notation, raised);
            prop_assert_eq!(claim(other), Some(Verdict::Wrong), "{} {}", notation, other);
        }
        let changed = with_changed_digit(&message, which);
        for notation in MESSAGES {
            let claim = |name: &str, message: &str| {
                let comment = notation.replace("TYPE", name).replace("MESSAGE", message);
                judged(&format!("print(6 * 7)  {comment}"), &does)
            };
            prop_assert_eq!(claim(raised, &message), Some(Verdict::Holds), "{}", notation);
            prop_assert_eq!(claim(raised, &changed), Some(Verdict::Wrong), "{}", notation);
            prop_assert_eq!(claim(other, &message), Some(Verdict::Wrong), "{}", notation);
        }
        // A message may go on, from the end of a word.
        let first = message.split(' ').next().unwrap_or_default();
        let claim = |message: &str| judged(&format!("6 * 7  # {raised}: {message}"), &does);
        prop_assert_eq!(claim(first), Some(Verdict::Tolerated));
        prop_assert_eq!(claim(&first[..first.len() - 1]), Some(Verdict::Wrong));
        // What is raised is no value, and silence is no exception.
        prop_assert_eq!(judged("print(6 * 7)  # 42", &does), Some(Verdict::Wrong));
        let silent = judged(&format!("6 * 7  # raises {raised}"), &Does::Gives("42"));
        prop_assert_eq!(silent, Some(Verdict::Wrong));
    }

    #[test]
    fn every_digit_that_is_written_is_right(
        number in (1_u32..1000, 0_u32..1_000_000).prop_map(|(whole, part)| format!("{whole}.{part:06}1")),
        places in 2_usize..6,
    ) {
        let exact: f64 = number.parse().expect("it is a number");
        let rounded = format!("{exact:.places$}");
        let cut = &number[..number.len() - (7 - places)];
        let unit = 10_f64.powi(-i32::try_from(places).expect("few places"));
        let above = format!("{:.places$}", exact + 2.0 * unit);
        let below = format!("{:.places$}", exact - 2.0 * unit);
        for code in ["print(6 * 7)  # {}", "print(6 * 7)  # => {} (rounded)", "print(6 * 7)\n# {}"] {
            let claim = |value: &str| judged(&code.replace("{}", value), &Does::Prints(&number));
            prop_assert_eq!(claim(&rounded), Some(Verdict::Tolerated), "{} for {}", rounded, number);
            prop_assert_eq!(claim(cut), Some(Verdict::Tolerated), "{} for {}", cut, number);
            prop_assert_eq!(claim(&above), Some(Verdict::Wrong), "{} for {}", above, number);
            prop_assert_eq!(claim(&below), Some(Verdict::Wrong), "{} for {}", below, number);
        }
        let inside = judged(
            &format!("print(6 * 7)  # [{rounded}, 'x']"),
            &Does::Prints(&format!("[{number}, 'x']")),
        );
        prop_assert_eq!(inside, Some(Verdict::Tolerated));
    }

    #[test]
    fn what_is_about_so(
        word in prop::sample::select(vec!["~", "≈ ", "about ", "around ", "roughly ", "approx. ", "almost "]),
        number in 100_u32..100_000,
        within in -4_i64..=4,
        beyond in 6_i64..60,
    ) {
        let percent = |percent: i64| {
            let part = i64::from(number) * percent;
            (i64::from(number) + part.div_euclid(100)).to_string()
        };
        let claim = |shown: &str| {
            judged(&format!("print(6 * 7)  # {word}{number}.0"), &Does::Prints(shown))
        };
        prop_assert_eq!(claim(&percent(within)), Some(Verdict::Tolerated), "{}", percent(within));
        prop_assert_eq!(claim(&percent(beyond + 1)), Some(Verdict::Wrong), "{}", percent(beyond + 1));
        prop_assert_eq!(claim(&percent(-beyond)), Some(Verdict::Wrong), "{}", percent(-beyond));
    }

    #[test]
    fn quotes_are_free_and_letters_are_not(text in "[a-z]{2,8}( [a-z]{2,8}){0,2} [0-9]{2}", which in any::<usize>()) {
        let other = with_changed_digit(&text, which);
        for quotes in ["\"\"", "''", "``", "“”"] {
            let mut quotes = quotes.chars();
            let (open, close) = (quotes.next().unwrap_or('"'), quotes.next().unwrap_or('"'));
            let claim = |text: &str, does: &Does<'_>| judged(&format!("print(6 * 7)  # {open}{text}{close}"), does);
            prop_assert_eq!(claim(&text, &Does::Prints(&text)), Some(Verdict::Holds), "{}{}", open, text);
            prop_assert_eq!(claim(&other, &Does::Prints(&text)), Some(Verdict::Wrong), "{}{}", open, other);
        }
        let repr = format!("'{text}'");
        let claim = |claimed: &str| judged(&format!("6 * 7  # {claimed}"), &Does::Gives(&repr));
        prop_assert_eq!(claim(&text), Some(Verdict::Holds));
        prop_assert_eq!(claim(&repr), Some(Verdict::Holds));
        prop_assert_eq!(claim(&format!("\"{text}\"")), Some(Verdict::Holds));
        prop_assert_eq!(claim(&format!("'{other}'")), Some(Verdict::Wrong));
    }

    #[test]
    fn literals_are_equal_as_values(items in prop::collection::vec(1000_u32..99_999, 2..6)) {
        let shown = format!("{items:?}");
        let texts: Vec<String> = items.iter().map(u32::to_string).collect();
        let grouped: Vec<String> = items.iter().map(|n| format!("{}_{:03}", n / 1000, n % 1000)).collect();
        let floats: Vec<String> = items.iter().map(|n| format!("{n}.0")).collect();
        let claim = |claimed: &str| judged(&format!("print(6 * 7)  # {claimed}"), &Does::Prints(&shown));
        for same in [texts.join(","), texts.join(" , "), grouped.join(", ")] {
            prop_assert_eq!(claim(&format!("[{same}]")), Some(Verdict::Holds), "{}", same);
        }
        let reversed: Vec<String> = texts.iter().rev().cloned().collect();
        prop_assert_eq!(claim(&format!("[{}]", floats.join(", "))), Some(Verdict::Wrong));
        prop_assert_eq!(claim(&format!("({})", texts.join(", "))), Some(Verdict::Wrong));
        prop_assert_eq!(claim(&format!("[{}]", texts[1..].join(", "))), Some(Verdict::Wrong));
        if reversed != texts {
            prop_assert_eq!(claim(&format!("[{}]", reversed.join(", "))), Some(Verdict::Wrong));
        }
        // `print(a, b)` can be shown as a tuple.
        let several = Does::Prints(&texts.join(" "));
        let tuple = |texts: &[String]| judged(&format!("print(6 * 7, 1)  # ({})", texts.join(", ")), &several);
        prop_assert_eq!(tuple(&texts), Some(Verdict::Holds));
        prop_assert_eq!(tuple(&floats), Some(Verdict::Wrong));
    }

    #[test]
    fn a_set_has_no_order(items in prop::collection::btree_set(10_u32..9999, 2..6), which in any::<usize>()) {
        let texts: Vec<String> = items.iter().map(u32::to_string).collect();
        let mut turned = texts.clone();
        turned.rotate_left(which % texts.len());
        let set = |texts: &[String]| format!("{{{}}}", texts.join(", "));
        let does = set(&texts);
        let claim = |claimed: &str| judged(&format!("print(6 * 7)  # {claimed}"), &Does::Prints(&does));
        prop_assert_eq!(claim(&set(&turned)), Some(Verdict::Holds));
        prop_assert_eq!(claim(&set(&turned[1..])), Some(Verdict::Wrong));
        let mut more = turned.clone();
        more.push("10000".to_owned());
        prop_assert_eq!(claim(&set(&more)), Some(Verdict::Wrong));
        let dict = |texts: &[String]| {
            let entries: Vec<String> = texts.iter().map(|text| format!("'k{text}': {text}")).collect();
            format!("{{{}}}", entries.join(", "))
        };
        let does = dict(&texts);
        let claim = |claimed: &str| judged(&format!("print(6 * 7)  # {claimed}"), &Does::Prints(&does));
        prop_assert_eq!(claim(&dict(&turned)), Some(Verdict::Holds));
        prop_assert_eq!(claim(&dict(&more)), Some(Verdict::Wrong));
    }

    #[test]
    fn what_is_left_out_is_free_and_the_rest_is_not(
        items in prop::collection::vec(10_u32..9999, 4..12),
        dots in prop::sample::select(vec!["...", "…"]),
    ) {
        let shown = format!("{items:?}");
        let last = items[items.len() - 1];
        let claim = |claimed: &str| judged(&format!("print(6 * 7)  # {claimed}"), &Does::Prints(&shown));
        let holds = format!("[{}, {}, {dots}, {last}]", items[0], items[1]);
        prop_assert_eq!(claim(&holds), Some(Verdict::Holds), "{} for {}", holds, shown);
        let wrong = format!("[{}, {}, {dots}, {last}]", items[0], items[1] + 10_000);
        prop_assert_eq!(claim(&wrong), Some(Verdict::Wrong), "{} for {}", wrong, shown);
        let wrong = format!("[{}, {}, {dots}, {}]", items[0], items[1], last + 10_000);
        prop_assert_eq!(claim(&wrong), Some(Verdict::Wrong), "{} for {}", wrong, shown);
    }

    #[test]
    fn what_each_turn_prints(numbers in prop::collection::vec(10_u32..1000, 2..8), which in any::<usize>()) {
        let texts: Vec<String> = numbers.iter().map(u32::to_string).collect();
        let one_line = texts.join(" ");
        let (lines, at) = (texts.join("\n"), which % texts.len());
        let mut changed = texts.clone();
        changed[at] = with_changed_digit(&changed[at], which);
        let code = "for n in some:\n    print(6 * 7)";
        let below = |texts: &[String]| {
            let comments: Vec<String> = texts.iter().map(|text| format!("# {text}")).collect();
            format!("{code}\n{}", comments.join("\n"))
        };
        let behind = |shown: &str| format!("{code}  # {shown}");
        for (right, wrong) in [
            (behind(&texts.join(" ")), behind(&changed.join(" "))),
            (behind(&texts.join(", ")), behind(&changed.join(", "))),
            (below(&texts), below(&changed)),
            (below(&[texts.join(" ")]), below(&[changed.join(" ")])),
        ] {
            let right_code = right.replace("for n in some", "for n in range(3)");
            let wrong_code = wrong.replace("for n in some", "for n in range(3)");
            prop_assert_eq!(judged(&right_code, &Does::Prints(&lines)), Some(Verdict::Holds), "{}", right_code);
            prop_assert_eq!(judged(&wrong_code, &Does::Prints(&lines)), Some(Verdict::Wrong), "{}", wrong_code);
        }
        prop_assert_eq!(judged(&format!("print(6 * 7)  # {one_line}"), &Does::Prints(&one_line)), Some(Verdict::Holds));
    }

    #[test]
    fn silence_is_silent(text in "[a-z0-9]{1,8}") {
        for comment in ["# No output", "# nothing is printed", "# prints nothing", "# (no output)"] {
            let code = format!("print(6 * 7)  {comment}");
            prop_assert_eq!(judged(&code, &Does::Prints(&text)), Some(Verdict::Wrong), "{}", code);
            let code = format!("list(6 * 7)  {comment}");
            prop_assert_eq!(judged(&code, &Does::Gives("None")), Some(Verdict::Holds), "{}", code);
        }
    }

    #[test]
    fn what_is_printed_and_returned(texts in ("[a-z]{3,8} [0-9]{2}", 10_u32..1000), which in any::<usize>()) {
        let (printed, returned) = (texts.0, texts.1.to_string());
        let does = Does::PrintsAndGives(&printed, &returned);
        for notation in [
            "dict(6 * 7)  # prints \"PRINTED\" and returns RETURNED",
            "dict(6 * 7)  # => prints 'PRINTED' and returns RETURNED",
            "dict(6 * 7)  # prints out \"PRINTED\" and returns RETURNED",
        ] {
            let claim = |printed: &str, returned: &str| {
                judged(&notation.replace("PRINTED", printed).replace("RETURNED", returned), &does)
            };
            let other = with_changed_digit(&printed, which);
            let another = with_changed_digit(&returned, which);
            prop_assert_eq!(claim(&printed, &returned), Some(Verdict::Holds), "{}", notation);
            prop_assert_eq!(claim(&other, &returned), Some(Verdict::Wrong), "{}", notation);
            prop_assert_eq!(claim(&printed, &another), Some(Verdict::Wrong), "{}", notation);
        }
    }

    #[test]
    fn a_remark_does_not_hide_what_is_wrong(
        shown in value(),
        which in any::<usize>(),
        remark in prop::sample::select(vec![
            "  - as it should be",
            " (as it should be)",
            "  <- the value",
            " — the value",
            "  # the value",
            " because nothing was added",
        ]),
    ) {
        let other = with_changed_digit(&shown, which);
        for code in ["print(x)  # ", "print(x)  # => ", "print(x)\n# ", "print(x)  # Output: "] {
            // `# [10]  # the value` is code that is commented out.
            if code.contains("\n# ") && remark.contains('#') {
                continue;
            }
            let right = check(&format!("{code}{shown}{remark}"), &shown);
            prop_assert_eq!(right, Some(Verdict::Holds), "{}{}{}", code, shown, remark);
            let wrong = check(&format!("{code}{other}{remark}"), &shown);
            prop_assert_eq!(wrong, Some(Verdict::Wrong), "{}{}{}", code, other, remark);
        }
    }
}
