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
    // `class Dog`, without what Python puts around it.
    let bare = claim_still
        .strip_prefix("class ")
        .map(|name| name.trim_matches(['\'', '"']));
    if let Some(name) = bare
        && seen_still == format!("<class '{name}'>")
    {
        return Some(Rule::ShortNames);
    }
    let (claimed, shown) = (shorten(&claim_still), shorten(&seen_still));
    if claimed.text == claim_still && shown.text == seen_still {
        return None;
    }
    // A name can be shorter than the one that is shown, never another one.
    let shorter = claimed.names.len() == shown.names.len()
        && claimed.names.iter().zip(&shown.names).all(|(claim, seen)| {
            claim == seen
                || seen
                    .strip_suffix(claim.as_str())
                    .is_some_and(|rest| rest.ends_with('.'))
        });
    if !shorter {
        return None;
    }
    // A member's value is no part of its name: `<Color.RED: 2>` is not `<Color.RED: 1>`.
    let told = claimed.members.iter().all(|member| {
        shown
            .members
            .iter()
            .any(|other| other.ends_with(member.as_str()))
    });
    if !told {
        return None;
    }
    let flat = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
    if flat(&claimed.text) == flat(&shown.text) {
        return Some(Rule::ShortNames);
    }
    let (claimed, shown) = (Value::read(&claimed.text)?, Value::read(&shown.text)?);
    literal::equal(&claimed, &shown).map(|_| Rule::ShortNames)
}

/// The text with one mark for every address and temporary path.
pub fn without_addresses(text: &str) -> String {
    let mut still = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(character) = rest.chars().next() {
        if let Some(after) = rest.strip_prefix("...").or_else(|| rest.strip_prefix('…'))
            && still.ends_with(" at ")
        {
            still.push_str("0x…");
            rest = after.trim_start_matches('.');
            continue;
        }
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

/// A text with short names, and the full names that it had.
struct Shortened {
    text: String,
    names: Vec<String>,
    /// The members of enumerations with their values: `RED: 1`.
    members: Vec<String>,
}

/// The text with short names for classes, functions and members.
fn shorten(text: &str) -> Shortened {
    let mut short = String::with_capacity(text.len());
    let mut names = Vec::new();
    let mut members = Vec::new();
    let mut rest = text;
    let mut quote = None;
    while let Some(character) = rest.chars().next() {
        if let Some(open) = quote {
            if character == open {
                quote = None;
            }
        } else if character == '<' {
            if let Some(length) = angle_brackets(rest) {
                let inner = &rest[1..length - 1];
                members.extend(member(inner).map(|_| inner.to_owned()));
                let name = full_name(&rest[..length]);
                short.push_str(&name.before);
                short.push_str(last_part(&name.full));
                short.push_str(&name.behind);
                names.push(name.full);
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
            names.push(word.to_owned());
            rest = &rest[word.len()..];
            continue;
        }
        short.push(character);
        rest = &rest[character.len_utf8()..];
    }
    Shortened {
        text: short,
        names,
        members,
    }
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

/// The name in `Color.RED: 1`, what a member of an enumeration shows.
fn member(inner: &str) -> Option<&str> {
    let (member, _) = inner.split_once(": ")?;
    (member.contains('.') && !member.contains(' ')).then_some(member)
}

/// A name and what stands around it when it is short.
struct FullName {
    before: String,
    full: String,
    behind: String,
}

/// The name in a text in angle brackets: `<class '__main__.Dog'>` is `Dog`.
fn full_name(text: &str) -> FullName {
    let bare = |full: &str| FullName {
        before: String::new(),
        full: full.to_owned(),
        behind: String::new(),
    };
    let inner = &text[1..text.len() - 1];
    let inner = inner.strip_suffix(" at 0x…").unwrap_or(inner);
    if let Some((kind, rest)) = inner.split_once(' ')
        && matches!(kind, "class" | "enum" | "flag" | "module" | "type")
    {
        return bare(rest.split('\'').nth(1).unwrap_or(rest));
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
            return bare(&name.replace("<locals>.", ""));
        }
    }
    if let Some(member) = member(inner) {
        return bare(member);
    }
    // `<__main__.Dog object>`.
    if let Some(name) = inner.strip_suffix(" object") {
        return FullName {
            before: "<".to_owned(),
            full: name.to_owned(),
            behind: " object>".to_owned(),
        };
    }
    bare(text)
}
