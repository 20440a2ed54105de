//! Proposals into a file: comments and order of what is there are kept.

use std::path::PathBuf;

use toml_edit::{ArrayOfTables, DocumentMut, Item, Table, value};

use super::{Entry, Proposal};
use crate::expectation::{Bound, Selector, ToleranceKind};

/// A file that no entry can be put into.
#[derive(Debug, thiserror::Error)]
pub enum EditError {
    /// It is no TOML.
    #[error("{}: {message}", .file.display())]
    Syntax {
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        message: String,
    },
    /// Its entries are written in another way.
    #[error("{}: `{key}` is written as a list; write each as a table, [[{key}]], for entries to be added", .file.display())]
    Inline {
        /// The file.
        file: PathBuf,
        /// The key.
        key: &'static str,
    },
}

/// A new file's text before any entry.
pub fn begin(guide: &str) -> String {
    format!(
        "# How the claims of the guide may differ from what happens, and why.\n\nguide = {}\n",
        value(guide).to_string().trim()
    )
}

/// The file's text with the entries behind those of the same snippet.
///
/// # Errors
///
/// Says why the text cannot take them.
pub fn insert(
    file: &std::path::Path,
    text: &str,
    proposals: &[Proposal],
) -> Result<String, EditError> {
    let mut document: DocumentMut =
        text.parse()
            .map_err(|error: toml_edit::TomlError| EditError::Syntax {
                file: file.to_owned(),
                message: error.message().to_owned(),
            })?;
    for proposal in proposals {
        let snippets = tables(document.as_table_mut(), "snippet").ok_or(EditError::Inline {
            file: file.to_owned(),
            key: "snippet",
        })?;
        let id = proposal.snippet.as_str();
        let known = snippets
            .iter()
            .position(|snippet| snippet.get("id").and_then(Item::as_str) == Some(id));
        let index = known.unwrap_or_else(|| {
            let mut snippet = spaced();
            snippet.insert("id", value(id));
            snippets.push(snippet);
            snippets.len() - 1
        });
        let snippet = snippets.get_mut(index).ok_or(EditError::Inline {
            file: file.to_owned(),
            key: "snippet",
        })?;
        let (key, table) = table(&proposal.entry);
        let entries = tables(snippet, key).ok_or(EditError::Inline {
            file: file.to_owned(),
            key: match &proposal.entry {
                Entry::Tolerate(_) => "snippet.tolerate",
                Entry::Expect(_) => "snippet.expect",
            },
        })?;
        entries.push(table);
    }
    Ok(document.to_string())
}

/// A proposal as a file would say it.
pub fn shown(proposal: &Proposal) -> String {
    let mut document = DocumentMut::new();
    let mut snippet = Table::new();
    snippet.insert("id", value(proposal.snippet.as_str()));
    let (key, table) = table(&proposal.entry);
    let mut entries = ArrayOfTables::new();
    entries.push(table);
    snippet.insert(key, Item::ArrayOfTables(entries));
    let mut snippets = ArrayOfTables::new();
    snippets.push(snippet);
    document.insert("snippet", Item::ArrayOfTables(snippets));
    document.to_string()
}

/// The tables under a key, which may be none yet; `None` where the key is
/// something else.
fn tables<'a>(table: &'a mut Table, key: &str) -> Option<&'a mut ArrayOfTables> {
    table
        .entry(key)
        .or_insert_with(|| Item::ArrayOfTables(ArrayOfTables::new()))
        .as_array_of_tables_mut()
}

/// A table with a blank line before it.
fn spaced() -> Table {
    let mut table = Table::new();
    table.decor_mut().set_prefix("\n");
    table
}

fn table(entry: &Entry) -> (&'static str, Table) {
    let mut table = spaced();
    match entry {
        Entry::Tolerate(tolerance) => {
            select(&mut table, &tolerance.selector);
            table.insert("kind", value(tolerance.kind.name()));
            match &tolerance.kind {
                ToleranceKind::Timing(bound)
                | ToleranceKind::Size(bound)
                | ToleranceKind::Random(bound)
                | ToleranceKind::Count(bound)
                | ToleranceKind::Approximate(bound) => {
                    if let Some(bound) = bound {
                        table.insert("within", value(within(*bound)));
                    }
                }
                ToleranceKind::Text(pattern) => {
                    table.insert("pattern", value(pattern.to_string()));
                }
                ToleranceKind::Address | ToleranceKind::Order => {}
            }
            table.insert("reason", value(&tolerance.reason));
            ("tolerate", table)
        }
        Entry::Expect(output) => {
            table.insert("python", value(output.python.to_string()));
            select(&mut table, &output.selector);
            table.insert("output", value(&output.output));
            table.insert("reason", value(&output.reason));
            ("expect", table)
        }
    }
}

fn select(table: &mut Table, selector: &Selector) {
    if let Some(claim) = &selector.claim {
        table.insert("claim", value(claim));
    }
    if let Some(statement) = &selector.statement {
        table.insert("line", value(statement));
    }
    if let Some(place) = selector.at {
        let at = match place.cell {
            Some(_) => value(place.to_string()),
            None => value(i64::from(place.line.get())),
        };
        table.insert("at", at);
    }
    if let Some(nth) = selector.nth {
        table.insert("nth", value(i64::from(nth.get())));
    }
}

fn within(bound: Bound) -> String {
    bound.to_string()
}
