//! What outlives a check: warm workers, and what earlier runs showed.
//!
//! A task is answered from the cache where it can be and by a worker where it
//! cannot. Nothing here judges, and no worker is started before one is needed.

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError, mpsc};
use std::time::{Duration, SystemTime};
use std::{io, iter, thread};

use rayon::prelude::*;

use super::preparation::Prepared;
use super::workers::{runner_settings, start_runner};
use super::{CheckError, CheckEvent, CheckSettings, Reuse};
use crate::cache::{Conditions, Pack, System, TaskKey, World};
use crate::protocol::Task;
use crate::runner::{self, Cores, Interrupt, Job, Outcome, Runner, RunnerEvent};
use crate::sandbox;

/// The hash seeds of the first run, and of those that tell wrong from unstable.
pub(super) const HASH_SEEDS: [u32; 2] = [0, 20_160_927];

/// Warm workers and what earlier runs showed, for checks that follow one another.
///
/// It serves settings that differ in nothing but what is documented and which
/// snippets are asked for.
#[derive(Default)]
pub struct Session {
    /// By the hash seed that their workers were started with.
    runners: BTreeMap<u32, Runner>,
    /// By guide.
    packs: BTreeMap<PathBuf, Pack>,
    /// What all results of the check depend on; `None` where nothing is kept.
    world: Option<World>,
}

/// A task that is to be answered.
#[derive(Clone, Copy)]
pub(super) struct Wanted<'a> {
    /// The guide.
    pub(super) guide: &'a Path,
    /// The task.
    pub(super) task: &'a Task,
    /// Whether an earlier answer will do.
    pub(super) reuse: bool,
    /// How long it takes, where that is known from this very check.
    pub(super) estimate: Option<Duration>,
}

/// Tasks that are being answered.
struct Batch {
    /// Those that have to be run: their places among the wanted ones.
    missing: Vec<usize>,
    keys: Vec<Option<TaskKey>>,
    answers: Vec<Option<Answered>>,
}

/// What became of a task.
pub(super) struct Answered {
    pub(super) outcome: Outcome,
    /// Whether it is an earlier run that is told of.
    pub(super) reused: bool,
    /// Whether it is kept for later checks.
    pub(super) kept: bool,
}

/// What became of tasks that were run, some of them twice.
pub(super) struct AnsweredTwice {
    /// What became of each the first time.
    pub(super) first: Vec<Answered>,
    /// What became of some the second time, each with its place among the tasks.
    pub(super) second: Vec<(usize, Answered)>,
}

impl Session {
    /// Begins a check: whatever may have changed since the last one is looked at
    /// again. Returns what all results of the check depend on; `None` where nothing
    /// is kept.
    pub(super) fn begin(&mut self, settings: &CheckSettings) -> Option<World> {
        settings.caching.as_ref()?;
        let runner_settings = runner_settings(settings, 0, Vec::new());
        self.world = World::of(Conditions {
            interpreter: &settings.interpreter,
            confinement: &runner::confinement(
                &settings.interpreter,
                &runner_settings,
                PathBuf::new(),
                runner_settings.confine.network,
            ),
            environment: &sandbox::environment(&settings.interpreter.executable, 0),
            system: &System::read(),
            tool: &runner_settings.program,
        });
        self.world
    }

    /// Reads what is kept of guides that are about to be run.
    pub(super) fn read_packs(&mut self, prepared: &[Prepared<'_>], settings: &CheckSettings) {
        let Some(caching) = &settings.caching else {
            return;
        };
        for prepared in prepared {
            let path = &prepared.guide.path;
            if let Entry::Vacant(vacant) = self.packs.entry(path.clone()) {
                vacant.insert(caching.cache.pack(path, &settings.interpreter.executable));
            }
        }
    }

    /// Answers tasks, in their order. An event says how many have to be run; it is not
    /// told when none has.
    pub(super) fn answer(
        &mut self,
        wanted: &[Wanted<'_>],
        hash_seed: u32,
        prepared: &[Prepared<'_>],
        settings: &CheckSettings,
        interrupt: &Interrupt,
        listener: &(dyn Fn(CheckEvent<'_>) + Sync),
    ) -> Result<Vec<Answered>, CheckError> {
        let batch = self.batch(wanted, hash_seed, prepared, settings)?;
        let outcomes = match self.runners.get(&hash_seed) {
            Some(runner) => {
                let jobs = self.jobs(wanted, &batch.missing);
                listener(CheckEvent::Planned { tasks: jobs.len() });
                runner.run(&jobs, interrupt, &|event| tell(event, listener))
            }
            None => Vec::new(),
        };
        Ok(self.complete(wanted, batch, outcomes))
    }

    /// The same with the first hash seed, and with the second one for each task that
    /// had to be run and of which `is_worth_another` says so, while others are still
    /// running. It is told the place of a task among those wanted and what became of it,
    /// for every task that was run, and may take from that what nobody needs any more.
    pub(super) fn answer_twice(
        &mut self,
        wanted: &[Wanted<'_>],
        prepared: &[Prepared<'_>],
        settings: &CheckSettings,
        interrupt: &Interrupt,
        listener: &(dyn Fn(CheckEvent<'_>) + Sync),
        is_worth_another: &(dyn Fn(usize, &mut Outcome) -> bool + Sync),
    ) -> Result<AnsweredTwice, CheckError> {
        let [first_seed, second_seed] = HASH_SEEDS;
        let batch = self.batch(wanted, first_seed, prepared, settings)?;
        let this = &*self;
        let runner = this.runners.get(&first_seed);
        let Some(runner) = runner.filter(|_| !batch.missing.is_empty()) else {
            return Ok(AnsweredTwice {
                first: self.complete(wanted, batch, Vec::new()),
                second: Vec::new(),
            });
        };
        let jobs = this.jobs(wanted, &batch.missing);
        listener(CheckEvent::Planned { tasks: jobs.len() });
        let cores = &Cores::new(settings.workers());
        let (send, differing) = mpsc::channel();
        let known = this.runners.get(&second_seed);
        let second = move || {
            let mut again = Vec::new();
            let started = OnceCell::new();
            while let Ok(index) = differing.recv() {
                let runner = match known.or(started.get()) {
                    Some(runner) => runner,
                    None => {
                        match cores.hold_one(|| start_runner(second_seed, prepared, settings)) {
                            Ok(runner) => started.get_or_init(|| runner),
                            Err(error) => return (started.into_inner(), Err(error)),
                        }
                    }
                };
                let indices: Vec<usize> = iter::once(index).chain(differing.try_iter()).collect();
                let jobs = this.jobs(wanted, &indices);
                listener(CheckEvent::Planned { tasks: jobs.len() });
                let tell = |event: RunnerEvent<'_>| tell(event, listener);
                let outcomes = runner.run_on(cores, &jobs, interrupt, &tell, &|_, outcome| outcome);
                again.extend(indices.into_iter().zip(outcomes));
            }
            (started.into_inner(), Ok(again))
        };
        let (outcomes, (started, again)) = thread::scope(|scope| {
            let second = thread::Builder::new().spawn_scoped(scope, second);
            let send = Mutex::new(send);
            let tell = |event: RunnerEvent<'_>| tell(event, listener);
            let outcomes = runner.run_on(cores, &jobs, interrupt, &tell, &|task, mut outcome| {
                let place = batch.missing[task];
                if is_worth_another(place, &mut outcome) {
                    let send = send.lock().unwrap_or_else(PoisonError::into_inner);
                    // Where nobody is there to receive it, it is run again later.
                    let _ = send.send(place);
                }
                outcome
            });
            drop(send);
            let again = match second.map(thread::ScopedJoinHandle::join) {
                Ok(Ok(again)) => again,
                Ok(Err(panic)) => std::panic::resume_unwind(panic),
                Err(_) => (None, Ok(Vec::new())),
            };
            (outcomes, again)
        });
        if let Some(runner) = started {
            self.runners.insert(second_seed, runner);
        }
        let first = self.complete(wanted, batch, outcomes);
        let again = again?;
        let second: Vec<Wanted<'_>> = again.iter().map(|(index, _)| wanted[*index]).collect();
        let keys = self.keys(&second, second_seed, settings);
        let again = again.into_iter().zip(keys).map(|((index, outcome), key)| {
            let answered = self.settle(&wanted[index], key, outcome);
            (index, answered)
        });
        Ok(AnsweredTwice {
            first,
            second: again.collect(),
        })
    }

    /// Looks up what is wanted, and sees to it that there is somebody to run the rest.
    fn batch(
        &mut self,
        wanted: &[Wanted<'_>],
        hash_seed: u32,
        prepared: &[Prepared<'_>],
        settings: &CheckSettings,
    ) -> Result<Batch, CheckError> {
        let keys = self.keys(wanted, hash_seed, settings);
        let mut answers: Vec<Option<Answered>> = wanted
            .iter()
            .zip(&keys)
            .map(|(wanted, key)| self.find(wanted, key.as_ref(), settings))
            .collect();
        if answers.iter().any(Option::is_none)
            && let Entry::Vacant(vacant) = self.runners.entry(hash_seed)
        {
            vacant.insert(start_runner(hash_seed, prepared, settings)?);
        }
        if let Some(runner) = self.runners.get(&hash_seed) {
            // Runs that another box allowed say nothing of this one.
            let gaps = runner.gaps();
            for (answer, wanted) in answers.iter_mut().zip(wanted) {
                if let Some(pack) = self.packs.get(wanted.guide)
                    && pack.box_gaps() != gaps
                {
                    *answer = None;
                }
            }
            for pack in self.packs.values_mut() {
                pack.set_box_gaps(gaps);
            }
        }
        Ok(Batch {
            missing: (0..wanted.len())
                .filter(|&index| answers[index].is_none())
                .collect(),
            keys,
            answers,
        })
    }

    /// The jobs of some of the tasks.
    fn jobs<'a>(&self, wanted: &[Wanted<'a>], indices: &[usize]) -> Vec<Job<'a>> {
        indices
            .iter()
            .map(|&index| self.job(&wanted[index]))
            .collect()
    }

    /// Keeps what became of the tasks that were missing, and tells of all of them.
    fn complete(
        &mut self,
        wanted: &[Wanted<'_>],
        mut batch: Batch,
        outcomes: Vec<Outcome>,
    ) -> Vec<Answered> {
        for (index, outcome) in batch.missing.into_iter().zip(outcomes) {
            let answered = self.settle(&wanted[index], batch.keys[index], outcome);
            batch.answers[index] = Some(answered);
        }
        batch.answers.into_iter().flatten().collect()
    }

    /// Keeps what became of a task, where it would become of it again.
    fn settle(&mut self, wanted: &Wanted<'_>, key: Option<TaskKey>, outcome: Outcome) -> Answered {
        let mut kept = false;
        if let (Some(pack), Some(key)) = (self.packs.get_mut(wanted.guide), key) {
            match &outcome {
                Outcome::Ran(run) => kept = pack.keep(key, wanted.task, run),
                Outcome::Failed { .. }
                | Outcome::WorkerDied { .. }
                | Outcome::Overdue { .. }
                | Outcome::Interrupted => pack.forget(&key),
            }
        }
        Answered {
            outcome,
            reused: false,
            kept,
        }
    }

    /// Forgets what a task showed with these seeds: it shows something else each
    /// time.
    pub(super) fn forget(&mut self, guide: &Path, task: &Task, hash_seeds: &[u32]) {
        if let (Some(pack), Some(world)) = (self.packs.get_mut(guide), &self.world) {
            for &hash_seed in hash_seeds {
                pack.forget(&TaskKey::of(world, task, hash_seed));
            }
        }
    }

    /// What the box lacks, as workers of this session found; `None` where none was
    /// needed.
    pub(super) fn gaps_found(&self) -> Option<&[String]> {
        self.runners.values().next().map(Runner::gaps)
    }

    /// What the box lacked when what is told of a guide was run.
    pub(super) fn box_gaps(&self, guide: &Path) -> &[String] {
        match self.packs.get(guide) {
            Some(pack) => pack.box_gaps(),
            None => self.gaps_found().unwrap_or_default(),
        }
    }

    /// Ends a check: keeps only the workers that the next check will want.
    pub(super) fn end(&mut self) {
        self.runners
            .retain(|hash_seed, _| HASH_SEEDS.contains(hash_seed));
    }

    /// Keeps the runs that were new for the next time. Says whether there were any.
    pub(super) fn save_packs(&mut self, now: SystemTime) -> io::Result<bool> {
        let mut written = false;
        for pack in self.packs.values_mut() {
            written |= pack.save(now)?;
        }
        Ok(written)
    }

    fn keys(
        &self,
        wanted: &[Wanted<'_>],
        hash_seed: u32,
        settings: &CheckSettings,
    ) -> Vec<Option<TaskKey>> {
        let world = self.world.filter(|_| settings.caching.is_some());
        wanted
            .par_iter()
            .map(|wanted| Some(TaskKey::of(&world?, wanted.task, hash_seed)))
            .collect()
    }

    fn find(
        &mut self,
        wanted: &Wanted<'_>,
        key: Option<&TaskKey>,
        settings: &CheckSettings,
    ) -> Option<Answered> {
        match settings.caching.as_ref()?.reuse {
            Reuse::Runs if wanted.reuse => {
                let run = self.packs.get_mut(wanted.guide)?.find(key?)?;
                Some(Answered {
                    outcome: Outcome::Ran(Box::new(run)),
                    reused: true,
                    kept: true,
                })
            }
            Reuse::Runs | Reuse::Times => None,
        }
    }

    fn job<'a>(&self, wanted: &Wanted<'a>) -> Job<'a> {
        let known = || {
            let weight = self.packs.get(wanted.guide)?.weight(wanted.task)?;
            Some(weight.wall)
        };
        Job {
            task: wanted.task,
            estimate: wanted.estimate.or_else(known),
        }
    }
}

fn tell(event: RunnerEvent<'_>, listener: &(dyn Fn(CheckEvent<'_>) + Sync)) {
    match event {
        RunnerEvent::Started { .. } => {}
        RunnerEvent::Retried { detail, .. } => listener(CheckEvent::Retried { detail }),
        RunnerEvent::Finished { .. } => listener(CheckEvent::Finished),
    }
}
