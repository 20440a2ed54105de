//! What the documents say is what happens: their examples get the verdicts that
//! they are shown for, and their commands print what is shown below them.

use std::path::{Path, PathBuf};
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
            if claim["verdict"] != example.verdict.as_str() {
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

/// An example of `docs/expectations.md`.
struct Entry {
    /// What is said of it.
    said: String,
    line: usize,
    guide: String,
    expectations: String,
}

fn entries(text: &str) -> Vec<Entry> {
    let mut entries = Vec::new();
    let mut lines = text.lines().enumerate();
    while let Some((index, line)) = lines.next() {
        let said = line
            .strip_prefix("<!-- ")
            .and_then(|rest| rest.strip_suffix(" -->"));
        let Some(said) = said else { continue };
        let mut fence = || {
            let (_, opening) = lines
                .find(|(_, line)| !line.is_empty())
                .expect("an example goes on");
            let end = &opening[..opening.len() - opening.trim_start_matches('`').len()];
            assert!(end.len() > 2, "no fence follows line {}", index + 1);
            let body: Vec<&str> = lines
                .by_ref()
                .map(|(_, line)| line)
                .take_while(|line| *line != end)
                .collect();
            (opening, body.join("\n"))
        };
        let guide = match fence() {
            (opening, code) if opening.ends_with("python") => {
                format!("# Example\n\n```python\n{code}\n```\n")
            }
            (_, guide) => guide,
        };
        let (_, entry) = fence();
        let expectations = if entry.starts_with("guide = ") {
            entry
        } else {
            format!("guide = \"guide.md\"\n\n[[snippet]]\nid = \"example\"\n{entry}")
        };
        entries.push(Entry {
            said: said.to_owned(),
            line: index + 1,
            guide,
            expectations,
        });
    }
    entries
}

/// What is wrong with an example, if anything is.
fn fault(entry: &Entry, folder: &Path) -> Option<String> {
    std::fs::write(folder.join("guide.md"), &entry.guide).expect("the guide can be written");
    std::fs::write(folder.join("expectations.toml"), &entry.expectations)
        .expect("the expectations can be written");
    let run = |more: &[&str]| {
        let output = Command::new(TRUEPRINT)
            .args(["check", "guide.md", "--no-config", "--color=never", "-v"])
            .args(more)
            .current_dir(folder)
            .output()
            .expect("trueprint can be started");
        let mut text = String::from_utf8_lossy(&output.stdout).into_owned();
        text.push_str(&String::from_utf8_lossy(&output.stderr));
        (output.status.code(), text)
    };
    let (status, text) = run(&["--expectations", "expectations.toml"]);
    let (kind, words) = entry.said.split_once(": ").unwrap_or((&entry.said, ""));
    let is_so = match kind {
        "tolerated" => status == Some(0) && text.contains(" tolerated ") && run(&[]).0 == Some(1),
        "green" => status == Some(0) && text.contains("Everything holds"),
        "skipped" => status == Some(0) && text.contains(&format!("skipped: {words}")),
        "error" => matches!(status, Some(1 | 2)) && text.contains(words),
        other => panic!("`{other}` is not what an example can be"),
    };
    (!is_so).then(|| {
        format!(
            "line {}: not {}: {status:?}\n{text}",
            entry.line, entry.said
        )
    })
}

#[test]
fn examples_of_expectations_do_what_is_said() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/expectations.md");
    let text = std::fs::read_to_string(&path).expect("docs/expectations.md can be read");
    let entries = entries(&text);
    assert!(entries.len() > 15, "only {} examples", entries.len());
    let folder = tempfile::tempdir().expect("a folder can be made");
    let faults: Vec<String> = entries
        .iter()
        .filter_map(|entry| fault(entry, folder.path()))
        .collect();
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// Every command whose output README shows, held against what it prints now.
/// `TRUEPRINT_ACCEPT=1` writes what it prints into README.
#[test]
fn readme_shows_what_the_commands_print() {
    let root = PathBuf::from(env!("CARGO_MANIFEST_DIR"));
    let path = root.join("README.md");
    let text = std::fs::read_to_string(&path).expect("README.md can be read");
    let folder = tempfile::tempdir().expect("a folder can be made");
    let mut rewritten: Vec<String> = Vec::new();
    let mut faults = Vec::new();
    let mut shown = 0;
    let mut lines = text.lines();
    while let Some(line) = lines.next() {
        rewritten.push(line.to_owned());
        let guide = marked(line, "guide");
        let part = marked(line, "part of the output of");
        let command = marked(line, "output of").or(part);
        if guide.is_none() && command.is_none() {
            continue;
        }
        let opening = lines.next().expect("a fence follows the mark");
        let fence = &opening[..opening.len() - opening.trim_start_matches('`').len()];
        let body: Vec<&str> = lines.by_ref().take_while(|line| *line != fence).collect();
        rewritten.push(opening.to_owned());
        if let Some(name) = guide {
            std::fs::write(folder.path().join(name), format!("{}\n", body.join("\n")))
                .expect("the guide can be written");
            rewritten.extend(body.iter().map(|line| (*line).to_owned()));
        }
        if let Some(command) = command {
            shown += 1;
            let arguments: Vec<&str> = command.split_whitespace().skip(1).collect();
            if let Some(missing) = arguments
                .windows(2)
                .filter(|pair| pair[0] == "--python")
                .map(|pair| pair[1])
                .find(|version| !is_installed(version))
            {
                eprintln!("skipped: `{command}`: there is no Python {missing} here");
                rewritten.extend(body.iter().map(|line| (*line).to_owned()));
            } else {
                let at = if arguments.contains(&"--no-config") {
                    folder.path()
                } else {
                    &root
                };
                let printed = printed(&arguments, at);
                let as_shown = if part.is_some() {
                    has_parts(&settled(&printed), &body)
                } else {
                    settled(&printed) == settled(&body.join("\n"))
                };
                if !as_shown {
                    faults.push(format!("`{command}` prints now:\n{printed}"));
                }
                if part.is_some() {
                    rewritten.extend(body.iter().map(|line| (*line).to_owned()));
                } else {
                    rewritten.extend(printed.lines().map(str::to_owned));
                }
            }
        }
        rewritten.push(fence.to_owned());
    }
    assert!(shown > 2, "README shows only {shown} outputs");
    if std::env::var_os("TRUEPRINT_ACCEPT").is_some() {
        std::fs::write(&path, format!("{}\n", rewritten.join("\n")))
            .expect("README can be written");
        return;
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// Whether what is printed has the parts that are shown, in their order, with what
/// `…` stands for between them.
fn has_parts(printed: &[String], shown: &[&str]) -> bool {
    let mut rest = printed;
    shown.split(|line| line.trim() == "…").all(|part| {
        let part = settled(&part.join("\n"));
        let found = rest
            .windows(part.len().max(1))
            .position(|lines| lines == part);
        if let Some(at) = found {
            rest = &rest[at + part.len()..];
        }
        found.is_some() || part.is_empty()
    })
}

/// Every test that `docs/security.md` names for a promise is there: a file, or
/// `FILE::NAME` for what a file calls so.
#[test]
fn promises_of_security_name_tests_that_exist() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(root.join("docs/security.md"))
        .expect("docs/security.md can be read");
    let rows = text
        .lines()
        .skip_while(|line| !line.starts_with("| promise "))
        .skip(2)
        .take_while(|line| line.starts_with('|'));
    let mut promises = 0;
    let mut faults = Vec::new();
    for row in rows {
        promises += 1;
        let named: Vec<&str> = row
            .split('`')
            .filter(|test| test.starts_with("tests/"))
            .collect();
        if named.is_empty() {
            faults.push(format!("no test is named: {row}"));
        }
        for test in named {
            let (file, name) = test.split_once("::").unwrap_or((test, ""));
            let found =
                std::fs::read_to_string(root.join(file)).is_ok_and(|text| text.contains(name));
            if !found {
                faults.push(format!("there is no {test}"));
            }
        }
    }
    assert!(promises > 10, "only {promises} promises");
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

fn marked<'a>(line: &'a str, mark: &str) -> Option<&'a str> {
    line.strip_prefix("<!-- ")?
        .strip_prefix(mark)?
        .strip_prefix(": ")?
        .strip_suffix(" -->")
}

fn is_installed(version: &str) -> bool {
    let output = Command::new(TRUEPRINT)
        .args(["pythons", "--format", "json"])
        .output()
        .expect("trueprint can be started");
    let listed: Value = serde_json::from_slice(&output.stdout).expect("the list is JSON");
    let pythons = listed["pythons"].as_array().expect("a list");
    pythons.iter().any(|python| {
        python["version"]
            .as_str()
            .is_some_and(|found| found.starts_with(&format!("{version}.")))
    })
}

fn printed(arguments: &[&str], at: &Path) -> String {
    let at_home = tempfile::tempdir().expect("a folder can be made");
    let output = Command::new(TRUEPRINT)
        .args(arguments)
        .arg("--color=never")
        .env("XDG_CACHE_HOME", at_home.path())
        .current_dir(at)
        .output()
        .expect("trueprint can be started");
    let text = String::from_utf8(output.stdout).expect("reports are UTF-8");
    let lines: Vec<String> = text.trim_end().lines().map(without_place).collect();
    lines.join("\n")
}

/// The line that names the interpreter, without where it lies on this machine.
fn without_place(line: &str) -> String {
    match line.split_once(" (/") {
        Some((before, after)) if line.starts_with("Python ") => {
            let (place, rest) = after.split_once(')').expect("the parenthesis is closed");
            let name = place.rsplit_once("/bin/").map_or(place, |(_, name)| name);
            format!("{before} (…/bin/{name}){rest}")
        }
        Some(_) | None => line.to_owned(),
    }
}

/// What must be the same from run to run and from one machine to the next:
/// without numbers, the interpreter's name, and what depends on which modules are
/// installed.
fn settled(text: &str) -> Vec<String> {
    text.lines()
        .map(str::trim_end)
        .filter(|line| {
            let line = line.trim_start();
            !line.starts_with("skipped") && !line.contains(" snippet at ") && !line.is_empty()
        })
        .filter(|line| !line.starts_with("Everything") && !line.starts_with("guide/"))
        .map(|line| {
            let name = line
                .split_once(" (…/bin/")
                .map_or(line, |(before, _)| before);
            name.chars()
                .filter(|character| !character.is_ascii_digit())
                .collect()
        })
        .collect()
}

/// The rows of the table of rules in `docs/claims.md`: rule, verdict, code.
fn rules(text: &str) -> Vec<[String; 3]> {
    let after = text
        .split_once("## The names of the rules")
        .expect("there is a table of rules")
        .1;
    let rows = after.lines().filter_map(|line| {
        let cells: Vec<&str> = line.strip_prefix("| ")?.split(" | ").collect();
        let code = cells.get(3)?.strip_prefix('`')?.strip_suffix("` |")?;
        Some([cells[0].to_owned(), cells[1].to_owned(), code.to_owned()])
    });
    rows.collect()
}

#[test]
fn examples_of_rules_are_judged_by_them() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let text = std::fs::read_to_string(root.join("docs/claims.md")).expect("it can be read");
    let rules = rules(&text);
    assert!(rules.len() > 30, "only {} rules", rules.len());
    let fences = rules
        .iter()
        .map(|[_, _, code]| format!("```python\n{code}\n```\n\n"));
    let folder = tempfile::tempdir().expect("a folder");
    let guide = folder.path().join("rules.md");
    std::fs::write(&guide, fences.collect::<String>()).expect("it can be written");
    let output = Command::new(TRUEPRINT)
        .args(["check", "--no-config", "--no-cache", "--format", "json"])
        .arg(&guide)
        .output()
        .expect("trueprint can be started");
    let report: Value = serde_json::from_slice(&output.stdout).expect("the report is JSON");
    let snippets = report["guides"][0]["snippets"].as_array().expect("a list");
    let found: Vec<[String; 3]> = snippets
        .iter()
        .flat_map(|snippet| {
            let text = |claim: &Value, key: &str| claim[key].as_str().unwrap_or("").to_owned();
            let code = snippet["line"].as_u64().expect("a line") as usize / 4;
            let claims = snippet["claims"].as_array().expect("a list");
            let code = rules[code][2].clone();
            claims
                .iter()
                .map(move |claim| [text(claim, "rule"), text(claim, "verdict"), code.clone()])
                .collect::<Vec<_>>()
        })
        .collect();
    assert_eq!(found, rules);
}
