//! How a worker process comes to have a Python inside it.
//!
//! The executable has no Python symbol. Told to be a worker, it enters the box,
//! loads the chosen interpreter's shared library, then the worker's own code,
//! which it carries as bytes, and calls its one entry. Only `main.rs` calls
//! this; the runner starts the executable with [`SUBCOMMAND`].

use std::ffi::c_int;
use std::fs::File;
use std::io::Write;
use std::mem::ManuallyDrop;
use std::os::fd::{AsRawFd, FromRawFd};
use std::process::exit;

use libloading::os::unix::{Library, RTLD_GLOBAL, RTLD_LOCAL, RTLD_NOW};

use crate::protocol::{self, Setup};
use crate::sandbox;
use crate::worker::{Beginning, CANNOT_BEGIN};

/// The hidden subcommand that makes the executable a worker.
pub const SUBCOMMAND: &str = "__worker";

/// The name of the worker's entry.
const ENTRY: &[u8] = b"trueprint_worker\0";

/// Reads the [`Setup`] from standard input and serves tasks until its end.
///
/// It must be called before the process has a second thread.
pub fn become_worker(worker: &[u8]) -> ! {
    match begin(worker) {
        Ok(status) => exit(status),
        Err(message) => {
            eprintln!("trueprint worker: {message}");
            exit(CANNOT_BEGIN)
        }
    }
}

/// Loads everything and hands over to the worker.
fn begin(worker: &[u8]) -> Result<c_int, String> {
    // Without a buffer: what follows the setup is the worker's to read.
    // SAFETY: the descriptor is open, and stays so.
    let mut input = ManuallyDrop::new(unsafe { File::from_raw_fd(libc::STDIN_FILENO) });
    let setup: Setup = protocol::receive(&mut *input)
        .map_err(|error| format!("cannot read the setup: {error}"))?
        .ok_or("the input ended before the setup")?;
    forget_handlers();
    let gaps = sandbox::enter_worker(&setup.confinement)
        .map_err(|error| format!("cannot enter the box: {error}"))?;
    let library = setup.library.clone();
    let beginning = Beginning {
        setup,
        box_gaps: gaps.into_iter().map(|gap| gap.0).collect(),
    };
    let text = serde_json::to_vec(&beginning).map_err(|error| error.to_string())?;
    // SAFETY: libpython's and the worker's initialisers do nothing but set up
    // their own data. The worker is this very crate, so the entry's signature is
    // the one that `worker` gives it. Neither library is ever unloaded.
    unsafe {
        let python = Library::open(Some(&library), RTLD_NOW | RTLD_GLOBAL)
            .map_err(|error| format!("cannot load {}: {error}", library.display()))?;
        std::mem::forget(python);
        let code = load_from_memory(worker)?;
        let entry = code
            .get::<unsafe extern "C" fn(*const u8, usize) -> c_int>(ENTRY)
            .map_err(|error| format!("the worker has no entry: {error}"))?;
        let status = entry(text.as_ptr(), text.len());
        std::mem::forget(code);
        Ok(status)
    }
}

/// Takes away Rust's handlers, which turn the overrun of a stack into an abort
/// with a message about a Rust thread: a snippet's is to end as a script's.
fn forget_handlers() {
    for signal in [libc::SIGSEGV, libc::SIGBUS] {
        // SAFETY: the default is no code of anybody's.
        unsafe { libc::signal(signal, libc::SIG_DFL) };
    }
}

/// Loads a shared library that is in memory.
///
/// # Safety
///
/// The library's initialisers are run.
unsafe fn load_from_memory(bytes: &[u8]) -> Result<Library, String> {
    // SAFETY: the name is a C string; the descriptor is a new one that nobody else owns.
    let mut file = unsafe {
        let descriptor = libc::memfd_create(c"trueprint-worker".as_ptr(), libc::MFD_CLOEXEC);
        if descriptor < 0 {
            return Err(format!(
                "cannot make a file in memory: {}",
                std::io::Error::last_os_error()
            ));
        }
        File::from_raw_fd(descriptor)
    };
    file.write_all(bytes)
        .map_err(|error| format!("cannot write the worker to memory: {error}"))?;
    let path = format!("/proc/self/fd/{}", file.as_raw_fd());
    // SAFETY: the caller answers for the initialisers.
    unsafe { Library::open(Some(&path), RTLD_NOW | RTLD_LOCAL) }
        .map_err(|error| format!("cannot load the worker: {error}"))
}
