//! The formats that a sheet is handed out in.

use super::{Sheet, SheetError, csv_bytes, xlsx_bytes};

/// XLSX for people who file it, CSV for programs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FileFormat {
    /// UTF-8 with BOM.
    Csv,
    /// Office Open XML.
    Xlsx,
}

impl FileFormat {
    /// The ending of a file's name.
    #[must_use]
    pub const fn extension(self) -> &'static str {
        match self {
            Self::Csv => "csv",
            Self::Xlsx => "xlsx",
        }
    }

    /// What the file is, for the header of an answer.
    #[must_use]
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::Csv => "text/csv; charset=utf-8",
            Self::Xlsx => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        }
    }

    /// The sheet in this format; the same sheet gives the same bytes.
    ///
    /// # Errors
    /// [`SheetError`] where the format cannot hold the sheet.
    pub fn bytes<R>(self, sheet: &Sheet<'_, R>) -> Result<Vec<u8>, SheetError> {
        match self {
            Self::Csv => Ok(csv_bytes(sheet)?),
            Self::Xlsx => xlsx_bytes(sheet),
        }
    }
}
