//! A sheet as CSV: UTF-8 with BOM, CRLF, RFC 4180, what spreadsheet programs here open as it is.
//!
//! Invariants: header, rows and the line of totals only, for machines to read; exact yuan, never floats; the same sheet
//! gives the same bytes, for a month's export is kept by its digest.

use std::borrow::Cow;
use std::io;

use csv::{Terminator, WriterBuilder};

use super::formula_guard::guarded;
use super::sheet::{Cell, Sheet};

/// Without it, spreadsheet programs read UTF-8 in the machine's old code page.
const BOM: &str = "\u{FEFF}";

/// Writes the sheet as CSV; buffers, so `out` need not.
///
/// # Errors
/// Those of `out`.
pub fn write_csv<R>(sheet: &Sheet<'_, R>, mut out: impl io::Write) -> io::Result<()> {
    out.write_all(BOM.as_bytes())?;
    let mut writer = WriterBuilder::new().terminator(Terminator::CRLF).from_writer(out);
    let headers = sheet.columns.iter().map(|column| column.header(sheet.language));
    writer.write_record(headers.map(Cow::into_owned).map(String::into_bytes))?;
    for row in sheet.rows {
        for column in &sheet.columns {
            writer.write_field(text(column.cell(row)).as_bytes())?;
        }
        writer.write_record(None::<&[u8]>)?;
    }
    for cell in sheet.total_line().into_iter().flatten() {
        writer.write_field(text(cell).as_bytes())?;
    }
    if sheet.total_line().is_some() {
        writer.write_record(None::<&[u8]>)?;
    }
    writer.flush()
}

/// The sheet as CSV in memory.
///
/// # Errors
/// None that a vector can have; the type is that of the writer.
pub fn csv_bytes<R>(sheet: &Sheet<'_, R>) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    write_csv(sheet, &mut bytes)?;
    Ok(bytes)
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
    use super::super::sample::{lines, sheet};
    use super::super::{Language, Sheet};
    use super::*;

    #[test]
    fn a_sheet_is_a_header_its_rows_and_the_totals() {
        let lines = lines();
        let csv = String::from_utf8(csv_bytes(&sheet(&lines, Language::Zh)).unwrap()).unwrap();
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
        let csv = String::from_utf8(csv_bytes(&Sheet { columns, ..whole }).unwrap()).unwrap();
        assert_eq!(csv, "\u{FEFF}Responsible unit,Budget code\r\n");
    }
}
