//! Prose that looks like a claim, and comments that are for tools.
//!
//! Knows such comments by their text alone. A comment that is none of these is
//! not thereby a claim.

use super::shape::is_complexity;

/// Why a comment is not simply a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Trap {
    /// It speaks to a tool or marks a place: it is no remark at all.
    NotARemark,
    /// It can be a claim only by being exactly what was seen.
    Doubtful,
}

/// Comments that begin like this are for tools.
const DIRECTIVES: &[&str] = &[
    "noqa",
    "type:",
    "pylint:",
    "pragma:",
    "pragma ",
    "fmt:",
    "fmt ",
    "mypy:",
    "pyright:",
    "ruff:",
    "isort:",
    "nosec",
    "flake8:",
    "yapf:",
    "black:",
    "region",
    "endregion",
    "%%",
    "!",
    "-*-",
    "doctest:",
    "language=",
    "language:",
    "cython:",
    "spell",
    "pyre-",
    "ty:",
];

/// Comments that begin like this are about what a type checker says.
const TYPE_CHECKING: &[&str] = &[
    "revealed type",
    "reveal type",
    "reveals",
    "n: ",
    "e: ",
    "note: ",
    "mypy",
    "pyright",
    "pyre",
    "type check",
    "typecheck",
    "type-check",
    "type error",
    "type:",
    "incompatible type",
    "incompatible return",
    "incompatible types",
    "unsupported operand",
    "argument 1 ",
    "ok",
    "okay",
    "valid",
    "invalid",
    "error",
    "fine",
    "works",
    "good",
    "bad",
    "correct",
    "allowed",
    "not allowed",
    "passes",
    "inferred",
    "rejected",
];

/// Phrases that make a comment speak of something else than this output.
const ELSEWHERE: &[&str] = &[
    "user input",
    "input:",
    "user enters",
    "user types",
    "enter ",
    "different every time",
    "different each time",
    "differs each time",
    "varies",
    "may vary",
    "will vary",
    "will differ",
    "equivalent",
    "same as",
    "is the same as",
    "like:",
    "shorthand",
    "short for",
    "instead of",
    "in binary",
    "in hex",
    "complexity",
    "on windows",
    "(windows)",
    "on macos",
    "(macos)",
    "on mac os",
    "on a mac",
    "todo",
    "fixme",
];

/// Whether a comment's text, from behind its `#`, is one of these.
pub fn trap(text: &str) -> Option<Trap> {
    let text = text.trim();
    let lower = text.to_lowercase();
    if is_call_out(text) || is_rule(text) {
        return Some(Trap::NotARemark);
    }
    if DIRECTIVES.iter().any(|start| lower.starts_with(start)) {
        return Some(Trap::NotARemark);
    }
    let word_boundary = |start: &str| {
        lower[start.len()..]
            .chars()
            .next()
            .is_none_or(|c| !(c.is_alphanumeric() || c == '_') || start.ends_with([' ', ':']))
    };
    if TYPE_CHECKING
        .iter()
        .any(|start| lower.starts_with(start) && word_boundary(start))
    {
        return Some(Trap::Doubtful);
    }
    // What stands in quotes is a value, not the author's words about one.
    let said = outside_strings(&lower);
    if ELSEWHERE.iter().any(|phrase| said.contains(phrase)) || is_complexity(text) {
        return Some(Trap::Doubtful);
    }
    if is_conversion(text)
        || text.starts_with('#')
        || text.starts_with('$') && text[1..].starts_with(' ')
    {
        return Some(Trap::Doubtful);
    }
    if is_version_of_others(&said) {
        return Some(Trap::Doubtful);
    }
    None
}

/// `(1)!`, `<1>`, `①`, `(1)`, `[1]`.
fn is_call_out(text: &str) -> bool {
    let inner = text
        .strip_prefix('(')
        .and_then(|rest| rest.strip_suffix(")!").or_else(|| rest.strip_suffix(')')))
        .or_else(|| {
            text.strip_prefix('<')
                .and_then(|rest| rest.strip_suffix('>'))
        });
    let circled = text.chars().count() == 1
        && text
            .chars()
            .all(|c| ('①'..='⓿').contains(&c) || ('❶'..='➓').contains(&c));
    circled
        || inner.is_some_and(|inner| {
            !inner.is_empty() && inner.len() <= 2 && inner.chars().all(|c| c.is_ascii_digit())
                || inner.len() == 1 && inner.chars().all(|c| c.is_ascii_alphabetic())
        })
}

/// A line of signs, which separates.
pub fn is_rule(text: &str) -> bool {
    text.len() >= 3
        && text
            .chars()
            .all(|c| matches!(c, '#' | '-' | '=' | '*' | '~' | '_' | '+' | '─' | '━' | '═'))
}

/// `bytes -> text`: from one thing to another, both named in a word.
pub fn is_conversion(text: &str) -> bool {
    ["->", "→", "=>"].iter().any(|arrow| {
        text.split_once(arrow).is_some_and(|(from, to)| {
            let name = |side: &str| {
                let side = side.trim();
                !side.is_empty()
                    && side.split_whitespace().count() <= 2
                    && side.chars().all(|c| c.is_alphabetic() || c == ' ')
                    && !matches!(side, "True" | "False" | "None")
            };
            name(from) && name(to)
        })
    })
}

/// Which versions of Python a comment says that it is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Versions {
    /// The version that it names.
    pub named: (u16, u16),
    /// How others compare to it.
    pub relation: Relation,
}

/// How the versions that are meant compare to the one that is named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Relation {
    /// That one.
    Same,
    /// Earlier ones.
    Before,
    /// That one and earlier ones.
    UpTo,
    /// That one and later ones.
    From,
    /// Later ones.
    After,
}

impl Versions {
    /// Whether `version` is one of them.
    pub fn contain(self, version: (u16, u16)) -> bool {
        // `Python 3` names all of them.
        let (found, named) = if self.named.1 == u16::MAX {
            ((version.0, u16::MAX), self.named)
        } else {
            (version, self.named)
        };
        match self.relation {
            Relation::Same => found == named,
            Relation::Before => found < named,
            Relation::UpTo => found <= named,
            Relation::From => found >= named,
            Relation::After => found > named,
        }
    }
}

/// Reads the version that a remark is about: `in Python <3.7`, `(3.12+)`,
/// `Python 2`.
pub fn versions(text: &str) -> Option<Versions> {
    let lower = text.to_lowercase();
    let mut at = 0;
    while let Some(offset) = lower[at..].find("python") {
        let rest = &lower[at + offset + "python".len()..];
        if let Some(found) = version_at(rest, &lower[..at + offset]) {
            return Some(found);
        }
        at += offset + "python".len();
    }
    // `(3.12+)`, `in 3.12+`.
    for opening in ["(", "in ", "since ", "from ", "before ", "until ", "on "] {
        for (position, _) in lower.match_indices(opening) {
            let rest = &lower[position + opening.len()..];
            if let Some(found) = version_at(rest, &lower[..position + opening.len()])
                && found.named.0 == 3
                && found.named.1 != u16::MAX
                && found.relation != Relation::Same
            {
                return Some(found);
            }
        }
    }
    None
}

fn version_at(rest: &str, before: &str) -> Option<Versions> {
    let rest = rest.trim_start();
    let rest = rest
        .strip_prefix("version")
        .or_else(|| rest.strip_prefix("versions"))
        .unwrap_or(rest)
        .trim_start();
    let (sign, rest) = ["<=", ">=", "<", ">", "=="]
        .iter()
        .find_map(|sign| {
            rest.strip_prefix(sign)
                .map(|rest| (*sign, rest.trim_start()))
        })
        .unwrap_or(("", rest));
    let major_length = rest.chars().take_while(char::is_ascii_digit).count();
    let major: u16 = rest[..major_length].parse().ok()?;
    if !(2..=3).contains(&major) {
        return None;
    }
    let after_major = &rest[major_length..];
    let (minor, after) = match after_major.strip_prefix('.') {
        Some(digits) => {
            let length = digits.chars().take_while(char::is_ascii_digit).count();
            match digits[..length].parse::<u16>() {
                Ok(minor) => (minor, &digits[length..]),
                Err(_) => (u16::MAX, after_major),
            }
        }
        None => (u16::MAX, after_major),
    };
    let trailing = after.trim_start();
    let prefix = before.trim_end();
    let relation = match sign {
        "<=" => Relation::UpTo,
        ">=" => Relation::From,
        "<" => Relation::Before,
        ">" => Relation::After,
        _ if after.starts_with('+')
            || [
                "or later",
                "or newer",
                "and later",
                "and newer",
                "and above",
                "or above",
                "onwards",
                "and up",
                "or higher",
            ]
            .iter()
            .any(|word| trailing.starts_with(word)) =>
        {
            Relation::From
        }
        _ if [
            "or earlier",
            "or older",
            "and earlier",
            "and older",
            "and below",
            "or below",
        ]
        .iter()
        .any(|word| trailing.starts_with(word)) =>
        {
            Relation::UpTo
        }
        _ if prefix.ends_with("before") || prefix.ends_with("until") => Relation::Before,
        _ if prefix.ends_with("since") || prefix.ends_with("from") || prefix.ends_with("after") => {
            Relation::From
        }
        _ => Relation::Same,
    };
    Some(Versions {
        named: (major, minor),
        relation,
    })
}

/// Python 2's answers, by any name.
fn is_version_of_others(lower: &str) -> bool {
    let py2 = |word: &str| {
        let version = word.strip_prefix("py2").map(|rest| rest.trim_matches('.'));
        version.is_some_and(|rest| matches!(rest, "" | "6" | "7" | "k" | "x"))
    };
    lower.contains("python 2")
        || lower
            .split(|c: char| !(c.is_alphanumeric() || c == '_' || c == '.'))
            .any(py2)
}

/// A comment's text without the string literals in it. An apostrophe within a
/// word opens none.
fn outside_strings(text: &str) -> String {
    let mut kept = String::new();
    let mut rest = text;
    while let Some(open) = rest.find(['\'', '"']) {
        let (before, quoted) = rest.split_at(open);
        kept.push_str(before);
        let quote = &quoted[..1];
        let opens = !before.ends_with(char::is_alphanumeric);
        let closed = quoted[1..].find(quote).filter(|_| opens);
        rest = match closed {
            Some(length) => &quoted[length + 2..],
            None => {
                kept.push_str(quote);
                &quoted[1..]
            }
        };
    }
    kept + rest
}

/// Whether a comment gives an example of an output that varies.
pub fn is_example(text: &str) -> bool {
    let lower = text.to_lowercase();
    [
        "e.g.",
        "for example",
        "for instance",
        "example:",
        "something like",
        "similar to",
        "such as",
        "random",
        "your ",
        "differs",
        "varies",
        "may vary",
        "could be",
    ]
    .iter()
    .any(|phrase| lower.contains(phrase))
}

/// Whether a comment says that a statement prints nothing.
pub fn is_silence(text: &str) -> bool {
    let lower = text.trim().to_lowercase();
    let lower = lower.trim_start_matches(['(', '<', '[']);
    [
        "no output",
        "nothing is printed",
        "nothing printed",
        "prints nothing",
        "nothing happens",
        "doesn't print anything",
        "does not print anything",
        "print nothing",
        "outputs nothing",
        "nothing will be printed",
        "no print",
        "nothing is output",
        "won't print anything",
        "will not print anything",
        "does not print",
        "doesn't print",
    ]
    .iter()
    .any(|phrase| {
        lower
            .strip_prefix(phrase)
            .is_some_and(|rest| !rest.starts_with(|c: char| c.is_alphanumeric()))
    })
}
