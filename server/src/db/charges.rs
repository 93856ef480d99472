//! Rows of `charges` (扣缴项).

use diesel::QueryResult;
use serde::Serialize;
use sync_core::ids::{CaseId, ChargeId, MeasureKey, PackHash, RegionCode, UnitId};
use sync_core::model::case::ChargeState;
use sync_core::money::Fen;

use crate::db::Connection;
use crate::db::bulk::execute_with_rows;
use crate::ledger::moves::ChargeMoney;

/// A charge as it is written.
#[derive(Debug, Clone, Serialize)]
pub struct ChargeWrite<'a> {
    district: &'a RegionCode,
    charge_id: ChargeId,
    case_id: CaseId,
    measure: &'a MeasureKey,
    unit_id: UnitId,
    amount_fen: Option<Fen>,
    pack_hash: &'a PackHash,
    clause: &'a str,
    reason: &'a serde_json::Value,
    state: ChargeState,
}

impl<'a> ChargeWrite<'a> {
    /// A charge of a case.
    #[must_use]
    pub fn new(district: &'a RegionCode, case_id: CaseId, charge: &'a ChargeMoney) -> Self {
        Self {
            district,
            charge_id: charge.charge_id,
            case_id,
            measure: &charge.measure,
            unit_id: charge.unit_id,
            amount_fen: charge.amount,
            pack_hash: &charge.pack_hash,
            clause: &charge.clause,
            reason: &charge.reason,
            state: charge.state,
        }
    }
}

/// Writes charges: new ones appear, those before are overwritten. Where the same pack version leaves an
/// amount to people, what they entered stays, and so does who else found it: a correction does not undo it.
///
/// # Errors
/// Whatever PostgreSQL says.
pub async fn upsert(connection: &Connection, charges: &[ChargeWrite<'_>]) -> QueryResult<()> {
    execute_with_rows(connection, UPSERT_CHARGES, charges).await?;
    Ok(())
}

const UPSERT_CHARGES: &str = "
    INSERT INTO charges (
        district, charge_id, case_id, measure, unit_id, amount_fen, pack_hash, clause, reason, state)
    SELECT district, charge_id, case_id, measure, unit_id, amount_fen, pack_hash, clause, reason, state
    FROM json_populate_recordset(NULL::charges, CAST($1 AS json))
    ON CONFLICT ON CONSTRAINT charges_pkey DO UPDATE SET
        unit_id = excluded.unit_id, pack_hash = excluded.pack_hash,
        amount_fen = CASE WHEN excluded.amount_fen IS NULL AND charges.pack_hash = excluded.pack_hash
                          THEN charges.amount_fen ELSE excluded.amount_fen END,
        clause = excluded.clause, state = excluded.state,
        reason = CASE WHEN charges.reason ? 'merged_from'
                      THEN jsonb_build_object('merged_from', charges.reason -> 'merged_from') || excluded.reason
                      ELSE excluded.reason END";
