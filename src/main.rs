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
    share_memory();
    trueprint::cli::run(std::env::args_os())
}

/// Has all threads allocate from the same few arenas: what one thread makes, another
/// drops, and an arena that only grows would keep what is free from the others.
fn share_memory() {
    // SAFETY: a plain C call, before there is any other thread.
    #[cfg(target_env = "gnu")]
    unsafe {
        libc::mallopt(libc::M_ARENA_MAX, 2);
    }
}
