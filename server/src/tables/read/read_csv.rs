//! The cells of a CSV file: all of them text, without the guard that our own exports put before formulas.

use csv::ReaderBuilder;

use super::decode::decode;
use super::grid::{Grid, RawCell, RawRow};
use super::{TABLE_MAX_COLUMNS, TABLE_MAX_ROWS, TableFault};
use crate::tables::formula_guard::unguarded;

/// What may separate cells; the one that the first line has most of does.
const SEPARATORS: [char; 3] = [',', '\t', ';'];

/// Reads the cells.
///
/// # Errors
/// The first [`TableFault`] that ends reading.
pub(super) fn grid(file: &[u8]) -> Result<Grid, TableFault> {
    let text = decode(file)?.replace("\r\n", "\n").replace('\r', "\n");
    let mut reader = ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .delimiter(separator(text.lines().next().unwrap_or_default()))
        .from_reader(text.as_bytes());
    let mut grid = Grid::default();
    // Line feeds inside cells: lines that are not rows.
    let mut inside = 0;
    for record in reader.records() {
        let record = record.map_err(|error| TableFault::Damaged(error.to_string()))?;
        let number = first_line(&text, record.position()).saturating_sub(inside);
        inside = inside.saturating_add(line_feeds(record.as_slice()));
        let cells: Vec<RawCell> = record.iter().map(cell).collect();
        if cells.len() > TABLE_MAX_COLUMNS {
            return Err(TableFault::TooWide { row: number });
        }
        if cells.iter().any(|cell| *cell != RawCell::Blank) {
            grid.rows.push(RawRow { number, cells });
        }
        if grid.rows.len() > TABLE_MAX_ROWS.saturating_add(super::header::HEADER_SEARCH_ROWS) {
            return Err(TableFault::TooManyRows);
        }
    }
    Ok(grid)
}

/// The line on which a record begins. The reader's position lies before the blank lines above it.
fn first_line(text: &str, position: Option<&csv::Position>) -> u32 {
    let Some(position) = position else { return 0 };
    let above = usize::try_from(position.byte()).ok().and_then(|byte| text.get(byte..));
    let blank = above.map_or(0, |text| text.bytes().take_while(|byte| *byte == b'\n').count());
    let line = u32::try_from(position.line()).unwrap_or(u32::MAX);
    line.saturating_add(u32::try_from(blank).unwrap_or(u32::MAX))
}

fn line_feeds(text: &str) -> u32 {
    u32::try_from(text.matches('\n').count()).unwrap_or(u32::MAX)
}

fn cell(text: &str) -> RawCell {
    if text.trim().is_empty() { RawCell::Blank } else { RawCell::Text(unguarded(text).to_owned()) }
}

fn separator(line: &str) -> u8 {
    let counted = SEPARATORS.map(|separator| (line.matches(separator).count(), separator));
    // The earlier one wins a tie.
    let most = counted.into_iter().rev().max_by_key(|(count, _)| *count);
    most.and_then(|(_, separator)| u8::try_from(separator).ok()).unwrap_or(b',')
}
