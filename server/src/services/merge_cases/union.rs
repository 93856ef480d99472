//! The union of measures (措施并集): what a case is charged for that absorbs others. Pure.

use std::collections::BTreeSet;

use serde_json::Value;
use sync_core::ids::{CaseId, ChargeId, MeasureKey, UnitId};
use sync_core::model::assignment::DiscoveryLevel;
use sync_core::model::case::{ChargeState, ReviewState};

use super::Refusal;
use super::involved::Involved;
use crate::ledger::moves::{Aim, CaseMoney, ChargeMoney};

/// Under this name a charge's reason says which case it came from; a correction of the survivor does not void it.
pub const MERGED_FROM: &str = "merged_from";

/// What must hold of the cases, whatever their money.
pub(super) fn check(survivor: &Involved, absorbed: &[&Involved]) -> Result<(), Refusal> {
    use ReviewState::{AwaitingEvidence, Confirmed, Returned, UnderReview};
    if !matches!(survivor.review_state, AwaitingEvidence | UnderReview | Confirmed) {
        return Err(Refusal::StateForbids { case_id: survivor.case_id, state: survivor.review_state });
    }
    for case in absorbed {
        if !matches!(case.review_state, AwaitingEvidence | UnderReview | Returned | Confirmed) {
            return Err(Refusal::StateForbids { case_id: case.case_id, state: case.review_state });
        }
        if case.item != survivor.item {
            return Err(Refusal::ItemsDiffer);
        }
    }
    Ok(())
}

/// The unit that answers for the survivor: the only one there is, or the one that was named.
pub(super) fn unit_of(
    survivor: &Involved,
    absorbed: &[&Involved],
    named: Option<UnitId>,
) -> Result<UnitId, Refusal> {
    let units: BTreeSet<UnitId> =
        absorbed.iter().map(|case| case.unit_id).chain([survivor.unit_id]).collect();
    match named {
        Some(unit) if units.contains(&unit) => Ok(unit),
        None if units.len() == 1 => Ok(survivor.unit_id),
        _ => Err(Refusal::UnitRequired),
    }
}

/// Where the survivor's money goes: its own charges, and those of the others for measures that it lacks, of the one
/// that occurred first. A measure is charged once. What is new is posted at once where the survivor stands posted.
pub(super) fn aim_of(
    survivor: &Involved,
    money: &CaseMoney,
    absorbed: &[(&Involved, &CaseMoney)],
    unit_id: UnitId,
) -> Result<Aim, Refusal> {
    let charged = absorbed.iter().find(|(_, money)| money.live().next().is_some());
    if let (DiscoveryLevel::SelfCheck, Some((case, _))) = (survivor.level, charged) {
        return Err(Refusal::SelfCheckAbsorbs(case.case_id));
    }
    let pending = money.live().any(|charge| charge.state == ChargeState::Pending);
    let mut charges: Vec<ChargeMoney> = money.live().cloned().collect();
    let mut measures: BTreeSet<MeasureKey> = charges.iter().map(|charge| charge.measure.clone()).collect();
    let mut in_time = absorbed.to_vec();
    in_time.sort_by_key(|(case, _)| (case.occurred_at, case.case_id));
    for (case, money) in in_time {
        for charge in money.live().filter(|charge| measures.insert(charge.measure.clone())) {
            charges.push(ChargeMoney {
                charge_id: ChargeId::derive(survivor.case_id, &charge.measure),
                reason: with_source(charge.reason.clone(), case.case_id),
                entries: Vec::new(),
                ..charge.clone()
            });
        }
    }
    let posts = survivor.review_state == ReviewState::Confirmed && !pending;
    Ok(Aim { unit_id, charges, posts })
}

/// The case that a charge came from first, through whichever merges.
fn with_source(mut reason: Value, case: CaseId) -> Value {
    if let Value::Object(fields) = &mut reason {
        fields.entry(MERGED_FROM).or_insert_with(|| Value::String(case.to_string()));
    }
    reason
}
