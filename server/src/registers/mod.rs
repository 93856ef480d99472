//! Registers (台账): what is kept of a district beside its cases, as forms and files bring it.
//!
//! Invariants: a form and a file are checked by the same functions here; a file says nothing about what it has no column
//! for; every register writes a file that it reads back as it was.

mod check_entry;
mod fact_columns;
mod grid_register;
mod history_register;
mod names;
mod people_register;
mod register;
mod target_register;
mod unit_names;
mod unit_register;
mod write_entries;
mod zone_register;

pub use check_entry::{CheckEntry, EntryFault};
pub use grid_register::GridRegister;
pub use history_register::{HistoryRegister, PastCase};
pub use people_register::{PeopleRegister, PersonLine};
pub use register::{Claim, Entries, FileShape, HeadedFault, Planned, Presence, Register};
pub use target_register::{TargetLine, TargetRegister};
pub use unit_register::UnitRegister;
pub use zone_register::ZoneRegister;
