//! Grid (网格): the five-level division that responsibility and scope follow (zhumadian-2017 五（八）2).

use serde::{Deserialize, Serialize};

use crate::geo::{Point, Polygon};
use crate::ids::{GridPath, UnitId};

/// The one chief and three members of a grid (一长三员), by name; each may be vacant.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct GridStaff {
    /// 网格长
    pub chief: Option<String>,
    /// 网格员
    pub member: Option<String>,
    /// 巡查员
    pub patroller: Option<String>,
    /// 监督员
    pub supervisor: Option<String>,
}

/// The deepest of these grids whose outline contains the place; of equally deep ones the last by path, so that device and
/// server say the same.
#[must_use]
pub fn deepest_at<'g>(grids: impl IntoIterator<Item = &'g Grid>, place: Point) -> Option<&'g Grid> {
    let contains = |grid: &&Grid| grid.polygon.as_ref().is_some_and(|outline| outline.contains(place));
    grids.into_iter().filter(contains).max_by_key(|grid| (grid.path.level(), grid.path.as_str()))
}

/// A grid.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Grid {
    /// Its path from the district, which is its id.
    pub path: GridPath,
    /// Name in Chinese.
    pub name: String,
    /// Statistical code (统计用区划代码), 12 digits, where it has one.
    pub statistical_code: Option<String>,
    /// The unit that answers for it, when no target says otherwise.
    pub unit_id: UnitId,
    /// Its outline, where drawn.
    pub polygon: Option<Polygon>,
    /// 一长三员
    #[serde(default)]
    pub staff: GridStaff,
}
