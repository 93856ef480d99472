//! Own changes of the register show at once, and give way to what the server made of them.

use crate::fixtures::*;
use sync_core::ids::TargetId;
use sync_core::store::{DeviceStore, RegisterEntry};
use sync_core::wire::operation::Body;
use sync_core::wire::pull::ChangeKind;
use sync_core::wire::push::Outcome;

const ID: TargetId = TargetId(uuid::Uuid::from_u128(1));

fn entry(store: &DeviceStore) -> Option<RegisterEntry> {
    store.target(ID).unwrap()
}

fn shown(store: &DeviceStore) -> Option<(String, u32, u32, bool)> {
    let entry = entry(store)?;
    Some((entry.content.name, entry.version, entry.next_base_version, entry.local))
}

fn line(name: &str, version: u32, next_base_version: u32, local: bool) -> Option<(String, u32, u32, bool)> {
    Some((name.to_owned(), version, next_base_version, local))
}

#[test]
fn a_target_registered_here_is_in_the_register_from_the_first_moment_on() {
    let (_directory, mut store) = device_store();
    let op = operation(Body::RegisterTarget(content(1, "新煤场")));
    store.work.record(op.clone()).unwrap();
    assert_eq!(shown(&store), line("新煤场", 0, 1, true));
    store.work.apply_results(&[result(&op, Outcome::Applied)], at(1)).unwrap();
    assert_eq!(shown(&store), line("新煤场", 0, 1, true), "acknowledged, and not pulled yet");
    store.apply_page(&page("1", vec![target_row(1, &content(1, "新煤场"))])).unwrap();
    assert_eq!(shown(&store), line("新煤场", 1, 1, false));
    store.apply_page(&page("2", vec![gone("target", ID, ChangeKind::Revoke)])).unwrap();
    assert_eq!(shown(&store), None, "taken away, and no overlay brings it back");
}

#[test]
fn updates_in_a_row_are_each_made_on_the_one_before() {
    let (_directory, mut store) = device_store();
    store.apply_page(&page("1", vec![target_row(3, &content(1, "煤场"))])).unwrap();
    let first = update(entry(&store).unwrap().next_base_version, content(1, "煤场甲"));
    store.work.record(first.clone()).unwrap();
    assert_eq!(shown(&store), line("煤场甲", 3, 4, true));
    let second = update(entry(&store).unwrap().next_base_version, content(1, "煤场乙"));
    store.work.record(second.clone()).unwrap();
    assert_eq!(shown(&store), line("煤场乙", 3, 5, true));
    store.work.apply_results(&[result(&first, Outcome::Applied)], at(1)).unwrap();
    store.apply_page(&page("2", vec![target_row(4, &content(1, "煤场甲"))])).unwrap();
    assert_eq!(shown(&store), line("煤场乙", 4, 5, true));
    store.work.apply_results(&[result(&second, Outcome::Applied)], at(2)).unwrap();
    store.apply_page(&page("3", vec![target_row(5, &content(1, "煤场乙"))])).unwrap();
    assert_eq!(shown(&store), line("煤场乙", 5, 5, false));
}

#[test]
fn a_refused_change_gives_way_to_the_register() {
    let (_directory, mut store) = device_store();
    store.apply_page(&page("1", vec![target_row(3, &content(1, "煤场"))])).unwrap();
    let change = update(3, content(1, "煤场甲"));
    let registration = operation(Body::RegisterTarget(content(2, "砂场")));
    store.work.record(change.clone()).unwrap();
    store.work.record(registration.clone()).unwrap();
    store
        .work
        .apply_results(&[result(&change, rejected()), result(&registration, rejected())], at(1))
        .unwrap();
    assert_eq!(shown(&store), line("煤场", 3, 3, false));
    assert_eq!(store.target(TargetId(uuid(2))).unwrap(), None);
}

#[test]
fn a_change_by_somebody_else_meanwhile_is_what_the_register_shows() {
    let (_directory, mut store) = device_store();
    store.apply_page(&page("1", vec![target_row(3, &content(1, "煤场"))])).unwrap();
    store.work.record(update(3, content(1, "煤场甲"))).unwrap();
    store.apply_page(&page("2", vec![target_row(4, &content(1, "煤场乙"))])).unwrap();
    assert_eq!(shown(&store), line("煤场乙", 4, 4, false), "the server will answer target_changed");
}

#[test]
fn a_change_of_a_target_taken_away_has_nothing_to_stand_on_and_is_not_lost() {
    let (_directory, mut store) = device_store();
    store.apply_page(&page("1", vec![target_row(3, &content(1, "煤场"))])).unwrap();
    store.work.record(update(3, content(1, "煤场甲"))).unwrap();
    store.apply_page(&page("2", vec![gone("target", ID, ChangeKind::Delete)])).unwrap();
    assert_eq!(shown(&store), None);
    assert_eq!(store.work.counts().unwrap().waiting, 1);
}

#[test]
fn the_answer_and_the_row_in_one_page_settle_the_overlay() {
    let (_directory, mut store) = device_store();
    let op = operation(Body::RegisterTarget(content(1, "新煤场")));
    store.work.record(op.clone()).unwrap();
    let answer = upsert("operation", op.header.op_id, &serde_json::json!(result(&op, Outcome::Applied)));
    store.apply_page(&page("1", vec![target_row(1, &content(1, "新煤场")), answer])).unwrap();
    store.apply_page(&page("2", vec![gone("target", ID, ChangeKind::Delete)])).unwrap();
    assert_eq!(shown(&store), None);
}
