//! The manifest (清单) of a backup: what is in it, with hashes, and what must be there after a restore.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use sync_core::ids::{Epoch, PhotoHash, RegionCode};
use sync_core::time::Instant;

/// Its name in the directory.
pub const MANIFEST_FILE: &str = "manifest.json";

/// The form of the manifest that this release writes and reads.
pub const FORM: u16 = 1;

/// What a backup holds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Manifest {
    /// The version of this form.
    pub form: u16,
    /// The release that made it.
    pub release: String,
    /// When the database's snapshot was taken.
    pub taken_at: Instant,
    /// Acknowledged work up to here is in it.
    pub through: Instant,
    /// The last migration that had run.
    pub migration: String,
    /// The dump.
    pub database: KeptFile,
    /// The districts with the epochs they had.
    pub districts: BTreeMap<RegionCode, Epoch>,
    /// Rows of each table.
    pub rows: BTreeMap<String, i64>,
    /// The original photos.
    pub photos: Vec<KeptPhoto>,
}

/// A file of the backup.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeptFile {
    /// Its name in the directory.
    pub name: String,
    /// Bytes.
    pub size: u64,
    /// SHA-256 in hex.
    pub sha256: String,
}

/// An original photo, by its content.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct KeptPhoto {
    /// Whose.
    pub district: RegionCode,
    /// SHA-256 of its bytes.
    pub sha256: PhotoHash,
    /// Bytes.
    pub size: u64,
}
