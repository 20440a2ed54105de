//! Commented-out code, run in a copy of the program at that very point.
//!
//! The copy is a fork. It runs the code in the namespace of the frame that came
//! by, puts down what happens, and is gone; the program waits for it and goes
//! on as if nothing had been.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::os::fd::FromRawFd;
use std::time::{Duration, Instant};

use pyo3::exceptions::PySystemExit;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::{PyDict, PyList};

use super::instrument::Compiler;
use super::log::CopyId;
use super::recorder::{Recorder, namespaces};
use super::streams;
use crate::protocol::{End, Event, Site, Stream};

/// Bytes of a copy's captures that are kept.
const MOST_CAPTURED: u64 = 1 << 20;

/// Runs code in a copy of the program, and returns when it is gone.
pub fn run(recorder: &Bound<'_, Recorder>, path: &str, unit: u32, probe: u32, source: &str) {
    streams::flush(recorder.py());
    let copy = recorder.get().copy_began(unit, probe);
    let end = match fork(recorder, copy, path, unit, probe, source) {
        Ok(end) => end,
        Err(error) => End::Unfinished {
            reason: format!("the program could not be copied: {error}"),
        },
    };
    // A copy that came to its end has said so itself; the first word counts.
    recorder.get().copy_ended(copy, &end);
}

fn fork(
    recorder: &Bound<'_, Recorder>,
    copy: CopyId,
    path: &str,
    unit: u32,
    probe: u32,
    source: &str,
) -> io::Result<End> {
    let py = recorder.py();
    let captures = [streams::capture(c"stdout")?, streams::capture(c"stderr")?];
    // SAFETY: CPython's own `os.fork` does the same; the thread holds the GIL.
    let process = unsafe {
        ffi::PyOS_BeforeFork();
        let process = libc::fork();
        if process == 0 {
            ffi::PyOS_AfterFork_Child();
        } else {
            ffi::PyOS_AfterFork_Parent();
        }
        process
    };
    if process < 0 {
        return Err(io::Error::last_os_error());
    }
    if process == 0 {
        // SAFETY: a plain system call.
        unsafe { libc::prctl(libc::PR_SET_PDEATHSIG, libc::SIGKILL) };
        if streams::put_in_place(&captures).is_ok() {
            drop(captures);
            recorder.get().become_copy(copy);
            execute(recorder, path, unit, probe, source);
            streams::flush(py);
            recorder.get().finish_copy(copy);
        }
        // SAFETY: no destructor of the program's may run in its copy.
        unsafe {
            libc::fflush(std::ptr::null_mut());
            libc::_exit(0)
        }
    }
    let recorder = recorder.get();
    let end = wait(process, recorder.deadline());
    for (stream, capture) in [Stream::Out, Stream::Err].into_iter().zip(captures) {
        keep(recorder, copy, stream, capture);
    }
    end
}

/// Waits for the copy; it may take half of the time that is left.
fn wait(process: i32, deadline: Instant) -> io::Result<End> {
    let half = deadline.saturating_duration_since(Instant::now()) / 2;
    // SAFETY: plain system calls; the descriptor is ours.
    unsafe {
        let descriptor = libc::syscall(libc::SYS_pidfd_open, process, 0) as i32;
        if descriptor >= 0 {
            let _descriptor = File::from_raw_fd(descriptor);
            if !is_readable(descriptor, half) {
                libc::kill(process, libc::SIGKILL);
                libc::waitpid(process, std::ptr::null_mut(), 0);
                return Ok(End::TimedOut);
            }
        }
        let mut status = 0;
        while libc::waitpid(process, &mut status, 0) < 0 {
            let error = io::Error::last_os_error();
            if error.kind() != io::ErrorKind::Interrupted {
                return Err(error);
            }
        }
        Ok(if libc::WIFSIGNALED(status) {
            End::Killed {
                signal: libc::WTERMSIG(status),
            }
        } else {
            End::LeftEarly {
                status: libc::WEXITSTATUS(status),
            }
        })
    }
}

/// Waits until a descriptor is readable, or the time is up.
fn is_readable(descriptor: i32, patience: Duration) -> bool {
    let until = Instant::now() + patience;
    loop {
        let rest = until.saturating_duration_since(Instant::now());
        let mut poll = libc::pollfd {
            fd: descriptor,
            events: libc::POLLIN,
            revents: 0,
        };
        let milliseconds = rest.as_millis().min(i32::MAX as u128) as i32;
        // SAFETY: one structure, as told.
        match unsafe { libc::poll(&mut poll, 1, milliseconds) } {
            0 => return false,
            count if count > 0 => return true,
            _ if io::Error::last_os_error().kind() == io::ErrorKind::Interrupted => {}
            _ => return false,
        }
    }
}

fn keep(recorder: &Recorder, copy: CopyId, stream: Stream, mut capture: File) {
    let mut bytes = Vec::new();
    let read = capture
        .seek(SeekFrom::Start(0))
        .and_then(|_| capture.by_ref().take(MOST_CAPTURED).read_to_end(&mut bytes));
    let length = capture.metadata().map_or(0, |metadata| metadata.len());
    recorder
        .log()
        .cut_output(length.saturating_sub(bytes.len() as u64));
    if read.is_ok() && !bytes.is_empty() {
        recorder.log().captured(copy, stream, &bytes);
    }
}

/// In the copy: runs the code, and puts down what it raises.
fn execute(recorder: &Bound<'_, Recorder>, path: &str, unit: u32, probe: u32, source: &str) {
    let py = recorder.py();
    let mut statements = Vec::new();
    let Err(error) = compile_and_run(recorder, path, probe, source, &mut statements) else {
        return;
    };
    let recorder = recorder.get();
    let exception = recorder.exception(py, &error);
    let raised_at = exception.stack.last().map(|site| site.line);
    let statement = statements
        .iter()
        .rfind(|first| raised_at.is_some_and(|line| **first <= line))
        .map(|line| Site { unit, line: *line });
    recorder.event(&if error.is_instance_of::<PySystemExit>(py) {
        let code = streams::exit_code(py, &error);
        Event::Exited { statement, code }
    } else {
        Event::Raised {
            statement,
            exception: Box::new(exception),
        }
    });
}

/// Runs the code; `lines` become the first lines of its statements.
fn compile_and_run(
    recorder: &Bound<'_, Recorder>,
    path: &str,
    probe: u32,
    source: &str,
    lines: &mut Vec<u32>,
) -> PyResult<()> {
    let py = recorder.py();
    let (globals, locals) = namespaces(py)?;
    let compiler = Compiler::new(recorder);
    let flags = recorder.get().future_flags();
    let tree = compiler.parse(source, path, flags)?;
    let mut statements = Vec::new();
    for statement in tree.getattr("body")?.cast_into::<PyList>()? {
        if statement.get_type().name()? == "Expr" {
            compiler.wrap(&statement, probe)?;
        }
        lines.push(statement.getattr("lineno")?.extract()?);
        statements.push(statement);
    }
    let code = compiler.module(&statements, path, flags)?;
    // In a function, what is nested in the code must see the locals too, which
    // only one dictionary for both can do.
    let is_module = locals.is(&globals);
    let (globals, locals) = if is_module {
        (globals, locals)
    } else if has_nested_code(&code) {
        let both = globals.copy()?;
        both.call_method1("update", (locals,))?;
        (both.clone(), both.into_any())
    } else {
        let copy = PyDict::new(py);
        copy.call_method1("update", (locals,))?;
        (globals, copy.into_any())
    };
    recorder.get().set_bottom(&code);
    // SAFETY: a code object, a dictionary and a mapping.
    unsafe {
        Bound::from_owned_ptr_or_err(
            py,
            ffi::PyEval_EvalCode(code.as_ptr(), globals.as_ptr(), locals.as_ptr()),
        )?;
    }
    Ok(())
}

fn has_nested_code(code: &Bound<'_, PyAny>) -> bool {
    code.getattr("co_consts")
        .and_then(|constants| constants.try_iter())
        .is_ok_and(|mut constants| {
            constants.any(|constant| {
                constant.is_ok_and(|constant| constant.get_type().is(code.get_type()))
            })
        })
}
