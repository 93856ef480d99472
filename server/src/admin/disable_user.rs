//! Disabling a user (停用用户): never deleted, because decisions and inspections name their people.

use diesel::prelude::*;
use diesel_async::{AsyncConnection, RunQueryDsl};
use sync_core::ids::{RegionCode, UserId};
use sync_core::time::Instant;
use sync_core::wire::problem::ProblemKind;

use crate::audit::{self, Action, Event};
use crate::db::Connection;
use crate::db::changes::{Entity, NewChange, record_changes};
use crate::db::schema::{sessions, users};
use crate::db::types::Time;
use crate::problem::ApiError;

/// Disables a user of the district and ends the sessions; one that is disabled already stays so.
///
/// # Errors
/// `not_found`.
pub async fn disable_user(
    connection: &mut Connection,
    district: &RegionCode,
    user: UserId,
    by: Option<UserId>,
    now: Instant,
) -> Result<(), ApiError> {
    connection
        .transaction(async |connection| {
            let known =
                users::table.filter(users::district.eq(district.as_str()).and(users::user_id.eq(user.0)));
            let disabled = diesel::update(known.filter(users::disabled_at.is_null()))
                .set(users::disabled_at.eq(Time(now)))
                .execute(connection)
                .await?;
            if disabled == 0 {
                return match known.count().get_result::<i64>(connection).await? {
                    0 => Err(ApiError::new(ProblemKind::NotFound).field("user_id")),
                    _ => Ok(()),
                };
            }
            let own = sessions::district.eq(district.as_str()).and(sessions::user_id.eq(user.0));
            diesel::delete(sessions::table.filter(own)).execute(connection).await?;
            let event = Event::new(Action::UserDisabled, district).by(by).about("user", user);
            audit::record(connection, now, &[event]).await?;
            let change = NewChange::of_district(Entity::User(user));
            Ok(record_changes(connection, district, &[change]).await?)
        })
        .await
}
