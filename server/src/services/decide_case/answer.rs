//! What a decision did, from what is on record: the same at first and whenever it is asked for again.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use sync_core::ids::{CaseId, ChargeId, RegionCode, UnitId};
use sync_core::money::Fen;
use sync_core::time::Month;
use uuid::Uuid;

use super::{Decision, Detail, LastDecision, Meanwhile, Refusal, WrittenEntry};
use crate::db::cases::CaseStateRow;
use crate::db::decisions::DecisionRow;
use crate::db::schema::ledger_entries;
use crate::db::types::{Day, StoredValueError, stored_code};
use crate::db::{Connection, decisions};
use crate::ledger::entry_kind::EntryKind;

/// A decision with what it wrote to the ledger.
pub(super) async fn answer(connection: &mut Connection, decision: &DecisionRow) -> Result<Decision, Refusal> {
    let detail = Detail::read(decision)?;
    let entries: Vec<(i64, String, Uuid, Uuid, Day, i64)> = ledger_entries::table
        .filter(ledger_entries::district.eq(&decision.district))
        .filter(ledger_entries::decision_no.eq(decision.decision_no))
        .order(ledger_entries::entry_no)
        .select((
            ledger_entries::entry_no,
            ledger_entries::kind,
            ledger_entries::charge_id,
            ledger_entries::unit_id,
            ledger_entries::period,
            ledger_entries::amount_fen,
        ))
        .load(connection)
        .await?;
    let entries = entries
        .into_iter()
        .map(|(entry_no, kind, charge_id, unit_id, period, amount_fen)| {
            Ok(WrittenEntry {
                entry_no,
                kind: stored_code::<EntryKind>("ledger_entries.kind", &kind)?,
                charge_id: ChargeId(charge_id),
                unit_id: UnitId(unit_id),
                period: Month::of(period.0),
                amount: Fen::new(amount_fen),
            })
        })
        .collect::<Result<_, StoredValueError>>()?;
    Ok(Decision {
        decision_no: decision.decision_no,
        case_id: CaseId(decision.case_id.unwrap_or_default()),
        kind: stored_code("decisions.kind", &decision.kind)?,
        version: u32::try_from(decision.expected_version.unwrap_or(0)).unwrap_or(0).saturating_add(1),
        outcome: detail.outcome,
        entries,
    })
}

/// What happened to a case since the version that somebody looked at.
///
/// # Errors
/// Whatever PostgreSQL says.
pub async fn meanwhile(
    connection: &mut Connection,
    district: &RegionCode,
    case: &CaseStateRow,
) -> QueryResult<Meanwhile> {
    let last = decisions::of_case(connection, district, CaseId(case.case_id)).await?.pop();
    Ok(Meanwhile {
        version: case.version,
        review_state: case.review_state.clone(),
        decided: last.map(|(decision, by)| LastDecision {
            kind: decision.kind,
            by,
            at: decision.decided_at.0,
        }),
    })
}
