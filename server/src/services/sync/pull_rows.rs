//! The rows of a pull as they are now: one query for each kind of row, whatever the page's size.

use std::collections::HashMap;

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde::Serialize;
use serde_json::value::{RawValue, to_raw_value};
use sync_core::geo::Point;
use sync_core::ids::{
    CaseId, ChargeId, InspectionId, OperationId, PackHash, PackId, RegionCode, TargetId, UnitId, UserId,
};
use sync_core::model::assignment::Assignment;
use sync_core::model::case::{CaseRow, ChargeRow, Flag};
use sync_core::model::grid::Grid;
use sync_core::model::inspection::PackRef;
use sync_core::model::rectification::RectificationRow;
use sync_core::model::target::Target;
use sync_core::model::unit::Unit;
use sync_core::model::zone::Zone;
use sync_core::money::Fen;
use sync_core::wire::problem::ProblemKind;
use sync_core::wire::pull::{Change, ChangeKind, PackRow, PhotoRow, entity};
use sync_core::wire::push::{OperationResult, Outcome};
use uuid::Uuid;

use super::pull_changes::Touched;
use super::scope::Scope;
use crate::db::Connection;
use crate::db::assignments::AssignmentRow;
use crate::db::fire_points::StoredFirePoint;
use crate::db::grids::GridRow;
use crate::db::rectifications::{cases_of_loops, last_reports, present_rounds};
use crate::db::schema::{
    assignments, cases, charges, fire_points, grids, operations, pack_adoptions, packs, photos, targets,
    units, zones,
};
use crate::db::targets::TargetRow;
use crate::db::types::{Day, Time, stored, stored_code, stored_json};
use crate::db::zones::ZoneRow;
use crate::problem::ApiError;

/// What became of a row.
enum Now {
    /// It may be held.
    Held(Box<RawValue>),
    /// It is there, but not for this user.
    NotHis,
}

impl Now {
    fn held<T: Serialize>(row: &T) -> Result<Self, ApiError> {
        to_raw_value(row).map(Self::Held).map_err(ApiError::internal)
    }
}

/// Rows by id; one that is gone is not here.
type Rows = HashMap<String, Now>;

/// The changes of a page, in its order.
pub(super) async fn rows_now(
    conn: &mut Connection,
    district: &RegionCode,
    scope: &Scope,
    touched: &[Touched],
) -> Result<Vec<Change>, ApiError> {
    let mut by_kind: HashMap<&str, Vec<&str>> = HashMap::new();
    for (kind, id) in touched {
        by_kind.entry(kind).or_default().push(id);
    }
    let mut rows: HashMap<&str, Rows> = HashMap::new();
    for (kind, ids) in by_kind {
        let of_kind = match kind {
            entity::UNIT => units_now(conn, district, &uuids(&ids)).await?,
            entity::GRID => grids_now(conn, district, &ids).await?,
            entity::ZONE => zones_now(conn, district, &uuids(&ids)).await?,
            entity::PACK => packs_now(conn, district, &ids).await?,
            entity::ASSIGNMENT => assignments_now(conn, district, scope, &uuids(&ids)).await?,
            entity::TARGET => targets_now(conn, district, scope, &uuids(&ids)).await?,
            entity::CASE => cases_now(conn, district, scope, &uuids(&ids)).await?,
            entity::RECTIFICATION => rectifications_now(conn, district, scope, &uuids(&ids)).await?,
            entity::FIRE_POINT => fire_points_now(conn, district, scope, &uuids(&ids)).await?,
            entity::OPERATION => operations_now(conn, district, scope, &uuids(&ids)).await?,
            entity::PHOTO => photos_now(conn, district, &ids).await?,
            other => {
                tracing::error!(entity = other, "the change log holds a kind of row that no pull carries");
                continue;
            }
        };
        rows.insert(kind, of_kind);
    }
    let change = |(kind, id): &Touched| {
        let now = rows.get_mut(kind.as_str())?.remove(id);
        let (change, row) = match now {
            Some(Now::Held(row)) => (ChangeKind::Upsert, Some(row)),
            Some(Now::NotHis) => (ChangeKind::Revoke, None),
            None => (ChangeKind::Delete, None),
        };
        Some(Change { entity: kind.clone(), id: id.clone(), change, row })
    };
    Ok(touched.iter().filter_map(change).collect())
}

/// The change log is written from typed ids, so none is lost here.
fn uuids(ids: &[&str]) -> Vec<Uuid> {
    ids.iter().filter_map(|id| Uuid::parse_str(id).ok()).collect()
}

async fn units_now(conn: &mut Connection, district: &RegionCode, ids: &[Uuid]) -> Result<Rows, ApiError> {
    type Row = (Uuid, String, String, Option<String>, String);
    let rows: Vec<Row> = units::table
        .filter(units::district.eq(district.as_str()))
        .filter(units::unit_id.eq_any(ids))
        .select((units::unit_id, units::name, units::kind, units::credit_code, units::budget_code))
        .load(conn)
        .await?;
    rows.into_iter()
        .map(|(id, name, kind, credit_code, budget_code)| {
            let kind = stored_code("units.kind", &kind)?;
            let unit = Unit { unit_id: UnitId(id), name, kind, credit_code, budget_code };
            Ok((id.to_string(), Now::held(&unit)?))
        })
        .collect()
}

async fn grids_now(conn: &mut Connection, district: &RegionCode, paths: &[&str]) -> Result<Rows, ApiError> {
    let rows: Vec<GridRow> = grids::table
        .filter(grids::district.eq(district.as_str()))
        .filter(grids::path.eq_any(paths))
        .select(GridRow::as_select())
        .load(conn)
        .await?;
    rows.into_iter()
        .map(|row| {
            let path = row.path.clone();
            Ok((path, Now::held(&Grid::try_from(row)?)?))
        })
        .collect()
}

async fn zones_now(conn: &mut Connection, district: &RegionCode, ids: &[Uuid]) -> Result<Rows, ApiError> {
    let rows: Vec<ZoneRow> = zones::table
        .filter(zones::district.eq(district.as_str()))
        .filter(zones::zone_id.eq_any(ids))
        .select(ZoneRow::as_select())
        .load(conn)
        .await?;
    rows.into_iter()
        .map(|row| {
            let id = row.zone_id.to_string();
            Ok((id, Now::held(&Zone::try_from(row)?)?))
        })
        .collect()
}

async fn packs_now(conn: &mut Connection, district: &RegionCode, hashes: &[&str]) -> Result<Rows, ApiError> {
    type Row = (String, String, String, String, Option<Day>, Option<Day>);
    let rows: Vec<Row> = packs::table
        .inner_join(pack_adoptions::table.on(pack_adoptions::hash.eq(packs::hash)))
        .filter(pack_adoptions::district.eq(district.as_str()))
        .filter(packs::hash.eq_any(hashes))
        .select((
            packs::pack_id,
            packs::hash,
            packs::region,
            packs::source,
            pack_adoptions::from_day,
            pack_adoptions::until_day,
        ))
        .load(conn)
        .await?;
    rows.into_iter()
        .map(|(id, hash, region, source, from, until)| {
            let pack = PackRow {
                id: stored::<PackId>("packs.pack_id", &id)?,
                hash: stored::<PackHash>("packs.hash", &hash)?,
                region: stored("packs.region", &region)?,
                source,
                adopted_from: from.map(|day| day.0),
                adopted_until: until.map(|day| day.0),
            };
            Ok((hash, Now::held(&pack)?))
        })
        .collect()
}

async fn assignments_now(
    conn: &mut Connection,
    district: &RegionCode,
    scope: &Scope,
    ids: &[Uuid],
) -> Result<Rows, ApiError> {
    let rows: Vec<AssignmentRow> = assignments::table
        .filter(assignments::district.eq(district.as_str()))
        .filter(assignments::assignment_id.eq_any(ids))
        .select(AssignmentRow::as_select())
        .load(conn)
        .await?;
    rows.into_iter()
        .map(|row| {
            let assignment = Assignment::try_from(row)?;
            let own = assignment.user_id == scope.user;
            let now = if own { Now::held(&assignment)? } else { Now::NotHis };
            Ok((assignment.assignment_id.to_string(), now))
        })
        .collect()
}

async fn targets_now(
    conn: &mut Connection,
    district: &RegionCode,
    scope: &Scope,
    ids: &[Uuid],
) -> Result<Rows, ApiError> {
    let rows: Vec<TargetRow> = targets::table
        .filter(targets::district.eq(district.as_str()))
        .filter(targets::target_id.eq_any(ids))
        .filter(targets::deleted_at.is_null())
        .select(TargetRow::as_select())
        .load(conn)
        .await?;
    rows.into_iter()
        .map(|row| {
            let target = Target::try_from(row)?;
            let now = if scope.covers(&target.content.grid) { Now::held(&target)? } else { Now::NotHis };
            Ok((target.content.target_id.to_string(), now))
        })
        .collect()
}

#[derive(Queryable, Selectable)]
#[diesel(table_name = cases, check_for_backend(diesel::pg::Pg))]
struct StoredCaseRow {
    case_id: Uuid,
    lineage: Uuid,
    inspection_id: Uuid,
    author: Uuid,
    item: String,
    target_id: Option<Uuid>,
    lon: Option<f64>,
    lat: Option<f64>,
    grid: String,
    unit_id: Uuid,
    occurred_at: Time,
    pack_id: Option<String>,
    pack_hash: Option<String>,
    review_state: String,
    rectification_state: String,
    flags: Vec<String>,
    version: i32,
    reason: Option<String>,
}

impl StoredCaseRow {
    fn with_charges(self, charges: Vec<ChargeRow>) -> Result<CaseRow, ApiError> {
        let pack = match (&self.pack_id, &self.pack_hash) {
            (Some(id), Some(hash)) => {
                Some(PackRef { id: stored("cases.pack_id", id)?, hash: stored("cases.pack_hash", hash)? })
            }
            _ => None,
        };
        let flags = self.flags.iter().map(|flag| stored_code::<Flag>("cases.flags", flag));
        Ok(CaseRow {
            case_id: CaseId(self.case_id),
            lineage: InspectionId(self.lineage),
            inspection_id: InspectionId(self.inspection_id),
            author: UserId(self.author),
            item: stored("cases.item", &self.item)?,
            target_id: self.target_id.map(TargetId),
            point: self.lon.zip(self.lat).map(|(lon, lat)| Point { lon, lat }),
            grid: stored("cases.grid", &self.grid)?,
            unit_id: UnitId(self.unit_id),
            occurred_at: self.occurred_at.0,
            pack,
            review_state: stored_code("cases.review_state", &self.review_state)?,
            rectification_state: stored_code("cases.rectification_state", &self.rectification_state)?,
            flags: flags.collect::<Result<_, _>>()?,
            version: u32::try_from(self.version).unwrap_or_default(),
            reason: self.reason,
            charges,
        })
    }
}

async fn cases_now(
    conn: &mut Connection,
    district: &RegionCode,
    scope: &Scope,
    ids: &[Uuid],
) -> Result<Rows, ApiError> {
    let rows: Vec<StoredCaseRow> = cases::table
        .filter(cases::district.eq(district.as_str()))
        .filter(cases::case_id.eq_any(ids))
        .select(StoredCaseRow::as_select())
        .load(conn)
        .await?;
    let mut charges = charges_of(conn, district, ids).await?;
    rows.into_iter()
        .map(|row| {
            let id = row.case_id;
            let case = row.with_charges(charges.remove(&id).unwrap_or_default())?;
            let his = case.author == scope.user || scope.covers(&case.grid);
            Ok((id.to_string(), if his { Now::held(&case)? } else { Now::NotHis }))
        })
        .collect()
}

/// The present round of these cases, for whoever may hold the case.
async fn rectifications_now(
    conn: &mut Connection,
    district: &RegionCode,
    scope: &Scope,
    ids: &[Uuid],
) -> Result<Rows, ApiError> {
    let mut rounds = present_rounds(conn, district, ids.iter().copied()).await?;
    let mut reports = last_reports(conn, district, ids).await?;
    let cases = cases_of_loops(conn, district, ids.iter().copied()).await?;
    cases
        .into_iter()
        .filter_map(|case| {
            let round = rounds.remove(&case.case_id)?;
            let report =
                reports.remove(&(case.case_id, round.number)).filter(|_| round.reported_at.is_some());
            let his = case.author == scope.user || scope.covers(&case.grid);
            let row = RectificationRow {
                case_id: case.case_id,
                round: round.number,
                state: round.state,
                step: round.step(),
                pause: round.pause,
                unit_id: round.unit_id,
                grid: case.grid,
                requirement: round.requirement,
                ordered_at: round.ordered_at,
                deadline: round.deadline,
                report,
            };
            let now = if his { Now::held(&row) } else { Ok(Now::NotHis) };
            Some(now.map(|now| (row.case_id.to_string(), now)))
        })
        .collect()
}

async fn fire_points_now(
    conn: &mut Connection,
    district: &RegionCode,
    scope: &Scope,
    ids: &[Uuid],
) -> Result<Rows, ApiError> {
    let rows: Vec<StoredFirePoint> = fire_points::table
        .filter(fire_points::district.eq(district.as_str()))
        .filter(fire_points::fire_point_id.eq_any(ids))
        .select(StoredFirePoint::as_select())
        .load(conn)
        .await?;
    rows.into_iter()
        .map(|stored| {
            let row = stored.row()?;
            let now = if scope.covers(&row.grid) { Now::held(&row)? } else { Now::NotHis };
            Ok((row.fire_point_id.to_string(), now))
        })
        .collect()
}

async fn charges_of(
    conn: &mut Connection,
    district: &RegionCode,
    cases: &[Uuid],
) -> Result<HashMap<Uuid, Vec<ChargeRow>>, ApiError> {
    type Row = (Uuid, Uuid, String, Option<i64>, String, String);
    let rows: Vec<Row> = charges::table
        .filter(charges::district.eq(district.as_str()))
        .filter(charges::case_id.eq_any(cases))
        .order(charges::measure)
        .select((
            charges::case_id,
            charges::charge_id,
            charges::measure,
            charges::amount_fen,
            charges::state,
            charges::clause,
        ))
        .load(conn)
        .await?;
    let mut by_case: HashMap<Uuid, Vec<ChargeRow>> = HashMap::new();
    for (case, charge, measure, amount, state, clause) in rows {
        by_case.entry(case).or_default().push(ChargeRow {
            charge_id: ChargeId(charge),
            measure: stored("charges.measure", &measure)?,
            amount: amount.map(Fen::new),
            state: stored_code("charges.state", &state)?,
            clause,
        });
    }
    Ok(by_case)
}

async fn operations_now(
    conn: &mut Connection,
    district: &RegionCode,
    scope: &Scope,
    ids: &[Uuid],
) -> Result<Rows, ApiError> {
    let rows: Vec<(Uuid, Uuid, Option<serde_json::Value>)> = operations::table
        .filter(operations::district.eq(district.as_str()))
        .filter(operations::op_id.eq_any(ids))
        .select((operations::op_id, operations::user_id, operations::outcome))
        .load(conn)
        .await?;
    rows.into_iter()
        .map(|(id, user, outcome)| {
            if UserId(user) != scope.user {
                return Ok((id.to_string(), Now::NotHis));
            }
            let outcome = match outcome {
                Some(outcome) => stored_json("operations.outcome", outcome)?,
                None => Outcome::Quarantined,
            };
            Ok((id.to_string(), Now::held(&OperationResult { op_id: OperationId(id), outcome })?))
        })
        .collect()
}

/// Photos are addressed to those who took them; the picture itself is not in the row.
async fn photos_now(conn: &mut Connection, district: &RegionCode, hashes: &[&str]) -> Result<Rows, ApiError> {
    let rows: Vec<(String, Option<String>)> = photos::table
        .filter(photos::district.eq(district.as_str()))
        .filter(photos::sha256.eq_any(hashes))
        .select((photos::sha256, photos::refusal))
        .load(conn)
        .await?;
    rows.into_iter()
        .map(|(hash, refusal)| {
            let refusal = refusal.map(|code| {
                ProblemKind::from_code(&code).unwrap_or(ProblemKind::PhotoNotAnImage).rejection(None)
            });
            let photo = PhotoRow { sha256: stored("photos.sha256", &hash)?, refusal };
            Ok((hash, Now::held(&photo)?))
        })
        .collect()
}
