//! Lists ledger entries (台账分录), each with the case, charge, clause and decision that it follows from: every yuan
//! can be traced.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde::Serialize;
use sync_core::ids::{CaseId, ChargeId, GridPath, ItemCode, MeasureKey, PackHash, PackId, UnitId};
use sync_core::model::decision::DecisionKind;
use sync_core::money::Fen;
use sync_core::time::{Instant, Month};
use utoipa::ToSchema;

use crate::auth::money_scope::MoneyScope;
use crate::db::Connection;
use crate::db::ledger_entries::LedgerEntryRow;
use crate::db::schema::{decisions, ledger_entries, packs, units, users};
use crate::db::types::{Day, StoredValueError, Time, stored, stored_code};
use crate::ledger::entry_kind::EntryKind;
use crate::problem::ApiError;

/// Which entries.
#[derive(Debug, Clone, Default)]
pub struct EntryFilter {
    /// Month of account.
    pub month: Option<Month>,
    /// Unit whose account they are on.
    pub unit: Option<UnitId>,
    /// Item.
    pub item: Option<ItemCode>,
    /// Charge.
    pub charge: Option<ChargeId>,
    /// Those after this number.
    pub after: i64,
    /// How many at most.
    pub rows: u16,
}

/// The decision an entry follows from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct EntryDecision {
    /// Its number.
    pub decision_no: i64,
    /// What was decided.
    pub kind: DecisionKind,
    /// Who decided, by name; absent where a timer did.
    pub actor_name: Option<String>,
    /// Why.
    pub reason: Option<String>,
    /// When.
    pub decided_at: Instant,
}

/// A ledger entry.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Entry {
    /// Its number in the district.
    pub entry_no: i64,
    /// What it does.
    pub kind: EntryKind,
    /// The month of account.
    pub period: Month,
    /// The month of occurrence.
    pub occurred_month: Month,
    /// Signed fen.
    pub amount: Fen,
    /// The same as exact yuan.
    pub amount_yuan: String,
    /// The unit whose account it is on.
    pub unit_id: UnitId,
    /// Its name.
    pub unit_name: String,
    /// The case.
    pub case_id: CaseId,
    /// The charge.
    pub charge_id: ChargeId,
    /// The item.
    pub item: ItemCode,
    /// The measure or point.
    pub measure: MeasureKey,
    /// The case's grid.
    pub grid: GridPath,
    /// Which posting of the charge, from 1.
    pub posting_no: i32,
    /// The entry it takes back.
    pub reverses: Option<i64>,
    /// The pack it was judged by.
    pub pack_id: PackId,
    /// That pack's version.
    pub pack_hash: PackHash,
    /// Document and clause.
    pub clause: String,
    /// The decision it follows from.
    pub decision: EntryDecision,
    /// When it was written.
    pub posted_at: Instant,
    /// Its hash, in hex.
    pub hash: String,
}

/// A page of entries.
#[derive(Debug, Serialize, ToSchema)]
pub struct EntryList {
    /// The entries, by number.
    pub entries: Vec<Entry>,
    /// The number to ask after for the next page; absent on the last.
    pub next: Option<i64>,
}

/// What is selected of decision, actor, unit and pack.
type Traced = (LedgerEntryRow, String, String, Option<String>, Time, Option<String>, String);

/// Lists entries.
///
/// # Errors
/// Those of the database.
pub async fn list_entries(
    connection: &mut Connection,
    scope: &MoneyScope,
    filter: &EntryFilter,
) -> Result<EntryList, ApiError> {
    let mut query =
        ledger_entries::table
            .inner_join(units::table.on(
                units::district.eq(ledger_entries::district).and(units::unit_id.eq(ledger_entries::unit_id)),
            ))
            .inner_join(
                decisions::table.on(decisions::district
                    .eq(ledger_entries::district)
                    .and(decisions::decision_no.eq(ledger_entries::decision_no))),
            )
            .left_join(users::table.on(
                users::district.eq(decisions::district).and(users::user_id.nullable().eq(decisions::actor)),
            ))
            .inner_join(packs::table.on(packs::hash.eq(ledger_entries::pack_hash)))
            .filter(ledger_entries::district.eq(scope.district.as_str()))
            .filter(ledger_entries::entry_no.gt(filter.after))
            .order(ledger_entries::entry_no)
            .limit(i64::from(filter.rows).saturating_add(1))
            .select((
                LedgerEntryRow::as_select(),
                units::name,
                decisions::kind,
                decisions::reason,
                decisions::decided_at,
                users::name.nullable(),
                packs::pack_id,
            ))
            .into_boxed();
    if let Some(own) = &scope.units {
        query = query.filter(ledger_entries::unit_id.eq_any(own));
    }
    if let Some(month) = filter.month {
        query = query.filter(ledger_entries::period.eq(Day(month.first_day())));
    }
    if let Some(unit) = filter.unit {
        query = query.filter(ledger_entries::unit_id.eq(unit.0));
    }
    if let Some(item) = &filter.item {
        query = query.filter(ledger_entries::item.eq(item.as_str()));
    }
    if let Some(charge) = filter.charge {
        query = query.filter(ledger_entries::charge_id.eq(charge.0));
    }
    let mut rows: Vec<Traced> = query.load(connection).await?;
    let more = rows.len() > usize::from(filter.rows);
    rows.truncate(usize::from(filter.rows));
    let next = rows.last().map(|row| row.0.entry_no).filter(|_| more);
    Ok(EntryList { entries: rows.into_iter().map(entry).collect::<Result<_, _>>()?, next })
}

fn entry(traced: Traced) -> Result<Entry, StoredValueError> {
    let (row, unit_name, decision_kind, reason, decided_at, actor_name, pack_id) = traced;
    let content = row.content;
    let amount = Fen::new(content.amount_fen);
    Ok(Entry {
        entry_no: row.entry_no,
        kind: stored_code("ledger_entries.kind", &content.kind)?,
        period: Month::of(content.period.0),
        occurred_month: Month::of(content.occurred_month.0),
        amount,
        amount_yuan: amount.to_string(),
        unit_id: UnitId(content.unit_id),
        unit_name,
        case_id: CaseId(content.case_id),
        charge_id: ChargeId(content.charge_id),
        item: stored("ledger_entries.item", &content.item)?,
        measure: stored("ledger_entries.measure", &content.measure)?,
        grid: stored("ledger_entries.grid", &content.grid)?,
        posting_no: content.posting_no,
        reverses: content.reverses,
        pack_id: stored("packs.pack_id", &pack_id)?,
        pack_hash: stored("ledger_entries.pack_hash", &content.pack_hash)?,
        clause: content.clause,
        decision: EntryDecision {
            decision_no: content.decision_no,
            kind: stored_code("decisions.kind", &decision_kind)?,
            actor_name,
            reason,
            decided_at: decided_at.0,
        },
        posted_at: Instant::new(content.posted_at.to_jiff()),
        hash: hex::encode(row.hash),
    })
}
