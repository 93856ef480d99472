//! The files of a month that is being closed: what finance files, in both languages, and the lines under the digest.

use sync_core::ids::RegionCode;
use sync_core::time::{Instant, Month};

use super::CloseRefusal;
use crate::auth::money_scope::MoneyScope;
use crate::db::Connection;
use crate::db::month_exports::MonthExport;
use crate::ledger::digest::MonthLines;
use crate::problem::ApiError;
use crate::services::total_month::{total_month, totals_csv};
use crate::tables::Language;

/// The name of the file whose SHA-256 is the month's digest.
pub const LINES_FILE: &str = "lines.txt";

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
    for (language, code) in [(Language::Zh, "zh"), (Language::En, "en")] {
        let csv = |error: std::io::Error| CloseRefusal::Files(ApiError::internal(error));
        files.push(MonthExport {
            name: format!("totals-{code}.csv"),
            media_type: "text/csv; charset=utf-8".to_owned(),
            bytes: totals_csv(&totals, language, now).map_err(csv)?,
        });
    }
    Ok(files)
}
