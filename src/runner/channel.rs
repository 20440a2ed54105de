//! Messages to and from a worker, never waiting longer than told.
//!
//! A frame is its length as a little-endian `u32` and one JSON text. What a
//! worker sends is not trusted: a frame that is too long or no JSON is an error.

use std::io::{self, Read, Write};
use std::os::fd::{AsFd, BorrowedFd};
use std::process::{ChildStdin, ChildStdout};
use std::time::Instant;

use nix::fcntl::{FcntlArg, OFlag, fcntl};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use serde::Serialize;
use serde::de::DeserializeOwned;

use super::Interrupt;

/// No message is longer than this.
const FRAME_LIMIT: usize = 512 << 20;

/// Why there is no message.
#[derive(Debug)]
pub(super) enum Silence {
    /// The other side is gone.
    Closed,
    /// It took too long.
    Overdue,
    /// The run was stopped meanwhile.
    Interrupted,
    /// What came is no message, as a sentence without a full stop.
    Garbled(String),
}

/// The coordinator's end of a worker's two pipes.
#[derive(Debug)]
pub(super) struct Channel {
    input: ChildStdin,
    output: ChildStdout,
}

impl Channel {
    pub(super) fn new(input: ChildStdin, output: ChildStdout) -> io::Result<Self> {
        never_block(input.as_fd())?;
        never_block(output.as_fd())?;
        Ok(Self { input, output })
    }

    /// Sends a message.
    pub(super) fn send(
        &mut self,
        message: &impl Serialize,
        deadline: Instant,
        interrupt: &Interrupt,
    ) -> Result<(), Silence> {
        let mut frame = vec![0; 4];
        serde_json::to_writer(&mut frame, message)
            .map_err(|error| Silence::Garbled(error.to_string()))?;
        let length = u32::try_from(frame.len() - 4)
            .map_err(|_| Silence::Garbled("the task is larger than 4 GiB".to_owned()))?;
        frame[..4].copy_from_slice(&length.to_le_bytes());
        let mut rest = frame.as_slice();
        while !rest.is_empty() {
            match self.input.write(rest) {
                Ok(count) => rest = &rest[count..],
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    wait(self.input.as_fd(), PollFlags::POLLOUT, deadline, interrupt)?;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => return Err(Silence::Closed),
            }
        }
        Ok(())
    }

    /// Waits for a message.
    pub(super) fn receive<T: DeserializeOwned>(
        &mut self,
        deadline: Instant,
        interrupt: &Interrupt,
    ) -> Result<T, Silence> {
        let mut length = [0; 4];
        self.fill(&mut length, deadline, interrupt)?;
        let length = u32::from_le_bytes(length) as usize;
        if length > FRAME_LIMIT {
            return Err(Silence::Garbled(format!("a message of {length} bytes")));
        }
        let mut text = vec![0; length];
        self.fill(&mut text, deadline, interrupt)?;
        serde_json::from_slice(&text).map_err(|error| Silence::Garbled(error.to_string()))
    }

    fn fill(
        &mut self,
        mut rest: &mut [u8],
        deadline: Instant,
        interrupt: &Interrupt,
    ) -> Result<(), Silence> {
        while !rest.is_empty() {
            match self.output.read(rest) {
                Ok(0) => return Err(Silence::Closed),
                Ok(count) => rest = &mut rest[count..],
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                    wait(self.output.as_fd(), PollFlags::POLLIN, deadline, interrupt)?;
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(_) => return Err(Silence::Closed),
            }
        }
        Ok(())
    }
}

fn never_block(descriptor: BorrowedFd<'_>) -> io::Result<()> {
    let flags = OFlag::from_bits_retain(fcntl(descriptor, FcntlArg::F_GETFL)?);
    fcntl(descriptor, FcntlArg::F_SETFL(flags | OFlag::O_NONBLOCK))?;
    Ok(())
}

fn wait(
    descriptor: BorrowedFd<'_>,
    what: PollFlags,
    deadline: Instant,
    interrupt: &Interrupt,
) -> Result<(), Silence> {
    let mut fds = [
        PollFd::new(descriptor, what),
        PollFd::new(interrupt.descriptor(), PollFlags::POLLIN),
    ];
    let left = deadline.saturating_duration_since(Instant::now());
    // Rounded up, so that the last wait does not spin.
    let milliseconds = i32::try_from(left.as_millis() + 1).unwrap_or(i32::MAX);
    let timeout = PollTimeout::try_from(milliseconds).unwrap_or(PollTimeout::MAX);
    match poll(&mut fds, timeout) {
        Ok(0) => Err(Silence::Overdue),
        Ok(_) if fds[1].any().unwrap_or(false) => Err(Silence::Interrupted),
        Ok(_) | Err(nix::errno::Errno::EINTR) => Ok(()),
        Err(_) => Err(Silence::Closed),
    }
}

#[cfg(test)]
mod tests {
    //! A worker can say what it likes: it is a message, or none.

    use std::io::Write;
    use std::process::{Command, Stdio};
    use std::time::{Duration, Instant};

    use proptest::prelude::*;

    use super::{Channel, Silence};
    use crate::protocol::Reply;
    use crate::runner::Interrupt;

    fn frame() -> impl Strategy<Value = Vec<u8>> {
        let text = prop_oneof![
            Just(br#"{"Failed":{"message":"no"}}"#.to_vec()),
            Just(br#"{"Ran":{"events":[],"end":"Finished"}}"#.to_vec()),
            Just("[".repeat(20_000).into_bytes()),
            prop::collection::vec(any::<u8>(), 0..40),
        ];
        let length = prop_oneof![8 => Just(None), 1 => any::<u32>().prop_map(Some)];
        (text, length).prop_map(|(text, length)| {
            let own = u32::try_from(text.len()).expect("a short text");
            [&length.unwrap_or(own).to_le_bytes()[..], &text].concat()
        })
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn whatever_a_worker_says_is_read_to_its_end(frames in prop::collection::vec(frame(), 0..5)) {
            let said = frames.concat();
            let mut worker = Command::new("cat").stdin(Stdio::piped()).stdout(Stdio::piped()).spawn()?;
            let mut input = worker.stdin.take().expect("a pipe");
            let output = worker.stdout.take().expect("a pipe");
            let mut nobody = Command::new("true").stdin(Stdio::piped()).spawn()?;
            let nothing = nobody.stdin.take().expect("a pipe");
            let mut channel = Channel::new(nothing, output)?;
            let writer = std::thread::spawn(move || input.write_all(&said));
            let interrupt = Interrupt::new()?;
            let deadline = Instant::now() + Duration::from_secs(60);
            let end = loop {
                match channel.receive::<Reply>(deadline, &interrupt) {
                    Ok(reply) => prop_assert_eq!(reply, Reply::Failed { message: "no".to_owned() }),
                    Err(end) => break end,
                }
            };
            prop_assert!(matches!(end, Silence::Closed | Silence::Garbled(_)), "{end:?}");
            drop(channel);
            // A worker that is no longer listened to may fail to say the rest.
            let _ = writer.join().expect("it does not panic");
            worker.wait()?;
            nobody.wait()?;
        }
    }
}
