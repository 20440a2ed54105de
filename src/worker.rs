//! The worker: one embedded CPython that forks a child for each task.
//!
//! The only module that names `pyo3`. It executes and observes; it never judges.
//!
//! A worker starts CPython, imports what its tasks will want, and then waits for
//! tasks as a process of one thread, a fork of which is whole. Where something
//! in the interpreter's site folders starts a thread, that cannot be: a spare
//! process, forked before CPython was started, takes over then, and CPython is
//! started anew in each child.

use std::ffi::c_int;
use std::fs;
use std::io::{self, Read, Write};

use pyo3::prelude::*;
use pyo3::types::PyTuple;
use serde::{Deserialize, Serialize};

use self::child::Stage;
use self::serve::{Channel, TaskFolders, serve};
use crate::protocol::{Hello, Setup};

mod child;
mod collect;
mod console;
mod copy;
mod describe;
mod frames;
mod instrument;
mod lines;
mod log;
mod pytest;
mod recorder;
mod serve;
mod start;
mod streams;

/// What the executable hands to the worker's code.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Beginning {
    /// What the coordinator said first.
    pub setup: Setup,
    /// What the box, which the process has entered, lacks.
    pub box_gaps: Vec<String>,
}

/// The entry: serves tasks until the input ends. The text is a [`Beginning`] as
/// JSON.
///
/// # Safety
///
/// The pointer and the length must be those of a slice; CPython must be loaded
/// and not initialised, and the process must have one thread.
#[cfg(not(test))]
#[unsafe(no_mangle)]
pub unsafe extern "C" fn trueprint_worker(text: *const u8, length: usize) -> c_int {
    // SAFETY: the caller answers for it.
    let text = unsafe { std::slice::from_raw_parts(text, length) };
    match begin(text) {
        Ok(()) => 0,
        Err(message) => {
            eprintln!("trueprint worker: {message}");
            CANNOT_BEGIN
        }
    }
}

/// The exit status of a worker that could not begin; standard error says why.
pub const CANNOT_BEGIN: c_int = 70;

#[cfg_attr(test, expect(dead_code, reason = "the tests have no entry"))]
fn begin(text: &[u8]) -> Result<(), String> {
    let Beginning { setup, box_gaps } =
        serde_json::from_slice(text).map_err(|error| error.to_string())?;
    let mut channel = Channel::take().map_err(|error| error.to_string())?;
    // What a task leaves behind is handed to the worker.
    // SAFETY: a plain system call.
    unsafe { libc::prctl(libc::PR_SET_CHILD_SUBREAPER, 1) };
    let spare = Spare::fork().map_err(|error| format!("cannot fork: {error}"))?;
    let spare = match spare {
        Forked::Worker(spare) => spare,
        Forked::Spare(hello) => {
            channel.send(&hello).map_err(|error| error.to_string())?;
            return serve(None, &setup, &mut channel).map_err(|error| error.to_string());
        }
    };
    start::start(&setup.executable)?;
    Python::attach(|py| {
        preload(py, &setup.preload);
        let hello = hello(py, box_gaps).map_err(|error| error.to_string())?;
        if threads() != Some(1) {
            return spare.take_over(&hello).map_err(|error| error.to_string());
        }
        spare.dismiss();
        let usual = TaskFolders::usual(&setup.confinement.root);
        let stage = Stage::build(py, &usual).map_err(|error| child::cannot_set_up(&error))?;
        stage.rehearse(py).map_err(|error| error.to_string())?;
        freeze(py).map_err(|error| error.to_string())?;
        channel.send(&hello).map_err(|error| error.to_string())?;
        serve(Some((py, &stage)), &setup, &mut channel).map_err(|error| error.to_string())
    })
}

/// Imports modules; those that fail are left to the snippets that want them.
fn preload(py: Python<'_>, names: &[String]) {
    for name in names {
        // A snippet's own import will say what is wrong.
        let _ = py.import(name.as_str());
    }
}

/// Puts all objects there are out of the collector's sight, so that a child's
/// collections do not write to their memory.
fn freeze(py: Python<'_>) -> PyResult<()> {
    let collector = py.import("gc")?;
    collector.call_method0("collect")?;
    collector.call_method0("freeze")?;
    Ok(())
}

fn hello(py: Python<'_>, box_gaps: Vec<String>) -> PyResult<Hello> {
    let sys = py.import("sys")?;
    let version = sys.getattr("version_info")?.cast_into::<PyTuple>()?;
    let parts: Vec<String> = version
        .get_slice(0, 3)
        .iter()
        .map(|part| part.str().map(|part| describe::lossy(&part)))
        .collect::<PyResult<_>>()?;
    Ok(Hello {
        version: parts.join("."),
        executable: sys.getattr("executable")?.extract()?,
        box_gaps,
    })
}

/// How many threads the process has.
fn threads() -> Option<usize> {
    Some(fs::read_dir("/proc/self/task").ok()?.count())
}

/// A process without CPython that takes over if the worker must not fork.
struct Spare {
    process: libc::pid_t,
    orders: io::PipeWriter,
}

/// Which side of the fork this is.
enum Forked {
    Worker(Spare),
    /// The spare, once it is to take over.
    Spare(Hello),
}

impl Spare {
    /// Forks the spare, which waits.
    fn fork() -> io::Result<Forked> {
        let (mut reader, orders) = io::pipe()?;
        // SAFETY: the process has one thread.
        let process = unsafe { libc::fork() };
        if process < 0 {
            return Err(io::Error::last_os_error());
        }
        if process > 0 {
            return Ok(Forked::Worker(Self { process, orders }));
        }
        drop(orders);
        // SAFETY: a plain system call.
        unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) };
        let mut text = Vec::new();
        let hello = reader
            .read_to_end(&mut text)
            .and_then(|_| Ok(serde_json::from_slice(&text)?));
        match hello {
            Ok(hello) => {
                // SAFETY: a plain system call; what a task leaves behind is
                // handed to this process now.
                unsafe { libc::prctl(libc::PR_SET_CHILD_SUBREAPER, 1) };
                Ok(Forked::Spare(hello))
            }
            // SAFETY: it is not wanted, and has nothing to clean up.
            Err(_) => unsafe { libc::_exit(0) },
        }
    }

    /// Ends the spare.
    fn dismiss(self) {
        let Self { process, orders } = self;
        drop(orders);
        // SAFETY: the process is our child.
        unsafe { libc::waitpid(process, std::ptr::null_mut(), 0) };
    }

    /// Lets the spare serve, and ends as it ends.
    fn take_over(self, hello: &Hello) -> io::Result<()> {
        let Self {
            process,
            mut orders,
        } = self;
        orders.write_all(&serde_json::to_vec(hello)?)?;
        drop(orders);
        let mut status = 0;
        // SAFETY: the process is our child.
        unsafe {
            libc::waitpid(process, &mut status, 0);
            if !libc::WIFEXITED(status) {
                return Err(io::Error::other("the process that took over was killed"));
            }
            libc::_exit(libc::WEXITSTATUS(status))
        }
    }
}
