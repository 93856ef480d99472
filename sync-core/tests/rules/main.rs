//! The rules as a specification: packs, their loader, the book, the evaluator, and what is refused or doubted.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    clippy::string_slice,
    reason = "tests fail by panicking, and clippy only knows that of #[test] functions"
)]

mod acceptance;
mod book;
mod charges;
mod duties;
mod loader;
mod properties;
mod schedule;
#[cfg(feature = "schema")]
mod schema;
mod visit;
