//! Where something stands in a guide or in a snippet.
//!
//! Lines are counted from one, as editors and CPython count them. A notebook's
//! lines are counted within their cell. Nothing here reads text.

use std::fmt;
use std::num::NonZeroU32;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

/// A line of a text, one-based.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct LineNumber(NonZeroU32);

impl LineNumber {
    /// The first line of a text.
    pub const FIRST: Self = Self(NonZeroU32::MIN);

    /// The line with this one-based number, or `None` for zero.
    pub fn new(one_based: u32) -> Option<Self> {
        NonZeroU32::new(one_based).map(Self)
    }

    /// The line that stands `zero_based` lines below the first.
    pub fn from_index(zero_based: usize) -> Self {
        Self::FIRST.plus(zero_based)
    }

    /// The one-based number.
    pub fn get(self) -> u32 {
        self.0.get()
    }

    /// How many lines stand above this one.
    pub fn index(self) -> usize {
        self.0.get() as usize - 1
    }

    /// The line `count` lines further down.
    pub fn plus(self, count: usize) -> Self {
        let count = u32::try_from(count).unwrap_or(u32::MAX);
        Self(self.0.saturating_add(count))
    }
}

impl fmt::Display for LineNumber {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

/// A line of a guide: `12`, or `cell3:12` in a notebook.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Place {
    /// The notebook's cell, one-based; `None` in every other format.
    pub cell: Option<NonZeroU32>,
    /// The line in the guide, or in the cell.
    pub line: LineNumber,
}

impl Place {
    /// A line of a guide that has no cells.
    pub fn line(line: LineNumber) -> Self {
        Self { cell: None, line }
    }

    /// The place `count` lines further down in the same guide or cell.
    pub fn plus(self, count: usize) -> Self {
        Self {
            cell: self.cell,
            line: self.line.plus(count),
        }
    }
}

/// A text is no place in a guide.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoPlace;

impl FromStr for Place {
    type Err = NoPlace;

    /// Reads what [`Place`] shows: `12`, or `cell3:12`.
    fn from_str(text: &str) -> Result<Self, NoPlace> {
        let (cell, line) = match text.split_once(':') {
            Some((cell, line)) => {
                let number = cell.strip_prefix("cell").ok_or(NoPlace)?;
                (Some(number.parse().map_err(|_| NoPlace)?), line)
            }
            None => (None, text),
        };
        let line = line.parse().ok().and_then(LineNumber::new).ok_or(NoPlace)?;
        Ok(Self { cell, line })
    }
}

impl fmt::Display for Place {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.cell {
            Some(cell) => write!(formatter, "cell{cell}:{}", self.line),
            None => self.line.fmt(formatter),
        }
    }
}

/// Lines from `first` to `last`, both included.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct LineSpan {
    /// The first line.
    pub first: LineNumber,
    /// The last line; never above `first`.
    pub last: LineNumber,
}

impl LineSpan {
    /// A span of one line.
    pub fn of(line: LineNumber) -> Self {
        Self {
            first: line,
            last: line,
        }
    }

    /// Whether `line` is one of these.
    pub fn contains(self, line: LineNumber) -> bool {
        self.first <= line && line <= self.last
    }
}
