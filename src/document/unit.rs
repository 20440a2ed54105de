//! Top-level statements in text of which it is not known whether it is Python.
//!
//! A unit is one statement with its decorators, its body and its clauses, over
//! as many lines and blank lines as it takes. Prose is turned away by a look at
//! its tokens, long before a parser would see it, and what failed scans cost is
//! bounded, so that the time stays linear in the text.

use std::borrow::Cow;

use super::code::{Evidence, evidence, straighten_quotes};
use crate::syntax::Syntax;

/// A statement that was found.
#[derive(Clone, Copy, Debug)]
pub(super) struct Unit {
    /// The line behind its last one.
    pub(super) end: usize,
    pub(super) evidence: Evidence,
}

/// Finds units in a text's lines.
pub(super) struct Units<'a> {
    lines: Vec<Cow<'a, str>>,
    /// The lines with straight quotes, where they have typographic ones.
    straight: Vec<Option<String>>,
    /// For each line the line behind the last one of its paragraph; for a blank
    /// line, itself.
    paragraph_ends: Vec<usize>,
    /// How many lines the scans that found nothing have looked at.
    wasted: usize,
}

/// How many lines a scan may look at once failed scans have cost too much.
const SHORT_SIGHT: usize = 60;

impl<'a> Units<'a> {
    pub(super) fn new(text: &'a str) -> Self {
        let lines: Vec<Cow<'a, str>> = text.split('\n').map(Cow::Borrowed).collect();
        let mut paragraph_ends = vec![lines.len(); lines.len()];
        let mut end = lines.len();
        for (index, line) in lines.iter().enumerate().rev() {
            if line.trim().is_empty() {
                end = index;
            }
            paragraph_ends[index] = end;
        }
        Self {
            paragraph_ends,
            straight: lines.iter().map(|line| straighten_quotes(line)).collect(),
            lines,
            wasted: 0,
        }
    }

    pub(super) fn len(&self) -> usize {
        self.lines.len()
    }

    pub(super) fn line(&self, index: usize) -> &str {
        self.lines.get(index).map_or("", |line| line)
    }

    pub(super) fn is_blank(&self, index: usize) -> bool {
        self.line(index).trim().is_empty()
    }

    /// Whether a line is a comment, or one of IPython's commands, which proves as
    /// little.
    pub(super) fn is_comment(&self, index: usize) -> bool {
        let line = self.line(index).trim_start();
        line.starts_with('#')
            || line.strip_prefix('%').is_some_and(|rest| {
                rest.trim_start_matches('%')
                    .starts_with(|c: char| c.is_ascii_lowercase())
            })
    }

    pub(super) fn indentation(&self, index: usize) -> usize {
        indentation(self.line(index))
    }

    /// The line behind the last one of the paragraph that `index` is in.
    pub(super) fn paragraph_end(&self, index: usize) -> usize {
        self.paragraph_ends.get(index).copied().unwrap_or(index)
    }

    /// Lines `first` to `end` (exclusive), joined.
    pub(super) fn text(&self, first: usize, end: usize) -> String {
        self.lines[first..end.min(self.len())].join("\n")
    }

    /// The unit that starts at line `start`.
    pub(super) fn unit(&mut self, start: usize) -> Option<Unit> {
        let farthest = if self.wasted > 40 * self.len() + 10_000 {
            (start + SHORT_SIGHT).min(self.len())
        } else {
            self.len()
        };
        let (raw, seen_raw) = self.extent(start, farthest, false);
        if let Some(end) = raw
            && let Some(unit) = self.parse(start, end, false)
        {
            return Some(unit);
        }
        self.wasted += seen_raw - start;
        // Only a line with typographic characters is worth another try.
        if !self.straight[start..seen_raw.min(self.len())]
            .iter()
            .any(Option::is_some)
        {
            return None;
        }
        let (straight, seen) = self.extent(start, farthest, true);
        if let Some(end) = straight
            && let Some(unit) = self.parse(start, end, true)
        {
            return Some(unit);
        }
        self.wasted += seen - start;
        None
    }

    fn shown(&self, index: usize, straight: bool) -> &str {
        match &self.straight[index] {
            Some(line) if straight => line,
            Some(_) | None => &self.lines[index],
        }
    }

    fn parse(&mut self, start: usize, end: usize, straight: bool) -> Option<Unit> {
        let mut end = end;
        // What is indented below a definition can be prose: then the definition
        // may end at a blank line above it.
        for _ in 0..3 {
            let lines: Vec<&str> = (start..end).map(|at| self.shown(at, straight)).collect();
            let code = super::blocks::dedent(&lines.join("\n"));
            let syntax = Syntax::of(&code);
            if syntax.parses() {
                let evidence = evidence(&code, &syntax)?;
                return Some(Unit { end, evidence });
            }
            self.wasted += end - start;
            let error = syntax.error?.line.index();
            let blank = (start + 1..=(start + error).min(end - 1))
                .rev()
                .find(|line| self.is_blank(*line))?;
            end = (start..blank)
                .rev()
                .find(|line| !self.is_blank(*line))
                .map(|line| line + 1)?;
        }
        None
    }

    /// The line behind the unit's last, and how far the scan has looked.
    fn extent(&self, start: usize, farthest: usize, straight: bool) -> (Option<usize>, usize) {
        let base = self.indentation(start);
        let mut at = start;
        let mut compound;
        loop {
            let (logical, seen) = self.logical_line(at, farthest, straight);
            let Some(logical) = logical else {
                return (None, seen);
            };
            compound = logical.compound;
            at = logical.end;
            if !logical.decorator {
                break;
            }
            while at < farthest && self.is_comment(at) {
                at += 1;
            }
            if at >= farthest || self.is_blank(at) || self.indentation(at) != base {
                return (None, at.max(start + 1));
            }
        }
        if !compound {
            return (Some(at), at);
        }
        let mut end = at;
        loop {
            let mut next = end;
            while next < farthest && (self.is_blank(next) || self.is_comment(next)) {
                // A comment that is indented belongs to the body.
                if self.is_comment(next) && self.indentation(next) > base && next == end {
                    end += 1;
                }
                next += 1;
            }
            if next >= farthest {
                return (Some(end), next);
            }
            let indentation = self.indentation(next);
            let clause = indentation == base && is_clause(self.line(next));
            if indentation <= base && !clause {
                return (Some(end), next);
            }
            match self.logical_line(next, farthest, straight) {
                (Some(logical), _) => end = logical.end,
                (None, seen) => return (Some(end), seen),
            }
        }
    }

    /// Reads one logical line; also tells how far it has looked.
    fn logical_line(
        &self,
        start: usize,
        farthest: usize,
        straight: bool,
    ) -> (Option<Logical>, usize) {
        let mut tokens = Tokens::default();
        for at in start..farthest {
            if !tokens.read(self.shown(at, straight)) {
                return (None, at + 1);
            }
            if tokens.is_complete() {
                let logical = Logical {
                    end: at + 1,
                    compound: tokens.compound,
                    decorator: tokens.decorator,
                };
                return (Some(logical), at + 1);
            }
        }
        (None, farthest.max(start + 1))
    }
}

/// Whether a line is a sentence: several words side by side that no Python has.
pub fn is_sentence(line: &str) -> bool {
    line.split_whitespace().count() >= 4
        && line.trim_start().starts_with(char::is_alphabetic)
        && !Tokens::default().read(line)
}

pub(super) fn indentation(line: &str) -> usize {
    let mut width = 0;
    for c in line.chars() {
        match c {
            ' ' | '\u{a0}' => width += 1,
            '\t' => width = width / 8 * 8 + 8,
            _ => break,
        }
    }
    width
}

struct Logical {
    end: usize,
    compound: bool,
    decorator: bool,
}

fn is_clause(line: &str) -> bool {
    let line = line.trim_start();
    ["else", "elif", "except", "finally"].iter().any(|word| {
        line.strip_prefix(word)
            .is_some_and(|rest| rest.starts_with([':', ' ', '*', '(']))
    })
}

/// The last token, as far as it says what may follow.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Last {
    /// Nothing, an operator, a keyword: an operand may follow.
    #[default]
    Open,
    /// A name, a number, a closing bracket.
    Operand,
    /// A string: another string may follow.
    Text,
    /// A name at the start that may be a keyword: `match`, `type`, `case`.
    Soft,
}

/// Just enough of Python's tokens to see where a logical line ends, and that
/// prose is none.
#[derive(Default)]
struct Tokens {
    brackets: Vec<u8>,
    /// The quotes of the long string that is open.
    long: Option<[u8; 3]>,
    /// Whether the line before ended with a backslash.
    joined: bool,
    started: bool,
    last: Last,
    compound: bool,
    decorator: bool,
}

impl Tokens {
    fn is_complete(&self) -> bool {
        self.brackets.is_empty() && self.long.is_none() && !self.joined
    }

    /// Reads the next line; whether it can still be Python.
    fn read(&mut self, line: &str) -> bool {
        let bytes = line.as_bytes();
        let mut at = 0;
        self.joined = false;
        if let Some(quotes) = self.long {
            match find_long_end(bytes, 0, quotes) {
                Some(end) => {
                    at = end;
                    self.long = None;
                    self.last = Last::Text;
                }
                None => return true,
            }
        }
        while at < bytes.len() {
            let byte = bytes[at];
            match byte {
                b' ' | b'\t' | 0x0c => at += 1,
                b'#' => return true,
                b'\\' => {
                    self.joined = line[at + 1..].trim().is_empty();
                    return self.joined;
                }
                b'\'' | b'"' => match self.string(bytes, at) {
                    Some(end) => at = end,
                    None => return self.long.is_some(),
                },
                b'(' | b'[' | b'{' => {
                    if byte == b'{' && self.last == Last::Operand {
                        return false;
                    }
                    self.brackets.push(byte);
                    if self.brackets.len() > 200 {
                        return false;
                    }
                    self.begin(Last::Open);
                    at += 1;
                }
                b')' | b']' | b'}' => {
                    let open = match byte {
                        b')' => b'(',
                        b']' => b'[',
                        _ => b'{',
                    };
                    if self.brackets.pop() != Some(open) {
                        return false;
                    }
                    self.last = Last::Operand;
                    at += 1;
                }
                b'0'..=b'9' => {
                    if matches!(self.last, Last::Operand | Last::Text) {
                        return false;
                    }
                    while at < bytes.len()
                        && (bytes[at].is_ascii_alphanumeric() || matches!(bytes[at], b'_' | b'.'))
                    {
                        at += 1;
                    }
                    self.begin(Last::Operand);
                }
                b'_' | b'a'..=b'z' | b'A'..=b'Z' | 0x80.. => match self.word(line, at) {
                    Some(end) => at = end,
                    None => return false,
                },
                b'?' | b'$' | b'`' => return false,
                b'!' if bytes.get(at + 1) != Some(&b'=') => return false,
                b'@' => {
                    self.decorator = !self.started;
                    self.begin(Last::Open);
                    at += 1;
                }
                b'.' if bytes[at..].starts_with(b"...") => {
                    self.begin(Last::Operand);
                    at += 3;
                }
                0..=0x1f | 0x7f => return false,
                _ => {
                    self.begin(Last::Open);
                    at += 1;
                }
            }
        }
        true
    }

    fn begin(&mut self, last: Last) {
        self.started = true;
        self.last = last;
    }

    fn word(&mut self, line: &str, at: usize) -> Option<usize> {
        let word_length: usize = line[at..]
            .chars()
            .take_while(|c| c.is_alphanumeric() || *c == '_')
            .map(char::len_utf8)
            .sum();
        if word_length == 0 {
            // A dash, a bullet, a typographic quote.
            return None;
        }
        let end = at + word_length;
        let word = &line[at..end];
        let bytes = line.as_bytes();
        // A string's prefix.
        let prefix = word.len() <= 2
            && word.bytes().all(|byte| b"rbfutRBFUT".contains(&byte))
            && matches!(bytes.get(end), Some(b'\'' | b'"'));
        if prefix {
            return match self.string(bytes, end) {
                Some(end) => Some(end),
                None => self.long.is_some().then_some(bytes.len()),
            };
        }
        let first = !self.started;
        if is_keyword(word) {
            if first {
                self.compound = matches!(
                    word,
                    "def" | "class" | "if" | "for" | "while" | "with" | "try" | "async"
                );
            }
            self.begin(Last::Open);
            return Some(end);
        }
        match self.last {
            Last::Operand | Last::Text => return None,
            Last::Soft => {
                self.compound = true;
                self.last = Last::Operand;
            }
            Last::Open => {}
        }
        let soft = first && matches!(word, "match" | "case" | "type");
        self.begin(if soft { Last::Soft } else { Last::Operand });
        if soft && word == "match" {
            // `match x:` has a body, `match = x` has none.
            self.compound = line.trim_end().ends_with(':');
        }
        Some(end)
    }

    /// Reads a string from its opening quote on: the byte behind it, or `None`
    /// where it is not closed on this line. A long one stays open then.
    fn string(&mut self, bytes: &[u8], at: usize) -> Option<usize> {
        let quote = bytes[at];
        if self.last == Last::Operand {
            return None;
        }
        self.begin(Last::Text);
        let quotes = [quote; 3];
        if bytes[at..].starts_with(&quotes) {
            return match find_long_end(bytes, at + 3, quotes) {
                Some(end) => Some(end),
                None => {
                    self.long = Some(quotes);
                    None
                }
            };
        }
        let mut index = at + 1;
        while index < bytes.len() {
            match bytes[index] {
                // A backslash keeps the quote behind it, in raw strings too.
                b'\\' => index += 2,
                byte if byte == quote => return Some(index + 1),
                _ => index += 1,
            }
        }
        None
    }
}

fn find_long_end(bytes: &[u8], from: usize, quotes: [u8; 3]) -> Option<usize> {
    let mut at = from;
    while at < bytes.len() {
        if bytes[at] == b'\\' {
            at += 2;
        } else if bytes[at..].starts_with(&quotes) {
            return Some(at + 3);
        } else {
            at += 1;
        }
    }
    None
}

fn is_keyword(word: &str) -> bool {
    matches!(
        word,
        "and"
            | "as"
            | "assert"
            | "async"
            | "await"
            | "break"
            | "class"
            | "continue"
            | "def"
            | "del"
            | "elif"
            | "else"
            | "except"
            | "finally"
            | "for"
            | "from"
            | "global"
            | "if"
            | "import"
            | "in"
            | "is"
            | "lambda"
            | "nonlocal"
            | "not"
            | "or"
            | "pass"
            | "raise"
            | "return"
            | "try"
            | "while"
            | "with"
            | "yield"
    )
}
