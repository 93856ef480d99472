//! The inspectors of the three months, each with a real device: its own store, its own photos, its own way to the server.
//!
//! Invariant: devices show the same time as the server, so that no clock is doubted. They work at once, each on a thread;
//! what they opened is told in one order, whoever came first.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result, anyhow};
use device::{Device, NewInspection, NewPhoto, NewRecord, enrol};
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use sync_core::evaluate::ProposedCase;
use sync_core::geo::{Fix, MockFlag, Point};
use sync_core::ids::{CaseId, InspectionId};
use sync_core::model::inspection::{Answer, Measurement, SiteRepresentative, Verdict};
use sync_core::model::photo::PhotoSource;
use sync_core::policy::PolicyPack;
use sync_core::time::Clock;
use tests::clock::TestClock;

use super::pictures;
use super::plan::{Matter, Visit};
use crate::inspectors::{macun_pack, settled};

/// Metres that a tablet knows its place to, and between high walls.
const ACCURACY_METRES: f64 = 6.0;
const POOR_ACCURACY_METRES: f64 = 860.0;
/// Of a hundred visits: with a second inspector, with nobody there, with somebody who does not sign.
const ACCOMPANIED: u32 = 30;
const NOBODY_THERE: u32 = 15;
const REFUSED: u32 = 7;
/// Of a hundred visits to a kind that has something to measure, those that measure.
const MEASURED: u32 = 40;

const SECOND_INSPECTORS: [&str; 4] = ["王景和", "李云舟", "陈知夏", "赵明川"];

/// A case that a device opened.
pub struct Opened {
    /// The visit.
    pub visit: Visit,
    /// What the device showed.
    pub case: ProposedCase,
}

/// The inspectors' devices by the names of their users.
pub struct Field {
    devices: BTreeMap<String, Tablet>,
    clock: Arc<TestClock>,
    pack: PolicyPack,
}

/// One inspector's device.
struct Tablet {
    device: Device,
    files: PathBuf,
    /// What it opened and has not told the server yet.
    waiting: Vec<Opened>,
    days_unsent: u8,
    /// How often its user comes into reach of a network, in days.
    every: u8,
}

impl Field {
    /// Devices that follow this clock; nobody has one yet.
    pub fn new(clock: Arc<TestClock>) -> Result<Self> {
        Ok(Self { devices: BTreeMap::new(), clock, pack: macun_pack()? })
    }

    /// Gives an inspector a device.
    pub fn enrol(&mut self, files: &Path, server: &str, name: &str, code: &str) -> Result<()> {
        let files = files.join(name);
        enrol(&files, server, code, &format!("平板 {name}"))?;
        let device = Device::open(&files, self.clock.clone())?;
        let every = 2 + u8::try_from(self.devices.len() % 2)?;
        let tablet = Tablet { device, files, waiting: Vec::new(), days_unsent: 0, every };
        self.devices.insert(name.to_owned(), tablet);
        Ok(())
    }

    /// Everybody pulls the register.
    pub fn pull_all(&mut self) -> Result<()> {
        self.at_once(|_, tablet| settled(&tablet.device.pull()?)).map(drop)
    }

    /// A day's visits are recorded; whoever is in reach of a network sends them, on the last day everybody is. Answers
    /// with what was opened by what was sent.
    pub fn spend_day(&mut self, visits: &[Visit], last: bool) -> Result<Vec<Opened>> {
        let pack = self.pack.clone();
        let sent = self.at_once(|name, tablet| {
            for visit in visits.iter().filter(|visit| visit.inspector == name) {
                tablet.visit(visit, &pack)?;
            }
            tablet.days_unsent += 1;
            let waits = tablet.device.status()?.waiting > 0;
            if !waits || !last && tablet.days_unsent < tablet.every {
                return Ok(Vec::new());
            }
            tablet.days_unsent = 0;
            tablet.sync()?;
            Ok(std::mem::take(&mut tablet.waiting))
        })?;
        Ok(sent.into_iter().flatten().collect())
    }

    /// An inspector photographs anew what an inspection found, once for each measure, and sends the correction.
    pub fn correct(&mut self, opened: &Visit, inspection: InspectionId) -> Result<InspectionId> {
        let tablet = self.tablet(&opened.inspector)?;
        let photos = tablet.photographs(opened, CORRECTION)?;
        tablet.amend(inspection, NewInspection { photos, ..NewInspection::default() })
    }

    /// An inspector says that the last measure of an inspection was in order after all, and sends the correction.
    pub fn take_back(&mut self, opened: &Visit, inspection: InspectionId) -> Result<InspectionId> {
        let question = opened.failed.last().context("nothing failed")?.clone();
        let note = "责任单位出示资料，该项当时已落实。".to_owned();
        let answers = vec![Answer { question, verdict: Verdict::Pass, note, points: Vec::new() }];
        self.tablet(&opened.inspector)?
            .amend(inspection, NewInspection { answers, ..NewInspection::default() })
    }

    /// An inspector finds a case rectified on the spot.
    pub fn recheck(&mut self, opened: &Visit, case: CaseId) -> Result<()> {
        let now = self.clock.now();
        let tablet = self.tablet(&opened.inspector)?;
        tablet.sync()?;
        let jpeg = pictures::of_order(opened.seed, now, opened.target.point);
        let photos = vec![tablet.keep(&format!("recheck-{case}"), &jpeg)?];
        let text = "现场复核，问题已整改到位。".to_owned();
        tablet.device.recheck_rectification(case, true, NewRecord { text, photos })?;
        tablet.sync()
    }

    fn tablet(&mut self, name: &str) -> Result<&mut Tablet> {
        self.devices.get_mut(name).with_context(|| format!("{name} has no device"))
    }

    /// Does something on every device, each on a thread; the answers are in the order of the names.
    fn at_once<T: Send>(&mut self, work: impl Fn(&str, &mut Tablet) -> Result<T> + Sync) -> Result<Vec<T>> {
        let work = &work;
        std::thread::scope(|scope| {
            let threads: Vec<_> = self
                .devices
                .iter_mut()
                .map(|(name, tablet)| scope.spawn(move || work(name, tablet).with_context(|| name.clone())))
                .collect();
            threads
                .into_iter()
                .map(|thread| thread.join().map_err(|_| anyhow!("a device panicked"))?)
                .collect()
        })
    }
}

/// Photos of a correction are numbered from here.
const CORRECTION: u64 = 10;

impl Tablet {
    fn visit(&mut self, visit: &Visit, pack: &PolicyPack) -> Result<()> {
        let kind = pack.kind(&visit.target.kind).context("the pack lacks a kind")?;
        let mut rng = ChaCha8Rng::seed_from_u64(visit.seed);
        let answers = kind.questions.iter().map(|question| Answer {
            question: question.code.clone(),
            verdict: if visit.failed.contains(&question.code) { Verdict::Fail } else { Verdict::Pass },
            note: String::new(),
            points: Vec::new(),
        });
        let measurements = kind.measurements.iter().filter(|_| rng.random_range(0..100) < MEASURED);
        let measurements: Vec<_> = measurements
            .map(|measured| Measurement {
                code: measured.code.clone(),
                value: reading(measured.code.as_str(), visit),
            })
            .collect();
        let poor = visit.matter == Matter::PoorFix;
        let fix = Fix {
            point: near(visit.target.point, &mut rng),
            accuracy_metres: if poor { POOR_ACCURACY_METRES } else { ACCURACY_METRES },
            fixed_at: visit.at,
            provider: if poor { "network" } else { "gnss" }.to_owned(),
            mock: MockFlag::No,
        };
        let accompanied = rng.random_range(0..100) < ACCOMPANIED;
        let second_inspector = SECOND_INSPECTORS.choose(&mut rng).filter(|_| accompanied);
        let site_representative = match rng.random_range(0..100) {
            0..NOBODY_THERE => SiteRepresentative::Absent,
            drawn if drawn < NOBODY_THERE + REFUSED && !visit.failed.is_empty() => {
                SiteRepresentative::Refused { note: "现场负责人拒绝签字，已录像。".to_owned() }
            }
            _ => {
                let name = visit.target.responsible_person.clone().unwrap_or_else(|| "现场负责人".to_owned());
                SiteRepresentative::Signed { name }
            }
        };
        let names: Vec<_> =
            kind.questions.iter().filter(|question| visit.failed.contains(&question.code)).collect();
        let notes = names.iter().map(|question| format!("{}：不符合。", question.zh)).collect::<String>();
        let photos =
            if visit.matter == Matter::WithoutPhotos { Vec::new() } else { self.photographs(visit, 0)? };
        if visit.lead.is_some() {
            self.device.pull()?;
        }
        let draft = NewInspection {
            target: Some(visit.target.target_id),
            occurred_at: Some(visit.at),
            fix: Some(fix),
            answers: answers.collect(),
            measurements,
            notes: Some(if notes.is_empty() { "检查未发现问题。".to_owned() } else { notes }),
            second_inspector: second_inspector.map(|name| (*name).to_owned()),
            site_representative: Some(site_representative),
            photos,
            ..NewInspection::default()
        };
        // By way of a draft, because a draft's id can be given.
        self.device.save_draft(Some(visit.inspection_id), draft)?;
        let recorded = self.device.seal_draft(visit.inspection_id)?;
        if let Some(lead) = visit.lead {
            let found = !visit.failed.is_empty();
            let text = if found {
                "火点属实，已组织扑灭。"
            } else {
                "现场未发现明火和过火痕迹。"
            };
            let record = NewRecord { text: text.to_owned(), photos: Vec::new() };
            self.device.verify_fire_point(lead, found.then_some(visit.inspection_id), record)?;
        }
        let opened = recorded.evaluation.cases.into_iter().map(|case| Opened { visit: visit.clone(), case });
        self.waiting.extend(opened);
        Ok(())
    }

    /// A photo for each measure that failed.
    fn photographs(&self, visit: &Visit, variation: u64) -> Result<Vec<NewPhoto>> {
        let photo = |(number, question): (u64, &_)| {
            // A minute apart: no camera takes two at once, and no two files are the same.
            let taken_at = visit.at.plus_seconds(60 * i64::try_from(variation + number)?);
            let seed = visit.seed.wrapping_add(variation + number);
            let jpeg = pictures::of_finding(visit.scene, seed, taken_at, visit.target.point);
            let file = self.keep(&format!("photo-{}-{}", visit.inspection_id, variation + number), &jpeg)?;
            Ok(NewPhoto { file, question: Some(Clone::clone(question)), source: PhotoSource::Camera })
        };
        (0..).zip(&visit.failed).map(photo).collect()
    }

    fn keep(&self, name: &str, jpeg: &[u8]) -> Result<PathBuf> {
        let file = self.files.join(format!("{name}.jpg"));
        std::fs::write(&file, jpeg)?;
        Ok(file)
    }

    fn amend(&mut self, inspection: InspectionId, given: NewInspection) -> Result<InspectionId> {
        self.sync()?;
        let corrected = self.device.amend(inspection, given)?.inspection_id;
        self.sync()?;
        Ok(corrected)
    }

    fn sync(&mut self) -> Result<()> {
        settled(&self.device.sync()?)
    }
}

/// Some metres beside a point: nobody stands where the register puts the pin.
fn near(point: Point, rng: &mut ChaCha8Rng) -> Point {
    let mut beside = || f64::from(rng.random_range(-120..=120)) / 1e6;
    Point { lon: point.lon + beside(), lat: point.lat + beside() }
}

/// What the instrument shows: worse where something failed.
fn reading(code: &str, visit: &Visit) -> f64 {
    let (low, high) = match code {
        "fume" => (0.4, 2.6),
        "tsp" => (120.0, 480.0),
        _ => (3.0, 14.0),
    };
    let worse = if visit.failed.is_empty() { 0.0 } else { 0.6 };
    let drawn = f64::from(u32::try_from(visit.seed % 100).unwrap_or(0)) / 250.0;
    let value: f64 = low + (high - low) * (worse + drawn);
    (value * 100.0).round() / 100.0
}
