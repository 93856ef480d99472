//! A month's files for finance (月度报表): its totals and its ledger entries, as XLSX and CSV.
//!
//! Reading and writing are apart: [`read_month_head`], [`read_clauses`] and [`read_entries`] ask the database,
//! [`totals_file`] and [`entries_file`] are pure. **The closing of a month stores what those two return.** They give the
//! same bytes for the same input: nothing of the present enters the file, its date is [`MonthHead::made_at`], which
//! the closing sets to the moment of closing and keeps with the bytes.

mod clauses;
mod entries;
mod entry_lines;
mod head;
mod totals;

pub use clauses::{ItemClauses, read_clauses};
pub use entries::entries_file;
pub use entry_lines::{EntryLine, read_entries};
pub use head::{MonthHead, read_month_head};
pub use totals::totals_file;

/// Rows of one file at most: more is no sheet that people work with, and would fill the server's memory.
pub const FILE_MAX_ROWS: usize = 100_000;
