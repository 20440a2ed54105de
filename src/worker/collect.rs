//! From a child's log and captures to the events in their order.
//!
//! What stream objects wrote is in the log; what went past them (`os.write`, C,
//! other programs) is in the capture files, and finds its place by how long the
//! capture was when each record was made. Nothing here runs Python.

use std::collections::BTreeMap;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;

use super::log::{CopyId, Log, Origin, Record, stream_index};
use crate::protocol::{End, Event, LARGEST_CAPTURE, Site, Stream};

/// Bytes that are read from captures, all together. A snippet that truncates its
/// output has some of it read more than once, and one that forges records would
/// have it read for ever.
const MOST_CAPTURED: u64 = 2 * LARGEST_CAPTURE;

/// How many copies can stand within each other.
const DEEPEST: u32 = 8;

/// What a child's log and captures tell.
#[derive(Debug, Default)]
pub struct Collected {
    /// The program's own events.
    pub events: Vec<Event>,
    /// Bytes of output that were left out.
    pub output_cut: u64,
    /// Why the child could not be set up, if so.
    pub failure: Option<String>,
}

/// The bytes that went past the stream objects.
#[derive(Debug)]
pub enum Capture<'log> {
    /// The program's: a file in memory.
    File(&'log File),
    /// A copy's, kept in the log.
    Kept(&'log [u8]),
}

impl Capture<'_> {
    fn length(&self) -> u64 {
        match self {
            Self::File(file) => file.metadata().map_or(0, |metadata| metadata.len()),
            Self::Kept(bytes) => bytes.len() as u64,
        }
    }

    fn read(&self, from: u64, to: u64) -> Vec<u8> {
        match self {
            Self::File(file) => {
                let mut bytes = vec![0; (to - from) as usize];
                let mut filled = 0;
                while filled < bytes.len() {
                    match file.read_at(&mut bytes[filled..], from + filled as u64) {
                        Ok(count) if count > 0 => filled += count,
                        Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                        Ok(_) | Err(_) => break,
                    }
                }
                bytes.truncate(filled);
                bytes
            }
            Self::Kept(bytes) => {
                let range = from as usize..(to as usize).min(bytes.len());
                bytes.get(range).unwrap_or_default().to_vec()
            }
        }
    }
}

/// Reads all of a log. `keep` is how many bytes of a piece of captured output
/// are kept, half of them from its end.
pub fn collect(log: &Log, captures: &[File; 2], keep: u64) -> Collected {
    let mut collected = Collected::default();
    let mut scopes = BTreeMap::new();
    scopes.insert(
        0,
        Scope::new([Capture::File(&captures[0]), Capture::File(&captures[1])]),
    );
    for record in log.records() {
        if let Record::Captured {
            copy,
            stream,
            bytes,
        } = record
        {
            let scope = scopes.entry(copy).or_insert_with(Scope::empty);
            scope.captures[stream_index(stream)] = Capture::Kept(bytes);
        }
    }
    let mut reader = Reader {
        scopes,
        keep,
        output_cut: 0,
        readable: MOST_CAPTURED,
        too_deep: false,
    };
    for record in log.records() {
        match record {
            Record::Wrote { origin, text } => reader.wrote(origin, text),
            Record::Event {
                copy,
                statement,
                positions,
                json,
            } => match serde_json::from_slice(json) {
                // What happened in a copy is not told as one event.
                Ok(Event::Ran { .. }) | Err(_) => log.cut_event(),
                Ok(event) => {
                    reader.catch_up_both(copy, positions, statement);
                    reader.scope(copy).items.push(Item::Event(event));
                }
            },
            Record::CopyBegan {
                parent,
                copy,
                unit,
                probe,
                statement,
                positions,
            } => {
                reader.catch_up_both(parent, positions, statement);
                let scope = reader.scope(copy);
                scope.current = statement;
                if copy > parent && !scope.placed {
                    scope.placed = true;
                    reader
                        .scope(parent)
                        .items
                        .push(Item::Copy { unit, probe, copy });
                }
            }
            Record::CopyEnded { copy, json } => match serde_json::from_slice(json) {
                Ok(end) => {
                    reader.scope(copy).end.get_or_insert(end);
                }
                Err(_) => log.cut_event(),
            },
            Record::Captured { .. } => {}
            Record::Failed { message } => {
                collected.failure = Some(String::from_utf8_lossy(message).into_owned());
            }
        }
    }
    let mut current = log.current();
    for stream in [Stream::Out, Stream::Err] {
        if let Some((bytes, lost)) = log.empty_ring(stream) {
            // Only its own word says how much it wrote.
            reader.output_cut = reader.output_cut.saturating_add(lost);
            let origin = Origin {
                stream: Some(stream),
                statement: current,
                position: reader.scope(0).cursors[stream_index(stream)],
                ..Origin::default()
            };
            reader.wrote(origin, &bytes);
        }
    }
    let copies: Vec<CopyId> = reader.scopes.keys().copied().collect();
    for copy in copies {
        let scope = reader.scope(copy);
        let lengths = [scope.captures[0].length(), scope.captures[1].length()];
        let statement = if copy == 0 {
            current.take()
        } else {
            scope.current
        };
        reader.catch_up_both(copy, lengths, statement);
    }
    collected.events = reader.events(0, 0);
    if reader.too_deep {
        log.cut_event();
    }
    collected.output_cut = reader.output_cut.saturating_add(log.output_cut());
    collected
}

/// Something that happened, its text still in bytes.
enum Item {
    Wrote {
        stream: Stream,
        stack: Vec<Site>,
        statement: Option<Site>,
        bytes: Vec<u8>,
    },
    Event(Event),
    Copy {
        unit: u32,
        probe: u32,
        copy: CopyId,
    },
}

/// What happened in the program or in one copy of it.
struct Scope<'log> {
    items: Vec<Item>,
    captures: [Capture<'log>; 2],
    /// How much of the captures has found its place.
    cursors: [u64; 2],
    current: Option<Site>,
    /// How the copy ended, by its own word if there is one.
    end: Option<End>,
    placed: bool,
}

impl<'log> Scope<'log> {
    fn new(captures: [Capture<'log>; 2]) -> Self {
        Self {
            items: Vec::new(),
            captures,
            cursors: [0; 2],
            current: None,
            end: None,
            placed: false,
        }
    }

    fn empty() -> Self {
        Self::new([Capture::Kept(&[]), Capture::Kept(&[])])
    }
}

struct Reader<'log> {
    scopes: BTreeMap<CopyId, Scope<'log>>,
    keep: u64,
    output_cut: u64,
    /// How many bytes may still be read from captures.
    readable: u64,
    /// Whether copies were left out.
    too_deep: bool,
}

impl<'log> Reader<'log> {
    fn scope(&mut self, copy: CopyId) -> &mut Scope<'log> {
        self.scopes.entry(copy).or_insert_with(Scope::empty)
    }

    fn wrote(&mut self, origin: Origin, text: &[u8]) {
        let stream = origin.stream.unwrap_or(Stream::Out);
        self.catch_up(origin.copy, stream, origin.position, origin.statement);
        self.push(origin.copy, stream, origin.stack, origin.statement, text);
    }

    /// Adds a write, joined to the last one if it comes from the same place.
    fn push(
        &mut self,
        copy: CopyId,
        stream: Stream,
        stack: Vec<Site>,
        statement: Option<Site>,
        text: &[u8],
    ) {
        let items = &mut self.scope(copy).items;
        if let Some(Item::Wrote {
            stream: last_stream,
            stack: last_stack,
            statement: last_statement,
            bytes,
        }) = items.last_mut()
            && (*last_stream, &*last_stack, *last_statement) == (stream, &stack, statement)
        {
            bytes.extend_from_slice(text);
            return;
        }
        items.push(Item::Wrote {
            stream,
            stack,
            statement,
            bytes: text.to_vec(),
        });
    }

    fn catch_up_both(&mut self, copy: CopyId, positions: [u64; 2], statement: Option<Site>) {
        self.catch_up(copy, Stream::Out, positions[0], statement);
        self.catch_up(copy, Stream::Err, positions[1], statement);
    }

    /// Places what was captured up to a position.
    fn catch_up(&mut self, copy: CopyId, stream: Stream, position: u64, statement: Option<Site>) {
        let (keep, readable) = (self.keep, self.readable);
        let scope = self.scope(copy);
        let index = stream_index(stream);
        let to = position.min(scope.captures[index].length());
        let mut from = scope.cursors[index];
        if to == from {
            return;
        }
        if to < from {
            // The snippet has truncated the file: what is in it is new.
            from = 0;
        }
        scope.cursors[index] = to;
        let Some(readable) = readable.checked_sub((to - from).min(keep)) else {
            self.output_cut = self.output_cut.saturating_add(to - from);
            return;
        };
        if to - from <= keep {
            let bytes = scope.captures[index].read(from, to);
            self.readable = readable;
            self.push(copy, stream, Vec::new(), statement, &bytes);
        } else {
            let half = keep / 2;
            let mut bytes = scope.captures[index].read(from, from + half);
            bytes.extend(scope.captures[index].read(to - half, to));
            self.readable = readable;
            self.output_cut = self.output_cut.saturating_add(to - from - 2 * half);
            self.push(copy, stream, Vec::new(), statement, &bytes);
        }
    }

    /// The events of the program, or of a copy, those of its own copies within.
    fn events(&mut self, copy: CopyId, depth: u32) -> Vec<Event> {
        if depth > DEEPEST {
            self.too_deep = true;
            return Vec::new();
        }
        let items = std::mem::take(&mut self.scope(copy).items);
        items
            .into_iter()
            .filter_map(|item| match item {
                Item::Wrote { bytes, .. } if bytes.is_empty() => None,
                Item::Wrote {
                    stream,
                    stack,
                    statement,
                    bytes,
                } => Some(Event::Wrote {
                    stream,
                    stack,
                    statement,
                    text: String::from_utf8_lossy(&bytes).into_owned(),
                }),
                Item::Event(event) => Some(event),
                Item::Copy { unit, probe, copy } => Some(Event::Ran {
                    probe,
                    unit,
                    events: self.events(copy, depth + 1),
                    // The program was killed while it waited for the copy.
                    end: self.scope(copy).end.take().unwrap_or(End::TimedOut),
                }),
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    //! A snippet can write what it likes into the shared memory: reading it
    //! ends, and what comes out of it can be sent on.

    use std::fs::File;
    use std::io::Write;

    use proptest::prelude::*;

    use super::*;
    use crate::worker::log::{Log, Writer};

    /// Something that a snippet does to the log, or that is done for it.
    #[derive(Clone, Debug)]
    enum Entry {
        Wrote(Origin, Vec<u8>),
        Event(u32, [u64; 2], Vec<u8>),
        CopyBegan(u32, u32, [u64; 2]),
        CopyEnded(u32, Vec<u8>),
        Captured(u32, Stream, Vec<u8>),
        Failed(String),
        /// What goes round in a ring, and is told at the end.
        InRing(Stream, Vec<u8>),
        /// Four bytes of the records, overwritten.
        Overwritten(usize, u32),
        /// Four bytes of the header, overwritten.
        HeaderOverwritten(usize, u32),
    }

    fn copy() -> impl Strategy<Value = u32> {
        prop_oneof![8 => 0_u32..6, 1 => any::<u32>()]
    }

    fn position() -> impl Strategy<Value = [u64; 2]> {
        let one = || prop_oneof![8 => 0_u64..60, 1 => any::<u64>()];
        [one(), one()]
    }

    fn json() -> impl Strategy<Value = Vec<u8>> {
        let known = [
            r#"{"Done":{"statement":{"unit":0,"line":1}}}"#,
            r#"{"Reached":{"probe":1,"unit":4294967295}}"#,
            r#"{"Exited":{"statement":null,"code":-1}}"#,
            r#"{"Ran":{"probe":0,"unit":0,"events":[],"end":"Finished"}}"#,
            r#""Finished""#,
            r#"{"Killed":{"signal":9}}"#,
        ];
        prop_oneof![
            6 => prop::sample::select(known.to_vec()).prop_map(|text| text.as_bytes().to_vec()),
            1 => prop::collection::vec(any::<u8>(), 0..40),
            1 => Just("[".repeat(3_000).into_bytes()),
        ]
    }

    fn entry() -> impl Strategy<Value = Entry> {
        let stream = prop::sample::select(vec![Stream::Out, Stream::Err]);
        let bytes = prop::collection::vec(any::<u8>(), 0..60);
        let site = || (copy(), copy()).prop_map(|(unit, line)| Site { unit, line });
        let stack = prop::collection::vec(site(), 0..4);
        let statement = prop::option::of(site());
        let origin = (copy(), stream.clone(), statement, stack, position()).prop_map(
            |(copy, stream, statement, stack, position)| Origin {
                copy,
                stream: Some(stream),
                // A unit is stored with one added to it.
                statement: statement.filter(|site| site.unit < u32::MAX),
                stack,
                position: position[0],
            },
        );
        let value = || {
            let words = [
                0,
                1,
                7,
                8,
                16,
                24,
                0x7fff_ffff,
                0x8000_0000,
                u32::MAX - 7,
                u32::MAX,
            ];
            prop_oneof![
                any::<u32>(),
                0_u32..64,
                prop::sample::select(words.to_vec())
            ]
        };
        prop_oneof![
            3 => (origin, bytes.clone()).prop_map(|(origin, text)| Entry::Wrote(origin, text)),
            1 => (stream.clone(), bytes.clone()).prop_map(|(stream, bytes)| Entry::InRing(stream, bytes)),
            1 => (0_usize..16, value()).prop_map(|(at, value)| Entry::HeaderOverwritten(at, value)),
            3 => (copy(), position(), json()).prop_map(|(copy, at, json)| Entry::Event(copy, at, json)),
            3 => (copy(), copy(), position()).prop_map(|(parent, copy, at)| Entry::CopyBegan(parent, copy, at)),
            1 => (copy(), json()).prop_map(|(copy, json)| Entry::CopyEnded(copy, json)),
            1 => (copy(), stream, bytes).prop_map(|(copy, stream, bytes)| Entry::Captured(copy, stream, bytes)),
            1 => ".{0,10}".prop_map(Entry::Failed),
            4 => (0_usize..300, value()).prop_map(|(at, value)| Entry::Overwritten(at, value)),
        ]
    }

    fn capture(bytes: &[u8]) -> File {
        let mut file = tempfile::tempfile().expect("a file");
        file.write_all(bytes).expect("it can be written");
        file
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

        #[test]
        fn a_forged_log_is_read_to_its_end(
            entries in prop::collection::vec(entry(), 0..30),
            out in prop::collection::vec(any::<u8>(), 0..50),
            keep in 0_u64..100,
        ) {
            let log = Log::new(4096).expect("a log");
            let mut writer = Writer::new().expect("a writer");
            for entry in entries {
                match entry {
                    Entry::Wrote(origin, text) => writer.write(&log, &origin, &text),
                    Entry::InRing(stream, bytes) => log.put_in_ring(stream, &bytes),
                    Entry::Event(copy, at, json) => log.event(copy, None, at, &json),
                    Entry::CopyBegan(parent, copy, at) => log.copy_began(parent, copy, 0, 0, None, at),
                    Entry::CopyEnded(copy, json) => log.copy_ended(copy, &json),
                    Entry::Captured(copy, stream, bytes) => log.captured(copy, stream, &bytes),
                    Entry::Failed(message) => log.failed(&message),
                    Entry::Overwritten(at, value) => log.overwrite(log.first_of_records() + at, value),
                    Entry::HeaderOverwritten(at, value) => log.overwrite(at, value),
                }
            }
            let collected = collect(&log, &[capture(&out), capture(b"")], keep);
            prop_assert!(can_be_sent(&collected.events));
            let _ = (log.phase(), log.current(), log.events_cut());
        }
    }

    #[test]
    fn copies_of_copies_overflow_no_stack() {
        let log = Log::new(4096).expect("a log");
        for copy in 0..100_000 {
            log.copy_began(copy, copy + 1, 0, 0, None, [0, 0]);
        }
        let collected = collect(&log, &[capture(b""), capture(b"")], 100);
        assert!(can_be_sent(&collected.events));
        assert!(log.events_cut());
    }

    #[test]
    fn a_capture_is_not_read_for_ever() {
        let log = Log::new(4096).expect("a log");
        for round in 0..400 {
            log.copy_began(0, 0, 0, 0, None, [(round % 2) << 20, 0]);
        }
        let collected = collect(
            &log,
            &[capture(&vec![b'x'; 1 << 20]), capture(b"")],
            1 << 20,
        );
        let Some(Event::Wrote { text, .. }) = collected.events.first() else {
            panic!("nothing was written");
        };
        assert_eq!(text.len() as u64, MOST_CAPTURED);
        assert_eq!(collected.output_cut, (200 << 20) - MOST_CAPTURED);
    }

    #[test]
    fn forged_counts_of_lost_bytes_are_bounded() {
        let log = Log::new(4096).expect("a log");
        for place in 0..16 {
            log.overwrite(place, u32::MAX);
        }
        let collected = collect(&log, &[capture(b""), capture(b"")], 100);
        assert_eq!(collected.output_cut, u64::MAX);
    }

    fn can_be_sent(events: &[Event]) -> bool {
        let text = serde_json::to_vec(events).unwrap_or_default();
        serde_json::from_slice::<Vec<Event>>(&text).is_ok()
    }
}
