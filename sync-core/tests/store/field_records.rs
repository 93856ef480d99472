//! Field records: reports, re-checks and fire point verifications are recorded like inspections, photos and all.

use crate::fixtures::*;
use sync_core::ids::{CaseId, FirePointId, InspectionId, PhotoHash};
use sync_core::model::photo::{PhotoEntry, PhotoSource};
use sync_core::store::{OperationState, PhotoState};
use sync_core::wire::field_record::{FirePointVerification, RectificationCheck, RectificationReport};
use sync_core::wire::operation::{Body, Operation};

fn report(case_id: CaseId, photos: Vec<PhotoEntry>) -> Operation {
    let text = "已补齐".to_owned();
    operation(Body::ReportRectification(RectificationReport { case_id, round: 1, text, photos, fix: None }))
}

fn recheck(case_id: CaseId) -> Operation {
    let check = RectificationCheck {
        case_id,
        round: 1,
        passed: true,
        text: String::new(),
        photos: vec![],
        fix: None,
    };
    operation(Body::RecheckRectification(check))
}

#[test]
fn a_report_is_one_transaction_of_operation_record_and_photo_queue() {
    let (_directory, mut store) = work_store();
    let photo = PhotoEntry {
        sha256: PhotoHash::of(b"fence"),
        size: 5,
        taken_at: at(0),
        point: None,
        source: PhotoSource::Camera,
        question: None,
    };
    let case = CaseId(uuid(1));

    store.record(report(case, vec![photo.clone()])).unwrap();
    store.record(recheck(case)).unwrap();

    let records = store.field_records([case]).unwrap();
    let kinds: Vec<_> = records.iter().map(|record| record.kind.as_str()).collect();
    assert_eq!(kinds, ["report_rectification", "recheck_rectification"]);
    assert!(records.iter().all(|record| record.state == OperationState::Waiting));
    assert_eq!(records[0].content::<RectificationReport>().unwrap().photos, std::slice::from_ref(&photo));
    assert!(matches!(store.photo_state(&photo.sha256).unwrap(), Some(PhotoState::Waiting { .. })));
    assert_eq!(store.counts().unwrap().waiting, 2);
}

#[test]
fn what_goes_out_is_read_back_as_it_was_recorded() {
    let (_directory, mut store) = work_store();
    let verification = FirePointVerification {
        fire_point_id: FirePointId(uuid(2)),
        inspection_id: Some(InspectionId(uuid(3))),
        text: String::new(),
        photos: vec![],
        fix: None,
    };
    let bodies = [
        report(CaseId(uuid(1)), vec![]).body,
        recheck(CaseId(uuid(1))).body,
        Body::VerifyFirePoint(verification),
    ];
    for body in &bodies {
        store.record(operation(body.clone())).unwrap();
    }
    let sent = store.outbox_batch(9, usize::MAX).unwrap();
    let read: Vec<_> = sent.iter().map(|sent| Operation::decode(&sent.bytes).unwrap().body).collect();
    assert_eq!(read, bodies);
}

#[test]
fn records_of_one_case_are_sent_together_and_in_order() {
    let (_directory, mut store) = work_store();
    let (case, other) = (CaseId(uuid(1)), CaseId(uuid(2)));
    for operation in [report(case, vec![]), report(other, vec![]), recheck(case)] {
        store.record(operation).unwrap();
    }
    let batch = store.outbox_batch(2, usize::MAX).unwrap();
    let numbers: Vec<_> = batch.iter().map(|operation| operation.device_seq).collect();
    assert_eq!(numbers, [1, 3]);
}
