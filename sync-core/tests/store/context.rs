//! The context of a visit: what the device knew of target, place, author and rules.

use std::sync::Arc;

use crate::fixtures::*;
use serde_json::{Value, json};
use sync_core::geo::Point;
use sync_core::ids::{PackHash, TargetId, UserId};
use sync_core::model::assignment::DiscoveryLevel;
use sync_core::model::target::TargetContent;
use sync_core::model::zone::ZoneKind;
use sync_core::policy::builtin_packs;
use sync_core::store::{ContextError, DeviceStore, Place, Policies, UnusableReason};
use sync_core::time::Instant;
use sync_core::wire::operation::Body;
use tempfile::TempDir;

pub(crate) const INSIDE: Point = Point { lon: 113.3, lat: 35.2 };
const OUTSIDE: Point = Point { lon: 114.3, lat: 35.2 };

fn square(radius: f64) -> Value {
    let (w, e, s, n) = (113.3 - radius, 113.3 + radius, 35.2 - radius, 35.2 + radius);
    json!([[[w, s], [e, s], [e, n], [w, n], [w, s]]])
}

fn grid(path: &str, unit: u128, polygon: &Value) -> Value {
    json!({ "path": path, "name": path, "statistical_code": null, "unit_id": uuid(unit), "polygon": polygon })
}

fn assignment(id: u128, user: UserId, grid: &str, level: &str, from: &str) -> Value {
    json!({
        "assignment_id": uuid(id), "user_id": user, "role": "inspector", "grid": grid, "unit_id": null,
        "level": level, "from": from, "until": null
    })
}

fn macun(adopted_from: Option<&str>) -> Value {
    let source = builtin_packs().iter().find(|pack| pack.file.starts_with("macun-2024")).unwrap().source;
    json!({
        "id": "macun-2024", "hash": PackHash::of(source.as_bytes()), "region": "410804", "source": source,
        "adopted_from": adopted_from, "adopted_until": null
    })
}

/// A street with two communities, a built-up area, an inspector of the district and a pack.
pub(crate) fn street() -> (TempDir, DeviceStore, Arc<Policies>) {
    let (directory, mut store) = device_store();
    let target = TargetContent { unit_id: sync_core::ids::UnitId(uuid(99)), ..content(1, "煤场") };
    let zone = json!({
        "zone_id": uuid(1), "kind": "built_up_area", "name": "建成区", "polygon": square(0.1),
        "from": "2024-10-08", "until": "2024-10-09"
    });
    let mine = assignment(1, USER, "410804", "district", "2024-10-08");
    let another = assignment(2, UserId(uuid(77)), "410804/001", "self_check", "2020-01-01");
    let changes = vec![
        target_row(4, &target),
        upsert("grid", "410804", &grid("410804", 10, &Value::Null)),
        upsert("grid", "410804/001", &grid("410804/001", 11, &square(0.5))),
        upsert("grid", "410804/001/001", &grid("410804/001/001", 12, &square(0.2))),
        upsert("zone", uuid(1), &zone),
        upsert("assignment", uuid(1), &mine),
        upsert("assignment", uuid(2), &another),
        upsert("pack", "macun", &macun(None)),
    ];
    assert_eq!(store.apply_page(&page("1", changes)).unwrap().master.unreadable, 0);
    let policies = store.master().policies().unwrap();
    assert!(policies.unusable.is_empty());
    (directory, store, policies)
}

fn spot(point: Option<Point>, grid: Option<&str>) -> Place {
    Place::Spot { point, grid: grid.map(|path| path.parse().unwrap()) }
}

#[test]
fn a_target_brings_its_grid_its_unit_and_its_version() {
    let (_directory, store, policies) = street();
    let context = store.context_for(&Place::Target(TargetId(uuid(1))), at(0), &policies.book).unwrap();
    let target = context.target.unwrap();
    assert_eq!((target.target_id, target.version), (TargetId(uuid(1)), 4));
    assert_eq!(context.grid.as_str(), "410804/001");
    assert_eq!(context.unit_id.0, uuid(99), "the target's unit, not its grid's");
    assert_eq!(context.zones, [ZoneKind::BuiltUpArea]);
    assert_eq!(context.level, DiscoveryLevel::District, "another user's assignment is not ours");
    assert_eq!(context.pack.unwrap().id.as_str(), "macun-2024");
}

#[test]
fn a_target_registered_here_has_version_zero() {
    let (_directory, mut store, policies) = street();
    store.work.record(operation(Body::RegisterTarget(content(2, "新煤场")))).unwrap();
    let context = store.context_for(&Place::Target(TargetId(uuid(2))), at(0), &policies.book).unwrap();
    assert_eq!(context.target.unwrap().version, 0);
}

#[test]
fn a_spot_has_the_grid_that_was_named_or_the_deepest_around_it() {
    let (_directory, store, policies) = street();
    let grid_of = |place: &Place| {
        store
            .context_for(place, at(0), &policies.book)
            .map(|c| (c.grid.to_string(), c.unit_id.0, c.zones.len()))
    };
    assert_eq!(grid_of(&spot(Some(INSIDE), None)).unwrap(), ("410804/001/001".to_owned(), uuid(12), 1));
    let edge = Point { lon: 113.3 + 0.4, lat: 35.2 };
    assert_eq!(grid_of(&spot(Some(edge), None)).unwrap(), ("410804/001".to_owned(), uuid(11), 0));
    assert_eq!(grid_of(&spot(Some(INSIDE), Some("410804"))).unwrap(), ("410804".to_owned(), uuid(10), 1));
    assert_eq!(grid_of(&spot(None, Some("410804"))).unwrap(), ("410804".to_owned(), uuid(10), 0));
    assert!(matches!(grid_of(&spot(Some(OUTSIDE), None)), Err(ContextError::GridMissing)));
    assert!(matches!(grid_of(&spot(None, None)), Err(ContextError::GridMissing)));
    assert!(matches!(grid_of(&spot(None, Some("410804/009"))), Err(ContextError::GridUnknown(_))));
    let unknown = store.context_for(&Place::Target(TargetId(uuid(8))), at(0), &policies.book);
    assert!(matches!(unknown, Err(ContextError::TargetUnknown(_))));
}

#[test]
fn days_turn_at_midnight_in_shanghai() {
    let (_directory, store, policies) = street();
    let context =
        |time: &str| store.context_for(&spot(Some(INSIDE), None), time.parse().unwrap(), &policies.book);
    let before = context("2024-10-07T15:59:59.999Z");
    assert!(
        matches!(before, Err(ContextError::NotAssigned(_))),
        "the assignment begins on the 8th: {before:?}"
    );
    assert_eq!(context("2024-10-07T16:00:00Z").unwrap().zones, [ZoneKind::BuiltUpArea]);
    assert_eq!(context("2024-10-09T15:59:59.999Z").unwrap().zones, [ZoneKind::BuiltUpArea]);
    assert_eq!(context("2024-10-09T16:00:00Z").unwrap().zones, []);
}

#[test]
fn adopted_dates_replace_the_documents_own() {
    let (_directory, mut store, _policies) = street();
    store.apply_page(&page("2", vec![upsert("pack", "macun", &macun(Some("2024-11-01")))])).unwrap();
    let policies = store.master().policies().unwrap();
    let pack = |time: &str| {
        store.context_for(&spot(Some(INSIDE), None), time.parse().unwrap(), &policies.book).unwrap().pack
    };
    assert_eq!(pack("2024-10-31T15:59:59Z"), None);
    assert!(pack("2024-10-31T16:00:00Z").is_some());
}

#[test]
fn packs_that_this_build_cannot_use_are_named_and_stop_nothing() {
    let (_directory, mut store, _policies) = street();
    let mut forged = macun(None);
    forged["id"] = json!("forged");
    forged["source"] = json!("id = \"forged\"");
    let source = "format = 99";
    let newer = json!({
        "id": "newer", "hash": PackHash::of(source.as_bytes()), "region": "410804", "source": source,
        "adopted_from": null, "adopted_until": null
    });
    store.apply_page(&page("2", vec![upsert("pack", "f", &forged), upsert("pack", "n", &newer)])).unwrap();
    let policies = store.master().policies().unwrap();
    assert_eq!(policies.book.packs().count(), 1);
    assert!(matches!(policies.unusable[0].fault, UnusableReason::OtherHash(_)));
    assert!(matches!(policies.unusable[1].fault, UnusableReason::Faulty(_)));
}

#[test]
fn a_clock_that_begins_in_1970_again_keeps_nobody_from_recording() {
    let (_directory, store, policies) = street();
    let heard = store.master().as_of().unwrap().unwrap();
    let target = Place::Target(TargetId(uuid(1)));
    let now = store.context_for(&target, heard, &policies.book).unwrap();
    let context = |instant: &str| store.context_for(&target, instant.parse().unwrap(), &policies.book);
    assert_eq!(context("1970-01-01T00:00:05Z").unwrap(), now);
    // The day before the assignment began is a day on which there was none.
    assert!(matches!(context("2024-10-07T01:00:00Z"), Err(ContextError::NotAssigned(_))));
}

#[test]
fn a_clock_in_1970_records_where_the_inspector_is_sent_from_tomorrow_on() {
    let (_directory, mut store, policies) = street();
    let ended = json!({
        "assignment_id": uuid(1), "user_id": USER, "role": "inspector", "grid": "410804/002", "unit_id": null,
        "level": "district", "from": "2024-10-08", "until": "2024-10-08"
    });
    let tomorrow = assignment(3, USER, "410804/001", "township", "2024-10-09");
    let later = assignment(4, USER, "410804/001", "municipal", "2024-10-10");
    let changes = vec![
        upsert("assignment", uuid(1), &ended),
        upsert("assignment", uuid(3), &tomorrow),
        upsert("assignment", uuid(4), &later),
    ];
    store.apply_page(&page("2", changes)).unwrap();
    let heard = store.master().as_of().unwrap().unwrap();
    let context = |at: Instant| store.context_for(&spot(Some(INSIDE), None), at, &policies.book);
    let wrong = context("1970-01-01T00:00:05Z".parse().unwrap()).unwrap();
    assert_eq!(wrong.level, DiscoveryLevel::Township, "the first day after the one last heard of");
    // A clock that may be right is believed.
    assert!(matches!(context(heard), Err(ContextError::NotAssigned(_))));
}

#[test]
fn packs_are_loaded_once_and_again_when_one_comes() {
    let (_directory, mut store, policies) = street();
    store.apply_page(&page("2", vec![target_row(5, &content(1, "煤场"))])).unwrap();
    assert!(Arc::ptr_eq(&policies, &store.master().policies().unwrap()));
    store.apply_page(&page("3", vec![upsert("pack", "macun", &macun(Some("2024-10-08")))])).unwrap();
    let again = store.master().policies().unwrap();
    assert!(!Arc::ptr_eq(&policies, &again));
    let region = "410804".parse().unwrap();
    assert!(again.book.in_force(&region, at(0).record_date()).is_some());
}
