//! The commands, one file each: they join the parts and choose the exit status.
//!
//! A command gets its arguments as plain values; how they are spelt on the
//! command line is not known here. Results go to standard output, everything
//! else to standard error.

pub mod console;
pub mod selection;
pub mod check;
pub mod watch;
pub mod drift;
pub mod accept;
pub mod explain;
pub mod extract;
pub mod init;
pub mod pythons;
pub mod update;
pub mod clean;

pub use console::{Color, Console};

use std::io;
use std::path::PathBuf;

use crate::check::CheckError;
use crate::configuration::ConfigurationError;
use crate::document::DocumentError;
use crate::drift::baseline::BaselineError;
use crate::drift::file::FileError;
use crate::examples::ExamplesError;
use crate::expectation::ExpectationError;
use crate::interpreter::InterpreterError;
use crate::proposal::edit::EditError;

/// Why a command could not do its work; the exit status is 2.
#[derive(Debug, thiserror::Error)]
pub enum CommandError {
    /// The project's configuration cannot be used.
    #[error(transparent)]
    Configuration(#[from] ConfigurationError),
    /// A folder that was named cannot be walked.
    #[error("{}: cannot be walked: {message}", .folder.display())]
    Walk {
        /// The folder.
        folder: PathBuf,
        /// What the system said.
        message: String,
    },
    /// There is nothing to work on.
    #[error("no guide was named, and {because}; name one: trueprint check GUIDE")]
    NoGuide {
        /// Why the configuration does not name one.
        because: String,
    },
    /// Expectations cannot be read.
    #[error("{}", listed(.0))]
    Expectations(Vec<ExpectationError>),
    /// There is no interpreter to run the guides with.
    #[error(transparent)]
    Interpreter(#[from] InterpreterError),
    /// What is kept of earlier runs cannot be removed.
    #[error("{}: cannot be emptied: {source}", .folder.display())]
    Clean {
        /// Where it is kept.
        folder: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Nothing could be checked at all.
    #[error(transparent)]
    Check(#[from] CheckError),
    /// The folder of examples cannot be worked with.
    #[error(transparent)]
    Examples(#[from] ExamplesError),
    /// An expectations file cannot take new entries.
    #[error(transparent)]
    Edit(#[from] EditError),
    /// A guide cannot be read.
    #[error(transparent)]
    Document(#[from] DocumentError),
    /// A file cannot be written.
    #[error("{}: cannot be written: {source}", .path.display())]
    Unwritable {
        /// The file.
        path: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A report of drift cannot be read or joined.
    #[error(transparent)]
    DriftReport(#[from] FileError),
    /// A baseline cannot be read or written.
    #[error(transparent)]
    Baseline(#[from] BaselineError),
    /// The system does not let the command wait for Ctrl-C.
    #[error("signals cannot be waited for: {0}")]
    Signals(io::Error),
    /// The system does not tell when files change.
    #[error("{what} cannot be watched: {source}")]
    Watch {
        /// Which folder.
        what: String,
        /// Why not.
        source: notify::Error,
    },
    /// The working directory is gone.
    #[error("the working directory cannot be found out: {0}")]
    WorkingDirectory(io::Error),
    /// A guide cannot be rewritten.
    #[error("{}: cannot be rewritten: {source}", .guide.display())]
    Rewrite {
        /// The guide.
        guide: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// An answer could not be read.
    #[error("the answer could not be read: {0}")]
    Input(io::Error),
    /// The report could not be written.
    #[error("the report could not be written: {0}")]
    Output(io::Error),
}

fn listed(errors: &[ExpectationError]) -> String {
    let mut lines = Vec::new();
    for error in errors {
        lines.push(error.to_string());
        lines.extend(error.help.iter().map(|help| format!("  help: {help}")));
    }
    lines.join("\n")
}

/// What became of writing results. Whoever reads them may have seen enough, as
/// in `trueprint check … | head`: that is no error.
fn written(result: io::Result<()>) -> Result<(), CommandError> {
    match result {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::BrokenPipe => Ok(()),
        Err(error) => Err(CommandError::Output(error)),
    }
}
