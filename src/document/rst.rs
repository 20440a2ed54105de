//! reStructuredText: directives, literal blocks and doctest blocks, line by line.
//!
//! The parsers that exist for Rust give trees without line numbers and know no
//! Sphinx directive, so this is a reader of its own. It knows as much of the
//! notation as decides where code is: directives with their options and content,
//! `::`, doctest blocks, section titles, comments. What stands in other
//! directives (notes, tabs, lists) is read like the rest of the page.

use super::blocks::Collector;
use super::code::{self, Evidence};
use super::language::Language;
use super::unit::indentation;
use super::{Block, Role};
use crate::finding::Finding;
use crate::position::Place;
use crate::syntax::Syntax;

pub(super) fn parse(text: &str) -> (Vec<Block>, Vec<Finding>) {
    let mut collector = Collector::default();
    read(&mut collector, text, 0);
    collector.finish()
}

/// Reads reStructuredText that begins `first_line` lines below the guide's first.
pub(super) fn read(collector: &mut Collector, text: &str, first_line: usize) {
    let lines: Vec<&str> = text.split('\n').collect();
    let mut reader = Reader {
        collector,
        lines: &lines,
        first_line,
        highlight: None,
    };
    let mut at = 0;
    while at < lines.len() {
        at = reader.element(at);
    }
}

struct Reader<'a> {
    collector: &'a mut Collector,
    lines: &'a [&'a str],
    first_line: usize,
    /// What the last `highlight` directive names.
    highlight: Option<Language>,
}

/// `.. name:: argument`.
struct Directive<'a> {
    name: &'a str,
    argument: &'a str,
}

impl<'a> Reader<'a> {
    fn is_blank(&self, at: usize) -> bool {
        self.lines.get(at).is_none_or(|line| line.trim().is_empty())
    }

    fn place(&self, at: usize) -> Place {
        self.collector.place(self.first_line + at)
    }

    /// Reads what starts at line `at`; the line behind it.
    fn element(&mut self, at: usize) -> usize {
        let line = self.lines[at];
        let trimmed = line.trim_start();
        if trimmed.is_empty() {
            return at + 1;
        }
        if trimmed == ".." || trimmed.starts_with(".. ") {
            return self.explicit(at);
        }
        if code::begins_at_prompt(line) {
            return self.doctest(at);
        }
        self.paragraph(at)
    }

    /// The lines of an element's content: those below `at` that are indented
    /// deeper than `indent`, without blank lines at the end.
    fn content_end(&self, at: usize, indent: usize) -> usize {
        let mut end = at;
        let mut next = at;
        while next < self.lines.len() {
            if !self.is_blank(next) {
                if indentation(self.lines[next]) <= indent {
                    break;
                }
                end = next + 1;
            }
            next += 1;
        }
        end
    }

    /// A directive, a comment, a target.
    fn explicit(&mut self, at: usize) -> usize {
        let line = self.lines[at];
        let indent = indentation(line);
        let Some(directive) = directive(line) else {
            let rest = line.trim_start().trim_start_matches("..").trim_start();
            // A target, a footnote or a substitution; else a comment, which is
            // skipped with all that is indented below it.
            if rest.starts_with(['_', '[', '|']) {
                return at + 1;
            }
            return self.content_end(at + 1, indent).max(at + 1);
        };
        let mut content = at + 1;
        let mut attributes = Vec::new();
        while let Some((line, mut option)) = self
            .lines
            .get(content)
            .filter(|line| indentation(line) > indent)
            .and_then(|line| Some((line, option(line)?)))
        {
            content += 1;
            // A value goes on where it is indented deeper than its name.
            while !self.is_blank(content) && indentation(self.lines[content]) > indentation(line) {
                option.push(' ');
                option.push_str(self.lines[content].trim());
                content += 1;
            }
            attributes.push(option);
        }
        let language = match self.meaning(&directive, &mut attributes) {
            Meaning::Code(language) => language,
            Meaning::Container => {
                self.collector.paragraph(directive.argument);
                return content;
            }
            Meaning::Nothing => return content,
        };
        let end = self.content_end(content, indent);
        let text = self.lines[content..end.max(content)].join("\n");
        let place = self.place(content);
        self.collector.code(language, place, &text, attributes);
        end.max(content)
    }

    fn meaning(&mut self, directive: &Directive<'a>, attributes: &mut Vec<String>) -> Meaning {
        let name = directive.name.rsplit(':').next().unwrap_or(directive.name);
        match name {
            "code-block" | "code" | "sourcecode" | "code-tab" => {
                let language = Language::of_name(directive.argument);
                Meaning::Code(match (language, self.highlight) {
                    (Language::Unknown, Some(highlight)) => highlight,
                    (language, _) => language,
                })
            }
            "highlight" => {
                let name = directive.argument.split_whitespace().next().unwrap_or("");
                self.highlight =
                    Some(Language::of_name(name)).filter(|language| *language != Language::Unknown);
                Meaning::Nothing
            }
            "testcode" | "testsetup" | "testcleanup" | "jupyter-execute" | "exec_code"
            | "exec-code" | "execute_code" | "pyscript" => Meaning::Code(Language::Python),
            "plot" if directive.argument.is_empty() => Meaning::Code(Language::Python),
            "doctest" | "pycon" => Meaning::Code(Language::Console),
            "ipython" | "ipython3" => Meaning::Code(Language::Python),
            "doctest-skip" | "doctest-skip-all" => {
                attributes.push("skip".to_owned());
                Meaning::Code(Language::Console)
            }
            "testoutput" => Meaning::Code(Language::Output { certain: true }),
            "raw" | "math" | "graphviz" | "mermaid" | "uml" | "parsed-literal"
            | "productionlist" | "literalinclude" | "prompt" | "csv-table" | "toctree"
            | "digraph" | "graph" | "console" => Meaning::Code(Language::Other),
            _ => Meaning::Container,
        }
    }

    /// A doctest block, and those that only blank lines part from it.
    fn doctest(&mut self, at: usize) -> usize {
        let indent = indentation(self.lines[at]);
        let mut end = at;
        let mut next = at;
        while next < self.lines.len() && code::begins_at_prompt(self.lines[next]) {
            if indentation(self.lines[next]) != indent {
                break;
            }
            while !self.is_blank(next) {
                next += 1;
            }
            end = next;
            while next < self.lines.len() && self.is_blank(next) {
                next += 1;
            }
        }
        // A prompt at another depth ends the block where it stands.
        let end = end.max(at + 1);
        let text = self.lines[at..end].join("\n");
        let place = self.place(at);
        self.collector
            .block(Role::Transcript, place, &text, Vec::new());
        end
    }

    fn paragraph(&mut self, at: usize) -> usize {
        let indent = indentation(self.lines[at]);
        let mut end = at + 1;
        while !self.is_blank(end)
            && !self.lines[end].trim_start().starts_with(".. ")
            && !code::begins_at_prompt(self.lines[end])
        {
            end += 1;
        }
        // A title can have text directly below its underline.
        if let Some((title, below)) = self.title(at, end) {
            let title = plain(title);
            self.collector.heading(&title);
            return below;
        }
        let text = self.lines[at..end].join("\n");
        let literal = text.trim_end().ends_with("::");
        if !literal {
            let place = self.place(at);
            if !self.collector.output_paragraph(place, &text, false) {
                self.collector.paragraph(&plain(&text));
            }
            return end;
        }
        let lead = plain(text.trim_end().trim_end_matches(':'));
        if !lead.trim().is_empty() {
            self.collector.paragraph(&format!("{lead}:"));
        }
        let content = (end..self.lines.len())
            .find(|line| !self.is_blank(*line))
            .unwrap_or(self.lines.len());
        let block_end = self.content_end(content, indent);
        if block_end <= content {
            return end;
        }
        let text = self.lines[content..block_end].join("\n");
        let language = self.literal_language(&text);
        let place = self.place(content);
        self.collector.code(language, place, &text, Vec::new());
        block_end
    }

    /// Literal blocks are in the highlighted language only if they can be.
    fn literal_language(&self, text: &str) -> Language {
        let Some(highlight) = self.highlight else {
            return Language::Unknown;
        };
        match highlight {
            Language::Python | Language::Console => {
                let text = super::blocks::dedent(text);
                let syntax = Syntax::of(&text);
                let looks = code::evidence(&text, &syntax) >= Some(Evidence::Look);
                if syntax.parses() && looks && !code::looks_like_another_language(&text) {
                    Language::Python
                } else {
                    Language::Unknown
                }
            }
            Language::Output { .. } | Language::Unknown => Language::Unknown,
            Language::Other => Language::Other,
        }
    }

    /// The section title in the lines from `at`, and the line behind its
    /// underline.
    fn title(&self, at: usize, end: usize) -> Option<(&'a str, usize)> {
        let line = |index: usize| -> Option<&'a str> {
            (index < end).then(|| self.lines[index].trim_end())
        };
        let first = line(at)?;
        if is_rule(first) {
            let title = line(at + 1)?;
            let under = line(at + 2)?;
            return (is_rule(under) && under.starts_with(&first[..1]))
                .then(|| (title.trim(), at + 3));
        }
        let under = line(at + 1)?;
        let long_enough = under.len() + 3 > first.chars().count().min(7);
        (is_rule(under) && long_enough && indentation(first) == 0).then_some((first, at + 2))
    }
}

enum Meaning {
    Code(Language),
    /// Its content is read like the page.
    Container,
    Nothing,
}

fn directive(line: &str) -> Option<Directive<'_>> {
    let rest = line.trim_start().strip_prefix("..")?.trim_start();
    let (name, argument) = rest.split_once("::")?;
    let is_name = !name.is_empty()
        && name
            .chars()
            .all(|c| c.is_alphanumeric() || matches!(c, '-' | '_' | '+' | '.' | ':'));
    is_name.then(|| Directive {
        name,
        argument: argument.trim(),
    })
}

/// `:key: value` as `key=value`.
fn option(line: &str) -> Option<String> {
    let (key, value) = line.trim().strip_prefix(':')?.split_once(':')?;
    let named = !key.is_empty() && !key.contains(' ') && !key.contains('`');
    let value = value.trim();
    named.then(|| {
        if value.is_empty() {
            key.to_owned()
        } else {
            format!("{key}={value}")
        }
    })
}

/// A line of one punctuation character, as under a title.
fn is_rule(line: &str) -> bool {
    let mut chars = line.chars();
    chars.next().is_some_and(|first| {
        first.is_ascii_punctuation() && line.len() >= 2 && chars.all(|c| c == first)
    }) && line != ".."
        && line != "::"
}

/// Text without roles and backticks.
fn plain(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    for (index, word) in text.split_whitespace().enumerate() {
        if index > 0 {
            plain.push(' ');
        }
        let word = match (word.starts_with(':'), word.find(":`")) {
            (true, Some(role)) => &word[role + 1..],
            _ => word,
        };
        plain.extend(word.chars().filter(|c| *c != '`'));
    }
    plain
}
