//! Enabling a user again (恢复用户): the assignments that hold hold again, sessions and enrolments begin anew.

use diesel::prelude::*;
use diesel_async::{AsyncConnection, RunQueryDsl};
use sync_core::ids::{RegionCode, UserId};
use sync_core::time::Instant;
use sync_core::wire::problem::ProblemKind;

use crate::audit::{self, Action, Event};
use crate::db::Connection;
use crate::db::changes::{Entity, NewChange, record_changes};
use crate::db::schema::users;
use crate::db::types::Time;
use crate::problem::ApiError;

/// Enables a disabled user of the district; one that is not disabled stays so.
///
/// # Errors
/// `not_found`.
pub async fn enable_user(
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
            let enabled = diesel::update(known.filter(users::disabled_at.is_not_null()))
                .set(users::disabled_at.eq(None::<Time>))
                .execute(connection)
                .await?;
            if enabled == 0 {
                return match known.count().get_result::<i64>(connection).await? {
                    0 => Err(ApiError::new(ProblemKind::NotFound).field("user_id")),
                    _ => Ok(()),
                };
            }
            let event = Event::new(Action::UserEnabled, district).by(by).about("user", user);
            audit::record(connection, now, &[event]).await?;
            let change = NewChange::of_district(Entity::User(user));
            Ok(record_changes(connection, district, &[change]).await?)
        })
        .await
}
