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

use crate::cache::Cache;
use crate::claim::{self, Claim};
use crate::document::{self, DocumentError, Format};
use crate::expectation::{
    self, ExpectationError, Expectations, GuideExpectations, SnippetExpectations, Tolerance,
};
use crate::interpreter::Interpreter;
use crate::plan::{self, Defaults, Plan, PlannedTask};
use crate::position::LineNumber;
use crate::protocol::{Limits, Run};
use crate::results::{GuideResult, Problem, PythonUsed, Results, SnippetResult};
use crate::runner::{Interrupt, Outcome, RunnerError};
use crate::snippet::{self, Guide, Snippet, SnippetId};
use crate::verdict::{
    self, Circumstances, Failure, Judged, SnippetStatus, SnippetVerdict, Verdict,
};

mod session;

pub use session::Session;
use session::{Answered, Wanted};

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

/// The hash seed of the first run, and of the one that tells wrong from unstable.
const HASH_SEEDS: [u32; 2] = [0, 20_160_927];

/// How often a snippet is run again before an entry about it is called idle. A
/// coin that is tossed so often falls on the same side once in 256 times.
const CHANCES: u32 = 8;

impl Scope {
    fn includes(&self, prepared: &Prepared<'_>, planned: &PlannedTask) -> bool {
        match self {
            Self::Everything => true,
            Self::Again { snippets, .. } => planned.snippets.iter().any(|&index| {
                let id = &prepared.guide.snippets[index].id;
                snippets
                    .iter()
                    .any(|(path, wanted)| *path == prepared.guide.path && wanted == id)
            }),
        }
    }

    fn hash_seed(&self) -> u32 {
        match self {
            Self::Everything => HASH_SEEDS[0],
            Self::Again { hash_seed, .. } => *hash_seed,
        }
    }
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

/// The same with what earlier checks left warm.
pub fn check_in(
    session: &mut Session,
    sources: &[Source],
    settings: &CheckSettings,
    interrupt: &Interrupt,
    listener: &(dyn Fn(CheckEvent<'_>) + Sync),
) -> Result<Results, CheckError> {
    let started = Instant::now();
    let now = SystemTime::now();
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
    session.begin(&prepared, settings);
    let mut runs = Runs::of(&prepared);
    runs.run_all(session, &prepared, settings, interrupt, listener)?;
    let mut judged = judge_all(&prepared, &runs, settings, now);
    let again = settings.scope == Scope::Everything;
    if again && runs.run_again(session, &prepared, &judged, settings, interrupt, listener)? {
        judged = judge_all(&prepared, &runs, settings, now);
        runs.forget_unstable(session, &prepared, &judged);
    }
    if again {
        runs.give_idle_entries_more_chances(
            session,
            &prepared,
            &mut judged,
            settings,
            interrupt,
            listener,
            now,
        )?;
    }
    results.box_gaps = session.box_gaps();
    session.end(settings, listener);
    for (guide, judged) in prepared.into_iter().zip(judged) {
        results
            .expectation_errors
            .extend(guide.expectation_errors(&judged, settings));
        results.guides.push(guide.into_result(judged));
    }
    results.interrupted = interrupt.is_raised();
    results.elapsed = started.elapsed();
    Ok(results)
}

/// What came of reading a file.
enum Reading<'a> {
    Ready(Box<Prepared<'a>>),
    Problem(Problem),
    NoSnippet(PathBuf),
}

/// A guide that is ready to run.
struct Prepared<'a> {
    guide: Guide,
    claims: Vec<Vec<Claim>>,
    expectations: Option<&'a GuideExpectations>,
    plan: Plan,
}

impl<'a> Reading<'a> {
    fn of(source: &Source, settings: &'a CheckSettings) -> Self {
        let document = match document::read(&source.path, settings.format) {
            Ok(document) => document,
            Err(error) => return Self::Problem(unreadable(source, &error)),
        };
        let guide = snippet::from_document(&document);
        if guide.snippets.is_empty() {
            return match source.origin {
                Origin::Named => Self::Problem(no_snippet(guide.path)),
                Origin::ComeUpon => Self::NoSnippet(guide.path),
            };
        }
        let claims: Vec<Vec<Claim>> = guide.snippets.iter().map(claim::read).collect();
        let expectations = settings.expectations.for_guide(&guide.path);
        let defaults = Defaults {
            limits: settings.limits,
            network: settings.network,
        };
        let plan = plan::plan(&guide, &claims, expectations, defaults);
        Self::Ready(Box::new(Prepared {
            guide,
            claims,
            expectations,
            plan,
        }))
    }
}

fn unreadable(source: &Source, error: &DocumentError) -> Problem {
    let position = match error {
        DocumentError::Binary { line, column, .. }
        | DocumentError::NotUtf8 { line, column, .. } => Some((*line, *column)),
        DocumentError::Missing { .. }
        | DocumentError::Folder { .. }
        | DocumentError::NotAFile { .. }
        | DocumentError::Unreadable { .. }
        | DocumentError::TooLarge { .. } => None,
    };
    // The error names the file for those who have nothing else; a problem has it
    // as a path.
    let mut place = source.path.display().to_string();
    if let Some((line, column)) = position {
        place.push_str(&format!(":{line}:{column}"));
    }
    let text = error.to_string();
    let message = text.strip_prefix(&format!("{place}: ")).unwrap_or(&text);
    let (message, help) = match message.split_once("; ") {
        Some((message, help)) => (message, Some(help.to_owned())),
        None => (message, None),
    };
    Problem {
        path: source.path.clone(),
        position,
        message: message.to_owned(),
        help,
    }
}

fn no_snippet(path: PathBuf) -> Problem {
    Problem {
        path,
        position: None,
        message: "no Python snippet was found in it".to_owned(),
        help: Some(
            "check that this is the guide you mean, and that its Python stands in fences, \
             in console transcripts, or in paragraphs of its own; --input-format says how it \
             is written where its name does not"
                .to_owned(),
        ),
    }
}

impl Prepared<'_> {
    fn wanted(&self, index: usize, estimate: Option<Duration>) -> Wanted<'_> {
        let planned = &self.plan.tasks[index];
        Wanted {
            guide: &self.guide.path,
            task: &planned.task,
            reuse: !planned
                .snippets
                .iter()
                .any(|&index| self.always_runs(index)),
            estimate,
        }
    }

    fn always_runs(&self, index: usize) -> bool {
        let id = &self.guide.snippets[index].id;
        self.expectations.is_some_and(|expectations| {
            let mut snippets = expectations.snippets.iter();
            snippets.any(|snippet| snippet.always_run && snippet.id == *id)
        })
    }

    fn circumstances<'b>(
        &'b self,
        settings: &'b CheckSettings,
        now: SystemTime,
    ) -> Circumstances<'b> {
        Circumstances {
            guide: &self.guide,
            claims: &self.claims,
            expectations: self.expectations,
            version: settings.interpreter.version,
            standard_modules: &settings.interpreter.standard_modules,
            now,
        }
    }

    /// The entries that name something that is not there, and those that
    /// tolerate nothing. What was skipped may well need its entries.
    fn expectation_errors(
        &self,
        judged: &JudgedGuide,
        settings: &CheckSettings,
    ) -> Vec<ExpectationError> {
        let Some(expectations) = self.expectations else {
            return Vec::new();
        };
        let mut errors = expectation::resolve(expectations, &self.guide);
        for snippet in &judged.snippets {
            errors.extend(snippet.errors.iter().cloned());
        }
        let python = python(settings);
        let idle = self.idle(judged);
        errors.extend(
            idle.into_iter()
                .map(|(snippet, entry)| expectation::idle_error(snippet, entry, python)),
        );
        errors
    }

    /// The entries that no run has needed yet, although it judged their claims.
    fn idle(&self, judged: &JudgedGuide) -> Vec<(&SnippetExpectations, &Tolerance)> {
        let Some(expectations) = self.expectations else {
            return Vec::new();
        };
        let in_all = |lines: fn(&Judged) -> &[LineNumber]| -> Vec<LineNumber> {
            let snippets = judged.snippets.iter();
            snippets
                .flat_map(|one| lines(one).iter().copied())
                .collect()
        };
        let unneeded = in_all(|one| &one.unneeded);
        let forgave = in_all(|one| &one.forgave);
        expectation::idle(expectations, &unneeded, &forgave)
    }

    fn into_result(self, judged: JudgedGuide) -> GuideResult {
        let snippets = self.guide.snippets.into_iter().zip(judged.snippets);
        GuideResult {
            path: self.guide.path,
            format: self.guide.format,
            findings: self.guide.findings,
            snippets: snippets
                .zip(judged.elapsed)
                .zip(judged.reused)
                .map(|(((snippet, judged), elapsed), reused)| SnippetResult {
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

/// What became of the tasks of all guides.
struct Runs {
    /// For each guide and task; `None` where it was not to be run.
    first: Vec<Vec<Option<Outcome>>>,
    /// The second run, where there was one.
    again: Vec<Vec<Option<Run>>>,
    /// Whether all that is told of a task is from earlier runs.
    reused: Vec<Vec<bool>>,
}

impl Runs {
    fn of(prepared: &[Prepared<'_>]) -> Self {
        let tasks = prepared.iter().map(|guide| guide.plan.tasks.len());
        Self {
            first: tasks
                .clone()
                .map(|count| (0..count).map(|_| None).collect())
                .collect(),
            again: tasks.clone().map(|count| vec![None; count]).collect(),
            reused: tasks.map(|count| vec![false; count]).collect(),
        }
    }

    fn run_all(
        &mut self,
        session: &mut Session,
        prepared: &[Prepared<'_>],
        settings: &CheckSettings,
        interrupt: &Interrupt,
        listener: &(dyn Fn(CheckEvent<'_>) + Sync),
    ) -> Result<(), CheckError> {
        let indices: Vec<(usize, usize)> = prepared
            .iter()
            .enumerate()
            .flat_map(|(guide, prepared)| {
                let tasks = prepared.plan.tasks.iter().enumerate();
                tasks
                    .filter(|(_, planned)| settings.scope.includes(prepared, planned))
                    .map(move |(index, _)| (guide, index))
            })
            .collect();
        let wanted: Vec<Wanted<'_>> = indices
            .iter()
            .map(|&(guide, index)| prepared[guide].wanted(index, None))
            .collect();
        let seed = settings.scope.hash_seed();
        let answers = session.answer(&wanted, seed, prepared, settings, interrupt, listener)?;
        for ((guide, index), answer) in indices.into_iter().zip(answers) {
            self.reused[guide][index] = answer.reused;
            self.first[guide][index] = Some(answer.outcome);
        }
        Ok(())
    }

    /// Runs what differs once more; says whether anything did.
    fn run_again(
        &mut self,
        session: &mut Session,
        prepared: &[Prepared<'_>],
        judged: &[JudgedGuide],
        settings: &CheckSettings,
        interrupt: &Interrupt,
        listener: &(dyn Fn(CheckEvent<'_>) + Sync),
    ) -> Result<bool, CheckError> {
        let mut wanted = Vec::new();
        for (guide, (prepared, judged)) in prepared.iter().zip(judged).enumerate() {
            for (index, planned) in prepared.plan.tasks.iter().enumerate() {
                let differs = |snippet: &usize| judged.snippets[*snippet].differs;
                let ran = matches!(self.first[guide][index], Some(Outcome::Ran(_)));
                if ran && planned.snippets.iter().any(differs) {
                    wanted.push((guide, index));
                }
            }
        }
        if wanted.is_empty() || interrupt.is_raised() {
            return Ok(false);
        }
        let answers = self.run_tasks(
            session,
            &wanted,
            prepared,
            settings,
            HASH_SEEDS[1],
            interrupt,
            listener,
        )?;
        for ((guide, index), answer) in wanted.into_iter().zip(answers) {
            self.reused[guide][index] &= answer.reused;
            self.again[guide][index] = ran(answer.outcome);
        }
        Ok(true)
    }

    /// An output that is drawn by lot can be the one that the guide shows: an
    /// entry is called idle only when more runs do not need it either.
    fn give_idle_entries_more_chances(
        &mut self,
        session: &mut Session,
        prepared: &[Prepared<'_>],
        judged: &mut [JudgedGuide],
        settings: &CheckSettings,
        interrupt: &Interrupt,
        listener: &(dyn Fn(CheckEvent<'_>) + Sync),
        now: SystemTime,
    ) -> Result<(), CheckError> {
        for round in 1..=CHANCES {
            let mut wanted = Vec::new();
            for (guide, (prepared, judged)) in prepared.iter().zip(judged.iter()).enumerate() {
                let idle = prepared.idle(judged);
                for (index, planned) in prepared.plan.tasks.iter().enumerate() {
                    let is_idle = |snippet: &usize| {
                        let id = &prepared.guide.snippets[*snippet].id;
                        idle.iter().any(|(entry, _)| entry.id == *id)
                    };
                    if planned.snippets.iter().any(is_idle) {
                        wanted.push((guide, index));
                    }
                }
            }
            if wanted.is_empty() || interrupt.is_raised() {
                return Ok(());
            }
            let seed = HASH_SEEDS[1] + round;
            let answers = self.run_tasks(
                session, &wanted, prepared, settings, seed, interrupt, listener,
            )?;
            for ((guide, index), answer) in wanted.into_iter().zip(answers) {
                self.reused[guide][index] &= answer.reused;
                let Some(run) = ran(answer.outcome) else {
                    continue;
                };
                let planned = &prepared[guide].plan.tasks[index];
                let circumstances = prepared[guide].circumstances(settings, now);
                for one in verdict::judge_task(planned, &run, None, circumstances) {
                    judged[guide].snippets[one.snippet]
                        .forgave
                        .extend(one.forgave);
                }
            }
        }
        Ok(())
    }

    fn run_tasks(
        &self,
        session: &mut Session,
        indices: &[(usize, usize)],
        prepared: &[Prepared<'_>],
        settings: &CheckSettings,
        hash_seed: u32,
        interrupt: &Interrupt,
        listener: &(dyn Fn(CheckEvent<'_>) + Sync),
    ) -> Result<Vec<Answered>, CheckError> {
        let wanted: Vec<Wanted<'_>> = indices
            .iter()
            .map(|&(guide, index)| {
                let took = match &self.first[guide][index] {
                    Some(Outcome::Ran(run)) => Duration::try_from_secs_f64(run.wall_seconds).ok(),
                    Some(
                        Outcome::Failed { .. }
                        | Outcome::WorkerDied { .. }
                        | Outcome::Overdue { .. }
                        | Outcome::Interrupted,
                    )
                    | None => None,
                };
                prepared[guide].wanted(index, took)
            })
            .collect();
        session.answer(&wanted, hash_seed, prepared, settings, interrupt, listener)
    }

    /// Has nothing kept of what turned out to be unstable: it would be told as if
    /// it were the same each time.
    fn forget_unstable(
        &self,
        session: &mut Session,
        prepared: &[Prepared<'_>],
        judged: &[JudgedGuide],
    ) {
        for (prepared, judged) in prepared.iter().zip(judged) {
            for planned in &prepared.plan.tasks {
                let unstable = planned.snippets.iter().any(|&snippet| {
                    let mut claims = judged.snippets[snippet].verdict.claims.iter();
                    claims.any(|claim| claim.verdict == Verdict::Unstable)
                });
                if unstable {
                    session.forget(&prepared.guide.path, &planned.task, &HASH_SEEDS);
                }
            }
        }
    }
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

/// The interpreter's version as expectations take it.
fn python(settings: &CheckSettings) -> [u16; 3] {
    let version = settings.interpreter.version;
    [version.major, version.minor, version.micro]
}

/// What is thought of the snippets of a guide, in page order.
struct JudgedGuide {
    snippets: Vec<Judged>,
    elapsed: Vec<Option<Duration>>,
    reused: Vec<bool>,
}

fn judge_all(
    prepared: &[Prepared<'_>],
    runs: &Runs,
    settings: &CheckSettings,
    now: SystemTime,
) -> Vec<JudgedGuide> {
    prepared
        .par_iter()
        .zip(&runs.first)
        .zip(&runs.again)
        .zip(&runs.reused)
        .map(|(((guide, first), again), reused)| {
            judge_guide(guide, first, again, reused, settings, now)
        })
        .collect()
}

fn judge_guide(
    guide: &Prepared<'_>,
    first: &[Option<Outcome>],
    again: &[Option<Run>],
    reused: &[bool],
    settings: &CheckSettings,
    now: SystemTime,
) -> JudgedGuide {
    let circumstances = guide.circumstances(settings, now);
    let mut judged: Vec<Option<Judged>> = guide.guide.snippets.iter().map(|_| None).collect();
    let mut elapsed = vec![None; judged.len()];
    let mut reused_snippets = vec![false; judged.len()];
    for left_out in &guide.plan.left_out {
        let index = left_out.snippet;
        judged[index] = Some(verdict::not_run(index, &left_out.reason, circumstances));
    }
    for (index, planned) in guide.plan.tasks.iter().enumerate() {
        for &snippet in &planned.snippets {
            reused_snippets[snippet] = reused[index];
        }
        let verdicts = match &first[index] {
            Some(Outcome::Ran(run)) => {
                for &snippet in &planned.snippets {
                    elapsed[snippet] = Duration::try_from_secs_f64(run.wall_seconds).ok();
                }
                verdict::judge_task(planned, run, again[index].as_ref(), circumstances)
            }
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
        };
        for one in verdicts {
            let index = one.snippet;
            judged[index] = Some(one);
        }
    }
    let snippets = judged.into_iter().enumerate().map(|(index, judged)| {
        judged.unwrap_or_else(|| verdict::not_run(index, "it was not planned", circumstances))
    });
    JudgedGuide {
        snippets: snippets.collect(),
        elapsed,
        reused: reused_snippets,
    }
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
                claim.rule = "unreached";
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
