use serde_json::{Value, json};

use super::server::{Trick, ok, problem};
use super::*;
use crate::ids::Epoch;
use crate::wire::problem::ProblemKind;
use crate::wire::pull::RestartReason;
use crate::wire::push::Outcome;

const PULL: &str = "GET /api/v1/sync/pull";

/// Units numbered from `first` on, as changes.
fn units(first: usize, count: usize) -> Value {
    let unit = |number| {
        let id = uuid::Uuid::from_u128(number);
        let row = json!({
            "unit_id": id, "name": format!("第{number}街道办事处"), "kind": "street_office",
            "credit_code": null, "budget_code": "001"
        });
        json!({ "entity": "unit", "id": id, "change": "upsert", "row": row })
    };
    let first = u128::try_from(first).unwrap();
    (first..first + u128::try_from(count).unwrap()).map(unit).collect()
}

fn known_units(host: &Host) -> usize {
    host.store.master().units().unwrap().len()
}

#[test]
fn pages_are_pulled_until_there_is_no_more_and_the_last_row_arrives() {
    const PAGE: usize = 3;
    for rows in [0, 1, PAGE - 1, PAGE, PAGE + 1, 2 * PAGE] {
        let (mut host, mut server) = (Host::new(), Server::new());
        let pages = rows.div_ceil(PAGE).max(1);
        for page in 0..pages {
            let first = page * PAGE;
            server.page(&format!("c{page}"), page + 1 < pages, units(first, PAGE.min(rows - first)));
        }
        let report = host.round(Extent::PullOnly, &mut server);
        assert_eq!((report.pulled_rows, known_units(&host)), (rows, rows));
        assert_eq!(server.asked(PULL), pages);
        assert_eq!(host.store.pull_cursor().unwrap(), Some(format!("c{}", pages - 1)));
    }
}

#[test]
fn the_next_pull_asks_from_where_the_last_one_stood() {
    let (mut host, mut server) = (Host::new(), Server::new());
    server.page("here", false, json!([]));
    host.round(Extent::PullOnly, &mut server);
    host.round(Extent::PullOnly, &mut server);
    let pulls: Vec<_> = server.log.iter().filter(|line| line.starts_with(PULL)).collect();
    assert_eq!(pulls, ["GET /api/v1/sync/pull", "GET /api/v1/sync/pull?cursor=here"]);
}

#[test]
fn a_lost_page_is_asked_for_again() {
    let mut server = Server::new();
    server.page("a", true, units(0, 2));
    server.page("b", false, units(2, 2));
    let mut server = server.tricked("GET /api/v1/sync/pull?cursor=a", 1, || Trick::Unreachable);
    let mut host = Host::new();
    let report = host.round(Extent::PullOnly, &mut server);
    assert_eq!((known_units(&host), report.failures.len(), host.pauses), (4, 0, 1));
}

#[test]
fn a_pull_alone_sends_nothing_of_the_users() {
    let (mut host, mut server) = (Host::new(), Server::new());
    host.inspect(&[10]);
    let report = host.round(Extent::PullOnly, &mut server);
    assert_eq!((report.waiting_operations, report.waiting_photos), (1, 1));
    assert_eq!((server.batches.len(), server.uploads.len()), (0, 0));
}

#[test]
fn after_a_restart_only_what_the_server_sends_anew_is_known() {
    for (reason, expected) in [
        ("scope_changed", RestartReason::ScopeChanged),
        ("cursor_unknown", RestartReason::CursorUnknown),
        ("epoch_changed", RestartReason::EpochChanged),
    ] {
        let (mut host, mut server) = (Host::new(), Server::new());
        server.page("old", false, units(0, 5));
        host.sync(&mut server);
        server.restart(reason);
        server.page("new-1", true, units(10, 2));
        server.page("new-2", false, units(12, 1));
        let report = host.sync(&mut server);
        assert_eq!((report.restarts, known_units(&host)), (vec![expected], 3), "{reason}");
        let pulls: Vec<_> = server.log.iter().filter(|line| line.starts_with(PULL)).collect();
        assert_eq!(
            pulls[1..],
            [
                "GET /api/v1/sync/pull?cursor=old",
                "GET /api/v1/sync/pull",
                "GET /api/v1/sync/pull?cursor=new-1",
            ]
        );
    }
}

#[test]
fn the_old_register_answers_until_the_new_one_is_whole_and_an_interrupted_one_goes_on() {
    let (mut host, mut server) = (Host::new(), Server::new());
    server.page("old", false, units(0, 5));
    host.sync(&mut server);
    server.restart("scope_changed");
    server.page("half", true, units(10, 2));
    let mut server = server.tricked("GET /api/v1/sync/pull?cursor=half", usize::MAX, || Trick::Unreachable);
    let report = host.sync(&mut server);
    assert!(report.stopped);
    assert_eq!(known_units(&host), 5);
    server.trick = Box::new(|_, _| None);
    server.page("whole", false, units(12, 1));
    host.sync(&mut server);
    assert_eq!(known_units(&host), 3);
}

#[test]
fn a_cursor_the_server_cannot_read_means_a_fresh_start() {
    let (mut host, mut server) = (Host::new(), Server::new());
    server.page("old", false, units(0, 5));
    host.sync(&mut server);
    server.page("new", false, units(7, 1));
    let mut server = server.tricked("GET /api/v1/sync/pull?cursor=old", 1, || {
        Trick::Instead(problem(ProblemKind::CursorInvalid))
    });
    let report = host.sync(&mut server);
    assert_eq!((report.restarts, known_units(&host)), (vec![RestartReason::CursorUnknown], 1));
}

#[test]
fn a_server_that_wants_fresh_starts_without_end_does_not_get_them() {
    let (mut host, mut server) = (Host::new(), Server::new());
    for _ in 0..50 {
        server.restart("scope_changed");
    }
    let report = host.sync(&mut server);
    assert_eq!(report.failures[0].why, FailureReason::EndlessRestart);
    assert!(server.asked(PULL) < 10);
}

#[test]
fn a_server_restored_from_backup_gets_again_what_it_had_acknowledged() {
    let (mut host, mut server) = (Host::new(), Server::new());
    server.page("old", false, json!([]));
    let (_, photos) = host.inspect(&[30]);
    assert_eq!(host.sync(&mut server).waiting_photos, 0);
    let mut restored = Server::new();
    restored.restart("epoch_changed");
    restored.page("new", false, json!([]));
    let report = host.sync(&mut restored);
    assert_eq!((report.applied, report.photos_verified), (1, 1));
    assert_eq!((report.waiting_operations, report.waiting_photos), (0, 0));
    assert!(restored.photos.contains_key(&photos[0]));
}

#[test]
fn a_restored_server_gets_the_quarantined_work_of_a_revoked_device_again_though_it_answers_no_pull() {
    let (mut host, mut server) = (Host::new(), Server::new());
    let operation = host.register();
    server.fates.insert(operation, Outcome::Quarantined);
    host.sync(&mut server);
    let mut restored =
        Server::new().tricked(PULL, usize::MAX, || Trick::Instead(problem(ProblemKind::DeviceRevoked)));
    restored.fates.insert(operation, Outcome::Quarantined);
    // The first round hears with its token that the server is another and ends at the refused pull; the next one sends.
    assert_eq!(host.sync(&mut restored).waiting_operations, 1);
    let report = host.sync(&mut restored);
    assert_eq!((report.quarantined, report.waiting_operations), (1, 0));
    assert!(restored.stored.contains_key(&operation));
    host.sync(&mut restored);
    assert_eq!(restored.batches, [1], "once is enough");
}

#[test]
fn two_servers_of_different_epochs_behind_one_address_do_not_make_a_round_endless() {
    let (mut host, mut server) = (Host::new(), Server::new());
    host.register_many(3);
    host.sync(&mut server);
    for _ in 0..100 {
        let page = json!({
            "answer": "page", "cursor": "c", "more": false, "changes": [], "user_id": host.identity.user_id,
            "epoch": Epoch::fresh(), "server_time": server.now
        });
        server.pages.push_back(page);
    }
    let report = host.sync(&mut server);
    assert_eq!(report.failures[0].why, FailureReason::EndlessRestart);
}

#[test]
fn a_result_whose_push_answer_was_lost_heals_by_the_pull() {
    let (mut host, mut server) = (Host::new(), Server::new());
    let operations = host.register_many(2);
    let rejection = ProblemKind::GridUnknown.rejection(None);
    let refused = json!({ "op_id": operations[1], "outcome": "rejected", "code": rejection.code,
        "field": null, "zh": rejection.zh, "en": rejection.en });
    server.page(
        "c",
        false,
        json!([
            { "entity": "operation", "id": operations[0], "change": "upsert",
              "row": { "op_id": operations[0], "outcome": "applied" } },
            { "entity": "operation", "id": operations[1], "change": "upsert", "row": refused },
        ]),
    );
    let report = host.round(Extent::PullOnly, &mut server);
    assert_eq!((report.applied, report.waiting_operations), (1, 0));
    assert_eq!(report.refused[0].op_id, operations[1]);
    host.sync(&mut server);
    assert!(server.batches.is_empty(), "nothing is left to push");
}

#[test]
fn a_result_that_both_answer_and_pull_tell_counts_once() {
    let (mut host, mut server) = (Host::new(), Server::new());
    let operation = host.register();
    server.fates.insert(operation, Outcome::Applied);
    server.page(
        "c",
        false,
        json!([
            { "entity": "operation", "id": operation, "change": "upsert",
              "row": { "op_id": operation, "outcome": "applied" } },
        ]),
    );
    assert_eq!(host.sync(&mut server).applied, 1);
}

#[test]
fn a_page_for_another_user_is_not_taken() {
    let (mut host, mut server) = (Host::new(), Server::new());
    server.pages.push_back(json!({
        "answer": "page", "cursor": "c", "more": false, "changes": units(0, 1), "user_id": UserId::fresh(),
        "epoch": server.epoch, "server_time": server.now
    }));
    let report = host.round(Extent::PullOnly, &mut server);
    assert_eq!(report.failures[0].why, FailureReason::OtherUser);
    assert_eq!(known_units(&host), 0);
}

#[test]
fn a_broken_pull_does_not_keep_photos_waiting() {
    let mut server = Server::new().tricked(PULL, 4, || Trick::Instead(problem(ProblemKind::InternalError)));
    let mut host = Host::new();
    host.inspect(&[10]);
    let report = host.sync(&mut server);
    assert_eq!((report.applied, report.photos_verified, report.stopped), (1, 1, false));
    assert!(matches!(report.failures[0].why, FailureReason::Refused { status: 500, .. }));
}

#[test]
fn an_answer_out_of_turn_is_the_hosts_mistake_and_changes_nothing() {
    let mut host = Host::new();
    let mut engine = Engine::new(host.identity, Extent::Sync, 1);
    assert!(engine.receive(&mut host.store, Answer::Response(ok(json!({}))), host.now).is_err());
    assert!(engine.next(&mut host.store, &host.photos, host.now).is_ok());
    assert!(engine.next(&mut host.store, &host.photos, host.now).is_err());
}
