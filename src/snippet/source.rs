//! A script's code as it is run: the guide's own lines, mended only where they
//! do not parse and mending makes them parse.
//!
//! Mended are typographic quotes, call-outs at the ends of lines, indentation
//! that all lines share below a first line without it, and IPython's commands,
//! which become `pass`, and sentences at the end, where a fence closes too late. A
//! line stays a line, and what cannot be mended stays as the guide has it.

use crate::document::{is_sentence, straighten_quotes};
use crate::position::{LineNumber, LineSpan};
use crate::syntax::Syntax;

/// Code that is ready to run.
pub(super) struct Source {
    pub(super) code: String,
    pub(super) syntax: Syntax,
    /// What of the guide's lines is not run.
    pub(super) left_out: Option<LeftOut>,
}

/// Lines of a snippet that are not run, because they are no Python.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum LeftOut {
    /// Commands of IPython's: the first line of each.
    Commands(Vec<LineNumber>),
    /// Sentences below the code.
    Sentences(LineNumber),
}

pub(super) fn of_script(text: &str) -> Source {
    let syntax = Syntax::of(text);
    if syntax.parses() {
        return Source {
            code: text.to_owned(),
            syntax,
            left_out: None,
        };
    }
    let mends: [fn(&str) -> Option<String>; 3] = [straighten_quotes, without_callouts, trim_first];
    let mut mended = text.to_owned();
    for mend in mends {
        if let Some(next) = mend(&mended) {
            let syntax = Syntax::of(&next);
            if syntax.parses() {
                return Source {
                    code: next,
                    syntax,
                    left_out: None,
                };
            }
            mended = next;
        }
    }
    if let Some((code, commands)) = without_commands(text) {
        let syntax = Syntax::of(&code);
        if syntax.parses() {
            return Source {
                code,
                syntax,
                left_out: Some(LeftOut::Commands(commands)),
            };
        }
    }
    if let Some((code, first)) = without_sentences(text) {
        let syntax = Syntax::of(&code);
        if syntax.parses() {
            return Source {
                code,
                syntax,
                left_out: Some(LeftOut::Sentences(first)),
            };
        }
    }
    Source {
        code: text.to_owned(),
        syntax,
        left_out: None,
    }
}

/// Cuts `<1>` at the ends of lines.
pub(super) fn without_callouts(text: &str) -> Option<String> {
    if !text.contains('<') {
        return None;
    }
    let mut found = false;
    let lines: Vec<&str> = text
        .split('\n')
        .map(|line| {
            let mut rest = line;
            while let Some(cut) = before_callout(rest) {
                found = true;
                rest = cut;
            }
            rest
        })
        .collect();
    found.then(|| lines.join("\n"))
}

/// What stands before the call-out that ends the line. The mark of the comment
/// that it stands in, in whatever language, goes with it.
fn before_callout(line: &str) -> Option<&str> {
    let (before, number) = line.trim_end().strip_suffix('>')?.rsplit_once('<')?;
    if number != "." && (number.is_empty() || !number.bytes().all(|byte| byte.is_ascii_digit())) {
        return None;
    }
    let before = before.trim_end();
    let bare = ["#", "//", "--", ";;"]
        .iter()
        .find_map(|mark| before.strip_suffix(mark));
    Some(bare.unwrap_or(before).trim_end())
}

/// Cuts blanks that the first line has and the others do not: a guide's author
/// pasted them.
fn trim_first(text: &str) -> Option<String> {
    text.starts_with([' ', '\t'])
        .then(|| text.trim_start_matches([' ', '\t']).to_owned())
}

/// Empties the lines of a last paragraph that is prose.
fn without_sentences(text: &str) -> Option<(String, LineNumber)> {
    let mut lines: Vec<&str> = text.split('\n').collect();
    let first = lines.iter().rposition(|line| line.trim().is_empty())? + 1;
    let prose = lines[first..].iter().all(|line| is_sentence(line));
    if !prose || first == lines.len() {
        return None;
    }
    lines[first..].fill("");
    Some((lines.join("\n"), LineNumber::from_index(first)))
}

/// Puts `pass` in the place of `%magic`, `!command`, `?name` and `@verbatim` lines;
/// the first line of each.
pub(super) fn without_commands(text: &str) -> Option<(String, Vec<LineNumber>)> {
    let (code, commands) = with_commands_passed(text, &[]);
    if commands.is_empty() {
        return None;
    }
    // A line of a string only looks like a command.
    let strings = Syntax::of(&code).long_strings;
    let (code, commands) = with_commands_passed(text, &strings);
    (!commands.is_empty()).then_some((code, commands))
}

fn with_commands_passed(text: &str, strings: &[LineSpan]) -> (String, Vec<LineNumber>) {
    let mut commands = Vec::new();
    let mut lines: Vec<String> = Vec::new();
    let mut continued = false;
    for (index, line) in text.split('\n').enumerate() {
        let number = LineNumber::from_index(index);
        let in_string = strings
            .iter()
            .any(|string| string.first < number && number <= string.last);
        let trimmed = line.trim_start();
        if continued || !in_string && is_command(trimmed) {
            if continued {
                lines.push(String::new());
            } else {
                commands.push(number);
                let indentation = &line[..line.len() - trimmed.len()];
                lines.push(format!("{indentation}pass"));
            }
            continued = line.trim_end().ends_with('\\');
        } else {
            lines.push(line.to_owned());
        }
    }
    (lines.join("\n"), commands)
}

/// Whether a line tells Sphinx's `ipython` directive what to do with the next one.
pub(super) fn is_told(line: &str) -> bool {
    let word = line.split_whitespace().next().unwrap_or_default();
    matches!(
        word,
        "@savefig" | "@suppress" | "@verbatim" | "@okexcept" | "@okwarning" | "@doctest"
    )
}

fn is_command(line: &str) -> bool {
    let line = line.trim_end();
    if is_told(line) {
        return true;
    }
    let magic = |rest: &str| rest.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_');
    if let Some(rest) = line.strip_prefix('%') {
        return magic(rest.trim_start_matches('%'));
    }
    if let Some(rest) = line.strip_prefix('!') {
        return !rest.starts_with('=') && !rest.is_empty();
    }
    if let Some(rest) = line.strip_prefix('?') {
        return magic(rest.trim_start_matches('?'));
    }
    // `name?` asks for help, `x = !ls` and `x = %time f()` keep a command's result.
    if let Some(name) = line.strip_suffix('?') {
        let name = name.trim_end_matches('?');
        return magic(name)
            && name
                .chars()
                .all(|c| c.is_alphanumeric() || matches!(c, '_' | '.'));
    }
    line.split_once('=').is_some_and(|(target, value)| {
        let value = value.trim_start();
        target
            .trim()
            .chars()
            .all(|c| c.is_alphanumeric() || c == '_')
            && (value.starts_with('!') || value.strip_prefix('%').is_some_and(magic))
    })
}
