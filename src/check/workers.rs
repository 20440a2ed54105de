//! How a check's workers are started.

use super::preparation::Prepared;
use super::{CheckError, CheckSettings};
use crate::interpreter::Interpreter;
use crate::runner::{Confine, Runner, RunnerSettings};

/// Starts the workers with this hash seed for these guides.
pub(super) fn start_runner(
    hash_seed: u32,
    prepared: &[Prepared<'_>],
    settings: &CheckSettings,
) -> Result<Runner, CheckError> {
    let preload = preload(prepared, &settings.interpreter);
    let runner_settings = runner_settings(settings, hash_seed, preload);
    Ok(Runner::start(&settings.interpreter, runner_settings)?)
}

/// What those workers are told.
pub(super) fn runner_settings(
    settings: &CheckSettings,
    hash_seed: u32,
    preload: Vec<String>,
) -> RunnerSettings {
    let defaults = RunnerSettings::default();
    RunnerSettings {
        workers: settings.workers(),
        hash_seed,
        preload,
        readable: settings.readable.clone(),
        disk_bytes: settings.limits.disk_bytes,
        processes: settings.limits.processes,
        confine: Confine {
            network: !settings.network,
            ..defaults.confine
        },
        ..defaults
    }
}

/// The modules that workers import before the first task: what the guides
/// import of the standard library, since a child then has it for nothing. Other
/// packages are left to the snippets: importing them may start threads, and may
/// do what only the snippet should be seen to do; as do the few left out here.
fn preload(prepared: &[Prepared<'_>], interpreter: &Interpreter) -> Vec<String> {
    const NOT_AHEAD: [&str; 8] = [
        "this",
        "antigravity",
        "__main__",
        "__future__",
        "idlelib",
        "test",
        "tkinter",
        "turtle",
    ];
    // CPython before 3.10 does not say which modules are its own.
    const SLOW_TO_IMPORT: [&str; 24] = [
        "abc",
        "argparse",
        "ast",
        "asyncio",
        "collections",
        "concurrent",
        "contextlib",
        "copy",
        "ctypes",
        "dataclasses",
        "datetime",
        "decimal",
        "enum",
        "functools",
        "inspect",
        "json",
        "logging",
        "multiprocessing",
        "pathlib",
        "random",
        "re",
        "threading",
        "typing",
        "unittest",
    ];
    let mut modules: Vec<String> = Vec::new();
    for name in prepared.iter().flat_map(|guide| &guide.guide.modules) {
        let top = name.split('.').next().unwrap_or(name);
        let standard = if interpreter.standard_modules.is_empty() {
            SLOW_TO_IMPORT.contains(&top)
        } else {
            interpreter
                .standard_modules
                .iter()
                .any(|known| known == top)
        };
        if standard && !NOT_AHEAD.contains(&top) && !modules.contains(name) {
            modules.push(name.clone());
        }
    }
    modules
}
