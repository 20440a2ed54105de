//! What a console session shows, under doctest's rules.

use super::rule::Rule;
use super::{Hints, exception, whole};
use crate::claim::exception::{Certainty, Raise};
use crate::claim::marker;
use crate::protocol::Exception;
use crate::snippet::COMMAND;

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
    /// It is a command of IPython's, which is not run.
    pub command: bool,
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
                COMMAND => options.command = true,
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
    let claim = without_prompt(&claim);
    let said = super::says(claim, seen, Hints::default()).filter(|rule| !is_retold(*rule));
    said.or_else(|| {
        let warns = claim.contains("Warning: ") && seen.contains("Warning: ");
        warns
            .then(|| exact(&placeless(claim)) == exact(&placeless(seen)))?
            .then_some(Rule::Address)
    })
}

/// The text behind IPython's `Out[3]:`, where a directive writes that by itself.
fn without_prompt(claim: &str) -> &str {
    marker::prompt(claim.trim_start()).map_or(claim, |marked| marked.text)
}

/// Whether a rule finds what was seen retold: a session shows what a console shows,
/// not what somebody says of it.
fn is_retold(rule: Rule) -> bool {
    matches!(
        rule,
        Rule::LabelDropped
            | Rule::Paraphrase
            | Rule::FirstLine
            | Rule::Derivation
            | Rule::Alternative
    )
}

/// Warnings without the file and line that they blame, and without the line of
/// code that Python repeats below.
fn placeless(text: &str) -> String {
    let mut lines = Vec::new();
    let mut warned = false;
    for line in text.lines() {
        let repeats = warned && line.starts_with("  ");
        let place = line.find("Warning: ").and_then(|at| {
            let (place, _) = line[..at].rsplit_once(": ")?;
            place
                .ends_with(|c: char| c.is_ascii_digit())
                .then_some(place.len() + 2)
        });
        warned = place.is_some();
        if !repeats {
            lines.push(&line[place.unwrap_or(0)..]);
        }
    }
    lines.join("\n")
}

/// What a session's output says that ends in a traceback.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Traceback<'a> {
    /// What was printed before.
    pub printed: &'a str,
    /// The exception it ends with.
    pub raise: Raise,
    /// Of an exception group, what its members and notes say.
    members: Option<Members>,
}

#[derive(Clone, Debug, PartialEq, Eq)]
struct Members {
    lines: Vec<String>,
    /// Whether `...` leaves some out, or all are.
    partial: bool,
}

/// The traceback that a session's output ends with, if it does.
pub fn traceback(claim: &str) -> Option<Traceback<'_>> {
    let lines: Vec<&str> = claim.lines().collect();
    let start = (0..lines.len()).find(|&at| begins_traceback(&lines, at))?;
    // What was raised while handling another counts, not that other one.
    let last = (start..lines.len())
        .rev()
        .find(|&at| is_header(lines[at]))
        .unwrap_or(start);
    let printed_length = lines[start].as_ptr() as usize - claim.as_ptr() as usize;
    let grouped = is_group_header(lines[last]);
    let mut ending = lines[last..].iter().skip(1).map(|line| {
        if grouped {
            let inner = line.trim_start().trim_start_matches(['|', ' ']);
            let stack = line
                .trim_start()
                .strip_prefix('|')
                .is_some_and(|rest| rest.starts_with("  "));
            if stack && !inner.starts_with("...") {
                ""
            } else {
                inner
            }
        } else {
            line
        }
    });
    let first = ending.find(|line| !is_stack(line));
    let rest: Vec<&str> = ending.collect();
    let (raise, members) = match first {
        Some(first) if grouped => (raise(first, &[]), Some(members(&rest))),
        Some(first) => (raise(first, &rest), None),
        None => (raise("", &[]), None),
    };
    Some(Traceback {
        printed: claim[..printed_length].trim_end(),
        raise,
        members,
    })
}

/// The exception that a session's output ends with, where it leaves out the
/// traceback: `ValueError: no number`. It must be the type that was raised, by
/// name, for anything can stand before a colon.
pub fn bare_exception<'a>(claim: &'a str, raised: &Exception) -> Option<Traceback<'a>> {
    let mut at = 0;
    for line in claim.split_inclusive('\n') {
        let name = line.split(':').next().unwrap_or("").trim();
        let short = |name: &str| name.rsplit('.').next().unwrap_or(name).to_owned();
        if !name.is_empty() && short(name) == short(&raised.type_name) {
            let lines: Vec<&str> = claim[at..].lines().collect();
            return Some(Traceback {
                printed: claim[..at].trim_end(),
                raise: raise(lines[0].trim(), &lines[1..]),
                members: None,
            });
        }
        at += line.len();
    }
    None
}

fn is_header(line: &str) -> bool {
    line.starts_with("Traceback (most recent call last)")
        || line.starts_with("Traceback (innermost last)")
        || is_ipython_header(line)
        || is_group_header(line)
}

/// `ValueError            Traceback (most recent call last)`.
fn is_ipython_header(line: &str) -> bool {
    let name = line.strip_suffix(" Traceback (most recent call last)");
    name.map(str::trim_end).is_some_and(|name| {
        !name.is_empty()
            && name
                .chars()
                .all(|c| c.is_alphanumeric() || matches!(c, '_' | '.'))
    })
}

fn is_group_header(line: &str) -> bool {
    line.trim_start().starts_with("+ Exception Group Traceback")
}

fn begins_traceback(lines: &[&str], at: usize) -> bool {
    let line = lines[at];
    let trimmed = line.trim_start();
    // IPython draws a line above it.
    let drawn = line.len() > 9
        && line.bytes().all(|byte| byte == b'-')
        && lines
            .get(at + 1)
            .is_some_and(|line| line.contains("Traceback"));
    let compiled = ["File \"<", "Cell In", "File <"]
        .iter()
        .any(|start| trimmed.starts_with(start))
        && lines[at..].iter().any(|line| {
            let name = line.split(':').next().unwrap_or("");
            matches!(name, "SyntaxError" | "IndentationError" | "TabError")
        });
    is_header(trimmed) || drawn || compiled
}

/// Whether a line of a traceback tells where, not what.
fn is_stack(line: &str) -> bool {
    line.is_empty()
        || line.starts_with(char::is_whitespace)
        || line.starts_with(['<', '/', '~', '+'])
        || ["...", "--", "Cell ", "Input In", "File ", "Traceback"]
            .iter()
            .any(|start| line.starts_with(start))
}

/// The exception that a traceback's last lines name.
fn raise(first: &str, rest: &[&str]) -> Raise {
    let name = first.split([':', ' ']).next().unwrap_or("");
    let named = !name.is_empty()
        && name
            .chars()
            .all(|c| c.is_alphanumeric() || matches!(c, '_' | '.'));
    if !named {
        return Raise {
            types: Vec::new(),
            message: None,
            certainty: Certainty::Plain,
            cued: true,
        };
    }
    let (name, message) = first.split_once(':').unwrap_or((first, ""));
    let message = std::iter::once(message)
        .chain(rest.iter().copied())
        .collect::<Vec<_>>()
        .join("\n");
    Raise {
        types: vec![name.trim().to_owned()],
        message: Some(message.trim().to_owned()).filter(|message| !message.is_empty()),
        certainty: Certainty::Plain,
        cued: true,
    }
}

fn members(lines: &[&str]) -> Members {
    let shown = lines.iter().map(|line| line.trim_end());
    let partial = shown.clone().any(|line| line.starts_with("..."));
    let lines: Vec<String> = shown
        .filter(|line| !is_stack(line))
        .map(str::to_owned)
        .collect();
    Members {
        partial: partial || lines.is_empty(),
        lines,
    }
}

/// Whether a session's traceback says what was raised.
pub fn traceback_says(claim: &Traceback<'_>, raised: &Exception, options: Options) -> Option<Rule> {
    let members = claim.members.as_ref();
    if members.is_some_and(|members| !members_say(members, &raised.further)) {
        return None;
    }
    if options.ignore_exception_detail {
        let bare = Raise {
            message: None,
            ..claim.raise.clone()
        };
        return exception::shows(&bare, raised);
    }
    exception::shows(&claim.raise, raised)
}

/// Whether the members of a group are those, all of them unless some are left
/// out; how many each has inside can be left away.
fn members_say(claim: &Members, raised: &[String]) -> bool {
    let says = |claimed: &str, line: &str| {
        line.strip_prefix(claimed)
            .is_some_and(|rest| rest.is_empty() || is_member_count(rest))
    };
    let mut open = raised
        .iter()
        .flat_map(|text| text.lines())
        .filter(|line| !line.trim().is_empty());
    let all = claim.lines.iter().all(|claimed| {
        if claim.partial {
            open.any(|line| says(claimed, line))
        } else {
            open.next().is_some_and(|line| says(claimed, line))
        }
    });
    all && (claim.partial || open.next().is_none())
}

/// ` (2 sub-exceptions)`, which Python puts behind a group's message.
fn is_member_count(text: &str) -> bool {
    let count = text.strip_prefix(" (").and_then(|rest| {
        rest.strip_suffix(" sub-exceptions)")
            .or_else(|| rest.strip_suffix(" sub-exception)"))
    });
    count.is_some_and(|count| count.parse::<usize>().is_ok())
}

/// Whether a traceback that the program printed is the one that is claimed:
/// where it says that the code stands is another matter.
pub fn printed_traceback_says(claim: &Traceback<'_>, seen: &str, options: Options) -> Option<Rule> {
    let shown = traceback(seen)?;
    let same = shown.raise == claim.raise && shown.members == claim.members;
    if !same {
        return None;
    }
    says(claim.printed, shown.printed, options).or_else(|| {
        (claim.printed.is_empty() && shown.printed.is_empty()).then_some(Rule::ExceptionMessage)
    })
}
