//! A fault of a file or a cell as the import's preview shows it.

use serde::Serialize;
use sync_core::wire::problem::ProblemFault;
use utoipa::ToSchema;

/// Faults that are kept of one file; more are counted only.
pub const FAULTS_MAX: usize = 1000;

/// Where something is wrong, what, and what to do.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct FaultReport {
    /// The row's number as the spreadsheet shows it; absent for the whole file.
    pub row: Option<u32>,
    /// The column's name, or its letters where it has none; absent for the whole row.
    pub column: Option<String>,
    /// Its name in English, where the import knows the column.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column_en: Option<String>,
    /// Stable code.
    pub code: &'static str,
    /// The sentence in Chinese.
    pub zh: String,
    /// The same in English.
    pub en: String,
}

impl From<FaultReport> for ProblemFault {
    fn from(report: FaultReport) -> Self {
        let FaultReport { row, column, column_en: _, code, zh, en } = report;
        Self { row, column, code: code.to_owned(), zh, en }
    }
}

impl FaultReport {
    pub(super) fn file(code: &'static str, zh: String, en: String) -> Self {
        Self { row: None, column: None, column_en: None, code, zh, en }
    }

    pub(super) fn in_row(self, row: u32) -> Self {
        Self { row: Some(row), ..self }
    }

    pub(super) fn in_column(self, column: &str) -> Self {
        Self { column: Some(column.to_owned()), ..self }
    }
}
