//! Field work for tests: a district with its pack in force, register entries, and what an inspector's device records,
//! pushes and pulls.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use reqwest::{Method, Response};
use serde_json::value::RawValue;
use server::db::changes::{Entity, NewChange, record_changes};
use server::db::schema::{pack_adoptions, packs};
use server::db::targets::{TargetWrite, insert_targets};
use server::db::types::Time;
use sync_core::geo::{Fix, MockFlag, Point};
use sync_core::ids::{BootId, InspectionId, OperationId, PhotoHash, TargetId};
use sync_core::model::assignment::DiscoveryLevel;
use sync_core::model::inspection::{
    Answer, Context, Inspection, PackRef, SiteRepresentative, TargetSnapshot, Verdict,
};
use sync_core::model::photo::{PhotoEntry, PhotoSource};
use sync_core::model::target::{FactValue, Target, TargetContent};
use sync_core::policy::{PolicyPack, builtin_packs};
use sync_core::time::{Clock, Instant, ZoneName};
use sync_core::wire::PROTOCOL_VERSION;
use sync_core::wire::operation::{Body, Header, OPERATION_SCHEMA_VERSION, Operation};
use sync_core::wire::pull::{Change, PullAnswer, PullPage};
use sync_core::wire::push::{Outcome, PushRequest, PushResponse};

use crate::district::{MACUN, TestDevice, TestDistrict, TestRole};
use crate::server::{TEST_NOW, TestServer};

/// Where the district of the tests is, in WGS-84 degrees.
pub const SOMEWHERE: Point = Point { lon: 113.32, lat: 35.27 };

/// The Macun pack as it ships.
#[must_use]
pub fn macun_pack() -> PolicyPack {
    let builtin = builtin_packs().iter().find(|pack| pack.file == "macun-2024.toml").unwrap();
    PolicyPack::load(builtin.source, builtin.file).unwrap()
}

impl TestServer {
    /// Macun with its pack adopted.
    pub async fn macun(&self) -> TestDistrict {
        let district = self.district(MACUN).await;
        self.adopt(&district, &["macun-2024.toml"]).await;
        district
    }

    /// Stores packs that ship with the product, and adopts them on their own dates.
    pub async fn adopt(&self, district: &TestDistrict, files: &[&str]) {
        let mut conn = self.connection().await;
        let shipped = builtin_packs().iter().filter(|pack| files.contains(&pack.file));
        let loaded: Vec<_> =
            shipped.map(|pack| (PolicyPack::load(pack.source, pack.file).unwrap(), pack.source)).collect();
        let now = Time(self.clock.now());
        let rows = |(pack, source): &(PolicyPack, &'static str)| {
            (
                packs::hash.eq(pack.hash().as_str().to_owned()),
                packs::pack_id.eq(pack.id().as_str().to_owned()),
                packs::region.eq(pack.region().as_str().to_owned()),
                packs::status.eq("issued"),
                packs::source.eq(*source),
                packs::added_at.eq(now),
            )
        };
        diesel::insert_into(packs::table)
            .values(loaded.iter().map(rows).collect::<Vec<_>>())
            .on_conflict_do_nothing()
            .execute(&mut conn)
            .await
            .unwrap();
        let adoption = |(pack, _): &(PolicyPack, &str)| {
            (
                pack_adoptions::district.eq(district.code.as_str().to_owned()),
                pack_adoptions::hash.eq(pack.hash().as_str().to_owned()),
                pack_adoptions::adopted_at.eq(now),
            )
        };
        diesel::insert_into(pack_adoptions::table)
            .values(loaded.iter().map(adoption).collect::<Vec<_>>())
            .execute(&mut conn)
            .await
            .unwrap();
        let changes: Vec<_> = loaded
            .iter()
            .map(|(pack, _)| NewChange::of_district(Entity::Pack(pack.hash().clone())))
            .collect();
        record_changes(&mut conn, &district.code, &changes).await.unwrap();
    }

    /// An inspector of a grid (`""`: the whole district) at district level, with an enrolled device.
    pub async fn inspector(&self, district: &TestDistrict, name: &str, grid: &'static str) -> TestDevice {
        let user = self.user(district, name, &[TestRole::inspector(grid)]).await;
        self.device(&user).await
    }

    /// A registered building site in a grid, of the first street office, with its change recorded.
    pub async fn site(&self, district: &TestDistrict, grid: &str) -> Target {
        let target = Target { content: new_site(district, grid), version: 1 };
        let mut conn = self.connection().await;
        let row = TargetWrite::new(&district.code, &target, self.clock.now());
        insert_targets(&conn, &[row]).await.unwrap();
        let change = NewChange::of_target(target.content.target_id, None, Some(target.content.grid.clone()));
        record_changes(&mut conn, &district.code, &[change]).await.unwrap();
        target
    }
}

/// A place of its own for each site of a test program, farther from the next than any pack's duplicate window.
fn next_place() -> Point {
    static SITES: AtomicU32 = AtomicU32::new(0);
    let site = SITES.fetch_add(1, Ordering::Relaxed);
    let lat = SOMEWHERE.lat + f64::from(site % SITES_MAX) * SITE_STEP_DEGREES;
    // As few digits as people write: JSON reads more of them to within one unit of the last place only.
    Point { lat: (lat * 1_000.0).round() / 1_000.0, ..SOMEWHERE }
}

/// Degrees of latitude from one site to the next: 445 m.
const SITE_STEP_DEGREES: f64 = 0.004;

/// Sites after which places repeat.
const SITES_MAX: u32 = 2_000;

/// A building site to be registered in a grid, of the first street office.
#[must_use]
pub fn new_site(district: &TestDistrict, grid: &str) -> TargetContent {
    let target_id = TargetId::fresh();
    TargetContent {
        target_id,
        kind: "construction_site".parse().unwrap(),
        code: Some(format!("GD-{}", target_id.0.simple())),
        name: "东环路安置房工地".to_owned(),
        address: "东环路 18 号".to_owned(),
        point: next_place(),
        grid: district.grid(grid),
        unit_id: district.streets[0],
        supervising_department: Some("住建局".to_owned()),
        responsible_person: Some("王工".to_owned()),
        facts: [("site_type".parse().unwrap(), FactValue::Text("building".to_owned()))].into(),
    }
}

/// A visit by the device's user to a site an hour before [`TEST_NOW`]: these questions failed, nothing else was
/// answered, no photos.
#[must_use]
pub fn visit(device: &TestDevice, site: &Target, failed: &[&str]) -> Inspection {
    let id = InspectionId::fresh();
    let occurred_at = TEST_NOW.parse::<Instant>().unwrap().plus_seconds(-3600);
    let answer = |question: &&str| Answer {
        question: question.parse().unwrap(),
        verdict: Verdict::Fail,
        note: String::new(),
        points: Vec::new(),
    };
    Inspection {
        inspection_id: id,
        lineage: id,
        replaces: None,
        author: device.user.user_id,
        occurred_at,
        zone: ZoneName::record(),
        kind: site.content.kind.clone(),
        fix: Some(Fix {
            point: site.content.point,
            accuracy_metres: 5.0,
            fixed_at: occurred_at,
            provider: "gnss".to_owned(),
            mock: MockFlag::No,
        }),
        observed: None,
        place: String::new(),
        answers: failed.iter().map(answer).collect(),
        measurements: Vec::new(),
        notes: String::new(),
        second_inspector: None,
        site_representative: SiteRepresentative::Absent,
        photos: Vec::new(),
        context: Context {
            target: Some(TargetSnapshot {
                target_id: site.content.target_id,
                version: site.version,
                facts: site.content.facts.clone(),
            }),
            grid: site.content.grid.clone(),
            unit_id: site.content.unit_id,
            zones: Vec::new(),
            level: DiscoveryLevel::District,
            pack: Some(macun_pack().reference()),
        },
    }
}

/// Moves an inspection in time.
pub trait Occurring {
    /// As if it had occurred then, its fix with it.
    fn occurs_at(&mut self, occurred_at: Instant);
}

impl Occurring for Inspection {
    fn occurs_at(&mut self, occurred_at: Instant) {
        self.occurred_at = occurred_at;
        if let Some(fix) = &mut self.fix {
            fix.fixed_at = occurred_at;
        }
    }
}

/// A correction of an inspection, with these questions failed.
#[must_use]
pub fn correction(of: &Inspection, failed: &[&str]) -> Inspection {
    let mut corrected = of.clone();
    corrected.inspection_id = InspectionId::fresh();
    corrected.replaces = Some(of.inspection_id);
    corrected.answers = failed
        .iter()
        .map(|question| Answer {
            question: question.parse().unwrap(),
            verdict: Verdict::Fail,
            note: String::new(),
            points: Vec::new(),
        })
        .collect();
    corrected
}

/// A manifest line for a photo of these bytes.
#[must_use]
pub fn photo_entry(bytes: &[u8], inspection: &Inspection) -> PhotoEntry {
    PhotoEntry {
        sha256: PhotoHash::of(bytes),
        size: u64::try_from(bytes.len()).unwrap(),
        taken_at: inspection.occurred_at,
        point: None,
        source: PhotoSource::Camera,
        question: None,
    }
}

impl TestDevice {
    /// An operation as this device records it.
    #[must_use]
    pub fn operation(&self, body: Body) -> Operation {
        static SEQUENCE: AtomicU64 = AtomicU64::new(1);
        let pack_version = Some(macun_pack().reference()).map(|PackRef { hash, .. }| hash);
        Operation {
            header: Header {
                op_id: OperationId::fresh(),
                author: self.user.user_id,
                device: self.device_id,
                incarnation: self.incarnation,
                boot: BootId::fresh(),
                device_seq: SEQUENCE.fetch_add(1, Ordering::Relaxed),
                kind: body.kind().to_owned(),
                schema_version: OPERATION_SCHEMA_VERSION,
                pack_version,
                occurred_at: TEST_NOW.parse::<Instant>().unwrap().plus_seconds(-3600),
                zone: ZoneName::record(),
                monotonic: 1,
            },
            body,
        }
    }

    /// The operation that submits an inspection.
    #[must_use]
    pub fn submit(&self, inspection: &Inspection) -> Operation {
        self.operation(Body::SubmitInspection(inspection.clone()))
    }

    /// The operation that submits a correction.
    #[must_use]
    pub fn amend(&self, inspection: &Inspection) -> Operation {
        self.operation(Body::AmendInspection(inspection.clone()))
    }

    /// The operation that registers a target.
    #[must_use]
    pub fn register(&self, content: &TargetContent) -> Operation {
        self.operation(Body::RegisterTarget(content.clone()))
    }

    /// Pushes operations, which must be answered one by one.
    pub async fn push(&self, operations: &[Operation]) -> Vec<Outcome> {
        let texts = operations.iter().map(text).collect();
        let response = self.push_texts(texts).await;
        assert_eq!(response.status(), 200, "{}", response.text().await.unwrap());
        let answer: PushResponse = response.json().await.unwrap();
        let ids: Vec<_> = answer.results.iter().map(|result| result.op_id).collect();
        assert_eq!(ids, operations.iter().map(|operation| operation.header.op_id).collect::<Vec<_>>());
        answer.results.into_iter().map(|result| result.outcome).collect()
    }

    /// Pushes texts as they are.
    pub async fn push_texts(&self, operations: Vec<String>) -> Response {
        let request = PushRequest {
            protocol: PROTOCOL_VERSION,
            epoch: None,
            incarnation: self.incarnation,
            operations: operations.into_iter().map(|text| RawValue::from_string(text).unwrap()).collect(),
        };
        self.request(Method::POST, "/api/v1/sync/push").json(&request).send().await.unwrap()
    }

    /// Pulls one answer.
    pub async fn pull(&self, cursor: Option<&str>) -> PullAnswer {
        let query = cursor.map(|cursor| format!("?cursor={cursor}")).unwrap_or_default();
        let response = self.request(Method::GET, &format!("/api/v1/sync/pull{query}")).send().await.unwrap();
        assert_eq!(response.status(), 200, "{}", response.text().await.unwrap());
        response.json().await.unwrap()
    }

    /// Pulls one page.
    pub async fn page(&self, cursor: Option<&str>) -> PullPage {
        match self.pull(cursor).await {
            PullAnswer::Page(page) => page,
            other => panic!("a page was expected, not {other:?}"),
        }
    }

    /// Pulls until there is no more: all changes, and the cursor to go on from.
    pub async fn pull_all(&self, cursor: Option<&str>) -> (Vec<Change>, String) {
        let mut page = self.page(cursor).await;
        let mut changes = std::mem::take(&mut page.changes);
        while page.more {
            page = self.page(Some(&page.cursor)).await;
            changes.append(&mut page.changes);
        }
        (changes, page.cursor)
    }
}

/// An operation's bytes, as text.
#[must_use]
pub fn text(operation: &Operation) -> String {
    String::from_utf8(operation.encode().unwrap()).unwrap()
}

/// The code of a rejection.
///
/// # Panics
/// When it is none.
#[must_use]
pub fn code(outcome: &Outcome) -> &str {
    match outcome {
        Outcome::Rejected(rejection) | Outcome::Duplicate { rejection: Some(rejection) } => {
            rejection.code.as_str()
        }
        other => panic!("a rejection was expected, not {other:?}"),
    }
}
