//! Web pages: `<pre>` elements, through `html5ever`'s tokenizer.
//!
//! Entities are decoded, tags inside are dropped, and each line of the element
//! stays the line of the page that it is on. (A `<br>` that shares its line with
//! code begins a line that the page does not have; the lines below it are then
//! counted on from there.) The language is told by the classes of the element,
//! of the `<code>` in it, and of what encloses it.

use std::cell::RefCell;

use html5ever::tendril::StrTendril;
use html5ever::tokenizer::states::{RawKind, Rawtext, ScriptData};
use html5ever::tokenizer::{
    BufferQueue, CharacterTokens, EndTag, StartTag, Tag, TagToken, Token, TokenSink,
    TokenSinkResult, Tokenizer, TokenizerOpts,
};

use super::Block;
use super::blocks::Collector;
use super::language::{Info, Language};
use crate::finding::Finding;

pub(super) fn parse(text: &str) -> (Vec<Block>, Vec<Finding>) {
    let mut collector = Collector::default();
    read(&mut collector, text, 0);
    collector.finish()
}

/// Reads HTML that begins `first_line` lines below the guide's first.
pub(super) fn read(collector: &mut Collector, text: &str, first_line: usize) {
    let sink = Sink {
        page: RefCell::new(Page {
            collector: std::mem::take(collector),
            first_line,
            enclosing: Vec::new(),
            words: String::new(),
            pre: None,
        }),
    };
    let tokenizer = Tokenizer::new(sink, TokenizerOpts::default());
    let input = BufferQueue::default();
    input.push_back(StrTendril::from_slice(text));
    // Nothing here asks for a script to be run, so one call reads it all.
    let _ = tokenizer.feed(&input);
    tokenizer.end();
    let mut page = tokenizer.sink.page.into_inner();
    page.end_pre();
    page.end_words();
    *collector = page.collector;
}

struct Sink {
    /// The tokenizer hands out only shared references.
    page: RefCell<Page>,
}

struct Page {
    collector: Collector,
    first_line: usize,
    /// The open `<div>`s, `<figure>`s and the like, with their classes.
    enclosing: Vec<(String, String)>,
    words: String,
    pre: Option<Pre>,
}

/// A `<pre>` that is being read.
struct Pre {
    /// Its line in this HTML, zero-based.
    line: usize,
    classes: String,
    text: String,
    /// Elements inside whose text is not code: line numbers, buttons.
    hidden: usize,
}

impl TokenSink for Sink {
    type Handle = ();

    fn process_token(&self, token: Token, line_number: u64) -> TokenSinkResult<()> {
        let mut page = self.page.borrow_mut();
        match token {
            CharacterTokens(characters) => page.characters(&characters),
            TagToken(tag) => {
                let line = usize::try_from(line_number).unwrap_or(usize::MAX);
                if let Some(raw) = page.tag(&tag, line.saturating_sub(1)) {
                    return TokenSinkResult::RawData(raw);
                }
            }
            _ => {}
        }
        TokenSinkResult::Continue
    }
}

impl Page {
    fn characters(&mut self, characters: &str) {
        match &mut self.pre {
            Some(pre) if pre.hidden == 0 => pre.text.push_str(characters),
            // What is not shown as code keeps its lines.
            Some(pre) => pre.text.extend(characters.chars().filter(|c| *c == '\n')),
            None => self.words.push_str(characters),
        }
    }

    fn tag(&mut self, tag: &Tag, line: usize) -> Option<RawKind> {
        let name: &str = &tag.name;
        if let Some(pre) = &mut self.pre {
            if name == "pre" && tag.kind == EndTag {
                self.end_pre();
                return None;
            }
            // A tag can have line breaks inside.
            let reached = pre.line + pre.text.matches('\n').count();
            for _ in reached..line.min(reached + 100) {
                pre.text.push('\n');
            }
            match (name, tag.kind) {
                ("br", _) => pre.text.push('\n'),
                ("code", StartTag) => {
                    pre.classes.push(' ');
                    pre.classes.push_str(&classes(tag));
                }
                ("button", StartTag) => pre.hidden += 1,
                ("button", EndTag) => pre.hidden = pre.hidden.saturating_sub(1),
                ("span", StartTag) if pre.hidden > 0 => pre.hidden += 1,
                ("span", StartTag) if is_line_number(&classes(tag)) => pre.hidden = 1,
                ("span", EndTag) => pre.hidden = pre.hidden.saturating_sub(1),
                _ => {}
            }
            return None;
        }
        match (name, tag.kind) {
            ("pre", StartTag) => {
                self.end_words();
                let mut all = classes(tag);
                for (_, enclosing) in self.enclosing.iter().rev().take(4) {
                    all.push(' ');
                    all.push_str(enclosing);
                }
                self.pre = Some(Pre {
                    line,
                    classes: all,
                    text: String::new(),
                    hidden: 0,
                });
            }
            ("script", StartTag) => return Some(ScriptData),
            ("style" | "noscript" | "iframe", StartTag) => return Some(Rawtext),
            ("button", StartTag) => self.end_words(),
            // "Copy" says nothing about what stands below it.
            ("script" | "style" | "noscript" | "iframe" | "title" | "button", EndTag) => {
                self.words.clear();
            }
            ("h1" | "h2" | "h3" | "h4" | "h5" | "h6", EndTag) => {
                let words = std::mem::take(&mut self.words);
                self.collector
                    .heading(words.trim_end_matches(['¶', '#', ' ']));
            }
            ("div" | "figure" | "section" | "td", StartTag) if !tag.self_closing => {
                self.end_words();
                self.enclosing.push((name.to_owned(), classes(tag)));
            }
            ("div" | "figure" | "section" | "td", EndTag) => {
                self.end_words();
                // Pages forget end tags: what they closed last is what counts.
                let open = self.enclosing.iter().rposition(|(open, _)| open == name);
                if let Some(open) = open {
                    self.enclosing.truncate(open);
                }
            }
            (
                "h1" | "h2" | "h3" | "h4" | "h5" | "h6" | "p" | "li" | "ul" | "ol" | "dt" | "dd",
                _,
            )
            | ("tr" | "table" | "blockquote" | "br", _) => self.end_words(),
            _ => {}
        }
        None
    }

    fn end_words(&mut self) {
        let words = std::mem::take(&mut self.words);
        self.collector.paragraph(&words);
    }

    fn end_pre(&mut self) {
        let Some(pre) = self.pre.take() else {
            return;
        };
        let only_numbers = !pre.text.trim().is_empty()
            && pre
                .text
                .split_whitespace()
                .all(|word| word.chars().all(|c| c.is_ascii_digit()));
        let (language, attributes) = language(&pre.classes);
        // The column of line numbers beside a listing.
        if only_numbers && is_line_number(&pre.classes) {
            return;
        }
        let text = pre.text.replace('\u{a0}', " ");
        let place = self.collector.place(self.first_line + pre.line);
        self.collector.code(language, place, &text, attributes);
    }
}

fn is_line_number(classes: &str) -> bool {
    classes.split_whitespace().any(|class| {
        matches!(
            class,
            "linenos" | "lineno" | "linenodiv" | "line-numbers" | "gutter" | "ln" | "line-number"
        )
    })
}

/// The words that may name a language: classes and the `data-` attributes made
/// for it.
fn classes(tag: &Tag) -> String {
    let named = tag.attrs.iter().filter(|attribute| {
        matches!(
            &*attribute.name.local,
            "class" | "lang" | "data-lang" | "data-language" | "data-code-language"
        )
    });
    named
        .map(|attribute| attribute.value.to_string())
        .collect::<Vec<_>>()
        .join(" ")
}

/// The language among classes, those nearest to the code first, and the others.
fn language(classes: &str) -> (Language, Vec<String>) {
    let mut language = None;
    let mut attributes = Vec::new();
    for class in classes.split_whitespace() {
        let class = class.trim_end_matches([';', ',']);
        let lower = class.to_lowercase();
        let marked = [
            "language-",
            "lang-",
            "highlight-",
            "highlight-source-",
            "brush:",
            "code-",
        ]
        .iter()
        .rev()
        .find_map(|prefix| lower.strip_prefix(prefix));
        let name = marked.unwrap_or(&lower);
        let found = Language::of_name(&Info::parse(name).name);
        match found {
            Language::Python | Language::Console | Language::Output { .. } => {
                // `class="text"` says nothing by itself.
                let weak = marked.is_none() && found == Language::Output { certain: false };
                if language.is_none() && !weak {
                    language = Some(found);
                    continue;
                }
            }
            Language::Other if marked.is_some() && name != "default" && name != "block" => {
                language.get_or_insert(Language::Other);
                continue;
            }
            Language::Other | Language::Unknown => {}
        }
        if lower.contains("output_text") || lower.contains("jp-outputarea") {
            language.get_or_insert(Language::Output { certain: true });
        }
        attributes.push(class.to_owned());
    }
    attributes.retain(|class| !matches!(class.as_str(), "highlight" | "notranslate"));
    (language.unwrap_or(Language::Unknown), attributes)
}
