//! Proposals for what drifts: what a claim is on the versions that answer
//! otherwise.
//!
//! A range of versions begins and ends where the interpreters that were seen
//! begin to answer otherwise; beyond the newest and below the oldest it is open.
//! What varies from run to run on one interpreter is no drift, and not for here.

use super::{Entry, Proposal, selector_by_text};
use crate::drift::ColumnName;
use crate::drift::matrix::{Cell, Row};
use crate::expectation::{
    ExpectedOutput, Named, PythonRange, REASON_TO_FILL_IN, SnippetExpectations,
};
use crate::position::LineNumber;

/// A claim that is not the same on all interpreters.
#[derive(Clone, Copy, Debug)]
pub struct Drifting<'a> {
    /// The claims of its snippet, this one among them.
    pub claims: &'a [Named<'a>],
    /// Which of them it is.
    pub index: usize,
    /// What each interpreter showed.
    pub row: &'a Row,
    /// The interpreters, oldest first.
    pub columns: &'a [ColumnName],
    /// What is written about its snippet already.
    pub known: Option<&'a SnippetExpectations>,
}

/// Why there is no proposal.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Hindrance {
    /// An interpreter shows nothing in the claim's place.
    #[error("on {0} there is nothing that an entry could say in its place")]
    Nothing(String),
    /// One that is of the same version answers otherwise.
    #[error("interpreters of the same version, {0}, differ: no range of versions tells them apart")]
    SameVersion(String),
    /// An entry speaks of the claim there already, and is wrong.
    #[error("line {line} of the expectations says what it is on {label}: correct that entry")]
    SaidAlready {
        /// The entry's line.
        line: LineNumber,
        /// The interpreter.
        label: String,
    },
    /// There is no text that names the claim.
    #[error("it has no text that an entry could name it by")]
    Nameless,
}

/// Neighbouring interpreters that show the same, as indices into those on which
/// the snippet ran.
struct Group {
    first: usize,
    last: usize,
}

/// An entry for each range of versions on which the claim is another one.
///
/// # Errors
///
/// Says why no entries would do.
pub fn propose(drifting: Drifting<'_>) -> Result<Vec<Proposal>, Hindrance> {
    let row = drifting.row;
    let claim = &drifting.claims[drifting.index];
    let selector = [claim.comment, claim.expected]
        .into_iter()
        .find_map(|text| selector_by_text(text.trim(), drifting.claims, drifting.index))
        .ok_or(Hindrance::Nameless)?;
    let ran: Vec<usize> = (0..row.cells.len())
        .filter(|column| !matches!(row.cells[*column], Cell::Skipped))
        .collect();
    let right_somewhere = ran.iter().any(|column| row.documented[*column]);
    let mut proposals = Vec::new();
    for group in groups(row, &ran) {
        let Cell::Shows(output) = &row.cells[ran[group.first]] else {
            let label = &drifting.columns[ran[group.first]].label;
            return Err(Hindrance::Nothing(label.clone()));
        };
        let columns: Vec<&ColumnName> = ran.iter().map(|ran| &drifting.columns[*ran]).collect();
        said_already(drifting, &columns[group.first..=group.last])?;
        let python = range(&columns, &group)?;
        proposals.push(Proposal {
            snippet: row.snippet.clone(),
            entry: Entry::Expect(ExpectedOutput {
                line: LineNumber::FIRST,
                selector: selector.clone(),
                python,
                output: output.clone(),
                reason: reason(&columns, &group, right_somewhere),
            }),
        });
    }
    Ok(proposals)
}

/// The groups of interpreters for which nothing provides.
fn groups(row: &Row, ran: &[usize]) -> Vec<Group> {
    let mut groups: Vec<Group> = Vec::new();
    for (index, column) in ran.iter().enumerate() {
        if row.documented[*column] {
            continue;
        }
        match groups.last_mut() {
            Some(group)
                if group.last + 1 == index && row.cells[ran[group.last]] == row.cells[*column] =>
            {
                group.last = index;
            }
            Some(_) | None => groups.push(Group {
                first: index,
                last: index,
            }),
        }
    }
    groups
}

fn said_already(drifting: Drifting<'_>, columns: &[&ColumnName]) -> Result<(), Hindrance> {
    let known = drifting.known.map_or(&[][..], |known| &known.outputs);
    let claim = &drifting.claims[drifting.index];
    for entry in known.iter().filter(|entry| entry.selector.fits(claim)) {
        let here = columns
            .iter()
            .find(|column| entry.python.contains(release(&column.version)));
        if let Some(column) = here {
            return Err(Hindrance::SaidAlready {
                line: entry.line,
                label: column.label.clone(),
            });
        }
    }
    Ok(())
}

fn range(columns: &[&ColumnName], group: &Group) -> Result<PythonRange, Hindrance> {
    let mut parts = Vec::new();
    if let Some(before) = group.first.checked_sub(1) {
        parts.push(format!(
            ">={}",
            boundary(columns[before], columns[group.first])?
        ));
    }
    if let Some(after) = columns.get(group.last + 1) {
        parts.push(format!("<{}", boundary(columns[group.last], after)?));
    }
    let text = if parts.is_empty() {
        format!(">={}", minor(&columns[group.first].version))
    } else {
        parts.join(",")
    };
    text.parse()
        .map_err(|_| Hindrance::SameVersion(columns[group.first].version.clone()))
}

/// The version with which the newer of two neighbours begins.
fn boundary(older: &ColumnName, newer: &ColumnName) -> Result<String, Hindrance> {
    if older.version == newer.version {
        Err(Hindrance::SameVersion(newer.version.clone()))
    } else if minor(&older.version) == minor(&newer.version) {
        Ok(newer.version.clone())
    } else {
        Ok(minor(&newer.version))
    }
}

/// What somebody must know to write the reason.
fn reason(columns: &[&ColumnName], group: &Group, right_somewhere: bool) -> String {
    let change = match (group.first.checked_sub(1), columns.get(group.last + 1)) {
        (_, Some(after)) => format!("what changed in {}", after.label),
        (Some(_), None) => format!("what changed in {}", columns[group.first].label),
        (None, None) => "why it answers otherwise".to_owned(),
    };
    let doubt = if right_somewhere {
        ""
    } else {
        "; the claim is right on none of these versions"
    };
    format!("{REASON_TO_FILL_IN}: {change}{doubt}")
}

/// `3.12` of `3.12.1`.
fn minor(version: &str) -> String {
    let mut parts = version.split('.');
    let (major, minor) = (parts.next(), parts.next());
    [major, minor]
        .into_iter()
        .flatten()
        .collect::<Vec<_>>()
        .join(".")
}

fn release(version: &str) -> [u16; 3] {
    let mut release = [0; 3];
    for (number, part) in release.iter_mut().zip(version.split('.')) {
        let digits = part.trim_end_matches(|character: char| !character.is_ascii_digit());
        *number = digits.parse().unwrap_or(0);
    }
    release
}
