//! What earlier checks came to, kept so that an unchanged snippet need not run
//! and an unchanged guide need not be judged.
//!
//! Kept are runs ([`Run`]), each under a [`TaskKey`]: the task as the worker is
//! told it, and the [`World`] it ran in. Kept as well is what was made of a whole
//! guide, as bytes that mean nothing here, under a [`GuideKey`]. Whatever cannot
//! be read, is damaged or was written by another build is a miss; nothing here
//! makes a run fail, and nothing here decides whether the cache is to be used.

use std::fs::{self, File};
use std::io::{self, Write as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use crate::protocol::{End, Run, Task};

mod outcome;
mod pack;
mod world;

pub use outcome::{GuideKey, KeptOutcome, OutcomeFile};
pub use pack::{Pack, Weight};
pub use world::{Conditions, System, World};

/// Files that nobody used for this long are dropped.
const LONGEST_AGE: Duration = Duration::from_secs(30 * 24 * 60 * 60);

/// A file whose last use lies this far back is marked as used again.
const MARK_AFTER: Duration = Duration::from_secs(24 * 60 * 60);

/// All files together may take this many bytes; the ones unused for longest go.
const MOST_BYTES: u64 = 256 << 20;

/// The folder in which all of it is kept.
#[derive(Clone, Debug)]
pub struct Cache {
    folder: PathBuf,
}

/// Everything that the outcome of a task depends on, as one number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TaskKey([u8; 32]);

impl TaskKey {
    /// The key of a task in a world. `hash_seed` is the one that the worker was
    /// started with.
    pub fn of(world: &World, task: &Task, hash_seed: u32) -> Self {
        let mut facts = world::Facts::new("task");
        facts.add("world", world.as_bytes());
        facts.add("hash seed", &hash_seed.to_le_bytes());
        match serde_json::to_vec(task) {
            Ok(text) => facts.add("task", &text),
            // It has string keys only and no special floats: this cannot happen,
            // and if it did, its text for people says as much.
            Err(_) => facts.add("task, shown", format!("{task:?}").as_bytes()),
        }
        Self(facts.finish())
    }
}

/// Whether what a task showed would be shown again, as far as the run tells:
/// it ended by itself, and neither a limit nor the box nor the network had a
/// hand in it.
pub fn is_worth_keeping(task: &Task, run: &Run) -> bool {
    !task.network && run.end == End::Finished && run.refused.is_empty()
}

impl Cache {
    /// The cache in the user's folder for such files: `$XDG_CACHE_HOME`, or
    /// `~/.cache`. `None` where neither is known.
    pub fn of_user(variable: impl Fn(&str) -> Option<PathBuf>) -> Option<Self> {
        let base = variable("XDG_CACHE_HOME")
            .filter(|path| path.is_absolute())
            .or_else(|| {
                variable("HOME")
                    .filter(|home| home.is_absolute())
                    .map(|home| home.join(".cache"))
            })?;
        Some(Self::new(base.join("trueprint").join("runs")))
    }

    /// The cache in a folder, which need not exist yet.
    pub fn new(folder: PathBuf) -> Self {
        Self { folder }
    }

    /// Where it lies.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// The runs of one guide on one interpreter. One file holds them all, since
    /// opening five thousand costs more than running some of them.
    pub fn pack(&self, guide: &Path, interpreter: &Path) -> Pack {
        Pack::read(self.file(guide, interpreter, pack::EXTENSION))
    }

    /// The file for what a check made of one guide on one interpreter.
    pub fn outcome(&self, guide: &Path, interpreter: &Path) -> OutcomeFile {
        OutcomeFile::new(self.file(guide, interpreter, outcome::EXTENSION))
    }

    /// Says that what is kept of a guide on an interpreter was of use: its age
    /// decides when it is dropped.
    pub fn mark_used(&self, guide: &Path, interpreter: &Path, now: SystemTime) -> io::Result<()> {
        for extension in [pack::EXTENSION, outcome::EXTENSION] {
            mark_used(&self.file(guide, interpreter, extension), now)?;
        }
        Ok(())
    }

    fn file(&self, guide: &Path, interpreter: &Path, extension: &str) -> PathBuf {
        let guide = fs::canonicalize(guide).unwrap_or_else(|_| guide.to_owned());
        let mut facts = world::Facts::new("file");
        facts.add_path("guide", &guide);
        facts.add_path("interpreter", interpreter);
        let name: String = facts
            .finish()
            .iter()
            .take(16)
            .map(|byte| format!("{byte:02x}"))
            .collect();
        self.folder.join(format!("{name}.{extension}"))
    }

    /// Removes every file; returns how many bytes they took.
    pub fn clear(&self) -> io::Result<u64> {
        let mut freed = 0;
        for file in self.files()? {
            fs::remove_file(&file.path)?;
            freed += file.bytes;
        }
        Ok(freed)
    }

    /// Removes files that nobody used for a month, and the least recently used
    /// ones while all together take too much; returns how many were removed.
    pub fn prune(&self, now: SystemTime) -> io::Result<usize> {
        self.prune_to(now, LONGEST_AGE, MOST_BYTES)
    }

    /// The same with other bounds.
    pub fn prune_to(&self, now: SystemTime, age: Duration, bytes: u64) -> io::Result<usize> {
        let mut files = self.files()?;
        files.sort_by(|one, other| (other.used, &other.path).cmp(&(one.used, &one.path)));
        let mut together = 0;
        let mut removed = 0;
        for file in files {
            together += file.bytes;
            let unused = now.duration_since(file.used).unwrap_or_default();
            if unused > age || together > bytes {
                match fs::remove_file(&file.path) {
                    Ok(()) => removed += 1,
                    // Another run pruned it at the same time.
                    Err(error) if error.kind() == io::ErrorKind::NotFound => {}
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(removed)
    }

    fn files(&self) -> io::Result<Vec<KeptFile>> {
        let entries = match fs::read_dir(&self.folder) {
            Ok(entries) => entries,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
            Err(error) => return Err(error),
        };
        let mut files = Vec::new();
        for entry in entries {
            let path = entry?.path();
            // Files that were being written when their run was killed included.
            let is_ours = path.extension().is_some_and(|extension| {
                extension == pack::EXTENSION || extension == outcome::EXTENSION
            });
            let Ok(metadata) = fs::metadata(&path) else {
                continue;
            };
            if is_ours && metadata.is_file() {
                files.push(KeptFile {
                    path,
                    bytes: metadata.len(),
                    used: metadata.modified()?,
                });
            }
        }
        Ok(files)
    }
}

struct KeptFile {
    path: PathBuf,
    bytes: u64,
    used: SystemTime,
}

/// Puts a file in the place of another one: a reader sees the old one or the new
/// one, never half of it.
fn replace(path: &Path, parts: &[&[u8]]) -> io::Result<()> {
    let folder = path.parent().unwrap_or(Path::new("."));
    fs::create_dir_all(folder)?;
    let extension = path.extension().unwrap_or_default().to_string_lossy();
    let mut file = tempfile::Builder::new()
        .suffix(&format!(".{extension}"))
        .tempfile_in(folder)?;
    for part in parts {
        file.write_all(part)?;
    }
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}

/// Marks a file as used, where that was not done for a while; one that is gone
/// need not be.
fn mark_used(path: &Path, now: SystemTime) -> io::Result<()> {
    let used = match fs::metadata(path).and_then(|metadata| metadata.modified()) {
        Ok(used) => used,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    if now.duration_since(used).unwrap_or_default() > MARK_AFTER {
        File::open(path)?.set_modified(now)?;
    }
    Ok(())
}
