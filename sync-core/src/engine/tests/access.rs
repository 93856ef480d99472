use super::server::{Trick, page_of_a_portal, problem};
use super::*;
use crate::wire::problem::ProblemKind;

const CHALLENGE: &str = "POST /api/v1/devices/";

fn tokens(server: &Server) -> usize {
    server.log.iter().filter(|line| line.ends_with("/token")).count()
}

#[test]
fn one_token_serves_a_whole_round() {
    let (mut host, mut server) = (Host::new(), Server::new());
    host.inspect(&[700_000, 20]);
    host.sync(&mut server);
    assert_eq!(tokens(&server), 1);
}

#[test]
fn a_token_refused_in_mid_round_is_renewed_and_nothing_is_lost() {
    let (mut host, mut server) = (Host::new(), Server::new());
    host.register_many(210);
    server.trick = Box::new(|request, before| {
        let refused = request.path.ends_with("/push") && before == 1;
        refused.then(|| Trick::Instead(problem(ProblemKind::TokenExpired)))
    });
    let report = host.sync(&mut server);
    assert_eq!(report.applied, 210);
    assert_eq!((report.waiting_operations, report.failures.len()), (0, 0));
    assert_eq!(tokens(&server), 2);
}

#[test]
fn a_token_is_renewed_before_it_runs_out() {
    let mut server = Server::new().tricked("POST /api/v1/sync/push", 1, || Trick::Unreachable);
    // Alive for 21 seconds from the server's point of view, and spent 20 before its end.
    server.token_seconds = 21;
    let mut host = Host::new();
    host.register();
    assert_eq!(host.sync(&mut server).applied, 1);
    assert_eq!((tokens(&server), host.pauses), (1, 1), "a pause of half a second does not spend it");
    server.play("POST /api/v1/sync/push", 3, || Trick::Unreachable);
    host.register();
    assert_eq!(host.sync(&mut server).applied, 1);
    assert!(tokens(&server) > 2, "the longer ones do");
}

#[test]
fn a_clock_in_1970_or_2099_syncs_like_any_other() {
    for clock in ["1970-01-01T00:00:30Z", "2099-12-31T23:59:00Z"] {
        let (mut host, mut server) = (Host::at(clock), Server::new());
        host.register_many(3);
        let report = host.sync(&mut server);
        assert_eq!((report.applied, tokens(&server)), (3, 1), "{clock}");
    }
}

#[test]
fn a_server_that_refuses_every_token_ends_the_round_and_drops_nothing() {
    let mut server = Server::new()
        .tricked("POST /api/v1/sync/push", usize::MAX, || Trick::Instead(problem(ProblemKind::TokenInvalid)));
    let mut host = Host::new();
    host.register_many(3);
    let report = host.sync(&mut server);
    assert!(report.stopped);
    assert_eq!(report.waiting_operations, 3);
    assert!(matches!(report.failures[0].why, FailureReason::Refused { status: 401, .. }));
    assert_eq!(tokens(&server), 2, "one renewal is tried");
}

#[test]
fn a_revoked_device_is_told_so_at_once_and_keeps_its_work() {
    let mut server =
        Server::new().tricked(CHALLENGE, usize::MAX, || Trick::Instead(problem(ProblemKind::DeviceRevoked)));
    let mut host = Host::new();
    host.register_many(2);
    let report = host.sync(&mut server);
    assert_eq!((report.stopped, report.waiting_operations, server.log.len()), (true, 2, 1));
    let FailureReason::Refused { problem: Some(told), .. } = &report.failures[0].why else {
        panic!("{report:?}")
    };
    assert!(told.is(ProblemKind::DeviceRevoked));
}

#[test]
fn a_lost_token_answer_asks_for_a_new_challenge() {
    let mut server = Server::new();
    server.trick = Box::new(|request, before| {
        (request.path.ends_with("/token") && before == 0).then_some(Trick::AnswerLost)
    });
    let mut host = Host::new();
    host.register();
    assert_eq!(host.sync(&mut server).applied, 1);
    assert_eq!((tokens(&server), host.pauses), (2, 1));
}

#[test]
fn a_captive_portal_is_no_server_and_no_success() {
    let mut server = Server::new();
    server.trick = Box::new(|_, _| Some(Trick::Instead(page_of_a_portal())));
    let mut host = Host::new();
    host.register();
    let report = host.sync(&mut server);
    assert!(report.stopped);
    assert_eq!(report.waiting_operations, 1);
    assert_eq!(report.failures[0].why, FailureReason::NotOurServer { status: 200 });
}

#[test]
fn without_a_network_the_round_ends_soon_and_says_what_waits() {
    let mut server = Server::new();
    server.trick = Box::new(|_, _| Some(Trick::Unreachable));
    let mut host = Host::new();
    host.inspect(&[100]);
    let report = host.sync(&mut server);
    assert_eq!((report.stopped, report.waiting_operations, report.waiting_photos), (true, 1, 1));
    assert_eq!((host.pauses, server.log.len()), (3, 4));
}
