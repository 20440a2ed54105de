//! How far a value may be from what the claim says: `within = "…"`.

use std::fmt;
use std::str::FromStr;

/// A bound.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Bound {
    /// So many hundredths of the claimed value: `20%`.
    Percent(f64),
    /// So much either way: `3`, `0.25`.
    Number(f64),
    /// So many seconds either way: `0.2s`, `150 ms`.
    Seconds(f64),
    /// So many bytes either way: `64 B`, `1.5 MiB`.
    Bytes(f64),
    /// From one number to another, both included: `1..6`.
    Range(f64, f64),
}

/// A bound that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{text:?} is not a bound")]
pub struct BoundError {
    /// What was written.
    pub text: String,
}

impl Bound {
    /// Whether `actual` is allowed where `claimed` is written. Seconds and bytes
    /// are compared as such: the caller gives both values in that unit.
    pub fn allows(self, claimed: f64, actual: f64) -> bool {
        let difference = (actual - claimed).abs();
        // Decimal bounds of decimal values: 1.2 is within 0.2 of 1.0.
        let slack = 1e-9 * claimed.abs().max(actual.abs());
        match self {
            Self::Percent(percent) => difference <= claimed.abs() * percent / 100.0 + slack,
            Self::Number(number) | Self::Seconds(number) | Self::Bytes(number) => {
                difference <= number + slack
            }
            Self::Range(from, to) => from <= actual && actual <= to,
        }
    }
}

/// The number of seconds in a unit of time, by its name.
pub fn seconds_in(unit: &str) -> Option<f64> {
    Some(match unit {
        "ns" | "nanosecond" | "nanoseconds" => 1e-9,
        "us" | "µs" | "μs" | "usec" | "microsecond" | "microseconds" => 1e-6,
        "ms" | "msec" | "millisecond" | "milliseconds" => 1e-3,
        "s" | "sec" | "secs" | "second" | "seconds" => 1.0,
        "min" | "mins" | "minute" | "minutes" => 60.0,
        "h" | "hour" | "hours" => 3600.0,
        "day" | "days" => 86400.0,
        _ => return None,
    })
}

/// The number of bytes in a unit of size, by its name.
pub fn bytes_in(unit: &str) -> Option<f64> {
    Some(match unit {
        "B" | "byte" | "bytes" | "Byte" | "Bytes" => 1.0,
        "kB" | "KB" | "kb" | "kilobytes" => 1e3,
        "MB" | "mb" | "megabytes" => 1e6,
        "GB" | "gb" | "gigabytes" => 1e9,
        "KiB" | "kibibytes" => 1024.0,
        "MiB" | "mebibytes" => 1024.0 * 1024.0,
        "GiB" | "gibibytes" => 1024.0 * 1024.0 * 1024.0,
        _ => return None,
    })
}

impl FromStr for Bound {
    type Err = BoundError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let error = || BoundError {
            text: text.to_owned(),
        };
        let number = |part: &str| {
            part.trim()
                .parse::<f64>()
                .ok()
                .filter(|value| value.is_finite())
                .ok_or_else(error)
        };
        let trimmed = text.trim();
        if let Some((from, to)) = trimmed.split_once("..") {
            let (from, to) = (number(from)?, number(to)?);
            return if from <= to {
                Ok(Self::Range(from, to))
            } else {
                Err(error())
            };
        }
        let split = trimmed
            .find(|character: char| !(character.is_ascii_digit() || "+-._".contains(character)))
            .unwrap_or(trimmed.len());
        let (value, unit) = trimmed.split_at(split);
        let (value, unit) = (number(value)?, unit.trim());
        if value < 0.0 {
            return Err(error());
        }
        match unit {
            "" => Ok(Self::Number(value)),
            "%" => Ok(Self::Percent(value)),
            _ => {
                if let Some(seconds) = seconds_in(unit) {
                    Ok(Self::Seconds(value * seconds))
                } else if let Some(bytes) = bytes_in(unit) {
                    Ok(Self::Bytes(value * bytes))
                } else {
                    Err(error())
                }
            }
        }
    }
}

impl fmt::Display for Bound {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Percent(percent) => write!(formatter, "{percent}%"),
            Self::Number(number) => write!(formatter, "{number}"),
            Self::Seconds(seconds) => write!(formatter, "{seconds}s"),
            Self::Bytes(bytes) => write!(formatter, "{bytes} B"),
            Self::Range(from, to) => write!(formatter, "{from}..{to}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bounds_are_read_with_their_units() {
        let cases = [
            ("20%", Some(Bound::Percent(20.0))),
            (" 12.5 % ", Some(Bound::Percent(12.5))),
            ("3", Some(Bound::Number(3.0))),
            ("0.2s", Some(Bound::Seconds(0.2))),
            ("2 min", Some(Bound::Seconds(120.0))),
            ("64 bytes", Some(Bound::Bytes(64.0))),
            ("2KiB", Some(Bound::Bytes(2048.0))),
            ("1..6", Some(Bound::Range(1.0, 6.0))),
            ("-1 .. 1", Some(Bound::Range(-1.0, 1.0))),
            ("6..1", None),
            ("-3", None),
            ("a lot", None),
            ("5 apples", None),
            ("inf", None),
            ("", None),
        ];
        for (text, expected) in cases {
            assert_eq!(text.parse::<Bound>().ok(), expected, "{text:?}");
        }
    }

    #[test]
    fn a_bound_takes_in_its_own_edge() {
        assert!(Bound::Percent(20.0).allows(1.0, 1.2));
        assert!(!Bound::Percent(20.0).allows(1.0, 1.21));
        assert!(Bound::Seconds(0.2).allows(0.5, 0.7));
        assert!(Bound::Range(1.0, 6.0).allows(3.0, 6.0));
        assert!(!Bound::Range(1.0, 6.0).allows(3.0, 7.0));
    }
}
