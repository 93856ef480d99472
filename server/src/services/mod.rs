//! What is done, one module a deed (`verb_noun`): handlers call these, these call `db`.

pub mod append_chunk;
pub mod check_month;
pub mod close_month;
pub mod complete_evidence;
pub mod create_upload;
pub mod decide_case;
pub mod enter_finding;
pub mod export_cases;
pub mod export_month;
pub mod finish_upload;
pub mod list_cases;
pub mod list_entries;
pub mod list_exports;
pub mod list_months;
pub mod move_money;
pub mod open_cases;
pub mod prior_facts;
pub mod record_decision;
pub mod show_case;
pub mod stamp_photos;
pub mod store_inspections;
pub mod sweep_uploads;
pub mod sync;
pub mod tend_photos;
pub mod total_month;
pub mod verify_ledger;
