//! Every report, written from one set of results made by hand, is what lies
//! beside it in `tests/reports/`. `SNAPSHOTS=overwrite` accepts the new output.

use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::time::Duration;

use snapbox::{Data, assert_data_eq};
use trueprint::claim::ClaimKind;
use trueprint::document::Format;
use trueprint::expectation::ExpectationError;
use trueprint::finding::Finding;
use trueprint::interpreter::Version;
use trueprint::matching::Rule;
use trueprint::position::{LineNumber, LineSpan, Place};
use trueprint::report::explanation::{self, Explained};
use trueprint::report::{Detail, ReportFormat, ReportOptions, ShowProse};
use trueprint::results::{
    GuideResult, Problem, PythonUsed, Results, SkippedIs, SnippetResult, Status,
};
use trueprint::snippet::SnippetId;
use trueprint::verdict::{
    Failure, Judgement, Prose, SnippetStatus, SnippetVerdict, Unclaimed, Verdict,
};

const FINDINGS: ReportOptions = ReportOptions {
    detail: Detail::Findings,
    prose: ShowProse::Counted,
    skipped: SkippedIs::Counted,
};

const EVERYTHING: ReportOptions = ReportOptions {
    detail: Detail::Everything,
    prose: ShowProse::Listed,
    skipped: SkippedIs::AFinding,
};

#[test]
fn terminal() {
    check(&mixed(), ReportFormat::Terminal, FINDINGS, "terminal.txt");
}

#[test]
fn terminal_in_colour() {
    let text = written(&mixed(), ReportFormat::Terminal, FINDINGS);
    let shown = text.replace('\u{1b}', "␛");
    compare(shown, "terminal-in-colour.txt");
}

#[test]
fn terminal_with_everything() {
    check(
        &mixed(),
        ReportFormat::Terminal,
        EVERYTHING,
        "terminal-with-everything.txt",
    );
}

#[test]
fn terminal_when_all_is_well() {
    check(
        &well(),
        ReportFormat::Terminal,
        FINDINGS,
        "terminal-when-all-is-well.txt",
    );
}

#[test]
fn terminal_of_a_notebook() {
    let mut results = mixed();
    results.guides.truncate(1);
    results.guides[0].format = Format::Notebook;
    let claim = &mut results.guides[0].snippets[0].verdict.claims[2];
    let far = (1..=12).map(|number| format!("the cause's line {number}"));
    claim.reason = Some(far.collect::<Vec<_>>().join("\n"));
    check(
        &results,
        ReportFormat::Terminal,
        FINDINGS,
        "terminal-of-a-notebook.txt",
    );
}

#[test]
fn json() {
    check(&mixed(), ReportFormat::Json, FINDINGS, "report.json");
}

#[test]
fn junit() {
    check(&mixed(), ReportFormat::Junit, FINDINGS, "junit.xml");
}

#[test]
fn github() {
    check(&mixed(), ReportFormat::Github, FINDINGS, "github.txt");
}

#[test]
fn explanation_of_a_claim() {
    check_explanation(3, Explained::Yes, "explanation-of-a-claim.txt");
}

#[test]
fn explanation_of_prose() {
    check_explanation(4, Explained::Yes, "explanation-of-prose.txt");
}

#[test]
fn explanation_of_a_silent_line() {
    check_explanation(1, Explained::Yes, "explanation-of-a-silent-line.txt");
}

#[test]
fn explanation_where_nothing_is() {
    check_explanation(
        900,
        Explained::NothingThere,
        "explanation-where-nothing-is.txt",
    );
}

#[test]
fn no_control_character_gets_through() {
    for format in [
        ReportFormat::Terminal,
        ReportFormat::Json,
        ReportFormat::Junit,
        ReportFormat::Github,
    ] {
        let text = anstream::adapter::strip_str(&written(&mixed(), format, EVERYTHING)).to_string();
        let raw = written(&mixed(), format, EVERYTHING);
        assert!(!raw.contains("\u{1b}[2J"), "{format:?} clears the screen");
        for character in text.chars() {
            assert!(
                !character.is_control() || character == '\n',
                "{format:?} lets {character:?} through"
            );
        }
    }
}

#[test]
fn what_a_run_comes_to() {
    assert_eq!(well().status(SkippedIs::Counted), Status::Holds);
    let mut results = mixed();
    assert_eq!(results.status(SkippedIs::Counted), Status::CouldNotRun);
    results.problems.clear();
    assert_eq!(results.status(SkippedIs::Counted), Status::Findings);
    let mut results = well();
    results.guides[0].snippets[0].verdict.status = SnippetStatus::Skipped {
        reason: "not here".to_owned(),
    };
    assert_eq!(results.status(SkippedIs::Counted), Status::Holds);
    assert_eq!(results.status(SkippedIs::AFinding), Status::Findings);
    results.interrupted = true;
    assert_eq!(results.status(SkippedIs::Counted), Status::CouldNotRun);
}

fn check(results: &Results, format: ReportFormat, options: ReportOptions, name: &str) {
    let text = written(results, format, options);
    compare(anstream::adapter::strip_str(&text).to_string(), name);
}

fn check_explanation(line: u32, explained: Explained, name: &str) {
    let results = mixed();
    let mut out = Vec::new();
    let result = explanation::write(&results, &results.guides[0], at(line), &mut out);
    assert_eq!(result.expect("memory can be written to"), explained);
    let text = String::from_utf8(out).expect("a report is UTF-8");
    compare(anstream::adapter::strip_str(&text).to_string(), name);
}

fn compare(text: String, name: &str) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/reports")
        .join(name);
    assert_data_eq!(
        text,
        Data::read_from(&path, Some(snapbox::data::DataFormat::Text)).raw()
    );
}

fn written(results: &Results, format: ReportFormat, options: ReportOptions) -> String {
    let mut out = Vec::new();
    trueprint::report::write(results, format, options, &mut out).expect("memory can be written to");
    String::from_utf8(out).expect("a report is UTF-8")
}

/// A guide with one of everything.
fn mixed() -> Results {
    let text = "\
ages = {'ada': 36, 'alan': 41}
width = 3
print(width)   # 4
print(ages)    # everybody who is known
print(sorted(ages))
# ['ada',
#  'alan',
#  'grace']
show('\u{1b}[2Jcleared')\t# done
print('{:.3f}'.format(elapsed))   # 0.501
print(type(3))   #
import ages_of_others";
    let statement = |first: u32, last: u32| {
        Some(LineSpan {
            first: number(first),
            last: number(last),
        })
    };
    let claims = vec![
        Judgement {
            statement: statement(3, 3),
            ..judgement(3, 3, "4", Verdict::Wrong, Rule::Different, "4", Some("3"))
        },
        Judgement {
            kind: ClaimKind::Below,
            statement: statement(5, 5),
            ..judgement(
                6,
                8,
                "['ada',\n 'alan',\n 'grace']",
                Verdict::Wrong,
                Rule::Different,
                "['ada',\n 'alan',\n 'grace']",
                Some("['ada',\n 'alan']"),
            )
        },
        Judgement {
            statement: statement(9, 9),
            reason: Some("an earlier statement ended the program".to_owned()),
            ..judgement(
                9,
                9,
                "done",
                Verdict::Unreached,
                Rule::Unreached,
                "done",
                None,
            )
        },
        Judgement {
            statement: statement(10, 10),
            ..judgement(
                10,
                10,
                "0.501",
                Verdict::Unstable,
                Rule::Different,
                "0.501",
                Some("the measured time was 0.5012"),
            )
        },
        Judgement {
            statement: statement(11, 11),
            ..judgement(
                11,
                11,
                "",
                Verdict::Blank,
                Rule::Blank,
                "",
                Some("<class 'int'>"),
            )
        },
        Judgement {
            statement: statement(11, 11),
            reason: Some("follows from what failed at line 9".to_owned()),
            follows_from: Some(at(9)),
            ..judgement(
                12,
                12,
                "5",
                Verdict::Wrong,
                Rule::Raised,
                "5",
                Some("NameError: name 'elapsed' is not defined"),
            )
        },
        Judgement {
            statement: statement(2, 2),
            ..judgement(
                2,
                2,
                "",
                Verdict::Wrong,
                Rule::Raised,
                "Traceback (most recent call last):\n  File \"<stdin>\", line 1\n    ages()\nTypeError: no",
                Some("TypeError: 'dict' object is not callable"),
            )
        },
        Judgement {
            statement: statement(12, 12),
            ..judgement(
                12,
                12,
                "",
                Verdict::Wrong,
                Rule::Different,
                &format!(
                    "[{}'north', {}]",
                    "'east', ".repeat(30),
                    "'west', ".repeat(30)
                ),
                Some(&format!(
                    "[{}'south', {}]",
                    "'east', ".repeat(30),
                    "'west', ".repeat(30)
                )),
            )
        },
    ];
    let first = SnippetResult {
        id: SnippetId::new("ages"),
        place: at(1),
        last_place: at(12),
        heading: Some("Ages".to_owned()),
        text: text.into(),
        commands: Vec::new(),
        elapsed: Some(Duration::from_micros(2150)),
        reused: false,
        verdict: SnippetVerdict {
            status: SnippetStatus::Failed,
            failures: vec![
                Failure {
                    place: at(9),
                    message: "NameError: name 'show' is not defined".to_owned(),
                    follows_from: None,
                },
                Failure {
                    place: at(10),
                    message: "NameError: name 'elapsed' is not defined".to_owned(),
                    follows_from: Some(at(9)),
                },
            ],
            claims,
            prose: vec![Prose {
                place: at(4),
                comment: "everybody who is known".to_owned(),
            }],
            unclaimed: vec![Unclaimed {
                place: at(4),
                output: "{'ada': 36, 'alan': 41}\n\u{9b}31m\u{202e}\n".to_owned(),
            }],
            warnings: vec![Unclaimed {
                place: at(2),
                output: "SyntaxWarning: invalid escape sequence '\\d'".to_owned(),
            }],
            notes: vec!["a process outlived it and was killed".to_owned()],
        },
    };
    let reason = "the module `numpy` is not installed";
    let second = SnippetResult {
        id: SnippetId::new("arrays"),
        place: at(20),
        last_place: at(21),
        heading: Some("Arrays".to_owned()),
        text: "import numpy\nprint(numpy.zeros(2))  # [0. 0.]".into(),
        commands: Vec::new(),
        elapsed: Some(Duration::from_micros(900)),
        reused: false,
        verdict: SnippetVerdict {
            status: SnippetStatus::Skipped {
                reason: reason.to_owned(),
            },
            claims: vec![Judgement {
                reason: Some(reason.to_owned()),
                ..judgement(
                    21,
                    21,
                    "[0. 0.]",
                    Verdict::Skipped,
                    Rule::Skipped,
                    "[0. 0.]",
                    None,
                )
            }],
            ..nothing()
        },
    };
    let cell = |line: u32| Place {
        cell: NonZeroU32::new(3),
        line: number(line),
    };
    let in_cell = SnippetResult {
        id: SnippetId::new("cells"),
        place: cell(1),
        last_place: cell(3),
        heading: None,
        text: "total = 1 + 1\ntotal  # 2\n%who".into(),
        commands: vec![cell(3)],
        elapsed: Some(Duration::from_micros(900)),
        reused: false,
        verdict: SnippetVerdict {
            claims: vec![Judgement {
                place: cell(2),
                last_place: cell(2),
                verdict: Verdict::Tolerated,
                reason: Some("approximately: 2 is within 5% of 2.04".to_owned()),
                ..judgement(
                    1,
                    1,
                    "~2.04",
                    Verdict::Wrong,
                    Rule::Approximate,
                    "2.04",
                    Some("2"),
                )
            }],
            ..nothing()
        },
    };
    Results {
        guides: vec![
            GuideResult {
                path: PathBuf::from("guide/ages.md"),
                format: Format::Markdown,
                findings: vec![Finding {
                    place: at(30),
                    message: "the fence that opens here is never closed".to_owned(),
                    help: Some("close it with ``` on a line of its own".to_owned()),
                }],
                snippets: vec![first, second],
            },
            GuideResult {
                path: PathBuf::from("guide/cells.ipynb"),
                format: Format::Notebook,
                findings: Vec::new(),
                snippets: vec![in_cell],
            },
        ],
        problems: vec![Problem {
            path: PathBuf::from("guide/latin-1.txt"),
            position: LineNumber::new(3).map(|line| (line, 7)),
            message: "byte 0xe9 is not UTF-8".to_owned(),
            help: Some("save the file as UTF-8".to_owned()),
        }],
        expectation_errors: vec![ExpectationError {
            file: PathBuf::from("expectations/ages.toml"),
            line: LineNumber::new(7),
            message: "this entry tolerates nothing".to_owned(),
            help: Some("take it away".to_owned()),
        }],
        ..well()
    }
}

/// A guide in which everything holds.
fn well() -> Results {
    Results {
        python: PythonUsed {
            version: Version {
                major: 3,
                minor: 12,
                micro: 1,
            },
            executable: PathBuf::from("/usr/bin/python3.12"),
        },
        guides: vec![GuideResult {
            path: PathBuf::from("guide/sums.md"),
            format: Format::Markdown,
            findings: Vec::new(),
            snippets: vec![SnippetResult {
                id: SnippetId::new("sums"),
                place: at(5),
                last_place: at(5),
                heading: Some("Sums".to_owned()),
                text: "print(1 + 1)  # 2".into(),
                commands: Vec::new(),
                elapsed: Some(Duration::from_micros(1500)),
                reused: false,
                verdict: SnippetVerdict {
                    claims: vec![judgement(
                        5,
                        5,
                        "2",
                        Verdict::Holds,
                        Rule::Equal,
                        "2",
                        Some("2"),
                    )],
                    ..nothing()
                },
            }],
        }],
        problems: Vec::new(),
        without_snippets: Vec::new(),
        expectation_errors: Vec::new(),
        box_gaps: Vec::new(),
        elapsed: Duration::from_millis(40),
        interrupted: false,
    }
}

fn judgement(
    first: u32,
    last: u32,
    comment: &str,
    verdict: Verdict,
    rule: Rule,
    expected: &str,
    actual: Option<&str>,
) -> Judgement {
    Judgement {
        place: at(first),
        last_place: at(last),
        kind: ClaimKind::Trailing,
        statement: None,
        comment: comment.into(),
        verdict,
        rule,
        expected: expected.into(),
        actual: actual.map(str::to_owned),
        reason: None,
        follows_from: None,
    }
}

fn nothing() -> SnippetVerdict {
    SnippetVerdict {
        status: SnippetStatus::Ran,
        failures: Vec::new(),
        claims: Vec::new(),
        prose: Vec::new(),
        unclaimed: Vec::new(),
        warnings: Vec::new(),
        notes: Vec::new(),
    }
}

fn at(line: u32) -> Place {
    Place::line(number(line))
}

fn number(line: u32) -> LineNumber {
    LineNumber::new(line).expect("lines are counted from one")
}
