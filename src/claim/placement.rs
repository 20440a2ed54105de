//! Which comments stand together, and which statement each run of them is about.
//!
//! Goes by lines and columns only; what a comment says is read elsewhere.

use crate::position::{LineNumber, LineSpan};
use crate::syntax::{Comment, Statement, StatementKind, Syntax};

/// Comments that belong together: one behind a statement with those aligned
/// under it, or a run of comment lines.
#[derive(Clone, Debug)]
pub struct Remark {
    /// Where it stands.
    pub stands: Stands,
    /// Its lines, top down.
    pub lines: Vec<RemarkLine>,
    /// The column of its first `#`.
    pub column: usize,
    /// The statement behind or below which it stands, an index into
    /// [`Syntax::statements`].
    pub statement: Option<usize>,
    /// The statements of the paragraph above, for a remark in a paragraph of
    /// its own.
    pub together: Option<LineSpan>,
    /// The statement on the line below it.
    pub next: Option<usize>,
}

/// One line of a remark.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RemarkLine {
    /// Its line in the snippet.
    pub line: LineNumber,
    /// Its text from behind the `#`, blanks included.
    pub text: String,
}

/// Where a remark stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stands {
    /// Behind a statement, on its last line or on its header's.
    Behind,
    /// Behind an inner line of a statement.
    Inside,
    /// On the lines directly below a statement.
    Below,
    /// Behind a blank line, or first of all.
    Apart,
}

/// All remarks of a snippet, top down.
pub fn remarks(code: &str, syntax: &Syntax) -> Vec<Remark> {
    let source: Vec<&str> = code.split('\n').collect();
    let comments = &syntax.comments;
    let mut remarks = Vec::new();
    let mut index = 0;
    while index < comments.len() {
        let first = &comments[index];
        let mut count = 1;
        while let Some(next) = comments.get(index + count) {
            let last = &comments[index + count - 1];
            let adjacent = next.alone && next.line.index() == last.line.index() + 1;
            // Under a trailing comment only what is aligned with it goes on;
            // in a run of lines, what keeps the column.
            let aligned = if first.alone {
                next.column == first.column
            } else {
                next.column.abs_diff(first.column) <= 1 && next.column > 0
            };
            if !adjacent || !aligned {
                break;
            }
            count += 1;
        }
        let run = &comments[index..index + count];
        index += count;
        remarks.push(place(run, &source, syntax));
    }
    remarks
}

fn place(run: &[Comment], source: &[&str], syntax: &Syntax) -> Remark {
    let first = &run[0];
    let last = &run[run.len() - 1];
    let lines = run
        .iter()
        .map(|comment| RemarkLine {
            line: comment.line,
            text: comment
                .text
                .strip_prefix('#')
                .unwrap_or(&comment.text)
                .to_owned(),
        })
        .collect();
    let next = statement_starting_at(syntax, last.line.plus(1));
    let mut remark = Remark {
        stands: Stands::Apart,
        lines,
        column: first.column,
        statement: None,
        together: None,
        next,
    };
    if !first.alone {
        remark.statement = behind(syntax, first.line);
        let ends_here = remark.statement.is_some_and(|index| {
            let statement = &syntax.statements[index];
            statement.lines.last == first.line || statement.header.last == first.line
        });
        remark.stands = if ends_here {
            Stands::Behind
        } else {
            Stands::Inside
        };
        return remark;
    }
    let above = first.line.index().checked_sub(1);
    let blank_above = above.is_none_or(|line| source[line].trim().is_empty());
    let before = last_line_of_code(source, first.line.index(), syntax);
    if let Some(before) = before {
        remark.statement = below(syntax, LineNumber::from_index(before), first.column);
        // Inside of a statement: between a call's arguments, say.
        if remark.statement.is_none()
            && let Some(inside) = syntax.statement_at(first.line)
            && syntax.statements[inside].header.contains(first.line)
        {
            remark.stands = Stands::Inside;
            remark.statement = Some(inside);
            return remark;
        }
    }
    let directly = above.is_some_and(|line| Some(line) == before);
    if !blank_above && directly {
        remark.stands = Stands::Below;
    }
    if let (Some(before), Some(statement)) = (before, remark.statement) {
        let column = syntax.statements[statement].column;
        remark.together = paragraph_above(syntax, source, before, column);
    }
    remark
}

/// The innermost statement that the comment on `line` stands behind.
fn behind(syntax: &Syntax, line: LineNumber) -> Option<usize> {
    syntax.statement_at(line)
}

/// The zero-based line of the last code above `line`, comments skipped.
fn last_line_of_code(source: &[&str], line: usize, syntax: &Syntax) -> Option<usize> {
    (0..line).rev().find(|&at| {
        let text = source[at].trim();
        let number = LineNumber::from_index(at);
        let in_string = || {
            syntax
                .long_strings
                .iter()
                .any(|span| span.first < number && number <= span.last)
        };
        (!text.is_empty() && !text.starts_with('#')) || in_string()
    })
}

/// The statement that ends on `line` and that a comment in `column` below it is
/// about: a comment that is indented less than a body is about the whole.
fn below(syntax: &Syntax, line: LineNumber, column: usize) -> Option<usize> {
    let mut candidate = syntax.statement_at(line);
    let mut best = None;
    while let Some(index) = candidate {
        let statement = &syntax.statements[index];
        if statement.lines.last != line {
            break;
        }
        best = Some(index);
        if statement.column <= column {
            break;
        }
        candidate = statement.parent;
    }
    best
}

fn statement_starting_at(syntax: &Syntax, line: LineNumber) -> Option<usize> {
    syntax
        .statements
        .iter()
        .position(|statement| statement.lines.first == line)
}

/// The lines of the statements in `column` that stand without a blank line
/// between them, down to the one that ends on line `last`.
fn paragraph_above(
    syntax: &Syntax,
    source: &[&str],
    last: usize,
    column: usize,
) -> Option<LineSpan> {
    let mut first = last;
    while first > 0 && !source[first - 1].trim().is_empty() {
        first -= 1;
    }
    let first_line = LineNumber::from_index(first);
    let last_line = LineNumber::from_index(last);
    let whole: Vec<&Statement> = syntax
        .statements
        .iter()
        .filter(|statement| {
            statement.column == column
                && first_line <= statement.lines.last
                && statement.lines.last <= last_line
                && !matches!(
                    statement.kind,
                    StatementKind::Function(_) | StatementKind::Class(_)
                )
        })
        .collect();
    (whole.len() > 1).then(|| LineSpan {
        first: whole[0].lines.first,
        last: last_line,
    })
}
