//! What is met in the three months, drawn from a seed before anybody goes out: who visits what and when, what is found
//! there, which leads on fires come in, and what groups from above find.

use std::collections::BTreeSet;

use anyhow::{Context, Result};
use jiff::ToSpan;
use jiff::civil::{Date, Time, time};
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use server::demo_district::{DemoDistrict, SignIn};
use sync_core::ids::{FirePointId, InspectionId, QuestionCode, TargetId};
use sync_core::model::assignment::{DiscoveryLevel, Role};
use sync_core::model::fire_point::FireSource;
use sync_core::model::target::TargetContent;
use sync_core::policy::PolicyPack;
use sync_core::time::Instant;
use tests::scene::SceneKind;
use uuid::Uuid;

use super::agenda::is_day_off;
use crate::day;
use crate::inspectors::macun_pack;

/// How much happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub enum Scale {
    /// As in a district: some four hundred cases in three months.
    Full,
    /// For a test.
    Small,
}

impl Scale {
    /// Visits on a workday and on a day off.
    const fn visits(self) -> (usize, usize) {
        match self {
            Self::Full => (13, 3),
            Self::Small => (6, 1),
        }
    }

    /// Days from one lead, and one finding of a group, to the next.
    const fn days_between(self) -> (i64, i64) {
        match self {
            Self::Full => (6, 9),
            Self::Small => (7, 12),
        }
    }
}

/// A kind of target as it is met.
struct Met {
    kind: &'static str,
    /// How often it is visited, one with another.
    weight: u32,
    /// Of a hundred visits, those that find something.
    found: u32,
    /// Measures that fail together at most.
    failed_max: usize,
    scene: SceneKind,
}

const fn met(kind: &'static str, weight: u32, found: u32, failed_max: usize, scene: SceneKind) -> Met {
    Met { kind, weight, found, failed_max, scene }
}

const MET: [Met; 10] = [
    met("construction_site", 8, 52, 3, SceneKind::ConstructionSite),
    met("stockpile", 5, 48, 2, SceneKind::Stockpile),
    met("catering_device", 9, 24, 2, SceneKind::FumeDevice),
    met("straw_point", 3, 26, 1, SceneKind::StrawFire),
    met("vehicle", 3, 42, 1, SceneKind::Truck),
    met("enterprise", 4, 36, 2, SceneKind::Stockpile),
    met("road", 4, 44, 1, SceneKind::Street),
    met("bare_land", 2, 44, 1, SceneKind::Stockpile),
    met("boiler", 1, 34, 1, SceneKind::FumeDevice),
    met("other", 2, 46, 1, SceneKind::Street),
];

/// How busy the inspector of each street office is, by how its grid ends: rankings need differences.
const BUSY: [(&str, u32); 7] =
    [("/001", 15), ("/002", 13), ("/003", 9), ("/004", 12), ("/005", 8), ("/006", 6), ("/007", 7)];
/// And who checks for a street office itself.
const BUSY_SELF_CHECK: u32 = 2;
/// What a hundred finds of the first day have become by the last: the campaign helps.
const FINDS_AT_END: i64 = 65;

/// Inspectors are out from eight to half past five.
const MORNING: Time = time(8, 5, 0, 0);
const MINUTES_OUT: i64 = 540;

/// Of a hundred visits that find something: what is the matter with them.
const POOR_FIX: u32 = 5;
const WITHOUT_PHOTOS: u32 = 9;
const TWIN: u32 = 14;

/// Days at the end whose finds are all of the special kind once, so that the office's queue has each.
const LAST_DAYS: i64 = 2;

/// How often a target at which nothing was found yet is looked for.
const TRIES: usize = 50;

/// What is the matter with a visit.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Matter {
    /// Nothing.
    None,
    /// The tablet did not know where it was.
    PoorFix,
    /// The photos were forgotten.
    WithoutPhotos,
    /// The same place was found wanting the day before, in this visit.
    TwinOf(InspectionId),
}

/// One visit.
#[derive(Debug, Clone)]
pub struct Visit {
    /// The inspection it becomes.
    pub inspection_id: InspectionId,
    /// Who, by the name of the enrolled user.
    pub inspector: String,
    /// When.
    pub at: Instant,
    /// Where.
    pub target: TargetContent,
    /// What failed.
    pub failed: Vec<QuestionCode>,
    /// What is the matter with it.
    pub matter: Matter,
    /// The lead that it verifies.
    pub lead: Option<FirePointId>,
    /// What stands on its photos.
    pub scene: SceneKind,
    /// Draws its photos and readings.
    pub seed: u64,
}

/// A lead on a fire (火点线索).
#[derive(Debug, Clone)]
pub struct Lead {
    /// Its id.
    pub id: FirePointId,
    /// Who saw it.
    pub source: FireSource,
    /// When.
    pub seen_at: Instant,
    /// Where.
    pub target: TargetContent,
}

/// What a group from above found (上级督导).
#[derive(Debug, Clone)]
pub struct PaperFinding {
    /// The inspection it becomes.
    pub id: InspectionId,
    /// When.
    pub at: Instant,
    /// Where.
    pub target: TargetContent,
    /// What failed.
    pub failed: Vec<QuestionCode>,
    /// What stands on its photos.
    pub scene: SceneKind,
    /// The group and its level's code.
    pub group: (&'static str, &'static str),
    /// Draws its photos.
    pub seed: u64,
}

const GROUPS: [(&str, &str); 3] = [
    ("河南省生态环境保护督察组", "provincial"),
    ("焦作市大气污染防治督导组", "municipal"),
    ("国家大气监督帮扶组", "national"),
];

/// Everything that was drawn.
pub struct Plan {
    /// The visits, in time.
    pub visits: Vec<Visit>,
    /// Leads, in time.
    pub leads: Vec<Lead>,
    /// What groups found, in time.
    pub findings: Vec<PaperFinding>,
}

impl Plan {
    /// Draws it, from the first day to the last.
    pub fn draw(district: &DemoDistrict, seed: u64, scale: Scale, first: Date, last: Date) -> Result<Self> {
        let mut draw = Drawing {
            pack: macun_pack()?,
            rng: ChaCha8Rng::seed_from_u64(seed),
            taken: BTreeSet::new(),
            district,
            days: i64::from((last - first).get_days()).max(1),
        };
        let mut plan = Self { visits: Vec::new(), leads: Vec::new(), findings: Vec::new() };
        let (workday, day_off) = scale.visits();
        let (between_leads, between_findings) = scale.days_between();
        let mut date = first;
        for number in 0.. {
            if date > last {
                break;
            }
            let count = if is_day_off(date) { day_off } else { workday };
            for _ in 0..count {
                plan.visits.push(draw.visit(date, number)?);
            }
            if number % between_leads == 2 {
                draw.lead(&mut plan, date, number)?;
            }
            if number % between_findings == 4 {
                plan.findings.push(draw.finding(date)?);
            }
            date = date.tomorrow()?;
        }
        draw.twins(&mut plan, last)?;
        plan.visits.sort_by_key(|visit| (visit.at, visit.inspection_id));
        Ok(plan)
    }
}

struct Drawing<'a> {
    district: &'a DemoDistrict,
    pack: PolicyPack,
    rng: ChaCha8Rng,
    /// Targets where something was found: they are not visited again, so that duplicates come only where they are meant.
    taken: BTreeSet<TargetId>,
    days: i64,
}

impl<'a> Drawing<'a> {
    fn visit(&mut self, date: Date, number: i64) -> Result<Visit> {
        let met = MET.choose_weighted(&mut self.rng, |met| met.weight)?;
        let (person, target, fresh) = self.target(met.kind)?;
        let ending = number + LAST_DAYS >= self.days;
        let found = i64::from(met.found) * (100 - (100 - FINDS_AT_END) * number / self.days) / 100;
        let failed = if fresh && (ending || self.rng.random_range(0..100) < found) {
            self.failed(&target, met.failed_max)?
        } else {
            Vec::new()
        };
        let drawn = self.rng.random_range(0..100);
        let matter = match drawn {
            _ if failed.is_empty() => Matter::None,
            _ if ending && drawn % 3 == 0 => Matter::PoorFix,
            _ if ending && drawn % 3 == 1 => Matter::WithoutPhotos,
            _ if ending => Matter::None,
            0..POOR_FIX => Matter::PoorFix,
            POOR_FIX..WITHOUT_PHOTOS => Matter::WithoutPhotos,
            _ => Matter::None,
        };
        if !failed.is_empty() {
            self.taken.insert(target.target_id);
        }
        self.visit_of(person.username.clone(), date, target, failed, matter)
    }

    fn visit_of(
        &mut self,
        inspector: String,
        date: Date,
        target: TargetContent,
        failed: Vec<QuestionCode>,
        matter: Matter,
    ) -> Result<Visit> {
        let minute = self.rng.random_range(0..MINUTES_OUT);
        let scene = MET.iter().find(|met| met.kind == target.kind.as_str()).context("an unknown kind")?.scene;
        Ok(Visit {
            inspection_id: InspectionId(self.id()),
            inspector,
            at: day::instant(date, MORNING.checked_add(minute.minutes())?)?,
            target,
            failed,
            matter,
            lead: None,
            scene,
            seed: self.rng.random(),
        })
    }

    /// Every so many visits that found something, a second one to the same place the day after.
    fn twins(&mut self, plan: &mut Plan, last: Date) -> Result<()> {
        let mut twins = Vec::new();
        let plain = plan
            .visits
            .iter()
            .filter(|visit| !visit.failed.is_empty() && visit.matter == Matter::None && visit.lead.is_none());
        for (number, first) in (1..).zip(plain) {
            let date = first.at.record_date();
            if number % TWIN == 3 || date.tomorrow()? == last && number % 3 == 0 {
                let date = date.tomorrow()?.min(last);
                twins.push((first.clone(), date));
            }
        }
        for (first, date) in twins {
            let Visit { inspection_id, inspector, target, failed, .. } = first;
            plan.visits.push(self.visit_of(
                inspector,
                date,
                target,
                failed,
                Matter::TwinOf(inspection_id),
            )?);
        }
        Ok(())
    }

    /// A lead, and the visit that verifies it: there is a fire or there is none, or nobody has been there yet.
    fn lead(&mut self, plan: &mut Plan, date: Date, number: i64) -> Result<()> {
        let (person, target) = self.fresh_target("straw_point")?;
        let sources = [FireSource::Video, FireSource::Satellite, FireSource::Drone];
        let source = *sources.choose(&mut self.rng).context("no source")?;
        let seen_at = day::instant(date, MORNING)?;
        let lead = Lead { id: FirePointId(self.id()), source, seen_at, target: target.clone() };
        let ends = number + LAST_DAYS + 7 >= self.days;
        if !ends {
            let burns = plan.leads.len() % 3 != 1;
            let failed = if burns { vec!["no_straw_burning".parse()?] } else { Vec::new() };
            let visit = self.visit_of(person.username.clone(), date, target, failed, Matter::None)?;
            plan.visits.push(Visit { lead: Some(lead.id), ..visit });
        }
        plan.leads.push(lead);
        Ok(())
    }

    fn finding(&mut self, date: Date) -> Result<PaperFinding> {
        let kind =
            ["construction_site", "stockpile", "enterprise"].choose(&mut self.rng).context("no kind")?;
        let (_, target) = self.fresh_target(kind)?;
        let failed = self.failed(&target, 2)?;
        let visit = self.visit_of(String::new(), date, target, failed, Matter::None)?;
        Ok(PaperFinding {
            id: visit.inspection_id,
            at: visit.at,
            target: visit.target,
            failed: visit.failed,
            scene: visit.scene,
            group: *GROUPS.choose(&mut self.rng).context("no group")?,
            seed: visit.seed,
        })
    }

    /// Somebody who inspects, the busy ones more often; the self-check now and then.
    fn inspector(&mut self) -> Result<&'a SignIn> {
        let people: Vec<_> = self
            .district
            .sign_ins
            .iter()
            .filter(|person| person.assignment.role == Role::Inspector)
            .collect();
        let busy = people.choose_weighted(&mut self.rng, |person| match person.assignment.level {
            Some(DiscoveryLevel::SelfCheck) => BUSY_SELF_CHECK,
            _ => BUSY
                .iter()
                .find(|(street, _)| person.assignment.grid.as_str().ends_with(street))
                .map_or(1, |busy| busy.1),
        })?;
        Ok(busy)
    }

    /// Somebody and a target of the kind in the own grid; last, whether nothing was found there yet. Where all are taken
    /// it is one that was seen before.
    fn target(&mut self, kind: &str) -> Result<(&'a SignIn, TargetContent, bool)> {
        let person = self.inspector()?;
        let own = self
            .district
            .targets
            .iter()
            .filter(|target| target.kind.as_str() == kind && person.assignment.grid.covers(&target.grid));
        let (fresh, seen): (Vec<_>, Vec<_>) = own.partition(|target| !self.taken.contains(&target.target_id));
        let target = fresh.choose(&mut self.rng).or_else(|| seen.first());
        let target = target.with_context(|| format!("{} has no {kind}", person.username))?;
        Ok((person, (*target).clone(), !fresh.is_empty()))
    }

    /// The same, where nothing was found yet.
    fn fresh_target(&mut self, kind: &str) -> Result<(&'a SignIn, TargetContent)> {
        for _ in 0..TRIES {
            if let (person, target, true) = self.target(kind)? {
                self.taken.insert(target.target_id);
                return Ok((person, target));
            }
        }
        anyhow::bail!("no {kind} is left")
    }

    fn failed(&mut self, target: &TargetContent, most: usize) -> Result<Vec<QuestionCode>> {
        let kind = self.pack.kind(&target.kind).context("the pack lacks a kind")?;
        let applying: Vec<_> = kind.questions.iter().map(|question| question.code.clone()).collect();
        // More often few than many.
        let most = self.rng.random_range(1..=most.min(applying.len()));
        let count = self.rng.random_range(1..=most);
        Ok(applying.sample(&mut self.rng, count).cloned().collect())
    }

    fn id(&mut self) -> Uuid {
        uuid::Builder::from_random_bytes(self.rng.random()).into_uuid()
    }
}
