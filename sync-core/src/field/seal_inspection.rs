//! Sealing (封存): from what was given to an inspection with the context it is judged in.
//!
//! Invariants: what a person typed is checked and refused here, with its field, before anything is stored; what an
//! instrument said (clock, fix, measurement) never is (invariant 3). The context is what this device knows.

use crate::evaluate::{Evaluation, PriorFacts, check, doubts, evaluate};
use crate::ids::{GridPath, InspectionId, UserId};
use crate::model::case::Flag;
use crate::model::inspection::{Context, Inspection, SiteRepresentative};
use crate::policy::{PolicyBook, PolicyPack};
use crate::store::{ContextError, DeviceStore, OperationState, Place, Policies, StoreError};
use crate::time::{Instant, Month, ZoneName};
use crate::wire::problem::{Problem, ProblemKind};
use std::sync::Arc;

use jiff::civil::Date;

use super::error::{FieldError, problem, refuse_all};
use super::new_inspection::NewInspection;
use super::record::own_inspection;

/// Seconds of a day.
const DAY_SECONDS: i64 = 86_400;

/// The provider of a fix that somebody typed: the only kind that can be refused.
pub const MANUAL_PROVIDER: &str = "manual";

/// A sealed inspection and what follows from it.
#[derive(Debug, Clone, PartialEq)]
pub struct Sealed {
    /// The inspection.
    pub inspection: Inspection,
    /// The own inspection that it was made to correct. The server hears of it as [`Inspection::replaces`] only where it
    /// has it.
    pub corrects: Option<InspectionId>,
    /// Its charges and non-charges, from the one evaluator.
    pub evaluation: Evaluation,
}

/// Seals what was given under this id; all photos must be kept already. `corrects` is the own inspection it is to correct.
///
/// # Errors
/// [`FieldError::Refused`] with everything wrong; [`FieldError::InspectionUnknown`]; [`FieldError::Store`].
pub fn seal_inspection(
    store: &DeviceStore,
    author: UserId,
    inspection_id: InspectionId,
    given: NewInspection,
    corrects: Option<InspectionId>,
    now: Instant,
) -> Result<Sealed, FieldError> {
    let drawn_up = draw_up(store, author, inspection_id, given, corrects, now)?;
    refuse_all(drawn_up.faults)?;
    Ok(Sealed { inspection: drawn_up.inspection, corrects, evaluation: drawn_up.evaluation })
}

/// The inspection that a correction of this one replaces: itself. The server has nothing of one that it refused; a
/// correction of that replaces what stands of its lineage, and where nothing does, none: it begins a lineage of its own.
///
/// # Errors
/// [`FieldError::Refused`] where another correction of it is on its way or there already;
/// [`FieldError::InspectionUnknown`]; [`FieldError::Store`].
fn replaced_by_correction_of(
    store: &DeviceStore,
    corrected: InspectionId,
) -> Result<Option<Inspection>, FieldError> {
    let own = own_inspection(store, corrected)?;
    if store.work.is_corrected(corrected)? {
        return Err(FieldError::refused(ProblemKind::Superseded, "replaces"));
    }
    let mut chain = store.work.lineage(own.lineage)?;
    chain.retain(|own| !matches!(own.state, OperationState::Refused(_)));
    Ok(chain.pop().map(|last| last.inspection))
}

/// An inspection as it would be sealed, with everything that keeps it from being.
#[derive(Debug, Clone, PartialEq)]
pub struct DrawnUp {
    /// The inspection.
    pub inspection: Inspection,
    /// Its charges and non-charges, from the one evaluator.
    pub evaluation: Evaluation,
    /// What a supervisor would have to settle, as far as this device can tell.
    pub doubts: Vec<Flag>,
    /// Everything that must be mended first.
    pub faults: Vec<Problem>,
}

/// Draws up what was given as it stands, to show what would follow: as [`seal_inspection`], but what is wrong with it is
/// part of the answer.
///
/// # Errors
/// [`FieldError::Refused`] where no context or kind can be told, or it is corrected already;
/// [`FieldError::InspectionUnknown`]; [`FieldError::Store`].
pub fn draw_up(
    store: &DeviceStore,
    author: UserId,
    inspection_id: InspectionId,
    given: NewInspection,
    corrects: Option<InspectionId>,
    now: Instant,
) -> Result<DrawnUp, FieldError> {
    let corrected = corrects.map(|corrected| replaced_by_correction_of(store, corrected)).transpose()?;
    let replaces = corrected.flatten();
    let mut faults = typed_faults(&given);
    let occurred_at = given.occurred_at.unwrap_or(now);
    let policies = policies(store)?;
    let book = &policies.book;
    let context = context_of(store, &given, occurred_at, book)?;
    let pack = checklists(book, &context, occurred_at.record_date());
    let kind = match (given.kind, given.target) {
        (Some(kind), _) => kind,
        (None, Some(target)) => {
            let entry = store.target(target)?;
            entry.ok_or_else(|| FieldError::refused(ProblemKind::TargetUnknown, "target"))?.content.kind
        }
        (None, None) => return Err(FieldError::refused(ProblemKind::TextRequired, "kind")),
    };
    let inspection = Inspection {
        inspection_id,
        lineage: replaces.as_ref().map_or(inspection_id, |replaced| replaced.lineage),
        replaces: replaces.map(|replaced| replaced.inspection_id),
        author,
        occurred_at,
        zone: ZoneName::record(),
        kind,
        fix: given.fix,
        observed: given.observed,
        place: given.place.unwrap_or_default(),
        answers: given.answers,
        measurements: given.measurements,
        notes: given.notes.unwrap_or_default(),
        second_inspector: given.second_inspector,
        site_representative: given.site_representative.unwrap_or(SiteRepresentative::Absent),
        photos: given.kept_photos,
        context,
    };
    let unacceptable = check(pack, &inspection).into_iter();
    faults.extend(unacceptable.map(|fault| problem(fault.kind, fault.field)));
    let evaluation = evaluate(pack, &inspection, &PriorFacts::default());
    let target = inspection.context.target.as_ref().map(|target| store.target(target.target_id));
    let target_point = target.transpose()?.flatten().map(|entry| entry.content.point);
    let doubts = doubts(pack, &inspection, now, target_point);
    Ok(DrawnUp { inspection, evaluation, doubts, faults })
}

/// What a sealed inspection led to, by the pack it was sealed with.
///
/// # Errors
/// [`StoreError::Sqlite`] and its special cases.
pub fn evaluate_again(store: &DeviceStore, inspection: &Inspection) -> Result<Evaluation, StoreError> {
    let policies = policies(store)?;
    let book = &policies.book;
    let context = &inspection.context;
    let pack = match &context.pack {
        Some(pack) => book.by_hash(&pack.hash),
        None => checklists(book, context, inspection.occurred_at.record_date()),
    };
    Ok(evaluate(pack, inspection, &PriorFacts::default()))
}

/// The pulled packs. Packs that contradict each other make an empty book instead of an error: an inspector in the
/// field cannot settle that, recording must go on, and the server flags the difference.
///
/// # Errors
/// [`StoreError`] of any other kind.
pub fn policies(store: &DeviceStore) -> Result<Arc<Policies>, StoreError> {
    match store.master().policies() {
        Err(StoreError::Policies(_)) => Ok(Arc::default()),
        other => other,
    }
}

/// The pack whose checklist is walked: the one in force, else a draft that nobody adopted here yet.
fn checklists<'a>(book: &'a PolicyBook, context: &Context, day: Date) -> Option<&'a PolicyPack> {
    let region = context.grid.region();
    book.in_force(&region, day).or_else(|| book.unadopted_draft(&region))
}

/// The context of the visit. Beyond what the store says of it, a spot that no drawn grid contains, or one of others, is in
/// the author's own grid: a fix beside the boundary keeps nobody from recording. Nor does a clock that is wrong by years:
/// then the level is that of the author's latest assignment there. The server flags the difference.
fn context_of(
    store: &DeviceStore,
    given: &NewInspection,
    occurred_at: Instant,
    book: &PolicyBook,
) -> Result<Context, FieldError> {
    let assignments = store.master().assignments()?;
    let user = store.work.user();
    let levelled = || assignments.iter().filter(|own| own.user_id == user && own.level.is_some());
    let mut place = match given.target {
        Some(target) => Place::Target(target),
        None => Place::Spot {
            point: given.observed.or(given.fix.as_ref().map(|fix| fix.point)),
            grid: given.grid.clone(),
        },
    };
    let mut context = store.context_for(&place, occurred_at, book);
    let covered = |grid: &GridPath| levelled().any(|a| a.grid.covers(grid));
    let is_elsewhere = match &context {
        Err(ContextError::GridMissing) => true,
        Err(ContextError::NotAssigned(grid)) => given.grid.is_none() && !covered(grid),
        _ => false,
    };
    if is_elsewhere
        && let Place::Spot { grid, .. } = &mut place
        && let Some(own) = levelled().max_by_key(|a| (a.holds_on(occurred_at.record_date()), a.from))
    {
        *grid = Some(own.grid.clone());
        context = store.context_for(&place, occurred_at, book);
    }
    if let Err(ContextError::NotAssigned(grid)) = &context
        && let Some(latest) = levelled().filter(|a| a.grid.covers(grid)).max_by_key(|a| a.from)
        && let Ok(that_day) = Month::of(latest.from).begins()
    {
        let days = i64::from(latest.from.day() - 1);
        let known = store.context_for(&place, that_day.plus_seconds(days * DAY_SECONDS), book)?;
        let pack = book.in_force(&known.grid.region(), occurred_at.record_date());
        context = Ok(Context { pack: pack.map(PolicyPack::reference), ..known });
    }
    Ok(context?)
}

/// Numbers that are none, and coordinates typed by hand that are not in the country.
fn typed_faults(given: &NewInspection) -> Vec<Problem> {
    let mut faults = Vec::new();
    if let Some(fix) = &given.fix {
        let finite = [fix.point.lon, fix.point.lat, fix.accuracy_metres].iter().all(|n| n.is_finite());
        if !finite {
            faults.push(problem(ProblemKind::NumberOutOfRange, "fix"));
        } else if fix.provider == MANUAL_PROVIDER && !fix.point.is_in_china() {
            faults.push(problem(ProblemKind::PlaceOutsideChina, "fix.point"));
        }
    }
    if given.observed.is_some_and(|point| !point.is_in_china()) {
        faults.push(problem(ProblemKind::PlaceOutsideChina, "observed"));
    }
    let measurements = given.measurements.iter().enumerate();
    faults.extend(
        measurements
            .filter(|(_, measured)| !measured.value.is_finite())
            .map(|(index, _)| problem(ProblemKind::NumberOutOfRange, format!("measurements[{index}].value"))),
    );
    faults
}
