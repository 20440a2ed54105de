//! The standard streams of a child.
//!
//! Descriptors 1 and 2 are files in memory, so that whatever writes to them is
//! seen. `sys.stdout` and `sys.stderr` are CPython's own objects, but the buffer
//! below each has a `write` of ours as an attribute, which comes before the one
//! of its type. They write through, as `python -u` does: the order of all output
//! is that in which it was made.

use std::ffi::CStr;
use std::fs::File;
use std::io;
use std::os::fd::{AsRawFd, FromRawFd};

use pyo3::exceptions::PySystemExit;
use pyo3::ffi;
use pyo3::prelude::*;
use pyo3::types::PyDict;

use super::recorder::Recorder;

/// A file in memory that is appended to, whoever writes.
pub fn capture(name: &CStr) -> io::Result<File> {
    // SAFETY: the name is a C string; the descriptor is a new one.
    unsafe {
        let descriptor = libc::memfd_create(name.as_ptr(), libc::MFD_CLOEXEC);
        if descriptor < 0 {
            return Err(io::Error::last_os_error());
        }
        let file = File::from_raw_fd(descriptor);
        if libc::fcntl(descriptor, libc::F_SETFL, libc::O_APPEND) < 0 {
            return Err(io::Error::last_os_error());
        }
        Ok(file)
    }
}

/// Makes the captures descriptors 1 and 2.
pub fn put_in_place(captures: &[File; 2]) -> io::Result<()> {
    for (capture, target) in captures.iter().zip([1, 2]) {
        // SAFETY: what was there belongs to nobody in this process.
        if unsafe { libc::dup2(capture.as_raw_fd(), target) } < 0 {
            return Err(io::Error::last_os_error());
        }
    }
    Ok(())
}

/// Gives `sys` streams that the recorder hears of.
pub fn install(recorder: &Bound<'_, Recorder>) -> PyResult<()> {
    let py = recorder.py();
    let sys = py.import("sys")?;
    let io = py.import("_io")?;
    for (descriptor, name, method, default_errors) in [
        (1, "stdout", "write_out", "strict"),
        (2, "stderr", "write_err", "backslashreplace"),
    ] {
        let before = sys.getattr(name)?;
        let errors = before
            .getattr("errors")
            .and_then(|errors| errors.extract::<String>())
            .unwrap_or_else(|_| default_errors.into());
        let label = format!("<{name}>");
        let raw_arguments = PyDict::new(py);
        raw_arguments.set_item("closefd", false)?;
        let raw = io
            .getattr("FileIO")?
            .call((descriptor, "wb"), Some(&raw_arguments))?;
        raw.setattr("name", &label)?;
        let buffer = io.getattr("BufferedWriter")?.call1((raw,))?;
        buffer.setattr("write", recorder.getattr(method)?)?;
        buffer.setattr("seekable", recorder.getattr("seekable")?)?;
        let arguments = PyDict::new(py);
        arguments.set_item("encoding", "utf-8")?;
        arguments.set_item("errors", errors)?;
        arguments.set_item("newline", "\n")?;
        arguments.set_item("write_through", true)?;
        arguments.set_item("line_buffering", descriptor == 2)?;
        let stream = io
            .getattr("TextIOWrapper")?
            .call((buffer,), Some(&arguments))?;
        stream.setattr("mode", "w")?;
        sys.setattr(name, &stream)?;
        sys.setattr(format!("__{name}__"), &stream)?;
    }
    Ok(())
}

/// What `sys` has under a name, without importing anything: a snippet may have
/// broken that.
pub fn system<'py>(py: Python<'py>, name: &CStr) -> Option<Bound<'py, PyAny>> {
    // SAFETY: we are attached; the reference is borrowed, and counted at once.
    unsafe { Bound::from_borrowed_ptr_or_opt(py, ffi::PySys_GetObject(name.as_ptr())) }
}

/// Flushes whatever `sys.stdout` and `sys.stderr` are now.
pub fn flush(py: Python<'_>) {
    for stream in [c"stdout", c"stderr"].map(|name| system(py, name)) {
        if let Some(stream) = stream.filter(|stream| !stream.is_none()) {
            // As CPython does at its end, nothing is said of one that cannot be
            // flushed.
            let _ = stream.call_method0("flush");
        }
    }
}

/// The status that a `SystemExit` means; its message is written to `sys.stderr`,
/// as CPython does.
pub fn exit_code(py: Python<'_>, error: &PyErr) -> i32 {
    debug_assert!(error.is_instance_of::<PySystemExit>(py));
    let Ok(code) = error.value(py).getattr("code") else {
        return 1;
    };
    if code.is_none() {
        return 0;
    }
    if code.is_instance_of::<pyo3::types::PyInt>() {
        // Like a C cast: the status is the lowest bits.
        return code.extract::<i64>().map_or(-1, |code| code as i32);
    }
    let write = || -> PyResult<()> {
        if let Some(stderr) = system(py, c"stderr").filter(|stream| !stream.is_none()) {
            stderr.call_method1("write", (code.str()?,))?;
            stderr.call_method1("write", ("\n",))?;
        }
        Ok(())
    };
    // A snippet that has broken its own stderr hears of it in no other way either.
    let _ = write();
    1
}
