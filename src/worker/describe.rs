//! Values and exceptions as the protocol shows them.
//!
//! What a snippet's own `__repr__` or `__str__` raises is told, never passed on.

use pyo3::exceptions::{PyBaseException, PySyntaxError};
use pyo3::prelude::*;
use pyo3::types::{PyString, PyTuple, PyType};

use crate::protocol::{Exception, Shown, Site};

/// Bytes of a repr that are kept.
const LONGEST: usize = 64 << 10;

/// Shows a value, or names the type of what its `__repr__` raised.
pub fn shown(value: &Bound<'_, PyAny>) -> Result<Box<Shown>, String> {
    let py = value.py();
    let repr = value
        .repr()
        .map(|repr| lossy(&repr))
        .map_err(|error| qualified_name(&error.get_type(py)))?;
    // A value without a `__str__` that works has none that could be claimed.
    let text = value.str().ok().map(|text| lossy(&text));
    Ok(Box::new(Shown {
        text: text.filter(|text| *text != repr).map(cut),
        repr: cut(repr),
        type_name: qualified_name(&value.get_type()),
        is_none: value.is_none(),
    }))
}

/// Describes an exception; `place` tells the site of a code object's line, if
/// it is the snippet's own.
pub fn exception(
    error: &PyErr,
    py: Python<'_>,
    place: &dyn Fn(&str, u32) -> Option<Site>,
) -> Exception {
    let value = error.value(py);
    let kind = value.get_type();
    let is_syntax_error = value.is_instance_of::<PySyntaxError>();
    let attribute = |name: &str| value.getattr(name).ok().filter(|found| !found.is_none());
    let message = if is_syntax_error {
        attribute("msg").and_then(|message| message.str().ok())
    } else {
        value.str().ok()
    };
    let syntax_line = attribute("filename")
        .filter(|_| is_syntax_error)
        .and_then(|file| Some((file.extract::<String>().ok()?, attribute("lineno")?)))
        .and_then(|(file, line)| place(&file, line.extract().ok()?))
        .map(|site| site.line);
    Exception {
        type_name: qualified_name(&kind),
        module: of_type(&kind, "__module__")
            .and_then(|module| module.extract())
            .unwrap_or_default(),
        bases: bases(&kind),
        message: message
            .map(|message| cut(lossy(&message)))
            .unwrap_or_default(),
        name: attribute("name").and_then(|name| name.extract().ok()),
        stack: traceback(error, py, place),
        syntax_line,
        further: further(value.as_any(), 0),
    }
}

/// The notes of an exception, and of a group what its members say.
fn further(value: &Bound<'_, PyAny>, depth: usize) -> Vec<String> {
    /// Nobody writes down more of it.
    const MOST: usize = 64;
    let mut lines = Vec::new();
    let of = |name: &str| {
        value
            .getattr(name)
            .ok()
            .and_then(|found| found.try_iter().ok())
    };
    for note in of("__notes__").into_iter().flatten().flatten().take(MOST) {
        lines.extend(note.str().map(|note| cut(lossy(&note))));
    }
    let members =
        of("exceptions").filter(|_| depth < 8 && value.is_instance_of::<PyBaseException>());
    for member in members.into_iter().flatten().flatten().take(MOST) {
        let message = member.str().map(|text| lossy(&text)).unwrap_or_default();
        let name = qualified_name(&member.get_type());
        lines.push(if message.is_empty() {
            name
        } else {
            cut(format!("{name}: {message}"))
        });
        lines.extend(further(&member, depth + 1));
    }
    lines.truncate(MOST);
    lines
}

/// Text with what cannot be encoded as UTF-8 (lone surrogates) replaced.
pub fn lossy(text: &Bound<'_, PyString>) -> String {
    text.to_string_lossy().into_owned()
}

/// A type's `__qualname__`.
pub fn qualified_name(kind: &Bound<'_, PyType>) -> String {
    of_type(kind, "__qualname__")
        .and_then(|name| Ok(lossy(name.cast::<PyString>()?)))
        .unwrap_or_else(|_| "?".into())
}

/// What `type` itself says of a type, whatever its metaclass would have said.
fn of_type<'py>(kind: &Bound<'py, PyType>, name: &str) -> PyResult<Bound<'py, PyAny>> {
    kind.py()
        .get_type::<PyType>()
        .getattr("__getattribute__")?
        .call1((kind, name))
}

fn bases(kind: &Bound<'_, PyType>) -> Vec<String> {
    let mro = of_type(kind, "__mro__").and_then(|mro| Ok(mro.cast_into::<PyTuple>()?));
    mro.iter()
        .flatten()
        .skip(1)
        .filter_map(|base| base.cast_into::<PyType>().ok())
        .map(|base| qualified_name(&base))
        .filter(|name| name != "object")
        .collect()
}

/// The snippet's own lines in a traceback, innermost first.
fn traceback(
    error: &PyErr,
    py: Python<'_>,
    place: &dyn Fn(&str, u32) -> Option<Site>,
) -> Vec<Site> {
    let mut sites = Vec::new();
    let mut next = error.traceback(py).map(|traceback| traceback.into_any());
    while let Some(traceback) = next {
        let step = || -> PyResult<(String, u32)> {
            let code = traceback.getattr("tb_frame")?.getattr("f_code")?;
            let line = traceback.getattr("tb_lineno")?.extract()?;
            Ok((code.getattr("co_filename")?.extract()?, line))
        };
        sites.extend(step().ok().and_then(|(file, line)| place(&file, line)));
        next = traceback
            .getattr("tb_next")
            .ok()
            .filter(|next| !next.is_none());
    }
    sites.reverse();
    // Deep recursion: the ends tell all there is to tell.
    if sites.len() > 64 {
        sites.drain(32..sites.len() - 32);
    }
    sites
}

fn cut(mut text: String) -> String {
    if text.len() > LONGEST {
        text.truncate(text.floor_char_boundary(LONGEST));
    }
    text
}
