//! What holds of every claim: a comment that repeats what was printed holds in
//! every notation, one with a digit changed does not, and reading and judging
//! end whatever stands in the comment and whatever was printed.

use std::path::PathBuf;
use std::time::UNIX_EPOCH;

use proptest::prelude::*;

use trueprint::claim;
use trueprint::document::Format;
use trueprint::interpreter::Version;
use trueprint::matching::{self, Hints, Rule, resembles, transcript};
use trueprint::plan::{self, Defaults};
use trueprint::position::{LineNumber, Place};
use trueprint::protocol::{End, Event, Run, Site, Stream};
use trueprint::snippet::{Guide, Mode, Snippet, SnippetId};
use trueprint::verdict::{self, Circumstances, Verdict};

/// The verdict on the only claim of `code`, whose first line printed `output`;
/// `None` when the comment is prose.
fn check(code: &str, output: &str) -> Option<Verdict> {
    let guide = Guide {
        path: PathBuf::from("guide.md"),
        format: Format::Markdown,
        findings: Vec::new(),
        snippets: vec![Snippet {
            id: SnippetId::new("case"),
            place: Place::line(LineNumber::FIRST),
            heading: None,
            text: code.to_owned(),
            code: code.to_owned(),
            mode: Mode::Script,
            outputs: Vec::new(),
            continues: Vec::new(),
            undefined: Vec::new(),
            fragment: None,
            announced_error: None,
            lead: String::new(),
            attributes: Vec::new(),
        }],
    };
    let claims = vec![claim::read(&guide.snippets[0])];
    let plan = plan::plan(&guide, &claims, None, Defaults::default());
    let site = Site { unit: 0, line: 1 };
    let run = Run {
        events: vec![
            Event::Wrote {
                stream: Stream::Out,
                stack: vec![site],
                statement: Some(site),
                text: format!("{output}\n"),
            },
            Event::Done { statement: site },
        ],
        end: End::Finished,
        wall_seconds: 0.0,
        cpu_seconds: 0.0,
        refused: Vec::new(),
        output_cut: 0,
        events_cut: false,
        leftover_processes: 0,
    };
    let circumstances = Circumstances {
        guide: &guide,
        claims: &claims,
        expectations: None,
        version: Version {
            major: 3,
            minor: 12,
            micro: 0,
        },
        standard_modules: &[],
        now: UNIX_EPOCH,
    };
    let judged = verdict::judge_task(&plan.tasks[0], &run, None, circumstances);
    judged[0]
        .verdict
        .claims
        .first()
        .map(|judgement| judgement.verdict)
}

/// Values as Python prints them: numbers, strings in containers, containers.
fn value() -> impl Strategy<Value = String> {
    let leaf = prop_oneof![
        (10i64..100_000).prop_map(|n| n.to_string()),
        (-9_999i64..-9).prop_map(|n| n.to_string()),
        (1u32..999, 11u32..99).prop_map(|(whole, part)| format!("{whole}.{part}")),
        "[a-z]{2,8}[0-9]{2}".prop_map(|text| format!("'{text}'")),
    ];
    leaf.prop_recursive(3, 24, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 1..5)
                .prop_map(|items| format!("[{}]", items.join(", "))),
            prop::collection::vec(inner.clone(), 2..5)
                .prop_map(|items| format!("({})", items.join(", "))),
            prop::collection::vec(("[a-z]{1,6}", inner), 1..4).prop_map(|entries| {
                let mut keys: Vec<String> = Vec::new();
                let mut parts = Vec::new();
                for (key, value) in entries {
                    if !keys.contains(&key) {
                        parts.push(format!("'{key}': {value}"));
                        keys.push(key);
                    }
                }
                format!("{{{}}}", parts.join(", "))
            }),
        ]
    })
}

/// The notations in which a claim can repeat a line.
const NOTATIONS: &[&str] = &[
    "print(x)  # {}",
    "print(x)  #{}",
    "print(x)  # => {}",
    "print(x)  #=> {}",
    "print(x)  # -> {}",
    "print(x)  #> {}",
    "print(x)  # → {}",
    "print(x)  # == {}",
    "print(x)  # Output: {}",
    "print(x)  # output: {}",
    "print(x)  # Prints: {}",
    "print(x)  # prints {}",
    "print(x)  # Result: {}",
    "print(x)  # Ausgabe: {}",
    "print(x)  # 输出: {}",
    "print(x)\n# {}",
    "print(x)\n# => {}",
    "print(x)\n# Output: {}",
    "print(x)\n# Output:\n# {}",
    "print(x)\n\n# Output:\n# {}",
    "print(x)  # {}  - a remark",
    "print(x)  # {} (as it should be)",
    "print(x)  # {}  <- the value",
    "print(x)  # Output: {} (unchanged)",
    "show(x)  # {}",
    "show(x)  # => {}",
    "show(x)\n# {}",
];

/// `text` with one of its digits changed.
fn with_changed_digit(text: &str, which: usize) -> String {
    let digits: Vec<usize> = text
        .char_indices()
        .filter(|(_, c)| c.is_ascii_digit())
        .map(|(at, _)| at)
        .collect();
    let at = digits[which % digits.len()];
    let digit = text.as_bytes()[at] - b'0';
    // Neither a leading zero nor a dropped minus sign.
    let other = if digit == 9 { 1 } else { digit + 1 };
    format!("{}{other}{}", &text[..at], &text[at + 1..])
}

/// Text as people write it in comments, and as they do not.
fn anything() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<String>(),
        "[ -~]{0,60}",
        "[\\[\\](){}<>'\"=.,:;#~0-9a-zA-Z \\n-]{0,60}",
        value(),
        "(=> |-> |Output: |~|raises |# )?(True|None|[0-9.]{1,6}|\\[1, 2\\]|ValueError: x)( - a|  b| \\(c\\)|, d|\\.\\.\\.)?",
    ]
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn a_comment_that_repeats_the_output_holds(shown in value()) {
        for notation in NOTATIONS {
            let code = notation.replace("{}", &shown);
            prop_assert_eq!(check(&code, &shown), Some(Verdict::Holds), "{}", code);
        }
    }

    #[test]
    fn a_changed_digit_is_wrong(shown in value(), which in any::<usize>()) {
        prop_assume!(shown.contains(|c: char| c.is_ascii_digit()));
        let claimed = with_changed_digit(&shown, which);
        for notation in NOTATIONS {
            let code = notation.replace("{}", &claimed);
            prop_assert_eq!(check(&code, &shown), Some(Verdict::Wrong), "{} for {}", code, shown);
        }
    }

    #[test]
    fn a_line_says_itself(line in "[!-~]([ -~]{0,50}[!-~])?") {
        prop_assert!(matching::says(&line, &line, Hints::default()).is_some(), "{}", line);
        let ended = format!("{line}\n");
        prop_assert!(matching::says(&line, &ended, Hints::default()).is_some());
    }

    #[test]
    fn a_number_is_not_its_prefix(number in 1u64..1_000_000, digit in 0u8..10) {
        let longer = format!("{number}{digit}");
        let number = number.to_string();
        prop_assert_eq!(matching::says(&number, &longer, Hints::default()), None);
        prop_assert_eq!(matching::says(&longer, &number, Hints::default()), None);
        let float = format!("{number}.0");
        prop_assert_eq!(matching::says(&float, &number, Hints::default()), None);
        prop_assert_eq!(matching::says(&number, &float, Hints::default()), None);
    }

    #[test]
    fn several_lines_say_themselves(lines in prop::collection::vec("[a-z]{1,8}( [a-z0-9]{1,6}){0,3}", 2..6)) {
        let text = lines.join("\n");
        let comment: Vec<String> = lines.iter().map(|line| format!("# {line}")).collect();
        let code = format!("show(x)\n{}", comment.join("\n"));
        prop_assert_eq!(check(&code, &text), Some(Verdict::Holds), "{}", code);
        let marked = format!("show(x)\n# Output:\n{}", comment.join("\n"));
        prop_assert_eq!(check(&marked, &text), Some(Verdict::Holds), "{}", marked);
    }

    #[test]
    fn what_all_turns_print_can_stand_on_one_line(numbers in prop::collection::vec(0u32..100, 2..12)) {
        let texts: Vec<String> = numbers.iter().map(u32::to_string).collect();
        let seen = texts.join("\n");
        let passes = Hints { several: false, passes: true };
        for claim in [texts.join(" "), texts.join(", "), format!("[{}]", texts.join(", "))] {
            let rule = matching::says(&claim, &seen, passes);
            prop_assert!(rule.is_some_and(|rule| rule.forgives().is_none()), "{} for {:?}: {:?}", claim, seen, rule);
        }
        let mut other = texts.clone();
        other.push("100".to_owned());
        for claim in [other.join(" "), other.join(", ")] {
            prop_assert_eq!(matching::says(&claim, &seen, passes), None, "{} for {:?}", claim, seen);
        }
    }

    #[test]
    fn judging_ends_whatever_is_written_and_printed(comment in anything(), output in anything()) {
        let comment = comment.replace(['\n', '\r', '\x0c'], " ");
        for code in [
            format!("print(x)  # {comment}"),
            format!("x = f()  # {comment}"),
            format!("f()\n# {comment}\n# {comment}"),
            format!("# {comment}\nf()"),
            format!("for x in y:\n    f(x)  # {comment}\n# {comment}"),
        ] {
            let _ = check(&code, &output);
        }
        let _ = matching::says(&comment, &output, Hints { several: true, passes: true });
        let _ = resembles(&comment, &output);
        let _ = transcript::says(&comment, &output, transcript::Options::default());
        let _ = transcript::traceback(&comment);
    }

    #[test]
    fn reading_ends_whatever_the_snippet_is(code in anything()) {
        let _ = check(&code, "");
    }
}

#[test]
fn long_texts_are_read_in_time_that_grows_with_them() {
    let parts = [
        "[", "<", "'", "- ", "... ", "0x", "1, ", "x = 1, ", "=> ", "/tmp/", "(1) ", "a.", "{1: ",
        "~1 ",
    ];
    for part in parts {
        let long = part.repeat(60_000 / part.len());
        let _ = matching::says(
            &long,
            &format!("{long}1"),
            Hints {
                several: true,
                passes: true,
            },
        );
        let _ = check(&format!("print(x)  # {}", &long), &long);
    }
    let lines = "1\n".repeat(20_000);
    let _ = matching::says(
        "1 2 3 ... 4",
        &lines,
        Hints {
            several: false,
            passes: true,
        },
    );
}

#[test]
fn doctest_options_are_heard() {
    let options = |flags: &[&str]| {
        let flags: Vec<String> = flags.iter().map(|flag| (*flag).to_owned()).collect();
        transcript::Options::of(&flags)
    };
    let says = |claim, seen, flags: &[&str]| transcript::says(claim, seen, options(flags));
    assert_eq!(
        says("a\n<BLANKLINE>\nb", "a\n\nb\n", &[]),
        Some(Rule::Equal)
    );
    assert_eq!(says("a b", "a     b", &[]), None);
    assert_eq!(
        says("a b", "a     b", &["NORMALIZE_WHITESPACE"]),
        Some(Rule::Equal)
    );
    assert_eq!(
        says("[0, 1, ..., 9]", "[0, 1, 2, 9]", &[]),
        Some(Rule::Ellipsis)
    );
    assert_eq!(says("5", "6", &["ELLIPSIS"]), None);
    let traceback =
        transcript::traceback("Traceback (most recent call last):\n  ...\nValueError: bad\nworse");
    let traceback = traceback.expect("it is a traceback");
    assert_eq!(traceback.raise.types, ["ValueError"]);
    assert_eq!(traceback.raise.message.as_deref(), Some("bad\nworse"));
    assert_eq!(transcript::traceback("Traceback is a word"), None);
}
