//! Does a text say what that text shows? One file a kind of tolerance.
//!
//! Every function is total, and linear or nearly so in the length of its texts.
//! A prefix never passes by accident: `10` does not say `1`, nor `10.0`.

pub mod ellipsis;
pub mod embedded;
pub mod exception;
pub mod literal;
pub mod names;
pub mod numbers;
pub mod resemblance;
pub mod rule;
pub mod tolerance;
pub mod transcript;
pub mod whole;

use crate::claim::{gloss, marker, prose};

pub use resemblance::resembles;
pub use rule::Rule;

/// What else is known about the statement that showed the text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Hints {
    /// It printed several things, which a claim may show as a tuple.
    pub several: bool,
    /// It ran several times, and the text is what all passes wrote together.
    pub passes: bool,
}

/// Texts beyond this are compared for equality only.
const LONGEST: usize = 64 * 1024;

/// Remarks beyond this are not taken apart: no author writes such a line.
const LONGEST_REMARK: usize = 4000;

/// Whether `claim`, its marker cut, says what `seen` shows, and by which rule.
pub fn says(claim: &str, seen: &str, hints: Hints) -> Option<Rule> {
    let claim = claim.trim_matches('\n');
    if claim.trim().is_empty() {
        return None;
    }
    if seen.contains(ESCAPE) && !claim.contains(ESCAPE) {
        // What a terminal shows has the colours, and nobody writes those down.
        return says(claim, &without_colours(seen), hints);
    }
    if claim.len() > LONGEST || seen.len() > LONGEST {
        return whole::equal(claim, seen).then_some(Rule::Equal);
    }
    let lines = claim.lines().count();
    if claim.len() > LONGEST_REMARK && lines == 1 {
        return whole::says(claim, seen, hints);
    }
    let bare = marker::undecorated(claim);
    whole::says(claim, seen, hints)
        .or_else(|| {
            let decorated = bare.len() < claim.trim().len();
            decorated.then(|| says(bare, seen, hints).map(|rule| rule.max(Rule::Gloss)))?
        })
        .or_else(|| {
            (lines > 1)
                .then(|| several_lines(claim, seen, hints))
                .flatten()
        })
        .or_else(|| {
            (lines == 1)
                .then(|| one_line(claim.trim(), seen, hints))
                .flatten()
        })
}

/// The character that begins what a terminal obeys.
const ESCAPE: char = '\u{1b}';

/// The text without the sequences that colour it, and without other escapes.
fn without_colours(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find(ESCAPE) {
        plain.push_str(&rest[..at]);
        rest = &rest[at + ESCAPE.len_utf8()..];
        if let Some(sequence) = rest.strip_prefix('[') {
            let end = sequence
                .find(|c: char| ('@'..='~').contains(&c))
                .map_or(sequence.len(), |at| at + 1);
            rest = &sequence[end..];
        }
    }
    plain.push_str(rest);
    plain
}

/// A claim of one line: with a gloss, at the end of a derivation, or in words.
fn one_line(claim: &str, seen: &str, hints: Hints) -> Option<Rule> {
    let seen_line = seen.trim_end();
    joined(claim, seen_line, hints)
        .or_else(|| glossed(claim, seen_line, hints))
        .or_else(|| alternative(claim, seen_line, hints))
        .or_else(|| embedded::derived(claim, seen_line, hints))
        .or_else(|| each_pass(claim, seen_line, hints))
        .or_else(|| embedded::label_dropped(claim, seen_line))
        .or_else(|| embedded::first_to_last(claim, seen_line))
        .or_else(|| first_line(claim, seen_line))
        .or_else(|| embedded::unbracketed(claim, seen_line))
        .or_else(|| embedded::paraphrase(claim, seen_line))
}

/// The value, then a remark.
pub fn glossed(claim: &str, seen: &str, hints: Hints) -> Option<Rule> {
    gloss::cuts(claim).into_iter().find_map(|cut| {
        whole::says(cut.value, seen, hints)
            .or_else(|| joined(cut.value, seen, hints))
            .map(|rule| rule.max(Rule::Gloss))
    })
}

/// One of several values: `"bab" or "aba"`.
fn alternative(claim: &str, seen: &str, hints: Hints) -> Option<Rule> {
    let parts: Vec<&str> = claim.split(" or ").collect();
    if parts.len() < 2 || parts.len() > 8 {
        return None;
    }
    let value = |part: &&str| gloss::leading_value(part.trim()).is_some();
    // The last one can have a remark behind it.
    if !parts[..parts.len() - 1].iter().all(value) {
        return None;
    }
    parts
        .iter()
        .filter(|part| value(part))
        .find_map(|part| {
            whole::says(part.trim(), seen, hints).or_else(|| glossed(part.trim(), seen, hints))
        })
        .map(|rule| rule.max(Rule::Alternative))
}

/// What several lines say, in one line: `0, 1, 1, 2, 3`.
fn joined(claim: &str, seen: &str, hints: Hints) -> Option<Rule> {
    let lines: Vec<&str> = seen.lines().map(str::trim_end).collect();
    if lines.len() < 2 || lines.len() > 5000 {
        return None;
    }
    for separator in [" ", ", ", ",", "", " | ", "; ", " / ", " -> ", " → "] {
        let one_line = lines.join(separator);
        if let Some(rule) = whole::says(claim, &one_line, hints) {
            return Some(rule.max(Rule::Joined));
        }
    }
    // `one, two and three`, `(1, 2, 3)`, `[1, 2, 3]`.
    let (last, before) = lines.split_last()?;
    let spoken = [
        format!("{} and {last}", before.join(", ")),
        format!("{}, and {last}", before.join(", ")),
        format!("[{}]", lines.join(", ")),
        format!("({})", lines.join(", ")),
    ];
    let shown_as_list = spoken.iter().any(|text| whole::equal(claim, text));
    let escaped = claim.replace("\\n", "\n");
    (shown_as_list || escaped != claim && whole::equal(&escaped, seen)).then_some(Rule::Joined)
}

/// What each of several passes wrote, where that is always the same.
fn each_pass(claim: &str, seen: &str, hints: Hints) -> Option<Rule> {
    let mut lines = seen.lines();
    let first = lines.next()?;
    let mut others = lines.peekable();
    others.peek()?;
    if !hints.passes || !others.all(|line| line == first) {
        return None;
    }
    whole::says(claim, first, hints)
        .or_else(|| glossed(claim, first, hints))
        .map(|rule| rule.max(Rule::EachPass))
}

/// The first line of several.
fn first_line(claim: &str, seen: &str) -> Option<Rule> {
    let (first, _) = seen.split_once('\n')?;
    if first.trim().is_empty() {
        return None;
    }
    // What the remark tells of further lines must be so as well.
    let glossed = || {
        embedded::values_in_order(claim, seen).then(|| glossed(claim, first, Hints::default()))?
    };
    whole::says(claim, first, Hints::default())
        .or_else(glossed)
        .filter(|rule| rule.forgives().is_none())
        .map(|_| Rule::FirstLine)
}

/// A claim of several lines, line by line: each can have its gloss, and notes
/// can follow the last.
fn several_lines(claim: &str, seen: &str, hints: Hints) -> Option<Rule> {
    let claimed: Vec<&str> = claim.lines().map(str::trim_end).collect();
    let shown: Vec<&str> = seen.trim_end().lines().map(str::trim_end).collect();
    if let Some(rule) = line_by_line(&claimed, &shown, hints) {
        return Some(rule);
    }
    // Notes below the last line.
    for end in (1..claimed.len()).rev() {
        if !is_note(claimed[end]) {
            break;
        }
        let head = claimed[..end].join("\n");
        if let Some(rule) = whole::says(&head, seen, hints) {
            return Some(rule.max(Rule::Gloss));
        }
        if end == 1
            && let Some(rule) = one_line(claimed[0].trim(), seen, hints)
            // Lines that are not what is shown are no notes below what is.
            && rule != Rule::FirstLine
        {
            return Some(rule.max(Rule::Gloss));
        }
        if let Some(rule) = line_by_line(&claimed[..end], &shown, hints) {
            return Some(rule.max(Rule::Gloss));
        }
    }
    // A remark that runs over several lines, its value first or last.
    let sentence = claimed
        .iter()
        .map(|line| line.trim())
        .collect::<Vec<_>>()
        .join(" ");
    glossed(&sentence, seen.trim_end(), hints)
        .filter(|_| is_note(claimed[claimed.len() - 1]))
        .or_else(|| whole::wrapped(claim, seen, hints))
}

fn line_by_line(claimed: &[&str], shown: &[&str], hints: Hints) -> Option<Rule> {
    let claimed: Vec<&&str> = claimed
        .iter()
        .filter(|line| !line.trim().is_empty())
        .collect();
    let shown: Vec<&&str> = shown
        .iter()
        .filter(|line| !line.trim().is_empty())
        .collect();
    if claimed.is_empty() || claimed.len() > shown.len() {
        return None;
    }
    if claimed.len() == shown.len() {
        let mut rule = Rule::Equal;
        for (claim, line) in claimed.iter().zip(&shown) {
            rule = rule.max(line_says(claim, line, hints)?);
        }
        return Some(rule);
    }
    // Lines of dots stand for lines that are left out.
    let mut at = 0;
    let mut open = false;
    let mut dots = false;
    let mut rule = Rule::Ellipsis;
    for claim in &claimed {
        if is_dots(claim) {
            open = true;
            dots = true;
            continue;
        }
        let found = loop {
            let line = shown.get(at)?;
            at += 1;
            if let Some(found) = line_says(claim, line, hints) {
                break found;
            }
            if !open {
                return None;
            }
        };
        rule = rule.max(found);
        open = false;
    }
    (dots && (open || at == shown.len())).then_some(rule)
}

fn line_says(claim: &str, line: &str, hints: Hints) -> Option<Rule> {
    whole::says(claim, line, hints).or_else(|| glossed(claim.trim(), line, hints))
}

/// `...`, `… (and so on)`.
fn is_dots(line: &str) -> bool {
    let line = line.trim();
    let rest = line
        .strip_prefix("...")
        .or_else(|| line.strip_prefix('…'))
        .or_else(|| line.strip_prefix("[...]"))
        .or_else(|| line.strip_prefix("(...)"));
    rest.is_some_and(|rest| {
        let rest = rest.trim_start_matches('.').trim();
        rest.is_empty() || rest.starts_with('(') || crate::claim::shape::is_sentence(rest)
    })
}

/// Whether a line below a claim's last can be a note about it.
fn is_note(line: &str) -> bool {
    let line = line.trim();
    line.is_empty()
        || line.starts_with('(') && line.chars().any(char::is_alphabetic)
        || crate::claim::shape::shape(line) != crate::claim::shape::Shape::Value
            && (line.contains(' ') && crate::claim::shape::is_sentence(line)
                || line.starts_with(['-', '^', '←', '<', '#'])
                    && line.contains(char::is_alphabetic)
                || prose::trap(line).is_some())
}
