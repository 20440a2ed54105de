//! `trueprint pythons`: which interpreters there are, and which would be used.

use std::io::Write;

use super::{CommandError, Console};
use crate::interpreter::{self, Search, Surroundings};
use crate::report::interpreters::{self, Listed};
use crate::results::Status;

/// How the interpreters are listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PythonsFormat {
    /// As a table for people.
    Terminal,
    /// For machines.
    Json,
}

/// Runs the command. It could not run when there is no interpreter to use.
pub fn run(format: PythonsFormat, console: Console) -> Result<Status, CommandError> {
    let found = interpreter::discover(&Search::All, &Surroundings::of_this_process()?)?;
    for note in &found.notes {
        console.note(note);
    }
    let listed = Listed {
        usable: &found.usable,
        default: found.default,
        unusable: &found.unusable,
    };
    let mut out = console.results();
    let result = match format {
        PythonsFormat::Terminal => interpreters::write_table(&listed, &mut out),
        PythonsFormat::Json => interpreters::write_json(&listed, &mut out),
    };
    super::written(result.and_then(|()| out.flush()))?;
    if found.usable.is_empty() {
        return Ok(Status::CouldNotRun);
    }
    Ok(Status::Holds)
}
