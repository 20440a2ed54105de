//! Markdown: CommonMark through `pulldown-cmark`, and what its dialects add.
//!
//! Fences in every spelling of their info string, indented code, MkDocs' tabs
//! and admonitions, MyST's directives, Quarto's cell options. What stands in a
//! directive that holds Markdown is read as Markdown again, and so is a fence
//! that only its indentation turns into indented code. HTML comments and front
//! matter are skipped.

use std::ops::Range;

use pulldown_cmark::{CodeBlockKind, Event, Options, Parser, Tag, TagEnd};

use super::blocks::Collector;
use super::language::{Info, Language};
use super::notebook::LAST_VALUE;
use super::{Block, mkdocs};
use crate::finding::Finding;
use crate::position::Place;
use crate::syntax::LineIndex;

/// Directives in directives deeper than this are left alone.
const DEEPEST: usize = 8;

pub(super) fn parse(text: &str) -> (Vec<Block>, Vec<Finding>) {
    let mut collector = Collector::default();
    let flat = mkdocs::flatten(text);
    read(&mut collector, &flat, 0, 0);
    collector.finish()
}

/// Reads Markdown that begins `first_line` lines (zero-based) below the guide's
/// first.
pub(super) fn read(collector: &mut Collector, text: &str, first_line: usize, depth: usize) {
    let mut options = Options::ENABLE_TABLES
        | Options::ENABLE_FOOTNOTES
        | Options::ENABLE_STRIKETHROUGH
        | Options::ENABLE_TASKLISTS
        | Options::ENABLE_HEADING_ATTRIBUTES;
    if depth == 0 {
        options |= Options::ENABLE_YAML_STYLE_METADATA_BLOCKS
            | Options::ENABLE_PLUSES_DELIMITED_METADATA_BLOCKS;
    }
    let mut reader = Reader {
        collector,
        text,
        index: LineIndex::new(text),
        first_line,
        depth,
        words: String::new(),
        container: String::new(),
    };
    let mut code: Option<Code> = None;
    let mut in_metadata = false;
    for (event, range) in Parser::new_ext(text, options).into_offset_iter() {
        match event {
            Event::Start(Tag::CodeBlock(kind)) => {
                reader.end_paragraph();
                code = Some(Code {
                    info: match kind {
                        CodeBlockKind::Fenced(info) => Some(info.into_string()),
                        CodeBlockKind::Indented => None,
                    },
                    range,
                    first_text: None,
                    text: String::new(),
                });
            }
            Event::End(TagEnd::CodeBlock) => {
                if let Some(code) = code.take() {
                    reader.code(code);
                }
            }
            Event::Text(piece) => {
                if let Some(code) = &mut code {
                    code.first_text.get_or_insert(range.start);
                    code.text.push_str(&piece);
                } else if !in_metadata {
                    reader.words.push_str(&piece);
                }
            }
            Event::Code(piece) => reader.words.push_str(&piece),
            Event::SoftBreak | Event::HardBreak => reader.words.push(' '),
            Event::Start(Tag::MetadataBlock(_)) => in_metadata = true,
            Event::End(TagEnd::MetadataBlock(_)) => in_metadata = false,
            Event::Start(Tag::Heading { .. }) => reader.end_paragraph(),
            Event::End(TagEnd::Heading(_)) => {
                let words = std::mem::take(&mut reader.words);
                reader.collector.heading(&words);
            }
            Event::End(TagEnd::Paragraph) => reader.paragraph(range),
            Event::Start(Tag::HtmlBlock) => {
                reader.end_paragraph();
                reader.html(range);
            }
            Event::Start(
                Tag::Item | Tag::List(_) | Tag::BlockQuote(_) | Tag::Paragraph | Tag::TableCell,
            )
            | Event::End(
                TagEnd::Item | TagEnd::List(_) | TagEnd::BlockQuote(_) | TagEnd::TableCell,
            )
            | Event::Rule => reader.end_paragraph(),
            _ => {}
        }
    }
    reader.end_paragraph();
}

struct Reader<'a> {
    collector: &'a mut Collector,
    text: &'a str,
    index: LineIndex,
    first_line: usize,
    depth: usize,
    /// The words of the paragraph or heading that is being read.
    words: String,
    /// What the line above says that opens a container, `::: {.cell-output}`.
    container: String,
}

struct Code {
    /// A fence's info string; `None` for indented code.
    info: Option<String>,
    range: Range<usize>,
    /// Where the first line of the content starts, behind its prefix.
    first_text: Option<usize>,
    text: String,
}

impl Reader<'_> {
    fn end_paragraph(&mut self) {
        let words = std::mem::take(&mut self.words);
        self.collector.paragraph(&words);
    }

    fn place(&self, line: usize) -> Place {
        self.collector.place(self.first_line + line)
    }

    /// A paragraph, which may be `Output: 42` below a snippet.
    fn paragraph(&mut self, range: Range<usize>) {
        let place = self.place(self.index.line(range.start).index());
        let raw = self.text[range].trim_end();
        if raw.lines().all(|line| line.trim_start().starts_with(":::")) {
            // The edges of Quarto's and MyST's containers.
            self.words.clear();
            self.container = raw.lines().last().unwrap_or_default().to_owned();
            return;
        }
        self.container.clear();
        if self.collector.output_paragraph(place, raw, false) {
            self.words.clear();
        } else {
            self.end_paragraph();
        }
    }

    fn html(&mut self, range: Range<usize>) {
        let html = &self.text[range.clone()];
        if html.contains("<pre") {
            let first = self.first_line + self.index.line(range.start).index();
            super::html::read(self.collector, html, first);
        }
    }

    fn code(&mut self, code: Code) {
        let Some(info) = code.info else {
            self.indented(&code);
            return;
        };
        let fence_line = self.index.line(code.range.start).index();
        // Each line between the fences gives one line of text, blank ones too.
        let mut first = fence_line + 1;
        let mut text = code.text.as_str();
        self.check_closed(&code.range, fence_line);

        let container = std::mem::take(&mut self.container);
        let shows =
            |what| info.contains(what) || info.trim().is_empty() && container.contains(what);
        let (of_cell, of_value) = (shows(".cell-output"), shows(".cell-output-display"));
        if shows(".cell-output-stderr") {
            return;
        }

        let info = Info::parse(&info);
        let mut attributes = info.attributes;
        let language = match &info.directive {
            None if of_cell => Language::Output { certain: true },
            None => Language::of_name(&info.name),
            Some(directive) => {
                let (skipped, options) = directive_options(text);
                first += skipped;
                text = skip_lines(text, skipped);
                attributes.extend(options);
                match directive_language(directive, &info.name) {
                    Directive::Code(language) => language,
                    Directive::Markdown if self.depth < DEEPEST => {
                        let flat = mkdocs::flatten(text);
                        let below = self.first_line + first;
                        read(self.collector, &flat, below, self.depth + 1);
                        return;
                    }
                    Directive::ReStructuredText if self.depth < DEEPEST => {
                        let below = self.first_line + first;
                        super::rst::read(self.collector, text, below);
                        return;
                    }
                    Directive::Markdown | Directive::ReStructuredText => Language::Other,
                }
            }
        };
        attributes.extend(cell_options(text));
        if of_value {
            attributes.push(LAST_VALUE.to_owned());
        }
        let place = self.place(first);
        self.collector.code(language, place, text, attributes);
    }

    fn check_closed(&mut self, range: &Range<usize>, fence_line: usize) {
        let source = self.text[range.clone()].trim_end();
        let mark = source.chars().next().unwrap_or('`');
        let closed = source
            .lines()
            .skip(1)
            .last()
            .is_some_and(|line| line.trim_end().ends_with(&String::from(mark).repeat(3)));
        if !closed && self.depth == 0 {
            self.collector.findings.push(Finding {
                place: self.place(fence_line),
                message: "this fence is never closed: all that follows is read as its content"
                    .to_owned(),
                help: Some(format!(
                    "close it with a line of {} as long as the opening one",
                    String::from(mark).repeat(3)
                )),
            });
        }
    }

    fn indented(&mut self, code: &Code) {
        let Some(first_text) = code.first_text else {
            return;
        };
        let first = self.index.line(first_text).index();
        let has_fence = code.text.lines().any(|line| {
            let line = line.trim_start();
            line.starts_with("```") || line.starts_with("~~~")
        });
        if has_fence && self.depth < DEEPEST {
            let dedented = super::blocks::dedent(&code.text);
            read(
                self.collector,
                &dedented,
                self.first_line + first,
                self.depth + 1,
            );
            return;
        }
        let place = self.place(first);
        self.collector
            .code(Language::Unknown, place, &code.text, Vec::new());
    }
}

/// What a MyST directive holds.
enum Directive {
    Code(Language),
    Markdown,
    ReStructuredText,
}

fn directive_language(directive: &str, argument: &str) -> Directive {
    match directive {
        "code-cell" | "jupyter-execute" | "exec-code" | "exec_code" | "ipython" | "testcode"
        | "testsetup" | "testcleanup" | "pyodide" | "marimo" | "thebe-button" => {
            let named = Language::of_name(argument);
            Directive::Code(match named {
                Language::Unknown => Language::Python,
                named => named,
            })
        }
        "doctest" => Directive::Code(Language::Console),
        "testoutput" => Directive::Code(Language::Output { certain: true }),
        "code" | "code-block" | "sourcecode" | "highlight" => {
            Directive::Code(Language::of_name(argument))
        }
        "literalinclude" | "math" | "mermaid" | "graphviz" | "raw" | "toctree" | "csv-table"
        | "list-table" | "figure" | "image" | "prompt" | "parsed-literal" | "bibliography" => {
            Directive::Code(Language::Other)
        }
        "eval-rst" => Directive::ReStructuredText,
        _ => Directive::Markdown,
    }
}

/// The options at the top of a MyST directive, `:key: value` lines or a block
/// between `---`: how many lines they take, and each as `key` or `key=value`.
fn directive_options(text: &str) -> (usize, Vec<String>) {
    let mut options = Vec::new();
    let mut lines = text.lines().enumerate();
    if text.starts_with("---\n") {
        lines.next();
        for (number, line) in lines {
            if line.trim() == "---" {
                return (number + 1, options);
            }
            if let Some((key, value)) = line.split_once(':') {
                options.push(option(key, value));
            }
        }
        return (0, Vec::new());
    }
    for (number, line) in lines {
        let found = line
            .trim()
            .strip_prefix(':')
            .and_then(|rest| rest.split_once(':'))
            .filter(|(key, _)| !key.is_empty() && !key.contains(' '));
        match found {
            Some((key, value)) => options.push(option(key, value)),
            None => return (number, options),
        }
    }
    (text.lines().count(), options)
}

/// Quarto's `#| key: value` lines; they stay in the code, as comments.
fn cell_options(text: &str) -> Vec<String> {
    text.lines()
        .take_while(|line| line.starts_with("#|"))
        .filter_map(|line| line[2..].split_once(':'))
        .map(|(key, value)| option(key, value))
        .collect()
}

fn option(key: &str, value: &str) -> String {
    let (key, value) = (key.trim(), value.trim());
    if value.is_empty() {
        key.to_owned()
    } else {
        format!("{key}={value}")
    }
}

fn skip_lines(text: &str, count: usize) -> &str {
    let mut rest = text;
    for _ in 0..count {
        rest = rest.split_once('\n').map_or("", |(_, rest)| rest);
    }
    rest
}

/// Whether a text in another format has Markdown fences, so that it is Markdown
/// whatever its name says.
pub(super) fn has_fences(text: &str) -> bool {
    let (mut named, mut fences) = (0_usize, 0_usize);
    for line in text.lines() {
        let line = line.trim_start();
        let Some(info) = line.strip_prefix("```") else {
            continue;
        };
        if info.contains('`') {
            continue;
        }
        fences += 1;
        if !info.trim().is_empty() && Language::of_name(&Info::parse(info).name) != Language::Other
        {
            named += 1;
        }
    }
    fences > 1 && (named > 0 || fences.is_multiple_of(2))
}
