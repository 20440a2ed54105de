//! Claims: what a guide's comments and output blocks say that a statement does.
//!
//! Reading is static: it finds every comment that *could* be a claim, what it
//! could claim and how firmly. Whether a tentative one is a claim or prose is
//! settled by what the run showed, in `verdict`. No Python runs here.

use crate::position::{LineSpan, Place};
use crate::snippet::Snippet;

/// Where a claim stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
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
    pub comment: String,
    /// The same without marker and gloss, as far as that can be told from the
    /// comment alone.
    pub expected: String,
}

/// Finds everything in a snippet that could be a claim, in page order.
pub fn read(snippet: &Snippet) -> Vec<Claim> {
    let _ = snippet;
    Vec::new()
}
