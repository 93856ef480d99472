//! Files: damaged ones are set aside, newer and foreign ones refused, old ones brought up to date.

use std::fs;
use std::path::Path;

use crate::fixtures::*;
use rusqlite::Connection;
use sync_core::ids::{Incarnation, TargetId, UserId};
use sync_core::store::{DeviceStore, MasterStore, StoreError, WorkStore};

/// A database of the first released work schema with a row in every table.
const WORK_V1_ROWS: &str = include_str!("golden/work_v1_rows.sql");
/// The same of the master schema.
const MASTER_V1_ROWS: &str = include_str!("golden/master_v1_rows.sql");
const MASTER_V1: &str = include_str!("../../src/store/schema/master_v1.sql");
const MASTER_V2: &str = include_str!("../../src/store/schema/master_v2.sql");
const MASTER_V3: &str = include_str!("../../src/store/schema/master_v3.sql");
const WORK_V1: &str = include_str!("../../src/store/schema/work_v1.sql");
const WORK_V2: &str = include_str!("../../src/store/schema/work_v2.sql");
const WORK_V3: &str = include_str!("../../src/store/schema/work_v3.sql");
const MASTER_ID: i32 = 0x4c54_4d31;
const WORK_ID: i32 = 0x4c54_5731;

/// What the schema is, whatever way led to it.
fn schema_of(path: &Path) -> Vec<(String, String)> {
    let connection = Connection::open(path).unwrap();
    let mut statement = connection
        .prepare("SELECT name, sql FROM sqlite_schema WHERE sql IS NOT NULL ORDER BY name")
        .unwrap();
    statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?))).unwrap().map(Result::unwrap).collect()
}

fn golden(path: &Path, application_id: i32, schema: &str, rows: &str) {
    let connection = Connection::open(path).unwrap();
    connection.execute_batch(schema).unwrap();
    connection.execute_batch(rows).unwrap();
    connection.pragma_update(None, "application_id", application_id).unwrap();
    connection.pragma_update(None, "user_version", 1).unwrap();
}

#[test]
fn an_upgraded_work_database_equals_a_fresh_one_and_has_lost_nothing() {
    let directory = tempfile::TempDir::new().unwrap();
    let (old, fresh) = (directory.path().join("old.db"), directory.path().join("fresh.db"));
    golden(&old, WORK_ID, WORK_V1, WORK_V1_ROWS);
    drop(WorkStore::open(&fresh, USER, INCARNATION).unwrap());
    let mut store = WorkStore::open(&old, USER, Incarnation(uuid(99))).unwrap();
    assert_eq!(store.incarnation(), INCARNATION);
    let counts = store.counts().unwrap();
    assert_eq!((counts.waiting, counts.held, counts.refused, counts.acknowledged), (1, 1, 1, 1));
    assert_eq!((counts.quarantined, counts.drafts, counts.photos_waiting), (1, 1, 1));
    assert_eq!(store.outbox_batch(9, usize::MAX).unwrap()[0].bytes, b"{\"op\":1}");
    assert_eq!(store.record(submission()).unwrap(), 6, "numbers go on");
    drop(store);
    assert_eq!(schema_of(&old), schema_of(&fresh));
}

#[test]
fn an_upgraded_master_database_equals_a_fresh_one() {
    let directory = tempfile::TempDir::new().unwrap();
    let (old, fresh) = (directory.path().join("old.db"), directory.path().join("fresh.db"));
    golden(&old, MASTER_ID, MASTER_V1, MASTER_V1_ROWS);
    drop(MasterStore::open(&fresh).unwrap());
    let store = MasterStore::open(&old).unwrap();
    assert_eq!(store.cursor().unwrap().as_deref(), Some("c1"));
    assert_eq!(store.target(TargetId(uuid(1))).unwrap().unwrap().content.name, "煤场");
    assert_eq!(store.targets_by_kind().unwrap().values().sum::<u64>(), 1);
    drop(store);
    assert_eq!(schema_of(&old), schema_of(&fresh));
}

#[test]
fn a_released_schema_never_changes() {
    // Devices in the field have this file's tables; a change is a new file beside it.
    let hash = |sql: &str| sync_core::ids::PackHash::of(sql.as_bytes()).to_string();
    assert_eq!(hash(MASTER_V1), "e4827329ee327da7d9a54bae51687dc2a9d66f6398af381948f32c305eed84a7");
    assert_eq!(hash(MASTER_V2), "bf6da24619bf05f641bc5bb63481396102b5bebfc86552b17bc687054a05d7e4");
    assert_eq!(hash(MASTER_V3), "3b6157696b04f8d371b0e931218476eede2dc01a4e12f4bee9f2d842dbca5828");
    assert_eq!(hash(WORK_V1), "f2b91ee610152717636225125894a903b867a32a169d628e14eb1d5cae6239c8");
    assert_eq!(hash(WORK_V2), "bc6d12b800bcf9a62e562ef2758df426a368f30ee0b428b5815caf294ba772e7");
    assert_eq!(hash(WORK_V3), "de2bfacd51886c7829405982e034f8fa2e1a9fbcb6145384257ba87d9f23f090");
}

#[test]
fn a_newer_database_is_refused_and_left_alone() {
    let (directory, store) = work_store();
    drop(store);
    let path = directory.path().join("work.db");
    Connection::open(&path).unwrap().pragma_update(None, "user_version", 4).unwrap();
    let before = fs::read(&path).unwrap();
    let refused = WorkStore::open(&path, USER, INCARNATION);
    assert!(
        matches!(refused, Err(StoreError::NewerSchema { store: "work", found: 4, known: 3 })),
        "{refused:?}"
    );
    assert_eq!(fs::read(&path).unwrap(), before);
    let refused = DeviceStore::open(directory.path(), USER, INCARNATION, at(0));
    assert!(matches!(refused, Err(StoreError::NewerSchema { .. })), "newer is not damaged");
}

#[test]
fn one_kind_of_database_is_not_taken_for_the_other() {
    let (directory, store) = work_store();
    drop(store);
    let refused = MasterStore::open(&directory.path().join("work.db"));
    assert!(matches!(refused, Err(StoreError::OtherKind { store: "master", found: WORK_ID })), "{refused:?}");
}

#[test]
fn another_users_work_is_not_opened_but_its_amount_can_be_seen() {
    let (directory, mut store) = work_store();
    store.record(submission()).unwrap();
    drop(store);
    let path = directory.path().join("work.db");
    let refused = WorkStore::open(&path, UserId(uuid(99)), INCARNATION);
    assert!(matches!(refused, Err(StoreError::OtherUser { found, .. }) if found == USER), "{refused:?}");
    drop(refused);
    let colleague = WorkStore::open_existing(&path).unwrap();
    assert_eq!((colleague.user(), colleague.counts().unwrap().waiting), (USER, 1));
}

#[test]
fn a_damaged_database_is_set_aside_whole_and_a_new_one_begun() {
    let (directory, mut store) = device_store();
    store.work.record(submission()).unwrap();
    store.apply_page(&page("1", vec![target_row(1, &content(1, "煤场"))])).unwrap();
    drop(store);
    let path = directory.path().join("work.db");
    fs::write(&path, b"this was a database once").unwrap();
    let opened = DeviceStore::open(directory.path(), USER, Incarnation(uuid(99)), at(7)).unwrap();
    let aside = directory.path().join(format!("work.db.damaged-{}", at(7).as_millisecond()));
    assert_eq!(opened.set_aside, [aside.as_path()]);
    assert_eq!(fs::read(&aside).unwrap(), b"this was a database once");
    assert_eq!(opened.store.work.incarnation(), Incarnation(uuid(99)), "its numbers may have been used");
    assert_eq!(
        opened.store.target(TargetId(uuid(1))).unwrap().unwrap().version,
        1,
        "the other file is sound"
    );
}

#[test]
fn damage_in_the_middle_of_a_file_is_found_when_it_is_opened() {
    let (directory, mut store) = device_store();
    let rows = (1..400).map(|id| target_row(1, &content(id, "马村区煤场"))).collect();
    store.apply_page(&page("1", rows)).unwrap();
    drop(store);
    let path = directory.path().join("master.db");
    let mut bytes = fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle..middle + 8192].fill(0xA5);
    fs::write(&path, &bytes).unwrap();
    let opened = DeviceStore::open(directory.path(), USER, INCARNATION, at(7)).unwrap();
    assert_eq!(opened.set_aside.len(), 1);
    assert_eq!(opened.store.pull_cursor().unwrap(), None, "the register is pulled anew");
}

#[test]
fn a_register_that_is_opened_quickly_says_when_damage_is_met() {
    let (directory, mut store) = device_store();
    store.work.record(submission()).unwrap();
    let rows = (1..2_000).map(|id| target_row(1, &content(id, "马村区煤场"))).collect();
    store.apply_page(&page("1", rows)).unwrap();
    drop(store);
    let path = directory.path().join("master.db");
    let mut bytes = fs::read(&path).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle..].fill(0xA5);
    fs::write(&path, &bytes).unwrap();
    let opened = DeviceStore::open_quickly(directory.path(), USER, INCARNATION, at(7)).unwrap();
    assert!(opened.set_aside.is_empty());
    let met = opened.store.master().targets_within([-180.0, -90.0, 180.0, 90.0], usize::MAX);
    assert!(matches!(met, Err(StoreError::Corrupt(_))), "{met:?}");
    drop(opened);
    let opened = DeviceStore::open(directory.path(), USER, INCARNATION, at(8)).unwrap();
    assert_eq!(opened.set_aside.len(), 1);
    assert_eq!(opened.store.work.counts().unwrap().waiting, 1, "the work is another file");
}

#[test]
fn a_database_has_one_connection() {
    let (directory, _store) = work_store();
    let connection = Connection::open(directory.path().join("work.db")).unwrap();
    connection.busy_timeout(std::time::Duration::ZERO).unwrap();
    let refused = connection.query_row("SELECT 1 FROM identity", [], |_| Ok(()));
    assert_eq!(refused.unwrap_err().sqlite_error_code(), Some(rusqlite::ErrorCode::DatabaseBusy));
}
