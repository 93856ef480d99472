//! Takes charges back (红冲): a dismissed case's charges become void, and what was posted of them is reversed.
//!
//! Invariants: what is reversed is the net balance of the charge on each unit's account, so that every account is at
//! zero afterwards, whatever transfers and adjustments came between; a reversal names the last entry of that balance,
//! stands in its month or the first open one after it, and no entry is reversed twice. A charge that was never posted
//! leaves no entry. The caller holds the cases' row locks and then the district's.

use diesel::sql_query;
use diesel::sql_types::{Array, BigInt, Text, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use sync_core::time::Month;

use crate::db::Connection;
use crate::db::ledger_entries::{EntryContent, LedgerEntryRow};
use crate::db::types::Day;
use crate::services::post_charges::{Books, DecidedCase, PostingError, append};

/// Voids the charges of these cases and reverses what was posted of them; the books' head moves. Returns the entries
/// written.
///
/// # Errors
/// [`PostingError`]; the caller's transaction must then be rolled back.
pub async fn reverse_charges(
    connection: &mut Connection,
    books: &mut Books,
    cases: &[DecidedCase],
) -> Result<Vec<LedgerEntryRow>, PostingError> {
    let last_entries: Vec<EntryContent> = sql_query(
        "WITH voided AS (
             UPDATE charges SET state = 'void'
             FROM unnest($2, $3) AS decided (case_id, decision_no)
             WHERE charges.district = $1 AND charges.case_id = decided.case_id AND charges.state <> 'void'
             RETURNING charges.charge_id, decided.decision_no
         ), balances AS (
             SELECT voided.decision_no, sum(amount_fen)::bigint AS balance_fen,
                    max(entry_no) FILTER (WHERE kind <> 'reversal') AS entry_no
             FROM voided JOIN ledger_entries ON district = $1 AND ledger_entries.charge_id = voided.charge_id
             GROUP BY voided.charge_id, unit_id, voided.decision_no
             HAVING sum(amount_fen) <> 0
         )
         SELECT district, 'reversal' AS kind, unit_id, period, occurred_month, case_id, charge_id, posting_no,
                entry_no AS reverses, balances.decision_no, -balance_fen AS amount_fen, grid, item, measure,
                pack_hash, clause, posted_at
         FROM balances JOIN ledger_entries USING (entry_no)
         WHERE district = $1
         ORDER BY entry_no",
    )
    .bind::<Text, _>(books.district.as_str())
    .bind::<Array<SqlUuid>, _>(cases.iter().map(|case| case.case_id.0).collect::<Vec<_>>())
    .bind::<Array<BigInt>, _>(cases.iter().map(|case| case.decision_no).collect::<Vec<_>>())
    .load(connection)
    .await?;

    let reversals = last_entries
        .into_iter()
        .map(|last| {
            let period = books.calendar.posting_month(Month::of(last.period.0))?;
            Ok(EntryContent {
                period: Day(period.first_day()),
                posted_at: books.now.timestamp().into(),
                ..last
            })
        })
        .collect::<Result<Vec<_>, PostingError>>()?;
    append(connection, books, reversals).await
}
