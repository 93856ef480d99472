//! Rows of `assignments` (任职).

use diesel::prelude::*;
use sync_core::ids::{AssignmentId, UnitId, UserId};
use sync_core::model::assignment::Assignment;
use uuid::Uuid;

use crate::db::schema::assignments;
use crate::db::types::{Day, StoredValueError, stored, stored_code};

/// A stored assignment.
#[derive(Debug, Clone, Queryable, Selectable, Insertable)]
#[diesel(table_name = assignments, check_for_backend(diesel::pg::Pg))]
pub struct AssignmentRow {
    /// The district.
    pub district: String,
    /// Its id.
    pub assignment_id: Uuid,
    /// Whose.
    pub user_id: Uuid,
    /// Code of the role.
    pub role: String,
    /// Path of the grid.
    pub grid: String,
    /// The unit, for liaisons.
    pub unit_id: Option<Uuid>,
    /// Code of the discovery level.
    pub level: Option<String>,
    /// First day.
    pub from_day: Day,
    /// Last day.
    pub until_day: Option<Day>,
}

impl TryFrom<AssignmentRow> for Assignment {
    type Error = StoredValueError;

    fn try_from(row: AssignmentRow) -> Result<Self, StoredValueError> {
        Ok(Self {
            assignment_id: AssignmentId(row.assignment_id),
            user_id: UserId(row.user_id),
            role: stored_code("assignments.role", &row.role)?,
            grid: stored("assignments.grid", &row.grid)?,
            unit_id: row.unit_id.map(UnitId),
            level: row.level.as_deref().map(|level| stored_code("assignments.level", level)).transpose()?,
            from: row.from_day.0,
            until: row.until_day.map(|day| day.0),
        })
    }
}
