//! Rows of `targets` (台账).

use diesel::prelude::*;
use serde::Serialize;
use sync_core::geo::Point;
use sync_core::ids::{RegionCode, TargetId, UnitId};
use sync_core::model::target::{Target, TargetContent};
use sync_core::time::Instant;
use uuid::Uuid;

use crate::db::Connection;
use crate::db::bulk::{execute_with_rows, insert_rows};
use crate::db::schema::targets;
use crate::db::types::{StoredValueError, Time, stored, stored_json};

/// A stored target.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = targets, check_for_backend(diesel::pg::Pg))]
pub struct TargetRow {
    /// Its id.
    pub target_id: Uuid,
    /// Its kind.
    pub kind: String,
    /// Register number.
    pub code: String,
    /// Name.
    pub name: String,
    /// Address.
    pub address: String,
    /// Degrees east, WGS-84.
    pub lon: f64,
    /// Degrees north, WGS-84.
    pub lat: f64,
    /// Path of the grid.
    pub grid: String,
    /// Responsible unit.
    pub unit_id: Uuid,
    /// Supervising department.
    pub supervising_department: Option<String>,
    /// Responsible person.
    pub responsible_person: Option<String>,
    /// Facts by code.
    pub facts: serde_json::Value,
    /// Grows with each change.
    pub version: i32,
    /// When it was removed from the register.
    pub deleted_at: Option<Time>,
}

impl TryFrom<TargetRow> for Target {
    type Error = StoredValueError;

    fn try_from(row: TargetRow) -> Result<Self, StoredValueError> {
        Ok(Self {
            content: TargetContent {
                target_id: TargetId(row.target_id),
                kind: stored("targets.kind", &row.kind)?,
                code: Some(row.code),
                name: row.name,
                address: row.address,
                point: Point { lon: row.lon, lat: row.lat },
                grid: stored("targets.grid", &row.grid)?,
                unit_id: UnitId(row.unit_id),
                supervising_department: row.supervising_department,
                responsible_person: row.responsible_person,
                facts: stored_json("targets.facts", row.facts)?,
            },
            version: u32::try_from(row.version).unwrap_or_default(),
        })
    }
}

/// A target as it is written.
#[derive(Debug, Clone, Serialize)]
pub struct TargetWrite {
    district: RegionCode,
    #[serde(flatten)]
    content: TargetContent,
    lon: f64,
    lat: f64,
    version: u32,
    created_at: Instant,
    updated_at: Instant,
}

impl TargetWrite {
    /// The target as it stands at `now`.
    #[must_use]
    pub fn new(district: &RegionCode, target: &Target, now: Instant) -> Self {
        Self {
            district: district.clone(),
            lon: target.content.point.lon,
            lat: target.content.point.lat,
            content: target.content.clone(),
            version: target.version,
            created_at: now,
            updated_at: now,
        }
    }
}

/// Inserts new targets.
///
/// # Errors
/// Faults of the database.
pub async fn insert_targets(conn: &mut Connection, rows: &[TargetWrite]) -> QueryResult<usize> {
    insert_rows(
        conn,
        "targets",
        "district, target_id, kind, code, name, address, lon, lat, grid, unit_id, supervising_department, \
         responsible_person, facts, version, created_at, updated_at",
        rows,
    )
    .await
}

/// Writes changed targets over the stored ones, which the caller has locked.
///
/// # Errors
/// Faults of the database.
pub async fn update_targets(conn: &mut Connection, rows: &[TargetWrite]) -> QueryResult<usize> {
    execute_with_rows(
        conn,
        "UPDATE targets AS t
         SET kind = new.kind, code = new.code, name = new.name, address = new.address, lon = new.lon,
             lat = new.lat, grid = new.grid, unit_id = new.unit_id,
             supervising_department = new.supervising_department, responsible_person = new.responsible_person,
             facts = new.facts, version = new.version, updated_at = new.updated_at
         FROM json_populate_recordset(NULL::targets, CAST($1 AS json)) AS new
         WHERE t.district = new.district AND t.target_id = new.target_id",
        rows,
    )
    .await
}
