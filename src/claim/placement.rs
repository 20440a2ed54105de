//! Which comments stand together, and which statement each run of them is about.
//!
//! Goes by lines and columns only; what a comment says is read elsewhere.

use std::collections::BTreeMap;

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
    let page = Page::of(code, syntax);
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
        remarks.push(place(run, &page, syntax));
    }
    remarks
}

/// What is to be known of a snippet's lines, found in one go: it may have thousands
/// of lines and of remarks.
struct Page<'a> {
    /// The lines, without a newline.
    lines: Vec<&'a str>,
    /// For each line, the zero-based line of the last code above it, comments
    /// skipped.
    code_above: Vec<Option<usize>>,
    /// For each line, the zero-based first line of its paragraph: no blank line lies
    /// between them.
    paragraphs: Vec<usize>,
    /// The statements that define nothing, in source order, by their columns. Those
    /// of one column never lie within one another.
    by_column: BTreeMap<usize, Vec<&'a Statement>>,
}

impl<'a> Page<'a> {
    fn of(code: &'a str, syntax: &'a Syntax) -> Self {
        let lines: Vec<&str> = code.split('\n').collect();
        let mut in_string = vec![false; lines.len()];
        for span in &syntax.long_strings {
            let behind_its_first = span.first.index() + 1..lines.len().min(span.last.index() + 1);
            if let Some(within) = in_string.get_mut(behind_its_first) {
                within.fill(true);
            }
        }
        let mut code_above = Vec::with_capacity(lines.len());
        let mut paragraphs: Vec<usize> = Vec::with_capacity(lines.len());
        let mut last_code = None;
        let mut is_blank_above = true;
        for (at, line) in lines.iter().enumerate() {
            let text = line.trim();
            code_above.push(last_code);
            let begun = paragraphs.last().filter(|_| !is_blank_above);
            paragraphs.push(begun.copied().unwrap_or(at));
            if !text.is_empty() && !text.starts_with('#') || in_string[at] {
                last_code = Some(at);
            }
            is_blank_above = text.is_empty();
        }
        let mut by_column: BTreeMap<usize, Vec<&Statement>> = BTreeMap::new();
        for statement in &syntax.statements {
            if !matches!(
                statement.kind,
                StatementKind::Function(_) | StatementKind::Class(_)
            ) {
                by_column
                    .entry(statement.column)
                    .or_default()
                    .push(statement);
            }
        }
        Self {
            lines,
            code_above,
            paragraphs,
            by_column,
        }
    }

    /// The lines of the statements in `column` that stand without a blank line
    /// between them, down to the one that ends on line `last` (zero-based), where
    /// there are several.
    fn paragraph_above(&self, last: usize, column: usize) -> Option<LineSpan> {
        let first_line = LineNumber::from_index(*self.paragraphs.get(last)?);
        let last_line = LineNumber::from_index(last);
        let statements = self.by_column.get(&column)?;
        let from = statements.partition_point(|statement| statement.lines.last < first_line);
        let to = statements.partition_point(|statement| statement.lines.last <= last_line);
        let first = statements.get(from).filter(|_| to > from + 1)?;
        Some(LineSpan {
            first: first.lines.first,
            last: last_line,
        })
    }
}

fn place(run: &[Comment], page: &Page<'_>, syntax: &Syntax) -> Remark {
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
    let blank_above = above.is_none_or(|line| page.lines[line].trim().is_empty());
    let before = page.code_above.get(first.line.index()).copied().flatten();
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
        remark.together = page.paragraph_above(before, column);
    }
    remark
}

/// The innermost statement that the comment on `line` stands behind.
fn behind(syntax: &Syntax, line: LineNumber) -> Option<usize> {
    syntax.statement_at(line)
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
    // They are in source order.
    let at = syntax
        .statements
        .partition_point(|statement| statement.lines.first < line);
    let statement = syntax.statements.get(at)?;
    (statement.lines.first == line).then_some(at)
}
