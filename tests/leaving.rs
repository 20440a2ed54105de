//! What a run leaves behind, however it ends: nothing, or one directory that
//! the next run removes.
//!
//! This program plays all parts: the test, a coordinator that can be killed,
//! and its workers, which run shell scripts as tasks.

use std::fs;
use std::io::{Read, Write};
use std::os::fd::AsFd;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use libtest_mimic::{Arguments, Failed, Trial};
use nix::poll::{PollFd, PollFlags, PollTimeout, poll};
use nix::sys::signal::{Signal, kill};
use nix::sys::wait::waitpid;
use nix::unistd::{ForkResult, Pid, fork};
use serde::Serialize;
use serde::de::DeserializeOwned;
use trueprint::interpreter::{Interpreter, Version};
use trueprint::protocol::{End, Hello, Limits, Reply, Run, Setup, Task, Unit, UnitMode};
use trueprint::runner::{Interrupt, Job, Outcome, Runner, RunnerEvent, RunnerSettings};
use trueprint::sandbox;

mod refusal;

const COORDINATOR: &str = "__coordinator";
const WORKER: &str = "__worker";

/// Tasks that hide from whoever would end them, and never end themselves.
const STUBBORN: &str = "sleep 1000 & (setsid sleep 1000 &) ; (trap '' TERM INT HUP; setsid sh -c 'sleep 1000' &) ; sleep 1000";

fn main() {
    let given: Vec<String> = std::env::args().collect();
    match given.as_slice() {
        [_, part] if part == WORKER => be_worker(),
        [_, part, mark, namespaces, script] if part == COORDINATOR => {
            if namespaces == "false" {
                refusal::refuse_namespaces();
            }
            be_coordinator(mark, script)
        }
        _ => {}
    }
    let arguments = Arguments::from_args();
    type Test = fn(&Scene) -> Result<(), Failed>;
    let tests: [(&str, Test); 5] = [
        ("killed_at_random_moments", killed_at_random_moments),
        ("interrupted", interrupted),
        ("finished", finished),
        ("two_at_a_time", two_at_a_time),
        ("worker_killed_from_outside", worker_killed_from_outside),
    ];
    let trials = [("namespaces", true), ("no_namespaces", false)]
        .into_iter()
        .flat_map(|(way, namespaces)| {
            tests.map(|(name, test)| {
                Trial::test(format!("{name}::{way}"), move || {
                    test(&Scene::new(namespaces)?)
                })
            })
        })
        .collect();
    libtest_mimic::run(&arguments, trials).exit();
}

/// A place for the directories of runs, and a name that their processes bear.
struct Scene {
    folder: tempfile::TempDir,
    mark: String,
    namespaces: bool,
}

impl Scene {
    fn new(namespaces: bool) -> Result<Self, Failed> {
        static COUNT: AtomicUsize = AtomicUsize::new(0);
        let count = COUNT.fetch_add(1, Ordering::Relaxed);
        Ok(Self {
            folder: tempfile::tempdir()?,
            mark: format!("/leaving-{}-{count}/bin", std::process::id()),
            namespaces,
        })
    }

    fn start(&self, script: &str) -> Result<Child, Failed> {
        Ok(Command::new(std::env::current_exe()?)
            .args([
                COORDINATOR,
                &self.mark,
                &self.namespaces.to_string(),
                script,
            ])
            .env("TMPDIR", self.folder.path())
            .stdout(Stdio::piped())
            .spawn()?)
    }

    fn directories(&self) -> Vec<PathBuf> {
        fs::read_dir(self.folder.path())
            .into_iter()
            .flatten()
            .flatten()
            .map(|entry| entry.path())
            .collect()
    }

    /// The workers, and what they started: the coordinator says the name to its
    /// workers as part of `PATH`, and on its own command line.
    fn processes(&self) -> Vec<(Pid, String)> {
        fs::read_dir("/proc")
            .into_iter()
            .flatten()
            .flatten()
            .filter_map(|entry| {
                let number: i32 = entry.file_name().to_str()?.parse().ok()?;
                let environment = fs::read(entry.path().join("environ")).unwrap_or_default();
                let environment = String::from_utf8_lossy(&environment).into_owned();
                let line = fs::read(entry.path().join("cmdline")).ok()?;
                let line = String::from_utf8_lossy(&line).replace('\0', " ");
                let stat = fs::read_to_string(entry.path().join("stat")).unwrap_or_default();
                let line = format!("{line} {}", &stat[..40.min(stat.len())]);
                environment
                    .contains(&self.mark)
                    .then_some((Pid::from_raw(number), line))
            })
            .collect()
    }

    /// Nothing runs any more, give or take the moment that the kernel needs.
    fn expect_no_process(&self) -> Result<(), Failed> {
        let end = Instant::now() + Duration::from_secs(10);
        loop {
            let left = self.processes();
            if left.is_empty() {
                return Ok(());
            }
            if Instant::now() > end {
                return Err(format!("still there: {left:?}").into());
            }
            std::thread::yield_now();
        }
    }

    fn expect_no_directory(&self) -> Result<(), Failed> {
        match self.directories() {
            none if none.is_empty() => Ok(()),
            left => Err(format!("left behind: {left:?}").into()),
        }
    }
}

/// Reads lines of the coordinator until one says this.
fn wait_for(child: &mut Child, words: &str) -> Result<(), Failed> {
    let output = child.stdout.as_mut().ok_or("no output")?;
    let mut said = String::new();
    let mut byte = [0];
    while output.read(&mut byte)? == 1 {
        said.push(char::from(byte[0]));
        if said.ends_with(words) {
            return Ok(());
        }
    }
    Err(format!("the coordinator ended and said `{said}`").into())
}

fn pid(child: &Child) -> Result<Pid, Failed> {
    Ok(Pid::from_raw(i32::try_from(child.id())?))
}

fn killed_at_random_moments(scene: &Scene) -> Result<(), Failed> {
    for round in 0..50_u16 {
        let mut child = scene.start(if round % 2 == 0 { STUBBORN } else { "true" })?;
        // Its end, should it come first, ends the wait as well.
        let moment = u16::try_from(u32::from(round) * 7919 % 97)?;
        if let Some(output) = &child.stdout {
            let mut quiet = [PollFd::new(output.as_fd(), PollFlags::empty())];
            poll(&mut quiet, PollTimeout::from(moment))?;
        }
        child.kill()?;
        child.wait()?;
        scene
            .expect_no_process()
            .map_err(|failed| format!("round {round}: {}", failed.message().unwrap_or("")))?;
        let left = scene.directories();
        if left.len() > 1 {
            return Err(format!("round {round}: {left:?}").into());
        }
    }
    let mut last = scene.start("true")?;
    wait_for(&mut last, "0 of 8 interrupted\n")?;
    last.wait()?;
    scene.expect_no_process()?;
    scene.expect_no_directory()
}

fn interrupted(scene: &Scene) -> Result<(), Failed> {
    for signal in [Signal::SIGINT, Signal::SIGTERM, Signal::SIGHUP] {
        let mut child = scene.start(STUBBORN)?;
        wait_for(&mut child, "started\n")?;
        let begin = Instant::now();
        kill(pid(&child)?, signal)?;
        wait_for(&mut child, "8 of 8 interrupted\n")?;
        child.wait()?;
        if begin.elapsed() > Duration::from_secs(5) {
            return Err(format!("{signal}: it took {:?}", begin.elapsed()).into());
        }
        scene.expect_no_process()?;
        scene.expect_no_directory()?;
    }
    Ok(())
}

fn finished(scene: &Scene) -> Result<(), Failed> {
    // The worker here does not tidy up after its tasks: its end has to.
    let mut child = scene.start("(setsid sleep 1000 &)")?;
    wait_for(&mut child, "0 of 8 interrupted\n")?;
    let status = child.wait()?;
    if !status.success() {
        return Err(format!("{status}").into());
    }
    scene.expect_no_process()?;
    scene.expect_no_directory()
}

fn two_at_a_time(scene: &Scene) -> Result<(), Failed> {
    let mut children = Vec::new();
    for _ in 0..4 {
        children.push(scene.start("echo x > file && test \"$(ls)\" = file && rm file")?);
    }
    for child in &mut children {
        wait_for(child, "0 of 8 interrupted\n")?;
        child.wait()?;
    }
    scene.expect_no_process()?;
    scene.expect_no_directory()
}

fn worker_killed_from_outside(scene: &Scene) -> Result<(), Failed> {
    let mut child = scene.start("sleep 1")?;
    wait_for(&mut child, "started\n")?;
    let processes = scene.processes();
    if processes.is_empty() {
        return Err("no worker bears the name".into());
    }
    for (process, _) in processes {
        // Some die of the others' death.
        let _ = kill(process, Signal::SIGKILL);
    }
    wait_for(&mut child, "0 of 8 interrupted\n")?;
    let status = child.wait()?;
    if status.signal().is_some() {
        return Err(format!("{status}").into());
    }
    scene.expect_no_process()?;
    scene.expect_no_directory()
}

fn be_coordinator(mark: &str, script: &str) -> ! {
    let interpreter = Interpreter {
        executable: Path::new(mark).join("python3"),
        version: Version::OLDEST,
        build: String::new(),
        library: "/usr/lib/libpython3.9.so".into(),
        prefix: "/usr".into(),
        base_prefix: "/usr".into(),
        import_path: Vec::new(),
        standard_modules: Vec::new(),
    };
    let settings = RunnerSettings {
        workers: 2.try_into().expect("two workers"),
        ..RunnerSettings::default()
    };
    let interrupt = Interrupt::on_signals().expect("signals can be caught");
    let runner = Runner::start(&interpreter, settings).expect("a worker comes up");
    let task = Task {
        units: vec![Unit {
            file_name: "snippet.py".into(),
            code: script.into(),
            mode: UnitMode::Script,
            probes: Vec::new(),
        }],
        limits: Limits::default(),
        network: false,
        arguments: Vec::new(),
    };
    let jobs: Vec<Job<'_>> = (0..8).map(|_| Job::from(&task)).collect();
    let outcomes = runner.run(&jobs, &interrupt, &|event| {
        if let RunnerEvent::Started { .. } = event {
            println!("started");
        }
    });
    drop(runner);
    let count = |outcome: &&Outcome| matches!(outcome, Outcome::Interrupted);
    println!(
        "{} of {} interrupted",
        outcomes.iter().filter(count).count(),
        outcomes.len()
    );
    std::process::exit(0)
}

/// Does what a worker does, without a Python.
fn be_worker() -> ! {
    let setup: Setup = hear().expect("a setup");
    let gaps = sandbox::enter_worker(&setup.confinement).expect("the box");
    say(&Hello {
        version: "3.9.0".to_owned(),
        executable: "python3".to_owned(),
        box_gaps: gaps.into_iter().map(|gap| gap.0).collect(),
    });
    while let Some(task) = hear::<Task>() {
        let directory = setup.confinement.root.join("task");
        fs::create_dir(&directory).expect("the task's directory");
        // SAFETY: the process has one thread.
        match unsafe { fork() }.expect("a child") {
            ForkResult::Child => {
                sandbox::enter_child(&task.limits, &directory).expect("the task's box");
                let status = Command::new("/bin/sh")
                    .args(["-c", &task.units[0].code])
                    .stdin(Stdio::null())
                    .stdout(Stdio::null())
                    .status()
                    .expect("a shell");
                std::process::exit(status.code().unwrap_or(1))
            }
            ForkResult::Parent { child } => {
                waitpid(child, None).expect("the child ends");
            }
        }
        fs::remove_dir_all(&directory).expect("nothing holds the directory");
        say(&Reply::Ran(Box::new(Run {
            events: Vec::new(),
            end: End::Finished,
            wall_seconds: 0.0,
            cpu_seconds: 0.0,
            refused: Vec::new(),
            output_cut: 0,
            events_cut: false,
            leftover_processes: 0,
        })));
    }
    std::process::exit(0)
}

fn hear<T: DeserializeOwned>() -> Option<T> {
    let mut input = std::io::stdin().lock();
    let mut length = [0; 4];
    input.read_exact(&mut length).ok()?;
    let mut text = vec![0; u32::from_le_bytes(length) as usize];
    input.read_exact(&mut text).ok()?;
    serde_json::from_slice(&text).ok()
}

fn say(message: &impl Serialize) {
    let text = serde_json::to_vec(message).expect("a message");
    let length = u32::try_from(text.len()).expect("a short message");
    let mut output = std::io::stdout().lock();
    output
        .write_all(&length.to_le_bytes())
        .expect("the coordinator listens");
    output.write_all(&text).expect("the coordinator listens");
    output.flush().expect("the coordinator listens");
}
