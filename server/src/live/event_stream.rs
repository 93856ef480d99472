//! A stream as its client reads it: the event stream format of HTML (server-sent events), UTF-8.
//!
//! | event | says |
//! | --- | --- |
//! | `ready` | it listens; what was loaded before may have changed since |
//! | `change` | one [`HeardChange`] as JSON |
//! | `reload` | more changed than is told one by one: load again what is shown |
//!
//! Invariant: an id is sent only when everything up to its number has been sent, with the last change of a number, so
//! that a client never resumes behind something it did not get.

use std::convert::Infallible;
use std::fmt::{self, Write as _};
use std::pin::Pin;
use std::str::FromStr;
use std::sync::atomic::Ordering;
use std::time::Duration;

use actix_web::web::Bytes;
use futures::{Stream, stream};
use sync_core::ids::Epoch;
use tokio::time::{Interval, MissedTickBehavior, Sleep, interval, sleep};
use uuid::Uuid;

use super::heard::HeardChange;
use super::streams::{Message, Subscription};

/// How long a client waits before it comes again, in milliseconds.
const RETRY_MILLIS: u32 = 2000;

/// How often a silent stream says that it lives; proxies cut what is silent for longer.
const HEARTBEAT: Duration = Duration::from_secs(15);

/// Where a client stands: a number of the change log, in a life of the database.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct EventId {
    /// The life of the database.
    pub epoch: Epoch,
    /// The number.
    pub number: i64,
}

impl EventId {
    /// One that no database has.
    pub const UNKNOWN: Self = Self { epoch: Epoch(Uuid::nil()), number: 0 };
}

impl fmt::Display for EventId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}.{}", self.epoch, self.number)
    }
}

/// A text that is no event's id.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not the id of an event")]
pub struct NoEventId;

impl FromStr for EventId {
    type Err = NoEventId;

    fn from_str(text: &str) -> Result<Self, NoEventId> {
        let (epoch, number) = text.split_once('.').ok_or(NoEventId)?;
        Ok(Self {
            epoch: epoch.parse().map_err(|_| NoEventId)?,
            number: number.parse().map_err(|_| NoEventId)?,
        })
    }
}

/// What a stream begins with.
#[derive(Debug, Clone)]
pub struct Opening {
    /// Where the change log stands; the subscription was made before.
    pub at: EventId,
    /// What the client missed since it was cut off, number by number; `None`: more than is told, or nobody knows.
    pub missed: Option<Vec<(i64, Vec<HeardChange>)>>,
}

impl Opening {
    fn text(&self) -> String {
        let mut text = format!("retry: {RETRY_MILLIS}\n\n");
        for (number, changes) in self.missed.iter().flatten() {
            write_changes(&mut text, EventId { number: *number, ..self.at }, changes);
        }
        let event = if self.missed.is_some() { "ready" } else { "reload" };
        write_event(&mut text, event, "{}", Some(self.at));
        text
    }
}

fn write_changes(text: &mut String, id: EventId, changes: &[HeardChange]) {
    for (place, change) in changes.iter().enumerate() {
        let is_last = place.saturating_add(1) == changes.len();
        // A struct of texts and numbers always is JSON.
        let data = serde_json::to_string(change).unwrap_or_default();
        write_event(text, "change", &data, is_last.then_some(id));
    }
}

fn write_event(text: &mut String, event: &str, data: &str, id: Option<EventId>) {
    let id = id.map(|id| format!("id: {id}\n")).unwrap_or_default();
    // Writing to a text cannot fail.
    let _ = write!(text, "event: {event}\n{id}data: {data}\n\n");
}

/// A stream at work.
struct Telling {
    opening: Option<Opening>,
    at: EventId,
    subscription: Subscription,
    heartbeat: Interval,
    end: Pin<Box<Sleep>>,
}

/// The stream of a subscription; it ends after `lasts`, and when the subscription is ended.
pub fn event_stream(
    opening: Opening,
    subscription: Subscription,
    lasts: Duration,
) -> impl Stream<Item = Result<Bytes, Infallible>> {
    let mut heartbeat = interval(HEARTBEAT);
    heartbeat.set_missed_tick_behavior(MissedTickBehavior::Delay);
    heartbeat.reset();
    let at = opening.at;
    let telling =
        Telling { opening: Some(opening), at, subscription, heartbeat, end: Box::pin(sleep(lasts)) };
    stream::unfold(telling, |mut telling| async {
        let text = telling.next().await?;
        Some((Ok(Bytes::from(text)), telling))
    })
}

impl Telling {
    async fn next(&mut self) -> Option<String> {
        if let Some(opening) = self.opening.take() {
            return Some(opening.text());
        }
        loop {
            let message = tokio::select! {
                () = &mut self.end => return None,
                message = self.subscription.queue.recv() => message?,
                _ = self.heartbeat.tick() => return Some(self.sign_of_life()),
            };
            let mut text = String::new();
            match message {
                // The opening has told it.
                Message::Changes { number, .. } | Message::Reload { number } if number <= self.at.number => {
                    continue;
                }
                Message::Changes { number, changes } => {
                    self.at.number = number;
                    write_changes(&mut text, self.at, &changes);
                }
                Message::Reload { number } => {
                    self.at.number = number;
                    write_event(&mut text, "reload", "{}", Some(self.at));
                }
            }
            return Some(text);
        }
    }

    /// A comment, and where the client stands: what it does not hear moves it on too. What was told last is read before
    /// the queue is found empty: up to there, everything has been sent.
    fn sign_of_life(&mut self) -> String {
        let told = self.subscription.told.load(Ordering::Acquire);
        if self.subscription.queue.is_empty() {
            self.at.number = self.at.number.max(told);
        }
        format!(":\nid: {}\n\n", self.at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(number: i64) -> EventId {
        EventId { epoch: "01890000-0000-7000-8000-000000000001".parse().unwrap(), number }
    }

    fn change(what: &str) -> HeardChange {
        HeardChange { what: what.to_owned(), id: "x".to_owned(), version: Some(2) }
    }

    #[test]
    fn an_id_reads_back_and_other_texts_are_none() {
        assert_eq!(id(7).to_string().parse(), Ok(id(7)));
        for other in ["", "7", "x.7", "01890000-0000-7000-8000-000000000001.", "."] {
            assert_eq!(other.parse::<EventId>(), Err(NoEventId), "{other:?}");
        }
    }

    #[test]
    fn the_id_of_a_number_comes_with_its_last_change_alone() {
        let opening = Opening { at: id(9), missed: Some(vec![(8, vec![change("case"), change("month")])]) };
        let text = opening.text();
        let events: Vec<&str> = text.split("\n\n").collect();
        assert_eq!(events[0], "retry: 2000");
        assert_eq!(events[1], "event: change\ndata: {\"what\":\"case\",\"id\":\"x\",\"version\":2}");
        assert!(events[2].contains(&format!("id: {}\n", id(8))), "{text}");
        assert!(events[3].starts_with(&format!("event: ready\nid: {}\n", id(9))), "{text}");
    }

    #[test]
    fn what_cannot_be_told_is_said_so() {
        assert!(Opening { at: id(9), missed: None }.text().contains("event: reload\n"));
    }
}
