//! Rounds of syncing (同步记录): what the last ones did, when the register was last compared with the server's, and how
//! often it had to be repaired.

use rusqlite::params;

use super::WorkStore;
use crate::store::columns::Millis;
use crate::store::error::StoreError;
use crate::time::Instant;

/// Rounds kept in the log, the newest.
const LOG_ROUNDS: u32 = 500;

impl WorkStore {
    /// Adds a line of JSON to the log; the oldest goes when there are too many.
    ///
    /// # Errors
    /// [`StoreError::DiskFull`], [`StoreError::Sqlite`].
    pub fn log_round(&mut self, line: &str) -> Result<(), StoreError> {
        let transaction = self.transaction()?;
        transaction.execute("INSERT INTO sync_log (line) VALUES (?1)", [line])?;
        transaction.execute(
            "DELETE FROM sync_log WHERE ordinal <= (SELECT max(ordinal) FROM sync_log) - ?1",
            [LOG_ROUNDS],
        )?;
        transaction.commit()?;
        Ok(())
    }

    /// The log, one line of JSON a round, the oldest first.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`] and its special cases.
    pub fn sync_log(&self) -> Result<Vec<String>, StoreError> {
        let mut statement = self.connection.prepare_cached("SELECT line FROM sync_log ORDER BY ordinal")?;
        let lines = statement.query_map([], |row| row.get(0))?;
        Ok(lines.collect::<Result<_, _>>()?)
    }

    /// When the register was last compared, by the device's clock; `None` when it never was.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`] and its special cases.
    pub fn compared_at(&self) -> Result<Option<Instant>, StoreError> {
        let at: Option<Millis> =
            self.connection.query_row("SELECT compared_at FROM identity", [], |row| row.get(0))?;
        Ok(at.map(|millis| millis.0))
    }

    /// Notes that the register was compared now.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`] and its special cases.
    pub fn note_compared(&mut self, now: Instant) -> Result<(), StoreError> {
        self.connection.execute("UPDATE identity SET compared_at = ?1", params![now.as_millisecond()])?;
        Ok(())
    }

    /// Notes that the register differed and is fetched anew.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`] and its special cases.
    pub fn count_repair(&mut self) -> Result<(), StoreError> {
        self.connection.execute("UPDATE identity SET repairs = repairs + 1", [])?;
        Ok(())
    }

    /// How often the register differed from the server's and was fetched anew.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`] and its special cases.
    pub fn repairs(&self) -> Result<u64, StoreError> {
        Ok(self.connection.query_row("SELECT repairs FROM identity", [], |row| row.get(0))?)
    }
}
