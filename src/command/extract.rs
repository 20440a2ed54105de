//! `trueprint extract`: the guides' snippets as files that run by themselves,
//! or whether such files are up to date. No Python is run.

use std::env;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use similar::TextDiff;

use super::selection::{self, Selection, UseConfiguration};
use super::{CommandError, Console};
use crate::check::Origin;
use crate::configuration::Settings;
use crate::document::{self, Format};
use crate::examples::{self, Change, Comparison, Conflict, NamedGuide};
use crate::expectation;
use crate::report::visible;
use crate::results::Status;
use crate::snippet::{self, Guide};

/// What `extract` is asked for.
#[derive(Clone, Debug)]
pub struct ExtractArguments {
    /// The guides; none for those of the project.
    pub guides: Vec<PathBuf>,
    /// The guides' format, where their names do not tell.
    pub input_format: Option<Format>,
    /// The folder of the files, where it is not the project's.
    pub output: Option<PathBuf>,
    /// Whether the files are written.
    pub effect: Effect,
    /// Whether the project's configuration is looked for.
    pub configuration: UseConfiguration,
}

/// Whether something is changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// It is.
    Write,
    /// It is only said what would be.
    Check,
}

/// Runs the command. Files that are out of date, or in the way, are findings.
pub fn run(arguments: &ExtractArguments, console: Console) -> Result<Status, CommandError> {
    let here = env::current_dir().map_err(CommandError::WorkingDirectory)?;
    let selection = selection::select(&arguments.guides, arguments.configuration)?;
    let project = selection.project.as_ref();
    let root = project.map_or(here.as_path(), |project| project.root.as_path());
    let default = Settings::default();
    let settings = project.map_or(&default, |project| &project.settings);
    let folder = arguments
        .output
        .clone()
        .unwrap_or_else(|| shortest(&root.join(&settings.examples), &here));
    let places: Vec<PathBuf> = project
        .map(|project| project.root.join(&settings.expectations))
        .filter(|place| place.is_dir())
        .into_iter()
        .collect();
    let expectations = expectation::load(&places, root).map_err(CommandError::Expectations)?;

    let Some(guides) = read_guides(&selection, arguments.input_format, console) else {
        return Ok(Status::CouldNotRun);
    };
    let names: Vec<String> = guides
        .iter()
        .map(|guide| name(&guide.path, root, &here))
        .collect();
    // Where a guide's files go must not depend on which guides were named.
    let mut all = names.clone();
    if let Some(project) = project {
        for path in project.guides(&here)? {
            let name = name(&path, root, &here);
            if !all.contains(&name) {
                all.push(name);
            }
        }
    }
    let folders = examples::folders(&all);
    let mut wanted = Vec::new();
    for (index, guide) in guides.iter().enumerate() {
        let named = NamedGuide {
            guide,
            name: &names[index],
            folder: (all.len() > 1).then(|| folders[index].as_str()),
        };
        let (found, left_out) = examples::examples(named, &expectations);
        wanted.extend(found);
        for left_out in left_out {
            console.note(&format!("{}: {left_out}", guide.path.display()));
        }
    }
    let everything = arguments.guides.is_empty();
    let looked_at = |guide: &str| everything || names.iter().any(|name| name == guide);
    let comparison = examples::compare(&folder, &wanted, looked_at)?;
    let mut out = console.results();
    let status = match arguments.effect {
        Effect::Check => {
            super::written(difference(&folder, &comparison, &mut out))?;
            if comparison.is_clean() {
                Status::Holds
            } else {
                Status::Findings
            }
        }
        Effect::Write => {
            comparison.write(&folder)?;
            super::written(changes(&folder, &comparison, &mut out))?;
            if comparison.conflicts.is_empty() {
                Status::Holds
            } else {
                Status::Findings
            }
        }
    };
    super::written(summary(&folder, &comparison, arguments.effect, &mut out))?;
    super::written(out.flush())?;
    for conflict in &comparison.conflicts {
        console.error(&format!(
            "{}: {conflict}\nhelp: {}",
            folder.display(),
            help(conflict)
        ));
    }
    Ok(status)
}

/// The guides, or `None` when one of them cannot be used.
fn read_guides(
    selection: &Selection,
    format: Option<Format>,
    console: Console,
) -> Option<Vec<Guide>> {
    let mut guides = Vec::new();
    let mut usable = true;
    for source in &selection.sources {
        match document::read(&source.path, format) {
            Ok(document) => {
                let guide = snippet::from_document(&document);
                if !guide.snippets.is_empty() {
                    guides.push(guide);
                } else if source.origin == Origin::Named {
                    usable = false;
                    console.error(&format!(
                        "{}: no Python snippet was found in it",
                        source.path.display()
                    ));
                }
            }
            Err(error) => {
                usable = false;
                console.error(&error.to_string());
            }
        }
    }
    if usable && guides.is_empty() {
        console.error("no Python snippet was found");
        return None;
    }
    usable.then_some(guides)
}

/// A guide's path as it is noted: relative to the project, whoever calls.
fn name(path: &Path, root: &Path, here: &Path) -> String {
    let absolute = here.join(path);
    let absolute = absolute.canonicalize().unwrap_or(absolute);
    let root = root.canonicalize().unwrap_or_else(|_| root.to_owned());
    let relative = absolute.strip_prefix(&root).unwrap_or(&absolute);
    let parts: Vec<_> = relative.iter().map(|part| part.to_string_lossy()).collect();
    parts.join("/")
}

fn shortest(path: &Path, from: &Path) -> PathBuf {
    path.strip_prefix(from).unwrap_or(path).to_owned()
}

fn difference(folder: &Path, comparison: &Comparison, out: &mut impl Write) -> io::Result<()> {
    for change in &comparison.changes {
        let (path, old, new) = match change {
            Change::Create { path, new } => (path, "", new.as_str()),
            Change::Update { path, old, new } => (path, old.as_str(), new.as_str()),
            Change::Remove { path, old } => (path, old.as_str(), ""),
        };
        let path = folder.join(path).display().to_string();
        let before = match change {
            Change::Create { .. } => "/dev/null",
            Change::Update { .. } | Change::Remove { .. } => path.as_str(),
        };
        let after = match change {
            Change::Remove { .. } => "/dev/null",
            Change::Create { .. } | Change::Update { .. } => path.as_str(),
        };
        let text = TextDiff::from_lines(old, new)
            .unified_diff()
            .header(before, after)
            .to_string();
        for line in text.lines() {
            writeln!(out, "{}", visible::text(line))?;
        }
    }
    Ok(())
}

fn changes(folder: &Path, comparison: &Comparison, out: &mut impl Write) -> io::Result<()> {
    for change in &comparison.changes {
        let (done, path) = match change {
            Change::Create { path, .. } => ("created", path),
            Change::Update { path, .. } => ("updated", path),
            Change::Remove { path, .. } => ("removed", path),
        };
        writeln!(out, "{done} {}", folder.join(path).display())?;
    }
    Ok(())
}

fn summary(
    folder: &Path,
    comparison: &Comparison,
    effect: Effect,
    out: &mut impl Write,
) -> io::Result<()> {
    let files = |count: usize| match count {
        1 => "1 file".to_owned(),
        more => format!("{more} files"),
    };
    let mut parts = vec![format!("{} up to date", files(comparison.current))];
    if !comparison.changes.is_empty() {
        let what = match effect {
            Effect::Write => "written or removed",
            Effect::Check => "out of date",
        };
        parts.push(format!("{} {what}", comparison.changes.len()));
    }
    if comparison.only_the_note_differs() && effect == Effect::Check {
        parts.push(format!("{} out of date", examples::NOTE));
    }
    if !comparison.conflicts.is_empty() {
        parts.push(format!("{} in the way", comparison.conflicts.len()));
    }
    writeln!(out, "{}: {}", folder.display(), parts.join(", "))?;
    if effect == Effect::Check && !comparison.is_clean() {
        writeln!(out, "run `trueprint extract` to bring them up to date")?;
    }
    Ok(())
}

fn help(conflict: &Conflict) -> &'static str {
    match conflict {
        Conflict::Foreign { .. } => "move it away, or give the snippet's heading another name",
        Conflict::Edited { .. } => {
            "bring the change into the guide, remove the file, and extract again"
        }
    }
}
