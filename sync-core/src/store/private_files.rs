//! The files of a browser: what [`super::files`] does natively, on the origin's private file system (OPFS), which knows
//! no rename and hands its files to SQLite through a pool. The program that owns the pool installs it here once.
//!
//! Invariant: a work database is copied under another name before its own is given up, never removed without.

use std::cell::RefCell;
use std::ffi::OsString;
use std::fs::File;
use std::path::{Path, PathBuf};

use rusqlite::Connection;

use super::error::StoreError;
use crate::time::Instant;

/// What SQLite keeps beside a database. A copied name cannot carry them, so they must be gone: closing folds them in.
const COMPANIONS: [&str; 2] = ["-wal", "-journal"];

/// A pool of files, encrypted with the key of the user who is unlocked.
pub trait PrivateFiles {
    /// Opens a database, made when absent, with its key set.
    ///
    /// # Errors
    /// [`StoreError`], also where the pool is full or the key is wrong.
    fn connect(&self, path: &Path) -> Result<Connection, StoreError>;

    /// Whether there is such a file.
    fn contains(&self, path: &Path) -> bool;

    /// Removes a closed file, if it is there.
    ///
    /// # Errors
    /// [`StoreError::File`].
    fn remove(&self, path: &Path) -> Result<(), StoreError>;

    /// Copies a closed file to a name that is free.
    ///
    /// # Errors
    /// [`StoreError::File`], [`StoreError::DiskFull`].
    fn copy(&self, from: &Path, to: &Path) -> Result<(), StoreError>;
}

thread_local! {
    static INSTALLED: RefCell<Option<Box<dyn PrivateFiles>>> = const { RefCell::new(None) };
}

/// Installs the pool of this worker, in place of one installed before.
pub fn install(files: Box<dyn PrivateFiles>) {
    INSTALLED.with_borrow_mut(|installed| *installed = Some(files));
}

fn with<T>(
    path: &Path,
    act: impl FnOnce(&dyn PrivateFiles) -> Result<T, StoreError>,
) -> Result<T, StoreError> {
    INSTALLED.with_borrow(|installed| match installed {
        Some(files) => act(files.as_ref()),
        None => Err(failed(path)(std::io::Error::other("no private files are installed"))),
    })
}

pub(super) fn failed(path: &Path) -> impl FnOnce(std::io::Error) -> StoreError + '_ {
    move |source| StoreError::File { path: path.to_path_buf(), source }
}

fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(suffix);
    PathBuf::from(name)
}

pub(super) fn connect(path: &Path) -> Result<Connection, StoreError> {
    with(path, |files| files.connect(path))
}

/// Moves a damaged database to `<name>.damaged-<milliseconds>`, companions included, and says where it is now.
///
/// # Errors
/// [`StoreError::File`], [`StoreError::DiskFull`].
pub fn set_aside(path: &Path, now: Instant) -> Result<PathBuf, StoreError> {
    let aside = beside(path, &format!(".damaged-{}", now.as_millisecond()));
    with(path, |files| {
        for suffix in ["", "-wal", "-journal"] {
            let from = beside(path, suffix);
            if files.contains(&from) {
                files.copy(&from, &beside(&aside, suffix))?;
                files.remove(&from)?;
            }
        }
        Ok(aside)
    })
}

/// Whether there is such a file.
pub(super) fn is_there(path: &Path) -> bool {
    with(path, |files| Ok(files.contains(path))).unwrap_or(false)
}

/// Removes a database that can be had again; it is no error when there is none.
pub(super) fn discard(path: &Path) -> Result<(), StoreError> {
    with(path, |files| {
        files.remove(path)?;
        COMPANIONS.iter().try_for_each(|suffix| files.remove(&beside(path, suffix)))
    })
}

/// No file here can be written from its bytes: a snapshot is plain, and plain bytes are never written. The host says so
/// by [`crate::engine::Engine::without_snapshots`], so nothing asks for this.
pub(super) fn create(path: &Path) -> Result<File, StoreError> {
    Err(failed(path)(std::io::Error::from(std::io::ErrorKind::Unsupported)))
}

/// What [`create`] never began.
pub(super) fn finish(file: File, path: &Path) -> Result<(), StoreError> {
    file.sync_all().map_err(failed(path))
}

/// Puts a closed, finished master in the place of a closed old one. After a crash in between there may be only the new
/// one: [`super::DeviceStore::open`] then does the rest.
pub(super) fn replace_master(new: &Path, old: &Path) -> Result<(), StoreError> {
    discard(old)?;
    with(new, |files| files.copy(new, old))?;
    discard(new)
}
