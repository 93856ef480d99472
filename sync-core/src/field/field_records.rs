//! Field records (现场记录): what is to be rectified and verified in the user's grids, and what the user found there.
//!
//! Invariant: like inspections they are recorded offline, photos first; whether the server still awaits them is for the
//! server to say.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use super::error::{FieldError, problem, refuse_all};
use super::record::own_inspection;
use super::status::SentState;
use crate::geo::Fix;
use crate::ids::{CaseId, FirePointId, InspectionId, ItemCode, OperationId, TargetId};
use crate::model::fire_point::FirePointRow;
use crate::model::photo::PhotoEntry;
use crate::model::rectification::{RectificationRow, RoundState};
use crate::store::{DeviceStore, OwnFieldRecord, StoreError};
use crate::time::Instant;
use crate::wire::field_record::{
    FirePointVerification, RecordFault, RectificationCheck, RectificationReport,
};
use crate::wire::operation::Body;
use crate::wire::problem::ProblemKind;

/// How the header of a report's operation names its kind.
const REPORT_KIND: &str = "report_rectification";

/// What was seen, with its photos kept already.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct Seen {
    /// In words.
    #[serde(default)]
    pub text: String,
    /// Photos.
    #[serde(default)]
    pub photos: Vec<PhotoEntry>,
    /// Where the device was.
    #[serde(default)]
    pub fix: Option<Fix>,
}

/// An own record as lists show it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OwnRecord {
    /// The operation that brings it.
    pub op_id: OperationId,
    /// Its kind as the header names it.
    pub kind: String,
    /// When it was recorded.
    pub occurred_at: Instant,
    /// How its operation stands.
    #[serde(flatten)]
    pub state: SentState,
}

impl From<OwnFieldRecord> for OwnRecord {
    fn from(own: OwnFieldRecord) -> Self {
        Self { op_id: own.op_id, kind: own.kind, occurred_at: own.occurred_at, state: own.state.into() }
    }
}

/// A round that is to be reported or re-checked, with the case it belongs to.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Order {
    /// The present round.
    #[serde(flatten)]
    pub round: RectificationRow,
    /// The case's item, where the case is known here.
    pub item: Option<ItemCode>,
    /// The target, if any.
    pub target: Option<TargetId>,
    /// Its name, where the register has it.
    pub target_name: Option<String>,
    /// What this user recorded about it.
    pub records: Vec<OwnRecord>,
    /// Whether the report that stands is this user's own: another person finds it in order (复核).
    pub reported_here: bool,
}

/// A fire point lead with what this user recorded about it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Lead {
    /// The lead.
    #[serde(flatten)]
    pub lead: FirePointRow,
    /// What this user recorded about it.
    pub records: Vec<OwnRecord>,
}

/// The open rounds in the user's grids, the nearest deadline first.
///
/// # Errors
/// [`StoreError::Sqlite`] and its special cases.
pub fn orders(store: &DeviceStore) -> Result<Vec<Order>, StoreError> {
    let master = store.master();
    let mut rounds = master.rectifications()?;
    rounds.retain(|round| round.state != RoundState::Closed);
    rounds.sort_by_key(|round| (round.deadline.is_none(), round.deadline, round.case_id));
    let mut own = own_records(store, rounds.iter().map(|round| round.case_id.to_string()))?;
    let cases = master.cases_by_id(&rounds.iter().map(|round| round.case_id).collect::<Vec<_>>())?;
    let cases: BTreeMap<CaseId, _> = cases.into_iter().map(|case| (case.case_id, case)).collect();
    let targets: Vec<TargetId> = cases.values().filter_map(|case| case.target_id).collect();
    let names: BTreeMap<TargetId, String> = master
        .targets(&targets)?
        .into_iter()
        .map(|target| (target.content.target_id, target.content.name))
        .collect();
    let order = |round: RectificationRow| {
        let case = cases.get(&round.case_id);
        let target = case.and_then(|case| case.target_id);
        let records = own.remove(&round.case_id.to_string()).unwrap_or_default();
        Order {
            reported_here: is_own_report(&round, &records),
            item: case.map(|case| case.item.clone()),
            target,
            target_name: target.and_then(|id| names.get(&id).cloned()),
            records,
            round,
        }
    };
    Ok(rounds.into_iter().map(order).collect())
}

/// Whether the report that a round stands on is one of these records; a clock that was put right may hide it.
fn is_own_report(round: &RectificationRow, records: &[OwnRecord]) -> bool {
    let reported = round.report.as_ref().filter(|_| round.state == RoundState::Rectified);
    reported.is_some_and(|report| {
        records.iter().any(|own| own.kind == REPORT_KIND && own.occurred_at == report.at)
    })
}

/// The fire point leads in the user's grids, the latest first.
///
/// # Errors
/// [`StoreError::Sqlite`] and its special cases.
pub fn fire_points(store: &DeviceStore) -> Result<Vec<Lead>, StoreError> {
    let mut leads = store.master().fire_points()?;
    leads.sort_by_key(|lead| (std::cmp::Reverse(lead.seen_at), lead.fire_point_id));
    let mut own = own_records(store, leads.iter().map(|lead| lead.fire_point_id.to_string()))?;
    let lead = |lead: FirePointRow| {
        let records = own.remove(&lead.fire_point_id.to_string()).unwrap_or_default();
        Lead { lead, records }
    };
    Ok(leads.into_iter().map(lead).collect())
}

/// A report that a case is rectified (整改反馈).
///
/// # Errors
/// [`FieldError::Refused`] with everything wrong; [`FieldError::Store`].
pub fn make_report(store: &DeviceStore, case_id: CaseId, seen: Seen) -> Result<Body, FieldError> {
    let round = present_round(store, case_id)?.round;
    let report = RectificationReport { case_id, round, text: seen.text, photos: seen.photos, fix: seen.fix };
    refuse(report.faults())?;
    Ok(Body::ReportRectification(report))
}

/// A re-check of a case on the spot (复核).
///
/// # Errors
/// As [`make_report`]; `same_person` where it passes what the user reported.
pub fn make_recheck(
    store: &DeviceStore,
    case_id: CaseId,
    passed: bool,
    seen: Seen,
) -> Result<Body, FieldError> {
    let present = present_round(store, case_id)?;
    let subject = case_id.to_string();
    let own = own_records(store, std::iter::once(subject.clone()))?.remove(&subject).unwrap_or_default();
    if passed && is_own_report(&present, &own) {
        return Err(FieldError::refused(ProblemKind::SamePerson, "passed"));
    }
    let round = present.round;
    let Seen { text, photos, fix } = seen;
    let check = RectificationCheck { case_id, round, passed, text, photos, fix };
    refuse(check.faults())?;
    Ok(Body::RecheckRectification(check))
}

/// The verification of a fire point lead (火点核查); `inspection_id` is the inspection that records the fire, if there was
/// one.
///
/// # Errors
/// As [`make_report`]; [`FieldError::InspectionUnknown`].
pub fn make_verification(
    store: &DeviceStore,
    fire_point_id: FirePointId,
    inspection_id: Option<InspectionId>,
    seen: Seen,
) -> Result<Body, FieldError> {
    if store.master().fire_point(fire_point_id)?.is_none() {
        return Err(FieldError::refused(ProblemKind::FirePointUnknown, "fire_point"));
    }
    if let Some(id) = inspection_id {
        own_inspection(store, id)?;
    }
    let Seen { text, photos, fix } = seen;
    let verification = FirePointVerification { fire_point_id, inspection_id, text, photos, fix };
    refuse(verification.faults())?;
    Ok(Body::VerifyFirePoint(verification))
}

/// The present round of a case, as far as this device heard.
fn present_round(store: &DeviceStore, case_id: CaseId) -> Result<RectificationRow, FieldError> {
    let round = store.master().rectification(case_id)?;
    round.ok_or_else(|| FieldError::refused(ProblemKind::RectificationUnknown, "case"))
}

fn own_records(
    store: &DeviceStore,
    subjects: impl Iterator<Item = String>,
) -> Result<BTreeMap<String, Vec<OwnRecord>>, StoreError> {
    let mut by_subject: BTreeMap<String, Vec<OwnRecord>> = BTreeMap::new();
    for own in store.work.field_records(subjects)? {
        by_subject.entry(own.subject.clone()).or_default().push(own.into());
    }
    Ok(by_subject)
}

fn refuse(faults: Vec<RecordFault>) -> Result<(), FieldError> {
    refuse_all(faults.into_iter().map(|fault| problem(fault.kind, fault.field)).collect())
}
