//! Which of a snippet's lines are on the stack.

use std::collections::HashMap;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use pyo3::ffi;
use pyo3::prelude::*;

use super::lines::LineTable;
use super::start::function;
use crate::protocol::Site;

/// Sites of a stack that are kept, from its inner end; the outermost is kept too.
const DEEPEST: usize = 64;

/// Code objects whose unit is remembered.
const MOST_CODES: usize = 4096;

/// CPython's frames, by functions that are not in the stable ABI of 3.9, though every
/// version has them.
pub struct Frames {
    back: unsafe extern "C" fn(*mut ffi::PyObject) -> *mut ffi::PyObject,
    code: unsafe extern "C" fn(*mut ffi::PyObject) -> *mut ffi::PyObject,
    line: unsafe extern "C" fn(*mut ffi::PyObject) -> std::ffi::c_int,
    /// What is known of code objects, by their addresses.
    codes: Mutex<HashMap<usize, KnownCode>>,
}

/// What is known of a code object.
struct KnownCode {
    /// Itself, kept alive so that no other takes its address.
    _code: Py<PyAny>,
    origin: Option<CodeOrigin>,
}

/// Where a snippet's own code object comes from.
#[derive(Clone)]
struct CodeOrigin {
    unit: u32,
    /// Its lines, where it is long.
    lines: Option<Arc<LineTable>>,
}

impl Frames {
    /// Those of this CPython.
    pub fn new() -> io::Result<Self> {
        // SAFETY: the signatures are those of CPython's documentation.
        let functions = unsafe {
            (
                function(c"PyFrame_GetBack"),
                function(c"PyFrame_GetCode"),
                function(c"PyFrame_GetLineNumber"),
            )
        };
        let (Some(back), Some(code), Some(line)) = functions else {
            return Err(io::Error::other("this CPython hides its frames"));
        };
        Ok(Self {
            back,
            code,
            line,
            codes: Mutex::default(),
        })
    }

    /// The snippet's own lines on the stack, innermost first, those that follow
    /// themselves once. `bottom` is the address of a code object below which nothing
    /// counts; `paths` are the units' files.
    pub fn stack(&self, py: Python<'_>, bottom: usize, paths: &[String]) -> Vec<Site> {
        let mut sites = Vec::new();
        // SAFETY: we are attached; the first frame is borrowed, the others are new.
        let mut frame = unsafe {
            Bound::from_borrowed_ptr_or_opt(py, ffi::PyEval_GetFrame().cast::<ffi::PyObject>())
        };
        while let Some(this) = frame {
            // SAFETY: it is a frame, and the functions take frames.
            let code = unsafe { Bound::from_owned_ptr(py, (self.code)(this.as_ptr())) };
            if let Some(CodeOrigin { unit, lines }) = self.origin_of(&code, paths) {
                let line = lines.and_then(|lines| lines.line_of(&this));
                let line = line.unwrap_or_else(|| {
                    // SAFETY: as above.
                    unsafe { (self.line)(this.as_ptr()) }.max(0) as u32
                });
                let site = Site { unit, line };
                // A comprehension has a frame of its own up to 3.11.
                if sites.last() != Some(&site) {
                    sites.truncate(DEEPEST - 1);
                    sites.push(site);
                }
            }
            if code.as_ptr() as usize == bottom {
                break;
            }
            // SAFETY: as above.
            frame = unsafe { Bound::from_owned_ptr_or_opt(py, (self.back)(this.as_ptr())) };
        }
        sites
    }

    /// Where a code object comes from, if that is a unit.
    fn origin_of(&self, code: &Bound<'_, PyAny>, paths: &[String]) -> Option<CodeOrigin> {
        let key = code.as_ptr() as usize;
        if let Some(known) = self.codes().get(&key) {
            return known.origin.clone();
        }
        let file: Option<String> = code
            .getattr("co_filename")
            .and_then(|file| file.extract())
            .ok();
        let unit = file.and_then(|file| paths.iter().position(|path| *path == file));
        let origin = unit.map(|unit| CodeOrigin {
            unit: unit as u32,
            lines: LineTable::of_long(code).map(Arc::new),
        });
        let known = KnownCode {
            _code: code.clone().unbind(),
            origin: origin.clone(),
        };
        let mut codes = self.codes();
        let dropped = (codes.len() >= MOST_CODES).then(|| std::mem::take(&mut *codes));
        codes.insert(key, known);
        drop(codes);
        drop(dropped);
        origin
    }

    fn codes(&self) -> MutexGuard<'_, HashMap<usize, KnownCode>> {
        self.codes.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
