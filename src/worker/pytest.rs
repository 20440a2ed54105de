//! Runs a unit's file by the pytest that is installed.
//!
//! Tests that fail, and a file that cannot be collected, become exceptions of
//! the top-level statement that they are in; all others are done.

use std::ffi::CString;

use pyo3::exceptions::{PyAssertionError, PySystemExit};
use pyo3::prelude::*;
use pyo3::types::{PyList, PyModule};

use super::child;
use super::instrument::Compiler;
use super::recorder::{Recorder, Running};
use crate::protocol::{Event, Site, Unit};

/// A plugin that keeps what was raised. pytest wants functions whose arguments
/// have names, and finds them by the functions' own.
const PLUGIN: &str = "
import pytest

raised = []
collected = []

@pytest.hookimpl(tryfirst=True)
def pytest_exception_interact(node, call, report):
    value = call.excinfo.value
    if isinstance(value, pytest.Collector.CollectError) and value.__cause__:
        value = value.__cause__
    raised.append(value)

def pytest_collection_modifyitems(session, config, items):
    collected.extend(item.name for item in items)
";

/// Runs a unit; pytest's exit status.
pub fn run(
    compiler: &Compiler<'_>,
    recorder: &Bound<'_, Recorder>,
    unit: &Unit,
    index: u32,
    path: &str,
) -> PyResult<i32> {
    let py = recorder.py();
    let this = recorder.get();
    let tree = compiler.parse(&unit.code, path, 0)?;
    let statements = lines(&tree)?;
    this.begin(Running {
        unit: index,
        ..Running::default()
    });
    let plugin = PyModule::from_code(
        py,
        &CString::new(PLUGIN)?,
        c"<trueprint>",
        c"trueprint_pytest",
    );
    let plugin = match plugin {
        Ok(plugin) => plugin,
        Err(error) => {
            child::settle(recorder, &error, false);
            return Ok(1);
        }
    };
    let arguments = [
        "-q",
        "--capture=no",
        "--color=no",
        "-p",
        "no:cacheprovider",
        path,
    ];
    let status = py
        .import("pytest")?
        .call_method1("main", (arguments.to_vec(), PyList::new(py, [&plugin])?))
        .and_then(|status| status.extract::<i32>());
    let status = match status {
        Ok(status) => status,
        Err(error) if error.is_instance_of::<PySystemExit>(py) => {
            let (_, status) = child::settle(recorder, &error, false);
            return Ok(status);
        }
        Err(error) => {
            child::settle(recorder, &error, false);
            return Ok(1);
        }
    };
    let mut failed = Vec::new();
    let raised = plugin.getattr("raised")?;
    for value in raised.try_iter()? {
        let exception = this.exception(py, &PyErr::from_value(value?));
        let line = exception.stack.iter().rev().find_map(|site| {
            (site.unit == index)
                .then(|| statements.iter().rfind(|first| **first <= site.line))
                .flatten()
        });
        failed.extend(line.copied());
        this.event(&Event::Raised {
            statement: line.map(|line| Site {
                unit: index,
                line: *line,
            }),
            exception: Box::new(exception),
        });
    }
    if plugin.getattr("collected")?.len()? == 0 && raised.len()? == 0 {
        let nothing = PyAssertionError::new_err("pytest found no test in this snippet");
        child::settle(recorder, &nothing, false);
        return Ok(status);
    }
    if plugin.getattr("collected")?.len()? == 0 {
        return Ok(status);
    }
    for line in statements.into_iter().filter(|line| !failed.contains(line)) {
        this.event(&Event::Done {
            statement: Site { unit: index, line },
        });
    }
    Ok(status)
}

/// The first lines of the top-level statements.
fn lines(tree: &Bound<'_, PyAny>) -> PyResult<Vec<u32>> {
    child::statements(tree)?
        .iter()
        .map(|statement| {
            let mut line: u32 = statement.getattr("lineno")?.extract()?;
            if let Ok(decorators) = statement.getattr("decorator_list") {
                for decorator in decorators.try_iter()? {
                    line = line.min(decorator?.getattr("lineno")?.extract()?);
                }
            }
            Ok(line)
        })
        .collect()
}
