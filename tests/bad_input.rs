//! What nobody should give to the executable, and what it answers: a message
//! with its place and exit status 2, or a finding; never a panic, a hang, or a
//! control character on a terminal.
//!
//! The inputs are made here, because most of them are too large, too broken or
//! too special to be files of a repository. A new case is a line in `CASES`.

use std::fmt::Write as _;
use std::fs;
use std::io::Read as _;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use libtest_mimic::{Arguments, Failed, Trial};
use wait_timeout::ChildExt;

fn main() {
    let arguments = Arguments::from_args();
    let root = nix::unistd::Uid::effective().is_root();
    let trials = CASES
        .iter()
        .map(|case| {
            Trial::test(case.name, || check(case))
                // Only root can become somebody who must not read a file.
                .with_ignored_flag(case.ordinary && !root)
        })
        .collect();
    libtest_mimic::run(&arguments, trials).exit();
}

/// An input, and what must be answered.
struct Case {
    name: &'static str,
    /// Makes the input in an empty folder, and gives the arguments.
    make: fn(&Path) -> Vec<String>,
    /// The exit status.
    status: i32,
    /// Texts that what is said must have in it.
    says: &'static [&'static str],
    /// Whether an ordinary user must be the one who asks.
    ordinary: bool,
}

impl Case {
    const fn new(
        name: &'static str,
        status: i32,
        says: &'static [&'static str],
        make: fn(&Path) -> Vec<String>,
    ) -> Self {
        Self {
            name,
            make,
            status,
            says,
            ordinary: false,
        }
    }

    const fn for_an_ordinary_user(mut self) -> Self {
        self.ordinary = true;
        self
    }
}

const HOLDS: i32 = 0;
const FINDINGS: i32 = 1;
const COULD_NOT_RUN: i32 = 2;

/// Longer than any of them may take.
const DEADLINE: Duration = Duration::from_secs(120);

#[rustfmt::skip]
const CASES: &[Case] = &[
    Case::new("nothing there", COULD_NOT_RUN, &["guide.md", "no such file"], |folder| {
        check_guide(&folder.join("guide.md"))
    }),
    Case::new("an empty guide", COULD_NOT_RUN, &["guide.md", "no Python snippet"], |folder| {
        guide(folder, "")
    }),
    Case::new("prose only", COULD_NOT_RUN, &["guide.md", "no Python snippet"], |folder| {
        guide(folder, "There is nothing to run here.\n")
    }),
    Case::new("an empty folder", COULD_NOT_RUN, &["guides"], |folder| {
        fs::create_dir(folder.join("guides")).expect("a folder");
        check_guide(&folder.join("guides"))
    }),
    Case::new("a pipe", COULD_NOT_RUN, &["guide.md", "pipe"], |folder| {
        let path = folder.join("guide.md");
        nix::unistd::mkfifo(&path, nix::sys::stat::Mode::S_IRWXU).expect("a pipe");
        check_guide(&path)
    }),
    Case::new("an endless device", COULD_NOT_RUN, &["/dev/zero", "device"], |_| {
        check_guide(Path::new("/dev/zero"))
    }),
    Case::new("a socket", COULD_NOT_RUN, &["guide.md", "socket"], |folder| {
        let path = folder.join("guide.md");
        let _ = std::os::unix::net::UnixListener::bind(&path).expect("a socket");
        check_guide(&path)
    }),
    Case::new("a link in a circle", COULD_NOT_RUN, &["guide.md"], |folder| {
        symlink("guide.md", folder.join("guide.md")).expect("a link");
        check_guide(&folder.join("guide.md"))
    }),
    Case::new("a link to nowhere", COULD_NOT_RUN, &["guide.md", "no such file"], |folder| {
        symlink("nowhere", folder.join("guide.md")).expect("a link");
        check_guide(&folder.join("guide.md"))
    }),
    Case::new("a link to a guide", HOLDS, &["1 holds,"], |folder| {
        fs::write(folder.join("real.md"), FENCED).expect("a guide");
        symlink("real.md", folder.join("guide.md")).expect("a link");
        check_guide(&folder.join("guide.md"))
    }),
    Case::new("a file that may not be read", COULD_NOT_RUN, &["guide.md", "denied"], |folder| {
        let arguments = guide(folder, FENCED);
        fs::set_permissions(folder.join("guide.md"), fs::Permissions::from_mode(0o0)).expect("its mode");
        arguments
    }).for_an_ordinary_user(),
    Case::new("a NUL byte", COULD_NOT_RUN, &["guide.md:2:5", "NUL"], |folder| {
        guide(folder, "fine\nnot \0 fine\n")
    }),
    Case::new("a program", COULD_NOT_RUN, &["guide.md:1:", "NUL"], |folder| {
        fs::copy("/proc/self/exe", folder.join("guide.md")).expect("a copy");
        check_guide(&folder.join("guide.md"))
    }),
    Case::new("Latin-1", COULD_NOT_RUN, &["guide.md:2:4", "0xe9", "UTF-8"], |folder| {
        guide(folder, b"plain\ncaf\xe9\n")
    }),
    Case::new("UTF-16", COULD_NOT_RUN, &["guide.md:1:", "UTF-16"], |folder| {
        let bytes: Vec<u8> = "\u{feff}print(1)\n".encode_utf16().flat_map(u16::to_le_bytes).collect();
        guide(folder, bytes)
    }),
    Case::new("a byte order mark", HOLDS, &["1 holds,"], |folder| {
        guide(folder, format!("\u{feff}{FENCED}"))
    }),
    Case::new("lines that end as on Windows", HOLDS, &["1 holds,"], |folder| {
        guide(folder, FENCED.replace('\n', "\r\n"))
    }),
    Case::new("lines that end as on old Macs", HOLDS, &["1 holds,"], |folder| {
        guide(folder, FENCED.replace('\n', "\r"))
    }),
    Case::new("tabs", HOLDS, &["1 holds,"], |folder| {
        guide(folder, "```python\nif True:\n\tprint('in')\t# in\n```\n")
    }),
    Case::new("no newline at the end", HOLDS, &["1 holds,"], |folder| {
        guide(folder, FENCED.trim_end())
    }),
    Case::new("a fence that never closes", FINDINGS, &["never closed"], |folder| {
        guide(folder, "text\n\n```python\nprint(1)  # 1\n")
    }),
    Case::new("control characters", HOLDS, &["1 output without a claim"], |folder| {
        guide(folder, "# \x1b[31mRed\x07\n\n```python\nprint('\x1b[2J \u{9b}31m \u{202e} \x08')  # \x1b]0;title\x07\n```\n")
    }),
    Case::new("control characters as JSON", HOLDS, &["\"schema\""], |folder| {
        let mut arguments = guide(folder, "# \x1b[31mRed\x07\n\n```python\nprint('\x1b[2J \u{9b}31m \u{202e} \x08')  # \x1b]0;title\x07\n```\n");
        arguments.extend(["--format".to_owned(), "json".to_owned()]);
        arguments
    }),
    Case::new("a file name with control characters", COULD_NOT_RUN, &["no such file"], |folder| {
        check_guide(&folder.join("a\x1b[31m\nb.md"))
    }),
    Case::new("unbalanced brackets", HOLDS, &["guide.md", "does not parse", "1 holds,"], |folder| {
        guide(folder, "```python\nprint((((1)  # 1\n```\n\n```python\nprint(2)  # 2\n```\n")
    }),
    Case::new("brackets without an end", HOLDS, &["guide.md", "does not parse", "1 holds,"], |folder| {
        nested(folder, &format!("x = {}", "(".repeat(200_000)))
    }),
    Case::new("brackets in brackets", HOLDS, &["guide.md", "does not parse", "1 holds,"], |folder| {
        nested(folder, &format!("x = {}{}", "[".repeat(200_000), "]".repeat(200_000)))
    }),
    Case::new("minus after minus", HOLDS, &["guide.md", "does not parse", "1 holds,"], |folder| {
        nested(folder, &format!("x = {}1", "-".repeat(200_000)))
    }),
    Case::new("not not not", HOLDS, &["guide.md", "does not parse", "1 holds,"], |folder| {
        nested(folder, &format!("x = {}True", "not ".repeat(200_000)))
    }),
    Case::new("lambda in lambda", HOLDS, &["guide.md", "does not parse", "1 holds,"], |folder| {
        nested(folder, &format!("x = {}0", "lambda: ".repeat(200_000)))
    }),
    Case::new("call after call", HOLDS, &["guide.md", "does not parse", "1 holds,"], |folder| {
        nested(folder, &format!("x = f{}", "()".repeat(200_000)))
    }),
    Case::new("power of power", HOLDS, &["guide.md", "does not parse", "1 holds,"], |folder| {
        nested(folder, &format!("x = 1{}", "**1".repeat(200_000)))
    }),
    Case::new("sum after sum", HOLDS, &["guide.md", "does not parse", "1 holds,"], |folder| {
        nested(folder, &format!("x = 1{}", "+1".repeat(200_000)))
    }),
    Case::new("else if after else if", HOLDS, &["nothing on the page defines", "1 holds,"], |folder| {
        nested(folder, &format!("if 0:\n    pass\n{}", "elif 0:\n    pass\n".repeat(50_000)))
    }),
    Case::new("block in block", HOLDS, &["guide.md", "does not parse", "1 holds,"], |folder| {
        let mut code = String::new();
        for depth in 0..2_000 {
            let _ = writeln!(code, "{}if 1:", " ".repeat(depth));
        }
        let _ = writeln!(code, "{}pass", " ".repeat(2_000));
        nested(folder, &code)
    }),
    Case::new("quotes in quotes", HOLDS, &["guide.md", "does not parse", "1 holds,"], |folder| {
        nested(folder, &format!("x = {}1{}", "f'{".repeat(50_000), "}'".repeat(50_000)))
    }),
    Case::new("quotation in quotation", COULD_NOT_RUN, &["guide.md"], |folder| {
        guide(folder, format!("{}text\n", "> ".repeat(100_000)))
    }),
    Case::new("list in list", COULD_NOT_RUN, &["guide.md"], |folder| {
        guide(folder, format!("{}text\n", "- ".repeat(100_000)))
    }),
    Case::new("emphasis in emphasis", COULD_NOT_RUN, &["guide.md"], |folder| {
        guide(folder, "*a **b ".repeat(50_000))
    }),
    Case::new("link in link", COULD_NOT_RUN, &["guide.md"], |folder| {
        guide(folder, format!("{}{}", "[".repeat(100_000), "](a)".repeat(100_000)))
    }),
    Case::new("element in element", COULD_NOT_RUN, &["guide.html"], |folder| {
        file(folder, "guide.html", format!("<pre>{}", "<div><b>".repeat(20_000)))
    }),
    Case::new("array in array", COULD_NOT_RUN, &["guide.ipynb"], |folder| {
        file(folder, "guide.ipynb", format!("{{\"cells\": {}", "[".repeat(200_000)))
    }),
    Case::new("a notebook that is not JSON", COULD_NOT_RUN, &["guide.ipynb"], |folder| {
        file(folder, "guide.ipynb", "print(1)  # 1\n")
    }),
    Case::new("a notebook that is another thing", COULD_NOT_RUN, &["guide.ipynb"], |folder| {
        file(folder, "guide.ipynb", "{\"cells\": {\"a\": 1}, \"nbformat\": \"x\"}")
    }),
    Case::new("a larger file than any guide", COULD_NOT_RUN, &["guide.md", "at most"], |folder| {
        let path = folder.join("guide.md");
        fs::File::create(&path).and_then(|file| file.set_len(8 << 30)).expect("a file");
        check_guide(&path)
    }),
    Case::new("one line of thirty megabytes", COULD_NOT_RUN, &["guide.md", "no Python snippet"], |folder| {
        guide(folder, "words ".repeat(5 << 20))
    }),
    Case::new("one plain line of thirty megabytes", COULD_NOT_RUN, &["guide.txt", "no Python snippet"], |folder| {
        file(folder, "guide.txt", "words ".repeat(5 << 20))
    }),
    Case::new("a snippet of ten megabytes", HOLDS, &["1 holds,"], |folder| {
        let lines = "# a comment that says nothing\n".repeat(350_000);
        guide(folder, format!("```python\n{lines}print(1)  # 1\n```\n"))
    }),
    Case::new("twenty thousand snippets", HOLDS, &["20001  "], |folder| {
        let mut text = FENCED.to_owned();
        for number in 0..20_000 {
            let _ = write!(text, "\n```python no-run\nprint({number})  # {number}\n```\n");
        }
        guide(folder, text)
    }),
    Case::new("a broken configuration", COULD_NOT_RUN, &["trueprint.toml", "1"], |folder| {
        fs::write(folder.join("trueprint.toml"), "guides = [\n").expect("a file");
        guide(folder, FENCED)
    }),
    Case::new("an unknown setting", COULD_NOT_RUN, &["trueprint.toml", "speed"], |folder| {
        fs::write(folder.join("trueprint.toml"), "speed = \"ludicrous\"\n").expect("a file");
        guide(folder, FENCED)
    }),
    Case::new("a configuration that is not UTF-8", COULD_NOT_RUN, &["trueprint.toml"], |folder| {
        fs::write(folder.join("trueprint.toml"), b"guides = [\"\xe9\"]\n").expect("a file");
        guide(folder, FENCED)
    }),
    Case::new("a configuration without a bottom", COULD_NOT_RUN, &["trueprint.toml"], |folder| {
        fs::write(folder.join("trueprint.toml"), format!("guides = {}", "[".repeat(200_000))).expect("a file");
        guide(folder, FENCED)
    }),
    Case::new("a pipe where a configuration could be", HOLDS, &["1 holds,"], |folder| {
        nix::unistd::mkfifo(&folder.join("trueprint.toml"), nix::sys::stat::Mode::S_IRWXU).expect("a pipe");
        guide(folder, FENCED)
    }),
    Case::new("broken expectations", COULD_NOT_RUN, &["wrong.toml", "2"], |folder| {
        fs::write(folder.join("wrong.toml"), "guide = \"guide.md\"\n[[snippet]\n").expect("a file");
        let mut arguments = guide(folder, FENCED);
        arguments.extend(["--expectations".to_owned(), "wrong.toml".to_owned()]);
        arguments
    }),
    Case::new("a Python that says rubbish", COULD_NOT_RUN, &["python"], |folder| {
        fake_python(folder, "head -c 20000000 /dev/urandom")
    }),
    Case::new("a Python that says nothing", COULD_NOT_RUN, &["python"], |folder| {
        fake_python(folder, "exit 0")
    }),
    Case::new("a Python that fails", COULD_NOT_RUN, &["python", "broken beyond"], |folder| {
        fake_python(folder, "echo broken beyond repair >&2; exit 1")
    }),
    Case::new("a Python that hangs", COULD_NOT_RUN, &["python"], |folder| {
        fake_python(folder, "sleep 1000")
    }),
    Case::new("a Python that hangs and holds on", COULD_NOT_RUN, &["python"], |folder| {
        fake_python(folder, "sleep 1000 & exit 0")
    }),
    Case::new("a Python that never stops talking", COULD_NOT_RUN, &["python"], |folder| {
        fake_python(folder, "yes")
    }),
    Case::new("a Python that is no program", COULD_NOT_RUN, &["python"], |folder| {
        let mut arguments = fake_python(folder, "");
        let path = folder.join("python");
        fs::write(&path, "not a program").expect("a file");
        fs::set_permissions(path, fs::Permissions::from_mode(0o644)).expect("its mode");
        arguments.truncate(4);
        arguments
    }),
    Case::new("a Python with control characters", COULD_NOT_RUN, &["python"], |folder| {
        fake_python(folder, "printf '\\033[31m\\007'; printf '\\033[2J' >&2; exit 1")
    }),
    Case::new("a time that is none", COULD_NOT_RUN, &["banana"], |folder| {
        let mut arguments = guide(folder, FENCED);
        arguments.extend(["--timeout".to_owned(), "banana".to_owned()]);
        arguments
    }),
    Case::new("no jobs", COULD_NOT_RUN, &["--jobs"], |folder| {
        let mut arguments = guide(folder, FENCED);
        arguments.extend(["--jobs".to_owned(), "0".to_owned()]);
        arguments
    }),
    Case::new("an unknown option", COULD_NOT_RUN, &["--frobnicate"], |folder| {
        let mut arguments = guide(folder, FENCED);
        arguments.push("--frobnicate".to_owned());
        arguments
    }),
    Case::new("one guide of two is broken", COULD_NOT_RUN, &["broken.md", "1 holds,"], |folder| {
        fs::write(folder.join("broken.md"), b"\xff\xfe\n").expect("a file");
        let mut arguments = guide(folder, FENCED);
        arguments.push("broken.md".to_owned());
        arguments
    }),
];

/// A guide in which everything holds.
const FENCED: &str = "```python\nprint(6 * 7)  # 42\n```\n";

fn check_guide(path: &Path) -> Vec<String> {
    vec![
        "check".to_owned(),
        path.to_str().expect("a path").to_owned(),
    ]
}

fn file(folder: &Path, name: &str, text: impl AsRef<[u8]>) -> Vec<String> {
    fs::write(folder.join(name), text).expect("a file");
    vec!["check".to_owned(), name.to_owned()]
}

fn guide(folder: &Path, text: impl AsRef<[u8]>) -> Vec<String> {
    file(folder, "guide.md", text)
}

/// Code that nobody can run, and an innocent snippet.
fn nested(folder: &Path, code: &str) -> Vec<String> {
    guide(
        folder,
        format!("```python\n{code}\nprint(x)  # never\n```\n\n{FENCED}"),
    )
}

fn fake_python(folder: &Path, script: &str) -> Vec<String> {
    let path = folder.join("python");
    fs::write(&path, format!("#!/bin/sh\n{script}\n")).expect("a script");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o755)).expect("its mode");
    let mut arguments = guide(folder, FENCED);
    arguments.extend([
        "--python".to_owned(),
        path.to_str().expect("a path").to_owned(),
    ]);
    arguments
}

fn check(case: &Case) -> Result<(), Failed> {
    let folder = tempfile::Builder::new()
        .permissions(fs::Permissions::from_mode(0o777))
        .tempdir()?;
    let temporary = tempfile::Builder::new()
        .permissions(fs::Permissions::from_mode(0o777))
        .tempdir()?;
    let arguments = (case.make)(folder.path());
    let before = names(folder.path());
    let mut command = Command::new(env!("CARGO_BIN_EXE_trueprint"));
    command
        .args(&arguments)
        .current_dir(folder.path())
        .env("TMPDIR", temporary.path())
        .env("XDG_CACHE_HOME", temporary.path())
        .env("COLUMNS", "500")
        .env_remove("CI")
        .stdin(Stdio::null());
    if case.ordinary {
        command.uid(65534).gid(65534);
    }
    let said = run(command, temporary.path())?;
    let mut wrong = Vec::new();
    if said.status != Some(case.status) {
        wrong.push(format!(
            "exit status {:?}, not {}",
            said.status, case.status
        ));
    }
    for text in case.says {
        if !said.text.contains(text) {
            wrong.push(format!("it does not say {text:?}"));
        }
    }
    if said.text.contains("panicked") || said.text.contains("overflowed its stack") {
        wrong.push("it panicked".to_owned());
    }
    let control = |character: &char| character.is_control() && !matches!(character, '\n' | '\t');
    if let Some(character) = said.text.chars().find(control) {
        wrong.push(format!("it says {character:?} raw"));
    }
    if names(folder.path()) != before {
        wrong.push(format!(
            "files have come or gone: {:?}",
            names(folder.path())
        ));
    }
    let left: Vec<PathBuf> = names(temporary.path())
        .into_iter()
        .filter(|path| path.to_string_lossy().contains("trueprint-"))
        .collect();
    if !left.is_empty() {
        wrong.push(format!("left behind: {left:?}"));
    }
    if wrong.is_empty() {
        return Ok(());
    }
    let shown: String = said
        .text
        .chars()
        .take(3000)
        .flat_map(char::escape_debug)
        .collect();
    Err(format!("{}\n{}", wrong.join("\n"), shown.replace("\\n", "\n")).into())
}

struct Said {
    status: Option<i32>,
    /// Both streams.
    text: String,
}

fn run(mut command: Command, folder: &Path) -> Result<Said, Failed> {
    let (out, err) = (folder.join("stdout"), folder.join("stderr"));
    let mut child = command
        .stdout(fs::File::create(&out)?)
        .stderr(fs::File::create(&err)?)
        .process_group(0)
        .spawn()?;
    let Some(status) = child.wait_timeout(DEADLINE)? else {
        child.kill()?;
        child.wait()?;
        return Err(format!("it still ran after {DEADLINE:?}").into());
    };
    let mut bytes = Vec::new();
    for path in [&out, &err] {
        fs::File::open(path)?.read_to_end(&mut bytes)?;
        fs::remove_file(path)?;
    }
    Ok(Said {
        status: status.code(),
        text: String::from_utf8(bytes).map_err(|error| error.to_string())?,
    })
}

fn names(folder: &Path) -> Vec<PathBuf> {
    let mut found: Vec<PathBuf> = fs::read_dir(folder)
        .expect("the folder")
        .map(|entry| PathBuf::from(entry.expect("an entry").file_name()))
        .collect();
    found.sort();
    found
}
