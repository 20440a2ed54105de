//! What extraction promises for any text whatever.

use std::path::Path;

use proptest::prelude::*;
use proptest::strategy::{BoxedStrategy, ValueTree};
use proptest::test_runner::TestRunner;
use trueprint::claim;
use trueprint::document::{self, Format};
use trueprint::plan::{self, Defaults};
use trueprint::position::LineNumber;
use trueprint::snippet;
use trueprint::syntax::Syntax;

mod mutation;

use mutation::{mutated, texts_in};

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

fn any_order() -> impl Strategy<Value = String> {
    let piece = prop_oneof![
        8 => prop::sample::select(PIECES).prop_map(str::to_owned),
        1 => any::<String>(),
    ];
    prop::collection::vec(piece, 0..40).prop_map(|pieces| pieces.concat())
}

/// Real texts of a format.
fn seeds(format: Format) -> Vec<String> {
    let cases =
        |folder: &str, ending: &str| texts_in(&format!("tests/extraction/cases/{folder}"), ending);
    match format {
        Format::Markdown => [cases("markdown", ".md"), texts_in("guide", ".md")].concat(),
        Format::PlainText => cases("text", ".txt"),
        Format::ReStructuredText => cases("rst", ".rst"),
        Format::Notebook => cases("notebook", ".ipynb"),
        Format::AsciiDoc => cases("asciidoc", ".adoc"),
        Format::Html => cases("html", ".html"),
        Format::Python => [cases("python", ".py"), texts_in("examples_py", ".py")].concat(),
    }
}

/// Cells of a notebook that is one as JSON, whatever stands in them.
fn notebook() -> impl Strategy<Value = String> {
    let text = || {
        prop_oneof![
            mutated(seeds(Format::Markdown), 20),
            mutated(seeds(Format::Python), 20)
        ]
    };
    let kind = prop::sample::select(vec!["code", "code", "code", "markdown", "raw", "other"]);
    let source = prop_oneof![
        30 => text().prop_map(serde_json::Value::from),
        20 => text().prop_map(|text| text.split_inclusive('\n').collect()),
        10 => prop::collection::vec(text(), 0..3).prop_map(serde_json::Value::from),
        1 => prop::sample::select(vec!["null", "5", "{}", "[[]]", "[\"x = 1\", 5]"])
            .prop_map(|odd| serde_json::from_str(odd).expect("it is JSON")),
    ];
    let output_type = prop::sample::select(vec![
        "stream",
        "execute_result",
        "display_data",
        "error",
        "x",
    ]);
    let output = (output_type, source.clone(), text()).prop_map(|(output_type, lines, text)| {
        serde_json::json!({
            "output_type": output_type, "name": "stdout", "text": lines, "data": {"text/plain": lines},
            "ename": "ValueError", "evalue": text, "traceback": [],
        })
    });
    let cell = (kind, source, prop::collection::vec(output, 0..3));
    prop::collection::vec(cell, 1..5).prop_map(|cells| {
        let cells: Vec<_> = cells
            .into_iter()
            .map(|(kind, source, outputs)| {
                serde_json::json!({"cell_type": kind, "source": source, "outputs": outputs, "metadata": {}})
            })
            .collect();
        serde_json::json!({"cells": cells, "metadata": {}, "nbformat": 4}).to_string()
    })
}

/// Guides of a format: real ones changed, code and prose of others framed as this
/// one frames it, and pieces in any order.
fn guide(format: Format) -> BoxedStrategy<String> {
    let own = || mutated(seeds(format), 60);
    match format {
        Format::Notebook => prop_oneof![8 => notebook(), 1 => own(), 1 => any_order()].boxed(),
        Format::Markdown
        | Format::PlainText
        | Format::ReStructuredText
        | Format::AsciiDoc
        | Format::Html
        | Format::Python => {
            let framed = (
                mutated(seeds(Format::Python), 20),
                mutated(seeds(Format::PlainText), 10),
                own(),
            )
                .prop_map(move |(code, prose, rest)| framed(format, &code, &prose) + &rest);
            prop_oneof![5 => own(), 3 => framed, 2 => any_order()].boxed()
        }
    }
}

fn framed(format: Format, code: &str, prose: &str) -> String {
    let indented = || code.replace('\n', "\n    ");
    match format {
        Format::Markdown => format!("{prose}\n\n```python\n{code}\n```\n\n"),
        Format::PlainText => format!("{prose}\n\n    {}\n\n", indented()),
        Format::ReStructuredText => {
            format!(
                "{prose}\n\n.. code-block:: python\n\n    {}\n\n",
                indented()
            )
        }
        Format::AsciiDoc => format!("{prose}\n\n[source,python]\n----\n{code}\n----\n\n"),
        Format::Html => format!("<p>{prose}</p><pre><code class=\"python\">{code}</code></pre>"),
        Format::Notebook | Format::Python => {
            format!("# %%\n{code}\n# %% [markdown]\n{prose}\n# %%\n")
        }
    }
}

fn any_guide() -> impl Strategy<Value = (Format, String)> {
    let guides = Format::ALL.map(|format| {
        (
            1,
            guide(format).prop_map(move |text| (format, text)).boxed(),
        )
    });
    prop::strategy::Union::new_weighted(guides.to_vec())
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
    let claims: Vec<_> = guide.snippets.iter().map(claim::read).collect();
    for (snippet, claims) in guide.snippets.iter().zip(&claims) {
        for claim in claims {
            prop_assert!(claim.place >= snippet.place && claim.place <= claim.last_place);
            prop_assert!(claim.last_place <= snippet.last_place() || !snippet.outputs.is_empty());
        }
    }
    let plan = plan::plan(&guide, &claims, None, Defaults::default());
    let planned: usize = plan.tasks.iter().map(|task| task.task.units.len()).sum();
    prop_assert!(planned + plan.left_out.len() >= guide.snippets.len());
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_text_gives_its_own_lines((format, text) in any_guide()) {
        check(&text, format)?;
    }

    #[test]
    fn any_text_can_be_read_as_any_format(
        text in any_guide().prop_map(|(_, text)| text),
        format in prop::sample::select(&Format::ALL[..]),
    ) {
        check(&text, format)?;
    }

    #[test]
    fn any_code_is_read(code in prop_oneof![any_order(), mutated(seeds(Format::Python), 40)]) {
        let _ = Syntax::of(&code);
    }
}

/// What is refused at its beginning tells nothing of what comes behind: most of
/// the guides that are made must have snippets, and many of these must claim.
#[test]
fn the_guides_that_are_made_are_worth_reading() {
    let mut runner = TestRunner::deterministic();
    for format in Format::ALL {
        let guides = guide(format);
        let (mut with_snippets, mut with_claims) = (0, 0);
        for _ in 0..100 {
            let text = guides.new_tree(&mut runner).expect("a guide").current();
            let document = document::parse(Path::new("guide"), &text, format);
            let found = snippet::from_document(&document).snippets;
            with_snippets += usize::from(!found.is_empty());
            with_claims +=
                usize::from(found.iter().any(|snippet| !claim::read(snippet).is_empty()));
        }
        assert!(
            with_snippets > 50,
            "{}: {with_snippets} of 100 have snippets",
            format.name()
        );
        assert!(
            with_claims > 20,
            "{}: {with_claims} of 100 have claims",
            format.name()
        );
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
