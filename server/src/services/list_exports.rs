//! Lists the files of a closed month (结账文件) with their hashes, beside the month's digest.

use serde::Serialize;
use sync_core::ids::RegionCode;
use sync_core::time::{Instant, Month};
use sync_core::wire::problem::ProblemKind;
use utoipa::ToSchema;

use crate::db::{Connection, month_exports, periods};
use crate::problem::ApiError;

/// A file of a closed month.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct MonthFile {
    /// Its name.
    pub name: String,
    /// Its media type.
    pub media_type: String,
    /// Its size in bytes.
    pub size: i64,
    /// SHA-256 of its bytes, in hex.
    pub sha256: String,
}

/// The files of a closed month.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct MonthExportList {
    /// The month.
    pub month: Month,
    /// When it was closed.
    pub closed_at: Instant,
    /// The decision that closed it.
    pub decision_no: i64,
    /// Its digest in hex, which is also the SHA-256 of `lines.txt`.
    pub digest: String,
    /// The files by name.
    pub files: Vec<MonthFile>,
}

/// Lists the files of a month.
///
/// # Errors
/// `month_not_closed`; faults of the database.
pub async fn list_exports(
    connection: &mut Connection,
    district: &RegionCode,
    month: Month,
) -> Result<MonthExportList, ApiError> {
    let period =
        periods::find_closed(connection, district, month).await?.ok_or(ProblemKind::MonthNotClosed)?;
    let files = month_exports::of_month(connection, district, month).await?;
    Ok(MonthExportList {
        month,
        closed_at: period.closed_at,
        decision_no: period.decision_no,
        digest: hex::encode(period.digest),
        files: files
            .into_iter()
            .map(|file| MonthFile {
                name: file.name,
                media_type: file.media_type,
                size: file.size,
                sha256: hex::encode(file.sha256),
            })
            .collect(),
    })
}
