//! Brings the money of cases into memory for the pure moves ([`crate::ledger::moves`]), and writes down what they did.
//!
//! Invariants: two statements load and three write, however many cases are decided. The caller holds the cases' row
//! locks when it loads, and the district's when it opens the books; both to the end of the transaction.

use std::collections::{BTreeMap, HashMap};

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use sync_core::ids::{CaseId, ChargeId, RegionCode, UnitId};
use sync_core::money::Fen;
use sync_core::time::{Instant, Month};
use uuid::Uuid;

use crate::db::charges::{self, ChargeWrite};
use crate::db::ledger_entries::EntryContent;
use crate::db::schema::{cases, charges as charge_rows, ledger_entries as entry_rows};
use crate::db::types::{Day, StoredValueError, stored, stored_code};
use crate::db::{Connection, district_numbers, ledger_entries, periods};
use crate::ledger::chain::Head;
use crate::ledger::moves::{Books, CaseMoney, ChargeMoney, MoveFault, PastEntry};

/// Why money did not move.
#[derive(Debug, thiserror::Error)]
pub enum MoneyError {
    /// The rules of the ledger do not allow it.
    #[error(transparent)]
    Fault(#[from] MoveFault),
    /// The database holds something that this server does not know.
    #[error(transparent)]
    Stored(#[from] StoredValueError),
    /// The database.
    #[error(transparent)]
    Database(#[from] diesel::result::Error),
}

/// The charges of these cases with all their entries, in the order of the cases' ids.
///
/// # Errors
/// [`MoneyError::Stored`], [`MoneyError::Database`].
pub async fn load_money(
    connection: &mut Connection,
    district: &RegionCode,
    case_ids: &[CaseId],
) -> Result<Vec<CaseMoney>, MoneyError> {
    let rows: Vec<(CaseColumns, Option<ChargeColumns>)> = cases::table
        .left_join(
            charge_rows::table
                .on(charge_rows::district.eq(cases::district).and(charge_rows::case_id.eq(cases::case_id))),
        )
        .filter(cases::district.eq(district.as_str()))
        .filter(cases::case_id.eq_any(case_ids.iter().map(|case| case.0)))
        .select((CaseColumns::as_select(), Option::<ChargeColumns>::as_select()))
        .load(connection)
        .await?;
    let of_charges = rows.iter().filter_map(|(_, charge)| charge.as_ref().map(|charge| charge.charge_id));
    let entries: Vec<(i64, EntryContent)> = entry_rows::table
        .filter(entry_rows::district.eq(district.as_str()))
        .filter(entry_rows::charge_id.eq_any(of_charges.collect::<Vec<_>>()))
        .order(entry_rows::entry_no)
        .select((entry_rows::entry_no, EntryContent::as_select()))
        .load(connection)
        .await?;
    let mut of_charge: HashMap<Uuid, Vec<PastEntry>> = HashMap::new();
    for (entry_no, content) in entries {
        of_charge.entry(content.charge_id).or_default().push(PastEntry { entry_no, content });
    }
    let mut money: BTreeMap<CaseId, CaseMoney> = BTreeMap::new();
    for (case, charge) in rows {
        let case_id = CaseId(case.case_id);
        let case = case.try_into()?;
        let case = money.entry(case_id).or_insert(case);
        if let Some(charge) = charge {
            let entries = of_charge.remove(&charge.charge_id).unwrap_or_default();
            case.charges.push(charge.with(entries)?);
        }
    }
    for case in money.values_mut() {
        case.charges.sort_by(|one, other| one.measure.cmp(&other.measure));
    }
    Ok(money.into_values().collect())
}

/// The books of a district whose row is locked; `head` is what locking it answered.
///
/// # Errors
/// Whatever PostgreSQL says.
pub async fn open_books(
    connection: &mut Connection,
    district: &RegionCode,
    head: Head,
    now: Instant,
) -> QueryResult<Books> {
    let calendar = periods::calendar(connection, district, now).await?;
    Ok(Books::new(district.clone(), head, calendar, now))
}

/// Writes what moves did: the charges of these cases, and the entries that the books got.
///
/// # Errors
/// Whatever PostgreSQL says; the caller's transaction must then be rolled back.
pub async fn write_money(connection: &mut Connection, books: &Books, cases: &[CaseMoney]) -> QueryResult<()> {
    let rows: Vec<ChargeWrite<'_>> = cases
        .iter()
        .flat_map(|case| case.charges.iter().map(|charge| (case.case_id, charge)))
        .map(|(case_id, charge)| ChargeWrite::new(&books.district, case_id, charge))
        .collect();
    charges::upsert(connection, &rows).await?;
    if books.written.is_empty() {
        return Ok(());
    }
    ledger_entries::insert(connection, &books.written).await?;
    district_numbers::move_ledger_head(connection, &books.district, &books.head).await
}

#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = cases, check_for_backend(diesel::pg::Pg))]
struct CaseColumns {
    case_id: Uuid,
    item: String,
    grid: String,
    occurred_month: Day,
}

impl TryFrom<CaseColumns> for CaseMoney {
    type Error = StoredValueError;

    fn try_from(row: CaseColumns) -> Result<Self, StoredValueError> {
        Ok(Self {
            case_id: CaseId(row.case_id),
            item: stored("cases.item", &row.item)?,
            grid: stored("cases.grid", &row.grid)?,
            occurred_month: Month::of(row.occurred_month.0),
            charges: Vec::new(),
        })
    }
}

#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = charge_rows, check_for_backend(diesel::pg::Pg))]
struct ChargeColumns {
    charge_id: Uuid,
    measure: String,
    unit_id: Uuid,
    amount_fen: Option<i64>,
    pack_hash: String,
    clause: String,
    reason: serde_json::Value,
    state: String,
}

impl ChargeColumns {
    fn with(self, entries: Vec<PastEntry>) -> Result<ChargeMoney, StoredValueError> {
        Ok(ChargeMoney {
            charge_id: ChargeId(self.charge_id),
            measure: stored("charges.measure", &self.measure)?,
            unit_id: UnitId(self.unit_id),
            amount: self.amount_fen.map(Fen::new),
            pack_hash: stored("charges.pack_hash", &self.pack_hash)?,
            clause: self.clause,
            reason: self.reason,
            state: stored_code("charges.state", &self.state)?,
            entries,
        })
    }
}
