//! Proposals: expectations for what runs found wrong or unstable.
//!
//! From what a claim says and what several runs showed, the narrowest kind,
//! bound or pattern is inferred that forgives every one of them. Why an output
//! varies cannot be inferred: a proposal's reason is left to be filled in, and
//! until it is, the file is not taken.

pub mod drift;
pub mod edit;

use std::fmt;
use std::num::NonZeroU32;

use crate::expectation::{
    Bound, ExpectedOutput, Named, Pattern, REASON_TO_FILL_IN, Selector, Tolerance, ToleranceKind,
};
use crate::matching::tolerance::{self, Shape};
use crate::position::LineNumber;
use crate::snippet::SnippetId;

/// An entry that is proposed.
#[derive(Clone, Debug, PartialEq)]
pub struct Proposal {
    /// The snippet.
    pub snippet: SnippetId,
    /// The entry.
    pub entry: Entry,
}

/// What an entry says.
#[derive(Clone, Debug, PartialEq)]
pub enum Entry {
    /// The claim may differ.
    Tolerate(Tolerance),
    /// On this version the claim is another one.
    Expect(ExpectedOutput),
}

/// A claim that differs.
#[derive(Clone, Copy, Debug)]
pub struct Differing<'a> {
    /// The claims of its snippet, this one among them.
    pub claims: &'a [Named<'a>],
    /// Which of them it is.
    pub index: usize,
    /// What each run showed.
    pub shown: &'a [String],
    /// The snippet's code, which hints at what varies.
    pub code: &'a str,
    /// The interpreter's `[major, minor, micro]`.
    pub python: [u16; 3],
}

/// Bounds that a person would write, in hundredths.
const SHARES: [f64; 9] = [1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0];

/// Within how many hundredths of a claim chance does not come by itself.
const CLOSE: f64 = 5.0;

/// The entries for a claim that differs; none where nothing narrower than
/// "anything" would do.
pub fn propose(snippet: &SnippetId, differing: Differing<'_>) -> Vec<Proposal> {
    let entries = match lines_that_differ(differing) {
        Some(lines) => lines
            .into_iter()
            .map(|line| propose_for(&line.claimed, &line.shown, line.selector, differing))
            .collect(),
        None => {
            let selector = selector_of(differing, None);
            // What follows the value may be a part of what varies: `1090 bytes`.
            let claim = &differing.claims[differing.index];
            let entry = selector.and_then(|selector| {
                [claim.expected, claim.comment]
                    .into_iter()
                    .find_map(|text| {
                        propose_for(text, differing.shown, selector.clone(), differing)
                    })
            });
            vec![entry]
        }
    };
    entries
        .into_iter()
        .flatten()
        .map(|entry| Proposal {
            snippet: snippet.clone(),
            entry,
        })
        .collect()
}

/// A line of a claim of several.
struct Line {
    selector: Selector,
    claimed: String,
    shown: Vec<String>,
}

/// The lines of a claim of several that differ, where they can be told apart
/// and are not only in another order.
fn lines_that_differ(differing: Differing<'_>) -> Option<Vec<Line>> {
    let claimed: Vec<&str> = differing.claims[differing.index].expected.lines().collect();
    let shown: Vec<Vec<&str>> = differing
        .shown
        .iter()
        .map(|text| text.lines().collect())
        .collect();
    let parallel = shown.iter().all(|lines| lines.len() == claimed.len());
    if claimed.len() < 2 || !parallel {
        return None;
    }
    let whole = differing.claims[differing.index].expected;
    let only_ordered = differing
        .shown
        .iter()
        .all(|text| forgives(ToleranceKind::Order, whole, text));
    if only_ordered {
        return None;
    }
    let mut lines = Vec::new();
    for (number, line) in claimed.iter().enumerate() {
        if shown
            .iter()
            .all(|run| run[number].trim_end() == line.trim_end())
        {
            continue;
        }
        lines.push(Line {
            selector: selector_of(differing, Some(line))?,
            claimed: (*line).to_owned(),
            shown: shown.iter().map(|run| run[number].to_owned()).collect(),
        });
    }
    Some(lines)
}

/// How an entry names the claim, or one line of it.
fn selector_of(differing: Differing<'_>, line: Option<&str>) -> Option<Selector> {
    let claim = &differing.claims[differing.index];
    let text = match line {
        Some(line) => line.trim(),
        // One line of several is enough to name them all.
        None => [claim.comment, claim.expected]
            .into_iter()
            .flat_map(str::lines)
            .map(str::trim)
            .find(|line| !line.is_empty())?,
    };
    selector_by_text(text, differing.claims, differing.index)
}

/// The entry's name for one of the claims by a text of it, with its number where
/// others have the same.
fn selector_by_text(text: &str, claims: &[Named<'_>], index: usize) -> Option<Selector> {
    if text.is_empty() {
        return None;
    }
    let mut selector = Selector {
        claim: Some(text.to_owned()),
        statement: None,
        at: None,
        nth: None,
    };
    let fitting: Vec<usize> = (0..claims.len())
        .filter(|&index| selector.fits(&claims[index]))
        .collect();
    let position = fitting.iter().position(|&fitting| fitting == index)?;
    if fitting.len() > 1 {
        selector.nth = u32::try_from(position + 1).ok().and_then(NonZeroU32::new);
    }
    Some(selector)
}

fn propose_for(
    claimed: &str,
    shown: &[String],
    selector: Selector,
    differing: Differing<'_>,
) -> Option<Entry> {
    let first = shown.first()?;
    let stable = shown.iter().all(|text| text == first);
    let statement = differing.claims[differing.index].statement.unwrap_or("");
    let kind = if stable {
        // What never varies is no matter of chance.
        address_or_size(claimed, shown, statement, differing.code)
    } else {
        varying(claimed, shown, statement, differing.code)
    };
    if let Some(kind) = kind {
        let reason = format!("{REASON_TO_FILL_IN}: {}", question(&kind));
        return Some(Entry::Tolerate(Tolerance {
            line: LineNumber::FIRST,
            selector,
            kind,
            python: None,
            seldom: false,
            reason,
        }));
    }
    if !stable {
        return None;
    }
    let [major, minor, _] = differing.python;
    Some(Entry::Expect(ExpectedOutput {
        line: LineNumber::FIRST,
        selector,
        python: format!("=={major}.{minor}").parse().ok()?,
        output: first.clone(),
        reason: format!(
            "{REASON_TO_FILL_IN}: why Python {major}.{minor} answers otherwise, if the claim is right at all"
        ),
    }))
}

fn address_or_size(
    claimed: &str,
    shown: &[String],
    statement: &str,
    code: &str,
) -> Option<ToleranceKind> {
    if forgiven(&ToleranceKind::Address, claimed, shown) {
        return Some(ToleranceKind::Address);
    }
    let hints = Hints::find(claimed, statement, code);
    if hints.size {
        return bounded(ToleranceKind::Size, claimed, shown);
    }
    None
}

fn varying(claimed: &str, shown: &[String], statement: &str, code: &str) -> Option<ToleranceKind> {
    let hints = Hints::find(claimed, statement, code);
    for kind in [ToleranceKind::Address, ToleranceKind::Order] {
        if forgiven(&kind, claimed, shown) {
            return Some(kind);
        }
    }
    let random = || {
        let kind = ToleranceKind::Random(None);
        forgiven(&kind, claimed, shown).then_some(kind)
    };
    let timing = || bounded(ToleranceKind::Timing, claimed, shown);
    let size = || bounded(ToleranceKind::Size, claimed, shown);
    let count = || bounded(ToleranceKind::Count, claimed, shown);
    let approximate = || bounded(ToleranceKind::Approximate, claimed, shown);
    let text = || pattern(claimed, shown).map(ToleranceKind::Text);
    // Random numbers that are close to the claim each time are a sum or a mean.
    let close = || approximate().filter(|kind| bound_is_within(kind, CLOSE));
    // A bound of many times the claim says nothing about where it comes from.
    let approximate = || approximate().filter(|kind| bound_is_within(kind, 100.0));
    let by_hint = match hints {
        Hints { timing: true, .. } => timing(),
        Hints { size: true, .. } => size(),
        Hints { random: true, .. } => close().or_else(random),
        Hints { .. } => None,
    };
    by_hint
        .or_else(|| moment(claimed, shown).map(ToleranceKind::Text))
        .or_else(count)
        .or_else(timing)
        .or_else(approximate)
        .or_else(random)
        .or_else(text)
}

/// What the claim and the code speak of.
#[derive(Clone, Copy, Debug)]
struct Hints {
    timing: bool,
    size: bool,
    random: bool,
}

impl Hints {
    /// What the statement says counts before the code around it.
    fn find(claimed: &str, statement: &str, code: &str) -> Self {
        let near = Self::of(claimed, statement);
        if near.timing || near.size || near.random {
            near
        } else {
            Self::of(claimed, code)
        }
    }

    fn of(claimed: &str, code: &str) -> Self {
        let either = |words: &[&str]| {
            words
                .iter()
                .any(|word| code.contains(word) || claimed.contains(word))
        };
        let shape = tolerance::shape(claimed);
        let random = either(&["random", "secrets", "uuid", "shuffle", "urandom", "hash("]);
        Self {
            random,
            timing: shape.contains(&Shape::Duration)
                || (shape.contains(&Shape::Float)
                    && !random
                    && either(&["time", "elapsed", "perf_counter", "took", "duration"])),
            size: shape.contains(&Shape::Size) || either(&["getsizeof", "tracemalloc", "maxrss"]),
        }
    }
}

/// The kind with the narrowest bound that leaves some room, or without any.
fn bounded(
    kind: fn(Option<Bound>) -> ToleranceKind,
    claimed: &str,
    shown: &[String],
) -> Option<ToleranceKind> {
    for (number, share) in SHARES.iter().enumerate() {
        if forgiven(&kind(Some(Bound::Percent(*share))), claimed, shown) {
            // The runs that were seen are few: the next wider bound.
            let roomy = SHARES.get(number + 1).unwrap_or(share);
            return Some(kind(Some(Bound::Percent(*roomy))));
        }
    }
    let unbounded = kind(None);
    forgiven(&unbounded, claimed, shown).then_some(unbounded)
}

fn forgiven(kind: &ToleranceKind, claimed: &str, shown: &[String]) -> bool {
    shown
        .iter()
        .all(|text| forgives(kind.clone(), claimed, text))
}

fn forgives(kind: ToleranceKind, claimed: &str, actual: &str) -> bool {
    let tolerance = Tolerance {
        line: LineNumber::FIRST,
        selector: Selector {
            claim: None,
            statement: None,
            at: None,
            nth: None,
        },
        kind,
        python: None,
        seldom: false,
        reason: String::new(),
    };
    tolerance::forgives(&tolerance, claimed, actual).is_ok()
}

/// Whether it is bounded, by so many hundredths at most.
fn bound_is_within(kind: &ToleranceKind, most: f64) -> bool {
    matches!(kind, ToleranceKind::Approximate(Some(Bound::Percent(share))) if *share <= most)
}

/// A pattern for texts that differ in a date, a time or both only.
fn moment(claimed: &str, shown: &[String]) -> Option<Pattern> {
    let mut before = claimed;
    let mut after = claimed;
    for text in shown {
        let same = before.chars().zip(text.chars());
        let length = same
            .take_while(|(one, other)| one == other)
            .map(|(one, _)| one.len_utf8())
            .sum();
        before = &before[..length];
        let same = after.chars().rev().zip(text.chars().rev());
        let length: usize = same
            .take_while(|(one, other)| one == other)
            .map(|(one, _)| one.len_utf8())
            .sum();
        after = &after[after.len() - length..];
    }
    let in_moment = |character: char| character.is_ascii_digit() || "-:.T/+ ".contains(character);
    let (head, tail) = (
        before.trim_end_matches(in_moment),
        after.trim_start_matches(in_moment),
    );
    let literal = |text: &str| text.replace('{', "{{").replace('}', "}}");
    // The blanks that were cut belong to the words around.
    let varying = &claimed[head.len()..claimed.len().saturating_sub(tail.len()).max(head.len())];
    let blank_before = if varying.starts_with(' ') { " " } else { "" };
    let blank_after = if varying.ends_with(' ') { " " } else { "" };
    ["datetime", "date", "time"].into_iter().find_map(|name| {
        let pattern: Pattern = format!(
            "{}{blank_before}{{{name}}}{blank_after}{}",
            literal(head),
            literal(tail)
        )
        .parse()
        .ok()?;
        forgiven(&ToleranceKind::Text(pattern.clone()), claimed, shown).then_some(pattern)
    })
}

/// A pattern that the claim and all runs fit.
fn pattern(claimed: &str, shown: &[String]) -> Option<Pattern> {
    let text = tolerance::generalise(claimed, shown)?;
    let pattern: Pattern = text.parse().ok()?;
    let kind = ToleranceKind::Text(pattern.clone());
    forgiven(&kind, claimed, shown).then_some(pattern)
}

/// What somebody must know to write the reason.
fn question(kind: &ToleranceKind) -> &'static str {
    match kind {
        ToleranceKind::Timing(_) => "what is timed",
        ToleranceKind::Size(_) => "what the size depends on",
        ToleranceKind::Random(_) => "what is random",
        ToleranceKind::Address => "why an address is shown",
        ToleranceKind::Order => "why the order varies",
        ToleranceKind::Count(_) => "why the count varies",
        ToleranceKind::Approximate(_) => "why the number varies",
        ToleranceKind::Text(_) => "what varies",
    }
}

impl fmt::Display for Proposal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&edit::shown(self))
    }
}
