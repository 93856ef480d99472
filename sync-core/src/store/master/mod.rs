//! `master.db`: what the server sent: the register, the packs, the user's assignments and cases.
//!
//! Invariants: rows and cursor commit together; every row keeps the JSON text it came in; nothing here is the only
//! copy of anything, so the whole file may be replaced at any time.

mod apply;
mod rows;
mod search;

use std::path::Path;

use rusqlite::{Connection, OptionalExtension};

pub use apply::PageSummary;
pub use search::{Bounds, Hit, MapTarget};

use super::columns::Millis;
use super::error::StoreError;
use super::schema;
use crate::time::Instant;

/// The store of pulled rows.
#[derive(Debug)]
pub struct MasterStore {
    pub(in crate::store) connection: Connection,
}

impl MasterStore {
    /// Opens the master database, made when absent.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`], [`StoreError::NewerSchema`], [`StoreError::OtherKind`],
    /// [`StoreError::JournalMode`], [`StoreError::Sqlite`].
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        Ok(Self { connection: schema::MASTER.open(path)? })
    }

    /// Where to pull from; `None` before the first page.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`] and its special cases.
    pub fn cursor(&self) -> Result<Option<String>, StoreError> {
        let cursor =
            self.connection.query_row("SELECT cursor FROM position", [], |row| row.get(0)).optional()?;
        Ok(cursor)
    }

    /// The server's clock at the last page: how fresh the register is.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`] and its special cases.
    pub fn as_of(&self) -> Result<Option<Instant>, StoreError> {
        let time = self
            .connection
            .query_row("SELECT server_time FROM position", [], |row| row.get::<_, Millis>(0))
            .optional()?;
        Ok(time.map(|millis| millis.0))
    }

    /// A store of nothing, to stand where the real one is closed while its file is replaced.
    pub(super) fn stand_in() -> Result<Self, StoreError> {
        Ok(Self { connection: Connection::open_in_memory()? })
    }

    /// Folds the log into the file, so that the file alone is the whole database. Closing does so as well, but does not say
    /// when the disk has no room for it.
    pub(in crate::store) fn fold_log(&self) -> Result<(), StoreError> {
        self.connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))?;
        Ok(())
    }

    /// Closes the file, which may be renamed after [`Self::fold_log`].
    pub(in crate::store) fn close(self) -> Result<(), StoreError> {
        self.connection.close().map_err(|(_, error)| error.into())
    }
}
