//! The value inside a longer comment, or inside a longer output.

use similar::{Algorithm, DiffTag, capture_diff_slices};

use super::rule::Rule;
use super::{Hints, whole};
use crate::claim::gloss::{self, is_function_word, value_length};
use crate::claim::shape::{self, Shape};

/// What can stand before the value at the end of a derivation.
const LINKS: &[&str] = &[
    "=> ",
    "==> ",
    "-> ",
    "--> ",
    "→ ",
    "⇒ ",
    " == ",
    " = ",
    "= ",
    " is now ",
    " is ",
    " are ",
    " equals ",
    " gives ",
    " returns ",
    " return ",
    " prints ",
    ": ",
    "：",
    " becomes ",
    " evaluates to ",
    " contains ",
];

/// The value at the end of a derivation: `(3+5)/2 => 4.0`.
pub fn derived(claim: &str, seen: &str, hints: Hints) -> Option<Rule> {
    let mut starts: Vec<(usize, bool)> = LINKS
        .iter()
        .flat_map(|link| {
            let arrow = link.trim_start().starts_with(['=', '-', '→', '⇒']);
            claim
                .match_indices(link)
                .map(move |(at, _)| (at + link.len(), arrow))
                .take(6)
        })
        .collect();
    starts.sort_unstable();
    starts.dedup_by_key(|(at, _)| *at);
    starts.iter().rev().take(10).find_map(|&(at, arrow)| {
        let value = claim[at..].trim_start();
        if claim[..at]
            .trim_matches(|c: char| !c.is_alphanumeric())
            .is_empty()
            && !claim.starts_with(['(', '['])
        {
            return None;
        }
        // Behind a word only a value can be meant, behind an arrow anything.
        if !arrow
            && shape::shape(value) != Shape::Value
            && value_length(value).is_none()
            && whole::unquoted(value).is_empty()
            && !whole::equal(value, seen)
        {
            return None;
        }
        whole::says(value, seen, hints)
            .or_else(|| super::glossed(value, seen, hints))
            .map(|rule| rule.max(Rule::Derivation))
    })
}

/// The value without the label that is printed before it: `print("Sum:", 3)`.
pub fn label_dropped(claim: &str, seen: &str) -> Option<Rule> {
    let dropped = |claim: &str| {
        let claim = claim.trim();
        // A label with nothing behind it: `""`.
        if matches!(claim, "\"\"" | "''") {
            return is_label(seen.trim_end());
        }
        let claims: Vec<String> = std::iter::once(claim.to_owned())
            .chain(whole::unquoted(claim))
            .collect();
        claims.iter().any(|claim| {
            !claim.trim().is_empty()
                && seen
                    .trim_end()
                    .strip_suffix(claim.trim())
                    .is_some_and(is_label)
        }) || after_label(seen).is_some_and(|value| {
            whole::says(claim, value, Hints::default())
                .is_some_and(|rule| rule.forgives().is_none())
        })
    };
    if seen.trim_end().contains('\n') {
        return None;
    }
    (dropped(claim) || gloss::cuts(claim).iter().any(|cut| dropped(cut.value)))
        .then_some(Rule::LabelDropped)
}

/// Whether a text is a label: it has letters, and ends as labels do.
fn is_label(text: &str) -> bool {
    let trimmed = text.trim_end();
    let ends = trimmed.ends_with([':', '=', '：', '>', '→'])
        || text.ends_with("\t") && !trimmed.is_empty();
    ends && trimmed.chars().any(char::is_alphabetic)
}

/// What stands behind the label that a text starts with.
fn after_label(text: &str) -> Option<&str> {
    let at = [": ", " = ", "=> ", "-> ", "：", "= "]
        .iter()
        .filter_map(|sign| text.find(sign).map(|at| at + sign.len()))
        .min()?;
    is_label(&text[..at]).then(|| text[at..].trim())
}

/// The elements of a list without its brackets: `0, 1, 2`.
pub fn unbracketed(claim: &str, seen: &str) -> Option<Rule> {
    let seen = seen.trim();
    let inside = [('[', ']'), ('(', ')'), ('{', '}')]
        .iter()
        .find_map(|(open, close)| seen.strip_prefix(*open)?.strip_suffix(*close))?;
    let says = |claim: &str| {
        claim.contains(',')
            && !claim.contains(['[', '(', '{'])
            && (whole::equal(claim, inside)
                || whole::says(
                    &format!("[{claim}]"),
                    &format!("[{inside}]"),
                    Hints::default(),
                )
                .is_some_and(|rule| rule.forgives().is_none() && rule != Rule::Ellipsis))
    };
    let glossed = || gloss::cuts(claim).iter().any(|cut| says(cut.value));
    (says(claim) || glossed()).then_some(Rule::Paraphrase)
}

/// In other words, with every value right: `the sum is 8, as expected`.
pub fn paraphrase(claim: &str, seen: &str) -> Option<Rule> {
    // Nobody says a long text in other words.
    if claim.len() > 2000 || seen.len() > 8000 {
        return None;
    }
    let claimed = values(claim);
    let shown = values(seen);
    if shown.is_empty() {
        return same_words(claim, seen).then_some(Rule::Paraphrase);
    }
    if claimed != shown || claimed.len() > 200 || replaces_words(claim, seen) {
        return None;
    }
    // What is printed beside the values must not be said otherwise: words that
    // deny, names that differ.
    let (claim_words, seen_words) = (words(claim), words(seen));
    let kept = seen_words
        .iter()
        .filter(|word| !is_function_word(word))
        .collect::<Vec<_>>();
    let said = kept
        .iter()
        .filter(|word| claim_words.contains(word))
        .count();
    let spoken = shape::shape(claim) != Shape::Value || said > 0;
    (spoken && said * 2 >= kept.len() && (claim_words.len() >= 2 || !kept.is_empty()))
        .then_some(Rule::Paraphrase)
}

/// The first and the last of all numbers that are shown: `0 to 9`.
pub fn first_to_last(claim: &str, seen: &str) -> Option<Rule> {
    let (claimed, shown) = (values(claim), values(seen));
    let ([first, last], true) = (
        claimed.as_slice(),
        shown.len() > 2 && words(seen).is_empty(),
    ) else {
        return None;
    };
    let spans = [" to ", " through ", " up to ", " until ", " till "]
        .iter()
        .any(|word| claim.contains(&format!("{first}{word}{last}")));
    let numbers: Option<Vec<i64>> = shown.iter().map(|number| number.parse().ok()).collect();
    let all = |numbers: Vec<i64>| {
        let in_order = numbers
            .windows(2)
            .all(|pair| pair[0].checked_add(1) == Some(pair[1]));
        in_order
            && numbers.first().map(i64::to_string).as_ref() == Some(first)
            && numbers.last().map(i64::to_string).as_ref() == Some(last)
    };
    (spans && numbers.is_some_and(all)).then_some(Rule::Paraphrase)
}

/// Whether all values of a claim stand in the text, in their order.
pub fn values_in_order(claim: &str, seen: &str) -> bool {
    let shown = values(seen);
    let mut rest = shown.iter();
    values(claim)
        .iter()
        .all(|value| rest.any(|other| other == value))
}

/// Whether the claim has other words where the text has its own: `5 hours ago` is
/// no other way to say `5 minutes ago`.
fn replaces_words(claim: &str, seen: &str) -> bool {
    let tokens = |text: &str| -> Vec<String> {
        text.split(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '\'' | '.')))
            .map(|word| word.trim_matches(['.', '\'']).to_lowercase())
            .filter(|word| !word.is_empty())
            .collect()
    };
    let (claimed, shown) = (tokens(claim), tokens(seen));
    if claimed.len() > 400 || shown.len() > 400 {
        return true;
    }
    // The same words in another order tell another story.
    let sorted = |tokens: &[String]| {
        let mut tokens = tokens.to_vec();
        tokens.sort_unstable();
        tokens
    };
    if claimed.len() > 3 && claimed != shown && sorted(&claimed) == sorted(&shown) {
        return true;
    }
    capture_diff_slices(Algorithm::Lcs, &claimed, &shown)
        .iter()
        .any(|operation| operation.tag() == DiffTag::Replace)
}

/// Output of words alone, all of which the claim says in their order.
fn same_words(claim: &str, seen: &str) -> bool {
    let (claimed, shown) = (words(claim), words(seen));
    if shown.len() < 2 || shown.len() > 200 || claimed.len() > shown.len() * 2 + 4 {
        return false;
    }
    let mut rest = claimed.iter();
    let all = shown.iter().all(|word| rest.any(|claim| claim == word));
    // Otherwise it would be the text itself with a letter or a sign changed.
    all && claimed.len() > shown.len()
}

fn words(text: &str) -> Vec<String> {
    text.split(|c: char| !(c.is_alphanumeric() || c == '_' || c == '\''))
        .filter(|word| word.chars().any(char::is_alphabetic))
        .map(str::to_lowercase)
        .collect()
}

/// The literals of a text, in its order.
fn values(text: &str) -> Vec<String> {
    let mut found = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let rest = &text[at..];
        let Some(character) = rest.chars().next() else {
            break;
        };
        let before = text[..at].chars().next_back();
        let inside_word = before.is_some_and(|c| c.is_alphanumeric() || c == '_');
        let starts = !inside_word
            && (matches!(character, '[' | '{' | '"')
                || character == '('
                    && rest[1..].starts_with(|c: char| {
                        c.is_ascii_digit() || matches!(c, '\'' | '"' | '(')
                    })
                || character.is_ascii_digit()
                || matches!(character, '-' | '.')
                    && rest[1..].starts_with(|c: char| c.is_ascii_digit())
                || ["True", "False", "None"]
                    .iter()
                    .any(|word| rest.starts_with(word)));
        let quote = character == '\'' && !inside_word;
        if (starts || quote)
            && let Some(length) = value_length(rest)
        {
            let value = &rest[..length];
            let plain = whole::unquoted(value)
                .into_iter()
                .next()
                .unwrap_or_else(|| value.to_owned());
            found.push(plain);
            at += length;
            continue;
        }
        at += character.len_utf8();
    }
    found
}
