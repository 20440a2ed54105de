//! Ctrl-C and its kin: one thing that every waiting thread looks at.
//!
//! A raised interrupt stays raised. What to do then is up to whoever waits.

use std::io;
use std::os::fd::{AsFd, BorrowedFd, OwnedFd};
use std::sync::Arc;
use std::sync::atomic::AtomicBool;

use nix::fcntl::OFlag;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use signal_hook::consts::{SIGHUP, SIGINT, SIGTERM};

/// Tells a run to stop.
///
/// It is a pipe that something is written to and nothing is ever read from, so
/// that it wakes every thread that polls it.
#[derive(Debug)]
pub struct Interrupt {
    reader: OwnedFd,
    writer: OwnedFd,
}

impl Interrupt {
    /// One that only [`Interrupt::raise`] raises.
    pub fn new() -> io::Result<Self> {
        let (reader, writer) = nix::unistd::pipe2(OFlag::O_CLOEXEC | OFlag::O_NONBLOCK)?;
        Ok(Self { reader, writer })
    }

    /// One that SIGINT, SIGTERM and SIGHUP raise. A second signal ends the
    /// process at once, should the first not be enough.
    pub fn on_signals() -> io::Result<Self> {
        let interrupt = Self::new()?;
        let again = Arc::new(AtomicBool::new(false));
        for signal in [SIGINT, SIGTERM, SIGHUP] {
            signal_hook::flag::register_conditional_shutdown(
                signal,
                128 + signal,
                Arc::clone(&again),
            )?;
            signal_hook::flag::register(signal, Arc::clone(&again))?;
            signal_hook::low_level::pipe::register(signal, interrupt.writer.try_clone()?)?;
        }
        Ok(interrupt)
    }

    /// Raises it.
    pub fn raise(&self) {
        // A full pipe is as good as one with a byte in it.
        let _ = nix::unistd::write(&self.writer, b"!");
    }

    /// Whether it has been raised.
    pub fn is_raised(&self) -> bool {
        let mut fds = [PollFd::new(self.reader.as_fd(), PollFlags::POLLIN)];
        matches!(poll(&mut fds, PollTimeout::ZERO), Ok(ready) if ready > 0)
    }

    /// What to poll for reading beside whatever is waited for.
    pub fn descriptor(&self) -> BorrowedFd<'_> {
        self.reader.as_fd()
    }
}
