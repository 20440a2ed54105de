//! What a second run of the executable takes from the first, and what it must
//! not.

use std::fs;
use std::path::PathBuf;
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

/// A guide of three snippets, the second of which builds on the first.
const GUIDE: &str = "\
# One

```python
start = 20
print(start + 1)  # 21
```

# Two

```python
print(start + 2)  # 22
```

# Three

```python
print(3 * 4)  # 12
```
";

/// A folder with a guide and a cache of its own.
struct Project {
    folder: TempDir,
}

/// What a run told.
#[derive(Debug)]
struct Told {
    /// The snippets of which an earlier run was told, by name.
    reused: Vec<String>,
    holds: u64,
    wrong: u64,
    tolerated: u64,
}

impl Project {
    fn new() -> Self {
        let project = Self {
            folder: tempfile::tempdir().expect("a folder"),
        };
        project.write(GUIDE);
        project
    }

    fn write(&self, guide: &str) {
        fs::write(self.folder.path().join("guide.md"), guide).expect("written");
    }

    fn expect(&self, entries: &str) {
        let text = format!("guide = \"guide.md\"\n{entries}");
        fs::write(self.folder.path().join("guide.toml"), text).expect("written");
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_trueprint"));
        command
            .args(arguments)
            .current_dir(self.folder.path())
            .env("XDG_CACHE_HOME", self.folder.path().join("cache"))
            .env_remove("CI");
        command
    }

    fn check(&self, arguments: &[&str]) -> Told {
        let mut all = vec!["check", "guide.md", "--format", "json", "--no-config"];
        all.extend(arguments);
        if self.folder.path().join("guide.toml").exists() {
            all.extend(["--expectations", "guide.toml"]);
        }
        told(&mut self.command(&all))
    }

    fn packs(&self) -> Vec<PathBuf> {
        let folder = self.folder.path().join("cache/trueprint/runs");
        fs::read_dir(folder)
            .into_iter()
            .flatten()
            .map(|entry| entry.expect("an entry").path())
            .collect()
    }
}

fn told(command: &mut Command) -> Told {
    let output = command.output().expect("it runs");
    let report: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|error| {
        panic!("{error}: {}", String::from_utf8_lossy(&output.stderr));
    });
    let count = |name: &str| report["summary"][name].as_u64().expect("a count");
    let snippets = report["guides"][0]["snippets"].as_array().expect("a list");
    let reused: Vec<String> = snippets
        .iter()
        .filter(|snippet| snippet["reused"] == Value::Bool(true))
        .map(|snippet| snippet["id"].as_str().expect("a name").to_owned())
        .collect();
    assert_eq!(count("reused"), reused.len() as u64);
    Told {
        reused,
        holds: count("holds"),
        wrong: count("wrong"),
        tolerated: count("tolerated"),
    }
}

#[test]
fn an_unchanged_guide_is_not_run_again() {
    let project = Project::new();
    let first = project.check(&[]);
    assert_eq!((first.reused.len(), first.holds), (0, 3), "{first:?}");
    let second = project.check(&[]);
    assert_eq!((second.reused.len(), second.holds), (3, 3), "{second:?}");
}

#[test]
fn a_changed_snippet_costs_itself_and_what_builds_on_it() {
    let project = Project::new();
    project.check(&[]);
    project.write(&GUIDE.replace("3 * 4", "2 * 6"));
    assert_eq!(project.check(&[]).reused, ["one", "two"]);
    project.write(
        &GUIDE
            .replace("20", "30")
            .replace("21", "31")
            .replace("22", "32"),
    );
    let changed = project.check(&[]);
    assert_eq!(
        (changed.reused, changed.holds),
        (vec!["three".to_owned()], 3)
    );
    project.write(GUIDE);
    assert_eq!(
        project.check(&[]).reused.len(),
        3,
        "what is taken back is known"
    );
}

#[test]
fn a_falsified_claim_is_found_though_its_code_is_unchanged() {
    let project = Project::new();
    project.check(&[]);
    project.write(&GUIDE.replace("# 12", "# 13"));
    for _ in 0..2 {
        let told = project.check(&[]);
        assert_eq!((told.holds, told.wrong), (2, 1), "{told:?}");
    }
}

#[test]
fn an_expectation_is_heard_without_a_run() {
    let project = Project::new();
    project.write(&GUIDE.replace("# 12", "# 13"));
    assert_eq!(project.check(&[]).wrong, 1);
    project.expect(
        "[[snippet]]\nid = \"three\"\n[[snippet.tolerate]]\nclaim = \"13\"\n\
         kind = \"approximate\"\nwithin = 2\nreason = \"it is a matter of taste\"\n",
    );
    let told = project.check(&[]);
    assert_eq!((told.wrong, told.tolerated), (0, 1), "{told:?}");
    assert_eq!(told.reused.len(), 3, "{told:?}");
}

#[test]
fn a_snippet_can_be_told_to_run_always() {
    let project = Project::new();
    project
        .expect("[[snippet]]\nid = \"three\"\nalways_run = true\nreason = \"it is about now\"\n");
    project.check(&[]);
    assert_eq!(project.check(&[]).reused, ["one", "two"]);
}

#[test]
fn what_varies_is_run_each_time() {
    let project = Project::new();
    project.write("```python\nimport random\n\nprint(random.random())  # 7.5\n```\n");
    for _ in 0..2 {
        assert!(project.check(&[]).reused.is_empty());
    }
}

#[test]
fn other_limits_are_another_run() {
    let project = Project::new();
    project.check(&[]);
    assert!(project.check(&["--timeout", "9s"]).reused.is_empty());
}

#[test]
fn the_cache_is_used_as_it_was_asked() {
    let project = Project::new();
    project.check(&["--no-cache"]);
    assert!(project.packs().is_empty());
    project.check(&[]);
    assert!(project.check(&["--no-cache"]).reused.is_empty());
    assert!(project.check(&["--rerun"]).reused.is_empty());
    let check = ["check", "guide.md", "--format", "json", "--no-config"];
    let in_ci = |more: &[&str]| {
        let arguments: Vec<&str> = check.iter().chain(more).copied().collect();
        told(project.command(&arguments).env("CI", "true"))
            .reused
            .len()
    };
    assert_eq!(in_ci(&[]), 0);
    assert_eq!(in_ci(&["--cache"]), 3);
    assert!(
        project
            .command(&["clean"])
            .status()
            .expect("it runs")
            .success()
    );
    assert!(project.packs().is_empty());
    assert!(project.check(&[]).reused.is_empty());
}

#[test]
fn a_damaged_or_useless_cache_costs_a_run_and_nothing_else() {
    let project = Project::new();
    project.check(&[]);
    let packs = project.packs();
    let bytes = fs::read(&packs[0]).expect("read");
    fs::write(&packs[0], &bytes[..bytes.len() / 2]).expect("written");
    let told = project.check(&[]);
    assert_eq!(told.holds, 3, "{told:?}");
    assert_eq!(project.check(&[]).reused.len(), 3);
    fs::remove_dir_all(project.folder.path().join("cache")).expect("removed");
    fs::write(project.folder.path().join("cache"), "a file").expect("written");
    let told = project.check(&[]);
    assert_eq!((told.reused.len(), told.holds), (0, 3), "{told:?}");
}
