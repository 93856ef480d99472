//! The streams of this process: who listens, and a bounded queue for each.
//!
//! Invariant: telling never waits. A stream whose queue is full is ended; its client comes again with the id of the last
//! event it got and is told from there.

use std::collections::HashMap;
use std::sync::atomic::{AtomicI64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sync_core::ids::{DeviceId, RegionCode, UserId};
use sync_core::wire::problem::ProblemKind;
use sync_core::wire::pull::entity;
use tokio::sync::mpsc;
use uuid::Uuid;

use super::heard::{HeardChange, HeardNumber};
use crate::auth::actor::{Actor, Via};
use crate::auth::hearing::Hearing;
use crate::problem::ApiError;

/// Messages that wait for one client before its stream is ended.
const QUEUE_MESSAGES: usize = 64;

/// Streams of one user in one process: a browser shares one among its tabs.
const STREAMS_PER_USER: usize = 16;

/// Streams of a process.
const STREAMS_MAX: usize = 4096;

/// What a stream is told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Message {
    /// These changes of one number.
    Changes {
        /// The number.
        number: i64,
        /// What of it the client hears, in order, one at least.
        changes: Vec<HeardChange>,
    },
    /// More than can be told one by one.
    Reload {
        /// The number it reaches to.
        number: i64,
    },
}

/// Who listens.
#[derive(Debug, Clone)]
pub struct Subscriber {
    district: RegionCode,
    user: UserId,
    via: Via,
    hearing: Hearing,
}

impl Subscriber {
    /// The actor, by today's assignments.
    #[must_use]
    pub fn of(actor: &Actor) -> Self {
        Self {
            district: actor.district.clone(),
            user: actor.user_id,
            via: actor.via,
            hearing: Hearing::of(actor),
        }
    }

    /// What of one number this subscriber hears.
    #[must_use]
    pub fn hears(&self, number: &HeardNumber) -> Vec<HeardChange> {
        let heard = number.changes.iter().filter(|(whereabouts, _)| self.hearing.hears(whereabouts));
        heard.map(|(_, change)| change.clone()).collect()
    }

    /// Whether its own assignments changed: what it may hear is another thing from now on.
    fn is_moved_by(&self, number: &HeardNumber) -> bool {
        let mine = |kind: &str, user| kind == entity::ASSIGNMENT && user == Some(self.user);
        number.changes.iter().any(|(whereabouts, _)| mine(&whereabouts.kind, whereabouts.user))
    }
}

/// Why streams end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Ended {
    /// An office session is over.
    Session(Uuid),
    /// A device was revoked.
    Device(DeviceId),
    /// A user was disabled.
    User(UserId),
}

impl Ended {
    fn concerns(self, subscriber: &Subscriber) -> bool {
        match (self, subscriber.via) {
            (Self::Session(ended), Via::Session { session_id }) => ended == session_id,
            (Self::Device(ended), Via::Device { device_id, .. }) => ended == device_id,
            (Self::User(ended), _) => ended == subscriber.user,
            _ => false,
        }
    }
}

struct Stream {
    subscriber: Subscriber,
    queue: mpsc::Sender<Message>,
    told: Arc<AtomicI64>,
}

#[derive(Default)]
struct Open {
    next: u64,
    closed: bool,
    streams: HashMap<u64, Stream>,
}

/// The streams of this process.
#[derive(Default)]
pub struct Streams {
    open: Mutex<Open>,
}

/// One client's end of it; the stream is forgotten with this value.
pub struct Subscription {
    pub(super) queue: mpsc::Receiver<Message>,
    /// The last number that was looked at for this stream, whether it heard of it or not; set after what it heard of it
    /// was queued.
    pub(super) told: Arc<AtomicI64>,
    id: u64,
    streams: Arc<Streams>,
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.streams.open().streams.remove(&self.id);
    }
}

impl Streams {
    /// Nothing that panics runs under the lock, so it cannot be poisoned.
    fn open(&self) -> MutexGuard<'_, Open> {
        self.open.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Listens from now on.
    ///
    /// # Errors
    /// `rate_limited` where the user has too many streams, `unavailable` where the process has or stops.
    pub fn subscribe(self: &Arc<Self>, subscriber: Subscriber) -> Result<Subscription, ApiError> {
        let mut open = self.open();
        if open.closed || open.streams.len() >= STREAMS_MAX {
            return Err(ProblemKind::Unavailable.into());
        }
        let own = open.streams.values().filter(|stream| stream.subscriber.user == subscriber.user).count();
        if own >= STREAMS_PER_USER {
            return Err(ProblemKind::RateLimited.into());
        }
        let (sender, queue) = mpsc::channel(QUEUE_MESSAGES);
        let (id, told) = (open.next, Arc::new(AtomicI64::new(0)));
        open.next = open.next.saturating_add(1);
        let stream = Stream { subscriber, queue: sender, told: told.clone() };
        open.streams.insert(id, stream);
        drop(open);
        Ok(Subscription { queue, told, id, streams: self.clone() })
    }

    /// Whether anybody of a district listens.
    pub(super) fn has_any_of(&self, district: &RegionCode) -> bool {
        self.open().streams.values().any(|stream| stream.subscriber.district == *district)
    }

    /// Tells a district's streams what they hear of these numbers; `None`: that it was more than can be told.
    pub(super) fn tell(&self, district: &RegionCode, numbers: Option<&[HeardNumber]>, through: i64) {
        self.open()
            .streams
            .retain(|_, stream| stream.subscriber.district != *district || stream.is_told(numbers, through));
    }

    /// Ends the streams that this concerns.
    pub(super) fn end(&self, ended: Ended) {
        self.open().streams.retain(|_, stream| !ended.concerns(&stream.subscriber));
    }

    /// Ends a district's streams; their clients come again.
    pub(super) fn end_district(&self, district: &RegionCode) {
        self.open().streams.retain(|_, stream| stream.subscriber.district != *district);
    }

    /// Ends every stream; their clients come again.
    pub(super) fn end_all(&self) {
        self.open().streams.clear();
    }

    /// Ends every stream and begins no other: the process stops, and does not wait for what never finishes by itself.
    pub fn close(&self) {
        let mut open = self.open();
        open.closed = true;
        open.streams.clear();
    }
}

impl Stream {
    /// Queues what this stream hears; whether it goes on.
    fn is_told(&self, numbers: Option<&[HeardNumber]>, through: i64) -> bool {
        let queued = match numbers {
            None => self.queue.try_send(Message::Reload { number: through }).is_ok(),
            Some(numbers) => numbers.iter().all(|number| {
                let changes = self.subscriber.hears(number);
                let message = Message::Changes { number: number.number, changes };
                match &message {
                    Message::Changes { changes, .. } if changes.is_empty() => true,
                    _ => self.queue.try_send(message).is_ok(),
                }
            }),
        };
        if queued {
            self.told.store(through, Ordering::Release);
        }
        let moved = numbers.unwrap_or_default().iter().any(|number| self.subscriber.is_moved_by(number));
        queued && !moved
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::auth::hearing::Whereabouts;

    fn supervisor(grid: &str) -> Subscriber {
        let assignment = serde_json::json!({
            "assignment_id": Uuid::now_v7(), "user_id": Uuid::now_v7(), "role": "supervisor", "grid": grid,
            "unit_id": null, "level": "district", "from": "2024-01-01", "until": null,
        });
        Subscriber::of(&Actor {
            district: "410804".parse().unwrap(),
            user_id: UserId::fresh(),
            user_name: "王芳".to_owned(),
            via: Via::Session { session_id: Uuid::now_v7() },
            assignments: vec![serde_json::from_value(assignment).unwrap()],
        })
    }

    fn case_in(grid: &str, number: i64) -> HeardNumber {
        let whereabouts = Whereabouts {
            kind: entity::CASE.to_owned(),
            grids: vec![grid.parse().unwrap()],
            units: Vec::new(),
            user: None,
        };
        let change = HeardChange { what: entity::CASE.to_owned(), id: number.to_string(), version: Some(1) };
        HeardNumber { number, changes: vec![(whereabouts, change)] }
    }

    #[test]
    fn a_stream_that_falls_behind_is_ended_and_the_others_go_on() {
        let streams = Arc::new(Streams::default());
        let district = "410804".parse().unwrap();
        let mut slow = streams.subscribe(supervisor("410804")).unwrap();
        let mut quick = streams.subscribe(supervisor("410804")).unwrap();
        let one_too_many = i64::try_from(QUEUE_MESSAGES).unwrap() + 1;
        for number in 1..=one_too_many {
            streams.tell(&district, Some(&[case_in("410804/001", number)]), number);
            assert!(quick.queue.try_recv().is_ok());
        }
        let waiting = std::iter::from_fn(|| slow.queue.blocking_recv()).count();
        assert_eq!(waiting, QUEUE_MESSAGES);
        assert_eq!(slow.told.load(Ordering::Acquire), one_too_many - 1, "it was not told the last one");
        assert_eq!(quick.told.load(Ordering::Acquire), one_too_many);
    }

    #[test]
    fn what_is_not_heard_fills_no_queue_and_moves_on() {
        let streams = Arc::new(Streams::default());
        let mut east = streams.subscribe(supervisor("410804/001")).unwrap();
        streams.tell(&"410804".parse().unwrap(), Some(&[case_in("410804/002", 7)]), 7);
        assert!(east.queue.try_recv().is_err());
        assert_eq!(east.told.load(Ordering::Acquire), 7);
    }

    #[test]
    fn a_user_has_so_many_streams_and_a_closed_one_makes_room() {
        let streams = Arc::new(Streams::default());
        let user = supervisor("410804");
        let mut open: Vec<_> =
            (0..STREAMS_PER_USER).map(|_| streams.subscribe(user.clone()).unwrap()).collect();
        let kind = |refused: Result<Subscription, ApiError>| refused.err().map(|error| error.kind());
        assert_eq!(kind(streams.subscribe(user.clone())), Some(ProblemKind::RateLimited));
        assert!(streams.subscribe(supervisor("410804")).is_ok());
        open.pop();
        assert!(streams.subscribe(user).is_ok());
    }
}
