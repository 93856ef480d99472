//! The queries behind [`Known`](super::known::Known), one a kind of row, each for all ids of a batch at once. They
//! share a connection, so that they travel together. What nothing refers to is not asked for.

use std::collections::{BTreeSet, HashMap, HashSet};

use diesel::QueryableByName;
use diesel::prelude::*;
use diesel::sql_types::{Array, Text, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use sync_core::ids::{CaseId, GridPath, InspectionId, PhotoHash, RegionCode, TargetId, UnitId, UserId};
use sync_core::model::assignment::Assignment;
use sync_core::model::grid::Grid;
use sync_core::model::zone::Zone;
use uuid::Uuid;

use super::known::{KnownInspection, KnownLoop, KnownTarget};
use crate::db::Connection;
use crate::db::assignments::AssignmentRow;
use crate::db::grids::GridRow;
use crate::db::rectifications::{cases_of_loops, last_reporters, present_rounds};
use crate::db::schema::{assignments, grids, inspections, photos, targets, units, zones};
use crate::db::statement::statement;
use crate::db::targets::TargetRow;
use crate::db::types::stored;
use crate::db::zones::ZoneRow;
use crate::problem::ApiError;

/// All assignments of each author, also past ones: writes follow those at occurrence.
pub(super) async fn assignments(
    mut conn: &Connection,
    district: &RegionCode,
    authors: &[UserId],
) -> Result<HashMap<UserId, Vec<Assignment>>, ApiError> {
    let rows: Vec<AssignmentRow> = assignments::table
        .filter(assignments::district.eq(district.as_str()))
        .filter(assignments::user_id.eq_any(authors.iter().map(|author| author.0)))
        .select(AssignmentRow::as_select())
        .load(&mut conn)
        .await?;
    let mut of_authors: HashMap<UserId, Vec<Assignment>> = HashMap::new();
    for row in rows {
        let assignment: Assignment = row.try_into()?;
        of_authors.entry(assignment.user_id).or_default().push(assignment);
    }
    Ok(of_authors)
}

pub(in crate::services) async fn zones(
    mut conn: &Connection,
    district: &RegionCode,
) -> Result<Vec<Zone>, ApiError> {
    let rows: Vec<ZoneRow> = zones::table
        .filter(zones::district.eq(district.as_str()))
        .select(ZoneRow::as_select())
        .load(&mut conn)
        .await?;
    rows.into_iter().map(|row| row.try_into().map_err(ApiError::from)).collect()
}

/// The district's drawn grids.
pub(super) async fn outlined_grids(
    mut conn: &Connection,
    district: &RegionCode,
) -> Result<Vec<Grid>, ApiError> {
    let rows: Vec<GridRow> = grids::table
        .filter(grids::district.eq(district.as_str()).and(grids::polygon.is_not_null()))
        .select(GridRow::as_select())
        .load(&mut conn)
        .await?;
    rows.into_iter().map(|row| row.try_into().map_err(ApiError::from)).collect()
}

pub(in crate::services) async fn grids(
    mut conn: &Connection,
    district: &RegionCode,
    paths: &BTreeSet<String>,
) -> Result<HashMap<GridPath, UnitId>, ApiError> {
    if paths.is_empty() {
        return Ok(HashMap::new());
    }
    let rows: Vec<(String, Uuid)> = grids::table
        .filter(grids::district.eq(district.as_str()))
        .filter(grids::path.eq_any(paths))
        .select((grids::path, grids::unit_id))
        .load(&mut conn)
        .await?;
    rows.into_iter().map(|(path, unit)| Ok((stored("grids.path", &path)?, UnitId(unit)))).collect()
}

pub(super) async fn units(
    mut conn: &Connection,
    district: &RegionCode,
    ids: &BTreeSet<Uuid>,
) -> Result<HashSet<UnitId>, ApiError> {
    if ids.is_empty() {
        return Ok(HashSet::new());
    }
    let rows: Vec<Uuid> = units::table
        .filter(units::district.eq(district.as_str()))
        .filter(units::unit_id.eq_any(ids))
        .select(units::unit_id)
        .load(&mut conn)
        .await?;
    Ok(rows.into_iter().map(UnitId).collect())
}

pub(in crate::services) async fn targets(
    mut conn: &Connection,
    district: &RegionCode,
    ids: &BTreeSet<Uuid>,
) -> Result<HashMap<TargetId, KnownTarget>, ApiError> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let rows: Vec<TargetRow> = targets::table
        .filter(targets::district.eq(district.as_str()))
        .filter(targets::target_id.eq_any(ids))
        .select(TargetRow::as_select())
        .load(&mut conn)
        .await?;
    rows.into_iter()
        .map(|row| {
            let deleted = row.deleted_at.is_some();
            Ok((TargetId(row.target_id), KnownTarget { target: row.try_into()?, deleted }))
        })
        .collect()
}

/// The register numbers among these that are taken.
pub(super) async fn codes(
    mut conn: &Connection,
    district: &RegionCode,
    codes: &BTreeSet<String>,
) -> Result<HashSet<String>, ApiError> {
    if codes.is_empty() {
        return Ok(HashSet::new());
    }
    let rows: Vec<String> = targets::table
        .filter(targets::district.eq(district.as_str()))
        .filter(targets::code.eq_any(codes))
        .select(targets::code)
        .load(&mut conn)
        .await?;
    Ok(rows.into_iter().collect())
}

pub(super) async fn inspections(
    mut conn: &Connection,
    district: &RegionCode,
    ids: &BTreeSet<Uuid>,
) -> Result<HashMap<InspectionId, KnownInspection>, ApiError> {
    let successors = diesel::alias!(inspections as successors);
    let rows: Vec<(Uuid, Uuid, Uuid, Option<Uuid>)> = inspections::table
        .left_join(
            successors.on(successors
                .field(inspections::district)
                .eq(inspections::district)
                .and(successors.field(inspections::replaces).eq(inspections::inspection_id.nullable()))),
        )
        .filter(inspections::district.eq(district.as_str()))
        .filter(inspections::inspection_id.eq_any(ids))
        .select((
            inspections::inspection_id,
            inspections::lineage,
            inspections::author,
            successors.field(inspections::inspection_id).nullable(),
        ))
        .load(&mut conn)
        .await?;
    let known = |(id, lineage, author, successor): (Uuid, Uuid, Uuid, Option<Uuid>)| {
        let inspection = KnownInspection {
            lineage: InspectionId(lineage),
            author: UserId(author),
            superseded: successor.is_some(),
        };
        (InspectionId(id), inspection)
    };
    Ok(rows.into_iter().map(known).collect())
}

pub(super) async fn verified_photos(
    mut conn: &Connection,
    district: &RegionCode,
    hashes: &BTreeSet<String>,
) -> Result<HashSet<PhotoHash>, ApiError> {
    if hashes.is_empty() {
        return Ok(HashSet::new());
    }
    let rows: Vec<String> = photos::table
        .filter(photos::district.eq(district.as_str()))
        .filter(photos::sha256.eq_any(hashes))
        .filter(photos::state.eq("verified"))
        .select(photos::sha256)
        .load(&mut conn)
        .await?;
    rows.into_iter().map(|hash| Ok(stored("photos.sha256", &hash)?)).collect()
}

/// The cases that reports and re-checks are about, which the caller has locked, with their present rounds.
pub(super) async fn loops(
    conn: &Connection,
    district: &RegionCode,
    ids: &BTreeSet<Uuid>,
) -> Result<HashMap<CaseId, KnownLoop>, ApiError> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let mut rounds = present_rounds(conn, district, ids.iter().copied()).await?;
    let cases = cases_of_loops(conn, district, ids.iter().copied()).await?;
    let reporters = last_reporters(conn, district, ids.iter().copied()).await?;
    let known = cases.into_iter().map(|case| {
        let round = rounds.remove(&case.case_id);
        let reported = round.as_ref().and_then(|round| reporters.get(&(case.case_id, round.number)));
        (case.case_id, KnownLoop { reported_by: reported.copied(), case, round })
    });
    Ok(known.collect())
}

#[derive(QueryableByName)]
struct Elsewhere {
    #[diesel(sql_type = SqlUuid)]
    id: Uuid,
}

/// Which of these ids, unknown here, are targets, units, inspections or cases of another district.
pub(super) async fn elsewhere(
    mut conn: &Connection,
    district: &RegionCode,
    ids: &[Uuid],
) -> Result<HashSet<Uuid>, ApiError> {
    if ids.is_empty() {
        return Ok(HashSet::new());
    }
    let rows: Vec<Elsewhere> = statement(
        "SELECT unknown.id
         FROM unnest($2) AS unknown (id)
         WHERE EXISTS (
             SELECT 1 FROM districts AS d
             WHERE d.district <> $1 AND (
                 EXISTS (SELECT 1 FROM targets AS t WHERE (t.district, t.target_id) = (d.district, unknown.id))
                 OR EXISTS (SELECT 1 FROM units AS u WHERE (u.district, u.unit_id) = (d.district, unknown.id))
                 OR EXISTS (SELECT 1 FROM inspections AS i
                            WHERE (i.district, i.inspection_id) = (d.district, unknown.id))
                 OR EXISTS (SELECT 1 FROM cases AS c WHERE (c.district, c.case_id) = (d.district, unknown.id))))",
    )
    .bind::<Text, _>(district.as_str())
    .bind::<Array<SqlUuid>, _>(ids)
    .load(&mut conn)
    .await?;
    Ok(rows.into_iter().map(|row| row.id).collect())
}
