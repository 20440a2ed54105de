//! Python files: a script, percent cells, docstrings with examples.
//!
//! A file with `# %%` lines is a sequence of cells that share one page. Any other
//! file is one snippet. Each docstring that has examples in it is a page of its
//! own, which sees what the file itself defines.

use super::blocks::{Collector, dedent};
use super::{Block, Role, code, markdown, rst};
use crate::finding::Finding;
use crate::syntax::{StatementKind, Syntax};

pub(super) fn parse(text: &str) -> (Vec<Block>, Vec<Finding>) {
    let mut collector = Collector::default();
    let lines: Vec<&str> = text.split('\n').collect();
    if lines.iter().any(|line| cell_title(line).is_some()) {
        read_cells(&mut collector, &lines);
        return collector.finish();
    }
    let place = collector.place(0);
    collector.block(Role::Python, place, text, Vec::new());
    read_docstrings(&mut collector, text);
    collector.finish()
}

/// The title of a cell that a line begins: `# %% Title`, `# In[3]:`.
fn cell_title(line: &str) -> Option<&str> {
    let rest = line.strip_prefix('#')?.trim_start();
    if let Some(title) = rest.strip_prefix("%%") {
        return (title.is_empty() || title.starts_with([' ', '%'])).then(|| title.trim());
    }
    let number = rest.strip_prefix("In[")?;
    number.trim_end().ends_with("]:").then_some("")
}

fn read_cells(collector: &mut Collector, lines: &[&str]) {
    let mut at = 0;
    while at < lines.len() {
        let title = cell_title(lines[at]);
        let first = if title.is_some() { at + 1 } else { at };
        let end = (first..lines.len())
            .find(|line| cell_title(lines[*line]).is_some())
            .unwrap_or(lines.len());
        let title = title.unwrap_or_default().trim_start_matches('%').trim();
        let cell = &lines[first..end];
        if title.contains("[markdown]") || title.contains("[md]") || title.contains("[raw]") {
            // A cell of words is commented out, or a string.
            let words: Vec<&str> = cell
                .iter()
                .map(|line| line.strip_prefix('#').unwrap_or(line))
                .map(|line| line.strip_prefix(' ').unwrap_or(line))
                .collect();
            markdown::read(collector, &words.join("\n"), first, 1);
        } else {
            let (title, attributes) = title_and_tags(title);
            if !title.is_empty() {
                collector.heading(title);
            }
            let place = collector.place(first);
            let text = cell.join("\n");
            let comments_only = cell
                .iter()
                .all(|line| line.trim().is_empty() || line.starts_with('#'));
            if !comments_only {
                collector.block(Role::Python, place, &text, attributes);
            }
        }
        at = end;
    }
}

/// What stands behind `# %%`, taken apart: `Title [python] tags=["x"]`,
/// `Title {"tags": ["x"]}`.
fn title_and_tags(text: &str) -> (&str, Vec<String>) {
    let begins_data = |at: usize| {
        let word = text[at..].split_whitespace().next().unwrap_or_default();
        word.starts_with(['[', '{']) || word.contains('=')
    };
    let words = text.split_whitespace();
    let starts = words.map(|word| word.as_ptr() as usize - text.as_ptr() as usize);
    let end = starts
        .into_iter()
        .find(|at| begins_data(*at))
        .unwrap_or(text.len());
    let (title, data) = text.split_at(end);
    let tags = data
        .split_once("tags")
        .map(|(_, rest)| rest.trim_start_matches(['"', '=', ':', ' ']));
    let tags = tags.and_then(|tags| Some(&tags[..=tags.find(']')?]));
    (
        title.trim(),
        tags.map(|tags| format!("tags={tags}"))
            .into_iter()
            .collect(),
    )
}

fn read_docstrings(collector: &mut Collector, text: &str) {
    if !text.contains(">>>") && !text.contains("```") && !text.contains("::") {
        return;
    }
    let syntax = Syntax::of(text);
    let mut first_in_body = true;
    for (index, statement) in syntax.statements.iter().enumerate() {
        // A docstring is the first statement of its body, which directly
        // follows the definition.
        let first = match statement.parent {
            None => std::mem::take(&mut first_in_body),
            Some(parent) => index == parent + 1,
        };
        let StatementKind::Expression { literal: true, .. } = statement.kind else {
            continue;
        };
        let owner = statement.parent.map(|parent| &syntax.statements[parent]);
        let defines = owner.is_none_or(|owner| {
            matches!(
                owner.kind,
                StatementKind::Function(_) | StatementKind::Class(_)
            )
        });
        let source = &text[statement.range.clone()];
        if !first || !defines || !has_examples(source) {
            continue;
        }
        let (raw, prefix) = opening(source);
        let first_line = statement.lines.first.index();
        let content = source[prefix..].trim_end_matches(['"', '\'']);
        let (head, rest) = content.split_once('\n').unwrap_or((content, ""));
        let mut docstring = format!("{}\n{}", head.trim_start(), dedent(rest));
        if !raw {
            docstring = docstring.replace("\\\\", "\\");
        }

        collector.new_page();
        let name = qualified_name(&syntax, statement.parent);
        if let Some(name) = &name {
            collector.heading(name);
        }
        let before = collector.blocks.len();
        if markdown::has_fences(&docstring) {
            markdown::read(collector, &docstring, first_line, 1);
        } else {
            rst::read(collector, &docstring, first_line);
        }
        // `Examples` stands above those of every function.
        if name.is_some() {
            for block in &mut collector.blocks[before..] {
                block.heading.clone_from(&name);
            }
        }
    }
}

fn has_examples(source: &str) -> bool {
    source.lines().any(code::begins_at_prompt)
        || source.contains("```")
        || source.contains("::\n")
        || source.contains(".. code")
}

/// Whether a string literal is raw, and how many bytes stand before its content.
fn opening(source: &str) -> (bool, usize) {
    let quote = source.find(['"', '\'']).unwrap_or(0);
    let raw = source[..quote].contains(['r', 'R']);
    let long = source[quote..].starts_with("\"\"\"") || source[quote..].starts_with("'''");
    (raw, quote + if long { 3 } else { 1 })
}

/// `Circle.area`.
fn qualified_name(syntax: &Syntax, statement: Option<usize>) -> Option<String> {
    let mut names = Vec::new();
    let mut at = statement;
    while let Some(index) = at {
        let statement = &syntax.statements[index];
        if let StatementKind::Function(name) | StatementKind::Class(name) = &statement.kind {
            names.push(name.as_str());
        }
        at = statement.parent;
    }
    names.reverse();
    (!names.is_empty()).then(|| names.join("."))
}
