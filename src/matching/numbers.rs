//! Numbers that need not be exact: rounded ones, and those that the claim calls
//! approximate. Units are understood.

use super::rule::Rule;
use crate::claim::shape::about;

/// A number and its unit.
#[derive(Clone, Debug, PartialEq)]
struct Quantity {
    /// The number, as it is written, separators cut.
    digits: String,
    value: f64,
    unit: Option<Unit>,
    /// Where the quantity stands in its text.
    start: usize,
    end: usize,
}

#[derive(Clone, Copy, Debug, PartialEq)]
struct Unit {
    dimension: Dimension,
    /// What one of it can be, in the dimension's base unit.
    factors: [f64; 2],
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Dimension {
    Size,
    Time,
    Share,
    Times,
}

/// The unit that a word names.
fn unit(word: &str) -> Option<Unit> {
    let exact = |dimension, factor: f64| Unit {
        dimension,
        factors: [factor, factor],
    };
    // A size may be meant in powers of 1000 or of 1024.
    let size = |power: i32| Unit {
        dimension: Dimension::Size,
        factors: [1000f64.powi(power), 1024f64.powi(power)],
    };
    Some(match word {
        "B" | "b" | "byte" | "bytes" | "Bytes" => size(0),
        "kB" | "KB" | "kb" | "Kb" | "K" | "k" | "kilobytes" | "kilobyte" => size(1),
        "MB" | "mb" | "Mb" | "M" | "megabytes" | "megabyte" => size(2),
        "GB" | "gb" | "Gb" | "G" | "gigabytes" | "gigabyte" => size(3),
        "TB" | "tb" => size(4),
        "KiB" => exact(Dimension::Size, 1024f64),
        "MiB" => exact(Dimension::Size, 1024f64.powi(2)),
        "GiB" => exact(Dimension::Size, 1024f64.powi(3)),
        "ns" | "nanoseconds" | "nanosecond" => exact(Dimension::Time, 1e-9),
        "us" | "µs" | "μs" | "usec" | "microseconds" | "microsecond" => {
            exact(Dimension::Time, 1e-6)
        }
        "ms" | "msec" | "milliseconds" | "millisecond" => exact(Dimension::Time, 1e-3),
        "s" | "sec" | "secs" | "second" | "seconds" | "Sec" | "Seconds" => {
            exact(Dimension::Time, 1.0)
        }
        "m" | "min" | "mins" | "minute" | "minutes" => exact(Dimension::Time, 60.0),
        "h" | "hour" | "hours" => exact(Dimension::Time, 3600.0),
        "%" | "percent" => exact(Dimension::Share, 0.01),
        "x" | "X" | "×" | "times" => exact(Dimension::Times, 1.0),
        _ => return None,
    })
}

/// The numbers of a text, with their units.
fn quantities(text: &str) -> Vec<Quantity> {
    let bytes = text.as_bytes();
    let mut found = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let byte = bytes[at];
        let before = text[..at].chars().next_back();
        let part_of_word = before.is_some_and(|c| c.is_alphanumeric() || matches!(c, '_' | '.'));
        if !byte.is_ascii_digit() || part_of_word {
            at += text[at..].chars().next().map_or(1, char::len_utf8);
            continue;
        }
        let mut end = at;
        let mut dots = 0;
        while end < bytes.len() {
            let next_digit = bytes.get(end + 1).is_some_and(u8::is_ascii_digit);
            match bytes[end] {
                b'0'..=b'9' => {}
                b'_' if next_digit => {}
                b',' if next_digit && thousands(&bytes[end + 1..]) && dots == 0 => {}
                b'.' if next_digit || dots == 0 && end + 1 == bytes.len() => dots += 1,
                b'e' | b'E'
                    if next_digit
                        || bytes.get(end + 1).is_some_and(|b| matches!(b, b'-' | b'+'))
                            && bytes.get(end + 2).is_some_and(u8::is_ascii_digit) =>
                {
                    end += 1;
                }
                _ => break,
            }
            end += 1;
        }
        let mut start = at;
        if let Some(sign @ ('-' | '+')) = before {
            let outer = text[..at - 1].chars().next_back();
            if outer
                .is_none_or(|c| c.is_whitespace() || matches!(c, '(' | '[' | ',' | '=' | ':' | '~'))
            {
                let _ = sign;
                start = at - 1;
            }
        }
        let digits: String = text[start..end]
            .chars()
            .filter(|c| !matches!(c, '_' | ','))
            .collect();
        let digits = digits.trim_end_matches('.').to_owned();
        // Dates, times and versions are no numbers.
        let continued = dots > 1 || text[end..].starts_with('_');
        if let Ok(value) = digits.parse::<f64>()
            && !continued
        {
            let rest = &text[end..];
            let gap = rest.len() - rest.trim_start_matches(' ').len();
            let word: String = if rest[gap..].starts_with('%') {
                "%".to_owned()
            } else {
                rest[gap..]
                    .chars()
                    .take_while(|c| c.is_alphabetic() || *c == '×')
                    .collect()
            };
            let unit = (gap <= 1).then(|| unit(&word)).flatten();
            // `3D` and `2nd` are words.
            let glued = gap == 0 && !word.is_empty() && unit.is_none();
            if !glued {
                found.push(Quantity {
                    digits,
                    value,
                    unit,
                    start,
                    end: if unit.is_some() {
                        end + gap + word.len()
                    } else {
                        end
                    },
                });
            }
        }
        at = end.max(at + 1);
    }
    found
}

fn thousands(after: &[u8]) -> bool {
    after.len() >= 3
        && after[..3].iter().all(u8::is_ascii_digit)
        && !after.get(3).is_some_and(u8::is_ascii_digit)
}

/// Whether the claim says the text up to its own tolerances: approximations
/// that it marks, roundings of the floats that it writes.
pub fn says(claim: &str, seen: &str) -> Option<Rule> {
    let (claim, seen) = (claim.trim(), seen.trim());
    if let Some(rest) = about(claim) {
        return approximated(rest, seen).then_some(Rule::Approximate);
    }
    let claimed = quantities(claim);
    let shown = quantities(seen);
    if claimed.is_empty() || claimed.len() != shown.len() || claimed.len() > 2000 {
        return None;
    }
    // The texts between the numbers are equal, but for signs of approximation.
    let mut rule = None;
    let (mut claim_at, mut seen_at) = (0, 0);
    for (a, b) in claimed.iter().zip(&shown) {
        let between = &claim[claim_at..a.start];
        let approximate = between.trim_end().ends_with(['~', '≈']);
        let plain = between.trim_end().trim_end_matches(['~', '≈']);
        let before = &seen[seen_at..b.start];
        let texts_equal = if approximate {
            plain.trim_end() == before.trim_end()
        } else {
            between == before
        };
        if !texts_equal {
            return None;
        }
        claim_at = if a.unit.is_some() && b.unit.is_some() && a.unit == b.unit {
            a.end
        } else {
            a.start + written_length(claim, a)
        };
        seen_at = if a.unit.is_some() && b.unit.is_some() && a.unit == b.unit {
            b.end
        } else {
            b.start + written_length(seen, b)
        };
        if a.digits == b.digits {
            continue;
        }
        if approximate && near(a, b) {
            rule = Some(Rule::Approximate);
        } else if digits_right(&a.digits, &b.digits) {
            rule = rule.or(Some(Rule::Rounding));
        } else {
            return None;
        }
    }
    (claim[claim_at..].trim_end() == seen[seen_at..].trim_end())
        .then_some(rule)
        .flatten()
}

/// How many bytes the number itself takes.
fn written_length(text: &str, quantity: &Quantity) -> usize {
    text[quantity.start..quantity.end]
        .find(|c: char| {
            !(c.is_ascii_digit() || matches!(c, '.' | ',' | '_' | '-' | '+' | 'e' | 'E'))
        })
        .unwrap_or(quantity.end - quantity.start)
}

/// What is said to be approximate, against all of what was seen.
fn approximated(claim: &str, seen: &str) -> bool {
    let claimed = quantities(claim);
    let shown = quantities(seen);
    let ([claimed], [shown]) = (claimed.as_slice(), shown.as_slice()) else {
        // `about [0.1, 0.2]`: a value of the same form.
        return claim == seen
            || claimed.len() == shown.len()
                && claimed.len() > 1
                && !claimed.is_empty()
                && claim[..claimed[0].start] == seen[..shown[0].start]
                && claimed.iter().zip(&shown).all(|(a, b)| near(a, b));
    };
    // The number begins the claim; a label can stand before it in the output.
    let leads = claim[..claimed.start]
        .trim()
        .trim_matches(['$', '€'])
        .is_empty();
    let label = seen[..shown.start].trim();
    let ends = seen[shown.end..].trim().trim_matches(['.', ')', '!']);
    let labelled = label.is_empty()
        || label.ends_with([':', '=', '$', '€', '('])
        || label.ends_with("is")
        || label.ends_with("took");
    let about_same = claimed.unit.is_some()
        || ends.is_empty()
        || claim[claimed.end..].trim_start().starts_with(ends);
    leads && labelled && about_same && near(claimed, shown)
}

/// Within half a unit of the last significant digit that is written, or within
/// 5%, whichever is wider.
fn near(claimed: &Quantity, shown: &Quantity) -> bool {
    let tolerance = (half_unit(&claimed.digits)).max(claimed.value.abs() * 0.05);
    let one = [1.0, 1.0];
    let (claimed_factors, shown_factors) = match (claimed.unit, shown.unit) {
        (Some(claimed), Some(shown)) => {
            if claimed.dimension != shown.dimension {
                return false;
            }
            (claimed.factors, shown.factors)
        }
        // A bare number is in the base unit, or in the unit that is claimed.
        (Some(claimed), None) => (claimed.factors, [1.0, claimed.factors[0]]),
        (None, Some(_)) | (None, None) => (one, one),
    };
    claimed_factors.iter().any(|factor| {
        shown_factors.iter().any(|shown_factor| {
            (claimed.value * factor - shown.value * shown_factor).abs()
                <= tolerance * factor * (1.0 + 1e-12)
        })
    })
}

/// Half of what one more in the last significant digit would be: zeros at the
/// end of an integer are not significant.
fn half_unit(digits: &str) -> f64 {
    let (mantissa, exponent) = match digits.split_once(['e', 'E']) {
        Some((mantissa, exponent)) => (mantissa, exponent.parse::<i32>().unwrap_or(0)),
        None => (digits, 0),
    };
    let place = match mantissa.split_once('.') {
        Some((_, decimals)) => -i32::try_from(decimals.len()).unwrap_or(i32::MAX),
        None => {
            let zeros = mantissa.len() - mantissa.trim_end_matches('0').len();
            if zeros == mantissa.trim_start_matches(['-', '+']).len() {
                0
            } else {
                i32::try_from(zeros).unwrap_or(i32::MAX)
            }
        }
    };
    0.5 * 10f64.powi(place.saturating_add(exponent).clamp(-300, 300))
}

/// Whether `shown` has more digits than `claimed` and every digit of `claimed`
/// is right, cut off or rounded.
pub fn digits_right(claimed: &str, shown: &str) -> bool {
    let Some((whole, decimals)) = claimed.split_once('.') else {
        return false;
    };
    if decimals.contains(['e', 'E']) || decimals.is_empty() {
        return false;
    }
    let (Ok(claimed_value), Ok(shown_value)) = (claimed.parse::<f64>(), shown.parse::<f64>())
    else {
        return false;
    };
    // Zeros alone are not digits that could be right.
    if whole
        .chars()
        .chain(decimals.chars())
        .all(|c| matches!(c, '0' | '-' | '+'))
    {
        return false;
    }
    let shown_decimals = shown
        .split_once('.')
        .map_or(0, |(_, decimals)| decimals.len());
    if shown.contains(['e', 'E']) {
        let rounded = format!("{shown_value:.*}", decimals.len().min(300));
        return rounded == claimed;
    }
    if shown_decimals <= decimals.len() || !shown_value.is_finite() {
        return false;
    }
    let cut = &shown[..shown.len() - (shown_decimals - decimals.len())];
    let rounded = format!("{shown_value:.*}", decimals.len());
    // Halves are rounded either way.
    let step = 10f64.powi(-i32::try_from(decimals.len()).unwrap_or(300));
    let half = ((claimed_value - shown_value).abs() - step / 2.0).abs() < step * 1e-9;
    cut == claimed || rounded == claimed || half
}
