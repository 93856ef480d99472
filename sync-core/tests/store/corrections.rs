//! Corrections: what one replaces for the server, which has nothing of an inspection that it refused, and what the inspector
//! is still asked to do something about.

use crate::context::{INSIDE, street};
use crate::fixtures::*;
use serde_json::json;
use sync_core::field::{
    Author, FieldError, NewInspection, NewTarget, Sealed, Written, attention, inspections, make_target,
    record_inspection, seal_inspection,
};
use sync_core::geo::Point;
use sync_core::ids::{BootId, DeviceId, InspectionId, OperationId, TargetId};
use sync_core::store::DeviceStore;
use sync_core::wire::operation::{Body, Operation};
use sync_core::wire::problem::ProblemKind;
use sync_core::wire::push::{Missing, OperationResult, Outcome};

/// A stockpile inspected at a spot.
fn visit(point: Point) -> NewInspection {
    let given = json!({ "kind": "stockpile", "observed": point, "occurred_at": at(10) });
    serde_json::from_value(given).unwrap()
}

fn seal(store: &DeviceStore, corrects: Option<InspectionId>) -> Result<Sealed, FieldError> {
    seal_inspection(store, USER, InspectionId::fresh(), visit(INSIDE), corrects, at(11))
}

/// Seals and records: the inspection's id and its operation's.
fn record(store: &mut DeviceStore, corrects: Option<InspectionId>) -> (InspectionId, OperationId) {
    let sealed = seal(store, corrects).unwrap();
    let author = Author { user: USER, device: DeviceId(uuid(0xC)), boot: BootId(uuid(0xD)) };
    let written = Written { op_id: OperationId::fresh(), at: at(11), monotonic: 0 };
    let recorded = record_inspection(store, &author, sealed, written).unwrap();
    (recorded.inspection_id, written.op_id)
}

fn settle(store: &mut DeviceStore, op_id: OperationId, outcome: Outcome) {
    store.work.apply_results(&[OperationResult { op_id, outcome }], at(12)).unwrap();
}

fn refused() -> Outcome {
    Outcome::Rejected(ProblemKind::TextTooLong.rejection(None))
}

/// What is sent for an inspection: the kind of the operation, and what it names as replaced.
fn sent(store: &DeviceStore, op_id: OperationId) -> (String, Option<InspectionId>) {
    let waiting = store.work.outbox_batch(100, usize::MAX).unwrap();
    let bytes = &waiting.iter().find(|operation| operation.op_id == op_id).unwrap().bytes;
    let operation = Operation::decode(bytes).unwrap();
    let (Body::SubmitInspection(inspection) | Body::AmendInspection(inspection)) = operation.body else {
        panic!("no inspection")
    };
    assert_eq!(inspection.replaces.is_none(), inspection.lineage == inspection.inspection_id);
    (operation.header.kind, inspection.replaces)
}

fn open_refusals(store: &DeviceStore) -> Vec<InspectionId> {
    let open: Vec<_> = attention(store).unwrap().refused.into_iter().map(|line| line.inspection_id).collect();
    let counts = store.work.counts().unwrap();
    assert_eq!(counts.refused - counts.refused_corrected, open.len() as u64);
    open
}

#[test]
fn a_correction_of_a_refused_inspection_is_submitted_anew_and_ends_the_matter() {
    let (_directory, mut store, _) = street();
    let (first, first_op) = record(&mut store, None);
    settle(&mut store, first_op, refused());
    assert_eq!(open_refusals(&store), [first]);

    let (second, second_op) = record(&mut store, Some(first));
    assert_eq!(sent(&store, second_op), ("submit_inspection".to_owned(), None));
    assert_eq!(open_refusals(&store), []);
    let alone = store.work.inspection(first).unwrap().unwrap();
    assert_eq!(inspections(&store, vec![alone]).unwrap()[0].replaced_by, Some(second));
    settle(&mut store, second_op, refused());
    assert_eq!(open_refusals(&store), [second], "only the newest is to be corrected");

    let (third, third_op) = record(&mut store, Some(second));
    settle(&mut store, third_op, Outcome::Applied);
    assert_eq!(open_refusals(&store), []);
    let (_, fourth_op) = record(&mut store, Some(third));
    assert_eq!(sent(&store, fourth_op), ("amend_inspection".to_owned(), Some(third)));
}

#[test]
fn a_correction_of_a_refused_correction_replaces_what_stands() {
    let (_directory, mut store, _) = street();
    let (first, first_op) = record(&mut store, None);
    settle(&mut store, first_op, Outcome::Applied);
    let (second, second_op) = record(&mut store, Some(first));
    assert_eq!(sent(&store, second_op), ("amend_inspection".to_owned(), Some(first)));
    settle(&mut store, second_op, refused());
    let (_, third_op) = record(&mut store, Some(second));
    assert_eq!(sent(&store, third_op), ("amend_inspection".to_owned(), Some(first)));
}

#[test]
fn what_was_corrected_before_its_refusal_was_heard_is_corrected_by_its_correction() {
    let (_directory, mut store, _) = street();
    let (first, first_op) = record(&mut store, None);
    let (second, second_op) = record(&mut store, Some(first));
    settle(&mut store, first_op, refused());
    settle(&mut store, second_op, Outcome::Held { missing: vec![Missing::Inspection(first)] });
    store.work.refuse_dependents(at(13)).unwrap();
    assert_eq!(open_refusals(&store), [second]);
    let (_, third_op) = record(&mut store, Some(second));
    assert_eq!(sent(&store, third_op), ("submit_inspection".to_owned(), None));
}

#[test]
fn an_inspection_is_corrected_once() {
    let (_directory, mut store, _) = street();
    let (first, first_op) = record(&mut store, None);
    let (second, second_op) = record(&mut store, Some(first));
    assert_superseded(seal(&store, Some(first)));

    settle(&mut store, first_op, refused());
    settle(&mut store, second_op, refused());
    let (_, third_op) = record(&mut store, Some(second));
    assert_superseded(seal(&store, Some(first)));
    settle(&mut store, third_op, refused());
    seal(&store, Some(first)).unwrap();
}

#[track_caller]
fn assert_superseded(sealed: Result<Sealed, FieldError>) {
    let Err(FieldError::Refused(problems)) = sealed else { panic!("{sealed:?}") };
    assert_eq!(problems[0].code, ProblemKind::Superseded.problem_code());
}

#[test]
fn a_spot_in_a_grid_of_others_is_in_the_authors_own() {
    let (_directory, mut store, _) = street();
    let mine = json!({
        "assignment_id": uuid(1), "user_id": USER, "role": "inspector", "grid": "410804/002", "unit_id": null,
        "level": "township", "from": "2024-10-08", "until": null
    });
    let own_grid = json!({ "path": "410804/002", "name": "演马", "statistical_code": null, "unit_id": uuid(13),
        "polygon": null, "staff": {} });
    let changes = vec![upsert("assignment", uuid(1), &mine), upsert("grid", "410804/002", &own_grid)];
    store.apply_page(&page("2", changes)).unwrap();
    let sealed = seal(&store, None).unwrap();
    assert_eq!(sealed.inspection.context.grid.as_str(), "410804/002");

    let named = NewInspection { grid: Some("410804/001".parse().unwrap()), ..visit(INSIDE) };
    let refused = seal_inspection(&store, USER, InspectionId::fresh(), named, None, at(11));
    assert!(matches!(refused, Err(FieldError::Refused(_))), "what a person named is not changed");

    let new_target: NewTarget = serde_json::from_value(json!({
        "kind": "stockpile", "name": "演马砂石料堆场", "point": INSIDE, "grid": "410804/001", "address": "解放路"
    }))
    .unwrap();
    let refused = make_target(&store, TargetId::fresh(), new_target.clone(), at(11));
    assert!(
        matches!(&refused, Err(FieldError::Refused(problems)) if problems[0].field.as_deref() == Some("grid"))
    );
    let own = NewTarget { grid: "410804/002".parse().unwrap(), ..new_target };
    let made = make_target(&store, TargetId::fresh(), own, at(11));
    assert!(
        !matches!(&made, Err(FieldError::Refused(p)) if p.iter().any(|p| p.field.as_deref() == Some("grid")))
    );
}
