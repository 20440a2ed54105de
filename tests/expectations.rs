//! Expectations files and what is wrong with them: `tests/expectations/cases`.
//!
//! An error that a file must give stands behind `#!` on its line; a file
//! without any must be read.

use std::fs;
use std::path::{Path, PathBuf};

use libtest_mimic::{Arguments, Failed, Trial};
use trueprint::expectation::load;

fn main() {
    let arguments = Arguments::from_args();
    let mut trials: Vec<Trial> = fs::read_dir(folder().join("cases"))
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

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/expectations")
}

fn check(path: &Path) -> Result<(), Failed> {
    let text = fs::read_to_string(path)?;
    let wanted: Vec<(u32, &str)> = (1..)
        .zip(text.lines())
        .filter_map(|(number, line)| Some((number, line.split_once("#! ")?.1)))
        .collect();
    let found: Vec<(u32, String)> = match load(&[path.to_owned()], &folder()) {
        Ok(_) => Vec::new(),
        Err(errors) => errors
            .iter()
            .map(|error| (error.line.map_or(0, |line| line.get()), error.to_string()))
            .collect(),
    };
    let mut failures = String::new();
    for (line, part) in &wanted {
        if !found
            .iter()
            .any(|(at, message)| at == line && message.contains(part))
        {
            failures += &format!("missing at {line}: {part}\n");
        }
    }
    for (line, message) in &found {
        if !wanted
            .iter()
            .any(|(at, part)| at == line && message.contains(part))
        {
            failures += &format!("not expected at {line}: {message}\n");
        }
    }
    if failures.is_empty() {
        Ok(())
    } else {
        Err(failures.into())
    }
}
