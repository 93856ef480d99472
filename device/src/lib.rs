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
mod new_inspection;
mod new_target;
mod photo_files;
mod seal_inspection;
mod status;
mod transport;

pub use clock::SystemClock;
pub use data_dir::{DataDir, EnrolledUser, Profile};
pub use device::{Device, Recorded};
pub use enrol::enrol;
pub use error::DeviceError;
pub use field_records::{Lead, NewRecord, Order, OwnRecord};
pub use free_originals::{Freed, KEPT_BYTES_DEFAULT};
pub use key::{DeviceKey, KeyError};
pub use new_inspection::{NewInspection, NewPhoto};
pub use new_target::NewTarget;
pub use photo_files::PhotoFiles;
pub use seal_inspection::MANUAL_PROVIDER;
pub use status::{Colleague, InspectionStatus, PhotoCounts, SentState, Status};
pub use transport::{HttpTransport, Transport};
