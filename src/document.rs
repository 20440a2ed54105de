//! A guide as blocks: where its Python, its transcripts and its outputs stand.
//!
//! One file a format. A format's reader finds blocks and their lines; it does
//! not judge whether the Python in them can run, and it never fails: a broken
//! guide gives the blocks that can be found, and findings.

mod announcement;
mod asciidoc;
mod blocks;
mod code;
mod html;
mod language;
mod markdown;
mod mkdocs;
mod notebook;
mod plain_text;
mod python;
mod rst;
mod unit;

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::finding::Finding;
use crate::position::{LineNumber, Place};

pub use announcement::{announced_error, announces_output};
pub use code::{is_prompt, straighten_quotes};
pub use notebook::LAST_VALUE;
pub use unit::is_sentence;

/// How a guide is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
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

impl Format {
    /// The format that a file's name tells; plain text where it tells nothing.
    pub fn of_path(path: &Path) -> Self {
        let extension = path
            .extension()
            .map(|extension| extension.to_string_lossy().to_lowercase());
        match extension.as_deref() {
            Some("md" | "markdown" | "mdx" | "qmd" | "rmd" | "mkd" | "myst") => Self::Markdown,
            Some("rst" | "rest") => Self::ReStructuredText,
            Some("ipynb") => Self::Notebook,
            Some("adoc" | "asciidoc" | "asc") => Self::AsciiDoc,
            Some("html" | "htm" | "xhtml") => Self::Html,
            Some("py" | "pyw") => Self::Python,
            Some(_) | None => Self::PlainText,
        }
    }

    /// The name that the command line knows it by.
    pub fn name(self) -> &'static str {
        match self {
            Self::Markdown => "markdown",
            Self::PlainText => "text",
            Self::ReStructuredText => "rst",
            Self::Notebook => "notebook",
            Self::AsciiDoc => "asciidoc",
            Self::Html => "html",
            Self::Python => "python",
        }
    }

    /// All formats, in the order in which they are listed to the user.
    pub const ALL: [Self; 7] = [
        Self::Markdown,
        Self::PlainText,
        Self::ReStructuredText,
        Self::Notebook,
        Self::AsciiDoc,
        Self::Html,
        Self::Python,
    ];
}

/// Why a guide could not be read as a text. What is wrong *in* a text is a
/// [`Finding`].
#[derive(Debug, thiserror::Error)]
pub enum DocumentError {
    /// Nothing is there.
    #[error("{}: there is no such file; check the name, it is taken relative to the current folder", .path.display())]
    Missing {
        /// The file.
        path: PathBuf,
    },
    /// It is a folder.
    #[error("{}: this is a folder, and a guide is a file; name the files in it", .path.display())]
    Folder {
        /// The folder.
        path: PathBuf,
    },
    /// It is a pipe, a socket or a device, which might never end.
    #[error("{}: this is not a regular file but a {kind}; write its content to a file and name that", .path.display())]
    NotAFile {
        /// The path.
        path: PathBuf,
        /// What it is.
        kind: &'static str,
    },
    /// The system refuses to read it.
    #[error("{}: cannot be read: {error}; see that the file and its folders are readable for you", .path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// What the system says.
        error: std::io::Error,
    },
    /// It is larger than any guide.
    #[error("{}: has {size} bytes, and a guide may have at most {} MB; split it, or leave it out", .path.display(), MOST_BYTES >> 20)]
    TooLarge {
        /// The file.
        path: PathBuf,
        /// Its size.
        size: u64,
    },
    /// It has a NUL byte, which no text has.
    #[error("{}:{line}:{column}: holds a NUL byte, so this is not a text; {}", .path.display(), hint_for_nul(*.utf16))]
    Binary {
        /// The file.
        path: PathBuf,
        /// The line of the first NUL byte.
        line: LineNumber,
        /// The byte in that line, one-based.
        column: usize,
        /// Whether it begins as a UTF-16 text does.
        utf16: bool,
    },
    /// It is not UTF-8.
    #[error("{}:{line}:{column}: byte 0x{byte:02x} is not UTF-8; save the guide as UTF-8 (`iconv -f latin1 -t utf-8` converts from Latin-1)", .path.display())]
    NotUtf8 {
        /// The file.
        path: PathBuf,
        /// The line of the first byte that is not UTF-8.
        line: LineNumber,
        /// The byte in that line, one-based.
        column: usize,
        /// That byte.
        byte: u8,
    },
}

fn hint_for_nul(utf16: bool) -> &'static str {
    if utf16 {
        "save it as UTF-8, it looks like UTF-16"
    } else {
        "leave it out, or remove the byte"
    }
}

/// A guide larger than this is a mistake: the largest guides known have 2 MB.
const MOST_BYTES: u64 = 64 << 20;

/// Reads the guide at `path`, in the format that its name tells unless `format`
/// says otherwise.
pub fn read(path: &Path, format: Option<Format>) -> Result<Document, DocumentError> {
    let text = load(path)?;
    let format = format.unwrap_or_else(|| Format::of_path(path));
    Ok(parse(path, &text, format))
}

/// The text of the guide at `path`, as it stands in the file.
pub fn load(path: &Path) -> Result<String, DocumentError> {
    let bytes = read_bytes(path)?;
    decode(path, bytes)
}

fn read_bytes(path: &Path) -> Result<Vec<u8>, DocumentError> {
    use std::os::unix::fs::FileTypeExt;

    let failed = |error: std::io::Error| {
        let path = path.to_owned();
        if error.kind() == std::io::ErrorKind::NotFound {
            DocumentError::Missing { path }
        } else {
            DocumentError::Unreadable { path, error }
        }
    };
    // Looked at before it is opened: opening a FIFO waits for a writer.
    let metadata = std::fs::metadata(path).map_err(failed)?;
    let kind = metadata.file_type();
    let special = if kind.is_fifo() {
        Some("pipe")
    } else if kind.is_socket() {
        Some("socket")
    } else if kind.is_char_device() || kind.is_block_device() {
        Some("device")
    } else {
        None
    };
    if kind.is_dir() {
        return Err(DocumentError::Folder {
            path: path.to_owned(),
        });
    }
    if let Some(kind) = special {
        return Err(DocumentError::NotAFile {
            path: path.to_owned(),
            kind,
        });
    }
    if metadata.len() > MOST_BYTES {
        return Err(DocumentError::TooLarge {
            path: path.to_owned(),
            size: metadata.len(),
        });
    }
    std::fs::read(path).map_err(failed)
}

fn decode(path: &Path, bytes: Vec<u8>) -> Result<String, DocumentError> {
    let position = |offset: usize| {
        let before = &bytes[..offset];
        let line = before.iter().filter(|byte| **byte == b'\n').count();
        let start = before
            .iter()
            .rposition(|byte| *byte == b'\n')
            .map_or(0, |newline| newline + 1);
        (LineNumber::from_index(line), offset - start + 1)
    };
    if let Some(offset) = bytes.iter().position(|byte| *byte == 0) {
        let (line, column) = position(offset);
        return Err(DocumentError::Binary {
            path: path.to_owned(),
            line,
            column,
            utf16: bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]),
        });
    }
    if let Err(error) = std::str::from_utf8(&bytes) {
        let offset = error.valid_up_to();
        let (line, column) = position(offset);
        return Err(DocumentError::NotUtf8 {
            path: path.to_owned(),
            line,
            column,
            byte: bytes[offset],
        });
    }
    Ok(String::from_utf8(bytes).unwrap_or_default())
}

/// Finds the blocks of a guide whose text is at hand.
///
/// A byte order mark is cut, and `\r\n` and `\r` end lines as `\n` does: the
/// blocks' texts have `\n` alone, and lines keep their numbers.
pub fn parse(path: &Path, text: &str, format: Format) -> Document {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let text = if text.contains('\r') {
        std::borrow::Cow::Owned(text.replace("\r\n", "\n").replace('\r', "\n"))
    } else {
        std::borrow::Cow::Borrowed(text)
    };
    let (blocks, findings) = match format {
        Format::Markdown => markdown::parse(&text),
        Format::Html => html::parse(&text),
        Format::ReStructuredText => rst::parse(&text),
        Format::PlainText => plain_text::parse(&text),
        Format::Notebook => notebook::parse(&text),
        Format::AsciiDoc => asciidoc::parse(&text),
        Format::Python => python::parse(&text),
    };
    Document {
        path: path.to_owned(),
        format,
        blocks,
        findings,
    }
}
