//! The command line as its user meets it: the real program, real files, real SQLite, and no network.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    reason = "a test fails by panicking"
)]

mod amending;
mod bad_input;
mod closed_loop;
mod drafts;
mod enrolment;
mod field_day;
mod register;
mod tablet;
