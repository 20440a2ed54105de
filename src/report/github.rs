//! The report for GitHub's workflows: one command a finding, which GitHub shows
//! beside the guide's own line.
//!
//! A line of a notebook is a line of a cell, which is no line of its file; such
//! findings are shown at the file, and the message names the cell.

use std::io::{self, Write};

use super::{COMMAND_SKIPPED, ReportOptions, counted, difference, visible};
use crate::position::Place;
use crate::results::{GuideResult, Results, SkippedIs};
use crate::verdict::{SnippetStatus, Verdict};

/// Writes the commands, and one line of counts for the log.
pub fn write(results: &Results, options: ReportOptions, out: &mut dyn Write) -> io::Result<()> {
    for guide in &results.guides {
        write_guide(guide, options, out)?;
    }
    for error in &results.expectation_errors {
        let message = with_help(&error.message, error.help.as_deref());
        let path = error.file.to_string_lossy();
        command(
            out,
            "error",
            &path,
            error.line.map(Place::line),
            "expectations",
            &message,
        )?;
    }
    for problem in &results.problems {
        let message = with_help(&problem.message, problem.help.as_deref());
        let path = problem.path.to_string_lossy();
        let place = problem.position.map(|(line, _)| Place::line(line));
        command(out, "error", &path, place, "could not be checked", &message)?;
    }
    let summary = results.summary();
    writeln!(
        out,
        "{}, {} on Python {}: {} in order, {}, {} skipped",
        counted(summary.snippets, "snippet"),
        counted(summary.claims, "claim"),
        results.python.version,
        summary.count(Verdict::Holds) + summary.count(Verdict::Tolerated),
        counted(summary.all_findings(), "finding"),
        summary.all_skipped(),
    )
}

fn write_guide(guide: &GuideResult, options: ReportOptions, out: &mut dyn Write) -> io::Result<()> {
    let path = guide.path.to_string_lossy();
    for finding in &guide.findings {
        let message = with_help(&finding.message, finding.help.as_deref());
        command(out, "error", &path, Some(finding.place), "guide", &message)?;
    }
    let skipped_level = match options.skipped {
        SkippedIs::Counted => "notice",
        SkippedIs::AFinding => "error",
    };
    for snippet in &guide.snippets {
        if let SnippetStatus::Skipped { reason } = &snippet.verdict.status {
            command(
                out,
                skipped_level,
                &path,
                Some(snippet.place),
                "skipped",
                reason,
            )?;
        }
        for place in &snippet.commands {
            let place = Some(*place);
            command(out, skipped_level, &path, place, "skipped", COMMAND_SKIPPED)?;
        }
        for failure in &snippet.verdict.failures {
            let mut message = failure.message.clone();
            if let Some(cause) = failure.follows_from {
                message.push_str(&format!("\nfollows from what failed at line {cause}"));
            }
            command(out, "error", &path, Some(failure.place), "failed", &message)?;
        }
        for claim in &snippet.verdict.claims {
            let mut message = match claim.verdict {
                Verdict::Wrong | Verdict::Unstable => {
                    let actual = claim.actual.as_deref().unwrap_or("(nothing)");
                    let (expected, actual) = difference::in_short(&claim.expected, actual);
                    format!("guide:  {expected}\nPython: {actual}")
                }
                Verdict::Unreached => format!("this never happened: {}", claim.expected),
                Verdict::Blank => format!(
                    "the comment has lost its text; Python: {}",
                    claim.actual.as_deref().unwrap_or("(nothing)")
                ),
                Verdict::Holds | Verdict::Tolerated | Verdict::Skipped => continue,
            };
            if let Some(reason) = &claim.reason {
                message.push('\n');
                message.push_str(reason);
            }
            command(
                out,
                "error",
                &path,
                Some(claim.place),
                claim.verdict.name(),
                &message,
            )?;
        }
    }
    Ok(())
}

fn with_help(message: &str, help: Option<&str>) -> String {
    match help {
        Some(help) => format!("{message}\nhelp: {help}"),
        None => message.to_owned(),
    }
}

fn command(
    out: &mut dyn Write,
    level: &str,
    path: &str,
    place: Option<Place>,
    title: &str,
    message: &str,
) -> io::Result<()> {
    let lines: Vec<String> = message.lines().map(visible::shortened).collect();
    let mut message = lines.join("\n");
    let line = match place {
        None => String::new(),
        Some(place) if place.cell.is_some() => {
            message.insert_str(0, &format!("{place}: "));
            String::new()
        }
        Some(place) => format!(",line={place}"),
    };
    writeln!(
        out,
        "::{level} file={}{line},title={}::{}",
        property(&visible::text(path)),
        property(title),
        data(&message)
    )
}

/// A command's message, escaped as the runner's own toolkit does.
fn data(text: &str) -> String {
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
}

/// A command's property, in which `:` and `,` would end it.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}
