//! Approximate: a number close by.
//!
//! Without a bound a number promises what it writes: half a unit of its last
//! significant digit, or 5%, whichever is wider.

use super::token::Token;
use crate::expectation::{Bound, bytes_in, seconds_in};

/// Whether token `index` may differ so.
pub fn permits(
    bound: Option<Bound>,
    claimed: &[Token<'_>],
    actual: &[Token<'_>],
    index: usize,
) -> bool {
    let (from, to) = (&claimed[index], &actual[index]);
    let (Some(claimed_value), Some(actual_value)) = (from.number(), to.number()) else {
        return false;
    };
    let unit = |of: fn(&str) -> Option<f64>| claimed.get(index + 1)?.word().and_then(of);
    match bound {
        None => {
            let room = (last_digit(from.text) / 2.0).max(claimed_value.abs() * 0.05);
            Bound::Number(room).allows(claimed_value, actual_value)
        }
        Some(bound @ (Bound::Percent(_) | Bound::Number(_) | Bound::Range(_, _))) => {
            bound.allows(claimed_value, actual_value)
        }
        Some(bound @ Bound::Seconds(_)) => {
            let scale = unit(seconds_in).unwrap_or(1.0);
            bound.allows(claimed_value * scale, actual_value * scale)
        }
        Some(bound @ Bound::Bytes(_)) => {
            let scale = unit(bytes_in).unwrap_or(1.0);
            bound.allows(claimed_value * scale, actual_value * scale)
        }
    }
}

/// The value of one in the last significant digit of a written number: 0.1 of
/// `22.9`, 100 of `200`, 0.01 of `0.50`.
fn last_digit(text: &str) -> f64 {
    let (mantissa, exponent) = match text.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse().unwrap_or(0)),
        None => (text, 0),
    };
    let power: i32 = match mantissa.split_once('.') {
        Some((_, fraction)) => -i32::try_from(fraction.len()).unwrap_or(i32::MAX),
        None => {
            let figures = mantissa.trim_start_matches(['+', '-', '0']);
            let zeros = figures.len() - figures.trim_end_matches('0').len();
            i32::try_from(zeros).unwrap_or(i32::MAX)
        }
    };
    10f64.powi(power.saturating_add(exponent))
}

#[cfg(test)]
mod tests {
    use super::last_digit;

    #[test]
    fn the_last_significant_digit_is_found() {
        for (text, expected) in [
            ("22.9", 0.1),
            ("200", 100.0),
            ("0.50", 0.01),
            ("7", 1.0),
            ("0", 1.0),
            ("1.5e3", 100.0),
        ] {
            let found = last_digit(text);
            assert!(
                (found - expected).abs() < 1e-12 * expected,
                "{text}: {found}"
            );
        }
    }
}
