//! The cases that a decision about duplicates concerns, locked, with what must hold of all of them.

use std::collections::{BTreeMap, BTreeSet};

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use jiff::civil::Date;
use sync_core::geo::Point;
use sync_core::ids::{CaseId, GridPath, InspectionId, ItemCode, MeasureKey, PackHash, UnitId, UserId};
use sync_core::model::assignment::{DiscoveryLevel, Role};
use sync_core::model::case::{Flag, ReviewState};
use sync_core::model::inspection::Inspection;
use sync_core::time::Instant;
use uuid::Uuid;

use super::Refusal;
use super::request::ExpectedCase;
use crate::auth::actor::Actor;
use crate::db::changes::NewChange;
use crate::db::schema::{cases, inspections};
use crate::db::types::{Day, StoredValueError, Time, stored, stored_code, stored_json};
use crate::db::{Connection, duplicate_lock};
use crate::ledger::basis::{CaseBasis, ChargeBasis};
use crate::ledger::moves::{Aim, ChargeMoney};
use crate::services::store_inspections::InspectionSource;

/// A case as it stood when it was locked.
#[derive(Debug, Clone)]
pub(super) struct Involved {
    pub(super) case_id: CaseId,
    pub(super) item: ItemCode,
    pub(super) inspection_id: InspectionId,
    pub(super) pack_hash: Option<PackHash>,
    pub(super) level: DiscoveryLevel,
    pub(super) unit_id: UnitId,
    pub(super) grid: GridPath,
    pub(super) author: UserId,
    pub(super) review_state: ReviewState,
    pub(super) flags: Vec<Flag>,
    pub(super) version: i32,
    pub(super) occurred_at: Instant,
    /// The day its charges are posted, while they are published.
    pub(super) posts_on: Option<Date>,
    /// Whether it was decided and charged on paper, before this product.
    pub(super) of_the_past: bool,
    /// Where its fire points are, by what they are charged as.
    pub(super) points: BTreeMap<MeasureKey, Point>,
}

#[derive(Debug, Queryable, Selectable)]
#[diesel(table_name = cases, check_for_backend(diesel::pg::Pg))]
struct InvolvedRow {
    case_id: Uuid,
    item: String,
    inspection_id: Uuid,
    pack_hash: Option<String>,
    level: String,
    unit_id: Uuid,
    grid: String,
    author: Uuid,
    review_state: String,
    flags: Vec<String>,
    version: i32,
    occurred_at: Time,
    posts_on: Option<Day>,
}

/// Locks these cases, by id and after the lock of duplicates; all must be in the supervisor's grids.
pub(super) async fn lock(
    conn: &mut Connection,
    actor: &Actor,
    ids: &BTreeSet<CaseId>,
) -> Result<BTreeMap<CaseId, Involved>, Refusal> {
    duplicate_lock::take(conn, &actor.district).await?;
    let rows: Vec<InvolvedRow> = cases::table
        .filter(cases::district.eq(actor.district.as_str()))
        .filter(cases::case_id.eq_any(ids.iter().map(|case| case.0)))
        .order(cases::case_id)
        .select(InvolvedRow::as_select())
        .for_no_key_update()
        .load(conn)
        .await?;
    let mut involved: BTreeMap<CaseId, Involved> = rows
        .into_iter()
        .map(|row| Involved::try_from(row).map(|case| (case.case_id, case)))
        .collect::<Result<_, StoredValueError>>()?;
    let stands_on: Vec<(Uuid, String, serde_json::Value)> = inspections::table
        .filter(inspections::district.eq(actor.district.as_str()))
        .filter(inspections::inspection_id.eq_any(involved.values().map(|case| case.inspection_id.0)))
        .select((inspections::inspection_id, inspections::source, inspections::sealed))
        .load(conn)
        .await?;
    for (id, source, sealed) in stands_on {
        let inspection: Inspection = stored_json("inspections.sealed", sealed)?;
        for case in involved.values_mut().filter(|case| case.inspection_id.0 == id) {
            case.of_the_past = source == InspectionSource::History.code();
            case.points = points_of(&inspection);
        }
    }
    let own = involved.values().all(|case| actor.covers(Role::Supervisor, &case.grid));
    if own && involved.len() == ids.len() { Ok(involved) } else { Err(Refusal::CaseUnknown) }
}

fn points_of(inspection: &Inspection) -> BTreeMap<MeasureKey, Point> {
    let points = inspection.answers.iter().flat_map(|answer| &answer.points);
    points.filter_map(|fire| Some((MeasureKey::point(fire.number), fire.point?))).collect()
}

/// Each must be the version that was looked at.
pub(super) fn check_versions(
    involved: &BTreeMap<CaseId, Involved>,
    expected: impl IntoIterator<Item = ExpectedCase>,
) -> Result<(), Refusal> {
    for ExpectedCase { case_id, expected_version } in expected {
        let case = involved.get(&case_id).ok_or(Refusal::CaseUnknown)?;
        if case.version() != expected_version {
            return Err(Refusal::Changed { case_id, version: case.version(), state: case.review_state });
        }
    }
    Ok(())
}

impl Involved {
    /// Its version.
    pub(super) fn version(&self) -> u32 {
        u32::try_from(self.version).unwrap_or_default()
    }

    /// Whether it could be confirmed as it stands, or was: its evidence is at hand, and of its doubts only those are left
    /// that this merge settles, that it is a duplicate and, where the unit is `named`, whose it is. Only then can another
    /// case be charged for what it found.
    pub(super) fn check_settled(&self, named: bool) -> Result<(), Refusal> {
        if !matches!(self.review_state, ReviewState::UnderReview | ReviewState::Confirmed) {
            return Err(Refusal::StateForbids { case_id: self.case_id, state: self.review_state });
        }
        let settles = |flag: Flag| flag == Flag::DuplicateProposed || (named && flag == Flag::UnitDiffers);
        let doubts: Vec<Flag> = self.flags.iter().copied().filter(|flag| !settles(*flag)).collect();
        if doubts.is_empty() { Ok(()) } else { Err(Refusal::NeedsSettling { case_id: self.case_id, doubts }) }
    }

    /// What a charge of it is for, and where that is.
    pub(super) fn place_of(&self, charge: &ChargeMoney) -> (MeasureKey, Option<Point>) {
        (charge.measure.clone(), self.points.get(&charge.measure).copied())
    }

    /// Who must hear of it.
    pub(super) fn change(&self) -> NewChange {
        NewChange::of_case(self.case_id, self.grid.clone(), self.author).leaving(self.unit_id)
    }

    /// What the record says of its money.
    pub(super) fn basis(&self, aim: &Aim) -> CaseBasis {
        CaseBasis {
            case_id: self.case_id,
            item: self.item.clone(),
            inspection_id: self.inspection_id,
            pack_hash: self.pack_hash.clone(),
            level: self.level,
            unit_id: aim.unit_id,
            posts: aim.posts,
            charges: aim.charges.iter().map(ChargeBasis::from).collect(),
        }
    }
}

impl TryFrom<InvolvedRow> for Involved {
    type Error = StoredValueError;

    fn try_from(row: InvolvedRow) -> Result<Self, StoredValueError> {
        Ok(Self {
            case_id: CaseId(row.case_id),
            item: stored("cases.item", &row.item)?,
            inspection_id: InspectionId(row.inspection_id),
            pack_hash: row.pack_hash.as_deref().map(|hash| stored("cases.pack_hash", hash)).transpose()?,
            level: stored_code("cases.level", &row.level)?,
            unit_id: UnitId(row.unit_id),
            grid: stored("cases.grid", &row.grid)?,
            author: UserId(row.author),
            review_state: stored_code("cases.review_state", &row.review_state)?,
            flags: row.flags.iter().map(|flag| stored_code("cases.flags", flag)).collect::<Result<_, _>>()?,
            version: row.version,
            occurred_at: row.occurred_at.0,
            posts_on: row.posts_on.map(|day| day.0),
            of_the_past: false,
            points: BTreeMap::new(),
        })
    }
}
