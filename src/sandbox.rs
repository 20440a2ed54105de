//! The box around a snippet: what it can reach, and how much it can use.
//!
//! One file a means: namespaces, a file system of its own, Landlock, system
//! calls, limits. Each says what it could not do on this system rather than
//! doing less in silence. The worker enters the box once, its children inherit
//! it, and [`enter_child`] adds what is a task's own.

use std::ffi::OsString;
use std::fmt;
use std::io;
use std::path::Path;

use crate::protocol::{Confinement, Limits};

pub mod removal;
mod processes;
mod limits;
mod network;
mod namespaces;
mod files;
mod system_v;
mod access;
mod system_calls;

pub use network::NetworkAttempts;
pub use processes::{Activity, activity};

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
        source: io::Error,
    },
    /// The process has several threads, so that nothing would hold for all.
    #[error("the process has {count} threads; it must enter the box while it has one")]
    Threads {
        /// How many.
        count: usize,
    },
}

/// Names the step that an error belongs to.
fn step<T, E: Into<io::Error>>(
    name: &'static str,
    result: Result<T, E>,
) -> Result<T, SandboxError> {
    result.map_err(|error| SandboxError::Step {
        step: name,
        source: error.into(),
    })
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
/// stays behind watches over it: when standard input is closed at its other
/// end, it kills the worker and all that the worker started; when the worker
/// ends, it ends the same way.
pub fn enter_worker(confinement: &Confinement) -> Result<Vec<Gap>, SandboxError> {
    let threads = step("counting threads", std::fs::read_dir("/proc/self/task"))?.count();
    if threads != 1 {
        return Err(SandboxError::Threads { count: threads });
    }
    let mut gaps = Vec::new();
    let worlds = namespaces::separate(confinement, &mut gaps)?;
    namespaces::go_on_in_child()?;
    namespaces::settle(&worlds, confinement, &mut gaps)?;
    let view = files::arrange(&worlds, confinement, &mut gaps)?;
    limits::give_up_privileges()?;
    access::confine_worker(&worlds, &view, confinement, &mut gaps)?;
    system_calls::filter(&worlds, confinement, &mut gaps)?;
    // Its memory is nobody's to read, its children's least of all.
    step("closing the memory", nix::sys::prctl::set_dumpable(false))?;
    Ok(gaps)
}

/// Puts a forked child into the box of one task: its own session, its limits,
/// and a layer that keeps it from the worker. `directory` is the task's own.
pub fn enter_child(limits: &Limits, directory: &Path) -> Result<(), SandboxError> {
    match nix::unistd::setsid() {
        // A child that leads a group already is in a session of its own.
        Ok(_) | Err(nix::errno::Errno::EPERM) => {}
        Err(error) => return step("starting a session", Err(error)),
    }
    step(
        "following the worker",
        nix::sys::prctl::set_pdeathsig(nix::sys::signal::Signal::SIGKILL),
    )?;
    step(
        "opening the memory to itself",
        nix::sys::prctl::set_dumpable(true),
    )?;
    limits::set(limits)?;
    access::confine_child()?;
    step(
        "entering the directory",
        std::env::set_current_dir(directory),
    )
}

/// Closes the memory of the calling process to every other one: for a
/// coordinator whose workers are not in namespaces of their own.
pub fn close_memory() {
    // Landlock keeps children off as well; this is for kernels without it.
    let _ = nix::sys::prctl::set_dumpable(false);
}

/// Kills a task's child, which has not been waited for, and with it all that it
/// started where one call reaches all; what is left then is [`end_task`]'s.
pub fn kill_task(child: i32) {
    namespaces::kill_first(nix::unistd::Pid::from_raw(child));
}

/// Ends everything that a task left running, and clears what it left in memory
/// that outlives it; returns how many processes were killed. The worker calls it after
/// each task.
pub fn end_task() -> u32 {
    let killed = namespaces::kill_the_rest();
    files::clear_shared_memory();
    system_v::clear();
    killed
}
