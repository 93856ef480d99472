//! Posts charges (入账): the pending charges of confirmed cases become deductions in the ledger.
//!
//! Invariants: one deduction per charge and posting number, in the case's posting month (never a closed one, never the
//! future), with the month of occurrence kept; statements are set-based however many cases are confirmed. The
//! caller holds the cases' row locks and then the district's.

use diesel::sql_types::{Array, BigInt, Date, Integer, Nullable, Text, Uuid as SqlUuid};
use diesel::{QueryableByName, sql_query};
use diesel_async::RunQueryDsl;
use sync_core::ids::{CaseId, ChargeId, RegionCode};
use sync_core::time::{Instant, Month};
use uuid::Uuid;

use crate::db::ledger_entries::{EntryContent, LedgerEntryRow};
use crate::db::types::Day;
use crate::db::{Connection, district_numbers, ledger_entries};
use crate::ledger::chain::Head;
use crate::ledger::entry_kind::EntryKind;
use crate::ledger::period::{Calendar, NoOpenMonth};

/// A case and the decision that its entries follow from.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DecidedCase {
    /// The case.
    pub case_id: CaseId,
    /// The decision.
    pub decision_no: i64,
}

/// Where entries are written: under the district's lock, at one instant.
#[derive(Debug, Clone)]
pub struct Books {
    /// The district.
    pub district: RegionCode,
    /// The last entry so far.
    pub head: Head,
    /// Which months take entries.
    pub calendar: Calendar,
    /// When it is written.
    pub now: Instant,
}

/// Why nothing was posted or reversed.
#[derive(Debug, thiserror::Error)]
pub enum PostingError {
    /// A supervisor has not entered this charge's amount yet.
    #[error("charge {0} has no amount yet")]
    AmountMissing(ChargeId),
    /// Even the present month is closed.
    #[error(transparent)]
    NoOpenMonth(#[from] NoOpenMonth),
    /// The database.
    #[error(transparent)]
    Database(#[from] diesel::result::Error),
}

/// A charge on its way into the ledger.
#[derive(Debug, QueryableByName)]
struct PostedCharge {
    #[diesel(sql_type = SqlUuid)]
    charge_id: Uuid,
    #[diesel(sql_type = SqlUuid)]
    case_id: Uuid,
    #[diesel(sql_type = BigInt)]
    decision_no: i64,
    #[diesel(sql_type = Text)]
    measure: String,
    #[diesel(sql_type = SqlUuid)]
    unit_id: Uuid,
    #[diesel(sql_type = Nullable<BigInt>)]
    amount_fen: Option<i64>,
    #[diesel(sql_type = Text)]
    pack_hash: String,
    #[diesel(sql_type = Text)]
    clause: String,
    #[diesel(sql_type = Text)]
    item: String,
    #[diesel(sql_type = Text)]
    grid: String,
    #[diesel(sql_type = Date)]
    occurred_month: Day,
    #[diesel(sql_type = Integer)]
    posting_no: i32,
}

/// Posts the pending charges of these cases; the books' head moves. Returns the entries written.
///
/// # Errors
/// [`PostingError`]; the caller's transaction must then be rolled back.
pub async fn post_charges(
    connection: &mut Connection,
    books: &mut Books,
    cases: &[DecidedCase],
) -> Result<Vec<LedgerEntryRow>, PostingError> {
    let charges: Vec<PostedCharge> = sql_query(
        "WITH posted AS (
             UPDATE charges SET state = 'posted'
             FROM unnest($2, $3) AS decided (case_id, decision_no)
             WHERE charges.district = $1 AND charges.case_id = decided.case_id AND charges.state = 'pending'
             RETURNING charges.*, decided.decision_no
         )
         SELECT charge_id, case_id, decision_no, measure, posted.unit_id, amount_fen, posted.pack_hash, clause,
                item, grid, occurred_month,
                1 + coalesce((SELECT max(earlier.posting_no) FROM ledger_entries AS earlier
                              WHERE earlier.district = $1 AND earlier.charge_id = posted.charge_id
                                AND earlier.kind = 'deduction'), 0) AS posting_no
         FROM posted JOIN cases USING (district, case_id)
         ORDER BY decision_no, measure",
    )
    .bind::<Text, _>(books.district.as_str())
    .bind::<Array<SqlUuid>, _>(cases.iter().map(|case| case.case_id.0).collect::<Vec<_>>())
    .bind::<Array<BigInt>, _>(cases.iter().map(|case| case.decision_no).collect::<Vec<_>>())
    .load(connection)
    .await?;

    let contents =
        charges.into_iter().map(|charge| deduction(books, charge)).collect::<Result<Vec<_>, _>>()?;
    append(connection, books, contents).await
}

fn deduction(books: &Books, charge: PostedCharge) -> Result<EntryContent, PostingError> {
    let amount_fen = charge.amount_fen.ok_or(PostingError::AmountMissing(ChargeId(charge.charge_id)))?;
    let period = books.calendar.posting_month(Month::of(charge.occurred_month.0))?;
    Ok(EntryContent {
        district: books.district.to_string(),
        kind: EntryKind::Deduction.code().to_owned(),
        unit_id: charge.unit_id,
        period: Day(period.first_day()),
        occurred_month: charge.occurred_month,
        case_id: charge.case_id,
        charge_id: charge.charge_id,
        posting_no: charge.posting_no,
        reverses: None,
        decision_no: charge.decision_no,
        amount_fen,
        grid: charge.grid,
        item: charge.item,
        measure: charge.measure,
        pack_hash: charge.pack_hash,
        clause: charge.clause,
        posted_at: books.now.timestamp().into(),
    })
}

/// Numbers, links and writes entries, and moves the district's head with them.
pub(super) async fn append(
    connection: &mut Connection,
    books: &mut Books,
    contents: Vec<EntryContent>,
) -> Result<Vec<LedgerEntryRow>, PostingError> {
    if contents.is_empty() {
        return Ok(vec![]);
    }
    let entries: Vec<_> = contents.into_iter().map(|content| books.head.append(content)).collect();
    ledger_entries::insert(connection, &entries).await?;
    district_numbers::move_ledger_head(connection, &books.district, &books.head).await?;
    Ok(entries)
}
