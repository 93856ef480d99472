//! Integration tests: real HTTP against a real server on a real PostgreSQL, one module for each noun.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, clippy::indexing_slicing, reason = "tests")]

mod authorisation;
mod backup;
mod demo_district;
mod demo_growth;
mod ledger_commands;
mod ledger_replay;
mod openapi;
mod routes;
mod screens;
mod upgrades;
