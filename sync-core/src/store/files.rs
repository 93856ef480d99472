//! What the store does to files beside opening them: set a damaged one aside, put a finished master in the place of
//! the old one, write one from its bytes, throw an unfinished one away. A browser build brings its own (`private_files.rs`).
//!
//! Invariant: a work database is renamed at most, never removed.

use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use rusqlite::Connection;

use super::error::StoreError;
use super::file_names::{Built, beside, failed};
use crate::time::Instant;

/// The register as pulled.
const CURRENT: &str = "master.db";
/// One that is pulled page by page to replace it.
const BY_PAGES: &str = "master-next.db";
/// One that a snapshot is unpacked to.
const FROM_SNAPSHOT: &str = "master-snapshot.db";

/// What SQLite keeps beside a database: its log and the log's index. They belong to it and move with it.
const COMPANIONS: [&str; 3] = ["", "-wal", "-shm"];

/// Opens a database, made when absent.
pub(super) fn connect(path: &Path) -> Result<Connection, StoreError> {
    Ok(Connection::open(path)?)
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

/// Removes a database that can be had again; it is no error when there is none.
pub(super) fn discard(path: &Path) -> Result<(), StoreError> {
    for suffix in COMPANIONS {
        let file = beside(path, suffix);
        match fs::remove_file(&file) {
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            other => other.map_err(failed(&file))?,
        }
    }
    Ok(())
}

/// A database file that is written from its bytes.
pub(super) type Begun = File;

/// Begins one.
pub(super) fn create(path: &Path) -> Result<File, StoreError> {
    File::create(path).map_err(failed(path))
}

/// Goes on writing it.
pub(super) fn append(file: &mut File, bytes: &[u8], path: &Path) -> Result<(), StoreError> {
    file.write_all(bytes).map_err(failed(path))
}

/// Makes what was written durable.
pub(super) fn finish(file: File, path: &Path) -> Result<(), StoreError> {
    file.sync_all().map_err(failed(path))
}

/// Where a user's registers lie: the one that answers, and those that are built beside it.
#[derive(Debug)]
pub(super) struct Registers {
    directory: PathBuf,
}

impl Registers {
    /// Those of a user's directory; a browser must look for them.
    pub fn find(directory: &Path) -> Result<Self, StoreError> {
        Ok(Self { directory: directory.to_path_buf() })
    }

    /// The one that answers.
    pub fn current(&self) -> PathBuf {
        self.directory.join(CURRENT)
    }

    /// One that is built.
    pub fn next(&self, built: Built) -> PathBuf {
        self.directory.join(match built {
            Built::ByPages => BY_PAGES,
            Built::FromSnapshot => FROM_SNAPSHOT,
        })
    }

    /// Puts a closed, finished register in the place of a closed old one. The old one's log goes first: SQLite would replay
    /// it into the new file. A crash in between leaves a whole database under either name.
    pub fn replace_by(&mut self, built: Built) -> Result<(), StoreError> {
        let (new, old) = (self.next(built), self.current());
        for suffix in ["-wal", "-shm"] {
            let file = beside(&old, suffix);
            match fs::remove_file(&file) {
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                other => other.map_err(failed(&file))?,
            }
        }
        fs::rename(&new, &old).map_err(failed(&new))?;
        sync_folder(&old)
    }
}

/// Makes a new name durable.
#[cfg(unix)]
fn sync_folder(path: &Path) -> Result<(), StoreError> {
    path.parent().map_or(Ok(()), |folder| {
        File::open(folder).and_then(|folder| folder.sync_all()).map_err(failed(folder))
    })
}

/// Elsewhere a folder cannot be opened as a file; the rename is as durable as the platform makes it.
#[cfg(not(unix))]
fn sync_folder(_path: &Path) -> Result<(), StoreError> {
    Ok(())
}
