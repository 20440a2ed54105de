//! What a user can ask for with `--python`, read from text.
//!
//! Reading is all that happens here: whether such an interpreter exists is for
//! discovery to say.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use pep440_rs::VersionSpecifiers;

use super::{InterpreterError, Version};

/// Which interpreters are wanted.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Request {
    /// `3`, `3.12` or `3.12.1`: one of that version.
    Release(Release),
    /// `3.9..3.13`: one of each minor version from the first to the last.
    Between(Release, Release),
    /// `>=3.10`, `~=3.9`, `>=3.9,<3.13`: one of each minor version that fits.
    Specifiers(VersionSpecifiers),
    /// A program with a path, or the folder of a virtual environment.
    Place(PathBuf),
    /// A program on `PATH`, such as `python3.12`.
    Program(String),
}

/// The beginning of a version number: `3`, `3.12` or `3.12.1`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Release {
    major: u16,
    minor: Option<u16>,
    micro: Option<u16>,
}

impl Release {
    /// Reads `3`, `3.12`, `3.12.1`; `None` for anything else.
    pub fn read(text: &str) -> Option<Self> {
        let mut numbers = text.split('.').map(|part| {
            let digits = !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit());
            digits.then(|| part.parse::<u16>().ok()).flatten()
        });
        let release = Self {
            major: numbers.next()??,
            minor: match numbers.next() {
                Some(minor) => Some(minor?),
                None => None,
            },
            micro: match numbers.next() {
                Some(micro) => Some(micro?),
                None => None,
            },
        };
        numbers.next().is_none().then_some(release)
    }

    /// Whether `version` begins like this.
    pub fn includes(self, version: Version) -> bool {
        self.major == version.major
            && self.minor.is_none_or(|minor| minor == version.minor)
            && self.micro.is_none_or(|micro| micro == version.micro)
    }

    fn at_or_above(self, version: Version) -> bool {
        let lowest = (self.major, self.minor.unwrap_or(0), self.micro.unwrap_or(0));
        lowest <= (version.major, version.minor, version.micro)
    }
}

impl fmt::Display for Release {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{}", self.major)?;
        if let Some(minor) = self.minor {
            write!(formatter, ".{minor}")?;
        }
        if let Some(micro) = self.micro {
            write!(formatter, ".{micro}")?;
        }
        Ok(())
    }
}

impl Request {
    /// Whether an interpreter of this version is asked for; a place or a
    /// program asks for no version.
    pub fn includes(&self, version: Version) -> bool {
        match self {
            Self::Release(release) => release.includes(version),
            Self::Between(first, last) => {
                let below = last.includes(version) || !last.at_or_above(version);
                first.at_or_above(version) && below
            }
            Self::Specifiers(specifiers) => specifiers.contains(&pep440(version)),
            Self::Place(_) | Self::Program(_) => false,
        }
    }

    /// The minor versions that a range names, from the first to the last; none
    /// where it does not say both.
    pub fn minor_versions(&self) -> Vec<(u16, u16)> {
        match self {
            Self::Between(
                Release {
                    major,
                    minor: Some(first),
                    ..
                },
                Release {
                    major: last_major,
                    minor: Some(last),
                    ..
                },
            ) if major == last_major => (*first..=*last).map(|minor| (*major, minor)).collect(),
            Self::Between(..)
            | Self::Release(_)
            | Self::Specifiers(_)
            | Self::Place(_)
            | Self::Program(_) => Vec::new(),
        }
    }

    /// Whether it can stand for several interpreters.
    pub fn is_range(&self) -> bool {
        match self {
            Self::Between(..) | Self::Specifiers(_) => true,
            Self::Release(_) | Self::Place(_) | Self::Program(_) => false,
        }
    }
}

impl fmt::Display for Request {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Release(release) => release.fmt(formatter),
            Self::Between(first, last) => write!(formatter, "{first}..{last}"),
            Self::Specifiers(specifiers) => specifiers.fmt(formatter),
            Self::Place(place) => place.display().fmt(formatter),
            Self::Program(name) => name.fmt(formatter),
        }
    }
}

impl FromStr for Request {
    type Err = InterpreterError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let bad = |problem: &str| InterpreterError::BadRequest {
            text: text.to_owned(),
            problem: problem.to_owned(),
        };
        let trimmed = text.trim();
        if trimmed.is_empty() {
            return Err(bad("it is empty"));
        }
        if let Some(release) = Release::read(trimmed) {
            return Ok(Self::Release(release));
        }
        if trimmed.contains('/') || trimmed == "." || trimmed == ".." {
            return Ok(Self::Place(PathBuf::from(trimmed)));
        }
        if let Some((first, last)) = trimmed.split_once("..") {
            let (Some(first), Some(last)) = (Release::read(first), Release::read(last)) else {
                return Err(bad("a range has a version on each side of `..`"));
            };
            return Ok(Self::Between(first, last));
        }
        if trimmed.starts_with(['<', '>', '=', '!', '~']) {
            return VersionSpecifiers::from_str(trimmed)
                .map(Self::Specifiers)
                .map_err(|error| bad(error.to_string().trim()));
        }
        // A folder of the working directory may be meant, or a program on PATH;
        // discovery looks for the one and then for the other.
        Ok(Self::Program(trimmed.to_owned()))
    }
}

/// A version as packaging tools compare it.
pub(super) fn pep440(version: Version) -> pep440_rs::Version {
    pep440_rs::Version::new([
        u64::from(version.major),
        u64::from(version.minor),
        u64::from(version.micro),
    ])
}
