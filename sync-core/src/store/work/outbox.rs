//! The outbox (待发操作): what to send next, and how every operation stands.
//!
//! Invariants: choosing a batch writes nothing, so a crash in mid-push leaves everything as it was and the same ids
//! go out again; an operation recorded meanwhile is simply one more row. What is in flight is the engine's memory.

use std::collections::BTreeSet;

use rusqlite::{Row, params};

use super::WorkStore;
use crate::ids::OperationId;
use crate::store::columns::{Json, Millis, Parsed, id_list, row_limit};
use crate::store::error::StoreError;
use crate::time::Instant;
use crate::wire::push::{Missing, Rejection};

/// An operation to send.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutboxOperation {
    /// Its id.
    pub op_id: OperationId,
    /// Its number.
    pub device_seq: u64,
    /// Its bytes, to be sent as they are.
    pub bytes: Vec<u8>,
}

/// How an operation stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum OperationState {
    /// The server has not answered for it yet (待发送).
    Waiting,
    /// The server misses something first (暂缓); it is sent again after [`WorkStore::release_held`].
    Held(Vec<Missing>),
    /// The server applied it (已确认).
    Applied {
        /// The server's clock when the device learned it.
        at: Instant,
    },
    /// The server keeps it for an administrator, because the device was revoked (隔离); it is not sent again.
    Quarantined {
        /// The server's clock when the device learned it.
        at: Instant,
    },
    /// The server stored it and did not apply it (被拒绝): final, shown with its reason.
    Refused(Rejection),
}

/// An operation as a list shows it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OutboxEntry {
    /// Its id.
    pub op_id: OperationId,
    /// Its number.
    pub device_seq: u64,
    /// Its kind as the header names it.
    pub kind: String,
    /// The inspection lineage or target it is about, as text.
    pub subject: String,
    /// When it was recorded, by the device's clock.
    pub occurred_at: Instant,
    /// How it stands.
    pub state: OperationState,
}

/// The separator that an operation costs in a request beside its bytes.
const SEPARATOR_BYTES: usize = 1;

/// Waiting operations that are not set aside and whose subject has none held, subject by subject in the order of
/// their first.
const CANDIDATES: &str = "SELECT ordinal, subject, length(bytes) FROM operation
     WHERE state = 'waiting' AND subject NOT IN (SELECT subject FROM operation WHERE state = 'held')
       AND op_id NOT IN (SELECT value FROM json_each(?2))
     ORDER BY min(ordinal) OVER (PARTITION BY subject), ordinal
     LIMIT ?1";

struct Candidate {
    ordinal: i64,
    subject: String,
    bytes: usize,
}

impl WorkStore {
    /// The next operations to send, oldest subject first, each subject whole: at most `max_operations` with at
    /// most `max_bytes` of operations and separators. A subject with a held operation waits as a whole; anything
    /// refused concerns nobody else. Only a subject that alone exceeds a batch is sent in parts, and one
    /// operation is always sent, so that the outbox never stands still.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`] and its special cases.
    pub fn outbox_batch(
        &self,
        max_operations: usize,
        max_bytes: usize,
    ) -> Result<Vec<OutboxOperation>, StoreError> {
        self.outbox_batch_except(&BTreeSet::new(), max_operations, max_bytes)
    }

    /// The same without these operations, which spoiled a batch of this round.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`] and its special cases.
    pub fn outbox_batch_except(
        &self,
        set_aside: &BTreeSet<OperationId>,
        max_operations: usize,
        max_bytes: usize,
    ) -> Result<Vec<OutboxOperation>, StoreError> {
        let candidates = self.candidates(set_aside, max_operations)?;
        let chosen = choose(&candidates, max_operations, max_bytes);
        let mut statement = self.connection.prepare_cached(
            "SELECT op_id, device_seq, bytes FROM operation
             WHERE ordinal IN (SELECT value FROM json_each(?1)) ORDER BY ordinal",
        )?;
        let ordinals = serde_json::Value::from(chosen.iter().map(|c| c.ordinal).collect::<Vec<_>>());
        let rows = statement.query_map([ordinals.to_string()], |row| {
            Ok(OutboxOperation {
                op_id: row.get::<_, Parsed<_>>(0)?.0,
                device_seq: row.get(1)?,
                bytes: row.get(2)?,
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// One more than fit, so that a subject cut by the limit is recognised.
    fn candidates(
        &self,
        set_aside: &BTreeSet<OperationId>,
        max_operations: usize,
    ) -> Result<Vec<Candidate>, StoreError> {
        let mut statement = self.connection.prepare_cached(CANDIDATES)?;
        let rows = statement
            .query_map(params![row_limit(max_operations.saturating_add(1)), id_list(set_aside)], |row| {
                Ok(Candidate { ordinal: row.get(0)?, subject: row.get(1)?, bytes: row.get(2)? })
            })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Lets held operations be sent again. To be called when a sync round begins, and again when a push of the
    /// round applied something: so every round offers each of them, and none can fill every batch. Says how many.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`] and its special cases.
    pub fn release_held(&mut self) -> Result<usize, StoreError> {
        let released = self
            .connection
            .execute("UPDATE operation SET state = 'waiting', missing = NULL WHERE state = 'held'", [])?;
        Ok(released)
    }

    /// The newest operations first, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`] and its special cases.
    pub fn operations(&self, limit: usize) -> Result<Vec<OutboxEntry>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT state, missing, refusal, acknowledged_at, op_id, device_seq, kind, subject, occurred_at
             FROM operation ORDER BY ordinal DESC LIMIT ?1",
        )?;
        let rows = statement.query_map([row_limit(limit)], read_entry)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// How these operations stand; unknown ids are left out.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`] and its special cases.
    pub fn operations_by_id(&self, ids: &[OperationId]) -> Result<Vec<OutboxEntry>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT state, missing, refusal, acknowledged_at, op_id, device_seq, kind, subject, occurred_at
             FROM operation WHERE op_id IN (SELECT value FROM json_each(?1)) ORDER BY ordinal",
        )?;
        let rows = statement.query_map(params![id_list(ids)], read_entry)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

/// Whole subjects in order while they fit; of a first one that does not fit, as much as does.
fn choose(candidates: &[Candidate], max_operations: usize, max_bytes: usize) -> &[Candidate] {
    let (mut whole, mut fitting, mut bytes) = (0, 0, 0_usize);
    for candidate in candidates {
        bytes = bytes.saturating_add(candidate.bytes).saturating_add(SEPARATOR_BYTES);
        if fitting == max_operations || bytes > max_bytes {
            break;
        }
        fitting += 1;
        let next = candidates.get(fitting);
        if next.is_none_or(|next| next.subject != candidate.subject) {
            whole = fitting;
        }
    }
    let count = if whole > 0 { whole } else { fitting.max(1) };
    candidates.get(..count).unwrap_or(candidates)
}

fn read_entry(row: &Row<'_>) -> rusqlite::Result<OutboxEntry> {
    Ok(OutboxEntry {
        state: read_state(row)?,
        op_id: row.get::<_, Parsed<_>>(4)?.0,
        device_seq: row.get(5)?,
        kind: row.get(6)?,
        subject: row.get(7)?,
        occurred_at: row.get::<_, Millis>(8)?.0,
    })
}

/// Reads the state from the columns `state, missing, refusal, acknowledged_at`, which must come first.
pub(super) fn read_state(row: &Row<'_>) -> rusqlite::Result<OperationState> {
    let state: String = row.get(0)?;
    Ok(match state.as_str() {
        "held" => OperationState::Held(row.get::<_, Json<_>>(1)?.0),
        "refused" => OperationState::Refused(row.get::<_, Json<_>>(2)?.0),
        "applied" => OperationState::Applied { at: row.get::<_, Millis>(3)?.0 },
        "quarantined" => OperationState::Quarantined { at: row.get::<_, Millis>(3)?.0 },
        _ => OperationState::Waiting,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ids::{Incarnation, UserId};

    #[test]
    fn years_of_acknowledged_work_do_not_slow_the_choice_of_a_batch() {
        let directory = tempfile::TempDir::new().unwrap();
        let (user, incarnation) = (UserId::fresh(), Incarnation::fresh());
        let store = WorkStore::open(&directory.path().join("work.db"), user, incarnation).unwrap();
        let mut statement = store.connection.prepare(&format!("EXPLAIN QUERY PLAN {CANDIDATES}")).unwrap();
        let plan: Vec<String> =
            statement.query_map(params![1, "[]"], |row| row.get(3)).unwrap().map(Result::unwrap).collect();
        let reads: Vec<_> = plan.iter().filter(|step| step.contains("operation")).collect();
        assert_eq!(reads.len(), 2, "{plan:?}");
        assert!(reads.iter().all(|step| step.starts_with("SEARCH operation USING")), "{plan:?}");
    }
}
