//! Running the tasks of all guides: once, and again where that tells more.

use std::sync::OnceLock;
use std::time::{Duration, SystemTime};

use rayon::prelude::*;

use super::judging::{JudgedGuide, JudgedTask, idle, judge_task};
use super::preparation::Prepared;
use super::session::{Answered, AnsweredTwice, HASH_SEEDS, Session, Wanted};
use super::{CheckError, CheckEvent, CheckSettings, Scope};
use crate::plan::PlannedTask;
use crate::protocol::Run;
use crate::runner::{Interrupt, Outcome};
use crate::verdict::{self, Circumstances, Judged, Verdict};

/// How often what differs is run again at most. Once is not always enough: two
/// runs of a timing can agree to the digits shown.
const MOST_REPEATS: usize = 3;

/// What took longer than this many seconds is run again only once.
const LONG: f64 = 1.0;

/// How often a snippet is run again before an entry about it is called idle. A
/// coin that is tossed so often falls on the same side once in 256 times.
const CHANCES: u32 = 8;

/// What there is to run, and with what.
pub(super) struct Work<'a> {
    pub(super) prepared: &'a [Prepared<'a>],
    pub(super) settings: &'a CheckSettings,
    pub(super) interrupt: &'a Interrupt,
    pub(super) listener: &'a (dyn Fn(CheckEvent<'_>) + Sync),
    pub(super) now: SystemTime,
}

/// What became of the tasks of all guides.
struct Runs {
    /// For each guide and task.
    tasks: Vec<Vec<TaskRuns>>,
}

/// What became of a task.
#[derive(Default)]
struct TaskRuns {
    /// The first run; `None` where it was not to be run, and where it is judged and
    /// another run would tell nothing more.
    first: Option<Outcome>,
    /// How long that took.
    elapsed: Option<Duration>,
    /// Further runs, where there were any.
    again: Vec<Run>,
    /// Whether all that is told of it is from earlier checks.
    reused: bool,
    /// Whether all that is told of it is kept for later checks.
    kept: bool,
    /// What is thought of it.
    judged: Vec<Judged>,
}

/// A task of a guide.
#[derive(Clone, Copy)]
struct Index {
    guide: usize,
    task: usize,
}

impl Work<'_> {
    /// Runs everything, as often as it takes, and says what is thought of each
    /// guide.
    pub(super) fn run(&self, session: &mut Session) -> Result<Vec<JudgedGuide>, CheckError> {
        let mut runs = Runs {
            tasks: self
                .prepared
                .iter()
                .map(|guide| {
                    guide
                        .plan
                        .tasks
                        .iter()
                        .map(|_| TaskRuns::default())
                        .collect()
                })
                .collect(),
        };
        self.run_first(session, &mut runs)?;
        self.judge_all(&mut runs);
        if self.settings.scope == Scope::Everything {
            self.tell_wrong_from_unstable(session, &mut runs)?;
            self.forget_unstable(session, &mut runs);
            self.give_idle_entries_more_chances(session, &mut runs)?;
        }
        let guides = self.prepared.iter().zip(runs.tasks);
        Ok(guides
            .map(|(guide, tasks)| {
                let tasks = tasks.into_iter().map(TaskRuns::into_judged).collect();
                JudgedGuide::of(guide, tasks, guide.circumstances(self.settings, self.now))
            })
            .collect())
    }

    fn run_first(&self, session: &mut Session, runs: &mut Runs) -> Result<(), CheckError> {
        let scope = &self.settings.scope;
        let indices = self.tasks(|index| includes(scope, self.guide(index), self.task(index)));
        let wanted = self.wanted(&indices, runs, Use::Earlier);
        let judged: Vec<OnceLock<Vec<Judged>>> = indices.iter().map(|_| OnceLock::new()).collect();
        let is_worth_another = |place: usize, outcome: &mut Outcome| {
            let index = indices[place];
            let circumstances = self.guide(index).circumstances(self.settings, self.now);
            let found = judge_task(self.task(index), Some(outcome), &[], circumstances);
            let differs = found.iter().any(|one| one.differs);
            // Each place comes once.
            let _ = judged[place].set(found);
            match outcome {
                Outcome::Ran(run) if !differs && self.settings.caching.is_none() => {
                    run.events = Vec::new();
                    false
                }
                Outcome::Ran(_) => differs,
                Outcome::Failed { .. }
                | Outcome::WorkerDied { .. }
                | Outcome::Overdue { .. }
                | Outcome::Interrupted => false,
            }
        };
        let AnsweredTwice { first, second } = match scope {
            Scope::Everything => session.answer_twice(
                &wanted,
                self.prepared,
                self.settings,
                self.interrupt,
                self.listener,
                &is_worth_another,
            )?,
            Scope::Again { hash_seed, .. } => {
                let first = self.answer(session, &wanted, *hash_seed)?;
                let second = Vec::new();
                AnsweredTwice { first, second }
            }
        };
        drop(wanted);
        for ((&index, answer), judged) in indices.iter().zip(first).zip(judged) {
            let of_task = runs.of_mut(index);
            of_task.reused = answer.reused;
            of_task.kept = answer.kept;
            of_task.elapsed = elapsed(&answer.outcome);
            of_task.first = Some(answer.outcome);
            of_task.judged = judged.into_inner().unwrap_or_default();
        }
        for (place, answer) in second {
            let of_task = runs.of_mut(indices[place]);
            of_task.kept &= answer.kept;
            of_task.again.extend(ran(answer.outcome));
        }
        Ok(())
    }

    /// Runs what differs again, with another hash seed.
    fn tell_wrong_from_unstable(
        &self,
        session: &mut Session,
        runs: &mut Runs,
    ) -> Result<(), CheckError> {
        for round in 0..MOST_REPEATS {
            // Some were run again while others were still running for the first time.
            let (indices, earlier) = if round == 0 {
                let indices = self.tasks(|index| {
                    let of_task = runs.of(index);
                    of_task.again.is_empty() && of_task.another_tells_more()
                });
                (indices, Use::Earlier)
            } else {
                let indices = self.tasks(|index| runs.of(index).another_tells_more());
                (indices, Use::Nothing)
            };
            if self.interrupt.is_raised() {
                break;
            }
            if indices.is_empty() {
                continue;
            }
            let wanted = self.wanted(&indices, runs, earlier);
            let answers = self.answer(session, &wanted, HASH_SEEDS[1])?;
            drop(wanted);
            for (index, answer) in indices.into_iter().zip(answers) {
                let of_task = runs.of_mut(index);
                of_task.reused &= answer.reused;
                of_task.kept &= answer.kept;
                of_task.again.extend(ran(answer.outcome));
                let circumstances = self.guide(index).circumstances(self.settings, self.now);
                of_task.judge(self.task(index), circumstances);
            }
        }
        Ok(())
    }

    /// Has nothing kept of what turned out to be unstable: it would be told as if
    /// it were the same each time.
    fn forget_unstable(&self, session: &mut Session, runs: &mut Runs) {
        let unstable = self.tasks(|index| {
            let mut judged = runs.of(index).judged.iter();
            judged.any(|one| has(one, Verdict::Unstable))
        });
        for index in unstable {
            let path = &self.guide(index).guide.path;
            session.forget(path, &self.task(index).task, &HASH_SEEDS);
            runs.of_mut(index).kept = false;
        }
    }

    /// An output that is drawn by lot can be the one that the guide shows: an
    /// entry is called idle only when more runs do not need it either.
    fn give_idle_entries_more_chances(
        &self,
        session: &mut Session,
        runs: &mut Runs,
    ) -> Result<(), CheckError> {
        for round in 1..=CHANCES {
            let idle: Vec<_> = self
                .prepared
                .iter()
                .zip(&runs.tasks)
                .map(|(prepared, tasks)| idle(prepared, tasks.iter().flat_map(|task| &task.judged)))
                .collect();
            let indices = self.tasks(|index| {
                self.task(index).snippets.iter().any(|snippet| {
                    let id = &self.guide(index).guide.snippets[*snippet].id;
                    idle[index.guide].iter().any(|(entry, _)| entry.id == *id)
                })
            });
            if indices.is_empty() || self.interrupt.is_raised() {
                return Ok(());
            }
            let wanted = self.wanted(&indices, runs, Use::Earlier);
            let answers = self.answer(session, &wanted, HASH_SEEDS[1] + round)?;
            drop(wanted);
            for (index, answer) in indices.into_iter().zip(answers) {
                let of_task = runs.of_mut(index);
                of_task.reused &= answer.reused;
                of_task.kept &= answer.kept;
                let Some(run) = ran(answer.outcome) else {
                    continue;
                };
                let circumstances = self.guide(index).circumstances(self.settings, self.now);
                let further = verdict::judge_task(self.task(index), &run, None, circumstances);
                for (judged, one) in of_task.judged.iter_mut().zip(further) {
                    judged.forgave.extend(one.forgave);
                }
            }
        }
        Ok(())
    }

    fn guide(&self, index: Index) -> &Prepared<'_> {
        &self.prepared[index.guide]
    }

    fn task(&self, index: Index) -> &PlannedTask {
        &self.guide(index).plan.tasks[index.task]
    }

    /// The tasks that are wanted, in page order.
    fn tasks(&self, wanted: impl Fn(Index) -> bool) -> Vec<Index> {
        let guides = self.prepared.iter().enumerate();
        guides
            .flat_map(|(guide, prepared)| {
                (0..prepared.plan.tasks.len()).map(move |task| Index { guide, task })
            })
            .filter(|index| wanted(*index))
            .collect()
    }

    /// These tasks, as a session is asked for them.
    fn wanted<'b>(&'b self, indices: &[Index], runs: &Runs, earlier: Use) -> Vec<Wanted<'b>> {
        let wanted = indices.iter().map(|&index| {
            let prepared = self.guide(index);
            let planned = self.task(index);
            let mut snippets = planned.snippets.iter();
            Wanted {
                guide: &prepared.guide.path,
                task: &planned.task,
                reuse: earlier == Use::Earlier
                    && !snippets.any(|&snippet| prepared.always_runs(snippet)),
                estimate: runs.of(index).elapsed,
            }
        });
        wanted.collect()
    }

    fn answer(
        &self,
        session: &mut Session,
        wanted: &[Wanted<'_>],
        hash_seed: u32,
    ) -> Result<Vec<Answered>, CheckError> {
        session.answer(
            wanted,
            hash_seed,
            self.prepared,
            self.settings,
            self.interrupt,
            self.listener,
        )
    }

    fn judge_all(&self, runs: &mut Runs) {
        let guides = self.prepared.par_iter().zip(&mut runs.tasks);
        guides.for_each(|(guide, tasks)| {
            let circumstances = guide.circumstances(self.settings, self.now);
            let tasks = guide.plan.tasks.par_iter().zip(tasks);
            tasks.for_each(|(planned, task)| {
                if task.judged.is_empty() || !task.again.is_empty() {
                    task.judge(planned, circumstances);
                } else {
                    task.let_go();
                }
            });
        });
    }
}

/// What a task may be answered from.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Use {
    /// An earlier check's run, where there is one.
    Earlier,
    /// Nothing but a run of its own.
    Nothing,
}

impl Runs {
    fn of(&self, index: Index) -> &TaskRuns {
        &self.tasks[index.guide][index.task]
    }

    fn of_mut(&mut self, index: Index) -> &mut TaskRuns {
        &mut self.tasks[index.guide][index.task]
    }
}

impl TaskRuns {
    /// Judges the task by all its runs, and keeps them only where another one
    /// would tell more.
    fn judge(&mut self, planned: &PlannedTask, circumstances: Circumstances<'_>) {
        self.judged = judge_task(planned, self.first.as_ref(), &self.again, circumstances);
        self.let_go();
    }

    /// Drops the runs where another one would tell no more.
    fn let_go(&mut self) {
        if !self.another_tells_more() {
            self.first = None;
            self.again = Vec::new();
        }
    }

    /// Whether running the task again would tell more: after the first run, when
    /// something differs; after that, only when something is still called wrong,
    /// the task is fast, and nobody is content with earlier runs anyway.
    fn another_tells_more(&self) -> bool {
        let Some(Outcome::Ran(run)) = &self.first else {
            return false;
        };
        let mut judged = self.judged.iter();
        if self.again.is_empty() {
            judged.any(|one| one.differs)
        } else {
            !self.reused
                && run.wall_seconds < LONG
                && judged.any(|one| one.differs && has(one, Verdict::Wrong))
        }
    }

    fn into_judged(self) -> JudgedTask {
        JudgedTask {
            snippets: self.judged,
            elapsed: self.elapsed,
            reused: self.reused,
            kept: self.kept,
        }
    }
}

/// How long a task ran, where it ran.
fn elapsed(outcome: &Outcome) -> Option<Duration> {
    match outcome {
        Outcome::Ran(run) => Duration::try_from_secs_f64(run.wall_seconds).ok(),
        Outcome::Failed { .. }
        | Outcome::WorkerDied { .. }
        | Outcome::Overdue { .. }
        | Outcome::Interrupted => None,
    }
}

fn has(judged: &Judged, verdict: Verdict) -> bool {
    let mut claims = judged.verdict.claims.iter();
    claims.any(|claim| claim.verdict == verdict)
}

fn ran(outcome: Outcome) -> Option<Run> {
    match outcome {
        Outcome::Ran(run) => Some(*run),
        Outcome::Failed { .. }
        | Outcome::WorkerDied { .. }
        | Outcome::Overdue { .. }
        | Outcome::Interrupted => None,
    }
}

fn includes(scope: &Scope, prepared: &Prepared<'_>, planned: &PlannedTask) -> bool {
    match scope {
        Scope::Everything => true,
        Scope::Again { snippets, .. } => planned.snippets.iter().any(|&index| {
            let id = &prepared.guide.snippets[index].id;
            snippets
                .iter()
                .any(|(path, wanted)| *path == prepared.guide.path && wanted == id)
        }),
    }
}
