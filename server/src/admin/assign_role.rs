//! A new assignment (任职). The user's devices hear of it, and their cursors are of an older scope from then on.

use diesel::prelude::*;
use diesel_async::{AsyncConnection, RunQueryDsl};
use jiff::civil::Date;
use serde::Deserialize;
use sync_core::ids::{AssignmentId, GridPath, RegionCode, UnitId, UserId};
use sync_core::model::assignment::{DiscoveryLevel, Role};
use sync_core::time::Instant;
use sync_core::wire::problem::ProblemKind;
use utoipa::ToSchema;

use crate::audit::{self, Action, Event};
use crate::db::Connection;
use crate::db::assignments::AssignmentRow;
use crate::db::changes::{Entity, NewChange, record_changes};
use crate::db::schema::{assignments, users};
use crate::db::types::Day;
use crate::problem::ApiError;

/// An assignment to be made.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub struct NewAssignment {
    /// The role.
    pub role: Role,
    /// The grid, with all below it; the district's root for district-wide roles.
    pub grid: GridPath,
    /// The unit, for liaisons.
    pub unit_id: Option<UnitId>,
    /// At which level findings count, for inspectors.
    pub level: Option<DiscoveryLevel>,
    /// First day.
    #[schema(value_type = String, format = "date")]
    pub from: Date,
    /// Last day; open when absent.
    #[schema(value_type = Option<String>, format = "date")]
    pub until: Option<Date>,
}

/// Makes an assignment; `by` is nobody where the command line does it.
///
/// # Errors
/// `other_district`, `user_unknown`, `grid_unknown`, `unit_unknown`, `assignment_incomplete`.
pub async fn assign_role(
    connection: &mut Connection,
    district: &RegionCode,
    user: UserId,
    new: &NewAssignment,
    by: Option<UserId>,
    now: Instant,
) -> Result<AssignmentId, ApiError> {
    if new.grid.region() != *district {
        return Err(ApiError::new(ProblemKind::OtherDistrict).field("grid"));
    }
    let assignment_id = AssignmentId::fresh();
    let row = AssignmentRow {
        district: district.as_str().to_owned(),
        assignment_id: assignment_id.0,
        user_id: user.0,
        role: new.role.code().to_owned(),
        grid: new.grid.as_str().to_owned(),
        unit_id: new.unit_id.map(|unit| unit.0),
        level: new.level.map(|level| level.code().to_owned()),
        from_day: Day(new.from),
        until_day: new.until.map(Day),
    };
    connection
        .transaction(async |connection| {
            diesel::insert_into(assignments::table).values(row).execute(connection).await?;
            let event = Event::new(Action::RoleAssigned, district)
                .by(by)
                .about("assignment", assignment_id)
                .detail(serde_json::json!({ "user": user, "role": new.role, "grid": new.grid }));
            audit::record(connection, now, &[event]).await?;
            change_scope(connection, district, user, &[assignment_id]).await
        })
        .await?;
    Ok(assignment_id)
}

/// Tells the user's devices that assignments changed. The last act of a transaction.
///
/// # Errors
/// Whatever PostgreSQL says.
pub(super) async fn change_scope(
    connection: &mut Connection,
    district: &RegionCode,
    user: UserId,
    changed: &[AssignmentId],
) -> Result<(), ApiError> {
    let own = users::district.eq(district.as_str()).and(users::user_id.eq(user.0));
    diesel::update(users::table.filter(own))
        .set(users::scope_version.eq(users::scope_version + 1))
        .execute(connection)
        .await?;
    let changes: Vec<NewChange> =
        changed.iter().map(|id| NewChange::of_user(Entity::Assignment(*id), user)).collect();
    Ok(record_changes(connection, district, &changes).await?)
}
