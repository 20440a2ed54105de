//! Claims: what a guide's comments and output blocks say that a statement does.
//!
//! Reading is static: it finds every comment that *could* be a claim, what it
//! could claim and how firmly. Whether a tentative one is a claim or prose is
//! settled by what the run showed, in `verdict`. No Python runs here.

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
