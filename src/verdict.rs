//! Verdicts: what an observation means for a claim.
//!
//! Judging is a pure function of claim, observation and expectations. Nothing is
//! run here, and nothing is asked of the outside world: the time comes with the
//! circumstances.

mod clock;
mod limits;
mod failures;
mod modules;
mod outcome;
mod snippet;
mod views;

use std::sync::Arc;
use std::time::SystemTime;

use serde::{Deserialize, Serialize};

pub use snippet::named;

use crate::claim::{Claim, ClaimKind, Firmness};
use crate::expectation::{ExpectationError, GuideExpectations};
use crate::interpreter::Version;
use crate::matching::Rule;
use crate::observation::Observation;
use crate::plan::PlannedTask;
use crate::position::{LineNumber, LineSpan, Place};
use crate::protocol::Run;
use crate::snippet::Guide;

use clock::TaskCode;
use failures::Failures;

/// What became of a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Verdict {
    /// What happened is what the comment says.
    Holds,
    /// It differs, inside what the comment or the expectations allow.
    Tolerated,
    /// It says something else.
    Wrong,
    /// It differs, and what it shows varies from run to run, with the day or from machine
    /// to machine, undocumented.
    Unstable,
    /// The statement never ran.
    Unreached,
    /// It could not be judged here.
    Skipped,
    /// The comment lost its text.
    Blank,
}

impl Verdict {
    /// Every verdict, in the order in which summaries list them.
    pub const ALL: [Self; 7] = [
        Self::Holds,
        Self::Tolerated,
        Self::Wrong,
        Self::Unstable,
        Self::Unreached,
        Self::Skipped,
        Self::Blank,
    ];

    /// The name in reports.
    pub fn name(self) -> &'static str {
        match self {
            Self::Holds => "holds",
            Self::Tolerated => "tolerated",
            Self::Wrong => "wrong",
            Self::Unstable => "unstable",
            Self::Unreached => "unreached",
            Self::Skipped => "skipped",
            Self::Blank => "blank",
        }
    }

    /// Whether it makes a run fail.
    pub fn is_finding(self) -> bool {
        match self {
            Self::Wrong | Self::Unstable | Self::Unreached | Self::Blank => true,
            Self::Holds | Self::Tolerated | Self::Skipped => false,
        }
    }
}

/// A claim with its verdict.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Judgement {
    /// The claim's first line in the guide.
    pub place: Place,
    /// The claim's last line in the guide.
    pub last_place: Place,
    /// Where it stands.
    pub kind: ClaimKind,
    /// The statement's lines in the snippet that it speaks of, where it speaks
    /// of one.
    pub statement: Option<LineSpan>,
    /// The claim's own text as the guide writes it, without `#` and the blanks
    /// around, its lines joined by `\n`.
    pub comment: Arc<str>,
    /// What became of it.
    pub verdict: Verdict,
    /// The rule that decided.
    pub rule: Rule,
    /// What had to be seen: the claim without marker and gloss, as it was read.
    pub expected: Arc<str>,
    /// What was seen; `None` where nothing could be.
    pub actual: Option<String>,
    /// Why, in words: what was forgiven, why it was skipped or not reached.
    pub reason: Option<String>,
    /// The earlier failure in the guide that it is wrong because of, where that
    /// is so.
    pub follows_from: Option<Place>,
}

/// A comment beside output that is not a claim.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Prose {
    /// Its line in the guide.
    pub place: Place,
    /// Its text without `#`.
    pub comment: String,
}

/// Output that no claim speaks of.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Unclaimed {
    /// The line in the guide of the statement that wrote it.
    pub place: Place,
    /// What it wrote.
    pub output: String,
}

/// Something that a snippet did which is a finding in itself: an exception that
/// nobody claimed, a crash, a deadline.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Failure {
    /// Where, in the guide.
    pub place: Place,
    /// What happened, such as `NameError: name 'x' is not defined`.
    pub message: String,
    /// The earlier place in the guide that it follows from, where that is so.
    pub follows_from: Option<Place>,
}

/// What became of a snippet as a whole.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum SnippetStatus {
    /// It ran to its end.
    Ran,
    /// It raised where nobody claimed it, crashed, or was killed.
    Failed,
    /// It was not run, or not to its end, for a reason that is not its fault.
    Skipped {
        /// Why.
        reason: String,
    },
}

/// All that is thought of a snippet.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct SnippetVerdict {
    /// What became of it.
    pub status: SnippetStatus,
    /// Its failures in page order.
    pub failures: Vec<Failure>,
    /// Its claims in page order.
    pub claims: Vec<Judgement>,
    /// Comments beside output that are prose.
    pub prose: Vec<Prose>,
    /// Output that no claim speaks of.
    pub unclaimed: Vec<Unclaimed>,
    /// Warnings that Python gave while it ran (`SyntaxWarning: …`), by place.
    pub warnings: Vec<Unclaimed>,
    /// What else is worth knowing of its run: what the box refused, output that
    /// was too much to keep, processes that outlived it.
    pub notes: Vec<String>,
}

/// What a verdict rests on beside what happened.
#[derive(Clone, Copy, Debug)]
pub struct Circumstances<'a> {
    /// The guide.
    pub guide: &'a Guide,
    /// The claims of each of its snippets.
    pub claims: &'a [Vec<Claim>],
    /// What is documented about the guide.
    pub expectations: Option<&'a GuideExpectations>,
    /// The interpreter's version.
    pub version: Version,
    /// Its standard modules; empty where it does not say (3.9).
    pub standard_modules: &'a [String],
    /// When the snippets ran: a date that was printed is known by it.
    pub now: SystemTime,
}

/// A snippet with what is thought of it.
#[derive(Clone, Debug)]
pub struct Judged {
    /// Its index in [`Guide::snippets`].
    pub snippet: usize,
    /// What is thought of it.
    pub verdict: SnippetVerdict,
    /// Whether running the task again with another hash seed would tell more:
    /// some claim of it differs, or is right about something that varies.
    pub differs: bool,
    /// Expectations that name no claim of it.
    pub errors: Vec<ExpectationError>,
    /// The expectations that forgave something, by their lines in their file.
    pub forgave: Vec<LineNumber>,
    /// The tolerances whose claim holds without them.
    pub unneeded: Vec<LineNumber>,
}

/// Judges every snippet of a task by what running it showed. `again` is a
/// second run with another hash seed: what differs, and differs from it as
/// well, is unstable.
pub fn judge_task(
    planned: &PlannedTask,
    run: &Run,
    again: Option<&Run>,
    circumstances: Circumstances<'_>,
) -> Vec<Judged> {
    let observation = Observation::new(&planned.task, run);
    let again = again.map(|run| Observation::new(&planned.task, run));
    let failures = Failures::find(planned, &observation, circumstances);
    let code = TaskCode::new(circumstances.guide, &planned.snippets);
    let mut may_vary = false;
    planned
        .snippets
        .iter()
        .enumerate()
        .map(|(unit, &snippet)| {
            may_vary |= clock::may_vary(&circumstances.guide.snippets[snippet].code);
            snippet::Judge {
                unit,
                snippet,
                may_vary,
                ran: code.up_to(unit),
                observation: &observation,
                again: again.as_ref(),
                failures: &failures,
                circumstances,
            }
            .judge()
        })
        .collect()
}

/// The verdict of a snippet that was not run.
pub fn not_run(snippet: usize, reason: &str, circumstances: Circumstances<'_>) -> Judged {
    let mut claims = Vec::new();
    let mut prose = Vec::new();
    for claim in &circumstances.claims[snippet] {
        if claim.firmness() == Firmness::Firm {
            claims.push(Judgement {
                place: claim.place,
                last_place: claim.last_place,
                kind: claim.kind,
                statement: claim.statement,
                comment: Arc::clone(&claim.comment),
                verdict: Verdict::Skipped,
                rule: Rule::Skipped,
                expected: Arc::clone(&claim.expected),
                actual: None,
                reason: Some(reason.to_owned()),
                follows_from: None,
            });
        } else {
            prose.push(Prose {
                place: claim.place,
                comment: claim.comment.to_string(),
            });
        }
    }
    Judged {
        snippet,
        verdict: SnippetVerdict {
            status: SnippetStatus::Skipped {
                reason: reason.to_owned(),
            },
            failures: Vec::new(),
            claims,
            prose,
            unclaimed: Vec::new(),
            warnings: Vec::new(),
            notes: Vec::new(),
        },
        differs: false,
        errors: Vec::new(),
        forgave: Vec::new(),
        unneeded: Vec::new(),
    }
}
