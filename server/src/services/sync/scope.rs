//! Scope (范围): what a user's device may hold, from today's assignments (invariant 4).

use sha2::{Digest, Sha256};
use sync_core::ids::{GridPath, UserId};

/// The grids of today's inspector assignments, and the user, whose own cases go with him.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Scope {
    /// The user.
    pub(super) user: UserId,
    /// The grids, sorted, each once.
    pub(super) grids: Vec<GridPath>,
}

impl Scope {
    /// Of these grids, in any order.
    pub(super) fn new(user: UserId, mut grids: Vec<GridPath>) -> Self {
        grids.sort();
        grids.dedup();
        Self { user, grids }
    }

    /// Whether something in this grid may be held.
    pub(super) fn covers(&self, grid: &GridPath) -> bool {
        self.grids.iter().any(|own| own.covers(grid))
    }

    /// What a cursor names. It follows the stored version, which grows with each change of the assignments, and
    /// today's grids: an assignment also begins and ends by its dates, when nobody writes anything.
    pub(super) fn version(&self, stored_version: i64) -> u64 {
        let mut hash = Sha256::new();
        hash.update(stored_version.to_be_bytes());
        for grid in &self.grids {
            hash.update(grid.as_str());
            hash.update([0]);
        }
        let digest: [u8; 32] = hash.finalize().into();
        digest.first_chunk().map_or(0, |head| u64::from_be_bytes(*head))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scope(grids: &[&str]) -> Scope {
        let user = "01890000-0000-7000-8000-000000000001".parse().unwrap();
        Scope::new(user, grids.iter().map(|grid| grid.parse().unwrap()).collect())
    }

    #[test]
    fn a_scope_is_another_when_a_grid_or_the_stored_version_is() {
        let one = scope(&["410804/001", "410804/002"]);
        assert_eq!(one.version(1), scope(&["410804/002", "410804/001", "410804/002"]).version(1));
        assert_ne!(one.version(1), scope(&["410804/001"]).version(1));
        assert_ne!(one.version(1), one.version(2));
    }
}
