//! What a visit is judged in: the context that a sealed inspection carries, from what this device knows.
//!
//! Rules: a target brings its own grid, unit and point; a spot has the grid that was named, or the deepest one whose
//! outline contains the point, and that grid's unit. Zones hold at the target's point or the spot's. The level is
//! the user's assignment's. The pack is the one in force in the grid's region on the day of occurrence in the zone
//! of record. Where the clock lies further before the server's last word than it can be right, the day is that word's, or
//! the first one after it on which the user is assigned there: a clock that begins in 1970 again keeps nobody from
//! recording (invariant 3), and the server judges such an inspection by the day of receipt. The server compares with what
//! it knows and flags a difference.

use std::collections::BTreeSet;
use std::iter;
use std::sync::Arc;

use jiff::civil::Date;

use crate::evaluate::clock_is_suspect;
use crate::geo::Point;
use crate::ids::{GridPath, PackHash, PackId, TargetId};
use crate::model::assignment::{Assignment, level_at};
use crate::model::grid::{Grid, deepest_at};
use crate::model::inspection::{Context, TargetSnapshot};
use crate::model::zone::zone_kinds_at;
use crate::policy::{Adoption, PackErrors, PolicyBook, PolicyPack};
use crate::store::device::DeviceStore;
use crate::store::error::StoreError;
use crate::store::master::MasterStore;
use crate::time::Instant;
use crate::wire::pull::PackRow;

/// Where a visit goes.
#[derive(Debug, Clone, PartialEq)]
pub enum Place {
    /// To a target of the register.
    Target(TargetId),
    /// To a spot (地点) that is no target.
    Spot {
        /// Where it is, if known; without it no zone holds.
        point: Option<Point>,
        /// Its grid, where the inspector names one.
        grid: Option<GridPath>,
    },
}

/// Why a visit has no context on this device.
#[derive(Debug, thiserror::Error)]
pub enum ContextError {
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The register has no such target.
    #[error("the register has no target {0}")]
    TargetUnknown(TargetId),
    /// No grid was named and none contains the point.
    #[error("no grid contains the place; name its grid")]
    GridMissing,
    /// The device does not know the grid that was named.
    #[error("there is no grid {0}")]
    GridUnknown(GridPath),
    /// The user has no inspector's assignment there on that day.
    #[error("the user has no assignment in grid {0} on that day")]
    NotAssigned(GridPath),
}

/// The pulled packs as a book, with those that this build cannot use.
#[derive(Debug, Default)]
pub struct Policies {
    /// What is in force where and when.
    pub book: PolicyBook,
    /// Packs that are not in the book: the user must be told that charges shown may be incomplete.
    pub unusable: Vec<UnusablePack>,
}

/// A pulled pack that this build cannot use.
#[derive(Debug)]
pub struct UnusablePack {
    /// Name.
    pub id: PackId,
    /// Why.
    pub fault: UnusableReason,
}

/// Why a pulled pack cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum UnusableReason {
    /// Its source does not load: a newer format, most likely.
    #[error(transparent)]
    Faulty(#[from] PackErrors),
    /// Its source is not what its hash says.
    #[error("the source hashes to {0}, not to the version named")]
    OtherHash(PackHash),
}

impl MasterStore {
    /// The pulled packs as a policy book. Packs are loaded once, and again after a page that brings one.
    ///
    /// # Errors
    /// [`StoreError::Policies`] when the packs in force contradict each other, [`StoreError::Sqlite`] and its
    /// special cases.
    pub fn policies(&self) -> Result<Arc<Policies>, StoreError> {
        if let Some(policies) = &*self.policies.borrow() {
            return Ok(Arc::clone(policies));
        }
        let policies = Arc::new(self.load_policies()?);
        self.policies.replace(Some(Arc::clone(&policies)));
        Ok(policies)
    }

    fn load_policies(&self) -> Result<Policies, StoreError> {
        let (mut packs, mut adoptions, mut unusable) = (vec![], vec![], vec![]);
        for row in self.packs()? {
            match load(&row) {
                Ok(pack) => {
                    packs.push(pack);
                    adoptions.extend(row.adopted_from.map(|from| Adoption {
                        pack: row.hash.clone(),
                        from,
                        until: row.adopted_until,
                    }));
                }
                Err(fault) => unusable.push(UnusablePack { id: row.id, fault }),
            }
        }
        let book = PolicyBook::new(packs, &adoptions)?;
        Ok(Policies { book, unusable })
    }
}

fn load(row: &PackRow) -> Result<PolicyPack, UnusableReason> {
    let found = PackHash::of(row.source.as_bytes());
    if found != row.hash {
        return Err(UnusableReason::OtherHash(found));
    }
    Ok(PolicyPack::load(&row.source, row.id.as_str())?)
}

impl DeviceStore {
    /// The context of a visit by this store's user, with this user's own changes of the register.
    ///
    /// # Errors
    /// Any [`ContextError`].
    pub fn context_for(
        &self,
        place: &Place,
        occurred_at: Instant,
        book: &PolicyBook,
    ) -> Result<Context, ContextError> {
        let (day, known) = self.day_of(occurred_at)?;
        let (target, point, grid, unit_id) = match place {
            Place::Target(id) => {
                let entry = self.target(*id)?.ok_or(ContextError::TargetUnknown(*id))?;
                let content = entry.content;
                let snapshot =
                    TargetSnapshot { target_id: *id, version: entry.version, facts: content.facts };
                (Some(snapshot), Some(content.point), content.grid, content.unit_id)
            }
            Place::Spot { point, grid } => {
                let grid = self.grid_of_spot(*point, grid.as_ref())?;
                (None, *point, grid.path, grid.unit_id)
            }
        };
        let user = self.work.user();
        let assignments = self.master().assignments()?;
        let own: Vec<&Assignment> = assignments.iter().filter(|a| a.user_id == user).collect();
        let announced = own.iter().map(|a| a.from).filter(|from| !known && *from > day);
        let days: BTreeSet<Date> = iter::once(day).chain(announced).collect();
        let (day, level) = days
            .into_iter()
            .find_map(|day| level_at(own.iter().copied(), &grid, day).map(|level| (day, level)))
            .ok_or_else(|| ContextError::NotAssigned(grid.clone()))?;
        let zones = match point {
            Some(point) => zone_kinds_at(&self.master().zones()?, point, day),
            None => vec![],
        };
        let pack = book.in_force(&grid.region(), day).map(PolicyPack::reference);
        Ok(Context { target, grid, unit_id, zones, level, pack })
    }

    /// The day whose assignments, zones and pack count, and whether it is known: with a clock that is wrong it is the
    /// earliest that it can be. Only the past can be told to be wrong here: a device may have been offline for long.
    fn day_of(&self, occurred_at: Instant) -> Result<(Date, bool), StoreError> {
        let heard = self.master().as_of()?;
        let wrong = heard.filter(|heard| occurred_at < *heard && clock_is_suspect(occurred_at, *heard));
        Ok((wrong.unwrap_or(occurred_at).record_date(), wrong.is_none()))
    }

    fn grid_of_spot(&self, point: Option<Point>, named: Option<&GridPath>) -> Result<Grid, ContextError> {
        if let Some(path) = named {
            return self.master().grid(path)?.ok_or_else(|| ContextError::GridUnknown(path.clone()));
        }
        let point = point.ok_or(ContextError::GridMissing)?;
        let grids = self.master().grids()?;
        deepest_at(&grids, point).cloned().ok_or(ContextError::GridMissing)
    }
}
