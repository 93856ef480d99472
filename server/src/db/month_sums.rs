//! Rows of `month_sums`: what is posted to a unit's account of a month (月度分户合计), kept with the entries so that nobody
//! sums the ledger to list its months.
//!
//! Invariants: written where entries are written ([`crate::db::ledger_entries::insert`]) and nowhere else, under the
//! district's row lock; equal to the sum of the entries at every commit, which `server ledger verify` holds it against.
//! Nothing of the ledger follows from it: digests, exports and replays read entries.

use std::collections::BTreeMap;

use diesel::sql_types::{Array, BigInt, Bool, Date as SqlDate, Text, Uuid as SqlUuid};
use diesel::{QueryResult, QueryableByName};
use diesel_async::RunQueryDsl;
use uuid::Uuid;

use crate::db::Connection;
use crate::db::ledger_entries::LedgerEntryRow;
use crate::db::statement::statement;
use crate::db::types::Day;

/// Adds what these entries post; one statement.
///
/// # Errors
/// Whatever PostgreSQL says.
pub(super) async fn add(connection: &mut Connection, entries: &[LedgerEntryRow]) -> QueryResult<()> {
    let mut sums: BTreeMap<(&str, jiff::civil::Date, Uuid), i64> = BTreeMap::new();
    for LedgerEntryRow { content, .. } in entries {
        let sum = sums.entry((&content.district, content.period.0, content.unit_id)).or_default();
        *sum = sum.saturating_add(content.amount_fen);
    }
    statement(
        "INSERT INTO month_sums (district, period, unit_id, amount_fen)
         SELECT * FROM unnest($1, $2, $3, $4)
         ON CONFLICT ON CONSTRAINT month_sums_pkey
         DO UPDATE SET amount_fen = month_sums.amount_fen + excluded.amount_fen",
    )
    .bind::<Array<Text>, _>(sums.keys().map(|(district, ..)| *district).collect::<Vec<_>>())
    .bind::<Array<SqlDate>, _>(sums.keys().map(|(_, period, _)| Day(*period)).collect::<Vec<_>>())
    .bind::<Array<SqlUuid>, _>(sums.keys().map(|(.., unit)| *unit).collect::<Vec<_>>())
    .bind::<Array<BigInt>, _>(sums.values().copied().collect::<Vec<_>>())
    .execute(connection)
    .await?;
    Ok(())
}

#[derive(QueryableByName)]
struct Compared {
    #[diesel(sql_type = Bool)]
    differ: bool,
}

/// Whether any sum of a district is not that of its entries; reads the whole ledger.
///
/// # Errors
/// Whatever PostgreSQL says.
pub async fn differ(connection: &mut Connection, district: &str) -> QueryResult<bool> {
    let compared: Compared = statement(
        "SELECT EXISTS (
             SELECT FROM (SELECT period, unit_id, sum(amount_fen)::bigint AS amount_fen FROM ledger_entries
                          WHERE district = $1 GROUP BY period, unit_id) AS summed
             FULL JOIN (SELECT period, unit_id, amount_fen FROM month_sums WHERE district = $1) AS kept
                 USING (period, unit_id)
             WHERE kept.amount_fen IS DISTINCT FROM summed.amount_fen
         ) AS differ",
    )
    .bind::<Text, _>(district)
    .get_result(connection)
    .await?;
    Ok(compared.differ)
}
