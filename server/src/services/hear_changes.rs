//! Hears changes (实时通知): opens a stream of what changes within the caller's scope, from where the client was cut off.
//!
//! Invariant: it subscribes before it looks where the change log stands; so what commits in between is queued, and what
//! is queued and was already told by the opening is left out by the stream.

use std::time::Duration;

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use sync_core::ids::Epoch;
use sync_core::time::Instant;
use sync_core::wire::problem::ProblemKind;
use uuid::Uuid;

use crate::auth::actor::{Actor, Via};
use crate::db::Connection;
use crate::db::schema::{districts, sessions};
use crate::db::types::Time;
use crate::live::{EventId, Opening, Subscriber, Subscription, heard_between};
use crate::problem::ApiError;
use crate::state::AppState;

/// How long a stream lasts at most: assignments begin and end by their dates too, and a client that comes again is
/// looked at again.
const STREAM_SECONDS: u64 = 15 * 60;

/// A stream to be sent.
pub struct Hearer {
    /// What it begins with.
    pub opening: Opening,
    /// What follows.
    pub subscription: Subscription,
    /// How long it lasts.
    pub lasts: Duration,
}

/// Opens a stream for the actor; `last` is the id of the last event that the client got.
///
/// # Errors
/// `rate_limited`, `unavailable`; `sign_in_required` for a session that has just ended; faults of the database.
pub async fn hear_changes(
    state: &AppState,
    actor: &Actor,
    last: Option<EventId>,
) -> Result<Hearer, ApiError> {
    let subscriber = Subscriber::of(actor);
    let subscription = state.streams.subscribe(subscriber.clone())?;
    let mut connection = state.connection().await?;
    let at = standing(&mut connection, actor).await?;
    let missed = match last {
        None => Some(Vec::new()),
        Some(last) if last.epoch == at.epoch && last.number <= at.number => {
            heard_between(&mut connection, &actor.district, last.number, at.number).await?
        }
        Some(_) => None,
    };
    let missed = missed.map(|numbers| {
        let heard = numbers.into_iter().map(|number| (number.number, subscriber.hears(&number)));
        heard.filter(|(_, changes)| !changes.is_empty()).collect()
    });
    let lasts = lasting(&mut connection, actor, state.clock.now()).await?;
    Ok(Hearer { opening: Opening { at, missed }, subscription, lasts })
}

/// Where the district's change log stands.
async fn standing(connection: &mut Connection, actor: &Actor) -> Result<EventId, ApiError> {
    let (epoch, number): (Uuid, i64) = districts::table
        .find(actor.district.as_str())
        .select((districts::epoch, districts::change_number))
        .first(connection)
        .await?;
    Ok(EventId { epoch: Epoch(epoch), number })
}

/// How long a stream lasts: no longer than the session.
async fn lasting(connection: &mut Connection, actor: &Actor, now: Instant) -> Result<Duration, ApiError> {
    let most = Duration::from_secs(STREAM_SECONDS);
    let Via::Session { session_id } = actor.via else { return Ok(most) };
    let expires_at: Option<Time> = sessions::table
        .filter(sessions::session_id.eq(session_id))
        .select(sessions::expires_at)
        .first(connection)
        .await
        .optional()?;
    let expires_at = Instant::from(expires_at.ok_or(ProblemKind::SignInRequired)?);
    let left = u64::try_from(expires_at.seconds_since(now)).unwrap_or_default();
    Ok(most.min(Duration::from_secs(left)))
}
