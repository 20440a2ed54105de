//! Every kind of tolerance against pairs of texts: `tests/tolerances/cases`.
//!
//! A case is an entry's keys and the pairs that it forgives and refuses.

use std::fs;
use std::path::Path;

use libtest_mimic::{Arguments, Failed, Trial};
use serde::Deserialize;
use trueprint::expectation::{Tolerance, load};
use trueprint::matching::tolerance::forgives;

#[derive(Deserialize)]
struct Case {
    forgiven: Vec<(String, String)>,
    refused: Vec<(String, String)>,
    #[serde(flatten)]
    entry: toml::Table,
}

fn main() {
    let arguments = Arguments::from_args();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/tolerances/cases");
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
    let tolerance = tolerance(&case.entry)?;
    let mut failures = String::new();
    for (claimed, actual) in &case.forgiven {
        if let Err(why) = forgives(&tolerance, claimed, actual) {
            failures += &format!("{claimed:?} -> {actual:?} should be forgiven: {why}\n");
        }
    }
    for (claimed, actual) in &case.refused {
        if let Ok(what) = forgives(&tolerance, claimed, actual) {
            failures += &format!("{claimed:?} -> {actual:?} should be refused: {what}\n");
        }
    }
    if failures.is_empty() {
        Ok(())
    } else {
        Err(failures.into())
    }
}

/// The entry as a file would give it.
fn tolerance(entry: &toml::Table) -> Result<Tolerance, Failed> {
    let folder = tempfile::tempdir()?;
    fs::write(folder.path().join("guide.md"), "")?;
    let mut entry = entry.clone();
    entry.insert("at".to_owned(), toml::Value::Integer(1));
    entry.insert("reason".to_owned(), "it varies".into());
    let file = folder.path().join("expectations.toml");
    let text = format!(
        "guide = \"guide.md\"\n[[snippet]]\nid = \"s\"\n[[snippet.tolerate]]\n{}",
        toml::to_string(&entry)?
    );
    fs::write(&file, text)?;
    let expectations = load(&[file], folder.path()).map_err(|errors| format!("{errors:?}"))?;
    Ok(expectations.guides()[0].snippets[0].tolerances[0].clone())
}
