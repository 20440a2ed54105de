//! What a child puts down: writes, probes, statements done.
//!
//! The recorder is a Python object without a name. The streams' `write` and the
//! calls that `instrument` puts into a snippet's code reach it through
//! constants and attributes, so that no namespace of the snippet holds it and
//! nothing that a snippet rebinds (`print`, `sys.stdout`, `builtins`) comes in
//! between. Its state is never locked while Python code could run.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::ffi::CStr;
use std::io;
use std::sync::{Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Instant;

use pyo3::exceptions::{PyOSError, PyTypeError};
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyDict};

use super::copy;
use super::describe;
use super::frames::Frames;
use super::log::{CopyId, Log, Origin, Phase, Writer, stream_index};
use crate::protocol::{End, Event, Exception, Site, Stream};

/// How often one probe is put down.
const MOST_EVENTS_OF_A_PROBE: u32 = 10_000;

/// What a probe needs when execution comes by.
pub enum Prepared {
    /// A compiled expression.
    State(Py<PyAny>),
    /// An expression that does not compile, and the exception's name.
    Broken(String),
    /// Source to run in a copy, its lines those of the unit.
    Run(String),
}

/// A unit while it is run.
#[derive(Default)]
pub struct Running {
    /// Its index in the task.
    pub unit: u32,
    /// The first lines of its top-level statements.
    pub statements: Vec<u32>,
    /// Its probes.
    pub probes: HashMap<u32, Prepared>,
    /// The flags of its `from __future__` imports.
    pub future_flags: i32,
}

/// What the recorder needs of CPython, taken before a snippet can rebind it.
pub struct Originals {
    /// `builtins.compile`.
    pub compile: Py<PyAny>,
    /// The module `_ast`.
    pub nodes: Py<PyAny>,
    /// `gc.collect`.
    pub collect: Py<PyAny>,
    /// `atexit._run_exitfuncs`.
    pub exit_functions: Py<PyAny>,
    /// `sys.unraisablehook`.
    pub unraisable_hook: Py<PyAny>,
    /// `threading.excepthook`.
    pub thread_hook: Py<PyAny>,
}

impl Originals {
    /// Takes them.
    pub fn take(py: Python<'_>) -> PyResult<Self> {
        let take = |module: &str, name: &str| -> PyResult<Py<PyAny>> {
            Ok(py.import(module)?.getattr(name)?.unbind())
        };
        Ok(Self {
            compile: take("builtins", "compile")?,
            nodes: py.import("_ast")?.into_any().unbind(),
            collect: take("gc", "collect")?,
            exit_functions: take("atexit", "_run_exitfuncs")?,
            unraisable_hook: take("sys", "unraisablehook")?,
            thread_hook: take("_thread", "_excepthook")?,
        })
    }
}

/// Device and inode of a capture file.
type Identity = (u64, u64);

/// The identity of no file.
const NOWHERE: Identity = (u64::MAX, u64::MAX);

struct State {
    writer: Writer,
    captures: [Identity; 2],
    positions: [u64; 2],
    copy: CopyId,
    /// The process that the statements' ends count of.
    process: u32,
    /// The thread whose writes are not the snippet's doing.
    muted: Option<u64>,
    unit: u32,
    statements: Vec<u32>,
    index: usize,
    /// Bytes that the current statement wrote.
    written: [u64; 2],
    last_stack: [Vec<Site>; 2],
    counts: BTreeMap<(u32, u32), u32>,
    reached: BTreeSet<(u32, u32)>,
    elsewhere: &'static str,
    /// In a copy, the address of its own code: what is below it on the stack is
    /// the program's.
    bottom: usize,
}

/// What is put down, and where to.
struct Task {
    log: Log,
    /// The paths of the units' files.
    paths: Vec<String>,
    /// When the task ends.
    deadline: Instant,
}

/// Puts things down. See the module's description.
///
/// It is made in the worker, and told in each child which task that one runs.
#[pyclass(frozen, name = "recorder")]
pub struct Recorder {
    task: OnceLock<Task>,
    frames: Frames,
    running: Mutex<Running>,
    originals: Originals,
    state: Mutex<State>,
}

/// Locks, whatever became of the thread that held it.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// The identity and the length of an open file.
fn status_of(descriptor: i32) -> Option<(Identity, u64)> {
    // SAFETY: the structure is plain data that the call fills.
    unsafe {
        let mut status: libc::stat = std::mem::zeroed();
        if libc::fstat(descriptor, &mut status) != 0 {
            return None;
        }
        Some(((status.st_dev, status.st_ino), status.st_size as u64))
    }
}

impl Recorder {
    /// A recorder that has nothing to put down yet.
    pub fn new(originals: Originals) -> io::Result<Self> {
        Ok(Self {
            task: OnceLock::new(),
            frames: Frames::new()?,
            running: Mutex::default(),
            originals,
            state: Mutex::new(State {
                writer: Writer::new()?,
                // The worker's streams lead nowhere.
                captures: [NOWHERE; 2],
                positions: [0; 2],
                copy: 0,
                process: std::process::id(),
                muted: None,
                unit: 0,
                statements: Vec::new(),
                index: 0,
                written: [0; 2],
                last_stack: Default::default(),
                counts: BTreeMap::new(),
                reached: BTreeSet::new(),
                elsewhere: "unraisable",
                bottom: 0,
            }),
        })
    }

    /// Begins a task, in the child that runs it, whose standard streams are its
    /// captures.
    pub fn begin_task(&self, log: Log, paths: Vec<String>, deadline: Instant) {
        let task = Task {
            log,
            paths,
            deadline,
        };
        // A child runs one task.
        let _ = self.task.set(task);
        lock(&self.state).process = std::process::id();
        self.take_captures();
    }

    fn task(&self) -> &Task {
        self.task
            .get()
            .expect("nothing of a snippet's runs before the task has begun")
    }

    /// Takes descriptors 1 and 2 for the captures.
    fn take_captures(&self) {
        let found = [status_of(1), status_of(2)].map(|found| found.unwrap_or((NOWHERE, 0)));
        let mut state = lock(&self.state);
        state.captures = found.map(|(identity, _)| identity);
        state.positions = found.map(|(_, length)| length);
    }

    /// What CPython had before a snippet could rebind it.
    pub fn originals(&self) -> &Originals {
        &self.originals
    }

    /// The log.
    pub fn log(&self) -> &Log {
        &self.task().log
    }

    /// When the task ends.
    pub fn deadline(&self) -> Instant {
        self.task().deadline
    }

    /// The unit whose file this is.
    pub fn place(&self, file: &str, line: u32) -> Option<Site> {
        let unit = self.task().paths.iter().position(|path| path == file)?;
        Some(Site {
            unit: unit as u32,
            line,
        })
    }

    /// Begins a unit.
    pub fn begin(&self, running: Running) {
        let mut state = lock(&self.state);
        state.unit = running.unit;
        state.statements.clone_from(&running.statements);
        drop(state);
        *lock(&self.running) = running;
        self.go_to(0);
    }

    /// Says that the statement with this index is executed now.
    pub fn go_to(&self, index: usize) {
        let mut state = lock(&self.state);
        state.index = index;
        if state.copy == 0 && state.process == std::process::id() {
            self.log().set_current(state.current());
        }
    }

    /// The index of the top-level statement that is being executed.
    pub fn index(&self) -> usize {
        lock(&self.state).index
    }

    /// The top-level statement that is being executed.
    pub fn current(&self) -> Option<Site> {
        lock(&self.state).current()
    }

    /// The flags of the unit's `from __future__` imports.
    pub fn future_flags(&self) -> i32 {
        lock(&self.running).future_flags
    }

    /// Says that no unit is executed any more.
    pub fn leave(&self) {
        let mut state = lock(&self.state);
        self.flush_rings(&mut state);
        state.statements.clear();
        drop(state);
        self.go_to(0);
    }

    /// Whether this process is the program, or the copy, itself, and not one
    /// that it forked.
    pub fn is_program(&self) -> bool {
        lock(&self.state).process == std::process::id()
    }

    /// Goes on as a copy of the program, with captures of its own.
    pub fn become_copy(&self, copy: CopyId) {
        let mut state = lock(&self.state);
        state.copy = copy;
        state.process = std::process::id();
        state.writer.close();
        state.written = [0; 2];
        drop(state);
        self.take_captures();
    }

    /// Says that a copy begins.
    pub fn copy_began(&self, unit: u32, probe: u32) -> CopyId {
        let copy = self.log().new_copy();
        let mut state = lock(&self.state);
        self.flush_rings(&mut state);
        state.look_at_captures();
        self.log().copy_began(
            state.copy,
            copy,
            unit,
            probe,
            state.current(),
            state.positions,
        );
        copy
    }

    /// In a copy: which code it runs.
    pub fn set_bottom(&self, code: &Bound<'_, PyAny>) {
        lock(&self.state).bottom = code.as_ptr() as usize;
    }

    /// Says how a copy has ended.
    pub fn copy_ended(&self, copy: CopyId, end: &End) {
        match serde_json::to_vec(end) {
            Ok(json) => self.log().copy_ended(copy, &json),
            Err(_) => self.log().cut_event(),
        }
    }

    /// In a copy: says that it came to its end.
    pub fn finish_copy(&self, copy: CopyId) {
        self.flush_rings(&mut lock(&self.state));
        self.copy_ended(copy, &End::Finished);
    }

    /// Puts an event down.
    pub fn event(&self, event: &Event) {
        let Ok(json) = serde_json::to_vec(event) else {
            self.log().cut_event();
            return;
        };
        let mut state = lock(&self.state);
        state.writer.close();
        state.look_at_captures();
        self.log()
            .event(state.copy, state.current(), state.positions, &json);
    }

    /// Puts down what was left out of the current statement's output.
    fn flush_rings(&self, state: &mut State) {
        for stream in [Stream::Out, Stream::Err] {
            let index = stream_index(stream);
            if state.written[index] > self.log().ring() as u64
                && let Some((bytes, lost)) = self.log().empty_ring(stream)
            {
                self.log().cut_output(lost);
                let origin = Origin {
                    copy: state.copy,
                    stream: Some(stream),
                    statement: state.current(),
                    stack: state.last_stack[index].clone(),
                    position: state.positions[index],
                };
                state.writer.write(self.log(), &origin, &bytes);
                state.writer.close();
            }
            state.written[index] = 0;
        }
    }

    /// Runs something whose writes are not the snippet's doing.
    pub fn quietly<R>(&self, act: impl FnOnce() -> R) -> R {
        // SAFETY: it asks nothing of its caller.
        let thread = unsafe { ffi::PyThread_get_thread_ident() };
        let before = lock(&self.state).muted.replace(thread);
        let result = act();
        lock(&self.state).muted = before;
        result
    }

    /// Describes an exception.
    pub fn exception(&self, py: Python<'_>, error: &PyErr) -> Exception {
        self.quietly(|| describe::exception(error, py, &|file, line| self.place(file, line)))
    }

    /// Puts down an exception that ended no statement.
    pub fn raised_elsewhere(&self, py: Python<'_>, origin: &str, error: &PyErr) {
        let exception = self.exception(py, error);
        self.event(&Event::RaisedElsewhere {
            origin: origin.to_owned(),
            exception: Box::new(exception),
        });
    }

    /// Says what is being done at the end.
    pub fn set_phase(&self, phase: Phase) {
        lock(&self.state).elsewhere = match phase {
            Phase::ExitFunctions => "atexit",
            Phase::Running | Phase::Threads | Phase::Dropping | Phase::Finished => "unraisable",
        };
        if self.is_program() {
            self.log().set_phase(phase);
        }
    }

    /// Writes to a standard descriptor, and puts it down if that leads to a
    /// capture.
    fn write(&self, py: Python<'_>, descriptor: i32, bytes: &[u8]) -> PyResult<usize> {
        let Some((identity, length)) = status_of(descriptor) else {
            return Err(system_error(&io::Error::last_os_error()));
        };
        // SAFETY: it asks nothing of its caller.
        let thread = unsafe { ffi::PyThread_get_thread_ident() };
        let stream = {
            let state = lock(&self.state);
            if state.muted == Some(thread) {
                return Ok(bytes.len());
            }
            if identity == state.captures[0] {
                Stream::Out
            } else if identity == state.captures[1] {
                Stream::Err
            } else {
                drop(state);
                return write_through(py, descriptor, bytes);
            }
        };
        let bottom = lock(&self.state).bottom;
        let stack = self.frames.stack(py, bottom, &self.task().paths);
        let index = stream_index(stream);
        let mut state = lock(&self.state);
        state.positions[index] = length;
        let before = state.written[index];
        state.written[index] += bytes.len() as u64;
        // The head goes to the log, the rest through the ring.
        let head = (self.log().ring() as u64).saturating_sub(before);
        let (head, rest) = bytes.split_at(bytes.len().min(head as usize));
        if !head.is_empty() {
            let origin = Origin {
                copy: state.copy,
                stream: Some(stream),
                statement: state.current(),
                stack,
                position: length,
            };
            state.writer.write(self.log(), &origin, head);
            if !rest.is_empty() {
                state.last_stack[index] = origin.stack;
            }
        } else {
            state.last_stack[index] = stack;
        }
        if !rest.is_empty() {
            self.log().put_in_ring(stream, rest);
        }
        Ok(bytes.len())
    }

    fn write_object(
        &self,
        py: Python<'_>,
        descriptor: i32,
        data: &Bound<'_, PyAny>,
    ) -> PyResult<usize> {
        if let Ok(bytes) = data.cast::<PyBytes>() {
            return self.write(py, descriptor, bytes.as_bytes());
        }
        // SAFETY: it is given an object, and returns a new one or an exception.
        let view = unsafe {
            Bound::from_owned_ptr_or_err(py, ffi::PyMemoryView_FromObject(data.as_ptr()))
        }
        .map_err(|_| {
            let kind = describe::qualified_name(&data.get_type());
            PyTypeError::new_err(format!("a bytes-like object is required, not '{kind}'"))
        })?;
        let bytes = view.call_method0("tobytes")?.cast_into::<PyBytes>()?;
        self.write(py, descriptor, bytes.as_bytes())
    }

    /// Whether a probe may be put down once more.
    fn counts(&self, probe: u32) -> Option<u32> {
        let mut state = lock(&self.state);
        let unit = state.unit;
        let count = state.counts.entry((unit, probe)).or_default();
        if *count == MOST_EVENTS_OF_A_PROBE {
            self.log().cut_event();
            return None;
        }
        *count += 1;
        Some(unit)
    }

    /// Evaluates a compiled expression where execution is.
    fn evaluate<'py>(&self, py: Python<'py>, code: &Py<PyAny>) -> PyResult<Bound<'py, PyAny>> {
        let (globals, locals) = namespaces(py)?;
        // SAFETY: the code is a code object, the globals are a dictionary, and
        // the locals a mapping.
        unsafe {
            Bound::from_owned_ptr_or_err(
                py,
                ffi::PyEval_EvalCode(code.as_ptr(), globals.as_ptr(), locals.as_ptr()),
            )
        }
    }
}

/// The globals and the locals of the innermost frame.
pub fn namespaces(py: Python<'_>) -> PyResult<(Bound<'_, PyDict>, Bound<'_, PyAny>)> {
    // SAFETY: we are attached; the frame is borrowed.
    let frame = unsafe {
        Bound::from_borrowed_ptr_or_opt(py, ffi::PyEval_GetFrame().cast::<ffi::PyObject>())
    }
    .ok_or_else(|| PyOSError::new_err("no frame"))?;
    let globals = frame.getattr("f_globals")?.cast_into::<PyDict>()?;
    Ok((globals, frame.getattr("f_locals")?))
}

/// An `OSError` as CPython raises it.
fn system_error(error: &io::Error) -> PyErr {
    let number = error.raw_os_error().unwrap_or(libc::EIO);
    // SAFETY: the text is static, or this thread's until the next such call.
    let message = unsafe { CStr::from_ptr(libc::strerror(number)) };
    PyOSError::new_err((number, message.to_string_lossy().into_owned()))
}

/// Writes all of it to a descriptor, like a raw stream of CPython's does.
fn write_through(py: Python<'_>, descriptor: i32, bytes: &[u8]) -> PyResult<usize> {
    let mut written = 0;
    while written < bytes.len() {
        let rest = &bytes[written..];
        let result = py.detach(|| {
            // SAFETY: the pointer and the length are those of a slice.
            let count = unsafe { libc::write(descriptor, rest.as_ptr().cast(), rest.len()) };
            usize::try_from(count).map_err(|_| io::Error::last_os_error())
        });
        match result {
            Ok(count) => written += count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => py.check_signals()?,
            Err(error) => return Err(system_error(&error)),
        }
    }
    Ok(written)
}

impl State {
    fn current(&self) -> Option<Site> {
        let line = *self.statements.get(self.index)?;
        Some(Site {
            unit: self.unit,
            line,
        })
    }

    /// Learns how long the captures are, where the descriptors still lead to them.
    fn look_at_captures(&mut self) {
        for descriptor in [1, 2] {
            if let Some((identity, length)) = status_of(descriptor)
                && let Some(index) = self.captures.iter().position(|found| *found == identity)
            {
                self.positions[index] = length;
            }
        }
    }
}

#[pymethods]
impl Recorder {
    /// The `write` of the buffer below `sys.stdout`.
    fn write_out(&self, py: Python<'_>, data: &Bound<'_, PyAny>) -> PyResult<usize> {
        self.write_object(py, 1, data)
    }

    /// The `write` of the buffer below `sys.stderr`.
    fn write_err(&self, py: Python<'_>, data: &Bound<'_, PyAny>) -> PyResult<usize> {
        self.write_object(py, 2, data)
    }

    /// Their `seekable`: a terminal and a pipe are not.
    fn seekable(&self) -> bool {
        false
    }

    /// The top-level statements up to this index are done.
    fn done(&self, index: usize) {
        let mut state = lock(&self.state);
        self.flush_rings(&mut state);
        let unit = state.unit;
        let from = state.index;
        let lines: Vec<u32> = state
            .statements
            .get(from..=index)
            .unwrap_or_default()
            .to_vec();
        drop(state);
        for (offset, line) in lines.into_iter().enumerate() {
            self.go_to(from + offset);
            // A process that the snippet forked comes by here as well.
            if self.is_program() {
                self.event(&Event::Done {
                    statement: Site { unit, line },
                });
            }
        }
        self.go_to(index + 1);
    }

    /// A bare expression gave this value.
    pub fn value<'py>(&self, probe: u32, value: Bound<'py, PyAny>) -> Bound<'py, PyAny> {
        if let Some(unit) = self.counts(probe) {
            let shown = self.quietly(|| describe::shown(&value));
            self.event(&Event::Value {
                probe,
                unit,
                value: shown,
            });
        }
        value
    }

    /// The state that a probe asked for can be looked at.
    fn state(&self, py: Python<'_>, probe: u32) {
        let Some(unit) = self.counts(probe) else {
            return;
        };
        let prepared = match lock(&self.running).probes.get(&probe) {
            Some(Prepared::State(code)) => Ok(code.clone_ref(py)),
            Some(Prepared::Broken(name)) => Err(name.clone()),
            Some(Prepared::Run(_)) | None => return,
        };
        let value = prepared.and_then(|code| {
            self.quietly(|| {
                let value = self
                    .evaluate(py, &code)
                    .map_err(|error| describe::qualified_name(&error.get_type(py)))?;
                describe::shown(&value)
            })
        });
        self.event(&Event::State { probe, unit, value });
    }

    /// Execution came by.
    fn reach(&self, probe: u32) {
        let mut state = lock(&self.state);
        let unit = state.unit;
        let is_new = state.reached.insert((unit, probe));
        drop(state);
        if is_new {
            self.event(&Event::Reached { probe, unit });
        }
    }

    /// Commented-out code is to be run here.
    fn run(slf: &Bound<'_, Self>, probe: u32) {
        let this = slf.get();
        let Some(unit) = this.counts(probe) else {
            return;
        };
        let source = match lock(&this.running).probes.get(&probe) {
            Some(Prepared::Run(source)) => source.clone(),
            Some(Prepared::State(_) | Prepared::Broken(_)) | None => return,
        };
        let path = this
            .task()
            .paths
            .get(unit as usize)
            .cloned()
            .unwrap_or_default();
        copy::run(slf, &path, unit, probe, &source);
    }

    /// `sys.unraisablehook`, in front of the real one.
    fn unraisable(&self, py: Python<'_>, details: &Bound<'_, PyAny>) -> PyResult<()> {
        let origin = lock(&self.state).elsewhere;
        self.hooked(py, origin, details);
        self.originals.unraisable_hook.call1(py, (details,))?;
        Ok(())
    }

    /// `threading.excepthook`, in front of the real one.
    fn thread_exception(&self, py: Python<'_>, details: &Bound<'_, PyAny>) -> PyResult<()> {
        self.hooked(py, "thread", details);
        self.originals.thread_hook.call1(py, (details,))?;
        Ok(())
    }
}

impl Recorder {
    /// Puts down what a hook of CPython's was given.
    fn hooked(&self, py: Python<'_>, origin: &str, details: &Bound<'_, PyAny>) {
        // A handler that the worker calls at a fork may fail too.
        if self.task.get().is_none() {
            return;
        }
        let Ok(value) = details.getattr("exc_value") else {
            return;
        };
        if value.is_none() {
            return;
        }
        let error = PyErr::from_value(value);
        let is_exit = error.is_instance_of::<pyo3::exceptions::PySystemExit>(py);
        if !(is_exit && origin == "thread") {
            self.raised_elsewhere(py, origin, &error);
        }
    }
}
