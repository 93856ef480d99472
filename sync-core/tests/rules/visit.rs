//! Inspections for tests: a valid visit in Macun, changed by what a test is about.

use sync_core::geo::{Fix, MockFlag, Point};
use sync_core::ids::{InspectionId, PhotoHash, TargetId, UnitId, UserId};
use sync_core::model::assignment::DiscoveryLevel;
use sync_core::model::inspection::{
    Answer, Context, FirePoint, Inspection, PackRef, SiteRepresentative, TargetSnapshot, Verdict,
};
use sync_core::model::photo::{PhotoEntry, PhotoSource};
use sync_core::model::target::FactValue;
use sync_core::model::zone::ZoneKind;
use sync_core::policy::{PolicyPack, builtin_packs};
use sync_core::time::{Instant, ZoneName};

/// Jiefang road in Macun.
pub const MACUN: Point = Point { lon: 113.321, lat: 35.265 };

/// When the visit is: a date on which macun-2024 is in force.
pub fn visit_time() -> Instant {
    "2024-11-05T02:30:00Z".parse().unwrap()
}

/// A built-in pack by name.
pub fn builtin(id: &str) -> PolicyPack {
    let file = format!("{id}.toml");
    let builtin = builtin_packs().iter().find(|pack| pack.file == file).unwrap();
    PolicyPack::load(builtin.source, builtin.file).unwrap_or_else(|errors| panic!("{errors}"))
}

/// A visit of a kind, at district level, inside every zone, to a target without facts, nothing answered yet.
pub fn visit(pack: &PolicyPack, kind: &str) -> Inspection {
    let inspection_id: InspectionId = "0192f000-0000-7000-8000-000000000001".parse().unwrap();
    Inspection {
        inspection_id,
        lineage: inspection_id,
        replaces: None,
        author: UserId(inspection_id.0),
        occurred_at: visit_time(),
        zone: ZoneName::record(),
        kind: kind.parse().unwrap(),
        fix: Some(Fix {
            point: MACUN,
            accuracy_metres: 8.0,
            fixed_at: visit_time(),
            provider: "gnss".into(),
            mock: MockFlag::No,
        }),
        observed: None,
        place: String::new(),
        answers: vec![],
        measurements: vec![],
        notes: String::new(),
        second_inspector: None,
        site_representative: SiteRepresentative::Absent,
        photos: vec![],
        context: Context {
            target: Some(TargetSnapshot {
                target_id: TargetId(inspection_id.0),
                version: 1,
                facts: Default::default(),
            }),
            grid: "410804/001".parse().unwrap(),
            unit_id: UnitId(inspection_id.0),
            zones: vec![ZoneKind::BuiltUpArea, ZoneKind::NoBurn, ZoneKind::FireworksProhibited],
            level: DiscoveryLevel::District,
            pack: Some(PackRef { id: pack.id().clone(), hash: pack.hash().clone() }),
        },
    }
}

/// Changes of a visit, to be chained.
pub trait Visit {
    fn answer(self, question: &str, verdict: Verdict) -> Self;
    fn fail(self, question: &str) -> Self;
    fn points(self, numbers: &[u16]) -> Self;
    fn fact(self, code: &str, value: FactValue) -> Self;
    fn photo(self, name: &str, question: Option<&str>) -> Self;
    fn spot(self) -> Self;
    fn level(self, level: DiscoveryLevel) -> Self;
    fn zones(self, zones: &[ZoneKind]) -> Self;
}

impl Visit for Inspection {
    fn answer(mut self, question: &str, verdict: Verdict) -> Self {
        let question = question.parse().unwrap();
        self.answers.push(Answer { question, verdict, note: String::new(), points: vec![] });
        self
    }

    fn fail(self, question: &str) -> Self {
        self.answer(question, Verdict::Fail)
    }

    /// Numbers the fire points of the last answer.
    fn points(mut self, numbers: &[u16]) -> Self {
        self.answers.last_mut().unwrap().points =
            numbers.iter().map(|number| FirePoint { number: *number, point: None }).collect();
        self
    }

    fn fact(mut self, code: &str, value: FactValue) -> Self {
        self.context.target.as_mut().unwrap().facts.insert(code.parse().unwrap(), value);
        self
    }

    fn photo(mut self, name: &str, question: Option<&str>) -> Self {
        self.photos.push(PhotoEntry {
            sha256: PhotoHash::of(name.as_bytes()),
            size: 200_000,
            taken_at: visit_time(),
            point: Some(MACUN),
            source: PhotoSource::Camera,
            question: question.map(|code| code.parse().unwrap()),
        });
        self
    }

    fn spot(mut self) -> Self {
        self.context.target = None;
        self
    }

    fn level(mut self, level: DiscoveryLevel) -> Self {
        self.context.level = level;
        self
    }

    fn zones(mut self, zones: &[ZoneKind]) -> Self {
        self.context.zones = zones.to_vec();
        self
    }
}
