//! The executable: the command line, and the hidden worker.

use std::process::ExitCode;

use trueprint::launch;

/// The worker's code, which `build.rs` finds.
static WORKER: &[u8] = include_bytes!(env!("TRUEPRINT_WORKER"));

fn main() -> ExitCode {
    if WORKER.is_empty() {
        eprintln!(
            "trueprint: this executable was built without its worker; \
             build it with `cargo build` or `cargo install --path .`"
        );
        return ExitCode::from(2);
    }
    if std::env::args_os().nth(1).as_deref() == Some(launch::SUBCOMMAND.as_ref()) {
        launch::become_worker(WORKER);
    }
    trueprint::cli::run(std::env::args_os())
}
