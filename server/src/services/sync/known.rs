//! Known (已知): what the server knows of everything that a batch refers to, loaded set by set in one transaction.
//!
//! Invariants: nothing of another district is here but the mere fact that an id is one of theirs. What a batch may
//! change is locked here, always in id order and before anything is read, so that two batches cannot deadlock.
//! While a batch is judged its effects are added, so that an operation sees those before it.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::Arc;

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use futures::try_join;
use sync_core::ids::{
    CaseId, DeviceId, FirePointId, GridPath, InspectionId, PhotoHash, RegionCode, TargetId, UnitId, UserId,
};
use sync_core::model::assignment::Assignment;
use sync_core::model::grid::Grid;
use sync_core::model::target::Target;
use sync_core::model::zone::Zone;
use sync_core::policy::PolicyBook;
use sync_core::time::Instant;
use sync_core::wire::operation::{Body, Operation};
use uuid::Uuid;

use super::known_rows;
use crate::calendar::WorkCalendar;
use crate::db::fire_points::{self, KnownFirePoint};
use crate::db::rectifications::LoopCase;
use crate::db::schema::{cases, targets};
use crate::db::{Connection, duplicate_lock, evidence_lock};
use crate::policies::PolicyBooks;
use crate::problem::ApiError;
use crate::rectification::round::Round;
use crate::services::open_cases::StoredCase;
use crate::services::prior_facts::{ConfirmedCases, confirmed_cases};

/// A register entry and whether it was removed.
#[derive(Debug, Clone)]
pub struct KnownTarget {
    /// The entry.
    pub target: Target,
    /// Removed: it can still have been inspected before the device knew.
    pub deleted: bool,
}

/// As much of a stored inspection as its correction needs.
#[derive(Debug, Clone)]
pub struct KnownInspection {
    /// Its lineage.
    pub lineage: InspectionId,
    /// Who recorded it.
    pub author: UserId,
    /// Whether a correction of it was accepted.
    pub superseded: bool,
}

/// A case as its loop needs it, with its present round.
#[derive(Debug, Clone)]
pub struct KnownLoop {
    /// The case.
    pub case: LoopCase,
    /// Its present round; none where nothing was ordered.
    pub round: Option<Round>,
    /// Who reported that round last.
    pub reported_by: Option<UserId>,
}

/// What the server knows.
#[derive(Debug)]
pub struct Known {
    /// The district.
    pub district: RegionCode,
    /// Its policy book.
    pub book: Arc<PolicyBook>,
    /// The holiday calendar.
    pub calendar: Arc<WorkCalendar>,
    /// When the batch was received.
    pub received_at: Instant,
    /// All assignments of each author, also past ones.
    pub assignments: HashMap<UserId, Vec<Assignment>>,
    /// All zones.
    pub zones: Vec<Zone>,
    /// The drawn grids, where something was found at a spot.
    pub outlined_grids: Vec<Grid>,
    /// The units of the grids referred to.
    pub grids: HashMap<GridPath, UnitId>,
    /// The units referred to.
    pub units: HashSet<UnitId>,
    /// The targets referred to.
    pub targets: HashMap<TargetId, KnownTarget>,
    /// The register numbers asked for that are taken.
    pub codes: HashSet<String>,
    /// The inspections referred to.
    pub inspections: HashMap<InspectionId, KnownInspection>,
    /// The cases of lineages that are corrected.
    pub cases: HashMap<CaseId, StoredCase>,
    /// The cases that reports and re-checks are about.
    pub loops: HashMap<CaseId, KnownLoop>,
    /// The fire point leads referred to.
    pub fire_points: HashMap<FirePointId, KnownFirePoint>,
    /// The photos referred to that are verified.
    pub verified: HashSet<PhotoHash>,
    /// Confirmed cases of the targets inspected: item and occurrence.
    pub confirmed: ConfirmedCases,
    /// Ids referred to that belong to another district.
    pub elsewhere: HashSet<Uuid>,
    /// Targets that a device has written in this batch already, with the version before it.
    pub own_targets: HashMap<(DeviceId, TargetId), u32>,
}

/// Everything that a batch refers to.
#[derive(Debug, Default)]
struct References {
    targets: BTreeSet<Uuid>,
    updated: BTreeSet<Uuid>,
    inspections: BTreeSet<Uuid>,
    replaced: BTreeSet<Uuid>,
    lineages: BTreeSet<Uuid>,
    looped: BTreeSet<Uuid>,
    fire_points: BTreeSet<Uuid>,
    grids: BTreeSet<String>,
    units: BTreeSet<Uuid>,
    codes: BTreeSet<String>,
    photos: BTreeSet<String>,
    spots: bool,
}

impl References {
    fn of<'a>(operations: impl IntoIterator<Item = &'a Operation>) -> Self {
        let mut all = Self::default();
        for operation in operations {
            let content = match &operation.body {
                Body::ReportRectification(report) => {
                    all.looped.insert(report.case_id.0);
                    continue;
                }
                Body::RecheckRectification(check) => {
                    all.looped.insert(check.case_id.0);
                    continue;
                }
                Body::VerifyFirePoint(verification) => {
                    all.fire_points.insert(verification.fire_point_id.0);
                    if let Some(inspection) = verification.inspection_id {
                        all.inspections.insert(inspection.0);
                        all.replaced.insert(inspection.0);
                    }
                    continue;
                }
                Body::RegisterTarget(content) => content,
                Body::UpdateTarget(update) => &update.content,
                Body::SubmitInspection(inspection) | Body::AmendInspection(inspection) => {
                    all.inspections.insert(inspection.inspection_id.0);
                    if let Some(replaced) = inspection.replaces {
                        all.inspections.insert(replaced.0);
                        all.replaced.insert(replaced.0);
                        all.lineages.insert(inspection.lineage.0);
                    }
                    let context = &inspection.context;
                    all.targets.extend(context.target.as_ref().map(|target| target.target_id.0));
                    all.spots |= context.target.is_none();
                    all.grids.insert(context.grid.as_str().to_owned());
                    all.units.insert(context.unit_id.0);
                    all.photos.extend(inspection.photos.iter().map(|photo| photo.sha256.as_str().to_owned()));
                    continue;
                }
            };
            all.targets.insert(content.target_id.0);
            all.updated.insert(content.target_id.0);
            all.grids.insert(content.grid.as_str().to_owned());
            all.units.insert(content.unit_id.0);
            // A text that PostgreSQL cannot hold is refused when the operation is judged.
            all.codes.extend(content.code.clone().filter(|code| !code.contains('\0')));
        }
        all
    }
}

impl Known {
    /// Loads what these operations refer to, and locks what they may change.
    ///
    /// # Errors
    /// Faults of the database.
    pub async fn load<'a>(
        conn: &Connection,
        district: &RegionCode,
        authors: &[UserId],
        (policies, calendar): (&PolicyBooks, Arc<WorkCalendar>),
        received_at: Instant,
        operations: impl IntoIterator<Item = &'a Operation>,
    ) -> Result<Self, ApiError> {
        let all = References::of(operations);
        // Together, in one round trip: none depends on what another answers, and PostgreSQL takes them in this order.
        let referred = async {
            try_join!(
                known_rows::grids(conn, district, &all.grids),
                known_rows::units(conn, district, &all.units),
                known_rows::targets(conn, district, &all.targets),
                known_rows::codes(conn, district, &all.codes),
                known_rows::inspections(conn, district, &all.inspections),
            )
        };
        let outlined = async {
            if all.spots { known_rows::outlined_grids(conn, district).await } else { Ok(Vec::new()) }
        };
        let affected = async {
            try_join!(
                StoredCase::of_lineages(conn, district, &all.lineages),
                known_rows::loops(conn, district, &all.looped),
                fire_points::known(conn, district, &all.fire_points),
                known_rows::verified_photos(conn, district, &all.photos),
                confirmed_cases(conn, district, &all.targets),
            )
        };
        let ((), book, assignments, zones, outlined_grids, referred, affected) = try_join!(
            all.lock(conn, district),
            policies.of(conn, district),
            known_rows::assignments(conn, district, authors),
            known_rows::zones(conn, district),
            outlined,
            referred,
            affected,
        )?;
        let (grids, units, targets, codes, inspections) = referred;
        let (cases, loops, fire_points, verified, confirmed) = affected;
        let mut known = Self {
            district: district.clone(),
            book,
            calendar,
            received_at,
            assignments,
            zones,
            outlined_grids,
            grids,
            units,
            targets,
            codes,
            inspections,
            cases,
            loops,
            fire_points,
            verified,
            confirmed,
            elsewhere: HashSet::new(),
            own_targets: HashMap::new(),
        };
        known.elsewhere = known_rows::elsewhere(conn, district, &all.unknown_to(&known)).await?;
        Ok(known)
    }

    /// The assignments of an author of this batch.
    pub(super) fn assignments_of(&self, author: UserId) -> &[Assignment] {
        self.assignments.get(&author).map_or(&[], Vec::as_slice)
    }

    /// Whether an update made on this version follows an earlier one of the same device in the same batch: offline, it
    /// could not learn the version that one would get.
    pub(super) fn follows_own(&self, device: DeviceId, target: TargetId, base_version: u32) -> bool {
        self.own_targets.get(&(device, target)).is_some_and(|before| *before <= base_version)
    }
}

impl References {
    /// Shares the evidence lock, takes the one of duplicates where cases are locked, then locks targets that are updated,
    /// then fire points, then cases that are corrected, reported on or re-checked.
    async fn lock(&self, conn: &Connection, district: &RegionCode) -> Result<(), ApiError> {
        // Cases are locked twice then, those named here and the duplicates that hear of it; nobody else may between.
        let locks_cases = !self.lineages.is_empty() || !self.looped.is_empty();
        let judges_evidence = !self.photos.is_empty() || locks_cases;
        try_join!(
            async { if judges_evidence { evidence_lock::share(conn, district).await } else { Ok(()) } },
            async { if locks_cases { duplicate_lock::take(conn, district).await } else { Ok(()) } },
            self.lock_targets(conn, district),
            fire_points::lock(conn, district, &self.fire_points),
            self.lock_cases(conn, district),
        )?;
        Ok(())
    }

    async fn lock_targets(&self, mut conn: &Connection, district: &RegionCode) -> QueryResult<()> {
        if self.updated.is_empty() {
            return Ok(());
        }
        targets::table
            .filter(targets::district.eq(district.as_str()))
            .filter(targets::target_id.eq_any(&self.updated))
            .order(targets::target_id)
            .select(targets::target_id)
            .for_no_key_update()
            .load::<Uuid>(&mut conn)
            .await?;
        Ok(())
    }

    async fn lock_cases(&self, mut conn: &Connection, district: &RegionCode) -> QueryResult<()> {
        if self.lineages.is_empty() && self.looped.is_empty() {
            return Ok(());
        }
        let about = cases::lineage.eq_any(&self.lineages).or(cases::case_id.eq_any(&self.looped));
        cases::table
            .filter(cases::district.eq(district.as_str()))
            .filter(about)
            .order(cases::case_id)
            .select(cases::case_id)
            .for_no_key_update()
            .load::<Uuid>(&mut conn)
            .await?;
        Ok(())
    }

    fn unknown_to(&self, known: &Known) -> Vec<Uuid> {
        let targets = self.targets.iter().filter(|id| !known.targets.contains_key(&TargetId(**id)));
        let units = self.units.iter().filter(|id| !known.units.contains(&UnitId(**id)));
        let replaced = self.replaced.iter().filter(|id| !known.inspections.contains_key(&InspectionId(**id)));
        let looped = self.looped.iter().filter(|id| !known.loops.contains_key(&CaseId(**id)));
        targets.chain(units).chain(replaced).chain(looped).copied().collect()
    }
}
