//! Change of one's own password (修改密码): proves the old one, ends every other session.

use diesel::prelude::*;
use diesel_async::{AsyncConnection, RunQueryDsl};
use sync_core::wire::problem::ProblemKind;

use crate::audit::{self, Action, Event};
use crate::auth::actor::{Actor, Via};
use crate::auth::client::Client;
use crate::auth::passwords::check_strength;
use crate::db::schema::{sessions, users};
use crate::problem::ApiError;
use crate::state::AppState;

/// Changes the actor's password.
///
/// # Errors
/// `rate_limited`, `wrong_credentials`, `password_too_weak`.
pub async fn change_password(
    state: &AppState,
    actor: &Actor,
    current: String,
    new: String,
    client: &Client,
) -> Result<(), ApiError> {
    state.guesses.count(client.network())?;
    check_strength(&new, "new")?;
    let own = users::table
        .filter(users::district.eq(actor.district.as_str()))
        .filter(users::user_id.eq(actor.user_id.0));
    let hash: Option<String> =
        own.select(users::password_hash).first(&mut *state.connection().await?).await?;
    if !state.passwords.verify(current, hash.clone()).await? {
        return Err(ApiError::new(ProblemKind::WrongCredentials).field("current"));
    }
    let new_hash = state.passwords.hash(new).await?;
    let now = state.clock.now();
    let Via::Session { session_id } = actor.via else { return Err(ProblemKind::RoleForbidden.into()) };
    state
        .connection()
        .await?
        .transaction(async |connection| {
            // Only over the hash that was proven: of two changes at once, one wins.
            let changed = diesel::update(own.filter(users::password_hash.is_not_distinct_from(hash)))
                .set(users::password_hash.eq(new_hash))
                .execute(connection)
                .await?;
            if changed == 0 {
                return Err(ApiError::new(ProblemKind::WrongCredentials).field("current"));
            }
            diesel::delete(
                sessions::table
                    .filter(sessions::district.eq(actor.district.as_str()))
                    .filter(sessions::user_id.eq(actor.user_id.0))
                    .filter(sessions::session_id.ne(session_id)),
            )
            .execute(connection)
            .await?;
            let event = Event::new(Action::PasswordChanged, &actor.district)
                .by(Some(actor.user_id))
                .from(client.address);
            Ok(audit::record(connection, now, &[event]).await?)
        })
        .await
}
