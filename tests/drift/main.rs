//! Drift, held against guides of our own on the interpreters of this machine,
//! and against the acceptance guide where `TRUEPRINT_CORPUS` has it.

mod matrices;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use libtest_mimic::{Arguments, Failed, Trial};
use serde_json::Value;

const TRUEPRINT: &str = env!("CARGO_BIN_EXE_trueprint");

fn main() {
    let arguments = Arguments::from_args();
    let versions = installed();
    let alone = versions.len() < 2;
    let corpus = std::env::var_os("TRUEPRINT_CORPUS").map(PathBuf::from);
    let all_of_acceptance = (9..=13).all(|minor| versions.contains(&minor));
    let ends = (
        versions.first().copied().unwrap_or_default(),
        versions.last().copied().unwrap_or_default(),
    );
    let mut trials = matrices::trials();
    trials.push(
        Trial::test("every sort of drift, and no noise", move || sorts(ends))
            .with_ignored_flag(alone),
    );
    trials.push(
        Trial::test(
            "reports of two machines join to the same table",
            move || joined(ends),
        )
        .with_ignored_flag(alone),
    );
    trials.push(
        Trial::test("a baseline silences what it knows", move || baseline(ends))
            .with_ignored_flag(alone),
    );
    trials.push(
        Trial::test("what drifts is accepted, and then documented", move || {
            accepted(ends)
        })
        .with_ignored_flag(alone),
    );
    trials.push(
        Trial::test("an interpreter is started once and asked once", move || {
            starts(ends)
        })
        .with_ignored_flag(alone),
    );
    trials.push(
        Trial::test("the acceptance guide on 3.9 to 3.13", {
            let corpus = corpus.clone().unwrap_or_default();
            move || acceptance(&corpus)
        })
        .with_ignored_flag(corpus.is_none() || !all_of_acceptance),
    );
    libtest_mimic::run(&arguments, trials).exit();
}

fn trueprint(arguments: &[&str]) -> Output {
    Command::new(TRUEPRINT)
        .args(arguments)
        .arg("--color=never")
        .output()
        .expect("trueprint can be started")
}

/// The minor versions of the CPythons that can be used, oldest first.
fn installed() -> Vec<u64> {
    let listed = trueprint(&["pythons", "--format", "json"]);
    let listed: Value = serde_json::from_slice(&listed.stdout).expect("the list is JSON");
    let mut versions: Vec<u64> = listed["pythons"]
        .as_array()
        .expect("there is a list of interpreters")
        .iter()
        .filter_map(|python| python["version"].as_str()?.split('.').nth(1)?.parse().ok())
        .collect();
    versions.sort_unstable();
    versions.dedup();
    versions
}

fn guide() -> String {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    root.join("tests/drift/sorts.md").display().to_string()
}

/// `drift` on the sorts of drift, with two interpreters.
fn drift((old, new): (u64, u64), more: &[&str]) -> Output {
    let guide = guide();
    let (old, new) = (format!("3.{old}"), format!("3.{new}"));
    let mut arguments = vec![
        "drift",
        "--no-config",
        "--python",
        &old,
        "--python",
        &new,
        &guide,
    ];
    arguments.extend(more);
    trueprint(&arguments)
}

/// What drifts: the heading of the snippet and what the row is about.
fn sorts(ends: (u64, u64)) -> Result<(), Failed> {
    let output = drift(ends, &["--format", "terminal"]);
    let text = String::from_utf8(output.stdout)?;
    let expect = |wanted: &str| {
        if text.contains(wanted) {
            Ok(())
        } else {
            Err(Failed::from(format!("no `{wanted}` in\n{text}")))
        }
    };
    if output.status.code() != Some(1) {
        return Err(format!("status {:?}\n{text}", output.status.code()).into());
    }
    let (old, new) = ends;
    expect(&format!("claim, changed in 3.{new}"))?;
    expect(&format!("(3, {old})"))?;
    expect(&format!("(3, {new})"))?;
    expect(&format!("output, changed in 3.{new}"))?;
    expect(&format!("running on {old}"))?;
    expect(&format!("failure, changed in 3.{new}"))?;
    expect(&format!("ValueError: not on 3.{new}"))?;
    expect(&format!("warning, changed in 3.{new}"))?;
    expect(&format!("DeprecationWarning: deprecated in 3.{old}"))?;
    let mut drifting = 4;
    if old < 13 && new >= 13 {
        expect("SyntaxError")?;
        drifting += 1;
    }
    expect(&format!("{drifting} drift"))?;
    expect("1 documented")?;
    let verbose = String::from_utf8(drift(ends, &["--verbose"]).stdout)?;
    let documented = |text: &str| {
        text.matches(&format!("changed in 3.{new}, documented"))
            .count()
    };
    if (documented(&text), documented(&verbose)) == (0, 1)
        && verbose.lines().count() > text.lines().count()
    {
        Ok(())
    } else {
        Err(format!("not one documented row in\n{verbose}").into())
    }
}

fn joined(ends: (u64, u64)) -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    let guide = guide();
    let mut reports = Vec::new();
    for minor in [ends.0, ends.1] {
        let python = format!("3.{minor}");
        let one = trueprint(&[
            "drift",
            "--no-config",
            "--python",
            &python,
            &guide,
            "--format",
            "json",
        ]);
        let report = folder.path().join(format!("{minor}.json"));
        std::fs::write(&report, &one.stdout)?;
        reports.push(report.display().to_string());
    }
    let apart = trueprint(&["drift", "--from", &reports[1], "--from", &reports[0]]);
    let apart = String::from_utf8(apart.stdout)?;
    let together = String::from_utf8(drift(ends, &[]).stdout)?;
    // What varies is known for every snippet here, and there only for those that
    // looked like drift: the counts differ, the rows must not.
    let rows = |text: &str| {
        let rows = text.lines().take_while(|line| !line.contains(" stable, "));
        rows.map(str::to_owned).collect::<Vec<_>>()
    };
    if rows(&apart) != rows(&together) || rows(&apart).len() < 10 {
        return Err(format!("apart:\n{apart}\ntogether:\n{together}").into());
    }
    Ok(())
}

fn baseline(ends: (u64, u64)) -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("drift.toml");
    let path = path.display().to_string();
    let written = drift(ends, &["--write-baseline", &path]);
    if written.status.code() != Some(0) {
        return Err(String::from_utf8_lossy(&written.stderr).into_owned().into());
    }
    let known = ["--baseline", &path, "--fail-on", "new"];
    let output = drift(ends, &known);
    let text = String::from_utf8(output.stdout)?;
    if output.status.code() != Some(0) || !text.contains("(0 not in the baseline)") {
        return Err(format!("status {:?}\n{text}", output.status.code()).into());
    }
    let less = std::fs::read_to_string(&path)?.replace("running on", "walking on");
    std::fs::write(&path, less)?;
    let output = drift(ends, &known);
    let text = String::from_utf8(output.stdout)?;
    if output.status.code() != Some(1) || !text.contains("(1 not in the baseline)") {
        return Err(format!("status {:?}\n{text}", output.status.code()).into());
    }
    Ok(())
}

/// What an interpreter does as it starts: it picks a name for itself, and makes a
/// mark where it can, which is outside of the box only.
const HOOK: &str = "\
import os, sys
sys.started = os.urandom(8).hex()
try:
    open(STARTS, 'a').write('.')
except OSError:
    pass
";

fn starts((old, new): (u64, u64)) -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    let guide = folder.path().join("guide.md");
    let snippet = "```python\nimport sys\nprint(sys.started)\n```\n";
    let snippets: Vec<String> = (0..12)
        .map(|number| format!("## {number}\n\n{snippet}"))
        .collect();
    std::fs::write(&guide, snippets.join("\n"))?;
    let mut arguments: Vec<String> = Vec::new();
    let mut marks = Vec::new();
    for minor in [old, new] {
        let environment = folder.path().join(format!("3.{minor}"));
        let made = Command::new(executable(minor)?)
            .args(["-m", "venv", "--without-pip"])
            .arg(&environment)
            .status()?;
        if !made.success() {
            return Err(format!("no virtual environment of 3.{minor} can be made").into());
        }
        let mark = environment.join("starts");
        let hook = HOOK.replace("STARTS", &format!("{:?}", mark.display().to_string()));
        let packages = environment.join(format!("lib/python3.{minor}/site-packages"));
        std::fs::write(packages.join("sitecustomize.py"), hook)?;
        arguments.extend(["--python".to_owned(), environment.display().to_string()]);
        marks.push(mark);
    }
    for round in ["the first time", "the second time"] {
        let output = Command::new(TRUEPRINT)
            .args([
                "drift",
                "--no-config",
                "--no-cache",
                "--format=json",
                "--jobs=2",
            ])
            .args(&arguments)
            .arg(&guide)
            .env("XDG_CACHE_HOME", folder.path().join("cache"))
            .output()?;
        let matrix: Value = serde_json::from_slice(&output.stdout)?;
        let rows = matrix["guides"][0]["rows"].as_array();
        let rows = rows.ok_or("there are no rows")?;
        for column in 0..marks.len() {
            let names: BTreeSet<&str> = rows
                .iter()
                .filter_map(|row| row["cells"][column]["shows"].as_str())
                .collect();
            if rows.len() != 12 || names.len() != 1 {
                return Err(format!("{round}: {} rows, {names:?}", rows.len()).into());
            }
        }
        // What it is, each was asked once only.
        for mark in &marks {
            let asked = std::fs::read_to_string(mark)?.len();
            if asked != 1 {
                return Err(format!("{round}: {} was asked {asked} times", mark.display()).into());
            }
        }
    }
    Ok(())
}

/// The program of a minor version.
fn executable(minor: u64) -> Result<String, Failed> {
    let listed = trueprint(&["pythons", "--format", "json"]);
    let listed: Value = serde_json::from_slice(&listed.stdout)?;
    let pythons = listed["pythons"].as_array().into_iter().flatten();
    let version = format!("3.{minor}.");
    pythons
        .filter(|python| python["virtual_environment"] == false)
        .find(|python| {
            python["version"]
                .as_str()
                .is_some_and(|found| found.starts_with(&version))
        })
        .and_then(|python| python["executable"].as_str().map(str::to_owned))
        .ok_or_else(|| format!("there is no Python 3.{minor} but in an environment").into())
}

/// An expectations file that somebody wrote, with an order and remarks.
const WRITTEN: &str = r#"# Written by hand.
guide = "guide.md"

[[snippet]]
id = "several-lines-a-state-and-silence"  # last on the page, first here
timeout = "20s"
reason = "it takes its time"

# The value comes later.
[[snippet]]
id = "a-value"
timeout = "20s"
reason = "so does this"
"#;

fn accepted((old, new): (u64, u64)) -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    let path = |name: &str| folder.path().join(name).display().to_string();
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    // The guide speaks of the older one.
    let guide = std::fs::read_to_string(root.join("tests/drift/claims.md"))?
        .replace("# 19", &format!("# {}", old + 10))
        .replace(
            "range(sys.version_info[1] - 7)",
            &format!("range(sys.version_info[1] - {})", old - 2),
        )
        .replace("{9: ", &format!("{{{old}: "))
        .replace("> 9", &format!("> {old}"))
        .replace("# 9", &format!("# {old}"))
        .replace("is 9", &format!("is {old}"))
        .replace("[9]", &format!("[{old}]"));
    std::fs::write(path("guide.md"), guide)?;
    std::fs::write(path("expectations.toml"), WRITTEN)?;
    let run = |command: &[&str]| {
        let pythons = [format!("--python=3.{old}"), format!("--python=3.{new}")];
        let expectations = format!("--expectations={}", path("expectations.toml"));
        let guide = path("guide.md");
        let mut arguments = command.to_vec();
        arguments.extend(pythons.iter().map(String::as_str));
        arguments.extend(["--no-config", &expectations, &guide]);
        let output = trueprint(&arguments);
        let mut text = String::from_utf8_lossy(&output.stdout).into_owned();
        text.push_str(&String::from_utf8_lossy(&output.stderr));
        (output.status.code(), text)
    };
    let expect = |command: &[&str], status: i32, wanted: &str| {
        let (found, text) = run(command);
        if found == Some(status) && text.contains(wanted) {
            return Ok(());
        }
        Err(Failed::from(format!("{command:?}: {found:?}\n{text}")))
    };
    expect(&["drift"], 1, "9 drift, ")?;
    expect(&["accept", "--drift", "--dry-run"], 1, "drifts")?;
    if std::fs::read_to_string(path("expectations.toml"))? != WRITTEN {
        return Err("a dry run wrote".into());
    }
    expect(&["accept", "--drift", "--all"], 0, "wrote 9 proposals")?;
    let written = std::fs::read_to_string(path("expectations.toml"))?;
    let mut kept = WRITTEN.lines();
    let mut next = kept.next();
    for line in written.lines() {
        if Some(line) == next {
            next = kept.next();
        }
    }
    if next.is_some() {
        return Err(format!("`{next:?}` is gone, or elsewhere:\n{written}").into());
    }
    expect(&["drift"], 2, "has not been filled in")?;
    std::fs::write(path("expectations.toml"), written.replace("FILL IN: ", ""))?;
    expect(&["drift"], 0, "no drift, ")?;
    expect(&["accept", "--drift", "--all"], 0, "Nothing drifts")
}

fn acceptance(corpus: &Path) -> Result<(), Failed> {
    let guide = corpus.join("acceptance/python-interview-questions.txt");
    let guide = guide.display().to_string();
    let output = trueprint(&["drift", "--no-config", "--python", "3.9..3.13", &guide]);
    let text = String::from_utf8(output.stdout)?;
    let lines: Vec<&str> = text
        .lines()
        .collect::<Vec<_>>()
        .windows(2)
        .filter(|pair| pair[1].contains(", changed in "))
        .filter_map(|pair| pair[0].split_whitespace().next())
        .collect();
    // The docstring that the compiler strips from 3.13 on, a generator's size,
    // what the collector freed, its thresholds, an object's size, a message.
    if lines != ["74", "201", "671", "674", "700", "704"] {
        return Err(format!("the rows are {lines:?}\n{text}").into());
    }
    Ok(())
}
