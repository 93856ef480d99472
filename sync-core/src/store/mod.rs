//! The device store on SQLite: `master.db`, what the server sent, and `work.db`, what the user recorded here.
//!
//! Invariants: local first; nothing spans both files; one connection a database; no clock, no thread and no socket
//! in here. The same code runs natively and on a browser's private file system, where only [`files`] differs.

mod columns;
mod context;
mod device;
mod error;
mod file_names;
#[cfg(not(target_family = "wasm"))]
pub mod files;
#[cfg(target_family = "wasm")]
#[path = "private_files.rs"]
pub mod files;
mod liveness;
mod master;
mod schema;
mod search_terms;
mod snapshot;
mod work;

pub use context::{ContextError, Place, Policies, UnusablePack, UnusableReason};
pub use device::{DeviceStore, Found, Opened, Pulled, RegisterEntry, Unpacked};
pub use error::StoreError;
pub use liveness::{Liveness, Need};
pub use master::{Bounds, MapTarget, MasterStore, PageSummary};
pub use snapshot::{Received, SnapshotChunk, SnapshotFault, SnapshotWriter};
pub use work::{
    Draft, OperationState, OutboxEntry, OutboxOperation, Overlay, OwnFieldRecord, OwnInspection, OwnVisit,
    PhotoState, QueuedPhoto, Settled, Upload, WorkCounts, WorkStore,
};
