//! What an interpreter is: asked of the program itself.
//!
//! The program runs a small script and prints one line of JSON. One that hangs
//! is killed, one that prints something else is refused; nothing is guessed
//! from its name.

use std::io::Read;
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use serde::{Deserialize, Serialize};

use super::{Interpreter, PROBE_DEADLINE, Unusable, Version};

/// What a program said about itself.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Facts {
    /// Which edition of the script printed this.
    pub trueprint: u32,
    /// `sys.version_info[:3]`.
    pub version: [u16; 3],
    /// `CPython`, `PyPy` …
    pub implementation: String,
    /// `sys.version`.
    pub build: String,
    /// `sys.executable`.
    pub executable: PathBuf,
    /// `sys.prefix`.
    pub prefix: PathBuf,
    /// `sys.base_prefix`.
    pub base_prefix: PathBuf,
    /// `sys.path` without the script's own place.
    pub import_path: Vec<PathBuf>,
    /// `sys.abiflags`.
    pub abi_flags: String,
    /// Whether it was built without the global interpreter lock.
    pub free_threaded: bool,
    /// `LIBDIR`.
    pub library_folder: PathBuf,
    /// `INSTSONAME` and `LDLIBRARY`.
    pub library_names: Vec<String>,
    /// `MULTIARCH`: `x86_64-linux-gnu`.
    pub multiarch: String,
    /// `sys.stdlib_module_names`.
    pub standard_modules: Vec<String>,
}

impl Facts {
    /// Its version.
    pub fn version(&self) -> Version {
        let [major, minor, micro] = self.version;
        Version {
            major,
            minor,
            micro,
        }
    }
}

const SCRIPT: &str = include_str!("probe.py");

/// More than this no interpreter says about itself.
const OUTPUT_LIMIT: u64 = 1 << 20;

/// Asks `program` what it is.
pub fn ask(program: &Path, surroundings: &super::Surroundings) -> Result<Facts, Unusable> {
    ask_within(program, surroundings, PROBE_DEADLINE)
}

fn ask_within(
    program: &Path,
    surroundings: &super::Surroundings,
    deadline: Duration,
) -> Result<Facts, Unusable> {
    let refuse = |reason: String, help: &str| Unusable {
        executable: program.to_owned(),
        version: None,
        reason,
        help: Some(help.to_owned()),
    };
    let mut command = Command::new(program);
    command
        .args(["-c", SCRIPT])
        .current_dir(&surroundings.working_directory)
        .env_clear()
        .envs(
            surroundings
                .environment
                .iter()
                .filter(|(name, _)| !name.as_encoded_bytes().starts_with(b"PYTHON")),
        )
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        // A wrapper may start others: all of them are in its group.
        .process_group(0);
    let mut child = command.spawn().map_err(|error| {
        refuse(
            format!("it cannot be started: {error}"),
            "check that it is a program of this machine and may be executed",
        )
    })?;
    let (sender, receiver) = mpsc::channel();
    let mut pipes: Vec<(bool, Box<dyn Read + Send>)> = Vec::new();
    if let Some(pipe) = child.stdout.take() {
        pipes.push((true, Box::new(pipe)));
    }
    if let Some(pipe) = child.stderr.take() {
        pipes.push((false, Box::new(pipe)));
    }
    for (is_output, pipe) in pipes {
        let sender = sender.clone();
        std::thread::spawn(move || {
            let mut bytes = Vec::new();
            // What was read before an error is all that there is to go by.
            let _ = pipe.take(OUTPUT_LIMIT).read_to_end(&mut bytes);
            let _ = sender.send((is_output, bytes));
        });
    }
    drop(sender);
    let end = std::time::Instant::now() + deadline;
    let (mut output, mut errors) = (None, None);
    while output.is_none() || errors.is_none() {
        let left = end.saturating_duration_since(std::time::Instant::now());
        match receiver.recv_timeout(left) {
            Ok((true, bytes)) => output = Some(bytes),
            Ok((false, bytes)) => errors = Some(bytes),
            Err(_) => break,
        }
    }
    let finished = output.is_some() && errors.is_some();
    if let Ok(id) = i32::try_from(child.id()) {
        // It is still ours to kill: it has not been waited for.
        let _ = killpg(Pid::from_raw(id), Signal::SIGKILL);
    }
    let _ = child.wait();
    let output = String::from_utf8_lossy(output.as_deref().unwrap_or_default()).into_owned();
    let errors = String::from_utf8_lossy(errors.as_deref().unwrap_or_default()).into_owned();
    let said = output
        .lines()
        .rev()
        // Old Pythons put the keys in an order of their own.
        .find(|line| line.starts_with('{') && line.contains("\"trueprint\": 1"))
        .or_else(|| {
            output
                .lines()
                .rfind(|line| line.starts_with("{\"trueprint\""))
        });
    if let Some(line) = said {
        return serde_json::from_str(line).map_err(|error| {
            refuse(
                format!("what it says about itself cannot be read: {error}"),
                "check that it is an unchanged Python",
            )
        });
    }
    if !finished {
        return Err(refuse(
            format!(
                "it did not say what it is within {} s and was stopped",
                deadline.as_secs()
            ),
            "start it by hand to see what it waits for",
        ));
    }
    let last = errors
        .lines()
        .chain(output.lines())
        .rfind(|line| !line.trim().is_empty());
    Err(refuse(
        match last {
            Some(line) => format!("asked what it is, it printed `{}`", printable(line.trim())),
            None => "asked what it is, it printed nothing".to_owned(),
        },
        "check that `-c 'import json, sysconfig'` works with it",
    ))
}

/// A line of somebody else's output, fit for a terminal and not too long.
fn printable(line: &str) -> String {
    line.chars()
        .take(120)
        .map(|character| {
            if character.is_control() {
                '\u{fffd}'
            } else {
                character
            }
        })
        .collect()
}

/// Turns what a program said into an interpreter to work with, or says why it
/// is none.
pub fn judge(facts: Facts) -> Result<Interpreter, Unusable> {
    let version = facts.version();
    let refuse = |reason: String, help: String| Unusable {
        executable: facts.executable.clone(),
        version: Some(version),
        reason,
        help: Some(help),
    };
    if facts.implementation != "CPython" {
        return Err(refuse(
            format!("it is {} and not CPython", facts.implementation),
            "install CPython 3.9 or newer".to_owned(),
        ));
    }
    if version < Version::OLDEST {
        return Err(refuse(
            format!("CPython {version} is older than 3.9"),
            "install CPython 3.9 or newer".to_owned(),
        ));
    }
    if facts.free_threaded {
        return Err(refuse(
            "it is a free-threaded build, which has another binary interface".to_owned(),
            format!(
                "install the ordinary build of CPython {}.{} beside it",
                version.major, version.minor
            ),
        ));
    }
    let Some(library) = library(&facts) else {
        return Err(refuse(
            format!(
                "its shared library (libpython{}.{}{}.so) is not installed",
                version.major, version.minor, facts.abi_flags
            ),
            where_from(&facts),
        ));
    };
    Ok(Interpreter {
        executable: facts.executable,
        version,
        build: facts.build,
        library,
        prefix: facts.prefix,
        base_prefix: facts.base_prefix,
        import_path: facts.import_path,
        standard_modules: facts.standard_modules,
    })
}

/// Where the shared library lies: where the build says, or beside the
/// installation when that has been moved since.
fn library(facts: &Facts) -> Option<PathBuf> {
    let [major, minor, _] = facts.version;
    let stem = format!("libpython{major}.{minor}{}.so", facts.abi_flags);
    let mut names: Vec<String> = facts
        .library_names
        .iter()
        .filter(|name| name.contains(".so"))
        .cloned()
        .collect();
    names.push(format!("{stem}.1.0"));
    names.push(stem);
    let mut folders = vec![facts.library_folder.clone()];
    if !facts.multiarch.is_empty() {
        folders.push(facts.library_folder.join(&facts.multiarch));
        folders.push(facts.base_prefix.join("lib").join(&facts.multiarch));
    }
    folders.push(facts.base_prefix.join("lib"));
    folders.push(facts.base_prefix.join("lib64"));
    folders
        .iter()
        .filter(|folder| folder.is_absolute())
        .flat_map(|folder| names.iter().map(move |name| folder.join(name)))
        .find(|path| path.is_file())
}

/// What brings the shared library.
fn where_from(facts: &Facts) -> String {
    let [major, minor, micro] = facts.version;
    let prefix = facts.base_prefix.to_string_lossy();
    if prefix.contains("/.pyenv/") || prefix.contains("/pyenv/") {
        return format!(
            "rebuild it with its shared library: PYTHON_CONFIGURE_OPTS=--enable-shared pyenv install --force {major}.{minor}.{micro}"
        );
    }
    let system = prefix == "/usr";
    if system && Path::new("/etc/debian_version").exists() {
        return format!(
            "install the package libpython{major}.{minor} (apt-get install libpython{major}.{minor})"
        );
    }
    if system && Path::new("/etc/fedora-release").exists() {
        return format!("install the package python{major}.{minor}-libs or python3-libs");
    }
    "install the package that brings it (libpython3.X or python3-devel), or build CPython with ./configure --enable-shared".to_owned()
}
