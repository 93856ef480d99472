//! Assignment (任职): a user's dated role on a grid or unit, from which scope and discovery level follow.
//!
//! Reads follow today's assignments, writes the author's assignment at the time of occurrence (invariant 4).

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

use crate::ids::{AssignmentId, GridPath, UnitId, UserId};

/// What a user may do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Grid inspector (网格员): records inspections in a grid.
    Inspector,
    /// Supervisor (监督员, 环委办): reviews and decides in a grid.
    Supervisor,
    /// Unit liaison (责任单位联络员): sees and answers for a unit.
    Liaison,
    /// Finance (财政局): totals, closing, execution.
    Finance,
    /// Administrator (管理员).
    Administrator,
}

impl Role {
    /// Its code on the wire and in the database.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Inspector => "inspector",
            Self::Supervisor => "supervisor",
            Self::Liaison => "liaison",
            Self::Finance => "finance",
            Self::Administrator => "administrator",
        }
    }
}

/// At which level a finding is made (发现层级). Macun charges what national, provincial, municipal and district
/// groups find (macun-2024 三（三）); a grid's own self-check is recorded and not charged (reading).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
#[cfg_attr(feature = "schema", derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum DiscoveryLevel {
    /// 国家
    National,
    /// 省
    Provincial,
    /// 市
    Municipal,
    /// 区、县
    District,
    /// 街道、乡镇
    Township,
    /// Self-check of a grid (自查).
    SelfCheck,
}

impl DiscoveryLevel {
    /// Its code on the wire and in the database.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::National => "national",
            Self::Provincial => "provincial",
            Self::Municipal => "municipal",
            Self::District => "district",
            Self::Township => "township",
            Self::SelfCheck => "self_check",
        }
    }
}

/// A dated assignment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Assignment {
    /// Its id.
    pub assignment_id: AssignmentId,
    /// Whose.
    pub user_id: UserId,
    /// The role it gives.
    pub role: Role,
    /// The grid it holds in, with all below it; the district's root for district-wide roles.
    pub grid: GridPath,
    /// The unit it holds for (liaisons).
    pub unit_id: Option<UnitId>,
    /// The level at which this user's findings count (inspectors and supervisors).
    pub level: Option<DiscoveryLevel>,
    /// First day (zone of record).
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = "date"))]
    pub from: Date,
    /// Last day; open when absent.
    #[cfg_attr(feature = "openapi", schema(value_type = Option<String>, format = "date"))]
    pub until: Option<Date>,
}

impl Assignment {
    /// Whether it is in force on this day.
    #[must_use]
    pub fn holds_on(&self, day: Date) -> bool {
        self.from <= day && self.until.is_none_or(|last| day <= last)
    }
}

/// The level at which an inspector's finding on this day in this grid counts: that of the assignment on the
/// nearest grid above it, the higher level first where two stand on the same grid. `None`: nothing assigned.
#[must_use]
pub fn level_at<'a>(
    assignments: impl IntoIterator<Item = &'a Assignment>,
    grid: &GridPath,
    day: Date,
) -> Option<DiscoveryLevel> {
    assignments
        .into_iter()
        .filter(|a| matches!(a.role, Role::Inspector | Role::Supervisor))
        .filter(|a| a.holds_on(day) && a.grid.covers(grid))
        .filter_map(|a| a.level.map(|level| (std::cmp::Reverse(a.grid.level()), level)))
        .min()
        .map(|(_, level)| level)
}
