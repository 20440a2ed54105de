//! Hostile guides, checked by the real executable: each snippet costs itself
//! only, is reported as what it is, and leaves nothing behind.
//!
//! One test for each guide, interpreter and circumstance (as who tests or as
//! nobody, with namespaces or without). A new case is a new snippet in a file of
//! `guides/`. Every flood in them counts for itself how far it goes, so that it
//! harms nobody where no limit works, and whoever shoots at processes asks first
//! whether a shot would hit.

mod guide;
#[path = "../refusal/mod.rs"]
mod refusal;
mod supervisor;
mod world;

use std::collections::BTreeMap;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use guide::HostileGuide;
use libtest_mimic::{Arguments, Failed, Trial};
use nix::unistd::Uid;
use serde_json::Value;
use supervisor::Circumstances;
use trueprint::interpreter::{Interpreter, Search, Surroundings, discover};
use world::World;

fn main() {
    supervisor::supervise();
    let arguments = Arguments::from_args();
    libtest_mimic::run(&arguments, trials()).exit();
}

fn trials() -> Vec<Trial> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/hostile/guides");
    let mut guides: Vec<PathBuf> = std::fs::read_dir(folder)
        .expect("the guides")
        .map(|entry| entry.expect("a guide").path())
        .collect();
    guides.sort();
    let mut trials = Vec::new();
    for (interpreter, circumstances, name) in ways() {
        for path in &guides {
            let stem = path.file_stem().unwrap_or_default().to_string_lossy();
            let (path, interpreter) = (path.clone(), interpreter.clone());
            trials.push(Trial::test(format!("{stem}::{name}"), move || {
                check(&path, &interpreter, circumstances)
            }));
        }
    }
    trials
}

/// Every interpreter as who tests, with namespaces; one in all other ways, which
/// are a matter of the system and not of Python.
fn ways() -> Vec<(Interpreter, Circumstances, String)> {
    let interpreters = interpreters();
    let everybodys = interpreters
        .iter()
        .find(|interpreter| is_reachable(&interpreter.executable));
    let mut ways: Vec<_> = interpreters
        .iter()
        .map(|interpreter| (interpreter, false, true))
        .collect();
    if let Some(interpreter) = everybodys.or(interpreters.last()) {
        ways.push((interpreter, false, false));
    }
    if let Some(interpreter) = everybodys
        && Uid::effective().is_root()
    {
        ways.push((interpreter, true, true));
        ways.push((interpreter, true, false));
    }
    ways.into_iter()
        .map(|(interpreter, nobody, namespaces)| {
            let name = format!(
                "{}{}{}",
                interpreter.version,
                if nobody { "::nobody" } else { "" },
                if namespaces { "" } else { "::no_namespaces" },
            );
            let circumstances = Circumstances { nobody, namespaces };
            (interpreter.clone(), circumstances, name)
        })
        .collect()
}

/// Every interpreter that can be used, one of each version.
fn interpreters() -> Vec<Interpreter> {
    let surroundings = Surroundings::of_this_process().expect("the surroundings");
    let found = discover(&Search::All, &surroundings).expect("the interpreters");
    let mut versions: BTreeMap<_, Interpreter> = BTreeMap::new();
    for interpreter in found.usable {
        if !interpreter.is_virtual_environment() {
            versions.entry(interpreter.version).or_insert(interpreter);
        }
    }
    versions.into_values().collect()
}

/// Whether each folder on the way to a place lets everybody through.
fn is_reachable(path: &Path) -> bool {
    path.canonicalize().is_ok_and(|path| {
        path.ancestors()
            .all(|place| std::fs::metadata(place).is_ok_and(|found| found.mode() & 0o001 != 0))
    })
}

/// Checks a guide and holds the report against the guide's own lists.
fn check(
    path: &Path,
    interpreter: &Interpreter,
    circumstances: Circumstances,
) -> Result<(), Failed> {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let guide = HostileGuide::new(&name, &std::fs::read_to_string(path)?);
    let mut world = World::new(circumstances);
    let placed = world.place_guide(&name, &guide.text);
    let own = tempfile::tempdir()?;
    let left = own.path().join("left");
    let program = world.place_program(Path::new(env!("CARGO_BIN_EXE_trueprint")))?;
    let run = supervisor::command(circumstances, &left, &program)
        .args(["check", "--format", "json", "--no-config", "--timeout"])
        .arg(&guide.timeout)
        .arg("--python")
        .arg(&interpreter.executable)
        .arg(&placed)
        .env_clear()
        .env("PATH", "/usr/local/bin:/usr/bin:/bin")
        .env("HOME", world.path("home"))
        .env("TMPDIR", world.path("temporary"))
        .env("XDG_CACHE_HOME", world.path("cache"))
        .env("GITHUB_TOKEN", world::SECRET)
        .env("MY_SECRET", world::SECRET)
        .current_dir(world.path("guides"))
        .output()?;
    let mut wrong: Vec<String> = std::fs::read_to_string(left)?
        .lines()
        .map(|process| format!("a process outlived the run: {process}"))
        .collect();
    wrong.extend(world.damage());
    let said = String::from_utf8_lossy(&run.stderr);
    for output in [&run.stdout, &run.stderr] {
        if String::from_utf8_lossy(output).contains(world::SECRET) {
            wrong.push("a secret was seen".to_owned());
        }
    }
    if said.contains("panicked") {
        wrong.push("it panicked".to_owned());
    }
    match serde_json::from_slice::<Value>(&run.stdout) {
        Ok(reported) => {
            let count = |name: &str| reported["summary"][name].as_i64().unwrap_or(-1);
            let found: i64 = ["failures", "wrong", "unstable", "unreached", "blank"]
                .map(count)
                .iter()
                .sum();
            if run.status.code() != Some(i32::from(found > 0)) {
                wrong.push(format!("{} with {found} findings", run.status));
            }
            wrong.extend(compare(&guide, circumstances, &reported));
        }
        Err(error) => wrong.push(format!("{}: the report is not JSON: {error}", run.status)),
    }
    if wrong.is_empty() {
        return Ok(());
    }
    let said: String = said.chars().take(4000).collect();
    Err(format!(
        "{} differences\n  {}\n{said}",
        wrong.len(),
        wrong.join("\n  ")
    )
    .into())
}

fn compare(guide: &HostileGuide, circumstances: Circumstances, reported: &Value) -> Vec<String> {
    let mut wrong = Vec::new();
    let empty = Vec::new();
    let snippets = reported["guides"][0]["snippets"]
        .as_array()
        .unwrap_or(&empty);
    let expected = guide.expected(circumstances.namespaces);
    if snippets.len() != expected.len() {
        wrong.push(format!(
            "{} snippets, not {}",
            snippets.len(),
            expected.len()
        ));
    }
    for wanted in expected {
        let found = snippets
            .iter()
            .find(|snippet| snippet["line"].as_u64() == Some(wanted.line));
        match found {
            None => wrong.push(format!("{}: not in the report", wanted.heading)),
            Some(snippet) => wrong.extend(
                wanted
                    .differences(snippet)
                    .into_iter()
                    .map(|text| format!("{} (line {}): {text}", wanted.heading, wanted.line)),
            ),
        }
    }
    wrong
}
