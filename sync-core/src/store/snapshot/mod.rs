//! Snapshots (快照): a `master.db` that the server has built for one user's scope, so that a new device does not pull its
//! register page by page.
//!
//! The file is a [`super::MasterStore`] at one change number, compressed with zstd, and beside its rows two tables of its
//! own: `snapshot`, what a page says beside its changes, and `own_work`, the user's operation results and photo states.
//! Those are the work store's; the device moves them there and drops both tables before the file takes the master's
//! place. So a snapshot says exactly what all pages up to its number say together.
//!
//! Invariants: a device takes a file only whole and with the hash that was announced; until then the old register
//! answers, and the work database is not touched.

mod download;
mod unpack;
mod write;

pub use download::{Received, SnapshotChunk};
pub use unpack::SnapshotFault;
pub use write::SnapshotWriter;

pub(super) use download::Download;
pub(super) use unpack::{OwnWork, Piece, Unpacking};

/// The tables that a snapshot has beside those of the master.
const OWN_TABLES: &str = "
CREATE TABLE snapshot (one INTEGER PRIMARY KEY CHECK (one = 1), head TEXT NOT NULL) STRICT;
CREATE TABLE own_work (entity TEXT NOT NULL, id TEXT NOT NULL, json TEXT NOT NULL, PRIMARY KEY (entity, id))
STRICT, WITHOUT ROWID;";
