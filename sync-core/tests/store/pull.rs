//! Pulled pages: rows, tombstones and revocations with the cursor, all or nothing.

use crate::fixtures::*;
use serde_json::json;
use sync_core::ids::{InspectionId, TargetId, UserId};
use sync_core::store::{MasterStore, PageSummary, StoreError};
use sync_core::wire::pull::ChangeKind;
use tempfile::TempDir;

fn master() -> (TempDir, MasterStore) {
    let directory = TempDir::new().unwrap();
    let master = MasterStore::open(&directory.path().join("master.db")).unwrap();
    (directory, master)
}

fn unit(name: &str) -> serde_json::Value {
    json!({ "unit_id": UNIT, "name": name, "kind": "street_office", "credit_code": null, "budget_code": "001" })
}

#[test]
fn a_page_moves_rows_and_cursor_together() {
    let (_directory, mut master) = master();
    assert_eq!(master.cursor().unwrap(), None);
    let summary = master
        .apply_page(&page(
            "c1",
            vec![upsert("unit", UNIT, &unit("马村街道")), target_row(3, &content(1, "煤场"))],
        ))
        .unwrap();
    assert_eq!(summary, PageSummary { upserted: 2, ..PageSummary::default() });
    assert_eq!(master.cursor().unwrap().as_deref(), Some("c1"));
    assert_eq!(master.as_of().unwrap(), Some(at(60)));
    assert_eq!(master.unit(UNIT).unwrap().unwrap().name, "马村街道");
    assert_eq!(master.target(TargetId(uuid(1))).unwrap().unwrap().version, 3);
}

#[test]
fn a_row_that_cannot_be_read_is_counted_and_fails_no_page() {
    let (_directory, mut master) = master();
    let unreadable = upsert("target", uuid(2), &json!({ "point": null }));
    let summary =
        master.apply_page(&page("c1", vec![unreadable, target_row(1, &content(1, "煤场"))])).unwrap();
    assert_eq!(summary, PageSummary { upserted: 2, unreadable: 1, ..PageSummary::default() });
    assert_eq!(master.cursor().unwrap().as_deref(), Some("c1"));
    assert_eq!(master.target(TargetId(uuid(2))).unwrap(), None);
    assert!(master.target(TargetId(uuid(1))).unwrap().is_some());
}

#[test]
fn the_last_change_of_a_row_within_a_page_stands() {
    let (_directory, mut master) = master();
    let id = TargetId(uuid(1));
    let (old, new) = (target_row(1, &content(1, "旧名")), target_row(2, &content(1, "新名")));
    master.apply_page(&page("c1", vec![old, gone("target", id, ChangeKind::Delete), new])).unwrap();
    assert_eq!(master.target(id).unwrap().unwrap().content.name, "新名");
    let again = target_row(3, &content(1, "新名"));
    master.apply_page(&page("c2", vec![again, gone("target", id, ChangeKind::Revoke)])).unwrap();
    assert_eq!(master.target(id).unwrap(), None);
}

#[test]
fn the_same_page_again_changes_nothing() {
    let (_directory, mut master) = master();
    let changes = || vec![target_row(1, &content(1, "煤场")), gone("unit", UNIT, ChangeKind::Delete)];
    master.apply_page(&page("c1", changes())).unwrap();
    let before = master.target(TargetId(uuid(1))).unwrap();
    let summary = master.apply_page(&page("c1", changes())).unwrap();
    assert_eq!(summary.removed, 0);
    assert_eq!(master.target(TargetId(uuid(1))).unwrap(), before);
}

#[test]
fn kinds_and_fields_of_a_newer_server_are_counted_and_fail_nothing() {
    let (_directory, mut master) = master();
    let mut newer = unit("马村街道");
    newer["added_later"] = json!([1, 2]);
    let mut strange = unit("焦作东");
    strange["kind"] = json!("moon_base");
    let changes = vec![
        upsert("drone", "7", &json!({})),
        upsert("unit", UNIT, &newer),
        upsert("unit", uuid(8), &strange),
    ];
    let summary = master.apply_page(&page("c1", changes)).unwrap();
    assert_eq!(
        summary,
        PageSummary { upserted: 3, unknown_kinds: 1, unreadable: 1, ..PageSummary::default() }
    );
    assert_eq!(master.units().unwrap().len(), 1);
}

#[test]
fn cases_are_found_by_their_inspection_lineage() {
    let (_directory, mut master) = master();
    let case = |id: u128, lineage: u128| {
        let row = json!({
            "case_id": uuid(id), "lineage": uuid(lineage), "inspection_id": uuid(lineage), "author": USER,
            "item": "stockpile", "target_id": null, "grid": "410804/001", "unit_id": UNIT,
            "occurred_at": at(0), "pack": null, "review_state": "returned", "rectification_state": "none",
            "flags": [], "version": 2, "reason": "照片不清", "charges": []
        });
        upsert("case", uuid(id), &row)
    };
    let summary =
        master.apply_page(&page("c1", vec![case(1, 11), case(2, 11), case(3, 12), case(4, 13)])).unwrap();
    assert_eq!(summary.unreadable, 0);
    let lineages = [InspectionId(uuid(11)), InspectionId(uuid(13)), InspectionId(uuid(14))];
    let cases = master.cases(&lineages).unwrap();
    assert_eq!(cases.iter().map(|c| c.case_id.0).collect::<Vec<_>>(), [uuid(1), uuid(2), uuid(4)]);
    assert_eq!(cases[0].reason.as_deref(), Some("照片不清"));
}

#[test]
fn another_users_page_is_refused_whole() {
    let (_directory, mut store) = device_store();
    let mut foreign = page("c1", vec![target_row(1, &content(1, "煤场"))]);
    foreign.user_id = UserId(uuid(99));
    assert!(matches!(store.apply_page(&foreign), Err(StoreError::OtherUser { .. })));
    assert_eq!(store.pull_cursor().unwrap(), None);
    assert_eq!(store.target(TargetId(uuid(1))).unwrap(), None);
}

#[test]
fn nul_characters_and_lone_surrogates_fail_no_page() {
    let (_directory, mut master) = master();
    let text = json!(sync_core::model::target::Target { content: content(2, "SURROGATE"), version: 1 });
    let text = text.to_string().replace("SURROGATE", "\\ud800");
    let mut surrogate = target_row(1, &content(2, "x"));
    surrogate.row = Some(serde_json::value::RawValue::from_string(text).unwrap());
    let changes = vec![target_row(1, &content(1, "煤\0场")), surrogate, target_row(1, &content(3, "砂场"))];
    let summary = master.apply_page(&page("c1", changes)).unwrap();
    assert_eq!((summary.upserted, summary.unreadable), (3, 1));
    assert_eq!(master.target(TargetId(uuid(1))).unwrap().unwrap().content.name, "煤\0场");
    assert!(master.target(TargetId(uuid(3))).unwrap().is_some());
}
