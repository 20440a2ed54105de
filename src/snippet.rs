//! Snippets: the examples of a guide, ready to run.
//!
//! Blocks become snippets here: prompts are cut, outputs are tied to their
//! snippet, and it is worked out which snippets build on each other and which
//! are fragments that nobody can run. Nothing is run here, and comments are not
//! read as claims.

mod fragment;
mod identity;
mod missing;
mod page;
mod source;
mod transcript;

use std::collections::HashSet;
use std::fmt;
use std::path::PathBuf;
use std::sync::Arc;

use rayon::prelude::*;
use serde::{Deserialize, Serialize};

use crate::document::{Block, Document, Format, LAST_VALUE, Role, announced_error};
use crate::finding::Finding;
use crate::position::{LineNumber, LineSpan, Place};
use crate::syntax::Syntax;

use identity::Names;
use source::LeftOut;

pub use transcript::COMMAND;

/// The stable name of a snippet in its guide: the slug of its heading, and a
/// number from the second of a heading on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
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
    /// The modules that they import, dotted names included, each once and in page
    /// order.
    pub modules: Vec<String>,
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
    pub text: Arc<str>,
    /// What is run, without [what is left out](Self::commands). It has as many lines
    /// as `text`: line `n` of one is line `n`
    /// of the other. In a transcript prompts are cut and output lines are empty.
    pub code: Arc<str>,
    /// The lines (the first ones, where they go on) that only IPython understands,
    /// such as `%matplotlib inline`. They are not run.
    pub commands: Vec<LineNumber>,
    /// How it is run.
    pub mode: Mode,
    /// What the guide shows as its output, outside its comments.
    pub outputs: Vec<ShownOutput>,
    /// The snippets (indices into [`Guide::snippets`]) that bind the names it
    /// uses, in page order: the direct ones, each the nearest above it that binds
    /// one of its names. They and what they continue run before it, in the same
    /// child and namespace. Empty for a fragment.
    pub continues: Vec<usize>,
    /// Names that it uses when it runs and nothing above it on the page binds,
    /// where it is run all the same because they concern few of its statements.
    /// A `NameError` for one of them is the guide's error, unless the guide
    /// [takes the name for granted](Guide::lacks).
    pub undefined: Vec<String>,
    /// Why it cannot be run by anybody, where that is so.
    pub fragment: Option<Fragment>,
    /// The error that the guide announces for the snippet as a whole, by words (a
    /// `SyntaxError`) or by a mark (`raises-exception`); the text of the
    /// announcement.
    pub announced_error: Option<String>,
    /// The paragraph above it.
    pub lead: String,
    /// What the guide says of it beside the language, as [`Block::attributes`].
    pub attributes: Vec<String>,
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

    /// Why it is a fragment, as a clause for "not run: …"; `None` when it is none.
    pub fn why_fragment(&self) -> Option<String> {
        Some(match self.fragment.as_ref()? {
            Fragment::DoesNotParse { line, message } => {
                let place = self.place_of(*line);
                format!("it does not parse: {message} (line {place})")
            }
            Fragment::UndefinedNames(names) => {
                let names: Vec<String> = names.iter().map(|name| format!("`{name}`")).collect();
                format!("nothing on the page defines {}", names.join(", "))
            }
            Fragment::Template(what) => format!("it is a template: {what}"),
            Fragment::MarkedNotToRun(mark) => format!("the guide says not to run it: {mark}"),
        })
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
    /// The statement of the snippet's code that it belongs to: in a transcript,
    /// and in a notebook the last one, whose value it shows; of an output between
    /// lines of code all statements above it. `None` where it shows what the
    /// whole snippet prints.
    pub statement: Option<LineSpan>,
    /// doctest's option flags in force (`ELLIPSIS`, `NORMALIZE_WHITESPACE` …);
    /// a leading `-` switches one off; and [`LAST_VALUE`] where a notebook shows a
    /// value apart from what its cell prints.
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

/// How many blocks are read before those before them are settled.
const DRAFTS_AT_A_TIME: usize = 64;

/// Makes a guide's snippets out of a document's blocks.
pub fn from_document(document: &Document) -> Guide {
    let mut snippets: Vec<Snippet> = Vec::new();
    // A docstring sees what its file defines.
    let mut pages = page::Pages::new(document.format == Format::Python);
    let mut names = Names::new(&document.path);
    let mut findings = document.findings.clone();
    // Outputs follow their snippet, so a snippet is settled when the next begins.
    let mut open: Option<(Snippet, Draft, usize)> = None;
    let mut modules = Vec::new();
    let mut known_modules = HashSet::new();
    // Each block is read on its own; only what ties them together is in order. A
    // syntax tree weighs more than its text: there are never many at a time.
    let drafts = document.blocks.chunks(DRAFTS_AT_A_TIME).flat_map(|blocks| {
        let drafts: Vec<Option<Draft>> = blocks.par_iter().map(draft).collect();
        blocks.iter().zip(drafts)
    });
    for (block, draft) in drafts {
        match draft {
            Some(mut draft) => {
                for import in &draft.syntax.imports {
                    if known_modules.insert(import.module.clone()) {
                        modules.push(import.module.clone());
                    }
                }
                if document.format == Format::AsciiDoc {
                    draft.outputs.iter_mut().for_each(cut_callouts);
                }
                if let Some((snippet, draft, page)) = open.take() {
                    snippets.push(pages.settle(snippet, &draft, page, snippets.len()));
                }
                findings.extend(draft.finding(block));
                let snippet = new_snippet(block, &draft, names.next(block.heading.as_deref()));
                open = Some((snippet, draft, block.page));
            }
            None => {
                if let (Role::Output { announced }, Some((snippet, draft, _))) =
                    (block.role, &mut open)
                {
                    let last_statement = draft.syntax.top_level().last().map(|last| last.lines);
                    let of_last = block.attributes.iter().any(|mark| mark == LAST_VALUE);
                    let mut options = doctest_options(&block.attributes);
                    // A command of the cell may have written it.
                    if !of_last && !draft.commands().is_empty() {
                        options.push(COMMAND.to_owned());
                    }
                    options.extend(of_last.then(|| LAST_VALUE.to_owned()));
                    let mut output = ShownOutput {
                        place: block.place,
                        text: block.text.clone(),
                        announced,
                        statement: last_statement.filter(|_| of_last),
                        options,
                    };
                    if document.format == Format::AsciiDoc {
                        cut_callouts(&mut output);
                    }
                    // What is shown says more than a mark.
                    if draft.syntax.error.is_none() && output.text.starts_with("Traceback ") {
                        snippet.announced_error = None;
                    }
                    snippet.outputs.push(output);
                }
            }
        }
    }
    if let Some((snippet, draft, page)) = open {
        snippets.push(pages.settle(snippet, &draft, page, snippets.len()));
    }
    snippets.shrink_to_fit();
    Guide {
        path: document.path.clone(),
        format: document.format,
        snippets,
        modules,
        findings,
    }
}

/// A block that was read on its own.
struct Draft {
    mode: Mode,
    code: String,
    outputs: Vec<ShownOutput>,
    syntax: Syntax,
    left_out: Option<LeftOut>,
}

impl Draft {
    fn finding(&self, block: &Block) -> Option<Finding> {
        match self.left_out.as_ref()? {
            LeftOut::Commands(_) => None,
            LeftOut::Sentences(first) => Some(Finding {
                place: block.place.plus(first.index()),
                message: "words inside the block of code are left out".to_owned(),
                help: Some("close the block above them".to_owned()),
            }),
        }
    }

    fn commands(&self) -> &[LineNumber] {
        match &self.left_out {
            Some(LeftOut::Commands(lines)) => lines,
            Some(LeftOut::Sentences(_)) | None => &[],
        }
    }
}

fn draft(block: &Block) -> Option<Draft> {
    match block.role {
        Role::Python => {
            let source = source::of_script(&block.text);
            let outputs = source.outputs.into_iter().map(|output| ShownOutput {
                place: block.place.plus(output.line.index()),
                text: output.text,
                announced: true,
                statement: output.statements,
                options: Vec::new(),
            });
            Some(Draft {
                mode: Mode::Script,
                code: source.code,
                outputs: outputs.collect(),
                syntax: source.syntax,
                left_out: source.left_out,
            })
        }
        Role::Transcript => {
            let transcript = transcript::read(block);
            let syntax = Syntax::of(&transcript.code);
            Some(Draft {
                mode: if transcript.console {
                    Mode::Console
                } else {
                    Mode::Script
                },
                code: transcript.code,
                outputs: transcript.outputs,
                syntax,
                left_out: transcript.left_out,
            })
        }
        Role::Output { .. } => None,
    }
}

fn new_snippet(block: &Block, draft: &Draft, id: SnippetId) -> Snippet {
    let announced = if draft.syntax.error.is_some() {
        let comments = draft.syntax.comments.iter().map(|comment| &*comment.text);
        std::iter::once(&*block.lead)
            .chain(comments)
            .chain(block.attributes.iter().map(String::as_str))
            .find_map(announced_error)
    } else {
        block.attributes.iter().find_map(|mark| marked_error(mark))
    };
    let text: Arc<str> = Arc::from(&*block.text);
    // Most snippets are run as the guide has them: one text serves as both.
    let code = if draft.code == block.text {
        Arc::clone(&text)
    } else {
        Arc::from(&*draft.code)
    };
    Snippet {
        id,
        place: block.place,
        heading: block.heading.clone(),
        text,
        code,
        commands: draft.commands().to_vec(),
        mode: draft.mode,
        outputs: draft.outputs.clone(),
        continues: Vec::new(),
        undefined: Vec::new(),
        fragment: None,
        announced_error: announced,
        lead: block.lead.clone(),
        attributes: block.attributes.clone(),
    }
}

/// What an attribute says of an exception that ends the cell, as a comment would
/// say it: Jupyter's and MyST's tag, Quarto's and Sphinx's options.
fn marked_error(attribute: &str) -> Option<String> {
    let lower = attribute.to_lowercase();
    match lower.split_once('=') {
        None => matches!(lower.as_str(), "raises-exception" | "raises")
            .then(|| "raises an exception".to_owned()),
        Some(("error", "true")) => Some("raises an exception".to_owned()),
        Some(("tags", tags)) if tags.contains("raises-exception") => {
            Some("raises an exception".to_owned())
        }
        Some(("raises", _)) => {
            let (_, types) = attribute.split_once('=')?;
            let types: Vec<&str> = types.split(',').map(str::trim).collect();
            Some(format!("raises {}", types.join(" or ")))
        }
        Some(_) => None,
    }
}

/// An output's call-outs are the page's, and no program printed them.
fn cut_callouts(output: &mut ShownOutput) {
    if let Some(bare) = source::without_callouts(&output.text) {
        output.text = bare;
    }
}

/// doctest's option flags among a block's attributes (`options=+ELLIPSIS, -SKIP`),
/// as in [`ShownOutput::options`].
fn doctest_options(attributes: &[String]) -> Vec<String> {
    attributes
        .iter()
        .filter_map(|attribute| attribute.strip_prefix("options="))
        .flat_map(transcript::option_flags)
        .collect()
}
