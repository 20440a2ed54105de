//! `trueprint update`: rewrite wrong claims in the guides to what Python did.
//!
//! A rewritten guide is checked before it takes the old one's place, and a claim
//! that would still not hold is left as it was.

use std::fs;
use std::io::{self, Write};
use std::path::PathBuf;

use similar::{ChangeTag, TextDiff};

use super::check::{Prepared, RunArguments, check_one, prepare};
use super::{CommandError, Console};
use crate::atomic_file;
use crate::check::{CheckSettings, Source};
use crate::report::{BAD, FAINT, GOOD, STRONG, counted, visible};
use crate::results::{GuideResult, Status};
use crate::revision::{Left, Revision, revise};
use crate::verdict::Verdict;

/// Whether guides are changed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// They are.
    Write,
    /// They are not: what would be changed is shown.
    Show,
}

/// How often a revision is checked before its claims are given up on.
const MOST_ROUNDS: usize = 4;

/// Runs the command. There are findings when some were left.
pub fn run(
    arguments: &RunArguments,
    effect: Effect,
    console: Console,
) -> Result<Status, CommandError> {
    let prepared = prepare(arguments, console)?;
    let Some(settings) = prepared.settings.first() else {
        return Ok(Status::CouldNotRun);
    };
    if prepared.settings.len() > 1 {
        console.note(&format!(
            "guides are rewritten to what one Python does, which is {}",
            settings.interpreter.version
        ));
    }
    let results = check_one(
        &prepared.selection.sources,
        settings,
        &prepared.interrupt,
        console,
    )?;
    let mut status = if results.problems.is_empty() && !results.interrupted {
        Status::Holds
    } else {
        Status::CouldNotRun
    };
    if results.interrupted {
        return Ok(status);
    }
    for guide in &results.guides {
        let text = fs::read_to_string(&guide.path).map_err(|source| unwritable(guide, source))?;
        let revision = checked_revision(&text, guide, &prepared, settings, console)?;
        if effect == Effect::Write && !revision.rewritten.is_empty() {
            atomic_file::write(&guide.path, &revision.text)
                .map_err(|source| unwritable(guide, source))?;
        }
        let mut out = console.results();
        let shown = show(&text, guide, &revision, effect, &mut out);
        super::written(shown.and_then(|()| out.flush()))?;
        let failed = guide
            .snippets
            .iter()
            .any(|snippet| !snippet.verdict.failures.is_empty());
        if !revision.left.is_empty() || failed {
            status = status.max(Status::Findings);
        }
    }
    Ok(status)
}

/// A revision in which every rewritten claim is known to hold.
fn checked_revision(
    text: &str,
    guide: &GuideResult,
    prepared: &Prepared,
    settings: &CheckSettings,
    console: Console,
) -> Result<Revision, CommandError> {
    let mut spared: Vec<Left> = Vec::new();
    for _ in 0..MOST_ROUNDS {
        let revision = revise(text, guide, &spared);
        if revision.rewritten.is_empty() {
            return Ok(revision);
        }
        let folder = tempfile::tempdir().map_err(|source| unwritable(guide, source))?;
        let name = guide.path.file_name().unwrap_or_default();
        let copy = folder.path().join(name);
        fs::write(&copy, &revision.text).map_err(|source| unwritable(guide, source))?;
        let settings = CheckSettings {
            format: Some(guide.format),
            ..settings.clone()
        };
        let again = check_one(
            &[Source::named(copy)],
            &settings,
            &prepared.interrupt,
            console,
        )?;
        let claims = again
            .guides
            .iter()
            .flat_map(|guide| &guide.snippets)
            .flat_map(|snippet| &snippet.verdict.claims);
        let held: Vec<_> = claims
            .filter(|claim| matches!(claim.verdict, Verdict::Holds | Verdict::Tolerated))
            .map(|claim| claim.place)
            .collect();
        let before = spared.len();
        for rewritten in &revision.rewritten {
            if !held.contains(&rewritten.new) {
                spared.push(Left {
                    place: rewritten.old,
                    reason: "it would not be read as a claim that holds; rewrite it by hand"
                        .to_owned(),
                });
            }
        }
        if spared.len() == before {
            return Ok(revision);
        }
    }
    for rewritten in revise(text, guide, &spared).rewritten {
        spared.push(Left {
            place: rewritten.old,
            reason: "its new text changes how others are read; rewrite it by hand".to_owned(),
        });
    }
    Ok(revise(text, guide, &spared))
}

fn unwritable(guide: &GuideResult, source: io::Error) -> CommandError {
    CommandError::Rewrite {
        guide: PathBuf::from(&guide.path),
        source,
    }
}

fn show(
    text: &str,
    guide: &GuideResult,
    revision: &Revision,
    effect: Effect,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut snippets = guide.snippets.iter();
    let failed = snippets.any(|snippet| !snippet.verdict.failures.is_empty());
    if revision.rewritten.is_empty() && revision.left.is_empty() && !failed {
        return Ok(());
    }
    let path = visible::text(&guide.path.to_string_lossy());
    let done = match effect {
        Effect::Write => "rewritten",
        Effect::Show => "would be rewritten",
    };
    writeln!(
        out,
        "{STRONG}{path}{STRONG:#}: {} {done}, {} left",
        counted(revision.rewritten.len(), "claim"),
        counted(revision.left.len(), "finding")
    )?;
    if !revision.rewritten.is_empty() {
        writeln!(out)?;
        let difference = TextDiff::from_lines(text, revision.text.as_str());
        for change in difference.iter_all_changes() {
            let line = visible::shortened_source(change.value().trim_end_matches(['\n', '\r']));
            match (change.tag(), change.old_index(), change.new_index()) {
                (ChangeTag::Delete, Some(index), _) => {
                    writeln!(
                        out,
                        "{FAINT}{:>6} │{FAINT:#} {BAD}- {line}{BAD:#}",
                        index + 1
                    )?;
                }
                (ChangeTag::Insert, _, Some(index)) => {
                    writeln!(
                        out,
                        "{FAINT}{:>6} │{FAINT:#} {GOOD}+ {line}{GOOD:#}",
                        index + 1
                    )?;
                }
                (ChangeTag::Equal | ChangeTag::Delete | ChangeTag::Insert, _, _) => {}
            }
        }
    }
    writeln!(out)?;
    for failure in guide
        .snippets
        .iter()
        .flat_map(|snippet| &snippet.verdict.failures)
    {
        writeln!(
            out,
            "  {path}:{}: failed: {}",
            failure.place,
            visible::one_line(&failure.message, 120)
        )?;
    }
    for left in &revision.left {
        writeln!(
            out,
            "  {path}:{}: left: {}",
            left.place,
            visible::text(&left.reason)
        )?;
    }
    if !revision.left.is_empty() || failed {
        writeln!(out)?;
    }
    Ok(())
}
