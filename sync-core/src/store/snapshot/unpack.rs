//! Unpacking a snapshot that has arrived, piece by piece: hash, decompression, and what it says of the user's own work.

use std::io::Read;
use std::path::{Path, PathBuf};

use ruzstd::decoding::{BlockDecodingStrategy, FrameDecoder};
use serde::Serialize;
use serde_json::value::RawValue;
use sha2::{Digest, Sha256};

use super::Download;
use super::download::Place;
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

/// A snapshot on its way into a database, piece by piece: whoever hosts the store has a turn in between.
pub(in crate::store) struct Unpacking {
    announced: String,
    path: PathBuf,
    stage: Stage,
}

enum Stage {
    Verifying {
        hash: Sha256,
        place: Place,
    },
    Copying(Box<Copying>),
    /// It has ended.
    Over,
}

/// Where the copy stands.
struct Copying {
    place: Place,
    decoder: FrameDecoder,
    file: files::Begun,
    buffer: Vec<u8>,
    written: u64,
}

/// What a piece came to.
#[derive(Debug)]
pub(in crate::store) enum Piece {
    /// There is more.
    More,
    /// That was all: the database.
    Whole(Box<MasterStore>),
    /// It cannot be used.
    Unusable(SnapshotFault),
}

impl Unpacking {
    /// Begins with what has arrived of the file of this hash, into the database at `path`, in place of one left there.
    pub fn of(announced: &str, path: PathBuf) -> Self {
        let stage = Stage::Verifying { hash: Sha256::new(), place: Place::first() };
        Self { announced: announced.to_owned(), path, stage }
    }

    /// The hash of the file that is unpacked.
    pub fn announced(&self) -> &str {
        &self.announced
    }

    /// Goes on by about so many bytes.
    ///
    /// # Errors
    /// Those of the disk; it must be begun anew then.
    pub fn go_on(&mut self, download: &Download, bytes: u64) -> Result<Piece, StoreError> {
        let mut done: u64 = 0;
        while done < bytes {
            match self.unit(download)? {
                Unit::Did(count) => done = done.saturating_add(u64::try_from(count).unwrap_or(bytes)),
                Unit::Ended(end) => {
                    self.stage = Stage::Over;
                    return Ok(end);
                }
            }
        }
        Ok(Piece::More)
    }

    fn unit(&mut self, download: &Download) -> Result<Unit, StoreError> {
        match &mut self.stage {
            Stage::Verifying { hash, place } => {
                if let Some(part) = download.part(place)? {
                    hash.update(&part);
                    return Ok(Unit::Did(part.len()));
                }
                let sha256 = hex::encode(hash.finalize_reset());
                if sha256 != self.announced {
                    return Ok(Unit::Ended(Piece::Unusable(SnapshotFault::HashDiffers(sha256))));
                }
                files::discard(&self.path)?;
                let (mut place, mut decoder) = (Place::first(), FrameDecoder::new());
                if let Err(error) = decoder.init(download.reader(&mut place)) {
                    return Ok(unreadable(error.to_string()));
                }
                let (file, buffer) = (files::create(&self.path)?, vec![0; COPY_BYTES]);
                self.stage = Stage::Copying(Box::new(Copying { place, decoder, file, buffer, written: 0 }));
                Ok(Unit::Did(0))
            }
            Stage::Copying(copying) => match copying.unit(download, &self.path)? {
                Copied::Some(count) => Ok(Unit::Did(count)),
                Copied::Unreadable(reason) => Ok(unreadable(reason)),
                Copied::All => {
                    if let Stage::Copying(copying) = std::mem::replace(&mut self.stage, Stage::Over) {
                        match files::finish(copying.file, &self.path) {
                            Err(StoreError::Corrupt(reason)) => return Ok(unreadable(reason)),
                            finished => finished?,
                        }
                    }
                    opened(&self.path)
                }
            },
            Stage::Over => Ok(unreadable("it was unpacked before".to_owned())),
        }
    }
}

impl std::fmt::Debug for Unpacking {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Unpacking").field("announced", &self.announced).finish_non_exhaustive()
    }
}

/// What a smallest part of it came to.
enum Unit {
    /// So many bytes of more.
    Did(usize),
    Ended(Piece),
}

fn unreadable(reason: String) -> Unit {
    Unit::Ended(Piece::Unusable(SnapshotFault::Unreadable(reason)))
}

/// Its hash is the one announced: reading it through once more would find nothing.
fn opened(path: &Path) -> Result<Unit, StoreError> {
    match MasterStore::open_quickly(path) {
        Err(StoreError::Corrupt(reason)) => Ok(unreadable(reason)),
        Err(error @ StoreError::OtherKind { .. }) => Ok(unreadable(error.to_string())),
        Err(error @ StoreError::NewerSchema { .. }) => {
            Ok(Unit::Ended(Piece::Unusable(SnapshotFault::Newer(error.to_string()))))
        }
        opened => Ok(Unit::Ended(Piece::Whole(Box::new(opened?)))),
    }
}

enum Copied {
    Some(usize),
    All,
    Unreadable(String),
}

impl Copying {
    /// Two sides may fail here, and mean different things: what is read, or this device's disk.
    fn unit(&mut self, download: &Download, path: &Path) -> Result<Copied, StoreError> {
        if self.written >= SNAPSHOT_UNPACKED_MAX_BYTES {
            return Ok(Copied::All);
        }
        while self.decoder.can_collect() == 0 && !self.decoder.is_finished() {
            let from = download.reader(&mut self.place);
            if let Err(error) = self.decoder.decode_blocks(from, BlockDecodingStrategy::UptoBlocks(1)) {
                return Ok(Copied::Unreadable(error.to_string()));
            }
        }
        let read = match self.decoder.read(&mut self.buffer) {
            Ok(0) => return Ok(Copied::All),
            Ok(read) => read,
            Err(error) => return Ok(Copied::Unreadable(error.to_string())),
        };
        self.written = self.written.saturating_add(u64::try_from(read).unwrap_or(u64::MAX));
        match files::append(&mut self.file, self.buffer.get(..read).unwrap_or_default(), path) {
            Err(StoreError::Corrupt(reason)) => Ok(Copied::Unreadable(reason)),
            written => written.map(|()| Copied::Some(read)),
        }
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
        // The targets, which are nearly all of them, are counted already; their rows are not read.
        Ok(self.connection.query_row(
            "SELECT (SELECT count(*) FROM pulled WHERE entity < 'target')
                  + (SELECT count(*) FROM pulled WHERE entity > 'target')
                  + (SELECT coalesce(sum(targets), 0) FROM register_count)",
            [],
            |row| row.get(0),
        )?)
    }

    fn drop_own_work(&self) -> Result<(), StoreError> {
        Ok(self.connection.execute_batch("BEGIN; DROP TABLE own_work; DROP TABLE snapshot; COMMIT;")?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{Epoch, UserId};
    use crate::store::snapshot::{SnapshotChunk, SnapshotWriter};
    use ruzstd::encoding::{CompressionLevel, compress_to_vec};
    use serde_json::json;
    use tempfile::TempDir;
    use uuid::Uuid;

    const UNITS: u32 = 3_000;
    const PIECE_BYTES: u64 = 16 * 1024;

    fn unit(number: u32) -> Change {
        let id = Uuid::from_u128(u128::from(number)).to_string();
        let row = json!({
            "unit_id": id, "name": format!("第{number}街道办事处"), "kind": "street_office", "credit_code": null,
            "budget_code": format!("{number:09}"),
        });
        let row = RawValue::from_string(row.to_string()).ok();
        Change { entity: "unit".to_owned(), id, change: ChangeKind::Upsert, row }
    }

    /// A snapshot of units that has arrived in parts, and its hash.
    fn arrived(directory: &TempDir) -> (Download, String) {
        let path = directory.path().join("snapshot.db");
        let mut writer = SnapshotWriter::create(&path).unwrap();
        writer.write(&(0..UNITS).map(unit).collect::<Vec<_>>()).unwrap();
        let head = PullPage {
            cursor: "c1".to_owned(),
            more: false,
            changes: Vec::new(),
            user_id: UserId(Uuid::from_u128(1)),
            epoch: Epoch(Uuid::from_u128(2)),
            server_time: "2026-11-23T02:00:00Z".parse().unwrap(),
            backed_up_through: None,
        };
        writer.finish(&head).unwrap();
        let packed = compress_to_vec(std::fs::read(&path).unwrap().as_slice(), CompressionLevel::Fastest);
        let sha256 = hex::encode(Sha256::digest(&packed));
        let mut download = Download::open(&directory.path().join("download.db")).unwrap();
        let total = u64::try_from(packed.len()).unwrap();
        for (number, part) in packed.chunks(10_000).enumerate() {
            let start = u64::try_from(number * 10_000).unwrap();
            let chunk = SnapshotChunk { sha256: sha256.clone(), total, start, bytes: part.to_vec() };
            download.take(&chunk).unwrap();
        }
        (download, sha256)
    }

    #[test]
    fn a_snapshot_is_unpacked_piece_by_piece_and_is_whole_in_the_end() {
        let directory = TempDir::new().unwrap();
        let (download, sha256) = arrived(&directory);
        let mut unpacking = Unpacking::of(&sha256, directory.path().join("master.db"));
        let mut pieces = 0;
        let master = loop {
            match unpacking.go_on(&download, PIECE_BYTES).unwrap() {
                Piece::More => pieces += 1,
                Piece::Whole(master) => break master,
                Piece::Unusable(fault) => panic!("{fault}"),
            }
        };
        assert!(pieces > 3, "{pieces}");
        assert_eq!(master.row_count().unwrap(), 3_000);
        assert_eq!(master.units().unwrap().len(), 3_000);
        assert_eq!(master.cursor().unwrap().as_deref(), Some("c1"));
    }

    #[test]
    fn other_bytes_than_announced_are_not_unpacked() {
        let directory = TempDir::new().unwrap();
        let (download, _) = arrived(&directory);
        let path = directory.path().join("master.db");
        let announced = "0".repeat(64);
        let ended = Unpacking::of(&announced, path.clone()).go_on(&download, u64::MAX).unwrap();
        assert!(matches!(ended, Piece::Unusable(SnapshotFault::HashDiffers(_))), "{ended:?}");
        assert!(!path.exists());
    }
}
