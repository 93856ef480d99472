//! Rows of `zones` (区域).

use diesel::prelude::*;
use sync_core::ids::ZoneId;
use sync_core::model::zone::Zone;
use uuid::Uuid;

use crate::db::schema::zones;
use crate::db::types::{Day, StoredValueError, stored_code, stored_json};

/// A stored zone.
#[derive(Debug, Clone, Queryable, Selectable)]
#[diesel(table_name = zones, check_for_backend(diesel::pg::Pg))]
pub struct ZoneRow {
    /// Its id.
    pub zone_id: Uuid,
    /// Code of its kind.
    pub kind: String,
    /// Name.
    pub name: String,
    /// Rings of `[lon, lat]`.
    pub polygon: serde_json::Value,
    /// First day.
    pub from_day: Day,
    /// Last day.
    pub until_day: Option<Day>,
}

impl TryFrom<ZoneRow> for Zone {
    type Error = StoredValueError;

    fn try_from(row: ZoneRow) -> Result<Self, StoredValueError> {
        Ok(Self {
            zone_id: ZoneId(row.zone_id),
            kind: stored_code("zones.kind", &row.kind)?,
            name: row.name,
            polygon: stored_json("zones.polygon", row.polygon)?,
            from: row.from_day.0,
            until: row.until_day.map(|day| day.0),
        })
    }
}
