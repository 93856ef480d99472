//! The recovery key (恢复密钥) of a user's stores on one device: signing in with network opens them when the PIN is
//! forgotten.
//!
//! Invariants: it is made once for a user and a device and stays; it is given only to that device, proven by its key, for
//! the user's password, under the lockout of sign-ins, and every time is on record. It opens nothing by itself: what it
//! unwraps is on the tablet alone.

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{Binary, Nullable};
use diesel_async::{AsyncConnection, RunQueryDsl};
use sync_core::wire::problem::ProblemKind;

use crate::audit::{self, Action, Event};
use crate::auth::actor::{Actor, Via};
use crate::auth::client::Client;
use crate::auth::sign_in::{forget_failures, prove_password};
use crate::db::schema::{device_users, users};
use crate::problem::ApiError;
use crate::state::AppState;

/// Bytes of a recovery key.
const KEY_BYTES: usize = 32;

/// Gives the actor's recovery key on this device for the password.
///
/// # Errors
/// `rate_limited`, `wrong_credentials`, `account_locked`.
pub async fn give_recovery_key(
    state: &AppState,
    actor: &Actor,
    password: String,
    client: &Client,
) -> Result<Vec<u8>, ApiError> {
    let Via::Device { device_id, .. } = actor.via else { return Err(ProblemKind::RoleForbidden.into()) };
    let username: String = users::table
        .filter(users::district.eq(actor.district.as_str()).and(users::user_id.eq(actor.user_id.0)))
        .select(users::username)
        .first(&mut *state.connection().await?)
        .await?;
    prove_password(state, &username, password, client).await?;
    let now = state.clock.now();
    let fresh = rand::random::<[u8; KEY_BYTES]>().to_vec();
    let own = device_users::table
        .filter(device_users::district.eq(actor.district.as_str()))
        .filter(device_users::device_id.eq(device_id.0))
        .filter(device_users::user_id.eq(actor.user_id.0));
    state
        .connection()
        .await?
        .transaction(async |connection| {
            forget_failures(connection, &actor.district, actor.user_id).await?;
            let kept = sql::<Nullable<Binary>>("coalesce(recovery_key, ").bind::<Binary, _>(fresh).sql(")");
            let key: Option<Vec<u8>> = diesel::update(own)
                .set(device_users::recovery_key.eq(kept))
                .returning(device_users::recovery_key)
                .get_result(connection)
                .await?;
            let event = Event::new(Action::RecoveryKeyGiven, &actor.district)
                .by(Some(actor.user_id))
                .device(device_id)
                .from(client.address);
            audit::record(connection, now, &[event]).await?;
            key.ok_or_else(|| ProblemKind::DeviceUnknown.into())
        })
        .await
}
