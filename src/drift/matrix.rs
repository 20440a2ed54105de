//! Results of several interpreters, laid beside each other.
//!
//! A row is found again in every column by its snippet, its place, what it is
//! about and, where one line has several of a kind, its number among them.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use crate::drift::ColumnName;
use crate::interpreter::Version;
use crate::matching::Rule;
use crate::position::Place;
use crate::results::{GuideResult, PythonUsed, Results, SnippetResult};
use crate::snippet::SnippetId;
use crate::verdict::{Judgement, SnippetStatus, Verdict};

/// Every row on every interpreter.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Matrix {
    /// The interpreters, oldest first.
    pub columns: Vec<ColumnName>,
    /// The guides, in the order in which they were named.
    pub guides: Vec<MatrixGuide>,
}

/// A guide's rows.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MatrixGuide {
    /// The file, as the user named it.
    pub path: PathBuf,
    /// Its snippets in page order.
    pub snippets: Vec<MatrixSnippet>,
    /// Its rows in page order.
    pub rows: Vec<Row>,
}

/// A snippet as the matrix knows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MatrixSnippet {
    /// Its name.
    pub id: SnippetId,
    /// Its first line in the guide.
    pub place: Place,
    /// A hash of its text: reports of different texts cannot be joined.
    pub fingerprint: String,
    /// For each column, why it was skipped there.
    pub skipped: Vec<Option<String>>,
}

/// One thing that can differ between interpreters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Row {
    /// The snippet that it belongs to.
    pub snippet: SnippetId,
    /// Its line in the guide.
    pub place: Place,
    /// The guide's own line, where it lies inside the snippet.
    pub source: String,
    /// What it is about.
    pub subject: Subject,
    /// Its number among the rows of the same place and subject, from zero.
    pub ordinal: usize,
    /// What each column shows.
    pub cells: Vec<Cell>,
    /// For each column, whether the guide or its expectations provide for what
    /// it shows.
    pub documented: Vec<bool>,
    /// Whether it differs from run to run on one of the interpreters.
    pub varies: bool,
}

/// What a row is about.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Subject {
    /// A claim; its text as the guide has it.
    Claim(String),
    /// Output that no claim speaks of.
    Output,
    /// An exception that nobody claimed, a crash, a deadline.
    Failure,
    /// A warning that Python gave.
    Warning,
}

/// What one column shows in a row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Cell {
    /// This.
    Shows(String),
    /// Nothing: no output, no failure, no warning.
    Nothing,
    /// The statement never ran.
    Unreached,
    /// The snippet could not be run there.
    Skipped,
}

/// One interpreter's runs of the same guides: the first is the one that is
/// shown, the others tell noise from drift and may lack snippets.
#[derive(Clone, Debug)]
pub struct Runs {
    /// Everything.
    pub first: Results,
    /// Further runs with other hash seeds.
    pub again: Vec<Results>,
}

type Key = (usize, usize, Place, Subject, usize);

/// Lays the runs beside each other, ordered by version.
pub fn lay_out(mut runs: Vec<Runs>) -> Matrix {
    runs.sort_by(|left, right| {
        let (left, right) = (&left.first.python, &right.first.python);
        (left.version, &left.executable).cmp(&(right.version, &right.executable))
    });
    let columns = column_names(&runs);
    let width = runs.len();
    let shown: Vec<BTreeMap<Key, Seen>> = runs.iter().map(|runs| seen(&runs.first)).collect();
    let again: Vec<Vec<BTreeMap<Key, Seen>>> = runs
        .iter()
        .map(|runs| runs.again.iter().map(seen).collect())
        .collect();
    let keys: BTreeSet<Key> = shown.iter().flat_map(|seen| seen.keys().cloned()).collect();
    let guides = match runs.first() {
        Some(runs) => &runs.first.guides[..],
        None => &[],
    };
    let mut laid_out: Vec<MatrixGuide> = guides
        .iter()
        .enumerate()
        .map(|(guide_index, guide)| MatrixGuide {
            path: guide.path.clone(),
            snippets: guide
                .snippets
                .iter()
                .enumerate()
                .map(|(snippet_index, snippet)| MatrixSnippet {
                    id: snippet.id.clone(),
                    place: snippet.place,
                    fingerprint: blake3::hash(snippet.text.as_bytes()).to_hex().to_string(),
                    skipped: runs
                        .iter()
                        .map(|runs| {
                            snippet_at(&runs.first, guide_index, snippet_index)
                                .and_then(skip_reason)
                        })
                        .collect(),
                })
                .collect(),
            rows: Vec::new(),
        })
        .collect();
    for key in keys {
        let (guide_index, snippet_index, place, subject, ordinal) = key.clone();
        let Some(guide) = laid_out.get_mut(guide_index) else {
            continue;
        };
        let snippet = &guide.snippets[snippet_index];
        let mut row = Row {
            snippet: snippet.id.clone(),
            place,
            source: source_line(&guides[guide_index].snippets[snippet_index], place),
            subject,
            ordinal,
            cells: Vec::with_capacity(width),
            documented: Vec::with_capacity(width),
            varies: false,
        };
        for column in 0..width {
            let seen = shown[column].get(&key);
            let cell = match seen {
                Some(seen) => seen.cell.clone(),
                None if snippet.skipped[column].is_some() => Cell::Skipped,
                None => Cell::Nothing,
            };
            row.varies |= again[column].iter().enumerate().any(|(run, map)| {
                let ran = snippet_at(&runs[column].again[run], guide_index, snippet_index)
                    .is_some_and(|snippet| snippet.elapsed.is_some());
                ran && cell != Cell::Skipped
                    && map
                        .get(&key)
                        .map_or(Cell::Nothing, |seen| seen.cell.clone())
                        != cell
            });
            row.cells.push(cell);
            row.documented
                .push(seen.is_some_and(|seen| seen.documented));
        }
        guide.rows.push(row);
    }
    Matrix {
        columns,
        guides: laid_out,
    }
}

struct Seen {
    cell: Cell,
    documented: bool,
}

fn snippet_at(results: &Results, guide: usize, snippet: usize) -> Option<&SnippetResult> {
    results.guides.get(guide)?.snippets.get(snippet)
}

fn source_line(snippet: &SnippetResult, place: Place) -> String {
    (place.cell == snippet.place.cell)
        .then(|| place.line.index().checked_sub(snippet.place.line.index()))
        .flatten()
        .and_then(|index| snippet.text.lines().nth(index))
        .unwrap_or_default()
        .trim()
        .to_owned()
}

fn skip_reason(snippet: &SnippetResult) -> Option<String> {
    match &snippet.verdict.status {
        SnippetStatus::Skipped { reason } => Some(reason.clone()),
        SnippetStatus::Ran | SnippetStatus::Failed => None,
    }
}

fn seen(results: &Results) -> BTreeMap<Key, Seen> {
    let mut seen = BTreeMap::new();
    for (guide_index, guide) in results.guides.iter().enumerate() {
        see_guide(guide_index, guide, &mut seen);
    }
    seen
}

fn see_guide(guide_index: usize, guide: &GuideResult, all: &mut BTreeMap<Key, Seen>) {
    for (snippet_index, snippet) in guide.snippets.iter().enumerate() {
        let mut put = |place: Place, subject: Subject, seen: Seen| {
            let mut ordinal = 0;
            while all.contains_key(&(guide_index, snippet_index, place, subject.clone(), ordinal)) {
                ordinal += 1;
            }
            all.insert((guide_index, snippet_index, place, subject, ordinal), seen);
        };
        let verdict = &snippet.verdict;
        for claim in &verdict.claims {
            put(
                claim.place,
                Subject::Claim(claim.comment.to_string()),
                Seen {
                    cell: claim_cell(claim),
                    documented: is_documented(claim),
                },
            );
        }
        for unclaimed in &verdict.unclaimed {
            put(unclaimed.place, Subject::Output, shows(&unclaimed.output));
        }
        for failure in verdict
            .failures
            .iter()
            .filter(|failure| failure.follows_from.is_none())
        {
            put(failure.place, Subject::Failure, shows(&failure.message));
        }
        for warning in &verdict.warnings {
            put(warning.place, Subject::Warning, shows(&warning.output));
        }
    }
}

fn shows(text: &str) -> Seen {
    Seen {
        cell: Cell::Shows(text.to_owned()),
        documented: false,
    }
}

fn claim_cell(claim: &Judgement) -> Cell {
    match (claim.verdict, &claim.actual) {
        (Verdict::Skipped, _) => Cell::Skipped,
        (Verdict::Unreached, _) => Cell::Unreached,
        (_, Some(actual)) if !actual.is_empty() => Cell::Shows(actual.clone()),
        (_, Some(_) | None) => Cell::Nothing,
    }
}

/// The rules by which a claim itself, or an expectation, lets its output vary.
const PROVIDED_FOR: [Rule; 2] = [Rule::Approximate, Rule::Documented];

/// Whether the guide itself (a claim that holds, `~`) or an expectation provides
/// for what the claim's statement gave. A shorter message that is forgiven, say,
/// is not provided for.
fn is_documented(claim: &Judgement) -> bool {
    match claim.verdict {
        Verdict::Holds => true,
        Verdict::Tolerated => PROVIDED_FOR.contains(&claim.rule),
        Verdict::Wrong
        | Verdict::Unstable
        | Verdict::Unreached
        | Verdict::Skipped
        | Verdict::Blank => false,
    }
}

fn column_names(runs: &[Runs]) -> Vec<ColumnName> {
    let pythons = || runs.iter().map(|runs| &runs.first.python);
    pythons()
        .map(|python| {
            let minor = |version: Version| (version.major, version.minor);
            let alike = |other: &&PythonUsed| minor(other.version) == minor(python.version);
            let equal = |other: &&PythonUsed| other.version == python.version;
            ColumnName {
                label: if pythons().filter(alike).count() == 1 {
                    format!("{}.{}", python.version.major, python.version.minor)
                } else if pythons().filter(equal).count() == 1 {
                    python.version.to_string()
                } else {
                    with_home(python)
                },
                version: python.version.to_string(),
                executable: python.executable.display().to_string(),
            }
        })
        .collect()
}

/// The version with the name of the folder that the interpreter lives in: an
/// environment beside the Python that it was made with, say.
fn with_home(python: &PythonUsed) -> String {
    let version = python.version.to_string();
    let mut folders = python.executable.ancestors().skip(2);
    let home = folders.next().and_then(Path::file_name);
    match home.map(|home| home.to_string_lossy()) {
        Some(home) if home != version => format!("{version} {home}"),
        Some(_) | None => version,
    }
}

impl Matrix {
    /// Puts the columns of another matrix of the same guides and snippets behind
    /// these.
    pub fn append(&mut self, other: Self) {
        let (own, added) = (self.columns.len(), other.columns.len());
        self.columns.extend(other.columns);
        for (guide, more) in self.guides.iter_mut().zip(other.guides) {
            for (snippet, more) in guide.snippets.iter_mut().zip(&more.snippets) {
                snippet.skipped.extend(more.skipped.iter().cloned());
            }
            let mut pending = more.rows;
            for row in &mut guide.rows {
                match pending.iter().position(|other| other.is_same_row(row)) {
                    Some(at) => {
                        let found = pending.remove(at);
                        row.cells.extend(found.cells);
                        row.documented.extend(found.documented);
                        row.varies |= found.varies;
                    }
                    None => {
                        let skipped = skipped_in(&guide.snippets, &row.snippet);
                        row.cells.extend(absent(&skipped[own..]));
                        row.documented.extend(std::iter::repeat_n(false, added));
                    }
                }
            }
            for mut row in pending {
                let skipped = skipped_in(&guide.snippets, &row.snippet);
                row.cells.splice(0..0, absent(&skipped[..own]));
                row.documented.splice(0..0, std::iter::repeat_n(false, own));
                let at = guide.rows.partition_point(|other| {
                    (other.place, &other.subject) <= (row.place, &row.subject)
                });
                guide.rows.insert(at, row);
            }
        }
    }

    /// Orders the columns by version, oldest first.
    pub fn sort_columns(&mut self) {
        let mut order: Vec<usize> = (0..self.columns.len()).collect();
        order.sort_by_key(|column| {
            let version: Vec<u32> = self.columns[*column]
                .version
                .split('.')
                .map(|part| part.parse().unwrap_or(0))
                .collect();
            (version, *column)
        });
        reorder(&mut self.columns, &order);
        for guide in &mut self.guides {
            for snippet in &mut guide.snippets {
                reorder(&mut snippet.skipped, &order);
            }
            for row in &mut guide.rows {
                reorder(&mut row.cells, &order);
                reorder(&mut row.documented, &order);
            }
        }
    }
}

impl Row {
    fn is_same_row(&self, other: &Self) -> bool {
        (&self.snippet, self.place, &self.subject, self.ordinal)
            == (&other.snippet, other.place, &other.subject, other.ordinal)
    }
}

fn skipped_in(snippets: &[MatrixSnippet], id: &SnippetId) -> Vec<Option<String>> {
    snippets
        .iter()
        .find(|snippet| snippet.id == *id)
        .map(|snippet| snippet.skipped.clone())
        .unwrap_or_default()
}

/// What columns show that do not have a row.
fn absent(skipped: &[Option<String>]) -> impl Iterator<Item = Cell> {
    skipped.iter().map(|reason| match reason {
        Some(_) => Cell::Skipped,
        None => Cell::Nothing,
    })
}

fn reorder<T: Clone>(items: &mut Vec<T>, order: &[usize]) {
    *items = order.iter().map(|index| items[*index].clone()).collect();
}
