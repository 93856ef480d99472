//! A sheet as CSV: UTF-8 with BOM, CRLF, RFC 4180, what spreadsheet programs here open as it is.
//!
//! Invariants: header, rows and the line of totals only, for machines to read; exact yuan, never floats; the same sheet
//! gives the same bytes, for a month's export is kept by its digest.

use std::borrow::Cow;
use std::io;

use csv::{Terminator, Writer, WriterBuilder};

use super::formula_guard::guarded;
use super::sheet::{Cell, Sheet};

/// Without it, spreadsheet programs read UTF-8 in the machine's old code page.
const BOM: &str = "\u{FEFF}";

/// A sheet as CSV on its way, in memory.
pub struct CsvFile(Writer<Vec<u8>>);

impl CsvFile {
    /// Begins with the header.
    ///
    /// # Errors
    /// None that a vector can have; the type is that of the writer, here and below.
    pub fn begin<R>(sheet: &Sheet<'_, R>) -> io::Result<Self> {
        let mut writer =
            WriterBuilder::new().terminator(Terminator::CRLF).from_writer(BOM.as_bytes().to_vec());
        let headers = sheet.columns.iter().map(|column| column.header(sheet.language));
        writer.write_record(headers.map(Cow::into_owned).map(String::into_bytes))?;
        Ok(Self(writer))
    }

    /// Writes rows.
    ///
    /// # Errors
    /// See [`Self::begin`].
    pub fn write_rows<R>(&mut self, sheet: &Sheet<'_, R>, rows: &[R]) -> io::Result<()> {
        for row in rows {
            for column in &sheet.columns {
                self.0.write_field(text(column.cell(row)).as_bytes())?;
            }
            self.0.write_record(None::<&[u8]>)?;
        }
        Ok(())
    }

    /// Ends with the line of totals.
    ///
    /// # Errors
    /// See [`Self::begin`].
    pub fn finish<R>(mut self, sheet: &Sheet<'_, R>) -> io::Result<Vec<u8>> {
        if let Some(totals) = sheet.total_line() {
            for cell in totals {
                self.0.write_field(text(cell).as_bytes())?;
            }
            self.0.write_record(None::<&[u8]>)?;
        }
        self.0.into_inner().map_err(csv::IntoInnerError::into_error)
    }
}

fn text(cell: Cell<'_>) -> Cow<'_, str> {
    match cell {
        Cell::Text(text) => match guarded(&text) {
            Cow::Borrowed(_) => text,
            Cow::Owned(guarded) => Cow::Owned(guarded),
        },
        // Amounts and days begin as no formula does, or are numbers.
        cell => cell.into_text(),
    }
}

#[cfg(test)]
mod tests {
    use super::super::sample::{Line, lines, sheet};
    use super::super::{FileFormat, Language, Sheet};

    fn csv(sheet: &Sheet<'_, Line>) -> String {
        String::from_utf8(FileFormat::Csv.bytes(sheet).unwrap()).unwrap()
    }

    #[test]
    fn a_sheet_is_a_header_its_rows_and_the_totals() {
        let lines = lines();
        let csv = csv(&sheet(&lines, Language::Zh));
        let expected = "\u{FEFF}责任单位,预算单位编码,案件数,扣缴金额（元）,发现日期,入账时间\r\n\
            安阳城街道办事处,007001,2,100000.00,2024-10-05,2024-10-31 23:59:59\r\n\
            \"'=HYPERLINK(\"\"x\"\")\",007002,2,-12345.05,2024-10-05,2024-10-31 23:59:59\r\n\
            \"含\"\"引号\"\",与\n换行\",007003,2,,2024-10-05,2024-10-31 23:59:59\r\n\
            合计,,6,87654.95,,\r\n";
        assert_eq!(csv, expected);
    }

    #[test]
    fn a_sheet_without_rows_and_totals_is_its_header() {
        let whole = sheet(&[], Language::En);
        let columns = whole.columns.into_iter().take(2).collect();
        let csv = csv(&Sheet { columns, ..whole });
        assert_eq!(csv, "\u{FEFF}Responsible unit,Budget code\r\n");
    }
}
