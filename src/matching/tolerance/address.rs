//! Address: hexadecimal addresses may differ, and the integers of `id()`.
//!
//! Which of them are the same may not: where the claim shows one address twice,
//! so does the output, and two stay two.

use std::collections::BTreeMap;

use super::token::{Token, TokenKind};

/// Which address stands for which, as far as the text has been read.
#[derive(Debug, Default)]
pub struct Addresses<'a> {
    actual_of: BTreeMap<&'a str, &'a str>,
    claimed_of: BTreeMap<&'a str, &'a str>,
}

impl<'a> Addresses<'a> {
    /// Whether the two tokens are both addresses, and the same ones as before.
    pub fn permits(&mut self, claimed: &Token<'a>, actual: &Token<'a>) -> bool {
        if !is_address(claimed) || !is_address(actual) {
            return false;
        }
        let same_form =
            matches!(claimed.kind, TokenKind::Address) == matches!(actual.kind, TokenKind::Address);
        // `0x7f...` leaves open which one it is.
        let cut_off = claimed.text.ends_with(['.', '…']);
        same_form && (cut_off || self.pairs(claimed.text, actual.text))
    }

    fn pairs(&mut self, claimed: &'a str, actual: &'a str) -> bool {
        *self.actual_of.entry(claimed).or_insert(actual) == actual
            && *self.claimed_of.entry(actual).or_insert(claimed) == claimed
    }
}

/// An address, or an integer too large for anything but `id()`.
pub fn is_address(token: &Token<'_>) -> bool {
    match token.kind {
        TokenKind::Address => true,
        TokenKind::Number { integer, value } => integer && value >= 1e6,
        TokenKind::Clock(_)
        | TokenKind::Uuid
        | TokenKind::Hex
        | TokenKind::Word
        | TokenKind::Mark => false,
    }
}
