//! Which register entries an actor sees: a supervisor those of his grids, a liaison those of the own unit, finance
//! and administrators the district's. The same reach as for cases.

use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::sql_types::Bool;
use sync_core::ids::{GridPath, RegionCode};

use crate::auth::actor::Actor;
use crate::auth::case_scope::Reach;
use crate::db::schema::targets;

/// A condition on rows of `targets`.
pub type TargetCondition = Box<dyn BoxableExpression<targets::table, Pg, SqlType = Bool>>;

/// What an actor sees of a district's register.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TargetScope {
    district: RegionCode,
    reach: Reach,
}

impl TargetScope {
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
    pub fn condition(&self) -> TargetCondition {
        let in_district = targets::district.eq(self.district.to_string());
        match &self.reach {
            Reach::District => Box::new(in_district),
            Reach::Within { grids, units } => {
                let in_units: TargetCondition =
                    Box::new(targets::unit_id.eq_any(units.iter().map(|unit| unit.0).collect::<Vec<_>>()));
                let seen = grids.iter().fold(in_units, |seen, grid| Box::new(seen.or(lies_in(grid))));
                Box::new(in_district.and(seen))
            }
        }
    }
}

/// Targets of a grid and everything below it. Paths are digits and slashes: nothing in them is a wildcard.
#[must_use]
pub fn lies_in(grid: &GridPath) -> TargetCondition {
    Box::new(targets::grid.eq(grid.to_string()).or(targets::grid.like(format!("{grid}/%"))))
}
