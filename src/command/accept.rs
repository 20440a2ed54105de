//! `trueprint accept`: expectations for what is wrong or never twice the same,
//! proposed one by one.
//!
//! Whether a claim is right is not decided here: a proposal lacks its reason,
//! and the file is not taken until somebody has written it.

mod drift;

use std::collections::BTreeMap;
use std::env;
use std::fs;
use std::io::{self, BufRead, Write};
use std::path::{Path, PathBuf};

use super::check::{Prepared, RunArguments, check_one, prepare};
use super::{CommandError, Console};
use crate::atomic_file;
use crate::check::{CheckSettings, Scope};
use crate::claim::{self, Claim};
use crate::configuration::Settings;
use crate::document;
use crate::expectation::Named;
use crate::position::Place;
use crate::proposal::{self, Differing, Proposal, edit};
use crate::report::{FAINT, STRONG, counted, visible};
use crate::results::{GuideResult, Results, Status};
use crate::snippet::{self, Guide, SnippetId};
use crate::verdict::{Judgement, Verdict, named};

pub use drift::run as run_on_drift;

/// Who says whether a proposal is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Consent {
    /// The user, for each.
    Asked,
    /// Each is.
    Always,
    /// None is: they are shown.
    Never,
}

/// The hash seeds of the runs beside the first.
const MORE_SEEDS: [u32; 4] = [1, 2, 3, 4];

/// How wide an output is shown.
const WIDEST: usize = 70;

/// Runs the command. What differs and is not taken is a finding.
pub fn run(
    arguments: &RunArguments,
    consent: Consent,
    console: Console,
) -> Result<Status, CommandError> {
    let prepared = prepare(arguments, console)?;
    let Some(settings) = prepared.settings.first() else {
        return Ok(Status::CouldNotRun);
    };
    if prepared.settings.len() > 1 {
        console.note(&format!(
            "what differs is found on one Python, which is {}",
            settings.interpreter.version
        ));
    }
    let sources = &prepared.selection.sources;
    let first = check_one(sources, settings, &prepared.interrupt, console)?;
    if !first.problems.is_empty() || first.interrupted {
        return Ok(Status::CouldNotRun);
    }
    let mut runs = vec![first];
    let wanted = snippets_that_differ(&runs[0]);
    for hash_seed in MORE_SEEDS {
        if wanted.is_empty() {
            break;
        }
        let settings = CheckSettings {
            scope: Scope::Again {
                hash_seed,
                snippets: wanted.clone(),
            },
            ..settings.clone()
        };
        runs.push(check_one(sources, &settings, &prepared.interrupt, console)?);
    }
    let mut session = Session {
        consent,
        console,
        left: 0,
        ended: false,
    };
    for index in 0..runs[0].guides.len() {
        session.guide(&prepared, settings, &runs, index)?;
    }
    for error in &runs[0].expectation_errors {
        console.error(&error.to_string());
    }
    let others = runs[0]
        .guides
        .iter()
        .map(beyond_expectations)
        .sum::<usize>();
    if others > 0 {
        console.note(&format!(
            "{} no expectation can speak of; `trueprint check` shows them",
            counted(others, "finding")
        ));
    }
    if wanted.is_empty() && others == 0 {
        let mut out = console.results();
        let said = writeln!(out, "Nothing differs: there is nothing to propose.");
        super::written(said.and_then(|()| out.flush()))?;
    }
    let clean = session.left + others == 0 && runs[0].expectation_errors.is_empty();
    Ok(if clean {
        Status::Holds
    } else {
        Status::Findings
    })
}

fn differs(judgement: &Judgement) -> bool {
    match judgement.verdict {
        Verdict::Wrong | Verdict::Unstable => judgement.actual.is_some(),
        Verdict::Holds
        | Verdict::Tolerated
        | Verdict::Unreached
        | Verdict::Skipped
        | Verdict::Blank => false,
    }
}

fn snippets_that_differ(results: &Results) -> Vec<(PathBuf, SnippetId)> {
    let mut wanted = Vec::new();
    for guide in &results.guides {
        for snippet in &guide.snippets {
            if snippet.verdict.claims.iter().any(differs) {
                wanted.push((guide.path.clone(), snippet.id.clone()));
            }
        }
    }
    wanted
}

/// How many findings of a guide are not claims that differ.
fn beyond_expectations(guide: &GuideResult) -> usize {
    let of_snippets = guide.snippets.iter().map(|snippet| {
        let claims = &snippet.verdict.claims;
        let others = claims
            .iter()
            .filter(|claim| claim.verdict.is_finding() && !differs(claim));
        others.count() + snippet.verdict.failures.len()
    });
    guide.findings.len() + of_snippets.sum::<usize>()
}

struct Session {
    consent: Consent,
    console: Console,
    /// How many claims that differ are left as they are.
    left: usize,
    /// Whether the user wants to see no more.
    ended: bool,
}

impl Session {
    /// Proposes for one guide, and writes what is taken.
    fn guide(
        &mut self,
        prepared: &Prepared,
        settings: &CheckSettings,
        runs: &[Results],
        index: usize,
    ) -> Result<(), CommandError> {
        let result = &runs[0].guides[index];
        let differing: Vec<(usize, &Judgement)> = result
            .snippets
            .iter()
            .enumerate()
            .flat_map(|(snippet, found)| {
                let claims = found.verdict.claims.iter();
                claims
                    .filter(|claim| differs(claim))
                    .map(move |claim| (snippet, claim))
            })
            .collect();
        if differing.is_empty() {
            return Ok(());
        }
        let document = document::read(&result.path, settings.format)?;
        let guide = snippet::from_document(&document);
        let mut taken = Vec::new();
        for (snippet, judgement) in differing {
            if self.ended {
                self.left += 1;
                continue;
            }
            let version = settings.interpreter.version;
            let found = proposals(
                &guide,
                snippet,
                judgement,
                &shown_in(runs, index, snippet, judgement.place),
                [version.major, version.minor, version.micro],
            );
            let shown = differing_shown(result, judgement, &found);
            if self.consents(&shown, &found)? {
                taken.extend(found);
            } else {
                self.left += 1;
            }
        }
        if !taken.is_empty() {
            self.write(prepared, settings, &result.path, &taken)?;
        }
        Ok(())
    }

    /// Shows what is proposed for a claim, and asks where it is to be asked.
    fn consents(&mut self, shown: &str, proposals: &[Proposal]) -> Result<bool, CommandError> {
        let mut out = self.console.results();
        let said = out.write_all(shown.as_bytes());
        super::written(said.and_then(|()| out.flush()))?;
        drop(out);
        if proposals.is_empty() {
            return Ok(false);
        }
        match self.consent {
            Consent::Always => Ok(true),
            Consent::Never => Ok(false),
            Consent::Asked => loop {
                self.console.ask("take it? [y]es, [n]o, [q]uit: ");
                let mut answer = String::new();
                let read = io::stdin().lock().read_line(&mut answer);
                let ended = read.map_err(CommandError::Input)? == 0;
                match answer.trim().to_lowercase().as_str() {
                    "y" | "yes" => return Ok(true),
                    "n" | "no" => return Ok(false),
                    "q" | "quit" => {
                        self.ended = true;
                        return Ok(false);
                    }
                    _ if ended => {
                        self.ended = true;
                        return Ok(false);
                    }
                    _ => {}
                }
            },
        }
    }

    fn write(
        &self,
        prepared: &Prepared,
        settings: &CheckSettings,
        guide: &Path,
        proposals: &[Proposal],
    ) -> Result<(), CommandError> {
        let here = env::current_dir().map_err(CommandError::WorkingDirectory)?;
        let project = prepared.selection.project.as_ref();
        let root = project.map_or(here.as_path(), |project| project.root.as_path());
        let known = settings.expectations.for_guide(guide);
        let (file, text) = match known {
            Some(known) => {
                let text = fs::read_to_string(&known.file);
                let text = text.map_err(|source| unwritable(&known.file, source))?;
                (known.file.clone(), text)
            }
            None => {
                let default = Settings::default().expectations;
                let folder = project.map_or(&default, |project| &project.settings.expectations);
                let file = free_file(&root.join(folder), guide);
                let name = relative(&here.join(guide), root);
                (file, edit::begin(&name))
            }
        };
        let text = edit::insert(&file, &text, proposals)?;
        if let Some(folder) = file.parent() {
            fs::create_dir_all(folder).map_err(|source| unwritable(folder, source))?;
        }
        atomic_file::write(&file, &text).map_err(|source| unwritable(&file, source))?;
        let shown = file.strip_prefix(&here).unwrap_or(&file).display();
        let mut out = self.console.results();
        let said = writeln!(
            out,
            "wrote {} to {shown}; fill in each reason: until then the file is not taken",
            counted(proposals.len(), "proposal"),
        );
        super::written(said.and_then(|()| out.flush()))?;
        if known.is_none() && project.is_none() {
            self.console.note(&format!(
                "there is no {} here; name the file: --expectations {shown}",
                crate::configuration::OWN_FILE
            ));
        }
        Ok(())
    }
}

fn unwritable(path: &Path, source: io::Error) -> CommandError {
    CommandError::Unwritable {
        path: path.to_owned(),
        source,
    }
}

/// A file for the guide's expectations that is not there yet.
fn free_file(folder: &Path, guide: &Path) -> PathBuf {
    let stem = guide.file_stem().unwrap_or_default().to_string_lossy();
    let own = folder.join(format!("{stem}.toml"));
    if !own.exists() {
        return own;
    }
    let parts: Vec<_> = guide.iter().map(|part| part.to_string_lossy()).collect();
    folder.join(format!("{}.toml", parts.join("-").replace('/', "")))
}

fn relative(path: &Path, root: &Path) -> String {
    let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let root = root.canonicalize().unwrap_or_else(|_| root.to_owned());
    path.strip_prefix(root)
        .unwrap_or(&path)
        .display()
        .to_string()
}

/// What each run showed of a claim.
fn shown_in(runs: &[Results], guide: usize, snippet: usize, place: Place) -> Vec<String> {
    runs.iter()
        .filter_map(|run| run.guides.get(guide)?.snippets.get(snippet))
        .filter_map(|found| {
            let mut claims = found.verdict.claims.iter();
            claims.find(|claim| claim.place == place)?.actual.clone()
        })
        .collect()
}

fn proposals(
    guide: &Guide,
    snippet: usize,
    judgement: &Judgement,
    shown: &[String],
    python: [u16; 3],
) -> Vec<Proposal> {
    let Some(snippet) = guide.snippets.get(snippet) else {
        return Vec::new();
    };
    let claims: Vec<Claim> = claim::read(snippet);
    let all: Vec<Named<'_>> = claims.iter().map(named).collect();
    let by_place: BTreeMap<Place, usize> = all
        .iter()
        .enumerate()
        .map(|(index, claim)| (claim.place, index))
        .collect();
    let Some(&index) = by_place.get(&judgement.place) else {
        return Vec::new();
    };
    proposal::propose(
        &snippet.id,
        Differing {
            claims: &all,
            index,
            shown,
            code: &snippet.code,
            python,
        },
    )
}

/// A claim that differs, and what is proposed for it.
fn differing_shown(guide: &GuideResult, judgement: &Judgement, proposals: &[Proposal]) -> String {
    let path = visible::text(&guide.path.to_string_lossy());
    let actual = judgement.actual.as_deref().unwrap_or_default();
    let nothing = if proposals.is_empty() {
        "  nothing narrower than \"anything\" would forgive this; correct the guide\n"
    } else {
        ""
    };
    format!(
        "{STRONG}{path}:{}{STRONG:#}: {}\n\
         \x20 {FAINT}guide{FAINT:#}   {}\n\
         \x20 {FAINT}Python{FAINT:#}  {}\n\n{nothing}{}",
        judgement.place,
        judgement.verdict.name(),
        visible::one_line(&judgement.expected, WIDEST),
        visible::one_line(actual, WIDEST),
        entries_shown(proposals),
    )
}

/// Entries as a file would have them, set in.
fn entries_shown(proposals: &[Proposal]) -> String {
    let mut text = String::new();
    for proposal in proposals {
        for line in proposal.to_string().lines() {
            let indent = if line.is_empty() { "" } else { "    " };
            text.push_str(&format!("{indent}{}\n", visible::text(line)));
        }
        text.push('\n');
    }
    text
}
