//! Rows of `grids` (网格).

use diesel::prelude::*;
use sync_core::ids::UnitId;
use sync_core::model::grid::Grid;
use uuid::Uuid;

use crate::db::schema::grids;
use crate::db::types::{StoredValueError, stored, stored_json};

/// A stored grid.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = grids, check_for_backend(diesel::pg::Pg))]
pub struct GridRow {
    /// Its path.
    pub path: String,
    /// Name.
    pub name: String,
    /// Its statistical code.
    pub statistical_code: Option<String>,
    /// The unit that answers for it.
    pub unit_id: Uuid,
    /// Rings of `[lon, lat]`, where drawn.
    pub polygon: Option<serde_json::Value>,
    /// 一长三员
    pub staff: serde_json::Value,
}

impl TryFrom<GridRow> for Grid {
    type Error = StoredValueError;

    fn try_from(row: GridRow) -> Result<Self, StoredValueError> {
        Ok(Self {
            path: stored("grids.path", &row.path)?,
            name: row.name,
            statistical_code: row.statistical_code,
            unit_id: UnitId(row.unit_id),
            polygon: row.polygon.map(|polygon| stored_json("grids.polygon", polygon)).transpose()?,
            staff: stored_json("grids.staff", row.staff)?,
        })
    }
}
