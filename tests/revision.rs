//! Rewriting a guide: each file in `tests/revision/cases` has a text, what
//! became of its claims, and the text and the remarks that must come of it.
//!
//! The claims are JSON, one a line, with `line`, `last` (where it is another),
//! `kind`, `verdict`, `comment`, `expected` and `actual`. `SNAPSHOTS=overwrite`
//! writes what was found into the cases.

use std::fs;
use std::path::{Path, PathBuf};

use libtest_mimic::{Arguments, Failed, Trial};
use serde_json::Value;
use trueprint::claim::ClaimKind;
use trueprint::document::Format;
use trueprint::matching::Rule;
use trueprint::position::{LineNumber, Place};
use trueprint::results::{GuideResult, SnippetResult};
use trueprint::revision::revise;
use trueprint::snippet::SnippetId;
use trueprint::verdict::{Judgement, SnippetStatus, SnippetVerdict, Verdict};

fn main() {
    let arguments = Arguments::from_args();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/revision/cases");
    let mut cases: Vec<PathBuf> = fs::read_dir(&folder)
        .expect("the cases' folder can be read")
        .map(|entry| entry.expect("the cases' folder can be read").path())
        .collect();
    cases.sort();
    let trials = cases.into_iter().map(|file| {
        let name = file
            .file_stem()
            .map(|name| name.to_string_lossy().into_owned());
        Trial::test(name.unwrap_or_default(), move || check(&file))
    });
    libtest_mimic::run(&arguments, trials.collect()).exit();
}

fn check(file: &Path) -> Result<(), Failed> {
    let case = fs::read_to_string(file)?;
    let part = |name: &str| section(&case, name).unwrap_or_default();
    let before = part("before").replace('␍', "\r");
    let claims: Vec<Judgement> = part("claims")
        .lines()
        .map(|line| serde_json::from_str(line).map(|value| judgement(&value)))
        .collect::<Result<_, _>>()?;
    let format = match part("format").trim() {
        "html" => Format::Html,
        "notebook" => Format::Notebook,
        _ => Format::Markdown,
    };
    let revision = revise(&before, &guide(format, claims.clone()), &[]);
    let text = revision.text.replace('\r', "␍");
    let left: String = revision
        .left
        .iter()
        .map(|left| format!("{}: {}\n", left.place, left.reason))
        .collect();
    let lines: Vec<&str> = revision.text.lines().collect();
    for rewritten in &revision.rewritten {
        if lines.get(rewritten.new.line.index()).is_none() {
            return Err(format!("{:?} is said to stand beyond the text", rewritten.new).into());
        }
    }
    let nothing = revise(&before, &guide(format, Vec::new()), &[]);
    if nothing.text != before {
        return Err("a guide without claims is changed".into());
    }
    if text == part("after") && left == part("left") {
        return Ok(());
    }
    if std::env::var_os("SNAPSHOTS").is_some_and(|value| value == "overwrite") {
        let kept = case.find("-- after --").unwrap_or(case.len());
        let mut found = case[..kept].to_owned();
        found.push_str(&format!("-- after --\n{text}"));
        if !left.is_empty() {
            found.push_str(&format!("-- left --\n{left}"));
        }
        fs::write(file, found)?;
        return Ok(());
    }
    Err(format!("{}:\nafter:\n{text}\nleft:\n{left}", file.display()).into())
}

fn section(case: &str, name: &str) -> Option<String> {
    let begin = format!("-- {name} --\n");
    let from = case.find(&begin)? + begin.len();
    let rest = &case[from..];
    let end = rest
        .match_indices("-- ")
        .find(|(index, _)| {
            let at_start = *index == 0 || rest.as_bytes()[index - 1] == b'\n';
            let line = rest[*index..].lines().next().unwrap_or_default();
            at_start && line.ends_with(" --")
        })
        .map_or(rest.len(), |(index, _)| index);
    Some(rest[..end].to_owned())
}

fn guide(format: Format, claims: Vec<Judgement>) -> GuideResult {
    GuideResult {
        path: PathBuf::from("guide"),
        format,
        findings: Vec::new(),
        snippets: vec![SnippetResult {
            id: SnippetId::new("snippet"),
            place: Place::line(LineNumber::FIRST),
            last_place: Place::line(LineNumber::FIRST),
            heading: None,
            text: "".into(),
            commands: Vec::new(),
            elapsed: None,
            reused: false,
            verdict: SnippetVerdict {
                status: SnippetStatus::Ran,
                failures: Vec::new(),
                claims,
                prose: Vec::new(),
                unclaimed: Vec::new(),
                warnings: Vec::new(),
                notes: Vec::new(),
            },
        }],
    }
}

fn judgement(value: &Value) -> Judgement {
    let text = |name: &str| value[name].as_str().map(str::to_owned);
    let line = |name: &str| {
        let number = value[name]
            .as_u64()
            .and_then(|line| u32::try_from(line).ok());
        number.and_then(LineNumber::new).map(Place::line)
    };
    let place = line("line").expect("a claim has a line");
    let expected = text("expected").unwrap_or_default();
    let kind = match text("kind").as_deref() {
        Some("below") => ClaimKind::Below,
        Some("output-block") => ClaimKind::OutputBlock,
        Some("announced") => ClaimKind::Announced,
        Some("transcript") => ClaimKind::Transcript,
        Some(_) | None => ClaimKind::Trailing,
    };
    let verdict = text("verdict").unwrap_or_else(|| "wrong".to_owned());
    Judgement {
        place,
        last_place: line("last").unwrap_or(place),
        kind,
        statement: None,
        comment: text("comment").unwrap_or_else(|| expected.clone()).into(),
        verdict: Verdict::ALL
            .into_iter()
            .find(|known| known.name() == verdict)
            .expect("there is such a verdict"),
        rule: Rule::Different,
        expected: expected.into(),
        actual: text("actual"),
        reason: None,
        follows_from: None,
    }
}
