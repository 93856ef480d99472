//! The device: capture and sync on a disk that fails at each of its writes.
//!
//! After every failure: what was said to be recorded is there with its bytes, nothing is there by half, no database counts
//! as damaged, a full disk is called a full disk, and once there is room the same step is done as if nothing had been.

use std::fs;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use device::{DeviceError, PhotoFiles};
use serde_json::json;
use serde_json::value::RawValue;
use sync_core::ids::{Incarnation, InspectionId, PhotoHash, TargetId, UserId};
use sync_core::model::photo::PhotoSource;
use sync_core::store::{DeviceStore, Draft, StoreError};
use sync_core::time::Instant;
use sync_core::wire::operation::Operation;
use sync_core::wire::pull::{Change, ChangeKind, PullAnswer, PullPage, entity};
use sync_core::wire::push::{OperationResult, Outcome, PushRequest, PushResponse};
use uuid::Uuid;

use crate::failing::{Disk, Fault};

const USER: UserId = UserId(Uuid::from_u128(0xA));
const INCARNATION: Incarnation = Incarnation(Uuid::from_u128(0xB));
/// The push and the page of the golden files: an operation and a row of every kind.
const PUSH: &str = include_str!("../../sync-core/tests/golden/wire_v1/push.json");
const PAGE: &str = include_str!("../../sync-core/tests/golden/wire_v1/pull_page.json");
/// Targets of the larger pages: more than the log's first pages hold.
const TARGETS: u128 = 24;

/// What a tablet does in a day, in order.
const DAY: [Step; 11] = [
    Step::Open,
    Step::TakePhoto,
    Step::Record(0..3),
    Step::SaveDraft,
    Step::Record(3..5),
    Step::HearOfPush,
    Step::Pull { first: 1, more: false },
    Step::Restart,
    Step::Pull { first: 1001, more: true },
    Step::Pull { first: 2001, more: false },
    Step::Record(5..7),
];

#[derive(Debug, Clone, PartialEq, Eq)]
enum Step {
    Open,
    TakePhoto,
    Record(std::ops::Range<usize>),
    SaveDraft,
    HearOfPush,
    Pull { first: u128, more: bool },
    Restart,
}

impl Step {
    /// How many operations are recorded after it, if it records some.
    fn recorded(&self) -> Option<u64> {
        match self {
            Self::Record(which) => Some(u64::try_from(which.end).unwrap()),
            _ => None,
        }
    }
}

/// Why a step failed.
#[derive(Debug)]
enum Failure {
    Store(StoreError),
    Photo(DeviceError),
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        Self::Store(error)
    }
}

impl Failure {
    /// Whether the inspector is told that the device is full.
    fn says_full(&self) -> bool {
        match self {
            Self::Store(StoreError::DiskFull) => true,
            Self::Store(StoreError::File { source, .. }) | Self::Photo(DeviceError::File { source, .. }) => {
                source.kind() == ErrorKind::StorageFull
            }
            Self::Store(_) | Self::Photo(_) => false,
        }
    }

    fn says_damaged(&self) -> bool {
        matches!(self, Self::Store(StoreError::Corrupt(_)))
    }
}

/// A tablet with its folder.
struct Tablet {
    folder: PathBuf,
    photo: PathBuf,
    store: Option<DeviceStore>,
}

fn now() -> Instant {
    "2026-11-22T02:00:00Z".parse().unwrap()
}

fn operations() -> Vec<Operation> {
    let push: PushRequest = serde_json::from_str(PUSH).unwrap();
    push.operations.iter().map(|text| Operation::decode(text.get().as_bytes()).unwrap()).collect()
}

/// The golden page, with targets numbered from `first` on.
fn page(first: u128, more: bool) -> PullPage {
    let PullAnswer::Page(mut page) = serde_json::from_str(PAGE).unwrap() else { panic!("not a page") };
    page.cursor = format!("after-{first}");
    page.more = more;
    // What became of the device's own work is not what this is about.
    page.changes.retain(|change| change.entity != entity::OPERATION && change.entity != entity::PHOTO);
    page.backed_up_through = None;
    page.changes.extend((first..first + TARGETS).map(|number| {
        let id = TargetId(Uuid::from_u128(number << 32));
        let row = json!({
            "target_id": id, "kind": "stockpile", "code": format!("DC-{number}"), "name": format!("马村{number}号煤场"),
            "address": "", "point": { "lon": 113.3, "lat": 35.2 }, "grid": "410804/001",
            "unit_id": Uuid::from_u128(7), "version": 1,
        });
        let row = Some(RawValue::from_string(row.to_string()).unwrap());
        Change { entity: entity::TARGET.to_owned(), id: id.to_string(), change: ChangeKind::Upsert, row }
    }));
    page
}

impl Tablet {
    fn open(&mut self) -> Result<(), StoreError> {
        // One connection a database: the old ones close first.
        self.store = None;
        let opened = DeviceStore::open(&self.folder, USER, INCARNATION, now())?;
        assert!(opened.set_aside.is_empty(), "a disk without room damages nothing");
        self.store = Some(opened.store);
        Ok(())
    }

    fn store(&mut self) -> &mut DeviceStore {
        self.store.as_mut().unwrap()
    }

    fn take(&mut self, step: &Step) -> Result<(), Failure> {
        match step {
            Step::Open => self.open()?,
            Step::TakePhoto => {
                let photos = PhotoFiles::new(self.folder.clone());
                let taken = photos.take(&self.photo, None, PhotoSource::Camera, now(), "photos[0]");
                taken.map_err(Failure::Photo)?;
            }
            Step::Record(which) => {
                for operation in &operations()[which.clone()] {
                    self.store().work.record(operation.clone())?;
                }
            }
            Step::SaveDraft => {
                let inspection_id = InspectionId(Uuid::from_u128(0x39));
                let draft = Draft { inspection_id, saved_at: now(), json: "{\"step\":2}".to_owned() };
                self.store().work.save_draft(&draft)?;
            }
            Step::HearOfPush => {
                let op_id = operations()[0].header.op_id;
                let results = vec![OperationResult { op_id, outcome: Outcome::Applied }];
                let epoch = page(1, false).epoch;
                self.store().work.apply_push_response(&PushResponse {
                    results,
                    epoch,
                    server_time: now(),
                })?;
            }
            Step::Pull { first, more } => {
                self.store().apply_page(&page(*first, *more))?;
            }
            Step::Restart => self.store().restart()?,
        }
        Ok(())
    }

    /// Everything that these steps said is done; the step that failed is done or not: a sync that fails says nothing about
    /// the bytes before it.
    fn must_hold(&mut self, done: &[Step], failed: Option<&Step>) {
        self.open().unwrap();
        let counts = self.store().work.counts().unwrap();
        let as_said = |step: &Step, there: bool| {
            let perhaps = failed == Some(step);
            assert!(perhaps || there == done.contains(step), "{step:?}: {there}, after {done:?}");
        };
        as_said(&Step::HearOfPush, counts.acknowledged == 1);
        as_said(&Step::SaveDraft, counts.drafts == 1);
        let recorded = done.iter().filter_map(Step::recorded).max().unwrap_or_default();
        let most = failed.and_then(Step::recorded).unwrap_or(recorded);
        let found = counts.waiting + counts.acknowledged;
        // Each operation is whole by itself: of those of the failed step, some may be recorded.
        assert!((recorded..=most).contains(&found), "{found} are recorded, of {recorded} to {most}");
        let mut sent = self.store().work.outbox_batch(usize::MAX, usize::MAX).unwrap();
        sent.sort_by_key(|operation| operation.device_seq);
        let all = operations();
        let waiting = &all[usize::try_from(counts.acknowledged).unwrap()..];
        for (sent, recorded) in sent.iter().zip(waiting) {
            assert_eq!(sent.bytes, recorded.encode().unwrap());
        }
        if done.contains(&Step::TakePhoto) {
            let kept = fs::read(self.folder.join(PhotoHash::of(&photo()).as_str())).unwrap();
            assert_eq!(kept, photo());
        }
        let pulled = done.iter().any(|step| matches!(step, Step::Pull { .. }));
        let rows = self.store().search("煤场", None).unwrap().len();
        let perhaps = matches!(failed, Some(Step::Pull { .. }));
        assert!(perhaps || (rows > 0) == pulled, "rows and cursor are one transaction");
    }
}

/// A PNG by its mark.
fn photo() -> Vec<u8> {
    [b"\x89PNG\r\n\x1a\n".as_slice(), &[7; 20_000]].concat()
}

/// Plays the day on a disk whose call of this number fails. After the failure the app goes on, or starts again. Says whether
/// the disk had so many calls.
fn play(disk: &Disk, folder: &Path, call: u64, fault: Fault, starts_again: bool) -> bool {
    let _ = fs::remove_dir_all(disk.root());
    fs::create_dir_all(disk.root().join("user")).unwrap();
    let source = folder.join("photo.png");
    fs::write(&source, photo()).unwrap();
    let mut tablet = Tablet { folder: disk.root().join("user"), photo: source, store: None };
    disk.fail(call, fault);
    let mut hit = false;
    for (place, step) in DAY.iter().enumerate() {
        let Err(failure) = tablet.take(step) else { continue };
        let what = || format!("call {call}, {fault:?}, {step:?}: {failure:?}");
        assert!(!failure.says_damaged(), "{}", what());
        assert!(failure.says_full() || fault == Fault::Broken, "{}", what());
        if fault == Fault::Full {
            // Still no room: it is said again, nothing gets worse.
            let again = tablet.take(step);
            assert!(again.is_ok() || again.is_err_and(|failure| failure.says_full()), "{}", what());
        }
        hit |= disk.heal();
        if starts_again {
            tablet.must_hold(&DAY[..place], Some(step));
        }
        if tablet.take(step).is_err() {
            // What does not go on starts again, at the latest.
            tablet.open().unwrap();
            if let Err(again) = tablet.take(step) {
                panic!("{}: and with room again: {again:?}", what());
            }
        }
    }
    hit |= disk.heal();
    tablet.must_hold(&DAY, None);
    assert_eq!(tablet.store().pull_cursor().unwrap().as_deref(), Some("after-2001"));
    assert_eq!(tablet.store().work.counts().unwrap().waiting, 6, "the queue can empty");
    let mut holds =
        |number: u128| tablet.store().target(TargetId(Uuid::from_u128(number << 32))).unwrap().is_some();
    assert_eq!(
        [holds(1), holds(1001), holds(2001)],
        [false, true, true],
        "the new register, and nothing of the old"
    );
    hit
}

/// Plays the day with every call failing once; after every other failure the app starts again. Says how many that were.
pub fn every_write_fails_once(disk: &Disk) -> u64 {
    let folder = tempfile::tempdir().unwrap();
    let mut played = 0;
    for fault in [Fault::Full, Fault::Broken] {
        let calls = (0..).take_while(|call| play(disk, folder.path(), *call, fault, call % 2 == 0));
        played += u64::try_from(calls.count()).unwrap();
    }
    played
}
