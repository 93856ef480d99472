//! The ledger (台账): the pure rules of money. Which month an entry is posted to, and how entries chain.
//!
//! Nothing here touches the database or a clock; the services that post, take back and verify do.

pub mod chain;
pub mod digest;
pub mod entry_kind;
pub mod period;
