//! A device of one user: what the command line, the demonstration and the integration tests drive.
//!
//! Invariants: everything but [`Device::enrol`], [`Device::sync`] and [`Device::pull`] works without a network and
//! without a token; a photo's file is durable before the row that names it.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use sync_core::engine::{Answer, Engine, Extent, Identity, Step, SyncReport};
use sync_core::field::{
    Author, NewInspection, NewTarget, Recorded, Written, checklist, make_target, own_inspection, record,
    record_inspection, recorded, seal_inspection,
};
use sync_core::geo::Point;
use sync_core::ids::{BootId, Incarnation, InspectionId, OperationId, TargetId, UserId};
use sync_core::policy::Kind;
use sync_core::store::{DeviceStore, Draft, Found, Opened, Received, RegisterEntry, StoreError};
use sync_core::time::{Clock, Instant};
use sync_core::wire::operation::Body;

use crate::data_dir::{DataDir, EnrolledUser, Profile};
use crate::error::DeviceError;
use crate::key::DeviceKey;
use crate::photo_files::PhotoFiles;
use crate::transport::{HttpTransport, Transport};

/// One user of one device.
pub struct Device {
    pub(crate) dir: DataDir,
    pub(crate) profile: Profile,
    pub(crate) user: EnrolledUser,
    pub(crate) store: DeviceStore,
    photos: PhotoFiles,
    clock: Arc<dyn Clock>,
    boot: BootId,
    started: std::time::Instant,
    set_aside: Vec<PathBuf>,
    watcher: Option<Watcher>,
}

/// Who is told how far the download of the register is.
type Watcher = Box<dyn FnMut(&Received) + Send>;

impl Device {
    /// The device of this directory, for its only user.
    ///
    /// # Errors
    /// As [`Self::open_as`].
    pub fn open(dir: &Path, clock: Arc<dyn Clock>) -> Result<Self, DeviceError> {
        Self::open_as(dir, None, clock)
    }

    /// The device of this directory for the user of this id or name. The register is not read through: what meets damage
    /// in it fails ([`DeviceError::is_damage`]), and [`Self::open_thoroughly`] then sets it aside.
    ///
    /// # Errors
    /// [`DeviceError::NotEnrolled`], [`DeviceError::WhichUser`], [`DeviceError::Store`], and those of files.
    pub fn open_as(dir: &Path, user: Option<&str>, clock: Arc<dyn Clock>) -> Result<Self, DeviceError> {
        Self::open_with(DeviceStore::open_quickly, dir, user, clock)
    }

    /// As [`Self::open_as`], but every file is read through; one that is damaged is set aside.
    ///
    /// # Errors
    /// As [`Self::open_as`].
    pub fn open_thoroughly(
        dir: &Path,
        user: Option<&str>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, DeviceError> {
        Self::open_with(DeviceStore::open, dir, user, clock)
    }

    fn open_with(
        open: fn(&Path, UserId, Incarnation, Instant) -> Result<Opened, StoreError>,
        dir: &Path,
        user: Option<&str>,
        clock: Arc<dyn Clock>,
    ) -> Result<Self, DeviceError> {
        let data = DataDir::existing(dir)?;
        let profile = data.profile()?.ok_or_else(|| DeviceError::NotEnrolled(dir.to_path_buf()))?;
        let user = profile.user(user)?.clone();
        let opened = open(&data.user(user.user_id)?, user.user_id, profile.incarnation, clock.now())?;
        Ok(Self {
            photos: PhotoFiles::new(data.photos()),
            dir: data,
            profile,
            user,
            store: opened.store,
            clock,
            boot: BootId::fresh(),
            started: std::time::Instant::now(),
            set_aside: opened.set_aside,
            watcher: None,
        })
    }

    /// The user.
    #[must_use]
    pub const fn user(&self) -> &EnrolledUser {
        &self.user
    }

    /// Damaged files that opening set aside, by the names they have now.
    #[must_use]
    pub fn set_aside(&self) -> &[PathBuf] {
        &self.set_aside
    }

    /// The stores, to look into.
    #[must_use]
    pub const fn store(&self) -> &DeviceStore {
        &self.store
    }

    /// The photo originals.
    #[must_use]
    pub const fn photos(&self) -> &PhotoFiles {
        &self.photos
    }

    /// Tells this from now on how far the download of the register is, after each part of it.
    pub fn watch_download(&mut self, watcher: impl FnMut(&Received) + Send + 'static) {
        self.watcher = Some(Box::new(watcher));
    }

    /// Pushes, pulls and sends photos: one round over HTTP. What failed and what still waits is in the report. Then
    /// originals go that may, where more are here than are to be kept.
    ///
    /// # Errors
    /// [`DeviceError::Engine`] when this device's store failed, [`DeviceError::Key`].
    pub fn sync(&mut self) -> Result<SyncReport, DeviceError> {
        let report = self.round(Extent::Sync, &HttpTransport::new(&self.profile.server))?;
        self.free_originals()?;
        Ok(report)
    }

    /// Pulls only.
    ///
    /// # Errors
    /// As [`Self::sync`].
    pub fn pull(&mut self) -> Result<SyncReport, DeviceError> {
        self.round(Extent::PullOnly, &HttpTransport::new(&self.profile.server))
    }

    /// Pulls, and compares the register with the server's.
    ///
    /// # Errors
    /// As [`Self::sync`].
    pub fn compare(&mut self) -> Result<SyncReport, DeviceError> {
        self.comparing_round(&HttpTransport::new(&self.profile.server))
    }

    /// One round over any transport.
    ///
    /// # Errors
    /// As [`Self::sync`].
    pub fn round(&mut self, extent: Extent, transport: &dyn Transport) -> Result<SyncReport, DeviceError> {
        self.play(|identity, seed| Engine::new(identity, extent, seed), transport)
    }

    /// A round that pulls, and compares the register with the server's in any case (核对).
    ///
    /// # Errors
    /// As [`Self::sync`].
    pub fn comparing_round(&mut self, transport: &dyn Transport) -> Result<SyncReport, DeviceError> {
        self.play(|identity, seed| Engine::new(identity, Extent::PullOnly, seed).comparing(), transport)
    }

    fn play(
        &mut self,
        engine: impl FnOnce(Identity, u64) -> Engine,
        transport: &dyn Transport,
    ) -> Result<SyncReport, DeviceError> {
        let key = DeviceKey::read(&self.dir.key())?;
        let identity = Identity {
            device_id: self.user.device_id,
            user_id: self.user.user_id,
            incarnation: self.store.work.incarnation(),
        };
        let mut engine = engine(identity, rand::random());
        // A clock that stands still, such as a test's, must not make a pause endless.
        let mut rested = self.clock.now();
        let mut told = 0;
        loop {
            let now = self.clock.now().max(rested);
            let answer = match engine.next(&mut self.store, &self.photos, now)? {
                Step::Http(request) => match transport.carry(&request) {
                    Ok(response) => Answer::Response(response),
                    Err(error) => Answer::Failed(error),
                },
                Step::Sign { challenge } => Answer::Signature(key.sign(&challenge)),
                // Files are always at hand.
                Step::Load { .. } => continue,
                Step::Wait { until } => {
                    let millis = until.as_millisecond().saturating_sub(now.as_millisecond());
                    std::thread::sleep(std::time::Duration::from_millis(millis.unsigned_abs()));
                    rested = until;
                    continue;
                }
                Step::Done(report) => return Ok(*report),
            };
            engine.receive(&mut self.store, answer, self.clock.now().max(rested))?;
            self.tell_watcher(&mut told)?;
        }
    }

    /// Tells of a download that has grown since it was told of.
    fn tell_watcher(&mut self, told: &mut u64) -> Result<(), DeviceError> {
        let Some(watcher) = &mut self.watcher else { return Ok(()) };
        if let Some(received) = self.store.snapshot_received()?
            && received.received != *told
        {
            *told = received.received;
            watcher(&received);
        }
        Ok(())
    }

    /// Records an inspection: photos first, then one transaction of the sealed inspection and its operation.
    ///
    /// # Errors
    /// [`DeviceError::Refused`] with everything wrong, nothing recorded then; [`DeviceError::Store`],
    /// [`DeviceError::File`].
    pub fn record(&mut self, given: NewInspection) -> Result<Recorded, DeviceError> {
        self.seal_and_record(given, None)
    }

    /// Records a correction, which names the inspection it replaces; what is not given is carried over.
    ///
    /// # Errors
    /// [`DeviceError::InspectionUnknown`] when it is none of this user's on this device; else as [`Self::record`].
    pub fn amend(&mut self, replaced: InspectionId, given: NewInspection) -> Result<Recorded, DeviceError> {
        let given = given.over(NewInspection::of_sealed(own_inspection(&self.store, replaced)?));
        self.seal_and_record(given, Some(replaced))
    }

    /// Registers a target on the spot.
    ///
    /// # Errors
    /// [`DeviceError::Refused`] with everything wrong; [`DeviceError::Store`].
    pub fn register_target(&mut self, given: NewTarget) -> Result<TargetId, DeviceError> {
        let target = make_target(&self.store, TargetId::fresh(), given, self.clock.now())?;
        let target_id = target.target_id;
        self.write(Body::RegisterTarget(target))?;
        Ok(target_id)
    }

    /// Searches the register by name, register number and pinyin initials; nearest first where a place is given.
    ///
    /// # Errors
    /// [`DeviceError::Store`].
    pub fn search(&self, text: &str, near: Option<Point>) -> Result<Vec<Found>, DeviceError> {
        Ok(self.store.search(text, near)?)
    }

    /// One target of the register.
    ///
    /// # Errors
    /// [`DeviceError::Store`].
    pub fn target(&self, id: TargetId) -> Result<Option<RegisterEntry>, DeviceError> {
        Ok(self.store.target(id)?)
    }

    /// What a recorded inspection led to, again.
    ///
    /// # Errors
    /// [`DeviceError::InspectionUnknown`], [`DeviceError::Store`].
    pub fn recorded(&self, id: InspectionId) -> Result<Recorded, DeviceError> {
        Ok(recorded(&self.store, id)?)
    }

    /// The kind as the pack that judged describes it, with the wording of its questions.
    ///
    /// # Errors
    /// [`DeviceError::Store`].
    pub fn checklist(&self, recorded: &Recorded) -> Result<Option<Kind>, DeviceError> {
        Ok(checklist(&self.store, recorded)?)
    }

    /// Saves a draft, with its photos taken in; a fresh one where `id` is absent. The inspection keeps the id.
    ///
    /// # Errors
    /// [`DeviceError::Refused`] for a photo; [`DeviceError::Store`], [`DeviceError::File`].
    pub fn save_draft(
        &mut self,
        id: Option<InspectionId>,
        given: NewInspection,
    ) -> Result<InspectionId, DeviceError> {
        let given = self.take_photos(given)?;
        let inspection_id = id.unwrap_or_else(InspectionId::fresh);
        let json = serde_json::to_string(&given)
            .map_err(|source| DeviceError::NotReadable { path: PathBuf::from("draft"), source })?;
        self.store.work.save_draft(&Draft { inspection_id, saved_at: self.clock.now(), json })?;
        Ok(inspection_id)
    }

    /// A draft as it stands.
    ///
    /// # Errors
    /// [`DeviceError::InspectionUnknown`], [`DeviceError::NotReadable`], [`DeviceError::Store`].
    pub fn draft(&self, id: InspectionId) -> Result<NewInspection, DeviceError> {
        let draft = self.store.work.draft(id)?;
        let draft = draft.ok_or_else(|| DeviceError::InspectionUnknown(id.to_string()))?;
        serde_json::from_str(&draft.json)
            .map_err(|source| DeviceError::NotReadable { path: PathBuf::from("draft"), source })
    }

    /// Discards a draft. Its photo originals stay.
    ///
    /// # Errors
    /// [`DeviceError::InspectionUnknown`], [`DeviceError::Store`].
    pub fn discard_draft(&mut self, id: InspectionId) -> Result<(), DeviceError> {
        let there = self.store.work.discard_draft(id)?;
        if there { Ok(()) } else { Err(DeviceError::InspectionUnknown(id.to_string())) }
    }

    /// Seals a draft: records the inspection under the draft's id, which ends the draft in the same transaction.
    ///
    /// # Errors
    /// As [`Self::record`]; the draft stays then.
    pub fn seal_draft(&mut self, id: InspectionId) -> Result<Recorded, DeviceError> {
        let given = self.draft(id)?;
        self.seal(id, given, None)
    }

    fn seal_and_record(
        &mut self,
        given: NewInspection,
        corrects: Option<InspectionId>,
    ) -> Result<Recorded, DeviceError> {
        let given = self.take_photos(given)?;
        self.seal(InspectionId::fresh(), given, corrects)
    }

    fn seal(
        &mut self,
        id: InspectionId,
        given: NewInspection,
        corrects: Option<InspectionId>,
    ) -> Result<Recorded, DeviceError> {
        let (author, now) = (self.user.user_id, self.clock.now());
        let sealed = seal_inspection(&self.store, author, id, given, corrects, now)?;
        let (author, written) = self.writes();
        Ok(record_inspection(&mut self.store, &author, sealed, written)?)
    }

    /// Takes in the photos named by file; from then on the manifest names them by hash.
    fn take_photos(&self, mut given: NewInspection) -> Result<NewInspection, DeviceError> {
        for (index, photo) in std::mem::take(&mut given.photos).into_iter().enumerate() {
            let field = format!("photos[{index}]");
            let now = self.clock.now();
            let entry = self.photos.take(&photo.file, photo.question, photo.source, now, &field)?;
            given.kept_photos.push(entry);
        }
        Ok(given)
    }

    /// The device's clock.
    pub(crate) fn now(&self) -> Instant {
        self.clock.now()
    }

    /// Records one operation.
    pub(crate) fn write(&mut self, body: Body) -> Result<OperationId, DeviceError> {
        let (author, written) = self.writes();
        record(&mut self.store, &author, body, written)?;
        Ok(written.op_id)
    }

    /// Who writes, now, under a fresh id.
    fn writes(&self) -> (Author, Written) {
        let written = Written {
            op_id: OperationId::fresh(),
            at: self.clock.now(),
            monotonic: u64::try_from(self.started.elapsed().as_millis()).unwrap_or(u64::MAX),
        };
        (Author { user: self.user.user_id, device: self.user.device_id, boot: self.boot }, written)
    }
}
