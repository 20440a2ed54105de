//! Memory, queues and semaphores of System V, which outlive whoever made them:
//! what a task left is removed where they are the worker's own.
//!
//! Where they are the whole machine's, no task can make any.

use std::io;

use nix::unistd::{Pid, getpid};

/// A kind of them.
struct Kind {
    /// The call, with its arguments as the kernel takes them.
    call: fn(number: i32, command: i32, answer: *mut u64) -> i64,
    /// The command that tells the highest place in use.
    highest: i32,
    /// The command that tells what has a place, whoever may read it.
    at: i32,
}

const KINDS: [Kind; 3] = [
    Kind {
        call: |number, command, answer| {
            // SAFETY: the answer is longer than any that the kernel gives.
            unsafe { libc::syscall(libc::SYS_shmctl, number, command, answer) }
        },
        highest: 14,
        at: 15,
    },
    Kind {
        call: |number, command, answer| {
            // SAFETY: as above.
            unsafe { libc::syscall(libc::SYS_msgctl, number, command, answer) }
        },
        highest: 12,
        at: 13,
    },
    Kind {
        call: |number, command, answer| {
            // SAFETY: as above.
            unsafe { libc::syscall(libc::SYS_semctl, number, 0, command, answer) }
        },
        highest: 19,
        at: 20,
    },
];

/// Removes all that there is, if the calling process is the first one of
/// namespaces of its own.
pub(super) fn clear() {
    if getpid() != Pid::from_raw(1) {
        return;
    }
    for kind in KINDS {
        // What resists is the next task's to see, and no reason to fail this one.
        let _ = kind.clear();
    }
}

impl Kind {
    fn clear(&self) -> io::Result<()> {
        let highest = self.ask(0, self.highest)?;
        for place in 0..=highest {
            if let Ok(number) = self.ask(place, self.at) {
                self.ask(number, libc::IPC_RMID)?;
            }
        }
        Ok(())
    }

    fn ask(&self, number: i32, command: i32) -> io::Result<i32> {
        // The longest answer has 112 bytes.
        let mut answer = [0_u64; 32];
        let told = (self.call)(number, command, answer.as_mut_ptr());
        i32::try_from(told)
            .ok()
            .filter(|told| *told >= 0)
            .ok_or_else(io::Error::last_os_error)
    }
}
