//! The world around a run: what the snippets must not reach, change or read.

use std::collections::BTreeMap;
use std::fs;
use std::net::{TcpListener, UdpSocket};
use std::os::linux::net::SocketAddrExt;
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::os::unix::net::{SocketAddr, UnixDatagram, UnixListener};
use std::path::{Path, PathBuf};

use crate::supervisor::{Circumstances, NOBODY};

/// What a token in the environment says; no snippet may ever see it.
pub const SECRET: &str = "hush-hush-6a1f";

/// Folders and sockets that a run is started among.
pub struct World {
    folder: tempfile::TempDir,
    tcp4: TcpListener,
    tcp6: Option<TcpListener>,
    udp4: UdpSocket,
    stream: UnixListener,
    abstract_stream: UnixListener,
    datagrams: UnixDatagram,
    before: BTreeMap<PathBuf, String>,
    /// Whether the box can be whole: without namespaces it says what it lacks,
    /// which is no damage then.
    namespaces: bool,
}

impl World {
    /// Makes one whose home belongs to whoever the run is done by.
    pub fn new(circumstances: Circumstances) -> Self {
        let user = circumstances.nobody.then_some(NOBODY);
        let folder = tempfile::Builder::new()
            .prefix("hostile-")
            .tempdir()
            .expect("a folder for the test");
        let path = folder.path();
        let mode = |path: &Path, mode| {
            fs::set_permissions(path, fs::Permissions::from_mode(mode)).expect("its mode");
        };
        mode(path, 0o755);
        for (name, bits) in [
            ("outside", 0o777),
            ("outside/nest", 0o777),
            ("home", 0o755),
            ("home/.ssh", 0o700),
            ("guides", 0o777),
            ("temporary", 0o777),
            ("cache", 0o777),
        ] {
            fs::create_dir(path.join(name)).expect("a folder");
            mode(&path.join(name), bits);
        }
        for (name, text) in [
            ("outside/canary", "sings"),
            ("outside/mode", "is changed"),
            ("home/.ssh/id_ed25519", SECRET),
            ("home/.netrc", SECRET),
            ("home/.profile", "# a shell's"),
            ("guides/secret.txt", SECRET),
        ] {
            fs::write(path.join(name), text).expect("a file");
            mode(&path.join(name), 0o666);
        }
        let stream = UnixListener::bind(path.join("outside/socket")).expect("a socket");
        let datagrams = UnixDatagram::bind(path.join("outside/datagrams")).expect("a socket");
        mode(&path.join("outside/socket"), 0o777);
        mode(&path.join("outside/datagrams"), 0o777);
        let name = SocketAddr::from_abstract_name(abstract_name(path)).expect("an abstract name");
        let abstract_stream = UnixListener::bind_addr(&name).expect("an abstract socket");
        if let Some(user) = user {
            for name in [
                "home",
                "home/.ssh",
                "home/.ssh/id_ed25519",
                "outside/canary",
                "outside/mode",
            ] {
                std::os::unix::fs::chown(path.join(name), Some(user), Some(user))
                    .expect("its owner");
            }
        }
        let world = Self {
            tcp4: TcpListener::bind("127.0.0.1:0").expect("a port"),
            tcp6: TcpListener::bind("[::1]:0").ok(),
            udp4: UdpSocket::bind("127.0.0.1:0").expect("a port"),
            stream,
            abstract_stream,
            datagrams,
            before: BTreeMap::new(),
            namespaces: circumstances.namespaces,
            folder,
        };
        world.tcp4.set_nonblocking(true).expect("a socket's flag");
        if let Some(tcp6) = &world.tcp6 {
            tcp6.set_nonblocking(true).expect("a socket's flag");
        }
        world.udp4.set_nonblocking(true).expect("a socket's flag");
        world.stream.set_nonblocking(true).expect("a socket's flag");
        world
            .abstract_stream
            .set_nonblocking(true)
            .expect("a socket's flag");
        world
            .datagrams
            .set_nonblocking(true)
            .expect("a socket's flag");
        world
    }

    /// The folder of everything.
    pub fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Puts a guide, its names filled in, into the folder of the guides, and
    /// remembers how everything looks.
    pub fn place_guide(&mut self, name: &str, text: &str) -> PathBuf {
        let port = |address: std::io::Result<std::net::SocketAddr>| {
            address.map_or_else(|_| "9".to_owned(), |address| address.port().to_string())
        };
        let tcp6 = self
            .tcp6
            .as_ref()
            .map_or_else(|| "9".to_owned(), |socket| port(socket.local_addr()));
        let mut filled = text.to_owned();
        for (name, value) in [
            ("@OUTSIDE@", self.path("outside").display().to_string()),
            ("@HOME@", self.path("home").display().to_string()),
            ("@GUIDES@", self.path("guides").display().to_string()),
            ("@TCP4@", port(self.tcp4.local_addr())),
            ("@TCP6@", tcp6),
            ("@UDP4@", port(self.udp4.local_addr())),
            ("@SHARED@", abstract_name(self.folder.path())),
            ("@ABSTRACT@", abstract_name(self.folder.path())),
        ] {
            filled = filled.replace(name, &value);
        }
        let path = self.path("guides").join(name);
        fs::write(&path, filled).expect("the guide");
        self.before = self.look();
        path
    }

    /// The program, where everybody can start it.
    pub fn place_program(&self, program: &Path) -> std::io::Result<PathBuf> {
        if crate::is_reachable(program) {
            return Ok(program.to_owned());
        }
        let place = self.path("trueprint");
        fs::copy(program, &place)?;
        fs::set_permissions(&place, fs::Permissions::from_mode(0o755))?;
        Ok(place)
    }

    /// What has changed or was reached that should not have been.
    pub fn damage(&self) -> Vec<String> {
        let mut found = Vec::new();
        let after = self.look();
        for path in self.before.keys().chain(after.keys()) {
            let (before, after) = (self.before.get(path), after.get(path));
            if !self.namespaces && path.ends_with("outside/mode") {
                continue;
            }
            if before != after {
                found.push(format!(
                    "{}: was {}, is {}",
                    path.display(),
                    before.map_or("not there", String::as_str),
                    after.map_or("not there", String::as_str)
                ));
            }
        }
        found.dedup();
        for (left, what) in [(self.path("temporary"), "left behind")] {
            for entry in fs::read_dir(left).expect("a folder").flatten() {
                found.push(format!("{}: {what}", entry.path().display()));
            }
        }
        for path in [
            "/tmp/trueprint-was-here",
            "/var/tmp/trueprint-was-here",
            "/relative",
        ] {
            if Path::new(path).exists() {
                found.push(format!("{path}: written"));
            }
        }
        let shared = Path::new("/dev/shm").join(abstract_name(self.folder.path()));
        if shared.exists() {
            if self.namespaces {
                found.push(format!("{}: written", shared.display()));
            }
            let _ = fs::remove_file(&shared);
        }
        if self.tcp4.accept().is_ok() {
            found.push("somebody came by IPv4".to_owned());
        }
        if self
            .tcp6
            .as_ref()
            .is_some_and(|socket| socket.accept().is_ok())
        {
            found.push("somebody came by IPv6".to_owned());
        }
        if self.udp4.recv_from(&mut [0; 64]).is_ok() {
            found.push("somebody came by UDP".to_owned());
        }
        if self.namespaces && self.stream.accept().is_ok() {
            found.push("somebody came by a UNIX socket".to_owned());
        }
        if self.abstract_stream.accept().is_ok() {
            found.push("somebody came by an abstract UNIX socket".to_owned());
        }
        if self.namespaces && self.datagrams.recv(&mut [0; 64]).is_ok() {
            found.push("somebody came by a UNIX datagram".to_owned());
        }
        for table in ["shm", "sem", "msg"] {
            let text = fs::read_to_string(format!("/proc/sysvipc/{table}")).unwrap_or_default();
            let key = 0x7470.to_string();
            if text
                .lines()
                .any(|line| line.split_whitespace().next() == Some(key.as_str()))
            {
                found.push(format!("System V {table} left behind"));
            }
        }
        found
    }

    fn look(&self) -> BTreeMap<PathBuf, String> {
        let mut seen = BTreeMap::new();
        for name in ["outside", "home", "guides"] {
            look_into(&self.path(name), &mut seen);
        }
        seen
    }
}

fn abstract_name(folder: &Path) -> String {
    let name = folder.file_name().unwrap_or_default().to_string_lossy();
    format!("trueprint-{name}")
}

fn look_into(path: &Path, seen: &mut BTreeMap<PathBuf, String>) {
    let Ok(found) = fs::symlink_metadata(path) else {
        return;
    };
    let mut text = format!(
        "mode {:o}, owner {}:{}, changed {}.{:09}",
        found.mode(),
        found.uid(),
        found.gid(),
        found.mtime(),
        found.mtime_nsec()
    );
    if found.is_file() {
        let bytes = fs::read(path).unwrap_or_default();
        text.push_str(&format!(", content {}", blake3::hash(&bytes)));
    }
    seen.insert(path.to_owned(), text);
    if found.is_dir() {
        for entry in fs::read_dir(path).into_iter().flatten().flatten() {
            look_into(&entry.path(), seen);
        }
    }
}
