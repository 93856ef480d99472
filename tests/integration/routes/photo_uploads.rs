//! Uploads by tus: what is acknowledged is durable, whatever is cut, raced, wrong or lost on the way.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use diesel::prelude::*;
use diesel_async::{RunQueryDsl, SimpleAsyncConnection};
use futures::future::join_all;
use image::metadata::Orientation;
use reqwest::Method;
use serde_json::Value;
use server::db::schema::{changes, photos, uploads};
use server::photos::limits::LEFTOVER_AGE;
use server::photos::part_files::UploadKey;
use server::photos::photo_store::PhotoObject;
use server::services::judge_uploads::judge_uploads;
use server::services::sweep_uploads::sweep_uploads;
use server::services::tend_photos;
use server::state::AppState;
use sync_core::geo::Point;
use sync_core::ids::{PhotoHash, UploadId};
use sync_core::limits::{PHOTO_MAX_BYTES, UPLOAD_CHUNK_BYTES};
use tests::photo_upload::{UPLOADS, header_number, says_verified, verdict};
use tests::scene::{SceneExif, SceneKind, scene};
use tests::{MACUN, TestDevice, TestDistrict, TestServer, problem};

/// A server with a district and one inspector's device.
async fn start() -> (TestServer, TestDistrict, TestDevice) {
    let server = TestServer::start().await;
    let district = server.district(MACUN).await;
    let device = server.inspector(&district, "zhang", "001").await;
    (server, district, device)
}

fn photo(seed: u64) -> Vec<u8> {
    let exif = SceneExif {
        taken_at: "2026-11-22T01:30:00Z".parse().unwrap(),
        point: Some(Point { lon: 113.25, lat: 35.25 }),
        orientation: Orientation::Rotate90,
    };
    scene(SceneKind::Stockpile, seed, &exif)
}

fn key(device: &TestDevice, upload: &str) -> UploadKey {
    let upload_id = upload.rsplit('/').next().unwrap().parse().unwrap();
    UploadKey { district: device.user.district.clone(), upload_id }
}

/// The uploads that have a file.
async fn part_files(server: &TestServer) -> Vec<UploadKey> {
    server.state.photos.uploads.untouched_for(Duration::ZERO).await.unwrap()
}

/// State and refusal of every photo the server knows.
async fn verdicts(server: &TestServer) -> Vec<(String, String, Option<String>)> {
    photos::table
        .select((photos::sha256, photos::state, photos::refusal))
        .load(&mut server.connection().await)
        .await
        .unwrap()
}

/// How many changes of photos there are.
async fn photo_changes(server: &TestServer) -> i64 {
    let changes = changes::table.filter(changes::entity.eq("photo"));
    changes.count().get_result(&mut server.connection().await).await.unwrap()
}

async fn offset(device: &TestDevice, upload: &str) -> u64 {
    header_number(&device.ask(upload).await, "upload-offset")
}

/// How many uploads there are.
async fn upload_rows(server: &TestServer) -> i64 {
    uploads::table.count().get_result(&mut server.connection().await).await.unwrap()
}

/// Another server process on the same database and files.
fn second_process(server: &TestServer) -> Arc<AppState> {
    let first = &server.state;
    Arc::new(AppState::new(first.config.clone(), first.pool.clone(), server.clock.clone()).unwrap())
}

#[tokio::test]
async fn a_photo_sent_in_chunks_is_verified_and_kept_byte_for_byte() {
    let (server, district, device) = start().await;
    let photo = photo(1);
    let hash = PhotoHash::of(&photo);
    assert!(photo.len() < UPLOAD_CHUNK_BYTES * 2);
    let upload = device.create_upload(&hash, photo.len()).await;
    let (first, rest) = photo.split_at(100_000);

    let answer = device.append(&upload, 0, first).await;
    assert_eq!(answer.status(), 204);
    assert_eq!(header_number(&answer, "upload-offset"), 100_000);
    assert!(!says_verified(&answer));
    assert_eq!(answer.headers()["tus-resumable"], "1.0.0");
    assert_eq!(answer.headers()["upload-expires"], "Sun, 29 Nov 2026 02:00:00 GMT");

    let answer = device.append(&upload, 100_000, rest).await;
    assert_eq!(answer.status(), 204);
    assert_eq!(header_number(&answer, "upload-offset"), u64::try_from(photo.len()).unwrap());
    assert_eq!(verdict(&answer), None, "the bytes are durable; the verdict is asked for");

    let asked = device.ask(&upload).await;
    assert!(says_verified(&asked));
    assert_eq!(header_number(&asked, "upload-length"), u64::try_from(photo.len()).unwrap());
    assert_eq!(asked.headers()["cache-control"], "no-store");
    assert!(says_verified(&device.ask(&upload).await), "a lost answer can be asked for");

    let kept = server.state.photos.store.get(&district.code, PhotoObject::Original(&hash)).await.unwrap();
    assert_eq!(kept, photo);
    let (media_type, width, exif): (Option<String>, Option<i32>, Option<Value>) = photos::table
        .select((photos::media_type, photos::width, photos::exif))
        .first(&mut server.connection().await)
        .await
        .unwrap();
    let exif = exif.unwrap();
    assert_eq!((media_type.as_deref(), width), (Some("image/jpeg"), Some(1200)));
    assert_eq!(exif["orientation"], 6);
    assert_eq!(exif["taken_at"], "2026-11-22T01:30:00.000Z");
    assert!((exif["point"]["lon"].as_f64().unwrap() - 113.25).abs() < 1e-6);

    let heard: Vec<(String, Option<uuid::Uuid>)> = changes::table
        .select((changes::entity_id, changes::user_id))
        .load(&mut server.connection().await)
        .await
        .unwrap();
    assert_eq!(heard, [(hash.to_string(), Some(device.user.user_id.0))]);
    server.state.photos.verdicts.idle().await;
    assert_eq!(part_files(&server).await, [], "the part file is gone");
}

#[tokio::test]
async fn a_photo_is_acknowledged_before_it_is_decoded_and_judged_without_being_asked_about() {
    let (server, _, device) = start().await;
    server.state.photos.verdicts.idle().await;
    let mut busy = Vec::new();
    for _ in 0..server.state.config.image_workers {
        busy.push(server.state.photos.image_workers.free().await.unwrap());
    }
    let (whole, in_chunks) = (photo(1), photo(2));
    let hash = PhotoHash::of(&whole);
    let created = device.creation_with(&hash, whole.len(), &whole).send().await.unwrap();
    assert_eq!((created.status().as_u16(), verdict(&created)), (201, None));
    assert_eq!(header_number(&created, "upload-offset"), u64::try_from(whole.len()).unwrap());
    assert!(!created.headers().contains_key("upload-expires"), "an acknowledged photo does not expire");
    let upload = device.create_upload(&PhotoHash::of(&in_chunks), in_chunks.len()).await;
    let (first, rest) = in_chunks.split_at(100_000);
    assert_eq!(device.append(&upload, 0, first).await.status(), 204);
    assert_eq!(device.append(&upload, 100_000, rest).await.status(), 204);
    assert_eq!(verdicts(&server).await, [], "no image worker was free");

    drop(busy);
    server.state.photos.verdicts.idle().await;
    let states: Vec<_> = verdicts(&server).await.into_iter().map(|(_, state, _)| state).collect();
    assert_eq!(states, ["verified", "verified"]);
    assert_eq!(photo_changes(&server).await, 2, "the sender hears of them by pull");
    assert_eq!(part_files(&server).await, []);
    let metrics = server.get("/metrics").send().await.unwrap().text().await.unwrap();
    assert!(metrics.contains("lantian_photos_unjudged 0"), "{metrics}");
}

#[tokio::test]
async fn an_upload_begun_with_its_first_bytes_is_resumed_after_them() {
    let (_server, _, device) = start().await;
    let photo = photo(1);
    let first = &photo[..100_000];
    let created = device.creation_with(&PhotoHash::of(&photo), photo.len(), first).send().await.unwrap();
    assert_eq!((created.status().as_u16(), header_number(&created, "upload-offset")), (201, 100_000));
    assert_eq!(created.headers()["upload-expires"], "Sun, 29 Nov 2026 02:00:00 GMT");
    let upload = created.headers()["location"].to_str().unwrap().to_owned();
    assert!(says_verified(&device.resume(&upload, &photo).await));
}

#[tokio::test]
async fn a_body_of_another_type_begins_an_upload_at_its_beginning() {
    let (_server, _, device) = start().await;
    let photo = photo(1);
    let creation = device.creation(&PhotoHash::of(&photo), photo.len()).body(photo[..100].to_vec());
    let created = creation.header("content-type", "text/plain").send().await.unwrap();
    assert_eq!((created.status().as_u16(), header_number(&created, "upload-offset")), (201, 0));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_creation_with_bytes_that_fails_leaves_nothing() {
    let (server, _, device) = start().await;
    let photo = photo(1);
    let (hash, length) = (PhotoHash::of(&photo), photo.len());
    let too_many = vec![0; UPLOAD_CHUNK_BYTES + 1];
    for (request, status, code) in [
        (device.creation_with(&hash, length, b"abc").body("abd"), 460, "upload_checksum_mismatch"),
        (device.creation_with(&hash, 2, b"abc"), 413, "payload_too_large"),
        (device.creation_with(&hash, too_many.len(), &too_many), 413, "payload_too_large"),
    ] {
        let problem = problem(request.send().await.unwrap()).await;
        assert_eq!((problem.status, problem.code.as_str()), (status, code));
    }
    let metadata = device.creation(&hash, length).build().unwrap().headers()["upload-metadata"].clone();
    let head = format!(
        "POST {UPLOADS} HTTP/1.1\r\nUpload-Length: {length}\r\nUpload-Metadata: {}\r\n",
        metadata.to_str().unwrap()
    );
    tokio::task::block_in_place(|| cut_off(&server, &device, &head, &photo));
    // The disk fails: the directory of part files is gone.
    let dir = server.state.config.photo_dir().join("uploads");
    std::fs::remove_dir(&dir).unwrap();
    let failed = device.creation_with(&hash, length, &photo).send().await.unwrap();
    assert_eq!(problem(failed).await.code.as_str(), "internal_error");

    assert_eq!(upload_rows(&server).await, 0);
    std::fs::create_dir(&dir).unwrap();
    assert!(says_verified(&device.upload(&photo).await));
}

#[tokio::test]
async fn a_client_without_checksums_may_send_everything_at_once_or_post() {
    let (_server, _, device) = start().await;
    for (seed, method) in [(1, Method::PATCH), (2, Method::POST)] {
        let photo = photo(seed);
        let upload = device.create_upload(&PhotoHash::of(&photo), photo.len()).await;
        let request = device.chunk(&upload, 0, &photo).build().unwrap();
        let answer = device
            .request(method.clone(), &upload)
            .headers(request.headers().clone())
            .header("x-http-method-override", "PATCH")
            .body(photo)
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), 204, "{method}: {answer:?}");
        assert!(says_verified(&device.ask(&upload).await), "{method}");
    }
    let plain_post = device.request(Method::POST, &format!("{UPLOADS}/x")).send().await.unwrap();
    assert_eq!(problem(plain_post).await.code.as_str(), "method_not_allowed");
}

/// Sends a request, beginning with this line and these headers, with half of its body, and hangs up.
fn cut_off(server: &TestServer, device: &TestDevice, head: &str, chunk: &[u8]) {
    let mut socket = TcpStream::connect(server.url.strip_prefix("http://").unwrap()).unwrap();
    let token = &device.token.access_token;
    let length = chunk.len();
    write!(
        socket,
        "{head}Host: test\r\nAuthorization: Bearer {token}\r\nTus-Resumable: 1.0.0\r\n\
         Content-Type: application/offset+octet-stream\r\nContent-Length: {length}\r\n\r\n"
    )
    .unwrap();
    socket.write_all(&chunk[..length / 2]).unwrap();
    socket.shutdown(std::net::Shutdown::Write).unwrap();
    // The server closes the connection when it has seen the end.
    socket.read_to_end(&mut Vec::new()).unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_chunk_cut_off_in_the_middle_is_sent_again_from_the_durable_offset() {
    let (server, _, device) = start().await;
    let photo = photo(1);
    let upload = device.create_upload(&PhotoHash::of(&photo), photo.len()).await;
    let head = format!(
        "PATCH {upload} HTTP/1.1\r\nUpload-Offset: 0\r\n\
         Upload-Checksum: sha256 uU0nuZNNPgilLlLX2n2r+sSE7+N6U4DukIj3rOLvzek=\r\n"
    );
    tokio::task::block_in_place(|| cut_off(&server, &device, &head, &photo));
    assert_eq!(offset(&device, &upload).await, 0, "half a chunk cannot be checked, so it is not kept");
    assert!(says_verified(&device.resume(&upload, &photo).await));
}

#[tokio::test]
async fn bytes_that_a_crash_left_behind_the_durable_offset_are_cut_off() {
    let (server, _, device) = start().await;
    let photo = photo(1);
    let upload = device.create_upload(&PhotoHash::of(&photo), photo.len()).await;
    device.append(&upload, 0, &photo[..50_000]).await;
    // The file was written, the row was not.
    let garbage = vec![0xAA; 70_000].into();
    server.state.photos.uploads.append(&key(&device, &upload), 50_000, garbage).await.unwrap();
    assert_eq!(offset(&device, &upload).await, 50_000);
    assert!(says_verified(&device.resume(&upload, &photo).await));
}

#[tokio::test]
async fn an_upload_whose_acknowledged_bytes_the_disk_lost_begins_again() {
    let (server, _, device) = start().await;
    let photo = photo(1);
    let upload = device.create_upload(&PhotoHash::of(&photo), photo.len()).await;
    device.append(&upload, 0, &photo[..50_000]).await;
    server.state.photos.uploads.remove(&key(&device, &upload)).await.unwrap();
    let answer = device.append(&upload, 50_000, &photo[50_000..]).await;
    assert_eq!(problem(answer).await.code.as_str(), "upload_unknown");
    assert!(says_verified(&device.upload(&photo).await));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_appends_at_one_offset_exactly_one_wins() {
    let (_server, _, device) = start().await;
    let photo = photo(1);
    let upload = device.create_upload(&PhotoHash::of(&photo), photo.len()).await;
    for part in photo.chunks(photo.len() / 3 + 1) {
        let offset = offset(&device, &upload).await;
        let racers = join_all((0..8).map(|_| device.append(&upload, offset, part))).await;
        let mut statuses: Vec<_> = racers.iter().map(|answer| answer.status().as_u16()).collect();
        statuses.sort_unstable();
        assert_eq!(statuses, [204, 409, 409, 409, 409, 409, 409, 409]);
        let loser = racers.into_iter().find(|answer| answer.status() == 409).unwrap();
        let stands_at = offset + u64::try_from(part.len()).unwrap();
        assert_eq!(header_number(&loser, "upload-offset"), stands_at);
        assert_eq!(problem(loser).await.code.as_str(), "upload_offset_mismatch");
    }
    assert!(says_verified(&device.ask(&upload).await));
}

#[tokio::test]
async fn a_chunk_with_another_checksum_is_not_appended() {
    let (_server, _, device) = start().await;
    let photo = photo(1);
    let upload = device.create_upload(&PhotoHash::of(&photo), photo.len()).await;
    let send = async |checksum: &'static str| {
        let request = device.chunk(&upload, 0, b"hello world").header("upload-checksum", checksum);
        request.send().await.unwrap()
    };
    for (checksum, status, code) in [
        ("sha256 AAAA", 460, "upload_checksum_mismatch"),
        ("sha1 AAAA", 460, "upload_checksum_mismatch"),
        ("md5 AAAA", 400, "malformed_request"),
    ] {
        let answer = send(checksum).await;
        assert_eq!(answer.headers()["tus-resumable"], "1.0.0", "problems speak tus too");
        let problem = problem(answer).await;
        assert_eq!((problem.status, problem.code.as_str()), (status, code), "{checksum}");
        assert_eq!(offset(&device, &upload).await, 0);
    }
    assert_eq!(send("sha1 Kq5sNclPz7QV2+lfQIuc6R7oRu0=").await.status(), 204);
}

#[tokio::test]
async fn bytes_of_another_photo_are_refused_and_nothing_is_stored() {
    let (server, _, device) = start().await;
    let (announced, sent) = (photo(1), photo(2));
    let hash = PhotoHash::of(&announced);
    let upload = device.create_upload(&hash, sent.len()).await;
    let answer = device.resume(&upload, &sent).await;
    assert_eq!((answer.status().as_u16(), verdict(&answer)), (422, Some("photo_hash_mismatch")));
    assert_eq!(verdict(&device.ask(&upload).await), Some("photo_hash_mismatch"), "told as often as asked");

    server.state.photos.verdicts.idle().await;
    assert_eq!(verdicts(&server).await, []);
    assert_eq!(photo_changes(&server).await, 0);
    assert_eq!(part_files(&server).await, []);
    assert!(says_verified(&device.upload(&announced).await), "the photo itself is not poisoned");
}

/// A PNG that declares 20,000 × 10,000 pixels.
fn png_of_200_megapixels() -> Vec<u8> {
    let mut file = std::io::Cursor::new(Vec::new());
    image::DynamicImage::new_rgb8(16, 16).write_to(&mut file, image::ImageFormat::Png).unwrap();
    let mut png = file.into_inner();
    png[16..20].copy_from_slice(&20_000_u32.to_be_bytes());
    png[20..24].copy_from_slice(&10_000_u32.to_be_bytes());
    let crc = !png[12..29].iter().fold(u32::MAX, |crc, byte| {
        (0..8).fold(crc ^ u32::from(*byte), |crc, _| (crc >> 1) ^ (0xEDB8_8320 & (crc & 1).wrapping_neg()))
    });
    png[29..33].copy_from_slice(&crc.to_be_bytes());
    png
}

#[tokio::test]
async fn what_is_no_usable_picture_is_refused_with_its_reason() {
    let (server, _, device) = start().await;
    let whole = photo(1);
    let refused = [
        (b"photo of the site, see attachment".to_vec(), "photo_not_an_image"),
        (whole[..whole.len() / 2].to_vec(), "photo_truncated"),
        (png_of_200_megapixels(), "photo_too_many_pixels"),
        (b"GIF89a\x01\0\x01\0".to_vec(), "photo_unsupported_format"),
    ];
    for (bytes, code) in &refused {
        let upload = device.create_upload(&PhotoHash::of(bytes), bytes.len()).await;
        let answer = device.resume(&upload, bytes).await;
        assert_eq!((answer.status().as_u16(), verdict(&answer)), (422, Some(*code)));
        let appended = device.append(&upload, u64::try_from(bytes.len()).unwrap(), b"").await;
        assert_eq!(problem(appended).await.code.as_str(), *code, "nothing more is taken");
    }
    server.state.photos.verdicts.idle().await;
    let mut expected: Vec<_> = refused
        .iter()
        .map(|(bytes, code)| {
            (PhotoHash::of(bytes).to_string(), "refused".to_owned(), Some((*code).to_owned()))
        })
        .collect();
    let mut stored = verdicts(&server).await;
    expected.sort();
    stored.sort();
    assert_eq!(stored, expected);
    assert_eq!(photo_changes(&server).await, 4, "the sender hears of it by pull too");
    assert_eq!(part_files(&server).await, []);

    let (bytes, _) = &refused[0];
    let again = device.creation(&PhotoHash::of(bytes), bytes.len()).send().await.unwrap();
    assert_eq!((again.status().as_u16(), header_number(&again, "upload-offset")), (201, 0));
}

#[tokio::test]
async fn requests_that_are_not_tus_are_refused_by_the_field() {
    let (_server, _, device) = start().await;
    let hash = PhotoHash::of(b"x");
    let too_long = usize::try_from(PHOTO_MAX_BYTES).unwrap() + 1;
    let upload = device.create_upload(&hash, 10).await;
    let create = |length: usize| device.creation(&hash, length);
    let bare = |method: Method| {
        let path = if method == Method::POST { UPLOADS } else { &upload };
        device.request(method, path)
    };
    let cases = [
        (create(too_long), 413, "photo_too_large", "upload-length"),
        (create(0), 422, "number_out_of_range", "upload-length"),
        (bare(Method::POST), 412, "tus_version_unsupported", "tus-resumable"),
        (
            bare(Method::POST).header("tus-resumable", "0.2.2"),
            412,
            "tus_version_unsupported",
            "tus-resumable",
        ),
        (bare(Method::POST).header("tus-resumable", "1.0.0"), 400, "malformed_request", "upload-length"),
        (bare(Method::PATCH), 412, "tus_version_unsupported", "tus-resumable"),
        (
            bare(Method::PATCH).header("tus-resumable", "1.0.0").body("x"),
            415,
            "unsupported_media_type",
            "content-type",
        ),
        (device.chunk(&upload, 3, b"x"), 409, "upload_offset_mismatch", "upload-offset"),
        (device.chunk(&upload, 0, b"more than ten bytes"), 413, "payload_too_large", "upload-length"),
    ];
    for (request, status, code, field) in cases {
        let answer = request.send().await.unwrap();
        let versions = answer.headers().get("tus-version").cloned();
        let problem = problem(answer).await;
        assert_eq!(
            (problem.status, problem.code.as_str(), problem.field.as_deref()),
            (status, code, Some(field))
        );
        assert_eq!(
            versions.is_some(),
            status == 412,
            "a version that is not spoken is answered with those that are"
        );
    }
    assert_eq!(offset(&device, &upload).await, 0);

    let description = device.request(Method::OPTIONS, UPLOADS).send().await.unwrap();
    assert_eq!(description.status(), 204);
    assert_eq!(description.headers()["tus-version"], "1.0.0");
    assert_eq!(description.headers()["tus-extension"], "creation,creation-with-upload,checksum,expiration");
    assert_eq!(description.headers()["tus-checksum-algorithm"], "sha256,sha1");
    assert_eq!(header_number(&description, "tus-max-size"), PHOTO_MAX_BYTES);
}

#[tokio::test]
async fn uploads_of_others_of_other_districts_and_expired_ones_are_unknown() {
    let (server, district, device) = start().await;
    let photo = photo(1);
    let upload = device.create_upload(&PhotoHash::of(&photo), photo.len()).await;
    let colleague = server.inspector(&district, "li", "001").await;
    let elsewhere = server.district("410803").await;
    let stranger = server.inspector(&elsewhere, "wang", "001").await;
    for other in [&colleague, &stranger] {
        assert_eq!(other.ask(&upload).await.status(), 404);
        let answer = other.append(&upload, 0, &photo).await;
        assert_eq!(problem(answer).await.code.as_str(), "upload_unknown");
    }
    let nonsense = device.append(&format!("{UPLOADS}/nonsense"), 0, &photo).await;
    assert_eq!(problem(nonsense).await.code.as_str(), "upload_unknown");

    diesel::update(uploads::table)
        .set(uploads::expires_at.eq(server::db::types::Time(server.state.clock.now())))
        .execute(&mut server.connection().await)
        .await
        .unwrap();
    assert_eq!(device.ask(&upload).await.status(), 404);
    let answer = device.append(&upload, 0, &photo).await;
    assert_eq!(problem(answer).await.code.as_str(), "upload_unknown");
}

#[tokio::test]
async fn photos_come_in_after_the_assignment_of_their_author_has_ended() {
    let (server, _, device) = start().await;
    let ended = "UPDATE assignments SET until_day = '2026-11-21'";
    server.connection().await.batch_execute(ended).await.unwrap();
    assert!(says_verified(&device.upload(&photo(1)).await));
}

#[tokio::test]
async fn one_photo_from_two_devices_is_one_content() {
    let (server, district, first) = start().await;
    let second = server.inspector(&district, "li", "001").await;
    let photo = photo(1);
    let hash = PhotoHash::of(&photo);
    let uploads =
        [first.create_upload(&hash, photo.len()).await, second.create_upload(&hash, photo.len()).await];
    let both = [first.resume(&uploads[0], &photo), second.resume(&uploads[1], &photo)];
    for answer in join_all(both).await {
        assert!(says_verified(&answer), "{answer:?}");
    }
    assert_eq!(verdicts(&server).await, [(hash.to_string(), "verified".to_owned(), None)]);
    assert_eq!(photo_changes(&server).await, 2, "each sender hears of it");

    server.state.photos.verdicts.idle().await;
    for creation in
        [first.creation(&hash, photo.len()), first.creation_with(&hash, photo.len(), &photo[..1000])]
    {
        let known = creation.send().await.unwrap();
        assert_eq!(known.status(), 201);
        assert!(says_verified(&known), "nothing needs to be sent");
        assert_eq!(header_number(&known, "upload-offset"), u64::try_from(photo.len()).unwrap());
    }
    assert_eq!(part_files(&server).await, [], "and nothing is stored");
    let lie = first.creation(&hash, photo.len() + 1).send().await.unwrap();
    assert_eq!(problem(lie).await.code.as_str(), "photo_hash_mismatch");
}

/// An upload that has all its bytes, of which the server ended before the verdict.
async fn upload_without_verdict(server: &TestServer, device: &TestDevice, photo: &[u8]) -> String {
    let upload = device.create_upload(&PhotoHash::of(photo), photo.len()).await;
    let bytes = photo.to_vec().into();
    server.state.photos.uploads.append(&key(device, &upload), 0, bytes).await.unwrap();
    diesel::update(uploads::table.filter(uploads::upload_id.eq(key(device, &upload).upload_id.0)))
        .set(uploads::received.eq(uploads::length))
        .execute(&mut server.connection().await)
        .await
        .unwrap();
    upload
}

#[tokio::test]
async fn a_verdict_that_a_crash_prevented_is_given_when_asked_or_by_the_next_process() {
    let (server, district, device) = start().await;
    server.state.photos.verdicts.idle().await;
    let asked = photo(1);
    let upload = upload_without_verdict(&server, &device, &asked).await;
    assert!(says_verified(&device.ask(&upload).await));

    let left = photo(2);
    upload_without_verdict(&server, &device, &left).await;
    // It crashed after publishing the original, and long ago.
    server.state.photos.store.publish(&district.code, &PhotoHash::of(&left), left.into()).await.unwrap();
    server.clock.advance_seconds(30 * 24 * 3600);
    age_files(&server);
    sweep_uploads(&server.state).await.unwrap();
    assert_eq!(part_files(&server).await.len(), 1, "what was acknowledged stays");
    let next = second_process(&server);
    let tending = tokio::spawn(tend_photos::run(next.clone()));
    next.photos.verdicts.idle().await;
    tending.abort();
    let states: Vec<_> = verdicts(&server).await.into_iter().map(|(_, state, _)| state).collect();
    assert_eq!(states, ["verified", "verified"]);
    assert_eq!(part_files(&server).await, []);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn processes_that_judge_the_same_uploads_at_the_same_time_give_each_one_verdict() {
    let (server, _, device) = start().await;
    server.state.photos.verdicts.idle().await;
    let sound = [photo(1), photo(2), photo(3)];
    for photo in &sound {
        upload_without_verdict(&server, &device, photo).await;
    }
    let no_picture = b"photo of the site, see attachment";
    upload_without_verdict(&server, &device, no_picture).await;
    let second = second_process(&server);
    let (here, there) = tokio::join!(judge_uploads(&server.state), judge_uploads(&second));
    here.and(there).unwrap();

    let mut expected: Vec<_> =
        sound.iter().map(|photo| (PhotoHash::of(photo).to_string(), "verified".to_owned(), None)).collect();
    let refusal = Some("photo_not_an_image".to_owned());
    expected.push((PhotoHash::of(no_picture).to_string(), "refused".to_owned(), refusal));
    let mut stored = verdicts(&server).await;
    expected.sort();
    stored.sort();
    assert_eq!(stored, expected);
    assert_eq!(photo_changes(&server).await, 4, "the sender hears of each once");
    assert_eq!(part_files(&server).await, []);
}

#[tokio::test]
async fn sweeping_leaves_a_file_alone_whose_row_may_be_on_its_way() {
    let (server, _, device) = start().await;
    let files = &server.state.photos.uploads;
    let begun = UploadKey { district: device.user.district.clone(), upload_id: UploadId::fresh() };
    files.append(&begun, 0, "abc".into()).await.unwrap();
    sweep_uploads(&server.state).await.unwrap();
    assert_eq!(part_files(&server).await, std::slice::from_ref(&begun));

    age_files(&server);
    sweep_uploads(&server.state).await.unwrap();
    assert_eq!(part_files(&server).await, [], "nobody came in an hour");
}

/// Makes every file of an upload as old as one that was left behind.
fn age_files(server: &TestServer) {
    for entry in std::fs::read_dir(server.state.config.photo_dir().join("uploads")).unwrap() {
        let file = std::fs::File::options().write(true).open(entry.unwrap().path()).unwrap();
        file.set_modified(SystemTime::now() - LEFTOVER_AGE).unwrap();
    }
}

#[tokio::test]
async fn sweeping_takes_expired_uploads_and_files_without_uploads_and_nothing_else() {
    let (server, _, device) = start().await;
    let photo = photo(1);
    let old = device.create_upload(&PhotoHash::of(&photo), photo.len()).await;
    device.append(&old, 0, &photo[..1000]).await;
    let orphan = UploadKey { upload_id: sync_core::ids::UploadId::fresh(), ..key(&device, &old) };
    server.state.photos.uploads.append(&orphan, 0, vec![1].into()).await.unwrap();
    server.clock.advance_seconds(7 * 24 * 3600);
    let device = server.device(&device.user).await;
    let fresh = device.create_upload(&PhotoHash::of(&photo), photo.len()).await;
    device.append(&fresh, 0, &photo[..1000]).await;

    age_files(&server);
    sweep_uploads(&server.state).await.unwrap();
    assert_eq!(part_files(&server).await, [key(&device, &fresh)]);
    assert_eq!(upload_rows(&server).await, 1);
    assert!(says_verified(&device.resume(&fresh, &photo).await));
}

#[tokio::test]
async fn one_user_cannot_fill_the_disk_with_beginnings() {
    let (_server, _, device) = start().await;
    let limit = server::photos::limits::OPEN_UPLOADS_PER_USER;
    let all = join_all((0..limit).map(|n| device.creation(&PhotoHash::of(&n.to_be_bytes()), 8).send())).await;
    assert!(all.iter().all(|answer| answer.as_ref().unwrap().status() == 201));
    let answer = device.creation(&PhotoHash::of(b"one more"), 8).send().await.unwrap();
    assert_eq!(problem(answer).await.code.as_str(), "rate_limited");
}
