//! The file that holds what a check made of one guide on one interpreter.
//!
//! It is checked as a whole under the key that it was kept under: another one,
//! and a damaged one, is a miss.

use std::fs;
use std::io;
use std::path::PathBuf;

use super::World;
use super::world::Facts;

/// What such files end in.
pub(super) const EXTENSION: &str = "outcome";

/// What they begin with; a change of the layout changes it.
const MAGIC: &[u8; 16] = b"trueprint guide1";

const HASH_BYTES: usize = 32;

/// Everything that the outcome of a whole guide depends on, as one number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct GuideKey([u8; HASH_BYTES]);

impl GuideKey {
    /// The key of a guide in a world. `facts` are what is to be known of the guide
    /// and of how it is checked, each with its name.
    pub fn of(world: &World, facts: &[(&str, &[u8])]) -> Self {
        let mut all = Facts::new("guide");
        all.add("world", world.as_bytes());
        for (name, value) in facts {
            all.add(name, value);
        }
        Self(all.finish())
    }
}

/// What a check made of a guide.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptOutcome {
    /// What the box lacked when its snippets were run.
    pub box_gaps: Vec<String>,
    /// The outcome, as whoever kept it wrote it down.
    pub bytes: Vec<u8>,
}

/// The file of one guide on one interpreter, which need not exist.
#[derive(Clone, Debug)]
pub struct OutcomeFile {
    path: PathBuf,
}

impl OutcomeFile {
    pub(super) fn new(path: PathBuf) -> Self {
        Self { path }
    }

    /// What was kept under this key, if that is what was kept last.
    pub fn find(&self, key: &GuideKey) -> Option<KeptOutcome> {
        let bytes = fs::read(&self.path).ok()?;
        let (magic, rest) = bytes.split_first_chunk::<{ MAGIC.len() }>()?;
        let (kept_under, rest) = rest.split_first_chunk::<HASH_BYTES>()?;
        let (checksum, content) = rest.split_first_chunk::<HASH_BYTES>()?;
        let is_it = magic == MAGIC
            && *kept_under == key.0
            && blake3::keyed_hash(&key.0, content) == *checksum;
        let (box_gaps, bytes) = is_it
            .then(|| postcard::take_from_bytes(content).ok())
            .flatten()?;
        Some(KeptOutcome {
            box_gaps,
            bytes: bytes.to_vec(),
        })
    }

    /// Keeps an outcome, in place of the one before.
    pub fn keep(&self, key: &GuideKey, outcome: &KeptOutcome) -> io::Result<()> {
        let gaps = postcard::to_allocvec(&outcome.box_gaps).map_err(io::Error::other)?;
        let mut checksum = blake3::Hasher::new_keyed(&key.0);
        checksum.update(&gaps).update(&outcome.bytes);
        let checksum = checksum.finalize();
        super::replace(
            &self.path,
            &[MAGIC, &key.0, checksum.as_bytes(), &gaps, &outcome.bytes],
        )
    }

    /// Keeps none.
    pub fn forget(&self) -> io::Result<()> {
        match fs::remove_file(&self.path) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
            Ok(()) | Err(_) => Ok(()),
        }
    }
}
