//! Running the tasks of all guides: once, and again where that tells more.

use std::time::{Duration, SystemTime};

use rayon::prelude::*;

use super::judging::{JudgedGuide, Told, judge_guide};
use super::preparation::Prepared;
use super::session::{Answered, HASH_SEEDS, Session, Wanted};
use super::{CheckError, CheckEvent, CheckSettings, Scope};
use crate::plan::PlannedTask;
use crate::protocol::Run;
use crate::runner::{Interrupt, Outcome};
use crate::verdict::{self, Judged, Verdict};

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
    /// The first run; `None` where it was not to be run.
    first: Option<Outcome>,
    /// Further runs, where there were any.
    again: Vec<Run>,
    /// Whether all that is told of it is from earlier checks.
    reused: bool,
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
        let mut judged = self.judge(&runs);
        if self.settings.scope == Scope::Everything {
            self.tell_wrong_from_unstable(session, &mut runs, &mut judged)?;
            self.forget_unstable(session, &judged);
            self.give_idle_entries_more_chances(session, &mut runs, &mut judged)?;
        }
        Ok(judged)
    }

    fn run_first(&self, session: &mut Session, runs: &mut Runs) -> Result<(), CheckError> {
        let scope = &self.settings.scope;
        let wanted = self.tasks(|index| includes(scope, self.guide(index), self.task(index)));
        let seed = hash_seed(scope);
        let answers = self.answers(session, &wanted, seed, runs, Use::Earlier)?;
        for (index, answer) in wanted.into_iter().zip(answers) {
            let of_task = runs.of_mut(index);
            of_task.reused = answer.reused;
            of_task.first = Some(answer.outcome);
        }
        Ok(())
    }

    /// Runs what differs again, with another hash seed.
    fn tell_wrong_from_unstable(
        &self,
        session: &mut Session,
        runs: &mut Runs,
        judged: &mut Vec<JudgedGuide>,
    ) -> Result<(), CheckError> {
        for round in 0..MOST_REPEATS {
            let wanted = self.tasks(|index| {
                let of_task = self.task(index).snippets.iter();
                let of_task = of_task.map(|snippet| &judged[index.guide].snippets[*snippet]);
                runs.of(index).another_tells_more(of_task)
            });
            if wanted.is_empty() || self.interrupt.is_raised() {
                break;
            }
            let earlier = if round == 0 {
                Use::Earlier
            } else {
                Use::Nothing
            };
            let answers = self.answers(session, &wanted, HASH_SEEDS[1], runs, earlier)?;
            for (index, answer) in wanted.into_iter().zip(answers) {
                let of_task = runs.of_mut(index);
                of_task.reused &= answer.reused;
                of_task.again.extend(ran(answer.outcome));
            }
            *judged = self.judge(runs);
        }
        Ok(())
    }

    /// Has nothing kept of what turned out to be unstable: it would be told as if
    /// it were the same each time.
    fn forget_unstable(&self, session: &mut Session, judged: &[JudgedGuide]) {
        for (prepared, judged) in self.prepared.iter().zip(judged) {
            for planned in &prepared.plan.tasks {
                let unstable = planned
                    .snippets
                    .iter()
                    .any(|&snippet| has(&judged.snippets[snippet], Verdict::Unstable));
                if unstable {
                    session.forget(&prepared.guide.path, &planned.task, &HASH_SEEDS);
                }
            }
        }
    }

    /// An output that is drawn by lot can be the one that the guide shows: an
    /// entry is called idle only when more runs do not need it either.
    fn give_idle_entries_more_chances(
        &self,
        session: &mut Session,
        runs: &mut Runs,
        judged: &mut [JudgedGuide],
    ) -> Result<(), CheckError> {
        for round in 1..=CHANCES {
            let idle: Vec<_> = self
                .prepared
                .iter()
                .zip(judged.iter())
                .map(|(prepared, judged)| judged.idle(prepared))
                .collect();
            let wanted = self.tasks(|index| {
                self.task(index).snippets.iter().any(|snippet| {
                    let id = &self.guide(index).guide.snippets[*snippet].id;
                    idle[index.guide].iter().any(|(entry, _)| entry.id == *id)
                })
            });
            if wanted.is_empty() || self.interrupt.is_raised() {
                return Ok(());
            }
            let seed = HASH_SEEDS[1] + round;
            let answers = self.answers(session, &wanted, seed, runs, Use::Earlier)?;
            for (index, answer) in wanted.into_iter().zip(answers) {
                runs.of_mut(index).reused &= answer.reused;
                let Some(run) = ran(answer.outcome) else {
                    continue;
                };
                let circumstances = self.guide(index).circumstances(self.settings, self.now);
                for one in verdict::judge_task(self.task(index), &run, None, circumstances) {
                    let judged = &mut judged[index.guide].snippets[one.snippet];
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

    fn answers(
        &self,
        session: &mut Session,
        indices: &[Index],
        hash_seed: u32,
        runs: &Runs,
        earlier: Use,
    ) -> Result<Vec<Answered>, CheckError> {
        let wanted: Vec<Wanted<'_>> = indices
            .iter()
            .map(|&index| {
                let prepared = self.guide(index);
                let planned = self.task(index);
                let mut snippets = planned.snippets.iter();
                Wanted {
                    guide: &prepared.guide.path,
                    task: &planned.task,
                    reuse: earlier == Use::Earlier
                        && !snippets.any(|&snippet| prepared.always_runs(snippet)),
                    estimate: runs.of(index).time(),
                }
            })
            .collect();
        session.answer(
            &wanted,
            hash_seed,
            self.prepared,
            self.settings,
            self.interrupt,
            self.listener,
        )
    }

    fn judge(&self, runs: &Runs) -> Vec<JudgedGuide> {
        self.prepared
            .par_iter()
            .zip(&runs.tasks)
            .map(|(guide, tasks)| {
                let tasks: Vec<_> = tasks.iter().map(TaskRuns::as_told).collect();
                judge_guide(guide, &tasks, self.settings, self.now)
            })
            .collect()
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
    /// Whether running the task again would tell more: after the first run, when
    /// something differs; after that, only when something is still called wrong,
    /// the task is fast, and nobody is content with earlier runs anyway.
    fn another_tells_more<'j>(&self, mut of_task: impl Iterator<Item = &'j Judged>) -> bool {
        let Some(Outcome::Ran(run)) = &self.first else {
            return false;
        };
        if self.again.is_empty() {
            of_task.any(|judged| judged.differs)
        } else {
            !self.reused
                && run.wall_seconds < LONG
                && of_task.any(|judged| judged.differs && has(judged, Verdict::Wrong))
        }
    }

    fn time(&self) -> Option<Duration> {
        match &self.first {
            Some(Outcome::Ran(run)) => Duration::try_from_secs_f64(run.wall_seconds).ok(),
            Some(
                Outcome::Failed { .. }
                | Outcome::WorkerDied { .. }
                | Outcome::Overdue { .. }
                | Outcome::Interrupted,
            )
            | None => None,
        }
    }

    fn as_told(&self) -> Told<'_> {
        Told {
            first: self.first.as_ref(),
            again: &self.again,
            reused: self.reused,
        }
    }
}

fn has(judged: &Judged, verdict: Verdict) -> bool {
    let mut claims = judged.verdict.claims.iter();
    claims.any(|claim| claim.verdict == verdict)
}

fn ran(outcome: Outcome) -> Option<Run> {
    match outcome {
        Outcome::Ran(run) => Some(run),
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

fn hash_seed(scope: &Scope) -> u32 {
    match scope {
        Scope::Everything => HASH_SEEDS[0],
        Scope::Again { hash_seed, .. } => *hash_seed,
    }
}
