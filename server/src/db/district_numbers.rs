//! The numbers that a district's row holds: decisions, ledger entries and the head of their chain.
//!
//! Invariant: a number is taken by updating the row, whose lock is held to the commit. So numbers are in commit
//! order and without gaps: whoever takes them after a case's row lock, never before it, cannot deadlock.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use sync_core::ids::RegionCode;

use crate::db::Connection;
use crate::db::schema::districts;
use crate::ledger::chain::Head;

/// Numbers of decisions, and where the ledger stands under the lock.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TakenNumbers {
    /// The last of the new decisions' numbers.
    pub decision_no: i64,
    /// The ledger's last entry.
    pub head: Head,
}

/// Takes the next decision numbers; locks the district's row to the end of the transaction.
///
/// # Errors
/// Whatever PostgreSQL says.
pub async fn take_decision_numbers(
    connection: &mut Connection,
    district: &RegionCode,
    count: i64,
) -> QueryResult<TakenNumbers> {
    let (decision_no, entry_no, hash) = diesel::update(districts::table.find(district.as_str()))
        .set(districts::decision_number.eq(districts::decision_number + count))
        .returning((districts::decision_number, districts::entry_number, districts::entry_hash))
        .get_result(connection)
        .await?;
    Ok(TakenNumbers { decision_no, head: Head { entry_no, hash } })
}

/// Locks the district's row to the end of the transaction, for what must be known before a number is taken. Returns
/// where the ledger stands.
///
/// # Errors
/// Whatever PostgreSQL says.
pub async fn lock(connection: &mut Connection, district: &RegionCode) -> QueryResult<Head> {
    let (entry_no, hash) = districts::table
        .find(district.as_str())
        .select((districts::entry_number, districts::entry_hash))
        .for_no_key_update()
        .first(connection)
        .await?;
    Ok(Head { entry_no, hash })
}

/// Where the ledger stands.
///
/// # Errors
/// Whatever PostgreSQL says.
pub async fn ledger_head(connection: &mut Connection, district: &str) -> QueryResult<Head> {
    let (entry_no, hash) = districts::table
        .find(district)
        .select((districts::entry_number, districts::entry_hash))
        .first(connection)
        .await?;
    Ok(Head { entry_no, hash })
}

/// Moves the ledger's head, under the lock that [`take_decision_numbers`] took.
///
/// # Errors
/// Whatever PostgreSQL says.
pub async fn move_ledger_head(
    connection: &mut Connection,
    district: &RegionCode,
    head: &Head,
) -> QueryResult<()> {
    diesel::update(districts::table.find(district.as_str()))
        .set((districts::entry_number.eq(head.entry_no), districts::entry_hash.eq(&head.hash)))
        .execute(connection)
        .await?;
    Ok(())
}
