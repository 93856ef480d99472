//! Which changes an actor hears of (invariant 4: reads follow today's assignments): a device what a pull would tell it,
//! an office what its cases, registers and months are.
//!
//! What is heard is that something changed, never what it is now: whoever hears asks, and is answered by scope again.

use sync_core::ids::{GridPath, UnitId, UserId};
use sync_core::model::assignment::Role;
use sync_core::wire::pull::entity;

use crate::auth::actor::{Actor, Via};
use crate::auth::case_scope::Reach;
use crate::db::changes::{is_for_devices, is_of_staff};

/// Where a change happened, and to whom.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Whereabouts {
    /// What changed, as [`crate::db::changes::Entity::kind`] names it.
    pub kind: String,
    /// The grids it was in before and is in now.
    pub grids: Vec<GridPath>,
    /// The units that answer for it now and did before.
    pub units: Vec<UnitId>,
    /// The user it is addressed to.
    pub user: Option<UserId>,
}

/// What an actor hears.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hearing {
    user: UserId,
    is_device: bool,
    reach: Reach,
}

impl Hearing {
    /// By today's assignments.
    #[must_use]
    pub fn of(actor: &Actor) -> Self {
        let is_device = matches!(actor.via, Via::Device { .. });
        let reach = match actor.via {
            Via::Device { .. } => Reach::Within { grids: actor.grids(Role::Inspector), units: Vec::new() },
            Via::Session { .. } => Reach::of(actor),
        };
        Self { user: actor.user_id, is_device, reach }
    }

    /// Whether the actor hears of a change.
    #[must_use]
    pub fn hears(&self, change: &Whereabouts) -> bool {
        if self.is_device && !is_for_devices(&change.kind) {
            return false;
        }
        if change.user == Some(self.user) {
            return true;
        }
        let of_everybody = change.grids.is_empty() && change.user.is_none();
        match &self.reach {
            // Assignments are addressed to their user; who keeps the users hears of all of them.
            Reach::District => of_everybody || !change.grids.is_empty() || change.kind == entity::ASSIGNMENT,
            Reach::Within { grids, units } => {
                (of_everybody && !is_of_staff(&change.kind))
                    || change.grids.iter().any(|grid| grids.iter().any(|own| own.covers(grid)))
                    || change.units.iter().any(|unit| units.contains(unit))
            }
        }
    }
}
