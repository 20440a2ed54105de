//! Removing what snippets left behind, however they built it.
//!
//! Nothing here depends on how deep a folder is: paths would become too long,
//! and descriptors and the stack too few. Whatever lies deeper than one folder
//! is moved up before it is removed. What is mounted is never entered: it shows
//! files of somewhere else, which are nobody's to remove. Nor is a symbolic
//! link ever followed.

use std::ffi::CString;
use std::fs::{self, DirEntry, FileType, Permissions};
use std::io;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

/// Removes everything in a folder, and gives it back the permissions that a
/// snippet may have taken. Nothing may be at work in it any more.
///
/// # Errors
///
/// What the system said of something that could not be removed; the rest is
/// removed all the same. A folder with something mounted on it is such a thing.
pub fn empty(folder: &Path) -> io::Result<()> {
    let mut removal = Removal {
        folder,
        mount: Mount::of(folder)?,
        steps: 0,
        problem: None,
    };
    loop {
        let before = removal.steps;
        removal.problem = None;
        for entry in entries(folder)? {
            removal.take(&entry);
        }
        if removal.steps == before {
            return removal.problem.map_or(Ok(()), Err);
        }
    }
}

/// Removes a folder with everything in it.
///
/// # Errors
///
/// As [`empty`]; and when the folder itself has something mounted on it, or is a
/// symbolic link.
pub fn remove(folder: &Path) -> io::Result<()> {
    let above = folder.parent().unwrap_or(folder);
    if Mount::of(folder)? != Mount::of(above)? {
        return Err(io::ErrorKind::CrossesDevices.into());
    }
    if !fs::symlink_metadata(folder)?.is_dir() {
        return Err(io::ErrorKind::NotADirectory.into());
    }
    empty(folder)?;
    fs::remove_dir(folder)
}

/// The emptying of a folder.
struct Removal<'a> {
    folder: &'a Path,
    mount: Mount,
    /// How much has been removed or moved so far.
    steps: u64,
    /// What could not be, this time round.
    problem: Option<io::Error>,
}

impl Removal<'_> {
    /// Removes an entry of the folder; the folders in it come to lie beside it.
    fn take(&mut self, entry: &DirEntry) {
        let path = entry.path();
        if !is_folder(entry.file_type()) {
            let removed = fs::remove_file(path);
            self.note(removed);
            return;
        }
        let inner = self.mount.expect(&path).and_then(|()| entries(&path));
        let inner = match inner {
            Ok(inner) => inner,
            Err(error) => {
                self.problem = Some(error);
                return;
            }
        };
        let mut is_empty = true;
        for entry in inner {
            let gone = if is_folder(entry.file_type()) {
                self.lift(&entry.path())
            } else {
                fs::remove_file(entry.path())
            };
            is_empty &= gone.is_ok();
            self.note(gone);
        }
        if is_empty {
            let removed = fs::remove_dir(path);
            self.note(removed);
        }
    }

    /// Moves a folder up.
    fn lift(&self, path: &Path) -> io::Result<()> {
        self.mount.expect(path)?;
        // Moving a folder changes it, which takes the right to write to it.
        open_up(path);
        let free = (self.steps..).map(|number| self.folder.join(format!("moved-{number}")));
        let mut free = free.filter(|target| fs::symlink_metadata(target).is_err());
        free.next()
            .map_or(Ok(()), |target| fs::rename(path, target))
    }

    fn note(&mut self, result: io::Result<()>) {
        match result {
            Ok(()) => self.steps += 1,
            Err(error) => self.problem = Some(error),
        }
    }
}

fn entries(folder: &Path) -> io::Result<Vec<DirEntry>> {
    open_up(folder);
    fs::read_dir(folder)?.collect()
}

/// Gives a folder back the permissions that a snippet took from it.
fn open_up(folder: &Path) {
    // What cannot be changed is not changed; removing it tells.
    let _ = fs::set_permissions(folder, Permissions::from_mode(0o700));
}

fn is_folder(kind: io::Result<FileType>) -> bool {
    kind.is_ok_and(|kind| kind.is_dir())
}

/// What a place is mounted as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Mount {
    /// Told by Linux from 5.8 on.
    Number(u64),
    /// Before that, which does not tell what is bound from the same device.
    Device(u32, u32),
}

impl Mount {
    fn of(path: &Path) -> io::Result<Self> {
        let path = CString::new(path.as_os_str().as_bytes())?;
        // SAFETY: all zeroes is a valid `statx`; the path is a C string, and both
        // outlive the call.
        let (done, found) = unsafe {
            let mut found: libc::statx = std::mem::zeroed();
            let done = libc::statx(
                libc::AT_FDCWD,
                path.as_ptr(),
                libc::AT_SYMLINK_NOFOLLOW,
                libc::STATX_MNT_ID,
                &raw mut found,
            );
            (done, found)
        };
        if done < 0 {
            return Err(io::Error::last_os_error());
        }
        Ok(if found.stx_mask & libc::STATX_MNT_ID != 0 {
            Self::Number(found.stx_mnt_id)
        } else {
            Self::Device(found.stx_dev_major, found.stx_dev_minor)
        })
    }

    /// Refuses a place that is mounted otherwise.
    fn expect(self, path: &Path) -> io::Result<()> {
        if Self::of(path)? == self {
            Ok(())
        } else {
            Err(io::ErrorKind::CrossesDevices.into())
        }
    }
}
