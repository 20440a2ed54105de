//! `trueprint drift`: one guide, every CPython, one table.

use std::collections::BTreeSet;
use std::io::Write;
use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::thread;

use super::check::{self, Prepared, RunArguments};
use super::{CommandError, Console};
use crate::check::{CheckSettings, Scope};
use crate::drift::matrix::{self, Matrix, Runs};
use crate::drift::{self, Change, Drift, baseline, file};
use crate::report::drift_table::{self, Rows};
use crate::results::{Results, Status};
use crate::snippet::SnippetId;

/// What `drift` is asked for.
#[derive(Clone, Debug)]
pub struct DriftArguments {
    /// Which guides on which interpreters; without any, all that are found.
    pub run: RunArguments,
    /// Reports to join instead of running anything.
    pub from: Vec<PathBuf>,
    /// How the drift is written.
    pub format: DriftFormat,
    /// Which rows the table shows.
    pub rows: Rows,
    /// A baseline that knows what may drift.
    pub baseline: Option<PathBuf>,
    /// Where to write a baseline that knows all of it.
    pub write_baseline: Option<PathBuf>,
    /// What makes the run fail.
    pub fail_on: FailOn,
}

/// How drift is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DriftFormat {
    /// As a table for people.
    Terminal,
    /// The whole matrix, for machines and for `--from`.
    Json,
}

/// What makes a run fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FailOn {
    /// Any drift.
    Any,
    /// Drift that the baseline does not know.
    New,
    /// Nothing.
    Never,
}

/// Hash seeds of the runs that tell noise from drift. Two values of a small set
/// can come in the same order by chance, so one more run would not do.
const AGAIN_SEEDS: [u32; 3] = [20_160_927, 7, 1_318_699];

/// Runs the command.
pub fn run(arguments: &DriftArguments, console: Console) -> Result<Status, CommandError> {
    let (matrix, problems) = if arguments.from.is_empty() {
        // A report for machines may be joined with others: what is the same here
        // may differ there, so all of it must be told from noise.
        let again = match (arguments.format, arguments.rows) {
            (DriftFormat::Json, _) => Again::Everything,
            (DriftFormat::Terminal, Rows::Drifting) => Again::WhatDrifts,
            (DriftFormat::Terminal, Rows::AlsoDocumented) => Again::WhatDiffers,
        };
        let compared = compare(&arguments.run, again, console)?;
        if compared.matrix.guides.is_empty() {
            return Ok(compared.problems);
        }
        (compared.matrix, compared.problems)
    } else {
        (joined(&arguments.from)?, Status::Holds)
    };
    let drift = drift::find(&matrix);
    let known = arguments
        .baseline
        .as_deref()
        .map(baseline::read)
        .transpose()?;
    let fresh = known
        .as_ref()
        .map(|known| baseline::new_changes(&drift, known));
    if let Some(path) = &arguments.write_baseline {
        write_whole(path, &baseline::to_toml(&baseline::from_drift(&drift)))?;
    }
    let text = match arguments.format {
        DriftFormat::Terminal => drift_table::render(&drift, fresh.as_deref(), arguments.rows),
        DriftFormat::Json => file::to_json(&matrix),
    };
    let mut out = console.results();
    super::written(out.write_all(text.as_bytes()).and_then(|()| out.flush()))?;
    Ok(problems.max(status(arguments, &drift, fresh.as_deref())))
}

fn status(arguments: &DriftArguments, drift: &Drift, fresh: Option<&[usize]>) -> Status {
    let failing = match arguments.fail_on {
        FailOn::Any => drift.changes.len(),
        FailOn::New => fresh.map_or(drift.changes.len(), <[usize]>::len),
        FailOn::Never => 0,
    };
    if failing > 0 && arguments.write_baseline.is_none() {
        Status::Findings
    } else {
        Status::Holds
    }
}

fn joined(reports: &[PathBuf]) -> Result<Matrix, CommandError> {
    let mut matrices = Vec::new();
    for path in reports {
        matrices.push((path.clone(), file::read(path)?));
    }
    Ok(file::join(matrices)?)
}

/// Guides that were run on several interpreters.
pub struct Compared {
    /// What was prepared for it.
    pub prepared: Prepared,
    /// What each interpreter showed.
    pub matrix: Matrix,
    /// Whether something could not be run.
    pub problems: Status,
}

/// Which snippets are run again, to tell noise from drift.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Again {
    /// All.
    Everything,
    /// Those that seem to drift.
    WhatDrifts,
    /// Those that seem to drift, documented or not.
    WhatDiffers,
}

/// Runs guides on all the interpreters that were asked for.
///
/// # Errors
///
/// When nothing can be run.
pub fn compare(
    arguments: &RunArguments,
    again: Again,
    console: Console,
) -> Result<Compared, CommandError> {
    let prepared = check::prepare_all(arguments, console)?;
    let mut runs: Vec<Runs> = Vec::new();
    let firsts = side_by_side(&prepared, &prepared.settings, console)?;
    check::tell_of_trouble(&firsts, console);
    for first in firsts {
        runs.push(Runs {
            first,
            again: Vec::new(),
        });
    }
    let problems = if runs.iter().any(|runs| !runs.first.problems.is_empty()) {
        Status::CouldNotRun
    } else {
        Status::Holds
    };
    // What varies on one interpreter is noise, wherever it is run: one of them
    // settles most of it, and the others run what is left.
    let parts = [0..1, 1..prepared.settings.len()];
    let rounds = AGAIN_SEEDS
        .into_iter()
        .flat_map(|seed| parts.clone().map(|part| (seed, part)));
    for (hash_seed, part) in rounds {
        let snippets = match again {
            Again::Everything if part.start == 0 => every_snippet(&runs),
            Again::Everything | Again::WhatDrifts | Again::WhatDiffers => {
                let drift = drift::find(&matrix::lay_out(runs.clone()));
                let mut changes = drift.changes;
                if again == Again::WhatDiffers {
                    changes.extend(drift.documented);
                }
                snippets_of(changes)
            }
        };
        if snippets.is_empty() {
            continue;
        }
        let scope = Scope::Again {
            hash_seed,
            snippets,
        };
        let settings: Vec<CheckSettings> = prepared.settings[part.clone()]
            .iter()
            .map(|settings| CheckSettings {
                scope: scope.clone(),
                ..settings.clone()
            })
            .collect();
        let more = side_by_side(&prepared, &settings, console)?;
        for (runs, more) in runs[part].iter_mut().zip(more) {
            runs.again.push(more);
        }
    }
    Ok(Compared {
        matrix: matrix::lay_out(runs),
        prepared,
        problems,
    })
}

/// The snippets in which something changes, as far as is known by now.
fn snippets_of(changes: Vec<Change>) -> Vec<(PathBuf, SnippetId)> {
    let snippets: BTreeSet<(PathBuf, SnippetId)> = changes
        .into_iter()
        .map(|change| (change.guide, change.row.snippet))
        .collect();
    snippets.into_iter().collect()
}

fn every_snippet(runs: &[Runs]) -> Vec<(PathBuf, SnippetId)> {
    let guides = runs.first().map_or(&[][..], |runs| &runs.first.guides);
    guides
        .iter()
        .flat_map(|guide| {
            let snippets = guide.snippets.iter();
            snippets.map(|snippet| (guide.path.clone(), snippet.id.clone()))
        })
        .collect()
}

/// Checks the guides with each of the settings, as many interpreters at a time
/// as there are cores, sharing the cores among them.
fn side_by_side(
    prepared: &Prepared,
    settings: &[CheckSettings],
    console: Console,
) -> Result<Vec<Results>, CommandError> {
    let cores = thread::available_parallelism().unwrap_or(NonZeroUsize::MIN);
    let jobs = settings
        .first()
        .and_then(|settings| settings.jobs)
        .unwrap_or(cores);
    let lanes = settings.len().min(jobs.get()).max(1);
    let share = NonZeroUsize::new(jobs.get() / lanes).unwrap_or(NonZeroUsize::MIN);
    let queue = Mutex::new(settings.iter().enumerate());
    let results: Mutex<Vec<Option<Result<Results, CommandError>>>> =
        Mutex::new(settings.iter().map(|_| None).collect());
    thread::scope(|scope| {
        for _ in 0..lanes {
            scope.spawn(|| {
                loop {
                    let next = queue.lock().expect("no lane panics").next();
                    let Some((index, settings)) = next else {
                        break;
                    };
                    let settings = CheckSettings {
                        jobs: Some(share),
                        ..settings.clone()
                    };
                    let result = check::check_silently(
                        &prepared.selection.sources,
                        &settings,
                        &prepared.interrupt,
                        console,
                    );
                    results.lock().expect("no lane panics")[index] = Some(result);
                }
            });
        }
    });
    let results = results.into_inner().expect("no lane panics");
    results.into_iter().flatten().collect()
}

fn write_whole(path: &Path, text: &str) -> Result<(), CommandError> {
    let failed = |source| {
        CommandError::Baseline(baseline::BaselineError::Unusable {
            path: path.to_owned(),
            source,
        })
    };
    let folder = match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => folder,
        Some(_) | None => Path::new("."),
    };
    let mut file = tempfile::NamedTempFile::new_in(folder).map_err(failed)?;
    file.write_all(text.as_bytes()).map_err(failed)?;
    file.persist(path).map_err(|error| failed(error.error))?;
    Ok(())
}
