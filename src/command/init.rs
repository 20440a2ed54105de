//! `trueprint init`: a configuration to begin with. An existing one is left as
//! it is.

use std::env;
use std::fs::OpenOptions;
use std::io::{self, Write};

use super::{CommandError, Console};
use crate::configuration::OWN_FILE;
use crate::results::Status;

/// What is written: every key that there is, with its default.
pub const TEMPLATE: &str = include_str!("init/trueprint.toml");

/// Runs the command in the working directory.
pub fn run(console: Console) -> Result<Status, CommandError> {
    let path = env::current_dir()
        .map_err(CommandError::WorkingDirectory)?
        .join(OWN_FILE);
    let created = OpenOptions::new()
        .write(true)
        .create_new(true)
        .open(&path)
        .and_then(|mut file| file.write_all(TEMPLATE.as_bytes()));
    match created {
        Ok(()) => {
            let mut out = console.results();
            super::written(
                writeln!(
                    out,
                    "wrote {OWN_FILE}; name your guides in it, then: trueprint check"
                )
                .and_then(|()| out.flush()),
            )?;
            Ok(Status::Holds)
        }
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
            console.error(&format!("{OWN_FILE} is here already, and is left as it is"));
            Ok(Status::CouldNotRun)
        }
        Err(source) => Err(CommandError::Unwritable {
            path: OWN_FILE.into(),
            source,
        }),
    }
}
