//! What differs is run a second time, and nobody waits for that.

use std::fs;
use std::process::{Command, Stdio};
use std::time::Duration;

use serde_json::Value;

/// One snippet waits for a file that is written when there is a worker for second
/// runs. That is for the other snippet, whose claim is wrong.
#[test]
fn what_differs_is_run_again_while_others_still_run() {
    let folder = tempfile::tempdir().expect("a folder");
    let sign = folder.path().join("sign");
    fs::create_dir(&sign).expect("made");
    let guide = format!(
        "# Waits\n\n```python\nimport os, time\n\nwhile not os.listdir({:?}):\n    time.sleep(0.01)\n\
         print(1)  # 1\n```\n\n# Is wrong\n\n```python\nprint(2)  # 3\n```\n",
        sign.display().to_string()
    );
    fs::write(folder.path().join("guide.md"), guide).expect("written");
    fs::write(
        folder.path().join("trueprint.toml"),
        "guides = [\"guide.md\"]\nreadable = [\"sign\"]\n",
    )
    .expect("written");
    let mut check = Command::new(env!("CARGO_BIN_EXE_trueprint"))
        .args(["check", "--no-cache", "--format", "json"])
        .args(["--jobs", "2", "--timeout", "120s"])
        .current_dir(folder.path())
        .stdout(Stdio::piped())
        .spawn()
        .expect("it runs");
    // Two for the first runs, which wait for work until the end.
    while workers_of(check.id()) < 3 {
        let ended = check.try_wait().expect("its state is known");
        assert_eq!(ended, None, "it ended without a second run");
        std::thread::sleep(Duration::from_millis(10));
    }
    fs::write(sign.join("now"), "").expect("written");
    let output = check.wait_with_output().expect("it ends");
    let report: Value = serde_json::from_slice(&output.stdout).expect("a report");
    let summary = &report["summary"];
    assert_eq!(
        (&summary["holds"], &summary["wrong"], &summary["failures"]),
        (&1.into(), &1.into(), &0.into()),
        "{report}"
    );
}

/// How many workers a process has started that are still there.
fn workers_of(process: u32) -> usize {
    let parent = format!("PPid:\t{process}\n");
    let is_worker = |folder: &std::path::Path| {
        let read = |name| fs::read_to_string(folder.join(name)).unwrap_or_default();
        read("status").contains(&parent) && read("cmdline").contains("__worker")
    };
    fs::read_dir("/proc")
        .expect("the processes can be listed")
        .filter_map(Result::ok)
        .filter(|entry| is_worker(&entry.path()))
        .count()
}
