//! One worker process, seen from outside.
//!
//! It is told to go by closing its input, which it (or whoever watches over it)
//! cannot miss, and killed when it does not.

use std::fs::File;
use std::io::{Read, Seek, SeekFrom};
use std::os::fd::{AsFd, FromRawFd, OwnedFd};
use std::os::unix::process::{CommandExt, ExitStatusExt};
use std::path::PathBuf;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::{Duration, Instant};

use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::memfd::{MFdFlags, memfd_create};
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;

use super::channel::{Channel, Silence};
use super::{Interrupt, RunnerSettings, confinement};
use crate::interpreter::Interpreter;
use crate::protocol::{Hello, Reply, Setup, Task};
use crate::sandbox::{self, removal};

/// What came of handing a task to a worker. After anything but a reply the
/// worker is of no more use.
#[derive(Debug)]
pub(super) enum Answer {
    Reply(Reply),
    Overdue,
    Interrupted,
    Died { detail: String },
}

/// How long a worker may take to go.
const FAREWELL: Duration = Duration::from_secs(3);

/// A worker that made ready.
#[derive(Debug)]
pub(super) struct Zygote {
    pub(super) hello: Hello,
    /// `None` once it has been told to go.
    channel: Option<Channel>,
    process: Process,
    network_kept_away: bool,
}

impl Zygote {
    /// Starts a worker in `root`, a folder of its own.
    pub(super) fn start(
        interpreter: &Interpreter,
        settings: &RunnerSettings,
        root: PathBuf,
        network_kept_away: bool,
        interrupt: &Interrupt,
    ) -> Result<Self, String> {
        let deadline = Instant::now() + settings.start_deadline;
        let mut process = Process::start(interpreter, settings, root)?;
        let channel = match (process.child.stdin.take(), process.child.stdout.take()) {
            (Some(input), Some(output)) => Channel::new(input, output),
            (None, _) | (_, None) => Err(std::io::Error::other("it has no pipes")),
        };
        let mut channel = channel.map_err(|error| format!("its pipes cannot be used: {error}"))?;
        let setup = Setup {
            library: interpreter.library.clone(),
            executable: interpreter.executable.clone(),
            preload: settings.preload.clone(),
            confinement: confinement(
                interpreter,
                settings,
                process.root.clone(),
                network_kept_away,
            ),
        };
        let hello = channel
            .send(&setup, deadline, interrupt)
            .and_then(|()| channel.receive(deadline, interrupt));
        match hello {
            Ok(hello) => Ok(Self {
                hello,
                channel: Some(channel),
                process,
                network_kept_away,
            }),
            Err(silence) => {
                drop(channel);
                let what = match silence {
                    Silence::Closed => "it ended before it was ready".to_owned(),
                    Silence::Overdue => format!(
                        "it was not ready within {} s",
                        settings.start_deadline.as_secs()
                    ),
                    Silence::Interrupted => "the run was stopped".to_owned(),
                    Silence::Garbled(what) => format!("its first words are garbled ({what})"),
                };
                Err(process.obituary(&what))
            }
        }
    }

    /// The number of its process, or of the one that watches over it.
    pub(super) fn process_number(&self) -> u32 {
        self.process.child.id()
    }

    /// Whether its tasks have no network.
    pub(super) fn has_network_kept_away(&self) -> bool {
        self.network_kept_away
    }

    /// Has it run a task.
    pub(super) fn run(&mut self, task: &Task, deadline: Duration, interrupt: &Interrupt) -> Answer {
        let end = Instant::now() + deadline;
        let Some(channel) = &mut self.channel else {
            return Answer::Died {
                detail: "it had been told to go".to_owned(),
            };
        };
        let reply = channel
            .send(task, end, interrupt)
            .and_then(|()| channel.receive(end, interrupt));
        let silence = match reply {
            Ok(reply) => return Answer::Reply(reply),
            Err(silence) => silence,
        };
        self.channel = None;
        match silence {
            Silence::Overdue => Answer::Overdue,
            Silence::Interrupted => Answer::Interrupted,
            Silence::Closed => Answer::Died {
                detail: self.process.obituary("it died"),
            },
            Silence::Garbled(what) => Answer::Died {
                detail: self
                    .process
                    .obituary(&format!("its reply is garbled ({what})")),
            },
        }
    }
}

impl Drop for Zygote {
    fn drop(&mut self) {
        // The end of its input is what tells it to go; the process is waited
        // for when it is dropped in its turn.
        self.channel = None;
    }
}

/// The process, its folder, and what it has to say for itself.
#[derive(Debug)]
struct Process {
    child: Child,
    root: PathBuf,
    /// Its standard error.
    complaints: File,
    status: Option<ExitStatus>,
}

impl Process {
    fn start(
        interpreter: &Interpreter,
        settings: &RunnerSettings,
        root: PathBuf,
    ) -> Result<Self, String> {
        let complaints = memfd_create(c"trueprint-worker-stderr", MFdFlags::MFD_CLOEXEC)
            .map_err(|error| format!("no file for its messages can be made: {error}"))?;
        let complaints = File::from(complaints);
        let errors = complaints
            .try_clone()
            .map_err(|error| format!("no file for its messages can be made: {error}"))?;
        let child = Command::new(&settings.program)
            .arg0("trueprint")
            .arg("__worker")
            .env_clear()
            .envs(sandbox::environment(
                &interpreter.executable,
                settings.hash_seed,
            ))
            .current_dir(&root)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::from(errors))
            // Ctrl-C on the terminal is for the coordinator, which ends its
            // workers itself.
            .process_group(0)
            .spawn()
            .map_err(|error| {
                format!("{} cannot be started: {error}", settings.program.display())
            })?;
        Ok(Self {
            child,
            root,
            complaints,
            status: None,
        })
    }

    /// Waits for the process, which has been told to go, and kills it when it
    /// does not.
    fn end(&mut self) -> Option<ExitStatus> {
        if self.status.is_none() {
            self.child.stdin = None;
            if !self.ends_within(FAREWELL) {
                if let Ok(id) = i32::try_from(self.child.id()) {
                    // Not waited for yet, so the number is still its own.
                    let _ = killpg(Pid::from_raw(id), Signal::SIGKILL);
                }
                let _ = self.child.kill();
            }
            self.status = self.child.wait().ok();
        }
        self.status
    }

    fn ends_within(&self, time: Duration) -> bool {
        let Some(handle) = process_descriptor(&self.child) else {
            return false;
        };
        let end = Instant::now() + time;
        loop {
            let left = end.saturating_duration_since(Instant::now());
            let timeout = PollTimeout::try_from(left).unwrap_or(PollTimeout::MAX);
            let mut fds = [PollFd::new(handle.as_fd(), PollFlags::POLLIN)];
            match poll(&mut fds, timeout) {
                Err(nix::errno::Errno::EINTR) => {}
                Ok(ready) => return ready > 0,
                Err(_) => return false,
            }
        }
    }

    /// What is known of the end of a worker of which `what` was seen.
    fn obituary(&mut self, what: &str) -> String {
        let mut detail = what.to_owned();
        if let Some(status) = self.end() {
            if let Some(signal) = status.signal() {
                let name = Signal::try_from(signal).map_or("unknown", Signal::as_str);
                detail.push_str(&format!("; signal {signal} ({name})"));
            } else if let Some(code) = status.code() {
                detail.push_str(&format!("; exit status {code}"));
            }
        }
        let last = last_words(&mut self.complaints);
        if !last.is_empty() {
            detail.push_str("; it said: ");
            detail.push_str(&last);
        }
        detail
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.end();
        // The whole run's directory goes at the end in any case.
        let _ = removal::remove(&self.root);
    }
}

/// The end of what a worker wrote to standard error.
fn last_words(file: &mut File) -> String {
    const KEPT: u64 = 2000;
    let length = file.metadata().map_or(0, |found| found.len());
    let mut bytes = Vec::new();
    let read = file
        .seek(SeekFrom::Start(length.saturating_sub(KEPT)))
        .and_then(|_| file.take(KEPT).read_to_end(&mut bytes));
    match read {
        Ok(_) => String::from_utf8_lossy(&bytes).trim().to_owned(),
        Err(_) => String::new(),
    }
}

/// A descriptor of the process that becomes readable when it ends.
fn process_descriptor(child: &Child) -> Option<OwnedFd> {
    // SAFETY: a system call that takes two numbers and gives back a new
    // descriptor, or -1, and touches no memory.
    let descriptor = unsafe { libc::syscall(libc::SYS_pidfd_open, child.id(), 0) };
    let descriptor = i32::try_from(descriptor)
        .ok()
        .filter(|number| *number >= 0)?;
    // SAFETY: just opened, and nobody else's.
    Some(unsafe { OwnedFd::from_raw_fd(descriptor) })
}
