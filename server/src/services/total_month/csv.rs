//! A month's totals as CSV (UTF-8 with BOM, CRLF, RFC 4180): what spreadsheet programs here open as it is.
//!
//! Invariants: amounts are exact yuan, never floats; a text that a spreadsheet program would run as a formula is
//! made inert; the last line is the total.

use std::str::FromStr;

use csv::{Terminator, WriterBuilder};

use super::MonthTotals;

/// Without it, spreadsheet programs read UTF-8 in the machine's old code page.
const BOM: &str = "\u{FEFF}";

/// The language of headers and item names.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TotalsLanguage {
    /// Chinese.
    Zh,
    /// English.
    En,
}

/// Not a language of this export.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("must be zh or en")]
pub struct UnknownLanguage;

impl FromStr for TotalsLanguage {
    type Err = UnknownLanguage;
    fn from_str(text: &str) -> Result<Self, UnknownLanguage> {
        match text {
            "zh" => Ok(Self::Zh),
            "en" => Ok(Self::En),
            _ => Err(UnknownLanguage),
        }
    }
}

/// Why there is no CSV.
#[derive(Debug, thiserror::Error)]
pub enum TotalsCsvError {
    /// The writer failed.
    #[error(transparent)]
    Csv(#[from] csv::Error),
    /// What was written cannot be taken out.
    #[error("{0}")]
    Unfinished(String),
    /// What was written is not text.
    #[error(transparent)]
    NotText(#[from] std::string::FromUtf8Error),
}

const HEADERS_ZH: [&str; 13] = [
    "账期",
    "责任单位",
    "预算单位编码",
    "网格",
    "网格编码",
    "扣缴事项",
    "事项编码",
    "已扣缴案件数",
    "已扣缴金额（元）",
    "待审核案件数",
    "待审核金额（元）",
    "待录入金额项数",
    "结账状态",
];

const HEADERS_EN: [&str; 13] = [
    "month",
    "responsible unit",
    "budget code",
    "grid",
    "grid path",
    "item",
    "item code",
    "cases posted",
    "posted (yuan)",
    "cases pending",
    "pending (yuan)",
    "amounts to be entered",
    "state",
];

/// Writes the totals, one line for each unit, item and street.
///
/// # Errors
/// [`TotalsCsvError`].
pub fn totals_csv(totals: &MonthTotals, language: TotalsLanguage) -> Result<String, TotalsCsvError> {
    let (headers, total_word, state) = match (language, totals.closed) {
        (TotalsLanguage::Zh, true) => (HEADERS_ZH, "合计", "已结账"),
        (TotalsLanguage::Zh, false) => (HEADERS_ZH, "合计", "未结账"),
        (TotalsLanguage::En, true) => (HEADERS_EN, "total", "closed"),
        (TotalsLanguage::En, false) => (HEADERS_EN, "total", "open"),
    };
    let mut writer = WriterBuilder::new().terminator(Terminator::CRLF).from_writer(BOM.as_bytes().to_vec());
    writer.write_record(headers)?;
    let month = totals.month.to_string();
    let total = (total_word.to_owned(), &totals.total);
    for line in &totals.lines {
        let item = match language {
            TotalsLanguage::Zh => &line.item.item_zh,
            TotalsLanguage::En => &line.item.item_en,
        };
        let texts = [
            &month,
            &line.unit.unit_name,
            &line.unit.budget_code,
            &line.grid.grid_name,
            &line.grid.grid.to_string(),
            item,
            &line.item.item.to_string(),
        ];
        write_line(&mut writer, texts.map(|text| inert(text)), &line.amounts, state)?;
    }
    let texts = [month, total.0].into_iter().chain(std::iter::repeat_n(String::new(), 5));
    write_line(&mut writer, texts, total.1, state)?;
    let bytes = writer.into_inner().map_err(|error| TotalsCsvError::Unfinished(error.to_string()))?;
    Ok(String::from_utf8(bytes)?)
}

fn write_line(
    writer: &mut csv::Writer<Vec<u8>>,
    texts: impl IntoIterator<Item = String>,
    amounts: &super::Amounts,
    state: &str,
) -> Result<(), csv::Error> {
    let numbers = [
        amounts.cases.to_string(),
        amounts.posted_yuan.clone(),
        amounts.pending_cases.to_string(),
        amounts.pending_yuan.clone(),
        amounts.amounts_missing.to_string(),
        state.to_owned(),
    ];
    writer.write_record(texts.into_iter().chain(numbers))
}

/// A text that does not begin as a formula does: one that would gets an apostrophe before it.
fn inert(text: &str) -> String {
    if text.starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠']) {
        format!("'{text}")
    } else {
        text.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_that_would_run_as_a_formula_is_made_inert() {
        for bad in ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", "＝1"] {
            assert_eq!(inert(bad), format!("'{bad}"));
        }
        assert_eq!(inert("东街道 =1"), "东街道 =1");
    }
}
