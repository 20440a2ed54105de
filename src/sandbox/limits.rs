//! Limits of a task, and the privileges that no snippet has.

use std::fs;
use std::io;
use std::os::unix::fs::MetadataExt;

use nix::sys::prctl;
use nix::sys::resource::{Resource, getrlimit, setrlimit};
use nix::unistd::{Pid, geteuid, getppid};

use super::{SandboxError, step};
use crate::protocol::{Confinement, Limits};

/// Sets the limits of the calling process and of what it will start.
pub(super) fn set(limits: &Limits) -> Result<(), SandboxError> {
    // One second more before the kernel kills: at the first limit Python can
    // still be told.
    lower(
        Resource::RLIMIT_CPU,
        limits.cpu_seconds,
        limits.cpu_seconds.saturating_add(1),
    )?;
    if limits.memory_bytes > 0 {
        lower(
            Resource::RLIMIT_AS,
            limits.memory_bytes,
            limits.memory_bytes,
        )?;
    }
    lower(Resource::RLIMIT_FSIZE, limits.file_bytes, limits.file_bytes)?;
    lower(Resource::RLIMIT_CORE, 0, 0)?;
    let processes = if getppid() == Pid::from_raw(1) {
        // The worker and its watcher; nobody else is this user in here.
        limits.processes.saturating_add(2)
    } else {
        // The limit counts all processes of the user, on the whole machine. The
        // worker must be able to start the next task when this one has as many
        // as it can.
        const KEPT_FREE: u64 = 64;
        let (_, highest) = step("asking for a limit", getrlimit(Resource::RLIMIT_NPROC))?;
        let processes = limits
            .processes
            .saturating_add(running_tasks().unwrap_or(0));
        processes.min(highest.saturating_sub(KEPT_FREE))
    };
    lower(Resource::RLIMIT_NPROC, processes, processes)
}

/// Limits the processes of all tasks together where the worker shares its user
/// with the machine: the kernel counts all that the user has.
pub(super) fn set_for_all_tasks(confinement: &Confinement) -> Result<(), SandboxError> {
    /// What the user, and other workers, may start meanwhile without a task
    /// failing for it.
    const ROOM: u64 = 512;
    let most = user_tasks() + confinement.processes.saturating_add(ROOM);
    lower(Resource::RLIMIT_NPROC, most, most)
}

/// How many processes and threads this user has.
fn user_tasks() -> u64 {
    let user = geteuid().as_raw();
    fs::read_dir("/proc")
        .into_iter()
        .flatten()
        .flatten()
        .filter(|entry| entry.file_name().as_encoded_bytes()[0].is_ascii_digit())
        .filter_map(|entry| fs::metadata(entry.path().join("task")).ok())
        .filter(|tasks| tasks.uid() == user)
        // A folder for each thread, the folder itself, and the one above.
        .map(|tasks| tasks.nlink().saturating_sub(2))
        .sum()
}

/// Sets a limit, never above what the process was started with.
fn lower(resource: Resource, soft: u64, hard: u64) -> Result<(), SandboxError> {
    let (_, highest) = step("asking for a limit", getrlimit(resource))?;
    step(
        "setting a limit",
        setrlimit(resource, soft.min(highest), hard.min(highest)),
    )
}

/// How many processes and threads the machine has, of whichever user.
fn running_tasks() -> Option<u64> {
    let load = fs::read_to_string("/proc/loadavg").ok()?;
    let (_, all) = load.split_ascii_whitespace().nth(3)?.split_once('/')?;
    all.parse().ok()
}

/// Gives up every privilege, for good.
pub(super) fn give_up_privileges() -> Result<(), SandboxError> {
    step("giving up new privileges", prctl::set_no_new_privs())?;
    for capability in 0..64 {
        // SAFETY: takes numbers and touches no memory.
        let dropped = unsafe { libc::prctl(libc::PR_CAPBSET_DROP, capability, 0, 0, 0) };
        if dropped < 0 {
            // The last one there is has been passed, or there was never
            // anything to drop; what the process holds goes below.
            break;
        }
    }
    /// `struct __user_cap_header_struct`.
    #[repr(C)]
    struct Header {
        version: u32,
        process: i32,
    }
    const VERSION_3: u32 = 0x2008_0522;
    let header = Header {
        version: VERSION_3,
        process: 0,
    };
    // Effective, permitted and inheritable, twice: all empty.
    let nothing = [0_u32; 6];
    // SAFETY: both structures are as the third version of the call has them.
    let done = unsafe { libc::syscall(libc::SYS_capset, &raw const header, nothing.as_ptr()) };
    if done < 0 {
        return step("giving up privileges", Err(io::Error::last_os_error()));
    }
    Ok(())
}
