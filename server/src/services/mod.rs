//! What is done, one module a deed (`verb_noun`): handlers call these, these call `db`.

pub mod complete_evidence;
pub mod decide_case;
pub mod list_cases;
pub mod list_entries;
pub mod list_months;
pub mod open_cases;
pub mod post_charges;
pub mod reverse_charges;
pub mod show_case;
pub mod sync;
pub mod total_month;
pub mod verify_ledger;
