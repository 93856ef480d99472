//! Push queue (推送队列): pushes of a district that arrive together are stored together.
//!
//! A transaction costs the same whether it stores one inspection or thirty. Tablets that find the network again in the
//! same minute send at the same time, and their pushes follow one another anyway, from the search for duplicates to
//! the commit. So whoever comes while another group is stored waits, and the next group takes all that wait.
//!
//! Invariants: every push has a task, which stores a group when it is its turn and its push still waits; so nobody
//! depends on another one that may be gone. Pushes of one device are never in one group, and leave in the order they came: the second finds what the first
//! stored. A group has no more operations than one push may have, for a page of a pull never splits what was committed
//! together.

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use sync_core::ids::RegionCode;
use sync_core::limits::PUSH_MAX_OPERATIONS;
use tokio::sync::{Semaphore, oneshot};

use super::pusher::Pusher;
use super::received_operation::ReceivedOperation;
use super::store_pushes::{Answer, PushPart};
use crate::problem::ApiError;

/// Groups of one district that are stored at a time: while one is committed, the next one is judged.
const GROUPS_AT_ONCE: usize = 2;

/// The pushes of all districts that wait.
#[derive(Debug, Default)]
pub struct PushQueue {
    districts: Mutex<HashMap<RegionCode, Arc<DistrictQueue>>>,
}

/// One push.
#[derive(Debug)]
pub(super) struct Push {
    /// Whose.
    pub(super) pusher: Pusher,
    /// What it brings.
    pub(super) received: Vec<ReceivedOperation>,
}

impl Push {
    pub(super) fn whole(&self) -> PushPart<'_> {
        PushPart { pusher: &self.pusher, received: &self.received }
    }
}

/// A push that waits, and where its answer is heard.
#[derive(Debug)]
pub(super) struct Waiting {
    ticket: Ticket,
    pub(super) push: Push,
    pub(super) heard: oneshot::Sender<Result<Answer, ApiError>>,
}

/// Tells a push that waits from the others of its district.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Ticket(u64);

/// The pushes of one district.
#[derive(Debug)]
pub(super) struct DistrictQueue {
    line: Mutex<Line>,
    /// Permits to store a group, given in the order in which they are asked for.
    pub(super) turns: Semaphore,
}

#[derive(Debug, Default)]
struct Line {
    waiting: VecDeque<Waiting>,
    tickets: u64,
}

impl Default for DistrictQueue {
    fn default() -> Self {
        Self { line: Mutex::default(), turns: Semaphore::new(GROUPS_AT_ONCE) }
    }
}

impl PushQueue {
    /// How many wait in this process.
    #[must_use]
    pub fn waiting(&self) -> usize {
        self.districts().values().map(|queue| queue.line().waiting.len()).sum()
    }

    pub(super) fn of(&self, district: &RegionCode) -> Arc<DistrictQueue> {
        Arc::clone(self.districts().entry(district.clone()).or_default())
    }

    fn districts(&self) -> MutexGuard<'_, HashMap<RegionCode, Arc<DistrictQueue>>> {
        self.districts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl DistrictQueue {
    /// Puts a push behind the others.
    pub(super) fn join(&self, push: Push) -> (Ticket, oneshot::Receiver<Result<Answer, ApiError>>) {
        let (heard, answer) = oneshot::channel();
        let mut line = self.line();
        line.tickets = line.tickets.wrapping_add(1);
        let ticket = Ticket(line.tickets);
        line.waiting.push_back(Waiting { ticket, push, heard });
        (ticket, answer)
    }

    /// Takes the next group, if the push of this ticket still waits: else it is on its way to its answer, and those that
    /// wait have tasks of their own. A push that nobody listens for any more is dropped: its device sends it again.
    pub(super) fn next_group(&self, ticket: Ticket) -> Option<Vec<Waiting>> {
        let mut line = self.line();
        line.waiting.retain(|waiting| !waiting.heard.is_closed());
        line.waiting.iter().find(|waiting| waiting.ticket == ticket)?;
        let (mut group, mut behind) = (Vec::new(), VecDeque::new());
        let (mut devices, mut operations) = (HashSet::new(), 0_usize);
        while let Some(next) = line.waiting.pop_front() {
            let with_it = operations.saturating_add(next.push.received.len());
            if !group.is_empty() && with_it > PUSH_MAX_OPERATIONS {
                behind.push_back(next);
                break;
            }
            if devices.insert(next.push.pusher.device) {
                operations = with_it;
                group.push(next);
            } else {
                behind.push_back(next);
            }
        }
        behind.append(&mut line.waiting);
        line.waiting = behind;
        Some(group)
    }

    fn line(&self) -> MutexGuard<'_, Line> {
        self.line.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::value::RawValue;
    use sync_core::ids::{DeviceId, Incarnation, UserId};
    use sync_core::wire::push::PushRequest;
    use uuid::Uuid;

    use super::super::received_operation::receive;
    use super::*;

    fn push(device: u128, operations: usize) -> Push {
        let pusher = Pusher {
            district: "410883".parse().unwrap(),
            user: UserId(Uuid::from_u128(device)),
            device: DeviceId(Uuid::from_u128(device)),
            incarnation: Incarnation(Uuid::from_u128(device)),
        };
        let bytes = format!(r#"{{"op_id":"{}"}}"#, Uuid::from_u128(device));
        let operations = vec![RawValue::from_string(bytes).unwrap(); operations];
        let request = PushRequest { protocol: 1, incarnation: pusher.incarnation, epoch: None, operations };
        Push { pusher, received: receive(request).unwrap() }
    }

    /// What a push waits with.
    type Place = (Ticket, oneshot::Receiver<Result<Answer, ApiError>>);

    /// A queue in which these wait.
    fn queue<const N: usize>(sent: [Push; N]) -> (DistrictQueue, Vec<Place>) {
        let queue = DistrictQueue::default();
        let waiting = sent.map(|push| queue.join(push)).into();
        (queue, waiting)
    }

    /// Devices and numbers of operations of the group that the push of this ticket may store.
    fn group(queue: &DistrictQueue, ticket: Ticket) -> Option<Vec<(u128, usize)>> {
        let shape = |waiting: &Waiting| (waiting.push.pusher.device.0.as_u128(), waiting.push.received.len());
        queue.next_group(ticket).map(|group| group.iter().map(shape).collect())
    }

    #[test]
    fn all_that_wait_leave_together_in_their_order() {
        let (queue, waiting) = queue([push(1, 1), push(2, 3), push(3, 0)]);
        assert_eq!(group(&queue, waiting[1].0).unwrap(), [(1, 1), (2, 3), (3, 0)]);
    }

    #[test]
    fn who_is_on_the_way_to_an_answer_stores_nothing_for_others() {
        let (queue, waiting) = queue([push(1, 1)]);
        queue.next_group(waiting[0].0).unwrap();
        let _another = queue.join(push(2, 1));
        assert_eq!(group(&queue, waiting[0].0), None);
    }

    #[test]
    fn the_second_push_of_a_device_waits_for_the_next_group_and_passes_nobody() {
        let (queue, waiting) = queue([push(1, 1), push(1, 2), push(2, 1), push(1, 3)]);
        let last = waiting[3].0;
        assert_eq!(group(&queue, last).unwrap(), [(1, 1), (2, 1)]);
        assert_eq!(group(&queue, last).unwrap(), [(1, 2)]);
        assert_eq!(group(&queue, last).unwrap(), [(1, 3)]);
    }

    #[test]
    fn a_group_has_no_more_operations_than_one_push_may_have() {
        let (queue, waiting) = queue([push(1, PUSH_MAX_OPERATIONS - 1), push(2, 2), push(1, 1), push(3, 1)]);
        let last = waiting[3].0;
        assert_eq!(group(&queue, last).unwrap(), [(1, PUSH_MAX_OPERATIONS - 1)]);
        assert_eq!(group(&queue, last).unwrap(), [(2, 2), (1, 1), (3, 1)]);
    }

    #[test]
    fn what_nobody_listens_for_any_more_is_dropped() {
        let (queue, mut waiting) = queue([push(1, 1), push(2, 1)]);
        drop(waiting.remove(0));
        assert_eq!(group(&queue, waiting[0].0).unwrap(), [(2, 1)]);
    }
}
