//! A hostile guide: its snippets, and what must be reported of each.
//!
//! The list under a fence is the expectation; a fence without one is innocent.
//!
//! ```text
//! - failed: `SIGSEGV`               a failure whose message contains this, or one of several
//! - may fail: `output` or `disk`    such a failure, or none
//! - status: skipped or failed       where it does not follow from the failures
//! - claims: holds, not holds, wrong or unreached, any
//! - without namespaces, claims: …   in place of `claims`, where no namespace can be made
//! ```

use std::fmt::Write;

use serde_json::Value;

/// The verdicts that a claim may have.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Allowed {
    Any,
    Not(String),
    OneOf(Vec<String>),
}

/// What must be reported of a snippet.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Expected {
    /// The line in the guide where its code begins.
    pub line: u64,
    /// The heading above it.
    pub heading: String,
    failed: Option<Vec<String>>,
    may_fail: Vec<String>,
    status: Vec<String>,
    /// `None`: at least one, and all hold.
    claims: Option<Vec<Allowed>>,
    /// No list stood under it.
    innocent: bool,
}

/// A guide, ready to be checked.
pub struct HostileGuide {
    /// Its file name.
    pub name: String,
    /// The text, with `@NAMES@` in it.
    pub text: String,
    /// The deadline of each snippet, as the command line takes it.
    pub timeout: String,
}

impl HostileGuide {
    /// Reads the text of a guide.
    pub fn new(name: &str, text: &str) -> Self {
        let timeout = text
            .lines()
            .find_map(|line| line.strip_prefix("<!-- timeout: ")?.strip_suffix(" -->"))
            .unwrap_or("30s");
        Self {
            name: name.to_owned(),
            text: text.to_owned(),
            timeout: timeout.to_owned(),
        }
    }

    /// What must be reported of each snippet.
    pub fn expected(&self, namespaces: bool) -> Vec<Expected> {
        let mut found: Vec<Expected> = Vec::new();
        let mut heading = String::new();
        let mut inside = false;
        for (number, line) in (1..).zip(self.text.lines()) {
            if inside {
                inside = line != "```";
            } else if line == "```python" {
                inside = true;
                found.push(Expected {
                    line: number + 1,
                    heading: heading.clone(),
                    innocent: true,
                    ..Expected::default()
                });
            } else if let Some(title) = line.trim_start_matches('#').strip_prefix(' ')
                && line.starts_with('#')
            {
                heading = title.to_owned();
            } else if let Some(item) = line.strip_prefix("- ") {
                let last = found
                    .last_mut()
                    .unwrap_or_else(|| panic!("{}:{number}: a list before any fence", self.name));
                last.innocent = false;
                match (item.strip_prefix("without namespaces, "), namespaces) {
                    (Some(_), true) => {}
                    (Some(rest), false) => last.read(rest, &self.name, number),
                    (None, _) => last.read(item, &self.name, number),
                }
            }
        }
        found
    }
}

impl Expected {
    fn read(&mut self, item: &str, guide: &str, number: u64) {
        let (key, value) = item
            .split_once(": ")
            .unwrap_or_else(|| panic!("{guide}:{number}: no `key: value`: {item}"));
        let choices = || {
            value
                .split(" or ")
                .map(str::trim)
                .map(str::to_owned)
                .collect()
        };
        let quoted = || {
            value
                .split(" or ")
                .map(|text| text.trim().trim_matches('`').to_owned())
                .collect()
        };
        match key {
            "failed" => self.failed = Some(quoted()),
            "may fail" => self.may_fail = quoted(),
            "status" => self.status = choices(),
            "claims" => {
                self.claims = Some(value.split(", ").map(Allowed::read).collect());
            }
            _ => panic!("{guide}:{number}: unknown key `{key}`"),
        }
    }

    /// How the report on the snippet differs from this, in words.
    pub fn differences(&self, reported: &Value) -> Vec<String> {
        let mut found = Vec::new();
        let failures: Vec<&str> = reported["failures"]
            .as_array()
            .into_iter()
            .flatten()
            .filter_map(|failure| failure["message"].as_str())
            .collect();
        let allowed: Vec<&String> = self.failed.iter().flatten().chain(&self.may_fail).collect();
        for failure in &failures {
            if !allowed.iter().any(|text| failure.contains(text.as_str())) {
                found.push(format!("a failure that nobody expects: {failure}"));
            }
        }
        if let Some(texts) = &self.failed
            && !failures
                .iter()
                .any(|failure| texts.iter().any(|text| failure.contains(text)))
        {
            found.push(format!(
                "no failure with any of {texts:?} among {failures:?}"
            ));
        }
        let status = reported["status"].as_str().unwrap_or("no status");
        let claims = reported["claims"].as_array();
        let not_reached = claims
            .into_iter()
            .flatten()
            .any(|claim| matches!(claim["verdict"].as_str(), Some("wrong" | "unreached")));
        let right = if self.status.is_empty() {
            match status {
                "ran" => failures.is_empty(),
                // A statement that raised where its claim says something else.
                "failed" => !failures.is_empty() || not_reached,
                _ => false,
            }
        } else {
            self.status.iter().any(|allowed| allowed == status)
        };
        if !right {
            let reason = &reported["reason"];
            found.push(format!("status {status} ({reason}), failures {failures:?}"));
        }
        self.claim_differences(reported, &mut found);
        found
    }

    fn claim_differences(&self, reported: &Value, found: &mut Vec<String>) {
        let empty = Vec::new();
        let claims = reported["claims"].as_array().unwrap_or(&empty);
        let none = [];
        let all = match (&self.claims, self.innocent) {
            (Some(list), _) => list.as_slice(),
            (None, _) => &none,
        };
        if self.claims.is_some() && all.len() != claims.len() {
            found.push(format!("{} claims, not {}", claims.len(), all.len()));
        }
        if self.innocent && claims.is_empty() {
            found.push("an innocent snippet without a claim".to_owned());
        }
        for (index, claim) in claims.iter().enumerate() {
            let verdict = claim["verdict"].as_str().unwrap_or("no verdict");
            let right = match all.get(index) {
                Some(allowed) => allowed.includes(verdict),
                None => verdict == "holds",
            };
            if !right {
                let mut text = format!("line {}: {verdict}", claim["line"]);
                for key in ["expected", "actual", "reason"] {
                    let value = claim[key].to_string();
                    let short: String = value.chars().take(120).collect();
                    let _ = write!(text, ", {key} {short}");
                }
                found.push(text);
            }
        }
    }
}

impl Allowed {
    fn read(text: &str) -> Self {
        let text = text.trim();
        let offers = |wanted: &str| text.split(" or ").any(|choice| choice == wanted);
        if offers("any") || offers("holds") && offers("not holds") {
            Self::Any
        } else if let Some(verdict) = text.strip_prefix("not ") {
            Self::Not(verdict.to_owned())
        } else {
            Self::OneOf(text.split(" or ").map(str::to_owned).collect())
        }
    }

    fn includes(&self, verdict: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Not(other) => verdict != other,
            Self::OneOf(choices) => choices.iter().any(|choice| choice == verdict),
        }
    }
}
