use serde_json::json;

use super::server::{Trick, line_of, ok, problem};
use super::*;
use crate::engine::Subject;
use crate::limits::PUSH_MAX_OPERATIONS;
use crate::wire::operation::peek_id;
use crate::wire::problem::ProblemKind;
use crate::wire::push::{Outcome, PushRequest};

const PUSH: &str = "POST /api/v1/sync/push";

fn carries(request: &HttpRequest, op_id: OperationId) -> bool {
    line_of(request) == PUSH
        && serde_json::from_slice::<PushRequest>(&request.body)
            .unwrap()
            .operations
            .iter()
            .any(|raw| peek_id(raw.get().as_bytes()) == Some(op_id))
}

#[test]
fn batches_meet_their_edges() {
    for (count, batches) in [
        (0, vec![]),
        (1, vec![1]),
        (PUSH_MAX_OPERATIONS - 1, vec![PUSH_MAX_OPERATIONS - 1]),
        (PUSH_MAX_OPERATIONS, vec![PUSH_MAX_OPERATIONS]),
        (PUSH_MAX_OPERATIONS + 1, vec![PUSH_MAX_OPERATIONS, 1]),
        (2 * PUSH_MAX_OPERATIONS, vec![PUSH_MAX_OPERATIONS, PUSH_MAX_OPERATIONS]),
    ] {
        let (mut host, mut server) = (Host::new(), Server::new());
        host.register_many(count);
        let report = host.sync(&mut server);
        assert_eq!(server.batches, batches);
        assert_eq!((report.applied, report.waiting_operations), (count, 0));
    }
}

#[test]
fn an_answer_lost_after_commit_heals_as_a_duplicate() {
    let mut server = Server::new().tricked(PUSH, 1, || Trick::AnswerLost);
    let mut host = Host::new();
    host.register_many(5);
    let report = host.sync(&mut server);
    assert_eq!((report.applied, report.duplicate, report.waiting_operations), (0, 5, 0));
    assert_eq!(server.batches, [5, 5]);
    assert!(report.failures.is_empty());
    assert_eq!(host.sync(&mut server).duplicate, 0, "nothing is sent a third time");
}

#[test]
fn what_an_answer_leaves_out_is_sent_once_more_and_then_waits() {
    let (mut host, mut server) = (Host::new(), Server::new());
    let operations = host.register_many(5);
    server.unanswered.extend([operations[1], operations[3]]);
    let report = host.sync(&mut server);
    assert_eq!((report.applied, report.waiting_operations), (3, 2));
    assert_eq!(server.batches, [5, 2]);
    server.unanswered.clear();
    let report = host.sync(&mut server);
    assert_eq!((report.duplicate, report.waiting_operations), (2, 0));
}

#[test]
fn a_refused_operation_is_reported_with_its_sentence_and_blocks_nobody() {
    let (mut host, mut server) = (Host::new(), Server::new());
    let operations = host.register_many(3);
    let rejection = ProblemKind::GridUnknown.rejection(Some("grid".to_owned()));
    server.fates.insert(operations[0], Outcome::Rejected(rejection.clone()));
    let report = host.sync(&mut server);
    assert_eq!((report.applied, report.waiting_operations), (2, 0));
    assert_eq!((report.refused[0].op_id, &report.refused[0].rejection), (operations[0], &rejection));
    assert_eq!(host.sync(&mut server).refused, [], "refused for good: it is not sent again");
    assert_eq!(server.batches, [3]);
}

#[test]
fn work_of_a_revoked_device_that_the_server_keeps_is_reported_and_sent_no_more() {
    let (mut host, mut server) = (Host::new(), Server::new());
    let operation = host.register();
    server.fates.insert(operation, Outcome::Quarantined);
    let report = host.sync(&mut server);
    assert_eq!((report.quarantined, report.applied), (1, 0));
    host.sync(&mut server);
    assert_eq!(server.batches, [1]);
}

#[test]
fn a_poison_operation_that_spoils_its_batch_is_isolated_and_everything_else_arrives() {
    for spoiled in [ProblemKind::MalformedRequest, ProblemKind::PayloadTooLarge, ProblemKind::InternalError] {
        let (mut host, mut server) = (Host::new(), Server::new());
        let operations = host.register_many(50);
        let poison = operations[37];
        server.trick =
            Box::new(move |request, _| carries(request, poison).then(|| Trick::Instead(problem(spoiled))));
        let report = host.sync(&mut server);
        assert_eq!((report.applied, report.waiting_operations), (49, 1), "{spoiled:?}");
        assert!(!report.stopped);
        let [failure] = report.failures.as_slice() else { panic!("{:?}", report.failures) };
        let FailureReason::Refused { subject, .. } = &failure.why else { panic!("{failure:?}") };
        assert_eq!(*subject, Some(Subject::Operation(poison)));
        assert!(server.asked(PUSH) < 25, "{} pushes", server.asked(PUSH));
        assert_eq!(server.asked("GET /api/v1/sync/pull"), 1, "the pull is not blocked either");
    }
}

#[test]
fn a_batch_that_is_too_many_for_the_server_is_sent_in_smaller_ones() {
    let (mut host, mut server) = (Host::new(), Server::new());
    host.register_many(100);
    server.trick = Box::new(|request, _| {
        let many = line_of(request) == PUSH
            && serde_json::from_slice::<PushRequest>(&request.body).unwrap().operations.len() > 30;
        many.then(|| Trick::Instead(problem(ProblemKind::TooManyOperations)))
    });
    let report = host.sync(&mut server);
    assert_eq!((report.applied, report.waiting_operations, report.failures.len()), (100, 0, 0));
}

#[test]
fn what_is_held_is_offered_again_after_what_it_waits_for() {
    let (mut host, mut server) = (Host::new(), Server::new());
    let operations = host.register_many(3);
    server.waits_for.insert(operations[0], operations[2]);
    let report = host.sync(&mut server);
    assert_eq!((report.applied, report.waiting_operations), (3, 0));
    assert_eq!(report.held, []);
    assert_eq!(server.batches, [3, 1]);
}

#[test]
fn what_stays_held_is_reported_and_offered_once_in_every_round() {
    let (mut host, mut server) = (Host::new(), Server::new());
    let operation = host.register();
    server.waits_for.insert(operation, OperationId::fresh());
    for _ in 0..2 {
        let report = host.sync(&mut server);
        assert_eq!((report.held[0].op_id, report.held[0].missing.len()), (operation, 1));
        assert_eq!(report.waiting_operations, 1);
    }
}

#[test]
fn a_server_that_is_busy_is_given_the_time_it_asks_for() {
    let mut server = Server::new().tricked(PUSH, 1, || {
        let headers = vec![("retry-after".to_owned(), "7".to_owned())];
        Trick::Instead(HttpResponse { headers, ..problem(ProblemKind::Unavailable) })
    });
    let mut host = Host::new();
    host.register();
    let before = host.now;
    assert_eq!(host.sync(&mut server).applied, 1);
    assert_eq!(host.now.seconds_since(before), 7);
}

#[test]
fn a_clock_put_back_while_a_round_rests_does_not_prolong_the_rest() {
    let mut host = Host::new();
    host.register();
    let mut engine = Engine::new(host.identity, Extent::Sync, 1);
    let asks = |step: &Step| matches!(step, Step::Http(_));
    assert!(asks(&engine.next(&mut host.store, &host.photos, host.now).unwrap()));
    let failed = Answer::Failed(TransportError::Unreachable("no network".to_owned()));
    engine.receive(&mut host.store, failed, host.now).unwrap();
    let rest = engine.next(&mut host.store, &host.photos, host.now).unwrap();
    assert!(matches!(rest, Step::Wait { until } if until > host.now), "{rest:?}");
    for corrected in ["1970-01-01T00:00:00Z", "2024-10-07T23:00:00Z"] {
        let mut again = engine.next(&mut host.store, &host.photos, corrected.parse().unwrap()).unwrap();
        assert!(asks(&again), "{corrected}: {again:?}");
        let failed = Answer::Failed(TransportError::Unreachable("no network".to_owned()));
        engine.receive(&mut host.store, failed, host.now).unwrap();
        again = engine.next(&mut host.store, &host.photos, host.now).unwrap();
        assert!(matches!(again, Step::Wait { .. }), "by its own clock it rests: {again:?}");
    }
}

#[test]
fn an_edit_recorded_between_two_steps_of_a_push_goes_out_in_the_same_round() {
    let (mut host, mut server) = (Host::new(), Server::new());
    host.register_many(2);
    let mut engine = Engine::new(host.identity, Extent::Sync, 1);
    server.user_id = Some(host.identity.user_id);
    let mut recorded = false;
    let report = loop {
        match engine.next(&mut host.store, &host.photos, host.now).unwrap() {
            Step::Http(request) => {
                if line_of(&request) == PUSH && !recorded {
                    host.register();
                    recorded = true;
                }
                let answer = Answer::Response(server.carry(&request).unwrap());
                engine.receive(&mut host.store, answer, host.now).unwrap();
            }
            Step::Sign { challenge } => {
                let answer = Answer::Signature(format!("signed {challenge}"));
                engine.receive(&mut host.store, answer, host.now).unwrap();
            }
            Step::Wait { .. } | Step::Load { .. } => panic!("nothing fails here"),
            Step::Done(report) => break report,
        }
    };
    assert_eq!((report.applied, server.batches), (3, vec![2, 1]));
}

#[test]
fn an_old_server_that_does_not_speak_this_protocol_stops_the_round() {
    let mut server =
        Server::new().tricked(PUSH, usize::MAX, || Trick::Instead(problem(ProblemKind::UnsupportedProtocol)));
    let mut host = Host::new();
    host.register_many(3);
    let report = host.sync(&mut server);
    assert_eq!((report.stopped, report.waiting_operations, server.asked(PUSH)), (true, 3, 1));
}

#[test]
fn an_outcome_of_a_newer_server_leaves_its_operation_waiting_and_the_round_ends() {
    let (mut host, mut server) = (Host::new(), Server::new());
    let operations = host.register_many(2);
    let answer = json!({
        "results": [
            { "op_id": operations[0], "outcome": "postponed", "until": "tomorrow" },
            { "op_id": operations[1], "outcome": "applied", "weight": 3 },
        ],
        "epoch": server.epoch, "server_time": server.now, "advice": "rest",
    });
    server.play(PUSH, 2, move || Trick::Instead(ok(answer.clone())));
    let report = host.sync(&mut server);
    assert_eq!((report.applied, report.waiting_operations, report.stopped), (1, 1, false));
    assert_eq!(host.sync(&mut server).applied, 1, "once both speak the same language it goes");
}
