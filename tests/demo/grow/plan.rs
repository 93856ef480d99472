//! What happens in the three months, drawn from a seed: who visits what and when, and what is found.

use anyhow::{Context, Result};
use jiff::ToSpan;
use jiff::civil::{Date, Time, Weekday, time};
use rand::seq::{IndexedMutRandom, IndexedRandom, SliceRandom};
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use server::demo_district::{DemoDistrict, SignIn};
use sync_core::ids::QuestionCode;
use sync_core::model::assignment::Role;
use sync_core::model::target::TargetContent;
use sync_core::policy::PolicyPack;
use sync_core::time::Instant;
use tests::scene::SceneKind;

use crate::day;
use crate::inspectors::macun_pack;

/// Days that are played.
const DAYS: i64 = 88;
/// Visits on a workday and on a day off.
const VISITS_WORKDAY: usize = 4;
const VISITS_DAY_OFF: usize = 1;
/// Of a hundred visits, those that find something.
const FOUND_PERCENT: u32 = 45;
/// Measures that fail together at most.
const FAILED_MAX: usize = 3;
/// Inspectors are out from eight to half past five.
const FIRST_MINUTE: i64 = 0;
const LAST_MINUTE: i64 = 570;
const MORNING: Time = time(8, 0, 0, 0);

/// Kinds that are visited, how often one with another, and what stands on their photos.
const KINDS: [(&str, u32, SceneKind); 5] = [
    ("construction_site", 8, SceneKind::ConstructionSite),
    ("stockpile", 4, SceneKind::Stockpile),
    ("catering_device", 5, SceneKind::FumeDevice),
    ("vehicle", 2, SceneKind::Truck),
    ("straw_point", 2, SceneKind::StrawFire),
];

/// One visit.
#[derive(Debug, Clone)]
pub struct Visit {
    /// Who, by the name of the enrolled user.
    pub inspector: String,
    /// When.
    pub at: Instant,
    /// Where.
    pub target: TargetContent,
    /// What failed.
    pub failed: Vec<QuestionCode>,
    /// What stands on its photos.
    pub scene: SceneKind,
    /// Draws its photos.
    pub seed: u64,
}

/// Everything that was drawn.
pub struct Plan {
    /// The visits, in time.
    pub visits: Vec<Visit>,
    /// The district.
    pub district: DemoDistrict,
    /// What decisions are drawn from.
    pub seed: u64,
    first_day: Date,
    last_day: Date,
}

impl Plan {
    /// Draws it, up to and with the last day.
    pub fn draw(seed: u64, last_day: Date) -> Result<Self> {
        let district = DemoDistrict::build()?;
        let pack = macun_pack()?;
        let first_day = last_day.checked_sub(DAYS.days())?;
        let mut rng = ChaCha8Rng::seed_from_u64(seed);
        let mut inspectors: Vec<Round> = district
            .sign_ins
            .iter()
            .filter(|person| person.assignment.role == Role::Inspector)
            .map(|person| Round::of(person, &district, &mut rng))
            .collect();
        let mut visits = Vec::new();
        let mut date = first_day;
        while date <= last_day {
            let off = matches!(date.weekday(), Weekday::Saturday | Weekday::Sunday);
            let count = if off { VISITS_DAY_OFF } else { VISITS_WORKDAY };
            for _ in 0..count {
                let round = inspectors.choose_mut(&mut rng).context("nobody inspects")?;
                visits.extend(round.visit(date, &pack, &mut rng)?);
            }
            date = date.tomorrow()?;
        }
        visits.sort_by_key(|visit| visit.at);
        Ok(Self { visits, district, seed, first_day, last_day })
    }

    /// The first day.
    pub fn first_day(&self) -> Date {
        self.first_day
    }

    /// The last day.
    pub fn last_day(&self) -> Date {
        self.last_day
    }
}

/// An inspector with the targets still to be visited: nothing is visited twice, so that duplicates come only where they
/// are meant.
struct Round {
    inspector: String,
    targets: Vec<TargetContent>,
}

impl Round {
    fn of(person: &SignIn, district: &DemoDistrict, rng: &mut ChaCha8Rng) -> Self {
        let own = district.targets.iter().filter(|target| person.assignment.grid.covers(&target.grid));
        let mut targets: Vec<_> = own.cloned().collect();
        targets.shuffle(rng);
        Self { inspector: person.username.clone(), targets }
    }

    fn visit(&mut self, date: Date, pack: &PolicyPack, rng: &mut ChaCha8Rng) -> Result<Option<Visit>> {
        let (kind, _, scene) = *KINDS.choose_weighted(rng, |(_, weight, _)| *weight)?;
        let place = self.targets.iter().position(|target| target.kind.as_str() == kind);
        let Some(place) = place else { return Ok(None) };
        let target = self.targets.swap_remove(place);
        let questions = &pack.kind(&target.kind).context("the pack lacks a kind")?.questions;
        let failed = if rng.random_range(0..100) < FOUND_PERCENT {
            let count = rng.random_range(1..=FAILED_MAX.min(questions.len()));
            questions.sample(rng, count).map(|question| question.code.clone()).collect()
        } else {
            Vec::new()
        };
        let minute = rng.random_range(FIRST_MINUTE..LAST_MINUTE);
        Ok(Some(Visit {
            inspector: self.inspector.clone(),
            at: day::instant(date, MORNING.checked_add(minute.minutes())?)?,
            target,
            failed,
            scene,
            seed: rng.random(),
        }))
    }
}
