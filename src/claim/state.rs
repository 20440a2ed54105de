//! Claims about what names hold after a statement: `x is now 5`, `x = 2, y = 1`.
//!
//! Reads which names a comment gives which values. Whether they hold them is
//! not known here.

use super::gloss::{is_function_word, value_length};
use crate::syntax::builtins::is_builtin;

/// A name and the value that a comment gives it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holding {
    /// A name, an attribute or a subscript, as written.
    pub expression: String,
    /// The value, as written.
    pub value: String,
    /// Whether the comment says outright that this is so now: `=`, `is now`.
    pub plain: bool,
}

/// What a comment says that names hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Holdings {
    /// In the order of the comment.
    pub parts: Vec<Holding>,
    /// Whether the comment begins with the first of them, so that it is about
    /// nothing else.
    pub leads: bool,
}

/// Words between a name and its value, longer ones before those that they begin
/// with, and whether they say outright that it is so.
const LINKS: &[(&str, bool)] = &[
    (" is now set to ", true),
    (" is now equal to ", true),
    (" is set to ", true),
    (" is still ", true),
    (" is now ", true),
    (" now is ", true),
    (" now equals ", true),
    (" now contains ", true),
    (" now holds ", true),
    (" becomes ", true),
    (" is now: ", true),
    (" now: ", true),
    (" is: ", false),
    (" is again ", true),
    (" remains ", true),
    (" equals ", false),
    (" contains ", false),
    (" -> ", false),
    (" => ", false),
    (" is ", false),
    (" : ", false),
    (": ", false),
    (" = ", true),
    (" == ", false),
    ("=", true),
];

/// Reads all that `text` says that names hold, beside a statement that is
/// `code`: there `a` can be a name as well as a word.
pub fn read(text: &str, code: &str) -> Option<Holdings> {
    // What a name holds is said in a line or two.
    if text.len() > 1000 {
        return None;
    }
    let text: String = text
        .split('\n')
        .map(str::trim)
        .collect::<Vec<_>>()
        .join(" ");
    let mut parts = Vec::new();
    let mut leads = false;
    let mut at = 0;
    while at < text.len() && parts.len() < 16 {
        let Some((start, end, plain)) = next_link(&text, at) else {
            break;
        };
        at = end;
        let Some(expression) = trailing_expression(&text[..start], code) else {
            continue;
        };
        let rest = text[end..].trim_start();
        let from = text.len() - rest.len();
        let Some(length) = value_length(rest) else {
            continue;
        };
        // `x = 1 + 1` is to be computed.
        let behind = rest[length..].trim_start();
        let computed = behind.starts_with(['+', '*', '/', '%'])
            || behind
                .strip_prefix('-')
                .is_some_and(|rest| rest.trim_start().starts_with(|c: char| c.is_ascii_digit()));
        if computed {
            continue;
        }
        if parts.is_empty() {
            let before = text[..start - expression.len()].trim();
            let before = before.trim_end_matches([':', ',']);
            leads = before.is_empty()
                || before.split_whitespace().all(|word| {
                    matches!(
                        word.to_lowercase().as_str(),
                        "now"
                            | "so"
                            | "then"
                            | "here"
                            | "and"
                            | "both"
                            | "the"
                            | "global"
                            | "local"
                            | "var"
                            | "variable"
                    )
                });
        }
        let value = rest[..length].to_owned();
        let now = parts.is_empty() && leads && text.to_lowercase().starts_with("now ");
        parts.push(Holding {
            expression: expression.to_owned(),
            plain: (plain || now) && !is_computed(&value),
            value,
        });
        at = from + length;
    }
    (!parts.is_empty()).then_some(Holdings { parts, leads })
}

/// Whether a value is rather code that gives one: `x = list(map(f, y))`. What
/// builtin functions give is not shown by their names.
fn is_computed(value: &str) -> bool {
    value.split_once('(').is_some_and(|(name, _)| {
        let shown = ["range", "bytearray", "frozenset", "set", "slice"].contains(&name);
        is_builtin(name) && name.starts_with(char::is_lowercase) && !shown
    })
}

/// Words that speak of several names at once, longer ones first, and whether they
/// say outright that it is so.
const ALL_OF_THEM: &[(&str, bool)] = &[
    ("both are now ", true),
    ("all are now ", true),
    ("all three are ", false),
    ("both names hold ", false),
    ("both variables are ", false),
    ("both are equal to ", false),
    ("both are ", false),
    ("both equal ", false),
    ("both hold ", false),
    ("all are ", false),
    ("they are both ", false),
    ("are both ", false),
];

/// Reads a value that `text` gives all of `names`: `both are 5`.
pub fn read_of_all(text: &str, names: &[String]) -> Option<Holdings> {
    if names.len() < 2 {
        return None;
    }
    let text = text.trim();
    ALL_OF_THEM.iter().find_map(|(words, plain)| {
        let start = text.get(..words.len())?;
        let rest = &text[words.len()..];
        let length = value_length(rest).filter(|_| start.eq_ignore_ascii_case(words))?;
        Some(Holdings {
            parts: names
                .iter()
                .map(|name| Holding {
                    expression: name.clone(),
                    value: rest[..length].to_owned(),
                    plain: *plain,
                })
                .collect(),
            leads: true,
        })
    })
}

fn next_link(text: &str, from: usize) -> Option<(usize, usize, bool)> {
    LINKS
        .iter()
        .filter_map(|(link, plain)| {
            let at = from + text[from..].find(link)?;
            if *link == "=" {
                // Neither `==` nor `<=`, nor `f(x=1)`: that is for calls.
                let before = text[..at].chars().next_back();
                let after = text[at + 1..].chars().next();
                let inside = text[..at].matches('(').count() > text[..at].matches(')').count();
                if inside
                    || before.is_none_or(|c| !(c.is_alphanumeric() || matches!(c, '_' | ']')))
                    || after.is_none_or(|c| matches!(c, '=' | '>'))
                {
                    return None;
                }
            }
            Some((at, at + link.len(), *plain))
        })
        .min_by_key(|(at, end, _)| (*at, usize::MAX - *end))
}

/// The name, attribute or subscript that `text` ends with.
fn trailing_expression<'a>(text: &'a str, code: &str) -> Option<&'a str> {
    let mut depth = 0usize;
    let mut start = text.len();
    for (at, character) in text.char_indices().rev() {
        match character {
            ']' => depth += 1,
            '[' => depth = depth.checked_sub(1)?,
            _ if depth > 0 => {}
            _ if character.is_alphanumeric() || matches!(character, '_' | '.') => {}
            _ => break,
        }
        start = at;
    }
    let expression = text[start..].trim_start_matches('.');
    let first = expression.chars().next()?;
    let word = is_function_word(expression)
        || matches!(
            expression,
            "value" | "result" | "Now" | "It" | "That" | "This"
        );
    (depth == 0 && (first.is_alphabetic() || first == '_') && (!word || mentions(code, expression)))
        .then_some(expression)
}

/// Whether code mentions the name that an expression begins with.
pub fn mentions(code: &str, expression: &str) -> bool {
    let name: String = expression
        .chars()
        .take_while(|c| c.is_alphanumeric() || *c == '_')
        .collect();
    let part = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_');
    !name.is_empty()
        && code.match_indices(name.as_str()).any(|(at, _)| {
            !part(code[..at].chars().next_back()) && !part(code[at + name.len()..].chars().next())
        })
}
