//! What snippets leave behind is removed however it is built, and what is
//! mounted or linked there from elsewhere is not touched.
//!
//! Mounts are made by a child process in namespaces of its own, in memory.

use std::fs::{self, Permissions};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::process::Command;

use libtest_mimic::{Arguments, Failed, Trial};
use nix::mount::{MsFlags, mount};
use nix::sched::{CloneFlags, unshare};
use trueprint::sandbox::removal;

const MOUNT: &str = "__mount";

/// What a case does in a folder of its own.
type Case = fn(&Path);

fn main() {
    let given: Vec<String> = std::env::args().collect();
    match given.as_slice() {
        [_, call] if call == MOUNT => std::process::exit(i32::from(enter().is_err())),
        [_, call, folder, case] if call == MOUNT => {
            enter().expect("namespaces");
            let folder = Path::new(folder);
            match case.as_str() {
                "mounted_inside" => mounted_inside(folder),
                "bound_from_the_same_device" => bound_from_the_same_device(folder),
                "mounted_on_itself" => mounted_on_itself(folder),
                other => panic!("no case {other}"),
            }
            std::process::exit(0);
        }
        _ => {}
    }
    let arguments = Arguments::from_args();
    let can_mount = start(&[MOUNT]).is_ok();
    let plain: [(&str, Case); 4] = [
        ("deeper_than_a_path_can_be", deeper_than_a_path_can_be),
        ("without_permissions", without_permissions),
        ("links_are_not_followed", links_are_not_followed),
        ("names_that_are_taken", names_that_are_taken),
    ];
    let mut trials: Vec<Trial> = plain
        .into_iter()
        .map(|(name, case)| {
            Trial::test(name, move || {
                case(tempfile::tempdir()?.path());
                Ok(())
            })
        })
        .collect();
    trials.extend(
        [
            "mounted_inside",
            "bound_from_the_same_device",
            "mounted_on_itself",
        ]
        .map(|case| {
            Trial::test(case, move || {
                let folder = tempfile::tempdir()?;
                start(&[MOUNT, &folder.path().display().to_string(), case])
            })
            .with_ignored_flag(!can_mount)
        }),
    );
    libtest_mimic::run(&arguments, trials).exit();
}

fn start(arguments: &[&str]) -> Result<(), Failed> {
    let output = Command::new(std::env::current_exe()?)
        .args(arguments)
        .output()?;
    if output.status.success() {
        return Ok(());
    }
    Err(String::from_utf8_lossy(&output.stderr).into_owned().into())
}

/// Leaves the machine's mounts: what is mounted from now on is this process's.
fn enter() -> std::io::Result<()> {
    let (user, group) = (nix::unistd::geteuid(), nix::unistd::getegid());
    unshare(CloneFlags::CLONE_NEWUSER | CloneFlags::CLONE_NEWNS)?;
    fs::write("/proc/self/setgroups", "deny")?;
    fs::write("/proc/self/uid_map", format!("{user} {user} 1"))?;
    fs::write("/proc/self/gid_map", format!("{group} {group} 1"))
}

fn mount_memory(place: &Path) {
    let flags = MsFlags::MS_NOSUID | MsFlags::MS_NODEV;
    let none: Option<&str> = None;
    mount(Some("tmpfs"), place, Some("tmpfs"), flags, none).expect("memory is mounted");
}

fn names(folder: &Path) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(folder)
        .expect("a folder")
        .map(|entry| entry.expect("an entry"))
        .map(|entry| entry.file_name().to_string_lossy().into_owned())
        .collect();
    names.sort();
    names
}

fn mounted_inside(folder: &Path) {
    for place in ["mounted", "above/mounted", "above/more/mounted"] {
        let place = folder.join(place);
        fs::create_dir_all(&place).expect("a folder");
        fs::write(place.with_file_name("file"), "goes").expect("a file");
        mount_memory(&place);
        fs::write(place.join("kept"), "stays").expect("a file");
        fs::set_permissions(&place, Permissions::from_mode(0o750)).expect("its mode");
    }
    removal::empty(folder).expect_err("something is mounted");
    assert!(!folder.join("file").exists());
    // What could be moved up was; the mounts went along or stayed.
    let mut mounts = 0;
    let mut rest = vec![folder.to_owned()];
    while let Some(place) = rest.pop() {
        for name in names(&place) {
            let inner = place.join(name);
            if inner.is_dir() {
                rest.push(inner);
            } else {
                assert_eq!(fs::read_to_string(&inner).expect("a file"), "stays");
                let mode = fs::metadata(&place).expect("a folder").permissions().mode();
                assert_eq!(mode & 0o777, 0o750, "{}", place.display());
                mounts += 1;
            }
        }
    }
    assert_eq!(mounts, 3);
}

fn bound_from_the_same_device(folder: &Path) {
    mount_memory(folder);
    let (kept, work) = (folder.join("kept"), folder.join("work"));
    fs::create_dir_all(kept.join("inner")).expect("a folder");
    fs::write(kept.join("inner/file"), "stays").expect("a file");
    fs::create_dir_all(work.join("above/bound")).expect("a folder");
    fs::create_dir_all(work.join("goes/too")).expect("a folder");
    let none: Option<&str> = None;
    let place = work.join("above/bound");
    mount(Some(&kept), &place, none, MsFlags::MS_BIND, none).expect("it is bound");
    removal::remove(&work).expect_err("something is bound there");
    assert_eq!(names(&kept.join("inner")), ["file"]);
    assert_eq!(names(&work), ["above"]);
}

fn mounted_on_itself(folder: &Path) {
    let place = folder.join("place");
    fs::create_dir(&place).expect("a folder");
    mount_memory(&place);
    fs::write(place.join("kept"), "stays").expect("a file");
    removal::remove(&place).expect_err("it is mounted");
    assert_eq!(names(&place), ["kept"]);
}

fn deeper_than_a_path_can_be(folder: &Path) {
    let folder = folder.join("root");
    fs::create_dir(&folder).expect("a folder");
    // A chain is built from its end, since its paths would be too long.
    for number in 0..1_100 {
        let (below, above) = (
            folder.join("deeply"),
            folder.join(format!("above-{number}")),
        );
        fs::create_dir(&above).expect("a folder");
        fs::write(above.join("file"), "").expect("a file");
        if below.exists() {
            fs::rename(&below, above.join("deeply")).expect("it can be moved");
        }
        fs::rename(above, below).expect("it can be moved");
    }
    removal::remove(&folder).expect("it can be removed");
    assert!(!folder.exists());
}

fn without_permissions(folder: &Path) {
    let folder = folder.join("root");
    fs::create_dir_all(folder.join("a/b/c")).expect("folders");
    fs::write(folder.join("a/b/c/file"), "").expect("a file");
    for place in ["a/b/c", "a/b", "a", ""] {
        fs::set_permissions(folder.join(place), Permissions::from_mode(0o0)).expect("its mode");
    }
    removal::remove(&folder).expect("it can be removed");
    assert!(!folder.exists());
}

fn links_are_not_followed(folder: &Path) {
    let (outside, inside) = (folder.join("outside"), folder.join("inside"));
    fs::create_dir_all(outside.join("kept")).expect("a folder");
    fs::set_permissions(&outside, Permissions::from_mode(0o750)).expect("its mode");
    fs::create_dir_all(inside.join("deep")).expect("a folder");
    symlink(&outside, inside.join("link")).expect("a link");
    symlink(&outside, inside.join("deep/link")).expect("a link");
    removal::empty(&inside).expect("it can be emptied");
    assert!(names(&inside).is_empty());
    symlink(&outside, folder.join("link")).expect("a link");
    removal::remove(&folder.join("link")).expect_err("a link is no folder");
    assert_eq!(names(&outside), ["kept"]);
    let mode = fs::metadata(&outside)
        .expect("a folder")
        .permissions()
        .mode();
    assert_eq!(mode & 0o777, 0o750);
}

fn names_that_are_taken(folder: &Path) {
    for number in 0..20 {
        fs::create_dir_all(folder.join(format!("moved-{number}/a/b"))).expect("folders");
        fs::write(folder.join(format!("file-{number}")), "").expect("a file");
    }
    removal::empty(folder).expect("it can be emptied");
    assert!(names(folder).is_empty());
}
