//! The district's users (用户) with all their assignments, past and future ones too, a page at a time.

use std::collections::HashMap;

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
use crate::query::{Page, unknown_cursor};

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

/// A page of users.
#[derive(Debug, Serialize, ToSchema)]
pub struct UserList {
    /// The users, by the name they sign in with.
    pub users: Vec<User>,
    /// The cursor to ask with for the next page; absent on the last.
    pub next: Option<String>,
}

/// Lists users, by the name they sign in with, which never changes.
///
/// # Errors
/// `malformed_request` where the cursor is no user of the district; whatever PostgreSQL says.
pub async fn list_users(
    connection: &mut Connection,
    district: &RegionCode,
    page: Page<UserId>,
) -> Result<UserList, ApiError> {
    let mut query = users::table
        .filter(users::district.eq(district.as_str()))
        .order(users::username)
        .limit(page.with_one_more())
        .select((users::user_id, users::username, users::name, users::disabled_at))
        .into_boxed();
    if let Some(after) = page.after {
        let last: Option<String> = users::table
            .find((district.as_str(), after.0))
            .select(users::username)
            .first(connection)
            .await
            .optional()?;
        query = query.filter(users::username.gt(last.ok_or_else(unknown_cursor)?));
    }
    let mut rows: Vec<(Uuid, String, String, Option<Time>)> = query.load(connection).await?;
    let next = page.cut(&mut rows, |row| UserId(row.0));
    let assigned: Vec<AssignmentRow> = assignments::table
        .filter(assignments::district.eq(district.as_str()))
        .filter(assignments::user_id.eq_any(rows.iter().map(|row| row.0)))
        .order((assignments::from_day, assignments::assignment_id))
        .select(AssignmentRow::as_select())
        .load(connection)
        .await?;
    let mut assignments: HashMap<Uuid, Vec<Assignment>> = HashMap::new();
    for row in assigned {
        assignments.entry(row.user_id).or_default().push(row.try_into()?);
    }
    let user = |(user_id, username, name, disabled_at): (Uuid, String, String, Option<Time>)| User {
        user_id: UserId(user_id),
        username,
        name,
        disabled_at: disabled_at.map(Instant::from),
        assignments: assignments.remove(&user_id).unwrap_or_default(),
    };
    Ok(UserList { users: rows.into_iter().map(user).collect(), next })
}
