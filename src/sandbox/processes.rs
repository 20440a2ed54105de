//! The processes that a process started, and those that these started.
//!
//! Whoever walks along them cannot hold them still by looking: what is read is a
//! moment's truth, and killing takes care of that.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use nix::errno::Errno;
use nix::sys::signal::{Signal, kill, killpg};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::{Pid, getpgid, getpid, getsid};

/// What a process and its descendants are at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Activity {
    /// Time on processors so far, of those that live.
    pub spent: Duration,
    /// Whether one of them runs, or would if a processor were free.
    pub runs: bool,
}

/// Looks at a process and its descendants.
pub fn activity(process: u32) -> Activity {
    let mut activity = Activity {
        spent: Duration::ZERO,
        runs: false,
    };
    let mut rest: Vec<Pid> = i32::try_from(process)
        .map(Pid::from_raw)
        .into_iter()
        .collect();
    while let Some(process) = rest.pop() {
        for thread in threads(process) {
            let time = fs::read_to_string(thread.join("schedstat")).unwrap_or_default();
            let spent = time.split_ascii_whitespace().next();
            let spent = spent.and_then(|number| number.parse().ok()).unwrap_or(0);
            activity.spent += Duration::from_nanos(spent);
            activity.runs |= state(&thread) == Some('R');
        }
        rest.extend(children(process));
    }
    activity
}

/// Waits for all children, which are dead or about to be, and counts those that
/// had to be killed.
pub(super) fn reap() -> u32 {
    let mut killed = 0;
    loop {
        match waitpid(None, Some(WaitPidFlag::__WALL)) {
            Ok(WaitStatus::Signaled(_, Signal::SIGKILL, _)) => killed += 1,
            Err(Errno::EINTR) | Ok(_) => {}
            Err(_) => return killed,
        }
    }
}

/// Kills all descendants where there is no namespace to do it; how many there
/// were. Whole process groups are killed at once, which nothing escapes; what
/// makes groups of its own is stopped until nothing new turns up, and killed
/// then. Killing one by one would never catch up with a process that keeps
/// forking, nor would a look at many dead ones with a process that is gone soon.
pub(super) fn kill_descendants() -> u32 {
    /// A process that waits for a device may stop late, or never.
    const PATIENCE: Duration = Duration::from_secs(1);
    let patience = Instant::now() + PATIENCE;
    let own = getpid();
    let mut stopped: Vec<Pid> = Vec::new();
    let mut killed = 0;
    loop {
        killed += reap_dead(&mut stopped);
        let mut found = Vec::new();
        let mut parents = vec![own];
        parents.extend(&stopped);
        for parent in parents {
            found.extend(children(parent).filter(|child| !stopped.contains(child)));
        }
        // A process that was forking when it was told to stop has a child more
        // afterwards.
        if found.is_empty() && (Instant::now() > patience || stopped.iter().all(is_still)) {
            break;
        }
        for child in found {
            kill_group(child);
            let _ = kill(child, Signal::SIGSTOP);
            stopped.push(child);
        }
    }
    for process in &stopped {
        let _ = kill(*process, Signal::SIGKILL);
    }
    if stopped.is_empty() {
        killed
    } else {
        killed + reap()
    }
}

/// Kills the process group of a descendant, where all of it must be descendants:
/// nobody comes into a session from outside.
fn kill_group(process: Pid) {
    if getsid(Some(process)).is_ok_and(|session| getsid(None) != Ok(session))
        && let Ok(group) = getpgid(Some(process))
    {
        let _ = killpg(group, Signal::SIGKILL);
    }
}

/// Takes the children that are dead out of the list, and counts those that were
/// killed.
fn reap_dead(stopped: &mut Vec<Pid>) -> u32 {
    let mut killed = 0;
    while let Ok(status) = waitpid(None, Some(WaitPidFlag::__WALL | WaitPidFlag::WNOHANG)) {
        killed += u32::from(matches!(
            status,
            WaitStatus::Signaled(_, Signal::SIGKILL, _)
        ));
        match status.pid() {
            Some(dead) => stopped.retain(|process| *process != dead),
            None => break,
        }
    }
    killed
}

/// Whether no thread of a process runs: it is stopped, or dead.
fn is_still(process: &Pid) -> bool {
    threads(*process).all(|thread| matches!(state(&thread), Some('T' | 't' | 'Z' | 'X') | None))
}

/// The children of all threads of a process.
fn children(process: Pid) -> impl Iterator<Item = Pid> {
    threads(process)
        .filter_map(|thread| fs::read_to_string(thread.join("children")).ok())
        .flat_map(|list| {
            list.split_ascii_whitespace()
                .filter_map(|number| number.parse().ok())
                .map(Pid::from_raw)
                .collect::<Vec<_>>()
        })
}

/// The folders of a process's threads.
fn threads(process: Pid) -> impl Iterator<Item = PathBuf> {
    fs::read_dir(format!("/proc/{process}/task"))
        .into_iter()
        .flatten()
        .flatten()
        .map(|entry| entry.path())
}

/// A thread's state, as one letter; `None` when it is gone.
fn state(thread: &Path) -> Option<char> {
    let line = fs::read_to_string(thread.join("stat")).ok()?;
    // The name before the state can have any character in it.
    line.rsplit_once(") ")?.1.chars().next()
}
