//! What the box promises, tried from inside.
//!
//! Each file in `tests/sandbox/` is a Python program. It is run in the box in
//! four ways: as the user who tests and as nobody, with namespaces and without
//! (a filter then refuses `unshare`, as container runtimes do). What it must
//! print stands in its first comments: `# prints: X` for every way, and
//! `# prints without namespaces: X` where that differs.

use std::os::fd::OwnedFd;
use std::os::unix::fs::{PermissionsExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use libtest_mimic::{Arguments, Failed, Trial};
use nix::sys::wait::{WaitStatus, waitpid};
use nix::unistd::{ForkResult, Gid, Uid, fork, setgid, setgroups, setuid};
use trueprint::protocol::{Confinement, Limits};
use trueprint::sandbox;

mod refusal;

const PYTHON: &str = "/usr/bin/python3";
const INSIDE: &str = "__inside";
const NOBODY: u32 = 65534;

#[derive(Clone, Copy, Debug)]
struct Way {
    name: &'static str,
    nobody: bool,
    namespaces: bool,
}

const WAYS: [Way; 4] = [
    Way {
        name: "namespaces",
        nobody: false,
        namespaces: true,
    },
    Way {
        name: "no_namespaces",
        nobody: false,
        namespaces: false,
    },
    Way {
        name: "nobody_namespaces",
        nobody: true,
        namespaces: true,
    },
    Way {
        name: "nobody_no_namespaces",
        nobody: true,
        namespaces: false,
    },
];

fn main() {
    let given: Vec<String> = std::env::args().collect();
    if let [_, inside, namespaces, root, script] = given.as_slice()
        && inside == INSIDE
    {
        go_inside(namespaces == "true", Path::new(root), script);
    }
    let arguments = Arguments::from_args();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/sandbox");
    let mut cases: Vec<PathBuf> = std::fs::read_dir(folder)
        .expect("the cases are there")
        .map(|entry| entry.expect("the folder can be read").path())
        .collect();
    cases.sort();
    let can_be_nobody = Uid::effective().is_root();
    let has_python = Path::new(PYTHON).exists();
    let trials = cases
        .into_iter()
        .flat_map(|case| WAYS.map(|way| (case.clone(), way)))
        .map(|(case, way)| {
            let name = case
                .file_stem()
                .expect("a name")
                .to_string_lossy()
                .into_owned();
            Trial::test(format!("{name}::{}", way.name), move || check(&case, way))
                .with_ignored_flag(!has_python || (way.nobody && !can_be_nobody))
        })
        .collect();
    libtest_mimic::run(&arguments, trials).exit();
}

fn check(case: &Path, way: Way) -> Result<(), Failed> {
    let text = std::fs::read_to_string(case)?;
    let announced = |key: &str| -> Option<String> {
        let lines: Vec<&str> = text
            .lines()
            .filter_map(|line| line.strip_prefix("# ")?.strip_prefix(key))
            .map(str::trim)
            .collect();
        (!lines.is_empty()).then(|| lines.join("\n"))
    };
    let expected = match way.namespaces {
        true => announced("prints: "),
        false => announced("prints without namespaces: ").or_else(|| announced("prints: ")),
    };
    let expected = expected.ok_or("the case does not say what it prints")?;
    // Not in the folder for temporary files: what lies there is a case's.
    let outside = tempfile::tempdir()?;
    std::fs::set_permissions(outside.path(), std::fs::Permissions::from_mode(0o755))?;
    let root = outside.path().canonicalize()?.join("worker");
    std::fs::create_dir(&root)?;
    let secret = outside.path().join("secret");
    std::fs::write(&secret, "secret")?;
    if way.nobody {
        for path in [&root, &secret] {
            chown(path, Some(NOBODY), Some(NOBODY))?;
        }
    }
    let mut command = Command::new(std::env::current_exe()?);
    command
        .args([INSIDE, &way.namespaces.to_string()])
        .arg(&root)
        .arg(&text)
        .env_clear()
        .envs(sandbox::environment(Path::new(PYTHON), 0))
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    if way.nobody {
        // SAFETY: three system calls and nothing else between fork and exec.
        unsafe {
            command.pre_exec(|| {
                setgroups(&[])?;
                setgid(Gid::from_raw(NOBODY))?;
                setuid(Uid::from_raw(NOBODY))?;
                Ok(())
            });
        }
    }
    let mut child = command.spawn()?;
    // Its other end stays open, or the watcher would take us for dead.
    let input = child.stdin.take();
    let output = child.wait_with_output()?;
    drop(input);
    let printed = String::from_utf8_lossy(&output.stdout).trim().to_owned();
    let kept = std::fs::read_to_string(&secret)? == "secret";
    if printed == expected && kept {
        Ok(())
    } else {
        Err(format!(
            "printed `{printed}` instead of `{expected}`; {}; {}; {}",
            output.status,
            String::from_utf8_lossy(&output.stderr).trim(),
            if kept { "" } else { "the secret was changed" },
        )
        .into())
    }
}

/// Enters the box as a worker does, runs the script as a task, and goes.
fn go_inside(namespaces: bool, root: &Path, script: &str) -> ! {
    if !namespaces {
        refusal::refuse_namespaces();
    }
    let confinement = Confinement {
        root: root.to_owned(),
        readable: vec![PathBuf::from("/usr")],
        files: true,
        network: true,
        disk_bytes: 32 << 20,
        processes: 40,
    };
    let gaps = sandbox::enter_worker(&confinement).expect("the box can be entered");
    for gap in &gaps {
        eprintln!("gap: {gap}");
    }
    let task = root.join("task");
    std::fs::create_dir(&task).expect("the task's directory can be made");
    let limits = Limits {
        wall_ms: 0,
        cpu_seconds: 10,
        memory_bytes: 1 << 30,
        file_bytes: 8 << 20,
        disk_bytes: 32 << 20,
        processes: 40,
        output_bytes: 0,
    };
    let mut attempts = sandbox::NetworkAttempts::count();
    // SAFETY: the process has one thread.
    match unsafe { fork() }.expect("the task can be started") {
        ForkResult::Child => {
            sandbox::enter_child(&limits, &task).expect("the task's box can be entered");
            let (empty, _): (OwnedFd, OwnedFd) = nix::unistd::pipe().expect("a pipe");
            let error = Command::new(PYTHON)
                .args(["-c", script])
                .env("HOME", &task)
                .env("TMPDIR", &task)
                .stdin(Stdio::from(empty))
                .exec();
            panic!("{PYTHON} cannot be started: {error}");
        }
        ForkResult::Parent { child } => {
            let status = waitpid(child, None).expect("the task ends");
            let killed = sandbox::end_task();
            if script.contains("# counts leftovers roughly") {
                println!("{} killed", if killed > 0 { "some" } else { "none" });
            } else if script.contains("# counts leftovers") {
                println!("{killed} killed");
            }
            if script.contains("# counts attempts") {
                println!(
                    "attempted: {:?}",
                    attempts.as_mut().map(|attempts| attempts.further() > 0)
                );
            }
            std::process::exit(match status {
                WaitStatus::Exited(_, code) => code,
                other => {
                    println!("{other:?}");
                    1
                }
            })
        }
    }
}
