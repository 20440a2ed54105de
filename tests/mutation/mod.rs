//! Texts made from real ones: pieces of them cut out, doubled, put elsewhere and
//! into each other, with odd characters between.
//!
//! Random characters are refused in the first line of anything that has a form.
//! What begins as a real text reaches the rest.

use std::fs;
use std::path::{Path, PathBuf};

use proptest::prelude::*;
use proptest::sample::Index;

/// What is put in between: characters that begin, end or break something
/// somewhere, and those that are counted wrongly.
const ODD: &[&str] = &[
    "\n",
    "\n\n",
    "\r",
    "\r\n",
    "\t",
    " ",
    "    ",
    "\u{0c}",
    "\u{0b}",
    "\0",
    "\u{1b}[2J",
    "\u{feff}",
    "\u{a0}",
    "\u{2028}",
    "\u{85}",
    "\u{ad}",
    "\u{202e}",
    "e\u{301}",
    "é",
    "日本",
    "😀",
    "ﬃ",
    "İ",
    "ß",
    "Σ",
    "“",
    "’",
    "…",
    "−",
    "٣",
    "\\",
    "\\\n",
    "'",
    "\"",
    "\"\"\"",
    "'''",
    "`",
    "```",
    "~~~",
    "````\n",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    "{{",
    "#",
    "# ",
    "#:",
    ":",
    ";",
    ",",
    ".",
    "...",
    "=",
    "==",
    "=>",
    "->",
    "→",
    "@",
    "*",
    "**",
    "$",
    "%",
    "%%",
    "!",
    "?",
    "&",
    "&amp;",
    "&#0;",
    "&#x110000;",
    "<",
    ">",
    "<!--",
    "-->",
    "<pre>",
    "</pre>",
    "<code>",
    "]]>",
    ">>> ",
    "... ",
    "In [1]: ",
    "Out[1]: ",
    "# %%\n",
    "::\n\n",
    ".. ",
    "----\n",
    "====\n",
    "+\n",
    "|",
    "-",
    "_",
    "~",
    "0",
    "1",
    "-1",
    "1e999",
    "0x",
    "1_000",
    "99999999999999999999999",
    "nan",
    "inf",
    "None",
    "True",
    "if x:\n",
    "else:\n",
    "def f():\n",
    "class A:\n",
    "return ",
    "yield ",
    "await ",
    "lambda: ",
    "f\"{",
    "rb'",
    "# noqa",
    "# raises ",
    "# Output:",
    "# => ",
    "# doctest: +SKIP",
    "Traceback (most recent call last):\n",
    "ValueError: ",
    "$ python x.py\n",
    "<BLANKLINE>\n",
    "{any}",
    "{int}",
    "{",
    "\"\"",
    "[[",
    "]]",
];

/// A change to a text.
#[derive(Clone, Debug)]
enum Edit {
    /// Puts something in.
    Insert(Index, String),
    /// Cuts so many characters out.
    Cut(Index, usize),
    /// Repeats so many characters, so many times.
    Repeat(Index, usize, usize),
    /// Moves a line to another place.
    Move(Index, Index),
    /// Indents so many lines by so many columns, or takes blanks from them.
    Indent(Index, usize, i8),
    /// Drops all that follows.
    Truncate(Index),
    /// Puts lines of another text in.
    Splice(Index, Index, Index, usize),
    /// Takes another character for one.
    Replace(Index, char),
}

fn edit() -> impl Strategy<Value = Edit> {
    let odd = || prop::sample::select(ODD).prop_map(str::to_owned);
    let at = any::<Index>;
    prop_oneof![
        6 => (at(), odd()).prop_map(|(at, text)| Edit::Insert(at, text)),
        1 => (at(), any::<String>()).prop_map(|(at, text)| Edit::Insert(at, text)),
        4 => (at(), 1..12_usize).prop_map(|(at, count)| Edit::Cut(at, count)),
        2 => (at(), 1..200_usize).prop_map(|(at, count)| Edit::Cut(at, count)),
        2 => (at(), 1..30_usize, 1..4_usize).prop_map(|(at, count, times)| Edit::Repeat(at, count, times)),
        3 => (at(), at()).prop_map(|(from, to)| Edit::Move(from, to)),
        3 => (at(), 1..6_usize, -5..6_i8).prop_map(|(at, lines, by)| Edit::Indent(at, lines, by)),
        1 => at().prop_map(Edit::Truncate),
        3 => (at(), at(), at(), 1..8_usize).prop_map(|(at, seed, line, count)| Edit::Splice(at, seed, line, count)),
        2 => (at(), any::<char>()).prop_map(|(at, char)| Edit::Replace(at, char)),
    ]
}

/// The nearest place before that does not part a character.
fn boundary(text: &str, at: usize) -> usize {
    text.floor_char_boundary(at)
}

fn apply(text: &mut String, edit: Edit, seeds: &[String]) {
    let place = |at: Index, text: &str| boundary(text, at.index(text.len() + 1));
    let from = |at: Index, text: &str, count: usize| {
        let start = place(at, text);
        start..boundary(text, start + count)
    };
    match edit {
        Edit::Insert(at, what) => text.insert_str(place(at, text), &what),
        Edit::Cut(at, count) => text.replace_range(from(at, text, count), ""),
        Edit::Repeat(at, count, times) => {
            let range = from(at, text, count);
            let again = text[range.clone()].repeat(times);
            text.insert_str(range.end, &again);
        }
        Edit::Truncate(at) => text.truncate(place(at, text)),
        Edit::Replace(at, other) => {
            let start = place(at, text);
            if let Some(char) = text[start..].chars().next() {
                let mut bytes = [0; 4];
                let other = other.encode_utf8(&mut bytes);
                text.replace_range(start..start + char.len_utf8(), other);
            }
        }
        Edit::Move(from, to) => change_lines(text, |lines| {
            let line = lines.remove(from.index(lines.len()));
            lines.insert(to.index(lines.len() + 1), line);
        }),
        Edit::Indent(at, count, by) => change_lines(text, |lines| {
            let first = at.index(lines.len());
            for line in lines.iter_mut().skip(first).take(count) {
                *line = indented(line, by);
            }
        }),
        Edit::Splice(at, seed, first, count) => change_lines(text, |lines| {
            let at = at.index(lines.len() + 1);
            let other: Vec<&str> = seed.get(seeds).split('\n').collect();
            let first = first.index(other.len());
            let piece = other.into_iter().skip(first).take(count).map(str::to_owned);
            lines.splice(at..at, piece);
        }),
    }
}

fn change_lines(text: &mut String, change: impl FnOnce(&mut Vec<String>)) {
    let mut lines: Vec<String> = text.split('\n').map(str::to_owned).collect();
    change(&mut lines);
    *text = lines.join("\n");
}

fn indented(line: &str, by: i8) -> String {
    let columns = usize::from(by.unsigned_abs());
    if by >= 0 {
        " ".repeat(columns) + line
    } else {
        let blanks = line.len() - line.trim_start_matches(' ').len();
        line[blanks.min(columns)..].to_owned()
    }
}

/// Up to so many neighbouring lines of a seed, with up to eight changes.
pub fn mutated(seeds: Vec<String>, most_lines: usize) -> impl Strategy<Value = String> {
    assert!(!seeds.is_empty(), "there is something to begin with");
    let begin = (any::<Index>(), any::<Index>(), 1..=most_lines);
    (begin, prop::collection::vec(edit(), 0..8)).prop_map(move |((seed, first, count), edits)| {
        let lines: Vec<&str> = seed.get(&seeds).split('\n').collect();
        // Half of the windows begin where the text does.
        let first = first.index(2 * lines.len()).saturating_sub(lines.len());
        let end = (first + count).min(lines.len());
        let mut text = lines[first..end].join("\n");
        for edit in edits {
            apply(&mut text, edit, &seeds);
        }
        text
    })
}

/// All texts at and below a folder of this project whose names end so, in order.
pub fn texts_in(folder: &str, ending: &str) -> Vec<String> {
    let mut paths = Vec::new();
    collect(
        &Path::new(env!("CARGO_MANIFEST_DIR")).join(folder),
        &mut paths,
    );
    paths.retain(|path| path.to_string_lossy().ends_with(ending));
    paths.sort();
    let read = |path| fs::read_to_string(path).expect("a seed is text");
    paths.into_iter().map(read).collect()
}

fn collect(folder: &Path, paths: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("the folder of seeds") {
        let path = entry.expect("a seed").path();
        if path.is_dir() {
            collect(&path, paths);
        } else {
            paths.push(path);
        }
    }
}
