//! The cells of an XLSX file's first visible sheet.
//!
//! Invariants: cells are taken one after the other and never spread over the rectangle that they span, for two cells at
//! opposite corners of a sheet would fill the memory; nor is the file unpacked before its true size is known.

use std::io::{self, Cursor, Read};

use calamine::{DataRef, ExcelDateTime, Reader, SheetVisible, Xlsx, XlsxError};
use jiff::civil::DateTime;
use zip::ZipArchive;

use super::grid::{Grid, RawCell, RawRow, letters};
use super::header::HEADER_SEARCH_ROWS;
use super::{FAULTS_MAX, TABLE_MAX_COLUMNS, TABLE_MAX_ROWS, TableFault};

/// Bytes of all parts of a workbook together, unpacked (256 MiB): 100,000 rows of 30 columns have half of that.
const INFLATED_MAX_BYTES: u64 = 256 * 1024 * 1024;
/// Parts of a workbook: a few for each sheet and picture.
const PARTS_MAX: usize = 10_000;

/// Reads the cells.
///
/// # Errors
/// The first [`TableFault`] that ends reading.
pub(super) fn grid(file: &[u8]) -> Result<Grid, TableFault> {
    check_inflated_size(file, INFLATED_MAX_BYTES)?;
    let mut book = Xlsx::new(Cursor::new(file)).map_err(damaged)?;
    let visible = book.sheets_metadata().iter().find(|sheet| sheet.visible == SheetVisible::Visible);
    let name = visible.map(|sheet| sheet.name.clone()).ok_or(TableFault::Empty)?;
    let regions = book.merge_cells_by_sheet_name(&name).map_err(damaged)?;
    let merged = regions.iter().map(|region| {
        let (from, to) = (cell_name(region.start), cell_name(region.end));
        (region.end.0.saturating_add(1), format!("{from}:{to}"))
    });
    let mut grid = Grid { merged: merged.collect(), ..Grid::default() };
    let epoch_1904 = book.has_1904_epoch();
    let mut cells = book.worksheet_cells_reader(&name).map_err(damaged)?;
    while let Some(found) = cells.next_cell_with_formula_metadata().map_err(damaged)? {
        let number = found.pos.0.saturating_add(1);
        if found.formula.is_some() && grid.formulas.len() < FAULTS_MAX {
            grid.formulas.push((number, cell_name(found.pos)));
        }
        let cell = cell(&found.value, epoch_1904);
        if cell != RawCell::Blank {
            place(&mut grid.rows, number, found.pos.1, cell)?;
        }
    }
    Ok(grid)
}

/// Unpacks every part into nothing: what the file itself says of their sizes may be untrue.
fn check_inflated_size(file: &[u8], most_bytes: u64) -> Result<(), TableFault> {
    let damaged = |error: zip::result::ZipError| TableFault::Damaged(error.to_string());
    let mut archive = ZipArchive::new(Cursor::new(file)).map_err(damaged)?;
    if archive.len() > PARTS_MAX {
        return Err(TableFault::InflatesTooFar);
    }
    let mut left = most_bytes;
    for index in 0..archive.len() {
        let part = archive.by_index(index).map_err(damaged)?;
        let size = io::copy(&mut part.take(left.saturating_add(1)), &mut io::sink())
            .map_err(|error| TableFault::Damaged(error.to_string()))?;
        left = left.checked_sub(size).ok_or(TableFault::InflatesTooFar)?;
    }
    Ok(())
}

/// Appends a cell; a workbook has its rows and the cells in them in order.
fn place(rows: &mut Vec<RawRow>, number: u32, column: u32, cell: RawCell) -> Result<(), TableFault> {
    let column = usize::try_from(column).unwrap_or(usize::MAX);
    if column >= TABLE_MAX_COLUMNS {
        return Err(TableFault::TooWide { row: number });
    }
    let last = rows.last().map(|row| row.number);
    if last.is_some_and(|last| last > number) {
        return Err(TableFault::Damaged(format!("row {number} out of order")));
    }
    if last != Some(number) {
        if rows.len() >= TABLE_MAX_ROWS.saturating_add(HEADER_SEARCH_ROWS) {
            return Err(TableFault::TooManyRows);
        }
        rows.push(RawRow { number, cells: Vec::new() });
    }
    if let Some(row) = rows.last_mut() {
        if column < row.cells.len() {
            return Err(TableFault::Damaged(format!("cells of row {number} out of order")));
        }
        row.cells.resize(column, RawCell::Blank);
        row.cells.push(cell);
    }
    Ok(())
}

fn cell(value: &DataRef<'_>, epoch_1904: bool) -> RawCell {
    let text = |text: &str| match text.trim() {
        "" => RawCell::Blank,
        _ => RawCell::Text(text.to_owned()),
    };
    match value {
        DataRef::Empty => RawCell::Blank,
        DataRef::String(value) | DataRef::DateTimeIso(value) | DataRef::DurationIso(value) => text(value),
        DataRef::SharedString(value) => text(value),
        DataRef::Float(value) => RawCell::Number { value: *value, epoch_1904 },
        // The reader makes whole numbers of those that fit; their digits as text read the same.
        DataRef::Int(value) => RawCell::Text(value.to_string()),
        DataRef::Bool(value) => RawCell::Flag(*value),
        DataRef::Error(error) => RawCell::Error(error.to_string()),
        DataRef::DateTime(value) => {
            civil(*value).map_or_else(|| RawCell::Error(value.as_f64().to_string()), RawCell::DateTime)
        }
    }
}

/// The day and time of a spreadsheet's serial number, to the second.
pub(super) fn civil(serial: ExcelDateTime) -> Option<DateTime> {
    let (year, month, day, hour, minute, second, milli) = serial.to_ymd_hms_milli();
    let small = |value: u8| i8::try_from(value).ok();
    let nanos = i32::from(milli) * 1_000_000;
    let date = jiff::civil::Date::new(i16::try_from(year).ok()?, small(month)?, small(day)?).ok()?;
    let time = jiff::civil::Time::new(small(hour)?, small(minute)?, small(second)?, nanos).ok()?;
    date.to_datetime(time).round(jiff::Unit::Second).ok()
}

fn cell_name((row, column): (u32, u32)) -> String {
    format!("{}{}", letters(usize::try_from(column).unwrap_or(usize::MAX)), row.saturating_add(1))
}

fn damaged(error: XlsxError) -> TableFault {
    TableFault::Damaged(error.to_string())
}

#[cfg(test)]
mod tests {
    use std::io::Write;

    use zip::ZipWriter;
    use zip::write::SimpleFileOptions;

    use super::*;

    #[test]
    fn what_unpacks_beyond_the_bound_is_refused_counting_all_parts() {
        let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
        for part in ["xl/workbook.xml", "xl/worksheets/sheet1.xml"] {
            archive.start_file(part, SimpleFileOptions::default()).unwrap();
            archive.write_all(&[b' '; 5000]).unwrap();
        }
        let file = archive.finish().unwrap().into_inner();
        assert_eq!(check_inflated_size(&file, 10_000), Ok(()));
        assert_eq!(check_inflated_size(&file, 9_999), Err(TableFault::InflatesTooFar));
    }
}
