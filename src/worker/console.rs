//! Runs a unit as the prompt does: statement by statement.
//!
//! The value of a bare expression goes to the snippet's `sys.displayhook`. What
//! raises, or does not compile, ends its own statement only.

use pyo3::prelude::*;
use pyo3::types::PyModule;

use super::child::{self, Outcome};
use super::instrument::{Compiler, Group};
use super::recorder::{Recorder, Running};
use crate::protocol::Unit;

/// Runs a unit; the status that the prompt would end with.
pub fn run(
    compiler: &Compiler<'_>,
    recorder: &Bound<'_, Recorder>,
    main: &Bound<'_, PyModule>,
    unit: &Unit,
    index: u32,
    path: &str,
) -> PyResult<i32> {
    let mut flags = 0;
    for piece in pieces(compiler, unit, path) {
        let result = compiler
            .parse(&piece, path, flags)
            .and_then(|tree| compiler.instrument(&tree, unit, index));
        let (groups, running) = match result {
            Ok(parsed) => parsed,
            Err(error) => {
                let blank = piece.bytes().take_while(|byte| *byte == b'\n').count();
                recorder.get().begin(Running {
                    unit: index,
                    statements: vec![blank as u32 + 1],
                    ..Running::default()
                });
                child::settle(recorder, &error, true);
                continue;
            }
        };
        recorder.get().begin(Running {
            future_flags: flags,
            ..running
        });
        for (place, group) in groups.iter().enumerate() {
            recorder.get().go_to(place);
            match run_group(compiler, main, group, path, &mut flags) {
                Ok(()) => {}
                Err(error) => {
                    let (outcome, status) = child::settle(recorder, &error, true);
                    if outcome == Outcome::Exited {
                        return Ok(status);
                    }
                }
            }
        }
    }
    Ok(0)
}

fn run_group<'py>(
    compiler: &Compiler<'py>,
    main: &Bound<'py, PyModule>,
    group: &Group<'py>,
    path: &str,
    flags: &mut i32,
) -> PyResult<()> {
    for nodes in [&group.before, &group.after] {
        if !nodes.is_empty() {
            let code = compiler.module(nodes, path, *flags)?;
            child::execute(&code, main)?;
        }
        if std::ptr::eq(nodes, &group.before)
            && let Some(statement) = &group.statement
        {
            let code = compiler.interactive(statement, path, *flags)?;
            *flags |= Compiler::future_flags(&code);
            child::execute(&code, main)?;
        }
    }
    Ok(())
}

/// The unit in pieces that can be compiled on their own, each with its lines
/// where they are in the unit: one piece, unless something does not compile.
fn pieces(compiler: &Compiler<'_>, unit: &Unit, path: &str) -> Vec<String> {
    let parses = |text: &str| compiler.parse(text, path, 0).is_ok();
    if parses(&unit.code) {
        return vec![unit.code.to_string()];
    }
    let lines: Vec<&str> = unit.code.split('\n').collect();
    let begins = |line: usize| {
        lines.get(line).is_none_or(|text| {
            let is_inner = text.starts_with([' ', '\t', ')', ']', '}', '#']) || text.is_empty();
            let goes_on = ["else", "elif", "except", "finally"]
                .iter()
                .any(|keyword| text.starts_with(keyword));
            !is_inner && !goes_on
        })
    };
    let piece = |from: usize, to: usize| {
        let mut text = "\n".repeat(from);
        text.push_str(&lines[from..to].join("\n"));
        text.push('\n');
        text
    };
    let mut found = Vec::new();
    let mut from = 0;
    while from < lines.len() {
        let ends = (from + 1..=lines.len()).filter(|end| begins(*end));
        let first = ends.clone().next().unwrap_or(lines.len());
        let whole = ends.into_iter().find(|end| parses(&piece(from, *end)));
        let to = whole.unwrap_or(first);
        found.push(piece(from, to));
        from = to;
    }
    found
}
