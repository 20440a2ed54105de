//! What every run on an interpreter depends on beside its own task.
//!
//! Files are known by size, time of last change and identity, not by content:
//! reading a virtual environment through costs more than most guides. The folder
//! that a run happens in is left out, since it is a new one each time, and so
//! are the modules that are imported ahead of it, since they change nothing but
//! its speed.

use std::ffi::OsString;
use std::fs::{self, Metadata};
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::MetadataExt;
use std::path::{Path, PathBuf};

use crate::interpreter::Interpreter;
use crate::protocol::Confinement;

/// A folder of Python sources that somebody works on is looked through up to
/// this many entries; a larger one is not cached for.
const MOST_SOURCES: usize = 20_000;

/// What a world is made of.
#[derive(Clone, Copy, Debug)]
pub struct Conditions<'a> {
    /// The interpreter.
    pub interpreter: &'a Interpreter,
    /// The box.
    pub confinement: &'a Confinement,
    /// The environment that the snippets see.
    pub environment: &'a [(OsString, OsString)],
    /// The system underneath.
    pub system: &'a System,
    /// This very program, which carries the worker.
    pub tool: &'a Path,
}

/// What the kernel is and what it lets this process do: the box is made of it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct System(Vec<(&'static str, Vec<u8>)>);

/// Where the kernel says what it is and how it was set up.
const SYSTEM_FILES: [&str; 9] = [
    "/proc/sys/kernel/ostype",
    "/proc/sys/kernel/osrelease",
    "/proc/sys/kernel/version",
    "/proc/sys/user/max_user_namespaces",
    "/proc/sys/user/max_net_namespaces",
    "/proc/sys/kernel/unprivileged_userns_clone",
    "/proc/sys/kernel/apparmor_restrict_unprivileged_userns",
    "/proc/self/attr/current",
    "/proc/cmdline",
];

/// What of `/proc/self/status` says what a process may do.
const RIGHTS: [&str; 6] = [
    "Uid:",
    "Gid:",
    "CapEff:",
    "CapBnd:",
    "NoNewPrivs:",
    "Seccomp:",
];

impl System {
    /// This one.
    pub fn read() -> Self {
        let mut facts: Vec<(&'static str, Vec<u8>)> = SYSTEM_FILES
            .into_iter()
            .map(|path| (path, fs::read(path).unwrap_or_default()))
            .collect();
        let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
        for right in RIGHTS {
            let line = status.lines().find(|line| line.starts_with(right));
            facts.push((right, line.unwrap_or_default().as_bytes().to_vec()));
        }
        Self(facts)
    }
}

/// What every run on an interpreter depends on, as one number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct World([u8; 32]);

impl World {
    /// The world of these conditions; `None` where a folder that can be imported
    /// from is too large to be looked through, so that nothing can be said to be
    /// unchanged.
    pub fn of(conditions: Conditions<'_>) -> Option<Self> {
        let mut facts = Facts::new("world");
        facts.add("version", env!("CARGO_PKG_VERSION").as_bytes());
        facts.add_file("tool", conditions.tool);
        facts.add_interpreter(conditions.interpreter)?;
        facts.add_box(conditions.confinement);
        for folder in &conditions.confinement.readable {
            facts.add_readable(conditions.interpreter, folder)?;
        }
        for (name, value) in conditions.environment {
            facts.add("variable", name.as_bytes());
            facts.add("is", value.as_bytes());
        }
        for (name, value) in &conditions.system.0 {
            facts.add(name, value);
        }
        Some(Self(facts.finish()))
    }

    /// The number.
    pub(super) fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

/// Facts put down one behind the other, so that no two lists of them read the
/// same.
pub(super) struct Facts(blake3::Hasher);

impl Facts {
    pub(super) fn new(kind: &str) -> Self {
        let mut facts = Self(blake3::Hasher::new());
        facts.add("kind", kind.as_bytes());
        facts
    }

    pub(super) fn add(&mut self, label: &str, value: &[u8]) {
        for part in [label.as_bytes(), value] {
            self.0.update(&(part.len() as u64).to_le_bytes());
            self.0.update(part);
        }
    }

    pub(super) fn add_path(&mut self, label: &str, path: &Path) {
        self.add(label, path.as_os_str().as_bytes());
    }

    pub(super) fn finish(self) -> [u8; 32] {
        *self.0.finalize().as_bytes()
    }

    /// A file by what the system says of it; what it is a link to, where it is one.
    fn add_file(&mut self, label: &str, path: &Path) {
        self.add_path(label, path);
        self.add_metadata(fs::metadata(path).ok());
    }

    fn add_metadata(&mut self, metadata: Option<Metadata>) {
        let Some(metadata) = metadata else {
            return self.add("missing", &[]);
        };
        self.add("size", &metadata.size().to_le_bytes());
        self.add("inode", &metadata.ino().to_le_bytes());
        // The time of the last change of its content can be set to any value,
        // the other one cannot.
        for (label, seconds, nanoseconds) in [
            ("modified", metadata.mtime(), metadata.mtime_nsec()),
            ("changed", metadata.ctime(), metadata.ctime_nsec()),
        ] {
            self.add(label, &seconds.to_le_bytes());
            self.add(label, &nanoseconds.to_le_bytes());
        }
    }

    fn add_interpreter(&mut self, interpreter: &Interpreter) -> Option<()> {
        self.add("python", interpreter.version.to_string().as_bytes());
        self.add("build", interpreter.build.as_bytes());
        self.add_file("executable", &interpreter.executable);
        self.add_file("library", &interpreter.library);
        self.add_path("prefix", &interpreter.prefix);
        self.add_path("base prefix", &interpreter.base_prefix);
        self.add_file(
            "virtual environment",
            &interpreter.prefix.join("pyvenv.cfg"),
        );
        for folder in &interpreter.import_path {
            self.add_path("import path", folder);
            match Importable::of(interpreter, folder) {
                Importable::Library => self.add_file("library folder", folder),
                Importable::Packages => self.add_packages(folder)?,
                Importable::Sources => self.add_sources(folder)?,
            }
        }
        Some(())
    }

    fn add_box(&mut self, confinement: &Confinement) {
        let Confinement {
            root: _,
            readable,
            files,
            network,
            disk_bytes,
            processes,
        } = confinement;
        for folder in readable {
            self.add_path("readable", folder);
        }
        self.add("files confined", &[u8::from(*files)]);
        self.add("network kept away", &[u8::from(*network)]);
        self.add("disk", &disk_bytes.to_le_bytes());
        self.add("processes", &processes.to_le_bytes());
    }

    /// What a user lets snippets read can be anything, and its content shows in
    /// what they print.
    fn add_readable(&mut self, interpreter: &Interpreter, folder: &Path) -> Option<()> {
        let belongs_to_python = folder.starts_with(&interpreter.prefix)
            || folder.starts_with(&interpreter.base_prefix)
            || interpreter.import_path.iter().any(|path| path == folder)
            || interpreter.library.starts_with(folder)
            || interpreter.executable.starts_with(folder);
        if belongs_to_python {
            return Some(());
        }
        self.add_tree(folder, |_| true)
    }

    /// What is installed in a folder such as `site-packages`, by the folders of
    /// metadata, which an installer makes anew. A package's own folder counts by
    /// its name alone: importing it can put bytecode there.
    fn add_packages(&mut self, folder: &Path) -> Option<()> {
        let Ok(entries) = fs::read_dir(folder) else {
            self.add_path("missing", folder);
            return Some(());
        };
        let mut entries: Vec<PathBuf> = entries.flatten().map(|entry| entry.path()).collect();
        entries.sort();
        for path in entries {
            if path.ends_with("__pycache__") {
                continue;
            }
            let is_metadata = path
                .extension()
                .is_some_and(|extension| extension == "dist-info" || extension == "egg-info");
            if is_metadata {
                self.add_file("distribution", &path);
                self.add_file("its record", &path.join("RECORD"));
                self.add_file("its description", &path.join("METADATA"));
                if let Some(sources) = editable_sources(&path) {
                    self.add_sources(&sources)?;
                }
            } else if path.is_dir() {
                self.add_path("package", &path);
            } else {
                self.add_file("module", &path);
            }
        }
        Some(())
    }

    /// Sources that somebody works on.
    fn add_sources(&mut self, folder: &Path) -> Option<()> {
        self.add_tree(folder, |path| {
            path.extension()
                .is_some_and(|extension| extension == "py" || extension == "so")
        })
    }

    /// Every file below a folder that `counts`.
    fn add_tree(&mut self, root: &Path, counts: impl Fn(&Path) -> bool) -> Option<()> {
        if !root.is_dir() {
            self.add_file("file", root);
            return Some(());
        }
        let mut seen = 0;
        let mut folders = vec![root.to_owned()];
        while let Some(folder) = folders.pop() {
            self.add_path("folder", &folder);
            let Ok(entries) = fs::read_dir(&folder) else {
                continue;
            };
            let mut entries: Vec<_> = entries.flatten().collect();
            entries.sort_by_key(fs::DirEntry::file_name);
            for entry in entries {
                seen += 1;
                if seen > MOST_SOURCES {
                    return None;
                }
                let path = entry.path();
                // Links to folders are not followed: they can go in circles.
                let is_folder = entry.file_type().is_ok_and(|kind| kind.is_dir());
                if is_folder && !is_bookkeeping(&entry.file_name()) {
                    folders.push(path);
                } else if !is_folder && counts(&path) {
                    self.add_file("file", &path);
                }
            }
        }
        Some(())
    }
}

/// Folders in which no source lies that a snippet imports or reads.
fn is_bookkeeping(name: &OsString) -> bool {
    ["__pycache__", ".git", ".hg", ".venv", "node_modules"]
        .iter()
        .any(|known| name == known)
}

/// What kind of folder an import finds its modules in.
enum Importable {
    /// The standard library: as the interpreter's build is, so it is.
    Library,
    /// Installed distributions.
    Packages,
    /// Sources that somebody works on.
    Sources,
}

impl Importable {
    fn of(interpreter: &Interpreter, folder: &Path) -> Self {
        if folder
            .components()
            .any(|part| part.as_os_str() == "site-packages" || part.as_os_str() == "dist-packages")
        {
            Self::Packages
        } else if folder.starts_with(&interpreter.prefix)
            || folder.starts_with(&interpreter.base_prefix)
        {
            Self::Library
        } else {
            Self::Sources
        }
    }
}

/// Where the sources of a distribution lie that was installed to be edited.
fn editable_sources(dist_info: &Path) -> Option<PathBuf> {
    let text = fs::read(dist_info.join("direct_url.json")).ok()?;
    let origin: serde_json::Value = serde_json::from_slice(&text).ok()?;
    let editable = origin.pointer("/dir_info/editable")?.as_bool()?;
    let place = origin.get("url")?.as_str()?.strip_prefix("file://")?;
    editable.then(|| PathBuf::from(unquote(place)))
}

/// Undoes the `%20` of a URL.
fn unquote(text: &str) -> OsString {
    let bytes = text.as_bytes();
    let mut plain = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while let Some(&byte) = bytes.get(at) {
        let code = (byte == b'%')
            .then(|| text.get(at + 1..at + 3))
            .flatten()
            .and_then(|digits| u8::from_str_radix(digits, 16).ok());
        plain.push(code.unwrap_or(byte));
        at += if code.is_some() { 3 } else { 1 };
    }
    std::os::unix::ffi::OsStringExt::from_vec(plain)
}
