//! What a supervisor must settle before a case may post (invariant 3): doubts never refuse an inspection.

use crate::geo::{Fix, MockFlag, Point};
use crate::limits;
use crate::model::case::Flag;
use crate::model::inspection::{Inspection, Measurement};
use crate::policy::PolicyPack;
use crate::time::Instant;

/// Seconds of a day.
const DAY_SECONDS: i64 = 86_400;

/// The doubts about an inspection's clock, fix and measurements, in the order of [`Flag`]. `received_at` is the
/// server's clock at receipt, `target_point` the place of the target where it was one.
#[must_use]
pub fn doubts(
    pack: Option<&PolicyPack>,
    inspection: &Inspection,
    received_at: Instant,
    target_point: Option<Point>,
) -> Vec<Flag> {
    let clock = clock_is_suspect(inspection.occurred_at, received_at);
    // A clock that cannot be right says nothing of when the fix was taken.
    let place = place_is_suspect(inspection, target_point) || (!clock && fix_is_of_another_time(inspection));
    let suspicions = [
        (Flag::ClockSuspect, clock),
        (Flag::FixSuspect, place),
        (Flag::MeasurementSuspect, inspection.measurements.iter().any(|m| is_suspect(pack, inspection, m))),
    ];
    suspicions.into_iter().filter(|(_, suspect)| *suspect).map(|(flag, _)| flag).collect()
}

/// Whether a device's clock cannot have been right: ahead of the receipt, or a season behind it.
#[must_use]
pub fn clock_is_suspect(occurred_at: Instant, received_at: Instant) -> bool {
    let behind = received_at.seconds_since(occurred_at);
    let tolerated = -limits::CLOCK_AHEAD_MAX_SECONDS..=limits::CLOCK_BEHIND_MAX_DAYS * DAY_SECONDS;
    !tolerated.contains(&behind)
}

/// Whether the fix was taken so long before or after the visit that it says nothing of the place.
fn fix_is_of_another_time(inspection: &Inspection) -> bool {
    let apart = inspection.fix.as_ref().map(|fix| fix.fixed_at.seconds_since(inspection.occurred_at));
    apart.is_some_and(|seconds| seconds.saturating_abs() > limits::FIX_APART_MAX_SECONDS)
}

fn place_is_suspect(inspection: &Inspection, target_point: Option<Point>) -> bool {
    let fix_is_suspect = |fix: &Fix| {
        let accurate = (0.0..=limits::FIX_ACCURACY_MAX_METRES).contains(&fix.accuracy_metres);
        let near = target_point.is_none_or(|target| {
            // NaN compares false: a distance that cannot be told is not near.
            fix.point.distance_metres(target) <= limits::FIX_TARGET_MAX_METRES
        });
        fix.mock == MockFlag::Yes || !fix.point.is_in_china() || !accurate || !near
    };
    inspection.fix.as_ref().is_none_or(fix_is_suspect)
        || inspection.observed.is_some_and(|observed| !observed.is_in_china())
}

/// A measurement that the kind does not have cannot be checked, so it is doubted too.
fn is_suspect(pack: Option<&PolicyPack>, inspection: &Inspection, measurement: &Measurement) -> bool {
    let known = pack
        .and_then(|pack| pack.kind(&inspection.kind))
        .and_then(|kind| kind.measurement(&measurement.code));
    match known {
        Some(bounds) => !(bounds.min..=bounds.max).contains(&measurement.value),
        None => pack.is_some() || !measurement.value.is_finite(),
    }
}
