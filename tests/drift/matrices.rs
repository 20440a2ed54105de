//! What drifts in matrices that are written down by hand.

use std::path::PathBuf;

use libtest_mimic::{Failed, Trial};
use trueprint::drift::matrix::{Cell, Matrix, MatrixGuide, MatrixSnippet, Row, Subject};
use trueprint::drift::{ColumnName, Drift, baseline, file, find};
use trueprint::position::{LineNumber, Place};
use trueprint::snippet::SnippetId;

/// The tests.
pub fn trials() -> Vec<Trial> {
    vec![
        Trial::test("what is the same is stable", || {
            let drift = find(&matrix(vec![row(Subject::Output, &["a", "a", "a"])]));
            expect(&drift, 0, 1, 0, 0)
        }),
        Trial::test("the first change is named, and spans are joined", || {
            let drift = find(&matrix(vec![row(Subject::Output, &["a", "b", "b"])]));
            expect(&drift, 1, 0, 0, 0)?;
            let change = &drift.changes[0];
            let spans: Vec<(usize, usize)> = change
                .spans
                .iter()
                .map(|span| (span.first, span.last))
                .collect();
            equal(&spans, &vec![(0, 0), (1, 2)])?;
            equal(&change.since(), &Some(1))
        }),
        Trial::test("what varies from run to run is noise", || {
            let mut noisy = row(Subject::Output, &["a", "b", "c"]);
            noisy.varies = true;
            expect(&find(&matrix(vec![noisy])), 0, 0, 1, 0)
        }),
        Trial::test("what is provided for everywhere is documented", || {
            let mut documented = row(Subject::Claim("~5".to_owned()), &["5", "6", "6"]);
            documented.documented = vec![true, true, true];
            expect(&find(&matrix(vec![documented.clone()])), 0, 0, 0, 1)?;
            documented.documented = vec![true, false, true];
            expect(&find(&matrix(vec![documented])), 1, 0, 0, 0)
        }),
        Trial::test("a skip is no drift", || {
            let mut skipped = row(Subject::Output, &["a", "a", "a"]);
            skipped.cells[1] = Cell::Skipped;
            let mut all = matrix(vec![skipped]);
            all.guides[0].snippets[0].skipped[1] = Some("module 'm' is not installed".to_owned());
            let drift = find(&all);
            expect(&drift, 0, 1, 0, 0)?;
            equal(&drift.skips.len(), &1)?;
            equal(&drift.skips[0].columns, &vec![1])
        }),
        Trial::test("what follows from a failure is not told twice", || {
            let mut failure = row(Subject::Failure, &["", "", "SyntaxError: invalid syntax"]);
            failure.cells[0] = Cell::Nothing;
            failure.cells[1] = Cell::Nothing;
            let mut claim = row(Subject::Claim("5".to_owned()), &["5", "5", ""]);
            claim.cells[2] = Cell::Unreached;
            expect(&find(&matrix(vec![failure, claim])), 1, 0, 0, 0)
        }),
        Trial::test("a claim here and an output there are one row", || {
            let mut claim = row(Subject::Claim("b".to_owned()), &["", "b", "b"]);
            let mut output = row(Subject::Output, &["a", "", ""]);
            claim.cells[0] = Cell::Nothing;
            output.cells[1] = Cell::Nothing;
            output.cells[2] = Cell::Nothing;
            let drift = find(&matrix(vec![claim.clone(), output.clone()]));
            expect(&drift, 1, 0, 0, 0)?;
            let shown: Vec<Cell> = ["a", "b", "b"].map(|text| Cell::Shows(text.into())).into();
            equal(&drift.changes[0].row.cells, &shown)?;
            // Both there on one interpreter: two different things.
            output.cells[1] = Cell::Shows("c".to_owned());
            expect(&find(&matrix(vec![claim, output])), 2, 0, 0, 0)
        }),
        Trial::test("a report is read as it was written", || {
            let mut all = matrix(vec![
                row(Subject::Claim("5\n6".to_owned()), &["a", "b", "\u{1b}[1m"]),
                row(Subject::Warning, &["a", "b", "c"]),
            ]);
            all.guides[0].rows[1].cells[0] = Cell::Unreached;
            all.guides[0].snippets[0].skipped[2] = Some("why".to_owned());
            let written = tempfile::NamedTempFile::new()?;
            std::fs::write(written.path(), file::to_json(&all))?;
            equal(&file::read(written.path())?, &all)
        }),
        Trial::test("reports of different snippets are not joined", || {
            let here = matrix(vec![row(Subject::Output, &["a", "a", "a"])]);
            let mut there = here.clone();
            there.guides[0].snippets[0].fingerprint = "other".to_owned();
            match file::join(vec![("a".into(), here), ("b".into(), there)]) {
                Ok(_) => Err("they were joined".into()),
                Err(error) if error.to_string().contains("guide.md:3") => Ok(()),
                Err(error) => Err(format!("the message does not say where: {error}").into()),
            }
        }),
        Trial::test("rows that only one report has are joined too", || {
            let here = matrix(vec![row(Subject::Output, &["a", "a", "a"])]);
            let there = matrix(vec![row(Subject::Failure, &["x", "x", "x"])]);
            let joined = file::join(vec![("a".into(), here), ("b".into(), there)])?;
            equal(&joined.columns.len(), &6)?;
            equal(&joined.guides[0].rows.len(), &2)?;
            for row in &joined.guides[0].rows {
                equal(&row.cells.len(), &6)?;
                let nothing = row.cells.iter().filter(|cell| **cell == Cell::Nothing);
                equal(&nothing.count(), &3)?;
            }
            Ok(())
        }),
        Trial::test(
            "a baseline knows what it was made from, and no more",
            || {
                let known = find(&matrix(vec![row(Subject::Output, &["a", "b", "b"])]));
                let known = baseline::from_drift(&known);
                let same = find(&matrix(vec![row(Subject::Output, &["a", "b", "b"])]));
                equal(&baseline::new_changes(&same, &known), &Vec::new())?;
                let later = find(&matrix(vec![row(Subject::Output, &["a", "b", "c"])]));
                equal(&baseline::new_changes(&later, &known), &vec![0])
            },
        ),
    ]
}

fn matrix(rows: Vec<Row>) -> Matrix {
    let columns = ["3.9.1", "3.10.2", "3.11.3"];
    Matrix {
        columns: columns
            .iter()
            .map(|version| ColumnName {
                label: version.rsplit_once('.').expect("a version").0.to_owned(),
                version: (*version).to_owned(),
                executable: format!("/opt/python{version}"),
            })
            .collect(),
        guides: vec![MatrixGuide {
            path: PathBuf::from("guide.md"),
            snippets: vec![MatrixSnippet {
                id: SnippetId::new("first"),
                place: place(3),
                fingerprint: "text".to_owned(),
                skipped: vec![None; columns.len()],
            }],
            rows,
        }],
    }
}

fn row(subject: Subject, cells: &[&str]) -> Row {
    Row {
        snippet: SnippetId::new("first"),
        place: place(4),
        source: "print(it)".to_owned(),
        subject,
        ordinal: 0,
        cells: cells
            .iter()
            .map(|cell| Cell::Shows((*cell).to_owned()))
            .collect(),
        documented: vec![false; cells.len()],
        varies: false,
    }
}

fn place(line: u32) -> Place {
    Place::line(LineNumber::new(line).expect("lines are counted from one"))
}

fn expect(
    drift: &Drift,
    changes: usize,
    stable: usize,
    noise: usize,
    documented: usize,
) -> Result<(), Failed> {
    let found = (
        drift.changes.len(),
        drift.stable,
        drift.noise,
        drift.documented.len(),
    );
    equal(&found, &(changes, stable, noise, documented))
}

fn equal<T: PartialEq + std::fmt::Debug>(found: &T, wanted: &T) -> Result<(), Failed> {
    if found == wanted {
        Ok(())
    } else {
        Err(format!("found {found:?}, wanted {wanted:?}").into())
    }
}
