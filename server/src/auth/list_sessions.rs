//! One's own sessions (登录会话).

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde::Serialize;
use sync_core::time::Instant;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::auth::actor::{Actor, Via};
use crate::db::Connection;
use crate::db::schema::sessions;
use crate::db::types::Time;
use crate::problem::ApiError;

/// A session as its owner sees it.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub struct Session {
    /// Its id.
    pub session_id: Uuid,
    /// When it began.
    pub created_at: Instant,
    /// When it was last used, to five minutes.
    pub last_seen_at: Instant,
    /// Until when it lasts.
    pub expires_at: Instant,
    /// From which address it was begun.
    pub address: String,
    /// With which browser.
    pub user_agent: String,
    /// Whether it is the one that asks.
    pub current: bool,
}

/// The actor's sessions that last, the newest first.
///
/// # Errors
/// Whatever PostgreSQL says.
pub async fn list_sessions(
    connection: &mut Connection,
    actor: &Actor,
    now: Instant,
) -> Result<Vec<Session>, ApiError> {
    type Row = (Uuid, Time, Time, Time, String, String);
    let rows: Vec<Row> = sessions::table
        .filter(sessions::district.eq(actor.district.as_str()))
        .filter(sessions::user_id.eq(actor.user_id.0))
        .filter(sessions::expires_at.gt(Time(now)))
        .order(sessions::created_at.desc())
        .select((
            sessions::session_id,
            sessions::created_at,
            sessions::last_seen_at,
            sessions::expires_at,
            sessions::address,
            sessions::user_agent,
        ))
        .load(connection)
        .await?;
    let session = |(session_id, created_at, last_seen_at, expires_at, address, user_agent): Row| Session {
        session_id,
        created_at: created_at.into(),
        last_seen_at: last_seen_at.into(),
        expires_at: expires_at.into(),
        address,
        user_agent,
        current: matches!(actor.via, Via::Session { session_id: own } if own == session_id),
    };
    Ok(rows.into_iter().map(session).collect())
}
