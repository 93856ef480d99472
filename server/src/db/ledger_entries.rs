//! Rows of `ledger_entries` (台账分录). Append-only: there is an insert and no update.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use sync_core::ids::RegionCode;
use sync_core::time::Month;
use uuid::Uuid;

use crate::db::schema::ledger_entries;
use crate::db::types::Day;
use crate::db::{Connection, month_sums};

/// Rows in one INSERT: their columns stay well below the 65,535 parameters that PostgreSQL takes.
const ROWS_PER_INSERT: usize = 2_000;

/// What an entry says, apart from its place in the chain. Values stay as raw as they are stored: a tampered row
/// must be readable to be found.
#[derive(Debug, Clone, PartialEq, Queryable, QueryableByName, Selectable, Insertable)]
#[diesel(table_name = ledger_entries, check_for_backend(diesel::pg::Pg))]
pub struct EntryContent {
    /// District.
    pub district: String,
    /// [`crate::ledger::entry_kind::EntryKind`] by its code.
    pub kind: String,
    /// The unit whose account it is on.
    pub unit_id: Uuid,
    /// First day of the month of account.
    pub period: Day,
    /// First day of the month of occurrence.
    pub occurred_month: Day,
    /// Case.
    pub case_id: Uuid,
    /// Charge.
    pub charge_id: Uuid,
    /// Which posting of the charge, from 1.
    pub posting_no: i32,
    /// The entry it takes back, of a reversal.
    pub reverses: Option<i64>,
    /// The decision it follows from.
    pub decision_no: i64,
    /// Signed fen.
    pub amount_fen: i64,
    /// The case's grid.
    pub grid: String,
    /// Item.
    pub item: String,
    /// Measure or point.
    pub measure: String,
    /// Pack version.
    pub pack_hash: String,
    /// Document and clause.
    pub clause: String,
    /// When it was written, to the microsecond that is stored.
    pub posted_at: jiff_diesel::Timestamp,
}

/// A ledger entry as stored. Its hash covers every other value of it (see [`crate::ledger::chain`]).
#[derive(Debug, Clone, PartialEq, Queryable, Selectable, Insertable)]
#[diesel(table_name = ledger_entries, check_for_backend(diesel::pg::Pg))]
pub struct LedgerEntryRow {
    /// Number in the district, from 1 without gaps.
    pub entry_no: i64,
    /// What it says.
    #[diesel(embed)]
    pub content: EntryContent,
    /// Hash of the entry before it.
    pub previous_hash: Vec<u8>,
    /// Its own hash.
    pub hash: Vec<u8>,
}

/// Writes new entries, and what they add to the sums of their months. The caller holds the district's row lock.
///
/// # Errors
/// Whatever PostgreSQL says; a charge posted twice violates `ledger_entries_posting_key`.
pub async fn insert(connection: &mut Connection, entries: &[LedgerEntryRow]) -> QueryResult<()> {
    for rows in entries.chunks(ROWS_PER_INSERT) {
        diesel::insert_into(ledger_entries::table).values(rows).execute(connection).await?;
    }
    month_sums::add(connection, entries).await
}

/// At most `limit` entries of a district in order, after the one numbered `after`.
///
/// # Errors
/// Whatever PostgreSQL says.
pub async fn following(
    connection: &mut Connection,
    district: &str,
    after: i64,
    limit: i64,
) -> QueryResult<Vec<LedgerEntryRow>> {
    ledger_entries::table
        .filter(ledger_entries::district.eq(district))
        .filter(ledger_entries::entry_no.gt(after))
        .order(ledger_entries::entry_no)
        .limit(limit)
        .select(LedgerEntryRow::as_select())
        .load(connection)
        .await
}

/// The entries of a month of account, by number.
///
/// # Errors
/// Whatever PostgreSQL says.
pub async fn of_month(
    connection: &mut Connection,
    district: &str,
    month: Month,
) -> QueryResult<Vec<LedgerEntryRow>> {
    ledger_entries::table
        .filter(ledger_entries::district.eq(district))
        .filter(ledger_entries::period.eq(Day(month.first_day())))
        .order(ledger_entries::entry_no)
        .select(LedgerEntryRow::as_select())
        .load(connection)
        .await
}

/// The hash of an entry, where there is one of this number.
///
/// # Errors
/// Whatever PostgreSQL says.
pub async fn hash_of(
    connection: &mut Connection,
    district: &RegionCode,
    entry_no: i64,
) -> QueryResult<Option<Vec<u8>>> {
    let entry = ledger_entries::table.find((district.as_str(), entry_no)).select(ledger_entries::hash);
    entry.first(connection).await.optional()
}
