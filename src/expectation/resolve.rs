//! Entries against the guide: which snippet and which claim each one means.
//!
//! A snippet that does not exist is known before a run. Which claims there are
//! is known to whoever judges them, and is asked for here as [`Named`].

use std::collections::BTreeSet;
use std::path::Path;

use super::{
    ExpectationError, ExpectedOutput, GuideExpectations, Selector, SnippetExpectations, Tolerance,
    ToleranceKind,
};
use crate::position::{LineNumber, Place};
use crate::snippet::Guide;

/// What an entry can name a claim by.
#[derive(Clone, Debug)]
pub struct Named<'a> {
    /// Its first line in the guide.
    pub place: Place,
    /// Its last line in the guide.
    pub last_place: Place,
    /// Its text as the guide writes it, without `#`, its lines joined by `\n`.
    pub comment: &'a str,
    /// The same without marker and gloss.
    pub expected: &'a str,
    /// The text of the statement that it speaks of, where it speaks of one.
    pub statement: Option<&'a str>,
}

/// What the entries of a snippet say about its claims.
#[derive(Clone, Debug)]
pub struct Applied<'a> {
    /// For each claim, in the order in which they were given.
    pub claims: Vec<ForClaim<'a>>,
    /// Entries that name no claim, or cannot be told which.
    pub errors: Vec<ExpectationError>,
}

/// What the entries say about one claim, on one interpreter.
#[derive(Clone, Debug, Default)]
pub struct ForClaim<'a> {
    /// In which ways it may differ.
    pub tolerances: Vec<&'a Tolerance>,
    /// What stands in place of its text, or of lines of it.
    pub outputs: Vec<&'a ExpectedOutput>,
}

impl ForClaim<'_> {
    /// Whether timings, and nothing else, may differ.
    pub fn is_timing(&self) -> bool {
        let mut kinds = self.tolerances.iter().map(|tolerance| &tolerance.kind);
        !self.tolerances.is_empty() && kinds.all(|kind| matches!(kind, ToleranceKind::Timing(_)))
    }

    /// The claim's text as it is to be judged on this interpreter: `expected`
    /// itself where no entry says otherwise.
    pub fn text(&self, expected: &str) -> String {
        let mut text = expected.to_owned();
        for output in &self.outputs {
            text = output.in_place_of(&text);
        }
        text
    }
}

impl ExpectedOutput {
    /// `expected` with this output in place of the line that the entry names, or
    /// of all of it.
    fn in_place_of(&self, expected: &str) -> String {
        let named = self.selector.claim.as_deref().and_then(|claim| {
            let mut lines = expected.lines().collect::<Vec<_>>();
            let single = lines.len() > 1 && claim.trim().lines().count() == 1;
            let index = lines.iter().position(|line| says(line, claim))?;
            single.then(|| {
                lines[index] = &self.output;
                lines.join("\n")
            })
        });
        named.unwrap_or_else(|| self.output.clone())
    }
}

impl SnippetExpectations {
    /// Gives each entry to the claim that it names, as far as it applies to the
    /// interpreter's `[major, minor, micro]`.
    pub fn apply<'a>(&'a self, claims: &[Named<'_>], python: [u16; 3]) -> Applied<'a> {
        let mut applied = Applied {
            claims: vec![ForClaim::default(); claims.len()],
            errors: Vec::new(),
        };
        for tolerance in &self.tolerances {
            match find(&tolerance.selector, claims) {
                Ok(index) => {
                    let here = tolerance.python.as_ref();
                    if here.is_none_or(|range| range.contains(python)) {
                        applied.claims[index].tolerances.push(tolerance);
                    }
                }
                Err(miss) => {
                    applied
                        .errors
                        .push(miss.error(&self.file, tolerance.line, &tolerance.selector))
                }
            }
        }
        for output in &self.outputs {
            match find(&output.selector, claims) {
                Ok(index) => {
                    if !output.python.contains(python) {
                        continue;
                    }
                    let outputs = &mut applied.claims[index].outputs;
                    match outputs
                        .iter()
                        .find(|earlier| earlier.selector == output.selector)
                    {
                        Some(earlier) => applied.errors.push(ExpectationError {
                            file: self.file.clone(),
                            line: Some(output.line),
                            message: format!(
                                "line {} says already what this claim is on Python {}.{}",
                                earlier.line, python[0], python[1]
                            ),
                            help: Some("let the ranges of Python versions not overlap".to_owned()),
                        }),
                        None => outputs.push(output),
                    }
                }
                Err(miss) => {
                    applied
                        .errors
                        .push(miss.error(&self.file, output.line, &output.selector))
                }
            }
        }
        applied
    }
}

/// Why an entry has no claim.
enum Miss {
    /// Nothing fits.
    None,
    /// Fewer fit than `nth` says.
    Fewer(usize),
    /// Several fit.
    Several(Vec<Place>),
}

impl Miss {
    fn error(&self, file: &Path, line: LineNumber, selector: &Selector) -> ExpectationError {
        let (message, help) = match self {
            Self::None => (
                format!("no claim of the snippet fits {selector}"),
                "take the text from the guide, without the #; \
                 `trueprint explain GUIDE:LINE` shows what is a claim"
                    .to_owned(),
            ),
            Self::Fewer(found) => (
                format!("only {found} of the snippet's claims fit {selector}"),
                "correct nth".to_owned(),
            ),
            Self::Several(places) => {
                let lines: Vec<String> = places.iter().map(Place::to_string).collect();
                (
                    format!(
                        "{} claims of the snippet fit {selector}: lines {}",
                        places.len(),
                        lines.join(", ")
                    ),
                    format!("say which, with nth = 1 to {}", places.len()),
                )
            }
        };
        ExpectationError {
            file: file.to_owned(),
            line: Some(line),
            message,
            help: Some(help),
        }
    }
}

fn find(selector: &Selector, claims: &[Named<'_>]) -> Result<usize, Miss> {
    let fitting: Vec<usize> = (0..claims.len())
        .filter(|&index| selector.fits(&claims[index]))
        .collect();
    match (fitting.as_slice(), selector.nth) {
        ([], _) => Err(Miss::None),
        (fitting, Some(nth)) => fitting
            .get(nth.get() as usize - 1)
            .copied()
            .ok_or(Miss::Fewer(fitting.len())),
        ([only], None) => Ok(*only),
        (several, None) => Err(Miss::Several(
            several.iter().map(|&index| claims[index].place).collect(),
        )),
    }
}

impl Selector {
    /// Whether the claim is one that the entry could mean, whichever the number.
    pub fn fits(&self, claim: &Named<'_>) -> bool {
        let by_claim = self
            .claim
            .as_ref()
            .is_none_or(|text| says(claim.comment, text) || says(claim.expected, text));
        let by_statement = self
            .statement
            .as_ref()
            .is_none_or(|text| claim.statement.is_some_and(|code| says(code, text)));
        let by_place = self
            .at
            .is_none_or(|place| claim.place <= place && place <= claim.last_place);
        by_claim && by_statement && by_place
    }
}

/// Whether `text` is the whole or one line of `whole`, blanks around lines and a
/// leading `#` aside.
pub fn says(whole: &str, text: &str) -> bool {
    fn lines(text: &str) -> Vec<&str> {
        text.trim()
            .lines()
            .map(|line| line.trim().trim_start_matches('#').trim_start())
            .collect()
    }
    let whole = lines(whole);
    let wanted = lines(text);
    whole == wanted || (wanted.len() == 1 && whole.contains(&wanted[0]))
}

/// Holds a guide's expectations against the guide: every snippet that they name
/// must be there.
pub fn resolve(expectations: &GuideExpectations, guide: &Guide) -> Vec<ExpectationError> {
    let mut errors = Vec::new();
    let known = |id| guide.snippets.iter().position(|snippet| snippet.id == id);
    for snippet in &expectations.snippets {
        let error = |message: String, help: Option<String>| ExpectationError {
            file: snippet.file.clone(),
            line: Some(snippet.line),
            message,
            help,
        };
        let unknown = |id: &str| {
            error(
                format!("{} has no snippet {id:?}", guide.path.display()),
                nearest(id, guide).map(|near| format!("there is {near:?}")),
            )
        };
        let index = known(snippet.id.clone());
        if index.is_none() {
            errors.push(unknown(snippet.id.as_str()));
        }
        for id in snippet.continues.iter().flatten() {
            match (known(id.clone()), index) {
                (None, _) => errors.push(unknown(id.as_str())),
                (Some(earlier), Some(own)) if earlier >= own => errors.push(error(
                    format!(
                        "{:?} does not stand above {:?}",
                        id.as_str(),
                        snippet.id.as_str()
                    ),
                    Some("a snippet continues earlier ones".to_owned()),
                )),
                (Some(_), _) => {}
            }
        }
    }
    errors
}

impl GuideExpectations {
    /// What the guide's snippet at `index` builds on, in page order: what its
    /// own entry or else its names say, and what those build on in turn.
    pub fn continues(&self, guide: &Guide, index: usize) -> Vec<usize> {
        let direct = |index: usize| -> Vec<usize> {
            let snippet = &guide.snippets[index];
            let entry = self.for_snippet(&snippet.id);
            match entry.and_then(|entry| entry.continues.as_ref()) {
                Some(ids) => (0..index)
                    .filter(|&earlier| ids.contains(&guide.snippets[earlier].id))
                    .collect(),
                None => snippet.continues.clone(),
            }
        };
        let mut all = BTreeSet::new();
        let mut open = direct(index);
        while let Some(next) = open.pop() {
            if next < index && all.insert(next) {
                open.extend(direct(next));
            }
        }
        all.into_iter().collect()
    }
}

/// The guide's snippet whose name is most like `id`, if one is like it at all.
fn nearest<'a>(id: &str, guide: &'a Guide) -> Option<&'a str> {
    let likeness = |name: &str| {
        let shared = name
            .split('-')
            .filter(|word| id.split('-').any(|own| own == *word))
            .count();
        let words = name.split('-').count().max(id.split('-').count());
        shared * 100 / words.max(1)
    };
    guide
        .snippets
        .iter()
        .map(|snippet| snippet.id.as_str())
        .map(|name| (likeness(name), name))
        .filter(|(likeness, _)| *likeness >= 50)
        .max_by_key(|(likeness, _)| *likeness)
        .map(|(_, name)| name)
}

/// The entries that no run needed, although they do not say that this happens.
/// `unneeded` are the lines of those whose claim was judged and holds without
/// them, `forgave` of those that forgave something, in any run.
pub fn idle<'a>(
    expectations: &'a GuideExpectations,
    unneeded: &[LineNumber],
    forgave: &[LineNumber],
) -> Vec<(&'a SnippetExpectations, &'a Tolerance)> {
    let entries = expectations.snippets.iter().flat_map(|snippet| {
        let tolerances = snippet.tolerances.iter();
        tolerances.map(move |tolerance| (snippet, tolerance))
    });
    entries
        .filter(|(_, tolerance)| {
            unneeded.contains(&tolerance.line)
                && !forgave.contains(&tolerance.line)
                && !tolerance.may_be_idle()
        })
        .collect()
}

/// What is wrong with an entry that is idle in run after run.
pub fn idle_error(
    snippet: &SnippetExpectations,
    tolerance: &Tolerance,
    python: [u16; 3],
) -> ExpectationError {
    ExpectationError {
        file: snippet.file.clone(),
        line: Some(tolerance.line),
        message: format!(
            "this entry tolerates nothing: {} holds as it stands on Python {}.{}",
            tolerance.selector, python[0], python[1]
        ),
        help: Some(
            "take it away; or limit it with python = \"…\"; or, if the difference shows only \
             now and then, say so with seldom = true"
                .to_owned(),
        ),
    }
}
