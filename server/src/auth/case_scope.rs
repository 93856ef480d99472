//! Which cases an actor sees: a supervisor those of his grids, a liaison those of the own unit, finance and
//! administrators the district's.

use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::Bool;
use sync_core::ids::{GridPath, RegionCode, UnitId};
use sync_core::model::assignment::Role;

use crate::auth::actor::Actor;
use crate::db::schema::cases;

/// A condition on rows of `cases`.
pub type CaseCondition = Box<dyn BoxableExpression<cases::table, Pg, SqlType = Bool>>;

/// What an actor sees of a district.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseScope {
    district: RegionCode,
    reach: Reach,
}

/// How far an actor sees by today's assignments: cases here, register entries in
/// [`target_scope`](crate::auth::target_scope).
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Reach {
    /// The whole district.
    District,
    /// What lies in these grids, and what these units answer for.
    Within { grids: Vec<GridPath>, units: Vec<UnitId> },
}

impl Reach {
    pub(super) fn of(actor: &Actor) -> Self {
        let grids = actor.grids(Role::Supervisor);
        let whole = GridPath::district(&actor.district);
        if actor.has(Role::Finance) || actor.has(Role::Administrator) || grids.contains(&whole) {
            Self::District
        } else {
            Self::Within { grids, units: liaison_units(actor) }
        }
    }
}

impl CaseScope {
    /// By today's assignments.
    #[must_use]
    pub fn of(actor: &Actor) -> Self {
        Self { district: actor.district.clone(), reach: Reach::of(actor) }
    }

    /// The district.
    #[must_use]
    pub const fn district(&self) -> &RegionCode {
        &self.district
    }

    /// As a condition.
    #[must_use]
    pub fn condition(&self) -> CaseCondition {
        let in_district = cases::district.eq(self.district.to_string());
        match &self.reach {
            Reach::District => Box::new(in_district),
            Reach::Within { grids, units } => {
                let in_units: CaseCondition =
                    Box::new(cases::unit_id.eq_any(units.iter().map(|unit| unit.0).collect::<Vec<_>>()));
                let seen = grids.iter().fold(in_units, |seen, grid| Box::new(seen.or(in_grid(grid))));
                Box::new(in_district.and(seen))
            }
        }
    }
}

/// The units that an actor answers for as their liaison.
#[must_use]
pub fn liaison_units(actor: &Actor) -> Vec<UnitId> {
    actor.assignments.iter().filter(|a| a.role == Role::Liaison).filter_map(|a| a.unit_id).collect()
}

/// Cases of a grid and everything below it. Paths are digits and slashes: nothing in them is a wildcard.
#[must_use]
pub fn in_grid(grid: &GridPath) -> CaseCondition {
    Box::new(cases::grid.eq(grid.to_string()).or(cases::grid.like(format!("{grid}/%"))))
}
