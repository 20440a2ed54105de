//! The format of an expectations file, and its reading.
//!
//! What is published is here, in structs that deny unknown keys; what the rest
//! of the program works with is in the module above. Reading goes on after an
//! error, so that one look shows them all.

use std::fs;
use std::num::NonZeroU32;
use std::ops::Range;
use std::path::{Path, PathBuf};
use std::str::FromStr;
use std::time::Duration;

use serde::Deserialize;
use toml::Spanned;

use super::{
    Bound, ExpectationError, Expectations, ExpectedOutput, GuideExpectations, Pattern, Placeholder,
    PythonRange, REASON_TO_FILL_IN, Selector, SnippetExpectations, Tolerance, ToleranceKind,
    canonical,
};
use crate::position::{LineNumber, Place};
use crate::snippet::{Mode, SnippetId};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct FileTable {
    guide: Spanned<String>,
    #[serde(default)]
    snippet: Vec<Spanned<SnippetTable>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct SnippetTable {
    id: Spanned<String>,
    #[serde(default)]
    requires: Vec<Spanned<String>>,
    network: Option<Spanned<bool>>,
    always_run: Option<Spanned<bool>>,
    timeout: Option<Spanned<String>>,
    skip: Option<Spanned<String>>,
    continues: Option<Spanned<OneOrMany>>,
    mode: Option<Spanned<String>>,
    reason: Option<Spanned<String>>,
    #[serde(default)]
    tolerate: Vec<Spanned<TolerateTable>>,
    #[serde(default)]
    expect: Vec<Spanned<ExpectTable>>,
}

#[derive(Deserialize)]
#[serde(untagged, expecting = "a snippet's id, or a list of them")]
enum OneOrMany {
    One(String),
    Many(Vec<String>),
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct TolerateTable {
    claim: Option<Spanned<String>>,
    line: Option<Spanned<String>>,
    at: Option<Spanned<LineOrPlace>>,
    nth: Option<Spanned<u32>>,
    kind: Spanned<String>,
    within: Option<Spanned<TextOrNumber>>,
    pattern: Option<Spanned<String>>,
    python: Option<Spanned<String>>,
    #[serde(default)]
    seldom: bool,
    reason: Option<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct ExpectTable {
    python: Spanned<String>,
    claim: Option<Spanned<String>>,
    line: Option<Spanned<String>>,
    at: Option<Spanned<LineOrPlace>>,
    nth: Option<Spanned<u32>>,
    output: Spanned<String>,
    reason: Option<Spanned<String>>,
}

#[derive(Deserialize)]
#[serde(untagged, expecting = "a line, or \"cellN:line\"")]
enum LineOrPlace {
    Line(u32),
    Place(String),
}

#[derive(Deserialize)]
#[serde(untagged, expecting = "a number, or a text such as \"20%\"")]
enum TextOrNumber {
    Integer(i64),
    Float(f64),
    Text(String),
}

/// Reads expectations: each place is a file, or a folder whose `.toml` files are
/// read, those of its folders included. Guides are named relative to `root` or,
/// where it has none of that name, to the file.
///
/// # Errors
///
/// Every entry that cannot be used, with its file and line.
pub fn load(places: &[PathBuf], root: &Path) -> Result<Expectations, Vec<ExpectationError>> {
    let mut errors = Vec::new();
    let mut files = Vec::new();
    for place in places {
        collect_files(place, &mut files, &mut errors);
    }
    let mut guides: Vec<GuideExpectations> = Vec::new();
    for file in files {
        let text = match fs::read_to_string(&file) {
            Ok(text) => text,
            Err(error) => {
                errors.push(unreadable(&file, &error));
                continue;
            }
        };
        let mut reader = Reader {
            file: &file,
            text: &text,
            errors: Vec::new(),
        };
        let guide = reader.read(root);
        errors.append(&mut reader.errors);
        let Some(guide) = guide else { continue };
        if let Some(earlier) = guides.iter().find(|earlier| earlier.guide == guide.guide) {
            errors.push(ExpectationError {
                file: file.clone(),
                line: Some(guide.line),
                message: format!(
                    "the expectations of this guide are in {} already",
                    earlier.file.display()
                ),
                help: Some("keep one file for each guide".to_owned()),
            });
            continue;
        }
        guides.push(guide);
    }
    if errors.is_empty() {
        Ok(Expectations::new(guides))
    } else {
        Err(errors)
    }
}

fn unreadable(file: &Path, error: &std::io::Error) -> ExpectationError {
    ExpectationError {
        file: file.to_owned(),
        line: None,
        message: format!("cannot be read: {error}"),
        help: None,
    }
}

/// Puts the files of a place behind the others, sorted within each folder.
fn collect_files(place: &Path, files: &mut Vec<PathBuf>, errors: &mut Vec<ExpectationError>) {
    if !place.is_dir() {
        files.push(place.to_owned());
        return;
    }
    let entries = match fs::read_dir(place) {
        Ok(entries) => entries,
        Err(error) => {
            errors.push(unreadable(place, &error));
            return;
        }
    };
    let mut inner: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
    inner.sort();
    for path in inner {
        let is_file = path
            .extension()
            .is_some_and(|extension| extension == "toml");
        if is_file || path.is_dir() {
            collect_files(&path, files, errors);
        }
    }
}

struct Reader<'a> {
    file: &'a Path,
    text: &'a str,
    errors: Vec<ExpectationError>,
}

impl Reader<'_> {
    fn line_of(&self, span: &Range<usize>) -> LineNumber {
        let before = &self.text.as_bytes()[..span.start.min(self.text.len())];
        LineNumber::from_index(before.iter().filter(|&&byte| byte == b'\n').count())
    }

    fn error(&mut self, span: &Range<usize>, message: impl Into<String>, help: Option<&str>) {
        let line = Some(self.line_of(span));
        self.errors.push(ExpectationError {
            file: self.file.to_owned(),
            line,
            message: message.into(),
            help: help.map(str::to_owned),
        });
    }

    fn read(&mut self, root: &Path) -> Option<GuideExpectations> {
        let table: FileTable = match toml::from_str(self.text) {
            Ok(table) => table,
            Err(error) => {
                let line = error.span().map(|span| self.line_of(&span));
                self.errors.push(ExpectationError {
                    file: self.file.to_owned(),
                    line,
                    message: error.message().to_owned(),
                    help: None,
                });
                return None;
            }
        };
        let beside = self.file.parent().unwrap_or(Path::new(""));
        let guide = [root, beside]
            .map(|folder| folder.join(table.guide.get_ref()))
            .into_iter()
            .find(|guide| guide.is_file());
        let guide = guide.unwrap_or_else(|| {
            self.error(
                &table.guide.span(),
                format!("there is no guide {}", table.guide.get_ref()),
                Some("name the guide relative to the project's folder, or to this file's"),
            );
            root.join(table.guide.get_ref())
        });
        let mut snippets: Vec<SnippetExpectations> = Vec::new();
        for snippet in table.snippet {
            let span = snippet.span();
            let snippet = self.snippet(&span, snippet.into_inner());
            match snippets.iter().find(|earlier| earlier.id == snippet.id) {
                Some(earlier) => {
                    let message = format!(
                        "the snippet {:?} is at line {} already",
                        snippet.id.as_str(),
                        earlier.line
                    );
                    self.error(&span, message, Some("put its entries together"));
                }
                None => snippets.push(snippet),
            }
        }
        Some(GuideExpectations {
            file: self.file.to_owned(),
            line: self.line_of(&table.guide.span()),
            guide: canonical(&guide),
            snippets,
        })
    }

    fn snippet(&mut self, span: &Range<usize>, table: SnippetTable) -> SnippetExpectations {
        let sets_something = !table.requires.is_empty()
            || table.network.is_some()
            || table.always_run.is_some()
            || table.timeout.is_some()
            || table.continues.is_some()
            || table.mode.is_some();
        let reason = match (sets_something, table.reason) {
            (true, reason) => Some(self.reason(span, reason)),
            (false, Some(reason)) if table.skip.is_none() => {
                self.error(
                    &reason.span(),
                    "there is nothing here that the reason is for",
                    Some("give each entry below it a reason of its own"),
                );
                None
            }
            (false, reason) => reason.map(|reason| self.reason(span, Some(reason))),
        };
        let skip = table
            .skip
            .map(|skip| self.filled_in(&skip.span(), skip.get_ref(), "skip"));
        let mode = table.mode.and_then(|mode| self.mode(&mode));
        let timeout = table.timeout.and_then(|timeout| self.timeout(&timeout));
        for module in &table.requires {
            if !is_module_name(module.get_ref()) {
                self.error(
                    &module.span(),
                    format!("{:?} is not a module's name", module.get_ref()),
                    Some("write the name that the snippet imports, without a version"),
                );
            }
        }
        let mut entries = 0;
        let mut tolerances = Vec::new();
        for entry in table.tolerate {
            entries += 1;
            let span = entry.span();
            tolerances.extend(self.tolerance(&span, entry.into_inner()));
        }
        let mut outputs = Vec::new();
        for entry in table.expect {
            entries += 1;
            let span = entry.span();
            outputs.extend(self.expected_output(&span, entry.into_inner()));
        }
        if !sets_something && skip.is_none() && entries == 0 {
            self.error(span, "this entry says nothing about its snippet", None);
        }
        SnippetExpectations {
            file: self.file.to_owned(),
            line: self.line_of(&table.id.span()),
            id: SnippetId::new(table.id.get_ref().as_str()),
            requires: table
                .requires
                .into_iter()
                .map(Spanned::into_inner)
                .collect(),
            network: table.network.is_some_and(Spanned::into_inner),
            always_run: table.always_run.is_some_and(Spanned::into_inner),
            timeout,
            skip,
            continues: table
                .continues
                .map(|continues| match continues.into_inner() {
                    OneOrMany::One(id) => vec![SnippetId::new(id)],
                    OneOrMany::Many(ids) => ids.into_iter().map(SnippetId::new).collect(),
                }),
            mode,
            reason,
            tolerances,
            outputs,
        }
    }

    fn tolerance(&mut self, span: &Range<usize>, table: TolerateTable) -> Option<Tolerance> {
        let selector = self.selector(span, table.claim, table.line, table.at, table.nth);
        let kind = self.kind(&table.kind, table.within, table.pattern);
        let python = match table.python {
            Some(python) => Some(self.parsed::<PythonRange>(
                &python,
                "is not a range of Python versions",
                Some("write it as \">=3.13\" or \">=3.10, <3.12\""),
            )?),
            None => None,
        };
        let reason = self.reason(span, table.reason);
        Some(Tolerance {
            line: self.line_of(span),
            selector: selector?,
            kind: kind?,
            python,
            seldom: table.seldom,
            reason,
        })
    }

    fn expected_output(
        &mut self,
        span: &Range<usize>,
        table: ExpectTable,
    ) -> Option<ExpectedOutput> {
        let selector = self.selector(span, table.claim, table.line, table.at, table.nth);
        let python = self.parsed::<PythonRange>(
            &table.python,
            "is not a range of Python versions",
            Some("write it as \">=3.13\" or \">=3.10, <3.12\""),
        );
        let reason = self.reason(span, table.reason);
        let selector = selector?;
        if selector.claim.as_deref().map(str::trim) == Some(table.output.get_ref().trim()) {
            self.error(
                &table.output.span(),
                "the output is the claim's own text, so this entry changes nothing",
                None,
            );
        }
        Some(ExpectedOutput {
            line: self.line_of(span),
            selector,
            python: python?,
            output: table.output.into_inner(),
            reason,
        })
    }

    fn selector(
        &mut self,
        span: &Range<usize>,
        claim: Option<Spanned<String>>,
        line: Option<Spanned<String>>,
        at: Option<Spanned<LineOrPlace>>,
        nth: Option<Spanned<u32>>,
    ) -> Option<Selector> {
        if claim.is_none() && line.is_none() && at.is_none() {
            self.error(
                span,
                "this entry names no claim",
                Some("give the claim's text (claim), its statement's (line), or its line (at)"),
            );
            return None;
        }
        for text in [&claim, &line].into_iter().flatten() {
            if text.get_ref().trim().is_empty() {
                self.error(&text.span(), "an empty text names nothing", None);
                return None;
            }
        }
        let at = match at {
            Some(at) => {
                let place = match at.get_ref() {
                    LineOrPlace::Line(line) => LineNumber::new(*line).map(Place::line),
                    LineOrPlace::Place(text) => cell_place(text),
                };
                if place.is_none() {
                    self.error(
                        &at.span(),
                        "this is not a line of a guide",
                        Some("write the line's number, or \"cellN:line\" in a notebook"),
                    );
                    return None;
                }
                place
            }
            None => None,
        };
        let nth = match nth {
            Some(nth) => {
                let number = NonZeroU32::new(*nth.get_ref());
                if number.is_none() {
                    self.error(&nth.span(), "claims are counted from one", None);
                    return None;
                }
                number
            }
            None => None,
        };
        Some(Selector {
            claim: claim.map(Spanned::into_inner),
            statement: line.map(Spanned::into_inner),
            at,
            nth,
        })
    }

    fn kind(
        &mut self,
        kind: &Spanned<String>,
        within: Option<Spanned<TextOrNumber>>,
        pattern: Option<Spanned<String>>,
    ) -> Option<ToleranceKind> {
        let name = kind.get_ref().as_str();
        if let Some(pattern) = &pattern
            && name != "text"
        {
            self.error(
                &pattern.span(),
                format!("a pattern belongs to the kind text, not to {name}"),
                None,
            );
            return None;
        }
        if let Some(within) = &within
            && ["address", "order", "text"].contains(&name)
        {
            self.error(
                &within.span(),
                format!("the kind {name} knows no bound"),
                None,
            );
            return None;
        }
        let bound = match within {
            Some(within) => Some(self.bound(name, &within)?),
            None => None,
        };
        match name {
            "timing" => Some(ToleranceKind::Timing(bound)),
            "size" => Some(ToleranceKind::Size(bound)),
            "random" => Some(ToleranceKind::Random(bound)),
            "address" => Some(ToleranceKind::Address),
            "order" => Some(ToleranceKind::Order),
            "count" => Some(ToleranceKind::Count(bound)),
            "approximate" => Some(ToleranceKind::Approximate(bound)),
            "text" => {
                let Some(pattern) = pattern else {
                    self.error(&kind.span(), "the kind text needs a pattern", None);
                    return None;
                };
                let names: Vec<String> = Placeholder::ALL
                    .iter()
                    .map(|placeholder| format!("{{{}}}", placeholder.name()))
                    .collect();
                let help = format!("the placeholders are {}", names.join(" "));
                match Pattern::from_str(pattern.get_ref()) {
                    Ok(pattern) => Some(ToleranceKind::Text(pattern)),
                    Err(error) => {
                        self.error(
                            &pattern.span(),
                            format!(
                                "the pattern {:?} cannot be used: {error}",
                                pattern.get_ref()
                            ),
                            Some(&help),
                        );
                        None
                    }
                }
            }
            unknown => {
                self.error(
                    &kind.span(),
                    format!("there is no kind {unknown:?}"),
                    Some(&format!(
                        "the kinds are {}",
                        ToleranceKind::NAMES.join(", ")
                    )),
                );
                None
            }
        }
    }

    fn bound(&mut self, kind: &str, within: &Spanned<TextOrNumber>) -> Option<Bound> {
        let text = match within.get_ref() {
            TextOrNumber::Integer(number) => number.to_string(),
            TextOrNumber::Float(number) => number.to_string(),
            TextOrNumber::Text(text) => text.clone(),
        };
        let help = "write it as \"20%\", \"0.2s\", \"64 B\", \"3\" or \"1..6\"";
        let bound = match Bound::from_str(&text) {
            Ok(bound) => bound,
            Err(error) => {
                self.error(&within.span(), error.to_string(), Some(help));
                return None;
            }
        };
        let fits = match bound {
            Bound::Percent(_) => kind != "random",
            Bound::Number(_) => kind != "random",
            Bound::Range(_, _) => true,
            Bound::Seconds(_) => ["timing", "approximate"].contains(&kind),
            Bound::Bytes(_) => ["size", "approximate"].contains(&kind),
        };
        if !fits {
            let message = format!("the kind {kind} cannot be bounded by {text:?}");
            let help = if kind == "random" {
                "bound what is random by a range, such as \"1..6\""
            } else {
                help
            };
            self.error(&within.span(), message, Some(help));
            return None;
        }
        Some(bound)
    }

    fn mode(&mut self, mode: &Spanned<String>) -> Option<Mode> {
        match mode.get_ref().as_str() {
            "script" => Some(Mode::Script),
            "console" => Some(Mode::Console),
            "pytest" => Some(Mode::Pytest),
            unknown => {
                self.error(
                    &mode.span(),
                    format!("there is no mode {unknown:?}"),
                    Some("the modes are script, console and pytest"),
                );
                None
            }
        }
    }

    fn timeout(&mut self, timeout: &Spanned<String>) -> Option<Duration> {
        let duration = match Bound::from_str(timeout.get_ref()) {
            Ok(Bound::Seconds(seconds)) if seconds > 0.0 => {
                Duration::try_from_secs_f64(seconds).ok()
            }
            Ok(_) | Err(_) => None,
        };
        if duration.is_none() {
            self.error(
                &timeout.span(),
                format!("{:?} is not a duration", timeout.get_ref()),
                Some("write it with its unit, such as \"10s\""),
            );
        }
        duration
    }

    fn reason(&mut self, span: &Range<usize>, reason: Option<Spanned<String>>) -> String {
        match reason {
            Some(reason) => self.filled_in(&reason.span(), reason.get_ref(), "reason"),
            None => {
                self.error(
                    span,
                    "this entry has no reason",
                    Some("say why the output differs: reason = \"…\""),
                );
                String::new()
            }
        }
    }

    fn filled_in(&mut self, span: &Range<usize>, text: &str, key: &str) -> String {
        let trimmed = text.trim();
        if trimmed.is_empty() {
            self.error(span, format!("the {key} is empty"), Some("say why"));
        } else if trimmed.starts_with(REASON_TO_FILL_IN) {
            self.error(
                span,
                format!("the {key} has not been filled in"),
                Some("`trueprint accept` proposes entries; why they are right, only you know"),
            );
        }
        trimmed.to_owned()
    }

    fn parsed<T: FromStr<Err = String>>(
        &mut self,
        text: &Spanned<String>,
        complaint: &str,
        help: Option<&str>,
    ) -> Option<T> {
        match text.get_ref().parse() {
            Ok(value) => Some(value),
            Err(why) => {
                let why = why.trim_end_matches('.');
                self.error(
                    &text.span(),
                    format!("{:?} {complaint}: {why}", text.get_ref()),
                    help,
                );
                None
            }
        }
    }
}

/// `cell3:12`.
fn cell_place(text: &str) -> Option<Place> {
    let (cell, line) = text.strip_prefix("cell")?.split_once(':')?;
    Some(Place {
        cell: Some(cell.parse().ok()?),
        line: LineNumber::new(line.parse().ok()?)?,
    })
}

/// `requests`, `xml.dom`.
fn is_module_name(text: &str) -> bool {
    text.split('.').all(|part| {
        let mut characters = part.chars();
        characters
            .next()
            .is_some_and(|first| first.is_alphabetic() || first == '_')
            && characters.all(|character| character.is_alphanumeric() || character == '_')
    })
}
