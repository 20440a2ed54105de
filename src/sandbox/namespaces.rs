//! Namespaces: processes, network, mounts and System V memory of its own.
//!
//! A process namespace is what makes killing certain: its first process is the
//! worker, and when that dies the kernel kills whatever else is in it. Where
//! namespaces are refused, whoever watches over the worker kills its
//! descendants one by one, and the box says so.

use std::fs;
use std::io;
use std::os::fd::{AsFd, BorrowedFd, FromRawFd, OwnedFd};

use nix::errno::Errno;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sched::{CloneFlags, unshare};
use nix::sys::prctl;
use nix::sys::signal::{SigHandler, Signal, kill, raise, signal};
use nix::sys::wait::{WaitPidFlag, WaitStatus, waitpid};
use nix::unistd::{ForkResult, Pid, fork, getegid, geteuid, getpid};

use super::processes::{kill_descendants, reap};
use super::{Gap, SandboxError, limits, network, step};
use crate::protocol::Confinement;

/// What a worker has to itself.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Worlds {
    /// Whether processes, mounts and System V memory are its own.
    pub(super) own: bool,
    /// Whether the network is its own, and leads nowhere.
    pub(super) own_network: bool,
    /// Whether the users are its own: mounts are then private to begin with.
    pub(super) own_users: bool,
}

/// Leaves the machine's namespaces as far as this is allowed.
pub(super) fn separate(
    confinement: &Confinement,
    gaps: &mut Vec<Gap>,
) -> Result<Worlds, SandboxError> {
    let (user, group) = (geteuid(), getegid());
    let mut wanted = CloneFlags::CLONE_NEWPID | CloneFlags::CLONE_NEWNS | CloneFlags::CLONE_NEWIPC;
    wanted.set(CloneFlags::CLONE_NEWNET, confinement.network);
    let own_users = match unshare(wanted | CloneFlags::CLONE_NEWUSER) {
        Ok(()) => true,
        // Root in a chroot, say, may have the others without new users.
        Err(first) => match unshare(wanted) {
            Ok(()) => false,
            Err(_) => {
                gaps.push(Gap(no_namespaces(first, confinement)));
                return Ok(Worlds {
                    own: false,
                    own_network: false,
                    own_users: false,
                });
            }
        },
    };
    if own_users {
        // One user, one group, the same as outside: a snippet sees who it is.
        step("mapping groups", fs::write("/proc/self/setgroups", "deny"))?;
        step(
            "mapping the user",
            fs::write("/proc/self/uid_map", format!("{user} {user} 1")),
        )?;
        step(
            "mapping the group",
            fs::write("/proc/self/gid_map", format!("{group} {group} 1")),
        )?;
    }
    if confinement.network {
        step("starting the loopback device", network::start_loopback())?;
    }
    Ok(Worlds {
        own: true,
        own_network: confinement.network,
        own_users,
    })
}

fn no_namespaces(error: Errno, confinement: &Confinement) -> String {
    let network = if confinement.network {
        ", cannot even use the network of this machine itself (localhost)"
    } else {
        ""
    };
    format!(
        "namespaces are refused here ({}): snippets can see your other processes{network}, share /dev/shm with them, reach their UNIX sockets, and change permissions and times of your files, and what they write is limited for each file only",
        error.desc()
    )
}

/// Forks; the parent watches over the child and never returns.
pub(super) fn go_on_in_child() -> Result<(), SandboxError> {
    // SAFETY: the process has one thread, so that the child finds everything in
    // order.
    match step("forking", unsafe { fork() })? {
        ForkResult::Child => step(
            "following the watcher",
            prctl::set_pdeathsig(Signal::SIGKILL),
        ),
        ForkResult::Parent { child } => watch_over(child),
    }
}

/// Waits until the worker ends or is no longer wanted, and ends as it did.
fn watch_over(worker: Pid) -> ! {
    // It goes when its work is done: signals to its group (the kernel itself sends
    // one when the coordinator dies while the worker is stopped) do not end it.
    for ignored in [Signal::SIGHUP, Signal::SIGINT, Signal::SIGTERM] {
        // SAFETY: ignoring runs no code.
        let _ = unsafe { signal(ignored, SigHandler::SigIgn) };
    }
    // What the worker leaves behind is handed to its watcher.
    let _ = prctl::set_child_subreaper(true);
    // The worker's output must be seen to end with the worker.
    // SAFETY: the descriptor is this process's own and not used any more.
    unsafe { libc::close(libc::STDOUT_FILENO) };
    let status = match process_descriptor(worker) {
        Ok(handle) => {
            // SAFETY: standard input is open for as long as the process lives.
            let input = unsafe { BorrowedFd::borrow_raw(libc::STDIN_FILENO) };
            loop {
                let mut fds = [
                    PollFd::new(handle.as_fd(), PollFlags::POLLIN),
                    // Only its end is of interest, which is always told.
                    PollFd::new(input, PollFlags::empty()),
                ];
                match poll(&mut fds, PollTimeout::NONE) {
                    Err(Errno::EINTR) => {}
                    Err(_) | Ok(_) => break,
                }
            }
            end(worker)
        }
        // Without a descriptor there is nothing but the worker's end to wait for.
        Err(_) => waitpid(worker, None).unwrap_or(WaitStatus::StillAlive),
    };
    match status {
        WaitStatus::Exited(_, code) => std::process::exit(code),
        WaitStatus::Signaled(_, killer, _) => {
            // The worker has left its core already, where it was allowed one.
            let _ = nix::sys::resource::setrlimit(nix::sys::resource::Resource::RLIMIT_CORE, 0, 0);
            // SAFETY: the default handler is no code of ours.
            let _ = unsafe { signal(killer, SigHandler::SigDfl) };
            let _ = raise(killer);
            std::process::exit(128 + killer as i32)
        }
        WaitStatus::Stopped(..)
        | WaitStatus::PtraceEvent(..)
        | WaitStatus::PtraceSyscall(_)
        | WaitStatus::Continued(_)
        | WaitStatus::StillAlive => std::process::exit(1),
    }
}

/// Ends the worker, if it has not ended itself, and all that it started.
fn end(worker: Pid) -> WaitStatus {
    if let Ok(ended @ (WaitStatus::Exited(..) | WaitStatus::Signaled(..))) =
        waitpid(worker, Some(WaitPidFlag::WNOHANG))
    {
        kill_descendants();
        return ended;
    }
    // Stopped first, so that it starts nothing while its children are looked for.
    let _ = kill(worker, Signal::SIGSTOP);
    kill_descendants();
    let _ = kill(worker, Signal::SIGKILL);
    let status = waitpid(worker, None).unwrap_or(WaitStatus::StillAlive);
    kill_descendants();
    status
}

/// Says which processes there are, and lifts what only privileges can lift,
/// once the process is the first one of its namespace.
pub(super) fn settle(
    worlds: &Worlds,
    confinement: &Confinement,
    gaps: &mut Vec<Gap>,
) -> Result<(), SandboxError> {
    if !worlds.own {
        step("adopting orphans", prctl::set_child_subreaper(true))?;
        limits::set_for_all_tasks(confinement)?;
    } else {
        if !worlds.own_users {
            make_mounts_private();
        }
        if let Err(error) = mount_proc() {
            gaps.push(Gap(format!(
                "no /proc of its own can be made here ({}): snippets can see which other processes run",
                error.desc()
            )));
        } else {
            // Process numbers look like anywhere else, and differ from run to run.
            let start = 1000 + getrandom() % 20_000;
            let _ = fs::write("/proc/sys/kernel/ns_last_pid", start.to_string());
        }
    }
    if geteuid().is_root() && !(worlds.own && limit_process_numbers(confinement)) {
        gaps.push(Gap(
            "the kernel limits the number of root's processes from Linux 6.14 on and in a namespace only: snippets can start as many as they like until their time is up".to_owned(),
        ));
    }
    Ok(())
}

/// Root is exempt from the limit on a user's processes; what holds for root too
/// is that there are only so many numbers. They are a namespace's own from
/// Linux 6.14 on, the whole machine's before.
fn limit_process_numbers(confinement: &Confinement) -> bool {
    /// Numbers below this are given out only once.
    const RESERVED: u64 = 300;
    if !kernel_is_at_least(6, 14) {
        return false;
    }
    let largest = RESERVED + confinement.processes.clamp(16, 1 << 20);
    let start = RESERVED + u64::from(getrandom()) % confinement.processes.max(16);
    fs::write("/proc/sys/kernel/pid_max", largest.to_string()).is_ok()
        && fs::write("/proc/sys/kernel/ns_last_pid", start.to_string()).is_ok()
}

fn kernel_is_at_least(major: u32, minor: u32) -> bool {
    let Ok(names) = nix::sys::utsname::uname() else {
        return false;
    };
    let release = names.release().to_string_lossy().into_owned();
    let mut numbers = release
        .split(|character: char| !character.is_ascii_digit())
        .map(|digits| digits.parse::<u32>().unwrap_or(0));
    (numbers.next().unwrap_or(0), numbers.next().unwrap_or(0)) >= (major, minor)
}

fn getrandom() -> u32 {
    let mut bytes = [0; 4];
    // SAFETY: the buffer is as long as is said. What it holds when the call
    // fails will do as well.
    unsafe { libc::getrandom(bytes.as_mut_ptr().cast(), bytes.len(), 0) };
    u32::from_le_bytes(bytes)
}

/// With new users the kernel has done it already. In a chroot it cannot be done
/// for the root, and for `/proc` only when something is mounted there.
fn make_mounts_private() {
    use nix::mount::{MsFlags, mount};
    for place in ["/", "/proc"] {
        let flags = MsFlags::MS_REC | MsFlags::MS_PRIVATE;
        if mount(None::<&str>, place, None::<&str>, flags, None::<&str>).is_ok() {
            return;
        }
    }
}

fn mount_proc() -> Result<(), Errno> {
    use nix::mount::{MsFlags, mount};
    let flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV | MsFlags::MS_NOEXEC;
    mount(Some("proc"), "/proc", Some("proc"), flags, None::<&str>)
}

/// Kills a child, and where the worker is the first process of a namespace all
/// others at once: a fork bomb's hundreds would otherwise compete with the one
/// that is waited for.
pub(super) fn kill_first(child: Pid) {
    let everybody = getpid() == Pid::from_raw(1);
    let target = if everybody { Pid::from_raw(-1) } else { child };
    let _ = kill(target, Signal::SIGKILL);
}

/// Kills every process that a task left, and gives back how many there were.
pub(super) fn kill_the_rest() -> u32 {
    if getpid() == Pid::from_raw(1) {
        // One call for all, and nothing can fork its way out of it: the kernel
        // holds the list of processes meanwhile.
        let _ = kill(Pid::from_raw(-1), Signal::SIGKILL);
        reap()
    } else {
        kill_descendants()
    }
}

/// A descriptor that becomes readable when the process ends.
fn process_descriptor(process: Pid) -> io::Result<OwnedFd> {
    // SAFETY: a system call that takes two numbers and gives back a new
    // descriptor, or -1, and touches no memory.
    let number = unsafe { libc::syscall(libc::SYS_pidfd_open, process.as_raw(), 0) };
    match i32::try_from(number) {
        // SAFETY: just opened, and nobody else's.
        Ok(number) if number >= 0 => Ok(unsafe { OwnedFd::from_raw_fd(number) }),
        Ok(_) | Err(_) => Err(io::Error::last_os_error()),
    }
}
