//! Claims: what a guide's comments and output blocks say that a statement does.
//!
//! Reading is static: it finds every comment that *could* be a claim, what it
//! could claim and how firmly. Whether a tentative one is a claim or prose is
//! settled by what the run showed, in `verdict`. No Python runs here.

pub mod code;
pub mod exception;
pub mod gloss;
pub mod marker;
pub mod placement;
pub mod prose;
pub mod reading;
pub mod shape;
pub mod spoken;
pub mod state;
pub mod value;

use std::sync::Arc;

use serde::{Deserialize, Serialize};

use crate::position::{LineNumber, LineSpan, Place};
use crate::snippet::{Mode, Snippet};
use crate::syntax::Syntax;

use exception::Raise;
use prose::Versions;
use state::Holding;

/// Where a claim stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum ClaimKind {
    /// Behind a statement, on one of its lines.
    Trailing,
    /// On the lines directly below a statement.
    Below,
    /// Above a statement, with a marker.
    Above,
    /// Beside or below code that is itself a comment.
    CommentedOut,
    /// In an output block behind the snippet.
    OutputBlock,
    /// In a console transcript.
    Transcript,
    /// In the guide's text about the snippet as a whole: an announced error.
    Announced,
}

impl ClaimKind {
    /// The name in reports and expectations.
    pub fn name(self) -> &'static str {
        match self {
            Self::Trailing => "trailing",
            Self::Below => "below",
            Self::Above => "above",
            Self::CommentedOut => "commented-out",
            Self::OutputBlock => "output-block",
            Self::Transcript => "transcript",
            Self::Announced => "announced",
        }
    }
}

/// A comment or an output block that could be a claim.
#[derive(Clone, Debug, PartialEq)]
pub struct Claim {
    /// Where it stands.
    pub kind: ClaimKind,
    /// Its first line in the guide.
    pub place: Place,
    /// Its last line in the guide.
    pub last_place: Place,
    /// The statement's lines in the snippet that it speaks of, where it speaks
    /// of one.
    pub statement: Option<LineSpan>,
    /// Its text as the guide writes it, without `#` and the blanks around, its
    /// lines joined by `\n`.
    pub comment: Arc<str>,
    /// The same without marker and gloss, as far as that can be told from the
    /// comment alone.
    pub expected: Arc<str>,
    /// What it speaks of.
    pub subject: Subject,
    /// What it speaks of instead, where that fits better: the statement on the
    /// other side of the comment.
    pub other: Option<Box<Spoken>>,
    /// Whether a marker says that it is a claim.
    pub marked: bool,
    /// What it could say, most likely first. None for a comment that stands
    /// beside output and can only be prose.
    pub readings: Vec<Reading>,
    /// The versions of Python that it says it is about.
    pub versions: Option<Versions>,
    /// Whether it gives an example of an output that varies.
    pub example: bool,
    /// Whether it is most likely about something else, so that it must say what
    /// was seen by itself, and not within a sentence.
    pub doubtful: bool,
}

/// What a claim speaks of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// A statement of the snippet.
    Statement(Spoken),
    /// Code that is itself a comment.
    Code(CommentedCode),
    /// The snippet as a whole.
    Snippet,
    /// A statement of a console session, which shows its own output.
    Session {
        /// doctest's option flags in force.
        options: Vec<String>,
    },
}

/// A statement that a claim speaks of.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spoken {
    /// Its lines; of a compound one, the body's included.
    pub lines: LineSpan,
    /// The lines of the top-level statement that it is or stands in.
    pub top: LineSpan,
    /// What it is.
    pub role: Role,
    /// Whether it stands in a function, and runs when that is called.
    pub in_function: bool,
    /// Whether a `try` around it, or it as a `try`, catches exceptions.
    pub caught: bool,
    /// What it says, for a comment that repeats it.
    pub code: String,
    /// Names that it could have changed, beside what it assigns to: what its
    /// method is called on, what is handed to its function, what an element of
    /// is set or deleted.
    pub changes: Vec<String>,
    /// The statements that a claim in a paragraph of its own can mean together.
    pub together: Option<LineSpan>,
}

/// What a statement is, as far as claims about it go.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Role {
    /// A call whose purpose is to print.
    Print {
        /// Whether it prints several things.
        several: bool,
    },
    /// A bare expression that is a call.
    Call {
        /// Whether it is a method, or a function of a module.
        method: bool,
    },
    /// Any other bare expression.
    Expression,
    /// An assignment.
    Assignment {
        /// What is assigned to, as written; tuples taken apart.
        targets: Vec<String>,
        /// Whether the right-hand side is a literal, which a remark may repeat.
        literal: bool,
    },
    /// `del`, which can print as what it frees ends, and gives nothing back.
    Deletion {
        /// Whether a part of something is deleted, not a name.
        part: bool,
    },
    /// `raise`, `assert`, `import`, `return` and the like.
    Other {
        /// Whether it is there to raise: `raise`, `assert`.
        raises: bool,
    },
    /// A compound statement, by its header or as a whole.
    Compound {
        /// Whether the comment stands on its header.
        header: bool,
    },
    /// `def` and `class`.
    Definition,
}

/// Code that is itself a comment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CommentedCode {
    /// The line of its first comment in the snippet.
    pub line: LineNumber,
    /// The column of its comments.
    pub indent: usize,
    /// The code.
    pub code: String,
    /// Whether it is a call whose purpose is to print.
    pub prints: bool,
    /// What it assigns to.
    pub targets: Vec<String>,
}

/// One way to understand a claim.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// What it says.
    pub says: Says,
    /// How firmly.
    pub firmness: Firmness,
}

/// How firmly a comment claims what it says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Firmness {
    /// It can prove itself right; otherwise it is prose.
    Tentative,
    /// It is a claim when what was seen resembles it.
    Resembling,
    /// It is a claim whatever was seen.
    Firm,
}

/// What a claim says.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Says {
    /// Nothing: its text was lost.
    Blank,
    /// Nothing is printed.
    Silence,
    /// What is printed, or what the value is.
    Shows(String),
    /// What is raised.
    Raises(Raise),
    /// What names hold.
    Holds(Vec<Holding>),
    /// What is printed or the value is, and what names hold then.
    ShowsAndHolds(String, Vec<Holding>),
    /// What is printed, and what is returned.
    PrintsAndReturns(String, String),
}

impl Claim {
    /// The firmest of its readings.
    pub fn firmness(&self) -> Firmness {
        self.readings
            .iter()
            .map(|reading| reading.firmness)
            .max()
            .unwrap_or(Firmness::Tentative)
    }
}

/// Finds everything in a snippet that could be a claim, in page order.
pub fn read(snippet: &Snippet) -> Vec<Claim> {
    let syntax = Syntax::of(&snippet.code);
    let mut claims = Vec::new();
    for remark in placement::remarks(&snippet.code, &syntax) {
        claims.extend(reading::claims(remark, snippet, &syntax));
    }
    for output in &snippet.outputs {
        claims.push(shown(output, snippet));
    }
    if let Some(announced) = &snippet.announced_error {
        claims.push(announcement(announced, snippet));
    }
    claims.sort_by_key(|claim| claim.place);
    // Those of the whole guide are kept until its last snippet is judged.
    for claim in &mut claims {
        claim.readings.shrink_to_fit();
    }
    claims.shrink_to_fit();
    claims
}

fn shown(output: &crate::snippet::ShownOutput, snippet: &Snippet) -> Claim {
    let only_comments = output
        .text
        .lines()
        .all(|line| line.trim_start().starts_with('#'));
    let firmness = if only_comments {
        Firmness::Tentative
    } else if shape::is_placeholder(&output.text) {
        Firmness::Resembling
    } else if output.announced || output.statement.is_some() {
        Firmness::Firm
    } else {
        Firmness::Resembling
    };
    let lines = output.text.lines().count().saturating_sub(1);
    let text: Arc<str> = Arc::from(&*output.text);
    Claim {
        kind: if output.statement.is_some() && snippet.mode == Mode::Console {
            ClaimKind::Transcript
        } else {
            ClaimKind::OutputBlock
        },
        place: output.place,
        last_place: output.place.plus(lines),
        statement: output.statement,
        comment: Arc::clone(&text),
        expected: text,
        subject: if output.statement.is_some() {
            Subject::Session {
                options: output.options.clone(),
            }
        } else {
            Subject::Snippet
        },
        readings: vec![Reading {
            says: Says::Shows(output.text.clone()),
            firmness,
        }],
        other: None,
        marked: true,
        versions: None,
        example: false,
        doubtful: false,
    }
}

fn announcement(text: &str, snippet: &Snippet) -> Claim {
    let raise = exception::read(text).unwrap_or(Raise {
        types: Vec::new(),
        message: None,
        certainty: exception::Certainty::Plain,
        cued: true,
    });
    let text: Arc<str> = Arc::from(text);
    Claim {
        kind: ClaimKind::Announced,
        place: snippet.place,
        last_place: snippet.last_place(),
        statement: None,
        comment: Arc::clone(&text),
        expected: text,
        subject: Subject::Snippet,
        readings: vec![Reading {
            says: Says::Raises(raise),
            firmness: Firmness::Firm,
        }],
        other: None,
        marked: true,
        versions: None,
        example: false,
        doubtful: false,
    }
}
