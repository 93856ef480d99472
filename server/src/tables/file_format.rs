//! The formats that a sheet is handed out in.

use super::write_csv::CsvFile;
use super::write_xlsx::XlsxFile;
use super::{Sheet, SheetError};

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
        let mut file = self.begin(sheet)?;
        file.write_rows(sheet, sheet.rows)?;
        file.finish(sheet)
    }

    /// Begins a file whose rows come later, as they are read: with what stands above them.
    ///
    /// # Errors
    /// [`SheetError`] where the format cannot hold the sheet.
    pub fn begin<R>(self, sheet: &Sheet<'_, R>) -> Result<SheetFile, SheetError> {
        Ok(match self {
            Self::Csv => SheetFile::Csv(Box::new(CsvFile::begin(sheet)?)),
            Self::Xlsx => SheetFile::Xlsx(Box::new(XlsxFile::begin(sheet)?)),
        })
    }
}

/// A file on its way: rows are written one after another, and what stands below them when it is finished.
pub enum SheetFile {
    /// As CSV.
    Csv(Box<CsvFile>),
    /// As XLSX.
    Xlsx(Box<XlsxFile>),
}

impl SheetFile {
    /// Writes rows below those that are written.
    ///
    /// # Errors
    /// [`SheetError`] where the format cannot hold them.
    pub fn write_rows<R>(&mut self, sheet: &Sheet<'_, R>, rows: &[R]) -> Result<(), SheetError> {
        match self {
            Self::Csv(file) => Ok(file.write_rows(sheet, rows)?),
            Self::Xlsx(file) => file.write_rows(sheet, rows),
        }
    }

    /// Writes what stands below the rows, which may be known by now only: totals, words, signatures. The columns are those
    /// that the file began with.
    ///
    /// # Errors
    /// [`SheetError`] where the format cannot hold the sheet.
    pub fn finish<R>(self, sheet: &Sheet<'_, R>) -> Result<Vec<u8>, SheetError> {
        match self {
            Self::Csv(file) => Ok(file.finish(sheet)?),
            Self::Xlsx(file) => file.finish(sheet),
        }
    }
}
