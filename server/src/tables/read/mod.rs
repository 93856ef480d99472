//! Reading tables that offices send: XLSX and CSV to rows with their numbers, then to typed values or faults.
//!
//! Invariants: rows keep the numbers that people see in their spreadsheet; all faults are collected, within
//! [`FAULTS_MAX`], each with its place; what cannot be read for certain is a fault, never a guess.

mod cell_fault;
mod cell_value;
mod decode;
mod fault_report;
mod field;
mod grid;
mod header;
mod read_csv;
mod read_xlsx;
mod table_fault;

pub use cell_fault::CellFault;
pub use cell_value::{Choice, choice, code, date, flag, integer, number, parsed, text, time, yuan};
pub use fault_report::{FAULTS_MAX, FaultReport};
pub use field::{Faulty, Field, OptionalField, ReadField, ReadRows, RowFault, RowReader};
pub use grid::{RawCell, RawRow};
pub use header::{Heading, RawTable};
pub use table_fault::TableFault;

use self::grid::Grid;

/// Bytes of a file (20 MiB).
pub const FILE_MAX_BYTES: usize = 20 * 1024 * 1024;
/// Rows of a table, without those above its data.
pub const TABLE_MAX_ROWS: usize = 100_000;
/// Columns of a table.
pub const TABLE_MAX_COLUMNS: usize = 100;

/// What every XLSX begins with: it is a ZIP file.
const ZIP_MAGIC: &[u8] = b"PK\x03\x04";
/// What an XLS of the 1990s begins with.
const XLS_MAGIC: &[u8] = b"\xD0\xCF\x11\xE0";

/// Reads a file whose columns are to be `headings`, in any order. XLSX: its first visible sheet. CSV: UTF-8 with or
/// without BOM, or GB18030 (GBK), separated by comma, semicolon or tab.
///
/// # Errors
/// Every [`TableFault`] that was found, never none.
pub fn read_table<'h>(file: &[u8], headings: &[Heading<'h>]) -> Result<RawTable<'h>, Vec<TableFault>> {
    if file.len() > FILE_MAX_BYTES {
        return Err(vec![TableFault::FileTooLarge]);
    }
    if file.starts_with(XLS_MAGIC) {
        return Err(vec![TableFault::OldFormat]);
    }
    let grid = if file.starts_with(ZIP_MAGIC) { read_xlsx::grid(file) } else { read_csv::grid(file) };
    header::table(grid.map_err(|fault| vec![fault])?, headings)
}

/// The same for rows that come from elsewhere than a table, such as the features of a map, with the names of their
/// columns.
///
/// # Errors
/// Every [`TableFault`] that was found, never none.
pub fn table_of<'h>(
    names: Vec<String>,
    rows: Vec<RawRow>,
    headings: &[Heading<'h>],
) -> Result<RawTable<'h>, Vec<TableFault>> {
    let header = RawRow { number: 0, cells: names.into_iter().map(RawCell::Text).collect() };
    let rows = std::iter::once(header).chain(rows).collect();
    header::table(Grid { rows, ..Grid::default() }, headings)
}

#[cfg(test)]
mod tests;
