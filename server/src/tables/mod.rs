//! Tables (表格) as files: what goes out to finance and what comes in from offices, as XLSX and CSV.
//!
//! Out: a [`Sheet`] declares its columns once; each [`FileFormat`] renders the same cells. In: [`read::read_table`]
//! turns a file into text and numbers with row numbers, or says everything that is wrong with it; typed columns
//! turn those into values or row errors.
//!
//! Invariants: pure, no database and no HTTP; amounts are exact; a text never runs as a formula; nothing of a file is
//! guessed or left out without a fault that names the place.

mod file_format;
mod formula_guard;
mod language;
pub mod read;
#[cfg(test)]
mod sample;
mod sheet;
mod write_csv;
mod write_xlsx;

pub use file_format::{FileFormat, SheetFile};
pub use language::{Language, UnknownLanguage};
pub use sheet::{Cell, Column, ColumnKind, SIGNATURES, Sheet, SignatureLine, Total};
pub use write_xlsx::SheetError;
