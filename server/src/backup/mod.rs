//! Backup and restore (备份与恢复): the database and the original photos it names, in one directory.
//!
//! ```text
//! DIR/manifest.json                    written last: what it names is complete
//! DIR/database-<moment>.dump           pg_dump's custom format
//! DIR/photos/<district>/<2 digits>/<sha256>
//! ```
//!
//! Invariants:
//! - The database's snapshot is taken first, the photos after it. A photo's row follows its file and no file changes, so
//!   every photo that the snapshot names is there to be copied, while the server serves.
//! - A backup that cannot be completed leaves the one before as it was; photos are copied once and kept. Every backup
//!   reads what it keeps, and copies anew what no longer has the bytes of its name.
//! - `backed_up_through` moves only after everything is durable, and only to an instant before which no work can have
//!   been missing from the snapshot ([`Snapshot::through`]): devices forget by it.
//! - A restore goes into an empty database only, after every hash was verified; it gives every district a new epoch
//!   before anything else can go wrong, so that devices never take the restored server for the one before.
//!
//! Must not: delete a photo, or touch a database that holds anything.

mod back_up;
mod client_programs;
mod directory;
mod error;
mod manifest;
mod restore;
mod snapshot;

pub use back_up::{BackedUp, back_up};
pub use error::BackupError;
pub use manifest::{KeptPhoto, MANIFEST_FILE, Manifest};
pub use restore::{Restored, restore};
pub use snapshot::Snapshot;

use std::path::PathBuf;

use crate::photos::photo_store::PhotoStore;

/// What is backed up, or restored into.
#[derive(Debug, Clone)]
pub struct Place {
    /// The database's address.
    pub database_url: String,
    /// Where `pg_dump` and `pg_restore` of this database are, where that is known.
    pub programs: Option<PathBuf>,
    /// The photos.
    pub photos: PhotoStore,
}
