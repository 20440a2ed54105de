//! What a text looks like: a value, or a sentence.
//!
//! A comment that looks like a value is held to it; one that is a sentence may
//! be prose. Looks only, never at what was seen.

use super::gloss::{self, is_function_word, leading_value};
use super::marker::undecorated;
use super::value::Value;

/// What a comment looks like, marker aside.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// A value, with or without a gloss.
    Value,
    /// Words that could be what a program prints.
    Words,
    /// A sentence about the code.
    Sentence,
}

/// What the text looks like.
pub fn shape(text: &str) -> Shape {
    let text = undecorated(text.trim());
    let first_line = text.lines().next().unwrap_or("").trim();
    if is_value(text) || (first_line.len() < text.len() && is_value(first_line)) {
        Shape::Value
    } else if is_sentence(text) {
        Shape::Sentence
    } else {
        Shape::Words
    }
}

/// Whether the text is a value, or starts with one and goes on with a gloss.
fn is_value(text: &str) -> bool {
    if text.is_empty() || is_complexity(text) || is_placeholder(text) {
        return false;
    }
    if let Some(value) = Value::read(text) {
        let literal = match &value {
            // `Hello, World` would be a tuple of names.
            Value::Tuple(items) if !text.starts_with('(') => items.iter().all(Value::is_literal),
            value => value.is_literal(),
        };
        if literal {
            return true;
        }
    }
    if is_equation(text) || is_row(text) || is_open_value(text) {
        return true;
    }
    if let Some(rest) = about(text) {
        return rest.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '.' | '-' | '$'));
    }
    if is_moment(text) || is_location(text) || is_digest(text) {
        return true;
    }
    let Some(cut) = leading_value(text) else {
        return false;
    };
    if starts_condition(cut.gloss) {
        return false;
    }
    let glossed = !cut.gloss.trim().is_empty();
    let first = cut.value.chars().next().unwrap_or(' ');
    match first {
        '[' | '{' => {
            // JavaScript's notation and strings without quotes are values that
            // Python would not write.
            let written = !glossed || cut.value.contains([':', ',', '\'', '"']);
            Value::read(cut.value).is_some() || written && !is_sentence(cut.value)
        }
        '(' => Value::read(cut.value).is_some_and(|value| value.is_literal()),
        '<' => !cut.value.starts_with("<=") && cut.value.len() > 4,
        '`' => false,
        '"' | '\'' | '“' | '‘' => true,
        _ if first.is_ascii_digit() || matches!(first, '-' | '+' | '.' | '$' | '€') => {
            !glossed || number_with_gloss(cut)
        }
        _ => match cut.value {
            "True" | "False" => true,
            "None" => !glossed || !cut.gloss.starts_with(" of"),
            _ => Value::read(cut.value).is_some_and(|value| value.is_literal()),
        },
    }
}

/// Whether what follows a value makes it one of several possibilities.
fn starts_condition(gloss: &str) -> bool {
    let gloss = gloss.trim_start();
    if let Some(other) = gloss.strip_prefix("or ") {
        return !gloss::starts_with_value(other.trim_start());
    }
    ["if ", "when ", "unless ", "or ", "/ "]
        .iter()
        .any(|word| gloss.starts_with(word))
}

/// `3 (one for the argument)` and `200 bytes`, but not `2 arguments are given`.
fn number_with_gloss(cut: gloss::Cut<'_>) -> bool {
    let gloss = cut.gloss;
    if !gloss.starts_with(' ') || gloss.starts_with("  ") {
        return true;
    }
    let trimmed = gloss.trim_start();
    if !trimmed.starts_with(char::is_alphabetic) {
        return !trimmed.starts_with(['+', '*', '/', '=', '<', '>', '%'])
            || trimmed.starts_with("<-");
    }
    let words = trimmed.split_whitespace().count();
    let first = trimmed.split_whitespace().next().unwrap_or("");
    words == 1
        || is_function_word(first)
            && !matches!(first, "is" | "are" | "does" | "was" | "will" | "has")
        || trimmed.contains(" (")
}

/// `5 + 3 = 8`: an arithmetic derivation with its value.
fn is_equation(text: &str) -> bool {
    let Some((left, right)) = text.rsplit_once(" = ").or_else(|| text.rsplit_once(" => ")) else {
        return false;
    };
    let computed = left.contains(['+', '-', '*', '/', '%', '^', '×', '÷']);
    let sign = |c: char| c.is_ascii_digit() || c.is_whitespace() || "+-*/%^().,=_×÷".contains(c);
    computed && left.chars().all(sign) && right.trim().parse::<f64>().is_ok()
}

/// `2024-01-15 10:30:45+00:00`: a date, a time, or both.
fn is_moment(text: &str) -> bool {
    let signs = text.matches(['-', ':', '/', '.']).count();
    text.starts_with(|c: char| c.is_ascii_digit())
        && signs >= 2
        && text.chars().all(|c| {
            c.is_ascii_digit() || matches!(c, '-' | ':' | '/' | '.' | '+' | ' ' | 'T' | 'Z')
        })
}

/// `9f86d081884c7d65`, with dashes or without: a hash, a token, a UUID.
fn is_digest(text: &str) -> bool {
    text.len() >= 8
        && text.contains(|c: char| c.is_ascii_digit())
        && text.contains(|c: char| c.is_ascii_alphabetic())
        && text.chars().all(|c| c.is_ascii_hexdigit() || c == '-')
}

/// A path or an address on the web, without any remark.
fn is_location(text: &str) -> bool {
    let single = !text.contains(char::is_whitespace) && text.len() > 2;
    let path = ["/", "./", "../", "~/"]
        .iter()
        .any(|start| text.starts_with(start));
    single && (path && !text.starts_with("//") || text.contains("://"))
}

/// `1 2 3 ... 31`, `0, 1, 1, 2`, `True False`.
fn is_row(text: &str) -> bool {
    let mut items = 0;
    for token in text.split(|c: char| c.is_whitespace() || c == ',') {
        if token.is_empty() || token == "..." || token == "…" {
            continue;
        }
        if token.parse::<f64>().is_err() && !matches!(token, "True" | "False" | "None") {
            return false;
        }
        items += 1;
    }
    items > 1
}

/// The first line of a value that goes on below: its brackets stay open.
fn is_open_value(text: &str) -> bool {
    let text = text.trim();
    if !text.starts_with(['[', '{', '(']) {
        return false;
    }
    let opens = text.matches(['[', '{', '(']).count();
    let closes = text.matches([']', '}', ')']).count();
    opens > closes
        && text.ends_with([',', '[', '{', '('])
        && text.contains([
            '"', '\'', ':', '<', '0', '1', '2', '3', '4', '5', '6', '7', '8', '9',
        ])
        || matches!(text, "[" | "{")
}

/// Whether the text stands for something that is left out: `?`, or in angle brackets
/// `<a list of all names>`, `<output omitted>`.
pub fn is_placeholder(text: &str) -> bool {
    // `?`, which the reader is to find out.
    if !text.trim().is_empty() && text.trim().chars().all(|c| c == '?') {
        return true;
    }
    let Some(inner) = text
        .trim()
        .strip_prefix('<')
        .and_then(|rest| rest.strip_suffix('>'))
    else {
        return false;
    };
    // What a repr is made of.
    const REPR: &[&str] = &[
        "object",
        "function",
        "class",
        "module",
        "method",
        "built-in",
        "bound",
        "at",
        "generator",
        "coroutine",
        "iterator",
        "lambda",
        "enum",
        "frame",
        "code",
        "slot",
        "wrapper",
        "member",
    ];
    let words: Vec<&str> = inner.split_whitespace().collect();
    let plain = words.iter().all(|word| {
        let word = word.trim_end_matches([',', '.']);
        !REPR.contains(&word)
            && word.starts_with(char::is_alphabetic)
            && word
                .chars()
                .all(|c| c.is_alphabetic() || matches!(c, '\'' | '’' | '-'))
    });
    let left_out = words.iter().any(|word| {
        [
            "omitted",
            "snip",
            "skipped",
            "truncated",
            "output",
            "elided",
        ]
        .contains(&word.to_lowercase().as_str())
    });
    // `<Person named Ada>` is what a class of the guide's own shows.
    let described = words.len() > 2
        && (inner.starts_with(char::is_lowercase) || matches!(words[0], "A" | "An" | "The"));
    plain && (described || left_out)
}

/// Whether the text is an English sentence, or a part of one.
pub fn is_sentence(text: &str) -> bool {
    let words: Vec<&str> = text.split_whitespace().collect();
    let plain = |word: &&&str| {
        let word = word.trim_matches(|c: char| {
            matches!(c, ',' | '.' | ';' | ':' | '!' | '?' | '(' | ')' | '`')
        });
        !word.is_empty()
            && word
                .chars()
                .all(|c| c.is_alphabetic() || matches!(c, '\'' | '-' | '’'))
    };
    let plain_words = words.iter().filter(plain).count();
    if words.len() < 2 || plain_words < 2 || plain_words * 2 < words.len() {
        return false;
    }
    let lowercase = words
        .iter()
        .skip(1)
        .filter(|word| word.chars().next().is_some_and(char::is_lowercase))
        .count();
    words.iter().any(|word| is_function_word(word)) && lowercase >= 1
        || (words.len() >= 3 && lowercase + 1 >= words.len())
}

/// `O(n log n)` and the like: how long something takes, not what it gives.
pub fn is_complexity(text: &str) -> bool {
    let text = text.trim_start_matches(|c: char| !c.is_alphabetic());
    ["O(", "o(", "Θ(", "Ω(", "θ("]
        .iter()
        .any(|start| text.starts_with(start))
        && text.contains(')')
}

/// Words that make what follows approximate, longer ones first.
const ABOUT: &[&str] = &[
    "approximately equal to",
    "approximately",
    "something like",
    "somewhere around",
    "close to",
    "on the order of",
    "more or less",
    "give or take",
    "approx.",
    "approx",
    "around",
    "about",
    "roughly",
    "almost",
    "nearly",
    "circa",
    "ca.",
    "somewhat over",
    "a bit over",
    "a little over",
    "just over",
    "just under",
    "around about",
    "~=",
    "≈",
    "≃",
    "≅",
    "∼",
    "~",
];

/// Cuts the word or sign off that makes the rest approximate.
pub fn about(text: &str) -> Option<&str> {
    let text = text.trim();
    let text = text
        .strip_prefix('(')
        .map_or(text, |inner| inner.strip_suffix(')').unwrap_or(inner));
    for word in ABOUT {
        let Some(start) = text.get(..word.len()) else {
            continue;
        };
        if start.eq_ignore_ascii_case(word) {
            let rest = &text[word.len()..];
            let sign = word
                .chars()
                .next_back()
                .is_some_and(|c| !c.is_alphanumeric());
            if sign || rest.starts_with(char::is_whitespace) {
                return Some(rest.trim_start());
            }
        }
    }
    None
}
