//! The files of a month that is being closed: what finance files, in both languages, and the lines under the digest.
//!
//! Invariant: read within the closing's transaction, written off the workers that answer requests, for a month may have a
//! million entries.

use std::sync::Arc;

use sync_core::ids::RegionCode;
use sync_core::time::{Instant, Month};
use tokio::task::spawn_blocking;

use super::CloseRefusal;
use crate::auth::money_scope::MoneyScope;
use crate::db::Connection;
use crate::db::month_exports::{LINES_FILE, MonthExport};
use crate::ledger::digest::MonthLines;
use crate::policies::PolicyBooks;
use crate::problem::ApiError;
use crate::services::export_month::{
    EntryLine, ItemClauses, MonthHead, entries_file, read_clauses, read_entries, read_month_head, totals_file,
};
use crate::services::total_month::{MonthTotals, total_month};
use crate::tables::{FileFormat, Language, SheetError};
use crate::words::PackWords;

/// Entries in a kept file at most: a sheet has 1,048,576 rows, of which head and foot take some. No month is too long to be
/// closed before that.
const KEPT_MAX_ROWS: usize = 1_000_000;

/// The name of a kept file, such as `totals-zh.xlsx`.
#[must_use]
pub fn month_file(what: &str, language: Language, format: FileFormat) -> String {
    format!("{what}-{}.{}", language.of("zh", "en"), format.extension())
}

/// Writes the files, after the period: they say that the month is closed.
pub(super) async fn of_month(
    connection: &mut Connection,
    district: &RegionCode,
    month: Month,
    lines: &MonthLines,
    now: Instant,
) -> Result<Vec<MonthExport>, CloseRefusal> {
    let whole = MoneyScope { district: district.clone(), units: None };
    let totals = total_month(connection, &whole, month, now).await.map_err(CloseRefusal::Files)?;
    let mut files = vec![MonthExport {
        name: LINES_FILE.to_owned(),
        media_type: "text/plain; charset=utf-8".to_owned(),
        bytes: lines.text().as_bytes().to_vec(),
    }];
    let clauses = read_clauses(connection, &whole, month, now).await.map_err(CloseRefusal::Files)?;
    let sums = Arc::new((totals, clauses));
    let book = PolicyBooks::default().of(connection, district).await.map_err(CloseRefusal::Files)?;
    for language in [Language::Zh, Language::En] {
        let words = PackWords::new(book.clone(), language);
        let entries = read_entries(connection, &whole, month, &words, KEPT_MAX_ROWS)
            .await
            .map_err(CloseRefusal::Files)?;
        let head = read_month_head(connection, district, month, sums.0.closed, now, language).await?;
        let sums = Arc::clone(&sums);
        let written = spawn_blocking(move || in_language(&head, &sums.0, &sums.1, &entries)).await;
        files.extend(written.map_err(unwritable)?.map_err(unwritable)?);
    }
    Ok(files)
}

/// Totals and entries in both formats.
fn in_language(
    head: &MonthHead,
    totals: &MonthTotals,
    clauses: &ItemClauses,
    entries: &[EntryLine],
) -> Result<Vec<MonthExport>, SheetError> {
    let mut files = Vec::new();
    for format in [FileFormat::Csv, FileFormat::Xlsx] {
        let file = |what: &str, bytes: Vec<u8>| MonthExport {
            name: month_file(what, head.language, format),
            media_type: format.media_type().to_owned(),
            bytes,
        };
        files.push(file("totals", totals_file(head, totals, clauses, format)?));
        files.push(file("entries", entries_file(head, entries, format)?));
    }
    Ok(files)
}

fn unwritable(error: impl std::error::Error + Send + Sync + 'static) -> CloseRefusal {
    CloseRefusal::Files(ApiError::internal(error))
}
