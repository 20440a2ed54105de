//! Guides, read and planned.

use std::path::PathBuf;
use std::time::SystemTime;

use rayon::prelude::*;

use super::{CheckSettings, Origin, Source};
use crate::claim::{self, Claim};
use crate::document::{self, DocumentError};
use crate::expectation::GuideExpectations;
use crate::plan::{self, Defaults, Plan};
use crate::results::Problem;
use crate::snippet::{self, Guide};
use crate::verdict::Circumstances;

/// What came of reading a file.
pub(super) enum Reading<'a> {
    Ready(Box<Prepared<'a>>),
    Problem(Problem),
    NoSnippet(PathBuf),
}

/// A guide that is ready to run.
pub(super) struct Prepared<'a> {
    pub(super) guide: Guide,
    pub(super) claims: Vec<Vec<Claim>>,
    pub(super) expectations: Option<&'a GuideExpectations>,
    pub(super) plan: Plan,
}

impl<'a> Reading<'a> {
    pub(super) fn of(source: &Source, settings: &'a CheckSettings) -> Self {
        let document = match document::read(&source.path, settings.format) {
            Ok(document) => document,
            Err(error) => return Self::Problem(unreadable(source, &error)),
        };
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

pub(super) fn no_snippet(path: PathBuf) -> Problem {
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
        self.expectations.is_some_and(|expectations| {
            let mut snippets = expectations.snippets.iter();
            snippets.any(|snippet| snippet.always_run && snippet.id == *id)
        })
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
