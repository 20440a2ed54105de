//! `trueprint check --watch`: what is saved is checked, however it is saved.
//!
//! Nothing here sleeps: after each save the next round is waited for, and a round
//! is over when the command says that it watches again.

use std::fs;
use std::io::{BufRead, BufReader, pipe};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;

/// How long a round may take on the slowest machine.
const DEADLINE: Duration = Duration::from_secs(120);

const TRUE_GUIDE: &str = "```python\nprint(1 + 1)  # 2\n```\n";
const FALSE_GUIDE: &str = "```python\nprint(1 + 1)  # 3\n```\n";
const HOLDS: &str = "1 holds, 0 tolerated, 0 wrong";
const WRONG: &str = "0 hold, 0 tolerated, 1 wrong";
const TOLERATED: &str = "0 hold, 1 tolerated, 0 wrong";
const EXPECTATION: &str = "guide = \"guide.md\"\n\n[[snippet]]\nid = \"guide\"\n\n\
    [[snippet.tolerate]]\nclaim = \"3\"\nkind = \"approximate\"\nwithin = \"50%\"\n\
    reason = \"counted roughly\"\n";

/// A step, and what the round that follows on it says.
type Step<'a> = (&'a dyn Fn(&Path), &'a str);

/// Watches the guide `guide.md` and whatever `arguments` add, and takes the steps.
fn check(arguments: &[&str], guide: &str, first: &str, steps: &[Step<'_>]) {
    let folder = tempfile::tempdir().expect("a folder can be made");
    fs::write(folder.path().join("guide.md"), guide).expect("the guide can be written");
    let watching = Watching::start(folder.path(), arguments);
    watching.expect_round(first);
    for (act, expected) in steps {
        act(folder.path());
        watching.expect_round(expected);
    }
    let left = watching.temporary.clone();
    let status = watching.end();
    assert!(status.code().is_some(), "it was killed: {status}");
    let left: Vec<_> = fs::read_dir(left).expect("the folder is there").collect();
    assert!(left.is_empty(), "it left {left:?}");
}

struct Watching {
    process: Child,
    lines: Receiver<String>,
    temporary: PathBuf,
}

impl Watching {
    fn start(folder: &Path, arguments: &[&str]) -> Self {
        let temporary = folder.join("temporary");
        fs::create_dir(&temporary).expect("a folder can be made");
        // One pipe for both streams keeps their lines in order.
        let (reader, writer) = pipe().expect("a pipe can be made");
        let errors = writer.try_clone().expect("a pipe has more than one end");
        let process = Command::new(env!("CARGO_BIN_EXE_trueprint"))
            .args([
                "check",
                "--watch",
                "--python",
                "/usr/bin/python3",
                "guide.md",
            ])
            .args(arguments)
            .current_dir(folder)
            .env("XDG_CACHE_HOME", folder.join("cache"))
            .env("TMPDIR", &temporary)
            .env("CI", "true")
            .stdin(Stdio::null())
            .stdout(writer)
            .stderr(errors)
            .spawn()
            .expect("trueprint starts");
        let (sender, lines) = channel();
        std::thread::spawn(move || {
            for line in BufReader::new(reader).lines().map_while(Result::ok) {
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        Self {
            process,
            lines,
            temporary,
        }
    }

    /// What the next round says.
    fn round(&self) -> String {
        let mut said = String::new();
        loop {
            let line = self
                .lines
                .recv_timeout(DEADLINE)
                .unwrap_or_else(|_| panic!("no round came to its end after:\n{said}"));
            if line.contains("watching") {
                return said;
            }
            said.push_str(&line);
            said.push('\n');
        }
    }

    /// Waits for a round that says something. One that began in the middle of a
    /// save may come before it.
    fn expect_round(&self, expected: &str) {
        while !self.round().contains(expected) {}
    }

    /// As Ctrl-C ends it.
    fn end(mut self) -> ExitStatus {
        let number = i32::try_from(self.process.id()).expect("a process has a number");
        kill(Pid::from_raw(number), Signal::SIGINT).expect("it is still there");
        self.process.wait().expect("it ends")
    }
}

impl Drop for Watching {
    fn drop(&mut self) {
        // After a failed test.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

fn save(folder: &Path, name: &str, text: &str) {
    fs::write(folder.join(name), text).expect("the file can be written");
}

#[test]
fn a_guide_is_saved_in_place() {
    check(
        &["--no-config"],
        TRUE_GUIDE,
        HOLDS,
        &[
            (&|folder| save(folder, "guide.md", FALSE_GUIDE), WRONG),
            (&|folder| save(folder, "guide.md", TRUE_GUIDE), HOLDS),
        ],
    );
}

#[test]
fn a_guide_is_saved_by_renaming_another_file_over_it() {
    let by_renaming = |folder: &Path, text: &str| {
        save(folder, "guide.md~", text);
        fs::rename(folder.join("guide.md~"), folder.join("guide.md")).expect("it can be renamed");
    };
    check(
        &["--no-config"],
        TRUE_GUIDE,
        HOLDS,
        &[
            (&|folder| by_renaming(folder, FALSE_GUIDE), WRONG),
            (&|folder| by_renaming(folder, TRUE_GUIDE), HOLDS),
        ],
    );
}

#[test]
fn a_guide_is_deleted_and_comes_back() {
    let delete = |folder: &Path| fs::remove_file(folder.join("guide.md")).expect("it is there");
    check(
        &["--no-config"],
        TRUE_GUIDE,
        HOLDS,
        &[
            (&delete, "there is no such file"),
            (&|folder| save(folder, "guide.md", FALSE_GUIDE), WRONG),
        ],
    );
}

#[test]
fn a_guide_is_broken_for_a_while() {
    check(
        &["--no-config"],
        TRUE_GUIDE,
        HOLDS,
        &[
            (
                &|folder| save(folder, "guide.md", "```python\nprint(1 +  # 2\n```\n"),
                "it does not parse",
            ),
            (
                &|folder| save(folder, "guide.md", "Nothing yet.\n"),
                "no Python snippet was found in it",
            ),
            (&|folder| save(folder, "guide.md", TRUE_GUIDE), HOLDS),
        ],
    );
}

#[test]
fn expectations_are_saved() {
    check(
        &["--no-config", "--expectations", "expected.toml"],
        FALSE_GUIDE,
        "expected.toml",
        &[
            (
                &|folder| save(folder, "expected.toml", EXPECTATION),
                TOLERATED,
            ),
            (
                &|folder| save(folder, "expected.toml", "guide = \"guide.md"),
                "expected.toml:1",
            ),
            (
                &|folder| save(folder, "expected.toml", EXPECTATION),
                TOLERATED,
            ),
        ],
    );
}

#[test]
fn a_configuration_turns_up() {
    check(
        &[],
        FALSE_GUIDE,
        WRONG,
        &[
            (
                &|folder| {
                    fs::create_dir(folder.join("expectations")).expect("it can be made");
                    save(folder, "expectations/guide.toml", EXPECTATION);
                    save(folder, "trueprint.toml", "guides = [\"guide.md\"]\n");
                },
                TOLERATED,
            ),
            (
                &|folder| fs::remove_file(folder.join("expectations/guide.toml")).expect("there"),
                WRONG,
            ),
        ],
    );
}

#[test]
fn a_save_that_changes_nothing_is_no_round() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let path = folder.path();
    save(path, "guide.md", TRUE_GUIDE);
    let watching = Watching::start(path, &["--no-config"]);
    watching.expect_round(HOLDS);
    let rename = |name: &str, text: &str| {
        save(path, "new", text);
        fs::rename(path.join("new"), path.join(name)).expect("it can be renamed");
    };
    rename("guide.md", TRUE_GUIDE);
    rename("other.md", TRUE_GUIDE);
    rename("guide.md", FALSE_GUIDE);
    let next = watching.round();
    assert!(next.contains(WRONG), "{next}");
    assert_eq!(watching.end().code(), Some(1));
}
