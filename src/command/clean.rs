//! `trueprint clean`: remove what is kept of earlier runs.

use super::{CommandError, Console, check};
use crate::results::Status;

/// Runs the command.
pub fn run(console: Console) -> Result<Status, CommandError> {
    let Some(cache) = check::cache() else {
        console.note("nothing is kept, since neither XDG_CACHE_HOME nor HOME is set");
        return Ok(Status::Holds);
    };
    let freed = cache.clear().map_err(|source| CommandError::Clean {
        folder: cache.folder().to_owned(),
        source,
    })?;
    console.note(&format!(
        "{} kB were removed from {}",
        freed.div_ceil(1000),
        cache.folder().display()
    ));
    Ok(Status::Holds)
}
