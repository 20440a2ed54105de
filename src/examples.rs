//! Examples: a guide's snippets as files that run by themselves.
//!
//! What a file must say is worked out here, held against the folder, and
//! written. A note in the folder (`.trueprint.toml`) says which files are its
//! own; others are never touched, nor is one of its own that somebody edited:
//! both are reported.

mod standard;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::atomic_file;
use crate::expectation::Expectations;
use crate::snippet::{Fragment, Guide, Mode, Snippet, SnippetId};
use crate::syntax::Syntax;

/// The name of the note that says which files of the folder are its own.
pub const NOTE: &str = ".trueprint.toml";

/// A snippet as a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Example {
    /// The file, relative to the folder.
    pub path: PathBuf,
    /// The guide that it is from, as the note names it.
    pub guide: String,
    /// What it says.
    pub text: String,
}

/// A snippet that no file can be made of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LeftOut {
    /// The snippet.
    pub id: SnippetId,
    /// Why.
    pub fragment: Fragment,
}

impl fmt::Display for LeftOut {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} makes no file: ", self.id)?;
        match &self.fragment {
            Fragment::DoesNotParse { message, .. } => {
                write!(formatter, "it is no Python: {message}")
            }
            Fragment::UndefinedNames(names) => write!(
                formatter,
                "nothing on the page defines {}",
                names.join(", ")
            ),
            Fragment::Template(what) => write!(formatter, "it leaves something out: {what}"),
            Fragment::MarkedNotToRun(mark) => {
                write!(formatter, "the guide says not to run it: {mark}")
            }
        }
    }
}

/// What is to be done in the folder.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Change {
    /// A file is missing.
    Create {
        /// The file, relative to the folder.
        path: PathBuf,
        /// What it must say.
        new: String,
    },
    /// A file is out of date.
    Update {
        /// The file, relative to the folder.
        path: PathBuf,
        /// What it says.
        old: String,
        /// What it must say.
        new: String,
    },
    /// The snippet of a file is gone.
    Remove {
        /// The file, relative to the folder.
        path: PathBuf,
        /// What it says.
        old: String,
    },
}

/// A file that is in the way, and is left alone.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Conflict {
    /// It was not written by this program.
    #[error("{} is not a file of trueprint's, and a snippet of that name would replace it", .path.display())]
    Foreign {
        /// The file, relative to the folder.
        path: PathBuf,
    },
    /// It was written by this program and then by somebody else.
    #[error("{} was edited since it was extracted", .path.display())]
    Edited {
        /// The file, relative to the folder.
        path: PathBuf,
    },
}

/// How the folder stands to what it should be.
#[derive(Debug, Default)]
pub struct Comparison {
    /// What would make it so, by path.
    pub changes: Vec<Change>,
    /// What stands against that, by path.
    pub conflicts: Vec<Conflict>,
    /// How many files are as they should be.
    pub current: usize,
    note: Note,
    old_note: Note,
}

/// A folder of examples that cannot be worked with.
#[derive(Debug, thiserror::Error)]
pub enum ExamplesError {
    /// Something cannot be read.
    #[error("{}: cannot be read: {source}", .path.display())]
    Unreadable {
        /// The file or folder.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// Something cannot be written or removed.
    #[error("{}: cannot be written: {source}", .path.display())]
    Unwritable {
        /// The file or folder.
        path: PathBuf,
        /// What the system says.
        source: io::Error,
    },
    /// The note is not one.
    #[error("{}: {message}", .path.display())]
    Note {
        /// The note.
        path: PathBuf,
        /// What is wrong with it.
        message: String,
    },
}

/// Which files are the folder's own.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Note {
    /// By path relative to the folder, with slashes.
    #[serde(default)]
    files: BTreeMap<String, Noted>,
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Noted {
    /// The guide that the file is from.
    guide: String,
    /// The BLAKE3 hash of what was written.
    hash: String,
}

/// A guide and how the note names it: relative to the project, with slashes.
#[derive(Clone, Copy, Debug)]
pub struct NamedGuide<'a> {
    /// The guide.
    pub guide: &'a Guide,
    /// Its name.
    pub name: &'a str,
    /// The folder for its files, relative to the folder of examples: none where
    /// it is the only guide.
    pub folder: Option<&'a str>,
}

/// The folders of several guides, by their names as in [`NamedGuide::name`]: a
/// guide's stem, or its whole path where two have the same.
pub fn folders(names: &[String]) -> Vec<String> {
    let stem = |name: &str| {
        let file = name.rsplit('/').next().unwrap_or(name);
        file.rsplit_once('.')
            .map_or(file, |(stem, _)| stem)
            .to_owned()
    };
    let stems: Vec<String> = names.iter().map(|name| stem(name)).collect();
    stems
        .iter()
        .zip(names)
        .map(|(own, name)| {
            if stems.iter().filter(|other| *other == own).count() > 1 {
                let parts: Vec<&str> = name.split('/').filter(|part| *part != "..").collect();
                parts.join("-")
            } else {
                own.clone()
            }
        })
        .collect()
}

/// The examples of a guide in page order, and the snippets that make none.
pub fn examples(
    named: NamedGuide<'_>,
    expectations: &Expectations,
) -> (Vec<Example>, Vec<LeftOut>) {
    let guide = named.guide;
    let expectations = expectations.for_guide(&guide.path);
    let imported = imported(guide);
    let mut examples = Vec::new();
    let mut left_out = Vec::new();
    for (index, snippet) in guide.snippets.iter().enumerate() {
        if let Some(fragment) = &snippet.fragment {
            left_out.push(LeftOut {
                id: snippet.id.clone(),
                fragment: fragment.clone(),
            });
            continue;
        }
        let continues = match expectations {
            Some(expectations) => expectations.continues(guide, index),
            None => snippet.continues.clone(),
        };
        let parts: Vec<String> = continues
            .iter()
            .chain([&index])
            .map(|&part| runnable(&guide.snippets[part]))
            .collect();
        let name = file_name(&snippet.id, &imported);
        examples.push(Example {
            path: named
                .folder
                .map_or_else(PathBuf::new, PathBuf::from)
                .join(name),
            guide: named.name.to_owned(),
            text: parts.join("\n"),
        });
    }
    (examples, left_out)
}

/// What the guide says, byte for byte, with a newline at the end; of a
/// transcript the code, and what it shows as comments.
fn runnable(snippet: &Snippet) -> String {
    let as_it_stands = match snippet.mode {
        Mode::Script | Mode::Pytest => {
            Syntax::of(&snippet.text).parses() || snippet.announced_error.is_some()
        }
        Mode::Console => Syntax::of(&snippet.text).parses(),
    };
    let mut text = String::new();
    if as_it_stands {
        text.push_str(&snippet.text);
    } else if snippet.mode == Mode::Console {
        let mut code = snippet.code.split('\n');
        for shown in snippet.text.lines() {
            let code = code.next().unwrap_or("");
            let is_output = code.trim().is_empty() && !shown.trim().is_empty();
            let is_prompt = [">>>", "..."].contains(&shown.trim());
            if is_output && !is_prompt {
                text.push_str("# ");
                text.push_str(shown);
            } else {
                text.push_str(code);
            }
            text.push('\n');
        }
    } else {
        text.push_str(&snippet.code);
    }
    let kept = text.trim_end_matches('\n').len();
    text.truncate(kept);
    text.push('\n');
    text
}

/// The snippet's id, unless an example beside it would import the file in some
/// module's place.
fn file_name(id: &SnippetId, imported: &BTreeSet<String>) -> String {
    let stem = id.as_str().replace(['/', '\\', '\0'], "-");
    if imported.contains(&stem) || standard::is_standard_module(&stem) {
        format!("{stem}-1.py")
    } else {
        format!("{stem}.py")
    }
}

/// The modules that the guide's snippets import, without what is behind a dot.
fn imported(guide: &Guide) -> BTreeSet<String> {
    let codes = guide.snippets.iter().map(|snippet| &snippet.code);
    codes
        .flat_map(|code| Syntax::of(code).imports)
        .filter_map(|import| import.module.split('.').next().map(str::to_owned))
        .collect()
}

/// Holds the folder against what it should be. `guides` says of a guide's name
/// whether it was looked at: files of other guides are left as they are.
///
/// # Errors
///
/// What cannot be read.
pub fn compare(
    folder: &Path,
    examples: &[Example],
    guides: impl Fn(&str) -> bool,
) -> Result<Comparison, ExamplesError> {
    let old_note = read_note(folder)?;
    let mut comparison = Comparison {
        note: old_note.clone(),
        old_note,
        ..Comparison::default()
    };
    let wanted: BTreeMap<String, &Example> = examples
        .iter()
        .map(|example| (key(&example.path), example))
        .collect();
    for (key, example) in &wanted {
        let path = example.path.clone();
        let new = example.text.clone();
        let noted = Noted {
            guide: example.guide.clone(),
            hash: hash(&new),
        };
        let old = read(&folder.join(&path))?;
        let known = comparison.old_note.files.get(key);
        match (old, known) {
            (None, _) => comparison.changes.push(Change::Create { path, new }),
            (Some(old), _) if old == new => comparison.current += 1,
            (Some(_), None) => {
                comparison.conflicts.push(Conflict::Foreign { path });
                continue;
            }
            (Some(old), Some(known)) if hash(&old) != known.hash => {
                comparison.conflicts.push(Conflict::Edited { path });
                continue;
            }
            (Some(old), Some(_)) => comparison.changes.push(Change::Update { path, old, new }),
        }
        comparison.note.files.insert(key.clone(), noted);
    }
    for (key, known) in &comparison.old_note.files {
        if wanted.contains_key(key) || !guides(&known.guide) {
            continue;
        }
        let path = PathBuf::from(key);
        match read(&folder.join(&path))? {
            None => {}
            Some(old) if hash(&old) == known.hash => {
                comparison.changes.push(Change::Remove { path, old });
            }
            Some(_) => {
                comparison.conflicts.push(Conflict::Edited { path });
                continue;
            }
        }
        comparison.note.files.remove(key);
    }
    Ok(comparison)
}

impl Comparison {
    /// Whether nothing is to be done.
    pub fn is_clean(&self) -> bool {
        self.changes.is_empty() && self.conflicts.is_empty() && self.note == self.old_note
    }

    /// Whether the note alone is out of date.
    pub fn only_the_note_differs(&self) -> bool {
        self.changes.is_empty() && self.conflicts.is_empty() && self.note != self.old_note
    }

    /// Makes the changes; conflicts stay.
    ///
    /// # Errors
    ///
    /// What cannot be written. Files that were written before stay so, and the
    /// next time finds them.
    pub fn write(&self, folder: &Path) -> Result<(), ExamplesError> {
        let unwritable = |path: &Path| {
            let path = path.to_owned();
            move |source| ExamplesError::Unwritable { path, source }
        };
        for change in &self.changes {
            match change {
                Change::Create { path, new } | Change::Update { path, new, .. } => {
                    let path = folder.join(path);
                    if let Some(parent) = path.parent() {
                        fs::create_dir_all(parent).map_err(unwritable(parent))?;
                    }
                    atomic_file::write(&path, new).map_err(unwritable(&path))?;
                }
                Change::Remove { path, .. } => {
                    let path = folder.join(path);
                    fs::remove_file(&path).map_err(unwritable(&path))?;
                    // A guide's folder goes with its last file, and only then.
                    if let Some(parent) = path.parent().filter(|parent| *parent != folder) {
                        let _ = fs::remove_dir(parent);
                    }
                }
            }
        }
        if self.note != self.old_note {
            let path = folder.join(NOTE);
            fs::create_dir_all(folder).map_err(unwritable(folder))?;
            atomic_file::write(&path, &self.note.text()).map_err(unwritable(&path))?;
        }
        Ok(())
    }
}

impl Note {
    fn text(&self) -> String {
        let mut text = String::from(
            "# Written by `trueprint extract`: the files of this folder that are its own,\n\
             # and what they said when it wrote them. It touches no other files.\n",
        );
        for (path, noted) in &self.files {
            text.push_str(&format!(
                "\n[files.{}]\nguide = {}\nhash = {}\n",
                quoted(path),
                quoted(&noted.guide),
                quoted(&noted.hash)
            ));
        }
        text
    }
}

fn quoted(text: &str) -> String {
    toml::Value::from(text).to_string()
}

fn read_note(folder: &Path) -> Result<Note, ExamplesError> {
    let path = folder.join(NOTE);
    match read(&path)? {
        None => Ok(Note::default()),
        Some(text) => {
            let broken = |message: &str| ExamplesError::Note {
                path: path.clone(),
                message: format!("this is not a note of `trueprint extract`: {message}"),
            };
            let note: Note =
                toml::from_str(&text).map_err(|error| broken(error.message().trim_end()))?;
            // Nothing outside of the folder is its own, whatever the note says.
            let outside = |key: &&String| {
                let mut parts = Path::new(key.as_str()).components();
                !parts.all(|part| matches!(part, Component::Normal(_)))
            };
            match note.files.keys().find(outside) {
                Some(key) => Err(broken(&format!("{key:?} is not in this folder"))),
                None => Ok(note),
            }
        }
    }
}

/// What a file says; `None` where there is none. What is not UTF-8 is no text of
/// ours, and is read so that it equals none.
fn read(path: &Path) -> Result<Option<String>, ExamplesError> {
    match fs::read(path) {
        Ok(bytes) => Ok(Some(match String::from_utf8(bytes) {
            Ok(text) => text,
            Err(error) => String::from_utf8_lossy(error.as_bytes()).into_owned(),
        })),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(source) => Err(ExamplesError::Unreadable {
            path: path.to_owned(),
            source,
        }),
    }
}

fn hash(text: &str) -> String {
    blake3::hash(text.as_bytes()).to_hex().to_string()
}

/// A path as the note writes it.
fn key(path: &Path) -> String {
    let parts: Vec<_> = path.iter().map(|part| part.to_string_lossy()).collect();
    parts.join("/")
}
