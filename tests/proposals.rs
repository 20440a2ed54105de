//! What is proposed for a claim and what runs showed of it:
//! `tests/proposals/cases`. Every proposal must forgive all that was shown. And
//! for a claim that drifts: `tests/proposals/drift`.

use std::fs;
use std::path::Path;

use libtest_mimic::{Arguments, Failed, Trial};
use serde::Deserialize;
use trueprint::drift::ColumnName;
use trueprint::drift::matrix::{Cell, Row, Subject};
use trueprint::expectation::{ExpectedOutput, Named, Selector, SnippetExpectations};
use trueprint::matching::tolerance::forgives;
use trueprint::position::{LineNumber, Place};
use trueprint::proposal::drift::Drifting;
use trueprint::proposal::{Differing, Entry, Proposal, drift, propose};
use trueprint::snippet::SnippetId;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    claim: String,
    #[serde(default)]
    claims_before: Vec<String>,
    statement: String,
    code: Option<String>,
    shown: Vec<String>,
    /// The entries' keys; empty for none.
    entry: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct DriftCase {
    claim: String,
    #[serde(default)]
    claims_before: Vec<String>,
    /// The interpreters' versions.
    columns: Vec<String>,
    /// What each showed; empty for nothing.
    shown: Vec<String>,
    /// Those on which it was skipped.
    #[serde(default)]
    skipped: Vec<usize>,
    /// Whether the claim, or an entry, provides for it.
    right: Vec<bool>,
    /// The versions of an entry that is there already.
    known: Option<String>,
    /// The entries' keys.
    #[serde(default)]
    entries: String,
    /// Why there is none.
    #[serde(default)]
    hindrance: String,
}

type Check = fn(&Path) -> Result<(), Failed>;

fn main() {
    let arguments = Arguments::from_args();
    let kinds: [(&str, Check); 2] = [("cases", check), ("drift", check_drift)];
    let mut trials: Vec<Trial> = Vec::new();
    for (kind, check) in kinds {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/proposals");
        for entry in fs::read_dir(folder.join(kind)).expect("the cases") {
            let path = entry.expect("a case").path();
            let name = path.file_stem().expect("a name").display().to_string();
            trials.push(Trial::test(name, move || check(&path)).with_kind(kind));
        }
    }
    trials.sort_by(|one, other| one.name().cmp(other.name()));
    libtest_mimic::run(&arguments, trials).exit();
}

fn check(path: &Path) -> Result<(), Failed> {
    let case: Case = toml::from_str(&fs::read_to_string(path)?)?;
    let claims = named(&case.claims_before, &case.claim, &case.statement);
    let proposals = propose(
        &SnippetId::new("s"),
        Differing {
            claims: &claims,
            index: claims.len() - 1,
            shown: &case.shown,
            code: case.code.as_deref().unwrap_or(&case.statement),
            python: [3, 12, 4],
        },
    );
    for proposal in &proposals {
        let several = case.claim.contains('\n');
        if let (Entry::Tolerate(tolerance), false) = (&proposal.entry, several) {
            for text in &case.shown {
                forgives(tolerance, &case.claim, text)?;
            }
        }
    }
    equal(&keys(&proposals), &case.entry)
}

fn check_drift(path: &Path) -> Result<(), Failed> {
    let case: DriftCase = toml::from_str(&fs::read_to_string(path)?)?;
    let claims = named(&case.claims_before, &case.claim, "");
    let cells = case.shown.iter().enumerate().map(|(column, text)| {
        if case.skipped.contains(&column) {
            Cell::Skipped
        } else if text.is_empty() {
            Cell::Nothing
        } else {
            Cell::Shows(text.clone())
        }
    });
    let row = Row {
        snippet: SnippetId::new("s"),
        place: claims[claims.len() - 1].place,
        source: String::new(),
        subject: Subject::Claim(case.claim.clone()),
        ordinal: 0,
        cells: cells.collect(),
        documented: case.right.clone(),
        varies: false,
    };
    let columns: Vec<ColumnName> = case
        .columns
        .iter()
        .map(|version| {
            let minor = version.rsplit_once('.').map_or("", |(minor, _)| minor);
            let is_minor = |other: &&String| other.starts_with(&format!("{minor}."));
            let alone = case.columns.iter().filter(is_minor).count() == 1;
            ColumnName {
                label: if alone { minor } else { version }.to_owned(),
                version: version.clone(),
                executable: String::new(),
            }
        })
        .collect();
    let known = case.known.map(|python| known(&case.claim, &python));
    let proposals = drift::propose(Drifting {
        claims: &claims,
        index: claims.len() - 1,
        row: &row,
        columns: &columns,
        known: known.as_ref(),
    });
    match proposals {
        Ok(proposals) => equal(&keys(&proposals), &case.entries),
        Err(hindrance) => equal(&hindrance.to_string(), &case.hindrance),
    }
}

/// An entry for the claim at line 7.
fn known(claim: &str, python: &str) -> SnippetExpectations {
    let line = LineNumber::from_index(6);
    SnippetExpectations {
        file: "expectations.toml".into(),
        line,
        id: SnippetId::new("s"),
        requires: Vec::new(),
        network: false,
        always_run: false,
        timeout: None,
        skip: None,
        continues: None,
        mode: None,
        reason: None,
        tolerances: Vec::new(),
        outputs: vec![ExpectedOutput {
            line,
            selector: Selector {
                claim: Some(claim.to_owned()),
                statement: None,
                at: None,
                nth: None,
            },
            python: python.parse().expect("a range"),
            output: "b".to_owned(),
            reason: "so it is".to_owned(),
        }],
    }
}

fn named<'a>(before: &'a [String], claim: &'a String, statement: &'a str) -> Vec<Named<'a>> {
    let claims = before.iter().chain([claim]).enumerate();
    claims
        .map(|(line, claim)| {
            let place = Place::line(LineNumber::from_index(line));
            Named {
                place,
                last_place: place,
                comment: claim,
                expected: claim,
                statement: Some(statement),
            }
        })
        .collect()
}

/// The entries' keys, as a file would have them.
fn keys(proposals: &[Proposal]) -> String {
    let mut entries = Vec::new();
    for proposal in proposals {
        let shown = proposal.to_string();
        let keys = shown.split("]]\n").last().unwrap_or_default();
        entries.push(keys.trim().to_owned());
    }
    entries.join("\n\n")
}

fn equal(found: &str, wanted: &str) -> Result<(), Failed> {
    if found.trim() == wanted.trim() {
        Ok(())
    } else {
        Err(format!("proposed:\n{found}\n\nexpected:\n{}", wanted.trim()).into())
    }
}
