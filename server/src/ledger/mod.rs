//! The ledger (台账): the pure rules of money. Which month an entry is posted to, what each kind of decision moves, and
//! how entries chain.
//!
//! Nothing here touches the database or a clock; the services that decide, close and verify do.

pub mod basis;
pub mod chain;
pub mod digest;
pub mod entry_kind;
pub mod moves;
pub mod period;
pub mod replay;
