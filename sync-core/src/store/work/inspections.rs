//! The user's own sealed inspections (我的检查记录), with how their operations stand.
//!
//! An inspection was made to correct another one of this user, or none. Where the server refused that other one, only this
//! device knows of it: for the server the correction is the first of its lineage.

use std::collections::BTreeMap;

use rusqlite::{Params, Row};

use super::WorkStore;
use super::outbox::{OperationState, read_state};
use crate::ids::{InspectionId, KindCode, OperationId, QuestionCode, TargetId};
use crate::model::inspection::Inspection;
use crate::store::columns::{Json, Millis, Parsed, id_list, row_limit};
use crate::store::error::StoreError;
use crate::time::Instant;

/// A sealed inspection of this user.
#[derive(Debug, Clone, PartialEq)]
pub struct OwnInspection {
    /// As it was sealed.
    pub inspection: Inspection,
    /// The operation that submits it.
    pub op_id: OperationId,
    /// How that stands.
    pub state: OperationState,
    /// The one that it was made to correct, refused ones too.
    pub corrects: Option<InspectionId>,
}

/// An own visit to a target, as a duty counts it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct OwnVisit {
    /// The target.
    pub target_id: TargetId,
    /// When it occurred.
    pub occurred_at: Instant,
    /// The kind whose checklist was walked.
    pub kind: KindCode,
    /// What was measured.
    pub measured: Vec<QuestionCode>,
}

/// The columns that [`read_inspection`] reads.
macro_rules! own_inspections {
    ($rest:literal) => {
        concat!(
            "SELECT o.state, o.missing, o.refusal, o.acknowledged_at, i.op_id, i.json, i.replaces
             FROM inspection AS i JOIN operation AS o ON o.op_id = i.op_id ",
            $rest
        )
    };
}

impl WorkStore {
    /// The newest inspections first by occurrence, at most `limit`; corrected ones are in the list too.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`] and its special cases.
    pub fn inspections(&self, limit: usize) -> Result<Vec<OwnInspection>, StoreError> {
        self.own(
            own_inspections!("ORDER BY i.occurred_at DESC, i.inspection_id DESC LIMIT ?1"),
            [row_limit(limit)],
        )
    }

    /// One inspection.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`] and its special cases.
    pub fn inspection(&self, id: InspectionId) -> Result<Option<OwnInspection>, StoreError> {
        Ok(self.own(own_inspections!("WHERE i.inspection_id = ?1"), [id.to_string()])?.pop())
    }

    /// A chain of corrections in the order it was recorded.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`] and its special cases.
    pub fn lineage(&self, lineage: InspectionId) -> Result<Vec<OwnInspection>, StoreError> {
        self.own(own_inspections!("WHERE i.lineage = ?1 ORDER BY o.ordinal"), [lineage.to_string()])
    }

    /// Those of these lineages, the newest first.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`] and its special cases.
    pub fn of_lineages(&self, lineages: &[InspectionId]) -> Result<Vec<OwnInspection>, StoreError> {
        let query = own_inspections!(
            "WHERE i.lineage IN (SELECT value FROM json_each(?1)) ORDER BY i.occurred_at DESC, i.inspection_id DESC"
        );
        self.own(query, [id_list(lineages)])
    }

    /// The newest of this target, at most `limit`.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`] and its special cases.
    pub fn inspections_of(&self, target: TargetId, limit: usize) -> Result<Vec<OwnInspection>, StoreError> {
        let query = own_inspections!(
            "WHERE i.target_id = ?1 ORDER BY i.occurred_at DESC, i.inspection_id DESC LIMIT ?2"
        );
        self.own(query, (target.to_string(), row_limit(limit)))
    }

    /// Those that the server refused and that nobody has corrected, the newest first.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`] and its special cases.
    pub fn refused_inspections(&self) -> Result<Vec<OwnInspection>, StoreError> {
        let query = own_inspections!(
            "WHERE o.state = 'refused'
               AND NOT EXISTS (SELECT 1 FROM inspection AS n WHERE n.replaces = i.inspection_id)
             ORDER BY i.occurred_at DESC, i.inspection_id DESC"
        );
        self.own(query, [])
    }

    /// What was made to correct these, the newest of each.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`] and its special cases.
    pub fn corrections_of(
        &self,
        ids: &[InspectionId],
    ) -> Result<BTreeMap<InspectionId, InspectionId>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT i.replaces, i.inspection_id FROM inspection AS i JOIN operation AS o ON o.op_id = i.op_id
             WHERE i.replaces IN (SELECT value FROM json_each(?1)) ORDER BY o.ordinal",
        )?;
        let rows = statement.query_map([id_list(ids)], |row| {
            Ok((row.get::<_, Parsed<_>>(0)?.0, row.get::<_, Parsed<_>>(1)?.0))
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// Whether a correction of this one, or a correction of its correction, is on its way to the server or there.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`] and its special cases.
    pub fn is_corrected(&self, id: InspectionId) -> Result<bool, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "WITH RECURSIVE correction (inspection_id, op_id) AS (
                 SELECT inspection_id, op_id FROM inspection WHERE replaces = ?1
                 UNION
                 SELECT i.inspection_id, i.op_id
                 FROM correction AS c JOIN inspection AS i ON i.replaces = c.inspection_id
             )
             SELECT EXISTS (SELECT 1 FROM correction AS c JOIN operation AS o ON o.op_id = c.op_id
                            WHERE o.state <> 'refused')",
        )?;
        Ok(statement.query_row([id.to_string()], |row| row.get(0))?)
    }

    /// When each target was visited last.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`] and its special cases.
    pub fn last_visits(&self) -> Result<BTreeMap<TargetId, Instant>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT target_id, max(occurred_at) FROM inspection WHERE target_id IS NOT NULL GROUP BY target_id",
        )?;
        let rows =
            statement.query_map([], |row| Ok((row.get::<_, Parsed<_>>(0)?.0, row.get::<_, Millis>(1)?.0)))?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The visits to targets since then.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`] and its special cases.
    pub fn visits_since(&self, since: Instant) -> Result<Vec<OwnVisit>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT target_id, occurred_at, json ->> '$.kind',
                    (SELECT json_group_array(value ->> '$.code') FROM json_each(json, '$.measurements'))
             FROM inspection WHERE target_id IS NOT NULL AND occurred_at >= ?1",
        )?;
        let rows = statement.query_map([since.as_millisecond()], |row| {
            Ok(OwnVisit {
                target_id: row.get::<_, Parsed<_>>(0)?.0,
                occurred_at: row.get::<_, Millis>(1)?.0,
                kind: row.get::<_, Parsed<_>>(2)?.0,
                measured: row.get::<_, Json<_>>(3)?.0,
            })
        })?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    fn own(&self, query: &str, given: impl Params) -> Result<Vec<OwnInspection>, StoreError> {
        let mut statement = self.connection.prepare_cached(query)?;
        let rows = statement.query_map(given, read_inspection)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }
}

fn read_inspection(row: &Row<'_>) -> rusqlite::Result<OwnInspection> {
    Ok(OwnInspection {
        state: read_state(row)?,
        op_id: row.get::<_, Parsed<_>>(4)?.0,
        inspection: row.get::<_, Json<_>>(5)?.0,
        corrects: row.get::<_, Option<Parsed<_>>>(6)?.map(|parsed| parsed.0),
    })
}
