//! Push: the outbox in batches as the store chooses them, each operation as its original bytes.
//!
//! Invariants: a refused batch is halved until the operation that spoils it stands alone, and that one is set aside
//! for this round while the rest goes on; held operations are offered again only after something was applied, and
//! an operation without a line in two answers is left for the next round. So a round's pushes are bounded.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::value::RawValue;

use super::Identity;
use super::http::{HttpRequest, Method};
use super::report::{HeldOperation, SyncReport};
use crate::ids::{Epoch, OperationId};
use crate::limits;
use crate::store::OutboxOperation;
use crate::wire::PROTOCOL_VERSION;
use crate::wire::push::{OperationResult, Outcome, PushRequest};

/// Bytes of a push request beside its operations: the envelope, generously.
const ENVELOPE_BYTES: usize = 1024;
/// Bytes of operations in one push request.
pub(super) const BATCH_BYTES: usize = limits::PUSH_MAX_BYTES - ENVELOPE_BYTES;

/// The pushing part of a round.
#[derive(Debug)]
pub(super) struct PushStage {
    /// Operations in the next batch at most; halved when a batch is refused, doubled when one is taken.
    width: usize,
    /// Operations left alone for the rest of the round.
    set_aside: BTreeSet<OperationId>,
    /// Operations that an answer once left out.
    left_out: BTreeSet<OperationId>,
    /// What is held, by operation: the report wants the final word.
    held: BTreeMap<OperationId, HeldOperation>,
    /// Whether held operations are worth offering: once a round, and again after something was applied.
    offer_held: bool,
}

/// A batch about to be sent.
#[derive(Debug)]
pub(super) struct Batch {
    /// The ids of its operations, which the answer will be matched with.
    pub(super) ids: Vec<OperationId>,
    /// The operations' original bytes.
    pub(super) operations: Vec<Box<RawValue>>,
    /// Operations found to be no JSON at all, now set aside.
    pub(super) unreadable: Vec<OperationId>,
}

impl PushStage {
    pub(super) const fn new() -> Self {
        Self {
            width: limits::PUSH_MAX_OPERATIONS,
            set_aside: BTreeSet::new(),
            left_out: BTreeSet::new(),
            held: BTreeMap::new(),
            offer_held: true,
        }
    }

    /// Operations in the next batch at most.
    pub(super) const fn width(&self) -> usize {
        self.width
    }

    /// What the next batch must leave out.
    pub(super) const fn set_aside(&self) -> &BTreeSet<OperationId> {
        &self.set_aside
    }

    /// When nothing else is left to send: whether held operations are to be offered (again).
    pub(super) const fn take_offer_held(&mut self) -> bool {
        std::mem::replace(&mut self.offer_held, false)
    }

    /// The chosen operations as a batch. It is empty when none of them can be sent.
    pub(super) fn batch(&mut self, chosen: Vec<OutboxOperation>) -> Batch {
        let mut batch = Batch { ids: Vec::new(), operations: Vec::new(), unreadable: Vec::new() };
        for OutboxOperation { op_id, bytes, .. } in chosen {
            match String::from_utf8(bytes).map(RawValue::from_string) {
                Ok(Ok(raw)) => {
                    batch.ids.push(op_id);
                    batch.operations.push(raw);
                }
                Ok(Err(_)) | Err(_) => {
                    self.set_aside.insert(op_id);
                    batch.unreadable.push(op_id);
                }
            }
        }
        batch
    }

    /// Takes the answer to a batch. Returns the results that are for operations it carried.
    pub(super) fn answered(
        &mut self,
        sent: &[OperationId],
        results: Vec<OperationResult>,
        report: &mut SyncReport,
    ) -> Vec<OperationResult> {
        let mut open: BTreeSet<_> = sent.iter().copied().collect();
        let results: Vec<_> = results.into_iter().filter(|result| open.remove(&result.op_id)).collect();
        for left_out in open {
            if !self.left_out.insert(left_out) {
                self.set_aside.insert(left_out);
            }
        }
        for result in &results {
            report.take(result);
            let OperationResult { op_id, outcome } = result;
            self.offer_held |= *outcome == Outcome::Applied;
            match outcome {
                Outcome::Held { missing } => {
                    self.held.insert(*op_id, HeldOperation { op_id: *op_id, missing: missing.clone() });
                }
                Outcome::Applied
                | Outcome::Duplicate { .. }
                | Outcome::Quarantined
                | Outcome::Rejected(_) => {
                    self.held.remove(op_id);
                }
            }
        }
        self.widen();
        results
    }

    /// Takes the refusal of a whole batch: the next one is half of it. Answers with the operation that was refused
    /// alone and is now set aside, if it came to that.
    pub(super) fn refused(&mut self, sent: &[OperationId]) -> Option<OperationId> {
        if let [only] = sent {
            self.set_aside.insert(*only);
            self.widen();
            return Some(*only);
        }
        self.width = sent.len().div_ceil(2);
        None
    }

    /// Takes what waits no more, because what it waited for was refused.
    pub(super) fn gave_up(&mut self, refused: &[OperationResult], report: &mut SyncReport) {
        for result in refused {
            report.take(result);
            self.held.remove(&result.op_id);
        }
    }

    /// What is held in the end.
    pub(super) fn into_held(self) -> Vec<HeldOperation> {
        self.held.into_values().collect()
    }

    fn widen(&mut self) {
        self.width = (self.width * 2).min(limits::PUSH_MAX_OPERATIONS);
    }
}

/// The request that carries these operations.
pub(super) fn request(
    identity: &Identity,
    epoch: Option<Epoch>,
    operations: Vec<Box<RawValue>>,
) -> Result<HttpRequest, serde_json::Error> {
    let body =
        PushRequest { protocol: PROTOCOL_VERSION, epoch, incarnation: identity.incarnation, operations };
    Ok(HttpRequest::new(Method::Post, "/api/v1/sync/push").json(serde_json::to_vec(&body)?))
}
