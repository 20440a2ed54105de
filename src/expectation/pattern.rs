//! Patterns: a text with placeholders, everything else literal.
//!
//! `took {duration}, {int} calls` fits `took 1.2 ms, 3 calls`. A brace that is
//! meant as one is doubled. Matching is in `matching`; reading is here, so that
//! a pattern that cannot mean anything is an error of the file it stands in.

use std::fmt;
use std::str::FromStr;

/// A pattern that was read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pattern {
    text: String,
    pieces: Vec<Piece>,
}

/// A part of a pattern.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Piece {
    /// Itself.
    Literal(String),
    /// What a placeholder stands for.
    Placeholder(Placeholder),
}

/// What can stand for something that varies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Placeholder {
    /// An integer.
    Integer,
    /// A number with a decimal point or an exponent.
    Float,
    /// An integer or a float.
    Number,
    /// A number and a unit of time, or a clock's `0:00:01.5`.
    Duration,
    /// A number and a unit of size.
    Size,
    /// `0x` and hexadecimal digits.
    Address,
    /// Hexadecimal digits.
    Hex,
    /// A UUID.
    Uuid,
    /// A path in the file system.
    Path,
    /// `2024-05-31`.
    Date,
    /// `13:05`, `13:05:09.25`.
    Time,
    /// A date and a time.
    DateTime,
    /// Letters, digits and underscores.
    Word,
    /// A string with its quotes.
    String,
    /// Anything within a line, nothing at all included.
    Any,
    /// Anything, further lines included.
    Lines,
}

impl Placeholder {
    /// Every placeholder, in the order of the documentation.
    pub const ALL: [Self; 16] = [
        Self::Integer,
        Self::Float,
        Self::Number,
        Self::Duration,
        Self::Size,
        Self::Address,
        Self::Hex,
        Self::Uuid,
        Self::Path,
        Self::Date,
        Self::Time,
        Self::DateTime,
        Self::Word,
        Self::String,
        Self::Any,
        Self::Lines,
    ];

    /// The name between the braces.
    pub fn name(self) -> &'static str {
        match self {
            Self::Integer => "int",
            Self::Float => "float",
            Self::Number => "number",
            Self::Duration => "duration",
            Self::Size => "size",
            Self::Address => "address",
            Self::Hex => "hex",
            Self::Uuid => "uuid",
            Self::Path => "path",
            Self::Date => "date",
            Self::Time => "time",
            Self::DateTime => "datetime",
            Self::Word => "word",
            Self::String => "string",
            Self::Any => "any",
            Self::Lines => "lines",
        }
    }
}

/// A pattern that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PatternError {
    /// A placeholder that does not exist.
    #[error("there is no placeholder {{{name}}}")]
    UnknownPlaceholder {
        /// Its name.
        name: String,
    },
    /// A brace without its other half.
    #[error(
        "a brace stands alone at character {position}; one that is meant as a brace is doubled"
    )]
    LoneBrace {
        /// Where, counted from one.
        position: usize,
    },
    /// Everything is literal, so nothing would be tolerated.
    #[error("it has no placeholder, so it tolerates nothing")]
    NoPlaceholder,
    /// Nothing is literal and everything fits.
    #[error("it fits every text, so the claim would promise nothing")]
    FitsEverything,
}

impl Pattern {
    /// Its parts, in order; no two literals stand next to each other.
    pub fn pieces(&self) -> &[Piece] {
        &self.pieces
    }
}

impl FromStr for Pattern {
    type Err = PatternError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let mut pieces = Vec::new();
        let mut literal = String::new();
        let mut characters = text.chars().enumerate().peekable();
        while let Some((index, character)) = characters.next() {
            let doubled = characters
                .peek()
                .is_some_and(|&(_, next)| next == character);
            match character {
                '{' | '}' if doubled => {
                    characters.next();
                    literal.push(character);
                }
                '{' => {
                    let mut name = String::new();
                    loop {
                        match characters.next() {
                            Some((_, '}')) => break,
                            Some((_, inner)) => name.push(inner),
                            None => {
                                return Err(PatternError::LoneBrace {
                                    position: index + 1,
                                });
                            }
                        }
                    }
                    let placeholder = Placeholder::ALL
                        .into_iter()
                        .find(|placeholder| placeholder.name() == name)
                        .ok_or(PatternError::UnknownPlaceholder { name })?;
                    if !literal.is_empty() {
                        pieces.push(Piece::Literal(std::mem::take(&mut literal)));
                    }
                    pieces.push(Piece::Placeholder(placeholder));
                }
                '}' => {
                    return Err(PatternError::LoneBrace {
                        position: index + 1,
                    });
                }
                other => literal.push(other),
            }
        }
        if !literal.is_empty() {
            pieces.push(Piece::Literal(literal));
        }
        let has_placeholder = pieces
            .iter()
            .any(|piece| matches!(piece, Piece::Placeholder(_)));
        if !has_placeholder {
            return Err(PatternError::NoPlaceholder);
        }
        let promises = pieces.iter().any(|piece| match piece {
            Piece::Literal(literal) => !literal.trim().is_empty(),
            Piece::Placeholder(Placeholder::Any | Placeholder::Lines) => false,
            Piece::Placeholder(_) => true,
        });
        if !promises {
            return Err(PatternError::FitsEverything);
        }
        Ok(Self {
            text: text.to_owned(),
            pieces,
        })
    }
}

impl fmt::Display for Pattern {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn braces_are_placeholders_unless_doubled() {
        let pattern: Pattern = "{{{int}}}: {float}".parse().expect("a pattern");
        assert_eq!(
            pattern.pieces(),
            [
                Piece::Literal("{".to_owned()),
                Piece::Placeholder(Placeholder::Integer),
                Piece::Literal("}: ".to_owned()),
                Piece::Placeholder(Placeholder::Float),
            ]
        );
    }

    #[test]
    fn a_pattern_that_says_nothing_is_refused() {
        let cases = [
            ("plain", PatternError::NoPlaceholder),
            ("{any}", PatternError::FitsEverything),
            ("{any} {lines}", PatternError::FitsEverything),
            ("a {", PatternError::LoneBrace { position: 3 }),
            ("a } {int}", PatternError::LoneBrace { position: 3 }),
            (
                "{integer}",
                PatternError::UnknownPlaceholder {
                    name: "integer".to_owned(),
                },
            ),
        ];
        for (text, expected) in cases {
            assert_eq!(text.parse::<Pattern>(), Err(expected), "{text}");
        }
    }
}
