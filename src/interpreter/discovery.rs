//! Where interpreters may be, and which of them are meant.
//!
//! Names are only a reason to ask: what a program is, it says itself. The
//! default is the `python3` that the user would get by typing it, an active or
//! neighbouring virtual environment before that, since they have the user's
//! packages. A substitute is never taken without a note.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::{OsStr, OsString};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use pep440_rs::VersionSpecifiers;
use rayon::prelude::*;

use super::probe::{self, Facts};
use super::request::{Release, Request, pep440};
use super::{Interpreter, InterpreterError, Unusable, Version, memory};

/// Which interpreters are looked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Search {
    /// The one that the user would get.
    Default,
    /// All that can be found.
    All,
    /// All that can be found and the project supports: its `requires-python`
    /// says which.
    Supported,
    /// Those that were asked for, in that order.
    Named(Vec<Request>),
}

/// What was found.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// The interpreters: in the order of the requests, else by version.
    pub usable: Vec<Interpreter>,
    /// Pythons that are there and cannot be used.
    pub unusable: Vec<Unusable>,
    /// Which of `usable` the user would get without asking for any.
    pub default: Option<usize>,
    /// Where something else was taken than what the user would expect, one
    /// sentence each.
    pub notes: Vec<String>,
}

/// The part of the world that decides where interpreters are.
#[derive(Clone, Debug)]
pub struct Surroundings {
    /// Where `.venv`, `.python-version` and `pyproject.toml` are looked for,
    /// upwards.
    pub working_directory: PathBuf,
    /// The environment's variables.
    pub environment: BTreeMap<OsString, OsString>,
    /// Where answers are remembered; `None` to ask each time.
    pub memory: Option<PathBuf>,
    /// Folders of programs that are looked through beside `PATH`.
    pub system_folders: Vec<PathBuf>,
}

impl Surroundings {
    /// Those of this process.
    pub fn of_this_process() -> Result<Self, InterpreterError> {
        let environment: BTreeMap<_, _> = std::env::vars_os().collect();
        let mut system_folders = vec![PathBuf::from("/usr/bin"), PathBuf::from("/usr/local/bin")];
        system_folders.extend(subfolders(Path::new("/opt"), "bin"));
        let mut surroundings = Self {
            working_directory: std::env::current_dir()
                .map_err(|source| InterpreterError::WorkingDirectory { source })?,
            environment,
            memory: None,
            system_folders,
        };
        surroundings.memory = surroundings
            .folder("XDG_CACHE_HOME", ".cache")
            .map(|folder| folder.join("trueprint/interpreters"));
        Ok(surroundings)
    }

    /// The variable's value, unless it is empty.
    fn variable(&self, name: &str) -> Option<&OsStr> {
        self.environment
            .get(OsStr::new(name))
            .map(OsString::as_os_str)
            .filter(|value| !value.is_empty())
    }

    /// The folder that a variable names, else the one below the home folder.
    fn folder(&self, variable: &str, below_home: &str) -> Option<PathBuf> {
        let named = self.variable(variable).map(PathBuf::from);
        named
            .filter(|folder| folder.is_absolute())
            .or_else(|| Some(Path::new(self.variable("HOME")?).join(below_home)))
    }

    fn path_folders(&self) -> Vec<PathBuf> {
        self.variable("PATH")
            .map(|path| {
                std::env::split_paths(path)
                    .map(|folder| self.working_directory.join(folder))
                    .collect()
            })
            .unwrap_or_default()
    }

    fn pyenv(&self) -> Option<PathBuf> {
        self.folder("PYENV_ROOT", ".pyenv")
    }

    /// The nearest file of this name, here or further up.
    fn nearest(&self, name: &str) -> Option<PathBuf> {
        self.working_directory
            .ancestors()
            .map(|folder| folder.join(name))
            .find(|path| path.exists())
    }
}

/// Finds what `search` looks for.
pub fn discover(search: &Search, surroundings: &Surroundings) -> Result<Found, InterpreterError> {
    match search {
        Search::Default => {
            let (default, notes) = find_default(surroundings)?;
            Ok(Found {
                usable: vec![default],
                unusable: Vec::new(),
                default: Some(0),
                notes,
            })
        }
        Search::All => Ok(find_all(surroundings)),
        Search::Supported => find_supported(surroundings),
        Search::Named(requests) => find_named(requests, surroundings),
    }
}

/// A program that was asked.
struct Asked {
    answer: Result<Interpreter, Unusable>,
}

impl Asked {
    fn version(&self) -> Option<Version> {
        match &self.answer {
            Ok(interpreter) => Some(interpreter.version),
            Err(unusable) => unusable.version,
        }
    }

    fn executable(&self) -> &Path {
        match &self.answer {
            Ok(interpreter) => &interpreter.executable,
            Err(unusable) => &unusable.executable,
        }
    }
}

fn find_all(surroundings: &Surroundings) -> Found {
    let pool = ask_all(&candidates(surroundings), surroundings);
    let mut found = Found::default();
    for asked in pool {
        match asked.answer {
            Ok(interpreter) => found.usable.push(interpreter),
            Err(unusable) => found.unusable.push(unusable),
        }
    }
    found.usable.sort_by(|left, right| {
        let key = |one: &Interpreter| (one.version, one.is_virtual_environment());
        key(left)
            .cmp(&key(right))
            .then_with(|| left.executable.cmp(&right.executable))
    });
    found.unusable.sort_by(|left, right| {
        (left.version, &left.executable).cmp(&(right.version, &right.executable))
    });
    match find_default(surroundings) {
        Ok((default, notes)) => {
            found.default = found
                .usable
                .iter()
                .position(|one| identity(one) == identity(&default));
            found.notes = notes;
        }
        Err(error) => found.notes.push(format!("there is no default: {error}")),
    }
    found
}

fn find_supported(surroundings: &Surroundings) -> Result<Found, InterpreterError> {
    let mut found = Found {
        // There need not be a default where all are meant.
        notes: Vec::new(),
        ..find_all(surroundings)
    };
    let wish = wishes(surroundings)?
        .into_iter()
        .find(|wish| matches!(wish.kind, WishKind::Specifiers(_)));
    let seen: Vec<String> = found
        .usable
        .iter()
        .map(|one| format!("{} ({})", one.version, one.executable.display()))
        .collect();
    if let Some(wish) = &wish {
        let default = found.default.map(|index| identity(&found.usable[index]));
        found.usable.retain(|one| wish.is_granted_by(one.version));
        found.unusable.retain(|one| {
            one.version
                .is_none_or(|version| wish.is_granted_by(version))
        });
        found.default = default.and_then(|default| {
            let mut usable = found.usable.iter();
            usable.position(|one| identity(one) == default)
        });
        let left_out = seen.len() - found.usable.len();
        if left_out > 0 {
            found.notes.push(format!(
                "{} wants {}: {left_out} of {} Pythons are left out",
                wish.origin.display(),
                wish.text,
                seen.len()
            ));
        }
    }
    match (found.usable.is_empty(), wish) {
        (false, _) => Ok(found),
        (true, Some(wish)) if !seen.is_empty() => Err(InterpreterError::NotFound {
            wanted: format!("{} (as {} wants)", wish.text, wish.origin.display()),
            seen,
        }),
        (true, _) => Err(InterpreterError::Nothing),
    }
}

fn find_named(
    requests: &[Request],
    surroundings: &Surroundings,
) -> Result<Found, InterpreterError> {
    let by_version = requests.iter().any(|request| match request {
        Request::Release(_) | Request::Between(..) | Request::Specifiers(_) => true,
        Request::Place(_) | Request::Program(_) => false,
    });
    let pool = if by_version {
        ask_all(&candidates(surroundings), surroundings)
    } else {
        Vec::new()
    };
    let mut found = Found::default();
    for request in requests {
        let answers: Vec<Result<Interpreter, Unusable>> = match request {
            Request::Place(place) => {
                let program = program_at(&surroundings.working_directory.join(place));
                vec![ask(&program, surroundings)]
            }
            Request::Program(name) => vec![ask(&program_named(name, surroundings)?, surroundings)],
            Request::Release(_) | Request::Between(..) | Request::Specifiers(_) => {
                of_version(request, &pool)?
            }
        };
        found.notes.extend(not_installed(request, &pool));
        for answer in answers {
            match answer {
                Ok(interpreter) => {
                    if !found
                        .usable
                        .iter()
                        .any(|one| identity(one) == identity(&interpreter))
                    {
                        found.usable.push(interpreter);
                    }
                }
                Err(unusable) if request.is_range() => found.unusable.push(unusable),
                Err(unusable) => return Err(InterpreterError::Unusable { unusable }),
            }
        }
    }
    found.default = (!found.usable.is_empty()).then_some(0);
    Ok(found)
}

/// Which versions of a range there are not.
fn not_installed(request: &Request, pool: &[Asked]) -> Option<String> {
    let missing: Vec<String> = request
        .minor_versions()
        .into_iter()
        .filter(|minor| {
            let mut versions = pool.iter().filter_map(Asked::version);
            !versions.any(|version| (version.major, version.minor) == *minor)
        })
        .map(|(major, minor)| format!("{major}.{minor}"))
        .collect();
    (!missing.is_empty()).then(|| {
        format!(
            "of {request} these are not installed: {}",
            missing.join(", ")
        )
    })
}

/// One of the pool for a version, one of each minor version for a range.
fn of_version(
    request: &Request,
    pool: &[Asked],
) -> Result<Vec<Result<Interpreter, Unusable>>, InterpreterError> {
    let fitting: Vec<&Asked> = pool
        .iter()
        .filter(|asked| {
            asked
                .version()
                .is_some_and(|version| request.includes(version))
        })
        .collect();
    // Of each minor version the first that works, in the order in which the
    // user would meet them; one that does not work only where none does.
    let mut chosen: BTreeMap<(u16, u16), &Asked> = BTreeMap::new();
    for asked in &fitting {
        let Some(version) = asked.version() else {
            continue;
        };
        let kept = chosen
            .entry((version.major, version.minor))
            .or_insert(asked);
        if kept.answer.is_err() && asked.answer.is_ok() {
            *kept = asked;
        }
    }
    if request.is_range() {
        if chosen.values().any(|asked| asked.answer.is_ok()) {
            return Ok(chosen.values().map(|asked| asked.answer.clone()).collect());
        }
    } else if let Some(usable) = fitting.iter().find(|asked| asked.answer.is_ok()) {
        return Ok(vec![usable.answer.clone()]);
    }
    match fitting.first() {
        Some(asked) => Ok(vec![asked.answer.clone()]).and_then(|answers| match &asked.answer {
            Ok(_) => Ok(answers),
            Err(unusable) => Err(InterpreterError::Unusable {
                unusable: unusable.clone(),
            }),
        }),
        None => Err(InterpreterError::NotFound {
            wanted: request.to_string(),
            seen: names(pool),
        }),
    }
}

/// What there is, for a message.
fn names(pool: &[Asked]) -> Vec<String> {
    pool.iter()
        .map(|asked| {
            let place = asked.executable().display();
            let note = if asked.answer.is_ok() {
                ""
            } else {
                ", unusable"
            };
            match asked.version() {
                Some(version) => format!("{version} ({place}{note})"),
                None => format!("{place} (unusable)"),
            }
        })
        .collect()
}

/// What a project says about the version it wants.
struct Wish {
    /// The file that says so.
    origin: PathBuf,
    text: String,
    kind: WishKind,
}

enum WishKind {
    /// `.python-version`: one of these.
    Releases(Vec<Release>),
    /// `requires-python`.
    Specifiers(VersionSpecifiers),
}

impl Wish {
    fn is_granted_by(&self, version: Version) -> bool {
        match &self.kind {
            WishKind::Releases(releases) => {
                releases.iter().any(|release| release.includes(version))
            }
            WishKind::Specifiers(specifiers) => specifiers.contains(&pep440(version)),
        }
    }
}

fn wishes(surroundings: &Surroundings) -> Result<Vec<Wish>, InterpreterError> {
    let mut wishes = Vec::new();
    let read = |path: &Path| {
        std::fs::read_to_string(path).map_err(|error| InterpreterError::Project {
            path: path.to_owned(),
            problem: error.to_string(),
        })
    };
    if let Some(path) = surroundings.nearest(".python-version") {
        let text = read(&path)?;
        let entries = text
            .lines()
            .map(|line| line.split('#').next().unwrap_or_default())
            .flat_map(str::split_whitespace);
        // What is no version is the name of somebody's virtual environment,
        // which only pyenv can tell apart: its `python3` on PATH answers for it.
        let releases: Vec<Release> = entries
            .filter_map(|entry| Release::read(entry.trim_start_matches("cpython-")))
            .collect();
        if !releases.is_empty() {
            wishes.push(Wish {
                text: releases
                    .iter()
                    .map(Release::to_string)
                    .collect::<Vec<_>>()
                    .join(" or "),
                origin: path,
                kind: WishKind::Releases(releases),
            });
        }
    }
    if let Some(path) = surroundings.nearest("pyproject.toml") {
        let text = read(&path)?;
        let project = |problem: String| InterpreterError::Project {
            path: path.clone(),
            problem,
        };
        let table: toml::Table =
            toml::from_str(&text).map_err(|error| project(error.to_string().trim().to_owned()))?;
        let wanted = table
            .get("project")
            .and_then(|project| project.get("requires-python"));
        if let Some(wanted) = wanted {
            let Some(wanted) = wanted.as_str() else {
                return Err(project("requires-python is not a text".to_owned()));
            };
            let specifiers = VersionSpecifiers::from_str(wanted)
                .map_err(|error| project(format!("requires-python: {error}")))?;
            wishes.push(Wish {
                origin: path.clone(),
                text: wanted.to_owned(),
                kind: WishKind::Specifiers(specifiers),
            });
        }
    }
    Ok(wishes)
}

/// What the user would get, and notes where it is something else.
fn find_default(
    surroundings: &Surroundings,
) -> Result<(Interpreter, Vec<String>), InterpreterError> {
    // A virtual environment has the packages that the guide is about: another
    // Python would not do in its place.
    if let Some(program) = virtual_environments(surroundings).into_iter().next() {
        return ask(&program, surroundings)
            .map(|interpreter| (interpreter, Vec::new()))
            .map_err(|unusable| InterpreterError::Unusable { unusable });
    }
    let wishes = wishes(surroundings)?;
    let typed = ["python3", "python"]
        .iter()
        .find_map(|name| on_path(name, surroundings))
        .map(|program| ask(&program, surroundings));
    let reason = match typed {
        Some(Ok(interpreter)) => {
            let broken = wishes
                .iter()
                .find(|wish| !wish.is_granted_by(interpreter.version));
            match broken {
                None => return Ok((interpreter, Vec::new())),
                Some(wish) => format!(
                    "python3 is {} and {} wants {}",
                    interpreter.version,
                    wish.origin.display(),
                    wish.text
                ),
            }
        }
        Some(Err(unusable)) => {
            let help = unusable
                .help
                .map(|help| format!(" ({help})"))
                .unwrap_or_default();
            format!(
                "{} cannot be used: {}{help}",
                unusable.executable.display(),
                unusable.reason
            )
        }
        None => "there is no python3 on PATH".to_owned(),
    };
    let pool = ask_all(&candidates(surroundings), surroundings);
    let best = pool
        .iter()
        .filter_map(|asked| asked.answer.as_ref().ok())
        .filter(|one| wishes.iter().all(|wish| wish.is_granted_by(one.version)))
        // Of equals, the first.
        .rev()
        .max_by_key(|one| one.version);
    match best {
        Some(best) => {
            let note = format!(
                "{reason}; {} ({}) is used instead",
                best.executable.display(),
                best.version
            );
            Ok((best.clone(), vec![note]))
        }
        None if pool.is_empty() => Err(InterpreterError::Nothing),
        None => Err(InterpreterError::NotFound {
            wanted: match wishes.first() {
                Some(wish) => format!(
                    "{} (as {} wants), and {reason}",
                    wish.text,
                    wish.origin.display()
                ),
                None => format!("usable, and {reason}"),
            },
            seen: names(&pool),
        }),
    }
}

/// The programs of the virtual environments that are meant without being named.
fn virtual_environments(surroundings: &Surroundings) -> Vec<PathBuf> {
    let active = surroundings.variable("VIRTUAL_ENV").map(PathBuf::from);
    let near = surroundings
        .working_directory
        .ancestors()
        .map(|folder| folder.join(".venv"))
        .find(|folder| folder.join("pyvenv.cfg").is_file());
    [active, near]
        .into_iter()
        .flatten()
        .map(|folder| program_at(&surroundings.working_directory.join(folder)))
        .filter(|program| is_program(program))
        .collect()
}

/// The Python of a virtual environment's or installation's folder; a program
/// stands for itself.
fn program_at(place: &Path) -> PathBuf {
    if !place.is_dir() {
        return place.to_owned();
    }
    ["bin/python", "bin/python3"]
        .iter()
        .map(|name| place.join(name))
        .find(|program| is_program(program))
        .unwrap_or_else(|| place.join("bin/python"))
}

/// What a bare word means: a program on `PATH`, or a folder right here.
fn program_named(name: &str, surroundings: &Surroundings) -> Result<PathBuf, InterpreterError> {
    let here = surroundings.working_directory.join(name);
    if here.is_dir() {
        return Ok(program_at(&here));
    }
    on_path(name, surroundings).ok_or_else(|| InterpreterError::BadRequest {
        text: name.to_owned(),
        problem: "there is no such program on PATH and no such folder here".to_owned(),
    })
}

fn on_path(name: &str, surroundings: &Surroundings) -> Option<PathBuf> {
    surroundings
        .path_folders()
        .into_iter()
        .map(|folder| folder.join(name))
        .find(|program| is_program(program))
}

/// Every program that may be an interpreter, the most likely ones first, each
/// once.
fn candidates(surroundings: &Surroundings) -> Vec<PathBuf> {
    let mut programs = virtual_environments(surroundings);
    let path = surroundings.path_folders();
    programs.extend(
        ["python3", "python"]
            .iter()
            .filter_map(|name| on_path(name, surroundings)),
    );
    let mut folders = path;
    if let Some(pyenv) = surroundings.pyenv() {
        // Each shim only stands for one of the versions, which follow, and most
        // of them only say that they do not apply here.
        folders.retain(|folder| *folder != pyenv.join("shims"));
        folders.extend(subfolders(&pyenv.join("versions"), "bin"));
    }
    if let Some(uv) = surroundings.folder("UV_PYTHON_INSTALL_DIR", ".local/share/uv/python") {
        folders.extend(subfolders(&uv, "bin"));
    }
    folders.extend(surroundings.system_folders.iter().cloned());
    let mut looked_through = BTreeSet::new();
    for folder in folders {
        if looked_through.insert(folder.clone()) {
            programs.extend(pythons_in(&folder));
        }
    }
    // The same file under several names is asked once. In a virtual environment
    // it is a link to another one, and means something else all the same.
    let mut seen = BTreeSet::new();
    programs.retain(|program| {
        let folder = program.parent().unwrap_or(Path::new("/"));
        let of_environment = folder
            .parent()
            .filter(|root| root.join("pyvenv.cfg").is_file())
            .map(|root| root.canonicalize().unwrap_or_else(|_| root.to_owned()));
        let itself = program.canonicalize().unwrap_or_else(|_| program.clone());
        seen.insert((of_environment, itself))
    });
    programs
}

/// The Pythons in a folder of programs, the plain name first, the newest next.
fn pythons_in(folder: &Path) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut names: Vec<(u32, String)> = entries
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .filter_map(|name| Some((rank(&name)?, name)))
        .collect();
    names.sort_by(|left, right| right.cmp(left));
    names
        .into_iter()
        .map(|(_, name)| folder.join(name))
        .filter(|program| is_program(program))
        .collect()
}

/// How early to ask a program of this name; `None` when its name is not that of
/// an interpreter.
fn rank(name: &str) -> Option<u32> {
    let rest = name
        .strip_prefix("python")
        .or_else(|| name.strip_prefix("pypy"))?;
    if rest.is_empty() || rest == "3" {
        return Some(10_000);
    }
    let minor = rest.strip_prefix("3.")?;
    let minor = minor.strip_suffix('t').unwrap_or(minor);
    minor.parse::<u16>().ok().map(u32::from)
}

/// `folder/*/name`, in the reverse order of their names, newer versions first.
fn subfolders(folder: &Path, name: &str) -> Vec<PathBuf> {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return Vec::new();
    };
    let mut folders: Vec<PathBuf> = entries
        .filter_map(|entry| Some(entry.ok()?.path()))
        .collect();
    folders.sort_by_key(|path| std::cmp::Reverse(numbers(path)));
    folders
        .into_iter()
        .map(|path| path.join(name))
        .filter(|path| path.is_dir())
        .collect()
}

/// The numbers in a path's last part, so that 3.9 comes before 3.12.
fn numbers(path: &Path) -> (Vec<u32>, PathBuf) {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let numbers = name
        .split(|character: char| !character.is_ascii_digit())
        .filter_map(|digits| digits.parse().ok())
        .collect();
    (numbers, path.to_owned())
}

fn is_program(path: &Path) -> bool {
    std::fs::metadata(path)
        .is_ok_and(|found| found.is_file() && found.permissions().mode() & 0o111 != 0)
}

/// Asks each of them, in parallel; the same interpreter found twice is listed
/// once, where it was found first.
fn ask_all(programs: &[PathBuf], surroundings: &Surroundings) -> Vec<Asked> {
    let answers: Vec<Result<Interpreter, Unusable>> = programs
        .par_iter()
        .map(|program| ask(program, surroundings))
        .collect();
    let mut seen = BTreeSet::new();
    answers
        .into_iter()
        .filter(|answer| {
            seen.insert(match answer {
                Ok(interpreter) => (identity(interpreter), PathBuf::new()),
                Err(unusable) => (
                    (PathBuf::new(), unusable.version),
                    unusable
                        .executable
                        .canonicalize()
                        .unwrap_or_else(|_| unusable.executable.clone()),
                ),
            })
        })
        .map(|answer| Asked { answer })
        .collect()
}

/// What makes two findings the same interpreter.
fn identity(interpreter: &Interpreter) -> (PathBuf, Option<Version>) {
    let prefix = &interpreter.prefix;
    (
        prefix.canonicalize().unwrap_or_else(|_| prefix.clone()),
        Some(interpreter.version),
    )
}

fn ask(program: &Path, surroundings: &Surroundings) -> Result<Interpreter, Unusable> {
    let memory = surroundings.memory.as_deref();
    let circumstances = circumstances(program, surroundings);
    if let (Some(memory), Some(circumstances)) = (memory, &circumstances)
        && let Some(facts) = memory::recall(memory, program, circumstances)
    {
        return probe::judge(facts);
    }
    let facts = probe::ask(program, surroundings)?;
    if let (Some(memory), Some(circumstances)) = (memory, &circumstances)
        && (!circumstances.is_empty() || is_itself(program, &facts))
    {
        memory::remember(memory, program, circumstances, &facts);
    }
    probe::judge(facts)
}

/// What a program's answer depends on beside itself, or `None` when that cannot
/// be known: a script may look at anything before it starts an interpreter.
fn circumstances(program: &Path, surroundings: &Surroundings) -> Option<String> {
    if !is_script(program) {
        return Some(String::new());
    }
    let pyenv = surroundings.pyenv()?;
    if program.parent()? != pyenv.join("shims") {
        return None;
    }
    let content = |path: PathBuf| std::fs::read_to_string(path).unwrap_or_default();
    Some(format!(
        "PYENV_VERSION={:?} .python-version={:?} version={:?}",
        surroundings.variable("PYENV_VERSION"),
        surroundings.nearest(".python-version").map(content),
        content(pyenv.join("version")),
    ))
}

fn is_script(program: &Path) -> bool {
    use std::io::Read;
    let mut start = [0; 2];
    std::fs::File::open(program)
        .and_then(|mut file| file.read_exact(&mut start))
        .is_ok_and(|()| start == *b"#!")
}

/// Whether a program is the interpreter that answered, and did not choose one.
fn is_itself(program: &Path, facts: &Facts) -> bool {
    match (program.canonicalize(), facts.executable.canonicalize()) {
        (Ok(left), Ok(right)) => left == right,
        _ => false,
    }
}
