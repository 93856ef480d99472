//! Field records (现场记录): what is to be rectified and verified in the user's grids, and what the user found there.
//!
//! Invariant: like inspections they are recorded offline, photos first; whether the server still awaits them is for the
//! server to say.

use std::collections::BTreeMap;
use std::path::PathBuf;

use serde::Serialize;
use sync_core::ids::{CaseId, FirePointId, InspectionId, ItemCode, OperationId, TargetId};
use sync_core::model::fire_point::FirePointRow;
use sync_core::model::photo::{PhotoEntry, PhotoSource};
use sync_core::model::rectification::{RectificationRow, RoundState};
use sync_core::store::OwnFieldRecord;
use sync_core::time::Instant;
use sync_core::wire::field_record::{
    FirePointVerification, RecordFault, RectificationCheck, RectificationReport,
};
use sync_core::wire::operation::Body;
use sync_core::wire::problem::ProblemKind;

use crate::device::Device;
use crate::error::{DeviceError, problem, refuse_all};
use crate::status::SentState;

/// What was seen, as given.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct NewRecord {
    /// In words.
    pub text: String,
    /// Photo files.
    pub photos: Vec<PathBuf>,
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

impl Device {
    /// The open rounds in the user's grids, the nearest deadline first.
    ///
    /// # Errors
    /// [`DeviceError::Store`].
    pub fn orders(&self) -> Result<Vec<Order>, DeviceError> {
        let master = self.store.master();
        let mut rounds = master.rectifications()?;
        rounds.retain(|round| round.state != RoundState::Closed);
        rounds.sort_by_key(|round| (round.deadline.is_none(), round.deadline, round.case_id));
        let mut own = self.own_records(rounds.iter().map(|round| round.case_id.to_string()))?;
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
            Order {
                item: case.map(|case| case.item.clone()),
                target,
                target_name: target.and_then(|id| names.get(&id).cloned()),
                records: own.remove(&round.case_id.to_string()).unwrap_or_default(),
                round,
            }
        };
        Ok(rounds.into_iter().map(order).collect())
    }

    /// The fire point leads in the user's grids, the latest first.
    ///
    /// # Errors
    /// [`DeviceError::Store`].
    pub fn fire_points(&self) -> Result<Vec<Lead>, DeviceError> {
        let mut leads = self.store.master().fire_points()?;
        leads.sort_by_key(|lead| (std::cmp::Reverse(lead.seen_at), lead.fire_point_id));
        let mut own = self.own_records(leads.iter().map(|lead| lead.fire_point_id.to_string()))?;
        let lead = |lead: FirePointRow| {
            let records = own.remove(&lead.fire_point_id.to_string()).unwrap_or_default();
            Lead { lead, records }
        };
        Ok(leads.into_iter().map(lead).collect())
    }

    /// Reports that a case is rectified (整改反馈).
    ///
    /// # Errors
    /// [`DeviceError::Refused`] with everything wrong; [`DeviceError::Store`], [`DeviceError::File`].
    pub fn report_rectification(
        &mut self,
        case_id: CaseId,
        given: NewRecord,
    ) -> Result<OperationId, DeviceError> {
        let round = self.round_of(case_id)?;
        let photos = self.take_record_photos(&given.photos)?;
        let report = RectificationReport { case_id, round, text: given.text, photos, fix: None };
        refuse(report.faults())?;
        self.write(Body::ReportRectification(report))
    }

    /// Re-checks a case on the spot (复核).
    ///
    /// # Errors
    /// As [`Self::report_rectification`].
    pub fn recheck_rectification(
        &mut self,
        case_id: CaseId,
        passed: bool,
        given: NewRecord,
    ) -> Result<OperationId, DeviceError> {
        let round = self.round_of(case_id)?;
        let photos = self.take_record_photos(&given.photos)?;
        let check = RectificationCheck { case_id, round, passed, text: given.text, photos, fix: None };
        refuse(check.faults())?;
        self.write(Body::RecheckRectification(check))
    }

    /// Verifies a fire point lead (火点核查); `inspection_id` is the inspection that records the fire, if there was one.
    ///
    /// # Errors
    /// As [`Self::report_rectification`]; [`DeviceError::InspectionUnknown`].
    pub fn verify_fire_point(
        &mut self,
        fire_point_id: FirePointId,
        inspection_id: Option<InspectionId>,
        given: NewRecord,
    ) -> Result<OperationId, DeviceError> {
        if self.store.master().fire_point(fire_point_id)?.is_none() {
            return Err(DeviceError::refused(ProblemKind::FirePointUnknown, "fire_point"));
        }
        if let Some(id) = inspection_id {
            self.own_inspection(id)?;
        }
        let photos = self.take_record_photos(&given.photos)?;
        let verification =
            FirePointVerification { fire_point_id, inspection_id, text: given.text, photos, fix: None };
        refuse(verification.faults())?;
        self.write(Body::VerifyFirePoint(verification))
    }

    /// The present round of a case, as far as this device heard.
    fn round_of(&self, case_id: CaseId) -> Result<u16, DeviceError> {
        let round = self.store.master().rectification(case_id)?;
        let round = round.ok_or_else(|| DeviceError::refused(ProblemKind::RectificationUnknown, "case"))?;
        Ok(round.round)
    }

    fn take_record_photos(&self, files: &[PathBuf]) -> Result<Vec<PhotoEntry>, DeviceError> {
        let take = |(index, file): (usize, &PathBuf)| {
            let field = format!("photos[{index}]");
            self.photos().take(file, None, PhotoSource::Gallery, self.now(), &field)
        };
        files.iter().enumerate().map(take).collect()
    }

    fn own_records(
        &self,
        subjects: impl Iterator<Item = String>,
    ) -> Result<BTreeMap<String, Vec<OwnRecord>>, DeviceError> {
        let mut by_subject: BTreeMap<String, Vec<OwnRecord>> = BTreeMap::new();
        for own in self.store.work.field_records(subjects)? {
            by_subject.entry(own.subject.clone()).or_default().push(own.into());
        }
        Ok(by_subject)
    }
}

fn refuse(faults: Vec<RecordFault>) -> Result<(), DeviceError> {
    refuse_all(faults.into_iter().map(|fault| problem(fault.kind, fault.field)).collect())
}
