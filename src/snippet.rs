//! Snippets: the examples of a guide, ready to run.
//!
//! Blocks become snippets here: prompts are cut, outputs are tied to their
//! snippet, and it is worked out which snippets build on each other and which
//! are fragments that nobody can run.

use std::fmt;
use std::path::PathBuf;

use crate::document::Format;
use crate::finding::Finding;
use crate::position::{LineNumber, LineSpan, Place};

/// The stable name of a snippet in its guide: the slug of its heading, and a
/// number from the second of a heading on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct SnippetId(String);

impl SnippetId {
    /// Takes the text as it is.
    pub fn new(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SnippetId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(formatter)
    }
}

/// A guide's snippets.
#[derive(Clone, Debug)]
pub struct Guide {
    /// The file, as the user named it.
    pub path: PathBuf,
    /// How it is written.
    pub format: Format,
    /// In page order.
    pub snippets: Vec<Snippet>,
    /// What is wrong with the guide as a text.
    pub findings: Vec<Finding>,
}

/// One example of a guide.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Snippet {
    /// Its name.
    pub id: SnippetId,
    /// Its first line in the guide.
    pub place: Place,
    /// The heading it stands under.
    pub heading: Option<String>,
    /// What the guide says, byte for byte, without the container's prefix and
    /// with prompts and outputs where it is a transcript.
    pub text: String,
    /// What is run. It has as many lines as `text`: line `n` of one is line `n`
    /// of the other. In a transcript prompts are cut and output lines are empty.
    pub code: String,
    /// How it is run.
    pub mode: Mode,
    /// What the guide shows as its output, outside its comments.
    pub outputs: Vec<ShownOutput>,
    /// The snippets (indices into [`Guide::snippets`]) whose names it uses, in
    /// page order, the transitive ones included. They run before it, in the same
    /// child and namespace.
    pub continues: Vec<usize>,
    /// Why it cannot be run by anybody, where that is so.
    pub fragment: Option<Fragment>,
    /// The error that the guide announces for the snippet as a whole, such as a
    /// `SyntaxError`; the text of the announcement.
    pub announced_error: Option<String>,
}

impl Snippet {
    /// The guide's place of a line of the snippet (one-based).
    pub fn place_of(&self, line: LineNumber) -> Place {
        self.place.plus(line.index())
    }

    /// The snippet's last line in the guide.
    pub fn last_place(&self) -> Place {
        self.place.plus(self.text.lines().count().saturating_sub(1))
    }
}

/// How a snippet is run.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Mode {
    /// As `python file` runs it: compiled as one unit.
    Script,
    /// As the `>>>` prompt runs it: statement by statement, values printed.
    Console,
    /// Its tests are run by the installed pytest.
    Pytest,
}

/// An output that the guide shows beside the code rather than in a comment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ShownOutput {
    /// Its first line in the guide.
    pub place: Place,
    /// Its lines, joined by `\n`, without a newline at the end.
    pub text: String,
    /// Whether the guide says that it is output; otherwise it only looks so.
    pub announced: bool,
    /// The statement of the snippet's code that it belongs to, in a transcript;
    /// `None` where it shows what the whole snippet prints.
    pub statement: Option<LineSpan>,
    /// doctest's option flags in force (`ELLIPSIS`, `NORMALIZE_WHITESPACE` …);
    /// a leading `-` switches one off.
    pub options: Vec<String>,
}

/// Why a snippet is a fragment, not a program.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Fragment {
    /// It does not parse, and the guide does not announce that.
    DoesNotParse {
        /// The line of the snippet, one-based.
        line: LineNumber,
        /// The parser's words.
        message: String,
    },
    /// It uses names that nothing on the page defines.
    UndefinedNames(Vec<String>),
    /// It leaves out what it needs to run: `...` bodies, placeholders.
    Template(String),
    /// The guide says not to run it (an attribute such as `no-run`).
    MarkedNotToRun(String),
}
