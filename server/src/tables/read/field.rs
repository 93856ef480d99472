//! Columns with types: each import declares its own, and gets values or faults with their places.
//!
//! Invariant: a row is either a value or has at least one fault; [`Faulty`] can be had from a recorded fault only.

use super::cell_fault::CellFault;
use super::fault_report::{FAULTS_MAX, FaultReport};
use super::grid::{RawCell, RawRow, letters};
use super::header::{Heading, RawTable};

/// Reads a cell that is not blank.
pub type Parse<T> = fn(&RawCell) -> Result<T, CellFault>;

/// A column whose cells must all be filled in.
#[derive(Debug, Clone, Copy)]
pub struct Field<T> {
    /// Its names.
    pub heading: Heading<'static>,
    parse: Parse<T>,
}

/// A column that may be absent or have blank cells.
#[derive(Debug, Clone, Copy)]
pub struct OptionalField<T> {
    /// Its names.
    pub heading: Heading<'static>,
    parse: Parse<T>,
}

impl<T> Field<T> {
    /// A column that must be there and be filled in.
    #[must_use]
    pub const fn required(zh: &'static str, en: &'static str, parse: Parse<T>) -> Self {
        Self { heading: Heading { zh, en, required: true }, parse }
    }

    /// A column that must be there and may have blank cells: a table without it would not say whether they are blank.
    #[must_use]
    pub const fn may_be_blank(zh: &'static str, en: &'static str, parse: Parse<T>) -> OptionalField<T> {
        OptionalField { heading: Heading { zh, en, required: true }, parse }
    }

    /// A column that may be absent or have blank cells.
    #[must_use]
    pub const fn optional(zh: &'static str, en: &'static str, parse: Parse<T>) -> OptionalField<T> {
        OptionalField { heading: Heading { zh, en, required: false }, parse }
    }
}

/// What a row can be read by.
pub trait ReadField {
    /// What a cell becomes.
    type Value;
    /// The column's names.
    fn heading(&self) -> Heading<'static>;
    /// Reads a cell of it.
    ///
    /// # Errors
    /// Why it is not a value.
    fn value(&self, cell: &RawCell) -> Result<Self::Value, CellFault>;
}

impl<T> ReadField for Field<T> {
    type Value = T;

    fn heading(&self) -> Heading<'static> {
        self.heading
    }

    fn value(&self, cell: &RawCell) -> Result<T, CellFault> {
        match cell {
            RawCell::Blank => Err(CellFault::Required),
            RawCell::Error(error) => Err(CellFault::ErrorValue(error.clone())),
            cell => (self.parse)(cell),
        }
    }
}

impl<T> ReadField for OptionalField<T> {
    type Value = Option<T>;

    fn heading(&self) -> Heading<'static> {
        self.heading
    }

    fn value(&self, cell: &RawCell) -> Result<Option<T>, CellFault> {
        match cell {
            RawCell::Blank => Ok(None),
            RawCell::Error(error) => Err(CellFault::ErrorValue(error.clone())),
            cell => (self.parse)(cell).map(Some),
        }
    }
}

/// A fault with its place.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RowFault {
    /// The row's number as the spreadsheet shows it.
    pub row: u32,
    /// The column's name in Chinese, or its letters where it has none.
    pub column: String,
    /// What is wrong.
    pub fault: CellFault,
}

impl RowFault {
    /// As the preview shows it.
    #[must_use]
    pub fn report(&self) -> FaultReport {
        self.fault.report().in_row(self.row).in_column(&self.column)
    }
}

/// The row has a fault, which is recorded.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Faulty(());

/// Reads one row: first every field into a variable, then `?`, so that all faults of the row are found.
#[derive(Debug)]
pub struct RowReader<'t> {
    columns: &'t [(Heading<'t>, Option<usize>)],
    row: &'t RawRow,
    faults: Vec<RowFault>,
}

impl RowReader<'_> {
    /// The row's number as the spreadsheet shows it.
    #[must_use]
    pub fn number(&self) -> u32 {
        self.row.number
    }

    /// Reads a field; one that the table was not read with counts as blank.
    ///
    /// # Errors
    /// [`Faulty`], with the fault recorded.
    pub fn read<F: ReadField>(&mut self, field: &F) -> Result<F::Value, Faulty> {
        let heading = field.heading();
        field.value(self.cell(heading)).map_err(|fault| self.refuse(heading, fault))
    }

    /// The cell under a heading that is not known before the program runs; blank where the table lacks it.
    #[must_use]
    pub fn cell(&self, heading: Heading<'_>) -> &RawCell {
        let place = self.columns.iter().find(|(known, _)| *known == heading).and_then(|(_, place)| *place);
        place.map_or(&RawCell::Blank, |column| self.row.cell(column))
    }

    /// Records what the import itself finds wrong with a field.
    pub fn refuse(&mut self, heading: Heading<'_>, fault: CellFault) -> Faulty {
        self.fault_at(heading.zh.to_owned(), fault)
    }

    fn fault_at(&mut self, column: String, fault: CellFault) -> Faulty {
        self.faults.push(RowFault { row: self.row.number, column, fault });
        Faulty(())
    }
}

/// What a table's rows became.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReadRows<T> {
    /// Rows without faults, with their numbers.
    pub rows: Vec<(u32, T)>,
    /// The first [`FAULTS_MAX`] faults, in the order of rows.
    pub faults: Vec<RowFault>,
    /// How many faults there are.
    pub fault_count: usize,
}

impl RawTable<'_> {
    /// Whether the table has a column of this heading.
    #[must_use]
    pub fn has(&self, heading: Heading<'_>) -> bool {
        self.columns.iter().any(|(known, place)| *known == heading && place.is_some())
    }

    /// Reads every row.
    pub fn read_rows<T>(&self, read: impl Fn(&mut RowReader<'_>) -> Result<T, Faulty>) -> ReadRows<T> {
        let mut found =
            ReadRows { rows: Vec::with_capacity(self.rows.len()), faults: vec![], fault_count: 0 };
        for row in &self.rows {
            let mut reader = RowReader { columns: &self.columns, row, faults: vec![] };
            for (column, _) in row.cells.iter().enumerate().filter(|(_, cell)| **cell != RawCell::Blank) {
                if self.header.get(column).is_none_or(String::is_empty) {
                    reader.fault_at(letters(column), CellFault::UnderNoHeader);
                }
            }
            let value = read(&mut reader);
            found.fault_count = found.fault_count.saturating_add(reader.faults.len());
            match value {
                Ok(value) if reader.faults.is_empty() => found.rows.push((row.number, value)),
                Ok(_) | Err(Faulty(())) => {
                    let room = FAULTS_MAX.saturating_sub(found.faults.len());
                    found.faults.extend(reader.faults.into_iter().take(room));
                }
            }
        }
        found
    }
}
