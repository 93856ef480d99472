//! Status (状态): how the user's own work stands: waiting, sent or refused and why, photos apart, and what became of
//! its cases.

use serde::Serialize;
use sync_core::field::{InspectionStatus, LIST_MAX, inspections, policies};
use sync_core::ids::PackId;
use sync_core::store::WorkStore;
use sync_core::time::Instant;

use crate::device::Device;
use crate::error::DeviceError;

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
            unusable_packs: policies(&self.store)?.unusable.iter().map(|pack| pack.id.clone()).collect(),
            colleagues: self.colleagues()?,
        })
    }

    /// The user's newest inspections with how they stand, at most [`LIST_MAX`].
    ///
    /// # Errors
    /// [`DeviceError::Store`].
    pub fn inspections(&self) -> Result<Vec<InspectionStatus>, DeviceError> {
        Ok(inspections(&self.store, self.store.work.inspections(LIST_MAX)?)?)
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
