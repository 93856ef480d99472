//! The actor: who sends this request, by which way, with today's assignments.

use sync_core::ids::{DeviceId, GridPath, Incarnation, RegionCode, UserId};
use sync_core::model::assignment::{Assignment, Role};
use uuid::Uuid;

/// By which way a request came in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Via {
    /// A device with an access token.
    Device {
        /// The device.
        device_id: DeviceId,
        /// The installation of its database that the token was given to.
        incarnation: Incarnation,
    },
    /// A person with an office session.
    Session {
        /// The session.
        session_id: Uuid,
    },
}

/// Who sends a request.
#[derive(Debug, Clone)]
pub struct Actor {
    /// The district; nothing of another one is reached through this actor.
    pub district: RegionCode,
    /// The user.
    pub user_id: UserId,
    /// The user's name.
    pub user_name: String,
    /// By which way.
    pub via: Via,
    /// The assignments that hold today.
    pub assignments: Vec<Assignment>,
}

impl Actor {
    /// Whether one of today's assignments gives this role.
    #[must_use]
    pub fn has(&self, role: Role) -> bool {
        self.assignments.iter().any(|a| a.role == role)
    }

    /// The grids in which today's assignments give this role.
    #[must_use]
    pub fn grids(&self, role: Role) -> Vec<GridPath> {
        self.assignments.iter().filter(|a| a.role == role).map(|a| a.grid.clone()).collect()
    }

    /// Whether one of today's assignments with this role covers the grid.
    #[must_use]
    pub fn covers(&self, role: Role, grid: &GridPath) -> bool {
        self.assignments.iter().any(|a| a.role == role && a.grid.covers(grid))
    }
}
