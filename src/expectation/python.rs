//! The range of CPython versions that an entry applies to.

use std::fmt;
use std::str::FromStr;

use pep440_rs::{Version, VersionSpecifiers};

/// A range such as `>=3.13`, `<3.12`, `3.11` or `>=3.10, <3.13`.
///
/// A version is compared in as many parts as the range writes: `<=3.12` takes
/// in 3.12.4 and `==3.12` is every 3.12. Packaging's own rule would leave both
/// out, which nobody who writes about Python versions means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PythonRange {
    text: String,
    specifiers: VersionSpecifiers,
}

impl PythonRange {
    /// Whether the version `[major, minor, micro]` is in the range.
    pub fn contains(&self, version: [u16; 3]) -> bool {
        self.specifiers.iter().all(|specifier| {
            let parts = specifier.version().release().len().clamp(1, 3);
            let release = version.iter().take(parts).map(|&part| u64::from(part));
            specifier.contains(&Version::new(release))
        })
    }
}

impl FromStr for PythonRange {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let trimmed = text.trim();
        let written = if trimmed.starts_with(|first: char| first.is_ascii_digit()) {
            format!("=={trimmed}")
        } else {
            trimmed.to_owned()
        };
        let specifiers = VersionSpecifiers::from_str(&written)
            .map_err(|error| error.to_string().lines().next().unwrap_or("").to_owned())?;
        if specifiers.is_empty() {
            return Err("it is empty".to_owned());
        }
        Ok(Self {
            text: trimmed.to_owned(),
            specifiers,
        })
    }
}

impl fmt::Display for PythonRange {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_range_is_compared_in_the_parts_that_it_writes() {
        let cases = [
            (">=3.13", [3, 13, 0], true),
            (">=3.13", [3, 12, 9], false),
            ("<=3.12", [3, 12, 4], true),
            (">3.12", [3, 12, 4], false),
            ("==3.12", [3, 12, 4], true),
            ("3.12", [3, 12, 4], true),
            ("3.12.1", [3, 12, 4], false),
            ("==3.12.*", [3, 12, 4], true),
            ("!=3.12", [3, 12, 4], false),
            ("~=3.9", [3, 14, 0], true),
            (">=3.10, <3.13", [3, 13, 0], false),
            (">=3.10, <3.13", [3, 10, 2], true),
        ];
        for (range, version, expected) in cases {
            let parsed: PythonRange = range.parse().expect(range);
            assert_eq!(parsed.contains(version), expected, "{range} {version:?}");
        }
    }

    #[test]
    fn nonsense_is_refused() {
        for text in ["", " ", "new", ">=", "=>3.9"] {
            assert!(text.parse::<PythonRange>().is_err(), "{text:?}");
        }
    }
}
