//! What could vary in a text, and what several texts have in common.
//!
//! Nothing is forgiven here: a proposal is made of it, and held against the
//! texts again.

use super::token::{Token, TokenKind, tokens};
use crate::expectation::{bytes_in, seconds_in};

/// What a text has in it that could vary.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Shape {
    /// A number with a unit of time.
    Duration,
    /// A number with a unit of size.
    Size,
    /// A decimal number without a unit.
    Float,
}

/// What of these is in `text`, each time that it is.
pub fn shape(text: &str) -> Vec<Shape> {
    let tokens = tokens(text);
    let mut shapes = Vec::new();
    for (index, token) in tokens.iter().enumerate() {
        if matches!(token.kind, TokenKind::Clock(_)) {
            shapes.push(Shape::Duration);
        }
        if token.number().is_none() {
            continue;
        }
        let unit = tokens.get(index + 1).and_then(Token::word);
        if unit.is_some_and(|unit| seconds_in(unit).is_some()) {
            shapes.push(Shape::Duration);
        } else if unit.is_some_and(|unit| bytes_in(unit).is_some()) {
            shapes.push(Shape::Size);
        } else if !token.is_integer() {
            shapes.push(Shape::Float);
        }
    }
    shapes
}

/// A pattern that `claimed` and all the `shown` texts could fit: what is the
/// same in all of them, and placeholders for the rest. `None` where nothing is.
pub fn generalise(claimed: &str, shown: &[String]) -> Option<String> {
    let texts: Vec<Vec<Token<'_>>> = [claimed]
        .into_iter()
        .chain(shown.iter().map(String::as_str))
        .map(tokens)
        .collect();
    let first = &texts[0];
    let same = |one: &Token<'_>, other: &Token<'_>| one.text == other.text;
    let begins_alike = (0..first.len())
        .take_while(|&index| {
            texts.iter().all(|text| {
                text.get(index)
                    .is_some_and(|token| same(token, &first[index]))
            })
        })
        .count();
    let parallel = texts.iter().all(|text| text.len() == first.len());
    let mut pattern = String::new();
    let literal = |token: &Token<'_>, pattern: &mut String| {
        pattern.push_str(token.blank);
        pattern.push_str(&token.text.replace('{', "{{").replace('}', "}}"));
    };
    if parallel {
        for (index, token) in first.iter().enumerate() {
            if texts.iter().all(|text| same(&text[index], token)) {
                literal(token, &mut pattern);
            } else {
                pattern.push_str(token.blank);
                pattern.push_str(placeholder(texts.iter().map(|text| text[index])));
            }
        }
        return Some(pattern);
    }
    let shortest = texts.iter().map(Vec::len).min().unwrap_or(0);
    let ends_alike = (1..=shortest - begins_alike)
        .take_while(|&back| {
            let token = &first[first.len() - back];
            texts
                .iter()
                .all(|text| same(&text[text.len() - back], token))
        })
        .count();
    if begins_alike + ends_alike == 0 {
        return None;
    }
    for token in &first[..begins_alike] {
        literal(token, &mut pattern);
    }
    let several_lines = texts.iter().any(|text| {
        text[begins_alike..text.len() - ends_alike]
            .iter()
            .any(|token| token.text == "\n")
    });
    pattern.push_str(if several_lines { "{lines}" } else { "{any}" });
    for (index, token) in first[first.len() - ends_alike..].iter().enumerate() {
        // The blanks before the first are among what varies.
        let token = if index == 0 {
            Token {
                blank: "",
                ..*token
            }
        } else {
            *token
        };
        literal(&token, &mut pattern);
    }
    Some(pattern)
}

/// The narrowest placeholder for all of the tokens.
fn placeholder<'a>(tokens: impl Iterator<Item = Token<'a>> + Clone) -> &'static str {
    let all = |is: fn(&Token<'_>) -> bool| tokens.clone().all(|token| is(&token));
    if all(|token| token.is_integer()) {
        "{int}"
    } else if all(|token| token.number().is_some() && !token.is_integer()) {
        "{float}"
    } else if all(|token| token.number().is_some()) {
        "{number}"
    } else if all(|token| matches!(token.kind, TokenKind::Address)) {
        "{address}"
    } else if all(|token| matches!(token.kind, TokenKind::Uuid)) {
        "{uuid}"
    } else if all(|token| matches!(token.kind, TokenKind::Clock(_))) {
        "{duration}"
    } else if all(|token| token.word().is_some()) {
        "{word}"
    } else {
        "{any}"
    }
}
