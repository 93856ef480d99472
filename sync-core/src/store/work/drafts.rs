//! Drafts (草稿): what is being written, before it is sealed. The store does not look inside.

use rusqlite::{Row, params};

use super::WorkStore;
use crate::ids::InspectionId;
use crate::store::columns::{Millis, Parsed};
use crate::store::error::StoreError;
use crate::time::Instant;

/// A draft.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Draft {
    /// The id the inspection will have.
    pub inspection_id: InspectionId,
    /// When it was saved, by the device's clock.
    pub saved_at: Instant,
    /// Its content, JSON of the screen's own shape.
    pub json: String,
}

impl WorkStore {
    /// Saves a draft, in place of its former state. One that was sealed stays what it is: a change that comes late brings no
    /// draft back.
    ///
    /// # Errors
    /// [`StoreError::InspectionExists`] when it was sealed; [`StoreError::Sqlite`] and its special cases, also when the content is not JSON.
    pub fn save_draft(&mut self, draft: &Draft) -> Result<(), StoreError> {
        let saved = self.connection.execute(
            "INSERT INTO draft (inspection_id, saved_at, json)
             SELECT ?1, ?2, ?3 WHERE NOT EXISTS (SELECT 1 FROM inspection WHERE inspection_id = ?1)
             ON CONFLICT (inspection_id) DO UPDATE SET saved_at = excluded.saved_at, json = excluded.json",
            params![draft.inspection_id.to_string(), draft.saved_at.as_millisecond(), draft.json],
        )?;
        if saved == 0 { Err(StoreError::InspectionExists(draft.inspection_id)) } else { Ok(()) }
    }

    /// All drafts, the last saved first.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`] and its special cases.
    pub fn drafts(&self) -> Result<Vec<Draft>, StoreError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT inspection_id, saved_at, json FROM draft ORDER BY saved_at DESC, inspection_id",
        )?;
        let rows = statement.query_map([], read_draft)?;
        Ok(rows.collect::<Result<_, _>>()?)
    }

    /// One draft.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`] and its special cases.
    pub fn draft(&self, id: InspectionId) -> Result<Option<Draft>, StoreError> {
        let mut statement = self
            .connection
            .prepare_cached("SELECT inspection_id, saved_at, json FROM draft WHERE inspection_id = ?1")?;
        let mut rows = statement.query_map([id.to_string()], read_draft)?;
        Ok(rows.next().transpose()?)
    }

    /// Discards a draft; says whether there was one.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`] and its special cases.
    pub fn discard_draft(&mut self, id: InspectionId) -> Result<bool, StoreError> {
        let discarded =
            self.connection.execute("DELETE FROM draft WHERE inspection_id = ?1", [id.to_string()])?;
        Ok(discarded > 0)
    }
}

fn read_draft(row: &Row<'_>) -> rusqlite::Result<Draft> {
    Ok(Draft {
        inspection_id: row.get::<_, Parsed<_>>(0)?.0,
        saved_at: row.get::<_, Millis>(1)?.0,
        json: row.get(2)?,
    })
}
