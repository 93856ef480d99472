//! The photo queue: resumed, refused, verified, when an original may go, and which are named by nothing.

use crate::fixtures::*;
use rusqlite::Connection;
use sync_core::ids::{CaseId, Epoch, InspectionId, PhotoHash, UserId};
use sync_core::store::{Draft, PhotoState, Upload, WorkStore};
use sync_core::wire::field_record::RectificationReport;
use sync_core::wire::operation::{Body, Operation};
use sync_core::wire::problem::ProblemKind;
use sync_core::wire::pull::PhotoRow;
use sync_core::wire::push::Outcome;

fn verified(sha256: &PhotoHash) -> PhotoRow {
    PhotoRow { sha256: sha256.clone(), refusal: None }
}

fn refused(sha256: &PhotoHash) -> PhotoRow {
    PhotoRow { sha256: sha256.clone(), refusal: Some(ProblemKind::PhotoTruncated.rejection(None)) }
}

fn draft_with(photo: &PhotoHash) -> Draft {
    Draft { inspection_id: InspectionId(uuid(1)), saved_at: at(1), json: format!("[\"{photo}\"]") }
}

/// The operation that reports a rectification with this photo.
fn report_with(photo: &PhotoHash) -> Operation {
    let (case_id, photos) = (CaseId(uuid(2)), vec![photo_entry(photo)]);
    let report = RectificationReport { case_id, round: 1, text: String::new(), photos, fix: None };
    operation(Body::ReportRectification(report))
}

/// Of these originals those that a sweep would take away.
fn swept(store: &WorkStore, here: &[&PhotoHash]) -> Vec<PhotoHash> {
    store.unnamed_originals(&here.iter().map(|photo| (*photo).clone()).collect::<Vec<_>>()).unwrap()
}

#[test]
fn photos_are_uploaded_in_the_order_they_were_sealed_and_each_once() {
    let (_directory, mut store) = work_store();
    let [a, b, c] = [b"a", b"b", b"c"].map(|bytes| PhotoHash::of(bytes));
    store.record(submission_with_photos(&[&b, &a])).unwrap();
    store.record(submission_with_photos(&[&a, &c])).unwrap();
    let (mut order, mut after) = (vec![], None);
    while let Some(photo) = store.next_photo(after).unwrap() {
        after = Some(photo.position);
        order.push(photo.sha256);
    }
    assert_eq!(order, [b, a, c]);
    assert_eq!(store.counts().unwrap().photos_waiting, 3);
}

#[test]
fn an_upload_is_resumed_where_it_stopped_and_restarted_when_the_server_forgot_it() {
    let (directory, mut store) = work_store();
    let photo = PhotoHash::of(b"a");
    store.record(submission_with_photos(&[&photo])).unwrap();
    let upload = Upload { url: "/uploads/1".to_owned(), offset: 400 };
    store.photo_progress(&photo, Some(&upload)).unwrap();
    drop(store);
    let path = directory.path().join("work.db");
    let mut store = sync_core::store::WorkStore::open(&path, USER, INCARNATION).unwrap();
    assert_eq!(store.next_photo(None).unwrap().unwrap().upload, Some(upload.clone()));
    assert!(store.photo_progress(&photo, Some(&Upload { offset: 1001, ..upload })).is_err());
    store.photo_progress(&photo, None).unwrap();
    assert_eq!(store.next_photo(None).unwrap().unwrap().upload, None);
}

#[test]
fn a_photo_sent_to_its_end_is_not_waiting_but_unjudged_until_the_server_says_more() {
    let (_directory, mut store) = work_store();
    let [a, b] = [b"a", b"b"].map(|bytes| PhotoHash::of(bytes));
    store.record(submission_with_photos(&[&a, &b])).unwrap();
    let size = store.next_photo(None).unwrap().unwrap().size;
    let sent = Upload { url: "/uploads/1".to_owned(), offset: size };
    store.photo_progress(&a, Some(&Upload { offset: size - 1, ..sent.clone() })).unwrap();
    assert_eq!(store.next_unjudged_photo(None).unwrap(), None);
    store.photo_progress(&a, Some(&sent)).unwrap();
    let counts = store.counts().unwrap();
    assert_eq!((counts.photos_waiting, counts.photos_unjudged), (1, 1));
    assert_eq!(store.next_unjudged_photo(None).unwrap().unwrap().sha256, a);
    store.photo_settled(&verified(&a), at(1)).unwrap();
    assert_eq!(store.next_unjudged_photo(None).unwrap(), None);
    assert_eq!(store.counts().unwrap().photos_unjudged, 0);
}

#[test]
fn a_refused_photo_blocks_no_other_and_is_shown_with_its_reason() {
    let (_directory, mut store) = work_store();
    let [a, b] = [b"a", b"b"].map(|bytes| PhotoHash::of(bytes));
    store.record(submission_with_photos(&[&a, &b])).unwrap();
    store.photo_settled(&refused(&a), at(1)).unwrap();
    assert_eq!(store.next_photo(None).unwrap().unwrap().sha256, b);
    let state = store.photo_state(&a).unwrap();
    assert!(matches!(state, Some(PhotoState::Refused(r)) if r.code.as_str() == "photo_truncated"));
    assert_eq!(store.counts().unwrap().photos_refused, 1);
}

#[test]
fn verified_is_final_and_heals_a_refusal() {
    let (_directory, mut store) = work_store();
    let photo = PhotoHash::of(b"a");
    store.record(submission_with_photos(&[&photo])).unwrap();
    store.photo_settled(&refused(&photo), at(1)).unwrap();
    store.photo_settled(&verified(&photo), at(2)).unwrap();
    store.photo_settled(&refused(&photo), at(3)).unwrap();
    assert_eq!(store.photo_state(&photo).unwrap(), Some(PhotoState::Verified { at: at(2) }));
    assert_eq!(store.next_photo(None).unwrap(), None);
}

#[test]
fn an_original_may_go_only_once_verified_backed_up_and_in_no_draft() {
    let (_directory, mut store) = work_store();
    let photo = PhotoHash::of(b"a");
    assert!(!store.photo_may_go(&photo).unwrap(), "a photo nobody sealed");
    store.record(submission_with_photos(&[&photo])).unwrap();
    assert!(!store.photo_may_go(&photo).unwrap(), "waiting");
    let row = serde_json::json!(verified(&photo));
    store.apply_pulled(&page("1", vec![upsert("photo", photo.as_str(), &row)])).unwrap();
    assert!(!store.photo_may_go(&photo).unwrap(), "verified, and no backup has it");
    let mut backup = page("2", vec![]);
    for (minute, may_go) in [(59, false), (60, true), (10, true)] {
        backup.backed_up_through = Some(at(minute));
        store.apply_pulled(&backup).unwrap();
        assert_eq!(store.photo_may_go(&photo).unwrap(), may_go, "backed up through minute {minute}");
    }
    store.save_draft(&draft_with(&photo)).unwrap();
    assert!(!store.photo_may_go(&photo).unwrap(), "a draft uses it again");
}

#[test]
fn a_restored_server_gets_the_photos_again_that_no_backup_has() {
    let (_directory, mut store) = work_store();
    let [old, recent, begun] = [b"a", b"b", b"c"].map(|bytes| PhotoHash::of(bytes));
    store.record(submission_with_photos(&[&old, &recent, &begun])).unwrap();
    let mut backup = page("1", vec![]);
    backup.backed_up_through = Some(at(10));
    store.apply_pulled(&backup).unwrap();
    store.photo_settled(&verified(&old), at(10)).unwrap();
    store.photo_settled(&verified(&recent), at(20)).unwrap();
    store.photo_progress(&begun, Some(&Upload { url: "/uploads/1".to_owned(), offset: 9 })).unwrap();
    let mut restored = page("1", vec![]);
    restored.epoch = Epoch(uuid(0xEE));
    assert_eq!(store.apply_pulled(&restored).unwrap().requeued, 1);
    assert_eq!(store.photo_state(&old).unwrap(), Some(PhotoState::Verified { at: at(10) }));
    for photo in [recent, begun] {
        assert_eq!(store.photo_state(&photo).unwrap(), Some(PhotoState::Waiting { upload: None }));
    }
}

#[test]
fn a_sweep_takes_originals_that_nothing_names_and_no_others() {
    let (_directory, mut store) = work_store();
    let [drafted, sealed, reported, shot, retaken, elsewhere] =
        [b"a", b"b", b"c", b"d", b"e", b"f"].map(|bytes| PhotoHash::of(bytes));
    let here = [&drafted, &sealed, &reported, &shot, &retaken];
    store.save_draft(&draft_with(&drafted)).unwrap();
    store.record(submission_with_photos(&[&sealed])).unwrap();
    store.record(report_with(&reported)).unwrap();
    assert_eq!(swept(&store, &here), [shot.clone(), retaken.clone()]);
    assert_eq!(swept(&store, &[]), [], "only of those that it was asked about");
    assert_eq!(swept(&store, &[&elsewhere]), [elsewhere], "asked about by itself");
    store.save_draft(&draft_with(&shot)).unwrap();
    assert_eq!(swept(&store, &here), [drafted.clone(), retaken.clone()], "a draft that names another now");
    store.discard_draft(InspectionId(uuid(1))).unwrap();
    assert_eq!(swept(&store, &here), [drafted, shot, retaken], "a draft that was discarded");
}

#[test]
fn a_sweep_takes_no_original_that_was_ever_sealed_whatever_became_of_it() {
    let (_directory, mut store) = work_store();
    let [waiting, halfway, verified_one, refused_one, of_refused] =
        [b"a", b"b", b"c", b"d", b"e"].map(|bytes| PhotoHash::of(bytes));
    let here = [&waiting, &halfway, &verified_one, &refused_one, &of_refused];
    let (sent, refused_work) = (submission_with_photos(&here[..4]), submission_with_photos(&here[4..]));
    for operation in [&sent, &refused_work] {
        store.record(operation.clone()).unwrap();
    }
    store.photo_progress(&halfway, Some(&Upload { url: "/uploads/1".to_owned(), offset: 400 })).unwrap();
    store.photos_settled(&[verified(&verified_one), refused(&refused_one)], at(1)).unwrap();
    store
        .apply_results(&[result(&sent, Outcome::Applied), result(&refused_work, rejected())], at(1))
        .unwrap();
    assert_eq!(swept(&store, &here), []);
}

#[test]
fn whatever_names_an_original_keeps_it_from_a_sweep_by_itself() {
    let photo = PhotoHash::of(b"a");
    // What a store may be left with: each table names it, and no other.
    for (named_by, others) in [
        ("photo", ["operation", "inspection", "field_record"].as_slice()),
        ("inspection", &["photo", "operation", "field_record"]),
        ("field_record", &["photo", "operation", "inspection"]),
        ("operation", &["photo", "inspection", "field_record"]),
    ] {
        let (directory, mut store) = work_store();
        store.record(submission_with_photos(&[&photo])).unwrap();
        store.record(report_with(&photo)).unwrap();
        drop(store);
        let path = directory.path().join("work.db");
        let raw = Connection::open(&path).unwrap();
        raw.pragma_update(None, "foreign_keys", false).unwrap();
        for other in others {
            raw.execute(&format!("DELETE FROM {other}"), []).unwrap();
        }
        drop(raw);
        let store = WorkStore::open(&path, USER, INCARNATION).unwrap();
        assert_eq!(swept(&store, &[&photo]), [], "only `{named_by}` names it");
    }
}

#[test]
fn a_store_knows_what_its_own_user_names_and_must_not_be_asked_for_another() {
    let (_directory, mut store) = work_store();
    let others = tempfile::TempDir::new().unwrap();
    let colleague = WorkStore::open(&others.path().join("work.db"), UserId(uuid(0xAA)), INCARNATION).unwrap();
    let own = PhotoHash::of(b"a");
    store.record(submission_with_photos(&[&own])).unwrap();
    assert_eq!(swept(&store, &[&own]), []);
    assert_eq!(swept(&colleague, &[&own]), [own], "asked of the wrong store it would be lost");
}
