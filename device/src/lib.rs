//! The native device (终端): sync-core with files and HTTP, as a library and as a command line.
//!
//! Invariants: local first, so everything but enrolment and sync works without a network; nothing that was recorded
//! is deleted; no business rule lives here that `sync-core` has.

pub mod cli;
mod clock;
mod commands;
mod data_dir;
mod device;
mod durable;
mod enrol;
mod error;
mod field_records;
mod free_originals;
mod key;
mod messages;
mod photo_files;
mod status;
mod transport;

pub use clock::SystemClock;
pub use data_dir::{DataDir, EnrolledUser, Profile};
pub use device::Device;
pub use enrol::enrol;
pub use error::DeviceError;
pub use field_records::NewRecord;
pub use free_originals::{Freed, KEPT_BYTES_DEFAULT};
pub use key::{DeviceKey, KeyError};
pub use photo_files::PhotoFiles;
pub use status::{Colleague, Status};
pub use sync_core::field::{
    InspectionStatus, Lead, MANUAL_PROVIDER, NewInspection, NewPhoto, NewTarget, Order, OwnRecord,
    PhotoCounts, Recorded, SentState,
};
pub use transport::{HttpTransport, Transport};
