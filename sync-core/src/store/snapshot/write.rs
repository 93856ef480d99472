//! Writing a snapshot, on the server: rows in sets as they are read, so that the register is never in memory whole.

use std::path::Path;

use rusqlite::params;
use serde_json::json;

use super::OWN_TABLES;
use crate::limits::{SNAPSHOT_PAGE_BYTES, SNAPSHOT_RESERVED_BYTES};
use crate::store::error::StoreError;
use crate::store::files;
use crate::store::master::MasterStore;
use crate::wire::pull::{Change, PullPage, entity};

/// A snapshot that is being written.
#[derive(Debug)]
pub struct SnapshotWriter {
    master: MasterStore,
}

impl SnapshotWriter {
    /// Begins one in a file that is not there yet.
    ///
    /// # Errors
    /// [`StoreError::File`], [`StoreError::Sqlite`] and its special cases.
    pub fn create(path: &Path) -> Result<Self, StoreError> {
        let mut file = files::create(path)?;
        files::append(&mut file, &empty_database(), path)?;
        files::finish(file, path)?;
        let master = MasterStore::open(path)?;
        // A file that is not finished is thrown away: nothing need be durable before.
        master.connection.pragma_update(None, "synchronous", "off")?;
        master.connection.execute_batch(OWN_TABLES)?;
        Ok(Self { master })
    }

    /// Adds rows: upserts, each row once in the whole snapshot.
    ///
    /// # Errors
    /// [`StoreError::DiskFull`], [`StoreError::Sqlite`].
    pub fn write(&mut self, changes: &[Change]) -> Result<(), StoreError> {
        self.master.write_changes(changes)?;
        let own = changes.iter().filter(|change| is_own_work(&change.entity));
        let own = own.filter_map(|change| {
            Some(json!({ "entity": change.entity, "id": change.id, "json": change.row.as_ref()?.get() }))
        });
        self.master.connection.execute(
            "INSERT INTO own_work (entity, id, json)
             SELECT value ->> '$.entity', value ->> '$.id', value ->> '$.json' FROM json_each(?1)",
            [json!(own.collect::<Vec<_>>()).to_string()],
        )?;
        Ok(())
    }

    /// Closes the file. `head` is the page that pulls would have ended with: its cursor is the snapshot's; changes it has
    /// none.
    ///
    /// # Errors
    /// [`StoreError::DiskFull`], [`StoreError::Sqlite`].
    pub fn finish(mut self, head: &PullPage) -> Result<(), StoreError> {
        self.master.apply_page(head)?;
        let text = serde_json::to_string(head).map_err(|e| StoreError::unreadable("snapshot head", e))?;
        self.master.connection.execute("INSERT INTO snapshot (one, head) VALUES (1, ?1)", params![text])?;
        // One segment of the index instead of one a set: smaller on the way, faster to search.
        self.master
            .connection
            .execute_batch("INSERT INTO register_search (register_search) VALUES ('optimize')")?;
        self.master.fold_log()?;
        self.master.close()
    }
}

/// An empty database with a reserved end in each page, which SQLite has no statement for: the header and the root of the
/// empty schema (<https://www.sqlite.org/fileformat2.html>, 1.3 and 1.6).
fn empty_database() -> Vec<u8> {
    const ROLLBACK_JOURNAL: [u8; 2] = [1, 1];
    const PAYLOAD_FRACTIONS: [u8; 3] = [64, 32, 32];
    const ONE_PAGE: u32 = 1;
    const HEADER_BYTES: usize = 100;
    const PAGES_OFFSET: usize = 28;
    const LEAF_OF_TABLE: [u8; 5] = [0x0d, 0, 0, 0, 0];
    let mut page = b"SQLite format 3\0".to_vec();
    page.extend(SNAPSHOT_PAGE_BYTES.to_be_bytes());
    page.extend(ROLLBACK_JOURNAL);
    page.push(SNAPSHOT_RESERVED_BYTES);
    page.extend(PAYLOAD_FRACTIONS);
    page.resize(PAGES_OFFSET, 0);
    page.extend(ONE_PAGE.to_be_bytes());
    page.resize(HEADER_BYTES, 0);
    page.extend(LEAF_OF_TABLE);
    page.extend((SNAPSHOT_PAGE_BYTES - u16::from(SNAPSHOT_RESERVED_BYTES)).to_be_bytes());
    page.resize(usize::from(SNAPSHOT_PAGE_BYTES), 0);
    page
}

/// Whether rows of this kind are the work store's.
fn is_own_work(kind: &str) -> bool {
    kind == entity::OPERATION || kind == entity::PHOTO
}
