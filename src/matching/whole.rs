//! A whole claim against a whole text, without any gloss.

use super::{Hints, Rule, ellipsis, literal, names, numbers};
use crate::claim::value::Value;

/// Whether all of `claim` says all of `seen`.
pub fn says(claim: &str, seen: &str, hints: Hints) -> Option<Rule> {
    if equal(claim, seen) {
        return Some(Rule::Equal);
    }
    if quoted(claim, seen) {
        return Some(Rule::Quoted);
    }
    if seen.contains('\t') && !claim.contains('\n') && squeezed(claim) == squeezed(seen.trim_end())
    {
        // What a screen makes of a tab.
        return Some(Rule::Equal);
    }
    let claimed = Value::read(claim);
    let shown = Value::read(seen);
    if let (Some(claimed), Some(shown)) = (&claimed, &shown)
        && let Some(rule) = literal::equal(claimed, shown)
    {
        return Some(rule);
    }
    if compact(claim).is_some_and(|claim| compact(seen).is_some_and(|seen| claim == seen)) {
        return Some(Rule::LiteralEqual);
    }
    if hints.several
        && let Some(Value::Tuple(items)) = &claimed
        && literal::printed(items) == seen.trim()
    {
        return Some(Rule::TupleShown);
    }
    if lines_alike(claim, seen) {
        return Some(Rule::Indentation);
    }
    if let Some(rule) = ellipsis::says(claim, seen) {
        return Some(rule);
    }
    if let Some(rule) = numbers::says(claim, seen) {
        return Some(rule);
    }
    if let (Some(claimed), Some(shown)) = (&claimed, &shown)
        && literal::rounded(claimed, shown)
    {
        return Some(Rule::Rounding);
    }
    names::says(claim, seen)
}

/// The text with blanks of any kind as one; lines stay apart.
fn squeezed(text: &str) -> String {
    text.trim()
        .split('\n')
        .map(|line| line.split_whitespace().collect::<Vec<_>>().join(" "))
        .collect::<Vec<_>>()
        .join("\n")
}

/// Equal after trailing blanks and the blank lines around are cut; blanks before
/// lines count as far as they tell lines apart.
pub fn equal(claim: &str, seen: &str) -> bool {
    if claim.trim() == seen.trim() {
        return true;
    }
    let claimed = trimmed_lines(claim);
    let shown = trimmed_lines(seen);
    claimed.len() == shown.len() && {
        let cut_claimed = indentation(&claimed);
        let cut_shown = indentation(&shown);
        claimed
            .iter()
            .zip(&shown)
            .all(|(claim, seen)| cut(claim, cut_claimed) == cut(seen, cut_shown))
    }
}

fn cut(line: &str, blanks: usize) -> &str {
    match line.char_indices().nth(blanks) {
        Some((at, _)) => &line[at..],
        None => "",
    }
}

fn trimmed_lines(text: &str) -> Vec<&str> {
    let mut lines: Vec<&str> = text.lines().map(str::trim_end).collect();
    while lines.last().is_some_and(|line| line.is_empty()) {
        lines.pop();
    }
    let leading = lines.iter().take_while(|line| line.is_empty()).count();
    lines.drain(..leading);
    lines
}

fn indentation(lines: &[&str]) -> usize {
    lines
        .iter()
        .filter(|line| !line.is_empty())
        .map(|line| line.chars().take_while(|c| c.is_whitespace()).count())
        .min()
        .unwrap_or(0)
}

/// The text without the blanks beside the commas, colons and brackets of the
/// values in it; nothing where there are no brackets.
fn compact(text: &str) -> Option<String> {
    let text = unquoted(text.trim())
        .into_iter()
        .next()
        .unwrap_or_else(|| text.trim().to_owned());
    if !text.contains(['[', '{', '(']) || text.contains('\n') {
        return None;
    }
    let sign = |c: char| matches!(c, ',' | ':' | '[' | ']' | '{' | '}' | '(' | ')');
    let mut compact = String::with_capacity(text.len());
    let mut blank = false;
    for character in text.chars() {
        if character == ' ' {
            blank = true;
            continue;
        }
        let before = compact.chars().next_back();
        if blank && !sign(character) && !before.is_some_and(sign) {
            compact.push(' ');
        }
        blank = false;
        compact.push(character);
    }
    Some(compact)
}

/// Several lines that differ in nothing but the blanks before and the blank
/// lines between them.
fn lines_alike(claim: &str, seen: &str) -> bool {
    let lines = |text: &str| -> Vec<String> {
        text.lines()
            .map(|line| line.trim().to_owned())
            .filter(|line| !line.is_empty())
            .collect()
    };
    let claimed = lines(claim);
    claimed.len() > 1 && claimed == lines(seen)
}

/// One of the two is the other in quotes.
fn quoted(claim: &str, seen: &str) -> bool {
    let claim = claim.trim();
    let seen = seen.trim_end_matches('\n');
    let is = |inner: &str, other: &str| {
        inner == other || inner.trim_end() == other.trim_end() || inner.trim() == other.trim()
    };
    // Quotes of the other kind, around what would need them.
    let requoted = || {
        claim.starts_with('\'') && Value::read(claim).is_none() && {
            let shown = unquoted(seen.trim());
            unquoted(claim).iter().any(|inner| shown.contains(inner))
        }
    };
    requoted()
        || unquoted(claim).iter().any(|inner| is(inner, seen))
        || unquoted(seen.trim())
            .iter()
            .any(|inner| is(inner, claim) && !inner.trim().is_empty())
}

/// What the quotes around all of `text` enclose: as Python reads it, and as it
/// is written. Nothing where there are no such quotes.
pub fn unquoted(text: &str) -> Vec<String> {
    let mut characters = text.chars();
    let (Some(first), Some(last)) = (characters.next(), characters.next_back()) else {
        return Vec::new();
    };
    let mut found = Vec::new();
    if matches!(first, '"' | '\'')
        && let Some(Value::Text(inner)) = Value::read(text)
    {
        found.push(inner);
    }
    let pair = matches!(
        (first, last),
        ('"', '"')
            | ('\'', '\'')
            | ('“', '”')
            | ('‘', '’')
            | ('`', '`')
            | ('«', '»')
            | ('„', '“')
            | ('”', '”')
    );
    let inner = &text[first.len_utf8()..text.len() - last.len_utf8()];
    // `'I don't know'` is no literal, and yet it is clear what is in quotes.
    let apostrophes = || {
        first == '\''
            && inner.match_indices(first).all(|(at, _)| {
                inner[..at].ends_with(char::is_alphabetic)
                    && inner[at + 1..].starts_with(char::is_alphabetic)
            })
    };
    if pair && (!inner.contains(first) || apostrophes()) {
        found.push(inner.to_owned());
    }
    found
}

/// A long value that the claim breaks over several lines, or that Python does.
pub fn wrapped(claim: &str, seen: &str, hints: Hints) -> Option<Rule> {
    let flat = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    let (claimed, shown) = (flat(claim), flat(seen));
    if claim.lines().count() == seen.trim_end().lines().count() {
        return None;
    }
    let rule = if claimed == shown {
        Rule::Equal
    } else {
        let starts = claimed.starts_with(['[', '{', '(', '<']) || claimed.contains('(');
        if !starts {
            return None;
        }
        says(&claimed, &shown, hints)?
    };
    // Output lines that are joined in a claim are no broken value.
    let one_shown = seen.trim_end().lines().count() == 1 || shown.starts_with(['[', '{', '(']);
    one_shown.then_some(rule.max(Rule::Wrapped))
}
