//! Moving somebody to another grid (调整网格): the assignment ends and another begins the day after, in one transaction,
//! so that no day is without one and none has two.

use diesel::prelude::*;
use diesel_async::{AsyncConnection, RunQueryDsl};
use jiff::ToSpan;
use jiff::civil::Date;
use serde::Deserialize;
use sync_core::ids::{AssignmentId, GridPath, RegionCode, UserId};
use sync_core::model::assignment::DiscoveryLevel;
use sync_core::time::Instant;
use sync_core::wire::problem::ProblemKind;
use utoipa::ToSchema;

use crate::admin::assign_role::change_scope;
use crate::audit::{self, Action, Event};
use crate::db::Connection;
use crate::db::assignments::AssignmentRow;
use crate::db::schema::assignments;
use crate::db::types::Day;
use crate::problem::ApiError;

/// Where an assignment goes on.
#[derive(Debug, Clone, Deserialize, ToSchema)]
pub struct AssignmentMove {
    /// The other grid.
    pub grid: GridPath,
    /// The first day there.
    #[schema(value_type = String, format = "date")]
    pub from: Date,
    /// The level there, where it is another.
    pub level: Option<DiscoveryLevel>,
}

/// Ends an assignment the day before and makes the one that follows it, with the same role, unit and last day.
///
/// # Errors
/// `not_found`, `other_district`, `grid_unknown`; `assignment_incomplete` where the assignment does not hold on the day
/// before the first one there.
pub async fn move_assignment(
    connection: &mut Connection,
    district: &RegionCode,
    assignment: AssignmentId,
    to: &AssignmentMove,
    by: Option<UserId>,
    now: Instant,
) -> Result<AssignmentId, ApiError> {
    if to.grid.region() != *district {
        return Err(ApiError::new(ProblemKind::OtherDistrict).field("grid"));
    }
    let incomplete = || ApiError::new(ProblemKind::AssignmentIncomplete).field("from");
    let last = to.from.checked_sub(1.day()).map_err(|_| incomplete())?;
    connection
        .transaction(async |connection| {
            let own = assignments::table
                .filter(assignments::district.eq(district.as_str()))
                .filter(assignments::assignment_id.eq(assignment.0));
            let ending: Option<AssignmentRow> =
                own.select(AssignmentRow::as_select()).for_update().first(connection).await.optional()?;
            let ending = ending.ok_or_else(|| ApiError::new(ProblemKind::NotFound).field("assignment_id"))?;
            if last < ending.from_day.0 || ending.until_day.is_some_and(|until| until.0 < to.from) {
                return Err(incomplete());
            }
            let following = AssignmentRow {
                assignment_id: AssignmentId::fresh().0,
                grid: to.grid.as_str().to_owned(),
                level: to.level.map(|level| level.code().to_owned()).or_else(|| ending.level.clone()),
                from_day: Day(to.from),
                ..ending.clone()
            };
            let (user, made) = (UserId(ending.user_id), AssignmentId(following.assignment_id));
            diesel::update(own).set(assignments::until_day.eq(Day(last))).execute(connection).await?;
            diesel::insert_into(assignments::table).values(following).execute(connection).await?;
            let events = [
                Event::new(Action::AssignmentEnded, district)
                    .by(by)
                    .about("assignment", assignment)
                    .detail(serde_json::json!({ "until": last })),
                Event::new(Action::RoleAssigned, district)
                    .by(by)
                    .about("assignment", made)
                    .detail(serde_json::json!({ "user": user, "role": ending.role, "grid": to.grid })),
            ];
            audit::record(connection, now, &events).await?;
            change_scope(connection, district, user, &[assignment, made]).await?;
            Ok(made)
        })
        .await
}
