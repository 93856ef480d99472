//! The inspectors of the three months: a real device each, all at once, every one recording its visits and syncing.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result, anyhow};
use device::{Device, NewInspection, NewPhoto, SystemClock, enrol};
use image::metadata::Orientation;
use sync_core::geo::{Fix, MockFlag, Point};
use sync_core::ids::InspectionId;
use sync_core::model::case::ReviewState;
use sync_core::model::inspection::{Answer, SiteRepresentative, Verdict};
use sync_core::model::photo::PhotoSource;
use sync_core::policy::PolicyPack;
use sync_core::time::Instant;
use tests::scene::{SceneExif, SceneKind, scene};

use super::plan::{Plan, Visit};
use crate::inspectors::{macun_pack, settled};

/// Metres that a tablet knows its place to.
const ACCURACY_METRES: f64 = 6.0;

/// The inspectors' devices.
pub struct Field {
    devices: BTreeMap<String, Recorder>,
}

/// One inspector's device.
struct Recorder {
    device: Device,
    files: PathBuf,
}

impl Field {
    /// Enrols everybody who has a visit, records and syncs; one thread a device.
    pub fn record(files: &Path, server: &str, plan: &Plan) -> Result<Self> {
        let pack = macun_pack()?;
        let mut rounds: BTreeMap<&str, Vec<&Visit>> = BTreeMap::new();
        for visit in &plan.visits {
            rounds.entry(&visit.inspector).or_default().push(visit);
        }
        let recorders = std::thread::scope(|scope| {
            let threads: Vec<_> = rounds
                .iter()
                .map(|(name, visits)| {
                    let pack = &pack;
                    let code =
                        plan.district.sign_in(name).and_then(|person| person.enrolment_code.as_deref());
                    let files = files.join(name);
                    scope.spawn(move || {
                        let code = code.with_context(|| format!("{name} has no enrolment code"))?;
                        let recorder = Recorder::work(files, server, code, name, visits, pack)?;
                        Ok::<_, anyhow::Error>(((*name).to_owned(), recorder))
                    })
                })
                .collect();
            threads
                .into_iter()
                .map(|thread| thread.join().map_err(|_| anyhow!("a device panicked"))?)
                .collect::<Result<_>>()
        })?;
        Ok(Self { devices: recorders })
    }

    /// Everybody who has a returned case reads why, photographs the place again and sends a correction.
    pub fn correct_returned(&mut self) -> Result<usize> {
        let mut corrected = 0;
        for recorder in self.devices.values_mut() {
            corrected += recorder.correct_returned()?;
        }
        Ok(corrected)
    }
}

impl Recorder {
    fn work(
        files: PathBuf,
        server: &str,
        code: &str,
        name: &str,
        visits: &[&Visit],
        pack: &PolicyPack,
    ) -> Result<Self> {
        enrol(&files, server, code, &format!("平板 {name}"))?;
        let mut recorder = Self { device: Device::open(&files, Arc::new(SystemClock))?, files };
        recorder.device.pull()?;
        for visit in visits {
            recorder.visit(visit, pack)?;
        }
        recorder.sync().with_context(|| name.to_owned())?;
        Ok(recorder)
    }

    fn visit(&mut self, visit: &Visit, pack: &PolicyPack) -> Result<()> {
        let kind = pack.kind(&visit.target.kind).context("the pack lacks a kind")?;
        let answers = kind.questions.iter().map(|question| Answer {
            question: question.code.clone(),
            verdict: if visit.failed.contains(&question.code) { Verdict::Fail } else { Verdict::Pass },
            note: String::new(),
            points: Vec::new(),
        });
        let mut photos = Vec::new();
        for (number, question) in (0..).zip(&visit.failed) {
            let file =
                self.photograph(visit.scene, visit.seed.wrapping_add(number), visit.at, visit.target.point)?;
            photos.push(NewPhoto { file, question: Some(question.clone()), source: PhotoSource::Camera });
        }
        self.device.record(NewInspection {
            target: Some(visit.target.target_id),
            occurred_at: Some(visit.at),
            fix: Some(Fix {
                point: visit.target.point,
                accuracy_metres: ACCURACY_METRES,
                fixed_at: visit.at,
                provider: "gnss".to_owned(),
                mock: MockFlag::No,
            }),
            answers: answers.collect(),
            site_representative: Some(SiteRepresentative::Signed { name: "现场负责人".to_owned() }),
            photos,
            ..NewInspection::default()
        })?;
        Ok(())
    }

    fn photograph(&self, kind: SceneKind, seed: u64, taken_at: Instant, point: Point) -> Result<PathBuf> {
        let exif = SceneExif { taken_at, point: Some(point), orientation: Orientation::NoTransforms };
        let file = self.files.join(format!("photo-{seed}.jpg"));
        std::fs::write(&file, scene(kind, seed, &exif))?;
        Ok(file)
    }

    fn sync(&mut self) -> Result<()> {
        settled(&self.device.sync()?)
    }

    fn correct_returned(&mut self) -> Result<usize> {
        self.sync()?;
        let mut returned = Vec::new();
        for own in self.device.store().work.inspections(usize::MAX)? {
            let cases = self.device.store().master().cases(&[own.inspection.lineage])?;
            let latest = cases.iter().any(|case| {
                case.review_state == ReviewState::Returned
                    && case.inspection_id == own.inspection.inspection_id
            });
            if latest {
                returned.push(own.inspection);
            }
        }
        for (number, inspection) in (0..).zip(&returned) {
            let point = inspection.place_point().context("the inspection has no place")?;
            let seed = u64::from_be_bytes(first_bytes(inspection.inspection_id));
            let file =
                self.photograph(SceneKind::Street, seed.wrapping_add(number), inspection.occurred_at, point)?;
            let photo = NewPhoto { file, question: None, source: PhotoSource::Camera };
            self.device.amend(
                inspection.inspection_id,
                NewInspection { photos: vec![photo], ..NewInspection::default() },
            )?;
        }
        self.sync()?;
        Ok(returned.len())
    }
}

/// The first eight bytes of an id.
fn first_bytes(id: InspectionId) -> [u8; 8] {
    let bytes = id.0.as_u64_pair();
    bytes.0.to_be_bytes()
}
