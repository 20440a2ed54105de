//! The directory that a run works in, and those that earlier runs left behind.
//!
//! A run holds a lock on its directory for as long as it lives; the kernel lets
//! go of it when the process dies, however it dies. A directory whose lock is
//! free is therefore nobody's, and the next run removes it.

use std::fs::{DirBuilder, File};
use std::io;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use nix::fcntl::{Flock, FlockArg};

use super::RunnerError;
use crate::sandbox::removal;

/// What the name of such a directory begins with.
const PREFIX: &str = "trueprint-";

/// How long to wait for other runs that are just making or removing theirs.
const PATIENCE: Duration = Duration::from_secs(2);

/// A directory of this run alone, removed when dropped.
#[derive(Debug)]
pub struct RunDirectory {
    path: PathBuf,
    /// Held until after the removal.
    _lock: Flock<File>,
}

impl RunDirectory {
    /// Makes one in the system's folder for temporary files, and removes what
    /// dead runs left there.
    pub fn create() -> Result<Self, RunnerError> {
        let folder = std::env::temp_dir();
        Self::create_in(&folder).map_err(|source| RunnerError::Directory { folder, source })
    }

    /// Makes one in `folder`, and removes what dead runs left there.
    pub fn create_in(folder: &Path) -> io::Result<Self> {
        // Resolved, because the box allows places and not ways to them.
        let folder = folder.canonicalize()?;
        // Between the making of a directory and the locking of it another run
        // would take it for a dead one's: the folder's own lock keeps it off.
        let guard = lock_patiently(&folder)?;
        if guard.is_some() {
            remove_stale(&folder);
        }
        let random = tempfile::Builder::new()
            .prefix(&format!("{PREFIX}{}-", std::process::id()))
            .rand_bytes(8)
            .permissions(std::fs::Permissions::from_mode(0o700))
            .tempdir_in(&folder)?;
        let lock = Flock::lock(File::open(random.path())?, FlockArg::LockExclusiveNonblock)
            .map_err(|(_, error)| io::Error::from(error))?;
        Ok(Self {
            path: random.keep(),
            _lock: lock,
        })
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Makes the folder of a worker in it.
    pub(super) fn subfolder(&self, number: usize) -> io::Result<PathBuf> {
        let path = self.path.join(format!("worker-{number}"));
        DirBuilder::new().mode(0o700).create(&path)?;
        Ok(path)
    }
}

impl Drop for RunDirectory {
    fn drop(&mut self) {
        // What cannot be removed now, the next run tries again.
        let _ = removal::remove(&self.path);
    }
}

/// The folder's own lock, or `None` when somebody keeps it or it cannot be had.
fn lock_patiently(folder: &Path) -> io::Result<Option<Flock<File>>> {
    let end = Instant::now() + PATIENCE;
    let mut file = File::open(folder)?;
    loop {
        match Flock::lock(file, FlockArg::LockExclusiveNonblock) {
            Ok(lock) => return Ok(Some(lock)),
            Err((back, nix::errno::Errno::EWOULDBLOCK)) if Instant::now() < end => {
                file = back;
                std::thread::sleep(Duration::from_millis(2));
            }
            Err(_) => return Ok(None),
        }
    }
}

/// Removes the directories of dead runs of this user.
fn remove_stale(folder: &Path) {
    let Ok(entries) = std::fs::read_dir(folder) else {
        return;
    };
    let user = nix::unistd::geteuid().as_raw();
    for entry in entries.flatten() {
        let path = entry.path();
        let ours = entry.file_name().to_string_lossy().starts_with(PREFIX)
            && is_run_name(&entry.file_name().to_string_lossy())
            && entry
                .metadata()
                .is_ok_and(|found| found.is_dir() && found.uid() == user);
        if !ours {
            continue;
        }
        let Ok(file) = File::open(&path) else {
            continue;
        };
        if let Ok(_lock) = Flock::lock(file, FlockArg::LockExclusiveNonblock) {
            // One that resists is in nobody's way.
            let _ = removal::remove(&path);
        }
    }
}

/// `trueprint-<number>-<eight letters>`, and nothing that merely begins so.
fn is_run_name(name: &str) -> bool {
    let Some((number, random)) = name
        .strip_prefix(PREFIX)
        .and_then(|rest| rest.split_once('-'))
    else {
        return false;
    };
    !number.is_empty()
        && number.bytes().all(|byte| byte.is_ascii_digit())
        && random.len() == 8
        && random.bytes().all(|byte| byte.is_ascii_alphanumeric())
}
