//! Opening a database: kind, version, durability, append-only migrations.
//!
//! Invariants: a released file under `schema/` never changes (a test pins its hash); a newer file is refused, not
//! guessed at; each migration and its version number commit together.

use std::path::Path;
use std::time::Duration;

use rusqlite::{Connection, TransactionBehavior};

use super::error::StoreError;
use super::files;

/// How long a statement waits for another process that holds the file (5 s).
const BUSY_TIMEOUT: Duration = Duration::from_secs(5);

/// With the exclusive lock it needs no shared memory, so it works on a browser's private file system as well.
const JOURNAL_MODE: &str = "wal";

/// One kind of database and the steps from nothing to its newest version.
pub(super) struct Schema {
    /// `master`, `work` or `download`.
    pub store: &'static str,
    /// `PRAGMA application_id`, so that one kind is never taken for the other.
    pub application_id: i32,
    /// The SQL that leads from version n to n + 1, n being its place.
    pub migrations: &'static [&'static str],
}

/// `master.db`.
pub(super) const MASTER: Schema = Schema {
    store: "master",
    application_id: 0x4c54_4d31,
    migrations: &[
        include_str!("schema/master_v1.sql"),
        include_str!("schema/master_v2.sql"),
        include_str!("schema/master_v3.sql"),
    ],
};

/// `work.db`.
pub(super) const WORK: Schema = Schema {
    store: "work",
    application_id: 0x4c54_5731,
    migrations: &[
        include_str!("schema/work_v1.sql"),
        include_str!("schema/work_v2.sql"),
        include_str!("schema/work_v3.sql"),
    ],
};

/// `download.db`.
pub(super) const DOWNLOAD: Schema = Schema {
    store: "download",
    application_id: 0x4c54_4431,
    migrations: &[include_str!("schema/download_v1.sql")],
};

/// Whether a database is read through before it is used.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Check {
    /// Damage anywhere in it is found.
    Whole,
    /// Damage is found when it is met: for a file that can be had again, where opening must not wait.
    AsMet,
}

impl Schema {
    /// Opens the file, made when absent, and brings it to the newest version.
    ///
    /// # Errors
    /// [`StoreError::Corrupt`], [`StoreError::NewerSchema`], [`StoreError::OtherKind`], [`StoreError::InUse`],
    /// [`StoreError::JournalMode`], [`StoreError::Sqlite`].
    pub(super) fn open(&self, path: &Path, check: Check) -> Result<Connection, StoreError> {
        let mut connection = files::connect(path)?;
        connection.busy_timeout(BUSY_TIMEOUT)?;
        // One connection a database: a second one is refused instead of reading beside a replacement.
        connection.pragma_update(None, "locking_mode", "exclusive")?;
        self.check_kind(&connection)?;
        if check == Check::Whole {
            let damage: String = connection.query_row("PRAGMA quick_check(1)", [], |row| row.get(0))?;
            if damage != "ok" {
                return Err(StoreError::Corrupt(damage));
            }
        }
        let mode: String =
            connection.pragma_update_and_check(None, "journal_mode", JOURNAL_MODE, |row| row.get(0))?;
        if mode != JOURNAL_MODE {
            return Err(StoreError::JournalMode { wanted: JOURNAL_MODE, found: mode });
        }
        connection.pragma_update(None, "synchronous", "full")?;
        connection.pragma_update(None, "foreign_keys", true)?;
        self.migrate(&mut connection)?;
        Ok(connection)
    }

    fn check_kind(&self, connection: &Connection) -> Result<(), StoreError> {
        let version = user_version(connection)?;
        let found: i32 = connection.pragma_query_value(None, "application_id", |row| row.get(0))?;
        let fresh = version == 0 && found == 0;
        if !fresh && found != self.application_id {
            return Err(StoreError::OtherKind { store: self.store, found });
        }
        if version > self.migrations.len() {
            let known = self.migrations.len();
            return Err(StoreError::NewerSchema { store: self.store, found: version, known });
        }
        Ok(())
    }

    fn migrate(&self, connection: &mut Connection) -> Result<(), StoreError> {
        let transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        let version = user_version(&transaction)?;
        if version < self.migrations.len() {
            for migration in self.migrations.iter().skip(version) {
                transaction.execute_batch(migration)?;
            }
            transaction.pragma_update(None, "application_id", self.application_id)?;
            transaction.pragma_update(None, "user_version", self.migrations.len())?;
        }
        transaction.commit()?;
        Ok(())
    }
}

fn user_version(connection: &Connection) -> Result<usize, StoreError> {
    let version: i64 = connection.pragma_query_value(None, "user_version", |row| row.get(0))?;
    usize::try_from(version).map_err(|reason| StoreError::unreadable("user_version", reason))
}
