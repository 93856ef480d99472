//! What device and server share: ids, the model, policy packs, the evaluator, wire types, the sans-I/O sync
//! engine and (feature `store`) the device store on SQLite.
//!
//! Invariants: one evaluator, one place for each rule. This crate knows nobody: no tokio, actix or diesel, it
//! reads no clock, opens no socket and no file outside the device store; clock, randomness that matters and
//! transport are handed in.

#[cfg(feature = "store")]
pub mod engine;
pub mod evaluate;
#[cfg(feature = "store")]
pub mod field;
pub mod geo;
pub mod grams;
pub mod ids;
pub mod limits;
pub mod model;
pub mod money;
pub mod money_words;
pub mod policy;
#[cfg(feature = "store")]
pub mod store;
pub mod text;
pub mod time;
pub mod wire;
