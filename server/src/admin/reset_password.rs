//! A new password by an administrator (重置密码): for somebody who forgot it, was locked out, or never had one. Every
//! session ends.

use diesel::prelude::*;
use diesel_async::{AsyncConnection, RunQueryDsl};
use sync_core::ids::{RegionCode, UserId};
use sync_core::time::Instant;
use sync_core::wire::problem::ProblemKind;

use crate::audit::{self, Action, Event};
use crate::auth::passwords::{self, Passwords};
use crate::db::Connection;
use crate::db::schema::{sessions, users};
use crate::db::types::Time;
use crate::problem::ApiError;

/// Gives a user of the district a password that the server makes up, and answers with it: it is shown once.
///
/// # Errors
/// `not_found`, also for a user who is disabled.
pub async fn reset_password(
    connection: &mut Connection,
    passwords: &Passwords,
    district: &RegionCode,
    user: UserId,
    by: Option<UserId>,
    now: Instant,
) -> Result<String, ApiError> {
    let password = passwords::generate();
    let hash = passwords.hash(password.clone()).await?;
    connection
        .transaction(async |connection| {
            let known = users::table
                .filter(users::district.eq(district.as_str()).and(users::user_id.eq(user.0)))
                .filter(users::disabled_at.is_null());
            let reset = diesel::update(known)
                .set((
                    users::password_hash.eq(hash),
                    users::failed_sign_ins.eq(0),
                    users::locked_until.eq(None::<Time>),
                ))
                .execute(connection)
                .await?;
            if reset == 0 {
                return Err(ApiError::new(ProblemKind::NotFound).field("user_id"));
            }
            let own = sessions::district.eq(district.as_str()).and(sessions::user_id.eq(user.0));
            diesel::delete(sessions::table.filter(own)).execute(connection).await?;
            let event = Event::new(Action::PasswordReset, district).by(by).about("user", user);
            audit::record(connection, now, &[event]).await?;
            Ok(password)
        })
        .await
}
