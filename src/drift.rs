//! Drift: what differs between interpreters, and only between them.
//!
//! Results of several interpreters are laid beside each other as a matrix: a
//! row for every claim, every output that no claim speaks of, every failure and
//! every warning; a column for each interpreter. What varies from run to run on
//! one and the same interpreter is noise, not drift. That is known from further
//! runs, never guessed from the text. Nothing is run here and nothing printed.

pub mod baseline;
pub mod file;
pub mod matrix;

use std::path::PathBuf;

use crate::drift::matrix::{Cell, Matrix, Row, Subject};
use crate::position::Place;

/// What a matrix comes to.
#[derive(Clone, Debug)]
pub struct Drift {
    /// The interpreters, a column each, oldest first.
    pub columns: Vec<ColumnName>,
    /// What is not the same everywhere, in page order.
    pub changes: Vec<Change>,
    /// Rows that are the same everywhere.
    pub stable: usize,
    /// Rows that differ from run to run on one interpreter.
    pub noise: usize,
    /// What differs as the guide itself or its expectations say, in page order.
    pub documented: Vec<Change>,
    /// Snippets that were skipped on some interpreters only, with where and why.
    pub skips: Vec<Skip>,
}

/// An interpreter as a column's head.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ColumnName {
    /// `major.minor`, or with `.micro` where two columns would have one name.
    pub label: String,
    /// `major.minor.micro`.
    pub version: String,
    /// The program.
    pub executable: String,
}

/// A row that is not the same everywhere.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// The guide.
    pub guide: PathBuf,
    /// The row.
    pub row: Row,
    /// Runs of neighbouring columns that show the same, oldest first.
    pub spans: Vec<Span>,
}

/// Neighbouring columns that show the same.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Span {
    /// The first column, as an index.
    pub first: usize,
    /// The last column, as an index.
    pub last: usize,
    /// What they show.
    pub cell: Cell,
}

/// A snippet that could not be run on some interpreters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skip {
    /// The guide.
    pub guide: PathBuf,
    /// The snippet's first line.
    pub place: Place,
    /// Columns on which it was skipped, as indices.
    pub columns: Vec<usize>,
    /// Why, on the first of them.
    pub reason: String,
}

impl Change {
    /// The column from which on the row shows something else than before: the
    /// first one of the second span.
    pub fn since(&self) -> Option<usize> {
        self.spans.get(1).map(|span| span.first)
    }
}

/// Finds the drift in a matrix.
pub fn find(matrix: &Matrix) -> Drift {
    let mut drift = Drift {
        columns: matrix.columns.clone(),
        changes: Vec::new(),
        stable: 0,
        noise: 0,
        documented: Vec::new(),
        skips: Vec::new(),
    };
    for guide in &matrix.guides {
        for snippet in &guide.snippets {
            let columns: Vec<usize> = indices(&snippet.skipped, Option::is_some);
            if let Some(first) = columns.first()
                && columns.len() < matrix.columns.len()
            {
                drift.skips.push(Skip {
                    guide: guide.path.clone(),
                    place: snippet.place,
                    reason: snippet.skipped[*first].clone().unwrap_or_default(),
                    columns,
                });
            }
        }
        let rows = united(&guide.rows);
        let failing: Vec<&Row> = rows
            .iter()
            .filter(|row| matches!(row.subject, Subject::Failure))
            .collect();
        for row in &rows {
            let change = || Change {
                guide: guide.path.clone(),
                row: row.clone(),
                spans: spans(&row.cells),
            };
            match standing(row, &failing) {
                Standing::Stable => drift.stable += 1,
                Standing::Noise => drift.noise += 1,
                Standing::Documented => drift.documented.push(change()),
                Standing::FollowsFromFailure => {}
                Standing::Drifts => drift.changes.push(change()),
            }
        }
    }
    drift
}

/// The rows, with those put together that are about one statement: a comment in
/// words can be a claim where it is right, and prose beside an unclaimed output
/// where something else is printed.
fn united(rows: &[Row]) -> Vec<Row> {
    let mut united: Vec<Row> = rows.to_vec();
    let mut index = 0;
    while index < united.len() {
        let output = output_instead(&united, index);
        if let Some(output) = output {
            let other = united.remove(output);
            index -= usize::from(output < index);
            let claim = &mut united[index];
            for (cell, output) in claim.cells.iter_mut().zip(other.cells) {
                if matches!(cell, Cell::Nothing) {
                    *cell = output;
                }
            }
            claim.varies |= other.varies;
        }
        index += 1;
    }
    united
}

/// The row of output that is there on just those interpreters on which the claim
/// is not.
fn output_instead(rows: &[Row], claim: usize) -> Option<usize> {
    let row = &rows[claim];
    if !matches!(row.subject, Subject::Claim(_)) {
        return None;
    }
    let is_output =
        |other: &Row| matches!(other.subject, Subject::Output) && other.snippet == row.snippet;
    let beside = |index: &usize| is_output(&rows[*index]) && rows[*index].place == row.place;
    let above = |index: &usize| is_output(&rows[*index]) && rows[*index].place < row.place;
    let output = Some(claim + 1)
        .filter(|index| *index < rows.len())
        .filter(beside)
        .or_else(|| claim.checked_sub(1).filter(above))?;
    let shows = |cell: &Cell| matches!(cell, Cell::Shows(_));
    let complementary =
        row.cells
            .iter()
            .zip(&rows[output].cells)
            .all(|(claim, output)| match claim {
                Cell::Nothing => shows(output),
                Cell::Shows(_) | Cell::Unreached | Cell::Skipped => !shows(output),
            });
    (complementary && row.cells.iter().any(shows)).then_some(output)
}

/// What a row is.
enum Standing {
    Stable,
    Noise,
    Documented,
    /// It differs only where its snippet failed, which is a row of its own.
    FollowsFromFailure,
    Drifts,
}

fn standing(row: &Row, failing: &[&Row]) -> Standing {
    let seen: Vec<usize> = indices(&row.cells, |cell| !matches!(cell, Cell::Skipped));
    let differs = seen
        .windows(2)
        .any(|pair| !same(&row.cells[pair[0]], &row.cells[pair[1]]));
    if !differs {
        return Standing::Stable;
    }
    let own_failure_explains = |column: usize| {
        matches!(row.cells[column], Cell::Unreached | Cell::Nothing)
            && failing.iter().any(|failure| {
                failure.snippet == row.snippet && matches!(failure.cells[column], Cell::Shows(_))
            })
    };
    if !matches!(row.subject, Subject::Failure) {
        let left: Vec<usize> = seen
            .iter()
            .copied()
            .filter(|column| !own_failure_explains(*column))
            .collect();
        let still_differs = left
            .windows(2)
            .any(|pair| !same(&row.cells[pair[0]], &row.cells[pair[1]]));
        if !still_differs {
            return Standing::FollowsFromFailure;
        }
    }
    if row.varies {
        return Standing::Noise;
    }
    if seen.iter().all(|column| row.documented[*column]) {
        return Standing::Documented;
    }
    Standing::Drifts
}

fn same(left: &Cell, right: &Cell) -> bool {
    left == right
}

fn spans(cells: &[Cell]) -> Vec<Span> {
    let mut spans: Vec<Span> = Vec::new();
    for (column, cell) in cells.iter().enumerate() {
        match spans.last_mut() {
            Some(span) if span.cell == *cell => span.last = column,
            _ => spans.push(Span {
                first: column,
                last: column,
                cell: cell.clone(),
            }),
        }
    }
    spans
}

fn indices<T>(items: &[T], wanted: impl Fn(&T) -> bool) -> Vec<usize> {
    items
        .iter()
        .enumerate()
        .filter(|(_, item)| wanted(item))
        .map(|(index, _)| index)
        .collect()
}
