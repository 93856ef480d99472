//! Status (状态): how own inspections stand: waiting, sent or refused and why, photos apart, and what became of their
//! cases.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use crate::ids::{InspectionId, KindCode, PhotoHash, TargetId};
use crate::model::case::{CaseRow, ReviewState};
use crate::model::photo::PhotoEntry;
use crate::store::{DeviceStore, Liveness, OperationState, OwnInspection, PhotoState, StoreError};
use crate::time::Instant;
use crate::wire::push::{Missing, Rejection};

/// Inspections in a list, the newest.
pub const LIST_MAX: usize = 200;

/// How an operation stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "state", rename_all = "snake_case")]
pub enum SentState {
    /// Not answered for yet (待发送).
    Waiting,
    /// Waits for something else (暂缓).
    Held {
        /// For what.
        missing: Vec<Missing>,
    },
    /// The server has it (已送达).
    Sent,
    /// Kept for an administrator, because the device was revoked (隔离).
    Quarantined,
    /// Refused for good (被拒绝), with the reason.
    Refused(Rejection),
}

impl From<OperationState> for SentState {
    fn from(state: OperationState) -> Self {
        match state {
            OperationState::Waiting => Self::Waiting,
            OperationState::Held(missing) => Self::Held { missing },
            OperationState::Applied { .. } => Self::Sent,
            OperationState::Quarantined { .. } => Self::Quarantined,
            OperationState::Refused(rejection) => Self::Refused(rejection),
        }
    }
}

/// How an inspection's photos stand.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct PhotoCounts {
    /// Not yet verified.
    pub waiting: usize,
    /// Verified by the server.
    pub verified: usize,
    /// Refused, with the reasons.
    pub refused: Vec<Rejection>,
}

/// One own inspection as lists show it.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct InspectionStatus {
    /// Its id.
    pub inspection_id: InspectionId,
    /// The first of its chain of corrections.
    pub lineage: InspectionId,
    /// The one it was made to correct.
    pub replaces: Option<InspectionId>,
    /// The correction that replaced it, if any was made here.
    pub replaced_by: Option<InspectionId>,
    /// When it occurred.
    pub occurred_at: Instant,
    /// The kind.
    pub kind: KindCode,
    /// The target.
    pub target: Option<TargetId>,
    /// The target's name, where the register has it.
    pub target_name: Option<String>,
    /// How its operation stands.
    #[serde(flatten)]
    pub state: SentState,
    /// How all of it stands, photos too.
    pub progress: Liveness,
    /// Its photos.
    pub photos: PhotoCounts,
    /// Its lineage's cases as the server has them: confirmed, returned, dismissed, and why.
    pub cases: Vec<CaseRow>,
}

/// How these own inspections stand.
///
/// # Errors
/// [`StoreError::Sqlite`] and its special cases.
pub fn inspections(
    store: &DeviceStore,
    own: Vec<OwnInspection>,
) -> Result<Vec<InspectionStatus>, StoreError> {
    let lineages: BTreeSet<_> = own.iter().map(|own| own.inspection.lineage).collect();
    let mut cases: BTreeMap<InspectionId, Vec<CaseRow>> = BTreeMap::new();
    for case in store.master().cases(&lineages.into_iter().collect::<Vec<_>>())? {
        cases.entry(case.lineage).or_default().push(case);
    }
    let targets: BTreeSet<_> = own.iter().filter_map(target_of).collect();
    let pulled = store.master().targets(&targets.into_iter().collect::<Vec<_>>())?;
    let own_targets = store.work.overlays()?.into_iter().map(|overlay| overlay.content);
    let contents = pulled.into_iter().map(|target| target.content).chain(own_targets);
    let names: BTreeMap<_, _> = contents.map(|target| (target.target_id, target.name)).collect();
    let photos: Vec<_> = own.iter().flat_map(|own| &own.inspection.photos).collect();
    let photos: Vec<_> = photos.into_iter().map(|photo| photo.sha256.clone()).collect();
    let photos = store.work.photo_states(&photos)?;
    let ids: Vec<_> = own.iter().map(|own| own.inspection.inspection_id).collect();
    let replaced = store.work.corrections_of(&ids)?;
    let line = |own: OwnInspection| {
        let (target, corrects) = (target_of(&own), own.corrects);
        let inspection = own.inspection;
        let of_photo = |photo: &PhotoEntry| match photos.get(&photo.sha256) {
            Some(state) => Liveness::of_photo(state, photo.size, false),
            None => Liveness::Waiting,
        };
        let progress = Liveness::of_record(&own.state, false, inspection.photos.iter().map(of_photo));
        InspectionStatus {
            inspection_id: inspection.inspection_id,
            lineage: inspection.lineage,
            replaces: corrects,
            replaced_by: replaced.get(&inspection.inspection_id).copied(),
            occurred_at: inspection.occurred_at,
            kind: inspection.kind,
            target,
            target_name: target.and_then(|id| names.get(&id).cloned()),
            state: own.state.into(),
            progress,
            photos: count(inspection.photos.iter().map(|photo| &photo.sha256), &photos),
            cases: cases.get(&inspection.lineage).cloned().unwrap_or_default(),
        }
    };
    Ok(own.into_iter().map(line).collect())
}

/// What the user must do something about.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Attention {
    /// Inspections with a case that was returned, and no correction of them yet.
    pub returned: Vec<InspectionStatus>,
    /// Inspections that the server refused, and no correction of them yet.
    pub refused: Vec<InspectionStatus>,
}

/// What was returned or refused, however long ago.
///
/// # Errors
/// [`StoreError::Sqlite`] and its special cases.
pub fn attention(store: &DeviceStore) -> Result<Attention, StoreError> {
    let returned: BTreeSet<_> = store.master().returned_cases()?.iter().map(|case| case.lineage).collect();
    let of_returned = store.work.of_lineages(&returned.into_iter().collect::<Vec<_>>())?;
    let mut returned = inspections(store, of_returned)?;
    returned.retain(|line| {
        let is_refused = matches!(line.state, SentState::Refused(_));
        line.replaced_by.is_none() && !is_refused && line.cases.iter().any(is_returned)
    });
    let refused = inspections(store, store.work.refused_inspections()?)?;
    Ok(Attention { returned, refused })
}

fn is_returned(case: &CaseRow) -> bool {
    case.review_state == ReviewState::Returned
}

fn target_of(own: &OwnInspection) -> Option<TargetId> {
    own.inspection.context.target.as_ref().map(|target| target.target_id)
}

fn count<'a>(
    photos: impl Iterator<Item = &'a PhotoHash>,
    states: &BTreeMap<PhotoHash, PhotoState>,
) -> PhotoCounts {
    let mut counts = PhotoCounts::default();
    for photo in photos {
        match states.get(photo) {
            Some(PhotoState::Verified { .. }) => counts.verified += 1,
            Some(PhotoState::Refused(rejection)) => counts.refused.push(rejection.clone()),
            Some(PhotoState::Waiting { .. }) | None => counts.waiting += 1,
        }
    }
    counts
}
