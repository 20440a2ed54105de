//! Expectations: what people wrote down about outputs that may vary, and why.
//!
//! The files under `expectations/` are read here, held against the guide they
//! name, and turned into what plan and verdict need. Entries that name nothing
//! are errors with their file and line.
//!
//! Refuses: to guess which claim an entry means when it could be several, and
//! to take an entry without a reason.

mod bound;
mod file;
mod pattern;
mod python;
mod resolve;

use std::fmt;
use std::num::NonZeroU32;
use std::path::{Path, PathBuf};
use std::time::Duration;

use serde::{Deserialize, Serialize};

pub use bound::{Bound, BoundError, bytes_in, seconds_in};
pub use file::load;
pub use pattern::{Pattern, PatternError, Piece, Placeholder};
pub use python::PythonRange;
pub use resolve::{Applied, ForClaim, Named, idle, idle_error, resolve, says};

use crate::position::{LineNumber, Place};
use crate::snippet::{Mode, SnippetId};

/// How the reason of a proposed entry begins, until somebody writes the real one.
pub const REASON_TO_FILL_IN: &str = "FILL IN";

/// What the files say, guide by guide.
#[derive(Clone, Debug, Default)]
pub struct Expectations {
    guides: Vec<GuideExpectations>,
}

impl Expectations {
    /// Those of these guides.
    pub fn new(guides: Vec<GuideExpectations>) -> Self {
        Self { guides }
    }

    /// What is written about the guide at `path`, as absolute or relative to
    /// where the program runs.
    pub fn for_guide(&self, path: &Path) -> Option<&GuideExpectations> {
        let path = canonical(path);
        self.guides.iter().find(|guide| guide.guide == path)
    }

    /// The same for an interpreter that has only the modules that `has` says:
    /// snippets that require another one are skipped.
    pub fn where_modules_are(mut self, has: impl Fn(&str) -> bool) -> Self {
        let snippets = self.guides.iter_mut().flat_map(|guide| &mut guide.snippets);
        for snippet in snippets.filter(|snippet| snippet.skip.is_none()) {
            let missing = snippet.requires.iter().find(|module| !has(module));
            snippet.skip = missing.map(|module| format!("module '{module}' is not installed"));
        }
        self
    }

    /// Every guide's, in the order of their files.
    pub fn guides(&self) -> &[GuideExpectations] {
        &self.guides
    }
}

/// The path without links and dots where it exists, absolute otherwise.
fn canonical(path: &Path) -> PathBuf {
    path.canonicalize()
        .or_else(|_| std::path::absolute(path))
        .unwrap_or_else(|_| path.to_owned())
}

/// What one file says about its guide.
#[derive(Clone, Debug)]
pub struct GuideExpectations {
    /// The file.
    pub file: PathBuf,
    /// Where it names the guide.
    pub line: LineNumber,
    /// The guide: an absolute path.
    pub guide: PathBuf,
    /// What it says, in its order.
    pub snippets: Vec<SnippetExpectations>,
}

impl GuideExpectations {
    /// What is written about the snippet with this name.
    pub fn for_snippet(&self, id: &SnippetId) -> Option<&SnippetExpectations> {
        self.snippets.iter().find(|snippet| snippet.id == *id)
    }
}

/// What a file says about one snippet.
#[derive(Clone, Debug)]
pub struct SnippetExpectations {
    /// The file it stands in.
    pub file: PathBuf,
    /// Where the snippet is named.
    pub line: LineNumber,
    /// The snippet.
    pub id: SnippetId,
    /// The modules that must be installed, by the names they are imported as;
    /// without one of them the snippet is skipped.
    pub requires: Vec<String>,
    /// Whether it may use the network.
    pub network: bool,
    /// Whether it is run each time, also when nothing has changed.
    pub always_run: bool,
    /// How long it may take, where that differs from the project's timeout.
    pub timeout: Option<Duration>,
    /// Why it is not run, if it is not.
    pub skip: Option<String>,
    /// What it builds on, where that differs from what its names say. An empty
    /// list says that it stands alone.
    pub continues: Option<Vec<SnippetId>>,
    /// How it is run, where that differs from what the guide says.
    pub mode: Option<Mode>,
    /// Why all of this is so.
    pub reason: Option<String>,
    /// The claims that may differ.
    pub tolerances: Vec<Tolerance>,
    /// The claims that other versions answer otherwise.
    pub outputs: Vec<ExpectedOutput>,
}

/// Permission for a claim to differ in one way.
#[derive(Clone, Debug, PartialEq)]
pub struct Tolerance {
    /// Where the entry begins in its file; unique there, so it names the entry.
    pub line: LineNumber,
    /// The claim.
    pub selector: Selector,
    /// In which way it may differ.
    pub kind: ToleranceKind,
    /// The interpreters that it applies to; `None` for all.
    pub python: Option<PythonRange>,
    /// Whether the difference shows only now and then, so that a run that has
    /// none proves nothing against the entry.
    pub seldom: bool,
    /// Why it differs.
    pub reason: String,
}

impl Tolerance {
    /// Whether a run in which it forgave nothing says nothing against it: a
    /// quiet machine takes as long as the guide says.
    pub fn may_be_idle(&self) -> bool {
        self.seldom || matches!(self.kind, ToleranceKind::Timing(_))
    }
}

/// What other versions of CPython answer to a claim.
#[derive(Clone, Debug, PartialEq)]
pub struct ExpectedOutput {
    /// Where the entry begins in its file.
    pub line: LineNumber,
    /// The claim.
    pub selector: Selector,
    /// The interpreters that answer so.
    pub python: PythonRange,
    /// What stands in place of the claim's text there.
    pub output: String,
    /// Why they do.
    pub reason: String,
}

/// Which claim of a snippet an entry speaks of. All that is given must fit, and
/// it must fit one claim only.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selector {
    /// The claim's own text, or one line of it.
    pub claim: Option<String>,
    /// The text of the statement that the claim speaks of, or one line of it.
    pub statement: Option<String>,
    /// The claim's line in the guide.
    pub at: Option<Place>,
    /// Which one, counted from one, where all of that fits several claims.
    pub nth: Option<NonZeroU32>,
}

impl fmt::Display for Selector {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut parts = Vec::new();
        if let Some(claim) = &self.claim {
            parts.push(format!("claim {claim:?}"));
        }
        if let Some(statement) = &self.statement {
            parts.push(format!("line {statement:?}"));
        }
        if let Some(place) = &self.at {
            parts.push(format!("at {place}"));
        }
        if let Some(nth) = &self.nth {
            parts.push(format!("nth {nth}"));
        }
        formatter.write_str(&parts.join(", "))
    }
}

/// In which way an output may differ from its claim.
#[derive(Clone, Debug, PartialEq)]
pub enum ToleranceKind {
    /// Durations, and floating-point seconds.
    Timing(Option<Bound>),
    /// Sizes in bytes and their multiples.
    Size(Option<Bound>),
    /// Any value of the same shape.
    Random(Option<Bound>),
    /// Hexadecimal addresses, and the integers of `id()`.
    Address,
    /// The same elements or lines in another order.
    Order,
    /// Another integer.
    Count(Option<Bound>),
    /// A number close by.
    Approximate(Option<Bound>),
    /// A text that fits a pattern.
    Text(Pattern),
}

impl ToleranceKind {
    /// The names in expectations files, in the order of the documentation.
    pub const NAMES: [&'static str; 8] = [
        "timing",
        "size",
        "random",
        "address",
        "order",
        "count",
        "approximate",
        "text",
    ];

    /// The name in expectations files.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Timing(_) => "timing",
            Self::Size(_) => "size",
            Self::Random(_) => "random",
            Self::Address => "address",
            Self::Order => "order",
            Self::Count(_) => "count",
            Self::Approximate(_) => "approximate",
            Self::Text(_) => "text",
        }
    }
}

/// An expectations file that cannot be used as it is.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct ExpectationError {
    /// The file.
    pub file: PathBuf,
    /// The line of the entry; `None` where it is the file itself.
    pub line: Option<LineNumber>,
    /// What is wrong: what was expected and what was found.
    pub message: String,
    /// What to do about it.
    pub help: Option<String>,
}

impl fmt::Display for ExpectationError {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.file.display())?;
        if let Some(line) = self.line {
            write!(formatter, ":{line}")?;
        }
        write!(formatter, ": {}", self.message)
    }
}

impl std::error::Error for ExpectationError {}
