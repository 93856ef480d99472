//! The user's own field records (我的现场记录): reports, re-checks and fire point verifications, with how their
//! operations stand.

use rusqlite::Row;
use serde::de::DeserializeOwned;

use super::WorkStore;
use super::outbox::{OperationState, read_state};
use crate::ids::OperationId;
use crate::store::columns::{Millis, Parsed, id_list};
use crate::store::error::StoreError;
use crate::time::Instant;

/// A field record of this user.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnFieldRecord {
    /// The operation that brings it.
    pub op_id: OperationId,
    /// Its kind as the header names it.
    pub kind: String,
    /// The case or fire point, as text.
    pub subject: String,
    /// When it was recorded, by the device's clock.
    pub occurred_at: Instant,
    /// How its operation stands.
    pub state: OperationState,
    json: String,
}

impl OwnFieldRecord {
    /// The record, where it is a `T`.
    #[must_use]
    pub fn content<T: DeserializeOwned>(&self) -> Option<T> {
        serde_json::from_str(&self.json).ok()
    }
}

impl WorkStore {
    /// The field records about these cases or fire points, in the order they were recorded.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`] and its special cases.
    pub fn field_records<T: ToString>(
        &self,
        subjects: impl IntoIterator<Item = T>,
    ) -> Result<Vec<OwnFieldRecord>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT o.state, o.missing, o.refusal, o.acknowledged_at, o.op_id, o.kind, r.subject, o.occurred_at,
                    r.json
             FROM field_record AS r JOIN operation AS o ON o.op_id = r.op_id
             WHERE r.subject IN (SELECT value FROM json_each(?1)) ORDER BY o.ordinal",
        )?;
        let rows = statement.query_map([id_list(subjects)], read_record)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

fn read_record(row: &Row<'_>) -> rusqlite::Result<OwnFieldRecord> {
    Ok(OwnFieldRecord {
        state: read_state(row)?,
        op_id: row.get::<_, Parsed<_>>(4)?.0,
        kind: row.get(5)?,
        subject: row.get(6)?,
        occurred_at: row.get::<_, Millis>(7)?.0,
        json: row.get(8)?,
    })
}
