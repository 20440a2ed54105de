//! Runs the executable as somebody, with or without namespaces, and sees what
//! it leaves running.
//!
//! The test's own executable is started again for each run and becomes the one
//! to whom the kernel hands orphans, so that nothing that outlives the run is
//! out of its sight. It mounts nothing and changes no root.

use std::fs;
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::Path;
use std::process::Command;

use nix::sys::signal::{Signal, kill};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::{Gid, Pid, Uid, setgid, setgroups, setuid};

use crate::refusal;

/// The first argument of the test's executable when it is to supervise.
pub const CALL: &str = "__supervise";

/// Whom an ordinary user is played by.
pub const NOBODY: u32 = 65534;

/// Seconds after which a run is taken to hang.
const HANGS: u32 = 240;

/// How a run is done.
#[derive(Clone, Copy, Debug)]
pub struct Circumstances {
    /// By nobody rather than by who tests.
    pub nobody: bool,
    /// Whether namespaces can be made.
    pub namespaces: bool,
}

/// A command that supervises `program`; its arguments and its environment are
/// the program's. What is left running is written to `left`, a line for each.
pub fn command(circumstances: Circumstances, left: &Path, program: &Path) -> Command {
    let mut command = Command::new(std::env::current_exe().expect("this program's own file"));
    command
        .arg(CALL)
        .arg(circumstances.nobody.to_string())
        .arg(circumstances.namespaces.to_string())
        .arg(left)
        .arg(program);
    command
}

/// Supervises, when the arguments say so.
pub fn supervise() {
    let given: Vec<_> = std::env::args_os().skip(1).collect();
    let [call, nobody, namespaces, left, program, arguments @ ..] = given.as_slice() else {
        return;
    };
    if call != CALL {
        return;
    }
    nix::sys::prctl::set_child_subreaper(true).expect("orphans can be adopted");
    if namespaces == "false" {
        refusal::refuse_namespaces();
    }
    let mut command = Command::new(program);
    command.args(arguments);
    let becomes_nobody = nobody == "true";
    // SAFETY: system calls and nothing else between fork and exec.
    unsafe {
        command.pre_exec(move || {
            if becomes_nobody {
                setgroups(&[])?;
                setgid(Gid::from_raw(NOBODY))?;
                setuid(Uid::from_raw(NOBODY))?;
            }
            // It outlives the exec, and ends what would hang for ever.
            libc::alarm(HANGS);
            Ok(())
        });
    }
    let status = command
        .spawn()
        .and_then(|mut child| child.wait())
        .expect("the program can be started");
    let leftovers = leftovers();
    fs::write(left, leftovers.join("\n")).expect("what is left can be told");
    std::process::exit(match status.signal() {
        Some(signal) => 128 + signal,
        None => status.code().unwrap_or(127),
    });
}

/// What is still there once everything that was killed has had the time to go,
/// in words; it is killed.
fn leftovers() -> Vec<String> {
    let mut found = Vec::new();
    for process in children() {
        // Its end is on the way if somebody has seen to it.
        for _ in 0..2_000 {
            match waitpid(process, Some(WaitPidFlag::WNOHANG)) {
                Ok(WaitStatus::StillAlive) => {
                    let _ = nix::poll::poll(&mut [], 1_u8);
                }
                Ok(_) | Err(_) => break,
            }
        }
        if let Ok(WaitStatus::StillAlive) = waitpid(process, Some(WaitPidFlag::WNOHANG)) {
            let line = fs::read(format!("/proc/{process}/cmdline")).unwrap_or_default();
            let line = String::from_utf8_lossy(&line).replace(['\0', '\n'], " ");
            found.push(format!("{process}: {line}"));
            // A child that has not been waited for: the number is still its own.
            let _ = kill(process, Signal::SIGKILL);
            let _ = waitpid(process, None);
        }
    }
    if found.is_empty() && children().is_empty() {
        return found;
    }
    // What the killed ones leave behind is handed on to this process.
    found.extend(leftovers());
    found
}

/// The children of this process, which has one thread.
fn children() -> Vec<Pid> {
    let own = std::process::id();
    fs::read_to_string(format!("/proc/self/task/{own}/children"))
        .unwrap_or_default()
        .split_ascii_whitespace()
        .filter_map(|number| number.parse().ok())
        .map(Pid::from_raw)
        .collect()
}
