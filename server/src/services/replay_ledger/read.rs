//! What a replay reads: decisions in order, the inspections that they name with the bytes they came in, pack versions.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use sync_core::ids::{InspectionId, RegionCode};
use sync_core::model::decision::DecisionKind;
use sync_core::time::Month;
use uuid::Uuid;

use super::{Difference, Stop};
use crate::db::Connection;
use crate::db::decisions::{self, DecisionRow};
use crate::db::schema::{charges, districts, inspections, operations, pack_adoptions, packs};
use crate::db::types::stored_code;
use crate::ledger::replay::{
    Accepted, Evidence, NumberedDecision, Recorded, inspections_of, sealed_inspection,
};
use crate::services::store_inspections::InspectionSource;

/// Decisions read at a time.
const BATCH_DECISIONS: i64 = 500;

/// The number of the last decision.
pub(super) async fn last_decision(connection: &mut Connection, district: &RegionCode) -> QueryResult<i64> {
    districts::table.find(district.as_str()).select(districts::decision_number).first(connection).await
}

/// Adds every pack version that the district adopted or charges by.
pub(super) async fn add_packs(
    connection: &mut Connection,
    district: &RegionCode,
    evidence: &mut Evidence,
) -> Result<(), Stop> {
    let named =
        charges::table.filter(charges::district.eq(district.as_str())).select(charges::pack_hash).distinct();
    let adopted = pack_adoptions::table
        .filter(pack_adoptions::district.eq(district.as_str()))
        .select(pack_adoptions::hash);
    let used: Vec<(String, String, String)> = packs::table
        .filter(packs::hash.eq_any(named).or(packs::hash.eq_any(adopted)))
        .select((packs::hash, packs::pack_id, packs::source))
        .load(connection)
        .await?;
    for (hash, pack_id, source) in used {
        evidence.add_pack(&hash, &pack_id, &source)?;
    }
    Ok(())
}

/// The next decisions after one, up to `last`.
pub(super) async fn decisions(
    connection: &mut Connection,
    district: &RegionCode,
    after: i64,
    last: i64,
) -> Result<Vec<NumberedDecision>, Stop> {
    let rows = decisions::following(connection, district, after, last, BATCH_DECISIONS).await?;
    rows.into_iter().map(numbered).collect()
}

fn numbered(row: DecisionRow) -> Result<NumberedDecision, Stop> {
    let unreadable = |_| Difference::DecisionUnreadable(row.decision_no);
    let kind: DecisionKind = stored_code("decisions.kind", &row.kind)?;
    let recorded = match (kind, row.month) {
        (DecisionKind::CloseMonth, Some(month)) => {
            Recorded::Closing(Month::of(month.0), serde_json::from_value(row.detail).map_err(unreadable)?)
        }
        _ => Recorded::Money(serde_json::from_value(row.detail).map_err(unreadable)?),
    };
    Ok(NumberedDecision { decision_no: row.decision_no, kind, decided_at: row.decided_at.0, recorded })
}

/// An inspection as stored and where it came from, with the bytes of its operation and their SHA-256.
type SealedRow = (Uuid, serde_json::Value, String, Option<Vec<u8>>, Option<Vec<u8>>);

/// The inspections that these decisions name, each held against its operation.
pub(super) async fn inspections(
    connection: &mut Connection,
    district: &RegionCode,
    batch: &[NumberedDecision],
) -> Result<Vec<Accepted>, Stop> {
    let mut ids: Vec<Uuid> =
        batch.iter().flat_map(|decision| inspections_of(&decision.recorded)).map(|id| id.0).collect();
    ids.sort_unstable();
    ids.dedup();
    let rows: Vec<SealedRow> = inspections::table
        .left_join(
            operations::table.on(operations::district
                .eq(inspections::district)
                .and(operations::op_id.nullable().eq(inspections::op_id))),
        )
        .filter(inspections::district.eq(district.as_str()))
        .filter(inspections::inspection_id.eq_any(ids))
        .select((
            inspections::inspection_id,
            inspections::sealed,
            inspections::source,
            operations::bytes.nullable(),
            operations::sha256.nullable(),
        ))
        .load(connection)
        .await?;
    rows.iter()
        .map(|(id, sealed, source, bytes, sha256)| {
            let operation = bytes.as_deref().zip(sha256.as_deref());
            Ok(Accepted {
                inspection: sealed_inspection(InspectionId(*id), sealed, operation)?,
                of_the_past: *source == InspectionSource::History.code(),
            })
        })
        .collect()
}
