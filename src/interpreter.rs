//! Interpreters: which CPythons there are, and what each one is.
//!
//! Where one may be ([`discovery`]), what it is ([`probe`], remembered by
//! [`memory`]), and what was asked for ([`request`]) are files of their own.
//! Nothing here runs a snippet or loads a library.

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::Duration;

pub mod discovery;
pub mod memory;
pub mod probe;
pub mod request;

pub use discovery::{Found, Search, Surroundings, discover};
pub use request::Request;

/// A CPython that was found and asked.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interpreter {
    /// The program that the user would start: `<venv>/bin/python`, `/usr/bin/python3.12`.
    pub executable: PathBuf,
    /// `major.minor.micro`.
    pub version: Version,
    /// `sys.version`: which build of that version it is.
    pub build: String,
    /// Its shared library.
    pub library: PathBuf,
    /// `sys.prefix`.
    pub prefix: PathBuf,
    /// `sys.base_prefix`: where the installation itself lies, for virtual environments.
    pub base_prefix: PathBuf,
    /// Other folders on `sys.path`, which a snippet must be able to read.
    pub import_path: Vec<PathBuf>,
    /// `sys.stdlib_module_names`, where the version has it (3.10 on).
    pub standard_modules: Vec<String>,
}

impl Interpreter {
    /// Whether it belongs to a virtual environment.
    pub fn is_virtual_environment(&self) -> bool {
        self.prefix != self.base_prefix
    }
}

impl Interpreter {
    /// Whether a module, by its dotted name, can be imported as far as the
    /// folders on `sys.path` tell. Nothing is imported.
    pub fn has_module(&self, name: &str) -> bool {
        let first = name.split('.').next().unwrap_or(name);
        if self.standard_modules.iter().any(|module| module == first) {
            return true;
        }
        let relative: PathBuf = name.split('.').collect();
        self.import_path.iter().any(|folder| {
            let place = folder.join(&relative);
            place.is_dir()
                || place.with_extension("py").is_file()
                || is_extension_module(&place)
                || is_editable(folder, first)
        })
    }
}

/// Whether `folder/name.cpython-….so` is there.
fn is_extension_module(place: &Path) -> bool {
    let (Some(folder), Some(name)) = (place.parent(), place.file_name()) else {
        return false;
    };
    let begins = format!("{}.", name.to_string_lossy());
    has_entry(folder, |entry| {
        entry.starts_with(&begins) && entry.ends_with(".so")
    })
}

/// Whether a project was installed in place, with a finder of its own that
/// knows where its modules are.
fn is_editable(folder: &Path, module: &str) -> bool {
    let begins = format!("__editable___{module}_");
    has_entry(folder, |entry| entry.starts_with(&begins))
}

fn has_entry(folder: &Path, is_it: impl Fn(&str) -> bool) -> bool {
    std::fs::read_dir(folder).is_ok_and(|entries| {
        entries
            .flatten()
            .any(|entry| is_it(&entry.file_name().to_string_lossy()))
    })
}

/// A version of CPython.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Version {
    /// 3.
    pub major: u16,
    /// 12 of 3.12.1.
    pub minor: u16,
    /// 1 of 3.12.1.
    pub micro: u16,
}

impl Version {
    /// The oldest CPython whose stable ABI the worker is built for.
    pub const OLDEST: Self = Self {
        major: 3,
        minor: 9,
        micro: 0,
    };
}

impl std::fmt::Display for Version {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "{}.{}.{}", self.major, self.minor, self.micro)
    }
}

/// A Python that was found and cannot be used.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Unusable {
    /// The program.
    pub executable: PathBuf,
    /// What it is, as far as it could be asked.
    pub version: Option<Version>,
    /// Why it cannot be used, as a sentence without a full stop.
    pub reason: String,
    /// What can be done about it.
    pub help: Option<String>,
}

impl fmt::Display for Unusable {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let program = self.executable.display();
        write!(formatter, "{program} cannot be used: {}", self.reason)?;
        match &self.help {
            Some(help) => write!(formatter, "; {help}"),
            None => Ok(()),
        }
    }
}

/// Why there is no interpreter to go on with.
#[derive(Debug, thiserror::Error)]
pub enum InterpreterError {
    /// What was asked for cannot be read.
    #[error(
        "`{text}` is no version (3.12), range (3.9..3.13, >=3.10), program or virtual environment: {problem}"
    )]
    BadRequest {
        /// What was asked for.
        text: String,
        /// What is wrong with it.
        problem: String,
    },
    /// Nothing that was found is what was asked for.
    #[error("no interpreter is {wanted}; found: {}", list(.seen))]
    NotFound {
        /// What was asked for, and by whom.
        wanted: String,
        /// What there is.
        seen: Vec<String>,
    },
    /// What was asked for is there and cannot be used.
    #[error("{unusable}")]
    Unusable {
        /// What is wrong with it.
        unusable: Unusable,
    },
    /// There is no Python at all.
    #[error(
        "no Python was found: neither an active virtual environment, nor .venv, nor python3 on PATH; install CPython 3.9 or newer with its shared library, or name one with --python"
    )]
    Nothing,
    /// A file that says which version a project wants cannot be read.
    #[error("{}: {problem}", .path.display())]
    Project {
        /// The file.
        path: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// The system did not say where we are.
    #[error("the working directory cannot be found out: {source}")]
    WorkingDirectory {
        /// What it said instead.
        source: std::io::Error,
    },
}

/// How long a program may take to say what it is.
const PROBE_DEADLINE: Duration = Duration::from_secs(10);

fn list(seen: &[String]) -> String {
    if seen.is_empty() {
        "none".to_owned()
    } else {
        seen.join(", ")
    }
}
