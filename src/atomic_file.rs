//! Writing a file as a whole, or not at all.
//!
//! The text goes to a new file beside the old one, which then takes its place:
//! whoever reads meanwhile sees the one or the other, and a full disk leaves the
//! old one as it was.

use std::fs::{self, Permissions};
use std::io::{self, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

/// What a new file may be used for, before the user's mask takes from it.
const NEW_FILE: u32 = 0o666;

/// Puts `text` into the file. A link is followed, and the file keeps its
/// permissions; its folder must exist.
///
/// # Errors
///
/// What the system says; the file is then as it was.
pub fn write(path: &Path, text: &str) -> io::Result<()> {
    let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let folder = match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        Some(_) | None => Path::new("."),
    };
    let mut file = tempfile::Builder::new()
        .prefix(".trueprint-")
        .permissions(Permissions::from_mode(NEW_FILE))
        .tempfile_in(folder)?;
    file.write_all(text.as_bytes())?;
    if let Ok(old) = fs::metadata(&path) {
        file.as_file().set_permissions(old.permissions())?;
    }
    file.as_file().sync_all()?;
    file.persist(&path).map_err(|error| error.error)?;
    Ok(())
}
