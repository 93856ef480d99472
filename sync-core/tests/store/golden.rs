//! Golden files: device databases of every schema version and wire texts of every version of the wire, as the build of
//! their time wrote them. Today's build must open, read and send them.
//!
//! They lie in `sync-core/tests/golden` and are never written again. A new version of a schema gets its file by
//! `GOLDEN=write cargo test --workspace --test store golden`, which writes what is missing and nothing else: the newest
//! database holds what [`WORK_OPERATIONS`] says of the golden push, and the golden page. (`work_v1.db` was made from
//! version 2, which only added the table of field records, without that table and its operations.) Files of a new version
//! of the wire are written by hand, from what that build sends.

use std::fs;
use std::path::{Path, PathBuf};

use rusqlite::Connection;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::value::RawValue;
use serde_json::{Value, json};
use sync_core::ids::{InspectionId, OperationId, PhotoHash, TargetId};
use sync_core::store::{DeviceStore, Draft, MasterStore, Upload, WorkStore};
use sync_core::wire::PROTOCOL_VERSION;
use sync_core::wire::auth::{AccessToken, Challenge, EnrolRequest, Enrolled, TokenRequest};
use sync_core::wire::cursor::Cursor;
use sync_core::wire::operation::{Body, OPERATION_SCHEMA_VERSION, Operation};
use sync_core::wire::problem::Problem;
use sync_core::wire::pull::{PullAnswer, PullPage};
use sync_core::wire::push::{OperationResult, Outcome, PushRequest, PushResponse};

use crate::fixtures::*;

/// What became of the golden push's operations in the golden work database, in their order: one is applied, the rest
/// waits.
const WORK_OPERATIONS: [bool; 7] = [true, false, false, false, false, false, false];

/// Operations that the first version of the work database knew: the first four of the push.
const OPERATIONS_OF_WORK_V1: usize = 4;

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden")
}

fn wire_file(version: u16, name: &str) -> String {
    let path = folder().join(format!("wire_v{version}")).join(name);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The operations of the golden push, as the bytes they were sent as.
fn pushed() -> Vec<String> {
    let push: PushRequest = serde_json::from_str(&wire_file(1, "push.json")).unwrap();
    push.operations.into_iter().map(|operation| operation.get().to_owned()).collect()
}

fn golden_page() -> PullPage {
    match serde_json::from_str(&wire_file(1, "pull_page.json")).unwrap() {
        PullAnswer::Page(page) => page,
        other => panic!("{other:?}"),
    }
}

fn user_version(path: &Path) -> u32 {
    Connection::open(path).unwrap().pragma_query_value(None, "user_version", |row| row.get(0)).unwrap()
}

/// Whether every value of `before` is in `after`, which may have more.
fn contains(after: &Value, before: &Value) -> bool {
    match (after, before) {
        (Value::Object(after), Value::Object(before)) => {
            before.iter().all(|(key, value)| after.get(key).is_some_and(|after| contains(after, value)))
        }
        (Value::Array(after), Value::Array(before)) => {
            after.len() == before.len() && after.iter().zip(before).all(|(a, b)| contains(a, b))
        }
        _ => after == before,
    }
}

/// Reads a golden text as `T` and proves that nothing it says is lost.
fn read_whole<T: DeserializeOwned + Serialize>(text: &str) -> T {
    let read: T = serde_json::from_str(text).unwrap();
    let (after, before) = (serde_json::to_value(&read).unwrap(), serde_json::from_str(text).unwrap());
    assert!(contains(&after, &before), "{after}\nhas lost some of\n{before}");
    read
}

/// A copy of a golden database that a test may open.
fn copy_of(name: &str) -> (tempfile::TempDir, PathBuf) {
    let directory = tempfile::TempDir::new().unwrap();
    let path = directory.path().join(if name.starts_with("work") { "work.db" } else { "master.db" });
    fs::copy(folder().join(name), &path).unwrap();
    (directory, path)
}

/// The golden databases of one kind, oldest first. The versions have no gap and end with today's.
fn databases(kind: &str, newest: u32) -> Vec<String> {
    (1..=newest).map(|version| format!("{kind}_v{version}.db")).collect()
}

fn newest_work() -> u32 {
    let (directory, store) = work_store();
    drop(store);
    user_version(&directory.path().join("work.db"))
}

fn newest_master() -> u32 {
    let directory = tempfile::TempDir::new().unwrap();
    let path = directory.path().join("master.db");
    drop(MasterStore::open(&path).unwrap());
    user_version(&path)
}

/// Records the golden push as a device did.
fn write_work(path: &Path) {
    let mut store = WorkStore::open(path, USER, INCARNATION).unwrap();
    let operations: Vec<_> =
        pushed().iter().map(|text| Operation::decode(text.as_bytes()).unwrap()).collect();
    for operation in &operations {
        store.record(operation.clone()).unwrap();
    }
    let applied = operations.iter().zip(WORK_OPERATIONS).filter(|(_, applied)| *applied);
    let results = applied.map(|(operation, _)| result(operation, Outcome::Applied)).collect();
    store.apply_push_response(&PushResponse { results, epoch: EPOCH, server_time: at(90) }).unwrap();
    let upload = Upload { url: "/api/v1/photos/uploads/1".to_owned(), offset: 1 };
    store.photo_progress(&PhotoHash::of(b"a"), Some(&upload)).unwrap();
    let inspection_id = InspectionId(uuid(0x39));
    store.save_draft(&Draft { inspection_id, saved_at: at(80), json: r#"{"step":2}"#.to_owned() }).unwrap();
}

fn write_master(path: &Path) {
    MasterStore::open(path).unwrap().apply_page(&golden_page()).unwrap();
}

#[test]
fn every_version_of_a_schema_has_its_golden_database() {
    type Write = fn(&Path);
    let kinds = [("work", newest_work(), write_work as Write), ("master", newest_master(), write_master)];
    for (kind, newest, write) in kinds {
        let path = folder().join(format!("{kind}_v{newest}.db"));
        if std::env::var_os("GOLDEN").is_some() && !path.exists() {
            write(&path);
        }
        for name in databases(kind, newest) {
            let path = folder().join(&name);
            assert!(path.exists(), "{name} is missing: see the head of {}", file!());
            assert_eq!(name, format!("{kind}_v{}.db", user_version(&path)), "it is the file of its version");
        }
    }
}

#[test]
fn every_golden_work_database_opens_and_its_outbox_pushes_its_original_bytes() {
    let operations = pushed();
    for name in databases("work", newest_work()) {
        let (_directory, path) = copy_of(&name);
        let mut store = WorkStore::open(&path, USER, INCARNATION).unwrap();
        let count = if name == "work_v1.db" { OPERATIONS_OF_WORK_V1 } else { operations.len() };
        let waiting: Vec<_> = operations[..count]
            .iter()
            .zip(WORK_OPERATIONS)
            .filter(|(_, applied)| !applied)
            .map(|(text, _)| text.clone())
            .collect();
        let sent = store.outbox_batch(usize::MAX, usize::MAX).unwrap();
        let mut sent: Vec<_> = sent.into_iter().map(|op| String::from_utf8(op.bytes).unwrap()).collect();
        sent.sort();
        let mut expected = waiting.clone();
        expected.sort();
        assert_eq!(sent, expected, "{name}");

        let counts = store.counts().unwrap();
        let waits = u64::try_from(waiting.len()).unwrap();
        assert_eq!((counts.waiting, counts.acknowledged, counts.drafts), (waits, 1, 1), "{name}");
        assert_eq!(store.epoch().unwrap(), Some(EPOCH));
        let sealed = InspectionId(uuid(0x31));
        let own = store.inspection(sealed).unwrap().unwrap().inspection;
        assert_eq!(own.site_representative, amended_from(&operations[2]), "{name}");
        assert_eq!(store.lineage(sealed).unwrap().len(), 2, "{name}");
        let resumed = store.next_unjudged_photo(None).unwrap().unwrap();
        assert_eq!(resumed.sha256, PhotoHash::of(b"a"), "an upload goes on where it stood");
        let next = u64::try_from(count + 1).unwrap();
        assert_eq!(store.record(submission()).unwrap(), next, "numbers go on");
    }
}

fn amended_from(text: &str) -> sync_core::model::inspection::SiteRepresentative {
    match Operation::decode(text.as_bytes()).unwrap().body {
        Body::SubmitInspection(inspection) => inspection.site_representative,
        other => panic!("{other:?}"),
    }
}

#[test]
fn every_golden_master_opens_and_its_rows_are_read() {
    let page = golden_page();
    for name in databases("master", newest_master()) {
        let (_directory, path) = copy_of(&name);
        let mut store = MasterStore::open(&path).unwrap();
        assert_eq!(store.cursor().unwrap().as_deref(), Some(page.cursor.as_str()), "{name}");
        assert_eq!(store.as_of().unwrap(), Some(page.server_time), "{name}");
        let target = store.target(TargetId(uuid(0x21))).unwrap().unwrap();
        assert_eq!((target.content.name.as_str(), target.version), ("东环路安置房工地", 2), "{name}");
        let read = [
            store.units().unwrap().len(),
            store.grids().unwrap().len(),
            store.zones().unwrap().len(),
            store.packs().unwrap().len(),
            store.assignments().unwrap().len(),
            store.cases(&[InspectionId(uuid(0x31))]).unwrap().len(),
            store.rectifications().unwrap().len(),
            store.fire_points().unwrap().len(),
        ];
        assert_eq!(read, [1; 8], "{name}");
        // A column that was added while the device was offline: the rows it has are read without it, the next ones with it.
        let mut newer = content_of(&page, "target");
        newer["added_later"] = json!({ "unit": "µg/m³" });
        newer["version"] = json!(3);
        store.apply_page(&crate::fixtures::page("c2", vec![upsert("target", uuid(0x21), &newer)])).unwrap();
        assert_eq!(store.target(TargetId(uuid(0x21))).unwrap().unwrap().version, 3, "{name}");
        drop(store);
        let kept: String = Connection::open(&path)
            .unwrap()
            .query_row("SELECT json FROM pulled WHERE entity = 'target'", [], |row| row.get(0))
            .unwrap();
        assert_eq!(kept, newer.to_string(), "{name}: the new column waits for a build that reads it");
    }
}

fn content_of(page: &PullPage, entity: &str) -> Value {
    let change = page.changes.iter().find(|change| change.entity == entity && change.row.is_some()).unwrap();
    serde_json::from_str(change.row.as_ref().unwrap().get()).unwrap()
}

#[test]
fn every_golden_text_of_the_wire_is_read_and_nothing_in_it_is_lost() {
    for version in 1..=PROTOCOL_VERSION {
        let file = |name: &str| wire_file(version, name);
        let push: PushRequest = read_whole(&file("push.json"));
        for operation in &push.operations {
            let read = Operation::decode(operation.get().as_bytes()).unwrap();
            let after = serde_json::from_slice(&read.encode().unwrap()).unwrap();
            let before = serde_json::from_str(operation.get()).unwrap();
            assert!(contains(&after, &before), "{after}\nhas lost some of\n{before}");
        }
        let answer: PushResponse = read_whole(&file("push_answer.json"));
        assert_eq!(answer.results.len(), 6, "one for each outcome");
        let PullAnswer::Page(page) = read_whole(&file("pull_page.json")) else { panic!("not a page") };
        assert!(Cursor::decode(&page.cursor).is_ok());
        let (_directory, mut store) = device_store();
        let pulled = store.apply_page(&page).unwrap();
        assert_eq!(
            (pulled.master.unknown_kinds, pulled.master.unreadable, pulled.work.unreadable),
            (0, 0, 0)
        );
        let restarts: Vec<PullAnswer> = read_whole(&file("pull_restarts.json"));
        assert_eq!(restarts.len(), 3, "one for each reason");
        let problem: Problem = read_whole(&file("problem.json"));
        assert_eq!(problem.faults.len(), 1);
        let access: Value = serde_json::from_str(&file("access.json")).unwrap();
        let part = |name: &str| access[name].to_string();
        read_whole::<EnrolRequest>(&part("enrol_request"));
        read_whole::<Enrolled>(&part("enrolled"));
        read_whole::<Challenge>(&part("challenge"));
        read_whole::<TokenRequest>(&part("token_request"));
        read_whole::<AccessToken>(&part("access_token"));
    }
}

/// What is added to the wire is added to its golden files: the compiler asks for the line here, the test for the text.
#[test]
fn every_kind_of_operation_outcome_and_row_has_its_golden_text() {
    let kinds: Vec<_> = pushed()
        .iter()
        .map(|text| match Operation::decode(text.as_bytes()).unwrap().body {
            Body::RegisterTarget(_) => 0,
            Body::UpdateTarget(_) => 1,
            Body::SubmitInspection(_) => 2,
            Body::AmendInspection(_) => 3,
            Body::ReportRectification(_) => 4,
            Body::RecheckRectification(_) => 5,
            Body::VerifyFirePoint(_) => 6,
        })
        .collect();
    assert_eq!(kinds, (0..=6).collect::<Vec<_>>());
    let answer: PushResponse = serde_json::from_str(&wire_file(1, "push_answer.json")).unwrap();
    let outcomes = answer.results.iter().map(|result| match result.outcome {
        Outcome::Applied => 0,
        Outcome::Duplicate { rejection: None } => 1,
        Outcome::Duplicate { rejection: Some(_) } => 2,
        Outcome::Rejected(_) => 3,
        Outcome::Held { .. } => 4,
        Outcome::Quarantined => 5,
    });
    assert!(outcomes.eq(0..=5));
    assert_eq!(OPERATION_SCHEMA_VERSION, 1, "a new schema of operations gets golden operations beside these");
    let page = golden_page();
    let rows = page.changes.iter().filter(|change| change.row.is_some()).count();
    assert_eq!(rows, ROW_KINDS.len());
    for kind in ROW_KINDS {
        assert!(page.changes.iter().any(|change| change.entity == kind), "{kind}");
    }
}

/// Every kind that `wire::pull::entity` names.
const ROW_KINDS: [&str; 11] = {
    use sync_core::wire::pull::entity as e;
    [
        e::UNIT,
        e::GRID,
        e::ZONE,
        e::PACK,
        e::ASSIGNMENT,
        e::TARGET,
        e::CASE,
        e::RECTIFICATION,
        e::FIRE_POINT,
        e::OPERATION,
        e::PHOTO,
    ]
};

#[test]
fn a_golden_device_takes_a_page_of_a_newer_server_and_keeps_all_of_it() {
    let directory = tempfile::TempDir::new().unwrap();
    for kind in ["work", "master"] {
        fs::copy(folder().join(format!("{kind}_v1.db")), directory.path().join(format!("{kind}.db")))
            .unwrap();
    }
    let opened = DeviceStore::open(directory.path(), USER, INCARNATION, at(0)).unwrap();
    assert_eq!(opened.set_aside, [] as [PathBuf; 0]);
    let mut store = opened.store;
    let text =
        wire_file(1, "pull_page.json").replace(r#""row":{"#, r#""row":{"of_a_newer_server":[1.50,null],"#);
    let text = text.replace(r#""answer":"page","#, r#""answer":"page","table_hashes":{"unit":"9a"},"#);
    let text = text.replace(
        "\"changes\":[",
        r#""changes":[{"entity":"drone","id":"7","change":"upsert","seen":1,"row":{"rotors": 4}},"#,
    );
    let PullAnswer::Page(page) = serde_json::from_str(&text).unwrap() else { panic!("{text}") };
    let pulled = store.apply_page(&page).unwrap();
    assert_eq!((pulled.master.unknown_kinds, pulled.master.unreadable, pulled.work.unreadable), (1, 0, 0));
    drop(store);
    let master = Connection::open(directory.path().join("master.db")).unwrap();
    let kept = |entity: &str| -> String {
        master.query_row("SELECT json FROM pulled WHERE entity = ?1", [entity], |row| row.get(0)).unwrap()
    };
    assert_eq!(kept("drone"), r#"{"rotors": 4}"#);
    for kind in ROW_KINDS.into_iter().filter(|kind| !["operation", "photo"].contains(kind)) {
        assert!(kept(kind).starts_with(r#"{"of_a_newer_server":[1.50,null],"#), "{kind}");
    }
}

/// An outcome that this build has not heard of says nothing about the operation: it waits, the others settle.
#[test]
fn an_outcome_of_a_newer_server_settles_nothing_and_hinders_nothing() {
    let (_directory, path) = copy_of("work_v2.db");
    let mut store = WorkStore::open(&path, USER, INCARNATION).unwrap();
    let waiting = whole_outbox(&store);
    let known = OperationResult { op_id: waiting[1], outcome: Outcome::Applied };
    let results = json!([
        { "op_id": waiting[0], "outcome": "postponed", "until": "tomorrow" },
        known,
        { "op_id": waiting[2], "outcome": "held", "missing": [{ "what": "weather", "id": 7 }] },
    ]);
    let answer = json!({ "results": results, "epoch": EPOCH, "server_time": at(100) }).to_string();
    let answer: PushResponse = serde_json::from_str(&answer).unwrap();
    assert_eq!(answer.results, [known]);
    store.apply_push_response(&answer).unwrap();
    let left: Vec<OperationId> = waiting.iter().copied().filter(|id| *id != waiting[1]).collect();
    assert_eq!(whole_outbox(&store), left);
}

/// Operations that a newer device recorded are kept and sent as they are, also by an older build of this program.
#[test]
fn an_operation_with_fields_of_a_newer_build_is_sent_as_it_was_written() {
    let (_directory, path) = copy_of("work_v2.db");
    let newer = pushed()[2].replace(r#""notes":"#, r#""weather":{"wind": "6 级"},"notes":"#);
    assert!(RawValue::from_string(newer.clone()).is_ok());
    assert!(Operation::decode(newer.as_bytes()).is_ok(), "fields that are not known are passed over");
    Connection::open(&path)
        .unwrap()
        .execute("UPDATE operation SET bytes = CAST(?1 AS BLOB) WHERE device_seq = 3", [&newer])
        .unwrap();
    let store = WorkStore::open(&path, USER, INCARNATION).unwrap();
    let sent = store.outbox_batch(usize::MAX, usize::MAX).unwrap();
    assert!(sent.iter().any(|op| op.bytes == newer.as_bytes()));
}
