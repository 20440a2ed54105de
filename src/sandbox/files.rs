//! What there is to see: a file system with Python, the system's libraries and
//! programs, and one folder that can be written to.
//!
//! Where mounts are the worker's own, everything else is simply not there:
//! neither files nor the sockets of other programs. Where they are not, the
//! same list is what Landlock lets through.

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::CString;
use std::fs;
use std::io;
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt, symlink};
use std::path::{Component, Path, PathBuf};

use nix::mount::{MsFlags, mount};
use nix::unistd::{Pid, getpid};

use super::namespaces::Worlds;
use super::removal;
use super::{Gap, SandboxError};
use crate::protocol::Confinement;

/// What a worker can see.
#[derive(Debug)]
pub(super) struct View {
    /// Whether it is a file system of its own, in which nothing else is.
    pub(super) own_root: bool,
    /// What can be read, without links in the paths.
    pub(super) readable: Vec<PathBuf>,
}

/// The system's own folders, where they exist.
const SYSTEM: [&str; 10] = [
    "/usr",
    "/bin",
    "/sbin",
    "/lib",
    "/lib32",
    "/lib64",
    "/libx32",
    "/nix/store",
    "/gnu/store",
    // `os.cpu_count` asks there.
    "/sys/devices/system/cpu",
];

/// What programs look up in `/etc`, none of it secret.
const SETTINGS: [&str; 31] = [
    "alternatives",
    "ca-certificates",
    "ca-certificates.conf",
    "crypto-policies",
    "debian_version",
    "fonts",
    "gai.conf",
    "group",
    "host.conf",
    "hostname",
    "hosts",
    "inputrc",
    "ld.so.cache",
    "ld.so.conf",
    "ld.so.conf.d",
    "locale.alias",
    "locale.conf",
    "localtime",
    "lsb-release",
    "magic",
    "mime.types",
    "nsswitch.conf",
    "os-release",
    "passwd",
    "pki/ca-trust",
    "pki/tls/certs",
    "protocols",
    "services",
    "ssl/certs",
    "ssl/openssl.cnf",
    "timezone",
];

/// Devices without which programs do not run, none of which reaches anything.
pub(super) const DEVICES: [&str; 5] = [
    "/dev/null",
    "/dev/zero",
    "/dev/full",
    "/dev/random",
    "/dev/urandom",
];

/// Where memory is shared by name.
pub(super) const SHARED_MEMORY: &str = "/dev/shm";

/// Where pseudo-terminals are.
pub(super) const TERMINALS: &str = "/dev/pts";

/// Bytes that can be shared by name.
const SHARED_MEMORY_BYTES: u64 = 256 << 20;

/// Files and folders that a task may make, all together.
const FILE_COUNT: u64 = 200_000;

/// Makes the worker's view of the file system, and enters it.
pub(super) fn arrange(
    worlds: &Worlds,
    confinement: &Confinement,
    gaps: &mut Vec<Gap>,
) -> Result<View, SandboxError> {
    let sights = sights(confinement);
    let mut view = View {
        own_root: false,
        readable: sights.places.iter().cloned().collect(),
    };
    if !worlds.own || !confinement.files {
        return Ok(view);
    }
    match build(worlds, confinement, &sights) {
        Ok(()) => view.own_root = true,
        Err((step, error)) => {
            // What has been mounted so far must not lie where tasks work.
            let _ = nix::mount::umount2(&confinement.root, nix::mount::MntFlags::MNT_DETACH);
            gaps.push(Gap(format!(
            "no file system of its own can be made here ({step}: {error}): snippets can reach the UNIX sockets of other programs, share /dev/shm with them, change permissions and times of your files, and what they write is limited for each file only"
        )))
        }
    }
    Ok(view)
}

/// Removes what a task left in memory that is shared by name, where that memory
/// is the worker's own.
pub(super) fn clear_shared_memory() {
    // Only the first process of a namespace of its own, in a root of its own,
    // has a folder there that nobody else uses: it lies on another device than
    // the one that the machine has, and is empty when the worker begins.
    if getpid() != Pid::from_raw(1) || !Path::new(OWN_MARK).exists() {
        return;
    }
    // What resists is the next task's to see, and no reason to fail this one.
    let _ = removal::empty(Path::new(SHARED_MEMORY));
}

/// There in a root that is the worker's own, and nowhere else.
const OWN_MARK: &str = "/dev/.trueprint";

/// What is to be seen: real places, and the links that lead to them.
struct Sights {
    /// Without links in the path, and none within another.
    places: BTreeSet<PathBuf>,
    links: BTreeMap<PathBuf, PathBuf>,
}

fn sights(confinement: &Confinement) -> Sights {
    let mut wanted: Vec<PathBuf> = SYSTEM.iter().map(PathBuf::from).collect();
    wanted.extend(SETTINGS.iter().map(|name| Path::new("/etc").join(name)));
    if let Ok(entries) = fs::read_dir("/etc") {
        // Debian keeps a `sitecustomize` there.
        wanted.extend(
            entries
                .flatten()
                .filter(|entry| entry.file_name().as_bytes().starts_with(b"python"))
                .map(|entry| entry.path()),
        );
    }
    if !confinement.network {
        wanted.push(PathBuf::from("/etc/resolv.conf"));
    }
    wanted.extend(confinement.readable.iter().cloned());
    let mut found = BTreeSet::new();
    let mut links = BTreeMap::new();
    for path in wanted {
        // A list that holds the root would hold everything.
        if let Some(real) = follow(&path, &mut links).filter(|real| real != Path::new("/")) {
            found.insert(real);
        }
    }
    let within = |path: &Path, places: &BTreeSet<PathBuf>| {
        path.ancestors().skip(1).any(|above| places.contains(above))
    };
    let places: BTreeSet<PathBuf> = found
        .iter()
        .filter(|path| !within(path, &found))
        .cloned()
        .collect();
    links.retain(|link, _| !within(link, &places));
    Sights { places, links }
}

/// The real place that a path leads to, if there is one; the links on the way
/// are put down.
fn follow(path: &Path, links: &mut BTreeMap<PathBuf, PathBuf>) -> Option<PathBuf> {
    /// As many as the kernel follows.
    const MOST: usize = 40;
    let mut passed = Vec::new();
    let mut rest: Vec<PathBuf> = parts(path);
    let mut real = PathBuf::from("/");
    while let Some(part) = rest.pop() {
        if part == Path::new("..") {
            real.pop();
            continue;
        }
        let next = real.join(&part);
        let kind = fs::symlink_metadata(&next).ok()?.file_type();
        if !kind.is_symlink() {
            real = next;
            continue;
        }
        let target = fs::read_link(&next).ok()?;
        if target.is_absolute() {
            real = PathBuf::from("/");
        }
        rest.extend(parts(&target));
        passed.push((next, target));
        if passed.len() > MOST {
            return None;
        }
    }
    links.extend(passed);
    Some(real)
}

/// The parts of a path, the last one first.
fn parts(path: &Path) -> Vec<PathBuf> {
    path.components()
        .rev()
        .filter_map(|component| match component {
            Component::Normal(name) => Some(PathBuf::from(name)),
            Component::ParentDir => Some(PathBuf::from("..")),
            Component::RootDir | Component::CurDir | Component::Prefix(_) => None,
        })
        .collect()
}

/// A step that did not work, and why.
type Failure = (&'static str, io::Error);

/// Builds a root in memory, shows in it what is to be seen, and moves in.
fn build(worlds: &Worlds, confinement: &Confinement, sights: &Sights) -> Result<(), Failure> {
    let at = |step: &'static str| move |error: io::Error| (step, error);
    let failed =
        |step: &'static str| move |error: nix::errno::Errno| (step, io::Error::from(error));
    if !worlds.own_users {
        let flags = MsFlags::MS_REC | MsFlags::MS_PRIVATE;
        mount(None::<&str>, "/", None::<&str>, flags, None::<&str>)
            .map_err(failed("making mounts private"))?;
    }
    // The worker's own folder is empty and stays so outside: the new root is
    // mounted over it.
    let stage = &confinement.root;
    let quiet = MsFlags::MS_NOSUID | MsFlags::MS_NODEV;
    mount(
        Some("tmpfs"),
        stage,
        Some("tmpfs"),
        quiet,
        Some("mode=755,size=4m"),
    )
    .map_err(failed("mounting a root"))?;
    let on_stage = |path: &Path| stage.join(path.strip_prefix("/").unwrap_or(path));
    for place in &sights.places {
        let attributes = libc::MOUNT_ATTR_RDONLY | libc::MOUNT_ATTR_NOSUID | libc::MOUNT_ATTR_NODEV;
        show(place, &on_stage(place), attributes).map_err(at("showing a folder"))?;
    }
    for (link, target) in &sights.links {
        let link = on_stage(link);
        if let Some(folder) = link.parent() {
            fs::create_dir_all(folder).map_err(at("making a folder"))?;
        }
        symlink(target, link).map_err(at("making a link"))?;
    }
    for device in DEVICES {
        // They can be written to all the same; what cannot be changed is who may,
        // for everybody on the machine.
        let attributes = libc::MOUNT_ATTR_RDONLY | libc::MOUNT_ATTR_NOSUID;
        show(Path::new(device), &on_stage(Path::new(device)), attributes)
            .map_err(at("showing a device"))?;
    }
    let in_memory = |path: &Path, options: String| -> Result<(), Failure> {
        let place = on_stage(path);
        fs::create_dir_all(&place).map_err(at("making a folder"))?;
        mount(
            Some("tmpfs"),
            &place,
            Some("tmpfs"),
            quiet,
            Some(options.as_str()),
        )
        .map_err(failed("mounting memory"))
    };
    in_memory(
        Path::new(SHARED_MEMORY),
        format!("mode=1777,size={SHARED_MEMORY_BYTES}"),
    )?;
    make_devices(&on_stage(Path::new("/dev"))).map_err(at("making links to devices"))?;
    let proc = on_stage(Path::new("/proc"));
    fs::create_dir_all(&proc).map_err(at("making a folder"))?;
    let flags = quiet | MsFlags::MS_NOEXEC | MsFlags::MS_RDONLY;
    if mount(Some("proc"), &proc, Some("proc"), flags, None::<&str>).is_err() {
        let attributes = libc::MOUNT_ATTR_RDONLY | libc::MOUNT_ATTR_NOSUID;
        show(Path::new("/proc"), &proc, attributes).map_err(at("showing /proc"))?;
    }
    if confinement.network {
        // An address that exists nowhere: a name is looked up in vain at once,
        // and the attempt is counted.
        fs::create_dir_all(on_stage(Path::new("/etc"))).map_err(at("making a folder"))?;
        fs::write(
            on_stage(Path::new("/etc/resolv.conf")),
            "nameserver 192.0.2.1\noptions timeout:1 attempts:1\n",
        )
        .map_err(at("writing resolv.conf"))?;
    }
    fs::write(on_stage(Path::new(OWN_MARK)), "").map_err(at("marking the root"))?;
    in_memory(
        &confinement.root,
        format!(
            "mode=700,size={},nr_inodes={FILE_COUNT}",
            confinement.disk_bytes
        ),
    )?;
    // What nobody can write to, its owner could still take permissions from, and
    // with them the box from the tasks that follow.
    let closed = MsFlags::MS_REMOUNT | MsFlags::MS_BIND | MsFlags::MS_RDONLY | quiet;
    mount(None::<&str>, stage, None::<&str>, closed, None::<&str>)
        .map_err(failed("closing the root"))?;
    std::env::set_current_dir(stage).map_err(at("entering the root"))?;
    // Not pivot_root, which a chroot cannot do. There is no way out without
    // privileges, and in a chroot the kernel gives nobody new users.
    nix::unistd::chroot(".").map_err(failed("entering the root"))?;
    std::env::set_current_dir(&confinement.root).map_err(at("entering the root"))
}

/// The links that every program expects, and terminals of its own.
fn make_devices(folder: &Path) -> io::Result<()> {
    symlink("/proc/self/fd", folder.join("fd"))?;
    for (name, number) in [("stdin", 0), ("stdout", 1), ("stderr", 2)] {
        symlink(format!("/proc/self/fd/{number}"), folder.join(name))?;
    }
    let terminals = folder.join("pts");
    fs::create_dir(&terminals)?;
    let flags = MsFlags::MS_NOSUID | MsFlags::MS_NOEXEC | MsFlags::MS_RDONLY;
    let options = "newinstance,ptmxmode=0666,mode=620";
    // A system without them has none inside either.
    if mount(
        Some("devpts"),
        &terminals,
        Some("devpts"),
        flags,
        Some(options),
    )
    .is_ok()
    {
        symlink("pts/ptmx", folder.join("ptmx"))?;
    }
    Ok(())
}

/// Shows a place of the machine at another one, in which `attributes` hold.
fn show(source: &Path, target: &Path, attributes: u64) -> io::Result<()> {
    if fs::metadata(source)?.is_dir() {
        fs::DirBuilder::new()
            .recursive(true)
            .mode(0o755)
            .create(target)?;
    } else {
        if let Some(folder) = target.parent() {
            fs::create_dir_all(folder)?;
        }
        fs::write(target, "")?;
        fs::set_permissions(target, fs::Permissions::from_mode(0o444))?;
    }
    let tree = clone_tree(source)?;
    give_attributes(&tree, attributes)?;
    let target = CString::new(target.as_os_str().as_bytes())?;
    // SAFETY: both paths are C strings that outlive the call.
    let moved = unsafe {
        libc::syscall(
            libc::SYS_move_mount,
            tree.as_raw_fd(),
            c"".as_ptr(),
            libc::AT_FDCWD,
            target.as_ptr(),
            libc::MOVE_MOUNT_F_EMPTY_PATH,
        )
    };
    if moved < 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(())
}

/// A copy of what is mounted at and below a place, mounted nowhere yet.
fn clone_tree(source: &Path) -> io::Result<OwnedFd> {
    let source = CString::new(source.as_os_str().as_bytes())?;
    let flags = libc::OPEN_TREE_CLONE
        | libc::O_CLOEXEC.cast_unsigned()
        | libc::AT_RECURSIVE.cast_unsigned();
    // SAFETY: the path is a C string that outlives the call.
    let number =
        unsafe { libc::syscall(libc::SYS_open_tree, libc::AT_FDCWD, source.as_ptr(), flags) };
    match i32::try_from(number) {
        // SAFETY: just opened, and nobody else's.
        Ok(number) if number >= 0 => Ok(unsafe { OwnedFd::from_raw_fd(number) }),
        Ok(_) | Err(_) => Err(io::Error::last_os_error()),
    }
}

fn give_attributes(tree: &OwnedFd, attributes: u64) -> io::Result<()> {
    let attributes = libc::mount_attr {
        attr_set: attributes,
        attr_clr: 0,
        propagation: 0,
        userns_fd: 0,
    };
    // SAFETY: the path is a C string, the structure is as long as is said, and
    // both outlive the call.
    let done = unsafe {
        libc::syscall(
            libc::SYS_mount_setattr,
            tree.as_raw_fd(),
            c"".as_ptr(),
            libc::AT_EMPTY_PATH | libc::AT_RECURSIVE,
            &raw const attributes,
            size_of::<libc::mount_attr>(),
        )
    };
    if done < 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(())
}
