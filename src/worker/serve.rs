//! The worker's loop: a task comes in, a child is forked, a reply goes out.
//!
//! The process has one thread, so that a fork of it is whole. The ends of the
//! pipes to the coordinator are the worker's alone: a child closes them before
//! anything of the snippet's is run.

use std::fs::{self, File, OpenOptions};
use std::io;
use std::os::fd::{AsRawFd, FromRawFd};
use std::path::{Component, Path, PathBuf};
use std::time::{Duration, Instant};

use pyo3::ffi;
use pyo3::prelude::*;

use super::child::{self, Stage};
use super::collect;
use super::log::{Log, Phase};
use super::streams;
use crate::protocol::{self, End, LARGEST_CAPTURE, Reply, Run, Setup, Task, Unit};
use crate::sandbox::{self, NetworkAttempts};

/// How often a running child is looked at.
const LOOK: Duration = Duration::from_millis(100);

/// How long to wait for room for a process: less than the coordinator's grace.
const PATIENCE: Duration = Duration::from_secs(8);

/// The worker's ends of the pipes to the coordinator.
pub struct Channel {
    input: File,
    output: File,
}

impl Channel {
    /// Takes standard input and output for the protocol, and leaves nothing
    /// readable or writable in their place.
    pub fn take() -> io::Result<Self> {
        let null = OpenOptions::new()
            .read(true)
            .write(true)
            .open("/dev/null")?;
        let take = |descriptor: i32| -> io::Result<File> {
            // SAFETY: plain system calls; the new descriptor belongs to nobody else.
            unsafe {
                let copy = libc::fcntl(descriptor, libc::F_DUPFD_CLOEXEC, 3);
                if copy < 0 || libc::dup2(null.as_raw_fd(), descriptor) < 0 {
                    return Err(io::Error::last_os_error());
                }
                Ok(File::from_raw_fd(copy))
            }
        };
        Ok(Self {
            input: take(0)?,
            output: take(1)?,
        })
    }

    /// Says something to the coordinator.
    pub fn send(&mut self, message: &impl serde::Serialize) -> io::Result<()> {
        protocol::send(&mut self.output, message)
    }
}

/// The names of a task's folders.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TaskFolders {
    path: PathBuf,
}

impl TaskFolders {
    /// Those that a task has, unless an earlier one's resist their removal.
    pub fn usual(root: &Path) -> Self {
        Self {
            path: root.join("task"),
        }
    }

    /// What all of them are in.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The snippet's working directory.
    pub fn work(&self) -> PathBuf {
        self.path.join("work")
    }

    /// Its home.
    pub fn home(&self) -> PathBuf {
        self.path.join("home")
    }

    /// Where its temporary files go.
    pub fn temporary(&self) -> PathBuf {
        self.path.join("tmp")
    }

    /// The file of a unit.
    pub fn file(&self, unit: &Unit) -> PathBuf {
        self.work().join(&*unit.file_name)
    }

    fn within(&self) -> [PathBuf; 3] {
        [self.work(), self.home(), self.temporary()]
    }
}

/// A task's folders on disk, which are removed with everything in them.
struct TaskDirectory {
    folders: TaskFolders,
    /// The files that were put there.
    files: Vec<PathBuf>,
}

impl TaskDirectory {
    fn make(root: &Path, number: u64, units: &[Unit]) -> io::Result<Self> {
        let mut directory = Self {
            folders: TaskFolders::usual(root),
            files: Vec::new(),
        };
        match fs::create_dir(&directory.folders.path) {
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {
                directory.folders.path = root.join(format!("task-{number}"));
                fs::create_dir(&directory.folders.path)?;
            }
            made => made?,
        }
        for folder in directory.folders.within() {
            fs::create_dir(folder)?;
        }
        for unit in units {
            let mut parts = Path::new(&*unit.file_name).components();
            if !matches!(
                (parts.next(), parts.next()),
                (Some(Component::Normal(_)), None)
            ) {
                return Err(io::Error::other(format!(
                    "{:?} is not the name of a file",
                    unit.file_name
                )));
            }
            let file = directory.folders.file(unit);
            fs::write(&file, &*unit.code)?;
            directory.files.push(file);
        }
        Ok(directory)
    }

    /// Removes what was put there, if a snippet left nothing beside it.
    fn remove_own(&self) -> io::Result<()> {
        for file in &self.files {
            fs::remove_file(file)?;
        }
        for folder in self.folders.within() {
            fs::remove_dir(folder)?;
        }
        fs::remove_dir(&self.folders.path)
    }
}

impl Drop for TaskDirectory {
    fn drop(&mut self) {
        // Most snippets leave nothing, and then this is all there is to it.
        let _ = self.remove_own();
        // The folder around could be written to as well. What resists goes with
        // the coordinator's own directory.
        let _ = self.folders.path.parent().map(sandbox::removal::empty);
    }
}

/// Serves tasks until the input ends.
///
/// Without a Python, each child starts its own.
pub fn serve(
    warm: Option<(Python<'_>, &Stage)>,
    setup: &Setup,
    channel: &mut Channel,
) -> io::Result<()> {
    let mut number = 0;
    let mut attempts = NetworkAttempts::count();
    while let Some(task) = protocol::receive::<Task>(&mut channel.input)? {
        number += 1;
        let reply = match run(warm, setup, number, &task, channel, attempts.as_mut()) {
            Ok(reply) => reply,
            Err(error) => Reply::Failed {
                message: error.to_string(),
            },
        };
        channel.send(&reply)?;
    }
    Ok(())
}

/// Runs a task in a child.
fn run(
    warm: Option<(Python<'_>, &Stage)>,
    setup: &Setup,
    number: u64,
    task: &Task,
    channel: &Channel,
    attempts: Option<&mut NetworkAttempts>,
) -> io::Result<Reply> {
    let directory = TaskDirectory::make(&setup.confinement.root, number, &task.units)?;
    let captures = [streams::capture(c"stdout")?, streams::capture(c"stderr")?];
    let keep = task.limits.output_bytes;
    let log = Log::new((keep / 2) as usize)?;
    let process = fork_patiently(warm.is_some())?;
    let began = Instant::now();
    let deadline = began + Duration::from_millis(task.limits.wall_ms);
    if process == 0 {
        child::run(
            warm,
            setup,
            task,
            &directory.folders,
            captures,
            log,
            deadline,
        );
    }
    let mut ending = wait(process, deadline, &captures, channel)?;
    let leftover_processes = sandbox::end_task();
    let wall_seconds = began.elapsed().as_secs_f64();
    let collected = collect::collect(&log, &captures, keep);
    if let Some(message) = collected.failure {
        return Ok(Reply::Failed { message });
    }
    let attempted = attempts.map_or(0, NetworkAttempts::further);
    let refused = if attempted > 0 {
        vec![format!(
            "network: {attempted} attempt{} to reach an address outside",
            if attempted == 1 { "" } else { "s" }
        )]
    } else {
        Vec::new()
    };
    ending.consider_phase(log.phase());
    Ok(Reply::Ran(Box::new(Run {
        events: collected.events,
        end: ending.end,
        wall_seconds,
        cpu_seconds: ending.cpu_seconds,
        refused,
        output_cut: collected.output_cut,
        events_cut: log.events_cut(),
        leftover_processes,
    })))
}

/// Forks, and waits for a while where the user has as many processes as are
/// allowed: other tasks' may be as many, and they end.
fn fork_patiently(has_python: bool) -> io::Result<libc::pid_t> {
    let end = Instant::now() + PATIENCE;
    loop {
        match fork(has_python) {
            Err(error) if error.kind() == io::ErrorKind::WouldBlock && Instant::now() < end => {
                std::thread::sleep(LOOK);
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                return Err(io::Error::other(
                    "no process can be started for it: this user has as many as are allowed (RLIMIT_NPROC)",
                ));
            }
            result => return result,
        }
    }
}

/// Forks, telling CPython if it is there.
fn fork(has_python: bool) -> io::Result<libc::pid_t> {
    // SAFETY: CPython's own `os.fork` does the same; this thread holds the GIL,
    // and is the only one.
    let process = unsafe {
        if has_python {
            ffi::PyOS_BeforeFork();
        }
        let process = libc::fork();
        if has_python {
            if process == 0 {
                ffi::PyOS_AfterFork_Child();
            } else {
                ffi::PyOS_AfterFork_Parent();
            }
        }
        process
    };
    if process < 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(process)
}

/// How a child ended.
struct Ending {
    end: End,
    cpu_seconds: f64,
}

impl Ending {
    /// Takes into account how far the child had come.
    fn consider_phase(&mut self, phase: Phase) {
        let reason = match phase {
            Phase::Running => return,
            Phase::Threads => "a thread was still running",
            Phase::ExitFunctions => "a function registered with atexit was still running",
            Phase::Dropping => "a destructor was still running",
            Phase::Finished => {
                if let End::LeftEarly { .. } = self.end {
                    self.end = End::Finished;
                }
                return;
            }
        };
        if self.end == End::TimedOut {
            self.end = End::Unfinished {
                reason: reason.into(),
            };
        }
    }
}

/// Waits for the child, at most until its deadline, and as long as the
/// coordinator is there.
fn wait(
    process: libc::pid_t,
    deadline: Instant,
    captures: &[File; 2],
    channel: &Channel,
) -> io::Result<Ending> {
    // SAFETY: the child is not reaped yet, so the number is its own.
    let descriptor = unsafe { libc::syscall(libc::SYS_pidfd_open, process, 0) } as i32;
    if descriptor < 0 {
        return Err(io::Error::last_os_error());
    }
    // SAFETY: it was just opened.
    let descriptor = unsafe { File::from_raw_fd(descriptor) };
    let forced = loop {
        let rest = deadline.saturating_duration_since(Instant::now());
        if rest.is_zero() {
            break Some(End::TimedOut);
        }
        let mut polls = [
            libc::pollfd {
                fd: descriptor.as_raw_fd(),
                events: libc::POLLIN,
                revents: 0,
            },
            // Whether anything is to be read does not matter, only whether the
            // other end is still there.
            libc::pollfd {
                fd: channel.input.as_raw_fd(),
                events: 0,
                revents: 0,
            },
        ];
        let patience = rest.min(LOOK).as_millis() as i32 + 1;
        // SAFETY: two structures, as told.
        let count = unsafe { libc::poll(polls.as_mut_ptr(), 2, patience) };
        if count < 0 {
            let error = io::Error::last_os_error();
            if error.kind() != io::ErrorKind::Interrupted {
                return Err(error);
            }
        } else if polls[0].revents != 0 {
            break None;
        } else if polls[1].revents != 0 {
            sandbox::end_task();
            return Err(io::Error::other("the coordinator is gone"));
        } else if captures.iter().any(is_flooded) {
            break Some(too_much_output());
        }
    };
    if forced.is_some() {
        // Without waiting for anybody: what the child spent is told when it is
        // waited for itself.
        sandbox::kill_task(process);
    }
    // SAFETY: plain data that the call fills; the child is ours and not reaped.
    let (status, usage) = unsafe {
        let mut status = 0;
        let mut usage: libc::rusage = std::mem::zeroed();
        while libc::wait4(process, &mut status, 0, &mut usage) < 0 {
            let error = io::Error::last_os_error();
            if error.kind() != io::ErrorKind::Interrupted {
                return Err(error);
            }
        }
        (status, usage)
    };
    let end = forced.unwrap_or_else(|| {
        // A flood can be over before anybody looks: it is one all the same.
        if captures.iter().any(is_flooded) {
            return too_much_output();
        }
        if libc::WIFSIGNALED(status) {
            match libc::WTERMSIG(status) {
                libc::SIGXCPU => End::LimitHit {
                    limit: "processor time".into(),
                },
                libc::SIGXFSZ => End::LimitHit {
                    limit: "file size".into(),
                },
                signal => End::Killed { signal },
            }
        } else {
            End::LeftEarly {
                status: libc::WEXITSTATUS(status),
            }
        }
    });
    let seconds = |time: libc::timeval| time.tv_sec as f64 + time.tv_usec as f64 / 1e6;
    Ok(Ending {
        end,
        cpu_seconds: seconds(usage.ru_utime) + seconds(usage.ru_stime),
    })
}

fn too_much_output() -> End {
    End::LimitHit {
        limit: "output".into(),
    }
}

fn is_flooded(capture: &File) -> bool {
    capture
        .metadata()
        .is_ok_and(|metadata| metadata.len() > LARGEST_CAPTURE)
}
