//! Judges a field record by what is known: a report of rectification, a re-check, the verification of a fire point.
//!
//! Invariants: pure; whoever was an inspector of the grid at occurrence may bring one (invariant 4); of two about one
//! round the first to arrive counts, and the other is rejected with its reason and kept with its bytes. Who reported a round
//! does not find it in order.

use sync_core::evaluate::clock_is_suspect;
use sync_core::geo::Fix;
use sync_core::ids::{FirePointId, InspectionId};
use sync_core::model::case::ReviewState;
use sync_core::model::fire_point::FirePointState;
use sync_core::model::photo::PhotoEntry;
use sync_core::model::rectification::RoundState;
use sync_core::time::Instant;
use sync_core::wire::field_record::{
    FirePointVerification, RecordFault, RectificationCheck, RectificationReport,
};
use sync_core::wire::operation::Header;
use sync_core::wire::problem::ProblemKind;
use sync_core::wire::push::Missing;

use super::judge_operation::{Refusal, rejected, require_assigned};
use super::known::{Known, KnownLoop};
use crate::db::rectifications::{LoopCase, RecordKind};
use crate::rectification::round::{Round, RoundFault};

/// A report or re-check that counts, and the round after it.
#[derive(Debug)]
pub(super) struct JudgedRecord {
    pub(super) case: LoopCase,
    /// The round it is about, as it stands after it.
    pub(super) round: Round,
    pub(super) kind: RecordKind,
    pub(super) passed: Option<bool>,
    pub(super) text: String,
    pub(super) photos: Vec<PhotoEntry>,
    pub(super) fix: Option<Fix>,
    /// When it was made, as far as the device's clock can be believed.
    pub(super) made_at: Instant,
}

/// A lead with what was found on the spot.
#[derive(Debug)]
pub(super) struct VerifiedFirePoint {
    pub(super) fire_point_id: FirePointId,
    pub(super) inspection_id: Option<InspectionId>,
    pub(super) text: String,
    pub(super) photos: Vec<PhotoEntry>,
    pub(super) made_at: Instant,
}

pub(super) fn judge_report(
    known: &Known,
    header: &Header,
    report: RectificationReport,
) -> Result<JudgedRecord, Refusal> {
    refuse_first(report.faults())?;
    let made_at = believed(header.occurred_at, known.received_at);
    let (case, mut round) = present_round(known, header, report.case_id, report.round)?;
    round.report(made_at, known.received_at).map_err(forbidden)?;
    Ok(JudgedRecord {
        case,
        round,
        kind: RecordKind::Report,
        passed: None,
        text: report.text,
        photos: report.photos,
        fix: report.fix,
        made_at,
    })
}

pub(super) fn judge_check(
    known: &Known,
    header: &Header,
    check: RectificationCheck,
) -> Result<JudgedRecord, Refusal> {
    refuse_first(check.faults())?;
    let made_at = believed(header.occurred_at, known.received_at);
    let (case, mut round) = present_round(known, header, check.case_id, check.round)?;
    let reported_by = known.loops.get(&check.case_id).and_then(|known| known.reported_by);
    if check.passed && round.state == RoundState::Rectified && reported_by == Some(header.author) {
        return Err(rejected(ProblemKind::SamePerson, "passed"));
    }
    round.check(check.passed, made_at).map_err(forbidden)?;
    Ok(JudgedRecord {
        case,
        round,
        kind: RecordKind::Check,
        passed: Some(check.passed),
        text: check.text,
        photos: check.photos,
        fix: check.fix,
        made_at,
    })
}

pub(super) fn judge_verification(
    known: &Known,
    header: &Header,
    verification: FirePointVerification,
) -> Result<VerifiedFirePoint, Refusal> {
    refuse_first(verification.faults())?;
    let lead = known
        .fire_points
        .get(&verification.fire_point_id)
        .ok_or_else(|| rejected(ProblemKind::FirePointUnknown, "fire_point_id"))?;
    require_assigned(known, header.author, &lead.grid, header.occurred_at, "fire_point_id")?;
    if let Some(inspection) = verification.inspection_id
        && !known.inspections.contains_key(&inspection)
    {
        return Err(if known.elsewhere.contains(&inspection.0) {
            rejected(ProblemKind::OtherDistrict, "inspection_id")
        } else {
            Refusal::Held(vec![Missing::Inspection(inspection)])
        });
    }
    if lead.state != FirePointState::Lead {
        return Err(rejected(ProblemKind::FirePointVerified, "fire_point_id"));
    }
    Ok(VerifiedFirePoint {
        fire_point_id: verification.fire_point_id,
        inspection_id: verification.inspection_id,
        text: verification.text,
        photos: verification.photos,
        made_at: believed(header.occurred_at, known.received_at),
    })
}

fn refuse_first(faults: Vec<RecordFault>) -> Result<(), Refusal> {
    faults.into_iter().next().map_or(Ok(()), |fault| Err(rejected(fault.kind, fault.field)))
}

fn forbidden(_: RoundFault) -> Refusal {
    rejected(ProblemKind::RectificationStateForbids, "round")
}

/// The round that a record names, where it is the case's present one.
fn present_round(
    known: &Known,
    header: &Header,
    case_id: sync_core::ids::CaseId,
    number: u16,
) -> Result<(LoopCase, Round), Refusal> {
    let Some(KnownLoop { case, round, .. }) = known.loops.get(&case_id) else {
        let elsewhere = known.elsewhere.contains(&case_id.0);
        let kind = if elsewhere { ProblemKind::OtherDistrict } else { ProblemKind::CaseUnknown };
        return Err(rejected(kind, "case_id"));
    };
    require_assigned(known, header.author, &case.grid, header.occurred_at, "case_id")?;
    match round {
        Some(round) if round.number == number => Ok((case.clone(), round.clone())),
        // One that is over: another record or order came first.
        Some(round) if (1..round.number).contains(&number) => {
            Err(rejected(ProblemKind::RectificationStateForbids, "round"))
        }
        // Of a merged case the survivor's is the one to act on.
        None if case.review_state == ReviewState::Merged => {
            Err(rejected(ProblemKind::RectificationStateForbids, "round"))
        }
        _ => Err(rejected(ProblemKind::RectificationUnknown, "round")),
    }
}

/// When it was made: by the device's clock, or at receipt where that cannot be right.
fn believed(occurred_at: Instant, received_at: Instant) -> Instant {
    if clock_is_suspect(occurred_at, received_at) { received_at } else { occurred_at }
}
