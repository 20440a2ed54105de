//! The lines of a long code object.
//!
//! CPython finds out a frame's line by walking through the code from its beginning,
//! each time: a module of thousands of statements, each of which writes, would take
//! a time that grows with their square.

use pyo3::intern;
use pyo3::prelude::*;

/// Code whose table of lines has fewer bytes than this is left to CPython.
const LONG: usize = 4096;

/// Where in the code each line begins.
pub struct LineTable {
    /// Offsets in bytes, ascending, each with its line (one-based; zero for none).
    starts: Vec<(u32, u32)>,
}

impl LineTable {
    /// That of a long code object; `None` for any other, and up to CPython 3.9, which
    /// does not tell.
    pub fn of_long(code: &Bound<'_, PyAny>) -> Option<Self> {
        let table = code.getattr(intern!(code.py(), "co_linetable")).ok()?;
        if table.len().ok()? < LONG {
            return None;
        }
        let ranges = code.call_method0(intern!(code.py(), "co_lines")).ok()?;
        let mut starts = Vec::new();
        for range in ranges.try_iter().ok()? {
            let (start, _, line): (u32, u32, Option<u32>) = range.ok()?.extract().ok()?;
            starts.push((start, line.unwrap_or(0)));
        }
        Some(Self { starts })
    }

    /// The line that a frame of this code is at.
    pub fn line_of(&self, frame: &Bound<'_, PyAny>) -> Option<u32> {
        let last = frame.getattr(intern!(frame.py(), "f_lasti")).ok()?;
        let offset: u32 = last.extract().ok()?;
        let after = self.starts.partition_point(|(start, _)| *start <= offset);
        let (_, line) = self.starts.get(after.checked_sub(1)?)?;
        Some(*line)
    }
}
