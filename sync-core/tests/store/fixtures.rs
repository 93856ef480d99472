//! What the tests record and pull: one user, one street, made-up sites.

use serde_json::value::RawValue;
use serde_json::{Value, json};
use sync_core::geo::Point;
use sync_core::ids::{
    BootId, DeviceId, Epoch, Incarnation, InspectionId, OperationId, PhotoHash, TargetId, UnitId, UserId,
};
use sync_core::model::assignment::DiscoveryLevel;
use sync_core::model::inspection::{Context, Inspection, SiteRepresentative};
use sync_core::model::photo::{PhotoEntry, PhotoSource};
use sync_core::model::target::{Facts, Target, TargetContent};
use sync_core::store::{DeviceStore, OutboxOperation, WorkStore};
use sync_core::time::{Instant, ZoneName};
use sync_core::wire::operation::{Body, Header, OPERATION_SCHEMA_VERSION, Operation, TargetUpdate};
use sync_core::wire::problem::ProblemKind;
use sync_core::wire::pull::{Change, ChangeKind, PullPage};
use sync_core::wire::push::{OperationResult, Outcome};
use tempfile::TempDir;
use uuid::Uuid;

/// A fixed id.
pub fn uuid(number: u128) -> Uuid {
    Uuid::from_u128(number)
}

pub const USER: UserId = UserId(Uuid::from_u128(0xA));
pub const INCARNATION: Incarnation = Incarnation(Uuid::from_u128(0xB));
pub const EPOCH: Epoch = Epoch(Uuid::from_u128(0xE));
pub const UNIT: UnitId = UnitId(Uuid::from_u128(0xF));

/// The instant `minutes` after the day's beginning.
pub fn at(minutes: i64) -> Instant {
    "2024-10-08T00:00:00Z".parse::<Instant>().unwrap().plus_seconds(minutes * 60)
}

/// A work store in a directory of its own.
pub fn work_store() -> (TempDir, WorkStore) {
    let directory = TempDir::new().unwrap();
    let store = WorkStore::open(&directory.path().join("work.db"), USER, INCARNATION).unwrap();
    (directory, store)
}

/// A device store in a directory of its own.
pub fn device_store() -> (TempDir, DeviceStore) {
    let directory = TempDir::new().unwrap();
    let store = reopen(&directory);
    (directory, store)
}

/// The device store of a directory, which must be sound.
pub fn reopen(directory: &TempDir) -> DeviceStore {
    let opened = DeviceStore::open(directory.path(), USER, INCARNATION, at(0)).unwrap();
    assert!(opened.set_aside.is_empty(), "{:?}", opened.set_aside);
    opened.store
}

pub fn operation(body: Body) -> Operation {
    Operation {
        header: Header {
            op_id: OperationId::fresh(),
            author: USER,
            device: DeviceId(uuid(0xC)),
            incarnation: INCARNATION,
            boot: BootId(uuid(0xD)),
            device_seq: 0,
            kind: body.kind().to_owned(),
            schema_version: OPERATION_SCHEMA_VERSION,
            pack_version: None,
            occurred_at: at(0),
            zone: ZoneName::record(),
            monotonic: 0,
        },
        body,
    }
}

pub fn inspection(id: InspectionId) -> Inspection {
    Inspection {
        inspection_id: id,
        lineage: id,
        replaces: None,
        author: USER,
        occurred_at: at(0),
        zone: ZoneName::record(),
        kind: "stockpile".parse().unwrap(),
        fix: None,
        observed: None,
        place: String::new(),
        answers: vec![],
        measurements: vec![],
        notes: String::new(),
        second_inspector: None,
        site_representative: SiteRepresentative::Absent,
        photos: vec![],
        context: Context {
            target: None,
            grid: "410804/001".parse().unwrap(),
            unit_id: UNIT,
            zones: vec![],
            level: DiscoveryLevel::District,
            pack: None,
        },
    }
}

/// The operation that submits a fresh inspection.
pub fn submission() -> Operation {
    operation(Body::SubmitInspection(inspection(InspectionId::fresh())))
}

/// The operation that corrects the inspection which another operation submits.
pub fn amendment(of: &Operation) -> Operation {
    let Body::SubmitInspection(first) = &of.body else { panic!("not a submission") };
    let successor = Inspection {
        lineage: first.lineage,
        replaces: Some(first.inspection_id),
        ..inspection(InspectionId::fresh())
    };
    operation(Body::AmendInspection(successor))
}

/// A picture of the camera, as a record names it.
pub fn photo_entry(sha256: &PhotoHash) -> PhotoEntry {
    PhotoEntry {
        sha256: sha256.clone(),
        size: 1000,
        taken_at: at(0),
        point: None,
        source: PhotoSource::Camera,
        question: None,
    }
}

/// The operation that submits an inspection with these photos.
pub fn submission_with_photos(photos: &[&PhotoHash]) -> Operation {
    let photos = photos.iter().map(|sha256| photo_entry(sha256)).collect();
    operation(Body::SubmitInspection(Inspection { photos, ..inspection(InspectionId::fresh()) }))
}

pub fn content(id: u128, name: &str) -> TargetContent {
    TargetContent {
        target_id: TargetId(uuid(id)),
        kind: "stockpile".parse().unwrap(),
        code: None,
        name: name.to_owned(),
        address: String::new(),
        point: Point { lon: 113.3, lat: 35.2 },
        grid: "410804/001".parse().unwrap(),
        unit_id: UNIT,
        supervising_department: None,
        responsible_person: None,
        facts: Facts::new(),
    }
}

pub fn update(base_version: u32, content: TargetContent) -> Operation {
    operation(Body::UpdateTarget(TargetUpdate { base_version, content }))
}

pub fn result(op: &Operation, outcome: Outcome) -> OperationResult {
    OperationResult { op_id: op.header.op_id, outcome }
}

pub fn rejected() -> Outcome {
    Outcome::Rejected(ProblemKind::KindUnknown.rejection(None))
}

pub fn ids(batch: &[OutboxOperation]) -> Vec<OperationId> {
    batch.iter().map(|op| op.op_id).collect()
}

pub fn op_ids(operations: &[&Operation]) -> Vec<OperationId> {
    operations.iter().map(|op| op.header.op_id).collect()
}

/// A batch without limits.
pub fn whole_outbox(store: &WorkStore) -> Vec<OperationId> {
    ids(&store.outbox_batch(usize::MAX, usize::MAX).unwrap())
}

pub fn upsert(entity: &str, id: impl ToString, row: &Value) -> Change {
    let row = RawValue::from_string(row.to_string()).unwrap();
    Change { entity: entity.to_owned(), id: id.to_string(), change: ChangeKind::Upsert, row: Some(row) }
}

pub fn gone(entity: &str, id: impl ToString, change: ChangeKind) -> Change {
    Change { entity: entity.to_owned(), id: id.to_string(), change, row: None }
}

pub fn target_row(version: u32, content: &TargetContent) -> Change {
    let target = Target { content: content.clone(), version };
    upsert("target", content.target_id, &json!(target))
}

/// The only page of a pull.
pub fn page(cursor: &str, changes: Vec<Change>) -> PullPage {
    PullPage {
        cursor: cursor.to_owned(),
        more: false,
        changes,
        user_id: USER,
        epoch: EPOCH,
        server_time: at(60),
        backed_up_through: None,
    }
}
