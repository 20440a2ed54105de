//! The worker, tried with every CPython that is found on this machine.
//!
//! A file in `tests/worker/cases/` is a task and what must happen, event by
//! event. A file in `tests/worker/scripts/` is a program whose output and exit
//! status must be, byte for byte, what `python -u` gives.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdin, ChildStdout, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};

use libtest_mimic::{Arguments, Failed, Trial};
use serde::Deserialize;
use tempfile::TempDir;
use trueprint::interpreter::{self, Interpreter, Search, Surroundings};
use trueprint::protocol::{
    self, Confinement, End, Event, Exception, Hello, Limits, Look, Probe, ProbePoint, Reply, Run,
    Setup, Site, Stream, Task, Unit, UnitMode,
};
use trueprint::{launch, sandbox};

fn main() {
    let arguments = Arguments::from_args();
    let surroundings = Surroundings::of_this_process().expect("the surroundings are known");
    let found = interpreter::discover(&Search::All, &surroundings).expect("pythons can be found");
    let mut pythons: BTreeMap<_, Interpreter> = BTreeMap::new();
    for python in found.usable {
        pythons.entry(python.version).or_insert(python);
    }
    let mut trials = Vec::new();
    for python in pythons.into_values() {
        let name = format!("{}.{}", python.version.major, python.version.minor);
        trials.push(Trial::test(format!("threads_at_the_start::{name}"), {
            let python = python.clone();
            move || check_threads(&python)
        }));
        let host = Arc::new(Host::new(python));
        trials.push(Trial::test(format!("lines_of_a_long_program::{name}"), {
            let host = Arc::clone(&host);
            move || check_long_program(&host)
        }));
        for (kind, check) in [
            (
                "cases",
                check_case as fn(&Host, &Path) -> Result<(), Failed>,
            ),
            ("scripts", check_script),
        ] {
            for path in files(kind) {
                let stem = path.file_stem().expect("a name").to_string_lossy();
                let host = Arc::clone(&host);
                trials.push(Trial::test(format!("{kind}::{stem}::{name}"), {
                    let path = path.clone();
                    move || check(&host, &path)
                }));
            }
        }
    }
    libtest_mimic::run(&arguments, trials).exit();
}

fn files(kind: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("tests/worker")
        .join(kind);
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder)
        .expect("the cases are there")
        .map(|entry| entry.expect("the folder can be read").path())
        .collect();
    files.sort();
    files
}

/// A worker that is started when it is needed, and again after it is gone.
struct Host {
    python: Interpreter,
    worker: Mutex<Option<Worker>>,
}

struct Worker {
    process: Child,
    input: ChildStdin,
    output: ChildStdout,
    _root: TempDir,
}

impl Host {
    fn new(python: Interpreter) -> Self {
        Self {
            python,
            worker: Mutex::new(None),
        }
    }

    fn run(&self, task: &Task) -> Result<Run, Failed> {
        let mut worker = self.worker.lock().unwrap_or_else(PoisonError::into_inner);
        if worker.is_none() {
            *worker = Some(Worker::start(&self.python, None)?);
        }
        let reply = match &mut *worker {
            Some(worker) => worker.ask(task),
            None => Err("no worker".into()),
        };
        if reply.is_err() {
            *worker = None;
        }
        match reply? {
            Reply::Ran(run) => Ok(*run),
            Reply::Failed { message } => Err(message.into()),
        }
    }
}

impl Worker {
    /// Starts a worker, with a folder of modules before all others if there is one.
    fn start(python: &Interpreter, modules: Option<&Path>) -> Result<Self, Failed> {
        let root = tempfile::tempdir()?;
        let mut readable = vec![python.prefix.clone(), python.base_prefix.clone()];
        readable.extend(python.import_path.iter().cloned());
        readable.extend(python.executable.parent().map(Path::to_path_buf));
        readable.extend(python.library.parent().map(Path::to_path_buf));
        readable.extend(modules.map(Path::to_path_buf));
        let setup = Setup {
            library: python.library.clone(),
            executable: python.executable.clone(),
            preload: vec!["threading".into(), "no_such_module".into()],
            confinement: Confinement {
                root: root.path().canonicalize()?,
                readable,
                files: true,
                network: true,
                disk_bytes: 64 << 20,
                processes: 512,
            },
        };
        let mut command = Command::new(env!("CARGO_BIN_EXE_trueprint"));
        command
            .arg(launch::SUBCOMMAND)
            .env_clear()
            .envs(sandbox::environment(&python.executable, 0))
            .envs(modules.map(|folder| ("PYTHONPATH", folder)));
        let mut process = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let input = process.stdin.take().ok_or("no input")?;
        let output = process.stdout.take().ok_or("no output")?;
        let mut worker = Self {
            process,
            input,
            output,
            _root: root,
        };
        protocol::send(&mut worker.input, &setup)?;
        let hello: Hello = protocol::receive(&mut worker.output)?.ok_or("no greeting")?;
        if hello.version != python.version.to_string()
            || Path::new(&hello.executable) != python.executable
        {
            return Err(format!("{hello:?} is not {python:?}").into());
        }
        Ok(worker)
    }

    fn ask(&mut self, task: &Task) -> Result<Reply, Failed> {
        protocol::send(&mut self.input, task)?;
        Ok(protocol::receive(&mut self.output)?.ok_or("the worker is gone")?)
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A case: one unit, or several.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Case {
    /// Which versions it is for, such as `3.9`; all of them, when left out.
    #[serde(default)]
    python: Vec<String>,
    code: Option<String>,
    #[serde(default)]
    mode: Mode,
    #[serde(default)]
    probes: Vec<CaseProbe>,
    #[serde(default)]
    units: Vec<CaseUnit>,
    wall_ms: Option<u64>,
    output_bytes: Option<u64>,
    /// What must happen, one event a line.
    events: String,
    /// How the child must end; `Finished`, when left out.
    end: Option<String>,
    #[serde(default)]
    leftover_processes: u32,
    #[serde(default)]
    output_cut: u64,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CaseUnit {
    code: String,
    #[serde(default)]
    mode: Mode,
    #[serde(default)]
    probes: Vec<CaseProbe>,
}

#[derive(Clone, Copy, Default, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Mode {
    #[default]
    Script,
    Console,
    Pytest,
}

/// A probe: `after` is the lines of a statement, `at` a line and a column.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct CaseProbe {
    id: u32,
    after: Option<[u32; 2]>,
    at: Option<[u32; 2]>,
    #[serde(default)]
    value: bool,
    state: Option<String>,
    run: Option<String>,
}

impl CaseProbe {
    fn probe(&self) -> Probe {
        let at = match (self.after, self.at) {
            (Some([first_line, last_line]), None) => ProbePoint::AfterStatement {
                first_line,
                last_line,
            },
            (None, Some([line, indent])) => ProbePoint::AtLine { line, indent },
            (None, None) | (Some(_), Some(_)) => panic!("a probe is either after or at"),
        };
        let look = match (self.value, &self.state, &self.run) {
            (true, None, None) => Look::Value,
            (false, Some(state), None) => Look::State(state.clone()),
            (false, None, Some(run)) => Look::Run(run.clone()),
            _ => Look::Reach,
        };
        Probe {
            id: self.id,
            at,
            look,
        }
    }
}

impl CaseUnit {
    fn unit(&self, index: usize) -> Unit {
        Unit {
            file_name: if index == 0 {
                "snippet.py".into()
            } else {
                format!("snippet{index}.py").into()
            },
            code: self.code.as_str().into(),
            mode: match self.mode {
                Mode::Script => UnitMode::Script,
                Mode::Console => UnitMode::Console,
                Mode::Pytest => UnitMode::Pytest,
            },
            probes: self.probes.iter().map(CaseProbe::probe).collect(),
        }
    }
}

fn task(units: Vec<Unit>) -> Task {
    Task {
        units,
        limits: Limits {
            wall_ms: 20_000,
            ..Limits::default()
        },
        network: false,
        arguments: Vec::new(),
    }
}

fn check_case(host: &Host, path: &Path) -> Result<(), Failed> {
    let mut case: Case = toml::from_str(&std::fs::read_to_string(path)?)?;
    let version = format!(
        "{}.{}",
        host.python.version.major, host.python.version.minor
    );
    if !case.python.is_empty() && !case.python.contains(&version) {
        return Ok(());
    }
    if let Some(code) = case.code.take() {
        case.units.push(CaseUnit {
            code,
            mode: case.mode,
            probes: std::mem::take(&mut case.probes),
        });
    }
    let units = case
        .units
        .iter()
        .enumerate()
        .map(|(index, unit)| unit.unit(index));
    let mut task = task(units.collect());
    task.limits.wall_ms = case.wall_ms.unwrap_or(task.limits.wall_ms);
    task.limits.output_bytes = case.output_bytes.unwrap_or(task.limits.output_bytes);
    let run = host.run(&task)?;
    let mut happened = String::new();
    for event in &run.events {
        tell(event, "", &mut happened);
    }
    let end = tell_end(&run.end);
    let wanted = case.end.as_deref().unwrap_or("Finished");
    let numbers = (run.leftover_processes, run.output_cut);
    if happened.trim() == case.events.trim()
        && end == wanted
        && numbers == (case.leftover_processes, case.output_cut)
    {
        return Ok(());
    }
    Err(format!(
        "wanted:\n{}\n{wanted}\nhappened:\n{happened}\n{end}\nleft over, cut: {numbers:?}",
        case.events
    )
    .into())
}

/// An event on a line. Statements that are done are not worth one.
fn tell(event: &Event, indent: &str, text: &mut String) {
    let line = match event {
        Event::Done { .. } => return,
        Event::Wrote {
            stream,
            stack,
            statement,
            text,
        } => {
            let text = without_addresses(&without_place(text));
            let stream = match stream {
                Stream::Out => "out",
                Stream::Err => "err",
            };
            format!("{stream} {} {} {text:?}", sites(stack), site(*statement))
        }
        Event::Value {
            probe,
            value: Ok(value),
            ..
        } => match &value.text {
            Some(text) => format!("value {probe} {} {text:?} {}", value.repr, value.type_name),
            None => format!("value {probe} {} {}", value.repr, value.type_name),
        },
        Event::Value {
            probe,
            value: Err(name),
            ..
        } => format!("value {probe} fails {name}"),
        Event::State {
            probe,
            value: Ok(value),
            ..
        } => format!("state {probe} {}", value.repr),
        Event::State {
            probe,
            value: Err(name),
            ..
        } => format!("state {probe} fails {name}"),
        Event::Reached { probe, .. } => format!("reached {probe}"),
        Event::Raised {
            statement,
            exception,
        } => format!("raised {} {}", site(*statement), tell_exception(exception)),
        Event::RaisedElsewhere { origin, exception } => {
            format!("{origin} raised {}", tell_exception(exception))
        }
        Event::Exited { statement, code } => format!("exited {} {code}", site(*statement)),
        Event::Ran {
            probe, events, end, ..
        } => {
            let _ = writeln!(text, "{indent}ran {probe} {}", tell_end(end));
            for event in events {
                tell(event, &format!("{indent}  "), text);
            }
            return;
        }
    };
    let _ = writeln!(text, "{indent}{line}");
}

fn tell_exception(exception: &Exception) -> String {
    let line = exception
        .syntax_line
        .map(|line| format!(" line {line}"))
        .unwrap_or_default();
    format!(
        "{}: {}{line} {}",
        exception.type_name,
        exception.message,
        sites(&exception.stack)
    )
}

fn tell_end(end: &End) -> String {
    format!("{end:?}")
}

fn site(site: Option<Site>) -> String {
    match site {
        None => "-".into(),
        Some(Site { unit: 0, line }) => line.to_string(),
        Some(Site { unit, line }) => format!("{unit}:{line}"),
    }
}

fn sites(stack: &[Site]) -> String {
    let sites: Vec<String> = stack.iter().map(|found| site(Some(*found))).collect();
    format!("[{}]", sites.join(" "))
}

/// A process that has a second thread as soon as CPython has started cannot be
/// forked: each child starts its own then.
fn check_threads(python: &Interpreter) -> Result<(), Failed> {
    let folder = tempfile::tempdir()?;
    let place = folder.path().canonicalize()?;
    std::fs::write(
        place.join("sitecustomize.py"),
        "import threading, time\n\
         threading.Thread(target=time.sleep, args=(1000,), daemon=True).start()\n",
    )?;
    let mut worker = Worker::start(python, Some(&place))?;
    let unit = CaseUnit {
        code: "import threading\nprint(threading.active_count())\n".into(),
        mode: Mode::Script,
        probes: Vec::new(),
    };
    for _ in 0..2 {
        let Reply::Ran(run) = worker.ask(&task(vec![unit.unit(0)]))? else {
            return Err("it did not run".into());
        };
        let mut happened = String::new();
        for event in &run.events {
            tell(event, "", &mut happened);
        }
        if (happened.as_str(), run.end) != ("out [2] 2 \"2\\n\"\n", End::Finished) {
            return Err(happened.into());
        }
    }
    Ok(())
}

/// Where a program of thousands of statements writes is known by its line, of the
/// module and of a long function alike.
fn check_long_program(host: &Host) -> Result<(), Failed> {
    let mut code = String::from("def count(name):\n");
    let mut lines = Vec::new();
    for number in 0..1000 {
        code.push_str(&format!("    print(\n        name, {number},\n    )\n"));
        lines.push((number.to_string(), [Some(2 + 3 * number), Some(6003)]));
    }
    for number in 1000..2000 {
        code.push_str(&format!("print(\n    {number} + 0,\n)\n"));
        lines.push((number.to_string(), [Some(2 + 3 * number), None]));
    }
    code.push_str("\ncount('n')\n");
    lines.rotate_left(1000);
    let unit = CaseUnit {
        code,
        mode: Mode::Script,
        probes: Vec::new(),
    };
    let run = host.run(&task(vec![unit.unit(0)]))?;
    let mut found = Vec::new();
    for event in &run.events {
        if let Event::Wrote { stack, text, .. } = event {
            let mut sites = stack.iter().map(|site| site.line);
            let number = text.trim().trim_start_matches("n ").to_owned();
            found.push((number, [sites.next(), sites.next()]));
        }
    }
    let differs = lines.iter().zip(&found).find(|(line, found)| line != found);
    if found.len() != lines.len() || differs.is_some() {
        return Err(format!("{} writes: {differs:?}", found.len()).into());
    }
    Ok(())
}

/// What a program gave: output, error output, status.
#[derive(PartialEq, Eq)]
struct Given {
    out: String,
    err: String,
    status: i32,
}

fn check_script(host: &Host, path: &Path) -> Result<(), Failed> {
    let code = std::fs::read_to_string(path)?;
    let theirs = run_by_python(&host.python, &code)?;
    let ours = run_by_worker(host, &code)?;
    if theirs == ours {
        return Ok(());
    }
    let show = |given: &Given| format!("{}---\n{}---\n{}", given.out, given.err, given.status);
    Err(format!("python:\n{}\nworker:\n{}", show(&theirs), show(&ours)).into())
}

fn run_by_python(python: &Interpreter, code: &str) -> Result<Given, Failed> {
    let folder = tempfile::tempdir()?;
    let place = folder.path().canonicalize()?;
    std::fs::write(place.join("snippet.py"), code)?;
    let output = Command::new(&python.executable)
        .args(["-u", "snippet.py"])
        .env_clear()
        .envs(sandbox::environment(&python.executable, 0))
        .env("HOME", &place)
        .current_dir(&place)
        .stdin(Stdio::null())
        .output()?;
    let place = place.to_string_lossy();
    Ok(Given {
        out: without_addresses(
            &String::from_utf8_lossy(&output.stdout).replace(&*place, "<place>"),
        ),
        err: without_addresses(
            &String::from_utf8_lossy(&output.stderr).replace(&*place, "<place>"),
        ),
        status: output.status.code().ok_or("killed")?,
    })
}

fn run_by_worker(host: &Host, code: &str) -> Result<Given, Failed> {
    let unit = CaseUnit {
        code: code.to_owned(),
        mode: Mode::Script,
        probes: Vec::new(),
    };
    let run = host.run(&task(vec![unit.unit(0)]))?;
    let mut given = Given {
        out: String::new(),
        err: String::new(),
        status: 0,
    };
    for event in run.events {
        match event {
            Event::Wrote { stream, text, .. } => match stream {
                Stream::Out => given.out.push_str(&text),
                Stream::Err => given.err.push_str(&text),
            },
            Event::Exited { code, .. } => given.status = code & 255,
            Event::Raised { .. } => given.status = 1,
            Event::Value { .. }
            | Event::State { .. }
            | Event::Ran { .. }
            | Event::Reached { .. }
            | Event::Done { .. }
            | Event::RaisedElsewhere { .. } => {}
        }
    }
    match run.end {
        End::Finished => {}
        End::LeftEarly { status } => given.status = status,
        other => return Err(format!("{other:?}").into()),
    }
    for text in [&mut given.out, &mut given.err] {
        *text = without_addresses(&without_place(text));
    }
    Ok(given)
}

/// Replaces the task's own directory, whose path differs from worker to worker.
fn without_place(text: &str) -> String {
    let mut rest = text;
    let mut result = String::new();
    while let Some(at) = rest.find("/work") {
        let (before, after) = rest.split_at(at);
        match before.rfind("/task") {
            Some(task) if !before[task + 1..].contains(['/', '\n', ' ']) => {
                let start = before[..task]
                    .rfind(|letter: char| " '\"\n(=".contains(letter))
                    .map_or(0, |place| place + 1);
                result.push_str(&before[..start]);
                result.push_str("<place>");
            }
            _ => {
                result.push_str(before);
                result.push_str("/work");
            }
        }
        rest = &after["/work".len()..];
    }
    result.push_str(rest);
    result
}

/// Replaces addresses, which no two processes share.
fn without_addresses(text: &str) -> String {
    let mut parts = text.split(" at 0x");
    let mut result = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        result.push_str(" at <address>");
        result.push_str(part.trim_start_matches(|letter: char| letter.is_ascii_hexdigit()));
    }
    result
}
