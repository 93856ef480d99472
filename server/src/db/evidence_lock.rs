//! The lock that orders pushed inspections against verified photos.
//!
//! An inspection that does not see a photo yet, and a photo that does not see the inspection yet, would miss each
//! other for ever, and the case would await evidence that is there. So whoever judges evidence by the photos at hand
//! shares this lock until it commits, and whoever completes evidence takes it alone.

use diesel::QueryResult;
use diesel::sql_types::{Integer, Text};
use diesel_async::RunQueryDsl;
use sync_core::ids::RegionCode;

use crate::db::Connection;
use crate::db::statement::statement;

/// First half of the advisory lock's key; the second is the district's code.
const KEY: i32 = 1;

/// Shares the lock until the transaction ends: photos at hand stay what they are.
///
/// # Errors
/// Faults of the database.
pub async fn share(conn: &Connection, district: &RegionCode) -> QueryResult<()> {
    take(conn, district, "SELECT pg_advisory_xact_lock_shared($1, CAST($2 AS integer))").await
}

/// Takes the lock alone until the transaction ends: every inspection pushed before is visible after this.
///
/// # Errors
/// Faults of the database.
pub async fn take_alone(conn: &Connection, district: &RegionCode) -> QueryResult<()> {
    take(conn, district, "SELECT pg_advisory_xact_lock($1, CAST($2 AS integer))").await
}

async fn take(mut conn: &Connection, district: &RegionCode, sql: &'static str) -> QueryResult<()> {
    statement(sql).bind::<Integer, _>(KEY).bind::<Text, _>(district.as_str()).execute(&mut conn).await?;
    Ok(())
}
