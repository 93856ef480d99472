//! A file's cells as they stand in it, before anything is known of columns.

use jiff::civil::DateTime;

/// A cell.
#[derive(Debug, Clone, PartialEq)]
pub enum RawCell {
    /// Nothing, or blanks only.
    Blank,
    /// Text as it stands.
    Text(String),
    /// A number that is not formatted as a date.
    Number {
        /// Its value.
        value: f64,
        /// Whether the workbook counts its days from 1904.
        epoch_1904: bool,
    },
    /// A number formatted as date or time; before 1900-01-01 a time of day without a date.
    DateTime(DateTime),
    /// A truth value.
    Flag(bool),
    /// An error such as `#N/A`.
    Error(String),
}

/// A row with something in it.
#[derive(Debug, Clone, PartialEq)]
pub struct RawRow {
    /// Its number as the spreadsheet shows it, from 1.
    pub number: u32,
    /// Its cells from column A on; shorter where the rest is blank.
    pub cells: Vec<RawCell>,
}

impl RawRow {
    /// The cell in a column; blank where the row ends before it.
    #[must_use]
    pub fn cell(&self, column: usize) -> &RawCell {
        self.cells.get(column).unwrap_or(&RawCell::Blank)
    }
}

/// All that a file holds.
#[derive(Debug, Default)]
pub(super) struct Grid {
    /// Rows that are not blank, top to bottom.
    pub rows: Vec<RawRow>,
    /// Merged regions: last row and name, such as `A5:B6`.
    pub merged: Vec<(u32, String)>,
    /// Cells with formulas: row and name, such as `C7`.
    pub formulas: Vec<(u32, String)>,
}

/// The letters of a column, counted from 0.
pub(super) fn letters(column: usize) -> String {
    let mut name = Vec::new();
    let mut rest = Some(column);
    while let Some(number) = rest {
        let letter = u8::try_from(number % 26).unwrap_or_default();
        name.push(char::from(b'A'.saturating_add(letter)));
        rest = (number / 26).checked_sub(1);
    }
    name.into_iter().rev().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_have_the_letters_that_spreadsheets_show() {
        let names = [(0, "A"), (25, "Z"), (26, "AA"), (51, "AZ"), (52, "BA"), (701, "ZZ"), (702, "AAA")];
        for (column, name) in names {
            assert_eq!(letters(column), name);
        }
    }
}
