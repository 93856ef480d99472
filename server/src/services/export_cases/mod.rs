//! Cases (案件) as files: the list's cases with the list's filters, as XLSX and CSV for people, as GeoJSON for maps.
//!
//! Invariants: one statement a file, over the cases that scope and filters pick; only what the file shows is read; files
//! hold [`CASES_MAX`] cases at most, and say so instead of leaving cases out.

mod case_features;
mod case_lines;
mod pick;
mod sheet;

pub use case_features::{CaseFeature, read_case_features};
pub use case_lines::{CaseLine, case_lines, read_case_rows};
pub use pick::CASES_MAX;
pub use sheet::{CasesFault, CasesHead, cases_file};
