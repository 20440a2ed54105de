//! Which snippets nobody can run.
//!
//! In this order:
//! 1. The guide marks it: an attribute such as `no-run`, `skip`, `ignore`,
//!    `eval=false`.
//! 2. It does not parse. With `...` or `<placeholder>` where the parser gave up
//!    it is a template, and so is a body of comments alone. When the guide announces the error it is no fragment.
//! 3. It is a template that parses: `...` is all that a call is given, or is
//!    bound to a name that is used, or is the body of a function whose result is
//!    used.
//! 4. It needs names that nothing above it binds, and at least half of what it
//!    does depends on them. When less does it is run, and the names are noted.
//!    Names whose `NameError` the guide wants to show do not count.

use std::collections::BTreeSet;

use crate::position::LineNumber;
use crate::syntax::builtins::is_builtin;
use crate::syntax::names::mentions;
use crate::syntax::{StatementKind, Syntax, names};

use super::{Draft, Fragment, Snippet};

pub(super) enum Judgement {
    Fragment(Fragment),
    Runs {
        /// Names that it needs and nothing defines.
        undefined: Vec<String>,
    },
}

pub(super) fn why(snippet: &Snippet, draft: &Draft, undefined: &[String]) -> Judgement {
    if let Some(mark) = snippet.attributes.iter().find(|mark| says_not_to_run(mark)) {
        return Judgement::Fragment(Fragment::MarkedNotToRun(mark.clone()));
    }
    if let Some(line) = takes_in(draft) {
        return Judgement::Fragment(Fragment::Template(format!("`{line}` is another file")));
    }
    if let Some(error) = &draft.syntax.error {
        if snippet.announced_error.is_some() {
            return Judgement::Runs {
                undefined: Vec::new(),
            };
        }
        let line = draft.code.lines().nth(error.line.index()).unwrap_or("");
        return Judgement::Fragment(match placeholder(line) {
            Some(placeholder) => Fragment::Template(format!("{placeholder} stands for something")),
            None if error.message.starts_with("Expected an indented block") => {
                Fragment::Template("a body is left out".to_owned())
            }
            None => Fragment::DoesNotParse {
                line: error.line,
                message: if is_old_print(line) {
                    "Python 3's print is a function, and this is Python 2's statement".to_owned()
                } else {
                    error.message.clone()
                },
            },
        });
    }
    if let Some(what) = template(&draft.code, &draft.syntax) {
        return Judgement::Fragment(Fragment::Template(what));
    }
    let undefined: Vec<String> = if wants_name_error(snippet, draft) {
        Vec::new()
    } else {
        undefined.to_vec()
    };
    if !undefined.is_empty() && most_depends_on(&undefined, draft) {
        return Judgement::Fragment(Fragment::UndefinedNames(undefined));
    }
    Judgement::Runs { undefined }
}

/// The line in whose place a generator of pages puts another file.
fn takes_in(draft: &Draft) -> Option<&str> {
    let in_string = |line: LineNumber| {
        let strings = &draft.syntax.long_strings;
        strings.iter().any(|string| string.contains(line))
    };
    let lines = draft.code.lines().enumerate();
    lines
        .filter(|(index, _)| !in_string(LineNumber::from_index(*index)))
        .map(|(_, line)| line.trim())
        .find(|line| {
            // MkDocs, mdBook, Jinja and Liquid, VitePress, FastAPI's pages.
            ["--8<--", "{{#", "{% include", "{% snippet", "{!", "<<< "]
                .iter()
                .any(|mark| line.starts_with(mark))
                || line.starts_with("{* ") && line.ends_with(" *}")
        })
}

/// Whether an attribute says that the code is not to be run.
fn says_not_to_run(attribute: &str) -> bool {
    let attribute = attribute.to_lowercase();
    let (key, value) = attribute
        .split_once('=')
        .map_or((attribute.as_str(), None), |(key, value)| {
            (key.trim(), Some(value.trim()))
        });
    match value {
        None => matches!(
            key.replace('_', "-").as_str(),
            "no-run"
                | "norun"
                | "skip"
                | "ignore"
                | "ignored"
                | "noexec"
                | "no-exec"
                | "no-execute"
                | "notest"
                | "no-test"
                | "skip-test"
                | "test-skip"
                | "skip-execution"
                | "not-runnable"
                | "do-not-run"
                | "compile-only"
                | "pseudocode"
        ),
        Some(value) => match key {
            "eval" | "exec" | "execute" | "run" | "runnable" => {
                matches!(value, "false" | "no" | "off" | "never" | "0" | "f")
            }
            "test" | "doctest" => matches!(value, "skip" | "false" | "no" | "off"),
            "tags" => value.contains("skip-execution") || value.contains("no-execute"),
            "skip" | "no-run" | "norun" => !matches!(value, "false" | "no" | "off" | "0"),
            _ => false,
        },
    }
}

fn is_old_print(line: &str) -> bool {
    line.trim_start()
        .strip_prefix("print ")
        .is_some_and(|rest| !rest.trim_start().starts_with(['(', '=']))
}

/// What stands for something else in a line that does not parse.
fn placeholder(line: &str) -> Option<String> {
    if line.contains("...") {
        return Some("`...`".to_owned());
    }
    if line.contains('…') {
        return Some("`…`".to_owned());
    }
    let open = line.find('<')?;
    let inner = &line[open + 1..];
    let inner = &inner[..inner.find('>')?];
    let named = inner.starts_with(char::is_alphabetic)
        && inner
            .chars()
            .all(|c| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_' | '.'));
    named.then(|| format!("`<{inner}>`"))
}

/// What is left out of code that parses.
fn template(code: &str, syntax: &Syntax) -> Option<String> {
    if !code.contains("...") {
        return None;
    }
    for statement in syntax.top_level() {
        let value = match &statement.kind {
            StatementKind::Expression {
                call: Some(function),
                arguments,
                ..
            } => {
                if arguments.len() == 1
                    && &code[arguments[0].clone()] == "..."
                    && !is_builtin(function)
                {
                    return Some(format!("`{function}(...)` leaves out the arguments"));
                }
                continue;
            }
            StatementKind::Assignment {
                targets,
                value: Some(value),
                augmented: false,
            } => {
                let [target] = targets.as_slice() else {
                    continue;
                };
                let target = &code[target.clone()];
                let value = &code[value.clone()];
                let call = value.split_once('(').filter(|(function, inside)| {
                    let name = |c: char| c.is_alphanumeric() || matches!(c, '_' | '.');
                    function.chars().all(name)
                        && !is_builtin(function)
                        && inside.strip_suffix(')').map(str::trim) == Some("...")
                });
                if let Some((function, _)) = call {
                    return Some(format!("`{function}(...)` leaves out the arguments"));
                }
                if value == "..." && mentions(&code[statement.range.end..], target) {
                    return Some(format!("`{target} = ...` leaves out the value"));
                }
                value
            }
            StatementKind::Expression { .. }
            | StatementKind::Assignment { .. }
            | StatementKind::Delete
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
            | StatementKind::Try => continue,
        };
        let called = value
            .split_once('(')
            .map(|(function, _)| function)
            .filter(|function| has_empty_body(code, syntax, function));
        if let Some(function) = called {
            return Some(format!("the body of `{function}` is left out"));
        }
    }
    None
}

/// Whether `name` is a function of the module whose last definition does nothing
/// but `...`.
fn has_empty_body(code: &str, syntax: &Syntax, name: &str) -> bool {
    let definition = syntax.statements.iter().enumerate().rev().find(|(_, s)| {
        s.parent.is_none() && matches!(&s.kind, StatementKind::Function(own) if own == name)
    });
    let Some((index, definition)) = definition else {
        return false;
    };
    // A decorator may put a body in its place.
    if code[definition.range.clone()].starts_with('@') {
        return false;
    }
    let mut body = syntax.statements[index + 1..]
        .iter()
        .filter(|statement| statement.parent == Some(index));
    body.all(|statement| {
        matches!(
            &statement.kind,
            StatementKind::Expression { literal: true, .. }
        )
    }) && code[definition.range.clone()].trim_end().ends_with("...")
}

/// Whether the guide means to show that a name is not defined.
fn wants_name_error(snippet: &Snippet, draft: &Draft) -> bool {
    let says_so = |text: &str| {
        text.contains("NameError") || text.contains("not defined") || text.contains("UnboundLocal")
    };
    says_so(&snippet.lead)
        || draft
            .syntax
            .comments
            .iter()
            .any(|comment| says_so(&comment.text))
        || snippet.outputs.iter().any(|output| says_so(&output.text))
        || snippet
            .attributes
            .iter()
            .any(|attribute| says_so(attribute))
}

/// Whether at least half of the statements that do something depend on
/// `undefined`, directly or through what they bind.
fn most_depends_on(undefined: &[String], draft: &Draft) -> bool {
    let mut tainted: BTreeSet<String> = undefined.iter().cloned().collect();
    // Definitions and imports do nothing by themselves.
    let acting: BTreeSet<LineNumber> = draft
        .syntax
        .top_level()
        .filter(|statement| {
            !matches!(
                statement.kind,
                StatementKind::Import | StatementKind::Function(_) | StatementKind::Class(_)
            )
        })
        .map(|statement| statement.lines.first)
        .collect();
    let (mut affected, mut all) = (0_usize, 0_usize);
    for (span, names) in names::by_statement(&draft.code) {
        let lines = || {
            let (first, last) = (span.first.index(), span.last.index());
            let lines = draft.code.lines().skip(first).take(last + 1 - first);
            lines.collect::<Vec<_>>().join("\n")
        };
        // A builtin's name that one of these should have bound is one of them.
        let depends = names.free.iter().any(|name| tainted.contains(name))
            || tainted
                .iter()
                .any(|name| is_builtin(name) && mentions(&lines(), name));
        if depends {
            tainted.extend(names.bound);
        }
        if acting.contains(&span.first) || depends {
            all += 1;
            affected += usize::from(depends);
        }
    }
    affected * 2 >= all
}
