//! The log: memory that a child, and all that it forks, shares with the worker.
//!
//! Shared memory rather than a pipe, since there is then no descriptor that a
//! snippet could close, fill or write to, and since what was put down stays
//! there however the child ends. Records are only ever appended: the place of a
//! record is taken by exchanging its length for zero, so that a process that is
//! killed half-way leaves a record that is passed over, never a gap. Nothing
//! here knows Python; what a reader finds is not trusted to be well formed.

use std::io;
use std::ptr::NonNull;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use crate::protocol::{Site, Stream};

/// Bytes that all records may take. The memory is taken page by page, as it is
/// written.
const RECORDS: usize = 64 << 20;

/// Bytes before the rings.
const HEADER: usize = 4096;

/// The length and the kind in front of each record's body.
const PREFIX: usize = 8;

/// What a forked child, a copy of the program, is known by; zero is the program.
pub type CopyId = u32;

/// How far the child has come, for when it ends before it should.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(u32)]
pub enum Phase {
    /// The snippets are running, or were never begun.
    Running = 0,
    /// Waiting for threads.
    Threads = 1,
    /// Running `atexit` functions.
    ExitFunctions = 2,
    /// Dropping `__main__`.
    Dropping = 3,
    /// All is done.
    Finished = 4,
}

/// Kinds of records.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
enum Kind {
    Wrote = 1,
    Event = 2,
    CopyBegan = 3,
    CopyEnded = 4,
    Captured = 5,
    Failed = 6,
}

/// The start of the memory.
#[repr(C)]
struct Header {
    phase: AtomicU32,
    events_cut: AtomicU32,
    copies: AtomicU32,
    reserved: AtomicU32,
    /// The unit and line of the top-level statement that is being executed, one
    /// added to the unit; zero for none.
    current: AtomicU64,
    /// Bytes left out.
    output_cut: AtomicU64,
    /// Where the last record ends, or somewhat before.
    end: AtomicU64,
    /// Bytes that went through each ring since it was last emptied.
    rings: [AtomicU64; 2],
}

/// A mapping of the log.
pub struct Log {
    base: NonNull<u8>,
    ring: usize,
}

// SAFETY: all shared state is atomic, or written before it is published.
unsafe impl Send for Log {}
// SAFETY: as above.
unsafe impl Sync for Log {}

/// What is the same of writes that follow one another.
#[derive(Clone, Debug, PartialEq, Eq, Default)]
pub struct Origin {
    /// Which copy of the program.
    pub copy: CopyId,
    /// The stream.
    pub stream: Option<Stream>,
    /// The top-level statement.
    pub statement: Option<Site>,
    /// The lines on the stack.
    pub stack: Vec<Site>,
    /// How long the stream's capture was then.
    pub position: u64,
}

/// A record, as it is read.
#[derive(Debug, PartialEq, Eq)]
pub enum Record<'log> {
    /// Something was written to a stream object.
    Wrote {
        /// By whom.
        origin: Origin,
        /// What.
        text: &'log [u8],
    },
    /// An event, as JSON.
    Event {
        /// In which copy.
        copy: CopyId,
        /// The top-level statement that was being executed.
        statement: Option<Site>,
        /// How long the captures were.
        positions: [u64; 2],
        /// The event.
        json: &'log [u8],
    },
    /// A copy of the program was begun.
    CopyBegan {
        /// By which copy.
        parent: CopyId,
        /// Which.
        copy: CopyId,
        /// For which unit and probe.
        unit: u32,
        /// The probe.
        probe: u32,
        /// How long the captures were.
        positions: [u64; 2],
        /// The top-level statement that was being executed.
        statement: Option<Site>,
    },
    /// A copy of the program has ended: its end, as JSON.
    CopyEnded {
        /// Which.
        copy: CopyId,
        /// The end.
        json: &'log [u8],
    },
    /// What a copy's capture held in the end.
    Captured {
        /// Which copy.
        copy: CopyId,
        /// The stream.
        stream: Stream,
        /// The bytes.
        bytes: &'log [u8],
    },
    /// The child could not be set up.
    Failed {
        /// Why.
        message: &'log [u8],
    },
}

impl Log {
    /// A new log whose rings hold `ring` bytes each.
    pub fn new(ring: usize) -> io::Result<Self> {
        let ring = ring.clamp(4096, 256 << 20).next_multiple_of(4096);
        // SAFETY: a new mapping, of no file.
        let base = unsafe {
            libc::mmap(
                std::ptr::null_mut(),
                HEADER + 2 * ring + RECORDS,
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_SHARED | libc::MAP_ANONYMOUS | libc::MAP_NORESERVE,
                -1,
                0,
            )
        };
        if base == libc::MAP_FAILED {
            return Err(io::Error::last_os_error());
        }
        let base = NonNull::new(base.cast()).ok_or(io::ErrorKind::OutOfMemory)?;
        Ok(Self { base, ring })
    }

    fn header(&self) -> &Header {
        // SAFETY: the mapping is page-aligned, zeroed, larger than the header,
        // and lives as long as `self`; all of the header is atomic.
        unsafe { self.base.cast().as_ref() }
    }

    /// How far the child came.
    pub fn phase(&self) -> Phase {
        match self.header().phase.load(Ordering::Acquire) {
            1 => Phase::Threads,
            2 => Phase::ExitFunctions,
            3 => Phase::Dropping,
            4 => Phase::Finished,
            _ => Phase::Running,
        }
    }

    /// Says how far the child has come.
    pub fn set_phase(&self, phase: Phase) {
        self.header().phase.store(phase as u32, Ordering::Release);
    }

    /// The top-level statement that was being executed last.
    pub fn current(&self) -> Option<Site> {
        let packed = self.header().current.load(Ordering::Acquire);
        let unit = u32::try_from(packed >> 32).ok()?.checked_sub(1)?;
        Some(Site {
            unit,
            line: (packed & u64::from(u32::MAX)) as u32,
        })
    }

    /// Says which top-level statement is being executed.
    pub fn set_current(&self, statement: Option<Site>) {
        let packed = statement.map_or(0, |site| {
            (u64::from(site.unit) + 1) << 32 | u64::from(site.line)
        });
        self.header().current.store(packed, Ordering::Release);
    }

    /// Whether events are missing.
    pub fn events_cut(&self) -> bool {
        self.header().events_cut.load(Ordering::Acquire) != 0
    }

    /// Says that an event is missing.
    pub fn cut_event(&self) {
        self.header().events_cut.store(1, Ordering::Release);
    }

    /// Bytes of output that were left out.
    pub fn output_cut(&self) -> u64 {
        self.header().output_cut.load(Ordering::Acquire)
    }

    /// Says that so many bytes of output are left out.
    pub fn cut_output(&self, bytes: u64) {
        self.header().output_cut.fetch_add(bytes, Ordering::AcqRel);
    }

    /// A number for a new copy.
    pub fn new_copy(&self) -> CopyId {
        self.header().copies.fetch_add(1, Ordering::AcqRel) + 1
    }

    fn ring_base(&self, stream: Stream) -> *mut u8 {
        let index = stream_index(stream);
        // SAFETY: both rings lie in the mapping, behind the header.
        unsafe { self.base.as_ptr().add(HEADER + index * self.ring) }
    }

    /// Puts bytes into a stream's ring, over the oldest ones.
    pub fn put_in_ring(&self, stream: Stream, bytes: &[u8]) {
        let total = &self.header().rings[stream_index(stream)];
        let mut at = total.fetch_add(bytes.len() as u64, Ordering::AcqRel);
        let kept = &bytes[bytes.len().saturating_sub(self.ring)..];
        at += (bytes.len() - kept.len()) as u64;
        let base = self.ring_base(stream);
        let start = (at % self.ring as u64) as usize;
        let first = kept.len().min(self.ring - start);
        // SAFETY: `start + first <= ring`, and the rest is shorter than the
        // ring. Two processes that write at a time mix their bytes, no more.
        unsafe {
            std::ptr::copy_nonoverlapping(kept.as_ptr(), base.add(start), first);
            std::ptr::copy_nonoverlapping(kept.as_ptr().add(first), base, kept.len() - first);
        }
    }

    /// Empties a stream's ring: its newest bytes, and how many older ones are lost.
    pub fn empty_ring(&self, stream: Stream) -> Option<(Vec<u8>, u64)> {
        let total = self.header().rings[stream_index(stream)].swap(0, Ordering::AcqRel);
        if total == 0 {
            return None;
        }
        let kept = total.min(self.ring as u64) as usize;
        let start = ((total - kept as u64) % self.ring as u64) as usize;
        let base = self.ring_base(stream);
        let mut bytes = vec![0; kept];
        let first = kept.min(self.ring - start);
        // SAFETY: as above, read instead of written.
        unsafe {
            std::ptr::copy_nonoverlapping(base.add(start), bytes.as_mut_ptr(), first);
            std::ptr::copy_nonoverlapping(base, bytes.as_mut_ptr().add(first), kept - first);
        }
        Some((bytes, total - kept as u64))
    }

    /// Bytes of each ring.
    pub fn ring(&self) -> usize {
        self.ring
    }

    fn record(&self, offset: usize) -> *mut u8 {
        debug_assert!(offset + PREFIX <= RECORDS);
        // SAFETY: the records lie behind the rings, and the offset within them.
        unsafe { self.base.as_ptr().add(HEADER + 2 * self.ring + offset) }
    }

    fn length_at(&self, offset: usize) -> &AtomicU32 {
        // SAFETY: offsets are multiples of eight and within the mapping.
        unsafe { &*self.record(offset).cast() }
    }

    fn kind_at(&self, offset: usize) -> &AtomicU32 {
        // SAFETY: as above; the kind stands behind the length.
        unsafe { &*self.record(offset).add(4).cast() }
    }

    /// Takes the place of a record with a body of so many bytes: its offset.
    fn reserve(&self, body: usize) -> Option<usize> {
        let total = (PREFIX + body).next_multiple_of(8);
        let end = &self.header().end;
        let mut offset = end.load(Ordering::Acquire) as usize;
        loop {
            // A length stands behind each record, zero behind the last.
            if !offset.is_multiple_of(8) || offset.checked_add(total + PREFIX)? > RECORDS {
                self.cut_event();
                return None;
            }
            let taken = self.length_at(offset).compare_exchange(
                0,
                total as u32,
                Ordering::AcqRel,
                Ordering::Acquire,
            );
            match taken {
                Ok(_) => {
                    end.fetch_max((offset + total) as u64, Ordering::AcqRel);
                    return Some(offset);
                }
                Err(other) => offset += (other as usize).next_multiple_of(8),
            }
        }
    }

    /// Appends a record.
    fn append(&self, kind: Kind, parts: &[&[u8]]) -> Option<usize> {
        let offset = self.reserve(parts.iter().map(|part| part.len()).sum::<usize>())?;
        // SAFETY: the place is ours alone, and as long as the parts.
        let mut at = unsafe { self.record(offset).add(PREFIX) };
        for part in parts {
            // SAFETY: as above.
            unsafe {
                std::ptr::copy_nonoverlapping(part.as_ptr(), at, part.len());
                at = at.add(part.len());
            }
        }
        self.kind_at(offset).store(kind as u32, Ordering::Release);
        Some(offset)
    }

    /// Appends an event.
    pub fn event(&self, copy: CopyId, statement: Option<Site>, positions: [u64; 2], json: &[u8]) {
        let head = [
            numbers(&[copy, json.len() as u32]),
            site_bytes(statement),
            wide_numbers(&positions),
        ]
        .concat();
        self.append(Kind::Event, &[&head, json]);
    }

    /// Says that a copy begins.
    pub fn copy_began(
        &self,
        parent: CopyId,
        copy: CopyId,
        unit: u32,
        probe: u32,
        statement: Option<Site>,
        positions: [u64; 2],
    ) {
        let head = [
            numbers(&[parent, copy, unit, probe]),
            site_bytes(statement),
            wide_numbers(&positions),
        ]
        .concat();
        self.append(Kind::CopyBegan, &[&head]);
    }

    /// Says how a copy has ended.
    pub fn copy_ended(&self, copy: CopyId, json: &[u8]) {
        self.append(
            Kind::CopyEnded,
            &[&numbers(&[copy, json.len() as u32]), json],
        );
    }

    /// Keeps what a copy's capture held.
    pub fn captured(&self, copy: CopyId, stream: Stream, bytes: &[u8]) {
        let head = numbers(&[copy, stream_index(stream) as u32, bytes.len() as u32, 0]);
        self.append(Kind::Captured, &[&head, bytes]);
    }

    /// Says that the child could not be set up.
    pub fn failed(&self, message: &str) {
        let head = numbers(&[message.len() as u32, 0]);
        self.append(Kind::Failed, &[&head, message.as_bytes()]);
    }

    /// Overwrites the n-th four bytes of all that is shared, as a snippet could:
    /// the header's are the first, the records' those from
    /// [`Log::first_of_records`] on.
    #[cfg(test)]
    pub fn overwrite(&self, place: usize, value: u32) {
        // SAFETY: the mapping is aligned, and longer than any test goes.
        unsafe { self.base.as_ptr().cast::<u32>().add(place).write(value) };
    }

    /// The first four bytes of the records.
    #[cfg(test)]
    pub fn first_of_records(&self) -> usize {
        (HEADER + 2 * self.ring) / 4
    }

    /// All whole records, in order.
    pub fn records(&self) -> Records<'_> {
        Records {
            log: self,
            offset: 0,
        }
    }
}

impl Drop for Log {
    fn drop(&mut self) {
        // SAFETY: the mapping is ours, and nothing borrows from it any more.
        unsafe {
            libc::munmap(self.base.as_ptr().cast(), HEADER + 2 * self.ring + RECORDS);
        }
    }
}

/// The largest room that is left for writes that follow one another.
const LARGEST_ROOM: usize = 64 << 10;

/// The last write of this process, while others can be added to it.
struct Open {
    offset: usize,
    /// Where its text begins, from the record's start.
    text: usize,
    filled: usize,
    room: usize,
    origin: Origin,
}

/// Puts writes down, joining those that follow one another from one place.
pub struct Writer {
    open: Option<Open>,
    /// A page that a forked child finds zeroed: what its parent had open is not
    /// the child's to go on with.
    ours: NonNull<AtomicU64>,
}

// SAFETY: the page belongs to the writer alone.
unsafe impl Send for Writer {}

/// Bytes of a written record between its prefix and its stack.
const WROTE_HEAD: usize = 32;

impl Writer {
    /// A writer with nothing open.
    pub fn new() -> io::Result<Self> {
        // SAFETY: a new page, of no file.
        let page = unsafe {
            let page = libc::mmap(
                std::ptr::null_mut(),
                4096,
                libc::PROT_READ | libc::PROT_WRITE,
                libc::MAP_PRIVATE | libc::MAP_ANONYMOUS,
                -1,
                0,
            );
            if page == libc::MAP_FAILED || libc::madvise(page, 4096, libc::MADV_WIPEONFORK) != 0 {
                return Err(io::Error::last_os_error());
            }
            page
        };
        let ours = NonNull::new(page.cast()).ok_or(io::ErrorKind::OutOfMemory)?;
        Ok(Self { open: None, ours })
    }

    fn is_ours(&self) -> &AtomicU64 {
        // SAFETY: the page lives as long as the process.
        unsafe { self.ours.as_ref() }
    }

    /// Lets the next write begin a record of its own.
    pub fn close(&mut self) {
        self.open = None;
    }

    /// Puts down a write.
    pub fn write(&mut self, log: &Log, origin: &Origin, text: &[u8]) {
        let mut room = 32;
        if self.is_ours().load(Ordering::Relaxed) == 1
            && let Some(open) = &mut self.open
            && open.origin == *origin
        {
            let next = open.offset + log.length_at(open.offset).load(Ordering::Acquire) as usize;
            if log.length_at(next).load(Ordering::Acquire) == 0 {
                if open.room - open.filled >= text.len() {
                    open.add(log, text);
                    return;
                }
                room = (open.room * 4).min(LARGEST_ROOM);
            }
        }
        self.open = Open::new(log, origin.clone(), room.max(text.len()));
        self.is_ours().store(1, Ordering::Relaxed);
        match &mut self.open {
            Some(open) => open.add(log, text),
            None => log.cut_output(text.len() as u64),
        }
    }
}

impl Open {
    fn new(log: &Log, origin: Origin, room: usize) -> Option<Self> {
        let stack = origin.stack.len() * 8;
        let text = PREFIX + WROTE_HEAD + stack;
        // What is rounded up is room as well.
        let room = (text + room).next_multiple_of(8) - text;
        let offset = log.reserve(WROTE_HEAD + stack + room)?;
        let stream = origin.stream.map_or(0, stream_index);
        let mut head = [
            numbers(&[origin.copy, stream as u32]),
            site_bytes(origin.statement),
            wide_numbers(&[origin.position]),
            numbers(&[origin.stack.len() as u32, 0]),
        ]
        .concat();
        head.extend(
            origin
                .stack
                .iter()
                .flat_map(|site| numbers(&[site.unit, site.line])),
        );
        debug_assert_eq!(head.len() + PREFIX, text);
        // SAFETY: the place is ours, and as long as the head and the room.
        unsafe {
            std::ptr::copy_nonoverlapping(
                head.as_ptr(),
                log.record(offset).add(PREFIX),
                head.len(),
            );
        }
        log.kind_at(offset)
            .store(Kind::Wrote as u32, Ordering::Release);
        Some(Self {
            offset,
            text,
            filled: 0,
            room,
            origin,
        })
    }

    fn add(&mut self, log: &Log, text: &[u8]) {
        // SAFETY: the caller has seen that there is room; the count of filled
        // bytes is the last word of the head, which is aligned.
        unsafe {
            let record = log.record(self.offset);
            std::ptr::copy_nonoverlapping(
                text.as_ptr(),
                record.add(self.text + self.filled),
                text.len(),
            );
            self.filled += text.len();
            let filled: *const AtomicU32 = record.add(PREFIX + WROTE_HEAD - 4).cast();
            (*filled).store(self.filled as u32, Ordering::Release);
        }
    }
}

/// The records of a log.
pub struct Records<'log> {
    log: &'log Log,
    offset: usize,
}

impl<'log> Iterator for Records<'log> {
    type Item = Record<'log>;

    fn next(&mut self) -> Option<Record<'log>> {
        loop {
            if self.offset + PREFIX > RECORDS {
                return None;
            }
            let offset = self.offset;
            let length = self.log.length_at(offset).load(Ordering::Acquire) as usize;
            if length == 0 {
                return None;
            }
            if length < PREFIX || !length.is_multiple_of(8) || offset + length > RECORDS {
                self.log.cut_event();
                return None;
            }
            self.offset += length;
            let kind = self.log.kind_at(offset).load(Ordering::Acquire);
            // SAFETY: within the mapping; the child and all its descendants are
            // gone when a log is read, so nothing changes under the reader.
            let body = unsafe {
                std::slice::from_raw_parts(self.log.record(offset).add(PREFIX), length - PREFIX)
            };
            match parse(kind, body) {
                Some(record) => return Some(record),
                None => self.log.cut_event(),
            }
        }
    }
}

/// Understands a record's body; `None` when it was never finished.
fn parse(kind: u32, body: &[u8]) -> Option<Record<'_>> {
    let mut body = Body(body);
    if kind == Kind::Wrote as u32 {
        let copy = body.number()?;
        let stream = body.stream()?;
        let statement = body.site()?;
        let position = body.wide_number()?;
        let depth = body.number()?;
        let filled = body.number()?;
        let mut stack = Vec::new();
        for _ in 0..depth {
            let unit = body.number()?;
            let line = body.number()?;
            stack.push(Site { unit, line });
        }
        let text = body.bytes(filled)?;
        let origin = Origin {
            copy,
            stream: Some(stream),
            statement,
            stack,
            position,
        };
        Some(Record::Wrote { origin, text })
    } else if kind == Kind::Event as u32 {
        let copy = body.number()?;
        let length = body.number()?;
        Some(Record::Event {
            copy,
            statement: body.site()?,
            positions: [body.wide_number()?, body.wide_number()?],
            json: body.bytes(length)?,
        })
    } else if kind == Kind::CopyBegan as u32 {
        let parent = body.number()?;
        let copy = body.number()?;
        let unit = body.number()?;
        let probe = body.number()?;
        let statement = body.site()?;
        Some(Record::CopyBegan {
            parent,
            copy,
            unit,
            probe,
            statement,
            positions: [body.wide_number()?, body.wide_number()?],
        })
    } else if kind == Kind::CopyEnded as u32 {
        let copy = body.number()?;
        let length = body.number()?;
        Some(Record::CopyEnded {
            copy,
            json: body.bytes(length)?,
        })
    } else if kind == Kind::Captured as u32 {
        let copy = body.number()?;
        let stream = body.stream()?;
        let length = body.number()?;
        body.number()?;
        Some(Record::Captured {
            copy,
            stream,
            bytes: body.bytes(length)?,
        })
    } else if kind == Kind::Failed as u32 {
        let length = body.number()?;
        body.number()?;
        Some(Record::Failed {
            message: body.bytes(length)?,
        })
    } else {
        None
    }
}

/// What is left to read of a body.
struct Body<'log>(&'log [u8]);

impl<'log> Body<'log> {
    fn bytes(&mut self, length: u32) -> Option<&'log [u8]> {
        let (head, rest) = self.0.split_at_checked(length as usize)?;
        self.0 = rest;
        Some(head)
    }

    fn number(&mut self) -> Option<u32> {
        let (head, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(u32::from_ne_bytes(*head))
    }

    fn wide_number(&mut self) -> Option<u64> {
        let (head, rest) = self.0.split_first_chunk()?;
        self.0 = rest;
        Some(u64::from_ne_bytes(*head))
    }

    fn site(&mut self) -> Option<Option<Site>> {
        let unit = self.number()?;
        let line = self.number()?;
        Some(unit.checked_sub(1).map(|unit| Site { unit, line }))
    }

    fn stream(&mut self) -> Option<Stream> {
        match self.number()? {
            0 => Some(Stream::Out),
            1 => Some(Stream::Err),
            _ => None,
        }
    }
}

/// The place of a stream in pairs.
pub fn stream_index(stream: Stream) -> usize {
    match stream {
        Stream::Out => 0,
        Stream::Err => 1,
    }
}

fn numbers(values: &[u32]) -> Vec<u8> {
    values
        .iter()
        .flat_map(|value| value.to_ne_bytes())
        .collect()
}

fn wide_numbers(values: &[u64]) -> Vec<u8> {
    values
        .iter()
        .flat_map(|value| value.to_ne_bytes())
        .collect()
}

fn site_bytes(site: Option<Site>) -> Vec<u8> {
    site.map_or_else(
        || numbers(&[0, 0]),
        |site| numbers(&[site.unit + 1, site.line]),
    )
}
