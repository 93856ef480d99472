//! Zone (区域): a dated polygon that some items of a schedule depend on.

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::geo::{Point, Polygon};
use crate::ids::ZoneId;

/// What a zone means.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum ZoneKind {
    /// Built-up area of the town (城市建成区).
    BuiltUpArea,
    /// High-pollution fuel no-burn zone (高污染燃料禁燃区).
    NoBurn,
    /// Fireworks-prohibited zone (禁燃禁放范围).
    FireworksProhibited,
}

/// A zone.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Zone {
    /// Its id.
    pub zone_id: ZoneId,
    /// What it means.
    pub kind: ZoneKind,
    /// Name in Chinese.
    pub name: String,
    /// Its outline.
    pub polygon: Polygon,
    /// First day on which it holds (zone of record).
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = "date"))]
    pub from: Date,
    /// Last day on which it holds; open when absent.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = "date"))]
    pub until: Option<Date>,
}

impl Zone {
    /// Whether it held at this place on this day.
    #[must_use]
    pub fn holds(&self, point: Point, day: Date) -> bool {
        self.from <= day && self.until.is_none_or(|last| day <= last) && self.polygon.contains(point)
    }
}

/// The kinds of zone that hold at a place on a day, sorted and without repeats: part of a sealed context.
#[must_use]
pub fn zone_kinds_at<'a>(
    zones: impl IntoIterator<Item = &'a Zone>,
    point: Point,
    day: Date,
) -> Vec<ZoneKind> {
    zones
        .into_iter()
        .filter(|zone| zone.holds(point, day))
        .map(|zone| zone.kind)
        .collect::<std::collections::BTreeSet<_>>()
        .into_iter()
        .collect()
}
