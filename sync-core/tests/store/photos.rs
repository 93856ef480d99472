//! The photo queue: resumed, refused, verified, and when an original may go.

use crate::fixtures::*;
use sync_core::ids::{Epoch, InspectionId, PhotoHash};
use sync_core::store::{Draft, PhotoState, Upload};
use sync_core::wire::problem::ProblemKind;
use sync_core::wire::pull::PhotoRow;

fn verified(sha256: &PhotoHash) -> PhotoRow {
    PhotoRow { sha256: sha256.clone(), refusal: None }
}

fn refused(sha256: &PhotoHash) -> PhotoRow {
    PhotoRow { sha256: sha256.clone(), refusal: Some(ProblemKind::PhotoTruncated.rejection(None)) }
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
    let draft =
        Draft { inspection_id: InspectionId(uuid(1)), saved_at: at(1), json: format!("[\"{photo}\"]") };
    store.save_draft(&draft).unwrap();
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
