//! Rows of `month_exports` (结账文件): a closed month's files, byte for byte. Append-only: there is an insert and no
//! update.

use diesel::prelude::*;
use diesel::sql_types::BigInt;
use diesel_async::RunQueryDsl;
use sha2::{Digest, Sha256};
use sync_core::ids::RegionCode;
use sync_core::time::Month;

use crate::db::Connection;
use crate::db::schema::month_exports;
use crate::db::types::Day;

/// A file of a closed month.
#[derive(Debug, Clone, PartialEq, Eq, Queryable, Selectable)]
#[diesel(table_name = month_exports, check_for_backend(diesel::pg::Pg))]
pub struct MonthExport {
    /// Its name, unique in the month.
    pub name: String,
    /// Its media type.
    pub media_type: String,
    /// Its content.
    pub bytes: Vec<u8>,
}

/// What is known of a file without reading it.
#[derive(Debug, Clone, PartialEq, Eq, Queryable)]
pub struct ExportSummary {
    /// Its name.
    pub name: String,
    /// Its media type.
    pub media_type: String,
    /// Its size in bytes.
    pub size: i64,
    /// SHA-256 of its bytes.
    pub sha256: Vec<u8>,
}

/// Writes a month's files.
///
/// # Errors
/// Whatever PostgreSQL says.
pub async fn insert(
    connection: &mut Connection,
    district: &RegionCode,
    month: Month,
    exports: &[MonthExport],
) -> QueryResult<()> {
    let rows: Vec<_> = exports
        .iter()
        .map(|export| {
            (
                month_exports::district.eq(district.as_str()),
                month_exports::month.eq(Day(month.first_day())),
                month_exports::name.eq(&export.name),
                month_exports::media_type.eq(&export.media_type),
                month_exports::bytes.eq(&export.bytes),
                month_exports::sha256.eq(Sha256::digest(&export.bytes).to_vec()),
            )
        })
        .collect();
    diesel::insert_into(month_exports::table).values(rows).execute(connection).await?;
    Ok(())
}

/// The files of a month by name.
///
/// # Errors
/// Whatever PostgreSQL says.
pub async fn of_month(
    connection: &mut Connection,
    district: &RegionCode,
    month: Month,
) -> QueryResult<Vec<ExportSummary>> {
    month_exports::table
        .filter(month_exports::district.eq(district.as_str()))
        .filter(month_exports::month.eq(Day(month.first_day())))
        .order(month_exports::name)
        .select((
            month_exports::name,
            month_exports::media_type,
            diesel::dsl::sql::<BigInt>("octet_length(bytes)::bigint"),
            month_exports::sha256,
        ))
        .load(connection)
        .await
}

/// A file of a month.
///
/// # Errors
/// Whatever PostgreSQL says.
pub async fn find(
    connection: &mut Connection,
    district: &RegionCode,
    month: Month,
    name: &str,
) -> QueryResult<Option<MonthExport>> {
    month_exports::table
        .find((district.as_str(), Day(month.first_day()), name))
        .select(MonthExport::as_select())
        .first(connection)
        .await
        .optional()
}
