//! The report on one line of a guide: what was claimed, seen and concluded
//! there, and by which rule.

use std::io::{self, Write};

use super::terminal::{first_line, margin, path, write_source};
use super::{BAD, COMMAND_SKIPPED, FAINT, STRONG, difference, verdict_style, visible};
use crate::position::Place;
use crate::results::{GuideResult, Results, SnippetResult};
use crate::verdict::{Failure, Judgement, SnippetStatus};

/// The most failures of the snippet that are listed.
const MOST_FAILURES: usize = 5;

/// Whether there was anything to say of the line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Explained {
    /// The line belongs to a snippet, or to what the guide shows as its output.
    Yes,
    /// There is no Python at that line.
    NothingThere,
}

/// Writes what there is to say of a line.
pub fn write(
    results: &Results,
    guide: &GuideResult,
    place: Place,
    out: &mut dyn Write,
) -> io::Result<Explained> {
    let speaks = |claim: &Judgement| claim.place <= place && place <= claim.last_place;
    let found = guide
        .snippets
        .iter()
        .find(|snippet| snippet.covers(place) || snippet.verdict.claims.iter().any(speaks));
    let Some(snippet) = found else {
        return Ok(Explained::NothingThere);
    };
    writeln!(
        out,
        "{STRONG}{}:{place}{STRONG:#}, in snippet {STRONG}{}{STRONG:#} (lines {} to {}), on Python {}\n",
        path(&guide.path),
        visible::text(snippet.id.as_str()),
        snippet.place,
        snippet.last_place,
        results.python.version
    )?;
    write_status(snippet, out)?;
    let mut said = false;
    for claim in &snippet.verdict.claims {
        let statement_here = claim.statement.is_some_and(|statement| {
            snippet.place_of(statement.first) <= place && place <= snippet.place_of(statement.last)
        });
        if speaks(claim) || statement_here {
            write_claim(snippet, claim, out)?;
            said = true;
        }
    }
    for failure in &snippet.verdict.failures {
        if failure.place == place {
            write_failure(snippet, failure, out)?;
            said = true;
        }
    }
    for prose in &snippet.verdict.prose {
        if prose.place == place {
            write_source(snippet, place, place, out)?;
            writeln!(
                out,
                "{} read as prose: nothing says that `{}` is meant as output\n",
                margin(),
                visible::one_line(&prose.comment, 100)
            )?;
            said = true;
        }
    }
    for (list, what) in [
        (
            &snippet.verdict.unclaimed,
            "no comment speaks of this output",
        ),
        (&snippet.verdict.warnings, "Python warned"),
    ] {
        for entry in list.iter().filter(|entry| entry.place == place) {
            write_source(snippet, place, place, out)?;
            writeln!(out, "{} {what}:", margin())?;
            for line in entry.output.lines().take(20) {
                writeln!(out, "{}   {}", margin(), visible::shortened(line))?;
            }
            writeln!(out)?;
            said = true;
        }
    }
    if snippet.commands.contains(&place) {
        write_source(snippet, place, place, out)?;
        writeln!(out, "{} skipped: {COMMAND_SKIPPED}\n", margin())?;
        said = true;
    }
    if !said {
        write_source(snippet, place, place, out)?;
        writeln!(
            out,
            "{} no claim was read on this line, and it wrote nothing\n",
            margin()
        )?;
        write_nearest_claims(snippet, place, out)?;
    }
    Ok(Explained::Yes)
}

fn write_status(snippet: &SnippetResult, out: &mut dyn Write) -> io::Result<()> {
    for note in &snippet.verdict.notes {
        writeln!(out, "Note: {}\n", visible::one_line(note, 200))?;
    }
    match &snippet.verdict.status {
        SnippetStatus::Ran => Ok(()),
        SnippetStatus::Failed => {
            writeln!(out, "The snippet {BAD}failed{BAD:#}:")?;
            let failures = &snippet.verdict.failures;
            for failure in failures.iter().take(MOST_FAILURES) {
                writeln!(
                    out,
                    "  line {}: {}",
                    failure.place,
                    visible::one_line(&failure.message, 140)
                )?;
            }
            if failures.len() > MOST_FAILURES {
                writeln!(out, "  … {} more", failures.len() - MOST_FAILURES)?;
            }
            writeln!(out)
        }
        SnippetStatus::Skipped { reason } => writeln!(
            out,
            "The snippet was skipped: {}\n",
            visible::one_line(reason, 200)
        ),
    }
}

fn write_claim(snippet: &SnippetResult, claim: &Judgement, out: &mut dyn Write) -> io::Result<()> {
    write_source(snippet, first_line(snippet, claim), claim.last_place, out)?;
    let row = |out: &mut dyn Write, name: &str, text: &str| -> io::Result<()> {
        let mut lines = text.lines();
        let first = lines.next().unwrap_or_default();
        writeln!(
            out,
            "  {FAINT}{name:<10}{FAINT:#} {}",
            visible::shortened(first)
        )?;
        for line in lines {
            writeln!(out, "  {:<10} {}", "", visible::shortened(line))?;
        }
        Ok(())
    };
    writeln!(out)?;
    row(out, "comment", &claim.comment)?;
    row(out, "kind", claim.kind.name())?;
    row(out, "read as", &claim.expected)?;
    match claim.actual.as_deref() {
        Some("") => row(out, "seen", "(nothing)")?,
        Some(seen) => row(out, "seen", &head(seen, 30))?,
        None => row(out, "seen", "(nothing could be seen)")?,
    }
    let style = verdict_style(claim.verdict);
    writeln!(
        out,
        "  {FAINT}{:<10}{FAINT:#} {style}{}{style:#}",
        "verdict",
        claim.verdict.name()
    )?;
    row(out, "rule", claim.rule.name())?;
    if let Some(reason) = &claim.reason {
        row(out, "because", reason)?;
    }
    let several_lines = claim.expected.contains('\n')
        || claim
            .actual
            .as_deref()
            .is_some_and(|seen| seen.trim_end().contains('\n'));
    if let Some(seen) = &claim.actual
        && claim.verdict.is_finding()
        && several_lines
    {
        writeln!(out)?;
        difference::write(&claim.expected, seen, " ", out)?;
    }
    writeln!(out)
}

fn write_failure(
    snippet: &SnippetResult,
    failure: &Failure,
    out: &mut dyn Write,
) -> io::Result<()> {
    write_source(snippet, failure.place, failure.place, out)?;
    writeln!(
        out,
        "{} {BAD}{}{BAD:#}, which no comment claims",
        margin(),
        visible::one_line(&failure.message, 140)
    )?;
    if let Some(cause) = failure.follows_from {
        writeln!(
            out,
            "{} it follows from what failed at line {cause}",
            margin()
        )?;
    }
    writeln!(out)
}

/// The claims next to the line, one above and one below it.
fn write_nearest_claims(
    snippet: &SnippetResult,
    place: Place,
    out: &mut dyn Write,
) -> io::Result<()> {
    let claims = &snippet.verdict.claims;
    let above = claims.iter().rev().find(|claim| claim.place < place);
    let below = claims.iter().find(|claim| claim.place > place);
    if claims.is_empty() {
        return writeln!(out, "The snippet has no claims.");
    }
    let nearest: Vec<String> = [above, below]
        .into_iter()
        .flatten()
        .map(|claim| format!("line {} ({})", claim.place, claim.verdict.name()))
        .collect();
    writeln!(
        out,
        "The nearest claims of the snippet: {}.",
        nearest.join(", ")
    )
}

fn head(text: &str, most: usize) -> String {
    let count = text.lines().count();
    if count <= most {
        return text.to_owned();
    }
    let shown: Vec<&str> = text.lines().take(most).collect();
    format!("{}\n… {} more lines", shown.join("\n"), count - most)
}
