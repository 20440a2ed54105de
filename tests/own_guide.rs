//! The project's own guide: a claim that is broken turns the run red at its
//! line, an expectation that is taken away does too, and `examples_py/` holds
//! what the guide says.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;

const TRUEPRINT: &str = env!("CARGO_BIN_EXE_trueprint");
const ROOT: &str = env!("CARGO_MANIFEST_DIR");
const GUIDE: &str = "guide/python-interview-questions.md";
const EXPECTATIONS: &str = "expectations/python-interview-questions.toml";

/// A copy of the guide and of its expectations.
struct Copy {
    folder: tempfile::TempDir,
}

impl Copy {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let copy = Self { folder };
        for file in [GUIDE, EXPECTATIONS, "trueprint.toml"] {
            let path = copy.folder.path().join(file);
            let parent = path.parent().expect("it lies in a folder");
            std::fs::create_dir_all(parent).expect("a folder can be made");
            copy.write(file, &original(file));
        }
        copy
    }

    fn write(&self, file: &str, text: &str) {
        std::fs::write(self.folder.path().join(file), text).expect("the copy can be written");
    }

    /// The exit status and the report. Snippets that did not change are taken
    /// from earlier runs of this copy.
    fn check(&self, python: Option<&str>) -> (Option<i32>, Value) {
        let mut command = Command::new(TRUEPRINT);
        let _ = command
            .args(["check", "--cache", "--format", "json"])
            .env("XDG_CACHE_HOME", self.folder.path().join("cache"))
            .current_dir(self.folder.path());
        if let Some(python) = python {
            let _ = command.args(["--python", python]);
        }
        let Output {
            status,
            stdout,
            stderr,
        } = command.output().expect("trueprint can be started");
        let report = serde_json::from_slice(&stdout).unwrap_or_else(|error| {
            let said = String::from_utf8_lossy(&stderr);
            panic!("the report is not JSON: {error}\n{said}")
        });
        (status.code(), report)
    }
}

fn original(file: &str) -> String {
    std::fs::read_to_string(Path::new(ROOT).join(file)).expect("the project's files can be read")
}

fn list<'a>(value: &'a Value, key: &str) -> &'a [Value] {
    value[key].as_array().map_or(&[], Vec::as_slice)
}

fn snippets(report: &Value) -> &[Value] {
    list(&report["guides"][0], "snippets")
}

/// The lines of the guide that a claim takes up.
fn extent(claim: &Value) -> std::ops::RangeInclusive<u64> {
    let line = |key: &str| claim[key].as_u64().expect("a claim has lines");
    line("line")..=line("last_line")
}

/// Another text in the place of this one: another truth value, or another last
/// letter or digit. What is approximate differs in its first digit.
fn other(text: &str) -> Option<String> {
    if ["...", "…"].contains(&text) {
        return None;
    }
    for (word, instead) in [
        ("True", "False"),
        ("False", "True"),
        ("None", "0"),
        ("No output", "=> 7"),
        ("nothing is printed", "=> 7"),
        ("/tmp/", "/opt/"),
        ("object at 0x", "subject at 0x"),
    ] {
        if text.contains(word) {
            return Some(text.replacen(word, instead, 1));
        }
    }
    let at = if text.starts_with('~') {
        text.find(|character: char| character.is_ascii_digit())
    } else {
        text.rfind(char::is_alphanumeric)
    };
    let Some(at) = at else {
        return Some(format!("7{text}"));
    };
    let character = text[at..].chars().next()?;
    let instead = match character {
        '1' => '7',
        digit if digit.is_ascii_digit() => '1',
        'q' | 'Q' => 'w',
        _ => 'q',
    };
    let (before, after) = (&text[..at], &text[at + character.len_utf8()..]);
    Some(format!("{before}{instead}{after}"))
}

/// A claim with one of its lines broken.
struct Broken {
    line: u64,
    source: String,
}

/// The claim broken in each of its lines in turn.
fn broken(claim: &Value, guide: &[&str]) -> Vec<Broken> {
    let mut broken = Vec::new();
    let comment = claim["comment"].as_str().expect("a claim has a text");
    let expected = claim["expected"].as_str().expect("a claim has a meaning");
    let mut from = *extent(claim).start();
    for text in comment.lines() {
        // What breaks is what is claimed, not a word beside it.
        let claimed = expected
            .lines()
            .find(|line| text.contains(line.trim()))
            .map_or(text, str::trim);
        let Some(instead) = other(claimed) else {
            continue;
        };
        let (line, at) = (from..=*extent(claim).end() + 1)
            .find_map(|line| Some((line, guide[line as usize - 1].rfind(text)?)))
            .unwrap_or_else(|| panic!("`{text}` is not at line {from} of the guide"));
        let source = guide[line as usize - 1];
        let (before, after) = (&source[..at], &source[at + text.len()..]);
        let text = text.replacen(claimed, &instead, 1);
        broken.push(Broken {
            line,
            source: format!("{before}{text}{after}"),
        });
        from = line + 1;
    }
    broken
}

/// The lines of what the report has found.
fn red(report: &Value) -> BTreeSet<u64> {
    let mut red = BTreeSet::new();
    for snippet in snippets(report) {
        for claim in list(snippet, "claims") {
            let verdict = claim["verdict"].as_str().unwrap_or_default();
            if ["wrong", "unstable", "unreached"].contains(&verdict) {
                red.extend(extent(claim));
            }
        }
        for failure in list(snippet, "failures") {
            red.extend(failure["line"].as_u64());
        }
    }
    red
}

/// In each round one claim of every snippet is broken, and none of the others may
/// suffer from it.
#[test]
fn any_broken_claim_turns_the_run_red_at_its_line() {
    let copy = Copy::new();
    let (status, report) = copy.check(None);
    assert_eq!(status, Some(0), "it is green to begin with: {report}");
    let text = original(GUIDE);
    let guide: Vec<&str> = text.lines().collect();
    let mut rounds: Vec<BTreeMap<u64, String>> = Vec::new();
    let mut judged = 0;
    for snippet in snippets(&report) {
        let live = list(snippet, "claims").iter().filter(|claim| {
            let is_skipped = claim["verdict"] == "skipped";
            if is_skipped {
                eprintln!("skipped: {claim}");
            }
            !is_skipped
        });
        let mut round = 0;
        for claim in live {
            judged += 1;
            let broken = broken(claim, &guide);
            assert!(!broken.is_empty(), "it cannot be broken: {claim}");
            for Broken { line, source } in broken {
                if rounds.len() <= round {
                    rounds.push(BTreeMap::new());
                }
                let _ = rounds[round].insert(line, source);
                round += 1;
            }
        }
    }
    assert!(judged > 200, "only {judged} claims were judged");
    let mut faults = Vec::new();
    for round in rounds {
        let changed: Vec<&str> = (1u64..)
            .zip(&guide)
            .map(|(number, line)| round.get(&number).map_or(*line, String::as_str))
            .collect();
        copy.write(GUIDE, &changed.join("\n"));
        let (status, report) = copy.check(None);
        let red = red(&report);
        for (line, source) in &round {
            if status != Some(1) || !red.contains(line) {
                faults.push(format!("line {line} is not red: {source}"));
            }
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

/// An entry that is taken away.
struct Without {
    entry: String,
    /// The snippet that it speaks of.
    snippet: String,
    /// The versions that it speaks of.
    python: Option<String>,
    /// The file without it.
    rest: String,
}

/// The file without each of its entries in turn: a snippet is taken away as a
/// whole where it has but one or says how it is run.
fn without_each_entry(text: &str) -> Vec<Without> {
    let lines: Vec<&str> = text.lines().collect();
    let heads: Vec<usize> = (0..lines.len())
        .filter(|&index| lines[index].starts_with("[["))
        .chain([lines.len()])
        .collect();
    let is_snippet = |head: usize| lines.get(head).is_none_or(|line| *line == "[[snippet]]");
    let mut without = Vec::new();
    let mut snippet = "";
    for (number, pair) in heads.windows(2).enumerate() {
        let (mut first, mut end) = (pair[0], pair[1]);
        if is_snippet(first) {
            let id = lines[first + 1].strip_prefix("id = ");
            snippet = id.expect("a snippet's name comes first").trim_matches('"');
            let sets_something = lines[first + 1..end]
                .iter()
                .any(|line| line.contains(" = ") && !line.starts_with("id = "));
            if !sets_something {
                continue;
            }
            let next = heads[number + 1..].iter().find(|head| is_snippet(**head));
            end = next.copied().unwrap_or(lines.len());
        } else if is_snippet(heads[number - 1]) && is_snippet(end) {
            first = heads[number - 1];
        }
        let entry = &lines[first..end];
        without.push(Without {
            entry: entry.join("\n"),
            snippet: snippet.to_owned(),
            python: entry
                .iter()
                .find_map(|line| line.strip_prefix("python = "))
                .map(|range| range.trim_matches('"').to_owned()),
            rest: [&lines[..first], &lines[end..]].concat().join("\n"),
        });
    }
    without
}

#[test]
fn any_expectation_that_is_taken_away_turns_the_run_red() {
    let copy = Copy::new();
    let pythons = installed();
    let mut faults = Vec::new();
    let mut taken_away = 0;
    let entries = without_each_entry(&original(EXPECTATIONS));
    let mut reports: BTreeMap<Option<&str>, Value> = BTreeMap::new();
    for without in &entries {
        let Without {
            entry,
            snippet,
            python,
            rest,
        } = without;
        let program = match python {
            None => None,
            Some(range) => {
                let fitting = pythons.iter().find(|python| is_within(range, python.minor));
                let Some(python) = fitting else {
                    eprintln!("skipped: no Python {range} is installed, for\n{entry}");
                    continue;
                };
                Some(python.program.as_str())
            }
        };
        let report = reports.entry(program).or_insert_with(|| {
            copy.write(EXPECTATIONS, &original(EXPECTATIONS));
            let (status, report) = copy.check(program);
            assert_eq!(status, Some(0), "it is green to begin with: {report}");
            report
        });
        let found = snippets(report)
            .iter()
            .find(|found| found["id"] == snippet.as_str());
        if found.is_some_and(|found| found["status"] == "skipped") {
            eprintln!("skipped: its snippet is skipped here, for\n{entry}");
            continue;
        }
        taken_away += 1;
        copy.write(EXPECTATIONS, rest);
        if copy.check(program).0 != Some(1) {
            faults.push(format!("green without\n{entry}"));
        }
    }
    assert!(taken_away > 15, "only {taken_away} entries were taken away");
    assert!(faults.is_empty(), "{}", faults.join("\n\n"));
}

struct Python {
    minor: u32,
    program: String,
}

/// The interpreters of this machine, the default one first.
fn installed() -> Vec<Python> {
    let output = Command::new(TRUEPRINT)
        .args(["pythons", "--format", "json"])
        .current_dir(ROOT)
        .output()
        .expect("trueprint can be started");
    let listed: Value = serde_json::from_slice(&output.stdout).expect("the list is JSON");
    let mut pythons = list(&listed, "pythons").to_vec();
    pythons.sort_by_key(|python| python["default"] != true);
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    pythons
        .iter()
        .map(|python| Python {
            minor: minor(&text(&python["version"])),
            program: text(&python["executable"]),
        })
        .collect()
}

/// The second number of `3.12.1` or `3.12`.
fn minor(version: &str) -> u32 {
    let minor = version.split('.').nth(1);
    minor
        .and_then(|minor| minor.trim().parse().ok())
        .expect("a version has a second number")
}

/// Whether `3.minor` is within `>=3.10,<3.11` and the like.
fn is_within(range: &str, minor_here: u32) -> bool {
    range.split(',').all(|part| {
        let at = part.find(|character: char| character.is_ascii_digit());
        let (sign, version) = part.split_at(at.expect("a version"));
        let bound = minor(version);
        match sign.trim() {
            ">=" => minor_here >= bound,
            "<" => minor_here < bound,
            "==" => minor_here == bound,
            other => panic!("`{other}` is not used in the guide's expectations"),
        }
    })
}

#[test]
fn the_examples_are_what_the_guide_says() {
    let output = Command::new(TRUEPRINT)
        .args(["extract", "--check"])
        .current_dir(ROOT)
        .output()
        .expect("trueprint can be started");
    let said = String::from_utf8_lossy(&output.stdout);
    assert_eq!(output.status.code(), Some(0), "{said}");
}
