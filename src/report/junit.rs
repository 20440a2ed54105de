//! The report as JUnit's XML: a suite a guide, a case for each snippet's run and
//! one for each of its claims.

use std::io::{self, Write};

use quick_junit::{NonSuccessKind, Report, TestCase, TestCaseStatus, TestSuite};

use super::{COMMAND_SKIPPED, ReportOptions, visible};
use crate::position::Place;
use crate::results::{GuideResult, Results, SkippedIs, SnippetResult};
use crate::verdict::{Judgement, SnippetStatus, Verdict};

/// Writes the document.
pub fn write(results: &Results, options: ReportOptions, out: &mut dyn Write) -> io::Result<()> {
    let mut report = Report::new(format!("trueprint on Python {}", results.python.version));
    report.set_time(results.elapsed);
    for guide in &results.guides {
        report.add_test_suite(suite(guide, options));
    }
    for error in &results.expectation_errors {
        let path = visible::text(&error.file.to_string_lossy());
        let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
        status.set_message(visible::text(&error.message));
        if let Some(help) = &error.help {
            status.set_description(visible::text(help));
        }
        let name = match error.line {
            Some(line) => format!("entry at line {line}"),
            None => "can be used".to_owned(),
        };
        let mut case = TestCase::new(name, status);
        case.set_classname(path.as_str());
        let mut suite = TestSuite::new(path);
        suite.add_test_case(case);
        report.add_test_suite(suite);
    }
    for problem in &results.problems {
        let path = problem.path.to_string_lossy();
        let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
        status.set_message(visible::text(&problem.message));
        if let Some(help) = &problem.help {
            status.set_description(visible::text(help));
        }
        let mut suite = TestSuite::new(visible::text(&path));
        suite.add_test_case(TestCase::new("could be checked", status));
        report.add_test_suite(suite);
    }
    report.serialize(&mut *out).map_err(io::Error::other)?;
    Ok(())
}

fn suite(guide: &GuideResult, options: ReportOptions) -> TestSuite {
    let path = visible::text(&guide.path.to_string_lossy());
    let mut suite = TestSuite::new(path.as_str());
    for finding in &guide.findings {
        let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
        status.set_message(visible::text(&finding.message));
        if let Some(help) = &finding.help {
            status.set_description(visible::text(help));
        }
        let mut case = TestCase::new(format!("line {}", finding.place), status);
        case.set_classname(path.as_str());
        suite.add_test_case(case);
    }
    for snippet in &guide.snippets {
        suite.add_test_case(run_case(&path, snippet, options));
        for place in &snippet.commands {
            suite.add_test_case(command_case(&path, snippet, *place, options));
        }
        for claim in &snippet.verdict.claims {
            suite.add_test_case(claim_case(&path, snippet, claim, options));
        }
    }
    suite
}

fn run_case(path: &str, snippet: &SnippetResult, options: ReportOptions) -> TestCase {
    let failures = &snippet.verdict.failures;
    let status = match &snippet.verdict.status {
        SnippetStatus::Skipped { reason } => skipped(reason, options),
        SnippetStatus::Ran | SnippetStatus::Failed => match failures.first() {
            None => TestCaseStatus::success(),
            Some(first) => {
                let lines: Vec<String> = failures
                    .iter()
                    .map(|failure| {
                        format!(
                            "{path}:{}: {}",
                            failure.place,
                            visible::one_line(&failure.message, 500)
                        )
                    })
                    .collect();
                let mut status = TestCaseStatus::non_success(NonSuccessKind::Error);
                status.set_message(visible::one_line(&first.message, 500));
                status.set_type("failed");
                status.set_description(lines.join("\n"));
                status
            }
        },
    };
    let mut case = TestCase::new(
        format!("{} runs (line {})", snippet.id, snippet.place),
        status,
    );
    case.set_classname(path);
    if let Some(elapsed) = snippet.elapsed {
        case.set_time(elapsed);
    }
    case
}

fn command_case(
    path: &str,
    snippet: &SnippetResult,
    place: Place,
    options: ReportOptions,
) -> TestCase {
    let line = snippet.line_at(place).unwrap_or_default();
    let name = format!(
        "{} line {place}: {}",
        snippet.id,
        visible::one_line(line.trim(), 80)
    );
    let mut case = TestCase::new(name, skipped(COMMAND_SKIPPED, options));
    case.set_classname(path);
    case
}

fn claim_case(
    path: &str,
    snippet: &SnippetResult,
    claim: &Judgement,
    options: ReportOptions,
) -> TestCase {
    let status = match claim.verdict {
        Verdict::Holds | Verdict::Tolerated => TestCaseStatus::success(),
        Verdict::Skipped => skipped(claim.reason.as_deref().unwrap_or_default(), options),
        Verdict::Wrong | Verdict::Unstable | Verdict::Unreached | Verdict::Blank => {
            let mut status = TestCaseStatus::non_success(NonSuccessKind::Failure);
            status.set_type(claim.verdict.name());
            status.set_message(format!(
                "{}, by rule {}",
                claim.verdict.name(),
                claim.rule.name()
            ));
            let mut description = vec![format!("{path}:{}", claim.place)];
            description.push(format!("guide:  {}", several(&claim.expected)));
            description.push(format!(
                "Python: {}",
                several(claim.actual.as_deref().unwrap_or("(nothing)"))
            ));
            description.extend(claim.reason.as_deref().map(visible::text));
            status.set_description(description.join("\n"));
            status
        }
    };
    let mut case = TestCase::new(
        format!(
            "{} line {}: {}",
            snippet.id,
            claim.place,
            visible::one_line(&claim.comment, 80)
        ),
        status,
    );
    case.set_classname(path);
    case
}

fn skipped(reason: &str, options: ReportOptions) -> TestCaseStatus {
    let mut status = match options.skipped {
        SkippedIs::Counted => TestCaseStatus::skipped(),
        SkippedIs::AFinding => TestCaseStatus::non_success(NonSuccessKind::Failure),
    };
    status.set_message(visible::one_line(reason, 500));
    status
}

fn several(text: &str) -> String {
    let lines: Vec<String> = text.lines().map(visible::shortened).collect();
    lines.join("\n        ")
}
