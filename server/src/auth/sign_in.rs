//! Sign-in by password (登录): lockout, session, audit.
//!
//! Invariant: an attempt is counted before the password is looked at, in one statement, so that parallel guesses
//! cannot outrun the lockout.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use diesel::prelude::*;
use diesel::sql_types::{Integer, Nullable, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::{AsyncConnection, RunQueryDsl};
use sync_core::ids::{RegionCode, UserId};
use sync_core::time::Instant;
use sync_core::wire::problem::ProblemKind;
use uuid::Uuid;

use crate::audit::{self, Action, Event};
use crate::auth::client::Client;
use crate::auth::identify::token_hash;
use crate::db::Connection;
use crate::db::schema::{sessions, users};
use crate::db::types::{Time, stored};
use crate::problem::ApiError;
use crate::state::AppState;

/// Failed sign-ins after which an account is locked.
pub const FAILURES_BEFORE_LOCK: i32 = 5;

/// How long it is locked, in seconds.
pub const LOCK_SECONDS: i64 = 15 * 60;

const SECONDS_PER_HOUR: i64 = 3600;

/// A session that was just made.
#[derive(Debug)]
pub struct NewSession {
    /// What the cookie holds; the database has only its hash.
    pub token: String,
    /// How long it lasts, in seconds.
    pub seconds: i64,
}

#[derive(Debug, QueryableByName)]
struct Attempt {
    #[diesel(sql_type = Text)]
    district: String,
    #[diesel(sql_type = SqlUuid)]
    user_id: Uuid,
    #[diesel(sql_type = Nullable<Text>)]
    password_hash: Option<String>,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    disabled_at: Option<Time>,
}

/// Signs a person in.
///
/// # Errors
/// `rate_limited`, `wrong_credentials`, `account_locked`.
pub async fn sign_in(
    state: &AppState,
    username: &str,
    password: String,
    client: &Client,
) -> Result<NewSession, ApiError> {
    let now = state.clock.now();
    let (district, user) = prove_password(state, username, password, client).await?;
    let mut connection = state.connection().await?;
    let seconds = i64::from(state.config.session_hours).saturating_mul(SECONDS_PER_HOUR);
    let token = random_token();
    let hash = token_hash(&token);
    connection
        .transaction(async |connection| {
            start_session(connection, &district, user, hash, client, now, now.plus_seconds(seconds)).await
        })
        .await?;
    Ok(NewSession { token, seconds })
}

/// Proves who somebody is by name and password, and says where. A success forgets the failures before it only where the
/// caller says so, by [`forget_failures`].
///
/// # Errors
/// `rate_limited`, `wrong_credentials`, `account_locked`.
pub(super) async fn prove_password(
    state: &AppState,
    username: &str,
    password: String,
    client: &Client,
) -> Result<(RegionCode, UserId), ApiError> {
    state.guesses.count(client.network())?;
    let now = state.clock.now();
    let attempt = count_attempt(&mut *state.connection().await?, username, now).await?;
    let Some(attempt) = attempt else {
        return Err(refuse_unknown_or_locked(state, username, password, client, now).await?);
    };
    let district: RegionCode = stored("users.district", &attempt.district)?;
    let user = UserId(attempt.user_id);
    let matches = state.passwords.verify(password, attempt.password_hash).await?;
    if !matches || attempt.disabled_at.is_some() {
        let reason = if matches { "disabled" } else { "wrong_password" };
        let event = failure(&district, user, client, reason);
        audit::record(&mut *state.connection().await?, now, &[event]).await?;
        return Err(ProblemKind::WrongCredentials.into());
    }
    Ok((district, user))
}

/// Forgets the failed attempts before a success.
pub(super) async fn forget_failures(
    connection: &mut Connection,
    district: &RegionCode,
    user: UserId,
) -> QueryResult<()> {
    let own = users::table.filter(users::district.eq(district.as_str()).and(users::user_id.eq(user.0)));
    diesel::update(own)
        .set((users::failed_sign_ins.eq(0), users::locked_until.eq(None::<Time>)))
        .execute(connection)
        .await
        .map(drop)
}

/// Counts an attempt at an account that exists and is not locked. The count starts anew after a lock.
async fn count_attempt(
    connection: &mut Connection,
    username: &str,
    now: Instant,
) -> QueryResult<Option<Attempt>> {
    diesel::sql_query(
        "UPDATE users SET
             failed_sign_ins = CASE WHEN locked_until IS NULL THEN failed_sign_ins + 1 ELSE 1 END,
             locked_until = CASE WHEN locked_until IS NULL AND failed_sign_ins + 1 >= $2 THEN $3 END
         WHERE username = $1 AND (locked_until IS NULL OR locked_until <= $4)
         RETURNING district, user_id, password_hash, disabled_at",
    )
    .bind::<Text, _>(username)
    .bind::<Integer, _>(FAILURES_BEFORE_LOCK)
    .bind::<Timestamptz, _>(Time(now.plus_seconds(LOCK_SECONDS)))
    .bind::<Timestamptz, _>(Time(now))
    .get_result(connection)
    .await
    .optional()
}

async fn refuse_unknown_or_locked(
    state: &AppState,
    username: &str,
    password: String,
    client: &Client,
    now: Instant,
) -> Result<ApiError, ApiError> {
    let mut connection = state.connection().await?;
    let locked: Option<(String, Uuid)> = users::table
        .filter(users::username.eq(username))
        .select((users::district, users::user_id))
        .first(&mut *connection)
        .await
        .optional()?;
    let Some((district, user)) = locked else {
        drop(connection);
        state.passwords.verify(password, None).await?;
        tracing::warn!(address = %client.address, "sign-in with an unknown name");
        return Ok(ProblemKind::WrongCredentials.into());
    };
    let district = stored("users.district", &district)?;
    let event = failure(&district, UserId(user), client, "locked");
    audit::record(&mut connection, now, &[event]).await?;
    Ok(ProblemKind::AccountLocked.into())
}

fn failure(district: &RegionCode, user: UserId, client: &Client, reason: &str) -> Event {
    Event::new(Action::SignInFailed, district)
        .by(Some(user))
        .from(client.address)
        .detail(serde_json::json!({ "reason": reason }))
}

async fn start_session(
    connection: &mut Connection,
    district: &RegionCode,
    user: UserId,
    hash: Vec<u8>,
    client: &Client,
    now: Instant,
    expires_at: Instant,
) -> Result<(), ApiError> {
    forget_failures(connection, district, user).await?;
    diesel::delete(
        sessions::table
            .filter(sessions::district.eq(district.as_str()).and(sessions::user_id.eq(user.0)))
            .filter(sessions::expires_at.le(Time(now))),
    )
    .execute(connection)
    .await?;
    diesel::insert_into(sessions::table)
        .values((
            sessions::token_hash.eq(hash),
            sessions::session_id.eq(Uuid::now_v7()),
            sessions::district.eq(district.as_str()),
            sessions::user_id.eq(user.0),
            sessions::csrf_token.eq(random_token()),
            sessions::created_at.eq(Time(now)),
            sessions::last_seen_at.eq(Time(now)),
            sessions::expires_at.eq(Time(expires_at)),
            sessions::address.eq(client.address.to_string()),
            sessions::user_agent.eq(&client.user_agent),
        ))
        .execute(connection)
        .await?;
    let event = Event::new(Action::SignIn, district).by(Some(user)).from(client.address);
    Ok(audit::record(connection, now, &[event]).await?)
}

/// 256 random bits as text.
fn random_token() -> String {
    URL_SAFE_NO_PAD.encode(rand::random::<[u8; 32]>())
}
