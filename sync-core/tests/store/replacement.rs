//! Starting over: the new master is built aside, the old register answers until it is complete.

use crate::fixtures::*;
use sync_core::ids::TargetId;
use sync_core::store::DeviceStore;

fn names(store: &DeviceStore) -> Vec<String> {
    store.search("", None).unwrap().into_iter().map(|found| found.entry.content.name).collect()
}

fn more(cursor: &str, changes: Vec<sync_core::wire::pull::Change>) -> sync_core::wire::pull::PullPage {
    let mut page = page(cursor, changes);
    page.more = true;
    page
}

#[test]
fn the_old_register_answers_until_the_new_one_is_complete() {
    let (directory, mut store) = device_store();
    store.apply_page(&page("old", vec![target_row(1, &content(1, "旧煤场"))])).unwrap();
    store.restart().unwrap();
    assert_eq!(store.pull_cursor().unwrap(), None, "the new one begins at the beginning");
    store.apply_page(&more("new-1", vec![target_row(1, &content(2, "新煤场"))])).unwrap();
    assert_eq!(names(&store), ["旧煤场"]);
    assert_eq!(store.pull_cursor().unwrap().as_deref(), Some("new-1"));
    assert!(store.is_replacing());
    store.apply_page(&page("new-2", vec![target_row(1, &content(3, "新砂场"))])).unwrap();
    assert!(!store.is_replacing());
    assert_eq!(names(&store), ["新煤场", "新砂场"]);
    drop(store);
    let store = reopen(&directory);
    assert_eq!(names(&store), ["新煤场", "新砂场"]);
    assert_eq!(store.pull_cursor().unwrap().as_deref(), Some("new-2"));
}

#[test]
fn an_interrupted_replacement_goes_on_where_it_stopped() {
    let (directory, mut store) = device_store();
    store.apply_page(&page("old", vec![target_row(1, &content(1, "旧煤场"))])).unwrap();
    store.restart().unwrap();
    store.apply_page(&more("new-1", vec![target_row(1, &content(2, "新煤场"))])).unwrap();
    drop(store);
    let mut store = reopen(&directory);
    assert_eq!(names(&store), ["旧煤场"]);
    assert_eq!(store.pull_cursor().unwrap().as_deref(), Some("new-1"));
    store.apply_page(&page("new-2", vec![])).unwrap();
    assert_eq!(names(&store), ["新煤场"]);
}

#[test]
fn a_second_restart_throws_the_unfinished_one_away() {
    let (_directory, mut store) = device_store();
    store.restart().unwrap();
    store.apply_page(&more("lost", vec![target_row(1, &content(1, "作废"))])).unwrap();
    store.restart().unwrap();
    assert_eq!(store.pull_cursor().unwrap(), None);
    store.apply_page(&page("new", vec![])).unwrap();
    assert!(names(&store).is_empty());
}

#[test]
fn pages_after_a_replacement_go_into_the_new_master_and_last() {
    let (directory, mut store) = device_store();
    store.apply_page(&page("old", vec![])).unwrap();
    store.restart().unwrap();
    store.apply_page(&page("new", vec![target_row(1, &content(1, "煤场"))])).unwrap();
    store.apply_page(&page("next", vec![target_row(2, &content(1, "煤场二"))])).unwrap();
    drop(store);
    let store = reopen(&directory);
    assert_eq!(store.target(TargetId(uuid(1))).unwrap().unwrap().version, 2);
    assert_eq!(store.pull_cursor().unwrap().as_deref(), Some("next"));
}

#[test]
fn work_is_untouched_by_a_replacement() {
    let (_directory, mut store) = device_store();
    let op = submission();
    store.work.record(op.clone()).unwrap();
    store.restart().unwrap();
    store.apply_page(&page("new", vec![])).unwrap();
    assert_eq!(whole_outbox(&store.work), op_ids(&[&op]));
}
