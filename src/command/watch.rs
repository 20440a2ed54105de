//! `trueprint check --watch`: check, and check again what changes when a file is
//! saved.
//!
//! What a round depends on is read before it begins and compared after every
//! event, so that nothing that changes meanwhile is missed, and nothing is run for
//! an event that changed nothing. Whatever is wrong with what was saved is shown,
//! and watching goes on.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::os::fd::{AsFd, OwnedFd};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use nix::fcntl::OFlag;
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use notify::event::{AccessKind, AccessMode, EventKind, MetadataKind, ModifyKind};
use notify::{RecommendedWatcher, RecursiveMode, Watcher};

use super::check::{self, CachingAsked, CheckArguments, RunArguments, Subject};
use super::selection::UseConfiguration;
use super::{CommandError, Console};
use crate::check::{CheckSettings, Session};
use crate::configuration;
use crate::interpreter::Search;
use crate::results::Status;
use crate::runner::Interrupt;

/// How long nothing must happen until a save is taken to be through: editors take
/// several steps to it.
const QUIET: Duration = Duration::from_millis(15);

/// How long is waited for that at most.
const PATIENCE: Duration = Duration::from_millis(200);

/// Runs the command, until the user ends it; the status is that of the last round.
pub fn run(arguments: &CheckArguments, console: Console) -> Result<Status, CommandError> {
    let mut arguments = arguments.clone();
    if arguments.run.caching == CachingAsked::ByDefault {
        // Whoever watches wants to see what is new.
        arguments.run.caching = CachingAsked::Always;
    }
    let interrupt = Interrupt::on_signals().map_err(CommandError::Signals)?;
    let mut watcher = FileWatcher::start()?;
    let mut sessions = Sessions::default();
    let mut files = Files::named(&arguments.run);
    loop {
        watcher.watch(&files)?;
        let before = files.read();
        let subject = Subject::find(&arguments.run);
        let found = files.with(&arguments.run, subject.as_ref().ok());
        if found != files {
            // What was not watched yet may just have changed.
            files = found;
            continue;
        }
        let round =
            subject.and_then(|subject| sessions.check(&subject, &arguments, &interrupt, console));
        let status = round.unwrap_or_else(|error| {
            console.error(&error.to_string());
            Status::CouldNotRun
        });
        if interrupt.is_raised() {
            return Ok(status);
        }
        console.note("watching; Ctrl-C ends it");
        loop {
            if watcher.wait(&interrupt) == Waited::Interrupted {
                return Ok(status);
            }
            // A folder that was there anew is not the one that was watched.
            watcher.watch(&files)?;
            if files.read() != before {
                break;
            }
        }
    }
}

/// What earlier rounds left warm, by interpreter.
#[derive(Default)]
struct Sessions(Vec<(CheckSettings, Session)>);

impl Sessions {
    fn check(
        &mut self,
        subject: &Subject,
        arguments: &CheckArguments,
        interrupt: &Interrupt,
        console: Console,
    ) -> Result<Status, CommandError> {
        let all = subject.settings(&arguments.run, Search::Default, console)?;
        self.0
            .retain(|(earlier, _)| all.iter().any(|settings| serves(earlier, settings)));
        let mut worst = Status::Holds;
        for settings in all {
            let position = self
                .0
                .iter()
                .position(|(earlier, _)| serves(earlier, &settings));
            let (_, mut session) = match position {
                Some(position) => self.0.swap_remove(position),
                None => (settings.clone(), Session::default()),
            };
            let sources = &subject.selection.sources;
            let results =
                check::check_one_in(&mut session, sources, &settings, interrupt, console)?;
            self.0.push((settings, session));
            worst = worst.max(check::tell(&results, arguments, console)?);
            if results.interrupted {
                break;
            }
        }
        Ok(worst)
    }
}

/// Whether workers that were started for some settings serve others: what is
/// documented, and how long a snippet may take, is nothing to them.
fn serves(earlier: &CheckSettings, settings: &CheckSettings) -> bool {
    earlier.interpreter == settings.interpreter
        && earlier.jobs == settings.jobs
        && earlier.network == settings.network
        && earlier.readable == settings.readable
}

/// What a round depends on, beside Python and what is installed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Files {
    /// Files, whether they are there or not.
    files: BTreeSet<PathBuf>,
    /// Folders in which a file more or less matters.
    folders: BTreeSet<PathBuf>,
}

/// What was in them: a sum of each file's content, `None` for what cannot be read,
/// and what each folder holds.
type Content = (
    BTreeMap<PathBuf, Option<blake3::Hash>>,
    BTreeMap<PathBuf, BTreeSet<PathBuf>>,
);

impl Files {
    /// Those that are known before anything is read.
    fn named(arguments: &RunArguments) -> Self {
        let mut files = Self::default();
        for path in arguments.guides.iter().chain(&arguments.expectations) {
            files.add(path);
        }
        if arguments.configuration == UseConfiguration::Found {
            for name in [configuration::OWN_FILE, configuration::PYTHON_FILE] {
                files.files.insert(PathBuf::from(name));
            }
        }
        files
    }

    /// With those that were found by reading. Where that failed, what was known
    /// before is still what matters.
    fn with(&self, arguments: &RunArguments, subject: Option<&Subject>) -> Self {
        let Some(subject) = subject else {
            return self.clone();
        };
        let mut files = Self::named(arguments);
        for source in &subject.selection.sources {
            files.files.insert(source.path.clone());
        }
        if let Some(project) = &subject.selection.project {
            files.files.insert(project.file.clone());
            files.add(&project.root.join(&project.settings.expectations));
            if arguments.guides.is_empty() {
                // A new guide turns up where there are others.
                let parents = subject.selection.sources.iter();
                let parents = parents.filter_map(|source| source.path.parent());
                files.folders.extend(parents.map(Path::to_owned));
            }
        }
        files
    }

    /// Adds a file, or a folder with those in it.
    fn add(&mut self, path: &Path) {
        if !path.is_dir() {
            self.files.insert(path.to_owned());
            return;
        }
        let mut walk = ignore::WalkBuilder::new(path);
        walk.require_git(false);
        // What cannot be walked is reported by those who read it.
        for entry in walk.build().flatten() {
            if entry.file_type().is_some_and(|kind| kind.is_dir()) {
                self.folders.insert(entry.into_path());
            } else if is_read(entry.path()) {
                self.files.insert(entry.into_path());
            }
        }
    }

    fn read(&self) -> Content {
        let files = self.files.iter().map(|path| {
            let sum = fs::read(path).ok().map(|bytes| blake3::hash(&bytes));
            (path.clone(), sum)
        });
        let folders = self.folders.iter().map(|folder| {
            let entries = fs::read_dir(folder).into_iter().flatten().flatten();
            let held = entries.map(|entry| entry.path());
            let held = held.filter(|path| path.is_dir() || is_read(path));
            (folder.clone(), held.collect())
        });
        (files.collect(), folders.collect())
    }

    /// The folders to watch for all that.
    fn places(&self) -> BTreeSet<PathBuf> {
        let parents = self.files.iter().filter_map(|path| path.parent());
        let folders = parents.chain(self.folders.iter().map(PathBuf::as_path));
        folders.filter_map(nearest_that_exists).collect()
    }
}

/// Whether a file in a folder is a guide or has expectations, and not what an
/// editor leaves beside it.
fn is_read(path: &Path) -> bool {
    super::selection::is_guide(path) || path.extension().is_some_and(|ending| ending == "toml")
}

fn nearest_that_exists(folder: &Path) -> Option<PathBuf> {
    let folder = if folder.as_os_str().is_empty() {
        Path::new(".")
    } else {
        folder
    };
    let mut above = folder.ancestors();
    above.find(|folder| folder.is_dir()).map(Path::to_owned)
}

/// Hears of changes in folders.
struct FileWatcher {
    watcher: RecommendedWatcher,
    watched: BTreeSet<PathBuf>,
    /// Something to read whenever something has changed.
    news: OwnedFd,
}

/// Why waiting is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Waited {
    Changed,
    Interrupted,
}

impl FileWatcher {
    fn start() -> Result<Self, CommandError> {
        let (news, teller) = nix::unistd::pipe2(OFlag::O_CLOEXEC | OFlag::O_NONBLOCK)
            .map_err(|error| CommandError::Signals(error.into()))?;
        let watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
            // What the watcher could not hear of may be a change.
            if event.map_or(true, |event| is_change(&event.kind)) {
                // A full pipe is as good as one with a byte in it.
                let _ = nix::unistd::write(&teller, b"!");
            }
        });
        Ok(Self {
            watcher: watcher.map_err(|source| CommandError::Watch {
                what: "files".to_owned(),
                source,
            })?,
            watched: BTreeSet::new(),
            news,
        })
    }

    /// Watches these, and nothing else.
    fn watch(&mut self, files: &Files) -> Result<(), CommandError> {
        let places = files.places();
        for gone in self.watched.difference(&places) {
            // It may be gone for good.
            let _ = self.watcher.unwatch(gone);
        }
        for place in &places {
            let watching = self.watcher.watch(place, RecursiveMode::NonRecursive);
            watching.map_err(|source| CommandError::Watch {
                what: place.display().to_string(),
                source,
            })?;
        }
        self.watched = places;
        Ok(())
    }

    /// Waits until something has changed and nothing more does.
    fn wait(&self, interrupt: &Interrupt) -> Waited {
        let mut timeout = PollTimeout::NONE;
        let mut end = None;
        loop {
            let mut fds = [
                PollFd::new(self.news.as_fd(), PollFlags::POLLIN),
                PollFd::new(interrupt.descriptor(), PollFlags::POLLIN),
            ];
            let ready = poll(&mut fds, timeout);
            if fds[1].any().unwrap_or(false) && ready.is_ok() {
                return Waited::Interrupted;
            }
            match ready {
                Ok(0) => return Waited::Changed,
                Ok(_) => self.hear(),
                Err(_) => continue,
            }
            let end = *end.get_or_insert_with(|| Instant::now() + PATIENCE);
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return Waited::Changed;
            }
            timeout = PollTimeout::try_from(left.min(QUIET)).unwrap_or(PollTimeout::ZERO);
        }
    }

    fn hear(&self) {
        let mut bytes = [0; 512];
        while nix::unistd::read(&self.news, &mut bytes).is_ok_and(|count| count == bytes.len()) {}
    }
}

fn is_change(kind: &EventKind) -> bool {
    match kind {
        EventKind::Access(AccessKind::Close(AccessMode::Write)) => true,
        EventKind::Access(_)
        | EventKind::Modify(ModifyKind::Metadata(MetadataKind::AccessTime)) => false,
        EventKind::Any
        | EventKind::Create(_)
        | EventKind::Modify(_)
        | EventKind::Remove(_)
        | EventKind::Other => true,
    }
}
