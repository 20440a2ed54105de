//! Extraction held against guides that are not in this repository.
//!
//! `TRUEPRINT_CORPUS` names a folder with `acceptance/` (a guide without fences
//! and the lines of its snippets) and `corpus/` (guides, and the same guides
//! without their mark-up). Without it the tests are reported as skipped.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use libtest_mimic::{Arguments, Failed, Trial};
use trueprint::{document, snippet};

fn main() {
    let arguments = Arguments::from_args();
    let corpus = std::env::var_os("TRUEPRINT_CORPUS").map(PathBuf::from);
    let skipped = corpus.is_none();
    let corpus = corpus.unwrap_or_default();
    let trials = vec![
        Trial::test("the acceptance guide's snippets", {
            let corpus = corpus.clone();
            move || acceptance(&corpus)
        })
        .with_ignored_flag(skipped),
        Trial::test("guides without mark-up give the same snippets", move || {
            without_markup(&corpus)
        })
        .with_ignored_flag(skipped),
    ];
    libtest_mimic::run(&arguments, trials).exit();
}

fn spans(path: &Path) -> Vec<(u32, u32, snippet::Snippet)> {
    let document = document::read(path, None).expect("the guide can be read");
    snippet::from_document(&document)
        .snippets
        .into_iter()
        .map(|snippet| {
            let (first, last) = (snippet.place.line.get(), snippet.last_place().line.get());
            (first, last, snippet)
        })
        .collect()
}

fn acceptance(corpus: &Path) -> Result<(), Failed> {
    let folder = corpus.join("acceptance");
    let claims = std::fs::read_to_string(folder.join("claims.toml")).map_err(|e| e.to_string())?;
    let claims: toml::Table = claims.parse().map_err(|e: toml::de::Error| e.to_string())?;
    let expected: Vec<(u32, u32)> = claims["guide"]["first_line_last_line"]
        .as_array()
        .expect("a list of spans")
        .iter()
        .map(|span| {
            let line = |index: usize| {
                let line = span[index].as_integer().expect("a line");
                u32::try_from(line).expect("a line")
            };
            (line(0), line(1))
        })
        .collect();
    let found: Vec<(u32, u32)> = spans(&folder.join("python-interview-questions.txt"))
        .into_iter()
        .map(|(first, last, _)| (first, last))
        .collect();
    if expected == found {
        Ok(())
    } else {
        Err(format!("expected {expected:?}\nfound    {found:?}").into())
    }
}

/// A snippet's first and last line without comments and blanks at its edges.
fn inner_span(first: u32, snippet: &snippet::Snippet) -> (u32, u32) {
    let lines: Vec<&str> = snippet.text.lines().collect();
    let code = |line: &&str| !line.trim().is_empty() && !line.trim_start().starts_with('#');
    let start = lines.iter().position(code).unwrap_or(0);
    let end = lines.iter().rposition(code).unwrap_or(0);
    let line = |index: usize| first + u32::try_from(index).expect("a line");
    (line(start), line(end))
}

fn without_markup(corpus: &Path) -> Result<(), Failed> {
    let corpus = corpus.join("corpus");
    let mut plain = Vec::new();
    collect(&corpus.join("plain"), &mut plain);
    let (mut all, mut same) = (0, 0);
    let mut lost = Vec::new();
    for path in plain {
        let relative = path.strip_prefix(corpus.join("plain")).expect("inside");
        let original = corpus.join("guides").join(relative.with_extension(""));
        let found: BTreeSet<(u32, u32)> = spans(&path)
            .iter()
            .map(|(first, _, snippet)| inner_span(*first, snippet))
            .collect();
        for (first, _, snippet) in spans(&original) {
            let span = inner_span(first, &snippet);
            all += 1;
            if found.contains(&span) {
                same += 1;
            } else {
                let near: Vec<_> = found
                    .iter()
                    .filter(|other| other.0 <= span.1 && other.1 >= span.0)
                    .collect();
                lost.push(format!("{}: {span:?}, found {near:?}", relative.display()));
            }
        }
    }
    println!("{same} of {all} snippets are found with the same lines");
    if same * 100 >= all * 95 {
        for line in lost {
            println!("{line}");
        }
        Ok(())
    } else {
        Err(lost.join("\n").into())
    }
}

fn collect(folder: &Path, paths: &mut Vec<PathBuf>) {
    let entries = std::fs::read_dir(folder).expect("the folder can be read");
    for entry in entries {
        let path = entry.expect("an entry can be read").path();
        if path.is_dir() {
            collect(&path, paths);
        } else {
            paths.push(path);
        }
    }
    paths.sort();
}
