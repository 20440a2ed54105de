//! `trueprint accept --drift`: expectations for claims that are not the same on
//! every interpreter, proposed one by one.
//!
//! Only claims: of an output that no claim speaks of, of a failure and of a
//! warning no expectation can speak.

use std::io::Write;

use super::{Consent, Session, WIDEST, entries_shown};
use crate::claim::{self, Claim};
use crate::command::check::RunArguments;
use crate::command::drift::{Again, Compared, compare};
use crate::command::{CommandError, Console, written};
use crate::document;
use crate::drift::matrix::{Cell, Subject};
use crate::drift::{self, Change, ColumnName, Drift, Span};
use crate::expectation::{GuideExpectations, Named};
use crate::proposal::Proposal;
use crate::proposal::drift::{Drifting, Hindrance, propose};
use crate::report::{FAINT, STRONG, counted, visible};
use crate::results::Status;
use crate::snippet::{self, Guide};
use crate::verdict::named;

/// Runs the command. What drifts and is not taken is a finding.
///
/// # Errors
///
/// When nothing can be run, or a file cannot be written.
pub fn run(
    arguments: &RunArguments,
    consent: Consent,
    console: Console,
) -> Result<Status, CommandError> {
    let compared = compare(arguments, Again::WhatDrifts, console)?;
    if compared.problems != Status::Holds {
        return Ok(compared.problems);
    }
    if let [only] = compared.matrix.columns.as_slice() {
        console.note(&format!(
            "Python {} is the only one here: nothing can drift",
            only.version
        ));
    }
    let drift = drift::find(&compared.matrix);
    let mut session = Session {
        consent,
        console,
        left: 0,
        ended: false,
    };
    let (claims, others): (Vec<&Change>, Vec<&Change>) = drift
        .changes
        .iter()
        .partition(|change| matches!(change.row.subject, Subject::Claim(_)));
    for of_guide in claims.chunk_by(|one, other| one.guide == other.guide) {
        session.drift(&compared, &drift, of_guide)?;
    }
    if !others.is_empty() {
        let verb = if others.len() == 1 { "is" } else { "are" };
        console.note(&format!(
            "{} {verb} not about a claim, so that no expectation can speak of it; \
             `trueprint drift` shows what drifts, and a baseline can know it",
            counted(others.len(), "change"),
        ));
    }
    if drift.changes.is_empty() {
        let mut out = console.results();
        let said = writeln!(out, "Nothing drifts: there is nothing to propose.");
        written(said.and_then(|()| out.flush()))?;
    }
    Ok(if session.left + others.len() == 0 {
        Status::Holds
    } else {
        Status::Findings
    })
}

impl Session {
    /// Proposes for the claims of one guide that drift, and writes what is taken.
    fn drift(
        &mut self,
        compared: &Compared,
        drift: &Drift,
        changes: &[&Change],
    ) -> Result<(), CommandError> {
        let (Some(first), Some(settings)) = (changes.first(), compared.prepared.settings.first())
        else {
            return Ok(());
        };
        let path = &first.guide;
        let document = document::read(path, settings.format)?;
        let guide = snippet::from_document(&document);
        let known = settings.expectations.for_guide(path);
        let mut taken = Vec::new();
        for change in changes {
            if self.ended {
                self.left += 1;
                continue;
            }
            let found = proposals(&guide, known, change, &drift.columns);
            let shown = shown(change, &drift.columns, &found);
            let found = found.unwrap_or_default();
            if self.consents(&shown, &found)? {
                taken.extend(found);
            } else {
                self.left += 1;
            }
        }
        if !taken.is_empty() {
            self.write(&compared.prepared, settings, path, &taken)?;
        }
        Ok(())
    }
}

fn proposals(
    guide: &Guide,
    known: Option<&GuideExpectations>,
    change: &Change,
    columns: &[ColumnName],
) -> Result<Vec<Proposal>, Hindrance> {
    let row = &change.row;
    let snippet = guide
        .snippets
        .iter()
        .find(|snippet| snippet.id == row.snippet)
        .ok_or(Hindrance::Nameless)?;
    let claims: Vec<Claim> = claim::read(snippet);
    let all: Vec<Named<'_>> = claims.iter().map(named).collect();
    let index = all
        .iter()
        .position(|claim| claim.place == row.place)
        .ok_or(Hindrance::Nameless)?;
    propose(Drifting {
        claims: &all,
        index,
        row,
        columns,
        known: known.and_then(|known| known.for_snippet(&row.snippet)),
    })
}

/// A claim that drifts, and what is proposed for it.
fn shown(
    change: &Change,
    columns: &[ColumnName],
    proposals: &Result<Vec<Proposal>, Hindrance>,
) -> String {
    let path = visible::text(&change.guide.to_string_lossy());
    let heads: Vec<String> = change
        .spans
        .iter()
        .map(|span| versions(span, columns))
        .collect();
    let widest = heads.iter().map(String::len).max().unwrap_or(0);
    let width = widest.max("guide".len());
    let mut text = format!("{STRONG}{path}:{}{STRONG:#}: drifts\n", change.row.place);
    let mut line = |head: &str, value: &str| {
        text.push_str(&format!(
            "  {FAINT}{head:width$}{FAINT:#}  {}\n",
            visible::one_line(value, WIDEST)
        ));
    };
    if let Subject::Claim(claim) = &change.row.subject {
        line("guide", claim);
    }
    for (head, span) in heads.iter().zip(&change.spans) {
        let value = match &span.cell {
            Cell::Shows(output) => output.as_str(),
            Cell::Nothing => "nothing",
            Cell::Unreached => "not reached",
            Cell::Skipped => "skipped",
        };
        line(head, value);
    }
    text.push('\n');
    match proposals {
        Ok(proposals) => text.push_str(&entries_shown(proposals)),
        Err(hindrance) => text.push_str(&format!("  {hindrance}\n\n")),
    }
    text
}

/// `3.9 to 3.12`.
fn versions(span: &Span, columns: &[ColumnName]) -> String {
    let (first, last) = (&columns[span.first].label, &columns[span.last].label);
    if span.first == span.last {
        first.clone()
    } else {
        format!("{first} to {last}")
    }
}
