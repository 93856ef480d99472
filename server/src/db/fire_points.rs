//! Rows of `fire_points` (火点线索): leads, and what was found on the spot.
//!
//! Invariant: a lead is verified once, under its row lock.

use std::collections::{BTreeSet, HashMap};

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde::Serialize;
use sync_core::geo::Point;
use sync_core::ids::{FirePointId, GridPath, InspectionId, RegionCode, UserId};
use sync_core::model::fire_point::{FirePointRow, FirePointState};
use sync_core::time::Instant;
use uuid::Uuid;

use crate::db::Connection;
use crate::db::bulk::execute_with_rows;
use crate::db::schema::fire_points;
use crate::db::types::{StoredValueError, Time, stored, stored_code};
use crate::problem::ApiError;

/// What a verification must know of a lead.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct KnownFirePoint {
    /// Its grid.
    pub grid: GridPath,
    /// What became of it.
    pub state: FirePointState,
}

/// Locks these leads, in the order of their ids.
///
/// # Errors
/// Faults of the database.
pub async fn lock(mut conn: &Connection, district: &RegionCode, ids: &BTreeSet<Uuid>) -> QueryResult<()> {
    if ids.is_empty() {
        return Ok(());
    }
    fire_points::table
        .filter(fire_points::district.eq(district.as_str()))
        .filter(fire_points::fire_point_id.eq_any(ids))
        .order(fire_points::fire_point_id)
        .select(fire_points::fire_point_id)
        .for_no_key_update()
        .load::<Uuid>(&mut conn)
        .await?;
    Ok(())
}

/// These leads, which the caller has locked.
///
/// # Errors
/// Faults of the database.
pub async fn known(
    mut conn: &Connection,
    district: &RegionCode,
    ids: &BTreeSet<Uuid>,
) -> Result<HashMap<FirePointId, KnownFirePoint>, ApiError> {
    if ids.is_empty() {
        return Ok(HashMap::new());
    }
    let rows: Vec<(Uuid, String, String)> = fire_points::table
        .filter(fire_points::district.eq(district.as_str()))
        .filter(fire_points::fire_point_id.eq_any(ids))
        .select((fire_points::fire_point_id, fire_points::grid, fire_points::state))
        .load(&mut conn)
        .await?;
    rows.into_iter()
        .map(|(id, grid, state)| {
            let known = KnownFirePoint {
                grid: stored("fire_points.grid", &grid)?,
                state: stored_code("fire_points.state", &state)?,
            };
            Ok((FirePointId(id), known))
        })
        .collect()
}

/// A lead as stored.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = fire_points, check_for_backend(diesel::pg::Pg))]
pub struct StoredFirePoint {
    /// District.
    pub district: String,
    /// Its id.
    pub fire_point_id: Uuid,
    /// Who saw it, by its code.
    pub source: String,
    /// Degrees east.
    pub lon: f64,
    /// Degrees north.
    pub lat: f64,
    /// The grid it lies in.
    pub grid: String,
    /// When it was seen.
    pub seen_at: Time,
    /// In words.
    pub note: String,
    /// Who entered it.
    pub entered_by: Uuid,
    /// When.
    pub entered_at: Time,
    /// What became of it, by its code.
    pub state: String,
    /// Who verified it.
    pub verified_by: Option<Uuid>,
    /// When.
    pub verified_at: Option<Time>,
    /// The inspection that records the fire.
    pub inspection_id: Option<Uuid>,
    /// What was seen on the spot.
    pub finding: Option<String>,
}

impl StoredFirePoint {
    /// As devices pull it.
    ///
    /// # Errors
    /// [`StoredValueError`] where a column holds what is no value of it.
    pub fn row(&self) -> Result<FirePointRow, StoredValueError> {
        Ok(FirePointRow {
            fire_point_id: FirePointId(self.fire_point_id),
            source: stored_code("fire_points.source", &self.source)?,
            point: Point { lon: self.lon, lat: self.lat },
            grid: stored("fire_points.grid", &self.grid)?,
            seen_at: self.seen_at.0,
            note: self.note.clone(),
            state: stored_code("fire_points.state", &self.state)?,
            inspection_id: self.inspection_id.map(InspectionId),
        })
    }
}

/// What was found at a lead, as it is written.
#[derive(Debug, Clone, Serialize)]
pub struct FindingWrite {
    /// District.
    pub district: RegionCode,
    /// The lead.
    pub fire_point_id: FirePointId,
    /// What became of it.
    pub state: FirePointState,
    /// Who verified it.
    pub verified_by: UserId,
    /// When.
    pub verified_at: Instant,
    /// The operation that says so.
    pub record_id: Uuid,
    /// The inspection that records the fire.
    pub inspection_id: Option<InspectionId>,
    /// What was seen.
    pub finding: String,
    /// Its grid, for those who must hear of it.
    #[serde(skip)]
    pub grid: GridPath,
}

/// Writes what was found. The leads are locked.
///
/// # Errors
/// Faults of the database.
pub async fn store_findings(conn: &mut Connection, findings: &[FindingWrite]) -> QueryResult<usize> {
    const UPDATE: &str = "
        UPDATE fire_points SET
            state = found.state, verified_by = found.verified_by, verified_at = found.verified_at,
            record_id = found.record_id, inspection_id = found.inspection_id, finding = found.finding
        FROM json_populate_recordset(NULL::fire_points, CAST($1 AS json)) AS found
        WHERE fire_points.district = found.district AND fire_points.fire_point_id = found.fire_point_id";
    execute_with_rows(conn, UPDATE, findings).await
}
