//! What waits now: cases by who must act, rounds past their deadline, proposals, devices that nobody has heard of.

use diesel::dsl::{count_star, sql};
use diesel::prelude::*;
use diesel::sql_types::{Array, BigInt, Text, Timestamptz, Uuid as SqlUuid};
use diesel::{QueryableByName, sql_query};
use diesel_async::RunQueryDsl;
use serde::Serialize;
use sync_core::ids::{DeviceId, GridPath, RegionCode};
use sync_core::model::case::ReviewState;
use sync_core::model::rectification::RoundState;
use sync_core::time::Instant;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::auth::case_scope::{CaseScope, in_grid};
use crate::db::Connection;
use crate::db::rectifications::{NO_CASE_ANY_MORE, PAST_STATES};
use crate::db::schema::{cases, rectifications};
use crate::db::types::Time;
use crate::problem::ApiError;

/// Days without a sign of life after which a device is listed.
pub const SILENT_AFTER_DAYS: i64 = 3;

/// Silent devices that are listed, the longest silent first.
const SILENT_LISTED: i64 = 20;

/// Seconds of a day.
const DAY_SECONDS: i64 = 24 * 60 * 60;

/// What waits now.
#[derive(Debug, Serialize, ToSchema)]
pub struct Waiting {
    /// Cases whose photos are not all here.
    pub awaiting_evidence: i64,
    /// Cases under review.
    pub under_review: i64,
    /// When the first of these occurred.
    pub under_review_since: Option<Instant>,
    /// Cases given back to their inspectors.
    pub returned: i64,
    /// Rounds of rectification that are not closed.
    pub rounds_open: i64,
    /// Of these, past their deadline in the unit's hands.
    pub rounds_overdue: i64,
    /// Devices of the district without a sign of life for three days, the longest silent first, twenty at most.
    pub silent_devices: Vec<SilentDevice>,
}

/// A device that nobody has heard of.
#[derive(Debug, Serialize, ToSchema)]
pub struct SilentDevice {
    /// Its id.
    pub device_id: DeviceId,
    /// What people call it.
    pub name: String,
    /// Its users' names.
    pub users: Vec<String>,
    /// When it last asked for a token; when it enrolled, where it never did.
    pub last_seen_at: Instant,
}

/// What waits now of what an actor sees.
///
/// # Errors
/// Those of the database.
pub(super) async fn waiting(
    connection: &mut Connection,
    scope: &CaseScope,
    grid: Option<&GridPath>,
    now: Instant,
) -> Result<Waiting, ApiError> {
    let states = [ReviewState::AwaitingEvidence, ReviewState::UnderReview, ReviewState::Returned];
    let mut counts = cases::table
        .filter(scope.condition())
        .filter(cases::review_state.eq_any(states.map(|state| state.code())))
        .group_by(cases::review_state)
        .select((cases::review_state, count_star(), diesel::dsl::min(cases::occurred_at)))
        .into_boxed();
    let seen = cases::table.filter(scope.condition()).filter(cases::review_state.ne_all(NO_CASE_ANY_MORE));
    let mut seen = seen.select(cases::case_id).into_boxed();
    if let Some(grid) = grid {
        counts = counts.filter(in_grid(grid));
        seen = seen.filter(in_grid(grid));
    }
    let counts: Vec<(String, i64, Option<Time>)> = counts.load(connection).await?;
    let of = |state: ReviewState| counts.iter().find(|(code, ..)| code == state.code());
    let count = |state| of(state).map_or(0, |(_, count, _)| *count);
    let since = of(ReviewState::UnderReview).and_then(|(_, _, since)| *since);

    let overdue = sql::<BigInt>("count(*) FILTER (WHERE rectifications.state = 'assigned' AND deadline < ")
        .bind::<Timestamptz, _>(Time(now))
        .sql(")");
    let (rounds_open, rounds_overdue): (i64, i64) = rectifications::table
        .filter(rectifications::district.eq(scope.district().to_string()))
        .filter(rectifications::state.ne_all(PAST_STATES))
        .filter(rectifications::state.ne(RoundState::Closed.code()))
        .filter(rectifications::case_id.eq_any(seen))
        .select((count_star(), overdue))
        .first(connection)
        .await?;
    Ok(Waiting {
        awaiting_evidence: count(ReviewState::AwaitingEvidence),
        under_review: count(ReviewState::UnderReview),
        under_review_since: since.map(Instant::from),
        returned: count(ReviewState::Returned),
        rounds_open,
        rounds_overdue,
        silent_devices: silent_devices(connection, scope.district(), now).await?,
    })
}

#[derive(QueryableByName)]
struct DeviceRow {
    #[diesel(sql_type = SqlUuid)]
    device_id: Uuid,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Array<Text>)]
    users: Vec<String>,
    #[diesel(sql_type = Timestamptz)]
    last_seen_at: Time,
}

async fn silent_devices(
    connection: &mut Connection,
    district: &RegionCode,
    now: Instant,
) -> Result<Vec<SilentDevice>, ApiError> {
    let until = now.plus_seconds(-SILENT_AFTER_DAYS.saturating_mul(DAY_SECONDS));
    let rows: Vec<DeviceRow> = sql_query(
        "SELECT devices.device_id, devices.name, array_agg(users.name ORDER BY users.name) AS users,
                coalesce(last_seen_at, devices.enrolled_at) AS last_seen_at
         FROM devices
         JOIN device_users ON device_users.district = devices.district
             AND device_users.device_id = devices.device_id
         JOIN users ON users.district = devices.district AND users.user_id = device_users.user_id
         WHERE devices.district = $1 AND revoked_at IS NULL
             AND coalesce(last_seen_at, devices.enrolled_at) < $2
         GROUP BY devices.district, devices.device_id
         ORDER BY coalesce(last_seen_at, devices.enrolled_at), devices.device_id
         LIMIT $3",
    )
    .bind::<Text, _>(district.as_str())
    .bind::<Timestamptz, _>(Time(until))
    .bind::<BigInt, _>(SILENT_LISTED)
    .load(connection)
    .await?;
    let device = |row: DeviceRow| SilentDevice {
        device_id: DeviceId(row.device_id),
        name: row.name,
        users: row.users,
        last_seen_at: row.last_seen_at.into(),
    };
    Ok(rows.into_iter().map(device).collect())
}
