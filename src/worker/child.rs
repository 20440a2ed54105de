//! A child: the world that a script sees, the snippets run in it, and the end.
//!
//! It never returns to the worker. What happens is in the log; how the process
//! ended is for the worker to see.

use std::fs::File;
use std::io;
use std::os::fd::IntoRawFd;
use std::time::Instant;

use pyo3::exceptions::PySystemExit;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList, PyModule};

use super::console;
use super::instrument::{Compiler, Group};
use super::log::{Log, Phase};
use super::pytest;
use super::recorder::{Originals, Recorder, Running};
use super::serve::TaskFolders;
use super::start;
use super::streams;
use crate::protocol::{Event, Setup, Task, Unit, UnitMode};
use crate::sandbox;

/// Whether what follows in a unit is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Outcome {
    /// A statement raised.
    Raised,
    /// The unit was left.
    Exited,
}

/// What a child finds ready: all that is the same for each. Made in the worker, it
/// costs every child nothing but the memory that it writes to.
pub struct Stage {
    recorder: Py<Recorder>,
    system: Py<PyModule>,
    /// `os.environ`.
    environment: Py<PyAny>,
    /// `SourceFileLoader`.
    loader: Py<PyAny>,
    /// Those that the environment names.
    folders: TaskFolders,
}

impl Stage {
    /// Puts the streams, the hooks and the environment of tasks in place that run
    /// in `directory`.
    pub fn build(py: Python<'_>, directory: &TaskFolders) -> PyResult<Self> {
        let recorder = Bound::new(py, Recorder::new(Originals::take(py)?)?)?;
        let stage = Self {
            system: py.import("sys")?.unbind(),
            environment: py.import("os")?.getattr("environ")?.unbind(),
            loader: py
                .import("_frozen_importlib_external")?
                .getattr("SourceFileLoader")?
                .unbind(),
            recorder: recorder.clone().unbind(),
            folders: directory.clone(),
        };
        streams::install(&recorder)?;
        install_hooks(&recorder)?;
        stage.name_folders(py, directory)?;
        Ok(stage)
    }

    /// Has CPython do once what every child has it do, so that what it makes on the
    /// way (the types of its syntax trees, above all) is there in each. Nothing is
    /// executed, and nothing that a snippet could see is left.
    pub fn rehearse(&self, py: Python<'_>) -> PyResult<()> {
        /// Something of everything that snippets are made of.
        const SAMPLE: &str = "\
\"\"\"Text.\"\"\"
import sys
class Name(object):
    size: int = 1
    def __init__(self, *values, **named):
        self.values = [value for value in values if value not in named]
@property
def name(value=None):
    return f\"{value!r} {value}\" + 'text'
for one, other in {1: 2.5}.items():
    while one < 3 and not other:
        one += 1
    if one is None or one == 2: pass
    else: break
try:
    print(sum(value ** 2 for value in (1, 2)), sys.path[0][1:2], lambda: -1)
except (TypeError, ValueError) as error:
    raise
with open(name) as file:
    assert file
name()
";
        const PATH: &str = "<rehearsal>";
        let unit = Unit {
            file_name: PATH.into(),
            code: SAMPLE.into(),
            mode: UnitMode::Script,
            probes: Vec::new(),
        };
        let compiler = Compiler::new(self.recorder.bind(py));
        let tree = compiler.parse(SAMPLE, PATH, 0)?;
        let (groups, _) = compiler.instrument(&tree, &unit, 0)?;
        compile_from(&compiler, &groups, 0, PATH, 0)?;
        Ok(())
    }

    /// Tells `os.environ` where the task's folders are.
    fn name_folders(&self, py: Python<'_>, directory: &TaskFolders) -> PyResult<()> {
        let environment = self.environment.bind(py);
        environment.set_item("HOME", directory.home().as_os_str())?;
        environment.set_item("TMPDIR", directory.temporary().as_os_str())
    }
}

/// Runs a task in the process that was just forked for it. Without a Python, one
/// is started.
pub fn run(
    warm: Option<(Python<'_>, &Stage)>,
    setup: &Setup,
    task: &Task,
    directory: &TaskFolders,
    captures: [File; 2],
    log: Log,
    deadline: Instant,
) -> ! {
    if let Err(error) = take_descriptors(captures) {
        fail(
            &log,
            &format!("cannot set up the standard streams: {error}"),
        );
    }
    if let Err(error) = sandbox::enter_child(&task.limits, directory.path()) {
        fail(&log, &format!("cannot enter the child's box: {error}"));
    }
    if let Err(error) = std::env::set_current_dir(directory.work()) {
        fail(
            &log,
            &format!("cannot enter the child's directory: {error}"),
        );
    }
    match warm {
        Some((py, stage)) => run_on(py, stage, task, directory, log, deadline),
        None => match start::start(&setup.executable) {
            Ok(()) => Python::attach(|py| match Stage::build(py, directory) {
                Ok(stage) => run_on(py, &stage, task, directory, log, deadline),
                Err(error) => fail(&log, &cannot_set_up(&error)),
            }),
            Err(message) => fail(&log, &message),
        },
    }
}

/// Why a child cannot begin.
pub fn cannot_set_up(error: &PyErr) -> String {
    format!("cannot set up CPython in the child: {error}")
}

/// The same with a Python.
fn run_on(
    py: Python<'_>,
    stage: &Stage,
    task: &Task,
    directory: &TaskFolders,
    log: Log,
    deadline: Instant,
) -> ! {
    let paths: Vec<String> = task
        .units
        .iter()
        .map(|unit| directory.file(unit).to_string_lossy().into_owned())
        .collect();
    let recorder = stage.recorder.bind(py);
    recorder.get().begin_task(log, paths.clone(), deadline);
    let main = match set_up(py, stage, task, directory) {
        Ok(main) => main,
        Err(error) => fail(recorder.get().log(), &cannot_set_up(&error)),
    };
    let status = run_units(stage, recorder, &main, &task.units, &paths);
    recorder.get().leave();
    end(recorder, main);
    exit(status)
}

/// Says why the child cannot be set up, and ends.
fn fail(log: &Log, message: &str) -> ! {
    log.failed(message);
    exit(1)
}

fn exit(status: i32) -> ! {
    // SAFETY: CPython's finalisation is what must not run.
    unsafe { libc::_exit(status) }
}

/// Leaves the child with nothing but its captures and an empty input.
fn take_descriptors(captures: [File; 2]) -> io::Result<()> {
    streams::put_in_place(&captures)?;
    // The captures' own descriptors are closed with all the others.
    let _ = captures.map(IntoRawFd::into_raw_fd);
    // SAFETY: plain system calls; nothing of the worker's is used any more.
    unsafe {
        let null = libc::open(c"/dev/null".as_ptr(), libc::O_RDONLY | libc::O_CLOEXEC);
        if null < 0 || libc::dup2(null, 0) < 0 {
            return Err(io::Error::last_os_error());
        }
        if libc::syscall(libc::SYS_close_range, 3, u32::MAX, 0) != 0 {
            return Err(io::Error::last_os_error());
        }
    }
    Ok(())
}

/// Makes `sys` and a new `__main__` what they are in a script.
fn set_up<'py>(
    py: Python<'py>,
    stage: &Stage,
    task: &Task,
    directory: &TaskFolders,
) -> PyResult<Bound<'py, PyModule>> {
    let sys = stage.system.bind(py);
    let name = task.units.first().map(|unit| unit.file_name.clone());
    let mut arguments = vec![name.unwrap_or_default().into_owned()];
    arguments.extend(task.arguments.iter().cloned());
    sys.setattr("argv", &arguments)?;
    if sys.hasattr("orig_argv")? {
        let mut all = vec![sys.getattr("executable")?.extract::<String>()?];
        all.extend(arguments);
        sys.setattr("orig_argv", all)?;
    }
    let work = directory.work();
    sys.getattr("path")?
        .call_method1("insert", (0, work.as_os_str()))?;
    if stage.folders != *directory {
        stage.name_folders(py, directory)?;
    }
    let modules = sys.getattr("modules")?.cast_into::<PyDict>()?;
    if let Some(processes) = modules.get_item("multiprocessing.process")? {
        processes.setattr("ORIGINAL_DIR", work.as_os_str())?;
    }
    new_main(py, &modules)
}

/// A `__main__` of its own: one that was there before the collector was frozen
/// would never be collected.
fn new_main<'py>(py: Python<'py>, modules: &Bound<'py, PyDict>) -> PyResult<Bound<'py, PyModule>> {
    let main = PyModule::new(py, "__main__")?;
    let namespace = main.dict();
    let before = modules
        .get_item("__main__")?
        .map(|before| {
            before
                .getattr("__dict__")?
                .cast_into::<PyDict>()
                .map_err(PyErr::from)
        })
        .transpose()?;
    namespace.clear();
    // The same names in the same order as CPython's own.
    for (name, value) in before.iter().flat_map(|before| before.iter()) {
        if name.extract::<String>()? == "__annotations__" {
            namespace.set_item(name, PyDict::new(py))?;
        } else {
            namespace.set_item(name, value)?;
        }
    }
    modules.set_item("__main__", &main)?;
    Ok(main)
}

/// Tells `__main__` which file it is.
fn name_file(stage: &Stage, main: &Bound<'_, PyModule>, path: &str) -> PyResult<()> {
    let py = main.py();
    let namespace = main.dict();
    namespace.set_item("__file__", path)?;
    let version = py.version_info();
    if (version.major, version.minor) < (3, 15) {
        namespace.set_item("__cached__", py.None())?;
    }
    let loader = stage.loader.bind(py).call1(("__main__", path))?;
    namespace.set_item("__loader__", loader)
}

/// Puts hooks of ours in front of CPython's, to hear of exceptions that end no
/// statement.
fn install_hooks(recorder: &Bound<'_, Recorder>) -> PyResult<()> {
    let py = recorder.py();
    let sys = py.import("sys")?;
    sys.setattr("unraisablehook", recorder.getattr("unraisable")?)?;
    // `threading` takes its hook from here when it is imported.
    let threads = py.import("_thread")?;
    let before = recorder.get().originals().thread_hook.bind(py);
    let hook = recorder.getattr("thread_exception")?;
    let modules = sys.getattr("modules")?.cast_into::<PyDict>()?;
    if let Some(threading) = modules.get_item("threading")?
        && threading.getattr("excepthook")?.is(before)
    {
        threading.setattr("excepthook", &hook)?;
        threading.setattr("__excepthook__", &hook)?;
    }
    threads.setattr("_excepthook", hook)
}

/// Runs the units one after the other; the status that a script would end with.
fn run_units(
    stage: &Stage,
    recorder: &Bound<'_, Recorder>,
    main: &Bound<'_, PyModule>,
    units: &[Unit],
    paths: &[String],
) -> i32 {
    let py = recorder.py();
    let mut status = 0;
    let compiler = Compiler::new(recorder);
    for (index, (unit, path)) in units.iter().zip(paths).enumerate() {
        let index = index as u32;
        recorder.get().begin(Running {
            unit: index,
            ..Running::default()
        });
        let result = name_file(stage, main, path).and_then(|()| match unit.mode {
            UnitMode::Script => run_script(&compiler, recorder, main, unit, index, path),
            UnitMode::Console => console::run(&compiler, recorder, main, unit, index, path),
            UnitMode::Pytest => pytest::run(&compiler, recorder, unit, index, path),
        });
        match result {
            Ok(outcome) => status = outcome,
            Err(error) => {
                // It did not compile.
                settle(recorder, &error, false);
                status = 1;
            }
        }
        streams::flush(py);
    }
    status
}

/// Runs a unit as a script is run.
fn run_script(
    compiler: &Compiler<'_>,
    recorder: &Bound<'_, Recorder>,
    main: &Bound<'_, PyModule>,
    unit: &Unit,
    index: u32,
    path: &str,
) -> PyResult<i32> {
    let tree = compiler.parse(&unit.code, path, 0)?;
    let (groups, running) = compiler.instrument(&tree, unit, index)?;
    let mut flags = 0;
    let mut code = compile_from(compiler, &groups, 0, path, flags)?;
    flags |= Compiler::future_flags(&code);
    recorder.get().begin(Running {
        future_flags: flags,
        ..running
    });
    let mut status = 0;
    loop {
        let Err(error) = execute(&code, main) else {
            return Ok(status);
        };
        let (outcome, new_status) = settle(recorder, &error, true);
        status = new_status;
        drop(error);
        let next = recorder.get().index() + 1;
        if outcome == Outcome::Exited || next >= groups.len() {
            return Ok(status);
        }
        recorder.get().go_to(next);
        // What the compiler warns of was said the first time.
        code = recorder
            .get()
            .quietly(|| compile_from(compiler, &groups, next, path, flags))?;
    }
}

/// Compiles all statements from one on, as one unit.
fn compile_from<'py>(
    compiler: &Compiler<'py>,
    groups: &[Group<'py>],
    from: usize,
    path: &str,
    flags: i32,
) -> PyResult<Bound<'py, PyAny>> {
    let mut statements = Vec::new();
    if let (Some(previous), Some(group)) = (from.checked_sub(1), groups.get(from)) {
        let like = group
            .statement
            .as_ref()
            .or(groups[previous].statement.as_ref());
        if let Some(like) = like {
            statements.push(compiler.nothing(like, previous)?);
        }
    }
    for group in &groups[from..] {
        statements.extend(group.before.iter().cloned());
        statements.extend(group.statement.iter().cloned());
        statements.extend(group.after.iter().cloned());
    }
    compiler.module(&statements, path, flags)
}

/// Runs compiled code in `__main__`, with no frame below it.
pub fn execute(code: &Bound<'_, PyAny>, main: &Bound<'_, PyModule>) -> PyResult<()> {
    let namespace = main.dict();
    // SAFETY: a code object and a dictionary.
    unsafe {
        Bound::from_owned_ptr_or_err(
            main.py(),
            ffi::PyEval_EvalCode(code.as_ptr(), namespace.as_ptr(), namespace.as_ptr()),
        )?;
    }
    Ok(())
}

/// Puts down what ended a statement: whether it was left for good, and with
/// which status.
///
/// In a process that the snippet forked this is the end, as it is in a script.
pub fn settle(recorder: &Bound<'_, Recorder>, error: &PyErr, executed: bool) -> (Outcome, i32) {
    let py = recorder.py();
    let this = recorder.get();
    let statement = this.current().filter(|_| executed);
    if error.is_instance_of::<PySystemExit>(py) {
        let code = streams::exit_code(py, error);
        if this.is_program() {
            this.event(&Event::Exited { statement, code });
        }
        return (Outcome::Exited, code);
    }
    if !this.is_program() {
        this.raised_elsewhere(py, "fork", error);
        return (Outcome::Exited, 1);
    }
    let exception = Box::new(this.exception(py, error));
    this.event(&Event::Raised {
        statement,
        exception,
    });
    call_excepthook(recorder, error);
    (Outcome::Raised, 1)
}

/// Calls the snippet's own `sys.excepthook`, if it has set one. Those that
/// libraries set print what the default one would, which is not printed either.
fn call_excepthook(recorder: &Bound<'_, Recorder>, error: &PyErr) {
    let py = recorder.py();
    let Some(hook) = streams::system(py, c"excepthook") else {
        return;
    };
    let is_own = hook
        .getattr("__module__")
        .and_then(|module| module.extract::<String>())
        .is_ok_and(|module| module == "__main__");
    if !is_own {
        return;
    }
    let traceback = error.traceback(py);
    if let Err(error) = hook.call1((error.get_type(py), error.value(py), traceback)) {
        error.write_unraisable(py, Some(&hook));
    }
}

/// Ends as CPython ends, without its finalisation.
fn end(recorder: &Bound<'_, Recorder>, main: Bound<'_, PyModule>) {
    let py = recorder.py();
    let this = recorder.get();
    // SAFETY: we are attached; the reference is borrowed, and counted at once.
    let modules = unsafe { Bound::from_borrowed_ptr_or_opt(py, ffi::PyImport_GetModuleDict()) }
        .and_then(|modules| modules.cast_into::<PyDict>().ok());
    this.set_phase(Phase::Threads);
    if let Some(modules) = &modules
        && let Ok(Some(threading)) = modules.get_item("threading")
        && let Err(error) = threading.call_method0("_shutdown")
    {
        error.write_unraisable(py, Some(&threading));
    }
    this.set_phase(Phase::ExitFunctions);
    if let Err(error) = this.originals().exit_functions.call0(py) {
        // Up to 3.9, which has already printed it.
        this.raised_elsewhere(py, "atexit", &error);
    }
    streams::flush(py);
    this.set_phase(Phase::Dropping);
    if let Some(modules) = &modules {
        // CPython does not care either whether it is still there.
        let _ = modules.del_item("__main__");
    }
    drop(main);
    if let Err(error) = this.originals().collect.call0(py) {
        error.write_unraisable(py, None);
    }
    streams::flush(py);
    // SAFETY: plain C.
    unsafe {
        libc::fflush(std::ptr::null_mut());
    }
    this.leave();
    this.set_phase(Phase::Finished);
}

/// The list that a unit's statements are in.
pub fn statements<'py>(tree: &Bound<'py, PyAny>) -> PyResult<Bound<'py, PyList>> {
    Ok(tree.getattr("body")?.cast_into()?)
}
