//! Compares the context an inspection was sealed in with what the server sees.
//!
//! Invariant: a difference is flagged for a supervisor and changes nothing: neither grid, unit nor level are judged
//! anew by the server alone.

use jiff::civil::Date;
use sync_core::model::assignment::level_at;
use sync_core::model::case::Flag;
use sync_core::model::grid::deepest_at;
use sync_core::model::inspection::{Context, Inspection, TargetSnapshot};
use sync_core::model::zone::zone_kinds_at;
use sync_core::wire::operation::Header;

use super::known::{Known, KnownTarget};

/// What the server sees otherwise, in the order of [`Flag`]. `assigned_on` is the day whose assignments count.
pub(super) fn differences(
    known: &Known,
    header: &Header,
    inspection: &Inspection,
    assigned_on: Date,
) -> Vec<Flag> {
    let context = &inspection.context;
    let target = context
        .target
        .as_ref()
        .and_then(|sealed| known.targets.get(&sealed.target_id).map(|target| (sealed, target)));
    let found = [
        (Flag::LevelDiffers, level_differs(known, header, context, assigned_on)),
        (Flag::UnitDiffers, unit_differs(known, inspection, target.map(|(_, target)| target))),
        (Flag::ZonesDiffer, zones_differ(known, inspection, target.map(|(_, target)| target))),
        (Flag::PackDiffers, pack_differs(known, inspection)),
        (
            Flag::TargetDiffers,
            target.is_some_and(|(sealed, target)| target_differs(known, header, sealed, target, inspection)),
        ),
    ];
    found.into_iter().filter(|(_, differs)| *differs).map(|(flag, _)| flag).collect()
}

fn level_differs(known: &Known, header: &Header, context: &Context, assigned_on: Date) -> bool {
    level_at(known.assignments_of(header.author), &context.grid, assigned_on) != Some(context.level)
}

/// A target answers for its place; a spot belongs to the unit of its grid, and lies in a grid of that unit, as far as grids
/// are drawn.
fn unit_differs(known: &Known, inspection: &Inspection, target: Option<&KnownTarget>) -> bool {
    let context = &inspection.context;
    match target {
        Some(KnownTarget { target, .. }) => {
            (&target.content.grid, target.content.unit_id) != (&context.grid, context.unit_id)
        }
        None => {
            let place = inspection.place_point();
            let drawn = place.and_then(|place| deepest_at(&known.outlined_grids, place));
            known.grids.get(&context.grid) != Some(&context.unit_id)
                || drawn.is_some_and(|grid| grid.unit_id != context.unit_id)
        }
    }
}

/// A target's zones are those at its own place, as the device seals them: the inspector may stand across the street.
/// Without a place nothing can be compared; that there is none is a doubt of its own.
fn zones_differ(known: &Known, inspection: &Inspection, target: Option<&KnownTarget>) -> bool {
    let day = inspection.occurred_at.record_date();
    let place = target.map(|known| known.target.content.point).or_else(|| inspection.place_point());
    place.is_some_and(|place| zone_kinds_at(&known.zones, place, day) != inspection.context.zones)
}

fn pack_differs(known: &Known, inspection: &Inspection) -> bool {
    let in_force = known.book.in_force(&known.district, inspection.occurred_at.record_date());
    in_force.map(|pack| pack.hash()) != inspection.context.pack.as_ref().map(|pack| &pack.hash)
}

/// A target that was registered offline is sealed with version 0 and accepted with version 1; after the author's own
/// changes in the same batch the versions they got could not be sealed.
fn target_differs(
    known: &Known,
    header: &Header,
    sealed: &TargetSnapshot,
    current: &KnownTarget,
    inspection: &Inspection,
) -> bool {
    let version_differs = current.target.version != sealed.version.max(1)
        && !known.follows_own(header.device, sealed.target_id, sealed.version);
    current.deleted
        || version_differs
        || current.target.content.facts != sealed.facts
        || current.target.content.kind != inspection.kind
}
