//! Guides that nothing has changed for: what an earlier check made of them is
//! told again, and they are neither taken apart nor judged.

use std::io;
use std::os::unix::ffi::OsStrExt;
use std::time::SystemTime;

use serde::{Deserialize, Serialize};

use super::{CheckSettings, Reuse, Scope, Source};
use crate::cache::{Cache, GuideKey, KeptOutcome, OutcomeFile, World};
use crate::expectation::ExpectationError;
use crate::results::GuideResult;

/// What a check made of a guide.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(super) struct GuideOutcome {
    /// The guide as the reports see it.
    pub(super) result: GuideResult,
    /// The entries of its expectations that name nothing, or tolerate nothing.
    pub(super) errors: Vec<ExpectationError>,
}

/// What an earlier check made of a guide.
pub(super) struct Earlier {
    pub(super) outcome: GuideOutcome,
    /// What the box lacked then.
    pub(super) box_gaps: Vec<String>,
}

/// Where what becomes of guides is kept, and what it depends on.
#[derive(Clone, Copy)]
pub(super) struct Keeping<'a> {
    settings: &'a CheckSettings,
    cache: &'a Cache,
    reuse: Reuse,
    world: &'a World,
}

impl<'a> Keeping<'a> {
    /// `None` where nothing is kept: since nobody wants it, since nothing can be
    /// said to be unchanged, or since the check is about some snippets only.
    pub(super) fn of(settings: &'a CheckSettings, world: Option<&'a World>) -> Option<Self> {
        match settings.scope {
            Scope::Everything => {}
            Scope::Again { .. } => return None,
        }
        let caching = settings.caching.as_ref()?;
        Some(Self {
            settings,
            cache: &caching.cache,
            reuse: caching.reuse,
            world: world?,
        })
    }

    /// The same, with nothing told again.
    pub(super) fn of_this_check_only(self) -> Self {
        Self {
            reuse: Reuse::Times,
            ..self
        }
    }

    /// The key of a guide with this text.
    pub(super) fn key(self, source: &Source, text: &str) -> Option<GuideKey> {
        let CheckSettings {
            // Part of the world.
            interpreter: _,
            readable: _,
            // Without influence on what is found.
            jobs: _,
            scope: _,
            caching: _,
            format,
            limits,
            network,
            expectations,
        } = self.settings;
        let limits = postcard::to_allocvec(limits).ok()?;
        let expectations = expectations.for_guide(&source.path);
        Some(GuideKey::of(
            self.world,
            &[
                ("path", source.path.as_os_str().as_bytes()),
                ("text", text.as_bytes()),
                (
                    "format",
                    format.map_or("", |format| format.name()).as_bytes(),
                ),
                ("limits", &limits),
                ("network", &[u8::from(*network)]),
                // What people read when they look for errors tells all of it.
                ("expectations", format!("{expectations:?}").as_bytes()),
            ],
        ))
    }

    /// What an earlier check made of a guide, where that may be told again.
    pub(super) fn find(self, source: &Source, key: &GuideKey) -> Option<Earlier> {
        match self.reuse {
            Reuse::Runs => {}
            Reuse::Times => return None,
        }
        let KeptOutcome { box_gaps, bytes } = self.file(source).find(key)?;
        let mut outcome: GuideOutcome = postcard::from_bytes(&bytes).ok()?;
        for snippet in &mut outcome.result.snippets {
            snippet.reused = snippet.elapsed.is_some();
        }
        Some(Earlier { outcome, box_gaps })
    }

    /// Says that what was told again of a guide was of use; nothing new is kept.
    pub(super) fn mark_used(self, source: &Source, now: SystemTime) -> io::Result<bool> {
        let interpreter = &self.settings.interpreter.executable;
        self.cache.mark_used(&source.path, interpreter, now)?;
        Ok(false)
    }

    /// Keeps what became of a guide under its key, and nothing where it has none: it
    /// would be told as if it were the same each time. Says whether anything was
    /// kept.
    pub(super) fn keep(
        self,
        source: &Source,
        key: Option<&GuideKey>,
        outcome: &GuideOutcome,
        box_gaps: &[String],
    ) -> io::Result<bool> {
        let file = self.file(source);
        // What cannot be written down, such as a name that is no text, is not kept.
        let Some((key, bytes)) = key.zip(postcard::to_allocvec(outcome).ok()) else {
            file.forget()?;
            return Ok(false);
        };
        let box_gaps = box_gaps.to_vec();
        file.keep(key, &KeptOutcome { box_gaps, bytes })?;
        Ok(true)
    }

    fn file(self, source: &Source) -> OutcomeFile {
        let interpreter = &self.settings.interpreter.executable;
        self.cache.outcome(&source.path, interpreter)
    }
}

/// Whether what is new could be written down.
#[derive(Default)]
pub(super) struct Writing {
    anything: bool,
    error: Option<io::Error>,
}

impl Writing {
    /// Takes note of what was or could not be written.
    pub(super) fn note(&mut self, written: io::Result<bool>) {
        match written {
            Ok(anything) => self.anything |= anything,
            Err(error) => self.error = self.error.take().or(Some(error)),
        }
    }

    /// Makes room for the next time. The first thing that went wrong is told.
    pub(super) fn end(self, cache: &Cache, now: SystemTime) -> io::Result<()> {
        if let Some(error) = self.error {
            return Err(error);
        }
        if self.anything {
            cache.prune(now)?;
        }
        Ok(())
    }
}
