//! What a statement is, as far as claims about it go: whether it prints, what it
//! assigns to and changes, whether something catches what it raises.
//!
//! Looks at the code alone, never at the remark's text.

use crate::snippet::Snippet;
use crate::syntax::{Statement, StatementKind, Syntax};

use super::placement::{Remark, Stands};
use super::value::Value;
use super::{Role, Spoken};

/// Functions whose purpose is to print.
const PRINTERS: &[&str] = &[
    "print",
    "pprint",
    "pprint.pprint",
    "pprint.pp",
    "pp",
    "sys.stdout.write",
    "sys.stdout.writelines",
    "display",
    "console.print",
];

/// What a statement is to the claims about it.
pub fn spoken(index: usize, remark: &Remark, snippet: &Snippet, syntax: &Syntax) -> Option<Spoken> {
    let statement = syntax.statements.get(index)?;
    let source = &*snippet.code;
    let header = matches!(remark.stands, Stands::Behind | Stands::Inside)
        && statement.header != statement.lines;
    let mut top = statement;
    let mut caught =
        statement.surroundings.try_body.is_some() || statement.kind == StatementKind::Try;
    let mut parent = statement.parent;
    while let Some(index) = parent {
        top = &syntax.statements[index];
        caught |= catches(top, source);
        parent = top.parent;
    }
    caught |= catches(statement, source);
    Some(Spoken {
        lines: statement.lines,
        top: top.lines,
        role: role(statement, source, header),
        in_function: statement.surroundings.function.is_some(),
        caught,
        code: beginning(&source[statement.range.clone()]).to_owned(),
        changes: changes(statement, source),
        together: remark.together.filter(|_| remark.stands == Stands::Apart),
    })
}

/// As much of a statement as a comment could repeat.
fn beginning(statement: &str) -> &str {
    const CHARACTERS: usize = 2000;
    match statement.char_indices().nth(CHARACTERS) {
        Some((end, _)) => &statement[..end],
        None => statement,
    }
}

/// The names that a statement gives one value: `x` and `y` in `x = y = 5`, `a` and
/// `b` in `b = a`.
pub fn names_together(statement: &Spoken) -> Vec<String> {
    let Role::Assignment { targets, .. } = &statement.role else {
        return Vec::new();
    };
    let is_name = |text: &str| {
        text.starts_with(|c: char| c.is_alphabetic() || c == '_')
            && text
                .chars()
                .all(|c| c.is_alphanumeric() || matches!(c, '_' | '.'))
    };
    let mut names = targets.clone();
    // `x = a == b` and `x += a` give `a` nothing.
    if let Some((before, value)) = statement.code.rsplit_once('=')
        && !before.ends_with(|c: char| "=!<>+-*/%&|^@:".contains(c))
        && is_name(value.trim())
    {
        names.push(value.trim().to_owned());
    }
    names
}

/// `with pytest.raises(…)` and `with suppress(…)`.
fn catches(statement: &Statement, source: &str) -> bool {
    statement.kind == StatementKind::With && {
        let header = source[statement.range.clone()].lines().next().unwrap_or("");
        header.contains("raises(")
            || header.contains("suppress(")
            || header.contains("assertRaises")
    }
}

fn role(statement: &Statement, source: &str, header: bool) -> Role {
    match &statement.kind {
        StatementKind::Expression {
            call: Some(call),
            arguments,
            ..
        } => {
            if PRINTERS.contains(&call.as_str()) {
                let positional = arguments
                    .iter()
                    .filter(|range| {
                        let text = &source[(*range).clone()];
                        !["end=", "sep=", "file=", "flush="]
                            .iter()
                            .any(|name| text.replace(' ', "").starts_with(name))
                    })
                    .count();
                let starred = arguments
                    .iter()
                    .any(|range| source[range.clone()].starts_with('*'));
                Role::Print {
                    several: positional > 1 || starred,
                }
            } else {
                Role::Call {
                    method: call.contains('.'),
                }
            }
        }
        StatementKind::Expression { .. } => Role::Expression,
        StatementKind::Assignment {
            targets,
            value,
            augmented,
        } => Role::Assignment {
            targets: targets
                .iter()
                .flat_map(|range| apart(&source[range.clone()]))
                .collect(),
            literal: !augmented
                && value.as_ref().is_some_and(|range| {
                    Value::read(&source[range.clone()]).is_some_and(|value| {
                        // `set([1, 2])` is computed, and shows itself otherwise.
                        value.is_literal() && !matches!(value, Value::Call(..))
                    })
                }),
        },
        StatementKind::Raise | StatementKind::Assert => Role::Other { raises: true },
        StatementKind::Delete => Role::Deletion {
            part: source[statement.range.clone()].contains(['[', '.']),
        },
        StatementKind::Import | StatementKind::Return | StatementKind::Silent => {
            Role::Other { raises: false }
        }
        StatementKind::Function(_) | StatementKind::Class(_) => Role::Definition,
        StatementKind::Loop
        | StatementKind::If
        | StatementKind::Match
        | StatementKind::With
        | StatementKind::Try => Role::Compound { header },
    }
}

/// The names that a statement could have changed beside what it assigns to.
fn changes(statement: &Statement, source: &str) -> Vec<String> {
    let root = |text: &str| -> Option<String> {
        let name: String = text
            .trim()
            .chars()
            .take_while(|c| c.is_alphanumeric() || *c == '_')
            .collect();
        let further = text.trim().len() > name.len();
        (further && name.starts_with(|c: char| c.is_alphabetic() || c == '_')).then_some(name)
    };
    let mut names: Vec<String> = match &statement.kind {
        StatementKind::Expression {
            call: Some(call),
            arguments,
            ..
        } if !PRINTERS.contains(&call.as_str()) => {
            let receiver = call
                .rsplit_once('.')
                .map(|(receiver, _)| receiver.to_owned());
            let plain =
                |c: char| c.is_alphanumeric() || matches!(c, '_' | '.' | '[' | ']' | '\'' | '"');
            let arguments = arguments.iter().take(2).filter_map(|range| {
                let text = source[range.clone()].trim();
                let name = text.starts_with(|c: char| c.is_alphabetic() || c == '_')
                    && text.chars().all(|c| c.is_alphanumeric() || c == '_');
                name.then(|| text.to_owned())
            });
            receiver
                .filter(|name| name.chars().all(plain))
                .into_iter()
                .chain(arguments)
                .collect()
        }
        StatementKind::Assignment { targets, .. } => targets
            .iter()
            .filter_map(|range| root(&source[range.clone()]))
            .collect(),
        StatementKind::Delete => source[statement.range.clone()]
            .strip_prefix("del ")
            .and_then(root)
            .into_iter()
            .collect(),
        StatementKind::Expression { .. }
        | StatementKind::Import
        | StatementKind::Raise
        | StatementKind::Assert
        | StatementKind::Return
        | StatementKind::Silent
        | StatementKind::Function(_)
        | StatementKind::Class(_)
        | StatementKind::Loop
        | StatementKind::If
        | StatementKind::Match
        | StatementKind::With
        | StatementKind::Try => Vec::new(),
    };
    names.retain(|name| !matches!(name.as_str(), "True" | "False" | "None" | "self"));
    names.dedup();
    names
}

/// The parts of an assignment's target: `a, *b` are two.
fn apart(target: &str) -> Vec<String> {
    let inner = target.trim();
    let inner = inner
        .strip_prefix('(')
        .and_then(|rest| rest.strip_suffix(')'))
        .or_else(|| {
            inner
                .strip_prefix('[')
                .and_then(|rest| rest.strip_suffix(']'))
        })
        .unwrap_or(inner);
    let mut parts = vec![String::new()];
    let mut depth = 0usize;
    for character in inner.chars() {
        match character {
            '(' | '[' | '{' => depth += 1,
            ')' | ']' | '}' => depth = depth.saturating_sub(1),
            ',' if depth == 0 => {
                parts.push(String::new());
                continue;
            }
            _ => {}
        }
        if let Some(part) = parts.last_mut() {
            part.push(character);
        }
    }
    parts
        .iter()
        .map(|part| part.trim().trim_start_matches('*').to_owned())
        .filter(|part| !part.is_empty())
        .collect()
}
