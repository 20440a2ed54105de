//! What extraction promises for any text whatever.

use std::path::Path;

use proptest::prelude::*;
use trueprint::document::{self, Format};
use trueprint::position::LineNumber;
use trueprint::snippet;
use trueprint::syntax::Syntax;

/// Pieces of which guides are made; put together at random they give what no
/// author writes.
const PIECES: &[&str] = &[
    "```python\n",
    "```\n",
    "~~~\n",
    "    ",
    "\t",
    ">>> ",
    "... ",
    "In [1]: ",
    "Out[1]: ",
    "# ",
    "x = 1",
    "print(x)",
    "def f():\n",
    "class A:\n",
    "return",
    "(",
    ")",
    "[",
    "]",
    "{",
    "}",
    "\"\"\"",
    "'",
    "\"",
    "\\",
    "\n",
    "\n\n",
    "prose words here",
    "Output:",
    "Output: 5",
    ".. code-block:: python\n",
    "::\n",
    ".. ",
    "===\n",
    "---\n",
    "----\n",
    "[source,python]\n",
    "<pre>",
    "</pre>",
    "<code>",
    "&lt;",
    "&#x0;",
    "<br>",
    "!!! note\n",
    "=== \"Tab\"\n",
    "- ",
    "1. ",
    "1 ",
    "2 ",
    "> ",
    "“",
    "’",
    "é",
    "日本",
    "\u{a0}",
    "\u{feff}",
    "\r\n",
    "\r",
    "\u{0c}",
    "# %%\n",
    "@",
    "if",
    ":",
    " ",
    "else:",
    "lambda",
    "*",
    "%magic",
    "!ls",
    "{\"cells\": [",
    "{\"cell_type\": \"code\", \"source\": \"",
    "\"}]}",
    "+",
    "<1>",
    "f\"{",
    "${",
    "\u{1b}[1m",
    "```{code-cell}\n",
    ":tags: x\n",
    "<!--",
    "-->",
    "$ ls",
    "async ",
    "await ",
    "match x:\n",
    "case 1:\n",
];

fn guide() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        8 => prop::sample::select(PIECES).prop_map(str::to_owned),
        1 => any::<String>(),
    ];
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

fn normal_lines(text: &str) -> Vec<String> {
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let text = text.replace("\r\n", "\n").replace('\r', "\n");
    text.split('\n').map(str::to_owned).collect()
}

/// Whether `part` is what is left of `whole` when its beginning and its end are
/// cut. Tabs count as the blanks that they stand for.
fn is_cut_from(part: &str, whole: &str) -> bool {
    let shown = |text: &str| text.replace('\t', "    ").trim().to_owned();
    whole.contains(part) || shown(whole).contains(&shown(part))
}

fn check(text: &str, format: Format) -> Result<(), TestCaseError> {
    let document = document::parse(Path::new("guide"), text, format);
    let lines = normal_lines(text);
    // Entities are decoded and notebooks are JSON: their lines are not the file's.
    let verbatim = !matches!(format, Format::Html | Format::Notebook) && !text.contains("<pre");
    if verbatim {
        for block in &document.blocks {
            for (number, line) in block.text.split('\n').enumerate() {
                let place = block.place.plus(number);
                let whole = lines.get(place.line.index()).map_or("", String::as_str);
                prop_assert!(
                    is_cut_from(line, whole) || format == Format::Python,
                    "line {} is {:?} and became {:?}",
                    place,
                    whole,
                    line
                );
            }
        }
    }
    let guide = snippet::from_document(&document);
    for (index, snippet) in guide.snippets.iter().enumerate() {
        prop_assert_eq!(
            snippet.code.split('\n').count(),
            snippet.text.split('\n').count()
        );
        prop_assert!(snippet.continues.iter().all(|before| *before < index));
        prop_assert!(snippet.continues.is_empty() || snippet.fragment.is_none());
        let syntax = Syntax::of(&snippet.code);
        let last = LineNumber::from_index(snippet.code.split('\n').count() - 1);
        for (own, statement) in syntax.statements.iter().enumerate() {
            prop_assert!(statement.lines.first <= statement.header.last);
            prop_assert!(statement.header.last <= statement.lines.last);
            prop_assert!(statement.lines.last <= last);
            prop_assert!(statement.parent.is_none_or(|parent| parent < own));
        }
    }
    let mut ids: Vec<_> = guide.snippets.iter().map(|snippet| &snippet.id).collect();
    ids.sort();
    ids.dedup();
    prop_assert_eq!(ids.len(), guide.snippets.len());
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_gives_its_own_lines(text in guide(), format in prop::sample::select(&Format::ALL[..])) {
        check(&text, format)?;
    }

    #[test]
    fn any_code_is_read(code in guide()) {
        let _ = Syntax::of(&code);
    }
}

/// Runs on the small stack of a test's thread: what is nested is no danger.
#[test]
fn nesting_overflows_no_stack() {
    let deep = 200_000;
    let chain = 9_000;
    let texts = [
        "(".repeat(deep),
        "[".repeat(150) + &"]".repeat(150),
        "-".repeat(deep) + "1",
        "-".repeat(chain) + "1",
        "not ".repeat(deep) + "x",
        "1+".repeat(deep) + "1",
        "1+".repeat(chain / 2) + "1",
        "x".to_owned() + &".y".repeat(chain / 2),
        "f".to_owned() + &"()".repeat(deep),
        "lambda: ".repeat(deep) + "1",
        "lambda a, b: ".repeat(chain / 8) + "1",
        "a if b else ".repeat(deep) + "1",
        "a if b else ".repeat(chain / 5) + "1",
        "2 ** ".repeat(chain / 3) + "1",
        "f\"{".repeat(deep),
        (0..90)
            .map(|level| " ".repeat(level) + "if x:\n")
            .collect::<String>()
            + &" ".repeat(90)
            + "y",
        (0..5_000)
            .map(|level| " ".repeat(level % 200) + "if x:\n")
            .collect(),
        "if x:\n y\n".to_owned() + &"elif x:\n y\n".repeat(20_000),
        "> ".repeat(5_000) + "```python\nx = 1\n",
        "- ".repeat(5_000) + "x",
        "match x:\n case ".to_owned() + &"[".repeat(deep),
        "x = [".to_owned() + &"1, ".repeat(deep) + "]",
        "```{note}\n".repeat(2_000),
        "<div>".repeat(deep) + "<pre>x = 1</pre>",
    ];
    for text in &texts {
        let _ = Syntax::of(text);
        for format in Format::ALL {
            let document = document::parse(Path::new("guide"), text, format);
            let _ = snippet::from_document(&document);
        }
    }
}
