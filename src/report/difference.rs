//! What a guide says and what Python did, side by side, as a small diff.
//!
//! One line against one line is shown as two labelled lines with the differing
//! part marked; longer texts as changed lines with two lines around them. Very
//! long ones are cut where they are the same, and that is said. Of a traceback only
//! the exception is held against what was raised, and only that is shown.

use std::io::{self, Write};
use std::time::Duration;

use anstyle::Style;
use similar::{ChangeTag, TextDiff};

use super::visible;
use super::{BAD, FAINT, GOOD};

/// The most lines of a diff that are shown.
const MOST_LINES: usize = 40;
/// Equal lines that are shown around a change.
const LINES_AROUND: usize = 2;
/// From this likeness on, the differing part of a line is worth marking.
const ALIKE: f32 = 0.5;
/// Shorter lines are taken in at a glance, and need no mark.
const WORTH_MARKING: usize = 16;
/// More differing parts than this are no help to anybody.
const MOST_MARKS: usize = 3;
/// Wider lines are cut.
const WIDEST: usize = 160;
/// What is left, in a line that is cut, of what is the same before and behind.
const CONTEXT: usize = 40;
/// After this time a diff may be longer than it need be.
const LONGEST_SEARCH: Duration = Duration::from_millis(300);

/// Writes the difference, each line behind `margin`.
pub fn write(expected: &str, actual: &str, margin: &str, out: &mut dyn Write) -> io::Result<()> {
    let expected = exception_of(expected.trim_end_matches('\n'));
    let actual = actual.trim_end_matches('\n');
    if expected.contains('\n') || actual.contains('\n') {
        write_lines(expected, actual, margin, out)
    } else {
        write_pair(expected, actual, margin, out)
    }
}

/// Both texts as a line of a report can hold them: of a traceback the exception, of
/// lines that are too wide what differs.
pub fn in_short(expected: &str, actual: &str) -> (String, String) {
    let expected = exception_of(expected.trim_end_matches('\n'));
    let actual = actual.trim_end_matches('\n');
    if expected.contains('\n') || actual.contains('\n') {
        return (expected.to_owned(), actual.to_owned());
    }
    cut_where_equal(&visible::text(expected), &visible::text(actual))
}

/// The end of a traceback, from the exception's type on; any other text whole.
fn exception_of(text: &str) -> &str {
    if !text
        .trim_start()
        .starts_with("Traceback (most recent call last)")
    {
        return text;
    }
    let mut rest = text.trim_start();
    while let Some((line, behind)) = rest.split_once('\n') {
        let frame = line.starts_with(char::is_whitespace) || line.starts_with("...");
        if !frame && !line.starts_with("Traceback (") && !line.is_empty() {
            break;
        }
        rest = behind;
    }
    rest
}

fn write_pair(expected: &str, actual: &str, margin: &str, out: &mut dyn Write) -> io::Result<()> {
    let (said, done) = in_short(expected, actual);
    let said = visible::cut_middle(&said, WIDEST);
    let done = visible::cut_middle(&done, WIDEST);
    let empty = |text: &str| {
        if text.is_empty() {
            "(nothing)".to_owned()
        } else {
            text.to_owned()
        }
    };
    writeln!(out, "{margin} guide   {BAD}{}{BAD:#}", empty(&said))?;
    writeln!(out, "{margin} Python  {GOOD}{}{GOOD:#}", empty(&done))?;
    let compared = in_quotes_of(&said, &done);
    let words = TextDiff::from_chars(compared.as_str(), done.as_str());
    if done.len() >= WORTH_MARKING && words.ratio() >= ALIKE && said != done {
        let mut marks = String::new();
        for change in words.iter_all_changes() {
            let columns = visible::width(change.value());
            match change.tag() {
                ChangeTag::Equal => marks.extend(std::iter::repeat_n(' ', columns)),
                ChangeTag::Insert => marks.extend(std::iter::repeat_n('^', columns)),
                ChangeTag::Delete => {}
            }
        }
        let marks = marks.trim_end();
        let parts = marks.split(' ').filter(|part| !part.is_empty()).count();
        if (1..=MOST_MARKS).contains(&parts) {
            writeln!(out, "{margin}         {GOOD}{marks}{GOOD:#}")?;
        }
    }
    Ok(())
}

/// What the guide says in the quotes that Python writes: which of them is nobody's
/// business.
fn in_quotes_of(said: &str, done: &str) -> String {
    let quote = done.chars().next().filter(|c| matches!(c, '"' | '\''));
    let inner = ['"', '\'']
        .iter()
        .find_map(|open| said.strip_prefix(*open)?.strip_suffix(*open));
    match (quote, inner) {
        (Some(quote), Some(inner)) if done.ends_with(quote) => format!("{quote}{inner}{quote}"),
        _ => said.to_owned(),
    }
}

/// Two lines of which one is too wide, without what is the same at their
/// beginnings and ends but for a little around the difference.
fn cut_where_equal(said: &str, done: &str) -> (String, String) {
    let (said, done): (Vec<char>, Vec<char>) = (said.chars().collect(), done.chars().collect());
    let shorter = said.len().min(done.len());
    if said.len().max(done.len()) <= WIDEST {
        return (said.iter().collect(), done.iter().collect());
    }
    let same = said.iter().zip(&done);
    let head = same.take_while(|(one, other)| one == other).count();
    let same = said[head..].iter().rev().zip(done[head..].iter().rev());
    let tail = same
        .take_while(|(one, other)| one == other)
        .count()
        .min(shorter - head);
    let cut = |line: &[char]| {
        let from = head.saturating_sub(CONTEXT);
        let to = line.len() - tail.saturating_sub(CONTEXT);
        let mut text = String::new();
        if from > 0 {
            text.push_str("… ");
        }
        text.extend(&line[from..to]);
        if to < line.len() {
            text.push_str(" …");
        }
        text
    };
    (cut(&said), cut(&done))
}

fn write_lines(expected: &str, actual: &str, margin: &str, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "{margin} {BAD}- guide{BAD:#}  {GOOD}+ Python{GOOD:#}")?;
    let (said, done): (Vec<&str>, Vec<&str>) =
        (expected.lines().collect(), actual.lines().collect());
    // That a line is shown in quotes makes no difference to anybody.
    let said_keys: Vec<&str> = said.iter().map(|line| unquoted(line)).collect();
    let done_keys: Vec<&str> = done.iter().map(|line| unquoted(line)).collect();
    let difference = TextDiff::configure()
        .timeout(LONGEST_SEARCH)
        .diff_slices(&said_keys, &done_keys);
    let mut lines: Vec<(Style, String)> = Vec::new();
    let mut last_shown = 0;
    for group in difference.grouped_ops(LINES_AROUND) {
        if let Some(first) = group.first() {
            let skipped = first.old_range().start.saturating_sub(last_shown);
            if skipped > 0 {
                lines.push((FAINT, format!("  … {}", same_lines(skipped))));
            }
        }
        for operation in &group {
            for change in difference.iter_changes(operation) {
                let (style, sign, line) = match (change.old_index(), change.new_index()) {
                    (Some(_), Some(index)) => (Style::new(), ' ', done[index]),
                    (Some(index), None) => (BAD, '-', said[index]),
                    (None, Some(index)) => (GOOD, '+', done[index]),
                    (None, None) => continue,
                };
                lines.push((style, format!("{sign} {}", visible::shortened(line))));
            }
            last_shown = operation.old_range().end;
        }
    }
    let rest = said.len().saturating_sub(last_shown);
    if rest > 0 && !lines.is_empty() {
        lines.push((FAINT, format!("  … {}", same_lines(rest))));
    }
    let left_out = lines.len().saturating_sub(MOST_LINES);
    for (index, (style, line)) in lines.iter().enumerate() {
        let behind = index.checked_sub(MOST_LINES / 2);
        match behind {
            Some(0) if left_out > 0 => {
                writeln!(
                    out,
                    "{margin} {FAINT}  … {left_out} lines left out{FAINT:#}"
                )?;
            }
            Some(hidden) if hidden < left_out => {}
            Some(_) | None => writeln!(out, "{margin} {style}{line}{style:#}")?,
        }
    }
    Ok(())
}

fn unquoted(line: &str) -> &str {
    let line = line.trim_end();
    for quote in ['"', '\''] {
        let inner = line
            .strip_prefix(quote)
            .and_then(|rest| rest.strip_suffix(quote));
        if let Some(inner) = inner {
            return inner;
        }
    }
    line
}

fn same_lines(count: usize) -> String {
    match count {
        1 => "1 equal line".to_owned(),
        _ => format!("{count} equal lines"),
    }
}
