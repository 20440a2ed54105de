//! Runs tasks on warm workers, in parallel, and brings back what happened.
//!
//! A worker that dies is replaced, and its task is blamed only when it kills
//! the next one too. Whatever a worker does, each task gets an outcome in time.
//! Nothing here knows what a claim is.

use std::num::NonZeroUsize;
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use crate::interpreter::Interpreter;
use crate::protocol::{Confinement, Limits, Reply, Run, Task};
use crate::sandbox;

mod channel;
mod cores;
mod directory;
mod interrupt;
mod zygote;

pub use cores::Cores;
use cores::Shift;
pub use directory::RunDirectory;
pub use interrupt::Interrupt;
use zygote::{Answer, Zygote};

/// What became of a task.
#[derive(Clone, Debug, PartialEq)]
pub enum Outcome {
    /// It was run.
    Ran(Box<Run>),
    /// The worker could not run it.
    Failed {
        /// Why, as a sentence.
        message: String,
    },
    /// The worker died over it, and so did its replacement.
    WorkerDied {
        /// What is known of it.
        detail: String,
    },
    /// The worker did not answer in time and was killed.
    Overdue {
        /// For how long it was waited for.
        after: Duration,
    },
    /// The run was stopped before it was through.
    Interrupted,
}

/// What goes on during a run, told as it happens and from several threads.
#[derive(Clone, Copy, Debug)]
pub enum RunnerEvent<'a> {
    /// A task was handed to a worker.
    Started {
        /// Its index.
        task: usize,
    },
    /// A worker died over a task, which is tried once more.
    Retried {
        /// Its index.
        task: usize,
        /// What is known of the death.
        detail: &'a str,
    },
    /// A task has its outcome.
    Finished {
        /// Its index.
        task: usize,
        /// What became of it.
        outcome: &'a Outcome,
    },
}

/// A task, and how long it took the last time.
#[derive(Clone, Copy, Debug)]
pub struct Job<'a> {
    /// What to run.
    pub task: &'a Task,
    /// How long it took an earlier run.
    pub estimate: Option<Duration>,
}

impl<'a> From<&'a Task> for Job<'a> {
    fn from(task: &'a Task) -> Self {
        Self {
            task,
            estimate: None,
        }
    }
}

/// How workers are started.
#[derive(Clone, Debug)]
pub struct RunnerSettings {
    /// How many tasks run at a time.
    pub workers: NonZeroUsize,
    /// `PYTHONHASHSEED`.
    pub hash_seed: u32,
    /// Modules to import before the first task.
    pub preload: Vec<String>,
    /// What snippets can read beside the interpreter's own folders.
    pub readable: Vec<PathBuf>,
    /// Which parts of the box are on.
    pub confine: Confine,
    /// Bytes that the files of a task may take together.
    pub disk_bytes: u64,
    /// Processes that a task may have at a time: the largest limit of all tasks.
    pub processes: u64,
    /// The program that is started as a worker: this one.
    pub program: PathBuf,
    /// How long a worker may take to make ready.
    pub start_deadline: Duration,
    /// How long a worker may take to answer beyond a task's own deadline.
    pub grace: Duration,
}

/// Which parts of the box are on. A task's own grant comes on top.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Confine {
    /// Files outside the task's directory.
    pub files: bool,
    /// The network.
    pub network: bool,
}

impl Default for RunnerSettings {
    fn default() -> Self {
        Self {
            workers: std::thread::available_parallelism().unwrap_or(NonZeroUsize::MIN),
            hash_seed: 0,
            preload: Vec::new(),
            readable: Vec::new(),
            confine: Confine {
                files: true,
                network: true,
            },
            disk_bytes: Limits::default().disk_bytes,
            processes: Limits::default().processes,
            // Right even when the file has been replaced by a newer build.
            program: PathBuf::from("/proc/self/exe"),
            start_deadline: Duration::from_secs(60),
            grace: Duration::from_secs(10),
        }
    }
}

/// Why tasks cannot be run at all.
#[derive(Debug, thiserror::Error)]
pub enum RunnerError {
    /// No directory to run in.
    #[error("no directory to run in can be made in {}: {source}; set TMPDIR to a folder that can be written to", .folder.display())]
    Directory {
        /// Where it was to be.
        folder: PathBuf,
        /// What the system said.
        source: std::io::Error,
    },
    /// The first worker did not come up.
    #[error("no worker can be started with {}: {detail}", .executable.display())]
    Worker {
        /// The interpreter.
        executable: PathBuf,
        /// What is known.
        detail: String,
    },
    /// The means to stop a worker that does not come up.
    #[error("no pipe can be made: {0}")]
    Pipe(std::io::Error),
}

/// How many workers there can be for each core, while snippets wait.
const CROWD: usize = 6;

/// Warm workers of one interpreter. Dropping it ends them and removes its
/// directory.
pub struct Runner {
    interpreter: Interpreter,
    settings: RunnerSettings,
    gaps: Vec<String>,
    /// Workers that wait for a task. They go before the directory does.
    idle: Mutex<Vec<Zygote>>,
    started: AtomicUsize,
    directory: RunDirectory,
}

impl Runner {
    /// Starts the first worker; the others are started when they are needed.
    pub fn start(interpreter: &Interpreter, settings: RunnerSettings) -> Result<Self, RunnerError> {
        let directory = RunDirectory::create()?;
        let mut runner = Self {
            interpreter: interpreter.clone(),
            settings,
            gaps: Vec::new(),
            idle: Mutex::new(Vec::new()),
            started: AtomicUsize::new(0),
            directory,
        };
        let confined = runner.settings.confine.network;
        let never = Interrupt::new().map_err(RunnerError::Pipe)?;
        let first = runner
            .new_zygote(confined, &never)
            .map_err(|detail| RunnerError::Worker {
                executable: interpreter.executable.clone(),
                detail,
            })?;
        runner.gaps = first.hello.box_gaps.clone();
        if !runner.gaps.is_empty() {
            sandbox::close_memory();
        }
        runner.idle.lock().expect(LOCK).push(first);
        Ok(runner)
    }

    /// What the box cannot do on this system, one sentence each.
    pub fn gaps(&self) -> &[String] {
        &self.gaps
    }

    /// Runs the jobs, the longest first where that is known, and gives back an
    /// outcome for each, in their order. As many run at a time as the settings say.
    pub fn run(
        &self,
        jobs: &[Job<'_>],
        interrupt: &Interrupt,
        events: &(dyn Fn(RunnerEvent<'_>) + Sync),
    ) -> Vec<Outcome> {
        let cores = Cores::new(self.settings.workers);
        self.run_on(&cores, jobs, interrupt, events, &|_, outcome| outcome)
    }

    /// The same beside other runs that use the same cores. `finish` is given each
    /// outcome as soon as it is there, with the index of its task, from several
    /// threads; what it returns is given back in the end.
    pub fn run_on(
        &self,
        cores: &Cores,
        jobs: &[Job<'_>],
        interrupt: &Interrupt,
        events: &(dyn Fn(RunnerEvent<'_>) + Sync),
        finish: &(dyn Fn(usize, Outcome) -> Outcome + Sync),
    ) -> Vec<Outcome> {
        let order = longest_first(jobs);
        let next = AtomicUsize::new(0);
        let outcomes: Vec<Mutex<Outcome>> = jobs
            .iter()
            .map(|_| Mutex::new(Outcome::Interrupted))
            .collect();
        let workers = cores.count();
        let cores = Shift::of(cores);
        let drive = || {
            let mut goes_on = cores.take();
            while goes_on {
                let task = order.get(next.fetch_add(1, Ordering::Relaxed));
                let Some(&task) = task.filter(|_| !interrupt.is_raised()) else {
                    cores.close();
                    break;
                };
                events(RunnerEvent::Started { task });
                let watch = |process| cores.watch(task, process);
                let outcome = self.run_one(task, jobs[task].task, interrupt, events, &watch);
                events(RunnerEvent::Finished {
                    task,
                    outcome: &outcome,
                });
                *outcomes[task].lock().expect(LOCK) = finish(task, outcome);
                goes_on = cores.take_after(task);
            }
        };
        let most = (workers * CROWD).min(jobs.len());
        std::thread::scope(|scope| {
            let mut drivers = 0;
            let mut start_driver = || {
                let thread = std::thread::Builder::new().name(format!("runner-{drivers}"));
                if drivers < most && thread.spawn_scoped(scope, drive).is_ok() {
                    drivers += 1;
                }
                drivers
            };
            if jobs.len() <= workers {
                // This thread is one of them.
                for _ in 1..jobs.len() {
                    start_driver();
                }
                return drive();
            }
            let started = (0..workers).map(|_| start_driver()).last();
            if started == Some(0) {
                return drive();
            }
            cores.keep_watch(|| {
                start_driver();
            });
        });
        if interrupt.is_raised() {
            self.idle.lock().expect(LOCK).clear();
        }
        outcomes
            .into_iter()
            .map(|outcome| outcome.into_inner().expect(LOCK))
            .collect()
    }

    fn run_one(
        &self,
        index: usize,
        task: &Task,
        interrupt: &Interrupt,
        events: &(dyn Fn(RunnerEvent<'_>) + Sync),
        watch: &dyn Fn(u32),
    ) -> Outcome {
        let confined = self.settings.confine.network && !task.network;
        let deadline = Duration::from_millis(task.limits.wall_ms) + self.settings.grace;
        let mut first_death: Option<String> = None;
        loop {
            let idle = self.take_idle(confined);
            let zygote = match idle {
                Some(zygote) => Ok(zygote),
                None => self.new_zygote(confined, interrupt),
            };
            let detail = match zygote {
                Ok(mut zygote) => {
                    watch(zygote.process_number());
                    match zygote.run(task, deadline, interrupt) {
                        Answer::Reply(reply) => {
                            self.idle.lock().expect(LOCK).push(zygote);
                            return match reply {
                                Reply::Ran(mut run) => {
                                    // It is kept until all have run.
                                    run.events.shrink_to_fit();
                                    Outcome::Ran(run)
                                }
                                Reply::Failed { message } => Outcome::Failed { message },
                            };
                        }
                        Answer::Overdue => return Outcome::Overdue { after: deadline },
                        Answer::Interrupted => return Outcome::Interrupted,
                        Answer::Died { detail } => detail,
                    }
                }
                Err(_) if interrupt.is_raised() => return Outcome::Interrupted,
                Err(detail) => detail,
            };
            if first_death.is_some() {
                return Outcome::WorkerDied { detail };
            }
            events(RunnerEvent::Retried {
                task: index,
                detail: &detail,
            });
            first_death = Some(detail);
        }
    }

    fn take_idle(&self, confined: bool) -> Option<Zygote> {
        let mut idle = self.idle.lock().expect(LOCK);
        let position = idle
            .iter()
            .rposition(|zygote| zygote.has_network_kept_away() == confined)?;
        Some(idle.swap_remove(position))
    }

    fn new_zygote(&self, confined: bool, interrupt: &Interrupt) -> Result<Zygote, String> {
        let number = self.started.fetch_add(1, Ordering::Relaxed);
        let root = self
            .directory
            .subfolder(number)
            .map_err(|error| format!("its directory cannot be made: {error}"))?;
        Zygote::start(&self.interpreter, &self.settings, root, confined, interrupt)
    }
}

/// The box of a worker that has `root` to itself.
pub fn confinement(
    interpreter: &Interpreter,
    settings: &RunnerSettings,
    root: PathBuf,
    network_kept_away: bool,
) -> Confinement {
    Confinement {
        root,
        readable: readable(interpreter, settings),
        files: settings.confine.files,
        network: network_kept_away,
        disk_bytes: settings.disk_bytes,
        processes: settings.processes,
    }
}

/// What the interpreter needs to be read, beside the system's own folders.
fn readable(interpreter: &Interpreter, settings: &RunnerSettings) -> Vec<PathBuf> {
    let folder = |path: &Path| path.parent().map(Path::to_owned);
    let mut paths = vec![interpreter.prefix.clone(), interpreter.base_prefix.clone()];
    paths.extend(folder(&interpreter.executable));
    paths.extend(folder(&interpreter.library));
    paths.extend(interpreter.import_path.iter().cloned());
    paths.extend(settings.readable.iter().cloned());
    paths.sort();
    paths.dedup();
    paths
}

const LOCK: &str = "no thread panics while it holds this lock";

/// The order in which to hand jobs out: those that took long come first, so
/// that no core waits for the last one; one that is new is taken for average.
fn longest_first(jobs: &[Job<'_>]) -> Vec<usize> {
    let known: Vec<Duration> = jobs.iter().filter_map(|job| job.estimate).collect();
    let average = known
        .iter()
        .sum::<Duration>()
        .checked_div(u32::try_from(known.len()).unwrap_or(u32::MAX))
        .unwrap_or_default();
    let mut order: Vec<usize> = (0..jobs.len()).collect();
    order.sort_by_key(|&index| std::cmp::Reverse(jobs[index].estimate.unwrap_or(average)));
    order
}
