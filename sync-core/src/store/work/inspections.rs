//! The user's own sealed inspections (我的检查记录), with how their operations stand.

use rusqlite::{Row, params};

use super::WorkStore;
use super::outbox::{OperationState, read_state};
use crate::ids::{InspectionId, OperationId};
use crate::model::inspection::Inspection;
use crate::store::columns::{Json, Parsed, row_limit};
use crate::store::error::StoreError;

/// A sealed inspection of this user.
#[derive(Debug, Clone, PartialEq)]
pub struct OwnInspection {
    /// As it was sealed.
    pub inspection: Inspection,
    /// The operation that submits it.
    pub op_id: OperationId,
    /// How that stands.
    pub state: OperationState,
}

impl WorkStore {
    /// The newest inspections first by occurrence, at most `limit`; corrected ones are in the list too.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`] and its special cases.
    pub fn inspections(&self, limit: usize) -> Result<Vec<OwnInspection>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT o.state, o.missing, o.refusal, o.acknowledged_at, i.op_id, i.json
             FROM inspection AS i JOIN operation AS o ON o.op_id = i.op_id
             ORDER BY i.occurred_at DESC, i.inspection_id DESC LIMIT ?1",
        )?;
        let rows = statement.query_map([row_limit(limit)], read_inspection)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// One inspection.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`] and its special cases.
    pub fn inspection(&self, id: InspectionId) -> Result<Option<OwnInspection>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT o.state, o.missing, o.refusal, o.acknowledged_at, i.op_id, i.json
             FROM inspection AS i JOIN operation AS o ON o.op_id = i.op_id WHERE i.inspection_id = ?1",
        )?;
        let mut rows = statement.query_map([id.to_string()], read_inspection)?;
        Ok(rows.next().transpose()?)
    }

    /// A chain of corrections in the order it was recorded.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`] and its special cases.
    pub fn lineage(&self, lineage: InspectionId) -> Result<Vec<OwnInspection>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT o.state, o.missing, o.refusal, o.acknowledged_at, i.op_id, i.json
             FROM inspection AS i JOIN operation AS o ON o.op_id = i.op_id
             WHERE i.lineage = ?1 ORDER BY o.ordinal",
        )?;
        let rows = statement.query_map(params![lineage.to_string()], read_inspection)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

fn read_inspection(row: &Row<'_>) -> rusqlite::Result<OwnInspection> {
    Ok(OwnInspection {
        state: read_state(row)?,
        op_id: row.get::<_, Parsed<_>>(4)?.0,
        inspection: row.get::<_, Json<_>>(5)?.0,
    })
}
