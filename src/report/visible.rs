//! Text from guides and snippets made safe and visible for a terminal.
//!
//! Control characters, bidirectional overrides and invisible format characters
//! are written as Python would escape them, so that nothing that a snippet
//! prints can move the cursor, change a colour or hide behind a look-alike.

use unicode_width::UnicodeWidthChar;

/// The most columns of one line that are shown.
const WIDEST_LINE: usize = 160;

/// A line of source: tabs become blanks up to the next multiple of four,
/// everything else that cannot be seen is escaped.
pub fn source(line: &str) -> String {
    let mut shown = String::with_capacity(line.len());
    let mut column = 0;
    for character in line.chars() {
        if character == '\t' {
            let blanks = 4 - column % 4;
            shown.extend(std::iter::repeat_n(' ', blanks));
            column += blanks;
        } else {
            let start = shown.len();
            push(&mut shown, character);
            column += width(&shown[start..]);
        }
    }
    shown
}

/// A line of output or of prose: tabs too are escaped, since they can be what
/// differs.
pub fn text(line: &str) -> String {
    let mut shown = String::with_capacity(line.len());
    for character in line.chars() {
        push(&mut shown, character);
    }
    shown
}

/// [`text`], with the middle left out where the line is very long.
pub fn shortened(line: &str) -> String {
    cut_middle(&text(line), WIDEST_LINE)
}

/// [`source`], with the end left out where the line is very long.
pub fn shortened_source(line: &str) -> String {
    cut_middle(&source(line), WIDEST_LINE)
}

/// The text on one line: line ends become `⏎`.
pub fn one_line(several: &str, columns: usize) -> String {
    let lines: Vec<String> = several.lines().map(text).collect();
    cut_middle(&lines.join(" ⏎ "), columns)
}

/// How many columns a visible text takes.
pub fn width(visible: &str) -> usize {
    unicode_width::UnicodeWidthStr::width(visible)
}

/// The text with its middle left out, and said so, where it is wider than
/// `columns`.
pub fn cut_middle(visible: &str, columns: usize) -> String {
    if width(visible) <= columns {
        return visible.to_owned();
    }
    let half = columns.saturating_sub(30).max(20) / 2;
    let head: String = take_columns(visible.chars(), half).collect();
    let tail: Vec<char> = take_columns(visible.chars().rev(), half).collect();
    let tail: String = tail.into_iter().rev().collect();
    let left_out = visible.chars().count() - head.chars().count() - tail.chars().count();
    if left_out == 0 {
        return visible.to_owned();
    }
    format!("{head} […{left_out} characters…] {tail}")
}

fn take_columns(
    characters: impl Iterator<Item = char>,
    columns: usize,
) -> impl Iterator<Item = char> {
    let mut used = 0;
    characters.take_while(move |character| {
        used += character.width().unwrap_or(0);
        used <= columns
    })
}

fn push(shown: &mut String, character: char) {
    match character {
        '\t' => shown.push_str("\\t"),
        '\r' => shown.push_str("\\r"),
        '\n' => shown.push_str("\\n"),
        _ if is_hidden(character) => {
            let code = u32::from(character);
            let escaped = if code <= 0xff {
                format!("\\x{code:02x}")
            } else if code <= 0xffff {
                format!("\\u{code:04x}")
            } else {
                format!("\\U{code:08x}")
            };
            shown.push_str(&escaped);
        }
        _ => shown.push(character),
    }
}

/// Control characters, and format characters that change how text around them
/// is laid out or that show as nothing. The joiners U+200C and U+200D stay:
/// scripts and emoji need them.
fn is_hidden(character: char) -> bool {
    character.is_control()
        || matches!(
            character,
            '\u{ad}'
                | '\u{61c}'
                | '\u{180e}'
                | '\u{200b}'
                | '\u{200e}'
                | '\u{200f}'
                | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}'
                | '\u{feff}'
                | '\u{fff9}'..='\u{fffb}'
                | '\u{e0000}'..='\u{e007f}'
        )
}
