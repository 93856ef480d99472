//! What the store does to files beside opening them: set a damaged one aside, put a finished master in the place of
//! the old one, throw an unfinished master away. A browser build brings its own.
//!
//! Invariant: a work database is renamed at most, never removed.

use std::ffi::OsString;
use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use super::error::StoreError;
use crate::time::Instant;

/// What SQLite keeps beside a database: its log and the log's index. They belong to it and move with it.
const COMPANIONS: [&str; 3] = ["", "-wal", "-shm"];

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    PathBuf::from(name)
}

fn failed(path: &Path) -> impl FnOnce(std::io::Error) -> StoreError + '_ {
    move |source| StoreError::File { path: path.to_path_buf(), source }
}

/// Renames a damaged database and its companions to `<name>.damaged-<milliseconds>` and says where it is now.
///
/// # Errors
/// [`StoreError::File`].
pub fn set_aside(path: &Path, now: Instant) -> Result<PathBuf, StoreError> {
    let aside = beside(path, &format!(".damaged-{}", now.as_millisecond()));
    for suffix in COMPANIONS {
        let (from, to) = (beside(path, suffix), beside(&aside, suffix));
        match fs::rename(&from, &to) {
            Err(error) if error.kind() == ErrorKind::NotFound && !suffix.is_empty() => {}
            other => other.map_err(failed(&from))?,
        }
    }
    Ok(aside)
}

/// Whether there is such a file.
pub(super) fn is_there(path: &Path) -> bool {
    path.exists()
}

/// Removes a master database that is not needed any more; it is no error when there is none.
pub(super) fn discard_master(path: &Path) -> Result<(), StoreError> {
    for suffix in COMPANIONS {
        let file = beside(path, suffix);
        match fs::remove_file(&file) {
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            other => other.map_err(failed(&file))?,
        }
    }
    Ok(())
}

/// Puts a closed, finished master in the place of a closed old one. The old one's log goes first: SQLite would
/// replay it into the new file. A crash in between leaves a whole database under either name.
pub(super) fn replace_master(new: &Path, old: &Path) -> Result<(), StoreError> {
    for suffix in ["-wal", "-shm"] {
        let file = beside(old, suffix);
        match fs::remove_file(&file) {
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            other => other.map_err(failed(&file))?,
        }
    }
    fs::rename(new, old).map_err(failed(new))
}
