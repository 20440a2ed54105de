//! What a console session shows, under doctest's rules.

use super::rule::Rule;
use super::{Hints, exception, whole};
use crate::claim::exception::Certainty;
use crate::claim::exception::Raise;
use crate::protocol::Exception;

/// What doctest's option flags and directives say about one example.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Options {
    /// Runs of blanks are equal.
    pub normalize_whitespace: bool,
    /// Messages of exceptions are not compared.
    pub ignore_exception_detail: bool,
    /// `<BLANKLINE>` is a text like any other.
    pub no_blank_line: bool,
    /// The example is not to be run or compared.
    pub skip: bool,
}

impl Options {
    /// Reads the flags in force, the last one of a name counting.
    pub fn of(flags: &[String]) -> Self {
        let mut options = Self::default();
        for flag in flags {
            let (on, name) = match flag.strip_prefix('-') {
                Some(name) => (false, name),
                None => (true, flag.trim_start_matches('+')),
            };
            match name {
                "NORMALIZE_WHITESPACE" => options.normalize_whitespace = on,
                "IGNORE_EXCEPTION_DETAIL" => options.ignore_exception_detail = on,
                "DONT_ACCEPT_BLANKLINE" => options.no_blank_line = on,
                "SKIP" => options.skip = on,
                _ => {}
            }
        }
        options
    }
}

/// Whether a session's output says what was written.
pub fn says(claim: &str, seen: &str, options: Options) -> Option<Rule> {
    let claim = if options.no_blank_line {
        claim.to_owned()
    } else {
        claim
            .lines()
            .map(|line| {
                if line.trim() == "<BLANKLINE>" {
                    ""
                } else {
                    line
                }
            })
            .collect::<Vec<_>>()
            .join("\n")
    };
    let exact = |text: &str| {
        text.lines()
            .map(str::trim_end)
            .collect::<Vec<_>>()
            .join("\n")
            .trim_end()
            .to_owned()
    };
    if exact(&claim) == exact(seen) {
        return Some(Rule::Equal);
    }
    if options.normalize_whitespace {
        let flat = |text: &str| text.split_whitespace().collect::<Vec<_>>().join(" ");
        if flat(&claim) == flat(seen) {
            return Some(Rule::Equal);
        }
        if let Some(rule) = whole::says(&flat(&claim), &flat(seen), Hints::default()) {
            return Some(rule);
        }
    }
    super::says(&claim, seen, Hints::default())
}

/// The exception that a traceback in a session ends with.
pub fn traceback(claim: &str) -> Option<Raise> {
    let mut lines = claim.lines();
    let first = lines.next()?.trim();
    let header = first.starts_with("Traceback (most recent call last)")
        || first.starts_with("Traceback (innermost last)")
        || first.trim_end_matches('-').is_empty() && claim.contains("Traceback");
    let syntax = claim.trim_start().starts_with("File \"<stdin>\"")
        || claim.trim_start().starts_with("File \"<input>\"");
    if !header && !syntax {
        return None;
    }
    let last: Vec<&str> = claim
        .lines()
        .skip(1)
        .skip_while(|line| {
            line.is_empty()
                || line.starts_with(char::is_whitespace)
                || line.starts_with("...")
                || line.starts_with("--")
                || line.starts_with('<')
                || line.starts_with("Cell ")
        })
        .collect();
    let text = last.join("\n");
    let found = last.first().filter(|line| {
        let name = line.split([':', ' ']).next().unwrap_or("");
        !name.is_empty()
            && name
                .chars()
                .all(|c| c.is_alphanumeric() || matches!(c, '_' | '.'))
    });
    let Some(first) = found else {
        return Some(Raise {
            types: Vec::new(),
            message: None,
            certainty: Certainty::Plain,
            cued: true,
        });
    };
    let name = first.split(':').next().unwrap_or("").trim();
    let message = text
        .split_once(':')
        .map(|(_, message)| message.trim().to_owned());
    Some(Raise {
        types: vec![name.to_owned()],
        message: message.filter(|message| !message.is_empty()),
        certainty: Certainty::Plain,
        cued: true,
    })
}

/// Whether a session's traceback says what was raised.
pub fn traceback_says(claim: &Raise, raised: &Exception, options: Options) -> Option<Rule> {
    if options.ignore_exception_detail {
        let bare = Raise {
            message: None,
            ..claim.clone()
        };
        return exception::says(&bare, raised);
    }
    exception::says(claim, raised)
}
