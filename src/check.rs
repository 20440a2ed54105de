//! The main job: guides in, verdicts out. Prints nothing.
//!
//! Every guide is read and planned first, then all their tasks share the
//! workers, so that many small guides run as well in parallel as one large one.
//! What differs is run a second time, with another hash seed, to tell what is
//! wrong from what is never twice the same, while others still run for the first
//! time. What an earlier check made of a guide
//! is told again where nothing has changed that it depends on.

use std::io;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

mod kept;
mod preparation;
mod session;
mod judging;
mod runs;
mod workers;

pub use session::Session;

use judging::JudgedGuide;
use kept::{GuideOutcome, Keeping, Writing};
use preparation::Readings;
use runs::Work;

use crate::cache::Cache;
use crate::document::Format;
use crate::expectation::Expectations;
use crate::interpreter::Interpreter;
use crate::protocol::Limits;
use crate::results::{PythonUsed, Results};
use crate::runner::{Interrupt, RunnerError, RunnerSettings};
use crate::snippet::SnippetId;

/// A file that is taken for a guide.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Source {
    /// The file.
    pub path: PathBuf,
    /// How it came to be one.
    pub origin: Origin,
}

/// How a file came to be taken for a guide.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Origin {
    /// It was named: that no snippet is found in it is a problem.
    Named,
    /// It lies in a folder that was named, among files that may have none.
    ComeUpon,
}

impl Source {
    /// A file that was named.
    pub fn named(path: PathBuf) -> Self {
        Self {
            path,
            origin: Origin::Named,
        }
    }

    /// A file that lies in a folder that was named.
    pub fn come_upon(path: PathBuf) -> Self {
        Self {
            path,
            origin: Origin::ComeUpon,
        }
    }
}

/// How guides are checked.
#[derive(Clone, Debug)]
pub struct CheckSettings {
    /// The interpreter that runs the snippets.
    pub interpreter: Interpreter,
    /// The guides' format, where their names do not tell.
    pub format: Option<Format>,
    /// How many snippets run at a time; `None` for one a core.
    pub jobs: Option<NonZeroUsize>,
    /// What a snippet may use, where no expectation says otherwise.
    pub limits: Limits,
    /// Whether snippets may use the network.
    pub network: bool,
    /// What snippets may read beside what Python needs.
    pub readable: Vec<PathBuf>,
    /// What is documented about the guides.
    pub expectations: Expectations,
    /// Which snippets are run, and how often.
    pub scope: Scope,
    /// What earlier runs are good for; `None` where nothing is kept or looked up.
    pub caching: Option<Caching>,
}

impl CheckSettings {
    /// How many snippets run at a time.
    fn workers(&self) -> NonZeroUsize {
        self.jobs.unwrap_or(RunnerSettings::default().workers)
    }
}

/// Where runs are kept, and what is made of them.
#[derive(Clone, Debug)]
pub struct Caching {
    /// Where.
    pub cache: Cache,
    /// What for.
    pub reuse: Reuse,
}

/// What earlier runs are good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Reuse {
    /// What has not changed is not run again.
    Runs,
    /// Everything is run, what took longest first.
    Times,
}

/// Which snippets are run, and how often.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Scope {
    /// All of them, and those that differ from what is claimed once more.
    Everything,
    /// These, and those that share a child with them, once.
    Again {
        /// The hash seed to run them with.
        hash_seed: u32,
        /// The snippets, by guide and name.
        snippets: Vec<(PathBuf, SnippetId)>,
    },
}

/// What goes on, told as it happens and from several threads.
#[derive(Clone, Copy, Debug)]
pub enum CheckEvent<'a> {
    /// So many tasks are about to be run, those before not counted.
    Planned {
        /// How many.
        tasks: usize,
    },
    /// A task is through.
    Finished,
    /// What was run could not be kept for the next time.
    NotKept {
        /// Where it was to be kept.
        folder: &'a Path,
        /// What the system said.
        error: &'a io::Error,
    },
    /// A worker died over a task, which is tried once more.
    Retried {
        /// What is known of it.
        detail: &'a str,
    },
}

/// Why nothing could be checked at all.
#[derive(Debug, thiserror::Error)]
pub enum CheckError {
    /// There are no workers.
    #[error(transparent)]
    Runner(#[from] RunnerError),
}

/// Reads, runs and judges the guides.
pub fn check(
    sources: &[Source],
    settings: &CheckSettings,
    interrupt: &Interrupt,
    listener: &(dyn Fn(CheckEvent<'_>) + Sync),
) -> Result<Results, CheckError> {
    check_in(
        &mut Session::default(),
        sources,
        settings,
        interrupt,
        listener,
    )
}

/// What the box lacks, or lacked when what is told of was run.
fn box_gaps(session: &Session, readings: &Readings<'_>) -> Vec<String> {
    if let Some(found) = session.gaps_found() {
        return found.to_vec();
    }
    let prepared = readings.prepared.iter();
    let of_runs = prepared.map(|prepared| session.box_gaps(&prepared.guide.path));
    let unchanged = readings.unchanged.iter();
    let of_outcomes = unchanged.map(|(_, earlier)| earlier.box_gaps.as_slice());
    let mut known = of_runs.chain(of_outcomes);
    let some = known.find(|gaps| !gaps.is_empty());
    some.unwrap_or_default().to_vec()
}

/// Gives the system back what reading has freed: runs and verdicts are of other
/// sizes, and would not fit in its place.
fn give_back_memory() {
    // SAFETY: a plain C call, which no memory in use is touched by.
    #[cfg(target_env = "gnu")]
    unsafe {
        libc::malloc_trim(0);
    }
}

/// The same with what earlier checks left warm.
pub fn check_in(
    session: &mut Session,
    sources: &[Source],
    settings: &CheckSettings,
    interrupt: &Interrupt,
    listener: &(dyn Fn(CheckEvent<'_>) + Sync),
) -> Result<Results, CheckError> {
    let started = Instant::now();
    let expectations = settings
        .expectations
        .clone()
        .where_modules_are(|module| settings.interpreter.has_module(module));
    let settings = &CheckSettings {
        expectations,
        ..settings.clone()
    };
    let check = Check {
        sources,
        settings,
        interrupt,
        listener,
        now: SystemTime::now(),
    };
    let world = session.begin(settings);
    let mut keeping = Keeping::of(settings, world.as_ref());
    let (mut readings, mut judged) = check.attempt(session, keeping)?;
    let mut earlier = readings.unchanged.iter();
    if let Some(gaps) = session.gaps_found()
        && earlier.any(|(_, earlier)| earlier.box_gaps != gaps)
    {
        // What happened in another box says nothing of this one.
        keeping = keeping.map(Keeping::of_this_check_only);
        (readings, judged) = check.attempt(session, keeping)?;
    }
    let mut results = Results {
        python: PythonUsed {
            version: settings.interpreter.version,
            executable: settings.interpreter.executable.clone(),
        },
        guides: Vec::new(),
        expectation_errors: Vec::new(),
        box_gaps: box_gaps(session, &readings),
        problems: std::mem::take(&mut readings.problems),
        without_snippets: std::mem::take(&mut readings.without_snippets),
        elapsed: Duration::ZERO,
        interrupted: interrupt.is_raised(),
    };
    for outcome in check.conclude(session, keeping, readings, judged) {
        results.guides.push(outcome.result);
        results.expectation_errors.extend(outcome.errors);
    }
    results.elapsed = started.elapsed();
    Ok(results)
}

/// What is asked of a check.
struct Check<'a> {
    sources: &'a [Source],
    settings: &'a CheckSettings,
    interrupt: &'a Interrupt,
    listener: &'a (dyn Fn(CheckEvent<'_>) + Sync),
    now: SystemTime,
}

impl<'a> Check<'a> {
    /// Reads the guides, and runs and judges those that something has changed for.
    fn attempt(
        &self,
        session: &mut Session,
        keeping: Option<Keeping<'_>>,
    ) -> Result<(Readings<'a>, Vec<JudgedGuide>), CheckError> {
        let readings = Readings::of(self.sources, self.settings, keeping);
        give_back_memory();
        session.read_packs(&readings.prepared, self.settings);
        let work = Work {
            prepared: &readings.prepared,
            settings: self.settings,
            interrupt: self.interrupt,
            listener: self.listener,
            now: self.now,
        };
        let judged = work.run(session)?;
        Ok((readings, judged))
    }

    /// What became of each guide, in the order of the files; it is kept for the next
    /// time where it would be the same.
    fn conclude(
        &self,
        session: &mut Session,
        keeping: Option<Keeping<'_>>,
        readings: Readings<'_>,
        judged: Vec<JudgedGuide>,
    ) -> Vec<GuideOutcome> {
        let mut writing = Writing::default();
        writing.note(session.save_packs(self.now));
        session.end();
        let mut outcomes = Vec::new();
        for (place, earlier) in readings.unchanged {
            if let Some(keeping) = keeping {
                writing.note(keeping.mark_used(&self.sources[place], self.now));
            }
            outcomes.push((place, earlier.outcome));
        }
        for (prepared, judged) in readings.prepared.into_iter().zip(judged) {
            let place = prepared.place;
            let would_be_the_same = judged.kept
                && !self.interrupt.is_raised()
                && prepared.run_always().next().is_none();
            let key = prepared.key.filter(|_| would_be_the_same);
            let gaps = session.box_gaps(&prepared.guide.path);
            let outcome = GuideOutcome {
                errors: judged.expectation_errors(&prepared, self.settings.interpreter.version),
                result: judged.into_result(prepared.guide),
            };
            if let Some(keeping) = keeping {
                writing.note(keeping.keep(&self.sources[place], key.as_ref(), &outcome, gaps));
            }
            outcomes.push((place, outcome));
        }
        if let Some(caching) = &self.settings.caching
            && let Err(error) = writing.end(&caching.cache, self.now)
        {
            (self.listener)(CheckEvent::NotKept {
                folder: caching.cache.folder(),
                error: &error,
            });
        }
        outcomes.sort_by_key(|(place, _)| *place);
        outcomes.into_iter().map(|(_, outcome)| outcome).collect()
    }
}
