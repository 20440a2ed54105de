//! Size: numbers of bytes may differ.
//!
//! Where the claim gives a number with a unit of size, only such numbers are
//! sizes; where it gives none, every number is taken for one. No size is
//! negative.

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
            let scales = match (unit(claimed, index), unit(actual, index)) {
                (Some(claimed_unit), Some(actual_unit)) => Some((claimed_unit, actual_unit)),
                (None, None) if !names_units(claimed) && bare(claimed, index) => Some((1.0, 1.0)),
                _ => None,
            };
            scales.is_some_and(|(claimed_unit, actual_unit)| {
                within(bound, from * claimed_unit, to * actual_unit, claimed_unit)
            })
        }
        (TokenKind::Word, TokenKind::Word) => {
            index > 0
                && [claimed, actual].iter().all(|tokens| {
                    tokens[index - 1].number().is_some() && bytes_in(tokens[index].text).is_some()
                })
        }
        _ => false,
    }
}

fn unit(tokens: &[Token<'_>], index: usize) -> Option<f64> {
    tokens.get(index + 1)?.word().and_then(bytes_in)
}

/// Whether nothing behind the number says that it is something else.
fn bare(tokens: &[Token<'_>], index: usize) -> bool {
    tokens
        .get(index + 1)
        .is_none_or(|behind| behind.text != "%" && behind.word().and_then(seconds_in).is_none())
}

fn names_units(tokens: &[Token<'_>]) -> bool {
    (0..tokens.len()).any(|index| tokens[index].number().is_some() && unit(tokens, index).is_some())
}

fn within(bound: Option<Bound>, claimed: f64, actual: f64, unit: f64) -> bool {
    if claimed >= 0.0 && actual < 0.0 {
        return false;
    }
    match bound {
        None => true,
        Some(bound @ (Bound::Percent(_) | Bound::Bytes(_))) => bound.allows(claimed, actual),
        Some(bound @ (Bound::Number(_) | Bound::Range(_, _))) => {
            bound.allows(claimed / unit, actual / unit)
        }
        Some(Bound::Seconds(_)) => false,
    }
}
