//! The runner against workers that are shell scripts: one that answers, and
//! others that die, hang or babble. Each script in `tests/runner/` says in its
//! first comments what has to come of it.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::time::Duration;

use libtest_mimic::{Arguments, Failed, Trial};
use trueprint::interpreter::{Interpreter, Version};
use trueprint::protocol::{Limits, Task};
use trueprint::runner::{Interrupt, Job, Outcome, Runner, RunnerEvent, RunnerSettings};

fn main() {
    let arguments = Arguments::from_args();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/runner");
    let mut scripts: Vec<PathBuf> = std::fs::read_dir(folder)
        .expect("the cases are there")
        .map(|entry| entry.expect("the folder can be read").path())
        .filter(|path| path.extension().is_some_and(|extension| extension == "sh"))
        .collect();
    scripts.sort();
    let trials = scripts
        .into_iter()
        .map(|script| {
            let name = script
                .file_stem()
                .expect("a name")
                .to_string_lossy()
                .into_owned();
            Trial::test(name, move || check(&script))
        })
        .collect();
    libtest_mimic::run(&arguments, trials).exit();
}

/// Runs four tasks on two workers of this kind and compares with what the
/// script's comments announce:
///
/// - `# outcome: X`: each task's outcome has this in its description;
/// - `# retried: N`: so many tasks were tried again;
/// - `# error: X`: there is no runner at all, and the message has this in it;
/// - `# grace: N`: a worker is given N milliseconds more than its task;
/// - `# interrupt`: the run is stopped when the first task starts.
fn check(script: &Path) -> Result<(), Failed> {
    let text = std::fs::read_to_string(script)?;
    let announced = |key: &str| -> Vec<&str> {
        text.lines()
            .filter_map(|line| line.strip_prefix("# ")?.strip_prefix(key))
            .map(|rest| rest.trim_start_matches(':').trim())
            .collect()
    };
    let folder = tempfile::tempdir()?;
    let program = folder.path().join("worker");
    let words = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/runner/words");
    std::fs::write(
        &program,
        format!("#!/bin/sh\n. {}\n{text}", words.display()),
    )?;
    std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755))?;
    let settings = RunnerSettings {
        workers: 2.try_into()?,
        program,
        start_deadline: Duration::from_secs(20),
        grace: match announced("grace").first() {
            Some(milliseconds) => Duration::from_millis(milliseconds.parse()?),
            None => Duration::from_secs(20),
        },
        ..RunnerSettings::default()
    };
    let runner = match Runner::start(&interpreter(), settings) {
        Ok(runner) => runner,
        Err(error) => {
            let message = error.to_string();
            return match announced("error").first() {
                Some(expected) if message.contains(expected) => Ok(()),
                _ => Err(format!("unexpected error: {message}").into()),
            };
        }
    };
    if let Some(expected) = announced("error").first() {
        return Err(format!("a runner instead of the error `{expected}`").into());
    }
    let task = task();
    let jobs: Vec<Job<'_>> = (0..4).map(|_| Job::from(&task)).collect();
    let interrupt = Interrupt::new()?;
    let stop_at_once = !announced("interrupt").is_empty();
    let retried = Mutex::new(0);
    let outcomes = runner.run(&jobs, &interrupt, &|event| match event {
        RunnerEvent::Started { .. } => {
            if stop_at_once {
                interrupt.raise();
            }
        }
        RunnerEvent::Retried { .. } => *retried.lock().expect("no panic") += 1,
        RunnerEvent::Finished { .. } => {}
    });
    let retried = retried.into_inner()?;
    drop(runner);
    if outcomes.len() != jobs.len() {
        return Err(format!("{} outcomes", outcomes.len()).into());
    }
    for expected in announced("outcome") {
        for outcome in &outcomes {
            let description = describe(outcome);
            if !description.contains(expected) {
                return Err(format!("`{description}` instead of `{expected}`").into());
            }
        }
    }
    for expected in announced("retried") {
        if expected != format!("{retried}") {
            return Err(format!("{retried} retried instead of {expected}").into());
        }
    }
    Ok(())
}

fn describe(outcome: &Outcome) -> String {
    match outcome {
        Outcome::Ran(run) => format!("ran: {:?}", run.end),
        Outcome::Failed { message } => format!("failed: {message}"),
        Outcome::WorkerDied { detail } => format!("worker died: {detail}"),
        Outcome::Overdue { .. } => "overdue".to_owned(),
        Outcome::Interrupted => "interrupted".to_owned(),
    }
}

fn task() -> Task {
    Task {
        units: Vec::new(),
        limits: Limits {
            wall_ms: 100,
            ..Limits::default()
        },
        network: false,
        arguments: Vec::new(),
    }
}

/// The scripts do not look at it.
fn interpreter() -> Interpreter {
    Interpreter {
        executable: "/usr/bin/python3".into(),
        version: Version::OLDEST,
        build: String::new(),
        library: "/usr/lib/libpython3.9.so".into(),
        prefix: "/usr".into(),
        base_prefix: "/usr".into(),
        import_path: Vec::new(),
        standard_modules: Vec::new(),
    }
}
