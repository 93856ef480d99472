//! The end of an assignment (任职结束): it keeps its days, because what occurred in them follows it.

use diesel::prelude::*;
use diesel_async::{AsyncConnection, RunQueryDsl};
use jiff::civil::Date;
use sync_core::ids::{AssignmentId, RegionCode, UserId};
use sync_core::time::Instant;
use sync_core::wire::problem::ProblemKind;
use uuid::Uuid;

use crate::admin::assign_role::change_scope;
use crate::audit::{self, Action, Event};
use crate::db::Connection;
use crate::db::schema::assignments;
use crate::db::types::Day;
use crate::problem::ApiError;

/// Gives an assignment of the district its last day.
///
/// # Errors
/// `not_found`; `assignment_incomplete` where the last day comes before the first.
pub async fn end_assignment(
    connection: &mut Connection,
    district: &RegionCode,
    assignment: AssignmentId,
    until: Date,
    by: Option<UserId>,
    now: Instant,
) -> Result<(), ApiError> {
    connection
        .transaction(async |connection| {
            let user: Option<Uuid> = diesel::update(
                assignments::table
                    .filter(assignments::district.eq(district.as_str()))
                    .filter(assignments::assignment_id.eq(assignment.0)),
            )
            .set(assignments::until_day.eq(Day(until)))
            .returning(assignments::user_id)
            .get_result(connection)
            .await
            .optional()?;
            let Some(user) = user.map(UserId) else {
                return Err(ApiError::new(ProblemKind::NotFound).field("assignment_id"));
            };
            let event = Event::new(Action::AssignmentEnded, district)
                .by(by)
                .about("assignment", assignment)
                .detail(serde_json::json!({ "until": until }));
            audit::record(connection, now, &[event]).await?;
            change_scope(connection, district, user, &[assignment]).await
        })
        .await
}
