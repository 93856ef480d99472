use serde_json::json;

use super::server::{Trick, ok, problem};
use super::*;
use crate::engine::Subject;
use crate::ids::Epoch;
use crate::limits::UPLOAD_CHUNK_BYTES;
use crate::store::PhotoState;
use crate::wire::problem::ProblemKind;

const CREATE: &str = "POST /api/v1/photos/uploads";
const PATCH: &str = "PATCH /api/v1/photos/uploads";
const HEAD: &str = "HEAD /api/v1/photos/uploads";

#[test]
fn photos_arrive_whole_whatever_their_size_is_to_a_chunk_and_a_small_one_with_one_request() {
    let chunk = UPLOAD_CHUNK_BYTES;
    for (takes_first_bytes, patches) in [(true, 1 + 1), (false, 1 + 1 + 1 + 2 + 2)] {
        let (mut host, mut server) = (Host::new(), Server::new());
        server.takes_first_bytes = takes_first_bytes;
        let (_, photos) = host.inspect(&[1, chunk - 1, chunk, chunk + 1, 2 * chunk]);
        let report = host.sync(&mut server);
        assert_eq!((report.photos_sent, report.photos_verified), (5, 5));
        assert_eq!((report.waiting_photos, report.unjudged_photos), (0, 0));
        for photo in &photos {
            assert_eq!(server.photos[photo], host.photos.0[photo]);
            let state = host.store.work.photo_state(photo).unwrap();
            assert!(matches!(state, Some(PhotoState::Verified { .. })));
        }
        assert_eq!((server.asked(CREATE), server.asked(PATCH)), (5, patches));
    }
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
    // The network goes away for good after two of four chunks, of which the first went with the creation.
    server.trick = Box::new(move |request, before| {
        (request.method == Method::Patch && before >= 1).then_some(Trick::Unreachable)
    });
    let mut host = Host::new();
    let (_, photos) = host.inspect(&[4 * chunk]);
    let report = host.sync(&mut server);
    assert_eq!((report.stopped, report.waiting_photos), (true, 1));
    server.trick = Box::new(|_, _| None);
    server.log.clear();
    let report = host.sync(&mut server);
    assert_eq!((report.photos_verified, report.waiting_photos), (1, 0));
    assert_eq!((server.asked(CREATE), server.asked(PATCH)), (0, 2));
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
fn a_creation_whose_answer_was_lost_is_repeated_and_the_photo_is_there_once() {
    let mut server = Server::new().tricked(CREATE, 1, || Trick::AnswerLost);
    let mut host = Host::new();
    let (_, photos) = host.inspect(&[10]);
    let report = host.sync(&mut server);
    assert_eq!((report.photos_sent, report.photos_verified), (1, 1));
    assert_eq!((server.asked(CREATE), server.asked(PATCH)), (2, 0));
    assert_eq!(server.photos[&photos[0]], host.photos.0[&photos[0]]);
}

#[test]
fn an_upload_the_server_forgot_is_created_again() {
    for gone in [404, 410] {
        let mut server = Server::new().tricked(PATCH, 1, move || {
            Trick::Instead(HttpResponse { status: gone, ..problem(ProblemKind::UploadUnknown) })
        });
        let mut host = Host::new();
        host.inspect(&[UPLOAD_CHUNK_BYTES + 1]);
        assert_eq!(host.sync(&mut server).photos_verified, 1);
        assert_eq!(server.asked(CREATE), 2);
    }
}

#[test]
fn a_chunk_damaged_on_the_way_is_resent() {
    for (line, requests) in [(CREATE, (2, 1)), (PATCH, (1, 2))] {
        let mut server =
            Server::new().tricked(line, 1, || Trick::Instead(problem(ProblemKind::UploadChecksumMismatch)));
        let mut host = Host::new();
        host.inspect(&[UPLOAD_CHUNK_BYTES + 1]);
        let report = host.sync(&mut server);
        assert_eq!((report.photos_verified, report.failures.len()), (1, 0), "{line}");
        assert_eq!((server.asked(CREATE), server.asked(PATCH)), requests, "{line}");
    }
}

#[test]
fn content_the_server_has_already_is_not_sent() {
    let (mut host, mut server) = (Host::new(), Server::new());
    let (_, photos) = host.inspect(&[UPLOAD_CHUNK_BYTES]);
    server.photos.insert(photos[0].clone(), host.photos.0[&photos[0]].clone());
    let report = host.sync(&mut server);
    assert_eq!((report.photos_sent, report.photos_verified), (1, 1));
    assert_eq!((server.asked(PATCH), server.asked(HEAD)), (0, 0));
}

#[test]
fn a_photo_counts_as_verified_only_by_the_servers_word() {
    let (mut host, mut server) = (Host::new(), Server::new());
    server.judges_when_asked = false;
    let (_, photos) = host.inspect(&[10]);
    let report = host.sync(&mut server);
    assert_eq!((report.photos_sent, report.photos_verified), (1, 0));
    assert_eq!((report.waiting_photos, report.unjudged_photos), (0, 1), "sent is not waiting");
    assert_eq!((report.failures.len(), server.asked(HEAD)), (0, 1), "asked once, and that is no failure");
    server.page(
        "c",
        false,
        json!([{ "entity": "photo", "id": photos[0], "change": "upsert",
        "row": { "sha256": photos[0], "refusal": null } }]),
    );
    let report = host.sync(&mut server);
    assert_eq!((report.photos_verified, report.unjudged_photos), (1, 0));
}

#[test]
fn verdicts_that_a_pull_tells_are_not_asked_for() {
    let (mut host, mut server) = (Host::new(), Server::new());
    let (_, photos) = host.inspect(&[10, 11]);
    let told = json!({ "entity": "photo", "id": photos[0], "change": "upsert",
        "row": { "sha256": photos[0], "refusal": null } });
    server.page("before", false, json!([]));
    server.page("after", false, json!([told]));
    let report = host.sync(&mut server);
    assert_eq!((report.photos_sent, report.photos_verified, report.unjudged_photos), (2, 2, 0));
    assert_eq!(server.asked(HEAD), 1, "only about the other");
}

#[test]
fn what_photos_changed_is_pulled_in_the_same_round() {
    const PULL: &str = "GET /api/v1/sync/pull";
    let (mut host, mut server) = (Host::new(), Server::new());
    host.inspect(&[10]);
    host.sync(&mut server);
    assert_eq!(server.asked(PULL), 3, "at first, for what was sent, and for the verdict asked for");
    host.sync(&mut server);
    assert_eq!(server.asked(PULL), 4, "nothing changed, one pull is enough");
}

#[test]
fn a_photo_of_which_the_verdict_never_came_is_asked_about_in_the_next_round() {
    let mut server = Server::new().tricked(HEAD, usize::MAX, || Trick::Unreachable);
    let mut host = Host::new();
    host.inspect(&[10, 11]);
    let report = host.sync(&mut server);
    assert_eq!((report.photos_sent, report.unjudged_photos, report.stopped), (2, 2, true));
    server.trick = Box::new(|_, _| None);
    let report = host.sync(&mut server);
    assert_eq!((report.photos_verified, report.unjudged_photos), (2, 0));
    assert_eq!((server.asked(CREATE), server.asked(PATCH)), (2, 0), "and never sent twice");
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
    assert_eq!((report.waiting_photos, report.unjudged_photos), (0, 0));
}

#[test]
fn a_photo_that_is_not_what_it_was_announced_to_be_is_refused_and_not_sent_for_ever() {
    let mut server = Server::new();
    server.refuses_photos = Some(ProblemKind::PhotoHashMismatch);
    let mut host = Host::new();
    host.inspect(&[10]);
    let report = host.sync(&mut server);
    assert_eq!(report.photos_refused[0].rejection.code.as_str(), "photo_hash_mismatch");
    host.sync(&mut server);
    assert_eq!(server.asked(CREATE), 1);
}

#[test]
fn a_proxys_refusal_is_not_the_servers() {
    let mut server = Server::new().tricked(CREATE, 1, || {
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
    host.inspect(&[UPLOAD_CHUNK_BYTES + 1]);
    let report = host.sync(&mut server);
    assert_eq!((report.waiting_photos, report.failures.len(), report.stopped), (1, 1, false));
    assert!(server.asked(PATCH) < 10);
}

#[test]
fn a_verdict_counts_from_when_the_server_told_the_time_after_it() {
    let mut server = Server::new();
    // The pull that follows the verdict does not come through.
    server.trick = Box::new(|request, before| {
        (request.path.contains("/sync/pull?cursor=") && before >= 1).then_some(Trick::Unreachable)
    });
    let mut host = Host::new();
    let (_, photos) = host.inspect(&[10]);
    let state = |host: &Host| host.store.work.photo_state(&photos[0]).unwrap().unwrap();

    host.sync(&mut server);

    assert!(server.photos.contains_key(&photos[0]) && server.asked(HEAD) == 1);
    assert!(matches!(state(&host), PhotoState::Waiting { .. }), "a backup made before would seem to have it");
    server.trick = Box::new(|_, _| None);
    server.now = server.now.plus_seconds(3600);
    host.sync(&mut server);
    assert_eq!(state(&host), PhotoState::Verified { at: server.now });
}

/// A host that cannot read while it is called: it has the one piece that was asked for, or knows that it never will.
struct LoadedFirst(Option<(PhotoHash, u64, Option<Vec<u8>>)>);

impl PhotoBytes for LoadedFirst {
    fn read(&self, photo: &PhotoHash, offset: u64, length: usize) -> Result<Vec<u8>, PhotoUnreadable> {
        let loaded = self.0.as_ref().filter(|(of, from, _)| of == photo && *from == offset);
        let bytes = loaded.and_then(|(_, _, bytes)| bytes.clone()).filter(|bytes| bytes.len() == length);
        bytes.ok_or_else(|| PhotoUnreadable(photo.clone()))
    }

    fn at_hand(&self, photo: &PhotoHash, offset: u64, _length: usize) -> bool {
        self.0.as_ref().is_some_and(|(of, from, _)| of == photo && *from == offset)
    }
}

#[test]
fn a_host_that_must_load_first_is_asked_for_each_piece_once_and_may_say_that_there_is_none() {
    let (mut host, mut server) = (Host::new(), Server::new());
    let (_, photos) = host.inspect(&[UPLOAD_CHUNK_BYTES + 1, 10]);
    let lost = photos.iter().find(|photo| host.photos.0[photo].len() == 10).unwrap();
    server.user_id = Some(host.identity.user_id);
    let mut engine = Engine::new(host.identity, Extent::Sync, 1);
    let (mut loaded, mut asked) = (LoadedFirst(None), Vec::new());
    let report = loop {
        match engine.next(&mut host.store, &loaded, host.now).unwrap() {
            Step::Load { photo, offset, length } => {
                let start = usize::try_from(offset).unwrap();
                let piece = host.photos.0[&photo].get(start..start + length).map(<[u8]>::to_vec);
                asked.push((photo == *lost, offset, length));
                let piece = piece.filter(|_| photo != *lost);
                loaded = LoadedFirst(Some((photo, offset, piece)));
            }
            Step::Http(request) => {
                let answer = Answer::Response(server.carry(&request).unwrap());
                engine.receive(&mut host.store, answer, host.now).unwrap();
            }
            Step::Sign { challenge } => {
                let answer = Answer::Signature(format!("signed {challenge}"));
                engine.receive(&mut host.store, answer, host.now).unwrap();
            }
            Step::Wait { .. } => panic!("nothing fails here"),
            Step::Done(report) => break report,
        }
    };
    asked.sort_unstable();
    assert_eq!(
        asked,
        [
            (false, 0, UPLOAD_CHUNK_BYTES),
            (false, u64::try_from(UPLOAD_CHUNK_BYTES).unwrap(), 1),
            (true, 0, 10)
        ]
    );
    assert_eq!((report.photos_verified, report.waiting_photos), (1, 1));
    assert!(matches!(report.failures[0].why, FailureReason::PhotoUnreadable { .. }));
}

#[test]
fn what_a_server_said_of_a_photo_before_it_was_restored_is_not_believed() {
    let (mut host, mut server) = (Host::new(), Server::new());
    let (_, photos) = host.inspect(&[10]);
    // The pull after the verdict finds the token spent. The next token comes from the restored server, which answers that
    // pull and is gone then.
    let (restored, expires_at) = (Epoch::fresh(), server.now.plus_seconds(600));
    server.page("first", false, json!([]));
    server.page("second", false, json!([]));
    server.pages.push_back(json!({
        "answer": "page", "cursor": "third", "more": false, "changes": [], "user_id": host.identity.user_id,
        "epoch": restored, "server_time": server.now
    }));
    let (mut pulls, mut tokens) = (0, 0);
    server.trick = Box::new(move |request, _| {
        let (pull, token) = (request.path.starts_with("/api/v1/sync/pull"), request.path.ends_with("/token"));
        pulls += usize::from(pull);
        tokens += usize::from(token);
        match (pulls, tokens) {
            (3, 1) if pull => Some(Trick::Instead(problem(ProblemKind::TokenExpired))),
            (3, 2) if token => Some(Trick::Instead(ok(
                json!({ "access_token": "good", "expires_at": expires_at, "epoch": restored }),
            ))),
            (4, 2) if pull => None,
            (3.., 2..) => Some(Trick::Unreachable),
            _ => None,
        }
    });
    assert_eq!(host.sync(&mut server).photos_verified, 1, "by the one that is no more");
    let state = host.store.work.photo_state(&photos[0]).unwrap();
    assert!(matches!(state, Some(PhotoState::Waiting { .. })), "{state:?}");
    assert!(server.pages.is_empty(), "its page was taken");
}
