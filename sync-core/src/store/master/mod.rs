//! `master.db`: what the server sent: the register, the packs, the user's assignments and cases.
//!
//! Invariants: rows and cursor commit together; every row keeps the JSON text it came in; nothing here is the only
//! copy of anything, so the whole file may be replaced at any time.

mod apply;
mod rows;
mod search;

use std::cell::RefCell;
use std::path::Path;
use std::sync::Arc;

use rusqlite::{Connection, OptionalExtension};

pub use apply::PageSummary;
pub use search::{Bounds, Hit, MapTarget};

use super::columns::Millis;
use super::context::Policies;
use super::error::StoreError;
use super::schema::{self, Check};
use crate::time::Instant;

/// The store of pulled rows.
#[derive(Debug)]
pub struct MasterStore {
    pub(in crate::store) connection: Connection,
    /// The packs as they were loaded last; nothing after a page that brings one.
    pub(in crate::store) policies: RefCell<Option<Arc<Policies>>>,
}

impl MasterStore {
    /// Opens the master database, made when absent.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`], [`StoreError::NewerSchema`], [`StoreError::OtherKind`],
    /// [`StoreError::JournalMode`], [`StoreError::Sqlite`].
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        Ok(Self::on(schema::MASTER.open(path, Check::Whole)?))
    }

    /// As [`Self::open`], but damage is found when it is met: every reader may answer [`StoreError::Corrupt`].
    ///
    /// # Errors
    /// As [`Self::open`].
    pub fn open_quickly(path: &Path) -> Result<Self, StoreError> {
        Ok(Self::on(schema::MASTER.open(path, Check::AsMet)?))
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
        Ok(Self::on(Connection::open_in_memory()?))
    }

    const fn on(connection: Connection) -> Self {
        Self { connection, policies: RefCell::new(None) }
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
