//! From a token or cookie to the actor: one query each, and now and then a note of when a session was last used.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use sha2::{Digest, Sha256};
use sync_core::ids::{RegionCode, UserId};
use sync_core::model::assignment::Assignment;
use sync_core::time::Instant;
use sync_core::wire::problem::ProblemKind;
use uuid::Uuid;

use crate::auth::access_token::Claims;
use crate::auth::actor::{Actor, Via};
use crate::db::Connection;
use crate::db::assignments::AssignmentRow;
use crate::db::schema::{assignments, device_users, devices, sessions, users};
use crate::db::types::{Day, Time, stored};
use crate::problem::ApiError;

/// How exactly it is known when a session was last used, in seconds: not every request shall write.
const SEEN_PRECISION_SECONDS: i64 = 300;

/// What the database keeps of a session's random value: the table alone signs nobody in.
#[must_use]
pub fn token_hash(token: &str) -> Vec<u8> {
    Sha256::digest(token.as_bytes()).to_vec()
}

/// The assignments of `users` that hold on a day, for a left join.
macro_rules! todays_assignments {
    ($day:expr) => {
        assignments::table.on(assignments::district
            .eq(users::district)
            .and(assignments::user_id.eq(users::user_id))
            .and(assignments::from_day.le($day))
            .and(assignments::until_day.is_null().or(assignments::until_day.ge($day))))
    };
}

/// The actor behind a token that was believed; `revoked_too` takes a device that was revoked.
///
/// # Errors
/// `device_unknown`; `device_revoked`, also for a user who was disabled; `token_invalid` for another installation than
/// the known one.
pub async fn device(
    connection: &mut Connection,
    claims: &Claims,
    now: Instant,
    revoked_too: bool,
) -> Result<Actor, ApiError> {
    let today = Day(now.record_date());
    type Row = (Uuid, Option<Time>, String, Option<Time>, Option<AssignmentRow>);
    let rows: Vec<Row> = devices::table
        .inner_join(device_users::table.on(
            device_users::district.eq(devices::district).and(device_users::device_id.eq(devices::device_id)),
        ))
        .inner_join(
            users::table
                .on(users::district.eq(device_users::district).and(users::user_id.eq(device_users::user_id))),
        )
        .left_join(todays_assignments!(today))
        .filter(devices::district.eq(claims.district.as_str()))
        .filter(devices::device_id.eq(claims.device.0))
        .filter(users::user_id.eq(claims.user.0))
        .select((
            devices::incarnation,
            devices::revoked_at,
            users::name,
            users::disabled_at,
            Option::<AssignmentRow>::as_select(),
        ))
        .load(connection)
        .await?;
    let Some((incarnation, revoked_at, user_name, disabled_at, _)) = rows.as_slice().first().cloned() else {
        return Err(ProblemKind::DeviceUnknown.into());
    };
    if disabled_at.is_some() || (revoked_at.is_some() && !revoked_too) {
        return Err(ProblemKind::DeviceRevoked.into());
    }
    if incarnation != claims.incarnation.0 {
        return Err(ProblemKind::TokenInvalid.into());
    }
    Ok(Actor {
        district: claims.district.clone(),
        user_id: claims.user,
        user_name,
        via: Via::Device { device_id: claims.device, incarnation: claims.incarnation },
        assignments: assignments_of(rows.into_iter().filter_map(|row| row.4))?,
    })
}

/// A session that lasts.
#[derive(Debug, Clone)]
pub struct LastingSession {
    /// Whose it is.
    pub actor: Actor,
    /// What its writes must carry.
    pub csrf_token: String,
    /// Until when it lasts.
    pub expires_at: Instant,
}

/// The session behind a cookie.
///
/// # Errors
/// `sign_in_required` for a session that is unknown, over, or of a user who may not any more.
pub async fn session(
    connection: &mut Connection,
    cookie: &str,
    now: Instant,
) -> Result<LastingSession, ApiError> {
    let today = Day(now.record_date());
    type Row = (String, Uuid, Time, Time, Uuid, String, String, Option<AssignmentRow>);
    let rows: Vec<Row> = sessions::table
        .inner_join(
            users::table.on(users::district.eq(sessions::district).and(users::user_id.eq(sessions::user_id))),
        )
        .left_join(todays_assignments!(today))
        .filter(sessions::token_hash.eq(token_hash(cookie)))
        .filter(sessions::expires_at.gt(Time(now)))
        .filter(users::disabled_at.is_null())
        .select((
            sessions::district,
            sessions::session_id,
            sessions::last_seen_at,
            sessions::expires_at,
            users::user_id,
            users::name,
            sessions::csrf_token,
            Option::<AssignmentRow>::as_select(),
        ))
        .load(connection)
        .await?;
    let Some((district, session_id, last_seen_at, expires_at, user_id, user_name, csrf_token, _)) =
        rows.as_slice().first().cloned()
    else {
        return Err(ProblemKind::SignInRequired.into());
    };
    if now.seconds_since(last_seen_at.into()) >= SEEN_PRECISION_SECONDS {
        diesel::update(sessions::table.filter(sessions::session_id.eq(session_id)))
            .set(sessions::last_seen_at.eq(Time(now)))
            .execute(connection)
            .await?;
    }
    let actor = Actor {
        district: stored::<RegionCode>("sessions.district", &district)?,
        user_id: UserId(user_id),
        user_name,
        via: Via::Session { session_id },
        assignments: assignments_of(rows.into_iter().filter_map(|row| row.7))?,
    };
    Ok(LastingSession { actor, csrf_token, expires_at: expires_at.into() })
}

/// The assignments of a user that hold today; none of one who was disabled.
///
/// # Errors
/// Faults of the database.
pub async fn todays_assignments_of(
    connection: &mut Connection,
    district: &RegionCode,
    user: UserId,
    now: Instant,
) -> Result<Vec<Assignment>, ApiError> {
    let rows: Vec<Option<AssignmentRow>> = users::table
        .left_join(todays_assignments!(Day(now.record_date())))
        .filter(users::district.eq(district.as_str()))
        .filter(users::user_id.eq(user.0))
        .filter(users::disabled_at.is_null())
        .select(Option::<AssignmentRow>::as_select())
        .load(connection)
        .await?;
    assignments_of(rows.into_iter().flatten())
}

fn assignments_of(rows: impl Iterator<Item = AssignmentRow>) -> Result<Vec<Assignment>, ApiError> {
    rows.map(|row| row.try_into().map_err(ApiError::from)).collect()
}
