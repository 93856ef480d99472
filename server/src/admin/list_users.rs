//! The district's users (用户) with all their assignments, past and future ones too.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde::Serialize;
use sync_core::ids::{RegionCode, UserId};
use sync_core::model::assignment::Assignment;
use sync_core::time::Instant;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::db::Connection;
use crate::db::assignments::AssignmentRow;
use crate::db::schema::{assignments, users};
use crate::db::types::Time;
use crate::problem::ApiError;

/// A user as an administrator sees it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct User {
    /// The id.
    pub user_id: UserId,
    /// The name to sign in by.
    pub username: String,
    /// The person's name.
    pub name: String,
    /// When the user was disabled.
    pub disabled_at: Option<Instant>,
    /// All assignments by first day.
    pub assignments: Vec<Assignment>,
}

/// The users, by the name they sign in with.
///
/// # Errors
/// Whatever PostgreSQL says.
pub async fn list_users(connection: &mut Connection, district: &RegionCode) -> Result<Vec<User>, ApiError> {
    type Row = (Uuid, String, String, Option<Time>, Option<AssignmentRow>);
    let rows: Vec<Row> = users::table
        .left_join(
            assignments::table
                .on(assignments::district.eq(users::district).and(assignments::user_id.eq(users::user_id))),
        )
        .filter(users::district.eq(district.as_str()))
        .order((users::username, assignments::from_day, assignments::assignment_id))
        .select((
            users::user_id,
            users::username,
            users::name,
            users::disabled_at,
            Option::<AssignmentRow>::as_select(),
        ))
        .load(connection)
        .await?;
    let mut list: Vec<User> = Vec::new();
    for (user_id, username, name, disabled_at, assignment) in rows {
        let assignment = assignment.map(Assignment::try_from).transpose()?;
        match list.last_mut() {
            Some(user) if user.user_id.0 == user_id => user.assignments.extend(assignment),
            _ => list.push(User {
                user_id: UserId(user_id),
                username,
                name,
                disabled_at: disabled_at.map(Instant::from),
                assignments: assignment.into_iter().collect(),
            }),
        }
    }
    Ok(list)
}
