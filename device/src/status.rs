//! Status (状态): how the user's own work stands: waiting, sent or refused and why, photos apart, and what became of
//! its cases.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;
use sync_core::ids::{InspectionId, KindCode, PackId, PhotoHash, TargetId};
use sync_core::model::case::CaseRow;
use sync_core::model::photo::PhotoEntry;
use sync_core::store::{Liveness, OperationState, OwnInspection, PhotoState, WorkStore};
use sync_core::time::Instant;
use sync_core::wire::push::{Missing, Rejection};

use crate::device::Device;
use crate::error::DeviceError;
use crate::seal_inspection::policies;

/// Inspections in a list, the newest.
const LIST_MAX: usize = 200;

/// How a user's work stands.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Status {
    /// The server.
    pub server: String,
    /// The user's name.
    pub user: String,
    /// How fresh the register is; absent before the first pull.
    pub register_as_of: Option<Instant>,
    /// Operations that the server has not answered for yet.
    pub waiting: u64,
    /// Operations that wait for something the server misses.
    pub held: u64,
    /// Operations the server refused; they never count as done.
    pub refused: u64,
    /// Operations the server keeps for an administrator, because this device was revoked.
    pub quarantined: u64,
    /// Operations the server applied.
    pub acknowledged: u64,
    /// Photos not sent to their end.
    pub photos_waiting: u64,
    /// Photos that the server has whole and has not judged yet.
    pub photos_unjudged: u64,
    /// Photos the server refused.
    pub photos_refused: u64,
    /// Drafts.
    pub drafts: u64,
    /// How often the register differed from the server's and was fetched anew.
    pub repairs: u64,
    /// Pulled policy packs that this build cannot use: charges shown may be incomplete.
    pub unusable_packs: Vec<PackId>,
    /// How much of other users' work waits on this device; nothing more is shown of it.
    pub colleagues: Vec<Colleague>,
}

/// How much of another user's work waits here.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Colleague {
    /// The user's name.
    pub user: String,
    /// Operations that wait.
    pub waiting: u64,
    /// Photos that wait.
    pub photos_waiting: u64,
}

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
    /// The one it corrects.
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

impl Device {
    /// How the user's work stands.
    ///
    /// # Errors
    /// [`DeviceError::Store`].
    pub fn status(&self) -> Result<Status, DeviceError> {
        let counts = self.store.work.counts()?;
        Ok(Status {
            server: self.profile.server.clone(),
            user: self.user.name.clone(),
            register_as_of: self.store.master().as_of()?,
            waiting: counts.waiting,
            held: counts.held,
            refused: counts.refused,
            quarantined: counts.quarantined,
            acknowledged: counts.acknowledged,
            photos_waiting: counts.photos_waiting,
            photos_unjudged: counts.photos_unjudged,
            photos_refused: counts.photos_refused,
            drafts: counts.drafts,
            repairs: self.store.work.repairs()?,
            unusable_packs: policies(&self.store)?.unusable.into_iter().map(|pack| pack.id).collect(),
            colleagues: self.colleagues()?,
        })
    }

    /// The user's newest inspections with how they stand, at most 200.
    ///
    /// # Errors
    /// [`DeviceError::Store`].
    pub fn inspections(&self) -> Result<Vec<InspectionStatus>, DeviceError> {
        let own = self.store.work.inspections(LIST_MAX)?;
        let lineages: BTreeSet<_> = own.iter().map(|own| own.inspection.lineage).collect();
        let mut cases: BTreeMap<InspectionId, Vec<CaseRow>> = BTreeMap::new();
        for case in self.store.master().cases(&lineages.into_iter().collect::<Vec<_>>())? {
            cases.entry(case.lineage).or_default().push(case);
        }
        let targets: BTreeSet<_> = own.iter().filter_map(target_of).collect();
        let pulled = self.store.master().targets(&targets.into_iter().collect::<Vec<_>>())?;
        let own_targets = self.store.work.overlays()?.into_iter().map(|overlay| overlay.content);
        let contents = pulled.into_iter().map(|target| target.content).chain(own_targets);
        let names: BTreeMap<_, _> = contents.map(|target| (target.target_id, target.name)).collect();
        let photos: Vec<_> = own.iter().flat_map(|own| &own.inspection.photos).collect();
        let photos: Vec<_> = photos.into_iter().map(|photo| photo.sha256.clone()).collect();
        let photos = self.store.work.photo_states(&photos)?;
        let replaced: BTreeMap<_, _> = own
            .iter()
            .filter_map(|own| Some((own.inspection.replaces?, own.inspection.inspection_id)))
            .collect();
        let line = |own: OwnInspection| {
            let target = target_of(&own);
            let inspection = own.inspection;
            let of_photo = |photo: &PhotoEntry| match photos.get(&photo.sha256) {
                Some(state) => Liveness::of_photo(state, photo.size, false),
                None => Liveness::Waiting,
            };
            let progress = Liveness::of_record(&own.state, false, inspection.photos.iter().map(of_photo));
            InspectionStatus {
                inspection_id: inspection.inspection_id,
                lineage: inspection.lineage,
                replaces: inspection.replaces,
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

    fn colleagues(&self) -> Result<Vec<Colleague>, DeviceError> {
        let others = self.profile.users.iter().filter(|user| user.user_id != self.user.user_id);
        others
            .map(|user| {
                let work = self.dir.user(user.user_id)?.join("work.db");
                // One who never recorded anything has no work database yet.
                let counts = if work.exists() {
                    WorkStore::open_existing(&work)?.counts()?
                } else {
                    Default::default()
                };
                Ok(Colleague {
                    user: user.name.clone(),
                    waiting: counts.waiting + counts.held,
                    photos_waiting: counts.photos_waiting,
                })
            })
            .collect()
    }
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
