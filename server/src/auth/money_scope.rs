//! Whose money an actor sees: finance, supervisors and administrators the whole district's, a liaison the own
//! unit's.

use sync_core::ids::RegionCode;
use sync_core::model::assignment::Role;
use uuid::Uuid;

use crate::auth::actor::Actor;
use crate::auth::case_scope::liaison_units;

/// What an actor sees of a district's money.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MoneyScope {
    /// The district.
    pub district: RegionCode,
    /// The units, as their column holds them; `None`: every unit.
    pub units: Option<Vec<Uuid>>,
}

impl MoneyScope {
    /// By today's assignments.
    #[must_use]
    pub fn of(actor: &Actor) -> Self {
        let whole =
            [Role::Finance, Role::Supervisor, Role::Administrator].iter().any(|role| actor.has(*role));
        let own = || liaison_units(actor).into_iter().map(|unit| unit.0).collect();
        Self { district: actor.district.clone(), units: (!whole).then(own) }
    }
}
