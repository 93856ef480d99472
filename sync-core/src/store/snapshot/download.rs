//! What has arrived of a snapshot, in a database of its own: a chunk is there whole or not at all, whatever crashes, and
//! a browser needs no files beside its databases.

use std::io::{self, Read};
use std::path::Path;

use rusqlite::{Connection, OptionalExtension, TransactionBehavior, params};

use crate::store::error::StoreError;
use crate::store::schema::{self, Check};

/// How much of a snapshot has arrived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Received {
    /// SHA-256 of the whole file, as 64 hex digits.
    pub sha256: String,
    /// Bytes that are here.
    pub received: u64,
    /// Bytes of the whole file.
    pub total: u64,
}

impl Received {
    /// Whether everything is here.
    #[must_use]
    pub const fn is_complete(&self) -> bool {
        self.received == self.total
    }
}

/// A part of a snapshot.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SnapshotChunk {
    /// SHA-256 of the whole file, as 64 hex digits.
    pub sha256: String,
    /// Bytes of the whole file.
    pub total: u64,
    /// Where this part begins, in bytes.
    pub start: u64,
    /// The part, not empty.
    pub bytes: Vec<u8>,
}

/// The store of a download.
#[derive(Debug)]
pub(in crate::store) struct Download {
    connection: Connection,
}

impl Download {
    /// Opens the database, made when absent.
    ///
    /// # Errors
    /// Those of [`schema::Schema::open`].
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let connection = schema::DOWNLOAD.open(path, Check::Whole)?;
        // What a power loss takes is asked for again.
        connection.pragma_update(None, "synchronous", "normal")?;
        Ok(Self { connection })
    }

    /// Closes the file, so that it may be removed.
    pub fn close(self) -> Result<(), StoreError> {
        self.connection.close().map_err(|(_, error)| error.into())
    }

    /// How much is here; `None` before the first part.
    pub fn received(&self) -> Result<Option<Received>, StoreError> {
        let received = self
            .connection
            .query_row(
                "SELECT sha256, total, (SELECT coalesce(sum(length(bytes)), 0) FROM chunk) FROM download",
                [],
                |row| Ok(Received { sha256: row.get(0)?, total: row.get(1)?, received: row.get(2)? }),
            )
            .optional()?;
        Ok(received)
    }

    /// Adds a part. One of another file, or from the beginning, starts over; one that does not continue what is here is
    /// left out.
    pub fn take(&mut self, chunk: &SnapshotChunk) -> Result<(), StoreError> {
        let continues = self.received()?.is_some_and(|here| {
            here.sha256 == chunk.sha256 && here.total == chunk.total && here.received == chunk.start
        });
        if !continues && chunk.start > 0 {
            return Ok(());
        }
        let transaction = self.connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
        if !continues {
            transaction.execute_batch("DELETE FROM chunk; DELETE FROM download;")?;
            transaction.execute(
                "INSERT INTO download (one, sha256, total) VALUES (1, ?1, ?2)",
                params![chunk.sha256, chunk.total],
            )?;
        }
        transaction
            .execute("INSERT INTO chunk (start, bytes) VALUES (?1, ?2)", params![chunk.start, chunk.bytes])?;
        transaction.commit()?;
        Ok(())
    }

    /// The next part of what is here; `None` after the last.
    pub fn part(&self, place: &mut Place) -> Result<Option<Vec<u8>>, StoreError> {
        let next = self
            .connection
            .prepare_cached("SELECT start, bytes FROM chunk WHERE start > ?1 ORDER BY start LIMIT 1")?
            .query_row([place.at], |row| Ok((row.get(0)?, row.get(1)?)))
            .optional()?;
        let Some((start, bytes)) = next else { return Ok(None) };
        place.at = start;
        Ok(Some(bytes))
    }

    /// What is here, from a place on.
    pub const fn reader<'a>(&'a self, place: &'a mut Place) -> impl Read + 'a {
        Parts { download: self, place }
    }
}

/// How far a download was read.
#[derive(Debug)]
pub(in crate::store) struct Place {
    /// Where the last part began; -1 before the first.
    at: i64,
    /// What of it was not read yet.
    rest: io::Cursor<Vec<u8>>,
}

impl Place {
    /// The beginning.
    pub const fn first() -> Self {
        Self { at: -1, rest: io::Cursor::new(Vec::new()) }
    }
}

struct Parts<'a> {
    download: &'a Download,
    place: &'a mut Place,
}

impl Read for Parts<'_> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        loop {
            let read = self.place.rest.read(into)?;
            if read > 0 || into.is_empty() {
                return Ok(read);
            }
            match self.download.part(self.place).map_err(io::Error::other)? {
                Some(bytes) => self.place.rest = io::Cursor::new(bytes),
                None => return Ok(0),
            }
        }
    }
}
