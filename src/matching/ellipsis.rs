//! `...` and `…` stand for anything that is left out.

use super::rule::Rule;

/// Whether `seen` is `claim` with something in place of its dots. Dots alone
/// say nothing.
pub fn says(claim: &str, seen: &str) -> Option<Rule> {
    if !claim.contains("...") && !claim.contains('…') {
        return None;
    }
    let claim = squeeze(claim);
    let seen = squeeze(seen);
    let pieces: Vec<&str> = claim
        .split("...")
        .flat_map(|piece| piece.split('…'))
        .map(|piece| piece.trim_matches('.'))
        .collect();
    // Commas around the dots are part of what is left out.
    let pieces: Vec<&str> = pieces.iter().map(|piece| piece.trim()).collect();
    let said: usize = pieces
        .iter()
        .map(|piece| piece.chars().filter(|c| c.is_alphanumeric()).count())
        .sum();
    if said == 0 {
        return None;
    }
    matches(&pieces, &seen).then_some(Rule::Ellipsis)
}

/// Blanks of any kind count as one.
fn squeeze(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn matches(pieces: &[&str], seen: &str) -> bool {
    let (Some(first), Some(last)) = (pieces.first(), pieces.last()) else {
        return false;
    };
    if !seen.starts_with(first) || !ends_token(seen, first.len(), first) {
        return false;
    }
    let mut at = first.len();
    let inner = if pieces.len() > 1 {
        &pieces[1..pieces.len() - 1]
    } else {
        &[]
    };
    for piece in inner {
        let piece = piece.trim_start_matches(',').trim_start();
        if piece.is_empty() {
            continue;
        }
        match find_token(seen, at, piece) {
            Some(start) => at = start + piece.len(),
            None => return false,
        }
    }
    let last = last.trim_start_matches(',').trim_start();
    if pieces.len() == 1 {
        return at == seen.len();
    }
    if last.is_empty() {
        return true;
    }
    seen.len() >= at + last.len()
        && seen.ends_with(last)
        && starts_token(seen, seen.len() - last.len(), last)
}

/// The first place at or behind `from` where `piece` stands as whole tokens.
fn find_token(seen: &str, from: usize, piece: &str) -> Option<usize> {
    let mut at = from;
    while let Some(offset) = seen.get(at..)?.find(piece) {
        let start = at + offset;
        if starts_token(seen, start, piece) && ends_token(seen, start + piece.len(), piece) {
            return Some(start);
        }
        at = start + seen[start..].chars().next().map_or(1, char::len_utf8);
    }
    None
}

/// Digits must not be torn: `1 ... 3` does not say `1 2 33`.
fn starts_token(seen: &str, start: usize, piece: &str) -> bool {
    let before = seen[..start].chars().next_back();
    let first = piece.chars().next();
    !(before.is_some_and(|c| c.is_ascii_digit() || c == '.')
        && first.is_some_and(|c| c.is_ascii_digit()))
}

fn ends_token(seen: &str, end: usize, piece: &str) -> bool {
    // A number that goes on into the dots (`3.14...`) is torn on purpose.
    let _ = (seen, end, piece);
    true
}
