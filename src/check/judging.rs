//! What is thought of guides: verdicts from what their tasks came to.

use std::time::Duration;

use super::preparation::Prepared;
use crate::expectation::{self, ExpectationError, SnippetExpectations, Tolerance};
use crate::interpreter::Version;
use crate::matching::Rule;
use crate::plan::PlannedTask;
use crate::position::LineNumber;
use crate::protocol::Run;
use crate::results::{GuideResult, SnippetResult};
use crate::runner::Outcome;
use crate::snippet::{Guide, Snippet};
use crate::verdict::{
    self, Circumstances, Failure, Judged, SnippetStatus, SnippetVerdict, Verdict,
};

/// What is thought of the snippets of a guide, in page order.
pub(super) struct JudgedGuide {
    snippets: Vec<Judged>,
    elapsed: Vec<Option<Duration>>,
    reused: Vec<bool>,
    /// Whether all that is told of it is kept for later checks.
    pub(super) kept: bool,
}

/// What is thought of a task.
pub(super) struct JudgedTask {
    /// Its snippets.
    pub(super) snippets: Vec<Judged>,
    /// How long its first run took; `None` when it did not run.
    pub(super) elapsed: Option<Duration>,
    /// Whether all that is told of it is from earlier checks.
    pub(super) reused: bool,
    /// Whether all that is told of it is kept for later checks.
    pub(super) kept: bool,
}

/// The entries of a guide's expectations that no run has needed yet, although it
/// judged their claims.
pub(super) fn idle<'a, 'j>(
    prepared: &Prepared<'a>,
    judged: impl Iterator<Item = &'j Judged> + Clone,
) -> Vec<(&'a SnippetExpectations, &'a Tolerance)> {
    let Some(expectations) = prepared.expectations else {
        return Vec::new();
    };
    let in_all = |lines: fn(&Judged) -> &[LineNumber]| -> Vec<LineNumber> {
        let judged = judged.clone();
        judged.flat_map(|one| lines(one).iter().copied()).collect()
    };
    let unneeded = in_all(|one| &one.unneeded);
    let forgave = in_all(|one| &one.forgave);
    expectation::idle(expectations, &unneeded, &forgave)
}

impl JudgedGuide {
    /// Puts in page order what is thought of the guide's tasks, and of what was
    /// left out.
    pub(super) fn of(
        guide: &Prepared<'_>,
        tasks: Vec<JudgedTask>,
        circumstances: Circumstances<'_>,
    ) -> Self {
        let count = guide.guide.snippets.len();
        let mut judged: Vec<Option<Judged>> = (0..count).map(|_| None).collect();
        let mut elapsed = vec![None; count];
        let mut reused = vec![false; count];
        for left_out in &guide.plan.left_out {
            let index = left_out.snippet;
            judged[index] = Some(verdict::not_run(index, &left_out.reason, circumstances));
        }
        let kept = tasks.iter().all(|task| task.kept);
        for task in tasks {
            for one in task.snippets {
                let index = one.snippet;
                elapsed[index] = task.elapsed;
                reused[index] = task.reused;
                judged[index] = Some(one);
            }
        }
        let snippets = judged.into_iter().enumerate().map(|(index, judged)| {
            judged.unwrap_or_else(|| verdict::not_run(index, "it was not planned", circumstances))
        });
        Self {
            snippets: snippets.collect(),
            elapsed,
            reused,
            kept,
        }
    }

    /// The entries that name something that is not there, and those that
    /// tolerate nothing. What was skipped may well need its entries.
    pub(super) fn expectation_errors(
        &self,
        prepared: &Prepared<'_>,
        version: Version,
    ) -> Vec<ExpectationError> {
        let Some(expectations) = prepared.expectations else {
            return Vec::new();
        };
        let mut errors = expectation::resolve(expectations, &prepared.guide);
        for snippet in &self.snippets {
            errors.extend(snippet.errors.iter().cloned());
        }
        let python = [version.major, version.minor, version.micro];
        let idle = idle(prepared, self.snippets.iter()).into_iter();
        errors.extend(idle.map(|(snippet, entry)| expectation::idle_error(snippet, entry, python)));
        errors
    }

    /// The guide as the reports see it.
    pub(super) fn into_result(self, guide: Guide) -> GuideResult {
        let snippets = guide.snippets.into_iter().zip(self.snippets);
        GuideResult {
            path: guide.path,
            format: guide.format,
            findings: guide.findings,
            snippets: snippets
                .zip(self.elapsed)
                .zip(self.reused)
                .map(|(((snippet, judged), elapsed), reused)| SnippetResult {
                    commands: snippet
                        .commands
                        .iter()
                        .map(|line| snippet.place_of(*line))
                        .collect(),
                    place: snippet.place,
                    last_place: snippet.last_place(),
                    id: snippet.id,
                    heading: snippet.heading,
                    text: snippet.text,
                    elapsed,
                    reused,
                    verdict: judged.verdict,
                })
                .collect(),
        }
    }
}

/// The verdicts of a task, by its first run (`None` where it was not asked for)
/// and further ones.
pub(super) fn judge_task(
    planned: &PlannedTask,
    first: Option<&Outcome>,
    again: &[Run],
    circumstances: Circumstances<'_>,
) -> Vec<Judged> {
    match first {
        Some(Outcome::Ran(run)) => judge_runs(planned, run, again, circumstances),
        Some(Outcome::Failed { message }) => blame(
            planned,
            &format!("it could not be run: {message}"),
            circumstances,
        ),
        Some(Outcome::WorkerDied { detail }) => blame(
            planned,
            &format!("it took down two workers, one after the other: {detail}"),
            circumstances,
        ),
        Some(Outcome::Overdue { after }) => blame(
            planned,
            &format!("no answer came within {} s", after.as_secs()),
            circumstances,
        ),
        Some(Outcome::Interrupted) => leave(planned, "the run was interrupted", circumstances),
        None => leave(planned, "it was not asked for", circumstances),
    }
}

/// The verdicts of a task that was run, perhaps several times: what varies in
/// one of the further runs varies.
fn judge_runs(
    planned: &PlannedTask,
    run: &Run,
    again: &[Run],
    circumstances: Circumstances<'_>,
) -> Vec<Judged> {
    let mut further = again.iter();
    let mut judged = verdict::judge_task(planned, run, further.next(), circumstances);
    for run_again in further {
        let others = verdict::judge_task(planned, run, Some(run_again), circumstances);
        for (judged, other) in judged.iter_mut().zip(others) {
            for (claim, other) in judged.verdict.claims.iter_mut().zip(other.verdict.claims) {
                if claim.verdict != Verdict::Unstable && other.verdict == Verdict::Unstable {
                    *claim = other;
                }
            }
        }
    }
    judged
}

/// The verdicts of a task that was not run.
fn leave(planned: &PlannedTask, reason: &str, circumstances: Circumstances<'_>) -> Vec<Judged> {
    let snippets = planned.snippets.iter();
    snippets
        .map(|&snippet| verdict::not_run(snippet, reason, circumstances))
        .collect()
}

/// The verdicts of a task that took its worker down: it failed, and nothing of
/// it is known to have happened. Which snippet of a chain did it is not known
/// either, so it is put down to the first.
fn blame(planned: &PlannedTask, message: &str, circumstances: Circumstances<'_>) -> Vec<Judged> {
    let snippets = &circumstances.guide.snippets;
    let first: Option<&Snippet> = planned.snippets.first().map(|&index| &snippets[index]);
    planned
        .snippets
        .iter()
        .map(|&index| {
            let place = snippets[index].place;
            let cause = first
                .map(|first| first.place)
                .filter(|cause| *cause != place);
            let mut judged = verdict::not_run(index, message, circumstances);
            for claim in &mut judged.verdict.claims {
                claim.verdict = Verdict::Unreached;
                claim.rule = Rule::Unreached;
            }
            judged.verdict = SnippetVerdict {
                status: SnippetStatus::Failed,
                failures: vec![Failure {
                    place,
                    message: message.to_owned(),
                    follows_from: cause,
                }],
                ..judged.verdict
            };
            judged
        })
        .collect()
}
