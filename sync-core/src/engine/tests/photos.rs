use serde_json::json;

use super::server::{Trick, problem};
use super::*;
use crate::engine::Subject;
use crate::limits::UPLOAD_CHUNK_BYTES;
use crate::store::PhotoState;
use crate::wire::problem::ProblemKind;

const CREATE: &str = "POST /api/v1/photos/uploads";
const PATCH: &str = "PATCH /api/v1/photos/uploads";
const HEAD: &str = "HEAD /api/v1/photos/uploads";

#[test]
fn photos_arrive_whole_whatever_their_size_is_to_a_chunk() {
    let chunk = UPLOAD_CHUNK_BYTES;
    let (mut host, mut server) = (Host::new(), Server::new());
    let (_, photos) = host.inspect(&[1, chunk - 1, chunk, chunk + 1, 2 * chunk]);
    let report = host.sync(&mut server);
    assert_eq!((report.photos_sent, report.photos_verified, report.waiting_photos), (5, 5, 0));
    for photo in &photos {
        assert_eq!(server.photos[photo], host.photos.0[photo]);
        assert!(matches!(host.store.work.photo_state(photo).unwrap(), Some(PhotoState::Verified { .. })));
    }
    assert_eq!(server.asked(PATCH), 1 + 1 + 1 + 2 + 2);
}

#[test]
fn the_operation_goes_before_its_photos() {
    let (mut host, mut server) = (Host::new(), Server::new());
    host.inspect(&[10]);
    host.sync(&mut server);
    let place = |line: &str| server.log.iter().position(|logged| logged.starts_with(line)).unwrap();
    assert!(place("POST /api/v1/sync/push") < place(CREATE));
}

#[test]
fn half_a_photo_is_never_sent_twice() {
    let chunk = UPLOAD_CHUNK_BYTES;
    let mut server = Server::new();
    // The network goes away for good after two of four chunks.
    server.trick = Box::new(move |request, before| {
        (request.method == Method::Patch && before >= 2).then_some(Trick::Unreachable)
    });
    let mut host = Host::new();
    let (_, photos) = host.inspect(&[4 * chunk]);
    let report = host.sync(&mut server);
    assert_eq!((report.stopped, report.waiting_photos), (true, 1));
    server.trick = Box::new(|_, _| None);
    server.log.clear();
    let report = host.sync(&mut server);
    assert_eq!((report.photos_verified, report.waiting_photos), (1, 0));
    assert_eq!((server.asked(CREATE), server.asked(HEAD), server.asked(PATCH)), (0, 1, 2));
    assert_eq!(server.photos[&photos[0]], host.photos.0[&photos[0]]);
}

#[test]
fn a_chunk_whose_answer_was_lost_is_found_by_asking_and_not_doubled() {
    let mut server = Server::new().tricked(PATCH, 1, || Trick::AnswerLost);
    let mut host = Host::new();
    let (_, photos) = host.inspect(&[2 * UPLOAD_CHUNK_BYTES]);
    let report = host.sync(&mut server);
    assert_eq!(report.photos_verified, 1);
    assert_eq!(server.photos[&photos[0]], host.photos.0[&photos[0]]);
}

#[test]
fn an_upload_the_server_forgot_is_created_again() {
    for gone in [404, 410] {
        let mut server = Server::new().tricked(PATCH, 1, move || {
            Trick::Instead(HttpResponse { status: gone, ..problem(ProblemKind::UploadUnknown) })
        });
        let mut host = Host::new();
        host.inspect(&[10]);
        assert_eq!(host.sync(&mut server).photos_verified, 1);
        assert_eq!(server.asked(CREATE), 2);
    }
}

#[test]
fn a_chunk_damaged_on_the_way_is_resent() {
    let mut server =
        Server::new().tricked(PATCH, 1, || Trick::Instead(problem(ProblemKind::UploadChecksumMismatch)));
    let mut host = Host::new();
    host.inspect(&[10]);
    let report = host.sync(&mut server);
    assert_eq!((report.photos_verified, server.asked(PATCH), report.failures.len()), (1, 2, 0));
}

#[test]
fn content_the_server_has_already_is_not_sent() {
    let (mut host, mut server) = (Host::new(), Server::new());
    let (_, photos) = host.inspect(&[UPLOAD_CHUNK_BYTES]);
    server.photos.insert(photos[0].clone(), host.photos.0[&photos[0]].clone());
    let report = host.sync(&mut server);
    assert_eq!((report.photos_sent, server.asked(PATCH)), (1, 0));
}

#[test]
fn a_photo_counts_as_verified_only_by_the_servers_word() {
    let (mut host, mut server) = (Host::new(), Server::new());
    server.verifies_at_once = false;
    let (_, photos) = host.inspect(&[10]);
    let report = host.sync(&mut server);
    assert_eq!((report.photos_sent, report.photos_verified, report.waiting_photos), (1, 0, 1));
    server.page(
        "c",
        false,
        json!([{ "entity": "photo", "id": photos[0], "change": "upsert",
        "row": { "sha256": photos[0], "refusal": null } }]),
    );
    let report = host.sync(&mut server);
    assert_eq!((report.photos_verified, report.waiting_photos), (1, 0));
}

#[test]
fn what_photos_changed_is_pulled_in_the_same_round() {
    let (mut host, mut server) = (Host::new(), Server::new());
    host.inspect(&[10]);
    host.sync(&mut server);
    assert_eq!(server.asked("GET /api/v1/sync/pull"), 2);
    host.sync(&mut server);
    assert_eq!(server.asked("GET /api/v1/sync/pull"), 3, "nothing changed, one pull is enough");
}

#[test]
fn a_photo_the_server_will_not_have_is_refused_with_its_sentence_and_blocks_no_other() {
    let mut server = Server::new();
    server.refuses_photos = Some(ProblemKind::PhotoNotAnImage);
    let mut host = Host::new();
    let (_, photos) = host.inspect(&[10, 11]);
    let report = host.sync(&mut server);
    assert_eq!(report.photos_refused.len(), 2);
    assert_eq!(report.photos_refused[0].sha256, photos[0]);
    assert_eq!(report.photos_refused[0].rejection.code.as_str(), "photo_not_an_image");
    assert_eq!(report.waiting_photos, 0);
}

#[test]
fn a_proxys_refusal_is_not_the_servers() {
    let mut server = Server::new().tricked(PATCH, 1, || {
        Trick::Instead(HttpResponse { status: 413, headers: Vec::new(), body: b"<h1>413</h1>".to_vec() })
    });
    let mut host = Host::new();
    let (_, photos) = host.inspect(&[10, 11]);
    let report = host.sync(&mut server);
    assert_eq!((report.photos_refused.len(), report.photos_verified, report.waiting_photos), (0, 1, 1));
    let FailureReason::Refused { subject, .. } = &report.failures[0].why else { panic!("{report:?}") };
    assert_eq!(*subject, Some(Subject::Photo(photos[0].clone())));
}

#[test]
fn a_photo_file_that_is_gone_is_reported_and_the_next_one_goes() {
    let (mut host, mut server) = (Host::new(), Server::new());
    let (_, photos) = host.inspect(&[10, 11]);
    host.photos.0.remove(&photos[0]);
    let report = host.sync(&mut server);
    assert_eq!((report.photos_verified, report.waiting_photos), (1, 1));
    assert_eq!(report.failures[0].why, FailureReason::PhotoUnreadable { sha256: photos[0].clone() });
}

#[test]
fn a_server_that_never_moves_an_upload_on_does_not_hold_the_round() {
    let mut server = Server::new()
        .tricked(PATCH, usize::MAX, || Trick::Instead(problem(ProblemKind::UploadOffsetMismatch)));
    let mut host = Host::new();
    host.inspect(&[10]);
    let report = host.sync(&mut server);
    assert_eq!((report.waiting_photos, report.failures.len(), report.stopped), (1, 1, false));
    assert!(server.asked(PATCH) < 10);
}
