//! A guide as blocks: where its Python, its transcripts and its outputs stand.
//!
//! One file a format. A format's reader finds blocks and their lines; it does
//! not judge whether the Python in them can run, and it never fails: a broken
//! guide gives the blocks that can be found, and findings.

use std::path::PathBuf;

use crate::finding::Finding;
use crate::position::Place;

/// How a guide is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Format {
    /// CommonMark and its dialects (MkDocs, MyST, Quarto).
    Markdown,
    /// Text without any mark-up.
    PlainText,
    /// reStructuredText, Sphinx directives included.
    ReStructuredText,
    /// A Jupyter notebook.
    Notebook,
    /// AsciiDoc.
    AsciiDoc,
    /// A web page.
    Html,
    /// A Python file: a script, percent cells, docstrings.
    Python,
}

/// A guide that was read.
#[derive(Clone, Debug)]
pub struct Document {
    /// The file, as the user named it.
    pub path: PathBuf,
    /// How it is written.
    pub format: Format,
    /// Its blocks in page order.
    pub blocks: Vec<Block>,
    /// What is wrong with it as a text.
    pub findings: Vec<Finding>,
}

/// A run of whole lines of the guide that is Python, a transcript or output.
///
/// Line `n` of `text` (zero-based) is the guide's line `place.line + n`: what a
/// format puts before each line (indentation, `> `) is cut, lines never are.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Block {
    /// What it is.
    pub role: Role,
    /// Its first line.
    pub place: Place,
    /// Its lines without the container's prefix, joined by `\n`, without a
    /// newline at the end.
    pub text: String,
    /// The nearest heading above it, as text.
    pub heading: Option<String>,
    /// The last paragraph before it, back to the block before: what announces it.
    pub lead: String,
    /// What the format says of it beside the language: the words of a fence's
    /// info string, a directive's options (`:flag:` as `flag` or `flag=value`).
    pub attributes: Vec<String>,
    /// Blocks with the same number share one namespace where their names need
    /// it; a docstring, say, is a page of its own.
    pub page: usize,
}

/// What a block is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Python source.
    Python,
    /// A console session with prompts.
    Transcript,
    /// What the Python block before it prints.
    Output {
        /// Whether the guide says so ("Output:", a `testoutput` directive, a
        /// notebook's stored output); otherwise it only stands there, as a
        /// fence without a language does.
        announced: bool,
    },
}
