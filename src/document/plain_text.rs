//! Text without any mark-up: code is what parses and reads like Python.
//!
//! Paragraphs are told apart first: code, comments, console sessions, numbered
//! listings, outputs, prose. Then neighbours are put together: a snippet reaches
//! from its first certain paragraph to its last, over blank lines, and ends where
//! prose begins. Words that happen to parse (`Introduction`) are prose; comments
//! alone are a snippet only where nobody would take them for a heading. Code that
//! surely is code but does not parse joins its neighbours like other code: a part
//! of what does not run is not run either.

use super::Block;
use super::announcement::{announces_output, is_output_label};
use super::blocks::{Collector, dedent};
use super::code::{self, Evidence};
use super::language::Language;
use super::unit::Units;
use super::{Role, markdown};
use crate::finding::Finding;
use crate::position::{LineNumber, Place};
use crate::syntax::{StatementKind, Syntax};

pub(super) fn parse(text: &str) -> (Vec<Block>, Vec<Finding>) {
    if markdown::has_fences(text) {
        return markdown::parse(text);
    }
    let mut reader = Reader {
        units: Units::new(text),
        entries: Vec::new(),
    };
    reader.read();
    let Reader { units, entries } = reader;
    Joiner::new(&units, &entries).join()
}

/// A run of lines that is one thing; blank lines are between entries.
#[derive(Debug)]
struct Entry {
    kind: Kind,
    first: usize,
    /// The line behind its last.
    end: usize,
}

#[derive(Debug, PartialEq, Eq)]
enum Kind {
    Code(Evidence),
    Comments,
    /// Code that does not parse.
    Broken,
    Transcript,
    /// Code with a number before each line; the code.
    Listing(String),
    Output,
    Prose,
}

struct Reader<'a> {
    units: Units<'a>,
    entries: Vec<Entry>,
}

impl Reader<'_> {
    fn read(&mut self) {
        let mut at = 0;
        while at < self.units.len() {
            if self.units.is_blank(at) {
                at += 1;
                continue;
            }
            let entry = self.entry(at);
            at = entry.end;
            self.entries.push(entry);
        }
    }

    /// The entry that starts at line `first`.
    fn entry(&mut self, first: usize) -> Entry {
        let paragraph_end = self.units.paragraph_end(first);
        let whole = |kind| Entry {
            kind,
            first,
            end: paragraph_end,
        };
        if code::begins_at_prompt(self.units.line(first)) {
            return whole(Kind::Transcript);
        }
        let announced = self.announced();
        if announced == Announced::Surely {
            return whole(Kind::Output);
        }
        if let Some((end, text)) = self.listing(first) {
            return Entry {
                kind: Kind::Listing(text),
                first,
                end,
            };
        }

        let (stop, evidence) = self.code(first);
        if evidence == Some(Evidence::Certain)
            && !self.units.is_comment(first)
            && let Some(unit) = self.units.unit(first)
            && unit.evidence == Evidence::Words
        {
            // A word above code is its title.
            return self.prose(first, unit.end);
        }
        if stop >= self.units.len() || self.units.is_blank(stop) {
            let kind = match evidence {
                None => Kind::Comments,
                Some(Evidence::Certain) => Kind::Code(Evidence::Certain),
                Some(_) if announced == Announced::Perhaps => Kind::Output,
                Some(Evidence::Look) if self.is_introduced_call(first, stop) => {
                    Kind::Code(Evidence::Certain)
                }
                Some(evidence) => Kind::Code(evidence),
            };
            return Entry {
                kind,
                first,
                end: stop,
            };
        }
        if announced == Announced::Perhaps && evidence != Some(Evidence::Certain) {
            return whole(Kind::Output);
        }
        // The paragraph goes on with something that does not parse.
        let end = self.units.paragraph_end(stop);
        if self.is_broken_code(first, end) {
            return Entry {
                kind: Kind::Broken,
                first,
                end,
            };
        }
        if evidence == Some(Evidence::Certain) {
            return Entry {
                kind: Kind::Code(Evidence::Certain),
                first,
                end: stop,
            };
        }
        // Prose, with code directly below it perhaps.
        for line in first + 1..paragraph_end {
            if self.introduces(first, line - 1) {
                if code::begins_at_prompt(self.units.line(line)) {
                    return self.prose(first, line);
                }
                let (stop, evidence) = self.code(line);
                let complete = stop >= self.units.len()
                    || self.units.is_blank(stop)
                    || is_output_label(self.units.line(stop));
                if complete && evidence == Some(Evidence::Certain) {
                    return self.prose(first, line);
                }
            }
            if is_output_label(self.units.line(line)) && line == first + 1 {
                return self.prose(first, line);
            }
        }
        whole(Kind::Prose)
    }

    fn prose(&self, first: usize, end: usize) -> Entry {
        Entry {
            kind: Kind::Prose,
            first,
            end,
        }
    }

    /// Whether a line of prose announces that code stands directly below it.
    fn introduces(&self, first: usize, line: usize) -> bool {
        let text = self.units.line(line).trim_end();
        let short = line == first
            && text.split_whitespace().count() <= 8
            && !text.ends_with(['.', ',', ';', '-']);
        text.ends_with([':', '：']) || short
    }

    /// Reads units and comments from `first` to the next blank line: the line
    /// where that ends or fails, and the best evidence.
    fn code(&mut self, first: usize) -> (usize, Option<Evidence>) {
        let base = self.units.indentation(first);
        let mut at = first;
        let mut best = None;
        while at < self.units.len() && !self.units.is_blank(at) {
            if self.units.is_comment(at) {
                at += 1;
                continue;
            }
            if self.units.indentation(at) != base && best.is_some() {
                break;
            }
            match self.units.unit(at) {
                Some(unit) => {
                    best = best.max(Some(unit.evidence));
                    at = unit.end;
                }
                None => break,
            }
        }
        let foreign = best == Some(Evidence::Certain)
            && code::looks_like_another_language(&self.units.text(first, at));
        (at, if foreign { Some(Evidence::Words) } else { best })
    }

    /// Whether calls without arguments stand below a comment, or where the prose
    /// above announces something: `or:`.
    fn is_introduced_call(&self, first: usize, end: usize) -> bool {
        let called = (first..end)
            .filter(|line| !self.units.is_comment(*line))
            .all(|line| {
                let line = self.units.line(line).trim();
                line.starts_with(|c: char| c.is_alphabetic() || c == '_') && line.ends_with(')')
            });
        called && (self.units.is_comment(first) || self.follows_colon())
    }

    fn follows_colon(&self) -> bool {
        self.entries.last().is_some_and(|last| {
            last.kind == Kind::Prose && self.units.line(last.end - 1).trim_end().ends_with(':')
        })
    }

    /// Whether the last entry says that an output follows, and there is code for
    /// it to be the output of.
    fn announced(&self) -> Announced {
        let Some(last) = self.entries.last() else {
            return Announced::No;
        };
        let after_code = self.entries.iter().rev().nth(1).is_some_and(|entry| {
            matches!(
                entry.kind,
                Kind::Code(_) | Kind::Listing(_) | Kind::Transcript | Kind::Comments
            )
        });
        if last.kind != Kind::Prose || !after_code {
            return Announced::No;
        }
        let text = self.units.text(last.first, last.end);
        if is_output_label(&text) {
            Announced::Surely
        } else if announces_output(&text) {
            Announced::Perhaps
        } else {
            Announced::No
        }
    }

    /// A listing whose lines are numbered; the line behind it and the code.
    fn listing(&mut self, first: usize) -> Option<(usize, String)> {
        let mut number = leading_number(self.units.line(first))?.0;
        let mut lines = Vec::new();
        let mut at = first;
        while at < self.units.len()
            && let Some((own, rest)) = leading_number(self.units.line(at))
            && own == number
        {
            lines.push(rest);
            number += 1;
            at += 1;
        }
        if lines.len() < 2 {
            return None;
        }
        let text = dedent(&lines.join("\n"));
        code::reads_like_python(&text).then_some((at, text))
    }

    /// Whether all lines look like code, though they do not parse: Python 2, a
    /// mistake made on purpose, a signature.
    fn is_broken_code(&self, first: usize, end: usize) -> bool {
        let base = self.units.indentation(first);
        let mut certain = false;
        for line in first..end {
            if self.units.indentation(line) > base {
                continue;
            }
            match code_look(self.units.line(line).trim()) {
                Some(true) => certain = true,
                Some(false) => {}
                None => return false,
            }
        }
        certain
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Announced {
    No,
    Perhaps,
    Surely,
}

/// The number at the start of a listing's line, and what follows it.
fn leading_number(line: &str) -> Option<(u32, &str)> {
    let trimmed = line.trim_start();
    let digits = trimmed.len()
        - trimmed
            .trim_start_matches(|c: char| c.is_ascii_digit())
            .len();
    let number = trimmed.get(..digits)?.parse().ok()?;
    let rest = &trimmed[digits..];
    let rest = rest.strip_prefix(['.', ':', '|', ')']).unwrap_or(rest);
    (rest.is_empty() || rest.starts_with([' ', '\t', '|'])).then_some((number, rest))
}

/// Whether a line that does not parse looks like code all the same: `Some(true)`
/// when it surely does, `Some(false)` when it could be part of some.
fn code_look(line: &str) -> Option<bool> {
    if line.starts_with('#') || line.starts_with([')', ']', '}']) {
        return Some(false);
    }
    if line.starts_with('@') && !line.contains(' ') {
        return Some(false);
    }
    let word_length = line
        .find(|c: char| !c.is_alphanumeric() && c != '_')
        .unwrap_or(line.len());
    let (word, rest) = line.split_at(word_length);
    let blank = rest.starts_with(' ');
    let bare = line.split(" #").next().unwrap_or(line).trim_end();
    match word {
        "async" => {
            return (rest.starts_with(" def ") || bare.ends_with(':')).then_some(true);
        }
        "def" | "class" if blank => {
            return (bare.ends_with(':') || rest.contains('(')).then_some(true);
        }
        "if" | "elif" | "for" | "while" | "with" | "except" if blank => {
            return bare.ends_with(':').then_some(true);
        }
        "else" | "try" | "finally" => return bare.ends_with(':').then_some(false),
        "print" | "exec" if rest.trim_start().starts_with(['"', '\'']) => return Some(true),
        "print" if blank => {
            let argument = rest.trim();
            let single = !argument.contains(' ') || argument.contains(['%', ',', '"', '\'', '+']);
            let sentence = argument.ends_with('.') || argument.ends_with(':');
            return (single && !sentence).then_some(false);
        }
        "import" | "from" | "return" | "raise" | "pass" | "break" | "continue" | "del" => {
            return (line.split_whitespace().count() <= 4).then_some(false);
        }
        _ => {}
    }
    if word.is_empty() {
        return None;
    }
    // `name.attribute[0] = …`, `name.method(…)`.
    let path_length = line
        .find(|c: char| !(c.is_alphanumeric() || matches!(c, '_' | '.')))
        .unwrap_or(line.len());
    let after = line[path_length..].trim_start();
    // `NAME=value` is a shell's.
    let shell = line[path_length..].starts_with('=')
        && !line[..path_length].contains(|c: char| c.is_lowercase());
    let assigned = after.starts_with('=') && !after.starts_with("==") && !shell;
    let called = line[path_length..].starts_with('(')
        && (bare.ends_with([')', '(', ',', '[', '{']))
        && !line[..path_length].ends_with('.');
    (assigned || called).then_some(true)
}

/// Puts entries together and hands them to the collector.
struct Joiner<'a> {
    units: &'a Units<'a>,
    entries: &'a [Entry],
    collector: Collector,
    /// Whether `# Title` is how this text writes headings.
    marked_headings: bool,
}

impl<'a> Joiner<'a> {
    fn new(units: &'a Units<'a>, entries: &'a [Entry]) -> Self {
        let mut joiner = Self {
            units,
            entries,
            collector: Collector::default(),
            marked_headings: false,
        };
        joiner.marked_headings = (0..entries.len()).any(|index| {
            let before = index.checked_sub(1).map(|before| &entries[before].kind);
            let after = entries.get(index + 1).map(|after| &after.kind);
            joiner.looks_like_heading(&entries[index])
                && before.is_none_or(|kind| *kind == Kind::Prose)
                && after.is_some_and(|kind| *kind == Kind::Prose)
        });
        joiner
    }

    /// Whether an entry is one line of the form `# Title`.
    fn looks_like_heading(&self, entry: &Entry) -> bool {
        if entry.kind != Kind::Comments || entry.end != entry.first + 1 {
            return false;
        }
        let line = self.units.line(entry.first);
        let title = line.trim_start_matches('#');
        line.starts_with('#') && title.starts_with(' ') && !title.trim().is_empty()
    }

    fn is_heading(&self, index: usize) -> bool {
        let entry = &self.entries[index];
        if !self.marked_headings || !self.looks_like_heading(entry) {
            return false;
        }
        let deeper = self.units.line(entry.first).starts_with("##");
        let code_follows = self.entries.get(index + 1).is_some_and(|next| {
            matches!(next.kind, Kind::Code(Evidence::Certain) | Kind::Comments)
        });
        deeper || !code_follows
    }

    fn place(&self, line: usize) -> Place {
        Place::line(LineNumber::from_index(line))
    }

    fn join(mut self) -> (Vec<Block>, Vec<Finding>) {
        let mut index = 0;
        while index < self.entries.len() {
            let entry = &self.entries[index];
            match &entry.kind {
                Kind::Comments if self.is_heading(index) => {
                    let title = self.units.line(entry.first).trim_start_matches('#');
                    self.collector.heading(title);
                    index += 1;
                }
                Kind::Code(Evidence::Certain | Evidence::Look) | Kind::Broken | Kind::Comments => {
                    index = self.run(index);
                }
                Kind::Code(Evidence::Words) | Kind::Prose => {
                    self.prose(entry);
                    index += 1;
                }
                Kind::Transcript => {
                    let mut last = index;
                    while self
                        .entries
                        .get(last + 1)
                        .is_some_and(|next| next.kind == Kind::Transcript)
                    {
                        last += 1;
                    }
                    let text = self.units.text(entry.first, self.entries[last].end);
                    let place = self.place(entry.first);
                    self.collector
                        .block(Role::Transcript, place, &text, Vec::new());
                    index = last + 1;
                }
                Kind::Listing(text) => {
                    let place = self.place(entry.first);
                    self.collector
                        .code(Language::Python, place, text, Vec::new());
                    index += 1;
                }
                Kind::Output => {
                    let text = self.units.text(entry.first, entry.end);
                    let place = self.place(entry.first);
                    let language = Language::Output { certain: true };
                    self.collector.code(language, place, &text, Vec::new());
                    index += 1;
                }
            }
        }
        self.collector.finish()
    }

    /// A run of code and comments that starts with the entry at `start`; the
    /// entry behind it.
    fn run(&mut self, start: usize) -> usize {
        let base = self.units.indentation(self.entries[start].first);
        let mut end = start;
        while end < self.entries.len() {
            let entry = &self.entries[end];
            let joins = match entry.kind {
                Kind::Code(Evidence::Certain | Evidence::Look) | Kind::Broken => {
                    // Nobody leaves three lines blank inside a piece of code.
                    let gap = end > start && entry.first > self.entries[end - 1].end + 2;
                    self.units.indentation(entry.first) == base && !gap
                }
                Kind::Comments => !self.is_heading(end),
                Kind::Code(Evidence::Words) => self.shows_names(start, end),
                Kind::Transcript | Kind::Listing(_) | Kind::Output | Kind::Prose => false,
            };
            if !joins {
                break;
            }
            end += 1;
        }
        // At least the entry itself: one that starts a run is never turned away.
        let end = end.max(start + 1);
        let certain =
            |entry: &Entry| matches!(entry.kind, Kind::Code(Evidence::Certain) | Kind::Broken);
        let entries = &self.entries[start..end];
        let Some(first_certain) = entries.iter().position(certain) else {
            if entries.iter().all(|entry| entry.kind == Kind::Comments)
                && self.is_snippet_of_comments(entries)
            {
                self.emit(start, end - 1);
            } else {
                for entry in entries {
                    self.prose(entry);
                }
            }
            return end;
        };
        let last_certain = entries.iter().rposition(certain).unwrap_or(first_certain);
        // At the edges only what goes with the code is kept.
        let mut first = first_certain;
        while first > 0 && self.leads(&entries[first - 1]) {
            first -= 1;
        }
        let mut last = last_certain;
        while last + 1 < entries.len() && self.trails(&entries[last + 1]) {
            last += 1;
        }
        for entry in &entries[..first] {
            self.prose(entry);
        }
        self.emit(start + first, start + last);
        for entry in &entries[last + 1..] {
            self.prose(entry);
        }
        end
    }

    /// Whether an entry of mere words, in a run that began with the entry at
    /// `start`, is one line with names that the lines above it have bound.
    fn shows_names(&self, start: usize, index: usize) -> bool {
        const FAR: usize = 200;
        let entry = &self.entries[index];
        if index == start || entry.end != entry.first + 1 {
            return false;
        }
        let line = self.units.line(entry.first);
        let names = Syntax::of(line.trim()).names;
        let top = self.entries[start]
            .first
            .max(entry.first.saturating_sub(FAR));
        let bound = (top..entry.first)
            .map(|above| self.units.line(above))
            .filter_map(|above| above.split_once('='))
            .map(|(target, _)| target.trim());
        !names.free.is_empty()
            && names.free.len() <= 2
            && names
                .free
                .iter()
                .all(|name| bound.clone().any(|target| target == name.as_str()))
    }

    /// Whether an uncertain entry belongs to the code below it: comments, a
    /// docstring.
    fn leads(&self, entry: &Entry) -> bool {
        if entry.kind == Kind::Comments {
            return true;
        }
        let code = (entry.first..entry.end).find(|line| !self.units.is_comment(*line));
        let line = self.units.line(code.unwrap_or(entry.first)).trim_start();
        line.starts_with("\"\"\"") || line.starts_with("'''")
    }

    /// Whether an uncertain entry belongs to the code above it: comments, and
    /// expressions that are more than data.
    fn trails(&self, entry: &Entry) -> bool {
        if entry.kind == Kind::Comments {
            return true;
        }
        let code = (entry.first..entry.end).find(|line| !self.units.is_comment(*line));
        code.is_some_and(|line| {
            let line = self.units.line(line).trim_start();
            line.starts_with(|c: char| c.is_alphabetic() || c == '_')
                && line.contains(['(', '[', '.'])
        })
    }

    fn emit(&mut self, first: usize, last: usize) {
        let (first, end) = (self.entries[first].first, self.entries[last].end);
        let text = self.units.text(first, end);
        let place = self.place(first);
        self.collector.block(Role::Python, place, &text, Vec::new());
    }

    /// Comments without code are a snippet when they are several lines in one
    /// paragraph, or hold commented-out code.
    fn is_snippet_of_comments(&self, entries: &[Entry]) -> bool {
        entries.iter().any(|entry| {
            let lines = (entry.first..entry.end).map(|line| self.units.line(line).trim());
            let headings = lines
                .clone()
                .all(|line| line.trim_matches('#').trim().is_empty() || line.starts_with("##"));
            if entry.end - entry.first > 1 && !headings {
                return true;
            }
            lines.clone().any(|line| {
                let inner = line.trim_start_matches('#').trim();
                let syntax = Syntax::of(inner);
                inner.starts_with("$ ")
                    || (syntax.parses()
                        && code::evidence(inner, &syntax) == Some(Evidence::Certain)
                        && !is_single_word_statement(&syntax))
            })
        })
    }

    fn prose(&mut self, entry: &Entry) {
        let text = self.units.text(entry.first, entry.end);
        let place = self.place(entry.first);
        let comments = entry.kind == Kind::Comments;
        if !comments && self.collector.output_paragraph(place, &text, true) {
            return;
        }
        match heading(&text) {
            Some(title) => self.collector.heading(title),
            None => self.collector.paragraph(&text),
        }
    }
}

/// `import antigravity` can be a heading of its own in a comment; two words prove
/// little.
fn is_single_word_statement(syntax: &Syntax) -> bool {
    syntax.top_level().all(|statement| {
        matches!(
            statement.kind,
            StatementKind::Raise | StatementKind::Assert | StatementKind::Delete
        )
    })
}

/// The title, where a paragraph is a heading: one short line that is not a
/// sentence, or a line that is underlined.
fn heading(text: &str) -> Option<&str> {
    let mut lines = text.lines();
    let first = lines.next()?.trim();
    let title = match (lines.next(), lines.next()) {
        (None, _) => first.trim_start_matches('#').trim(),
        (Some(second), None) if is_underline(second) => return Some(first),
        (Some(_), _) => return None,
    };
    let bullet = title.starts_with(['-', '*', '•', '–', '+', '|', '.', '>', '(', '"', ':']);
    if bullet || text.starts_with([' ', '\t']) || title.is_empty() {
        return None;
    }
    let after_number = title.trim_start_matches(|c: char| c.is_ascii_digit() || c == '.');
    let numbered = after_number.len() < title.len() && after_number.starts_with([' ', ')', ':']);
    let words = title.split_whitespace().count();
    if numbered {
        return (words <= 24).then_some(title);
    }
    let sentence = title.ends_with(['.', ',', ';', ':', '!', '。', '：']) || title.contains(". ");
    let begins = title.starts_with(|c: char| !c.is_lowercase());
    (words <= 12 && !sentence && begins).then_some(title)
}

fn is_underline(line: &str) -> bool {
    let line = line.trim_end();
    let mut chars = line.chars();
    let Some(first) = chars.next() else {
        return false;
    };
    line.len() >= 3 && "=-~^*#+_".contains(first) && chars.all(|c| c == first)
}
