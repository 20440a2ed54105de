//! What holds of every claim: a comment that repeats what was printed holds in
//! every notation, one with a digit changed does not, and reading and judging
//! end whatever stands in the comment and whatever is said to have happened.

mod judging;
#[path = "../mutation/mod.rs"]
mod mutation;
mod pages;
mod rules;
mod values;

use proptest::prelude::*;

use trueprint::matching::{self, Hints, Rule, resembles, transcript};
use trueprint::protocol::{End, Event, Exception, Shown, Site, Stream};
use trueprint::verdict::Verdict;

use judging::{check, judge};
use mutation::{mutated, texts_in};
use values::{value, with_changed_digit};

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

/// The code of all cases of `tests/claims/`.
fn codes() -> Vec<String> {
    let files = texts_in("tests/claims", ".case");
    let cases = files
        .iter()
        .flat_map(|file| file.split("\n== "))
        .filter_map(|case| case.split_once('\n'));
    let code = cases.map(|(_, body)| body.split("\n- ").next().unwrap_or_default().to_owned());
    code.collect()
}

/// What they claim, and what their lines showed.
fn comments() -> Vec<String> {
    let mut comments = Vec::new();
    for line in texts_in("tests/claims", ".case")
        .iter()
        .flat_map(|file| file.lines())
    {
        for before in ["# ", " writes ", " value ", " holds ", " raises "] {
            if let Some((_, text)) = line.split_once(before) {
                comments.push(text.replace("\\n", "\n"));
            }
        }
    }
    comments
}

/// Text as people write it in comments, and as they do not.
fn anything() -> impl Strategy<Value = String> {
    prop_oneof![
        4 => mutated(comments(), 3),
        1 => any::<String>(),
        1 => "[ -~]{0,60}",
        1 => "[\\[\\](){}<>'\"=.,:;#~0-9a-zA-Z \\n-]{0,60}",
        1 => value(),
        1 => "(=> |-> |Output: |~|raises |# )?(True|None|[0-9.]{1,6}|\\[1, 2\\]|ValueError: x)( - a|  b| \\(c\\)|, d|\\.\\.\\.)?",
    ]
}

/// Code in which every kind of claim can be found.
const CLAIMING: &[&str] = &[
    "print(x)  # 1\nprint(y)\n# 2\n# 3",
    "x = f()  # 1\nx  # => 1\n# x == 2",
    "f(x)  # raises ValueError: no\n1 / 0  # ZeroDivisionError",
    "for x in y:\n    f(x)  # 1\n    print(x)  # 1 2 3",
    "def f():\n    return 1  # 1\nf()  # prints 1 and returns 2",
    "# print(x)  # 1\ndel x  # x is gone\nif x:\n    print(x)  # 1",
];

/// What a run could be said to have been: anything that the protocol can say,
/// true or not.
fn events() -> impl Strategy<Value = Vec<Event>> {
    let number = || prop_oneof![8 => 0_u32..8, 1 => any::<u32>()];
    // Most of what is told is of the only snippet.
    let unit = || prop_oneof![12 => Just(0_u32), 1 => any::<u32>()];
    let site = move || (unit(), number()).prop_map(|(unit, line)| Site { unit, line });
    let text = || {
        prop_oneof![
            2 => "[0-9 x\n=]{0,8}",
            2 => mutated(comments(), 3),
            1 => any::<String>(),
        ]
    };
    let shown = move || {
        let shown =
            (text(), prop::option::of(text()), any::<bool>()).prop_map(|(repr, text, is_none)| {
                Shown {
                    repr,
                    text,
                    type_name: "int".to_owned(),
                    is_none,
                }
            });
        prop_oneof![4 => shown.prop_map(|shown| Ok(Box::new(shown))), 1 => text().prop_map(Err)]
    };
    let exception = move || {
        (
            prop::sample::select(vec!["ValueError", "SyntaxError", "", "NameError"]),
            text(),
            prop::option::of(text()),
            prop::collection::vec(site(), 0..3),
            prop::option::of(number()),
            prop::collection::vec(text(), 0..2),
        )
            .prop_map(|(type_name, message, name, stack, syntax_line, further)| {
                Exception {
                    type_name: type_name.to_owned(),
                    module: "builtins".to_owned(),
                    bases: vec!["Exception".to_owned()],
                    message,
                    name,
                    stack,
                    syntax_line,
                    further,
                }
            })
    };
    let event = prop_oneof![
        4 => (
            prop::sample::select(vec![Stream::Out, Stream::Err]),
            prop::collection::vec(site(), 0..3),
            prop::option::of(site()),
            text(),
        )
            .prop_map(|(stream, stack, statement, text)| Event::Wrote {
                stream,
                stack,
                statement,
                text,
            }),
        2 => (number(), unit(), shown()).prop_map(|(probe, unit, value)| Event::Value { probe, unit, value }),
        2 => (number(), unit(), shown()).prop_map(|(probe, unit, value)| Event::State { probe, unit, value }),
        1 => (number(), unit()).prop_map(|(probe, unit)| Event::Reached { probe, unit }),
        3 => site().prop_map(|statement| Event::Done { statement }),
        2 => (prop::option::of(site()), exception().prop_map(Box::new))
            .prop_map(|(statement, exception)| Event::Raised { statement, exception }),
        1 => (text(), exception().prop_map(Box::new))
            .prop_map(|(origin, exception)| Event::RaisedElsewhere { origin, exception }),
        1 => (prop::option::of(site()), any::<i32>())
            .prop_map(|(statement, code)| Event::Exited { statement, code }),
    ];
    let events = prop::collection::vec(event, 0..12);
    events.prop_recursive(2, 24, 2, move |inner| {
        (inner.clone(), inner, number(), unit(), end()).prop_map(
            |(mut before, events, probe, unit, end)| {
                before.push(Event::Ran {
                    probe,
                    unit,
                    events,
                    end,
                });
                before
            },
        )
    })
}

fn end() -> impl Strategy<Value = End> {
    prop_oneof![
        Just(End::Finished),
        Just(End::TimedOut),
        any::<i32>().prop_map(|status| End::LeftEarly { status }),
        any::<i32>().prop_map(|signal| End::Killed { signal }),
        any::<String>().prop_map(|limit| End::LimitHit { limit }),
        any::<String>().prop_map(|reason| End::Unfinished { reason }),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig {
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

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
    fn judging_ends_whatever_is_said_to_have_happened(
        code in prop_oneof![
            2 => prop::sample::select(CLAIMING).prop_map(str::to_owned),
            3 => mutated(codes(), 20),
        ],
        events in events(),
        end in end(),
    ) {
        let _ = judge(&code, events, end);
    }

    #[test]
    fn reading_ends_whatever_the_snippet_is(
        code in prop_oneof![anything(), mutated(codes(), 20)],
        output in anything(),
    ) {
        let _ = check(&code, &output);
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
