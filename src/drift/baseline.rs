//! The baseline: drift that is known and committed, so that only new drift fails.
//!
//! A change is found again by its snippet's id, what it is about and its number,
//! not by its line, so that edits elsewhere do not make it new. A change is known
//! when each interpreter shows what the baseline says of its version; a version
//! that the baseline has not seen must show what the nearest older one did.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::drift::matrix::{Cell, Subject};
use crate::drift::{Change, ColumnName, Drift};

/// Why a baseline could not be read.
#[derive(Debug, thiserror::Error)]
pub enum BaselineError {
    /// It cannot be read or written.
    #[error("cannot use {}: {source}", path.display())]
    Unusable {
        /// The baseline.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// It is not a baseline.
    #[error("{}: {source}; write it anew with `trueprint drift --write-baseline {}`", path.display(), path.display())]
    Malformed {
        /// The baseline.
        path: PathBuf,
        /// What is wrong with it, and where.
        source: Box<toml::de::Error>,
    },
}

/// Known drift.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Baseline {
    #[serde(default)]
    drift: Vec<KnownChange>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KnownChange {
    guide: PathBuf,
    snippet: String,
    about: String,
    number: usize,
    /// What is shown, from each version on, oldest first.
    shows: Vec<KnownSpan>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct KnownSpan {
    /// `major.minor`.
    from: String,
    text: String,
}

/// Takes all that drifts as known.
pub fn from_drift(drift: &Drift) -> Baseline {
    let numbers = numbers(&drift.changes);
    Baseline {
        drift: drift
            .changes
            .iter()
            .zip(numbers)
            .map(|(change, number)| KnownChange {
                guide: change.guide.clone(),
                snippet: change.row.snippet.to_string(),
                about: about(&change.row.subject),
                number,
                shows: change
                    .spans
                    .iter()
                    .filter(|span| span.cell != Cell::Skipped)
                    .map(|span| KnownSpan {
                        from: minor(&drift.columns[span.first]),
                        text: text(&span.cell),
                    })
                    .collect(),
            })
            .collect(),
    }
}

/// The changes that the baseline does not know, as indices into
/// [`Drift::changes`].
pub fn new_changes(drift: &Drift, baseline: &Baseline) -> Vec<usize> {
    let numbers = numbers(&drift.changes);
    drift
        .changes
        .iter()
        .zip(numbers)
        .enumerate()
        .filter(|(_, (change, number))| {
            !baseline.drift.iter().any(|known| {
                known.guide == change.guide
                    && known.snippet == change.row.snippet.as_str()
                    && known.about == about(&change.row.subject)
                    && known.number == *number
                    && foretells(known, change, &drift.columns)
            })
        })
        .map(|(index, _)| index)
        .collect()
}

fn foretells(known: &KnownChange, change: &Change, columns: &[ColumnName]) -> bool {
    change
        .row
        .cells
        .iter()
        .zip(columns)
        .filter(|(cell, _)| **cell != Cell::Skipped)
        .all(|(cell, column)| {
            let version = order(&minor(column));
            known
                .shows
                .iter()
                .rev()
                .find(|span| order(&span.from) <= version)
                .is_some_and(|span| span.text == text(cell))
        })
}

/// Tells apart changes of one snippet that are about the same: their number
/// among those, from zero.
fn numbers(changes: &[Change]) -> Vec<usize> {
    changes
        .iter()
        .enumerate()
        .map(|(index, change)| {
            changes[..index]
                .iter()
                .filter(|earlier| {
                    (&earlier.guide, &earlier.row.snippet, &earlier.row.subject)
                        == (&change.guide, &change.row.snippet, &change.row.subject)
                })
                .count()
        })
        .collect()
}

fn about(subject: &Subject) -> String {
    match subject {
        Subject::Claim(comment) => format!("claim: {comment}"),
        Subject::Output => "output".to_owned(),
        Subject::Failure => "failure".to_owned(),
        Subject::Warning => "warning".to_owned(),
    }
}

fn text(cell: &Cell) -> String {
    match cell {
        Cell::Shows(text) => format!("shows: {text}"),
        Cell::Nothing => "nothing".to_owned(),
        Cell::Unreached => "unreached".to_owned(),
        Cell::Skipped => "skipped".to_owned(),
    }
}

fn minor(column: &ColumnName) -> String {
    column
        .version
        .split('.')
        .take(2)
        .collect::<Vec<_>>()
        .join(".")
}

fn order(version: &str) -> Vec<u32> {
    version
        .split('.')
        .map(|part| part.parse().unwrap_or(0))
        .collect()
}

/// Reads a baseline.
///
/// # Errors
/// When it cannot be read or is not a baseline.
pub fn read(path: &Path) -> Result<Baseline, BaselineError> {
    let text = std::fs::read_to_string(path).map_err(|source| BaselineError::Unusable {
        path: path.to_owned(),
        source,
    })?;
    toml::from_str(&text).map_err(|source| BaselineError::Malformed {
        path: path.to_owned(),
        source: Box::new(source),
    })
}

/// The baseline as text, to be written to a file.
pub fn to_toml(baseline: &Baseline) -> String {
    let body = toml::to_string_pretty(baseline).unwrap_or_else(|error| {
        unreachable!("texts, numbers and lists always have a TOML form: {error}")
    });
    format!("# Known drift. Written by `trueprint drift --write-baseline`.\n\n{body}")
}
