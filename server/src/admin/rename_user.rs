//! Another name for a user (更名): a typing error, or a person who is called otherwise now. What was signed keeps the user,
//! and so shows the new name too; the audit trail has the old one.

use diesel::prelude::*;
use diesel_async::{AsyncConnection, RunQueryDsl};
use serde::Deserialize;
use serde_json::json;
use sync_core::ids::{RegionCode, UserId};
use sync_core::limits::NAME_MAX_CHARS;
use sync_core::text::check_required;
use sync_core::time::Instant;
use sync_core::wire::problem::ProblemKind;
use utoipa::ToSchema;

use crate::audit::{self, Action, Event};
use crate::db::Connection;
use crate::db::changes::{Entity, NewChange, record_changes};
use crate::db::schema::users;
use crate::problem::ApiError;

/// What a user is called from now on.
#[derive(Debug, Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct UserChange {
    /// The person's name.
    pub name: String,
}

/// Renames a user of the district; the name that it has already changes nothing.
///
/// # Errors
/// `not_found`, text faults.
pub async fn rename_user(
    connection: &mut Connection,
    district: &RegionCode,
    user: UserId,
    change: &UserChange,
    by: Option<UserId>,
    now: Instant,
) -> Result<(), ApiError> {
    check_required(&change.name, NAME_MAX_CHARS).map_err(|fault| ApiError::from(fault).field("name"))?;
    connection
        .transaction(async |connection| {
            let known =
                users::table.filter(users::district.eq(district.as_str()).and(users::user_id.eq(user.0)));
            let before: Option<String> =
                known.select(users::name).for_update().first(connection).await.optional()?;
            let before = before.ok_or_else(|| ApiError::new(ProblemKind::NotFound).field("user_id"))?;
            if before == change.name {
                return Ok(());
            }
            diesel::update(known).set(users::name.eq(&change.name)).execute(connection).await?;
            let event = Event::new(Action::UserRenamed, district).by(by).about("user", user);
            let event = event.detail(json!({ "before": before, "after": change.name }));
            audit::record(connection, now, &[event]).await?;
            let change = NewChange::of_district(Entity::User(user));
            Ok(record_changes(connection, district, &[change]).await?)
        })
        .await
}
