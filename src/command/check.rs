//! `trueprint check`: run and judge, and report what was found.

use std::collections::BTreeSet;
use std::ffi::OsString;
use std::io::Write;
use std::num::NonZeroUsize;
use std::path::PathBuf;
use std::str::FromStr;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};

use super::selection::{self, Selection, UseConfiguration};
use super::{CommandError, Console};
use crate::cache::Cache;
use crate::check::{self, Caching, CheckEvent, CheckSettings, Reuse, Scope, Session, Source};
use crate::configuration::Project;
use crate::document::Format;
use crate::expectation::{self, Expectations};
use crate::interpreter::{self, Interpreter, Request, Search, Surroundings, Version};
use crate::protocol::Limits;
use crate::report::{self, ReportFormat, ReportOptions};
use crate::results::{Results, Status};
use crate::runner::Interrupt;

/// What `check` is asked for.
#[derive(Clone, Debug)]
pub struct CheckArguments {
    /// Which guides, and how they are run.
    pub run: RunArguments,
    /// How the results are written.
    pub format: ReportFormat,
    /// What is shown beyond the findings.
    pub options: ReportOptions,
}

/// What every command that runs guides is asked for.
#[derive(Clone, Debug)]
pub struct RunArguments {
    /// The guides; none for those of the project.
    pub guides: Vec<PathBuf>,
    /// The interpreters; none for those of the project, or else the default.
    pub pythons: Vec<String>,
    /// The guides' format, where their names do not tell.
    pub input_format: Option<Format>,
    /// How many snippets run at a time.
    pub jobs: Option<NonZeroUsize>,
    /// How long a snippet may take.
    pub timeout: Option<Duration>,
    /// Whether snippets may use the network.
    pub network: bool,
    /// Expectations files or folders beside those of the project.
    pub expectations: Vec<PathBuf>,
    /// Whether the project's configuration is looked for.
    pub configuration: UseConfiguration,
    /// What earlier runs are good for.
    pub caching: CachingAsked,
}

/// What earlier runs are good for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CachingAsked {
    /// What has not changed is not run again, except in continuous integration.
    ByDefault,
    /// What has not changed is not run again.
    Always,
    /// Everything is run, and kept for the next time.
    Rerun,
    /// Everything is run, and nothing is kept.
    Never,
}

/// Guides, interpreters and settings, all found and ready to be checked.
pub struct Prepared {
    /// What is worked on.
    pub selection: Selection,
    /// The settings, one for each interpreter.
    pub settings: Vec<CheckSettings>,
    /// Raised when the user wants to stop.
    pub interrupt: Interrupt,
}

/// Runs the command.
pub fn run(arguments: &CheckArguments, console: Console) -> Result<Status, CommandError> {
    let prepared = prepare(&arguments.run, console)?;
    let mut worst = Status::Holds;
    for settings in &prepared.settings {
        let results = check_one(
            &prepared.selection.sources,
            settings,
            &prepared.interrupt,
            console,
        )?;
        worst = worst.max(tell(&results, arguments, console)?);
        if results.interrupted {
            break;
        }
    }
    Ok(worst)
}

/// Writes results as they were asked for, and says what they come to.
pub fn tell(
    results: &Results,
    arguments: &CheckArguments,
    console: Console,
) -> Result<Status, CommandError> {
    let mut out = console.results();
    let report = report::write(results, arguments.format, arguments.options, &mut out);
    super::written(report.and_then(|()| out.flush()))?;
    Ok(results.status(arguments.options.skipped))
}

/// Finds everything that a run needs. Without a word about interpreters, the
/// default one is taken.
pub fn prepare(arguments: &RunArguments, console: Console) -> Result<Prepared, CommandError> {
    prepare_on(arguments, Search::Default, console)
}

/// Finds everything that a run needs. Without a word about interpreters, all
/// that can be used are taken.
pub fn prepare_all(arguments: &RunArguments, console: Console) -> Result<Prepared, CommandError> {
    prepare_on(arguments, Search::Supported, console)
}

fn prepare_on(
    arguments: &RunArguments,
    unasked: Search,
    console: Console,
) -> Result<Prepared, CommandError> {
    let subject = Subject::find(arguments)?;
    Ok(Prepared {
        settings: subject.settings(arguments, unasked, console)?,
        selection: subject.selection,
        interrupt: Interrupt::on_signals().map_err(CommandError::Signals)?,
    })
}

/// What is read before anything is run: guides and what is documented of them.
#[derive(Debug)]
pub struct Subject {
    /// The guides.
    pub selection: Selection,
    /// What is documented.
    pub expectations: Expectations,
}

impl Subject {
    /// Finds and reads it.
    pub fn find(arguments: &RunArguments) -> Result<Self, CommandError> {
        let selection = selection::select(&arguments.guides, arguments.configuration)?;
        let expectations = expectations(&arguments.expectations, selection.project.as_ref())?;
        Ok(Self {
            selection,
            expectations,
        })
    }

    /// How it is checked, on each interpreter.
    pub fn settings(
        &self,
        arguments: &RunArguments,
        unasked: Search,
        console: Console,
    ) -> Result<Vec<CheckSettings>, CommandError> {
        let project = self.selection.project.as_ref();
        let interpreters = interpreters(&arguments.pythons, unasked, project, console)?;
        let settings = interpreters.into_iter().map(|interpreter| CheckSettings {
            interpreter,
            format: arguments.input_format,
            jobs: arguments
                .jobs
                .or_else(|| project.and_then(|project| project.settings.jobs)),
            limits: limits(arguments.timeout, project),
            network: arguments.network || project.is_some_and(|project| project.settings.network),
            readable: readable(project),
            expectations: self.expectations.clone(),
            scope: Scope::Everything,
            caching: caching(arguments.caching),
        });
        Ok(settings.collect())
    }
}

/// Checks guides on one interpreter, shows how far it is while somebody watches,
/// and tells what could not be run as it should.
///
/// # Errors
///
/// When nothing can be run.
pub fn check_one(
    sources: &[Source],
    settings: &CheckSettings,
    interrupt: &Interrupt,
    console: Console,
) -> Result<Results, CommandError> {
    check_one_in(
        &mut Session::default(),
        sources,
        settings,
        interrupt,
        console,
    )
}

/// The same with what earlier checks left warm.
///
/// # Errors
///
/// When nothing can be run.
pub fn check_one_in(
    session: &mut Session,
    sources: &[Source],
    settings: &CheckSettings,
    interrupt: &Interrupt,
    console: Console,
) -> Result<Results, CommandError> {
    let results = check_silently_in(session, sources, settings, interrupt, console)?;
    tell_of_trouble(std::slice::from_ref(&results), console);
    Ok(results)
}

/// The same, with nothing told: several interpreters would say the same.
///
/// # Errors
///
/// When nothing can be run.
pub fn check_silently(
    sources: &[Source],
    settings: &CheckSettings,
    interrupt: &Interrupt,
    console: Console,
) -> Result<Results, CommandError> {
    let mut session = Session::default();
    check_silently_in(&mut session, sources, settings, interrupt, console)
}

fn check_silently_in(
    session: &mut Session,
    sources: &[Source],
    settings: &CheckSettings,
    interrupt: &Interrupt,
    console: Console,
) -> Result<Results, CommandError> {
    let progress = if console.is_watched() {
        ProgressBar::new(0)
    } else {
        ProgressBar::hidden()
    };
    let style = ProgressStyle::with_template("{msg} {wide_bar} {pos}/{len} {elapsed}")
        .expect("the template is well-formed");
    progress.set_style(style);
    let version = settings.interpreter.version;
    let listener = |event: CheckEvent<'_>| match event {
        CheckEvent::Planned { tasks } => {
            progress.inc_length(tasks as u64);
            progress.set_message(format!("Python {version}"));
        }
        CheckEvent::NotKept { folder, error } => console.note(&format!(
            "what was run is not kept for the next time, since {} cannot be written to: {error}",
            folder.display()
        )),
        CheckEvent::Finished => progress.inc(1),
        CheckEvent::Retried { detail } => {
            progress.suspend(|| {
                console.note(&format!(
                    "a worker died, and its snippet is run again: {detail}"
                ));
            });
        }
    };
    let results = check::check_in(session, sources, settings, interrupt, &listener);
    progress.finish_and_clear();
    Ok(results?)
}

/// Tells what the box lacks and which guides could not be checked, each once.
pub fn tell_of_trouble(results: &[Results], console: Console) {
    let gaps: BTreeSet<&str> = results
        .iter()
        .flat_map(|results| results.box_gaps.iter().map(String::as_str))
        .collect();
    for gap in gaps {
        console.note(gap);
    }
    let mut told = BTreeSet::new();
    for problem in results.iter().flat_map(|results| &results.problems) {
        let mut message = problem.path.display().to_string();
        if let Some((line, column)) = problem.position {
            message.push_str(&format!(":{line}:{column}"));
        }
        message.push_str(&format!(": {}", problem.message));
        if let Some(help) = &problem.help {
            message.push_str(&format!("\nhelp: {help}"));
        }
        if told.insert(message.clone()) {
            console.error(&message);
        }
    }
}

/// The files and folders that expectations are read from, and the folder that they
/// name guides from.
pub fn places_of_expectations(
    named: &[PathBuf],
    project: Option<&Project>,
) -> Result<(Vec<PathBuf>, PathBuf), CommandError> {
    let mut places = named.to_vec();
    let mut root = std::env::current_dir().map_err(CommandError::WorkingDirectory)?;
    if let Some(project) = project {
        let folder = project.root.join(&project.settings.expectations);
        if folder.is_dir() {
            places.push(folder);
        }
        root.clone_from(&project.root);
    }
    Ok((places, root))
}

fn expectations(
    named: &[PathBuf],
    project: Option<&Project>,
) -> Result<Expectations, CommandError> {
    let (places, root) = places_of_expectations(named, project)?;
    expectation::load(&places, &root).map_err(CommandError::Expectations)
}

fn interpreters(
    named: &[String],
    unasked: Search,
    project: Option<&Project>,
    console: Console,
) -> Result<Vec<Interpreter>, CommandError> {
    let asked = match project {
        Some(project) if named.is_empty() => project.settings.pythons.as_slice(),
        Some(_) | None => named,
    };
    let search = if asked.is_empty() {
        unasked
    } else {
        let requests = asked.iter().map(|text| Request::from_str(text));
        Search::Named(requests.collect::<Result<_, _>>()?)
    };
    let found = interpreter::discover(&search, &Surroundings::of_this_process()?)?;
    for note in &found.notes {
        console.note(note);
    }
    for unusable in &found.unusable {
        // Everybody knows of versions that are too old for anything.
        let too_old = unusable
            .version
            .is_some_and(|version| version < Version::OLDEST);
        if !too_old {
            console.note(&unusable.to_string());
        }
    }
    Ok(found.usable)
}

fn limits(timeout: Option<Duration>, project: Option<&Project>) -> Limits {
    let mut limits = Limits::default();
    let settings = project.map(|project| &project.settings);
    if let Some(timeout) = timeout.or_else(|| settings.and_then(|settings| settings.timeout)) {
        limits.wall_ms = u64::try_from(timeout.as_millis())
            .unwrap_or(u64::MAX)
            .max(1);
        limits.cpu_seconds = limits.cpu_seconds.max(timeout.as_secs().saturating_mul(2));
    }
    if let Some(settings) = settings {
        limits.memory_bytes = settings.memory.unwrap_or(limits.memory_bytes);
        limits.processes = settings.processes.unwrap_or(limits.processes);
        limits.file_bytes = settings.file_size.unwrap_or(limits.file_bytes);
        limits.disk_bytes = settings.disk.unwrap_or(limits.disk_bytes);
        limits.output_bytes = settings.output.unwrap_or(limits.output_bytes);
    }
    limits
}

fn readable(project: Option<&Project>) -> Vec<PathBuf> {
    let Some(project) = project else {
        return Vec::new();
    };
    let readable = project.settings.readable.iter();
    readable.map(|path| project.root.join(path)).collect()
}

fn caching(asked: CachingAsked) -> Option<Caching> {
    let reuse = match asked {
        // A machine that others rely on tells what it has seen itself.
        CachingAsked::ByDefault if set("CI").is_some_and(|value| value != "false") => return None,
        CachingAsked::ByDefault | CachingAsked::Always => Reuse::Runs,
        CachingAsked::Rerun => Reuse::Times,
        CachingAsked::Never => return None,
    };
    Some(Caching {
        cache: cache()?,
        reuse,
    })
}

/// Where the user's runs are kept.
pub fn cache() -> Option<Cache> {
    Cache::of_user(|name| set(name).map(PathBuf::from))
}

fn set(name: &str) -> Option<OsString> {
    std::env::var_os(name).filter(|value| !value.is_empty())
}
