//! What can be wrong with one cell or one row.

use sync_core::text::TextFault;
use sync_core::wire::problem::ProblemKind;

use super::fault_report::FaultReport;

/// Why a cell is not a value of its column.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.report().en)]
pub enum CellFault {
    /// Blank where something must stand.
    Required,
    /// A text that no field takes.
    Text(TextFault),
    /// A number so long that the spreadsheet has rounded its last digits away, where a code must stand.
    DigitsLost,
    /// The spreadsheet made a date of what must be text.
    MadeADate,
    /// Not a number.
    NotANumber,
    /// Not a whole number.
    NotWhole,
    /// Not an amount in yuan with at most two decimals.
    NotAnAmount,
    /// Not a day.
    NotADate,
    /// Not a day with a time.
    NotATime,
    /// Neither yes nor no.
    NotAFlag,
    /// None of the values that the column takes.
    NotOneOf(Vec<String>),
    /// Not of the form of its code.
    BadForm,
    /// An error value such as `#N/A`.
    ErrorValue(String),
    /// Something stands under no header.
    UnderNoHeader,
    /// Another row of the file is about the same thing.
    Repeated {
        /// That row.
        first: u32,
    },
    /// Another row of the file says something else of the same thing.
    Contradicts {
        /// That row.
        first: u32,
    },
    /// What the import itself finds, by the problem table: an unknown grid, a code that is taken …
    Refused(ProblemKind),
}

impl CellFault {
    /// The fault with its code and its sentences, without its place.
    #[must_use]
    pub fn report(&self) -> FaultReport {
        let (code, zh, en) = match self {
            Self::Required => {
                ("text_required", "此项必填。".to_owned(), "This must be filled in.".to_owned())
            }
            Self::Text(TextFault::Nul) => {
                ("text_contains_nul", "文字中含有空字符。".to_owned(), "The text contains a NUL.".to_owned())
            }
            Self::Text(TextFault::Empty) => return Self::Required.report(),
            Self::Text(TextFault::TooLong { found, most }) => (
                "text_too_long",
                format!("文字有 {found} 个字符，最多 {most} 个。"),
                format!("The text has {found} characters, at most {most} fit."),
            ),
            Self::DigitsLost => (
                "cell_digits_lost",
                "长编号已被表格软件当作数字，末几位可能已丢失，请将单元格设为文本后重新填写。".to_owned(),
                "The spreadsheet took a long code for a number and may have lost digits; enter it as text."
                    .to_owned(),
            ),
            Self::MadeADate => (
                "cell_made_a_date",
                "内容已被表格软件转为日期，请将单元格设为文本后重新填写。".to_owned(),
                "The spreadsheet made a date of this; enter it as text.".to_owned(),
            ),
            Self::NotANumber => ("cell_not_a_number", "不是数字。".to_owned(), "Not a number.".to_owned()),
            Self::NotWhole => ("cell_not_whole", "不是整数。".to_owned(), "Not a whole number.".to_owned()),
            Self::NotAnAmount => (
                "cell_not_an_amount",
                "不是以元为单位、最多两位小数的金额。".to_owned(),
                "Not an amount in yuan with at most two decimals.".to_owned(),
            ),
            Self::NotADate => (
                "cell_not_a_date",
                "不是日期，应如 2024-10-05。".to_owned(),
                "Not a date such as 2024-10-05.".to_owned(),
            ),
            Self::NotATime => (
                "cell_not_a_time",
                "不是日期和时间，应如 2024-10-05 08:30。".to_owned(),
                "Not a date and time such as 2024-10-05 08:30.".to_owned(),
            ),
            Self::NotAFlag => {
                ("cell_not_a_flag", "应填“是”或“否”。".to_owned(), "Must be yes or no.".to_owned())
            }
            Self::NotOneOf(values) => (
                "cell_not_one_of",
                format!("应为其中之一：{}。", values.join("、")),
                format!("Must be one of: {}.", values.join(", ")),
            ),
            Self::BadForm => {
                ("cell_bad_form", "编码格式不正确。".to_owned(), "The code is malformed.".to_owned())
            }
            Self::ErrorValue(value) => (
                "cell_error_value",
                format!("单元格是错误值 {value}。"),
                format!("The cell holds the error {value}."),
            ),
            Self::UnderNoHeader => (
                "cell_under_no_header",
                "此处有内容但没有对应的表头，可能多了分隔符。".to_owned(),
                "Something stands here under no header; perhaps a separator too many.".to_owned(),
            ),
            Self::Repeated { first } => {
                ("row_repeated", format!("与第 {first} 行重复。"), format!("Repeats row {first}."))
            }
            Self::Contradicts { first } => {
                ("row_contradicts", format!("与第 {first} 行矛盾。"), format!("Contradicts row {first}."))
            }
            Self::Refused(problem) => (problem.code(), problem.zh().to_owned(), problem.en().to_owned()),
        };
        FaultReport::file(code, zh, en)
    }
}
