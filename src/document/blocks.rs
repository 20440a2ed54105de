//! Collecting blocks on the way down a page.
//!
//! Every format's reader walks its guide from top to bottom and tells what it
//! meets: headings, paragraphs, code. What stands above a block (its heading,
//! the paragraph that announces it) is kept here, and so is the decision what
//! code without a language is.

use std::num::NonZeroU32;

use super::announcement::{announces_output, is_output_label};
use super::code;
use super::language::Language;
use super::{Block, Role};
use crate::finding::Finding;
use crate::position::{LineNumber, Place};

/// What was met so far.
#[derive(Default)]
pub(super) struct Collector {
    pub(super) blocks: Vec<Block>,
    pub(super) findings: Vec<Finding>,
    heading: Option<String>,
    lead: String,
    /// Whether Python whose output may follow was met last, and its output since.
    before: Before,
    page: usize,
    /// The notebook's cell that is being read.
    pub(super) cell: Option<NonZeroU32>,
}

/// What stands above, as far as outputs are concerned.
#[derive(Clone, Copy, Default, PartialEq, Eq)]
enum Before {
    /// No Python, or something that parts it from what follows.
    #[default]
    Nothing,
    Python,
    /// Python, and an output of it.
    Output,
}

impl Collector {
    /// A heading, as text.
    pub(super) fn heading(&mut self, text: &str) {
        let text = one_line(text);
        if !text.is_empty() {
            self.heading = Some(text);
        }
        self.lead.clear();
        self.before = Before::Nothing;
    }

    /// A paragraph, or a list's item, as text.
    pub(super) fn paragraph(&mut self, text: &str) {
        let text = one_line(text);
        if text.is_empty() {
            return;
        }
        self.lead = text;
    }

    /// From here on names are not shared with what stood before.
    pub(super) fn new_page(&mut self) {
        self.page += 1;
        self.before = Before::Nothing;
        self.lead.clear();
    }

    /// The place of a line, zero-based, of the guide or of the cell.
    pub(super) fn place(&self, line: usize) -> Place {
        Place {
            cell: self.cell,
            line: LineNumber::from_index(line),
        }
    }

    /// Code, by what the guide says that it is.
    pub(super) fn code(
        &mut self,
        language: Language,
        place: Place,
        text: &str,
        attributes: Vec<String>,
    ) {
        // What a shell shows of a program is what it printed, whatever the
        // guide calls the shell.
        let shell = !matches!(language, Language::Python | Language::Console)
            && self.before == Before::Python;
        if shell && let Some(lines) = code::lines_before_run(text) {
            let below: Vec<&str> = text.split('\n').skip(lines).collect();
            let announced = self.lead.is_empty() || announces_output(&self.lead);
            let role = Role::Output { announced };
            self.block(role, place.plus(lines), &below.join("\n"), attributes);
            return;
        }
        let role = match language {
            // Outputs are often highlighted as if they were code, a shell or data.
            Language::Python | Language::Other
                if self.before != Before::Nothing
                    && is_output_label(&self.lead)
                    && !code::is_transcript(text) =>
            {
                Some(Role::Output { announced: true })
            }
            Language::Python => Some(Role::Python),
            Language::Console => Some(Role::Transcript),
            Language::Output { certain } => {
                let announced = certain || announces_output(&self.lead);
                match self.before {
                    Before::Nothing => None,
                    Before::Python if self.lead.is_empty() => Some(Role::Output { announced }),
                    // A second output only where the guide says so.
                    Before::Python | Before::Output => {
                        announced.then_some(Role::Output { announced })
                    }
                }
            }
            Language::Unknown => self.role_by_looks(text),
            Language::Other => None,
        };
        // Python with prompts is a transcript, whatever the guide calls it.
        let role = match role {
            Some(Role::Python) if code::is_transcript(text) => Some(Role::Transcript),
            role => role,
        };
        match role {
            Some(role) => self.block(role, place, text, attributes),
            None => {
                self.lead.clear();
                self.before = Before::Nothing;
            }
        }
    }

    /// A block whose role is settled. Blank lines around it are cut.
    pub(super) fn block(&mut self, role: Role, place: Place, text: &str, attributes: Vec<String>) {
        let (skipped, text) = trim_blank_lines(text);
        if text.is_empty() {
            return;
        }
        let lead = std::mem::take(&mut self.lead);
        self.before = match role {
            Role::Python | Role::Transcript => Before::Python,
            Role::Output { .. } => Before::Output,
        };
        self.blocks.push(Block {
            role,
            place: place.plus(skipped),
            text: dedent(text),
            heading: self.heading.clone(),
            lead,
            attributes,
            page: self.page,
        });
    }

    /// A paragraph that is an output, `Output: 42`, or the word and the output on
    /// the lines below it. `plain` text has no backticks to mark the output by.
    /// Whether it was one.
    pub(super) fn output_paragraph(&mut self, place: Place, raw: &str, plain: bool) -> bool {
        if self.before == Before::Nothing {
            return false;
        }
        let first = raw.lines().next().unwrap_or_default();
        let Some((label, rest)) = first.split_once([':', '：']) else {
            return false;
        };
        if !announces_output(label) {
            return false;
        }
        let marks: &[char] = if plain { &[] } else { &['*', '_', '\\'] };
        let rest = rest.trim_start_matches(marks).trim_matches([' ', '\t']);
        let unquoted = unquote(rest);
        if !rest.is_empty() {
            // "Result: the list is sorted" tells rather than shows.
            let announced = unquoted.len() < rest.len();
            if raw.lines().count() > 1 && !announced && !plain {
                return false;
            }
            let role = Role::Output { announced };
            let mut text = unquoted.to_owned();
            for line in raw.lines().skip(1) {
                text.push('\n');
                text.push_str(unquote(line));
            }
            self.lead = one_line(label);
            self.block(role, place, &text, Vec::new());
            return true;
        }
        let below: Vec<&str> = raw.lines().skip(1).map(unquote).collect();
        if below.is_empty() {
            return false;
        }
        self.lead = one_line(label);
        let role = Role::Output { announced: true };
        self.block(role, place.plus(1), &below.join("\n"), Vec::new());
        true
    }

    /// What was collected.
    pub(super) fn finish(self) -> (Vec<Block>, Vec<Finding>) {
        (self.blocks, self.findings)
    }

    fn role_by_looks(&self, text: &str) -> Option<Role> {
        if code::is_transcript(text) {
            return Some(Role::Transcript);
        }
        if code::looks_like_shell(text) {
            return None;
        }
        // "To have it print JSON, configure it like this:" announces a program.
        let announced = self.before != Before::Nothing
            && announces_output(&self.lead)
            && !code::begins_with_import(text);
        if announced {
            return Some(Role::Output { announced });
        }
        if code::reads_like_python(text) {
            return Some(Role::Python);
        }
        (self.before == Before::Python && self.lead.is_empty())
            .then_some(Role::Output { announced: false })
    }
}

/// A line without the backticks around it.
fn unquote(line: &str) -> &str {
    let line = line.trim_end();
    line.strip_prefix('`')
        .and_then(|rest| rest.strip_suffix('`'))
        .unwrap_or(line)
}

/// The text on one line, with single blanks.
pub(super) fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

/// Cuts blank lines at both ends; how many stood at the start, and the rest
/// without a newline at its end.
pub(super) fn trim_blank_lines(text: &str) -> (usize, &str) {
    let mut skipped = 0;
    let mut rest = text;
    while let Some(newline) = rest.find('\n') {
        if !rest[..newline].trim().is_empty() {
            break;
        }
        skipped += 1;
        rest = &rest[newline + 1..];
    }
    if rest.trim().is_empty() {
        return (skipped, "");
    }
    let end = rest.trim_end().len();
    // Blanks at the end of the last line belong to it.
    let line_end = rest[end..].find('\n').map_or(rest.len(), |at| end + at);
    (skipped, &rest[..line_end])
}

/// Cuts the blanks that all lines begin with.
pub(super) fn dedent(text: &str) -> String {
    let mut common: Option<&str> = None;
    for line in text.lines().filter(|line| !line.trim().is_empty()) {
        let blanks = &line[..line.len() - line.trim_start_matches([' ', '\t']).len()];
        let shared = common.map_or(blanks, |common| {
            let equal = common
                .bytes()
                .zip(blanks.bytes())
                .take_while(|(a, b)| a == b)
                .count();
            &common[..equal]
        });
        common = Some(shared);
        if shared.is_empty() {
            return text.to_owned();
        }
    }
    let Some(common) = common else {
        return text.to_owned();
    };
    let cut = |line: &str| {
        let blank = line.trim().is_empty();
        line.strip_prefix(common)
            .unwrap_or(if blank { "" } else { line })
            .to_owned()
    };
    text.split('\n').map(cut).collect::<Vec<_>>().join("\n")
}
