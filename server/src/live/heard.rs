//! Rows of the change log as streams tell them: with the version and the unit of what changed, where it has them.

use diesel::QueryableByName;
use diesel::sql_types::{BigInt, Integer, Nullable, Text, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use serde::Serialize;
use sync_core::ids::{GridPath, RegionCode, UnitId, UserId};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::auth::hearing::Whereabouts;
use crate::db::Connection;
use crate::db::statement::statement;
use crate::db::types::{StoredValueError, stored};
use crate::problem::ApiError;

/// Rows that are told one by one; behind more than these a client is told to load again what it shows.
pub const HEARD_ROWS_MAX: usize = 500;

/// What an event says: that something changed, not what it is now.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct HeardChange {
    /// What changed: `case`, `rectification`, `target`, `unit`, `grid`, `zone`, `pack`, `assignment`, `fire_point`,
    /// `proposal`, `month`, `subsidy`, `user`, `device`; to devices also `operation` and `photo`.
    pub what: String,
    /// Its id: a UUID, a grid path, a hash, a month; of a rectification the case's.
    pub id: String,
    /// The version of a case or target now.
    pub version: Option<i32>,
}

/// One number of the change log, which is one transaction.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct HeardNumber {
    /// The number.
    pub number: i64,
    /// Its rows with their whereabouts, in order.
    pub changes: Vec<(Whereabouts, HeardChange)>,
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = BigInt)]
    number: i64,
    #[diesel(sql_type = Text)]
    entity: String,
    #[diesel(sql_type = Text)]
    entity_id: String,
    #[diesel(sql_type = Nullable<Text>)]
    grid_before: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    grid_after: Option<String>,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    user_id: Option<Uuid>,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    unit_id: Option<Uuid>,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    unit_before: Option<Uuid>,
    #[diesel(sql_type = Nullable<Integer>)]
    version: Option<i32>,
}

/// The numbers behind `after` and up to `through`, in order; `None` where they have more than [`HEARD_ROWS_MAX`] rows.
///
/// # Errors
/// Faults of the database.
pub async fn heard_between(
    connection: &mut Connection,
    district: &RegionCode,
    after: i64,
    through: i64,
) -> Result<Option<Vec<HeardNumber>>, ApiError> {
    let most = i64::try_from(HEARD_ROWS_MAX).unwrap_or(i64::MAX);
    let rows: Vec<Row> = statement(
        "SELECT c.number, c.entity, c.entity_id, c.grid_before, c.grid_after, c.user_id,
                coalesce(k.unit_id, t.unit_id) AS unit_id, c.unit_before, coalesce(k.version, t.version) AS version
         FROM changes c
         LEFT JOIN cases k ON k.district = c.district
             AND k.case_id = CASE WHEN c.entity IN ('case', 'rectification') THEN c.entity_id::uuid END
         LEFT JOIN targets t ON t.district = c.district
             AND t.target_id = CASE WHEN c.entity = 'target' THEN c.entity_id::uuid END
         WHERE c.district = $1 AND c.number > $2 AND c.number <= $3
         ORDER BY c.number, c.ordinal
         LIMIT $4",
    )
    .bind::<Text, _>(district.as_str())
    .bind::<BigInt, _>(after)
    .bind::<BigInt, _>(through)
    .bind::<BigInt, _>(most.saturating_add(1))
    .load(connection)
    .await?;
    if rows.len() > HEARD_ROWS_MAX {
        return Ok(None);
    }
    let mut numbers: Vec<HeardNumber> = Vec::new();
    for row in rows {
        let number = row.number;
        let change = change_of(row)?;
        match numbers.last_mut().filter(|last| last.number == number) {
            Some(last) => last.changes.push(change),
            None => numbers.push(HeardNumber { number, changes: vec![change] }),
        }
    }
    Ok(Some(numbers))
}

fn change_of(row: Row) -> Result<(Whereabouts, HeardChange), StoredValueError> {
    let grids: Vec<GridPath> =
        [("changes.grid_before", row.grid_before), ("changes.grid_after", row.grid_after)]
            .into_iter()
            .filter_map(|(column, grid)| grid.map(|grid| stored(column, &grid)))
            .collect::<Result<_, _>>()?;
    let whereabouts = Whereabouts {
        kind: row.entity.clone(),
        grids,
        units: [row.unit_id, row.unit_before].into_iter().flatten().map(UnitId).collect(),
        user: row.user_id.map(UserId),
    };
    Ok((whereabouts, HeardChange { what: row.entity, id: row.entity_id, version: row.version }))
}
