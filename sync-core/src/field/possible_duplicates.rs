//! Possible duplicates (疑似重复): which findings that this device knows of may be the one that is about to be reported.
//!
//! Invariants: the grounds are the server's (invariant 6): one item, and near in place and time by the pack's window or an
//! open case on the same target. Own findings count from their sealing on, sent or not, and each finding once. What is said
//! here decides nothing: the server proposes, a supervisor decides.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::seal_inspection::evaluate_again;
use super::status::LIST_MAX;
use crate::geo::Point;
use crate::ids::{CaseId, ItemCode, TargetId};
use crate::model::case::{RectificationState, ReviewState};
use crate::model::inspection::Inspection;
use crate::model::target::TargetContent;
use crate::policy::DuplicateWindow;
use crate::store::{DeviceStore, OperationState, StoreError};
use crate::time::Instant;

/// Seconds of an hour.
const HOUR_SECONDS: f64 = 3_600.0;

/// What is about to be reported.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Finding<'a> {
    /// Of which item.
    pub item: &'a ItemCode,
    /// Where.
    pub point: Point,
    /// At which target, if any.
    pub target: Option<TargetId>,
    /// When.
    pub at: Instant,
}

/// A finding on record that may be the same.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct PossibleDuplicate {
    /// Its case: the one it is, or the one it will be.
    pub case_id: CaseId,
    /// The item.
    pub item: ItemCode,
    /// When it occurred.
    pub occurred_at: Instant,
    /// The name of its target, where it has one that this device knows.
    pub target_name: Option<String>,
    /// How far away it is.
    pub distance_metres: f64,
    /// Whether this user recorded it.
    pub own: bool,
}

/// The findings that may be the same, the nearest first. Without a window only those on the same target are.
///
/// # Errors
/// [`StoreError::Sqlite`] and its special cases.
pub fn possible_duplicates(
    store: &DeviceStore,
    finding: Finding<'_>,
    window: Option<&DuplicateWindow>,
) -> Result<Vec<PossibleDuplicate>, StoreError> {
    let cases = store.master().cases_of_item(finding.item)?;
    let own = standing_inspections(store)?;
    let at_targets = cases.iter().filter_map(|case| case.target_id).chain(own.iter().filter_map(target_of));
    let targets = targets(store, at_targets.collect())?;
    let duplicate = |target: Option<TargetId>, point: Option<Point>, occurred_at: Instant, is_open: bool| {
        let target = target.and_then(|id| targets.get(&id));
        let distance_metres = point.or(target.map(|target| target.point))?.distance_metres(finding.point);
        let is_on_target = is_open && target.is_some_and(|target| finding.target == Some(target.target_id));
        let is_near = window.is_some_and(|window| {
            distance_metres <= window.metres && hours_between(occurred_at, finding.at) <= window.hours
        });
        (is_on_target || is_near).then(|| (target.map(|target| target.name.clone()), distance_metres))
    };
    let mut found = Vec::new();
    for case in &cases {
        if matches!(case.review_state, ReviewState::Dismissed | ReviewState::Merged) {
            continue;
        }
        let is_open = case.rectification_state != RectificationState::Closed;
        let same = duplicate(case.target_id, case.point, case.occurred_at, is_open);
        found.extend(same.map(|(target_name, distance_metres)| PossibleDuplicate {
            case_id: case.case_id,
            item: case.item.clone(),
            occurred_at: case.occurred_at,
            target_name,
            distance_metres,
            own: case.author == store.work.user(),
        }));
    }
    let heard_of: BTreeSet<CaseId> = cases.iter().map(|case| case.case_id).collect();
    for inspection in &own {
        let target = target_of(inspection);
        let point = inspection.found_at(target.and_then(|id| targets.get(&id)).map(|target| target.point));
        let Some((target_name, distance_metres)) = duplicate(target, point, inspection.occurred_at, true)
        else {
            continue;
        };
        let evaluation = evaluate_again(store, inspection)?;
        let of_item = evaluation.cases.into_iter().find(|case| case.item == *finding.item);
        if let Some(case) = of_item.filter(|case| !heard_of.contains(&case.case_id)) {
            found.push(PossibleDuplicate {
                case_id: case.case_id,
                item: case.item,
                occurred_at: inspection.occurred_at,
                target_name,
                distance_metres,
                own: true,
            });
        }
    }
    found.sort_by(|one, other| one.distance_metres.total_cmp(&other.distance_metres));
    Ok(found)
}

/// The newest own inspections that stand: those refused never arrive, and those corrected are said anew.
fn standing_inspections(store: &DeviceStore) -> Result<Vec<Inspection>, StoreError> {
    let mut own = store.work.inspections(LIST_MAX)?;
    own.retain(|own| !matches!(own.state, OperationState::Refused(_)));
    let corrected: BTreeSet<_> = own.iter().filter_map(|own| own.inspection.replaces).collect();
    let inspections = own.into_iter().map(|own| own.inspection);
    Ok(inspections.filter(|inspection| !corrected.contains(&inspection.inspection_id)).collect())
}

fn target_of(inspection: &Inspection) -> Option<TargetId> {
    inspection.context.target.as_ref().map(|target| target.target_id)
}

/// These targets as this device knows them, those registered here included.
fn targets(
    store: &DeviceStore,
    ids: BTreeSet<TargetId>,
) -> Result<BTreeMap<TargetId, TargetContent>, StoreError> {
    let pulled = store.master().targets(&ids.into_iter().collect::<Vec<_>>())?;
    let own = store.work.overlays()?.into_iter().map(|overlay| overlay.content);
    let contents = pulled.into_iter().map(|target| target.content).chain(own);
    Ok(contents.map(|content| (content.target_id, content)).collect())
}

fn hours_between(one: Instant, other: Instant) -> f64 {
    one.timestamp().duration_since(other.timestamp()).abs().as_secs_f64() / HOUR_SECONDS
}
