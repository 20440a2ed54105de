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

    use std::io::{self, Write};
    use std::os::fd::OwnedFd;
    use std::process::{ChildStdin, ChildStdout};
    use std::time::{Duration, Instant};

    use proptest::prelude::*;
    use proptest::sample::Index;

    use super::{Channel, Silence};
    use crate::protocol::{End, Event, Reply, Run, Shown, Site, Stream};
    use crate::runner::Interrupt;

    /// A reply such as workers give.
    fn reply() -> Reply {
        let statement = Site { unit: 0, line: 1 };
        let shown = Shown {
            repr: "'a\\n\u{1b}'".to_owned(),
            text: Some("a\n".to_owned()),
            type_name: "str".to_owned(),
            is_none: false,
        };
        let inner = vec![Event::Value {
            probe: 1,
            unit: 0,
            value: Ok(Box::new(shown)),
        }];
        Reply::Ran(Box::new(Run {
            events: vec![
                Event::Wrote {
                    stream: Stream::Out,
                    stack: vec![statement],
                    statement: Some(statement),
                    text: "5\n".to_owned(),
                },
                Event::Ran {
                    probe: 0,
                    unit: 0,
                    events: inner,
                    end: End::Killed { signal: 9 },
                },
                Event::Exited {
                    statement: None,
                    code: -1,
                },
            ],
            end: End::LimitHit {
                limit: "memory".to_owned(),
            },
            wall_seconds: 0.25,
            cpu_seconds: 0.125,
            refused: vec!["network: socket".to_owned()],
            output_cut: 0,
            events_cut: false,
            leftover_processes: 1,
        }))
    }

    /// A reply with some bytes changed.
    fn changed_reply() -> impl Strategy<Value = Vec<u8>> {
        let pieces = [
            "",
            "[",
            "]",
            "{",
            "}",
            "\"",
            ",",
            "null",
            "-1",
            "1e999",
            "99999999999999999999",
            "\\ud800",
            "\0",
        ];
        let piece = prop::sample::select(pieces.to_vec());
        let changes = prop::collection::vec((any::<Index>(), 0..4_usize, piece), 0..4);
        changes.prop_map(|changes| {
            let mut text = serde_json::to_vec(&reply()).expect("it can be sent");
            for (at, cut, piece) in changes {
                let start = at.index(text.len() + 1);
                let end = (start + cut).min(text.len());
                text.splice(start..end, piece.bytes());
            }
            text
        })
    }

    fn frame() -> impl Strategy<Value = Vec<u8>> {
        let text = prop_oneof![
            2 => Just(br#"{"Failed":{"message":"no"}}"#.to_vec()),
            5 => changed_reply(),
            1 => Just("[".repeat(20_000).into_bytes()),
            1 => prop::collection::vec(any::<u8>(), 0..40),
        ];
        let length = prop_oneof![12 => Just(None), 1 => any::<u32>().prop_map(Some), 1 => (0..600_u32).prop_map(Some)];
        (text, length).prop_map(|(text, length)| {
            let own = u32::try_from(text.len()).expect("a short text");
            [&length.unwrap_or(own).to_le_bytes()[..], &text].concat()
        })
    }

    /// What is said on a channel until nothing more comes, and why it ends.
    fn heard(said: Vec<u8>) -> io::Result<(Vec<Reply>, Silence)> {
        let (output, mut worker) = io::pipe()?;
        // Nobody reads what the coordinator says.
        let (_nobody, input) = io::pipe()?;
        let mut channel = Channel::new(
            ChildStdin::from(OwnedFd::from(input)),
            ChildStdout::from(OwnedFd::from(output)),
        )?;
        // A worker that is no longer listened to may fail to say the rest.
        let writer = std::thread::spawn(move || worker.write_all(&said).is_ok());
        let interrupt = Interrupt::new()?;
        let deadline = Instant::now() + Duration::from_secs(60);
        let mut replies = Vec::new();
        let end = loop {
            match channel.receive::<Reply>(deadline, &interrupt) {
                Ok(reply) => replies.push(reply),
                Err(end) => break end,
            }
        };
        drop(channel);
        writer.join().expect("it does not panic");
        Ok((replies, end))
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn whatever_a_worker_says_is_read_to_its_end(frames in prop::collection::vec(frame(), 0..5)) {
            let (replies, end) = heard(frames.concat())?;
            prop_assert!(replies.len() <= frames.len());
            prop_assert!(matches!(end, Silence::Closed | Silence::Garbled(_)), "{end:?}");
        }
    }

    #[test]
    fn a_reply_is_heard_as_it_was_said() {
        let text = serde_json::to_vec(&reply()).expect("it can be sent");
        let length = u32::try_from(text.len()).expect("a short text");
        let (replies, end) = heard([&length.to_le_bytes()[..], &text].concat()).expect("pipes");
        assert_eq!(replies, [reply()]);
        assert!(matches!(end, Silence::Closed));
    }
}
