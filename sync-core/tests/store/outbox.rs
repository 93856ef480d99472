//! The outbox contract: poison, partial answers, edits in flight, restored servers.

use crate::fixtures::*;
use sync_core::ids::{Epoch, OperationId, TargetId};
use sync_core::store::OperationState;
use sync_core::wire::operation::Body;
use sync_core::wire::push::{Missing, OperationResult, Outcome, PushResponse};

fn held() -> Outcome {
    Outcome::Held { missing: vec![Missing::Target(TargetId(uuid(5)))] }
}

#[test]
fn a_rejected_operation_blocks_nothing_but_itself() {
    let (_directory, mut store) = work_store();
    let (poison, fine) = (submission(), submission());
    let correction = amendment(&poison);
    for op in [&poison, &fine, &correction] {
        store.record(op.clone()).unwrap();
    }
    store.apply_results(&[result(&poison, rejected())], at(1)).unwrap();
    assert_eq!(whole_outbox(&store), op_ids(&[&fine, &correction]));
    let counts = store.counts().unwrap();
    assert_eq!(
        (counts.refused, counts.waiting, counts.acknowledged),
        (1, 2, 0),
        "refused work is not done work"
    );
    let entry = &store.operations_by_id(&op_ids(&[&poison])).unwrap()[0];
    assert!(matches!(&entry.state, OperationState::Refused(r) if r.code.as_str() == "kind_unknown"));
}

#[test]
fn a_held_operation_waits_for_its_release_and_only_its_lineage_with_it() {
    let (_directory, mut store) = work_store();
    let (early, fine) = (submission(), submission());
    let correction = amendment(&early);
    for op in [&early, &fine, &correction] {
        store.record(op.clone()).unwrap();
    }
    store.apply_results(&[result(&early, held())], at(1)).unwrap();
    assert_eq!(whole_outbox(&store), op_ids(&[&fine]));
    assert_eq!(store.counts().unwrap().held, 1);
    assert_eq!(store.release_held().unwrap(), 1);
    assert_eq!(whole_outbox(&store), op_ids(&[&early, &fine, &correction]));
}

#[test]
fn a_partial_answer_settles_what_it_names_and_leaves_the_rest_waiting() {
    let (_directory, mut store) = work_store();
    let ops: Vec<_> = (0..5).map(|_| submission()).collect();
    for op in &ops {
        store.record(op.clone()).unwrap();
    }
    let stranger = OperationResult { op_id: OperationId::fresh(), outcome: Outcome::Applied };
    let answer = [result(&ops[3], Outcome::Applied), stranger, result(&ops[1], Outcome::Applied)];
    assert_eq!(store.apply_results(&answer, at(1)).unwrap(), 2);
    assert_eq!(whole_outbox(&store), op_ids(&[&ops[0], &ops[2], &ops[4]]));
}

#[test]
fn an_answer_twice_or_late_changes_nothing_that_stands() {
    let (_directory, mut store) = work_store();
    let (applied, refused) = (submission(), submission());
    store.record(applied.clone()).unwrap();
    store.record(refused.clone()).unwrap();
    let answer = [result(&applied, Outcome::Applied), result(&refused, rejected())];
    assert_eq!(store.apply_results(&answer, at(1)).unwrap(), 2);
    let stands = store.operations(10).unwrap();
    assert_eq!(store.apply_results(&answer, at(2)).unwrap(), 0);
    let late = [result(&applied, held()), result(&refused, Outcome::Applied)];
    assert_eq!(store.apply_results(&late, at(3)).unwrap(), 0);
    assert_eq!(store.operations(10).unwrap(), stands);
}

#[test]
fn a_duplicate_says_what_became_of_it_the_first_time() {
    let (_directory, mut store) = work_store();
    let (applied, refused) = (submission(), submission());
    store.record(applied.clone()).unwrap();
    store.record(refused.clone()).unwrap();
    let Outcome::Rejected(rejection) = rejected() else { unreachable!() };
    let answer = [
        result(&applied, Outcome::Duplicate { rejection: None }),
        result(&refused, Outcome::Duplicate { rejection: Some(rejection) }),
    ];
    store.apply_results(&answer, at(1)).unwrap();
    let counts = store.counts().unwrap();
    assert_eq!((counts.acknowledged, counts.refused), (1, 1));
}

#[test]
fn an_edit_made_while_a_push_is_in_flight_is_sent_next() {
    let (_directory, mut store) = work_store();
    let first = submission();
    store.record(first.clone()).unwrap();
    let in_flight = whole_outbox(&store);
    let correction = amendment(&first);
    store.record(correction.clone()).unwrap();
    assert_eq!(in_flight, op_ids(&[&first]));
    store.apply_results(&[result(&first, Outcome::Applied)], at(1)).unwrap();
    assert_eq!(whole_outbox(&store), op_ids(&[&correction]));
}

#[test]
fn a_lost_answer_sends_the_same_bytes_again() {
    let (_directory, mut store) = work_store();
    store.record(submission()).unwrap();
    let sent = store.outbox_batch(10, usize::MAX).unwrap();
    assert_eq!(store.outbox_batch(10, usize::MAX).unwrap(), sent);
}

#[test]
fn a_batch_never_ends_inside_a_lineage() {
    let (_directory, mut store) = work_store();
    let (a, b) = (submission(), submission());
    let (a2, b2) = (amendment(&a), amendment(&b));
    for op in [&a, &b, &a2, &b2] {
        store.record(op.clone()).unwrap();
    }
    for (most, expected) in [(4, vec![&a, &b, &a2, &b2]), (3, vec![&a, &a2]), (2, vec![&a, &a2])] {
        assert_eq!(ids(&store.outbox_batch(most, usize::MAX).unwrap()), op_ids(&expected), "{most}");
    }
    assert_eq!(
        ids(&store.outbox_batch(1, usize::MAX).unwrap()),
        op_ids(&[&a]),
        "one larger than a batch goes in parts"
    );
}

#[test]
fn a_batch_holds_as_many_bytes_as_it_may_and_never_none() {
    let (_directory, mut store) = work_store();
    let ops: Vec<_> = (0..3).map(|_| submission()).collect();
    for op in &ops {
        store.record(op.clone()).unwrap();
    }
    let one = store.outbox_batch(1, usize::MAX).unwrap()[0].bytes.len() + 1;
    for (bytes, expected) in
        [(3 * one, 3), (3 * one - 1, 2), (2 * one, 2), (2 * one - 1, 1), (one, 1), (1, 1)]
    {
        assert_eq!(store.outbox_batch(10, bytes).unwrap().len(), expected, "{bytes} bytes");
    }
}

#[test]
fn held_operations_cannot_fill_every_batch() {
    let (_directory, mut store) = work_store();
    let stuck: Vec<_> = (0..3).map(|_| submission()).collect();
    let fine = submission();
    for op in stuck.iter().chain([&fine]) {
        store.record(op.clone()).unwrap();
    }
    for _round in 0..2 {
        store.release_held().unwrap();
        assert_eq!(
            ids(&store.outbox_batch(3, usize::MAX).unwrap()),
            op_ids(&stuck.iter().collect::<Vec<_>>())
        );
        let answer: Vec<_> = stuck.iter().map(|op| result(op, held())).collect();
        store.apply_results(&answer, at(1)).unwrap();
        assert_eq!(ids(&store.outbox_batch(3, usize::MAX).unwrap()), op_ids(&[&fine]));
    }
}

#[test]
fn a_server_with_a_new_epoch_gets_everything_that_no_backup_has() {
    let (_directory, mut store) = work_store();
    let (old, recent, refused) = (submission(), submission(), submission());
    for op in [&old, &recent, &refused] {
        store.record(op.clone()).unwrap();
    }
    let answer = |results, epoch, server_time| PushResponse { results, epoch, server_time };
    store.apply_push_response(&answer(vec![result(&old, Outcome::Applied)], EPOCH, at(10))).unwrap();
    let results = vec![result(&recent, Outcome::Applied), result(&refused, rejected())];
    store.apply_push_response(&answer(results, EPOCH, at(20))).unwrap();
    let mut backup = page("1", vec![]);
    backup.backed_up_through = Some(at(10));
    assert_eq!(store.apply_pulled(&backup).unwrap().forgotten, 1);
    let original = store.operations_by_id(&op_ids(&[&recent])).unwrap();

    let mut restored = page("1", vec![]);
    restored.epoch = Epoch(uuid(0xEE));
    assert_eq!(store.apply_pulled(&restored).unwrap().requeued, 1);
    assert_eq!(whole_outbox(&store), op_ids(&[&recent]));
    assert_eq!(store.operations_by_id(&op_ids(&[&recent])).unwrap()[0].device_seq, original[0].device_seq);
    assert_eq!(store.apply_pulled(&restored).unwrap().requeued, 0, "an epoch is new once");
    assert_eq!(store.epoch().unwrap(), Some(restored.epoch));
    assert_eq!(store.counts().unwrap().acknowledged, 1);
}

#[test]
fn quarantined_work_is_kept_not_sent_and_not_counted_as_done() {
    let (_directory, mut store) = work_store();
    let op = submission();
    store.record(op.clone()).unwrap();
    store.apply_results(&[result(&op, Outcome::Quarantined)], at(1)).unwrap();
    assert!(whole_outbox(&store).is_empty());
    let mut backup = page("1", vec![]);
    backup.backed_up_through = Some(at(100));
    assert_eq!(store.apply_pulled(&backup).unwrap().forgotten, 0);
    let counts = store.counts().unwrap();
    assert_eq!((counts.quarantined, counts.acknowledged), (1, 0));
    store.apply_results(&[result(&op, Outcome::Applied)], at(2)).unwrap();
    assert_eq!(store.counts().unwrap().acknowledged, 1);
}

#[test]
fn a_pulled_result_heals_a_lost_answer() {
    let (_directory, mut store) = work_store();
    let op = submission();
    store.record(op.clone()).unwrap();
    let row = serde_json::json!(result(&op, Outcome::Applied));
    let changes = vec![
        upsert("operation", op.header.op_id, &row),
        upsert("operation", uuid(3), &serde_json::json!({ "op_id": uuid(3), "outcome": "unheard_of" })),
    ];
    let settled = store.apply_pulled(&page("1", changes)).unwrap();
    assert_eq!((settled.operations, settled.unreadable), (1, 1));
    assert_eq!(store.counts().unwrap().acknowledged, 1);
}

#[test]
fn targets_and_inspections_leave_in_the_order_they_were_recorded() {
    let (_directory, mut store) = work_store();
    let target = operation(Body::RegisterTarget(content(1, "新堆场")));
    let (visit, change) = (submission(), update(1, content(1, "新堆场二")));
    for op in [&target, &visit, &change] {
        store.record(op.clone()).unwrap();
    }
    assert_eq!(whole_outbox(&store), op_ids(&[&target, &visit, &change]));
}

#[test]
fn what_waits_for_something_refused_is_refused_with_it_and_keeps_its_bytes() {
    let (_directory, mut store) = work_store();
    let register = operation(Body::RegisterTarget(content(5, "煤场")));
    let (on_target, other) = (submission(), submission());
    let correction = amendment(&on_target);
    for op in [&register, &on_target, &correction, &other] {
        store.record(op.clone()).unwrap();
    }
    let Body::SubmitInspection(inspection) = &on_target.body else { panic!("not a submission") };
    let no_inspection = Outcome::Held { missing: vec![Missing::Inspection(inspection.inspection_id)] };
    let elsewhere = Outcome::Held { missing: vec![Missing::Target(TargetId(uuid(6)))] };
    let answer = [
        result(&register, rejected()),
        result(&on_target, held()),
        result(&correction, no_inspection),
        result(&other, elsewhere),
    ];
    store.apply_results(&answer, at(1)).unwrap();

    let refused = store.refuse_dependents(at(2)).unwrap();

    // The correction too, whose inspection was refused only now.
    let refused: Vec<_> = refused.iter().map(|result| result.op_id).collect();
    assert_eq!(refused, op_ids(&[&on_target, &correction]));
    let counts = store.counts().unwrap();
    assert_eq!((counts.refused, counts.held), (3, 1), "what somebody else may still bring is waited for");
    let entries = store.operations_by_id(&op_ids(&[&correction])).unwrap();
    let OperationState::Refused(why) = &entries[0].state else { panic!("{:?}", entries[0].state) };
    assert_eq!(why.code.as_str(), "depends_on_refused");
    assert_eq!(store.refuse_dependents(at(3)).unwrap(), []);
}
