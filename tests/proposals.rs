//! What is proposed for a claim and what runs showed of it:
//! `tests/proposals/cases`. Every proposal must forgive all that was shown.

use std::fs;
use std::path::Path;

use libtest_mimic::{Arguments, Failed, Trial};
use serde::Deserialize;
use trueprint::expectation::Named;
use trueprint::matching::tolerance::forgives;
use trueprint::position::{LineNumber, Place};
use trueprint::proposal::{Differing, Entry, propose};
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

fn main() {
    let arguments = Arguments::from_args();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/proposals/cases");
    let mut trials: Vec<Trial> = fs::read_dir(folder)
        .expect("the cases")
        .map(|entry| entry.expect("a case").path())
        .map(|path| {
            let name = path.file_stem().expect("a name").display().to_string();
            Trial::test(name, move || check(&path))
        })
        .collect();
    trials.sort_by(|one, other| one.name().cmp(other.name()));
    libtest_mimic::run(&arguments, trials).exit();
}

fn check(path: &Path) -> Result<(), Failed> {
    let case: Case = toml::from_str(&fs::read_to_string(path)?)?;
    let claims: Vec<Named<'_>> = case
        .claims_before
        .iter()
        .chain([&case.claim])
        .enumerate()
        .map(|(line, claim)| {
            let place = Place::line(LineNumber::from_index(line));
            Named {
                place,
                last_place: place,
                comment: claim,
                expected: claim,
                statement: Some(&case.statement),
            }
        })
        .collect();
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
    let mut entries = Vec::new();
    for proposal in &proposals {
        let shown = proposal.to_string();
        let keys = shown.split("]]\n").last().unwrap_or_default();
        entries.push(keys.trim().to_owned());
        let several = case.claim.contains('\n');
        if let (Entry::Tolerate(tolerance), false) = (&proposal.entry, several) {
            for text in &case.shown {
                forgives(tolerance, &case.claim, text)?;
            }
        }
    }
    let found = entries.join("\n\n");
    if found == case.entry.trim() {
        Ok(())
    } else {
        Err(format!("proposed:\n{found}\n\nexpected:\n{}", case.entry.trim()).into())
    }
}
