//! The tablet's module (平板端内核): `sync-core` as a browser calls it. The same store, engine and evaluator as natively.
//!
//! Invariants: no business rule lives here; a call is JSON in and JSON out, and what it wrote is durable before it
//! answers; a write names the operation's id, so that a repeated call writes nothing more. Clock, randomness, key and
//! network come from the worker (`web/tablet/src/worker`), which runs this module alone in its thread.

mod call;
mod error;
#[cfg(target_family = "wasm")]
mod exports;
#[cfg(target_family = "wasm")]
mod pool;
mod rehearsal;
mod round;
mod session;
mod views;

pub use call::Call;
pub use error::CallError;
pub use round::{Ask, Round};
pub use session::{Identity, Opening, Session};
