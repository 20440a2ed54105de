//! The report on interpreters: a table for people, JSON for machines.

use std::io::{self, Write};

use serde::Serialize;

use super::terminal::path;
use super::{DOUBTFUL, FAINT, GOOD, STRONG, json, visible};
use crate::interpreter::{Interpreter, Unusable};

/// The interpreters to report on.
#[derive(Clone, Copy, Debug)]
pub struct Listed<'a> {
    /// Those that can run guides.
    pub usable: &'a [Interpreter],
    /// Which of them is used where none is asked for.
    pub default: Option<usize>,
    /// Those that cannot.
    pub unusable: &'a [Unusable],
}

/// Writes the table. `*` marks the default.
pub fn write_table(listed: &Listed<'_>, out: &mut dyn Write) -> io::Result<()> {
    let usable: Vec<(String, String)> = listed
        .usable
        .iter()
        .map(|one| (one.version.to_string(), path(&one.executable)))
        .collect();
    let widest = |column: fn(&(String, String)) -> &str| {
        let widths = usable.iter().map(|row| visible::width(column(row)));
        widths.max().unwrap_or(0)
    };
    let versions = widest(|row| &row.0);
    let paths = widest(|row| &row.1);
    for (index, ((version, executable), one)) in usable.iter().zip(listed.usable).enumerate() {
        let (mark, note) = if listed.default == Some(index) {
            ("*", "default")
        } else {
            (" ", "")
        };
        let environment = if one.is_virtual_environment() {
            format!("virtual environment of {}", path(&one.base_prefix))
        } else {
            String::new()
        };
        let notes: Vec<&str> = [note, environment.as_str()]
            .into_iter()
            .filter(|note| !note.is_empty())
            .collect();
        let executable_blanks = " ".repeat(paths - visible::width(executable));
        let version_blanks = " ".repeat(versions - visible::width(version));
        let line = format!(
            "{GOOD}{mark}{GOOD:#} {STRONG}{version}{STRONG:#}{version_blanks}  {executable}"
        );
        if notes.is_empty() {
            writeln!(out, "{line}")?;
        } else {
            writeln!(
                out,
                "{line}{executable_blanks}  {FAINT}{}{FAINT:#}",
                notes.join(", ")
            )?;
        }
    }
    if listed.usable.is_empty() {
        writeln!(out, "No interpreter can be used.")?;
    }
    if !listed.unusable.is_empty() {
        writeln!(out, "\n{DOUBTFUL}Cannot be used{DOUBTFUL:#}")?;
    }
    for one in listed.unusable {
        let version = one
            .version
            .map_or(String::new(), |version| format!("{version}  "));
        writeln!(
            out,
            "  {version}{}: {}",
            path(&one.executable),
            visible::text(&one.reason)
        )?;
        if let Some(help) = &one.help {
            writeln!(out, "    {FAINT}help:{FAINT:#} {}", visible::text(help))?;
        }
    }
    if listed.default.is_some() {
        writeln!(
            out,
            "\n{FAINT}* is used where --python does not say otherwise; it takes a version, a range \
             (3.9..3.13), a program or a virtual environment.{FAINT:#}"
        )?;
    }
    Ok(())
}

/// Writes the JSON document.
pub fn write_json(listed: &Listed<'_>, out: &mut dyn Write) -> io::Result<()> {
    let document = Document {
        schema: 1,
        pythons: listed
            .usable
            .iter()
            .enumerate()
            .map(|(index, one)| Python {
                version: one.version.to_string(),
                executable: one.executable.to_string_lossy().into_owned(),
                library: one.library.to_string_lossy().into_owned(),
                prefix: one.prefix.to_string_lossy().into_owned(),
                virtual_environment: one.is_virtual_environment(),
                default: listed.default == Some(index),
            })
            .collect(),
        unusable: listed
            .unusable
            .iter()
            .map(|one| Refused {
                version: one.version.map(|version| version.to_string()),
                executable: one.executable.to_string_lossy().into_owned(),
                reason: one.reason.clone(),
                help: one.help.clone(),
            })
            .collect(),
    };
    let text = serde_json::to_string_pretty(&document).map_err(io::Error::other)?;
    writeln!(out, "{}", json::without_control_characters(&text))
}

#[derive(Serialize)]
struct Document {
    schema: u32,
    pythons: Vec<Python>,
    unusable: Vec<Refused>,
}

#[derive(Serialize)]
struct Python {
    version: String,
    executable: String,
    library: String,
    prefix: String,
    virtual_environment: bool,
    default: bool,
}

#[derive(Serialize)]
struct Refused {
    #[serde(skip_serializing_if = "Option::is_none")]
    version: Option<String>,
    executable: String,
    reason: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    help: Option<String>,
}
