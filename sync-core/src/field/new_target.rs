//! Registering a target on the spot (现场登记台账).

use crate::geo::Point;
use crate::ids::{GridPath, KindCode, TargetId, UnitId};
use crate::model::assignment::{Assignment, Role};
use crate::model::target::{Facts, TargetContent};
use crate::policy::check_target;
use crate::store::DeviceStore;
use crate::time::Instant;
use crate::wire::problem::ProblemKind;
use serde::{Deserialize, Serialize};

use super::error::{FieldError, problem, refuse_all};
use super::seal_inspection::policies;

/// A target as given.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct NewTarget {
    /// Its kind.
    pub kind: KindCode,
    /// Name in Chinese.
    pub name: String,
    /// Where it is.
    pub point: Point,
    /// The grid it belongs to.
    pub grid: GridPath,
    /// The unit that answers for it; the grid's own where absent.
    #[serde(default)]
    pub unit_id: Option<UnitId>,
    /// Register number; the server gives one where absent.
    #[serde(default)]
    pub code: Option<String>,
    /// Where it is, in words.
    #[serde(default)]
    pub address: String,
    /// Supervising department.
    #[serde(default)]
    pub supervising_department: Option<String>,
    /// Responsible person.
    #[serde(default)]
    pub responsible_person: Option<String>,
    /// Facts of its kind.
    #[serde(default)]
    pub facts: Facts,
}

/// Checks what was given against what this device knows and makes the register entry of it.
///
/// # Errors
/// [`FieldError::Refused`] with everything wrong; [`FieldError::Store`].
pub fn make_target(
    store: &DeviceStore,
    target_id: TargetId,
    given: NewTarget,
    now: Instant,
) -> Result<TargetContent, FieldError> {
    let unknown = |kind, field| FieldError::refused(kind, field);
    let grid = store.master().grid(&given.grid)?;
    let grid = grid.ok_or_else(|| unknown(ProblemKind::GridUnknown, "grid"))?;
    let assignments = store.master().assignments()?;
    let user = store.work.user();
    let is_inspector_there =
        |own: &Assignment| own.user_id == user && own.role == Role::Inspector && own.grid.covers(&given.grid);
    if !assignments.iter().any(is_inspector_there) {
        return Err(unknown(ProblemKind::NotAssigned, "grid"));
    }
    let unit_id = given.unit_id.unwrap_or(grid.unit_id);
    if store.master().unit(unit_id)?.is_none() {
        return Err(unknown(ProblemKind::UnitUnknown, "unit_id"));
    }
    let target = TargetContent {
        target_id,
        kind: given.kind,
        code: given.code,
        name: given.name,
        address: given.address,
        point: given.point,
        grid: given.grid,
        unit_id,
        supervising_department: given.supervising_department,
        responsible_person: given.responsible_person,
        facts: given.facts,
    };
    let policies = policies(store)?;
    let book = &policies.book;
    let region = target.grid.region();
    let pack = book
        .in_force(&region, now.record_date())
        .or_else(|| book.unadopted_draft(&region))
        .ok_or_else(|| unknown(ProblemKind::KindUnknown, "kind"))?;
    let faults = check_target(pack, &target);
    refuse_all(faults.into_iter().map(|fault| problem(fault.kind, fault.field)).collect())?;
    Ok(target)
}
