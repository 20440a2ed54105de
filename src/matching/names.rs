//! Names for short, and addresses that no run repeats.

use super::literal;
use super::rule::Rule;
use crate::claim::value::{Value, angle_brackets};

/// Whether the two are equal once addresses are left out and names are short.
pub fn says(claim: &str, seen: &str) -> Option<Rule> {
    let (claim, seen) = (claim.trim(), seen.trim());
    let (claim_still, seen_still) = (without_addresses(claim), without_addresses(seen));
    if claim_still == seen_still {
        return Some(Rule::Address);
    }
    let (claim_short, seen_short) = (shorten(&claim_still), shorten(&seen_still));
    // What the claim itself writes must be what is short.
    if seen_short == seen_still && claim_short == claim_still {
        return None;
    }
    let flat = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    if flat(&claim_short) == flat(&seen_short) {
        return Some(Rule::ShortNames);
    }
    let (claimed, shown) = (Value::read(&claim_short)?, Value::read(&seen_short)?);
    literal::equal(&claimed, &shown).map(|_| Rule::ShortNames)
}

/// The text with one mark for every address and temporary path.
pub fn without_addresses(text: &str) -> String {
    let mut still = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(character) = rest.chars().next() {
        if let Some(after) = rest.strip_prefix("0x") {
            let length = after
                .find(|c: char| !(c.is_ascii_hexdigit() || matches!(c, '.' | '…')))
                .unwrap_or(after.len());
            let dotted = after[..length].contains(['.', '…']);
            if length >= 6 || dotted && length >= 1 || length >= 1 && still.ends_with(" at ") {
                still.push_str("0x…");
                rest = &after[length..];
                continue;
            }
        }
        if let Some(after) = rest
            .strip_prefix("/tmp/")
            .or_else(|| rest.strip_prefix("/var/folders/"))
        {
            let length = after
                .find(|c: char| {
                    c.is_whitespace() || matches!(c, '\'' | '"' | ')' | ']' | ',' | '>')
                })
                .unwrap_or(after.len());
            let name = after[..length].rsplit('/').next().unwrap_or("");
            still.push_str("/tmp/…");
            // A file's own name is its author's, unless it is random as well.
            if after[..length].contains('/') && !name.starts_with("tmp") {
                still.push('/');
                still.push_str(name);
            }
            rest = &after[length..];
            continue;
        }
        still.push(character);
        rest = &rest[character.len_utf8()..];
    }
    still
}

/// The text with short names for classes, functions and members.
fn shorten(text: &str) -> String {
    let mut short = String::with_capacity(text.len());
    let mut rest = text;
    let mut quote = None;
    while let Some(character) = rest.chars().next() {
        if let Some(open) = quote {
            if character == open {
                quote = None;
            }
        } else if character == '<' {
            if let Some(length) = angle_brackets(rest) {
                short.push_str(&named(&rest[..length]));
                rest = &rest[length..];
                continue;
            }
        } else if matches!(character, '\'' | '"') {
            quote = Some(character);
        } else if character.is_alphabetic() || character == '_' {
            let length = rest
                .find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '.')))
                .unwrap_or(rest.len());
            let word = rest[..length].trim_end_matches('.');
            short.push_str(last_part(word));
            rest = &rest[word.len()..];
            continue;
        }
        short.push(character);
        rest = &rest[character.len_utf8()..];
    }
    short
}

/// The last part of a dotted name whose other parts are modules.
fn last_part(word: &str) -> &str {
    let mut rest = word;
    while let Some((module, after)) = rest.split_once('.') {
        if module.is_empty()
            || after.is_empty()
            || !module
                .chars()
                .all(|c| c.is_lowercase() || c == '_' || c.is_ascii_digit())
        {
            break;
        }
        rest = after;
    }
    rest
}

/// The name in a text in angle brackets: `<class '__main__.Dog'>` is `Dog`.
fn named(text: &str) -> String {
    let inner = &text[1..text.len() - 1];
    let inner = inner.strip_suffix(" at 0x…").unwrap_or(inner);
    if let Some((kind, rest)) = inner.split_once(' ')
        && matches!(kind, "class" | "enum" | "flag" | "module" | "type")
    {
        let name = rest.split('\'').nth(1).unwrap_or(rest);
        return last_part(name).to_owned();
    }
    for kind in [
        "function ",
        "built-in function ",
        "built-in method ",
        "bound method ",
        "method ",
    ] {
        if let Some(rest) = inner.strip_prefix(kind) {
            let name = rest.split(' ').next().unwrap_or(rest).trim_matches('\'');
            return last_part(name).replace("<locals>.", "");
        }
    }
    // `<Color.RED: 1>`.
    if let Some((member, _)) = inner.split_once(": ")
        && member.contains('.')
        && !member.contains(' ')
    {
        return last_part(member).to_owned();
    }
    // `<__main__.Dog object>`.
    if let Some(name) = inner.strip_suffix(" object") {
        return format!("<{} object>", last_part(name));
    }
    format!("<{inner}>")
}
