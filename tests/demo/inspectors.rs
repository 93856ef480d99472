//! The inspectors and their devices: real stores on disk, real photos, real HTTP.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result, ensure};
use device::{Device, NewInspection, NewPhoto, NewRecord, enrol};
use image::metadata::Orientation;
use jiff::civil::Date;
use server::demo_district::DemoDistrict;
use sync_core::engine::SyncReport;
use sync_core::evaluate::Evaluation;
use sync_core::geo::{Fix, MockFlag, Point};
use sync_core::ids::{CaseId, InspectionId, TargetId, UnitId};
use sync_core::model::case::ReviewState;
use sync_core::model::inspection::{Answer, SiteRepresentative, Verdict};
use sync_core::model::photo::PhotoSource;
use sync_core::model::target::{FactValue, TargetContent};
use sync_core::model::zone::{ZoneKind, zone_kinds_at};
use sync_core::policy::{Kind, PolicyPack, builtin_packs};
use sync_core::time::Instant;
use tests::clock::TestClock;
use tests::scene::{SceneExif, SceneKind, scene};

use crate::day::{self, SCRIPT, Script};

/// Orientations that tablets write; all of them must come out upright.
const ORIENTATIONS: [Orientation; 4] =
    [Orientation::NoTransforms, Orientation::Rotate90, Orientation::Rotate180, Orientation::Rotate270];

/// A visit that was recorded.
pub struct Visit {
    /// What the script said.
    pub script: &'static Script,
    /// The sealed inspection.
    pub inspection_id: InspectionId,
    /// The target's name.
    pub target_name: String,
    /// Where that is.
    pub point: Point,
    /// The unit that answers for it.
    pub unit_id: UnitId,
    /// That unit's name.
    pub unit_name: String,
    /// What was found wanting, in words.
    pub failed: Vec<String>,
    /// What the device showed, offline.
    pub shown: Evaluation,
}

/// The inspectors by the names they sign in with.
pub struct Inspectors {
    devices: BTreeMap<&'static str, Device>,
    district: DemoDistrict,
    files: PathBuf,
    photos_taken: u64,
}

impl Inspectors {
    /// Enrols everyone in the script on a device of their own and pulls the register.
    pub fn enrol(files: &Path, server: &str, clock: &Arc<TestClock>) -> Result<Self> {
        let district = DemoDistrict::build()?;
        let mut devices = BTreeMap::new();
        for script in SCRIPT {
            let name = script.inspector;
            if devices.contains_key(name) {
                continue;
            }
            let dir = files.join(name);
            let code = district.sign_in(name).and_then(|person| person.enrolment_code.as_deref());
            enrol(
                &dir,
                server,
                code.with_context(|| format!("{name} has no code"))?,
                &format!("平板 {name}"),
            )?;
            let mut device = Device::open(&dir, clock.clone())?;
            let report = device.pull()?;
            println!("   {name}: {} 行 · rows", report.pulled_rows);
            devices.insert(name, device);
        }
        Ok(Self { devices, district, files: files.to_owned(), photos_taken: 0 })
    }

    /// Plays the script without a network.
    pub fn spend(&mut self, date: Date) -> Result<Vec<Visit>> {
        let mut seen = Vec::new();
        SCRIPT
            .iter()
            .map(|script| {
                let target = self.find_target(script, date, &seen)?;
                seen.push(target.target_id);
                self.visit(script, &target, day::instant(date, script.at)?)
            })
            .collect()
    }

    /// A fitting target, found as an inspector finds it: in the device's own register, by its number.
    fn find_target(&self, script: &Script, date: Date, seen: &[TargetId]) -> Result<TargetContent> {
        let person = self.district.sign_in(script.inspector).context("nobody of that name")?;
        let built_up =
            |point| zone_kinds_at(&self.district.zones, point, date).contains(&ZoneKind::BuiltUpArea);
        let fits = |target: &&TargetContent| {
            let fact = |(code, value): (&str, &str)| {
                let value = FactValue::Text(value.to_owned());
                target.facts.iter().any(|(known, stored)| known.as_str() == code && *stored == value)
            };
            target.kind.as_str() == script.kind
                && person.assignment.grid.covers(&target.grid)
                && script.fact.is_none_or(fact)
                && (!script.built_up || built_up(target.point))
                && !seen.contains(&target.target_id)
        };
        let target = self.district.targets.iter().find(fits);
        let target = target.with_context(|| format!("{} has no such {}", script.inspector, script.kind))?;
        let code = target.code.as_deref().context("the target has no number")?;
        let found = self.device(script.inspector)?.search(code, None)?;
        let entry = found.into_iter().find(|found| found.entry.content.target_id == target.target_id);
        Ok(entry.with_context(|| format!("{code} is not in {}'s register", script.inspector))?.entry.content)
    }

    fn visit(&mut self, script: &'static Script, target: &TargetContent, at: Instant) -> Result<Visit> {
        let kind = kind(script.kind)?;
        let answers = kind.questions.iter().map(|question| {
            let failed = script.failed.contains(&question.code.as_str());
            let verdict = if failed { Verdict::Fail } else { Verdict::Pass };
            Answer { question: question.code.clone(), verdict, note: String::new(), points: Vec::new() }
        });
        let photos = script
            .failed
            .iter()
            .map(|question| self.photograph(script.scene, at, target.point, Some(question)))
            .collect::<Result<_>>()?;
        let new = NewInspection {
            target: Some(target.target_id),
            occurred_at: Some(at),
            fix: Some(Fix {
                point: target.point,
                accuracy_metres: 8.0,
                fixed_at: at,
                provider: "gnss".to_owned(),
                mock: MockFlag::No,
            }),
            answers: answers.collect(),
            notes: Some(script.notes.to_owned()),
            site_representative: Some(SiteRepresentative::Signed { name: "现场负责人".to_owned() }),
            photos,
            ..NewInspection::default()
        };
        let device = self.devices.get_mut(script.inspector).context("not enrolled")?;
        let recorded = device.record(new)?;
        let failed = kind.questions.iter().filter(|question| script.failed.contains(&question.code.as_str()));
        let unit = device.store().master().unit(target.unit_id)?.context("the target's unit is unknown")?;
        Ok(Visit {
            script,
            inspection_id: recorded.inspection_id,
            target_name: target.name.clone(),
            point: target.point,
            unit_id: unit.unit_id,
            unit_name: unit.name,
            failed: failed.map(|question| question.zh.clone()).collect(),
            shown: recorded.evaluation,
        })
    }

    /// A seeded picture with EXIF, none like another.
    fn photograph(
        &mut self,
        kind: SceneKind,
        taken_at: Instant,
        point: Point,
        question: Option<&str>,
    ) -> Result<NewPhoto> {
        let number = self.photos_taken;
        self.photos_taken += 1;
        let turns = usize::try_from(number)? % ORIENTATIONS.len();
        let orientation = *ORIENTATIONS.get(turns).context("orientation")?;
        let bytes = scene(kind, number, &SceneExif { taken_at, point: Some(point), orientation });
        let file = self.files.join(format!("photo-{number}.jpg"));
        std::fs::write(&file, bytes)?;
        Ok(NewPhoto { file, question: question.map(str::parse).transpose()?, source: PhotoSource::Camera })
    }

    /// Everyone comes back into reach of a network.
    pub fn sync_all(&mut self) -> Result<()> {
        for (name, device) in &mut self.devices {
            let report = device.sync()?;
            settled(&report).with_context(|| format!("{name} could not send everything"))?;
            if report.applied == 0 {
                continue;
            }
            println!(
                "   {name}: {} 条记录已送达，{} 张照片已核验 · records sent, photos verified",
                report.applied, report.photos_verified
            );
        }
        Ok(())
    }

    /// The inspector of the returned case reads why, photographs the place again and sends a correction; answers
    /// with the reason as the device shows it.
    pub fn amend_returned(&mut self, returned: InspectionId) -> Result<String> {
        self.sync_all()?;
        let (name, reason, sealed) = self.returned_case(returned)?;
        let script =
            SCRIPT.iter().find(|script| script.inspector == name && script.kind == sealed.kind.as_str());
        let script = script.context("the returned case is not of the script")?;
        let point = sealed.place_point().context("the inspection has no place")?;
        let photo = self.photograph(script.scene, sealed.occurred_at, point, None)?;
        let device = self.devices.get_mut(name).context("not enrolled")?;
        let correction = NewInspection { photos: vec![photo], ..NewInspection::default() };
        device.amend(returned, correction)?;
        let report = device.sync()?;
        settled(&report)?;
        Ok(reason)
    }

    /// A picture of a place that was put in order.
    pub fn picture_of_order(&mut self, visit: &Visit, now: Instant) -> Vec<u8> {
        self.photos_taken += 1;
        let orientation = Orientation::NoTransforms;
        scene(
            SceneKind::Street,
            self.photos_taken,
            &SceneExif { taken_at: now, point: Some(visit.point), orientation },
        )
    }

    /// The inspector of a visit looks again, finds the place in order, and syncs.
    pub fn recheck(&mut self, visit: &Visit, case: CaseId) -> Result<()> {
        let device = self.devices.get_mut(visit.script.inspector).context("not enrolled")?;
        settled(&device.sync()?)?;
        let record = NewRecord { text: "现场已整改到位。".to_owned(), photos: Vec::new() };
        device.recheck_rectification(case, true, record)?;
        settled(&device.sync()?)
    }

    fn returned_case(
        &self,
        returned: InspectionId,
    ) -> Result<(&'static str, String, sync_core::model::inspection::Inspection)> {
        for (name, device) in &self.devices {
            let Some(own) = device.store().work.inspection(returned)? else { continue };
            let cases = device.store().master().cases(&[own.inspection.lineage])?;
            let case = cases.into_iter().find(|case| case.review_state == ReviewState::Returned);
            let reason = case.and_then(|case| case.reason).context("the device does not show the return")?;
            return Ok((name, reason, own.inspection));
        }
        anyhow::bail!("no device has inspection {returned}")
    }

    fn device(&self, name: &str) -> Result<&Device> {
        self.devices.get(name).context("not enrolled")
    }
}

/// Nothing was refused and nothing waits.
pub fn settled(report: &SyncReport) -> Result<()> {
    ensure!(report.refused.is_empty(), "refused: {:?}", report.refused);
    ensure!(report.photos_refused.is_empty(), "photos refused: {:?}", report.photos_refused);
    ensure!(report.failures.is_empty(), "failed: {:?}", report.failures);
    ensure!(report.waiting_operations == 0, "{} records still wait", report.waiting_operations);
    ensure!(report.waiting_photos == 0, "{} photos still wait", report.waiting_photos);
    ensure!(report.unjudged_photos == 0, "{} photos await their verdict", report.unjudged_photos);
    Ok(())
}

/// The pack of the demonstration district.
pub fn macun_pack() -> Result<PolicyPack> {
    let pack =
        builtin_packs().iter().find(|pack| pack.file.ends_with("macun-2024.toml")).context("no pack")?;
    Ok(PolicyPack::load(pack.source, pack.file)?)
}

/// The kind, with its checklist, of that pack.
fn kind(code: &str) -> Result<Kind> {
    let code = code.parse()?;
    macun_pack()?.kind(&code).cloned().with_context(|| format!("the pack has no kind {code}"))
}
