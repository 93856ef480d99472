//! The files of a browser: what [`super::files`] does natively, on the origin's private file system (OPFS), which knows
//! no rename and hands its files to SQLite through a pool. The program that owns the pool installs it here once.
//!
//! Invariants: a work database is copied under another name before its own is given up, never removed without; what is
//! written from its bytes goes through SQLite, which encrypts it: plain pages never reach the disk.

use std::cell::RefCell;
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use rusqlite::Connection;

use super::error::StoreError;
use super::file_names::{Built, beside, failed};
use crate::limits::{SNAPSHOT_PAGE_BYTES, SNAPSHOT_RESERVED_BYTES};
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

    /// The paths of all files.
    ///
    /// # Errors
    /// [`StoreError::File`].
    fn paths(&self) -> Result<Vec<PathBuf>, StoreError>;

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

/// A database that is written from its plain bytes, page by page in one transaction.
///
/// The first page comes last: with the new schema in it SQLite would look for tables that are not there yet.
pub(super) struct Pages {
    connection: Connection,
    first: Vec<u8>,
    page: Vec<u8>,
    number: u32,
}

/// The page whose bytes SQLite locks on other platforms (at 1 GiB) and never uses.
const LOCK_PAGE: u32 = 0x4000_0000 / 8192 + 1;

/// What [`create`] begins.
pub(super) type Begun = Pages;

/// Begins a database file that is written from its bytes.
pub(super) fn create(path: &Path) -> Result<Pages, StoreError> {
    let connection = connect(path)?;
    // A file that is not finished is thrown away: it needs no journal.
    connection.pragma_update(None, "page_size", SNAPSHOT_PAGE_BYTES)?;
    connection.pragma_update(None, "journal_mode", "off")?;
    connection.pragma_update(None, "synchronous", "full")?;
    connection.execute_batch("BEGIN IMMEDIATE")?;
    Ok(Pages { connection, first: Vec::new(), page: Vec::new(), number: 0 })
}

/// Goes on writing it.
///
/// # Errors
/// [`StoreError::Corrupt`] where it is no database of the form that can be encrypted.
pub(super) fn append(file: &mut Pages, mut bytes: &[u8], _path: &Path) -> Result<(), StoreError> {
    let whole = usize::from(SNAPSHOT_PAGE_BYTES);
    while !bytes.is_empty() {
        let (now, rest) = bytes.split_at(bytes.len().min(whole.saturating_sub(file.page.len())));
        file.page.extend_from_slice(now);
        bytes = rest;
        if file.page.len() == whole {
            file.number = file.number.saturating_add(1);
            file.put()?;
            file.page.clear();
        }
    }
    Ok(())
}

impl Pages {
    fn put(&mut self) -> Result<(), StoreError> {
        match self.number {
            1 => {
                let [high, low] = SNAPSHOT_PAGE_BYTES.to_be_bytes();
                let found = [16, 17, 20].map(|place| self.page.get(place).copied());
                if found != [high, low, SNAPSHOT_RESERVED_BYTES].map(Some) {
                    return Err(StoreError::Corrupt("its pages have no room for a tag".to_owned()));
                }
                self.first.clone_from(&self.page);
            }
            LOCK_PAGE => {}
            number => put_page(&self.connection, number, &self.page)?,
        }
        Ok(())
    }
}

fn put_page(connection: &Connection, number: u32, page: &[u8]) -> Result<(), StoreError> {
    let mut statement =
        connection.prepare_cached("INSERT INTO sqlite_dbpage (pgno, data) VALUES (?1, ?2)")?;
    statement.execute((number, page))?;
    Ok(())
}

/// Makes what was written durable.
///
/// # Errors
/// [`StoreError::Corrupt`] where it ends within a page.
pub(super) fn finish(file: Pages, _path: &Path) -> Result<(), StoreError> {
    if file.first.is_empty() || !file.page.is_empty() {
        return Err(StoreError::Corrupt("it ends within a page".to_owned()));
    }
    put_page(&file.connection, 1, &file.first)?;
    file.connection.flush_prepared_statement_cache();
    file.connection.execute_batch("COMMIT")?;
    file.connection.close().map_err(|(_, error)| error.into())
}

/// Where a user's registers lie: numbered, for there is no rename. The lowest number answers, the next one is pulled page by
/// page to replace it, a snapshot is unpacked to the one after that; removing the lower ones is the replacement.
#[derive(Debug)]
pub(super) struct Registers {
    directory: PathBuf,
    number: u32,
}

impl Registers {
    /// Those of a user's directory.
    pub fn find(directory: &Path) -> Result<Self, StoreError> {
        let paths = with(directory, |files| files.paths())?;
        let own = paths.iter().filter(|path| path.parent() == Some(directory));
        let numbers: BTreeSet<u32> = own.filter_map(|path| number_of(path)).collect();
        Ok(Self { directory: directory.to_path_buf(), number: numbers.first().copied().unwrap_or(0) })
    }

    /// The one that answers.
    pub fn current(&self) -> PathBuf {
        self.numbered(self.number)
    }

    /// One that is built.
    pub fn next(&self, built: Built) -> PathBuf {
        self.numbered(self.after(built))
    }

    /// Puts a closed, finished register in the place of a closed old one: from the moment on that the old one is gone.
    pub fn replace_by(&mut self, built: Built) -> Result<(), StoreError> {
        let new = self.after(built);
        for old in (self.number..new).rev() {
            discard(&self.numbered(old))?;
        }
        self.number = new;
        Ok(())
    }

    const fn after(&self, built: Built) -> u32 {
        self.number.saturating_add(match built {
            Built::ByPages => 1,
            Built::FromSnapshot => 2,
        })
    }

    fn numbered(&self, number: u32) -> PathBuf {
        self.directory.join(format!("master-{number}.db"))
    }
}

fn number_of(path: &Path) -> Option<u32> {
    path.file_name()?.to_str()?.strip_prefix("master-")?.strip_suffix(".db")?.parse().ok()
}
