//! Random: any value of the same shape.
//!
//! A number may be another of its kind, a string another of its class, a truth
//! value the other one; a list may have its elements in another order. Words
//! outside of quotes stay what they are, unless the text is a single one.

use super::order;
use super::token::{self, TokenKind, tokens};
use crate::expectation::Bound;

/// What was forgiven, or why it was not.
///
/// # Errors
///
/// Says which part has another shape.
pub fn forgives(bound: Option<Bound>, claimed: &str, actual: &str) -> Result<String, String> {
    match same_shape(bound, claimed, actual) {
        Ok(what) => Ok(what),
        Err(why) => order::forgives(claimed, actual).map_err(|_| why),
    }
}

fn same_shape(bound: Option<Bound>, claimed: &str, actual: &str) -> Result<String, String> {
    let (from, to) = (parts(claimed), parts(actual));
    if from.len() != to.len() {
        return Err(format!(
            "{} parts are claimed and {} are shown",
            from.len(),
            to.len()
        ));
    }
    let alone = from.len() == 1;
    let mut changed = 0;
    for (one, other) in from.iter().zip(&to) {
        if one == other {
            continue;
        }
        if !one.could_be(other, bound, alone) {
            return Err(format!(
                "{:?} is not another {:?}",
                other.text(),
                one.text()
            ));
        }
        changed += 1;
    }
    Ok(match changed {
        1 => "another random value".to_owned(),
        more => format!("{more} other random values"),
    })
}

/// A token, or a string with its quotes.
#[derive(Debug, PartialEq)]
enum Part<'a> {
    Quoted(&'a str),
    Plain(&'a str, TokenKind),
}

impl<'a> Part<'a> {
    fn text(&self) -> &'a str {
        match self {
            Self::Quoted(text) | Self::Plain(text, _) => text,
        }
    }

    fn could_be(&self, other: &Self, bound: Option<Bound>, alone: bool) -> bool {
        match (self, other) {
            (Self::Quoted(one), Self::Quoted(other)) => same_class(one, other),
            (Self::Plain(one, kind), Self::Plain(other, other_kind)) => match (kind, other_kind) {
                (
                    TokenKind::Number { integer, value },
                    TokenKind::Number {
                        integer: other_integer,
                        value: other_value,
                    },
                ) => {
                    integer == other_integer
                        && bound.is_none_or(|bound| bound.allows(*value, *other_value))
                }
                (TokenKind::Uuid, TokenKind::Uuid) => true,
                (TokenKind::Address, TokenKind::Address) => true,
                (TokenKind::Hex, TokenKind::Hex) => one.len() == other.len(),
                // All figures, or all letters, by chance.
                (TokenKind::Hex, TokenKind::Word | TokenKind::Number { .. })
                | (TokenKind::Word | TokenKind::Number { .. }, TokenKind::Hex) => {
                    one.len() == other.len() && is_hex(one) && is_hex(other)
                }
                (TokenKind::Word, TokenKind::Word) => {
                    let truth = |word: &str| ["True", "False"].contains(&word);
                    (truth(one) && truth(other)) || (alone && !truth(one) && !truth(other))
                }
                _ => false,
            },
            (Self::Quoted(_), Self::Plain(..)) | (Self::Plain(..), Self::Quoted(_)) => false,
        }
    }
}

fn parts(text: &str) -> Vec<Part<'_>> {
    let mut found = Vec::new();
    let mut rest = text;
    let mut before = None;
    while let Some(character) = rest.chars().next() {
        if let Some(length) = order::quoted(rest, before) {
            found.push(Part::Quoted(&rest[..length]));
            before = Some(character);
            rest = &rest[length..];
            continue;
        }
        // Up to the next quote, the text is tokens.
        let end = next_quote(rest, before);
        for token in tokens(&rest[..end]) {
            found.push(Part::Plain(token.text, token.kind));
        }
        before = rest[..end].chars().next_back();
        rest = &rest[end..];
    }
    found
}

/// Where the next string begins, behind the first character.
fn next_quote(text: &str, mut before: Option<char>) -> usize {
    for (index, character) in text.char_indices() {
        if index > 0 && order::quoted(&text[index..], before).is_some() {
            return index;
        }
        before = Some(character);
    }
    text.len()
}

/// Whether two strings, quotes included, are of one class.
fn same_class(one: &str, other: &str) -> bool {
    let inside = |text: &str| -> String {
        let mut characters = text.chars();
        characters.next();
        characters.next_back();
        characters.as_str().to_owned()
    };
    let (one, other) = (inside(one), inside(other));
    if token::uuid(&one) == Some(one.len()) {
        return token::uuid(&other) == Some(other.len());
    }
    if one.is_empty() || other.is_empty() {
        return one == other;
    }
    let figures = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    if figures(&one) {
        return one.len() == other.len() && is_hex(&other);
    }
    if one.len() >= 8 && is_hex(&one) {
        return one.len() == other.len() && is_hex(&other);
    }
    if wordy(&one) {
        return wordy(&other);
    }
    length(&one) == length(&other)
}

fn is_hex(text: &str) -> bool {
    text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

/// Words, as people choose among them.
fn wordy(text: &str) -> bool {
    text.starts_with(char::is_alphabetic)
        && text
            .chars()
            .all(|character| character.is_alphabetic() || " -_'.".contains(character))
}

/// How many characters a string of Python source stands for, escapes being one.
fn length(text: &str) -> usize {
    let mut count = 0;
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        if character == '\\' && characters.next() == Some('x') {
            characters.next();
            characters.next();
        }
        count += 1;
    }
    count
}
