//! Surroundings (所处环境): what the server knows of the places and photos of findings, and how it seals and judges them
//! by that. Loaded set by set, for one finding or for a whole import.
//!
//! Invariants: a finding is sealed with the target, zones, unit and grid on record now, and the pack in force on the
//! day it occurred, and judged by the one evaluator. No device was there, so there is no fix and no clock to doubt.

use std::collections::{BTreeSet, HashMap};
use std::sync::Arc;

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde_json::value::{RawValue, to_raw_value};
use sync_core::evaluate::{Evaluation, InspectionFault, check, evaluate};
use sync_core::geo::Point;
use sync_core::ids::{GridPath, KindCode, PhotoHash, RegionCode, TargetId, UnitId};
use sync_core::model::inspection::{Context, Inspection, SiteRepresentative, TargetSnapshot};
use sync_core::model::photo::{PhotoEntry, PhotoSource};
use sync_core::model::target::TargetContent;
use sync_core::model::zone::{Zone, zone_kinds_at};
use sync_core::policy::{PolicyBook, PolicyPack};
use sync_core::time::{Instant, ZoneName};
use sync_core::wire::problem::ProblemKind;

use super::finding::{Finding, FindingPhoto, FindingPlace};
use crate::db::Connection;
use crate::db::schema::photos;
use crate::db::types::{storable, stored};
use crate::problem::ApiError;
use crate::services::prior_facts::{ConfirmedCases, confirmed_cases, prior_facts};
use crate::services::sync::known::KnownTarget;
use crate::services::sync::known_rows;

/// What the server knows.
#[derive(Debug)]
pub struct Surroundings {
    district: RegionCode,
    book: Arc<PolicyBook>,
    now: Instant,
    zones: Vec<Zone>,
    grids: HashMap<GridPath, UnitId>,
    targets: HashMap<TargetId, KnownTarget>,
    /// Verified photos with their sizes.
    photos: HashMap<PhotoHash, u64>,
    confirmed: ConfirmedCases,
}

/// A finding as sealed, with what the evaluator says.
#[derive(Debug)]
pub struct JudgedFinding {
    /// What is sealed.
    pub inspection: Inspection,
    /// The same as JSON.
    pub sealed: Box<RawValue>,
    /// What follows from it.
    pub evaluation: Evaluation,
}

/// Where a finding lies by the register.
struct Site<'s> {
    target: Option<TargetSnapshot>,
    kind: KindCode,
    grid: GridPath,
    unit_id: UnitId,
    /// The point whose zones count.
    point: Point,
    /// The point that was looked at.
    observed: Option<Point>,
    place: &'s str,
}

fn fault(kind: ProblemKind, field: impl Into<String>) -> InspectionFault {
    InspectionFault { kind, field: field.into() }
}

impl Surroundings {
    /// Loads what these findings refer to.
    ///
    /// # Errors
    /// Faults of the database.
    pub async fn load(
        conn: &mut Connection,
        district: &RegionCode,
        book: Arc<PolicyBook>,
        findings: &[Finding],
        now: Instant,
    ) -> Result<Self, ApiError> {
        let (mut targets, mut grids, mut hashes) = (BTreeSet::new(), BTreeSet::new(), BTreeSet::new());
        for finding in findings {
            match &finding.place {
                FindingPlace::Target { target_id, .. } => drop(targets.insert(target_id.0)),
                FindingPlace::Spot { grid, .. } => drop(grids.insert(grid.as_str().to_owned())),
            }
            hashes.extend(finding.photos.iter().map(|photo| photo.sha256.as_str()));
        }
        Ok(Self {
            district: district.clone(),
            book,
            now,
            zones: known_rows::zones(conn, district).await?,
            grids: known_rows::grids(conn, district, &grids).await?,
            targets: known_rows::targets(conn, district, &targets).await?,
            photos: verified_sizes(conn, district, &hashes).await?,
            confirmed: confirmed_cases(conn, district, &targets).await?,
        })
    }

    /// The district's policy book.
    #[must_use]
    pub fn book(&self) -> &PolicyBook {
        &self.book
    }

    /// The grid of a finding, if the register knows its place.
    #[must_use]
    pub fn grid_of(&self, finding: &Finding) -> Option<&GridPath> {
        match &finding.place {
            FindingPlace::Target { target_id, .. } => {
                self.targets.get(target_id).map(|known| &known.target.content.grid)
            }
            FindingPlace::Spot { grid, .. } => self.grids.get_key_value(grid).map(|(grid, _)| grid),
        }
    }

    /// The register entry of an inspection's target.
    #[must_use]
    pub fn target_of(&self, inspection: &Inspection) -> Option<&TargetContent> {
        let sealed = inspection.context.target.as_ref()?;
        self.targets.get(&sealed.target_id).map(|known| &known.target.content)
    }

    /// Verified photos among those that were asked for.
    #[must_use]
    pub fn is_verified(&self, photo: &PhotoHash) -> bool {
        self.photos.contains_key(photo)
    }

    /// What the evaluator says of an inspection under the pack that its context names.
    #[must_use]
    pub fn evaluate(&self, inspection: &Inspection) -> Evaluation {
        let pack = inspection.context.pack.as_ref();
        let pack = pack.and_then(|pack| self.book.by_hash(&pack.hash));
        evaluate(pack, inspection, &prior_facts(&self.confirmed, inspection))
    }

    /// Seals and judges a finding.
    ///
    /// # Errors
    /// The first thing that makes it unacceptable, with its field.
    pub fn judge(&self, finding: &Finding) -> Result<JudgedFinding, InspectionFault> {
        if finding.occurred_at > self.now || storable(finding.occurred_at) != finding.occurred_at {
            return Err(fault(ProblemKind::OccurrenceInFuture, "occurred_at"));
        }
        let site = self.site(finding)?;
        if !site.observed.unwrap_or(site.point).is_in_china() {
            return Err(fault(ProblemKind::PlaceOutsideChina, "place.point"));
        }
        let day = finding.occurred_at.record_date();
        let pack = self.book.in_force(&self.district, day);
        let inspection = Inspection {
            inspection_id: finding.inspection_id,
            lineage: finding.corrects.map_or(finding.inspection_id, |(_, lineage)| lineage),
            replaces: finding.corrects.map(|(replaced, _)| replaced),
            author: finding.author,
            occurred_at: finding.occurred_at,
            zone: ZoneName::record(),
            kind: site.kind,
            fix: None,
            observed: site.observed,
            place: site.place.to_owned(),
            answers: finding.answers.clone(),
            measurements: finding.measurements.clone(),
            notes: finding.notes.clone(),
            second_inspector: None,
            site_representative: SiteRepresentative::Absent,
            photos: self.manifest(finding)?,
            context: Context {
                target: site.target,
                grid: site.grid,
                unit_id: site.unit_id,
                zones: zone_kinds_at(&self.zones, site.point, day),
                level: finding.level,
                pack: pack.map(|pack| pack.reference()),
            },
        };
        if let Some(found) = check(pack, &inspection).into_iter().next() {
            return Err(found);
        }
        // What a device measured is kept and put in doubt; what somebody types from paper can still be put right.
        if let Some(index) = pack.and_then(|pack| impossible(pack, &inspection)) {
            return Err(fault(ProblemKind::NumberOutOfRange, format!("measurements[{index}].value")));
        }
        let sealed =
            to_raw_value(&inspection).map_err(|_| fault(ProblemKind::MalformedRequest, "answers"))?;
        let evaluation = evaluate(pack, &inspection, &prior_facts(&self.confirmed, &inspection));
        // A correction may take everything back.
        if evaluation.cases.is_empty() && finding.corrects.is_none() {
            return Err(fault(ProblemKind::FindingWithoutCase, "answers"));
        }
        Ok(JudgedFinding { inspection, sealed, evaluation })
    }

    fn site<'s>(&self, finding: &'s Finding) -> Result<Site<'s>, InspectionFault> {
        match &finding.place {
            FindingPlace::Target { target_id, point } => {
                let known = self.targets.get(target_id);
                let known = known.ok_or_else(|| fault(ProblemKind::TargetUnknown, "place.target_id"))?;
                let content = &known.target.content;
                Ok(Site {
                    target: Some(TargetSnapshot {
                        target_id: *target_id,
                        version: known.target.version,
                        facts: content.facts.clone(),
                    }),
                    kind: content.kind.clone(),
                    grid: content.grid.clone(),
                    unit_id: content.unit_id,
                    point: content.point,
                    observed: Some(point.unwrap_or(content.point)),
                    place: "",
                })
            }
            FindingPlace::Spot { kind, grid, point, place } => {
                let unit_id = self.grids.get(grid);
                Ok(Site {
                    target: None,
                    kind: kind.clone(),
                    grid: grid.clone(),
                    unit_id: *unit_id.ok_or_else(|| fault(ProblemKind::GridUnknown, "place.grid"))?,
                    point: *point,
                    observed: Some(*point),
                    place,
                })
            }
        }
    }

    /// The photos as a manifest: each must be here and verified.
    fn manifest(&self, finding: &Finding) -> Result<Vec<PhotoEntry>, InspectionFault> {
        let entry = |(index, photo): (usize, &FindingPhoto)| {
            let size = self.photos.get(&photo.sha256);
            let size =
                *size.ok_or_else(|| fault(ProblemKind::PhotoUnknown, format!("photos[{index}].sha256")))?;
            Ok(PhotoEntry {
                sha256: photo.sha256.clone(),
                size,
                taken_at: photo.taken_at.unwrap_or(finding.occurred_at),
                point: photo.point,
                source: PhotoSource::Gallery,
                question: photo.question.clone(),
            })
        };
        finding.photos.iter().enumerate().map(entry).collect()
    }
}

/// The place of a value that the pack says cannot be measured, there or at all.
fn impossible(pack: &PolicyPack, inspection: &Inspection) -> Option<usize> {
    let kind = pack.kind(&inspection.kind)?;
    inspection.measurements.iter().position(|measured| {
        let possible = kind.measurement(&measured.code);
        possible.is_none_or(|possible| !(possible.min..=possible.max).contains(&measured.value))
    })
}

async fn verified_sizes(
    conn: &mut Connection,
    district: &RegionCode,
    hashes: &BTreeSet<&str>,
) -> Result<HashMap<PhotoHash, u64>, ApiError> {
    let rows: Vec<(String, i64)> = photos::table
        .filter(photos::district.eq(district.as_str()))
        .filter(photos::sha256.eq_any(hashes))
        .filter(photos::state.eq("verified"))
        .select((photos::sha256, photos::size))
        .load(conn)
        .await?;
    rows.into_iter()
        .map(|(hash, size)| Ok((stored("photos.sha256", &hash)?, u64::try_from(size).unwrap_or_default())))
        .collect()
}
