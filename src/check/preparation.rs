//! Guides, read and planned.

use std::path::PathBuf;
use std::time::SystemTime;

use rayon::prelude::*;

use super::kept::{Earlier, Keeping};
use super::{CheckSettings, Origin, Source};
use crate::cache::GuideKey;
use crate::claim::{self, Claim};
use crate::document::{self, DocumentError, Format};
use crate::expectation::GuideExpectations;
use crate::plan::{self, Defaults, Plan};
use crate::results::Problem;
use crate::snippet::{self, Guide, SnippetId};
use crate::verdict::Circumstances;

/// What came of reading all files.
#[derive(Default)]
pub(super) struct Readings<'a> {
    /// The guides that are to be run.
    pub(super) prepared: Vec<Prepared<'a>>,
    /// Those that nothing has changed for, each with its place among the files.
    pub(super) unchanged: Vec<(usize, Earlier)>,
    pub(super) problems: Vec<Problem>,
    pub(super) without_snippets: Vec<PathBuf>,
}

/// What came of reading a file.
enum Reading<'a> {
    Ready(Box<Prepared<'a>>),
    /// Nothing has changed for it.
    Unchanged(Box<Earlier>),
    Problem(Problem),
    NoSnippet(PathBuf),
}

/// A guide that is ready to run.
pub(super) struct Prepared<'a> {
    /// Its place among the files.
    pub(super) place: usize,
    /// What its outcome depends on, where that may be kept.
    pub(super) key: Option<GuideKey>,
    pub(super) guide: Guide,
    pub(super) claims: Vec<Vec<Claim>>,
    pub(super) expectations: Option<&'a GuideExpectations>,
    pub(super) plan: Plan,
}

impl<'a> Readings<'a> {
    pub(super) fn of(
        sources: &[Source],
        settings: &'a CheckSettings,
        keeping: Option<Keeping<'_>>,
    ) -> Self {
        let each: Vec<Reading<'_>> = sources
            .par_iter()
            .enumerate()
            .map(|(place, source)| Reading::of(place, source, settings, keeping))
            .collect();
        let mut all = Self::default();
        for (place, reading) in each.into_iter().enumerate() {
            match reading {
                Reading::Ready(guide) => all.prepared.push(*guide),
                Reading::Unchanged(earlier) => all.unchanged.push((place, *earlier)),
                Reading::Problem(problem) => all.problems.push(problem),
                Reading::NoSnippet(path) => all.without_snippets.push(path),
            }
        }
        if all.prepared.is_empty() && all.unchanged.is_empty() && all.problems.is_empty() {
            let without_snippets = std::mem::take(&mut all.without_snippets);
            all.problems = without_snippets.into_iter().map(no_snippet).collect();
        }
        all
    }
}

impl<'a> Reading<'a> {
    fn of(
        place: usize,
        source: &Source,
        settings: &'a CheckSettings,
        keeping: Option<Keeping<'_>>,
    ) -> Self {
        let text = match document::load(&source.path) {
            Ok(text) => text,
            Err(error) => return Self::Problem(unreadable(source, &error)),
        };
        let keeping = keeping.zip(keeping.and_then(|keeping| keeping.key(source, &text)));
        if let Some(earlier) = keeping.and_then(|(keeping, key)| keeping.find(source, &key)) {
            return Self::Unchanged(Box::new(earlier));
        }
        let format = settings
            .format
            .unwrap_or_else(|| Format::of_path(&source.path));
        let document = document::parse(&source.path, &text, format);
        drop(text);
        let guide = snippet::from_document(&document);
        drop(document);
        if guide.snippets.is_empty() {
            return match source.origin {
                Origin::Named => Self::Problem(no_snippet(guide.path)),
                Origin::ComeUpon => Self::NoSnippet(guide.path),
            };
        }
        let claims: Vec<Vec<Claim>> = guide.snippets.par_iter().map(claim::read).collect();
        let expectations = settings.expectations.for_guide(&guide.path);
        let defaults = Defaults {
            limits: settings.limits,
            network: settings.network,
        };
        let plan = plan::plan(&guide, &claims, expectations, defaults);
        Self::Ready(Box::new(Prepared {
            place,
            key: keeping.map(|(_, key)| key),
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
    /// Whether a snippet is run each time, since the expectations say so.
    pub(super) fn always_runs(&self, index: usize) -> bool {
        let id = &self.guide.snippets[index].id;
        self.run_always().any(|always| always == id)
    }

    /// The snippets that are run each time.
    pub(super) fn run_always(&self) -> impl Iterator<Item = &SnippetId> {
        let snippets = self.expectations.iter().flat_map(|all| &all.snippets);
        snippets
            .filter(|snippet| snippet.always_run)
            .map(|snippet| &snippet.id)
    }

    /// What the verdicts of its snippets rest on.
    pub(super) fn circumstances<'b>(
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
}
