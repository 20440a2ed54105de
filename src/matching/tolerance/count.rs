//! Count: another integer. A count never becomes negative, and never a decimal.

use super::token::Token;
use crate::expectation::Bound;

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
    from.is_integer()
        && to.is_integer()
        && (claimed_value < 0.0 || actual_value >= 0.0)
        && bound.is_none_or(|bound| bound.allows(claimed_value, actual_value))
}
