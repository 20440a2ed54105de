//! The matrix as JSON: what `drift --format json` prints, and what
//! `drift --from` reads to join reports that were made on different machines.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::drift::ColumnName;
use crate::drift::matrix::{Cell, Matrix, MatrixGuide, MatrixSnippet, Row, Subject};
use crate::position::Place;
use crate::snippet::SnippetId;

/// The format's version.
const SCHEMA: u32 = 1;

/// Why a report could not be read or joined.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// It cannot be read.
    #[error("cannot read {}: {source}", path.display())]
    Unreadable {
        /// The report.
        path: PathBuf,
        /// What the system says.
        source: std::io::Error,
    },
    /// It is not what `drift --format json` prints.
    #[error(
        "{}:{}: {source}; it must be what `trueprint drift --format json` printed",
        path.display(),
        source.line()
    )]
    NotAReport {
        /// The report.
        path: PathBuf,
        /// What is wrong with it.
        source: serde_json::Error,
    },
    /// It was printed by a trueprint with another format.
    #[error(
        "{}: it has schema {found}, this trueprint reads schema {SCHEMA}; make both reports with the same version",
        path.display()
    )]
    OtherSchema {
        /// The report.
        path: PathBuf,
        /// Its schema.
        found: u32,
    },
    /// A list has not one entry for each column.
    #[error("{}: the row at {place} has not one cell for each of the {columns} interpreters", path.display())]
    Ragged {
        /// The report.
        path: PathBuf,
        /// Where.
        place: String,
        /// How many columns there are.
        columns: usize,
    },
    /// It speaks of other guides or snippets than the first report.
    #[error(
        "{} and {} are not about the same guides: {difference}; make both from the same commit, with the same arguments",
        first.display(),
        path.display()
    )]
    OtherGuides {
        /// The first report.
        first: PathBuf,
        /// The report that does not fit.
        path: PathBuf,
        /// The first thing that differs.
        difference: String,
    },
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct FileMatrix {
    schema: u32,
    kind: Kind,
    columns: Vec<FileColumn>,
    guides: Vec<FileGuide>,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum Kind {
    Drift,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct FileColumn {
    label: String,
    version: String,
    executable: String,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct FileGuide {
    path: PathBuf,
    snippets: Vec<FileSnippet>,
    rows: Vec<FileRow>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct FileSnippet {
    id: String,
    line: FilePlace,
    fingerprint: String,
    skipped: Vec<Option<String>>,
}

#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct FileRow {
    snippet: String,
    line: FilePlace,
    source: String,
    about: FileSubject,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    comment: Option<String>,
    number: usize,
    varies: bool,
    cells: Vec<FileCell>,
    documented: Vec<bool>,
}

/// A line, or `cellN:L` in a notebook.
#[derive(Serialize, Deserialize)]
#[serde(untagged)]
enum FilePlace {
    Line(u32),
    InCell(String),
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum FileSubject {
    Claim,
    Output,
    Failure,
    Warning,
}

#[derive(Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
enum FileCell {
    Shows(String),
    Nothing,
    Unreached,
    Skipped,
}

/// The matrix as JSON, with a newline at the end.
pub fn to_json(matrix: &Matrix) -> String {
    let file = FileMatrix {
        schema: SCHEMA,
        kind: Kind::Drift,
        columns: matrix
            .columns
            .iter()
            .map(|column| FileColumn {
                label: column.label.clone(),
                version: column.version.clone(),
                executable: column.executable.clone(),
            })
            .collect(),
        guides: matrix.guides.iter().map(write_guide).collect(),
    };
    let mut text = serde_json::to_string_pretty(&file).unwrap_or_else(|error| {
        unreachable!("texts, numbers and lists always have a JSON form: {error}")
    });
    text.push('\n');
    text
}

fn write_guide(guide: &MatrixGuide) -> FileGuide {
    FileGuide {
        path: guide.path.clone(),
        snippets: guide
            .snippets
            .iter()
            .map(|snippet| FileSnippet {
                id: snippet.id.to_string(),
                line: write_place(snippet.place),
                fingerprint: snippet.fingerprint.clone(),
                skipped: snippet.skipped.clone(),
            })
            .collect(),
        rows: guide
            .rows
            .iter()
            .map(|row| {
                let (about, comment) = match &row.subject {
                    Subject::Claim(comment) => (FileSubject::Claim, Some(comment.clone())),
                    Subject::Output => (FileSubject::Output, None),
                    Subject::Failure => (FileSubject::Failure, None),
                    Subject::Warning => (FileSubject::Warning, None),
                };
                FileRow {
                    snippet: row.snippet.to_string(),
                    line: write_place(row.place),
                    source: row.source.clone(),
                    about,
                    comment,
                    number: row.ordinal,
                    varies: row.varies,
                    cells: row
                        .cells
                        .iter()
                        .map(|cell| match cell {
                            Cell::Shows(text) => FileCell::Shows(text.clone()),
                            Cell::Nothing => FileCell::Nothing,
                            Cell::Unreached => FileCell::Unreached,
                            Cell::Skipped => FileCell::Skipped,
                        })
                        .collect(),
                    documented: row.documented.clone(),
                }
            })
            .collect(),
    }
}

fn write_place(place: Place) -> FilePlace {
    match place.cell {
        Some(_) => FilePlace::InCell(place.to_string()),
        None => FilePlace::Line(place.line.get()),
    }
}

/// Reads a report.
///
/// # Errors
/// When the file cannot be read or is not such a report.
pub fn read(path: &Path) -> Result<Matrix, FileError> {
    let text = std::fs::read_to_string(path).map_err(|source| FileError::Unreadable {
        path: path.to_owned(),
        source,
    })?;
    let file: FileMatrix = serde_json::from_str(&text).map_err(|source| FileError::NotAReport {
        path: path.to_owned(),
        source,
    })?;
    if file.schema != SCHEMA {
        return Err(FileError::OtherSchema {
            path: path.to_owned(),
            found: file.schema,
        });
    }
    let columns: Vec<ColumnName> = file
        .columns
        .into_iter()
        .map(|column| ColumnName {
            label: column.label,
            version: column.version,
            executable: column.executable,
        })
        .collect();
    let guides = file
        .guides
        .into_iter()
        .map(|guide| read_guide(path, guide, columns.len()))
        .collect::<Result<_, _>>()?;
    Ok(Matrix { columns, guides })
}

fn read_guide(path: &Path, guide: FileGuide, columns: usize) -> Result<MatrixGuide, FileError> {
    let ragged = |place: Place| FileError::Ragged {
        path: path.to_owned(),
        place: place.to_string(),
        columns,
    };
    let mut snippets = Vec::new();
    for snippet in guide.snippets {
        let place = read_place(path, snippet.line)?;
        if snippet.skipped.len() != columns {
            return Err(ragged(place));
        }
        snippets.push(MatrixSnippet {
            id: SnippetId::new(snippet.id),
            place,
            fingerprint: snippet.fingerprint,
            skipped: snippet.skipped,
        });
    }
    let mut rows = Vec::new();
    for row in guide.rows {
        let place = read_place(path, row.line)?;
        if row.cells.len() != columns || row.documented.len() != columns {
            return Err(ragged(place));
        }
        rows.push(Row {
            snippet: SnippetId::new(row.snippet),
            place,
            source: row.source,
            subject: match row.about {
                FileSubject::Claim => Subject::Claim(row.comment.unwrap_or_default()),
                FileSubject::Output => Subject::Output,
                FileSubject::Failure => Subject::Failure,
                FileSubject::Warning => Subject::Warning,
            },
            ordinal: row.number,
            varies: row.varies,
            cells: row
                .cells
                .into_iter()
                .map(|cell| match cell {
                    FileCell::Shows(text) => Cell::Shows(text),
                    FileCell::Nothing => Cell::Nothing,
                    FileCell::Unreached => Cell::Unreached,
                    FileCell::Skipped => Cell::Skipped,
                })
                .collect(),
            documented: row.documented,
        });
    }
    Ok(MatrixGuide {
        path: guide.path,
        snippets,
        rows,
    })
}

fn read_place(path: &Path, place: FilePlace) -> Result<Place, FileError> {
    let text = match place {
        FilePlace::Line(line) => line.to_string(),
        FilePlace::InCell(text) => text,
    };
    text.parse().map_err(|_| FileError::NotAReport {
        path: path.to_owned(),
        source: serde::de::Error::custom(format!("`{text}` is no line of a guide")),
    })
}

/// Joins reports that were made on different machines, in order of version.
///
/// # Errors
/// When they are not about the same guides and snippets.
pub fn join(reports: Vec<(PathBuf, Matrix)>) -> Result<Matrix, FileError> {
    let mut reports = reports.into_iter();
    let Some((first_path, mut joined)) = reports.next() else {
        return Ok(Matrix {
            columns: Vec::new(),
            guides: Vec::new(),
        });
    };
    for (path, next) in reports {
        if let Some(difference) = difference(&joined, &next) {
            return Err(FileError::OtherGuides {
                first: first_path,
                path,
                difference,
            });
        }
        joined.append(next);
    }
    joined.sort_columns();
    Ok(joined)
}

fn difference(left: &Matrix, right: &Matrix) -> Option<String> {
    if left.guides.len() != right.guides.len() {
        return Some(format!(
            "one has {} guides, the other {}",
            left.guides.len(),
            right.guides.len()
        ));
    }
    for (left, right) in left.guides.iter().zip(&right.guides) {
        if left.path != right.path {
            return Some(format!(
                "{} here, {} there",
                left.path.display(),
                right.path.display()
            ));
        }
        if left.snippets.len() != right.snippets.len() {
            return Some(format!(
                "{} has {} snippets here, {} there",
                left.path.display(),
                left.snippets.len(),
                right.snippets.len()
            ));
        }
        for (here, there) in left.snippets.iter().zip(&right.snippets) {
            if (&here.id, here.place, &here.fingerprint)
                != (&there.id, there.place, &there.fingerprint)
            {
                return Some(format!(
                    "the snippet at {}:{} is another at {}",
                    left.path.display(),
                    here.place,
                    there.place
                ));
            }
        }
    }
    None
}
