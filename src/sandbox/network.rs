//! The network of a worker: the loopback device, and who tried to leave it.

use std::fs::{self, File};
use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::os::unix::fs::FileExt;

/// What `lo` is called by the kernel.
const LOOPBACK: &[u8] = b"lo\0";

/// Switches the loopback device on, so that a snippet can talk to itself.
pub(super) fn start_loopback() -> io::Result<()> {
    // SAFETY: opens a new descriptor, which nobody else has.
    let socket = unsafe {
        let number = libc::socket(libc::AF_INET, libc::SOCK_DGRAM | libc::SOCK_CLOEXEC, 0);
        if number < 0 {
            return Err(io::Error::last_os_error());
        }
        OwnedFd::from_raw_fd(number)
    };
    // SAFETY: all zeroes is a valid request, and its name stays terminated.
    let mut request: libc::ifreq = unsafe { std::mem::zeroed() };
    for (place, byte) in request.ifr_name.iter_mut().zip(LOOPBACK) {
        *place = libc::c_char::from_ne_bytes([*byte]);
    }
    let up = libc::IFF_UP | libc::IFF_RUNNING;
    request.ifr_ifru.ifru_flags = i16::try_from(up).unwrap_or(i16::MAX);
    // SAFETY: the request outlives the call and is of the kind that it expects.
    let done = unsafe { libc::ioctl(socket.as_raw_fd(), libc::SIOCSIFFLAGS as _, &request) };
    if done < 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(())
}

/// Counts how often something in a network of the worker's own tried to reach an
/// address outside. A name that was looked up counts too, because the name server
/// is outside.
#[derive(Debug)]
pub struct NetworkAttempts {
    /// The kernel's tables, kept open: it writes them anew each time they are read.
    old: File,
    new: Option<File>,
    seen: u64,
}

impl NetworkAttempts {
    /// Counts from now on; `None` where the network is not the worker's own, or the
    /// kernel does not count.
    pub fn count() -> Option<Self> {
        let devices = fs::read_to_string("/proc/self/net/dev").ok()?;
        let own = devices
            .lines()
            .skip(2)
            .all(|line| line.trim_start().starts_with("lo:"));
        if !own {
            return None;
        }
        let mut attempts = Self {
            old: File::open("/proc/self/net/snmp").ok()?,
            new: File::open("/proc/self/net/snmp6").ok(),
            seen: 0,
        };
        attempts.seen = attempts.all()?;
        Some(attempts)
    }

    /// Those since this was asked last.
    pub fn further(&mut self) -> u64 {
        let all = self.all().unwrap_or(self.seen);
        let before = std::mem::replace(&mut self.seen, all);
        all.saturating_sub(before)
    }

    /// Those since the network was made.
    fn all(&self) -> Option<u64> {
        let new = self.new.as_ref().and_then(table).unwrap_or_default();
        Some(no_route_old(&table(&self.old)?)? + no_route_new(&new).unwrap_or(0))
    }
}

/// A table of the kernel's, as it is now.
fn table(file: &File) -> Option<String> {
    /// More than either table has.
    const LONGEST: usize = 32 << 10;
    let mut bytes = vec![0; LONGEST];
    let length = file.read_at(&mut bytes, 0).ok()?;
    bytes.truncate(length);
    String::from_utf8(bytes).ok()
}

/// `OutNoRoutes` in the two lines of names and numbers that begin with `Ip:`.
fn no_route_old(table: &str) -> Option<u64> {
    let mut lines = table.lines().filter(|line| line.starts_with("Ip:"));
    let position = lines
        .next()?
        .split_ascii_whitespace()
        .position(|name| name == "OutNoRoutes")?;
    lines
        .next()?
        .split_ascii_whitespace()
        .nth(position)?
        .parse()
        .ok()
}

/// `Ip6OutNoRoutes`, a line of its own.
fn no_route_new(table: &str) -> Option<u64> {
    table
        .lines()
        .find_map(|line| line.strip_prefix("Ip6OutNoRoutes"))?
        .trim()
        .parse()
        .ok()
}
