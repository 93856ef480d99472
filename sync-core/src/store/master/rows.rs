//! Reading pulled rows as the types of the model. A row that this build cannot read is as good as absent here; the
//! page that brought it counted it.

use std::collections::BTreeMap;

use rusqlite::{OptionalExtension, ToSql};
use serde::de::DeserializeOwned;

use super::MasterStore;
use crate::ids::{CaseId, FirePointId, GridPath, InspectionId, ItemCode, TargetId, UnitId};
use crate::model::assignment::Assignment;
use crate::model::case::CaseRow;
use crate::model::fire_point::FirePointRow;
use crate::model::grid::Grid;
use crate::model::rectification::RectificationRow;
use crate::model::target::Target;
use crate::model::unit::Unit;
use crate::model::zone::Zone;
use crate::store::columns::id_list;
use crate::store::error::StoreError;
use crate::wire::digest::{Digester, TableDigest};
use crate::wire::pull::{PackRow, entity};

impl MasterStore {
    /// How many rows of each kind there are, and their hash, as the server takes them for the same cursor.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`] and its special cases.
    pub fn digest(&self) -> Result<BTreeMap<String, TableDigest>, StoreError> {
        let mut digester = Digester::default();
        let mut statement = self.connection.prepare("SELECT entity, id, json FROM pulled")?;
        let mut rows = statement.query([])?;
        while let Some(row) = rows.next()? {
            let text = |column| row.get_ref(column).and_then(|value| Ok(value.as_str()?));
            digester.add(text(0)?, text(1)?, text(2)?);
        }
        Ok(digester.finish())
    }

    /// One target of the register as the server has it.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`] and its special cases, as for every reader here.
    pub fn target(&self, id: TargetId) -> Result<Option<Target>, StoreError> {
        self.row(entity::TARGET, &id.to_string())
    }

    /// These targets, in no order; those not there are left out.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`] and its special cases.
    pub fn targets(&self, ids: &[TargetId]) -> Result<Vec<Target>, StoreError> {
        self.read_all(
            "SELECT json FROM pulled WHERE entity = 'target' AND id IN (SELECT value FROM json_each(?1))",
            &[&id_list(ids)],
        )
    }

    /// One unit.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`] and its special cases.
    pub fn unit(&self, id: UnitId) -> Result<Option<Unit>, StoreError> {
        self.row(entity::UNIT, &id.to_string())
    }

    /// All units.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`] and its special cases.
    pub fn units(&self) -> Result<Vec<Unit>, StoreError> {
        self.all(entity::UNIT)
    }

    /// One grid.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`] and its special cases.
    pub fn grid(&self, path: &GridPath) -> Result<Option<Grid>, StoreError> {
        self.row(entity::GRID, path.as_str())
    }

    /// All grids, a grid before those below it.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`] and its special cases.
    pub fn grids(&self) -> Result<Vec<Grid>, StoreError> {
        self.all(entity::GRID)
    }

    /// All zones.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`] and its special cases.
    pub fn zones(&self) -> Result<Vec<Zone>, StoreError> {
        self.all(entity::ZONE)
    }

    /// The user's assignments, past ones too.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`] and its special cases.
    pub fn assignments(&self) -> Result<Vec<Assignment>, StoreError> {
        self.all(entity::ASSIGNMENT)
    }

    /// All packs with their adoptions.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`] and its special cases.
    pub fn packs(&self) -> Result<Vec<PackRow>, StoreError> {
        self.all(entity::PACK)
    }

    /// The cases of these inspection lineages.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`] and its special cases.
    pub fn cases(&self, lineages: &[InspectionId]) -> Result<Vec<CaseRow>, StoreError> {
        self.read_all(
            "SELECT json FROM pulled INDEXED BY pulled_case_lineage
             WHERE entity = 'case' AND json ->> '$.lineage' IN (SELECT value FROM json_each(?1)) ORDER BY id",
            &[&id_list(lineages)],
        )
    }

    /// These cases, in no order; those not there are left out.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`] and its special cases.
    pub fn cases_by_id(&self, ids: &[CaseId]) -> Result<Vec<CaseRow>, StoreError> {
        self.read_all(
            "SELECT json FROM pulled WHERE entity = 'case' AND id IN (SELECT value FROM json_each(?1))",
            &[&id_list(ids)],
        )
    }

    /// The cases that were returned to their inspector.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`] and its special cases.
    pub fn returned_cases(&self) -> Result<Vec<CaseRow>, StoreError> {
        self.read_all(
            // The word is sought first: most cases are not taken apart.
            "SELECT json FROM pulled
             WHERE entity = 'case' AND instr(json, 'returned') > 0 AND json ->> '$.review_state' = 'returned'
             ORDER BY id",
            &[],
        )
    }

    /// The cases of an item.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`] and its special cases.
    pub fn cases_of_item(&self, item: &ItemCode) -> Result<Vec<CaseRow>, StoreError> {
        self.read_all(
            "SELECT json FROM pulled WHERE entity = 'case' AND json ->> '$.item' = ?1 ORDER BY id",
            &[&item.as_str()],
        )
    }

    /// The present round of every case that was ordered to be rectified.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`] and its special cases.
    pub fn rectifications(&self) -> Result<Vec<RectificationRow>, StoreError> {
        self.all(entity::RECTIFICATION)
    }

    /// The present round of one case.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`] and its special cases.
    pub fn rectification(&self, case: CaseId) -> Result<Option<RectificationRow>, StoreError> {
        self.row(entity::RECTIFICATION, &case.to_string())
    }

    /// All fire point leads.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`] and its special cases.
    pub fn fire_points(&self) -> Result<Vec<FirePointRow>, StoreError> {
        self.all(entity::FIRE_POINT)
    }

    /// One fire point lead.
    ///
    /// # Errors
    /// [`StoreError::Sqlite`] and its special cases.
    pub fn fire_point(&self, id: FirePointId) -> Result<Option<FirePointRow>, StoreError> {
        self.row(entity::FIRE_POINT, &id.to_string())
    }

    fn row<T: DeserializeOwned>(&self, kind: &str, id: &str) -> Result<Option<T>, StoreError> {
        let json: Option<String> = self
            .connection
            .prepare_cached("SELECT json FROM pulled WHERE entity = ?1 AND id = ?2")?
            .query_row([kind, id], |row| row.get(0))
            .optional()?;
        Ok(json.and_then(|json| serde_json::from_str(&json).ok()))
    }

    fn all<T: DeserializeOwned>(&self, kind: &str) -> Result<Vec<T>, StoreError> {
        self.read_all("SELECT json FROM pulled WHERE entity = ?1 ORDER BY id", &[&kind])
    }

    fn read_all<T: DeserializeOwned>(
        &self,
        sql: &str,
        parameters: &[&dyn ToSql],
    ) -> Result<Vec<T>, StoreError> {
        let mut statement = self.connection.prepare_cached(sql)?;
        let texts: Vec<String> =
            statement.query_map(parameters, |row| row.get(0))?.collect::<Result<_, _>>()?;
        Ok(texts.iter().filter_map(|json| serde_json::from_str(json).ok()).collect())
    }
}
