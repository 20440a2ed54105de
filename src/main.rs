//! The executable: the command line, and the hidden worker.

use std::process::ExitCode;

fn main() -> ExitCode {
    trueprint::cli::run(std::env::args_os())
}
