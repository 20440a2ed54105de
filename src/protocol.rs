//! What the coordinator and a worker say to each other.
//!
//! Each message is one JSON text behind its length as a little-endian `u32`, on
//! the worker's standard input and on a pipe that no snippet inherits. The
//! worker observes and holds no opinion: nothing here says whether a claim
//! holds. Lines are one-based and counted within a unit's code.

use std::borrow::Cow;
use std::io::{self, ErrorKind, Read, Write};
use std::path::PathBuf;
use std::sync::Arc;

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

/// What the coordinator says first, once. The worker makes ready and answers
/// with [`Hello`].
///
/// A worker is started as `trueprint __worker` with nothing else on its command
/// line, and with the environment that the snippets are to see.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Setup {
    /// The interpreter's shared library.
    pub library: PathBuf,
    /// What `sys.executable` is to be.
    pub executable: PathBuf,
    /// Modules to import before the first task, those that fail left out.
    pub preload: Vec<String>,
    /// The box.
    pub confinement: Confinement,
}

/// What of the world a worker and its children can reach.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Confinement {
    /// The worker's own folder, an empty one: each task's directory is made in
    /// it. Nothing else can be written to.
    pub root: PathBuf,
    /// What can be read beside the system's own folders: the interpreter's
    /// prefixes, its import path, what the user added.
    pub readable: Vec<PathBuf>,
    /// Whether files are confined to `root` and `readable`.
    pub files: bool,
    /// Whether the network is kept away.
    pub network: bool,
    /// Bytes that all files in `root` may take together, where the system can
    /// hold them to it.
    pub disk_bytes: u64,
    /// Processes and threads that a task may have at a time, where the system
    /// can only limit them once for all tasks (which goes for root).
    pub processes: u64,
}

/// What the coordinator asks for. A worker answers each task with one
/// [`Reply`], in order.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Task {
    /// Snippets to run one after the other in one child and one `__main__`:
    /// those that the last one continues, and the last one itself.
    pub units: Vec<Unit>,
    /// The limits of the child.
    pub limits: Limits,
    /// Whether the child may use the network.
    pub network: bool,
    /// `sys.argv` behind the file's name.
    pub arguments: Vec<String>,
}

/// A snippet as it is run.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Unit {
    /// The name of its file in the child's directory, such as `snippet.py`.
    pub file_name: Cow<'static, str>,
    /// The source.
    pub code: Arc<str>,
    /// How it is run.
    pub mode: UnitMode,
    /// What to look at beside what is written and raised.
    pub probes: Vec<Probe>,
}

/// How a unit is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum UnitMode {
    /// As one unit, like a script. Bare expressions print nothing.
    Script,
    /// Statement by statement, like the prompt: bare expressions print their
    /// repr, and the rest goes on after one that raises.
    Console,
    /// By pytest, which must be installed.
    Pytest,
}

/// Something to look at while a unit runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Probe {
    /// Chosen by the coordinator, unique in the unit.
    pub id: u32,
    /// Where.
    pub at: ProbePoint,
    /// What.
    pub look: Look,
}

/// Where a probe is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum ProbePoint {
    /// When the statement that begins on this line and ends on `last_line` has
    /// been executed without raising; each time, in a loop.
    AfterStatement {
        /// The statement's first line (decorators included).
        first_line: u32,
        /// The statement's last line.
        last_line: u32,
    },
    /// Just before the first statement that begins at or below this line, in
    /// the innermost block whose indentation is `indent` columns; at the end of
    /// that block when there is none.
    AtLine {
        /// The line where the commented-out code stands.
        line: u32,
        /// Its column, zero-based: it tells the block that it belongs to.
        indent: u32,
    },
}

/// What a probe looks at.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Look {
    /// The value of the bare expression that is the statement itself.
    Value,
    /// The value of an expression (a name, an attribute, a subscript) evaluated
    /// in the namespace of that point.
    State(String),
    /// What running this code there does, in a copy of the program: bare
    /// expressions print nothing but give their value as [`Event::Value`].
    Run(String),
    /// Nothing but the fact that execution came by.
    Reach,
}

/// Bytes that a child may write to one stream until it is stopped.
pub const LARGEST_CAPTURE: u64 = 64 << 20;

/// The limits of a child.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Limits {
    /// Wall-clock milliseconds until the child and all that it started is killed.
    pub wall_ms: u64,
    /// Processor seconds of one process.
    pub cpu_seconds: u64,
    /// Bytes of address space of one process; zero for no limit.
    pub memory_bytes: u64,
    /// Bytes of one file.
    pub file_bytes: u64,
    /// Bytes of all files together, where files are the worker's own.
    pub disk_bytes: u64,
    /// Processes and threads at a time.
    pub processes: u64,
    /// Bytes of output that are kept of each stream: the head and the tail.
    pub output_bytes: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            wall_ms: 30_000,
            cpu_seconds: 60,
            memory_bytes: 4 << 30,
            file_bytes: 256 << 20,
            disk_bytes: 512 << 20,
            processes: 256,
            output_bytes: 1 << 20,
        }
    }
}

/// What became of a task.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Reply {
    /// The child was run.
    Ran(Box<Run>),
    /// The worker itself could not do it: an `OSError` of its own, say.
    Failed {
        /// Why, as a sentence.
        message: String,
    },
}

/// What happened in a child.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Run {
    /// In the order in which it happened.
    pub events: Vec<Event>,
    /// How the child ended.
    pub end: End,
    /// Wall-clock seconds from the fork to the end.
    pub wall_seconds: f64,
    /// Processor seconds of the child and its waited-for descendants.
    pub cpu_seconds: f64,
    /// What the box refused: one text each, such as `network: connect 1.1.1.1:80`.
    pub refused: Vec<String>,
    /// Bytes of output that were left out in the middle because they went
    /// beyond [`Limits::output_bytes`].
    pub output_cut: u64,
    /// Whether events are missing because there were too many.
    pub events_cut: bool,
    /// Processes that outlived the snippet and were killed.
    pub leftover_processes: u32,
}

/// A place in the code of a task.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Site {
    /// Index into [`Task::units`].
    pub unit: u32,
    /// The line, one-based.
    pub line: u32,
}

/// Standard output or standard error.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Stream {
    /// File descriptor 1.
    Out,
    /// File descriptor 2.
    Err,
}

/// Something that happened.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub enum Event {
    /// Something was written.
    Wrote {
        /// Where to.
        stream: Stream,
        /// The lines of the snippet's own code that were on the stack, innermost
        /// first, a line that follows itself once; the last one is the module's
        /// line. Empty when no Python of
        /// the snippet wrote it (a child process, C, a thread without one).
        stack: Vec<Site>,
        /// The first line of the top-level statement that was being executed.
        statement: Option<Site>,
        /// What was written; bytes that are not UTF-8 as U+FFFD.
        text: String,
    },
    /// A bare expression gave a value.
    Value {
        /// The probe that asked.
        probe: u32,
        /// The unit it belongs to.
        unit: u32,
        /// The value, or the type's name of what its `__repr__` raised.
        value: Result<Box<Shown>, String>,
    },
    /// A [`Look::State`] probe came by.
    State {
        /// The probe that asked.
        probe: u32,
        /// The unit it belongs to.
        unit: u32,
        /// The value, or why there is none (the exception's type name).
        value: Result<Box<Shown>, String>,
    },
    /// A [`Look::Run`] probe came by: what happened in the copy.
    Ran {
        /// The probe that asked.
        probe: u32,
        /// The unit it belongs to.
        unit: u32,
        /// What happened in the copy.
        events: Vec<Event>,
        /// How the copy ended.
        end: End,
    },
    /// A [`Look::Reach`] probe came by.
    Reached {
        /// The probe that asked.
        probe: u32,
        /// The unit it belongs to.
        unit: u32,
    },
    /// A top-level statement was executed to its end.
    Done {
        /// Its first line (decorators included).
        statement: Site,
    },
    /// A top-level statement raised; what follows it was run all the same.
    Raised {
        /// The top-level statement's first line; `None` when the unit did not
        /// compile, unless it is a transcript, whose statements stand alone.
        statement: Option<Site>,
        /// What was raised.
        exception: Box<Exception>,
    },
    /// An exception ended a thread, or was ignored in a destructor, or ended an
    /// `atexit` function.
    RaisedElsewhere {
        /// Where: `thread`, `unraisable`, `atexit`.
        origin: String,
        /// What was raised.
        exception: Box<Exception>,
    },
    /// A unit was left early by `sys.exit` or the like: the rest did not run.
    Exited {
        /// The top-level statement's first line.
        statement: Option<Site>,
        /// What `SystemExit` carried, as `sys.exit` would turn it into a status.
        code: i32,
    },
}

/// A value as Python shows it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Shown {
    /// `repr(value)`, cut at 64 KiB.
    pub repr: String,
    /// `str(value)` where it differs from the repr.
    pub text: Option<String>,
    /// The type's `__qualname__`.
    pub type_name: String,
    /// Whether the value is `None`.
    pub is_none: bool,
}

/// An exception that was raised.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Exception {
    /// The type's `__qualname__`.
    pub type_name: String,
    /// The type's `__module__`.
    pub module: String,
    /// The `__qualname__`s of its bases along the MRO, itself and `object` left out.
    pub bases: Vec<String>,
    /// `str(exception)`, or the message alone for a `SyntaxError`.
    pub message: String,
    /// `ModuleNotFoundError.name`, `NameError.name`, where there is one.
    pub name: Option<String>,
    /// The lines of the snippet's own code in the traceback, innermost first.
    pub stack: Vec<Site>,
    /// The line of a `SyntaxError` that concerns the unit itself, one-based.
    pub syntax_line: Option<u32>,
    /// The notes added to it, and, of a group, what its members say, depth
    /// first: the further lines that a console shows of it.
    pub further: Vec<String>,
}

/// How a child ended.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum End {
    /// It ran to the end of its last unit and ended as CPython ends.
    Finished,
    /// It ended itself before that, without an exception: `os._exit`, `exec`.
    LeftEarly {
        /// The exit status.
        status: i32,
    },
    /// A signal killed it.
    Killed {
        /// The signal's number.
        signal: i32,
    },
    /// It was killed at its deadline.
    TimedOut,
    /// It hit a limit: `processor time`, `memory`, `output` …
    LimitHit {
        /// Which.
        limit: String,
    },
    /// It ended, but something of it (a thread, `atexit`) kept CPython from
    /// ending as it should.
    Unfinished {
        /// What.
        reason: String,
    },
}

/// What a worker says first, once it is ready.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Hello {
    /// `sys.version_info[:3]`, such as `3.12.1`.
    pub version: String,
    /// `sys.executable`.
    pub executable: String,
    /// What the box could not do on this system, one sentence each.
    pub box_gaps: Vec<String>,
}

/// Writes a message.
pub fn send(output: &mut impl Write, message: &impl Serialize) -> io::Result<()> {
    let mut bytes = vec![0; 4];
    serde_json::to_writer(&mut bytes, message)?;
    let length = u32::try_from(bytes.len() - 4)
        .map_err(|_| io::Error::new(ErrorKind::InvalidData, "a message of more than 4 GiB"))?;
    bytes[..4].copy_from_slice(&length.to_le_bytes());
    output.write_all(&bytes)?;
    output.flush()
}

/// Reads a message, and not a byte more; `None` when the input has ended.
pub fn receive<M: DeserializeOwned>(input: &mut impl Read) -> io::Result<Option<M>> {
    let mut length = [0; 4];
    let first = loop {
        match input.read(&mut length) {
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            other => break other?,
        }
    };
    if first == 0 {
        return Ok(None);
    }
    input.read_exact(&mut length[first..])?;
    // The length is the other side's word: memory is taken as the bytes come.
    let length = u64::from(u32::from_le_bytes(length));
    let mut bytes = Vec::new();
    if input.by_ref().take(length).read_to_end(&mut bytes)? as u64 != length {
        return Err(ErrorKind::UnexpectedEof.into());
    }
    Ok(Some(serde_json::from_slice(&bytes)?))
}
