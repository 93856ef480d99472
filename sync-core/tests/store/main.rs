//! The device store, as its users may rely on it: real SQLite files, one directory a test.

#![cfg(feature = "store")]
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::as_conversions,
    reason = "tests fail by panicking, and their figures are small"
)]

mod context;
mod corrections;
mod field_records;
mod files;
mod fixtures;
mod golden;
mod model;
mod outbox;
mod overlays;
mod photos;
mod possible_duplicates;
mod pull;
mod record;
mod replacement;
mod search;
