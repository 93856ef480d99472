//! Possible duplicates: what a device knows of that may be the fire which is about to be reported. The pack of the street
//! proposes within 50 metres and 24 hours.

use crate::context::{INSIDE, street};
use crate::fixtures::*;
use serde_json::{Value, json};
use sync_core::field::{Finding, PossibleDuplicate, possible_duplicates};
use sync_core::geo::{Fix, MockFlag, Point};
use sync_core::ids::{InspectionId, ItemCode, TargetId, UserId};
use sync_core::model::inspection::{Answer, Context, Inspection, TargetSnapshot, Verdict};
use sync_core::model::target::Facts;
use sync_core::policy::DuplicateWindow;
use sync_core::store::DeviceStore;
use sync_core::time::Instant;
use sync_core::wire::operation::{Body, Operation};
use sync_core::wire::push::PushResponse;

const ITEM: &str = "open_burning";
const COLLEAGUE: UserId = UserId(uuid::Uuid::from_u128(0x77));
/// Minutes of a day.
const DAY: i64 = 24 * 60;

/// Some metres to the east.
fn east(metres: f64) -> Point {
    Point { lon: INSIDE.lon + metres / 91_000.0, ..INSIDE }
}

fn window() -> DuplicateWindow {
    DuplicateWindow { metres: 50.0, hours: 24.0, reading: None }
}

fn near(store: &DeviceStore, target: Option<u128>, now: Instant) -> Vec<PossibleDuplicate> {
    let item: ItemCode = ITEM.parse().unwrap();
    let target = target.map(|id| TargetId(uuid(id)));
    let finding = Finding { item: &item, point: INSIDE, target, at: now };
    possible_duplicates(store, finding, Some(&window())).unwrap()
}

/// How far away those found are, in whole metres.
fn metres(found: &[PossibleDuplicate]) -> Vec<String> {
    found.iter().map(|one| format!("{:.0}", one.distance_metres)).collect()
}

/// Straw that burns at a place, as this user sealed it.
fn fire(store: &DeviceStore, point: Point, occurred_at: Instant) -> Inspection {
    let policies = store.master().policies().unwrap();
    let pack = policies.book.packs().next().unwrap().reference();
    let id = InspectionId::fresh();
    let burning = Answer {
        question: "no_straw_burning".parse().unwrap(),
        verdict: Verdict::Fail,
        note: String::new(),
        points: vec![],
    };
    let fix = Fix {
        point,
        accuracy_metres: 5.0,
        fixed_at: occurred_at,
        provider: "gnss".to_owned(),
        mock: MockFlag::Unknown,
    };
    let base = inspection(id);
    Inspection {
        occurred_at,
        kind: "straw_point".parse().unwrap(),
        fix: Some(fix),
        answers: vec![burning],
        context: Context { pack: Some(pack), ..base.context.clone() },
        ..base
    }
}

fn sealed(store: &mut DeviceStore, fire: Inspection) -> Operation {
    let submitted = operation(Body::SubmitInspection(fire));
    store.work.record(submitted.clone()).unwrap();
    submitted
}

/// A colleague's case as the server tells it.
fn case(id: u128, changes: &Value) -> Value {
    let mut row = json!({
        "case_id": uuid(id), "lineage": uuid(id + 1000), "inspection_id": uuid(id + 1000), "author": COLLEAGUE,
        "item": ITEM, "target_id": null, "grid": "410804/001", "unit_id": UNIT, "occurred_at": at(0), "pack": null,
        "review_state": "under_review", "rectification_state": "none", "flags": [], "version": 1, "reason": null,
        "charges": []
    });
    row.as_object_mut().unwrap().extend(changes.as_object().unwrap().clone());
    row
}

fn pull(store: &mut DeviceStore, cases: &[Value]) {
    let changes = cases.iter().map(|row| upsert("case", row["case_id"].as_str().unwrap(), row)).collect();
    assert_eq!(store.apply_page(&page("2", changes)).unwrap().master.unreadable, 0);
}

#[test]
fn a_fire_of_this_user_is_shown_before_it_is_sent_and_once_when_its_case_came() {
    let (_directory, mut store, _) = street();
    let burning = fire(&store, east(30.0), at(0));
    let lineage = burning.lineage;
    sealed(&mut store, burning);
    let found = near(&store, None, at(10));
    assert_eq!(metres(&found), ["30"]);
    assert!(found[0].own);
    assert_eq!(found[0].occurred_at, at(0));

    let same =
        json!({ "case_id": found[0].case_id, "lineage": lineage, "author": USER, "point": east(30.0) });
    pull(&mut store, &[case(5, &same)]);
    let heard = near(&store, None, at(10));
    assert_eq!(heard, found, "the case is the one that was foretold");

    pull(
        &mut store,
        &[case(5, &json!({ "case_id": found[0].case_id, "point": east(30.0), "review_state": "dismissed" }))],
    );
    assert_eq!(near(&store, None, at(10)), [], "dismissed, whatever the sealed inspection says");
}

#[test]
fn a_fire_that_was_refused_or_corrected_away_is_none() {
    let (_directory, mut store, _) = street();
    let refused = fire(&store, east(10.0), at(0));
    let refused = sealed(&mut store, refused);
    let corrected = fire(&store, east(20.0), at(0));
    sealed(&mut store, corrected.clone());
    assert_eq!(metres(&near(&store, None, at(10))), ["10", "20"], "the nearest first");

    let answer =
        PushResponse { results: vec![result(&refused, rejected())], epoch: EPOCH, server_time: at(1) };
    store.work.apply_push_response(&answer).unwrap();
    let id = InspectionId::fresh();
    let successor = Inspection {
        inspection_id: id,
        replaces: Some(corrected.inspection_id),
        answers: vec![],
        ..corrected
    };
    store.work.record(operation(Body::AmendInspection(successor))).unwrap();
    assert_eq!(near(&store, None, at(10)), []);
}

#[test]
fn a_case_of_a_colleague_at_a_spot_is_near_by_the_packs_metres_and_hours() {
    let (_directory, mut store, _) = street();
    let at_spot =
        |id, metres, minutes| case(id, &json!({ "point": east(metres), "occurred_at": at(minutes) }));
    pull(&mut store, &[at_spot(1, 40.0, 0), at_spot(2, 60.0, 0), at_spot(3, 45.0, -1), case(4, &json!({}))]);
    let found = near(&store, None, at(DAY));
    assert_eq!(metres(&found), ["40"], "not further, not a minute before, and not where nobody says");
    assert!(!found[0].own);
    let item: ItemCode = ITEM.parse().unwrap();
    let finding = Finding { item: &item, point: INSIDE, target: None, at: at(DAY) };
    assert_eq!(possible_duplicates(&store, finding, None).unwrap(), [], "without a pack nothing is near");
    let other: ItemCode = "coal_boiler".parse().unwrap();
    let finding = Finding { item: &other, ..finding };
    assert_eq!(possible_duplicates(&store, finding, Some(&window())).unwrap(), [], "another item");
}

#[test]
fn an_open_case_on_the_target_is_the_same_however_old_until_it_is_closed() {
    let (_directory, mut store, _) = street();
    let target = TargetId(uuid(1));
    pull(&mut store, &[case(1, &json!({ "target_id": target, "point": east(400.0) }))]);
    let found = near(&store, Some(1), at(30 * DAY));
    assert_eq!((found.len(), found[0].target_name.as_deref()), (1, Some("煤场")));
    assert!((found[0].distance_metres - 400.0).abs() < 1.0, "{found:?}");
    assert_eq!(near(&store, None, at(30 * DAY)), [], "but not for a spot near by");

    let mut own = fire(&store, INSIDE, at(0));
    own.context.target = Some(TargetSnapshot { target_id: target, version: 4, facts: Facts::new() });
    sealed(&mut store, own);
    assert_eq!(near(&store, Some(1), at(30 * DAY)).len(), 2);

    pull(&mut store, &[case(1, &json!({ "target_id": target, "rectification_state": "closed" }))]);
    assert_eq!(near(&store, Some(1), at(30 * DAY)).len(), 1, "the own one is left");
}
