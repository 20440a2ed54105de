//! What the documents say is what happens: their examples get the verdicts that
//! they are shown for, and their commands print what is shown below them.

use std::path::Path;
use std::process::Command;

use serde_json::Value;

const TRUEPRINT: &str = env!("CARGO_BIN_EXE_trueprint");

/// An example of `docs/claims.md`, with the verdict that stands above it.
struct Example {
    verdict: String,
    first_line: u64,
    last_line: u64,
}

fn examples(text: &str) -> Vec<Example> {
    let lines: Vec<&str> = text.lines().collect();
    let mut examples = Vec::new();
    for (index, line) in lines.iter().enumerate() {
        let Some(verdict) = line
            .strip_prefix("<!-- verdict: ")
            .and_then(|rest| rest.strip_suffix(" -->"))
        else {
            continue;
        };
        let length = lines[index + 2..]
            .iter()
            .position(|line| *line == "```")
            .expect("the fence ends");
        examples.push(Example {
            verdict: verdict.to_owned(),
            first_line: index as u64 + 3,
            last_line: (index + 2 + length) as u64,
        });
    }
    examples
}

#[test]
fn examples_of_claims_get_the_verdicts_they_are_shown_for() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let path = root.join("docs/claims.md");
    let text = std::fs::read_to_string(&path).expect("docs/claims.md can be read");
    let output = Command::new(TRUEPRINT)
        .args(["check", "--no-config", "--format", "json"])
        .arg(&path)
        .output()
        .expect("trueprint can be started");
    let report: Value = serde_json::from_slice(&output.stdout).expect("the report is JSON");
    let snippets = report["guides"][0]["snippets"]
        .as_array()
        .expect("there are snippets");
    let examples = examples(&text);
    assert!(examples.len() > 10, "only {} examples", examples.len());
    let mut faults = Vec::new();
    for example in examples {
        let Some(snippet) = snippets
            .iter()
            .find(|snippet| snippet["line"] == example.first_line)
        else {
            faults.push(format!(
                "line {}: no snippet begins there",
                example.first_line
            ));
            continue;
        };
        let claims = snippet["claims"].as_array().expect("a list of claims");
        if example.verdict == "prose" {
            let prose = snippet["prose"].as_array().expect("a list of prose");
            if !claims.is_empty() || prose.is_empty() {
                faults.push(format!("line {}: {claims:?} {prose:?}", example.first_line));
            }
            continue;
        }
        if claims.is_empty() {
            faults.push(format!("line {}: it claims nothing", example.first_line));
        }
        for claim in claims {
            if claim["verdict"] != Value::from(example.verdict.as_str()) {
                faults.push(format!("not {}: {claim}", example.verdict));
            }
        }
        for line in example.first_line..=example.last_line {
            let source = text.lines().nth(line as usize - 1).unwrap_or_default();
            let is_marked = source.contains("  # ") || source.starts_with("# ");
            let is_claimed = claims.iter().any(|claim| {
                let first = claim["line"].as_u64().unwrap_or_default();
                first == line
                    || (first < line && source.starts_with("# "))
                    || (first == line + 1 && source.starts_with("# "))
            });
            if is_marked && !is_claimed {
                faults.push(format!("line {line}: nothing was claimed by `{source}`"));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}
