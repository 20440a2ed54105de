//! The main job: guides in, verdicts out. Prints nothing.
//!
//! Every guide is read and planned first, then all their tasks share the
//! workers, so that many small guides run as well in parallel as one large one.
//! What differs is run a second time, with another hash seed, to tell what is
//! wrong from what is never twice the same.

use std::io;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use rayon::prelude::*;

mod preparation;
mod session;
mod judging;
mod runs;

pub use session::Session;

use preparation::{Reading, no_snippet};
use runs::Work;

use crate::cache::Cache;
use crate::document::Format;
use crate::expectation::Expectations;
use crate::interpreter::Interpreter;
use crate::protocol::Limits;
use crate::results::{PythonUsed, Results};
use crate::runner::{Interrupt, RunnerError};
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
    let mut results = Results {
        python: PythonUsed {
            version: settings.interpreter.version,
            executable: settings.interpreter.executable.clone(),
        },
        guides: Vec::new(),
        problems: Vec::new(),
        without_snippets: Vec::new(),
        expectation_errors: Vec::new(),
        box_gaps: Vec::new(),
        elapsed: Duration::ZERO,
        interrupted: false,
    };
    let readings: Vec<Reading<'_>> = sources
        .par_iter()
        .map(|source| Reading::of(source, settings))
        .collect();
    let mut prepared = Vec::new();
    for reading in readings {
        match reading {
            Reading::Ready(guide) => prepared.push(*guide),
            Reading::Problem(problem) => results.problems.push(problem),
            Reading::NoSnippet(path) => results.without_snippets.push(path),
        }
    }
    if prepared.is_empty() && results.problems.is_empty() {
        results.problems = std::mem::take(&mut results.without_snippets)
            .into_iter()
            .map(no_snippet)
            .collect();
    }
    give_back_memory();
    session.begin(&prepared, settings);
    let work = Work {
        prepared: &prepared,
        settings,
        interrupt,
        listener,
        now: SystemTime::now(),
    };
    let judged = work.run(session)?;
    results.box_gaps = session.box_gaps();
    session.end(settings, listener);
    for (prepared, judged) in prepared.into_iter().zip(judged) {
        let version = settings.interpreter.version;
        results
            .expectation_errors
            .extend(judged.expectation_errors(&prepared, version));
        results.guides.push(judged.into_result(prepared.guide));
    }
    results.interrupted = interrupt.is_raised();
    results.elapsed = started.elapsed();
    Ok(results)
}
