//! Text: what fits a pattern.
//!
//! Matching goes through pattern and text side by side and keeps all the places
//! where a match could be, so it takes time in proportion to both, whatever
//! the pattern. A placeholder takes the longest that it can stand for, `{any}`
//! and `{lines}` whatever is needed.

use super::token;
use crate::expectation::{Pattern, Piece, Placeholder, bytes_in, seconds_in};

/// What a placeholder other than `{any}` and `{lines}` stands for is no longer
/// than this: more than CPython prints of one integer.
const LONGEST_VALUE: usize = 5000;

/// What was forgiven, or why it was not.
///
/// # Errors
///
/// Says which of the two does not fit the pattern.
pub fn forgives(pattern: &Pattern, claimed: &str, actual: &str) -> Result<String, String> {
    if !fits(pattern, claimed) {
        return Err(format!(
            "the claim itself does not fit the pattern {:?}",
            pattern.to_string()
        ));
    }
    if !fits(pattern, actual) {
        return Err(format!(
            "it does not fit the pattern {:?}",
            pattern.to_string()
        ));
    }
    Ok(format!("what {:?} leaves open", pattern.to_string()))
}

/// Whether the whole of `text` fits.
pub fn fits(pattern: &Pattern, text: &str) -> bool {
    // `reachable[n]`: what comes before byte `n` fits the pieces so far.
    let mut reachable = vec![false; text.len() + 1];
    reachable[0] = true;
    for piece in pattern.pieces() {
        let mut next = vec![false; text.len() + 1];
        match piece {
            Piece::Literal(literal) => {
                for from in places(&reachable) {
                    if text.as_bytes()[from..].starts_with(literal.as_bytes()) {
                        next[from + literal.len()] = true;
                    }
                }
            }
            Piece::Placeholder(Placeholder::Any) => spread(text, &reachable, &mut next, true),
            Piece::Placeholder(Placeholder::Lines) => spread(text, &reachable, &mut next, false),
            Piece::Placeholder(placeholder) => {
                for from in places(&reachable) {
                    if text.is_char_boundary(from)
                        && begins(text, from, *placeholder)
                        && let Some(length) = longest(*placeholder, &text[from..])
                    {
                        next[from + length] = true;
                    }
                }
            }
        }
        reachable = next;
    }
    reachable[text.len()]
}

fn places(reachable: &[bool]) -> impl Iterator<Item = usize> + '_ {
    (0..reachable.len()).filter(|&place| reachable[place])
}

/// Everything behind a reachable place is reachable, to the end of the line or
/// of the text.
fn spread(text: &str, reachable: &[bool], next: &mut [bool], within_line: bool) {
    let mut open = false;
    for place in 0..=text.len() {
        if within_line && place > 0 && text.as_bytes()[place - 1] == b'\n' {
            open = false;
        }
        open |= reachable[place];
        next[place] = open;
    }
}

/// Whether what a placeholder stands for can begin here: not in the middle of a
/// number or a word. It also keeps matching linear.
fn begins(text: &str, from: usize, placeholder: Placeholder) -> bool {
    let Some(before) = text[..from].chars().next_back() else {
        return true;
    };
    match placeholder {
        Placeholder::Integer
        | Placeholder::Float
        | Placeholder::Number
        | Placeholder::Duration
        | Placeholder::Size
        | Placeholder::Date
        | Placeholder::Time
        | Placeholder::DateTime => !before.is_ascii_digit() && before != '_',
        Placeholder::Address | Placeholder::Hex | Placeholder::Uuid => {
            !before.is_ascii_hexdigit()
                || !text[from..].starts_with(|next: char| next.is_ascii_hexdigit())
        }
        Placeholder::Word => !(before.is_alphanumeric() || before == '_'),
        Placeholder::Path => before == '=' || !in_path(before),
        Placeholder::String | Placeholder::Any | Placeholder::Lines => true,
    }
}

/// The length of the longest beginning of `text` that the placeholder stands for.
fn longest(placeholder: Placeholder, text: &str) -> Option<usize> {
    let text = &text[..text.floor_char_boundary(LONGEST_VALUE)];
    match placeholder {
        Placeholder::Integer => number(text)
            .filter(|&(_, integer)| integer)
            .map(|(length, _)| length),
        Placeholder::Float => number(text)
            .filter(|&(_, integer)| !integer)
            .map(|(length, _)| length),
        Placeholder::Number => number(text).map(|(length, _)| length),
        Placeholder::Duration => token::clock(text)
            .map(|(length, _)| length)
            .or_else(|| with_unit(text, seconds_in)),
        Placeholder::Size => with_unit(text, bytes_in),
        Placeholder::Address => token::address(text),
        Placeholder::Hex => run(text, |character| character.is_ascii_hexdigit()),
        Placeholder::Uuid => token::uuid(text),
        Placeholder::Path => path(text),
        Placeholder::Date => date(text),
        Placeholder::Time => time(text),
        Placeholder::DateTime => {
            let date = date(text)?;
            let between = text[date..].strip_prefix([' ', 'T'])?;
            Some(date + 1 + time(between)?)
        }
        Placeholder::Word => run(text, |character| {
            character.is_alphanumeric() || character == '_'
        }),
        Placeholder::String => super::order::quoted(text, None),
        // These have no longest: `spread` reaches all of their ends.
        Placeholder::Any | Placeholder::Lines => None,
    }
}

fn run(text: &str, belongs: impl Fn(char) -> bool) -> Option<usize> {
    let length = text
        .find(|character| !belongs(character))
        .unwrap_or(text.len());
    (length > 0).then_some(length)
}

fn number(text: &str) -> Option<(usize, bool)> {
    token::number(text, None).map(|(length, _, integer)| (length, integer))
}

fn with_unit(text: &str, unit: impl Fn(&str) -> Option<f64>) -> Option<usize> {
    let (length, _) = number(text)?;
    let behind = &text[length..];
    let blank = usize::from(behind.starts_with(' '));
    let word = run(&behind[blank..], char::is_alphabetic)?;
    unit(&behind[blank..blank + word]).map(|_| length + blank + word)
}

/// A path: a slash among characters that need no quotes.
fn path(text: &str) -> Option<usize> {
    let length = run(text, in_path)?;
    text[..length].contains('/').then_some(length)
}

fn in_path(character: char) -> bool {
    !character.is_whitespace() && !"'\"<>|:,;()[]{}".contains(character)
}

/// `2024-05-31`.
fn date(text: &str) -> Option<usize> {
    shaped(text, "dddd-dd-dd")
}

/// `13:05`, `13:05:09`, `13:05:09.25`.
fn time(text: &str) -> Option<usize> {
    let minutes = shaped(text, "dd:dd")?;
    let Some(seconds) = shaped(&text[minutes..], ":dd") else {
        return Some(minutes);
    };
    let length = minutes + seconds;
    let fraction = text[length..]
        .strip_prefix('.')
        .and_then(|fraction| run(fraction, |character| character.is_ascii_digit()));
    Some(length + fraction.map_or(0, |digits| digits + 1))
}

/// Whether `text` begins like `shape`, in which `d` is a digit.
fn shaped(text: &str, shape: &str) -> Option<usize> {
    let begins = text.get(..shape.len())?;
    begins
        .bytes()
        .zip(shape.bytes())
        .all(|(byte, wanted)| match wanted {
            b'd' => byte.is_ascii_digit(),
            other => byte == other,
        })
        .then_some(shape.len())
}
