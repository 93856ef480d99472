//! Sealing (封存): from what was given to an inspection with the context it is judged in.
//!
//! Invariants: what a person typed is checked and refused here, with its field, before anything is stored; what an
//! instrument said (clock, fix, measurement) never is (invariant 3). The context is what this device knows.

use jiff::civil::Date;
use sync_core::evaluate::{Evaluation, PriorFacts, check, evaluate};
use sync_core::ids::{InspectionId, UserId};
use sync_core::model::inspection::{Context, Inspection, SiteRepresentative};
use sync_core::policy::{PolicyBook, PolicyPack};
use sync_core::store::{ContextError, DeviceStore, Place, Policies, StoreError};
use sync_core::time::{Instant, Month, ZoneName};
use sync_core::wire::problem::{Problem, ProblemKind};

use crate::error::{DeviceError, problem, refuse_all};
use crate::new_inspection::NewInspection;

/// Seconds of a day.
const DAY_SECONDS: i64 = 86_400;

/// The provider of a fix that somebody typed: the only kind that can be refused.
pub const MANUAL_PROVIDER: &str = "manual";

/// A sealed inspection and what follows from it.
#[derive(Debug, Clone, PartialEq)]
pub struct Sealed {
    /// The inspection.
    pub inspection: Inspection,
    /// Its charges and non-charges, from the one evaluator.
    pub evaluation: Evaluation,
}

/// Seals what was given under this id; all photos must be kept already. `replaces` is the inspection it corrects.
///
/// # Errors
/// [`DeviceError::Refused`] with everything wrong; [`DeviceError::Store`].
pub fn seal_inspection(
    store: &DeviceStore,
    author: UserId,
    inspection_id: InspectionId,
    given: NewInspection,
    replaces: Option<&Inspection>,
    now: Instant,
) -> Result<Sealed, DeviceError> {
    refuse_all(typed_faults(&given))?;
    let occurred_at = given.occurred_at.unwrap_or(now);
    let book = policies(store)?.book;
    let context = context_of(store, &given, occurred_at, &book)?;
    let pack = checklists(&book, &context, occurred_at.record_date());
    let kind = match (given.kind, given.target) {
        (Some(kind), _) => kind,
        (None, Some(target)) => {
            let entry = store.target(target)?;
            entry.ok_or_else(|| DeviceError::refused(ProblemKind::TargetUnknown, "target"))?.content.kind
        }
        (None, None) => return Err(DeviceError::refused(ProblemKind::TextRequired, "kind")),
    };
    let inspection = Inspection {
        inspection_id,
        lineage: replaces.map_or(inspection_id, |replaced| replaced.lineage),
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
    let faults = check(pack, &inspection);
    refuse_all(faults.into_iter().map(|fault| problem(fault.kind, fault.field)).collect())?;
    let evaluation = evaluate(pack, &inspection, &PriorFacts::default());
    Ok(Sealed { inspection, evaluation })
}

/// What a sealed inspection led to, by the pack it was sealed with.
///
/// # Errors
/// [`DeviceError::Store`].
pub fn evaluate_again(store: &DeviceStore, inspection: &Inspection) -> Result<Evaluation, DeviceError> {
    let book = policies(store)?.book;
    let context = &inspection.context;
    let pack = match &context.pack {
        Some(pack) => book.by_hash(&pack.hash),
        None => checklists(&book, context, inspection.occurred_at.record_date()),
    };
    Ok(evaluate(pack, inspection, &PriorFacts::default()))
}

/// The pulled packs. Packs that contradict each other make an empty book instead of an error: an inspector in the
/// field cannot settle that, recording must go on, and the server flags the difference.
///
/// # Errors
/// [`StoreError`] of any other kind.
pub(crate) fn policies(store: &DeviceStore) -> Result<Policies, StoreError> {
    match store.master().policies() {
        Err(StoreError::Policies(_)) => Ok(Policies { book: PolicyBook::default(), unusable: Vec::new() }),
        other => other,
    }
}

/// The pack whose checklist is walked: the one in force, else a draft that nobody adopted here yet.
fn checklists<'a>(book: &'a PolicyBook, context: &Context, day: Date) -> Option<&'a PolicyPack> {
    let region = context.grid.region();
    book.in_force(&region, day).or_else(|| book.unadopted_draft(&region))
}

/// The context of the visit. Beyond what the store says of it, a spot that no drawn grid contains is in the
/// author's own grid, and a clock that is wrong by years keeps nobody from recording: then the level is that of the
/// author's latest assignment there, and the server flags the difference.
fn context_of(
    store: &DeviceStore,
    given: &NewInspection,
    occurred_at: Instant,
    book: &PolicyBook,
) -> Result<Context, DeviceError> {
    let assignments = store.master().assignments()?;
    let levelled = || assignments.iter().filter(|assignment| assignment.level.is_some());
    let mut place = match given.target {
        Some(target) => Place::Target(target),
        None => Place::Spot {
            point: given.observed.or(given.fix.as_ref().map(|fix| fix.point)),
            grid: given.grid.clone(),
        },
    };
    let mut context = store.context_for(&place, occurred_at, book);
    if let (Err(ContextError::GridMissing), Place::Spot { grid, .. }) = (&context, &mut place)
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
