//! Jupyter notebooks: code cells, and their stored outputs.
//!
//! A place is a cell and a line in it. A stored output stands in no line of the
//! source, so it is put below its cell's last one. What a cell wrote to its
//! standard output is an output of the cell; the value that it showed belongs to
//! its last statement, and is marked [`LAST_VALUE`]. Pictures, and what is shown
//! in their stead, are left out.

use std::num::NonZeroU32;

use serde::Deserialize;

use super::blocks::Collector;
use super::language::Language;
use super::{Block, Role, markdown};
use crate::finding::Finding;
use crate::position::{LineNumber, Place};

/// The attribute of an output that shows the value of the last statement.
pub const LAST_VALUE: &str = "last-value";

/// As much of nbformat 3 and 4 as is needed; other keys are ignored.
#[derive(Deserialize)]
struct Notebook {
    #[serde(default)]
    cells: Vec<Cell>,
    #[serde(default)]
    worksheets: Vec<Worksheet>,
    #[serde(default)]
    metadata: Metadata,
}

#[derive(Deserialize)]
struct Worksheet {
    #[serde(default)]
    cells: Vec<Cell>,
}

#[derive(Default, Deserialize)]
struct Metadata {
    kernelspec: Option<Kernel>,
    language_info: Option<Kernel>,
}

#[derive(Deserialize)]
struct Kernel {
    language: Option<String>,
    name: Option<String>,
}

#[derive(Deserialize)]
struct Cell {
    #[serde(default)]
    cell_type: String,
    #[serde(alias = "input", default)]
    source: Lines,
    #[serde(default)]
    outputs: Vec<Output>,
    #[serde(default)]
    metadata: CellMetadata,
}

#[derive(Default, Deserialize)]
struct CellMetadata {
    #[serde(default)]
    tags: Vec<String>,
}

#[derive(Deserialize)]
struct Output {
    #[serde(default)]
    output_type: String,
    #[serde(alias = "stream")]
    name: Option<String>,
    text: Option<Lines>,
    data: Option<serde_json::Map<String, serde_json::Value>>,
    ename: Option<String>,
    evalue: Option<String>,
}

/// Text as one string, or as one string a line.
#[derive(Deserialize)]
#[serde(untagged)]
enum Lines {
    One(String),
    Many(Vec<String>),
}

impl Default for Lines {
    fn default() -> Self {
        Self::One(String::new())
    }
}

impl Lines {
    fn joined(&self) -> String {
        let text = match self {
            Self::One(text) => text.clone(),
            Self::Many(lines) => lines.concat(),
        };
        text.replace("\r\n", "\n").replace('\r', "\n")
    }
}

pub(super) fn parse(text: &str) -> (Vec<Block>, Vec<Finding>) {
    let mut collector = Collector::default();
    let notebook: Notebook = match serde_json::from_str(text) {
        Ok(notebook) => notebook,
        Err(error) => {
            let line = error.line().saturating_sub(1);
            collector.findings.push(Finding {
                place: Place::line(LineNumber::from_index(line)),
                message: format!("this is not a Jupyter notebook: {error}"),
                help: Some("save it from Jupyter again, or say its format".to_owned()),
            });
            return collector.finish();
        }
    };
    let language = [
        &notebook.metadata.language_info,
        &notebook.metadata.kernelspec,
    ]
    .into_iter()
    .flatten()
    .find_map(|kernel| kernel.language.as_ref().or(kernel.name.as_ref()))
    .map_or(Language::Python, |name| Language::of_name(name));
    if language == Language::Other {
        collector.findings.push(Finding {
            place: Place::line(LineNumber::FIRST),
            message: "this notebook's kernel is not a Python's, so no cell is read".to_owned(),
            help: None,
        });
        return collector.finish();
    }
    let worksheets = notebook.worksheets.iter().flat_map(|sheet| &sheet.cells);
    for (index, cell) in notebook.cells.iter().chain(worksheets).enumerate() {
        let number = u32::try_from(index + 1).unwrap_or(u32::MAX);
        collector.cell = NonZeroU32::new(number);
        match cell.cell_type.as_str() {
            "markdown" => markdown::read(&mut collector, &cell.source.joined(), 0, 1),
            "heading" => collector.heading(&cell.source.joined()),
            "code" => read_cell(&mut collector, cell),
            _ => {}
        }
    }
    collector.finish()
}

fn read_cell(collector: &mut Collector, cell: &Cell) {
    let source = cell.source.joined();
    let first = source.trim_start();
    let foreign = first.strip_prefix("%%").is_some_and(|magic| {
        let name: String = magic
            .chars()
            .take_while(|c| c.is_alphanumeric() || *c == '_')
            .collect();
        !matches!(
            name.as_str(),
            "time" | "timeit" | "capture" | "prun" | "python" | "python3" | "py"
        )
    });
    let place = collector.place(0);
    if foreign {
        collector.code(Language::Other, place, &source, Vec::new());
        return;
    }
    collector.code(Language::Python, place, &source, cell.metadata.tags.clone());

    let below = collector.place(source.trim_end().lines().count());
    let role = Role::Output { announced: true };
    let mut written = String::new();
    for output in &cell.outputs {
        if matches!(output.output_type.as_str(), "stream")
            && output.name.as_deref() != Some("stderr")
            && let Some(text) = &output.text
        {
            written.push_str(&text.joined());
        }
    }
    let written = without_escapes(&written);
    collector.block(role, below, written.trim_end_matches('\n'), Vec::new());
    for output in &cell.outputs {
        match output.output_type.as_str() {
            "execute_result" | "pyout" => {
                if let Some(text) = shown_text(output) {
                    let attributes = vec![LAST_VALUE.to_owned()];
                    collector.block(role, below, &without_escapes(&text), attributes);
                }
            }
            "error" | "pyerr" => {
                let name = output.ename.as_deref().unwrap_or("Exception");
                let message = output.evalue.as_deref().unwrap_or_default();
                let separator = if message.is_empty() { "" } else { ": " };
                let text = format!(
                    "Traceback (most recent call last):\n{name}{separator}{}",
                    without_escapes(message)
                );
                collector.block(role, below, &text, Vec::new());
            }
            _ => {}
        }
    }
}

/// The text that stands for a value; `None` where it stands for a picture or a
/// page.
fn shown_text(output: &Output) -> Option<String> {
    let Some(data) = &output.data else {
        return output.text.as_ref().map(Lines::joined);
    };
    let picture = data
        .keys()
        .any(|kind| kind.starts_with("image/") || kind.starts_with("application/vnd."));
    if picture {
        return None;
    }
    let text = data.get("text/plain")?;
    let text: Lines = serde_json::from_value(text.clone()).ok()?;
    let text = text.joined();
    // `<IPython.core.display.HTML object>`
    (!text.starts_with("<IPython.")).then_some(text)
}

/// Cuts the terminal's colours.
fn without_escapes(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut characters = text.chars().peekable();
    while let Some(c) = characters.next() {
        if c != '\u{1b}' {
            plain.push(c);
            continue;
        }
        if characters.next_if_eq(&'[').is_some() {
            // The sequence ends with its first letter.
            for c in characters.by_ref() {
                if c.is_ascii_alphabetic() {
                    break;
                }
            }
        }
    }
    plain
}
