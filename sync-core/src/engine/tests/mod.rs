//! The engine against a scripted server and the real store on SQLite.

mod access;
mod photos;
mod pull;
mod push;
mod server;

use std::collections::BTreeMap;

use server::Server;

use super::{
    Answer, Engine, Extent, FailureReason, HttpRequest, HttpResponse, Identity, Method, PhotoBytes,
    PhotoUnreadable, Step, SyncReport, TransportError,
};
use crate::geo::Point;
use crate::ids::{
    BootId, DeviceId, Incarnation, InspectionId, OperationId, PhotoHash, TargetId, UnitId, UserId,
};
use crate::model::assignment::DiscoveryLevel;
use crate::model::inspection::{Context, Inspection, SiteRepresentative};
use crate::model::photo::{PhotoEntry, PhotoSource};
use crate::model::target::TargetContent;
use crate::store::DeviceStore;
use crate::time::{Instant, ZoneName};
use crate::wire::operation::{Body, Header, OPERATION_SCHEMA_VERSION, Operation};

/// Steps after which a round counts as endless.
const STEPS_MAX: usize = 5_000;

struct Photos(BTreeMap<PhotoHash, Vec<u8>>);

impl PhotoBytes for Photos {
    fn read(&self, photo: &PhotoHash, offset: u64, length: usize) -> Result<Vec<u8>, PhotoUnreadable> {
        let start = usize::try_from(offset).unwrap();
        self.0
            .get(photo)
            .and_then(|bytes| bytes.get(start..start + length))
            .map(<[u8]>::to_vec)
            .ok_or_else(|| PhotoUnreadable(photo.clone()))
    }
}

/// A device: its store, its photo files and its clock.
struct Host {
    _folder: tempfile::TempDir,
    store: DeviceStore,
    identity: Identity,
    photos: Photos,
    now: Instant,
    pauses: usize,
}

impl Host {
    fn new() -> Self {
        Self::at("2024-10-08T01:00:00Z")
    }

    fn at(now: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let now = now.parse().unwrap();
        let identity = Identity {
            device_id: DeviceId::fresh(),
            user_id: UserId::fresh(),
            incarnation: Incarnation::fresh(),
        };
        let opened = DeviceStore::open(folder.path(), identity.user_id, identity.incarnation, now).unwrap();
        let photos = Photos(BTreeMap::new());
        Self { _folder: folder, store: opened.store, identity, photos, now, pauses: 0 }
    }

    fn record(&mut self, body: Body) -> OperationId {
        let op_id = OperationId::fresh();
        let header = Header {
            op_id,
            author: self.identity.user_id,
            device: self.identity.device_id,
            incarnation: self.identity.incarnation,
            boot: BootId::fresh(),
            device_seq: 0,
            kind: body.kind().to_owned(),
            schema_version: OPERATION_SCHEMA_VERSION,
            pack_version: None,
            occurred_at: self.now,
            zone: ZoneName::record(),
            monotonic: 0,
        };
        self.store.work.record(Operation { header, body }).unwrap();
        op_id
    }

    fn register(&mut self) -> OperationId {
        self.record(Body::RegisterTarget(TargetContent {
            target_id: TargetId::fresh(),
            kind: "stockpile".parse().unwrap(),
            code: None,
            name: "砂石料堆场".to_owned(),
            address: String::new(),
            point: Point { lon: 113.32, lat: 35.27 },
            grid: "410804/001".parse().unwrap(),
            unit_id: UnitId::fresh(),
            supervising_department: None,
            responsible_person: None,
            facts: BTreeMap::new(),
        }))
    }

    fn register_many(&mut self, count: usize) -> Vec<OperationId> {
        std::iter::repeat_with(|| self.register()).take(count).collect()
    }

    /// An inspection with photos of these sizes in bytes.
    fn inspect(&mut self, photo_sizes: &[usize]) -> (OperationId, Vec<PhotoHash>) {
        let inspection_id = InspectionId::fresh();
        let mut photos = Vec::new();
        for (index, size) in photo_sizes.iter().enumerate() {
            let mut bytes = vec![u8::try_from(index).unwrap(); *size];
            bytes.splice(..0, inspection_id.0.as_bytes().iter().copied());
            bytes.truncate(*size);
            let sha256 = PhotoHash::of(&bytes);
            self.photos.0.insert(sha256.clone(), bytes);
            photos.push(PhotoEntry {
                sha256,
                size: u64::try_from(*size).unwrap(),
                taken_at: self.now,
                point: None,
                source: PhotoSource::Camera,
                question: None,
            });
        }
        let hashes = photos.iter().map(|photo| photo.sha256.clone()).collect();
        let op_id = self.record(Body::SubmitInspection(Inspection {
            inspection_id,
            lineage: inspection_id,
            replaces: None,
            author: self.identity.user_id,
            occurred_at: self.now,
            zone: ZoneName::record(),
            kind: "stockpile".parse().unwrap(),
            fix: None,
            observed: None,
            place: String::new(),
            answers: Vec::new(),
            measurements: Vec::new(),
            notes: String::new(),
            second_inspector: None,
            site_representative: SiteRepresentative::Absent,
            photos,
            context: Context {
                target: None,
                grid: "410804/001".parse().unwrap(),
                unit_id: UnitId::fresh(),
                zones: Vec::new(),
                level: DiscoveryLevel::District,
                pack: None,
            },
        }));
        (op_id, hashes)
    }

    fn sync(&mut self, server: &mut Server) -> SyncReport {
        self.round(Extent::Sync, server)
    }

    fn round(&mut self, extent: Extent, server: &mut Server) -> SyncReport {
        server.user_id = Some(self.identity.user_id);
        let mut engine = Engine::new(self.identity, extent, 1);
        for _ in 0..STEPS_MAX {
            match engine.next(&mut self.store, &self.photos, self.now).unwrap() {
                Step::Http(request) => {
                    let answer = match server.carry(&request) {
                        Ok(response) => Answer::Response(response),
                        Err(error) => Answer::Failed(error),
                    };
                    engine.receive(&mut self.store, answer, self.now).unwrap();
                }
                Step::Sign { challenge } => {
                    let answer = Answer::Signature(format!("signed {challenge}"));
                    engine.receive(&mut self.store, answer, self.now).unwrap();
                }
                Step::Wait { until } => {
                    assert!(until > self.now);
                    self.now = until;
                    self.pauses += 1;
                }
                Step::Done(report) => return *report,
                Step::Load { .. } => panic!("these photos are at hand"),
            }
        }
        panic!("the round does not end: {:?}", server.log);
    }
}
