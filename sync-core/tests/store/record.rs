//! Recording: an operation and its rows, or nothing.

use crate::fixtures::*;
use sync_core::ids::{Incarnation, InspectionId, PhotoHash, UserId};
use sync_core::store::{Draft, OperationState, StoreError};
use sync_core::wire::operation::{Body, Operation};

#[test]
fn numbers_run_from_one_without_gaps_and_are_in_the_bytes() {
    let (_directory, mut store) = work_store();
    for expected in 1..=3 {
        assert_eq!(store.record(submission()).unwrap(), expected);
    }
    for (op, expected) in store.outbox_batch(10, usize::MAX).unwrap().iter().zip(1..) {
        assert_eq!(op.device_seq, expected);
        assert_eq!(Operation::decode(&op.bytes).unwrap().header.device_seq, expected);
    }
}

#[test]
fn what_is_recorded_survives_the_end_of_the_program() {
    let (directory, mut store) = work_store();
    let op = submission();
    store.record(op.clone()).unwrap();
    let bytes = store.outbox_batch(1, usize::MAX).unwrap();
    drop(store);
    let store =
        sync_core::store::WorkStore::open(&directory.path().join("work.db"), USER, Incarnation(uuid(1)))
            .unwrap();
    assert_eq!(store.incarnation(), INCARNATION, "an old file keeps its incarnation");
    assert_eq!(store.outbox_batch(1, usize::MAX).unwrap(), bytes);
    assert_eq!(store.inspections(10).unwrap()[0].op_id, op.header.op_id);
}

#[test]
fn a_failed_record_leaves_neither_row_nor_operation_nor_a_gap() {
    let (_directory, mut store) = work_store();
    let photo = PhotoHash::of(b"photo");
    let id = InspectionId::fresh();
    store.record(operation(Body::SubmitInspection(inspection(id)))).unwrap();
    let mut again = inspection(id);
    let Body::SubmitInspection(with_photos) = submission_with_photos(&[&photo]).body else { unreachable!() };
    again.photos = with_photos.photos;
    let failed = store.record(operation(Body::SubmitInspection(again)));
    assert!(matches!(failed, Err(StoreError::InspectionExists(found)) if found == id), "{failed:?}");
    assert_eq!(store.photo_state(&photo).unwrap(), None);
    assert_eq!(store.counts().unwrap().waiting, 1);
    assert_eq!(store.record(submission()).unwrap(), 2);
}

#[test]
fn an_operation_that_could_never_be_sent_is_refused_at_once() {
    let (_directory, mut store) = work_store();
    let mut huge = inspection(InspectionId::fresh());
    huge.notes = "尘".repeat(sync_core::limits::OPERATION_MAX_BYTES / 3);
    let refused = store.record(operation(Body::SubmitInspection(huge)));
    assert!(matches!(refused, Err(StoreError::Operation(_))), "{refused:?}");
    assert_eq!(store.counts().unwrap().waiting, 0);
    assert_eq!(store.inspections(10).unwrap(), vec![]);
}

#[test]
fn the_same_operation_again_answers_its_number_and_writes_nothing() {
    let (_directory, mut store) = work_store();
    let op = submission();
    store.record(submission()).unwrap();
    assert_eq!(store.record(op.clone()).unwrap(), 2);
    assert_eq!(store.record(op).unwrap(), 2);
    assert_eq!(store.counts().unwrap().waiting, 2);
}

#[test]
fn the_same_operation_id_with_other_content_is_refused_loudly() {
    let (_directory, mut store) = work_store();
    let op = submission();
    store.record(op.clone()).unwrap();
    let mut other = submission();
    other.header.op_id = op.header.op_id;
    let refused = store.record(other);
    assert!(
        matches!(refused, Err(StoreError::OperationIdReused(id)) if id == op.header.op_id),
        "{refused:?}"
    );
}

#[test]
fn operations_of_another_user_or_installation_are_refused() {
    let (_directory, mut store) = work_store();
    let mut foreign = submission();
    foreign.header.author = UserId(uuid(99));
    assert!(matches!(store.record(foreign), Err(StoreError::OtherUser { .. })));
    let mut foreign = submission();
    foreign.header.incarnation = Incarnation(uuid(99));
    assert!(matches!(store.record(foreign), Err(StoreError::OtherIncarnation { .. })));
}

#[test]
fn a_new_incarnation_counts_from_one_and_what_waits_keeps_its_bytes() {
    let (_directory, mut store) = work_store();
    store.record(submission()).unwrap();
    let before = store.outbox_batch(10, usize::MAX).unwrap();
    let renewed = Incarnation(uuid(77));
    store.renew_incarnation(renewed).unwrap();
    let mut op = submission();
    op.header.incarnation = renewed;
    assert_eq!(store.record(op).unwrap(), 1);
    assert_eq!(store.outbox_batch(10, usize::MAX).unwrap()[0], before[0]);
}

#[test]
fn a_change_that_comes_after_sealing_brings_no_draft_back() {
    let (_directory, mut store) = work_store();
    let op = submission();
    let Body::SubmitInspection(sealed) = &op.body else { panic!("not a submission") };
    let draft = Draft { inspection_id: sealed.inspection_id, saved_at: at(0), json: "{}".to_owned() };
    store.save_draft(&draft).unwrap();
    store.record(op.clone()).unwrap();
    let late = store.save_draft(&draft);
    assert!(matches!(late, Err(StoreError::InspectionExists(id)) if id == sealed.inspection_id), "{late:?}");
    assert_eq!(store.drafts().unwrap(), []);
}

#[test]
fn sealing_an_inspection_takes_its_draft_away_and_no_other() {
    let (_directory, mut store) = work_store();
    let (sealed, open) = (InspectionId(uuid(1)), InspectionId(uuid(2)));
    for (inspection_id, minute) in [(sealed, 1), (open, 2), (open, 3)] {
        let json = format!("{{\"step\":{minute}}}");
        store.save_draft(&Draft { inspection_id, saved_at: at(minute), json }).unwrap();
    }
    store.record(operation(Body::SubmitInspection(inspection(sealed)))).unwrap();
    let left = store.drafts().unwrap();
    assert_eq!(left, vec![Draft { inspection_id: open, saved_at: at(3), json: "{\"step\":3}".to_owned() }]);
    assert_eq!(store.draft(open).unwrap().as_ref(), left.first());
    assert!(store.discard_draft(open).unwrap());
    assert!(!store.discard_draft(open).unwrap());
}

#[test]
fn own_inspections_are_listed_newest_first_with_their_state() {
    let (_directory, mut store) = work_store();
    let first = submission();
    let correction = amendment(&first);
    store.record(first.clone()).unwrap();
    store.record(correction.clone()).unwrap();
    store.apply_results(&[result(&first, sync_core::wire::push::Outcome::Applied)], at(5)).unwrap();
    let Body::SubmitInspection(sealed) = &first.body else { unreachable!() };
    let lineage = store.lineage(sealed.lineage).unwrap();
    assert_eq!(lineage.len(), 2);
    assert_eq!(lineage[0].state, OperationState::Applied { at: at(5) });
    assert_eq!(lineage[1].state, OperationState::Waiting);
    assert_eq!(lineage[1].inspection.replaces, Some(sealed.inspection_id));
    assert_eq!(store.inspection(sealed.inspection_id).unwrap().unwrap().inspection, *sealed);
    assert_eq!(store.inspections(1).unwrap().len(), 1);
}

#[test]
fn a_nul_character_in_a_note_comes_back_as_it_went_and_blocks_nothing() {
    let (_directory, mut store) = work_store();
    let id = InspectionId::fresh();
    let mut noted = inspection(id);
    noted.notes = "尘\0土".to_owned();
    store.record(operation(Body::SubmitInspection(noted.clone()))).unwrap();
    store.record(submission()).unwrap();
    assert_eq!(store.inspection(id).unwrap().unwrap().inspection, noted);
    let sent = store.outbox_batch(10, usize::MAX).unwrap();
    assert_eq!(Operation::decode(&sent[0].bytes).unwrap().body, Body::SubmitInspection(noted));
    assert_eq!(sent.len(), 2);
}
