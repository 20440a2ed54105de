//! The cache: what is served again, and above all what is not.
//!
//! Each thing that a run depends on is changed alone, and must give a miss; and
//! whatever happens to the files, a pack serves the run that was kept or none.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use proptest::prelude::*;
use tempfile::TempDir;
use trueprint::cache::{
    Cache, Conditions, GuideKey, KeptOutcome, System, TaskKey, World, is_worth_keeping,
};
use trueprint::interpreter::{Interpreter, Version};
use trueprint::protocol::{
    Confinement, End, Event, Limits, Look, Probe, ProbePoint, Run, Site, Stream, Task, Unit,
    UnitMode,
};

/// Everything that a result depends on, ready to be changed bit by bit.
struct Setting {
    folder: TempDir,
    interpreter: Interpreter,
    confinement: Confinement,
    environment: Vec<(OsString, OsString)>,
    system: System,
    tool: PathBuf,
    task: Task,
    hash_seed: u32,
}

impl Setting {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let path = |name: &str| folder.path().join(name);
        for name in [
            "env/bin/python",
            "base/lib/libpython.so",
            "env/pyvenv.cfg",
            "tool",
            "env/lib/site-packages/single.py",
            "env/lib/site-packages/editable.pth",
            "env/lib/site-packages/wide/__init__.py",
            "env/lib/site-packages/wide-1.0.dist-info/METADATA",
            "env/lib/site-packages/wide-1.0.dist-info/RECORD",
            "env/lib/site-packages/edited-1.0.dist-info/METADATA",
            "base/lib/python3.12/json.py",
            "work/sources/deep/module.py",
            "work/edited/module.py",
            "work/data/table.csv",
        ] {
            write(&path(name), "as it was\n");
        }
        write(
            &path("env/lib/site-packages/edited-1.0.dist-info/direct_url.json"),
            &format!(
                r#"{{"dir_info": {{"editable": true}}, "url": "file://{}"}}"#,
                path("work/edited").display()
            ),
        );
        Self {
            interpreter: Interpreter {
                executable: path("env/bin/python"),
                version: Version {
                    major: 3,
                    minor: 12,
                    micro: 1,
                },
                build: "3.12.1 (main, Jan 1 2026) [GCC]".to_owned(),
                library: path("base/lib/libpython.so"),
                prefix: path("env"),
                base_prefix: path("base"),
                import_path: vec![
                    path("base/lib/python3.12"),
                    path("env/lib/site-packages"),
                    path("work/sources"),
                ],
                standard_modules: Vec::new(),
            },
            confinement: Confinement {
                root: path("root"),
                readable: vec![path("work/data")],
                files: true,
                network: true,
                disk_bytes: 1 << 20,
                processes: 256,
            },
            environment: vec![("LANG".into(), "C.UTF-8".into())],
            system: System::read(),
            tool: path("tool"),
            task: Task {
                units: vec![unit("first = 1\n"), unit("print(first)  # 1\n")],
                limits: Limits::default(),
                network: false,
                arguments: Vec::new(),
            },
            hash_seed: 0,
            folder,
        }
    }

    fn world(&self) -> World {
        World::of(Conditions {
            interpreter: &self.interpreter,
            confinement: &self.confinement,
            environment: &self.environment,
            system: &self.system,
            tool: &self.tool,
        })
        .expect("a world that is small enough")
    }

    fn key(&self) -> TaskKey {
        TaskKey::of(&self.world(), &self.task, self.hash_seed)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }
}

fn outcome(bytes: &[u8]) -> KeptOutcome {
    KeptOutcome {
        box_gaps: vec!["no walls".to_owned()],
        bytes: bytes.to_vec(),
    }
}

fn write(path: &Path, text: &str) {
    fs::create_dir_all(path.parent().expect("a folder above")).expect("made");
    fs::write(path, text).expect("written");
}

fn unit(code: &str) -> Unit {
    Unit {
        file_name: "snippet.py".into(),
        code: code.into(),
        mode: UnitMode::Script,
        probes: vec![Probe {
            id: 0,
            at: ProbePoint::AfterStatement {
                first_line: 1,
                last_line: 1,
            },
            look: Look::Reach,
        }],
    }
}

/// Adds text to the end of a unit's code.
fn append(task: &mut Task, unit: usize, text: &str) {
    let code = format!("{}{text}", task.units[unit].code);
    task.units[unit].code = code.into();
}

fn run(text: &str) -> Run {
    let site = Site { unit: 0, line: 1 };
    Run {
        events: vec![
            Event::Wrote {
                stream: Stream::Out,
                stack: vec![site],
                statement: Some(site),
                text: text.to_owned(),
            },
            Event::Done { statement: site },
        ],
        end: End::Finished,
        wall_seconds: 0.25,
        cpu_seconds: 0.125,
        refused: Vec::new(),
        output_cut: 0,
        events_cut: false,
        leftover_processes: 0,
    }
}

/// Whether a run that was kept before the change is served after it.
fn served_after(change: impl FnOnce(&mut Setting)) -> bool {
    let mut setting = Setting::new();
    let cache = Cache::new(setting.path("cache"));
    let guide = setting.path("guide.md");
    let python = setting.path("env/bin/python");
    let mut pack = cache.pack(&guide, &python);
    pack.keep(setting.key(), &setting.task, &run("1\n"));
    pack.save(SystemTime::now()).expect("saved");
    change(&mut setting);
    let found = cache.pack(&guide, &python).find(&setting.key());
    if let Some(found) = &found {
        assert_eq!(found, &run("1\n"), "another run than the one kept");
    }
    found.is_some()
}

/// A change, by its name.
type Change = (&'static str, fn(&mut Setting));

#[test]
fn what_a_run_depends_on_is_in_its_key() {
    let changes: &[Change] = &[
        ("the snippet", |it| append(&mut it.task, 1, "\n")),
        ("a snippet that it continues", |it| {
            append(&mut it.task, 0, "\n");
        }),
        ("that it continues one", |it| {
            it.task.units.remove(0);
        }),
        ("where one snippet ends and the next begins", |it| {
            it.task.units[0].code = "".into();
            it.task.units[1].code = "first = 1\nprint(first)  # 1\n".into();
        }),
        ("the name of its file", |it| {
            it.task.units[1].file_name = "other.py".into();
        }),
        ("its mode", |it| it.task.units[1].mode = UnitMode::Console),
        ("what is looked at", |it| {
            it.task.units[1].probes[0].look = Look::State("first".to_owned());
        }),
        ("where it is looked at", |it| {
            it.task.units[1].probes[0].at = ProbePoint::AtLine { line: 1, indent: 0 };
        }),
        ("a probe's number", |it| it.task.units[1].probes[0].id = 1),
        ("a probe more", |it| {
            let probe = it.task.units[1].probes[0].clone();
            it.task.units[1].probes.push(probe);
        }),
        ("the deadline", |it| it.task.limits.wall_ms += 1),
        ("the processor time", |it| it.task.limits.cpu_seconds += 1),
        ("the memory", |it| it.task.limits.memory_bytes += 1),
        ("the size of files", |it| it.task.limits.file_bytes += 1),
        ("the number of processes", |it| {
            it.task.limits.processes += 1;
        }),
        ("the output that is kept", |it| {
            it.task.limits.output_bytes += 1;
        }),
        ("the network", |it| it.task.network = true),
        ("an argument", |it| it.task.arguments.push("-v".to_owned())),
        ("the hash seed", |it| it.hash_seed += 1),
        ("a variable", |it| {
            it.environment[0].1 = "C".into();
        }),
        ("a variable more", |it| {
            it.environment.push(("TZ".into(), "UTC".into()));
        }),
        ("confined files", |it| it.confinement.files = false),
        ("a network kept away", |it| it.confinement.network = false),
        ("the disk", |it| it.confinement.disk_bytes += 1),
        ("the processes", |it| it.confinement.processes += 1),
        ("what can be read", |it| it.confinement.readable.clear()),
        ("a file that can be read", |it| {
            write(&it.path("work/data/table.csv"), "other\n");
        }),
        ("the kernel", |it| it.system = System::default()),
        ("the program itself", |it| {
            write(&it.tool, "a newer build\n")
        }),
        ("the version", |it| it.interpreter.version.micro += 1),
        ("the build", |it| it.interpreter.build.push('+')),
        ("the interpreter's program", |it| {
            write(&it.interpreter.executable, "a newer one\n");
        }),
        ("its library", |it| {
            write(&it.interpreter.library, "a newer one\n");
        }),
        ("where the library lies", |it| {
            let other = it.path("base/lib/libother.so");
            fs::rename(&it.interpreter.library, &other).expect("renamed");
            it.interpreter.library = other;
        }),
        ("the virtual environment's settings", |it| {
            write(&it.path("env/pyvenv.cfg"), "other\n");
        }),
        ("the prefix", |it| it.interpreter.prefix.push("more")),
        ("the base prefix", |it| {
            it.interpreter.base_prefix.push("more");
        }),
        ("the import path", |it| {
            it.interpreter.import_path.pop();
        }),
        ("its order", |it| it.interpreter.import_path.swap(0, 1)),
        ("an upgraded distribution", |it| {
            let packages = it.path("env/lib/site-packages");
            fs::rename(
                packages.join("wide-1.0.dist-info"),
                packages.join("wide-1.1.dist-info"),
            )
            .expect("renamed");
        }),
        ("a distribution installed anew", |it| {
            write(
                &it.path("env/lib/site-packages/wide-1.0.dist-info/RECORD"),
                "other\n",
            );
        }),
        ("a distribution more", |it| {
            write(
                &it.path("env/lib/site-packages/more-1.0.dist-info/METADATA"),
                "",
            );
        }),
        ("a distribution less", |it| {
            fs::remove_dir_all(it.path("env/lib/site-packages/wide-1.0.dist-info"))
                .expect("removed");
        }),
        ("an installed module", |it| {
            write(&it.path("env/lib/site-packages/single.py"), "other\n");
        }),
        ("a path file", |it| {
            write(&it.path("env/lib/site-packages/editable.pth"), "other\n");
        }),
        ("sources on the import path", |it| {
            write(&it.path("work/sources/deep/module.py"), "other\n");
        }),
        ("a source more", |it| {
            write(&it.path("work/sources/deep/more.py"), "");
        }),
        ("sources installed to be edited", |it| {
            write(&it.path("work/edited/module.py"), "other\n");
        }),
    ];
    let stale: Vec<&str> = changes
        .iter()
        .filter(|(_, change)| served_after(change))
        .map(|(name, _)| *name)
        .collect();
    assert!(stale.is_empty(), "served although it changed: {stale:?}");
}

#[test]
fn what_a_run_does_not_depend_on_is_not() {
    let changes: &[Change] = &[
        ("nothing", |_| {}),
        ("the folder that it runs in", |it| {
            it.confinement.root = it.path("another");
        }),
        ("bytecode", |it| {
            write(
                &it.path("env/lib/site-packages/__pycache__/single.pyc"),
                "compiled",
            );
            write(
                &it.path("env/lib/site-packages/wide/__pycache__/__init__.pyc"),
                "compiled",
            );
            write(&it.path("work/sources/__pycache__/module.pyc"), "compiled");
        }),
        ("something beside sources", |it| {
            write(&it.path("work/sources/notes.txt"), "");
        }),
    ];
    let missed: Vec<&str> = changes
        .iter()
        .filter(|(_, change)| !served_after(change))
        .map(|(name, _)| *name)
        .collect();
    assert!(missed.is_empty(), "not served: {missed:?}");
}

#[test]
fn only_what_would_be_shown_again_is_kept() {
    let setting = Setting::new();
    let kept = |change: fn(&mut Task, &mut Run)| {
        let (mut task, mut run) = (setting.task.clone(), run("1\n"));
        change(&mut task, &mut run);
        is_worth_keeping(&task, &run)
    };
    assert!(kept(|_, _| {}));
    assert!(!kept(|task, _| task.network = true));
    assert!(!kept(|_, run| run.end = End::TimedOut));
    assert!(!kept(|_, run| run.end = End::Killed { signal: 9 }));
    assert!(!kept(|_, run| run.end = End::LeftEarly { status: 0 }));
    assert!(!kept(|_, run| {
        run.end = End::LimitHit {
            limit: "memory".to_owned(),
        };
    }));
    assert!(!kept(|_, run| {
        run.end = End::Unfinished {
            reason: "a thread".to_owned(),
        };
    }));
    assert!(!kept(|_, run| run.refused.push("network".to_owned())));
}

#[test]
fn a_run_that_is_not_kept_takes_the_one_before_with_it() {
    let setting = Setting::new();
    let cache = Cache::new(setting.path("cache"));
    let mut pack = cache.pack(Path::new("guide.md"), Path::new("python"));
    pack.keep(setting.key(), &setting.task, &run("1\n"));
    let mut killed = run("1\n");
    killed.end = End::TimedOut;
    pack.keep(setting.key(), &setting.task, &killed);
    assert_eq!(pack.find(&setting.key()), None);
    pack.keep(setting.key(), &setting.task, &run("1\n"));
    pack.forget(&setting.key());
    assert_eq!(pack.find(&setting.key()), None);
}

#[test]
fn runs_of_another_box_are_forgotten() {
    let setting = Setting::new();
    let cache = Cache::new(setting.path("cache"));
    let open = || cache.pack(Path::new("guide.md"), Path::new("python"));
    let gaps = [
        "files are not confined".to_owned(),
        "nor is time".to_owned(),
    ];
    let mut pack = open();
    pack.set_box_gaps(&gaps);
    pack.keep(setting.key(), &setting.task, &run("1\n"));
    pack.save(SystemTime::now()).expect("saved");
    let mut pack = open();
    assert_eq!(pack.box_gaps(), gaps);
    pack.set_box_gaps(&gaps);
    assert!(pack.find(&setting.key()).is_some());
    pack.set_box_gaps(&gaps[..1]);
    assert_eq!(pack.find(&setting.key()), None);
    pack.save(SystemTime::now()).expect("saved");
    assert_eq!(open().find(&setting.key()), None);
    assert_eq!(open().box_gaps(), &gaps[..1]);
}

#[test]
fn what_it_took_outlives_a_change_of_everything_else() {
    let mut setting = Setting::new();
    let cache = Cache::new(setting.path("cache"));
    let mut pack = cache.pack(Path::new("guide.md"), Path::new("python"));
    pack.keep(setting.key(), &setting.task, &run("1\n"));
    pack.save(SystemTime::now()).expect("saved");
    setting.interpreter.build.push('+');
    setting.task.units[0].probes.clear();
    let mut pack = cache.pack(Path::new("guide.md"), Path::new("python"));
    assert_eq!(pack.find(&setting.key()), None);
    let weight = pack.weight(&setting.task).expect("its text is the same");
    assert_eq!(weight.wall, Duration::from_millis(250));
    assert_eq!(weight.cpu, Duration::from_millis(125));
    append(&mut setting.task, 0, "#");
    assert_eq!(pack.weight(&setting.task), None);
}

#[test]
fn what_nobody_asks_for_is_dropped_in_the_end() {
    let setting = Setting::new();
    let cache = Cache::new(setting.path("cache"));
    let open = || cache.pack(Path::new("guide.md"), Path::new("python"));
    let other = |seed| TaskKey::of(&setting.world(), &setting.task, seed);
    let mut pack = open();
    pack.keep(setting.key(), &setting.task, &run("1\n"));
    pack.save(SystemTime::now()).expect("saved");
    for seed in 1..=20 {
        let mut pack = open();
        pack.keep(other(seed), &setting.task, &run("1\n"));
        pack.save(SystemTime::now()).expect("saved");
        if seed == 2 {
            assert!(pack.len() == 3, "a change can be taken back for a while");
        }
    }
    let mut pack = open();
    assert_eq!(pack.find(&setting.key()), None);
    assert!(pack.len() < 12, "{} runs", pack.len());
    assert!(pack.find(&other(20)).is_some());
}

#[test]
fn packs_that_are_old_or_too_many_are_removed() {
    let setting = Setting::new();
    let cache = Cache::new(setting.path("cache"));
    let now = SystemTime::now();
    let hour = Duration::from_secs(3600);
    for guide in ["one.md", "two.md", "three.md"] {
        let mut pack = cache.pack(Path::new(guide), Path::new("python"));
        pack.keep(setting.key(), &setting.task, &run("1\n"));
        pack.save(now).expect("saved");
    }
    let files = || -> Vec<PathBuf> {
        let mut files: Vec<_> = fs::read_dir(cache.folder())
            .expect("a folder")
            .map(|entry| entry.expect("an entry").path())
            .collect();
        files.sort();
        files
    };
    let all = files();
    assert_eq!(all.len(), 3);
    for (age, path) in all.iter().enumerate() {
        let file = fs::File::open(path).expect("opened");
        let age = u32::try_from(age).expect("three of them");
        file.set_modified(now - hour * age).expect("set");
    }
    assert_eq!(cache.prune(now).expect("pruned"), 0);
    assert_eq!(
        cache.prune_to(now, hour * 3 / 2, u64::MAX).expect("pruned"),
        1
    );
    assert_eq!(files(), all[..2]);
    let one = fs::metadata(&all[0]).expect("there").len();
    assert_eq!(cache.prune_to(now, hour * 9, one).expect("pruned"), 1);
    assert_eq!(files(), all[..1]);
    assert_eq!(cache.clear().expect("cleared"), one);
    assert_eq!(cache.clear().expect("cleared twice"), 0);
}

#[test]
fn writers_at_the_same_time_leave_one_whole_pack() {
    let setting = Setting::new();
    let cache = Cache::new(setting.path("cache"));
    let world = setting.world();
    let key = |seed| TaskKey::of(&world, &setting.task, seed);
    std::thread::scope(|scope| {
        for writer in 0..8_u32 {
            let (cache, setting) = (&cache, &setting);
            scope.spawn(move || {
                for round in 0..20 {
                    let seed = writer * 20 + round;
                    let mut pack = cache.pack(Path::new("guide.md"), Path::new("python"));
                    for earlier in 0..160 {
                        let found = pack.find(&key(earlier));
                        assert!(
                            found.is_none_or(|found| found == run(&format!("{earlier}\n"))),
                            "another task's run"
                        );
                    }
                    pack.keep(key(seed), &setting.task, &run(&format!("{seed}\n")));
                    pack.save(SystemTime::now()).expect("saved");
                }
            });
        }
    });
    let pack = cache.pack(Path::new("guide.md"), Path::new("python"));
    assert!(!pack.is_empty());
    let files = fs::read_dir(cache.folder()).expect("a folder").count();
    assert_eq!(files, 1, "what was being written is left over");
}

#[test]
fn an_outcome_is_that_of_its_guide_in_its_world() {
    let mut setting = Setting::new();
    let cache = Cache::new(setting.path("cache"));
    let file = cache.outcome(Path::new("guide.md"), Path::new("python"));
    let key = |setting: &Setting| GuideKey::of(&setting.world(), &[("text", b"a"), ("path", b"b")]);
    file.keep(&key(&setting), &outcome(b"kept")).expect("kept");
    assert_eq!(file.find(&key(&setting)), Some(outcome(b"kept")));
    for (other, why) in [
        (&[("text", b"a"), ("path", b"c")], "another path"),
        (&[("text", b"b"), ("path", b"a")], "exchanged"),
        (&[("path", b"b"), ("text", b"a")], "in another order"),
    ] as [(&[(&str, &[u8; 1])], &str); 3]
    {
        let facts: Vec<(&str, &[u8])> = other
            .iter()
            .map(|(name, value)| (*name, &value[..]))
            .collect();
        assert_eq!(
            file.find(&GuideKey::of(&setting.world(), &facts)),
            None,
            "{why}"
        );
    }
    let elsewhere = cache.outcome(Path::new("guide.md"), Path::new("another python"));
    assert_eq!(elsewhere.find(&key(&setting)), None);
    setting.interpreter.build.push_str(", built again");
    assert_eq!(file.find(&key(&setting)), None, "another world");
    file.keep(&key(&setting), &outcome(b"newer")).expect("kept");
    assert_eq!(file.find(&key(&setting)), Some(outcome(b"newer")));
    file.forget().expect("forgotten");
    assert_eq!(file.find(&key(&setting)), None);
    file.forget().expect("there is nothing to forget");
    assert!(cache.clear().expect("cleared") == 0, "nothing is left over");
}

#[test]
fn what_is_of_use_is_not_old() {
    let setting = Setting::new();
    let cache = Cache::new(setting.path("cache"));
    let (guide, python) = (Path::new("guide.md"), Path::new("python"));
    let now = SystemTime::now();
    let day = Duration::from_secs(24 * 3600);
    let mut pack = cache.pack(guide, python);
    pack.keep(setting.key(), &setting.task, &run("1\n"));
    pack.save(now).expect("saved");
    let key = GuideKey::of(&setting.world(), &[]);
    let file = cache.outcome(guide, python);
    file.keep(&key, &outcome(b"kept")).expect("kept");
    cache
        .mark_used(guide, python, now + day * 29)
        .expect("marked");
    assert_eq!(cache.prune(now + day * 58).expect("pruned"), 0);
    assert!(file.find(&key).is_some());
    assert_eq!(cache.prune(now + day * 60).expect("pruned"), 2);
    cache
        .mark_used(guide, python, now)
        .expect("there is nothing to mark");
    file.keep(&key, &outcome(b"kept")).expect("kept");
    assert!(
        cache.clear().expect("cleared") > 0,
        "outcomes are cleared as well"
    );
    assert_eq!(file.find(&key), None);
}

#[test]
fn a_folder_that_cannot_be_used_is_a_miss_and_an_error_to_tell() {
    let setting = Setting::new();
    let cache = Cache::new(setting.path("tool").join("below a file"));
    let mut pack = cache.pack(Path::new("guide.md"), Path::new("python"));
    assert_eq!(pack.find(&setting.key()), None);
    pack.keep(setting.key(), &setting.task, &run("1\n"));
    assert!(pack.save(SystemTime::now()).is_err());
    let file = cache.outcome(Path::new("guide.md"), Path::new("python"));
    let key = GuideKey::of(&setting.world(), &[]);
    assert_eq!(file.find(&key), None);
    assert!(file.keep(&key, &outcome(b"new")).is_err());
}

#[test]
fn the_folder_is_the_users() {
    let place = |cache_home: Option<&str>, home: Option<&str>| {
        Cache::of_user(|name| match name {
            "XDG_CACHE_HOME" => cache_home.map(PathBuf::from),
            "HOME" => home.map(PathBuf::from),
            _ => None,
        })
        .map(|cache| cache.folder().to_owned())
    };
    let path = |text: &str| Some(PathBuf::from(text));
    assert_eq!(place(Some("/c"), Some("/h")), path("/c/trueprint/runs"));
    assert_eq!(place(None, Some("/h")), path("/h/.cache/trueprint/runs"));
    assert_eq!(
        place(Some("c"), Some("/h")),
        path("/h/.cache/trueprint/runs")
    );
    assert_eq!(place(None, None), None);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    /// Whatever bytes change, are lost or are added, each key gives the run that
    /// was kept under it, or none.
    #[test]
    fn a_damaged_pack_serves_no_other_run(
        at in any::<prop::sample::Index>(),
        length in 0_usize..200,
        filling in prop::collection::vec(any::<u8>(), 0..200),
    ) {
        let setting = Setting::new();
        let cache = Cache::new(setting.path("cache"));
        let world = setting.world();
        let key = |seed| TaskKey::of(&world, &setting.task, seed);
        let mut pack = cache.pack(Path::new("guide.md"), Path::new("python"));
        for seed in 0..6 {
            pack.keep(key(seed), &setting.task, &run(&format!("{seed}\n")));
        }
        pack.save(SystemTime::now()).expect("saved");
        let file = fs::read_dir(cache.folder())
            .expect("a folder")
            .next()
            .expect("a pack")
            .expect("an entry")
            .path();
        let mut bytes = fs::read(&file).expect("read");
        let start = at.index(bytes.len());
        let end = (start + length).min(bytes.len());
        bytes.splice(start..end, filling);
        fs::write(&file, &bytes).expect("written");
        let mut pack = cache.pack(Path::new("guide.md"), Path::new("python"));
        for seed in 0..6 {
            if let Some(found) = pack.find(&key(seed)) {
                prop_assert_eq!(found, run(&format!("{seed}\n")));
            }
        }
    }

    /// The same of what is kept of a whole guide.
    #[test]
    fn a_damaged_outcome_is_none(
        at in any::<prop::sample::Index>(),
        length in 0_usize..60,
        filling in prop::collection::vec(any::<u8>(), 0..60),
        kept in prop::collection::vec(any::<u8>(), 0..60),
    ) {
        let setting = Setting::new();
        let cache = Cache::new(setting.path("cache"));
        let key = GuideKey::of(&setting.world(), &[]);
        let file = cache.outcome(Path::new("guide.md"), Path::new("python"));
        file.keep(&key, &outcome(&kept)).expect("kept");
        let path = fs::read_dir(cache.folder())
            .expect("a folder")
            .next()
            .expect("an outcome")
            .expect("an entry")
            .path();
        let whole = fs::read(&path).expect("read");
        let mut bytes = whole.clone();
        let start = at.index(bytes.len());
        let end = (start + length).min(bytes.len());
        bytes.splice(start..end, filling);
        fs::write(&path, &bytes).expect("written");
        let expected = (bytes == whole).then(|| outcome(&kept));
        prop_assert_eq!(file.find(&key), expected);
    }

    /// A run comes back as it was, whatever is in it.
    #[test]
    fn a_run_comes_back_as_it_was(text in any::<String>(), seconds in 0.0..1e6_f64, stack in 0..5_u32) {
        let setting = Setting::new();
        let cache = Cache::new(setting.path("cache"));
        let mut kept = run(&text);
        kept.wall_seconds = seconds;
        kept.events.push(Event::Ran {
            probe: 3,
            unit: 0,
            events: vec![Event::Wrote {
                stream: Stream::Err,
                stack: (0..stack).map(|line| Site { unit: 0, line }).collect(),
                statement: None,
                text,
            }],
            end: End::Killed { signal: 11 },
        });
        let mut pack = cache.pack(Path::new("guide.md"), Path::new("python"));
        pack.keep(setting.key(), &setting.task, &kept);
        pack.save(SystemTime::now()).expect("saved");
        let mut pack = cache.pack(Path::new("guide.md"), Path::new("python"));
        prop_assert_eq!(pack.find(&setting.key()), Some(kept));
    }
}
