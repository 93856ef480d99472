//! Rows of `targets` (台账).

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
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

/// Characters of an id's 32 that a given register number leaves out: time, version and some of the randomness.
const GIVEN_CODE_SKIPS: usize = 20;

/// The register number of a target that came without one: the random end of its id, unique by the register's key.
#[must_use]
pub fn given_code(id: TargetId) -> String {
    let text = id.0.simple().to_string().to_uppercase();
    let tail: String = text.chars().skip(GIVEN_CODE_SKIPS).collect();
    format!("T-{tail}")
}

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

/// Locks these targets of the district, in id order, and answers with their rows, removed ones too.
///
/// # Errors
/// Faults of the database.
pub async fn lock_targets(
    conn: &mut Connection,
    district: &RegionCode,
    ids: &[TargetId],
) -> QueryResult<Vec<TargetRow>> {
    targets::table
        .filter(targets::district.eq(district.as_str()))
        .filter(targets::target_id.eq_any(ids.iter().map(|id| id.0).collect::<Vec<_>>()))
        .order(targets::target_id)
        .select(TargetRow::as_select())
        .for_no_key_update()
        .load(conn)
        .await
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
    deleted_at: Option<Instant>,
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
            deleted_at: None,
        }
    }

    /// The target as it stands once it was removed at `now`.
    #[must_use]
    pub fn removed(district: &RegionCode, target: &Target, now: Instant) -> Self {
        Self { deleted_at: Some(now), ..Self::new(district, target, now) }
    }
}

/// Inserts new targets.
///
/// # Errors
/// Faults of the database.
pub async fn insert_targets(conn: &Connection, rows: &[TargetWrite]) -> QueryResult<usize> {
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
pub async fn update_targets(conn: &Connection, rows: &[TargetWrite]) -> QueryResult<usize> {
    execute_with_rows(
        conn,
        "UPDATE targets AS t
         SET kind = new.kind, code = new.code, name = new.name, address = new.address, lon = new.lon,
             lat = new.lat, grid = new.grid, unit_id = new.unit_id,
             supervising_department = new.supervising_department, responsible_person = new.responsible_person,
             facts = new.facts, version = new.version, updated_at = new.updated_at,
             deleted_at = new.deleted_at
         FROM json_populate_recordset(NULL::targets, CAST($1 AS json)) AS new
         WHERE t.district = new.district AND t.target_id = new.target_id",
        rows,
    )
    .await
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_given_register_number_is_short_and_of_the_id() {
        let id: TargetId = "01890000-0000-7000-8000-00000000abcd".parse().unwrap();
        assert_eq!(given_code(id), "T-00000000ABCD");
    }
}
