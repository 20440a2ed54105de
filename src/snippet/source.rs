//! A script's code as it is run: the guide's own lines, mended only where they
//! do not parse and mending makes them parse.
//!
//! Mended are typographic quotes, call-outs at the ends of lines, indentation
//! that all lines share below a first line without it, and IPython's commands,
//! which become `pass`, and sentences at the end, where a fence closes too late.
//! What stands as it is below a comment such as `# Output:` is no code, and is
//! tied to the statements above it. A line stays a line, and what cannot be mended
//! stays as the guide has it.

use crate::document::{announces_output, is_sentence, straighten_quotes};
use crate::position::{LineNumber, LineSpan};
use crate::syntax::Syntax;

/// Code that is ready to run.
pub(super) struct Source {
    pub(super) code: String,
    pub(super) syntax: Syntax,
    /// What of the guide's lines is not run.
    pub(super) left_out: Option<LeftOut>,
    /// The outputs that stand between the lines of code.
    pub(super) outputs: Vec<Between>,
}

impl Source {
    fn new(code: String, syntax: Syntax) -> Self {
        Self {
            code,
            syntax,
            left_out: None,
            outputs: Vec::new(),
        }
    }
}

/// An output that stands between lines of code.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Between {
    /// Its first line.
    pub(super) line: LineNumber,
    pub(super) text: String,
    /// The statements that print it; `None` for all of the snippet's.
    pub(super) statements: Option<LineSpan>,
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
        return Source::new(text.to_owned(), syntax);
    }
    let mends: [fn(&str) -> Option<String>; 3] = [straighten_quotes, without_callouts, trim_first];
    let mut mended = text.to_owned();
    for mend in mends {
        if let Some(next) = mend(&mended) {
            let syntax = Syntax::of(&next);
            if syntax.parses() {
                return Source::new(next, syntax);
            }
            mended = next;
        }
    }
    if let Some((code, commands)) = without_commands(text) {
        let syntax = Syntax::of(&code);
        if syntax.parses() {
            return Source {
                left_out: Some(LeftOut::Commands(commands)),
                ..Source::new(code, syntax)
            };
        }
    }
    if let Some((code, outputs)) = without_outputs(text, &syntax) {
        let syntax = Syntax::of(&code);
        return Source {
            outputs,
            ..Source::new(code, syntax)
        };
    }
    if let Some((code, first)) = without_sentences(text) {
        let syntax = Syntax::of(&code);
        if syntax.parses() {
            return Source {
                left_out: Some(LeftOut::Sentences(first)),
                ..Source::new(code, syntax)
            };
        }
    }
    Source::new(text.to_owned(), syntax)
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

/// A snippet has few outputs between its lines; more are not looked for.
const MOST_OUTPUTS: usize = 16;

/// Empties the lines below comments that announce output, where they do not parse.
fn without_outputs(text: &str, syntax: &Syntax) -> Option<(String, Vec<Between>)> {
    let source: Vec<&str> = text.split('\n').collect();
    let mut lines = source.clone();
    let mut outputs: Vec<Between> = Vec::new();
    let mut error = syntax.error.as_ref()?.line.index();
    let mut from = 0;
    let syntax = loop {
        let label = (from..=error.min(lines.len().checked_sub(1)?))
            .rev()
            .find(|&at| is_output_label(lines[at]))?;
        let end = (label + 2..source.len())
            .find(|&at| source[at - 1].trim().is_empty() && begins_code(source[at]))
            .unwrap_or(source.len());
        let shown = &source[label + 1..end];
        let blank = shown
            .iter()
            .take_while(|line| line.trim().is_empty())
            .count();
        let first = label + 1 + blank;
        if first >= end || outputs.len() == MOST_OUTPUTS {
            return None;
        }
        outputs.push(Between {
            line: LineNumber::from_index(first),
            text: source[first..end].join("\n").trim_end().to_owned(),
            statements: Some(LineSpan {
                first: LineNumber::from_index(from),
                last: LineNumber::from_index(label),
            }),
        });
        lines[label + 1..end].fill("");
        from = end;
        let next = Syntax::of(&lines.join("\n"));
        match &next.error {
            None if next.parses() => break next,
            None => return None,
            Some(further) => error = further.line.index(),
        }
    };
    let all = outputs.len() == 1 && from == source.len();
    for output in &mut outputs {
        let around = output.statements?;
        let within: Vec<LineSpan> = syntax
            .top_level()
            .map(|statement| statement.lines)
            .filter(|lines| around.contains(lines.first) && around.contains(lines.last))
            .collect();
        let (first, last) = (within.first()?, within.last()?);
        output.statements = (!all).then_some(LineSpan {
            first: first.first,
            last: last.last,
        });
    }
    Some((lines.join("\n"), outputs))
}

/// Whether a line is a comment that only says that output follows.
fn is_output_label(line: &str) -> bool {
    let comment = line.trim_start().strip_prefix('#');
    comment.is_some_and(|comment| comment.len() < 60 && announces_output(comment))
}

/// Whether a line behind a blank one goes on with code, rather than with output.
fn begins_code(line: &str) -> bool {
    let line = line.trim_end();
    if line.starts_with('#') || line.starts_with('@') {
        return true;
    }
    let telling = line.contains(" = ")
        || line.contains('(') && line.starts_with(|c: char| c.is_alphabetic() || c == '_')
        || [
            "import ", "from ", "def ", "class ", "for ", "while ", "if ", "with ", "try:",
        ]
        .iter()
        .any(|word| line.starts_with(word));
    let opens =
        line.ends_with(':') || line.ends_with('(') || line.ends_with('[') || line.ends_with('{');
    telling && (opens || Syntax::of(line).parses())
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
