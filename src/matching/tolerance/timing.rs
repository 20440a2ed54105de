//! Timing: durations may differ, and floating-point seconds.
//!
//! A number with a unit of time, a clock's `0:00:01.5`, and a decimal without
//! any unit; ratios of them too (`3.9x`). Integers without a unit are no
//! durations, and a duration never becomes negative.

use super::token::{Token, TokenKind};
use crate::expectation::{Bound, bytes_in, seconds_in};

/// Whether token `index` may differ so.
pub fn permits(
    bound: Option<Bound>,
    claimed: &[Token<'_>],
    actual: &[Token<'_>],
    index: usize,
) -> bool {
    match (claimed[index].kind, actual[index].kind) {
        (TokenKind::Number { value: from, .. }, TokenKind::Number { value: to, .. }) => {
            match (scale(claimed, index), scale(actual, index)) {
                (Some(claimed_scale), Some(actual_scale)) => within(
                    bound,
                    from * claimed_scale,
                    to * actual_scale,
                    claimed_scale,
                ),
                _ => false,
            }
        }
        (TokenKind::Clock(from), TokenKind::Clock(to)) => within(bound, from, to, 1.0),
        (TokenKind::Word, TokenKind::Word) => {
            // The unit of a number that may differ.
            index > 0
                && [claimed, actual].iter().all(|tokens| {
                    tokens[index - 1].number().is_some() && seconds_in(tokens[index].text).is_some()
                })
        }
        _ => false,
    }
}

/// Seconds in one of the number's unit, if it can be a duration.
fn scale(tokens: &[Token<'_>], index: usize) -> Option<f64> {
    let behind = tokens.get(index + 1);
    if let Some(seconds) = behind.and_then(Token::word).and_then(seconds_in) {
        return Some(seconds);
    }
    let other_unit = behind.is_some_and(|token| {
        token.text == "%" || token.word().is_some_and(|word| bytes_in(word).is_some())
    });
    (!tokens[index].is_integer() && !other_unit).then_some(1.0)
}

fn within(bound: Option<Bound>, claimed: f64, actual: f64, scale: f64) -> bool {
    if claimed >= 0.0 && actual < 0.0 {
        return false;
    }
    match bound {
        None => true,
        Some(bound @ (Bound::Percent(_) | Bound::Seconds(_))) => bound.allows(claimed, actual),
        // Bare numbers count in the claim's own unit.
        Some(bound @ (Bound::Number(_) | Bound::Range(_, _))) => {
            bound.allows(claimed / scale, actual / scale)
        }
        Some(Bound::Bytes(_)) => false,
    }
}
