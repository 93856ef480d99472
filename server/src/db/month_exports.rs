//! Rows of `month_exports` (结账文件): a closed month's files, byte for byte. Append-only: there is an insert and no
//! update.
//!
//! Invariant: what is kept is told twice: the month's digest is the hash of [`LINES_FILE`], and the audit event of the closing
//! names every file with its hash.

use std::collections::BTreeMap;

use diesel::prelude::*;
use diesel::sql_types::{BigInt, Date as SqlDate, Text};
use diesel_async::RunQueryDsl;
use sha2::{Digest, Sha256};
use sync_core::ids::RegionCode;
use sync_core::time::Month;

use crate::audit::Action;
use crate::db::Connection;
use crate::db::schema::month_exports;
use crate::db::types::Day;

/// The name of the file whose SHA-256 is the month's digest.
pub const LINES_FILE: &str = "lines.txt";

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

/// The SHA-256 of each of these files in hex, by its name.
#[must_use]
pub fn hashes(exports: &[MonthExport]) -> BTreeMap<&str, String> {
    let hash = |export: &MonthExport| hex::encode(Sha256::digest(&export.bytes));
    exports.iter().map(|export| (export.name.as_str(), hash(export))).collect()
}

/// A file that is not what the closing recorded.
#[derive(Debug, Clone, PartialEq, Eq, QueryableByName)]
struct OtherFile {
    #[diesel(sql_type = SqlDate)]
    month: Day,
    #[diesel(sql_type = Text)]
    name: String,
}

/// The first kept file, by month and name, that is missing, added or another one than when the month was closed. Of months
/// that were closed before hashes were recorded, [`LINES_FILE`] alone is compared.
///
/// # Errors
/// Whatever PostgreSQL says.
pub async fn first_that_differs(
    connection: &mut Connection,
    district: &str,
) -> QueryResult<Option<(Month, String)>> {
    let other: Option<OtherFile> = diesel::sql_query(
        "WITH listed AS (
             SELECT periods.month, file.key AS name, file.value AS sha256
             FROM periods
             JOIN audit_events ON audit_events.district = periods.district AND at = closed_at AND action = $2
                  AND detail->>'decision_no' = decision_no::text
             CROSS JOIN jsonb_each_text(detail->'files') AS file
             WHERE periods.district = $1
         ), recorded AS (
             SELECT month, name, sha256 FROM listed WHERE name <> $3
             UNION ALL
             SELECT month, $3, encode(digest, 'hex') FROM periods WHERE district = $1
         ), kept AS (
             SELECT month, name, encode(sha256(bytes), 'hex') AS sha256 FROM month_exports WHERE district = $1
         )
         SELECT month, name FROM recorded FULL JOIN kept USING (month, name)
         WHERE recorded.sha256 IS DISTINCT FROM kept.sha256
           AND (recorded.sha256 IS NOT NULL OR month IN (SELECT month FROM listed))
         ORDER BY month, name LIMIT 1",
    )
    .bind::<Text, _>(district)
    .bind::<Text, _>(Action::MonthFilesKept.code())
    .bind::<Text, _>(LINES_FILE)
    .get_result(connection)
    .await
    .optional()?;
    Ok(other.map(|file| (Month::of(file.month.0), file.name)))
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
