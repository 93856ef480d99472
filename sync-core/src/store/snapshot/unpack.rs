//! Unpacking a snapshot that has arrived: hash, decompression, and what it says of the user's own work.

use std::io::{self, Read};
use std::path::Path;

use ruzstd::decoding::StreamingDecoder;
use serde::Serialize;
use serde_json::value::RawValue;

use super::Download;
use crate::limits::SNAPSHOT_UNPACKED_MAX_BYTES;
use crate::store::error::StoreError;
use crate::store::files;
use crate::store::master::MasterStore;
use crate::wire::pull::{Change, ChangeKind, PullPage};

/// Bytes that are written to the database file at a time (256 KiB).
const COPY_BYTES: usize = 256 * 1024;

/// Why a snapshot cannot be used. The register is pulled page by page then.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, thiserror::Error)]
#[serde(tag = "fault", content = "detail", rename_all = "snake_case")]
pub enum SnapshotFault {
    /// The bytes are not those that were announced.
    #[error("the snapshot's hash is {0}, not the one announced")]
    HashDiffers(String),
    /// It cannot be decompressed, or is no register.
    #[error("the snapshot cannot be read: {0}")]
    Unreadable(String),
    /// A newer server wrote it than this build understands.
    #[error("the snapshot is of a newer version: {0}")]
    Newer(String),
}

/// Verifies what has arrived and unpacks it into the database at `path`, in place of one that was left there.
pub(in crate::store) fn unpack(
    download: &Download,
    announced: &str,
    path: &Path,
) -> Result<Result<MasterStore, SnapshotFault>, StoreError> {
    let sha256 = download.sha256()?;
    if sha256 != announced {
        return Ok(Err(SnapshotFault::HashDiffers(sha256)));
    }
    files::discard(path)?;
    let unreadable = |reason: String| Ok(Err(SnapshotFault::Unreadable(reason)));
    let decoder = match StreamingDecoder::new(download.reader()) {
        Ok(decoder) => decoder,
        Err(error) => return unreadable(error.to_string()),
    };
    if let Copied::Unreadable(reason) = copy(decoder.take(SNAPSHOT_UNPACKED_MAX_BYTES), path)? {
        return unreadable(reason);
    }
    // Its hash is the one announced: reading it through once more would find nothing.
    match MasterStore::open_quickly(path) {
        Err(StoreError::Corrupt(reason)) => unreadable(reason),
        Err(error @ StoreError::OtherKind { .. }) => unreadable(error.to_string()),
        Err(error @ StoreError::NewerSchema { .. }) => Ok(Err(SnapshotFault::Newer(error.to_string()))),
        opened => Ok(Ok(opened?)),
    }
}

enum Copied {
    Whole,
    Unreadable(String),
}

/// Two sides may fail here, and mean different things: what is read, or this device's disk.
fn copy(mut from: impl Read, path: &Path) -> Result<Copied, StoreError> {
    let mut file = files::create(path)?;
    let mut buffer = vec![0; COPY_BYTES];
    loop {
        let read = match from.read(&mut buffer) {
            Ok(0) => break,
            Ok(read) => read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Ok(Copied::Unreadable(error.to_string())),
        };
        let part = buffer.get(..read).unwrap_or_default();
        match files::append(&mut file, part, path) {
            Err(StoreError::Corrupt(reason)) => return Ok(Copied::Unreadable(reason)),
            written => written?,
        }
    }
    match files::finish(file, path) {
        Err(StoreError::Corrupt(reason)) => Ok(Copied::Unreadable(reason)),
        finished => finished.map(|()| Copied::Whole),
    }
}

/// What a snapshot says beside the master's rows.
pub(in crate::store) trait OwnWork {
    /// The head with the user's operation results and photo states as its changes.
    fn own_work(&self) -> Result<Result<PullPage, SnapshotFault>, StoreError>;
    /// How many rows the register and its companions have.
    fn row_count(&self) -> Result<usize, StoreError>;
    /// Makes it a plain master.
    fn drop_own_work(&self) -> Result<(), StoreError>;
}

impl OwnWork for MasterStore {
    fn own_work(&self) -> Result<Result<PullPage, SnapshotFault>, StoreError> {
        let head = self.connection.query_row("SELECT head FROM snapshot", [], |row| row.get::<_, String>(0));
        let head = head.map(|text| serde_json::from_str::<PullPage>(&text));
        let mut page = match head {
            Ok(Ok(page)) => page,
            Ok(Err(error)) => return Ok(Err(SnapshotFault::Unreadable(error.to_string()))),
            Err(error) => return Ok(Err(SnapshotFault::Unreadable(error.to_string()))),
        };
        let mut statement = self.connection.prepare("SELECT entity, id, json FROM own_work")?;
        let rows = statement.query_map([], |row| {
            Ok(Change {
                entity: row.get(0)?,
                id: row.get(1)?,
                change: ChangeKind::Upsert,
                row: RawValue::from_string(row.get(2)?).ok(),
            })
        })?;
        page.changes = rows.collect::<Result<_, _>>()?;
        Ok(Ok(page))
    }

    fn row_count(&self) -> Result<usize, StoreError> {
        Ok(self.connection.query_row("SELECT count(*) FROM pulled", [], |row| row.get(0))?)
    }

    fn drop_own_work(&self) -> Result<(), StoreError> {
        Ok(self.connection.execute_batch("BEGIN; DROP TABLE own_work; DROP TABLE snapshot; COMMIT;")?)
    }
}
