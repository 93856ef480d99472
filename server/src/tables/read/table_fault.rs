//! What can be wrong with a file as a whole.

use super::fault_report::FaultReport;
use super::{FILE_MAX_BYTES, TABLE_MAX_COLUMNS, TABLE_MAX_ROWS};

/// Why a file is not read.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{}", self.report().en)]
pub enum TableFault {
    /// More than [`FILE_MAX_BYTES`].
    FileTooLarge,
    /// The parts of the workbook are far larger than the file: no office makes such a file.
    InflatesTooFar,
    /// An XLS file.
    OldFormat,
    /// Not a workbook, or a damaged one; what the reader says.
    Damaged(String),
    /// Nothing in it, or a header without rows.
    Empty,
    /// More than [`TABLE_MAX_ROWS`].
    TooManyRows,
    /// More than [`TABLE_MAX_COLUMNS`].
    TooWide {
        /// The row.
        row: u32,
    },
    /// Bytes that are text in neither encoding.
    Undecodable {
        /// The line.
        row: u32,
    },
    /// Some lines are UTF-8 and others GB18030.
    MixedEncodings {
        /// The first line that differs from those before it.
        row: u32,
    },
    /// A column that must be there is not.
    MissingColumn {
        /// The row that was taken for the header.
        row: u32,
        /// Its name in Chinese.
        zh: String,
        /// Its name in English.
        en: String,
    },
    /// A column that the import does not know.
    UnknownColumn {
        /// The row of the header.
        row: u32,
        /// The column's letters.
        column: String,
        /// What stands there.
        found: String,
        /// The names in Chinese that it may have.
        expected: Vec<String>,
    },
    /// A column that is there twice.
    DuplicateColumn {
        /// The row of the header.
        row: u32,
        /// The second one's letters.
        column: String,
        /// Its name as found.
        found: String,
    },
    /// Merged cells in header or data.
    MergedCells {
        /// The last row of the region.
        row: u32,
        /// The region, such as `A5:B6`.
        region: String,
    },
    /// A formula in header or data: what it shows may be old.
    Formula {
        /// The row.
        row: u32,
        /// The cell, such as `C7`.
        cell: String,
    },
}

impl TableFault {
    /// The fault with its code and its sentences.
    #[must_use]
    pub fn report(&self) -> FaultReport {
        let megabytes = FILE_MAX_BYTES / 1024 / 1024;
        match self {
            Self::FileTooLarge => FaultReport::file(
                "file_too_large",
                format!("文件超过 {megabytes} MB，请分成几个文件。"),
                format!("The file is larger than {megabytes} MB; split it."),
            ),
            Self::InflatesTooFar => FaultReport::file(
                "file_inflates_too_far",
                "文件解压后过大，请另存为新文件后重试。".to_owned(),
                "The file is far too large once unpacked; save it as a new file.".to_owned(),
            ),
            Self::OldFormat => FaultReport::file(
                "file_old_format",
                "不支持旧的 XLS 格式，请另存为 XLSX 或 CSV。".to_owned(),
                "The old XLS format is not read; save it as XLSX or CSV.".to_owned(),
            ),
            Self::Damaged(reason) => FaultReport::file(
                "file_damaged",
                format!("文件无法读取，可能已损坏（{reason}），请另存为新文件后重试。"),
                format!("The file cannot be read, it may be damaged ({reason}); save it as a new file."),
            ),
            Self::Empty => FaultReport::file(
                "table_empty",
                "表中没有数据行。".to_owned(),
                "The table has no rows.".to_owned(),
            ),
            Self::TooManyRows => FaultReport::file(
                "table_too_many_rows",
                format!("表格超过 {TABLE_MAX_ROWS} 行，请分成几个文件。"),
                format!("The table has more than {TABLE_MAX_ROWS} rows; split it."),
            ),
            Self::TooWide { row } => FaultReport::file(
                "table_too_wide",
                format!("第 {row} 行超过 {TABLE_MAX_COLUMNS} 列，请删除多余的列。"),
                format!("Row {row} has more than {TABLE_MAX_COLUMNS} columns; delete those not needed."),
            )
            .in_row(*row),
            Self::Undecodable { row } => FaultReport::file(
                "text_undecodable",
                format!("第 {row} 行既不是 UTF-8 也不是 GB18030（GBK）编码，请另存为 UTF-8 CSV。"),
                format!("Row {row} is neither UTF-8 nor GB18030 (GBK); save the file as UTF-8 CSV."),
            )
            .in_row(*row),
            Self::MixedEncodings { row } => FaultReport::file(
                "text_mixed_encodings",
                format!("文件混用 UTF-8 与 GBK 编码，自第 {row} 行起不同，请统一另存为 UTF-8 CSV。"),
                format!("The file mixes UTF-8 and GBK, from row {row} on; save all of it as UTF-8 CSV."),
            )
            .in_row(*row),
            Self::MissingColumn { row, zh, en } => FaultReport::file(
                "column_missing",
                format!("表头（第 {row} 行）缺少“{zh}”列。"),
                format!("The header (row {row}) lacks the column {en:?}."),
            )
            .in_row(*row),
            Self::UnknownColumn { row, column, found, expected } => FaultReport::file(
                "column_unknown",
                format!("表头 {column} 列“{found}”无法识别，可用的列名：{}。", expected.join("、")),
                format!(
                    "Header {found:?} in column {column} is not known; expected: {}.",
                    expected.join(", ")
                ),
            )
            .in_row(*row)
            .in_column(column),
            Self::DuplicateColumn { row, column, found } => FaultReport::file(
                "column_duplicate",
                format!("表头 {column} 列“{found}”重复。"),
                format!("Header {found:?} in column {column} is there twice."),
            )
            .in_row(*row)
            .in_column(column),
            Self::MergedCells { row, region } => FaultReport::file(
                "cells_merged",
                format!("{region} 是合并单元格，请取消合并并逐行填写。"),
                format!("{region} is merged; unmerge it and fill in every row."),
            )
            .in_row(*row),
            Self::Formula { row, cell } => FaultReport::file(
                "cell_formula",
                format!("{cell} 是公式，请粘贴为数值。"),
                format!("{cell} is a formula; paste it as a value."),
            )
            .in_row(*row),
        }
    }
}

#[cfg(test)]
mod tests {
    use sync_core::wire::problem::ProblemKind;

    use super::*;

    #[test]
    fn every_fault_of_a_file_has_its_row_in_the_problem_table() {
        let text = || "x".to_owned();
        let faults = [
            TableFault::FileTooLarge,
            TableFault::InflatesTooFar,
            TableFault::OldFormat,
            TableFault::Damaged(text()),
            TableFault::Empty,
            TableFault::TooManyRows,
            TableFault::TooWide { row: 1 },
            TableFault::Undecodable { row: 1 },
            TableFault::MixedEncodings { row: 1 },
            TableFault::MissingColumn { row: 1, zh: text(), en: text() },
            TableFault::UnknownColumn { row: 1, column: text(), found: text(), expected: vec![] },
            TableFault::DuplicateColumn { row: 1, column: text(), found: text() },
            TableFault::MergedCells { row: 1, region: text() },
            TableFault::Formula { row: 1, cell: text() },
        ];
        for fault in faults {
            let code = fault.report().code;
            assert!(ProblemKind::from_code(code).is_some(), "{code}");
        }
    }
}
