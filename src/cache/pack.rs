//! The file that holds the runs of one guide on one interpreter.
//!
//! An index, then the runs. The index is checked as a whole and each run by
//! itself when it is asked for, under its own key: a damaged or exchanged one is
//! a miss. Written to a file of its own and renamed, so a reader sees the old
//! one or the new one; of two writers the last wins, and the other's runs are
//! misses next time.

use std::collections::BTreeMap;
use std::fs;
use std::io;
use std::ops::Range;
use std::path::PathBuf;
use std::time::{Duration, SystemTime};

use super::TaskKey;
use crate::protocol::{Run, Task};

/// What pack files end in.
pub(super) const EXTENSION: &str = "runs";

/// What a pack begins with; a change of the layout changes it.
const MAGIC: &[u8; 16] = b"trueprint runs 1";

/// How many rewritings an entry survives without being asked for, so that a
/// change of the guide that is taken back finds its runs again.
const MOST_UNUSED: u32 = 8;

const HASH_BYTES: usize = 32;
const ENTRY_BYTES: usize = HASH_BYTES * 2 + 16 + 8 + 8 + 4 + 8;

/// How much a task took when it was run before, whatever has changed since
/// except its text.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Weight {
    /// From its fork to its end.
    pub wall: Duration,
    /// What it and its descendants used of the processors.
    pub cpu: Duration,
}

/// The runs of one guide on one interpreter.
#[derive(Debug)]
pub struct Pack {
    path: PathBuf,
    read: Vec<u8>,
    entries: BTreeMap<TaskKey, Entry>,
    weights: BTreeMap<TextKey, Weight>,
    box_gaps: Vec<String>,
    changed: bool,
}

#[derive(Debug)]
struct Entry {
    text: TextKey,
    weight: Weight,
    unused: u32,
    checksum: [u8; HASH_BYTES],
    payload: Payload,
}

#[derive(Debug)]
enum Payload {
    Read(Range<usize>),
    New(Vec<u8>),
}

/// A task's text alone: enough to know it again when everything else changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct TextKey([u8; 16]);

impl TextKey {
    fn of(task: &Task) -> Self {
        let mut facts = super::world::Facts::new("text");
        for unit in &task.units {
            facts.add("unit", unit.code.as_bytes());
        }
        let mut key = [0; 16];
        key.copy_from_slice(&facts.finish()[..16]);
        Self(key)
    }
}

impl Pack {
    /// Reads a pack; one that is missing or damaged is empty.
    pub(super) fn read(path: PathBuf) -> Self {
        let mut pack = Self {
            path,
            read: Vec::new(),
            entries: BTreeMap::new(),
            weights: BTreeMap::new(),
            box_gaps: Vec::new(),
            changed: false,
        };
        let Ok(bytes) = fs::read(&pack.path) else {
            return pack;
        };
        if let Some((box_gaps, entries)) = read_index(&bytes) {
            pack.box_gaps = box_gaps;
            pack.weights = entries
                .values()
                .map(|entry| (entry.text, entry.weight))
                .collect();
            pack.entries = entries;
            pack.read = bytes;
        }
        pack
    }

    /// How many runs it holds.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }

    /// What the box lacked when these runs were made.
    pub fn box_gaps(&self) -> &[String] {
        &self.box_gaps
    }

    /// Says what a worker of this run found that the box lacks. Runs that were
    /// made in another box are forgotten: what is found afterwards, and what is
    /// kept, is of this one.
    pub fn set_box_gaps(&mut self, gaps: &[String]) {
        if self.box_gaps != gaps {
            self.entries.clear();
            gaps.clone_into(&mut self.box_gaps);
            self.changed = true;
        }
    }

    /// What the task with this key showed.
    pub fn find(&mut self, key: &TaskKey) -> Option<Run> {
        let entry = self.entries.get_mut(key)?;
        let payload = entry.payload.bytes(&self.read);
        let run = (checksum(key, payload) == entry.checksum)
            .then(|| postcard::from_bytes(payload).ok())
            .flatten();
        if run.is_some() {
            entry.unused = 0;
        } else {
            self.entries.remove(key);
            self.changed = true;
        }
        run
    }

    /// How much a task with this text took before.
    pub fn weight(&self, task: &Task) -> Option<Weight> {
        self.weights.get(&TextKey::of(task)).copied()
    }

    /// Keeps what a task showed, where that would be shown again (see
    /// [`super::is_worth_keeping`]); otherwise forgets what is known of it. Says
    /// which of both.
    pub fn keep(&mut self, key: TaskKey, task: &Task, run: &Run) -> bool {
        let Some(payload) = super::is_worth_keeping(task, run)
            .then(|| postcard::to_allocvec(run).ok())
            .flatten()
        else {
            self.forget(&key);
            return false;
        };
        let text = TextKey::of(task);
        let weight = Weight {
            wall: seconds(run.wall_seconds),
            cpu: seconds(run.cpu_seconds),
        };
        let entry = Entry {
            text,
            weight,
            unused: 0,
            checksum: checksum(&key, &payload),
            payload: Payload::New(payload),
        };
        self.weights.insert(text, weight);
        self.entries.insert(key, entry);
        self.changed = true;
        true
    }

    /// Forgets what a task showed: it turned out to show something else each
    /// time.
    pub fn forget(&mut self, key: &TaskKey) {
        self.changed |= self.entries.remove(key).is_some();
    }

    /// Writes it, where there is something new in it. Call it when the guide has
    /// been judged: what was not asked for since the last time ages by one. Says
    /// whether anything was written.
    pub fn save(&mut self, now: SystemTime) -> io::Result<bool> {
        if !self.changed {
            super::mark_used(&self.path, now)?;
            return Ok(false);
        }
        super::replace(&self.path, &[&self.to_bytes()])?;
        self.changed = false;
        for entry in self.entries.values_mut() {
            entry.unused += 1;
        }
        Ok(true)
    }

    fn to_bytes(&self) -> Vec<u8> {
        let kept: Vec<(&TaskKey, &Entry, &[u8])> = self
            .entries
            .iter()
            .filter(|(_, entry)| entry.unused <= MOST_UNUSED)
            .map(|(key, entry)| (key, entry, entry.payload.bytes(&self.read)))
            .collect();
        let mut index = MAGIC.to_vec();
        let gaps = self.box_gaps.join("\n");
        index.extend((gaps.len() as u64).to_le_bytes());
        index.extend(gaps.as_bytes());
        index.extend((kept.len() as u64).to_le_bytes());
        for (key, entry, payload) in &kept {
            index.extend(key.0);
            index.extend(entry.checksum);
            index.extend(entry.text.0);
            index.extend(entry.weight.wall.as_secs_f64().to_le_bytes());
            index.extend(entry.weight.cpu.as_secs_f64().to_le_bytes());
            index.extend(entry.unused.to_le_bytes());
            index.extend((payload.len() as u64).to_le_bytes());
        }
        let hash = blake3::hash(&index);
        index.extend(hash.as_bytes());
        for (_, _, payload) in kept {
            index.extend(payload);
        }
        index
    }
}

impl Payload {
    fn bytes<'a>(&'a self, read: &'a [u8]) -> &'a [u8] {
        match self {
            Self::Read(range) => read.get(range.clone()).unwrap_or_default(),
            Self::New(bytes) => bytes,
        }
    }
}

/// A pack's index: what the box lacked, and the entries; `None` when it is not what was written.
fn read_index(bytes: &[u8]) -> Option<(Vec<String>, BTreeMap<TaskKey, Entry>)> {
    let mut reader = Reader { bytes, at: 0 };
    if reader.take::<{ MAGIC.len() }>()? != *MAGIC {
        return None;
    }
    let length = usize::try_from(u64::from_le_bytes(reader.take()?)).ok()?;
    let gaps = reader.take_slice(length)?;
    let count = usize::try_from(u64::from_le_bytes(reader.take()?)).ok()?;
    let end_of_index = count.checked_mul(ENTRY_BYTES)?.checked_add(reader.at)?;
    let hash = bytes.get(end_of_index..)?.get(..HASH_BYTES)?;
    if blake3::hash(bytes.get(..end_of_index)?) != *hash.as_array::<HASH_BYTES>()? {
        return None;
    }
    let mut payload = end_of_index + HASH_BYTES;
    let mut entries = BTreeMap::new();
    for _ in 0..count {
        let key = TaskKey(reader.take()?);
        let checksum = reader.take()?;
        let text = TextKey(reader.take()?);
        let wall = seconds(f64::from_le_bytes(reader.take()?));
        let cpu = seconds(f64::from_le_bytes(reader.take()?));
        let unused = u32::from_le_bytes(reader.take()?);
        let length = usize::try_from(u64::from_le_bytes(reader.take()?)).ok()?;
        let end = payload.checked_add(length)?;
        let entry = Entry {
            text,
            weight: Weight { wall, cpu },
            unused: unused.saturating_add(1),
            checksum,
            payload: Payload::Read(payload..end),
        };
        entries.insert(key, entry);
        payload = end;
    }
    let gaps = std::str::from_utf8(gaps).ok()?;
    Some((gaps.lines().map(str::to_owned).collect(), entries))
}

struct Reader<'a> {
    bytes: &'a [u8],
    at: usize,
}

impl<'a> Reader<'a> {
    fn take_slice(&mut self, count: usize) -> Option<&'a [u8]> {
        let taken = self.bytes.get(self.at..)?.get(..count)?;
        self.at += count;
        Some(taken)
    }

    fn take<const COUNT: usize>(&mut self) -> Option<[u8; COUNT]> {
        let taken = *self.bytes.get(self.at..)?.first_chunk()?;
        self.at += COUNT;
        Some(taken)
    }
}

/// Of a run and its key together: one that stands in another's place is damaged.
fn checksum(key: &TaskKey, payload: &[u8]) -> [u8; HASH_BYTES] {
    *blake3::keyed_hash(&key.0, payload).as_bytes()
}

/// What the worker measured, as a duration; what cannot be one is none.
fn seconds(measured: f64) -> Duration {
    Duration::try_from_secs_f64(measured).unwrap_or_default()
}
