//! Units by the names that tables refer to them with, and back.

use std::collections::HashMap;

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use sync_core::ids::{RegionCode, UnitId};
use uuid::Uuid;

use crate::db::Connection;
use crate::db::schema::units;
use crate::problem::ApiError;

/// The units of a district.
#[derive(Debug, Clone, Default)]
pub struct UnitNames {
    by_name: HashMap<String, UnitId>,
    by_id: HashMap<UnitId, String>,
}

impl UnitNames {
    /// Of a district.
    ///
    /// # Errors
    /// Whatever PostgreSQL says.
    pub async fn load(connection: &mut Connection, district: &RegionCode) -> Result<Self, ApiError> {
        let rows: Vec<(Uuid, String)> = units::table
            .filter(units::district.eq(district.as_str()))
            .select((units::unit_id, units::name))
            .load(connection)
            .await?;
        let mut names = Self::default();
        for (id, name) in rows {
            names.by_name.insert(name.clone(), UnitId(id));
            names.by_id.insert(UnitId(id), name);
        }
        Ok(names)
    }

    /// The unit of this name.
    #[must_use]
    pub fn id(&self, name: &str) -> Option<UnitId> {
        self.by_name.get(name).copied()
    }

    /// The unit's name; empty where there is no such unit.
    #[must_use]
    pub fn name(&self, unit: UnitId) -> &str {
        self.by_id.get(&unit).map_or("", String::as_str)
    }
}
