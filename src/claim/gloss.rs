//! Where a value ends and the author's remark about it begins.
//!
//! `True  - same values` is a value and a gloss; `10.0` is not `10` and a
//! gloss. Every place where a value could end is listed, the longest value
//! first; whether that value is what was seen is for others to say.

use super::value::angle_brackets;

/// A value and the remark behind it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cut<'a> {
    /// The value.
    pub value: &'a str,
    /// The remark, with what separates it.
    pub gloss: &'a str,
}

/// A comment has few places where its value could end; more are not tried.
const MOST_CUTS: usize = 24;

/// Signs that separate a value from a remark wherever they stand.
const SEPARATORS: &[&str] = &[
    "  ", "\t", " - ", " – ", " — ", " -- ", " --- ", " (", " [", "（", " # ", " <- ", " <-- ",
    " <= ", " ← ", " // ", "; ", " | ", " => ", " ⟵ ",
];

/// Every way in which `text` could be a value and a gloss, longest value first.
pub fn cuts(text: &str) -> Vec<Cut<'_>> {
    let mut ends: Vec<usize> = Vec::new();
    for separator in SEPARATORS {
        for (at, _) in text.match_indices(separator).take(MOST_CUTS) {
            let gloss = &text[at..];
            if at > 0 && is_remark(gloss) {
                ends.push(at);
            }
        }
    }
    for separator in [", ", "，", ". ", "。", ": ", "! ", "."] {
        for (at, _) in text.match_indices(separator).take(MOST_CUTS) {
            let after = &text[at + separator.len()..];
            let last = after.trim().is_empty();
            let goes_on =
                || is_sentence(after) || separator == ", " && describes(&text[..at], after);
            if at > 0 && (separator == "." && last || separator != "." && goes_on()) {
                ends.push(at);
            }
        }
    }
    if let Some(length) = value_length(text) {
        let gloss = &text[length..];
        if !gloss.trim().is_empty() && follows_value(gloss) {
            ends.push(length);
        }
    }
    ends.sort_unstable();
    ends.dedup();
    ends.iter()
        .rev()
        .take(MOST_CUTS)
        .map(|&end| Cut {
            value: text[..end].trim_end(),
            gloss: &text[end..],
        })
        .filter(|cut| !cut.value.is_empty())
        .collect()
}

/// The value that a text starts with, where it starts with something that
/// shows its own end: a literal, a call, a text in angle brackets.
pub fn leading_value(text: &str) -> Option<Cut<'_>> {
    let length = value_length(text)?;
    let gloss = &text[length..];
    (gloss.trim().is_empty() || follows_value(gloss)).then(|| Cut {
        value: &text[..length],
        gloss,
    })
}

/// Whether a separated rest is a remark: it has words and is not another value.
fn is_remark(gloss: &str) -> bool {
    let words = gloss.trim_start_matches(|c: char| {
        c.is_whitespace()
            || matches!(
                c,
                '-' | '–' | '—' | '#' | '<' | '←' | '/' | ';' | '|' | '=' | '>' | '⟵'
            )
    });
    if words.starts_with(['(', '[', '（']) {
        // `(one for the argument)`, but not `(1, 2)`.
        let inner = words.trim_start_matches(['(', '[', '（']);
        return has_word(inner, 1) && (starts_with_word(inner) || has_word(inner, 2));
    }
    // `a - b` is no remark, `a - best` is one.
    has_word(words, 2) && !starts_with_value(words)
}

/// Whether what follows a comma or a full stop goes on in words.
fn is_sentence(after: &str) -> bool {
    let after = after.trim();
    let mut words = after.split_whitespace();
    let first = words.next().unwrap_or("");
    let several = words.next().is_some();
    if says_of_value(after) {
        return true;
    }
    if starts_with_value(after)
        || !first
            .chars()
            .all(|c| c.is_alphabetic() || c == '\'' || c == '`')
    {
        return false;
    }
    several && after.split_whitespace().any(is_function_word)
}

/// Whether a text is a sentence about a value that it starts with: `'n' is in it`.
fn says_of_value(text: &str) -> bool {
    let Some(length) = value_length(text).filter(|_| starts_with_value(text)) else {
        return false;
    };
    let rest = &text[length..];
    let mut words = rest.split_whitespace();
    let verb = matches!(
        words.next(),
        Some("is" | "are" | "was" | "isn't" | "has" | "does" | "doesn't" | "comes" | "appears")
    );
    rest.starts_with(' ') && verb && words.next().is_some_and(is_plain_word)
}

/// Whether a text goes on with what a name holds, however short that is: `d = {…}`.
fn holds_something(text: &str) -> bool {
    let name = text
        .find(|c: char| !(c.is_alphanumeric() || c == '_'))
        .unwrap_or(text.len());
    text.starts_with(|c: char| c.is_alphabetic() || c == '_')
        && text[name..].trim_start().starts_with("= ")
}

fn is_plain_word(word: &str) -> bool {
    word.trim_end_matches(['.', ',', '!'])
        .chars()
        .all(|c| c.is_lowercase() || matches!(c, '\'' | '-'))
}

/// Whether what follows a comma describes what stands before it: words in small
/// letters behind a value that is none of those: `ANN, upper case`.
fn describes(value: &str, after: &str) -> bool {
    let words: Vec<&str> = after.split_whitespace().collect();
    let small = |word: &str| word.chars().all(char::is_lowercase);
    words.len() > 1
        && words.iter().all(|word| is_plain_word(word))
        && !value
            .split(|c: char| !c.is_alphanumeric())
            .any(|word| !word.is_empty() && small(word))
}

/// Whether `gloss` can follow a value that shows its own end.
fn follows_value(gloss: &str) -> bool {
    let Some(first) = gloss.chars().next() else {
        return true;
    };
    let trimmed = gloss.trim_start();
    let blanks = gloss.len() - trimmed.len();
    match first {
        _ if trimmed.is_empty() => true,
        // A slip of the author's: `2``.
        '`' => trimmed.len() == 1,
        '.' | '!' | '。' => {
            let after = &gloss[first.len_utf8()..];
            after.trim().is_empty()
                || (after.starts_with(char::is_whitespace)
                    && !starts_with_value(after.trim_start()))
        }
        ',' | ';' | ':' | '，' | '；' | '：' => {
            let after = gloss[first.len_utf8()..].trim_start();
            after.is_empty()
                || has_word(after, 2) && (!starts_with_value(after) || says_of_value(after))
                || holds_something(after)
        }
        '(' | '（' => has_word(trimmed, 2),
        _ if first.is_whitespace() => {
            if trimmed.starts_with(['-', '–', '—', '#', '<', '←', '/', ';', '|', '(', '[', '（'])
            {
                return is_remark(gloss);
            }
            if trimmed.starts_with(['=', '≈']) {
                return false;
            }
            if blanks > 1 {
                return is_remark(gloss);
            }
            // One blank: `3 elements`, `[] because …`, `1.0 in Python 3`.
            let word: String = trimmed.chars().take_while(|c| c.is_alphabetic()).collect();
            word.chars().count() >= 1
                && word
                    .chars()
                    .next()
                    .is_some_and(|c| !c.is_uppercase() || is_unit(&word))
                && !starts_with_value(trimmed)
                && !matches!(
                    word.as_str(),
                    "and" | "or" | "if" | "is" | "not" | "in" | "x" | "to"
                )
                || is_scoped(trimmed)
        }
        _ => false,
    }
}

/// `in Python 3.7+`, `and li is now …`, `if so`: remarks that begin with a
/// word which is also an operator.
fn is_scoped(text: &str) -> bool {
    let mut words = text.split_whitespace();
    let first = words.next().unwrap_or("");
    let second = words.next().unwrap_or("");
    let second_is_word = second.len() > 1
        && second
            .chars()
            .all(|c| c.is_alphanumeric() || matches!(c, '_' | '.' | '\''));
    match first {
        "in" => second.eq_ignore_ascii_case("python") || is_function_word(second),
        "and" | "or" => {
            let third = words.next();
            let is_state = matches!(third, Some("is" | "now" | "=" | "becomes"));
            (second_is_word || is_state) && !starts_with_value(second) && third.is_some()
        }
        "to" => second_is_word && !starts_with_value(second),
        "if" | "is" | "not" => second_is_word && !starts_with_value(second),
        _ => false,
    }
}

/// Units that are written in capitals.
fn is_unit(word: &str) -> bool {
    matches!(
        word,
        "B" | "KB"
            | "MB"
            | "GB"
            | "TB"
            | "KiB"
            | "MiB"
            | "GiB"
            | "Hz"
            | "MHz"
            | "GHz"
            | "USD"
            | "EUR"
            | "K"
            | "M"
            | "C"
            | "F"
    )
}

/// Whether some run of at least `length` letters stands in `text`.
fn has_word(text: &str, length: usize) -> bool {
    text.split(|c: char| !c.is_alphabetic())
        .any(|word| word.chars().count() >= length)
}

fn starts_with_word(text: &str) -> bool {
    text.trim_start().starts_with(char::is_alphabetic) && !starts_with_value(text.trim_start())
}

/// Whether `text` starts with a literal, so that it goes on with values.
pub fn starts_with_value(text: &str) -> bool {
    let first = text
        .split(|c: char| c.is_whitespace() || matches!(c, ',' | ';' | ')' | ']' | ':'))
        .next()
        .unwrap_or("");
    let unsigned = first.trim_start_matches(['-', '+', '~', '$', '€']);
    unsigned.starts_with(|c: char| c.is_ascii_digit())
        || text.starts_with(['[', '{', '<', '"', '\''])
        || matches!(first, "True" | "False" | "None")
        || (first.starts_with('.')
            && first.len() > 1
            && first[1..].starts_with(|c: char| c.is_ascii_digit()))
}

/// Words of which English sentences are made.
const FUNCTION_WORDS: &[&str] = &[
    "a", "an", "the", "of", "is", "are", "was", "were", "be", "been", "to", "from", "in", "on",
    "at", "by", "for", "with", "without", "as", "that", "this", "these", "those", "it", "its",
    "you", "we", "they", "your", "our", "their", "not", "no", "so", "because", "since", "when",
    "while", "if", "then", "than", "but", "does", "do", "did", "doesn't", "don't", "isn't", "can",
    "can't", "cannot", "could", "will", "won't", "would", "should", "must", "may", "might", "has",
    "have", "had", "there", "here", "which", "what", "who", "how", "why", "where", "into", "out",
    "only", "also", "just", "even", "still", "now", "each", "every", "all", "any", "before",
];

/// Whether it is one of the words of which English sentences are made.
pub fn is_function_word(word: &str) -> bool {
    let word = word.trim_matches(|c: char| !c.is_alphanumeric() && c != '\'');
    let lower = word.to_lowercase();
    FUNCTION_WORDS.contains(&lower.as_str())
}

/// How many bytes belong to the value that `text` starts with.
pub fn value_length(text: &str) -> Option<usize> {
    let first = text.chars().next()?;
    match first {
        '[' | '(' | '{' => balanced(text, 0),
        '<' => angle_brackets(text),
        '"' | '\'' | '“' | '‘' | '`' => quoted(text),
        _ if first.is_ascii_digit() || matches!(first, '-' | '+' | '.' | '$' | '€' | '~') => {
            number(text)
        }
        _ if first.is_alphabetic() || first == '_' => named(text),
        _ => None,
    }
}

/// A name with its call, a constant, or a prefixed string.
fn named(text: &str) -> Option<usize> {
    let end = text
        .find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '.')))
        .unwrap_or(text.len());
    let name = text[..end].trim_end_matches('.');
    let after = &text[name.len()..];
    if matches!(
        name,
        "True" | "False" | "None" | "nan" | "inf" | "NaN" | "Infinity" | "NotImplemented"
    ) {
        return Some(name.len());
    }
    if after.starts_with('(') {
        return balanced(text, name.len());
    }
    if after.starts_with(['"', '\'']) && matches!(name, "b" | "B" | "r" | "u" | "rb" | "br" | "f") {
        return quoted(after).map(|length| name.len() + length);
    }
    None
}

/// The end of the brackets that open at `from`, strings skipped.
fn balanced(text: &str, from: usize) -> Option<usize> {
    let mut open = Vec::new();
    let mut quote = None;
    let mut escaped = false;
    for (at, character) in text[from..].char_indices() {
        if let Some(end) = quote {
            if escaped {
                escaped = false;
            } else if character == '\\' {
                escaped = true;
            } else if character == end {
                quote = None;
            }
            continue;
        }
        match character {
            '"' => quote = Some(character),
            // An apostrophe inside a word opens nothing.
            '\'' => {
                let before = text[..from + at].chars().next_back();
                if !before.is_some_and(char::is_alphanumeric) || before == Some('b') {
                    quote = Some(character);
                }
            }
            '(' => open.push(')'),
            '[' => open.push(']'),
            '{' => open.push('}'),
            ')' | ']' | '}' => {
                if open.pop() != Some(character) {
                    return None;
                }
                if open.is_empty() {
                    return Some(from + at + character.len_utf8());
                }
            }
            _ => {}
        }
    }
    None
}

fn quoted(text: &str) -> Option<usize> {
    for triple in ["\"\"\"", "'''"] {
        if let Some(rest) = text.strip_prefix(triple)
            && let Some(end) = rest.find(triple)
        {
            return Some(end + 6);
        }
    }
    let mut characters = text.char_indices();
    let (_, open) = characters.next()?;
    let close = match open {
        '“' => '”',
        '‘' => '’',
        other => other,
    };
    let mut escaped = false;
    for (at, character) in characters {
        if escaped {
            escaped = false;
        } else if character == '\\' {
            escaped = true;
        } else if character == close {
            return Some(at + character.len_utf8());
        }
    }
    None
}

/// A number with sign, currency, separators, exponent and a per cent sign; also
/// a date or a time, which are digits with signs between.
fn number(text: &str) -> Option<usize> {
    let signed = text.trim_start_matches(['-', '+', '~']);
    let start = text.len() - signed.len();
    let currency = signed.chars().next().filter(|c| matches!(c, '$' | '€'));
    let digits_from = start + currency.map_or(0, char::len_utf8);
    let body = &text[digits_from..];
    if !body.starts_with(|c: char| c.is_ascii_digit() || c == '.') {
        return None;
    }
    let mut end = 0;
    let mut has_digit = false;
    let mut characters = body.char_indices().peekable();
    while let Some((at, character)) = characters.next() {
        let next = characters.peek().map(|(_, c)| *c);
        let inside = match character {
            '0'..='9' => {
                has_digit = true;
                true
            }
            '_' | '.' | ':' | '/' | ',' => next.is_some_and(|c| c.is_ascii_digit()),
            '-' => next.is_some_and(|c| c.is_ascii_digit()) && at > 0,
            '+' => next.is_some_and(|c| c.is_ascii_digit()) && at > 0,
            'e' | 'E' => next.is_some_and(|c| c.is_ascii_digit() || matches!(c, '-' | '+')),
            'x' | 'X' | 'o' | 'b' => at == 1 && body.starts_with('0'),
            'a'..='f' | 'A'..='F' => body.starts_with("0x") || body.starts_with("0X"),
            'T' => next.is_some_and(|c| c.is_ascii_digit()),
            'j' | '%' | 'Z' => true,
            _ => false,
        };
        if !inside {
            break;
        }
        end = at + character.len_utf8();
    }
    if has_digit && body[..end].ends_with([',', ':']) {
        end -= 1;
    }
    // `1.` is a float, when nothing but a blank follows it and no sentence ends.
    let after = &body[end..];
    let glued = after.starts_with(|c: char| c.is_alphanumeric() || c == '_');
    (has_digit && !glued).then_some(digits_from + end)
}
