//! Drift as a table for people: a row for each thing that is not the same
//! everywhere, a column for each interpreter.
//!
//! Short values stand in the table itself. Longer ones are named by a letter,
//! and what the letters mean stands below the row.

use std::fmt::Write as _;

use crate::drift::matrix::{Cell, Subject};
use crate::drift::{Change, Drift};
use crate::report::visible;

/// The widest value that stands in the table itself, in terminal columns.
const WIDEST_INLINE: usize = 18;

/// The widest line that is quoted, in terminal columns.
const WIDEST_QUOTE: usize = 100;

/// Which rows are shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Rows {
    /// Those that drift.
    Drifting,
    /// Also those whose drift the guide or its expectations document.
    AlsoDocumented,
}

/// The table, and the summary below it.
///
/// `fresh` are the changes that a baseline does not know, as indices into
/// [`Drift::changes`]; `None` without a baseline.
pub fn render(drift: &Drift, fresh: Option<&[usize]>, rows: Rows) -> String {
    let mut text = String::new();
    let drifting = drift.changes.iter().enumerate().map(|(index, change)| {
        let is_known = fresh.is_some_and(|fresh| !fresh.contains(&index));
        (change, if is_known { ", known" } else { "" })
    });
    let mut shown: Vec<(&Change, &str)> = drifting.collect();
    if rows == Rows::AlsoDocumented {
        let documented = drift.documented.iter();
        shown.extend(documented.map(|change| (change, ", documented")));
        let guides = || drift.changes.iter().chain(&drift.documented);
        shown.sort_by_key(|(change, _)| {
            let guide = guides().position(|other| other.guide == change.guide);
            (guide, change.row.place)
        });
    }
    let mut guide = None;
    for (change, standing) in &shown {
        if guide != Some(&change.guide) {
            if guide.is_some() {
                text.push('\n');
            }
            push(&mut text, &format!("{}", change.guide.display()));
            guide = Some(&change.guide);
        }
        render_change(&mut text, drift, change, standing);
    }
    if !shown.is_empty() {
        text.push('\n');
    }
    for skip in &drift.skips {
        let columns: Vec<&str> = skip
            .columns
            .iter()
            .map(|column| drift.columns[*column].label.as_str())
            .collect();
        push(
            &mut text,
            &format!(
                "skipped on {}: the snippet at {}:{}: {}",
                columns.join(", "),
                skip.guide.display(),
                skip.place,
                visible::text(&skip.reason)
            ),
        );
    }
    push(&mut text, &summary(drift, fresh));
    text
}

fn summary(drift: &Drift, fresh: Option<&[usize]>) -> String {
    let labels: Vec<&str> = drift
        .columns
        .iter()
        .map(|column| column.label.as_str())
        .collect();
    let count = drift.changes.len();
    let mut text = match count {
        0 => "no drift".to_owned(),
        1 => "1 drifts".to_owned(),
        _ => format!("{count} drift"),
    };
    if let Some(fresh) = fresh {
        let _ = write!(text, " ({} not in the baseline)", fresh.len());
    }
    let _ = write!(
        text,
        ", {} stable, {} documented, {} that vary from run to run, on {}",
        drift.stable,
        drift.documented.len(),
        drift.noise,
        labels.join(", ")
    );
    text
}

fn render_change(text: &mut String, drift: &Drift, change: &Change, standing: &str) {
    let row = &change.row;
    let about = match &row.subject {
        Subject::Claim(_) => "claim",
        Subject::Output => "output",
        Subject::Failure => "failure",
        Subject::Warning => "warning",
    };
    let since = change.since().map_or_else(String::new, |column| {
        format!(", changed in {}", drift.columns[column].label)
    });
    push(text, "");
    push(
        text,
        &format!(
            "  {}  {}",
            row.place,
            visible::cut_middle(&visible::source(&row.source), WIDEST_QUOTE)
        ),
    );
    push(text, &format!("  {about}{since}{standing}"));
    let mut legend: Vec<String> = Vec::new();
    let shown: Vec<String> = row
        .cells
        .iter()
        .map(|cell| inline(cell, &mut legend))
        .collect();
    let widths: Vec<usize> = drift
        .columns
        .iter()
        .zip(&shown)
        .map(|(column, cell)| visible::width(&column.label).max(visible::width(cell)))
        .collect();
    let line = |cells: Vec<&str>| {
        let padded: Vec<String> = cells
            .iter()
            .zip(&widths)
            .map(|(cell, width)| format!("{cell}{}", " ".repeat(width - visible::width(cell))))
            .collect();
        format!("    | {} |", padded.join(" | "))
    };
    push(
        text,
        &line(
            drift
                .columns
                .iter()
                .map(|column| column.label.as_str())
                .collect(),
        ),
    );
    push(text, &line(shown.iter().map(String::as_str).collect()));
    for (index, long) in legend.iter().enumerate() {
        for (number, part) in long.lines().enumerate() {
            let head = if number == 0 {
                letter(index)
            } else {
                " ".repeat(letter(index).len())
            };
            push(
                text,
                &format!(
                    "    {head}  {}",
                    visible::cut_middle(&visible::text(part), WIDEST_QUOTE)
                ),
            );
        }
    }
}

/// What stands in the table for a cell; longer values go to the legend.
fn inline(cell: &Cell, legend: &mut Vec<String>) -> String {
    let value = match cell {
        Cell::Shows(value) => value.trim_end_matches('\n'),
        Cell::Nothing => return "nothing".to_owned(),
        Cell::Unreached => return "not reached".to_owned(),
        Cell::Skipped => return "skipped".to_owned(),
    };
    let shown = visible::text(value);
    if !value.contains('\n') && visible::width(&shown) <= WIDEST_INLINE && !value.is_empty() {
        return shown;
    }
    let index = legend
        .iter()
        .position(|known| known == value)
        .unwrap_or_else(|| {
            legend.push(value.to_owned());
            legend.len() - 1
        });
    letter(index)
}

/// A, B … Z, then A1, B1 …
fn letter(index: usize) -> String {
    let base = char::from(b'A' + u8::try_from(index % 26).unwrap_or(0));
    match index / 26 {
        0 => base.to_string(),
        round => format!("{base}{round}"),
    }
}

fn push(text: &mut String, line: &str) {
    text.push_str(line.trim_end());
    text.push('\n');
}
