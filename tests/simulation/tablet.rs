//! A tablet: the product's stores and engine, driven as its program drives them, and killed between or within any two
//! effects.
//!
//! It keeps count of what it promised: what an inspector was told is recorded, and what the device was told the server
//! has. The oracle holds both sides to that.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use p256::ecdsa::signature::Signer;
use p256::ecdsa::{Signature, SigningKey};
use sha2::{Digest, Sha256};
use sync_core::engine::{Answer, Engine, Extent, Identity, PhotoBytes, PhotoUnreadable, Step, SyncReport};
use sync_core::ids::{BootId, OperationId, PhotoHash};
use sync_core::store::{DeviceStore, OperationState, OutboxEntry};
use sync_core::time::{Instant, ZoneName};
use sync_core::wire::operation::{Body, Header, OPERATION_SCHEMA_VERSION, Operation};

use crate::backend::Backend;
use crate::cast::Enrolled;
use crate::dice::{Dice, PerMille};
use crate::disk;
use crate::network::{Fate, Network, Weather};
use crate::oracle::{Property, Violation};

/// Operations of one tablet in one run at most.
const OPERATIONS_MAX: usize = 10_000;

/// A tablet.
pub struct Tablet {
    /// Its place among the tablets.
    pub number: usize,
    /// How it is enrolled.
    pub enrolled: Enrolled,
    /// How the network is where it is.
    pub weather: Weather,
    /// Milliseconds that its clock is ahead.
    pub skew: i64,
    /// What it promised.
    pub promises: Promises,
    /// Times it was killed.
    pub kills: u64,
    /// Odds of a kill at each effect.
    pub kill_odds: PerMille,
    folder: PathBuf,
    life: u32,
    store: Option<DeviceStore>,
    originals: Originals,
    engine: Option<Engine>,
    boot: BootId,
}

/// What a tablet promised.
#[derive(Debug, Default, Clone)]
pub struct Promises {
    /// Operations that the inspector was told are recorded, with the SHA-256 of their bytes.
    pub recorded: BTreeMap<OperationId, Vec<u8>>,
    /// Operations in whose recording it was killed: there or not there.
    pub maybe: BTreeSet<OperationId>,
    /// Operations that the server said it has applied.
    pub acknowledged: BTreeSet<OperationId>,
}

/// Photo originals.
#[derive(Debug, Default)]
struct Originals(BTreeMap<PhotoHash, Vec<u8>>);

impl PhotoBytes for Originals {
    fn read(&self, photo: &PhotoHash, offset: u64, length: usize) -> Result<Vec<u8>, PhotoUnreadable> {
        let unreadable = || PhotoUnreadable(photo.clone());
        let start = usize::try_from(offset).map_err(|_| unreadable())?;
        let bytes = self.0.get(photo).and_then(|bytes| bytes.get(start..start + length));
        bytes.map(<[u8]>::to_vec).ok_or_else(unreadable)
    }
}

/// What a step of a round came to.
#[derive(Debug)]
pub enum Stepped {
    /// It goes on.
    Goes,
    /// It rests until this time of the tablet's clock.
    Rests(Instant),
    /// It was killed.
    Killed,
    /// It is over.
    Over(Box<SyncReport>),
}

impl Tablet {
    /// A tablet with empty stores in a folder of its own.
    pub fn new(number: usize, enrolled: Enrolled, folder: PathBuf, boot: BootId, now: Instant) -> Self {
        let mut tablet = Self {
            number,
            enrolled,
            weather: Weather::Fine,
            skew: 0,
            promises: Promises::default(),
            kills: 0,
            kill_odds: 0,
            folder,
            life: 0,
            store: None,
            originals: Originals::default(),
            engine: None,
            boot,
        };
        std::fs::create_dir_all(tablet.home()).unwrap();
        tablet.open(now).unwrap();
        tablet
    }

    fn home(&self) -> PathBuf {
        self.folder.join(format!("life-{}", self.life))
    }

    fn open(&mut self, now: Instant) -> Result<(), Violation> {
        let Enrolled { user_id, incarnation, .. } = self.enrolled;
        let opened = DeviceStore::open(&self.home(), user_id, incarnation, self.clock(now));
        let opened = opened.map_err(|error| Property::ACrashDamagesNothing.broken(error))?;
        if !opened.set_aside.is_empty() {
            return Err(Property::ACrashDamagesNothing.broken(format!("set aside: {:?}", opened.set_aside)));
        }
        self.store = Some(opened.store);
        Ok(())
    }

    /// What its clock shows.
    pub fn clock(&self, now: Instant) -> Instant {
        Instant::from_millisecond(now.as_millisecond() + self.skew).unwrap()
    }

    /// Its stores.
    pub fn store(&self) -> &DeviceStore {
        self.store.as_ref().unwrap()
    }

    /// Whether a round is under way.
    pub fn is_syncing(&self) -> bool {
        self.engine.is_some()
    }

    /// Begins a round.
    pub fn begin_round(&mut self, dice: &mut Dice) {
        let extent = if dice.happens(100) { Extent::PullOnly } else { Extent::Sync };
        self.begin(extent, dice);
    }

    /// Begins a round that does everything.
    pub fn begin_full_round(&mut self, dice: &mut Dice) {
        self.begin(Extent::Sync, dice);
    }

    fn begin(&mut self, extent: Extent, dice: &mut Dice) {
        let identity = Identity {
            device_id: self.enrolled.device_id,
            user_id: self.enrolled.user_id,
            incarnation: self.store().work.incarnation(),
        };
        self.engine = Some(Engine::new(identity, extent, dice.next()));
    }

    /// One step of the round under way.
    pub fn step(
        &mut self,
        now: Instant,
        dice: &mut Dice,
        network: &mut Network,
        backend: &mut dyn Backend,
        trace: &mut Vec<String>,
    ) -> Result<Stepped, Violation> {
        let clock = self.clock(now);
        let Some(mut engine) = self.engine.take() else { return Ok(Stepped::Goes) };
        let (store, originals) = (self.store.as_mut().unwrap(), &self.originals);
        let step = engine.next(store, originals, clock).map_err(|e| Property::ARoundEnds.broken(e))?;
        let answer = match step {
            Step::Wait { until } => {
                self.engine = Some(engine);
                return Ok(Stepped::Rests(until));
            }
            Step::Done(report) => return Ok(Stepped::Over(report)),
            Step::Load { .. } => return Ok(Stepped::Goes),
            Step::Sign { challenge } => Answer::Signature(sign(self.enrolled.key.as_ref(), &challenge)),
            Step::Http(request) => {
                let (fate, answer) = network.carry(self.weather, dice, backend, &request);
                let path = request.path.split('?').next().unwrap_or_default();
                let told = match &answer {
                    Answer::Response(response) => response.status.to_string(),
                    _ => "-".to_owned(),
                };
                let bytes = request.body.len();
                trace.push(format!(
                    "tablet {}: {} {path} ({bytes} bytes) {fate:?} {told}",
                    self.number,
                    request.method.as_str()
                ));
                if fate != Fate::Lost && dice.happens(self.kill_odds) {
                    trace.push(format!("tablet {}: killed before the answer", self.number));
                    self.kill(now, dice, None)?;
                    return Ok(Stepped::Killed);
                }
                answer
            }
        };
        let killed = dice.happens(self.kill_odds);
        let before = killed.then(|| disk::read(&self.home()));
        let store = self.store.as_mut().unwrap();
        engine.receive(store, answer, clock).map_err(|error| Property::ARoundEnds.broken(error))?;
        if let Some(before) = before {
            trace.push(format!("tablet {}: killed while it took the answer", self.number));
            self.kill(now, dice, Some(before))?;
            return Ok(Stepped::Killed);
        }
        self.engine = Some(engine);
        Ok(Stepped::Goes)
    }

    /// Kills the program and starts it again; with what the disk held before, within the last effect.
    pub fn kill(
        &mut self,
        now: Instant,
        dice: &mut Dice,
        before: Option<disk::Files>,
    ) -> Result<(), Violation> {
        let home = self.home();
        let after = disk::read(&home);
        let left = before.map_or_else(|| after.clone(), |before| disk::torn(dice, &before, &after));
        self.engine = None;
        self.store = None;
        self.kills += 1;
        self.life += 1;
        disk::write(&self.home(), &left);
        std::fs::remove_dir_all(home).unwrap();
        self.boot = BootId(dice.id(now));
        self.open(now)?;
        self.check_promises()
    }

    /// Records an operation; its photos are on disk before. Says whether the inspector was told so.
    pub fn record(
        &mut self,
        now: Instant,
        dice: &mut Dice,
        body: Body,
        photos: Vec<Vec<u8>>,
    ) -> Result<bool, Violation> {
        self.originals.0.extend(photos.into_iter().map(|bytes| (PhotoHash::of(&bytes), bytes)));
        let (op_id, clock) = (OperationId(dice.id(now)), self.clock(now));
        let (occurred_at, pack_version) = match &body {
            Body::SubmitInspection(inspection) | Body::AmendInspection(inspection) => {
                (inspection.occurred_at, inspection.context.pack.as_ref().map(|pack| pack.hash.clone()))
            }
            _ => (clock, None),
        };
        let header = Header {
            op_id,
            author: self.enrolled.user_id,
            device: self.enrolled.device_id,
            incarnation: self.store().work.incarnation(),
            boot: self.boot,
            device_seq: 0,
            kind: body.kind().to_owned(),
            schema_version: OPERATION_SCHEMA_VERSION,
            pack_version,
            occurred_at,
            zone: ZoneName::record(),
            monotonic: 0,
        };
        let mut operation = Operation { header, body };
        let before = dice.happens(self.kill_odds).then(|| disk::read(&self.home()));
        let recorded = self.store.as_mut().unwrap().work.record(operation.clone());
        operation.header.device_seq =
            recorded.map_err(|error| Property::NothingRecordedIsLost.broken(error))?;
        let sha256 = Sha256::digest(operation.encode().unwrap()).to_vec();
        if let Some(before) = before {
            self.promises.maybe.insert(op_id);
            self.kill(now, dice, Some(before))?;
            return Ok(false);
        }
        self.promises.recorded.insert(op_id, sha256);
        Ok(true)
    }

    /// Every operation of its outbox, the oldest first.
    pub fn operations(&self) -> Vec<OutboxEntry> {
        let mut all = self.store().work.operations(OPERATIONS_MAX).unwrap();
        all.reverse();
        all
    }

    /// What was promised is there, and what was acknowledged stays so; then takes note of new acknowledgements.
    pub fn check_promises(&mut self) -> Result<(), Violation> {
        let states: BTreeMap<OperationId, OperationState> =
            self.operations().into_iter().map(|entry| (entry.op_id, entry.state)).collect();
        for op_id in self.promises.recorded.keys() {
            if !states.contains_key(op_id) {
                let what = format!("tablet {} recorded {op_id} and has it no more", self.number);
                return Err(Property::NothingRecordedIsLost.broken(what));
            }
        }
        let unknown = |id: &&OperationId| {
            !self.promises.recorded.contains_key(*id) && !self.promises.maybe.contains(*id)
        };
        if let Some(op_id) = states.keys().find(unknown) {
            return Err(Property::NothingRecordedIsLost.broken(format!("{op_id} came from nowhere")));
        }
        let applied = states.iter().filter(|(_, state)| matches!(state, OperationState::Applied { .. }));
        self.promises.acknowledged.extend(applied.map(|(id, _)| *id));
        Ok(())
    }

    /// Deletes the originals that may go, as a program does that needs the space; each must be in a backup.
    pub fn clear_photos(&mut self, backend: &mut dyn Backend) -> Result<(), Violation> {
        let work = &self.store.as_ref().unwrap().work;
        let may_go: Vec<PhotoHash> =
            self.originals.0.keys().filter(|photo| work.photo_may_go(photo).unwrap()).cloned().collect();
        if may_go.is_empty() {
            return Ok(());
        }
        let (kept, backed_up) = (backend.observe().photos, backend.backed_up_photos());
        for photo in may_go {
            if !kept.contains(&photo) || !backed_up.contains(&photo) {
                let what = format!("tablet {} lets {photo} go", self.number);
                return Err(Property::APhotoGoesOnlyWhenItIsSafe.broken(what));
            }
            self.originals.0.remove(&photo);
        }
        Ok(())
    }

    /// Ends it and says where its files are.
    pub fn shut_down(&mut self) -> PathBuf {
        self.engine = None;
        self.store = None;
        self.home()
    }
}

fn sign(key: Option<&SigningKey>, challenge: &str) -> String {
    let Some(key) = key else { return "unsigned".to_owned() };
    let signature: Signature = key.sign(challenge.as_bytes());
    URL_SAFE_NO_PAD.encode(signature.to_bytes())
}
