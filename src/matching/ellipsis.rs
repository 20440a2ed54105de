//! `...` and `…` stand for anything that is left out.

use super::rule::Rule;

/// A piece of a claim between two runs of dots.
struct Piece {
    text: String,
    /// Whether a blank or a comma stands between it and the dots before or
    /// behind, so that it must not tear a number.
    apart_before: bool,
    apart_behind: bool,
}

/// Whether `seen` is `claim` with something in place of its dots. Dots alone
/// say nothing.
pub fn says(claim: &str, seen: &str) -> Option<Rule> {
    let claim = claim.trim_end();
    let cut_short = is_cut_short(claim);
    if !claim.contains("...") && !claim.contains('…') && !cut_short {
        return None;
    }
    let claim = if cut_short {
        format!("{claim}.")
    } else {
        claim.to_owned()
    };
    let claim = squeeze(&claim).replace('…', "...");
    let seen = squeeze(seen);
    let pieces: Vec<Piece> = claim
        .split("...")
        .map(|text| {
            let text = text.trim_start_matches('.');
            let separates = |c: char| c == ' ' || c == ',';
            Piece {
                apart_before: text.starts_with(separates),
                apart_behind: text.ends_with(separates),
                text: text.trim_matches(separates).to_owned(),
            }
        })
        .collect();
    let said = |piece: &Piece| piece.text.chars().any(char::is_alphanumeric);
    (pieces.iter().any(said) && matches(&pieces, &seen)).then_some(Rule::Ellipsis)
}

/// `3.33..`: a number whose further digits two dots leave out.
fn is_cut_short(claim: &str) -> bool {
    claim.strip_suffix("..").is_some_and(|number| {
        number.contains('.')
            && number.ends_with(|c: char| c.is_ascii_digit())
            && number.parse::<f64>().is_ok()
    })
}

/// Blanks of any kind count as one.
fn squeeze(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn matches(pieces: &[Piece], seen: &str) -> bool {
    let [first, inner @ .., last] = pieces else {
        return false;
    };
    if !seen.starts_with(&first.text) || !is_whole(seen, 0, first) {
        return false;
    }
    let mut at = first.text.len();
    for piece in inner {
        match find(seen, at, piece) {
            Some(start) => at = start + piece.text.len(),
            None => return false,
        }
    }
    let Some(start) = seen.len().checked_sub(last.text.len()) else {
        return false;
    };
    start >= at && seen.ends_with(&last.text) && is_whole(seen, start, last)
}

/// The first place at or behind `from` where the piece stands without tearing
/// a number.
fn find(seen: &str, from: usize, piece: &Piece) -> Option<usize> {
    if piece.text.is_empty() {
        return Some(from);
    }
    let mut at = from;
    while let Some(offset) = seen.get(at..)?.find(&piece.text) {
        let start = at + offset;
        if is_whole(seen, start, piece) {
            return Some(start);
        }
        at = start + seen[start..].chars().next().map_or(1, char::len_utf8);
    }
    None
}

/// `1 ... 3` does not say `1 2 33`, nor `12 3`; `3.14...` tears on purpose.
fn is_whole(seen: &str, start: usize, piece: &Piece) -> bool {
    let end = start + piece.text.len();
    let part = |c: Option<char>| c.is_some_and(|c| c.is_alphanumeric() || c == '_' || c == '.');
    let word = |c: Option<char>| c.is_some_and(char::is_alphanumeric);
    let torn_before = piece.apart_before
        && word(piece.text.chars().next())
        && part(seen[..start].chars().next_back());
    let torn_behind = piece.apart_behind
        && word(piece.text.chars().next_back())
        && word(seen[end..].chars().next());
    !torn_before && !torn_behind
}
