//! The project's configuration: `trueprint.toml`, or `[tool.trueprint]` in
//! `pyproject.toml`, found upwards from where one stands.
//!
//! It is read and checked here, and the project's guides are found. A key that
//! is not known is an error with its line; nothing is guessed.

use std::fs;
use std::num::NonZeroUsize;
use std::ops::Range;
use std::path::{Component, Path, PathBuf};
use std::time::Duration;

use globset::{GlobBuilder, GlobSet, GlobSetBuilder};
use serde::Deserialize;
use toml::Spanned;

use crate::expectation::Bound;
use crate::position::LineNumber;

/// The name of the file that holds nothing else.
pub const OWN_FILE: &str = "trueprint.toml";
/// The name of the file that projects written in Python have anyway.
pub const PYTHON_FILE: &str = "pyproject.toml";

/// A project that says how it wants its guides checked.
#[derive(Clone, Debug, PartialEq)]
pub struct Project {
    /// The file that says so.
    pub file: PathBuf,
    /// The folder of that file, from which its paths and patterns start.
    pub root: PathBuf,
    /// What it says.
    pub settings: Settings,
}

/// What a project can say; what it leaves out is `None` or the default.
#[derive(Clone, Debug, PartialEq)]
pub struct Settings {
    /// Patterns of the guides, relative to the root.
    pub guides: Vec<String>,
    /// The folder for the extracted snippets.
    pub examples: PathBuf,
    /// The folder of the expectations.
    pub expectations: PathBuf,
    /// The interpreters to check with, as `--python` takes them.
    pub pythons: Vec<String>,
    /// How long a snippet may take.
    pub timeout: Option<Duration>,
    /// How many snippets run at a time.
    pub jobs: Option<NonZeroUsize>,
    /// Whether snippets may use the network.
    pub network: bool,
    /// Folders and files beside Python and the guide that snippets may read.
    pub readable: Vec<PathBuf>,
    /// Bytes of memory that one process of a snippet may use.
    pub memory: Option<u64>,
    /// Processes and threads that a snippet may have at a time.
    pub processes: Option<u64>,
    /// Bytes that one file may have.
    pub file_size: Option<u64>,
    /// Bytes that all files of a snippet may have together.
    pub disk: Option<u64>,
    /// Bytes of output that are kept of each stream.
    pub output: Option<u64>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            guides: Vec::new(),
            examples: PathBuf::from("examples_py"),
            expectations: PathBuf::from("expectations"),
            pythons: Vec::new(),
            timeout: None,
            jobs: None,
            network: false,
            readable: Vec::new(),
            memory: None,
            processes: None,
            file_size: None,
            disk: None,
            output: None,
        }
    }
}

/// Why a configuration cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigurationError {
    /// The file is there and cannot be read.
    #[error("{}: cannot be read: {source}", .file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The file is no TOML, or does not say what it may say.
    #[error("{}:{line}: {message}", .file.display())]
    Invalid {
        /// The file.
        file: PathBuf,
        /// The line.
        line: LineNumber,
        /// What is wrong, and what is possible instead.
        message: String,
    },
    /// The project's folder cannot be walked.
    #[error("{}: {message}", .root.display())]
    Walk {
        /// The folder.
        root: PathBuf,
        /// What the system said.
        message: String,
    },
}

/// Finds the configuration that holds for `folder`: in it, or in the nearest
/// folder above it that has one.
pub fn find(folder: &Path) -> Result<Option<Project>, ConfigurationError> {
    for root in folder.ancestors() {
        let own = root.join(OWN_FILE);
        if own.is_file() {
            return read(&own).map(Some);
        }
        let python = root.join(PYTHON_FILE);
        if python.is_file()
            && let Some(project) = read_section(&python)?
        {
            return Ok(Some(project));
        }
    }
    Ok(None)
}

/// Reads a `trueprint.toml`.
pub fn read(file: &Path) -> Result<Project, ConfigurationError> {
    let text = text_of(file)?;
    let table: Table = toml::from_str(&text).map_err(|error| syntax(file, &text, &error))?;
    project(file, &text, table)
}

/// Reads a duration: a number and its unit, as in `30s`, `1.5 min`, `500ms`.
pub fn duration(text: &str) -> Result<Duration, String> {
    let read = match text.parse::<Bound>() {
        Ok(Bound::Seconds(seconds)) => Duration::try_from_secs_f64(seconds).ok(),
        Ok(Bound::Percent(_) | Bound::Number(_) | Bound::Bytes(_) | Bound::Range(..)) | Err(_) => {
            None
        }
    };
    read.filter(|duration| *duration > Duration::ZERO)
        .ok_or_else(|| {
            format!("`{text}` is no duration; write it with its unit, such as `30s` or `2min`")
        })
}

impl Project {
    /// The project's guides: the files under the root that its patterns name, in
    /// the order of the patterns and by name within one, as paths relative to
    /// `from` where they can be. A pattern that names nothing is an error.
    pub fn guides(&self, from: &Path) -> Result<Vec<PathBuf>, ConfigurationError> {
        let mut by_pattern: Vec<Vec<PathBuf>> = vec![Vec::new(); self.settings.guides.len()];
        let patterns = self.patterns()?;
        // A pattern without wildcards may name a file that is ignored or hidden.
        for (index, pattern) in self.settings.guides.iter().enumerate() {
            if self.root.join(pattern).is_file() {
                by_pattern[index].push(PathBuf::from(pattern));
            }
        }
        let mut walk = ignore::WalkBuilder::new(&self.root);
        walk.require_git(false).sort_by_file_path(Path::cmp);
        for entry in walk.build() {
            let entry = match entry {
                Ok(entry) => entry,
                Err(error) => {
                    return Err(ConfigurationError::Walk {
                        root: self.root.clone(),
                        message: error.to_string(),
                    });
                }
            };
            let Ok(relative) = entry.path().strip_prefix(&self.root) else {
                continue;
            };
            if let Some(index) = patterns.matches(relative).first()
                && entry.path().is_file()
                && !by_pattern[*index].iter().any(|known| known == relative)
            {
                by_pattern[*index].push(relative.to_owned());
            }
        }
        if let Some(index) = by_pattern.iter().position(Vec::is_empty) {
            let pattern = &self.settings.guides[index];
            let elsewhere = patterns_elsewhere(&by_pattern, &patterns, index);
            if !elsewhere {
                return Err(self.invalid(
                    pattern,
                    format!("the pattern {pattern:?} of `guides` names no file"),
                ));
            }
        }
        let guides = by_pattern.into_iter().flatten();
        Ok(guides
            .map(|guide| shortest(&self.root.join(guide), from))
            .collect())
    }

    fn patterns(&self) -> Result<GlobSet, ConfigurationError> {
        let mut set = GlobSetBuilder::new();
        for pattern in &self.settings.guides {
            let glob = GlobBuilder::new(pattern).literal_separator(true).build();
            set.add(glob.map_err(|error| self.invalid(pattern, error.to_string()))?);
        }
        set.build()
            .map_err(|error| self.invalid("guides", error.to_string()))
    }

    /// An error at the first line of the file that has this text.
    fn invalid(&self, text: &str, message: String) -> ConfigurationError {
        let found = fs::read_to_string(&self.file)
            .ok()
            .and_then(|file| file.lines().position(|line| line.contains(text)));
        ConfigurationError::Invalid {
            file: self.file.clone(),
            line: LineNumber::from_index(found.unwrap_or(0)),
            message,
        }
    }
}

/// The settings as the files write them.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Table {
    guides: Option<Vec<String>>,
    examples: Option<Spanned<PathBuf>>,
    expectations: Option<Spanned<PathBuf>>,
    pythons: Option<Vec<String>>,
    timeout: Option<Spanned<String>>,
    jobs: Option<NonZeroUsize>,
    network: Option<bool>,
    readable: Option<Vec<PathBuf>>,
    memory: Option<Spanned<String>>,
    processes: Option<u64>,
    file_size: Option<Spanned<String>>,
    disk: Option<Spanned<String>>,
    output: Option<Spanned<String>>,
}

#[derive(Deserialize)]
struct PythonProject {
    tool: Option<Tools>,
}

#[derive(Deserialize)]
struct Tools {
    trueprint: Option<Table>,
}

fn read_section(file: &Path) -> Result<Option<Project>, ConfigurationError> {
    let text = text_of(file)?;
    let parsed = toml::from_str::<PythonProject>(&text);
    let tools = match parsed {
        Ok(parsed) => parsed.tool,
        // Another tool's broken file is that tool's to report.
        Err(_) if !text.contains("trueprint") => None,
        Err(error) => return Err(syntax(file, &text, &error)),
    };
    match tools.and_then(|tools| tools.trueprint) {
        Some(table) => project(file, &text, table).map(Some),
        None => Ok(None),
    }
}

fn project(file: &Path, text: &str, table: Table) -> Result<Project, ConfigurationError> {
    let default = Settings::default();
    let invalid = |span: Range<usize>, message: String| ConfigurationError::Invalid {
        file: file.to_owned(),
        line: line_of(text, span.start),
        message,
    };
    let folder = |given: Option<Spanned<PathBuf>>, otherwise: PathBuf, key: &str| match given {
        None => Ok(otherwise),
        Some(path) => {
            let outside = |part| matches!(part, Component::ParentDir | Component::RootDir);
            if path.get_ref().components().any(outside) || path.get_ref().as_os_str().is_empty() {
                let message = format!("`{key}` is a folder of the project: relative, without `..`");
                Err(invalid(path.span(), message))
            } else {
                Ok(path.into_inner())
            }
        }
    };
    let size = |given: Option<Spanned<String>>| match given {
        None => Ok(None),
        Some(text) => size(text.get_ref())
            .map(Some)
            .map_err(|message| invalid(text.span(), message)),
    };
    let settings = Settings {
        guides: table.guides.unwrap_or_default(),
        examples: folder(table.examples, default.examples, "examples")?,
        expectations: folder(table.expectations, default.expectations, "expectations")?,
        pythons: table.pythons.unwrap_or_default(),
        timeout: match table.timeout {
            None => None,
            Some(text) => {
                Some(duration(text.get_ref()).map_err(|message| invalid(text.span(), message))?)
            }
        },
        jobs: table.jobs,
        network: table.network.unwrap_or(default.network),
        readable: table.readable.unwrap_or_default(),
        memory: size(table.memory)?,
        processes: table.processes,
        file_size: size(table.file_size)?,
        disk: size(table.disk)?,
        output: size(table.output)?,
    };
    Ok(Project {
        file: file.to_owned(),
        root: file.parent().unwrap_or(Path::new("")).to_owned(),
        settings,
    })
}

fn text_of(file: &Path) -> Result<String, ConfigurationError> {
    fs::read_to_string(file).map_err(|source| ConfigurationError::Unreadable {
        file: file.to_owned(),
        source,
    })
}

fn syntax(file: &Path, text: &str, error: &toml::de::Error) -> ConfigurationError {
    ConfigurationError::Invalid {
        file: file.to_owned(),
        line: line_of(text, error.span().map_or(0, |span| span.start)),
        message: error.message().trim_end().replace('\n', "; "),
    }
}

fn line_of(text: &str, offset: usize) -> LineNumber {
    let before = text.as_bytes().get(..offset).unwrap_or_default();
    LineNumber::from_index(before.iter().filter(|byte| **byte == b'\n').count())
}

/// Whether a file that an earlier pattern took is one that this pattern names
/// too, so that the pattern is not without effect for want of files.
fn patterns_elsewhere(by_pattern: &[Vec<PathBuf>], patterns: &GlobSet, index: usize) -> bool {
    by_pattern
        .iter()
        .flatten()
        .any(|file| patterns.matches(file).contains(&index))
}

/// The path as one would type it while standing in `from`.
fn shortest(path: &Path, from: &Path) -> PathBuf {
    match path.strip_prefix(from) {
        Ok(relative) => relative.to_owned(),
        Err(_) => path.to_owned(),
    }
}

fn size(text: &str) -> Result<u64, String> {
    match text.parse::<Bound>() {
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "it was just seen to lie between one and 1e18"
        )]
        Ok(Bound::Bytes(bytes)) if (1.0..1e18).contains(&bytes) => Ok(bytes as u64),
        Ok(
            Bound::Bytes(_)
            | Bound::Percent(_)
            | Bound::Number(_)
            | Bound::Seconds(_)
            | Bound::Range(..),
        )
        | Err(_) => Err(format!(
            "`{text}` is no size; write it with its unit, such as `512 MiB` or `1GB`"
        )),
    }
}
