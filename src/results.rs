//! Results: what a run of `check` found, as the reports need it.
//!
//! Facts and counts only. What a result looks like on a terminal or to a
//! machine is the business of `report`.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use crate::document::Format;
use crate::expectation::ExpectationError;
use crate::finding::Finding;
use crate::interpreter::Version;
use crate::position::{LineNumber, Place};
use crate::snippet::SnippetId;
use crate::verdict::{Judgement, SnippetStatus, SnippetVerdict, Verdict};

/// Everything that one run on one interpreter found.
#[derive(Clone, Debug)]
pub struct Results {
    /// The interpreter.
    pub python: PythonUsed,
    /// The guides that were judged, in the order in which they were named.
    pub guides: Vec<GuideResult>,
    /// The guides that could not be judged, and why.
    pub problems: Vec<Problem>,
    /// Files that a folder or a pattern brought in and that have no snippet.
    pub without_snippets: Vec<PathBuf>,
    /// Entries of the expectations that name nothing, or that tolerate nothing.
    pub expectation_errors: Vec<ExpectationError>,
    /// What the box could not do on this system, one sentence each.
    pub box_gaps: Vec<String>,
    /// Wall-clock time of the whole run.
    pub elapsed: Duration,
    /// Whether the user ended the run before everything had been judged.
    pub interrupted: bool,
}

/// The interpreter that ran the snippets.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PythonUsed {
    /// Its version.
    pub version: Version,
    /// The program.
    pub executable: PathBuf,
}

/// What became of a guide.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct GuideResult {
    /// The file, as the user named it.
    pub path: PathBuf,
    /// How it is written.
    pub format: Format,
    /// What is wrong with it as a text.
    pub findings: Vec<Finding>,
    /// Its snippets in page order.
    pub snippets: Vec<SnippetResult>,
}

/// What became of a snippet.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct SnippetResult {
    /// Its name.
    pub id: SnippetId,
    /// Its first line in the guide.
    pub place: Place,
    /// Its last line in the guide.
    pub last_place: Place,
    /// The heading it stands under.
    pub heading: Option<String>,
    /// Its text as the guide has it: line `n` stands `n` lines below `place`.
    pub text: Arc<str>,
    /// The lines of it that only IPython understands; they were not run.
    pub commands: Vec<Place>,
    /// How long the child ran that it ran in last; `None` when it did not run.
    pub elapsed: Option<Duration>,
    /// Whether an earlier run is told of, since nothing has changed.
    pub reused: bool,
    /// What is thought of it.
    pub verdict: SnippetVerdict,
}

/// Why a guide could not be judged.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The guide, or the folder or pattern that should have named one.
    pub path: PathBuf,
    /// The line and the column (both one-based) of what stands in the way.
    pub position: Option<(LineNumber, usize)>,
    /// What was expected and what was found, as a sentence without a full stop.
    pub message: String,
    /// What the user can do about it.
    pub help: Option<String>,
}

/// Everything counted.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Guides that were judged.
    pub guides: usize,
    /// Guides that could not be judged.
    pub problems: usize,
    /// What is wrong with the guides as texts.
    pub findings: usize,
    /// Entries of the expectations that name nothing, or that tolerate nothing.
    pub expectation_errors: usize,
    /// Snippets.
    pub snippets: usize,
    /// Snippets that ran to their end.
    pub ran: usize,
    /// Snippets of which an earlier run is told.
    pub reused: usize,
    /// Snippets that raised unclaimed, crashed or were killed.
    pub failed: usize,
    /// Snippets that could not be run here.
    pub snippets_skipped: usize,
    /// Lines that only IPython understands, and that were not run.
    pub commands_skipped: usize,
    /// Exceptions and the like that nobody claimed.
    pub failures: usize,
    /// Claims.
    pub claims: usize,
    /// Claims by verdict, in the order of [`Verdict::ALL`].
    pub verdicts: [usize; Verdict::ALL.len()],
    /// Comments beside output that are prose.
    pub prose: usize,
    /// Outputs that no claim speaks of.
    pub unclaimed: usize,
    /// Warnings that Python gave.
    pub warnings: usize,
}

/// What a run of a program of this kind comes to; its number is the exit status.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Status {
    /// Everything that was judged holds or is tolerated.
    Holds = 0,
    /// There are findings.
    Findings = 1,
    /// Something could not be run or read at all.
    CouldNotRun = 2,
}

/// Whether what was skipped is forgiven.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SkippedIs {
    /// It is counted, and the run can be green.
    Counted,
    /// It makes the run fail.
    AFinding,
}

impl Results {
    /// Everything counted.
    pub fn summary(&self) -> Summary {
        let mut summary = Summary::default();
        for guide in &self.guides {
            summary.add(guide);
        }
        summary.problems = self.problems.len();
        summary.expectation_errors = self.expectation_errors.len();
        summary
    }

    /// What the run comes to. A guide that could not be judged weighs more than
    /// any finding, and an interrupted run is never green.
    pub fn status(&self, skipped: SkippedIs) -> Status {
        let summary = self.summary();
        let refused = match skipped {
            SkippedIs::Counted => 0,
            SkippedIs::AFinding => summary.all_skipped(),
        };
        if !self.problems.is_empty() || self.interrupted {
            Status::CouldNotRun
        } else if summary.all_findings() + refused > 0 {
            Status::Findings
        } else {
            Status::Holds
        }
    }
}

impl SnippetResult {
    /// Whether a line of the guide belongs to the snippet's own text.
    pub fn covers(&self, place: Place) -> bool {
        self.place.cell == place.cell && self.place <= place && place <= self.last_place
    }

    /// The snippet's line at a place of the guide.
    pub fn line_at(&self, place: Place) -> Option<&str> {
        if !self.covers(place) {
            return None;
        }
        self.text
            .split('\n')
            .nth(place.line.index() - self.place.line.index())
            .map(|line| line.strip_suffix('\r').unwrap_or(line))
    }

    /// The guide's place of a line of the snippet (one-based).
    pub fn place_of(&self, line: LineNumber) -> Place {
        self.place.plus(line.index())
    }

    /// Claims that make the run fail, in page order.
    pub fn wrong_claims(&self) -> impl Iterator<Item = &Judgement> {
        self.verdict
            .claims
            .iter()
            .filter(|claim| claim.verdict.is_finding())
    }

    /// Whether it has anything that makes the run fail.
    pub fn has_findings(&self) -> bool {
        !self.verdict.failures.is_empty() || self.wrong_claims().next().is_some()
    }
}

impl Summary {
    /// How many claims have this verdict.
    pub fn count(&self, verdict: Verdict) -> usize {
        Verdict::ALL
            .iter()
            .zip(self.verdicts)
            .filter(|(listed, _)| **listed == verdict)
            .map(|(_, count)| count)
            .sum()
    }

    /// Everything that makes a run fail, counted together.
    pub fn all_findings(&self) -> usize {
        let claims: usize = Verdict::ALL
            .iter()
            .zip(self.verdicts)
            .filter(|(verdict, _)| verdict.is_finding())
            .map(|(_, count)| count)
            .sum();
        claims + self.failures + self.findings + self.expectation_errors
    }

    /// Everything that could not be run or judged here, counted together.
    pub fn all_skipped(&self) -> usize {
        self.snippets_skipped + self.commands_skipped + self.count(Verdict::Skipped)
    }

    fn add(&mut self, guide: &GuideResult) {
        self.guides += 1;
        self.findings += guide.findings.len();
        for snippet in &guide.snippets {
            let verdict = &snippet.verdict;
            self.snippets += 1;
            self.reused += usize::from(snippet.reused);
            self.commands_skipped += snippet.commands.len();
            match verdict.status {
                SnippetStatus::Ran => self.ran += 1,
                SnippetStatus::Failed => self.failed += 1,
                SnippetStatus::Skipped { .. } => self.snippets_skipped += 1,
            }
            self.failures += verdict.failures.len();
            self.claims += verdict.claims.len();
            for claim in &verdict.claims {
                for (listed, count) in Verdict::ALL.iter().zip(&mut self.verdicts) {
                    *count += usize::from(*listed == claim.verdict);
                }
            }
            self.prose += verdict.prose.len();
            self.unclaimed += verdict.unclaimed.len();
            self.warnings += verdict.warnings.len();
        }
    }
}
