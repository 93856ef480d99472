//! Settling: what the server answered, by operation id and photo hash and never by count or position, and what a
//! backup has, so that it may go.
//!
//! Invariants: applied and refused are final, quarantined until an administrator releases it, but for a server restored from a backup, whose new epoch makes
//! everything retained wait again. Applying an answer twice, late or in part changes nothing that stands.

use std::collections::BTreeMap;

use rusqlite::{OptionalExtension, Transaction, params};
use serde::de::DeserializeOwned;
use serde_json::json;

use super::WorkStore;
use crate::ids::{Epoch, OperationId};
use crate::store::columns::Parsed;
use crate::store::error::StoreError;
use crate::time::Instant;
use crate::wire::problem::ProblemKind;
use crate::wire::pull::{Change, PhotoRow, PullPage, entity};
use crate::wire::push::{OperationResult, Outcome, PushResponse};

/// What an answer changed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Settled {
    /// Operations whose state changed.
    pub operations: usize,
    /// Photos whose state changed.
    pub photos: usize,
    /// Operations and photos to be sent again, because the server has a new epoch.
    pub requeued: usize,
    /// Bytes of operations dropped, because a backup has them: how many operations.
    pub forgotten: usize,
    /// Rows that this build cannot read.
    pub unreadable: usize,
}

impl WorkStore {
    /// Takes the answer to a push.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`] and its special cases; nothing is changed then.
    pub fn apply_push_response(&mut self, response: &PushResponse) -> Result<Settled, StoreError> {
        let transaction = self.transaction()?;
        let settled = Settled {
            requeued: meet_epoch(&transaction, response.epoch)?.unwrap_or(0),
            operations: settle_operations(&transaction, &response.results, response.server_time)?,
            ..Settled::default()
        };
        transaction.commit()?;
        Ok(settled)
    }

    /// Takes results by operation id; ids not known here are ignored. `server_time` is the server's clock **after**
    /// it committed them: a backup that reaches past it has them.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`] and its special cases; nothing is changed then.
    pub fn apply_results(
        &mut self,
        results: &[OperationResult],
        server_time: Instant,
    ) -> Result<usize, StoreError> {
        let transaction = self.transaction()?;
        let changed = settle_operations(&transaction, results, server_time)?;
        transaction.commit()?;
        Ok(changed)
    }

    /// Refuses held operations that wait for what never comes: the target or inspection of an own operation that was
    /// refused. Says which they are. Their bytes stay, as those of every refused operation.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`] and its special cases; nothing is changed then.
    pub fn refuse_dependents(&mut self, server_time: Instant) -> Result<Vec<OperationResult>, StoreError> {
        let outcome = Outcome::Rejected(ProblemKind::DependsOnRefused.rejection(None));
        let transaction = self.transaction()?;
        let mut refused = Vec::new();
        loop {
            let next = dependents_of_refused(&transaction)?;
            if next.is_empty() {
                break;
            }
            let next = next.into_iter().map(|op_id| OperationResult { op_id, outcome: outcome.clone() });
            let next: Vec<_> = next.collect();
            settle_operations(&transaction, &next, server_time)?;
            refused.extend(next);
        }
        transaction.commit()?;
        Ok(refused)
    }

    /// Takes what a pulled page says of this user's work: results (so a lost answer heals), photos, the epoch and
    /// how far backups reach. To be called before the page goes into the master: repeated after a crash in between,
    /// it changes nothing more.
    ///
    /// # Errors
    /// [`StoreError::OtherUser`] for another user's page; [`StoreError::Sqlite`] and its special cases. Nothing is
    /// changed then.
    pub fn apply_pulled(&mut self, page: &PullPage) -> Result<Settled, StoreError> {
        if page.user_id != self.user {
            return Err(StoreError::OtherUser { expected: self.user, found: page.user_id });
        }
        let (results, unreadable_results) = rows_of(&page.changes, entity::OPERATION);
        let (photos, unreadable_photos) = rows_of(&page.changes, entity::PHOTO);
        let touched = page.changes.iter().filter(|c| c.entity == entity::TARGET).map(|c| c.id.as_str());
        let touched = json!(touched.collect::<Vec<_>>()).to_string();
        let transaction = self.transaction()?;
        let settled = Settled {
            requeued: meet_epoch(&transaction, page.epoch)?.unwrap_or(0),
            operations: settle_operations(&transaction, &results, page.server_time)?,
            photos: settle_photos(&transaction, &photos, page.server_time)?,
            forgotten: meet_backup(&transaction, page.backed_up_through)?,
            unreadable: unreadable_results + unreadable_photos,
        };
        drop_settled_overlays(&transaction, &touched)?;
        transaction.commit()?;
        Ok(settled)
    }

    /// Takes the epoch that came with a token. Says how many operations and photos are to be sent again; `None` where it is
    /// the one that is known.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`] and its special cases. Nothing is changed then.
    pub(crate) fn meet_epoch(&mut self, epoch: Epoch) -> Result<Option<usize>, StoreError> {
        let transaction = self.transaction()?;
        let requeued = meet_epoch(&transaction, epoch)?;
        transaction.commit()?;
        Ok(requeued)
    }

    /// Drops the overlays of applied operations: a complete new master has what they said.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`] and its special cases.
    pub(in crate::store) fn drop_applied_overlays(&mut self) -> Result<usize, StoreError> {
        let dropped = self.connection.execute(
            "DELETE FROM target_overlay
             WHERE op_id IN (SELECT op_id FROM operation WHERE state = 'applied')",
            [],
        )?;
        Ok(dropped)
    }
}

fn dependents_of_refused(transaction: &Transaction<'_>) -> Result<Vec<OperationId>, StoreError> {
    let mut statement = transaction.prepare_cached(
        "SELECT op_id FROM operation WHERE state = 'held' AND EXISTS (
             SELECT 1 FROM json_each(operation.missing) AS missing
             JOIN operation AS before ON before.state = 'refused' AND (
                 (missing.value ->> '$.what' = 'target' AND before.kind = 'register_target'
                  AND before.subject = missing.value ->> '$.id')
                 OR (missing.value ->> '$.what' = 'inspection' AND before.op_id IN (
                     SELECT op_id FROM inspection WHERE inspection_id = missing.value ->> '$.id'))))",
    )?;
    let ids = statement.query_map([], |row| Ok(row.get::<_, Parsed<_>>(0)?.0))?;
    Ok(ids.collect::<Result<_, _>>()?)
}

/// The rows of one kind that a page brings, and how many of them cannot be read.
fn rows_of<T: DeserializeOwned>(changes: &[Change], kind: &str) -> (Vec<T>, usize) {
    let raw = changes.iter().filter(|c| c.entity == kind).filter_map(|c| c.row.as_ref());
    let (mut rows, mut unreadable) = (Vec::new(), 0);
    for row in raw {
        match serde_json::from_str(row.get()) {
            Ok(row) => rows.push(row),
            Err(_) => unreadable += 1,
        }
    }
    (rows, unreadable)
}

fn settle_operations(
    transaction: &Transaction<'_>,
    results: &[OperationResult],
    server_time: Instant,
) -> Result<usize, StoreError> {
    // One statement updates a row once: of several results for one id the last stands.
    let by_id: BTreeMap<OperationId, &Outcome> = results.iter().map(|r| (r.op_id, &r.outcome)).collect();
    let lines: Vec<_> = by_id.into_iter().map(|(op_id, outcome)| settled_line(op_id, outcome)).collect();
    let changed = transaction.execute(
        "UPDATE operation SET state = r.state, missing = r.missing, refusal = r.refusal,
                acknowledged_at = iif(r.state = 'held', NULL, ?2)
         FROM (SELECT value ->> '$.op_id' AS op_id, value ->> '$.state' AS state,
                      value ->> '$.missing' AS missing, value ->> '$.refusal' AS refusal
               FROM json_each(?1)) AS r
         WHERE operation.op_id = r.op_id AND operation.state IN ('waiting', 'held', 'quarantined')
           AND operation.state <> r.state AND NOT (operation.state = 'quarantined' AND r.state = 'held')",
        params![json!(lines).to_string(), server_time.as_millisecond()],
    )?;
    Ok(changed)
}

fn settled_line(op_id: OperationId, outcome: &Outcome) -> serde_json::Value {
    match outcome {
        Outcome::Applied | Outcome::Duplicate { rejection: None } => {
            json!({ "op_id": op_id, "state": "applied" })
        }
        Outcome::Rejected(rejection) | Outcome::Duplicate { rejection: Some(rejection) } => {
            json!({ "op_id": op_id, "state": "refused", "refusal": rejection })
        }
        Outcome::Quarantined => json!({ "op_id": op_id, "state": "quarantined" }),
        Outcome::Held { missing } => json!({ "op_id": op_id, "state": "held", "missing": missing }),
    }
}

pub(super) fn settle_photos(
    transaction: &Transaction<'_>,
    photos: &[PhotoRow],
    server_time: Instant,
) -> Result<usize, StoreError> {
    let by_hash: BTreeMap<&str, &PhotoRow> = photos.iter().map(|p| (p.sha256.as_str(), p)).collect();
    let lines: Vec<_> = by_hash.into_values().collect();
    let changed = transaction.execute(
        "UPDATE photo SET state = iif(r.refusal IS NULL, 'verified', 'refused'), refusal = r.refusal,
                verified_at = iif(r.refusal IS NULL, ?2, NULL)
         FROM (SELECT value ->> '$.sha256' AS sha256, value ->> '$.refusal' AS refusal
               FROM json_each(?1)) AS r
         WHERE photo.sha256 = r.sha256
           AND (photo.state = 'waiting' OR (photo.state = 'refused' AND r.refusal IS NULL))",
        params![json!(lines).to_string(), server_time.as_millisecond()],
    )?;
    Ok(changed)
}

/// Remembers the server's epoch; another than before means a restored server, to which everything retained is sent
/// again. Says how much that is; `None` where it is the one that is known.
fn meet_epoch(transaction: &Transaction<'_>, epoch: Epoch) -> Result<Option<usize>, StoreError> {
    let before = transaction
        .query_row("SELECT epoch FROM identity WHERE epoch IS NOT NULL", [], |row| {
            row.get::<_, Parsed<Epoch>>(0).map(|parsed| parsed.0)
        })
        .optional()?;
    if before == Some(epoch) {
        return Ok(None);
    }
    transaction.execute("UPDATE identity SET epoch = ?1", [epoch.to_string()])?;
    Ok(Some(if before.is_none() { 0 } else { requeue(transaction)? }))
}

fn requeue(transaction: &Transaction<'_>) -> Result<usize, StoreError> {
    let operations = transaction.execute(
        "UPDATE operation SET state = 'waiting', acknowledged_at = NULL
         WHERE state IN ('applied', 'quarantined') AND bytes IS NOT NULL",
        [],
    )?;
    let photos = transaction.execute(
        "UPDATE photo SET state = 'waiting', verified_at = NULL, upload_url = NULL, upload_offset = 0
         WHERE state = 'verified'
           AND verified_at > coalesce((SELECT backed_up_through FROM identity), verified_at - 1)",
        [],
    )?;
    transaction
        .execute("UPDATE photo SET upload_url = NULL, upload_offset = 0 WHERE state = 'waiting'", [])?;
    Ok(operations + photos)
}

/// Forgets the bytes of applied operations that a backup has; the rows stay for display and counting.
fn meet_backup(transaction: &Transaction<'_>, through: Option<Instant>) -> Result<usize, StoreError> {
    let Some(through) = through.map(Instant::as_millisecond) else { return Ok(0) };
    transaction.execute(
        "UPDATE identity SET backed_up_through = max(coalesce(backed_up_through, ?1), ?1)",
        [through],
    )?;
    let forgotten = transaction.execute(
        "UPDATE operation SET bytes = NULL
         WHERE state = 'applied' AND bytes IS NOT NULL AND acknowledged_at <= ?1",
        [through],
    )?;
    Ok(forgotten)
}

/// The page brings what the server made of these targets: overlays of applied operations have done their part.
fn drop_settled_overlays(transaction: &Transaction<'_>, target_ids: &str) -> Result<(), StoreError> {
    transaction.execute(
        "DELETE FROM target_overlay
         WHERE target_id IN (SELECT value FROM json_each(?1))
           AND op_id IN (SELECT op_id FROM operation WHERE state = 'applied')",
        [target_ids],
    )?;
    Ok(())
}
