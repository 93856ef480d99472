//! The header of a table: which column is which, by Chinese or English name, in any order.

use super::grid::{Grid, RawCell, RawRow, letters};
use super::{FAULTS_MAX, TABLE_MAX_ROWS, TableFault};

/// Rows with something in them among which the header is looked for: titles and notes may stand above it.
pub(super) const HEADER_SEARCH_ROWS: usize = 10;

/// A column that an import knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Heading<'h> {
    /// Its name in Chinese, without the unit of money.
    pub zh: &'h str,
    /// Its name in English.
    pub en: &'h str,
    /// Whether the table must have it.
    pub required: bool,
}

impl Heading<'_> {
    /// Whether a header's text names it: width, case, blanks, a unit of money and a star for "required" aside.
    pub fn is_named(&self, text: &str) -> bool {
        let text = canonical(text);
        text == canonical(self.zh) || text == canonical(self.en)
    }
}

/// The rows below a header, and which column is which.
#[derive(Debug, Clone)]
pub struct RawTable<'h> {
    /// The header as it stands, from column A on.
    pub header: Vec<String>,
    /// Rows that are not blank, top to bottom.
    pub rows: Vec<RawRow>,
    /// Where each heading stands, if it does.
    pub(super) columns: Vec<(Heading<'h>, Option<usize>)>,
}

/// Finds the header and what is wrong with it and below it.
pub(super) fn table<'h>(grid: Grid, headings: &[Heading<'h>]) -> Result<RawTable<'h>, Vec<TableFault>> {
    let Grid { mut rows, merged, formulas } = grid;
    let Some(at) = header_index(&rows, headings) else { return Err(vec![TableFault::Empty]) };
    let below = rows.split_off(at.saturating_add(1));
    let Some(RawRow { number: row, cells }) = rows.pop() else { return Err(vec![TableFault::Empty]) };
    let header: Vec<String> = cells.iter().map(name).collect();

    let mut faults = Vec::new();
    let mut columns: Vec<(Heading<'h>, Option<usize>)> =
        headings.iter().map(|heading| (*heading, None)).collect();
    for (index, found) in header.iter().enumerate().filter(|(_, found)| !found.is_empty()) {
        let (column, found) = (letters(index), found.clone());
        match columns.iter_mut().find(|(heading, _)| heading.is_named(&found)) {
            None => {
                let expected = headings.iter().map(|heading| heading.zh.to_owned()).collect();
                faults.push(TableFault::UnknownColumn { row, column, found, expected });
            }
            Some((_, Some(_))) => faults.push(TableFault::DuplicateColumn { row, column, found }),
            Some((_, place)) => *place = Some(index),
        }
    }
    let missing = columns.iter().filter(|(heading, place)| heading.required && place.is_none());
    faults.extend(missing.map(|(heading, _)| TableFault::MissingColumn {
        row,
        zh: heading.zh.to_owned(),
        en: heading.en.to_owned(),
    }));
    let merged = merged.into_iter().filter(|(last, _)| *last >= row);
    faults.extend(merged.map(|(row, region)| TableFault::MergedCells { row, region }));
    let formulas = formulas.into_iter().filter(|(at, _)| *at >= row);
    faults.extend(formulas.map(|(row, cell)| TableFault::Formula { row, cell }));
    if below.is_empty() {
        faults.push(TableFault::Empty);
    } else if below.len() > TABLE_MAX_ROWS {
        faults.push(TableFault::TooManyRows);
    }
    faults.truncate(FAULTS_MAX);
    if faults.is_empty() { Ok(RawTable { header, rows: below, columns }) } else { Err(faults) }
}

/// The row that names most headings, the first of equals; where none names any, the first row.
fn header_index(rows: &[RawRow], headings: &[Heading<'_>]) -> Option<usize> {
    let names = |row: &RawRow| {
        let named = |cell: &RawCell| headings.iter().any(|heading| heading.is_named(&name(cell)));
        row.cells.iter().filter(|cell| named(cell)).count()
    };
    let candidates = rows.iter().take(HEADER_SEARCH_ROWS).enumerate();
    candidates.rev().max_by_key(|(_, row)| names(row)).map(|(index, _)| index)
}

fn name(cell: &RawCell) -> String {
    match cell {
        RawCell::Text(text) | RawCell::Error(text) => text.trim().to_owned(),
        RawCell::Number { value, .. } => value.to_string(),
        RawCell::DateTime(value) => value.to_string(),
        RawCell::Flag(value) => value.to_string(),
        RawCell::Blank => String::new(),
    }
}

/// A header's text as headers are compared.
fn canonical(text: &str) -> String {
    let narrow = super::cell_value::narrow(text).to_lowercase();
    let dense: String = narrow.chars().filter(|c| !c.is_whitespace() && *c != '*').collect();
    let bare = ["(元)", "(yuan)"].iter().find_map(|unit| dense.strip_suffix(unit));
    bare.map(str::to_owned).unwrap_or(dense)
}
