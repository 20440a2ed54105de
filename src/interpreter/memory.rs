//! What interpreters said about themselves, remembered between runs.
//!
//! An entry is believed only while everything it was made from looks the same:
//! the program, the virtual environment's settings, the folders on the import
//! path. A damaged entry is one that is not there; failing to write one is
//! nothing that anybody needs to hear of.

use std::io::Write;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use super::probe::Facts;

/// An entry, as it is stored.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    /// The program that was asked.
    program: PathBuf,
    /// What else the answer depended on.
    circumstances: String,
    stamps: Vec<Stamp>,
    facts: Facts,
}

/// What a file or folder looked like.
#[derive(PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Stamp {
    path: PathBuf,
    /// Device, file number, size, modification and change time; `None` when it
    /// is not there.
    look: Option<(u64, u64, u64, i64, i64, i64, i64)>,
}

impl Stamp {
    fn of(path: PathBuf) -> Self {
        let look = std::fs::metadata(&path).ok().map(|found| {
            (
                found.dev(),
                found.ino(),
                found.size(),
                found.mtime(),
                found.mtime_nsec(),
                found.ctime(),
                found.ctime_nsec(),
            )
        });
        Self { path, look }
    }
}

/// What `program` said when it was last asked, if that still holds.
pub fn recall(folder: &Path, program: &Path, circumstances: &str) -> Option<Facts> {
    let text = std::fs::read_to_string(place(folder, program)).ok()?;
    let entry: Entry = serde_json::from_str(&text).ok()?;
    let same = entry.program == program
        && entry.circumstances == circumstances
        && entry.facts.trueprint == 1
        && entry
            .stamps
            .iter()
            .all(|stamp| *stamp == Stamp::of(stamp.path.clone()));
    same.then_some(entry.facts)
}

/// Remembers what `program` said.
pub fn remember(folder: &Path, program: &Path, circumstances: &str, facts: &Facts) {
    let mut paths = vec![program.to_owned(), facts.executable.clone()];
    paths.push(facts.prefix.join("pyvenv.cfg"));
    paths.extend(facts.import_path.iter().cloned());
    let entry = Entry {
        program: program.to_owned(),
        circumstances: circumstances.to_owned(),
        stamps: paths.into_iter().map(Stamp::of).collect(),
        facts: facts.clone(),
    };
    let write = || -> std::io::Result<()> {
        std::fs::create_dir_all(folder)?;
        let mut file = tempfile::NamedTempFile::new_in(folder)?;
        serde_json::to_writer(&mut file, &entry)?;
        file.flush()?;
        file.persist(place(folder, program))?;
        Ok(())
    };
    // Without it the next run asks again, which costs it a moment.
    let _ = write();
}

fn place(folder: &Path, program: &Path) -> PathBuf {
    let hash = blake3::hash(program.as_os_str().as_encoded_bytes());
    folder.join(format!("{}.json", &hash.to_hex()[..32]))
}
