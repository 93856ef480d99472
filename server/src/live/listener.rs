//! The one connection of a process that listens to PostgreSQL (`LISTEN`), and what it does with what it hears.
//!
//! Invariants: notices are sent by the transactions themselves and so arrive with their commits, in the order of the
//! change numbers; while the connection is away nothing is told, and when it is back every stream is ended, so that each
//! client asks for what it missed.

use std::collections::BTreeMap;
use std::pin::pin;
use std::str::FromStr;
use std::sync::Arc;
use std::time::Duration;

use diesel::ConnectionError;
use diesel_async::{AsyncConnection, AsyncPgConnection, SimpleAsyncConnection};
use futures::{FutureExt, StreamExt};
use sync_core::ids::{DeviceId, RegionCode, UserId};
use uuid::Uuid;

use super::heard::heard_between;
use super::streams::Ended;
use crate::db::changes::CHANGES_CHANNEL;
use crate::problem::ApiError;
use crate::state::AppState;

/// Where triggers tell that a session, device or user has ended: `session ID`, `device ID`, `user ID`.
const ACCESS_CHANNEL: &str = "lantian_access";

/// How long it waits before it tries again to connect.
const RECONNECT: Duration = Duration::from_secs(1);

/// Why nothing is heard.
#[derive(Debug, thiserror::Error)]
pub enum ListenerFault {
    /// No connection.
    #[error(transparent)]
    Connect(#[from] ConnectionError),
    /// The connection was lost.
    #[error(transparent)]
    Lost(#[from] diesel::result::Error),
    /// The connection was closed.
    #[error("the connection was closed")]
    Closed,
}

/// A connection that listens.
pub struct Listener {
    connection: AsyncPgConnection,
    url: String,
}

impl Listener {
    /// Connects and listens from now on. Call it on the main runtime.
    ///
    /// # Errors
    /// [`ListenerFault`].
    pub async fn connect(url: &str) -> Result<Self, ListenerFault> {
        let mut connection = AsyncPgConnection::establish(url).await?;
        connection.batch_execute(&format!("LISTEN {CHANGES_CHANNEL}; LISTEN {ACCESS_CHANNEL}")).await?;
        Ok(Self { connection, url: url.to_owned() })
    }

    /// Tells the streams of this process what it hears, until it is dropped.
    pub async fn run(mut self, state: Arc<AppState>) {
        loop {
            let fault = self.listen(&state).await;
            tracing::warn!(%fault, "changes are not heard any more");
            self.connection = loop {
                tokio::time::sleep(RECONNECT).await;
                match Self::connect(&self.url).await {
                    Ok(listener) => break listener.connection,
                    Err(fault) => tracing::warn!(%fault, "changes are not heard"),
                }
            };
            state.streams.end_all();
            tracing::info!("changes are heard again");
        }
    }

    /// Returns when the connection is lost.
    async fn listen(&mut self, state: &AppState) -> ListenerFault {
        let mut notices = pin!(self.connection.notifications_stream());
        loop {
            let Some(notice) = notices.next().await else { return ListenerFault::Closed };
            let mut batch = Batch::default();
            let mut notice = Some(notice);
            // What has arrived meanwhile is told together: one query a district.
            while let Some(heard) = notice {
                match heard {
                    Ok(heard) => batch.take(state, &heard.channel, &heard.payload),
                    Err(fault) => return fault.into(),
                }
                notice = notices.next().now_or_never().flatten();
            }
            batch.tell(state).await;
        }
    }
}

/// Change numbers that were heard together, the first and the last of each district.
#[derive(Default)]
struct Batch {
    numbers: BTreeMap<RegionCode, (i64, i64)>,
}

impl Batch {
    fn take(&mut self, state: &AppState, channel: &str, payload: &str) {
        let Some((subject, of)) = payload.split_once(' ') else { return };
        if channel == CHANGES_CHANNEL {
            let (Ok(district), Ok(number)) = (subject.parse(), of.parse::<i64>()) else { return };
            let range = self.numbers.entry(district).or_insert((number, number));
            *range = (range.0.min(number), range.1.max(number));
        } else if let Ok(id) = Uuid::from_str(of) {
            match subject {
                "session" => state.streams.end(Ended::Session(id)),
                "device" => state.streams.end(Ended::Device(DeviceId(id))),
                "user" => state.streams.end(Ended::User(UserId(id))),
                _ => {}
            }
        }
    }

    async fn tell(self, state: &AppState) {
        for (district, (first, last)) in self.numbers {
            if !state.streams.has_any_of(&district) {
                continue;
            }
            if let Err(error) = tell_district(state, &district, first, last).await {
                tracing::error!(%error, %district, "changes cannot be told");
                state.streams.end_district(&district);
            }
        }
    }
}

async fn tell_district(
    state: &AppState,
    district: &RegionCode,
    first: i64,
    last: i64,
) -> Result<(), ApiError> {
    let mut connection = state.connection().await?;
    let heard = heard_between(&mut connection, district, first.saturating_sub(1), last).await?;
    state.streams.tell(district, heard.as_deref(), last);
    Ok(())
}
