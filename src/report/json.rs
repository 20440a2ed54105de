//! The report for machines: one JSON document with everything in it.
//!
//! The structs here are what is published, and nothing else is: the model can
//! change without the format changing. Optional members are left out when there
//! is nothing to say; `schema` grows when a member changes its meaning.

use std::io::{self, Write};
use std::time::Duration;

use serde::Serialize;

use crate::expectation::ExpectationError;
use crate::finding::Finding;
use crate::position::{LineNumber, Place};
use crate::results::{GuideResult, Problem, Results, SnippetResult};
use crate::verdict::{Failure, Judgement, Prose, SnippetStatus, Unclaimed, Verdict};

/// The version of the format.
const SCHEMA: u32 = 1;

/// Writes the document and a newline.
pub fn write(results: &Results, out: &mut dyn Write) -> io::Result<()> {
    let report = Report::of(results);
    let text = serde_json::to_string_pretty(&report).map_err(io::Error::other)?;
    out.write_all(without_control_characters(&text).as_bytes())?;
    writeln!(out)
}

#[derive(Serialize)]
struct Report {
    schema: u32,
    python: Python,
    guides: Vec<Guide>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    problems: Vec<CouldNotCheck>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    without_snippets: Vec<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    expectation_errors: Vec<EntryError>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    box_gaps: Vec<String>,
    #[serde(skip_serializing_if = "is_false")]
    interrupted: bool,
    summary: Counts,
}

#[derive(Serialize)]
struct Python {
    version: String,
    executable: String,
}

#[derive(Serialize)]
struct Guide {
    path: String,
    snippets: Vec<Snippet>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    findings: Vec<TextFinding>,
}

#[derive(Serialize)]
struct Snippet {
    id: String,
    line: Line,
    last_line: Line,
    #[serde(skip_serializing_if = "Option::is_none")]
    heading: Option<String>,
    status: &'static str,
    seconds: Option<f64>,
    #[serde(skip_serializing_if = "is_false")]
    reused: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    error: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    commands_skipped: Vec<Line>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    failures: Vec<Failed>,
    claims: Vec<Claim>,
    prose: Vec<Remark>,
    unclaimed: Vec<Printed>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    warnings: Vec<Printed>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    notes: Vec<String>,
}

#[derive(Serialize)]
struct Claim {
    line: Line,
    last_line: Line,
    kind: &'static str,
    comment: String,
    verdict: &'static str,
    rule: &'static str,
    expected: String,
    actual: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
}

#[derive(Serialize)]
struct Remark {
    line: Line,
    comment: String,
}

#[derive(Serialize)]
struct Printed {
    line: Line,
    output: String,
}

#[derive(Serialize)]
struct Failed {
    line: Line,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    follows_from: Option<Line>,
}

#[derive(Serialize)]
struct TextFinding {
    line: Line,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    help: Option<String>,
}

#[derive(Serialize)]
struct CouldNotCheck {
    path: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u32>,
    #[serde(skip_serializing_if = "Option::is_none")]
    column: Option<usize>,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    help: Option<String>,
}

#[derive(Serialize)]
struct EntryError {
    path: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<u32>,
    message: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    help: Option<String>,
}

/// A line is a number, or `cellN:L` in a notebook.
#[derive(Serialize)]
#[serde(untagged)]
enum Line {
    Number(u32),
    InCell(String),
}

#[derive(Serialize)]
struct Counts {
    guides: usize,
    problems: usize,
    findings: usize,
    expectation_errors: usize,
    snippets: usize,
    ran: usize,
    reused: usize,
    failed: usize,
    snippets_skipped: usize,
    commands_skipped: usize,
    failures: usize,
    claims: usize,
    holds: usize,
    tolerated: usize,
    wrong: usize,
    unstable: usize,
    unreached: usize,
    skipped: usize,
    blank: usize,
    prose: usize,
    unclaimed: usize,
    warnings: usize,
    seconds: f64,
}

impl Report {
    fn of(results: &Results) -> Self {
        let summary = results.summary();
        Self {
            schema: SCHEMA,
            python: Python {
                version: results.python.version.to_string(),
                executable: results.python.executable.to_string_lossy().into_owned(),
            },
            guides: results.guides.iter().map(Guide::of).collect(),
            problems: results.problems.iter().map(CouldNotCheck::of).collect(),
            without_snippets: results
                .without_snippets
                .iter()
                .map(|path| path.to_string_lossy().into_owned())
                .collect(),
            expectation_errors: results
                .expectation_errors
                .iter()
                .map(EntryError::of)
                .collect(),
            box_gaps: results.box_gaps.clone(),
            interrupted: results.interrupted,
            summary: Counts {
                guides: summary.guides,
                problems: summary.problems,
                findings: summary.findings,
                expectation_errors: summary.expectation_errors,
                snippets: summary.snippets,
                ran: summary.ran,
                reused: summary.reused,
                failed: summary.failed,
                snippets_skipped: summary.snippets_skipped,
                commands_skipped: summary.commands_skipped,
                failures: summary.failures,
                claims: summary.claims,
                holds: summary.count(Verdict::Holds),
                tolerated: summary.count(Verdict::Tolerated),
                wrong: summary.count(Verdict::Wrong),
                unstable: summary.count(Verdict::Unstable),
                unreached: summary.count(Verdict::Unreached),
                skipped: summary.count(Verdict::Skipped),
                blank: summary.count(Verdict::Blank),
                prose: summary.prose,
                unclaimed: summary.unclaimed,
                warnings: summary.warnings,
                seconds: seconds(results.elapsed),
            },
        }
    }
}

impl Guide {
    fn of(guide: &GuideResult) -> Self {
        Self {
            path: guide.path.to_string_lossy().into_owned(),
            snippets: guide.snippets.iter().map(Snippet::of).collect(),
            findings: guide.findings.iter().map(TextFinding::of).collect(),
        }
    }
}

impl Snippet {
    fn of(snippet: &SnippetResult) -> Self {
        let verdict = &snippet.verdict;
        let (status, reason) = match &verdict.status {
            SnippetStatus::Ran => ("ran", None),
            SnippetStatus::Failed => ("failed", None),
            SnippetStatus::Skipped { reason } => ("skipped", Some(reason.clone())),
        };
        Self {
            id: snippet.id.to_string(),
            line: Line::of(snippet.place),
            last_line: Line::of(snippet.last_place),
            heading: snippet.heading.clone(),
            status,
            seconds: snippet.elapsed.map(seconds),
            reused: snippet.reused,
            error: verdict.failures.first().map(|first| first.message.clone()),
            reason,
            commands_skipped: snippet.commands.iter().copied().map(Line::of).collect(),
            failures: verdict.failures.iter().map(Failed::of).collect(),
            claims: verdict.claims.iter().map(Claim::of).collect(),
            prose: verdict.prose.iter().map(Remark::of).collect(),
            unclaimed: verdict.unclaimed.iter().map(Printed::of).collect(),
            warnings: verdict.warnings.iter().map(Printed::of).collect(),
            notes: verdict.notes.clone(),
        }
    }
}

impl Claim {
    fn of(claim: &Judgement) -> Self {
        Self {
            line: Line::of(claim.place),
            last_line: Line::of(claim.last_place),
            kind: claim.kind.name(),
            comment: claim.comment.to_string(),
            verdict: claim.verdict.name(),
            rule: claim.rule.name(),
            expected: claim.expected.to_string(),
            actual: claim.actual.clone(),
            reason: claim.reason.clone(),
        }
    }
}

impl Remark {
    fn of(prose: &Prose) -> Self {
        Self {
            line: Line::of(prose.place),
            comment: prose.comment.clone(),
        }
    }
}

impl Printed {
    fn of(unclaimed: &Unclaimed) -> Self {
        Self {
            line: Line::of(unclaimed.place),
            output: unclaimed.output.clone(),
        }
    }
}

impl Failed {
    fn of(failure: &Failure) -> Self {
        Self {
            line: Line::of(failure.place),
            message: failure.message.clone(),
            follows_from: failure.follows_from.map(Line::of),
        }
    }
}

impl TextFinding {
    fn of(finding: &Finding) -> Self {
        Self {
            line: Line::of(finding.place),
            message: finding.message.clone(),
            help: finding.help.clone(),
        }
    }
}

impl CouldNotCheck {
    fn of(problem: &Problem) -> Self {
        Self {
            path: problem.path.to_string_lossy().into_owned(),
            line: problem.position.map(|(line, _)| line.get()),
            column: problem.position.map(|(_, column)| column),
            message: problem.message.clone(),
            help: problem.help.clone(),
        }
    }
}

impl EntryError {
    fn of(error: &ExpectationError) -> Self {
        Self {
            path: error.file.to_string_lossy().into_owned(),
            line: error.line.map(LineNumber::get),
            message: error.message.clone(),
            help: error.help.clone(),
        }
    }
}

impl Line {
    fn of(place: Place) -> Self {
        match place.cell {
            None => Self::Number(place.line.get()),
            Some(_) => Self::InCell(place.to_string()),
        }
    }
}

/// Seconds to the microsecond: more digits would be noise.
fn seconds(elapsed: Duration) -> f64 {
    (elapsed.as_secs_f64() * 1e6).round() / 1e6
}

/// JSON lets DEL and the C1 control characters stand in strings as they are; a
/// terminal would obey them.
pub(super) fn without_control_characters(json: &str) -> String {
    let mut safe = String::with_capacity(json.len());
    for character in json.chars() {
        match character {
            '\u{7f}'..='\u{9f}' => {
                safe.push_str(&format!("\\u{:04x}", u32::from(character)));
            }
            _ => safe.push(character),
        }
    }
    safe
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    reason = "serde passes a reference to what decides whether a member is left out"
)]
fn is_false(value: &bool) -> bool {
    !*value
}
