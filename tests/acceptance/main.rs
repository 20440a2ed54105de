//! The guide that every claim of was settled by hand, on every CPython that is
//! installed; and other people's guides, held against hand-made labels. Both lie
//! in the folder that `TRUEPRINT_CORPUS` names.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use libtest_mimic::{Arguments, Failed, Trial};
use serde_json::Value;

const TRUEPRINT: &str = env!("CARGO_BIN_EXE_trueprint");

/// Lines whose comments a web page has eaten.
const BLANK: [u64; 2] = [713, 714];

fn main() {
    let arguments = Arguments::from_args();
    let corpus = std::env::var_os("TRUEPRINT_CORPUS").map(PathBuf::from);
    let skipped = corpus.is_none();
    let corpus = corpus.unwrap_or_default();
    let mut trials = Vec::new();
    for minor in 9..=15 {
        let python = format!("3.{minor}");
        let missing = skipped || !is_installed(&python);
        let at = corpus.clone();
        trials.push(
            Trial::test(format!("every verdict on {python}"), move || {
                verdicts(&at, &python)
            })
            .with_ignored_flag(missing),
        );
    }
    type Check = fn(&Path) -> Result<(), Failed>;
    let checks: [(&str, Check); 3] = [
        ("the same verdicts in fences", fenced),
        ("with expectations only what is wrong is left", expected),
        ("other people's guides", labelled),
    ];
    for (name, check) in checks {
        let at = corpus.clone();
        trials.push(Trial::test(name, move || check(&at)).with_ignored_flag(skipped));
    }
    libtest_mimic::run(&arguments, trials).exit();
}

fn is_installed(python: &str) -> bool {
    let output = Command::new(TRUEPRINT)
        .args(["pythons", "--format", "json"])
        .output()
        .expect("trueprint can be started");
    let listed: Value = serde_json::from_slice(&output.stdout).expect("the list is JSON");
    let mut pythons = listed["pythons"].as_array().into_iter().flatten();
    pythons.any(|found| {
        let version = found["version"].as_str().unwrap_or_default();
        version.starts_with(&format!("{python}."))
    })
}

/// The report of `check` on these guides.
fn check(arguments: &[&str], guides: &[&Path]) -> Result<Value, Failed> {
    let output = Command::new(TRUEPRINT)
        .args(["check", "--no-config", "--format", "json"])
        .args(arguments)
        .args(guides)
        .output()?;
    serde_json::from_slice(&output.stdout).map_err(|error| {
        let said = String::from_utf8_lossy(&output.stderr);
        format!("the report is not JSON: {error}\n{said}").into()
    })
}

/// The verdict of each claim by its line.
fn by_line(report: &Value) -> BTreeMap<u64, String> {
    let snippets = report["guides"][0]["snippets"].as_array();
    snippets
        .into_iter()
        .flatten()
        .flat_map(|snippet| snippet["claims"].as_array().into_iter().flatten())
        .map(|claim| {
            let verdict = claim["verdict"].as_str().unwrap_or_default();
            (
                claim["line"].as_u64().unwrap_or_default(),
                verdict.to_owned(),
            )
        })
        .collect()
}

fn settled(corpus: &Path) -> Result<toml::Table, Failed> {
    let text = std::fs::read_to_string(corpus.join("acceptance/claims.toml"))?;
    Ok(text.parse()?)
}

/// The verdict that each claim must get on a CPython.
fn wanted(claims: &toml::Table, python: &str) -> BTreeMap<u64, String> {
    let claims = claims["claim"].as_array().expect("a list of claims");
    claims
        .iter()
        .map(|claim| {
            let line = claim["line"].as_integer().expect("a line");
            let exception = claim.get("except").and_then(|except| except.get(python));
            let verdict = exception.unwrap_or(&claim["verdict"]);
            let verdict = verdict.as_str().expect("a verdict").to_owned();
            (u64::try_from(line).expect("a line"), verdict)
        })
        .collect()
}

fn guide(corpus: &Path) -> PathBuf {
    corpus.join("acceptance/python-interview-questions.txt")
}

fn compare(found: &BTreeMap<u64, String>, wanted: &BTreeMap<u64, String>) -> Result<(), Failed> {
    let mut faults = Vec::new();
    for (line, verdict) in wanted {
        let got = found.get(line).map_or("nothing", String::as_str);
        if got != verdict {
            faults.push(format!("{line}: {got}, wanted {verdict}"));
        }
    }
    for (line, verdict) in found {
        let is_finding = ["wrong", "unstable", "unreached", "blank"].contains(&verdict.as_str());
        if is_finding && !wanted.contains_key(line) && !BLANK.contains(line) {
            faults.push(format!("{line}: {verdict}, and nothing was claimed"));
        }
    }
    for line in BLANK {
        if found.get(&line).map(String::as_str) != Some("blank") {
            faults.push(format!("{line}: not blank"));
        }
    }
    if faults.is_empty() {
        Ok(())
    } else {
        Err(faults.join("\n").into())
    }
}

fn verdicts(corpus: &Path, python: &str) -> Result<(), Failed> {
    let wanted = wanted(&settled(corpus)?, python);
    if wanted.len() != 57 {
        return Err(format!("{} claims were settled, not 57", wanted.len()).into());
    }
    let report = check(&["--python", python], &[&guide(corpus)])?;
    compare(&by_line(&report), &wanted)
}

/// The guide as Markdown, with its snippets in fences.
fn fenced(corpus: &Path) -> Result<(), Failed> {
    let claims = settled(corpus)?;
    let spans = claims["guide"]["first_line_last_line"].as_array();
    let spans: Vec<(usize, usize)> = spans
        .into_iter()
        .flatten()
        .map(|span| {
            let line = |at: usize| {
                let line = span[at].as_integer().expect("a line");
                usize::try_from(line).expect("a line")
            };
            (line(0), line(1))
        })
        .collect();
    let text = std::fs::read_to_string(guide(corpus))?;
    let mut markdown = String::new();
    let mut original: BTreeMap<u64, u64> = BTreeMap::new();
    let mut written = 0;
    for (index, line) in text.lines().enumerate() {
        let number = index + 1;
        if spans.iter().any(|(first, _)| *first == number) {
            markdown.push_str("```python\n");
            written += 1;
        }
        markdown.push_str(line);
        markdown.push('\n');
        written += 1;
        original.insert(written, number as u64);
        if spans.iter().any(|(_, last)| *last == number) {
            markdown.push_str("```\n");
            written += 1;
        }
    }
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("guide.md");
    std::fs::write(&path, markdown)?;
    let report = check(&[], &[&path])?;
    let version = report["python"]["version"].as_str().unwrap_or_default();
    let python = version.rsplit_once('.').unwrap_or_default().0.to_owned();
    let found = by_line(&report)
        .into_iter()
        .map(|(line, verdict)| (original[&line], verdict))
        .collect();
    compare(&found, &wanted(&claims, &python))
}

fn expected(corpus: &Path) -> Result<(), Failed> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let folder = tempfile::tempdir()?;
    let path = folder.path().join("guide.txt");
    std::fs::copy(guide(corpus), &path)?;
    let expectations = folder.path().join("expectations.toml");
    std::fs::copy(
        root.join("tests/acceptance/expectations.toml"),
        &expectations,
    )?;
    let expectations = expectations.display().to_string();
    let report = check(&["--expectations", &expectations], &[&path])?;
    let version = report["python"]["version"].as_str().unwrap_or_default();
    let python = version.rsplit_once('.').unwrap_or_default().0.to_owned();
    let claims = settled(corpus)?;
    let mut genuine = Vec::new();
    for (line, verdict) in wanted(&claims, &python) {
        // The thresholds of 3.13 are what the expectations know of.
        if verdict == "wrong" && line != 674 {
            genuine.push(line);
        }
    }
    let mut left = Vec::new();
    for (line, verdict) in by_line(&report) {
        if ["wrong", "unstable", "unreached"].contains(&verdict.as_str()) {
            left.push(line);
        }
    }
    if left == genuine && !left.is_empty() {
        Ok(())
    } else {
        Err(format!("left: {left:?}, genuinely wrong: {genuine:?}").into())
    }
}

/// At least 97 of 100 true claims are verified, 90 of 100 wrong ones caught, and
/// there is at most one false alarm in 100 claims, with and without mark-up.
fn labelled(corpus: &Path) -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    let report = folder.path().join("report.json");
    for guides in ["corpus/guides", "corpus/plain"] {
        let guides = corpus.join(guides);
        std::fs::write(&report, check(&[], &[&guides])?.to_string())?;
        let output = Command::new("python3")
            .arg(corpus.join("corpus/score"))
            .arg(corpus.join("corpus/labels.jsonl"))
            .arg(&guides)
            .arg(&report)
            .output()?;
        let text = String::from_utf8(output.stdout)?;
        let all = text
            .lines()
            .find(|line| line.starts_with("all "))
            .ok_or_else(|| format!("no sum in\n{text}"))?;
        let shares: Vec<f64> = all
            .split_whitespace()
            .filter_map(|word| word.strip_suffix('%')?.parse().ok())
            .collect();
        match shares.as_slice() {
            [verified, caught, alarms]
                if *verified >= 97.0 && *caught >= 90.0 && *alarms <= 1.0 => {}
            _ => return Err(text.into()),
        }
    }
    Ok(())
}
