//! Code that is itself a comment, with a claim beside or below it:
//! `# t[0] = 1   # TypeError`.
//!
//! Finds such code in a run of comment lines. A line that happens to parse is
//! code only with a claim; nothing is run here.

use crate::syntax::{StatementKind, Syntax};

use super::exception;
use super::marker;
use super::placement::RemarkLine;

/// Commented-out code and what is claimed of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Found {
    /// Its first line, an index into the run.
    pub first: usize,
    /// The claim's first line.
    pub claim: usize,
    /// The last line of both.
    pub last: usize,
    /// The code.
    pub code: String,
    /// The claim's text, its lines joined.
    pub text: String,
    /// Whether it is a call of `print`.
    pub prints: bool,
    /// What it assigns to.
    pub targets: Vec<String>,
}

/// Longer comments are not taken for code.
const LONGEST: usize = 600;

/// Finds the commented-out code with claims in a run of comment lines.
pub fn find(lines: &[RemarkLine]) -> Vec<Found> {
    let mut found = Vec::new();
    let mut index = 0;
    while index < lines.len() {
        match at(lines, index) {
            Some(hit) => {
                index = hit.last + 1;
                found.push(hit);
            }
            None => index += 1,
        }
    }
    found
}

/// The code that starts on this line, with its claim.
fn at(lines: &[RemarkLine], first: usize) -> Option<Found> {
    let mut code = String::new();
    for last in first..lines.len().min(first + 8) {
        let text = dedent(&lines[last].text);
        if text.trim().is_empty() || text.len() > LONGEST {
            return None;
        }
        for (line, claim) in splits(text) {
            let whole = format!("{code}{line}");
            let Some(kind) = runnable(&whole) else {
                continue;
            };
            if let Some(claim) = claim {
                let claim_text = claim.trim().to_owned();
                let mut end = last;
                let mut text = claim_text;
                // A long message goes on below.
                while text.ends_with(',') && end + 1 < lines.len() {
                    end += 1;
                    text.push('\n');
                    text.push_str(lines[end].text.trim());
                }
                return Some(Found {
                    first,
                    claim: last,
                    last: end,
                    code: whole,
                    text,
                    prints: kind.prints,
                    targets: kind.targets,
                });
            }
            // The claim on the next comment line, with a sign of being one.
            if let Some(next) = lines.get(last + 1) {
                let below = next.text.trim();
                let raises = exception::read(marker::cut(below).map_or(below, |cut| cut.text))
                    .is_some_and(|raise| {
                        raise.certainty >= exception::Certainty::Would && !raise.types.is_empty()
                    });
                let marked =
                    marker::cut(below).is_some_and(|cut| cut.strength == marker::Strength::Sign);
                if raises || marked && kind.prints {
                    return Some(Found {
                        first,
                        claim: last + 1,
                        last: last + 1,
                        code: whole,
                        text: below.to_owned(),
                        prints: kind.prints,
                        targets: kind.targets,
                    });
                }
            }
        }
        code.push_str(text);
        code.push('\n');
        if !goes_on(&code) {
            return None;
        }
    }
    None
}

/// Whether more lines can make code of these: they are code already, or leave
/// something open. Most comments are words, and are not looked at further.
fn goes_on(code: &str) -> bool {
    let line = code.trim_end();
    let opens = line.matches(['(', '[', '{']).count() > line.matches([')', ']', '}']).count();
    opens
        || line.ends_with([':', '\\', ','])
        || line.starts_with('@')
        || line.contains("\"\"\"")
        || line.contains("'''")
        || Syntax::of(code).error.is_none()
}

/// One blank behind the `#` is not indentation.
fn dedent(text: &str) -> &str {
    text.strip_prefix(' ').unwrap_or(text)
}

/// Where a line of code could end and a claim begin: at a `#`, at an arrow, or
/// nowhere.
fn splits(line: &str) -> Vec<(&str, Option<&str>)> {
    let mut splits = Vec::new();
    for (at, _) in line.match_indices('#').take(4) {
        if at > 0 {
            splits.push((line[..at].trim_end(), Some(&line[at + 1..])));
        }
    }
    for sign in [" -> ", " => ", " → ", " ⇒ ", " --> ", "  -- "] {
        if let Some(at) = line.rfind(sign) {
            splits.push((line[..at].trim_end(), Some(&line[at..])));
        }
    }
    for word in [
        " raises ",
        " would raise ",
        " will raise ",
        " throws ",
        " gives ",
        "  ",
    ] {
        if let Some(at) = line.find(word).filter(|at| *at > 0) {
            let claim = line[at..].trim_start();
            if exception::read(claim).is_some_and(|raise| !raise.types.is_empty()) {
                splits.push((line[..at].trim_end(), Some(claim)));
            }
        }
    }
    splits.push((line, None));
    splits
}

struct Runnable {
    prints: bool,
    targets: Vec<String>,
}

/// Whether it parses as code that does something, and what.
fn runnable(code: &str) -> Option<Runnable> {
    if code.trim().is_empty() {
        return None;
    }
    let syntax = Syntax::of(code);
    if syntax.error.is_some() || syntax.statements.is_empty() {
        return None;
    }
    let mut found = Runnable {
        prints: false,
        targets: Vec::new(),
    };
    let mut does = false;
    for statement in &syntax.statements {
        match &statement.kind {
            StatementKind::Expression { call, literal, .. } => {
                does |= call.is_some();
                found.prints |= call.as_deref() == Some("print");
                // `a[0]` and `a.b` do something, `word` does not.
                let text = &code[statement.range.clone()];
                does |= !literal
                    && (text.contains(['.', '[', '+', '*', '/', '-']) || text.contains(" and "))
                    && !text.contains("==");
                does |= !literal
                    && text.chars().all(|c| c.is_alphanumeric() || c == '_')
                    && text.contains(|c: char| c == '_' || c.is_ascii_digit());
                does |= !literal && syntax.statements.len() == 1 && text.len() <= 2;
            }
            StatementKind::Assignment { targets, value, .. } => {
                does |= value.is_some();
                found
                    .targets
                    .extend(targets.iter().map(|range| code[range.clone()].to_owned()));
            }
            StatementKind::Delete
            | StatementKind::Import
            | StatementKind::Raise
            | StatementKind::Assert
            | StatementKind::Function(_)
            | StatementKind::Class(_)
            | StatementKind::Loop
            | StatementKind::If
            | StatementKind::Match
            | StatementKind::With
            | StatementKind::Try => does = true,
            StatementKind::Return | StatementKind::Silent => {}
        }
    }
    does.then_some(found)
}
