//! Target overlays (本机台账变更): what this user registered or changed here and the register does not show yet.
//!
//! Invariants: a refused operation has no overlay; of several for one target the last recorded stands.

use rusqlite::Row;

use super::WorkStore;
use crate::ids::TargetId;
use crate::model::target::TargetContent;
use crate::store::columns::Json;
use crate::store::error::StoreError;

/// A target as this device last wrote it.
#[derive(Debug, Clone, PartialEq)]
pub struct Overlay {
    /// What was written.
    pub content: TargetContent,
    /// The register's version it was written on; 0 for a target registered here.
    pub base_version: u32,
    /// Whether its registration is among the changes made here.
    pub registered: bool,
}

/// The last recorded of each target's changes that are not refused; of all targets where ?1 is null.
const STANDING: &str = "SELECT json, base_version, registered FROM (
         SELECT v.json, v.base_version, v.target_id,
                min(v.base_version) OVER (PARTITION BY v.target_id) = 0 AS registered,
                row_number() OVER (PARTITION BY v.target_id ORDER BY o.ordinal DESC) AS age
         FROM target_overlay AS v JOIN operation AS o ON o.op_id = v.op_id
         WHERE o.state <> 'refused' AND (?1 IS NULL OR v.target_id = ?1))
     WHERE age = 1 ORDER BY target_id";

impl WorkStore {
    /// The overlays that stand, one for each target.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`] and its special cases.
    pub fn overlays(&self) -> Result<Vec<Overlay>, StoreError> {
        let mut statement = self.connection.prepare_cached(STANDING)?;
        let rows = statement.query_map([None::<String>], read_overlay)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// The overlay of one target.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`] and its special cases.
    pub fn overlay(&self, target: TargetId) -> Result<Option<Overlay>, StoreError> {
        let mut statement = self.connection.prepare_cached(STANDING)?;
        let mut rows = statement.query_map([target.to_string()], read_overlay)?;
        Ok(rows.next().transpose()?)
    }
}

fn read_overlay(row: &Row<'_>) -> rusqlite::Result<Overlay> {
    Ok(Overlay { content: row.get::<_, Json<_>>(0)?.0, base_version: row.get(1)?, registered: row.get(2)? })
}
