//! What holds of every kind of tolerance, whatever the texts, and of the files
//! in which they are written down.

use std::fs;
use std::path::Path;
use std::time::{Duration, Instant};

use proptest::prelude::*;
use proptest::strategy::ValueTree;
use proptest::test_runner::TestRunner;
use tempfile::TempDir;
use trueprint::claim;
use trueprint::document::{self, Format};
use trueprint::expectation::{
    self, Bound, ExpectationError, Expectations, Selector, Tolerance, ToleranceKind,
};
use trueprint::matching::tolerance::{forgives, forgives_together};
use trueprint::plan::{self, Defaults};
use trueprint::position::LineNumber;
use trueprint::snippet;

mod mutation;

use mutation::{mutated, texts_in};

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

/// Files of expectations: real ones changed, and keys in any order.
fn any_file() -> impl Strategy<Value = String> {
    let seeds = || {
        let own = texts_in("tests/expectations/cases", ".toml");
        let published = texts_in("expectations", ".toml");
        let all = [own, published].concat();
        // Errors and explanations of the cases stand behind a `#`.
        let bare = |text: String| text.replace(" #! ", "\n#! ");
        let of_guide =
            |text: String| text.replace("guide/python-interview-questions.md", "guide.md");
        all.into_iter().map(bare).map(of_guide).collect()
    };
    prop_oneof![3 => mutated(seeds(), 40), 2 => any_keys(), 5 => any_entries()]
}

/// Entries as they should be, seldom with a key that should not be there.
fn any_entries() -> impl Strategy<Value = String> {
    let lines = |lines: &[&'static str], most: usize| {
        let some = prop::sample::subsequence(lines.to_vec(), 0..=most);
        some.prop_map(|lines| {
            lines
                .into_iter()
                .map(|line| format!("{line}\n"))
                .collect::<String>()
        })
    };
    let one = |lines: &[&'static str]| prop::sample::select(lines.to_vec());
    let about = lines(
        &[
            "requires = [\"requests\", \"os.path\"]",
            "network = true",
            "always_run = true",
            "timeout = \"1 min\"",
            "mode = \"console\"",
        ],
        3,
    );
    let whole = one(&[
        "",
        "",
        "skip = \"it is slow\"",
        "continues = \"one\"",
        "continues = [\"one\", \"two\"]",
    ]);
    let which = one(&[
        "claim = \"5\"",
        "claim = \"took 0.5 s\"",
        "claim = \"[1, 2]\"",
        "line = 'print(\"x\")'",
        "line = \"print(1)\"\nnth = 2",
        "at = 1",
        "at = 9",
        "claim = \"1\"\nnth = 1",
    ]);
    let kind = one(&[
        "kind = \"timing\"",
        "kind = \"timing\"\nwithin = \"50%\"",
        "kind = \"count\"\nwithin = 3",
        "kind = \"size\"",
        "kind = \"order\"",
        "kind = \"text\"\npattern = \"{int} of {any}\"",
        "kind = \"text\"\npattern = \"{lines}\"",
        "output = \"\"\"\n1\n2\"\"\"",
    ]);
    let when = lines(&["python = \"<3.12\"", "seldom = true"], 2);
    let claims = (which, kind, when).prop_map(|(which, kind, when)| {
        let (table, when) = if kind.starts_with("kind") {
            ("tolerate", when)
        } else {
            ("expect", "python = \"3.12\"\n".to_owned())
        };
        format!("[[snippet.{table}]]\n{which}\n{kind}\n{when}reason = \"it varies\"\n")
    });
    let entry =
        (about, whole, prop::collection::vec(claims, 0..3)).prop_map(|(about, whole, claims)| {
            format!("{about}{whole}\nreason = \"so it is\"\n{}", claims.concat())
        });
    let ids = prop::sample::subsequence(vec!["one", "two", "a", "b", "elsewhere"], 1..4);
    let odd = prop_oneof![12 => Just(String::new()), 1 => any_keys()];
    (ids, prop::collection::vec(entry, 4), odd).prop_map(|(ids, entries, odd)| {
        let entries = ids
            .into_iter()
            .zip(entries)
            .map(|(id, entry)| format!("[[snippet]]\nid = \"{id}\"\n{entry}"));
        format!("guide = \"guide.md\"\n{}{odd}", entries.collect::<String>())
    })
}

/// What a pattern could be, and what it could be held against.
fn any_pattern() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        4 => prop::sample::select(vec![
            "{any}", "{lines}", "{int}", "{number}", "{word}", "{string}", "{path}", "{{", "}}", "{", "}",
            "{other}", "{any", " ", "\n", "a", "1", "-", "'", "/", "é", "0x1f", "1.5e3", "/tmp/x",
        ]).prop_map(str::to_owned),
        1 => any_text(),
    ];
    prop::collection::vec(piece, 0..12).prop_map(|pieces| pieces.concat())
}

/// Files of expectations, more of them right than chance would make.
fn any_keys() -> impl Strategy<Value = String> {
    let key = prop::sample::select(vec![
        "guide",
        "id",
        "requires",
        "network",
        "always_run",
        "timeout",
        "skip",
        "continues",
        "mode",
        "reason",
        "claim",
        "line",
        "at",
        "nth",
        "kind",
        "within",
        "pattern",
        "python",
        "seldom",
        "output",
        "exception",
        "other",
    ]);
    let value = prop_oneof![
        4 => prop::sample::select(vec![
            "\"one\"", "\"two\"", "\"3\"", "[\"one\"]", "[\"two\", \"one\"]", "true", "3", "-1", "0.5",
            "\"1 min\"", "\"pytest\"", "\"timing\"", "\"text\"", "\"count\"", "\"50%\"", "\">=3.13\"",
            "\"<3.9, >3.15\"", "\"{int} of {any}\"", "\"{\"", "\"99999999999999999999 h\"", "[]", "{}",
            "18446744073709551615", "1979-05-27", "\"\"\"\n{lines}\"\"\"", "'print(1)'", "nan",
        ]).prop_map(str::to_owned),
        1 => any::<String>().prop_map(|text| toml::Value::String(text).to_string()),
        1 => any::<String>(),
    ];
    let line = prop_oneof![
        6 => (key, value).prop_map(|(key, value)| format!("{key} = {value}\n")),
        2 => Just("[[snippet]]\nid = \"one\"\n".to_owned()),
        1 => Just("[[snippet]]\nid = \"two\"\ncontinues = \"one\"\n".to_owned()),
        2 => Just("[[snippet.tolerate]]\nreason = \"so\"\n".to_owned()),
        1 => Just("[[snippet.tolerate]]\nkind = \"text\"\npattern = \"{any}\"\nclaim = \"1\"\nreason = \"so\"\n".to_owned()),
        1 => Just("[[snippet.expect]]\npython = \"3.12\"\n".to_owned()),
        1 => ".{0,20}".prop_map(|text| text + "\n"),
    ];
    prop::collection::vec(line, 0..12)
        .prop_map(|lines| format!("guide = \"guide.md\"\n{}", lines.concat()))
}

/// The guide that files of expectations are about.
const GUIDE: &str = "\
# One

```python
print(1)  # 1
```

# Two

```python
print(2)  # 5
time.sleep(1)  # took 0.5 s
print([1, 2])  # [1, 2]
```

# A

```python
print(\"x\")  # x
```

# B

It goes on:

```python
print(\"x\")  # 3
```
";

fn folder_with_guide() -> TempDir {
    let folder = tempfile::tempdir().expect("a folder");
    fs::write(folder.path().join("guide.md"), GUIDE).expect("it can be written to");
    folder
}

fn read_file(folder: &TempDir, text: &str) -> Result<Expectations, Vec<ExpectationError>> {
    let path = folder.path().join("expectations.toml");
    fs::write(&path, text).expect("it can be written to");
    expectation::load(&[path], folder.path())
}

/// What is refused at its beginning tells nothing of what comes behind.
#[test]
fn the_files_that_are_made_are_worth_reading() {
    let mut runner = TestRunner::deterministic();
    let (files, folder) = (any_file(), folder_with_guide());
    let texts = (0..400).map(|_| files.new_tree(&mut runner).expect("a file").current());
    let read = texts.filter(|text| {
        let expectations = read_file(&folder, text);
        expectations.is_ok_and(|all| all.guides().iter().any(|guide| !guide.snippets.is_empty()))
    });
    let read = read.count();
    assert!(read > 40, "{read} of 400 are in order");
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn equal_texts_are_forgiven(text in any_text()) {
        for tolerance in kinds() {
            let alone = forgives_together(&[&tolerance], &text, &text);
            prop_assert!(alone.is_ok_and(|forgiven| forgiven.entries.is_empty()));
        }
    }

    #[test]
    fn any_file_is_read_to_its_end(text in any_file()) {
        let folder = folder_with_guide();
        match read_file(&folder, &text) {
            Ok(expectations) => for expected in expectations.guides() {
                let document = document::parse(Path::new("guide.md"), GUIDE, Format::Markdown);
                let guide = snippet::from_document(&document);
                let _ = expectation::resolve(expected, &guide);
                let claims: Vec<_> = guide.snippets.iter().map(claim::read).collect();
                let _ = plan::plan(&guide, &claims, Some(expected), Defaults::default());
            },
            Err(errors) => {
                let lines = text.split('\n').count();
                prop_assert!(!errors.is_empty());
                for error in errors {
                    prop_assert!(error.line.is_none_or(|line| line.index() < lines), "{error:?}");
                }
            }
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
    fn any_pattern_is_read_and_held(pattern in any_pattern(), seen in prop_oneof![any_text(), any_pattern()]) {
        if let Ok(pattern) = pattern.parse() {
            let tolerance = tolerance(ToleranceKind::Text(pattern));
            let _ = forgives(&tolerance, &seen, &seen);
            let _ = forgives(&tolerance, "", &seen);
        }
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
