//! Guides and the snippets that are found in them.
//!
//! A case is a guide in `tests/extraction/cases/<format>/`; what must be found
//! lies beside it, in a file with `.snippets` at the end of its name. With
//! `TRUEPRINT_ACCEPT=1` the expected files are written anew; a missing one is
//! written, and fails.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use libtest_mimic::{Arguments, Failed, Trial};
use trueprint::{document, snippet};

fn main() {
    let arguments = Arguments::from_args();
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/extraction/cases");
    let mut cases = Vec::new();
    collect(&root, &mut cases);
    cases.sort();
    let trials = cases
        .into_iter()
        .map(|case| {
            let name = case.strip_prefix(&root).unwrap_or(&case);
            Trial::test(name.display().to_string(), {
                let name = name.to_owned();
                move || check(&case, &name)
            })
        })
        .collect();
    libtest_mimic::run(&arguments, trials).exit();
}

fn collect(folder: &Path, cases: &mut Vec<PathBuf>) {
    let entries = std::fs::read_dir(folder).expect("the folder of cases can be read");
    for entry in entries {
        let path = entry.expect("an entry can be read").path();
        if path.is_dir() {
            collect(&path, cases);
        } else if path
            .extension()
            .is_none_or(|extension| extension != "snippets")
        {
            cases.push(path);
        }
    }
}

fn check(case: &Path, name: &Path) -> Result<(), Failed> {
    let document = document::read(case, None).map_err(|error| error.to_string())?;
    let document = document::Document {
        path: name.to_owned(),
        ..document
    };
    let found = describe(&snippet::from_document(&document));
    let mut expected_path = case.as_os_str().to_owned();
    expected_path.push(".snippets");
    let expected_path = PathBuf::from(expected_path);
    let accept = std::env::var_os("TRUEPRINT_ACCEPT").is_some();
    if accept || !expected_path.exists() {
        std::fs::write(&expected_path, &found).map_err(|error| error.to_string())?;
        return if accept {
            Ok(())
        } else {
            Err("nothing was expected yet: what was found is written down now, read it".into())
        };
    }
    let expected = std::fs::read_to_string(&expected_path).map_err(|error| error.to_string())?;
    if expected == found {
        return Ok(());
    }
    let difference = similar::TextDiff::from_lines(&expected, &found)
        .unified_diff()
        .header("expected", "found")
        .to_string();
    Err(difference.into())
}

/// The snippets as a person reads them.
fn describe(guide: &snippet::Guide) -> String {
    let mut text = String::new();
    for snippet in &guide.snippets {
        let _ = writeln!(
            text,
            "== {} {}-{} {:?}",
            snippet.id,
            snippet.place,
            snippet.last_place(),
            snippet.mode
        );
        if !snippet.lead.is_empty() {
            let _ = writeln!(text, "lead: {}", snippet.lead);
        }
        if !snippet.attributes.is_empty() {
            let _ = writeln!(text, "attributes: {}", snippet.attributes.join(" | "));
        }
        if !snippet.continues.is_empty() {
            let ids: Vec<&str> = snippet
                .continues
                .iter()
                .map(|index| guide.snippets[*index].id.as_str())
                .collect();
            let _ = writeln!(text, "continues: {}", ids.join(", "));
        }
        if !snippet.undefined.is_empty() {
            let _ = writeln!(text, "undefined: {}", snippet.undefined.join(", "));
        }
        if let Some(why) = snippet.why_fragment() {
            let _ = writeln!(text, "fragment: {why}");
        }
        if let Some(error) = &snippet.announced_error {
            let _ = writeln!(text, "announced: {error}");
        }
        block(&mut text, "|", &snippet.text);
        if snippet.code != snippet.text {
            let _ = writeln!(text, "code:");
            block(&mut text, "|", &snippet.code);
        }
        if !snippet.commands.is_empty() {
            let lines: Vec<String> = snippet
                .commands
                .iter()
                .map(|line| snippet.place_of(*line).to_string())
                .collect();
            let _ = writeln!(text, "commands at {}", lines.join(", "));
        }
        for output in &snippet.outputs {
            let _ = write!(text, "output at {}", output.place);
            if !output.announced {
                let _ = write!(text, ", perhaps");
            }
            if let Some(span) = output.statement {
                let _ = write!(text, ", of lines {}-{}", span.first, span.last);
            }
            if !output.options.is_empty() {
                let _ = write!(text, ", {}", output.options.join(" "));
            }
            let _ = writeln!(text, ":");
            block(&mut text, ">", &output.text);
        }
    }
    for finding in &guide.findings {
        let _ = writeln!(text, "!! {}: {}", finding.place, finding.message);
    }
    text
}

fn block(into: &mut String, mark: &str, text: &str) {
    for line in text.split('\n') {
        let _ = writeln!(into, "{}", format!("{mark} {line}").trim_end());
    }
}
