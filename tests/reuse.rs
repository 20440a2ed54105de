//! What a second run of the executable takes from the first, and what it must
//! not.

use std::fs;
use std::path::{Path, PathBuf};
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

    fn checking(&self, arguments: &[&str]) -> Command {
        let mut all = vec!["check", "guide.md", "--format", "json", "--no-config"];
        all.extend(arguments);
        if self.folder.path().join("guide.toml").exists() {
            all.extend(["--expectations", "guide.toml"]);
        }
        self.command(&all)
    }

    fn check(&self, arguments: &[&str]) -> Told {
        told(&mut self.checking(arguments))
    }

    /// Everything that is kept.
    fn kept(&self) -> Vec<PathBuf> {
        let folder = self.folder.path().join("cache/trueprint/runs");
        fs::read_dir(folder)
            .into_iter()
            .flatten()
            .map(|entry| entry.expect("an entry").path())
            .collect()
    }

    /// The files of one kind: `runs` of snippets, `outcome` of whole guides.
    fn kept_as(&self, extension: &str) -> Vec<PathBuf> {
        let mut files = self.kept();
        files.retain(|path| path.extension().is_some_and(|own| own == extension));
        files
    }

    /// Leaves nothing but what is kept of whole guides.
    fn forget_runs(&self) {
        for path in self.kept_as("runs") {
            fs::remove_file(path).expect("removed");
        }
    }

    /// A virtual environment with a module `chance`, which nobody installed in due
    /// form: a change of it goes unnoticed.
    fn environment(&self) -> String {
        let made = Command::new("python3")
            .args(["-m", "venv", "--without-pip", "env"])
            .current_dir(self.folder.path())
            .status()
            .expect("python3 is there");
        assert!(made.success());
        self.folder.path().join("env").display().to_string()
    }

    fn write_chance(&self, value: &str) {
        let libraries = fs::read_dir(self.folder.path().join("env/lib")).expect("libraries");
        for library in libraries {
            let folder = library.expect("an entry").path();
            let package = folder.join("site-packages/chance");
            fs::create_dir_all(&package).expect("made");
            let source = format!("import random\n\nVALUE = {value}\n");
            fs::write(package.join("__init__.py"), source).expect("written");
        }
    }
}

fn report(command: &mut Command) -> Value {
    let output = command.output().expect("it runs");
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| {
        panic!("{error}: {}", String::from_utf8_lossy(&output.stderr));
    })
}

fn told(command: &mut Command) -> Told {
    let report = report(command);
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
    assert!(project.kept().is_empty());
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
    assert!(project.kept().is_empty());
    assert!(project.check(&[]).reused.is_empty());
}

#[test]
fn a_damaged_or_useless_cache_costs_a_run_and_nothing_else() {
    let project = Project::new();
    project.check(&[]);
    let files = project.kept();
    assert_eq!(files.len(), 2, "{files:?}");
    for path in files {
        let bytes = fs::read(&path).expect("read");
        fs::write(&path, &bytes[..bytes.len() / 2]).expect("written");
    }
    let told = project.check(&[]);
    assert_eq!((told.reused.len(), told.holds), (0, 3), "{told:?}");
    assert_eq!(project.check(&[]).reused.len(), 3);
    fs::remove_dir_all(project.folder.path().join("cache")).expect("removed");
    fs::write(project.folder.path().join("cache"), "a file").expect("written");
    let told = project.check(&[]);
    assert_eq!((told.reused.len(), told.holds), (0, 3), "{told:?}");
}

/// A guide with something of everything that is told of a guide.
const MANIFOLD: &str = "\
# Sums

The answer:

```python
import warnings

print(1 + 1)  # 2
print(2 + 2)  # 5
print('seen')
warnings.warn('old')
total = 7  # the sum of it all
```

# Errors

```python
print(undefined)  # 1
```

```python
print(total)  # 7
```

# Left out

```python
import no_such_module

no_such_module.go()  # 3
```

```text
never closed
";

#[test]
fn an_unchanged_guide_is_told_again_as_it_was() {
    let project = Project::new();
    project.write(MANIFOLD);
    project.expect(
        "[[snippet]]\nid = \"sums\"\n[[snippet.tolerate]]\nclaim = \"2\"\n\
         kind = \"count\"\nreason = \"nobody needs it\"\n\
         [[snippet]]\nid = \"gone\"\nskip = \"it is not there\"\nreason = \"none\"\n",
    );
    let without_times = |mut report: Value| {
        report["summary"]["seconds"] = Value::Null;
        report
    };
    let first = report(&mut project.checking(&[]));
    assert_eq!(first["summary"]["wrong"], 1, "{first}");
    assert_eq!(first["summary"]["expectation_errors"], 2, "{first}");
    let outcomes = project.kept_as("outcome");
    assert_eq!(outcomes.len(), 1, "{outcomes:?}");
    let again = without_times(report(&mut project.checking(&[])));
    fs::remove_file(&outcomes[0]).expect("removed");
    let by_runs = without_times(report(&mut project.checking(&[])));
    assert_eq!(again, by_runs);
    project.forget_runs();
    let by_outcome = without_times(report(&mut project.checking(&[])));
    assert_eq!(by_outcome, by_runs);
}

#[test]
fn nothing_is_told_again_that_a_change_could_make_another() {
    let project = Project::new();
    project.check(&[]);
    project.forget_runs();
    assert_eq!(project.check(&[]).reused.len(), 3, "it is told again");

    let is_told_again = |arguments: &[&str]| {
        let told = project.check(arguments);
        assert_eq!(told.holds, 3, "{told:?}");
        project.forget_runs();
        !told.reused.is_empty()
    };
    project.write(&GUIDE.replace("Three", "The third"));
    assert!(!is_told_again(&[]), "the text");
    project.write(GUIDE);
    assert!(!is_told_again(&[]), "only what was kept last is kept");
    assert!(is_told_again(&[]));
    assert!(!is_told_again(&["--timeout", "9s"]), "the limits");
    assert!(is_told_again(&["--timeout", "9s"]));
    assert!(!is_told_again(&["--network"]), "the network");
    assert!(
        !is_told_again(&["--network"]),
        "what was near the network is not kept"
    );
    assert!(
        !is_told_again(&["--input-format", "markdown"]),
        "the format"
    );
    assert!(is_told_again(&["--input-format", "markdown"]));
    assert!(!is_told_again(&[]), "the format that the name tells");
    let environment = project.environment();
    let in_environment = ["--python", &environment];
    assert!(!is_told_again(&in_environment), "the interpreter");
    assert!(is_told_again(&in_environment));
    fs::write(project.folder.path().join("env/pyvenv.cfg"), {
        let path = project.folder.path().join("env/pyvenv.cfg");
        fs::read_to_string(path).expect("read") + "prompt = other\n"
    })
    .expect("written");
    assert!(!is_told_again(&in_environment), "the environment");
    assert!(is_told_again(&[]), "each interpreter has its own");
    project.expect("[[snippet]]\nid = \"three\"\ntimeout = \"9s\"\nreason = \"it is slow\"\n");
    assert!(!is_told_again(&[]), "an expectation");
    assert!(is_told_again(&[]));
    project.expect("[[snippet]]\nid = \"three\"\ntimeout = \"8s\"\nreason = \"it is slow\"\n");
    assert!(!is_told_again(&[]), "a number in an expectation");
}

#[test]
fn a_guide_is_not_told_again_where_a_snippet_of_it_is_run_each_time() {
    let project = Project::new();
    project.check(&[]);
    assert_eq!(project.kept_as("outcome").len(), 1);
    project
        .expect("[[snippet]]\nid = \"three\"\nalways_run = true\nreason = \"it is about now\"\n");
    project.check(&[]);
    assert!(project.kept_as("outcome").is_empty(), "run always");
    fs::remove_file(project.folder.path().join("guide.toml")).expect("removed");
    for (varies, why) in [
        (
            "import random\n\nprint(random.random())  # 7.5",
            "it varies",
        ),
        (
            "import os\n\nos._exit(0)\nprint(1)  # 1",
            "it ends otherwise each time",
        ),
    ] {
        project.check(&[]);
        assert_eq!(project.kept_as("outcome").len(), 1);
        project.write(&format!("{GUIDE}\n```python\n{varies}\n```\n"));
        project.check(&[]);
        assert!(project.kept_as("outcome").is_empty(), "{why}");
        project.write(GUIDE);
    }
}

#[test]
fn a_rerun_replaces_what_was_kept_of_the_guide() {
    let project = Project::new();
    let environment = project.environment();
    project.write("```python\nimport chance\n\nprint(chance.VALUE)  # 1\n```\n");
    let check = |more: &[&str]| {
        let arguments: Vec<&str> = ["--python", &environment]
            .iter()
            .chain(more)
            .copied()
            .collect();
        project.check(&arguments)
    };
    project.write_chance("1");
    assert_eq!(check(&[]).holds, 1);
    project.write_chance("2");
    assert_eq!(check(&[]).holds, 1, "nobody can know");
    assert_eq!(check(&["--rerun"]).wrong, 1);
    let told = check(&[]);
    assert_eq!((told.wrong, told.reused.len()), (1, 1), "{told:?}");
    project.write_chance("random.random()");
    check(&["--rerun"]);
    assert!(project.kept_as("outcome").is_empty());
    assert!(check(&[]).reused.is_empty());
}

#[test]
fn what_happened_in_another_box_is_told_of_no_guide() {
    let project = Project::new();
    let other = project.folder.path().join("other.md");
    fs::write(&other, GUIDE).expect("written");
    project.check(&["other.md"]);
    // As if the box had lacked something else when the first guide was run.
    let is_of_guide = |path: &PathBuf| {
        let bytes = fs::read(path).expect("read");
        bytes.windows(8).any(|window| window == b"guide.md")
    };
    let outcomes = project.kept_as("outcome");
    let path = outcomes.iter().find(|path| is_of_guide(path));
    change_box_gaps(path.expect("it is kept"));

    let lacks_it = || {
        let report = report(&mut project.checking(&["other.md"]));
        report["box_gaps"].to_string().contains("no walls")
    };
    assert!(lacks_it(), "both guides are told again");
    fs::write(&other, GUIDE.replace("3 * 4", "2 * 6")).expect("written");
    assert!(!lacks_it(), "one is run, in this box");
}

fn change_box_gaps(path: &Path) {
    let bytes = fs::read(path).expect("read");
    let (head, content) = bytes.split_at(16 + 32 + 32);
    let (gaps, rest): (Vec<String>, &[u8]) =
        postcard::take_from_bytes(content).expect("what the box lacked");
    let other = [gaps, vec!["no walls".to_owned()]].concat();
    let other = postcard::to_allocvec(&other).expect("written down");
    let content = [&other, rest].concat();
    let mut key = [0; 32];
    key.copy_from_slice(&head[16..48]);
    let checksum = blake3::keyed_hash(&key, &content);
    let whole = [&head[..48], checksum.as_bytes(), &content].concat();
    fs::write(path, whole).expect("written");
}
