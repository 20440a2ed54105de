//! AsciiDoc: source blocks, listings and literal paragraphs, line by line.
//!
//! There is no AsciiDoc parser for Rust that keeps lines, and little of the
//! notation matters here: block attributes, delimiters, section titles,
//! comments. Call-outs stay in the text; they are cut when the code and its
//! outputs are made ready.

use super::Block;
use super::blocks::{Collector, one_line};
use super::language::{Info, Language};
use crate::finding::Finding;
use crate::position::Place;

pub(super) fn parse(text: &str) -> (Vec<Block>, Vec<Finding>) {
    let lines: Vec<&str> = text.split('\n').collect();
    let mut reader = Reader {
        lines: &lines,
        collector: Collector::default(),
        pending: None,
        default: Language::Unknown,
        paragraph: String::new(),
    };
    let mut at = 0;
    while at < lines.len() {
        at = reader.element(at);
    }
    reader.collector.finish()
}

struct Reader<'a> {
    lines: &'a [&'a str],
    collector: Collector,
    /// What a `[source,…]` line says of the block below it.
    pending: Option<(Language, Vec<String>)>,
    /// The document's `:source-language:`.
    default: Language,
    paragraph: String,
}

impl Reader<'_> {
    fn element(&mut self, at: usize) -> usize {
        let line = self.lines[at].trim_end();
        if line.is_empty() || line == "+" {
            self.end_paragraph();
            if line.is_empty() {
                // A block's attributes stand directly above it.
                self.pending = None;
            }
            return at + 1;
        }
        if line.starts_with("//") && !line.starts_with("////") || is_for_the_preprocessor(line) {
            return at + 1;
        }
        if let Some(value) = line.strip_prefix(":source-language:") {
            self.default = Language::of_name(value);
            return at + 1;
        }
        if let Some(inner) = line
            .strip_prefix('[')
            .and_then(|rest| rest.strip_suffix(']'))
        {
            self.attributes(inner);
            return at + 1;
        }
        if let Some(title) = block_title(line) {
            self.end_paragraph();
            self.paragraph.push_str(title);
            self.end_paragraph();
            return at + 1;
        }
        if let Some(title) = section_title(line) {
            self.end_paragraph();
            self.collector.heading(title);
            self.pending = None;
            return at + 1;
        }
        if let Some(info) = line.strip_prefix("```").filter(|info| !info.contains('`')) {
            let info = Info::parse(info);
            self.pending = Some((Language::of_name(&info.name), info.attributes));
            return self.delimited(at, "```", Language::Unknown);
        }
        for (delimiter, unmarked) in [
            ("----", Language::Unknown),
            ("....", Language::Output { certain: false }),
            ("////", Language::Other),
            ("++++", Language::Other),
        ] {
            let mark = &delimiter[..1];
            if line.starts_with(delimiter)
                && line
                    .trim_matches(mark.chars().next().unwrap_or(' '))
                    .is_empty()
            {
                return self.delimited(at, line, unmarked);
            }
        }
        // An open block takes on what stands above it.
        if line == "--" && self.pending.is_some() {
            return self.delimited(at, line, Language::Unknown);
        }
        // Other delimiters only enclose more of the page.
        if line.len() >= 4
            && line.bytes().all(|byte| byte == line.as_bytes()[0])
            && "=*_|-".contains(&line[..1])
        {
            self.end_paragraph();
            return at + 1;
        }
        let literal = self.lines[at].starts_with([' ', '\t']) && self.paragraph.is_empty();
        if self.pending.is_some() || literal {
            return self.source_paragraph(at);
        }
        self.paragraph.push(' ');
        self.paragraph.push_str(line);
        at + 1
    }

    fn end_paragraph(&mut self) {
        let words = std::mem::take(&mut self.paragraph);
        let words = words.trim_start_matches([' ', '*', '.', '-']);
        self.collector.paragraph(&words.replace('`', ""));
    }

    /// `source,python,linenums`, `source%linenums,python`, `,python`.
    fn attributes(&mut self, inner: &str) {
        let mut parts = inner.split(',').map(str::trim);
        let style = parts.next().unwrap_or_default();
        let options: Vec<&str> = style.split(['%', '.', '#']).collect();
        let name = options.first().copied().unwrap_or_default();
        let is_source = matches!(name, "source" | "listing" | "literal" | "");
        let direct = Language::of_name(name);
        if !is_source && matches!(direct, Language::Other | Language::Unknown) {
            return;
        }
        let mut language = if is_source {
            let named = inner
                .split(',')
                .find_map(|part| part.trim().strip_prefix("language="));
            match named.or_else(|| parts.next().filter(|part| !part.contains('='))) {
                Some(name) => Language::of_name(name.trim_matches('"')),
                None if name == "source" => self.default,
                None => Language::Unknown,
            }
        } else {
            direct
        };
        if name.is_empty() && language == Language::Unknown {
            return;
        }
        if name == "literal" && language == Language::Unknown {
            language = Language::Output { certain: false };
        }
        let mut attributes: Vec<String> = options[1..].iter().map(|&o| o.to_owned()).collect();
        attributes.extend(
            parts
                .map(|part| part.trim_matches('%').replace('"', ""))
                .filter(|part| !part.is_empty() && !part.starts_with("language=")),
        );
        for attribute in attributes.clone() {
            let listed = attribute
                .strip_prefix("role=")
                .or_else(|| attribute.strip_prefix("options="))
                .or_else(|| attribute.strip_prefix("opts="));
            if let Some(listed) = listed {
                attributes.extend(listed.split_whitespace().map(str::to_owned));
            }
        }
        self.pending = Some((language, attributes));
    }

    /// A block from its delimiter at line `at` to the next one like it.
    fn delimited(&mut self, at: usize, delimiter: &str, unmarked: Language) -> usize {
        self.end_paragraph();
        let end = (at + 1..self.lines.len()).find(|line| self.lines[*line].trim_end() == delimiter);
        let stop = end.unwrap_or(self.lines.len());
        if end.is_none() {
            self.collector.findings.push(Finding {
                place: self.collector.place(at),
                message: "this block is never closed: all that follows is read as its content"
                    .to_owned(),
                help: Some(format!("close it with a line of {delimiter}")),
            });
        }
        let text = self.lines[at + 1..stop].join("\n");
        let (mut language, attributes) = self.pending.take().unwrap_or((unmarked, Vec::new()));
        if text.lines().any(|line| line.starts_with("include::")) {
            // What is included stands in another file.
            language = Language::Other;
        }
        let place: Place = self.collector.place(at + 1);
        self.collector.code(language, place, &text, attributes);
        stop + 1
    }

    /// Code that ends at the next blank line.
    fn source_paragraph(&mut self, at: usize) -> usize {
        self.end_paragraph();
        let end = (at..self.lines.len())
            .find(|line| self.lines[*line].trim().is_empty())
            .unwrap_or(self.lines.len());
        let text = self.lines[at..end].join("\n");
        let (language, attributes) = self
            .pending
            .take()
            .unwrap_or((Language::Unknown, Vec::new()));
        // A list that is indented is no literal paragraph.
        let first = one_line(self.lines[at]);
        let list = first.starts_with(['*', '-', '.', '<']) || first.contains("::");
        let place = self.collector.place(at);
        if list && language == Language::Unknown {
            self.collector.paragraph(&text);
        } else {
            self.collector.code(language, place, &text, attributes);
        }
        end
    }
}

/// `ifdef::book[]` and the like, which are no part of the page.
fn is_for_the_preprocessor(line: &str) -> bool {
    line.split_once("::").is_some_and(|(name, rest)| {
        matches!(name, "ifdef" | "ifndef" | "ifeval" | "endif" | "include") && rest.ends_with(']')
    })
}

fn section_title(line: &str) -> Option<&str> {
    let title = line.trim_start_matches(['=', '#']);
    let level = line.len() - title.len();
    ((1..=6).contains(&level) && title.starts_with(' ')).then(|| title.trim())
}

fn block_title(line: &str) -> Option<&str> {
    let title = line.strip_prefix('.')?;
    title
        .starts_with(|c: char| c.is_alphanumeric() || c == '`')
        .then_some(title)
}
