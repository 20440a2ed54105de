//! The program as its users meet it: each file in `tests/cli/cases` is a
//! command, the files it finds, and what it prints, leaves behind and comes to.
//!
//! A case looks like this; what differs from machine to machine is replaced
//! before it is compared:
//!
//! ```text
//! What the case shows, in a sentence or two.
//! $ trueprint check guide.md
//! -- guide.md --
//! …
//! -- stdin --
//! …
//! -- status --
//! 0
//! -- stdout --
//! …
//! -- stderr --
//! …
//! -- after guide.md --
//! …
//! ```
//!
//! A section without content need not be there. `SNAPSHOTS=overwrite` writes
//! what was found into the cases.

use std::collections::BTreeMap;
use std::fs;
use std::io::{Seek as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use libtest_mimic::{Arguments, Failed, Trial};

fn main() {
    let arguments = Arguments::from_args();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/cli/cases");
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

/// The names of the sections that are compared, in the order in which they are
/// written.
const COMPARED: [&str; 3] = ["status", "stdout", "stderr"];

/// The name of the section that the commands read.
const STDIN: &str = "stdin";

#[derive(Debug, PartialEq)]
struct Case {
    /// All that stands above the first section.
    preamble: String,
    /// In their order.
    sections: Vec<(String, String)>,
}

fn check(file: &Path) -> Result<(), Failed> {
    let text = fs::read_to_string(file)?;
    let case = Case::parse(&text);
    let seen = case.run()?;
    let found = case.with(&seen);
    if found == case {
        return Ok(());
    }
    if std::env::var_os("SNAPSHOTS").is_some_and(|value| value == "overwrite") {
        fs::write(file, found.text())?;
        return Ok(());
    }
    let difference = similar::TextDiff::from_lines(case.text(), found.text());
    Err(format!(
        "{}:\n{}",
        file.display(),
        difference.unified_diff().header("case", "found")
    )
    .into())
}

impl Case {
    fn parse(text: &str) -> Self {
        let mut preamble = String::new();
        let mut sections: Vec<(String, String)> = Vec::new();
        for line in text.lines() {
            let name = line
                .strip_prefix("-- ")
                .and_then(|rest| rest.strip_suffix(" --"));
            match (name, sections.last_mut()) {
                (Some(name), _) => sections.push((name.to_owned(), String::new())),
                (None, Some((_, content))) => {
                    content.push_str(line);
                    content.push('\n');
                }
                (None, None) => {
                    preamble.push_str(line);
                    preamble.push('\n');
                }
            }
        }
        Self { preamble, sections }
    }

    fn text(&self) -> String {
        let mut text = self.preamble.clone();
        for (name, content) in &self.sections {
            text.push_str(&format!("-- {name} --\n{content}"));
        }
        text
    }

    fn files(&self) -> impl Iterator<Item = &(String, String)> {
        self.sections.iter().filter(|(name, _)| {
            name != STDIN && !COMPARED.contains(&name.as_str()) && !name.starts_with("after ")
        })
    }

    /// What the commands read.
    fn stdin(&self) -> Option<&(String, String)> {
        self.sections.iter().find(|(name, _)| name == STDIN)
    }

    /// Runs the command in a folder that has the case's files and nothing else.
    fn run(&self) -> Result<BTreeMap<String, String>, Failed> {
        let folder = tempfile::tempdir()?;
        for (name, content) in self.files() {
            let file = folder.path().join(name);
            fs::create_dir_all(file.parent().unwrap_or(folder.path()))?;
            fs::write(file, unescaped(content))?;
        }
        let mut seen = BTreeMap::new();
        let commands: Vec<&str> = self
            .preamble
            .lines()
            .filter_map(|line| line.strip_prefix("$ trueprint"))
            .collect();
        if commands.is_empty() {
            return Err("the case has no line that begins with `$ trueprint`".into());
        }
        let (mut stdout, mut stderr, mut statuses) = (String::new(), String::new(), Vec::new());
        for command in commands {
            let output = Command::new(env!("CARGO_BIN_EXE_trueprint"))
                .args(command.split_whitespace())
                .current_dir(folder.path())
                .env("XDG_CACHE_HOME", env!("CARGO_TARGET_TMPDIR"))
                // Nothing is taken from earlier runs unless a case asks for it.
                .env("CI", "true")
                .env_remove("NO_COLOR")
                .env_remove("CLICOLOR_FORCE")
                .env_remove("PYTHONHASHSEED")
                .stdin(match self.stdin() {
                    Some((_, content)) => {
                        let mut file = tempfile::tempfile()?;
                        file.write_all(content.as_bytes())?;
                        file.rewind()?;
                        Stdio::from(file)
                    }
                    None => Stdio::null(),
                })
                .output()?;
            stdout.push_str(&String::from_utf8(output.stdout)?);
            stderr.push_str(&String::from_utf8(output.stderr)?);
            statuses.push(
                output
                    .status
                    .code()
                    .map_or("signal".to_owned(), |code| code.to_string()),
            );
        }
        seen.insert("status".to_owned(), format!("{}\n", statuses.join(" ")));
        seen.insert("stdout".to_owned(), redacted(&stdout, folder.path()));
        seen.insert("stderr".to_owned(), redacted(&stderr, folder.path()));
        for (name, content) in self.files() {
            let now = fs::read_to_string(folder.path().join(name)).unwrap_or_default();
            if now != unescaped(content) {
                seen.insert(format!("after {name}"), now);
            }
        }
        for (section, _) in &self.sections {
            if let Some(name) = section.strip_prefix("after ") {
                let now = fs::read_to_string(folder.path().join(name));
                seen.insert(section.clone(), now.unwrap_or_default());
            }
        }
        Ok(seen)
    }

    /// The case with what was seen in place of what it says.
    fn with(&self, seen: &BTreeMap<String, String>) -> Self {
        let mut sections: Vec<(String, String)> = self.files().cloned().collect();
        sections.extend(self.stdin().cloned());
        let after = seen.keys().filter(|name| name.starts_with("after "));
        for name in COMPARED
            .iter()
            .map(|name| (*name).to_owned())
            .chain(after.cloned())
        {
            if let Some(content) = seen.get(&name).filter(|content| !content.is_empty()) {
                sections.push((name, content.clone()));
            }
        }
        Self {
            preamble: self.preamble.clone(),
            sections,
        }
    }
}

/// A case's file as it is written to the disk: `␛` and `␍` stand for the
/// characters that would not survive an editor.
fn unescaped(content: &str) -> String {
    content.replace('␛', "\u{1b}").replace('␍', "\r")
}

/// The output without what differs from machine to machine.
fn redacted(text: &str, folder: &Path) -> String {
    let text = text
        .replace('\u{1b}', "␛")
        .replace(&*folder.to_string_lossy(), "[FOLDER]");
    let mut lines: Vec<String> = Vec::new();
    for line in text.lines() {
        let trimmed = line.trim_start();
        let indent = &line[..line.len() - trimmed.len()];
        let member = |name: &str| trimmed.starts_with(&format!("\"{name}\": "));
        let comma = if trimmed.ends_with(',') { "," } else { "" };
        let line =
            if trimmed.starts_with("Python ") && trimmed.ends_with('s') && trimmed.contains('(') {
                format!("{indent}Python [VERSION] ([EXECUTABLE]), [TIME]")
            } else if member("seconds") {
                format!("{indent}\"seconds\": [TIME]{comma}")
            } else if member("version") {
                format!("{indent}\"version\": [VERSION]{comma}")
            } else if member("executable") {
                format!("{indent}\"executable\": [EXECUTABLE]{comma}")
            } else {
                timeless(line)
            };
        lines.push(line);
    }
    let mut text = lines.join("\n");
    if !text.is_empty() {
        text.push('\n');
    }
    text
}

/// The line without what follows `time="`, `on Python ` and the like.
fn timeless(line: &str) -> String {
    let parts = line.split(", ").map(|part| {
        let number = part.strip_suffix(" ms").or_else(|| part.strip_suffix(" s"));
        match number.map(str::parse::<f64>) {
            Some(Ok(_)) => "[TIME]",
            Some(Err(_)) | None => part,
        }
    });
    let mut line = parts.collect::<Vec<_>>().join(", ");
    for (before, end, replacement) in [
        ("time=\"", "\"", "[TIME]"),
        ("on Python ", "\":, ", "[VERSION]"),
    ] {
        let mut from = 0;
        while let Some(found) = line[from..].find(before) {
            let start = from + found + before.len();
            let length = line[start..]
                .find(|character| end.contains(character))
                .unwrap_or(line.len() - start);
            line.replace_range(start..start + length, replacement);
            from = start + replacement.len();
        }
    }
    line
}
