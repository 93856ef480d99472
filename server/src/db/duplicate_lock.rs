//! The lock that orders searches for duplicates.
//!
//! Two reports of one fire that arrive at once would not see each other before they commit. So whoever searches takes
//! this lock after its cases are written, and keeps it to the commit: the second one finds the first. Whoever locks
//! several cases that exist, or one whose duplicates hear of it, takes it before them; then no two wait for each other.

use diesel::QueryResult;
use diesel::sql_types::{Integer, Text};
use diesel_async::RunQueryDsl;
use sync_core::ids::RegionCode;

use crate::db::Connection;
use crate::db::statement::statement;

/// First half of the advisory lock's key; the second is the district's code.
const KEY: i32 = 2;

/// Takes the lock until the transaction ends; taking it again does nothing.
///
/// # Errors
/// Faults of the database.
pub async fn take(mut conn: &Connection, district: &RegionCode) -> QueryResult<()> {
    statement("SELECT pg_advisory_xact_lock($1, CAST($2 AS integer))")
        .bind::<Integer, _>(KEY)
        .bind::<Text, _>(district.as_str())
        .execute(&mut conn)
        .await?;
    Ok(())
}
