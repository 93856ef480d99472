//! Sign-out (退出), and ending other sessions of one's own.

use diesel::prelude::*;
use diesel_async::{AsyncConnection, RunQueryDsl};
use sync_core::wire::problem::ProblemKind;
use uuid::Uuid;

use crate::audit::{self, Action, Event};
use crate::auth::actor::Actor;
use crate::auth::client::Client;
use crate::db::schema::sessions;
use crate::problem::ApiError;
use crate::state::AppState;

/// Ends a session of the actor.
///
/// # Errors
/// `not_found` where the actor has no such session.
pub async fn end_session(
    state: &AppState,
    actor: &Actor,
    session_id: Uuid,
    client: &Client,
) -> Result<(), ApiError> {
    let now = state.clock.now();
    state
        .connection()
        .await?
        .transaction(async |connection| {
            let ended = diesel::delete(
                sessions::table
                    .filter(sessions::session_id.eq(session_id))
                    .filter(sessions::district.eq(actor.district.as_str()))
                    .filter(sessions::user_id.eq(actor.user_id.0)),
            )
            .execute(connection)
            .await?;
            if ended == 0 {
                return Err(ApiError::new(ProblemKind::NotFound).field("session_id"));
            }
            let event = Event::new(Action::SignOut, &actor.district)
                .by(Some(actor.user_id))
                .about("session", session_id)
                .from(client.address);
            Ok(audit::record(connection, now, &[event]).await?)
        })
        .await
}
