//! Photos as they are looked at: who may, what they get, and the stamped copies.

use diesel::prelude::*;
use diesel_async::{RunQueryDsl, SimpleAsyncConnection};
use image::metadata::Orientation;
use reqwest::{Method, RequestBuilder, Response};
use server::db::schema::{cases, targets};
use sync_core::geo::Point;
use sync_core::ids::PhotoHash;
use sync_core::model::inspection::Inspection;
use sync_core::wire::push::Outcome;
use tests::field::{photo_entry, visit};
use tests::photo_upload::says_verified;
use tests::scene::{SceneExif, SceneKind, scene};
use tests::{TestDevice, TestDistrict, TestRole, TestServer, problem};

fn photo(seed: u64) -> Vec<u8> {
    let exif = SceneExif {
        taken_at: "2026-11-22T01:30:00Z".parse().unwrap(),
        point: Some(Point { lon: 113.25, lat: 35.25 }),
        orientation: Orientation::Rotate90,
    };
    scene(SceneKind::ConstructionSite, seed, &exif)
}

/// A visit to a site in grid `001/001` with an emoji in its name, of which the photo is evidence, pushed.
async fn inspect(
    server: &TestServer,
    district: &TestDistrict,
    author: &TestDevice,
    photo: &[u8],
) -> Inspection {
    let site = server.site(district, "001/001").await;
    let renamed = diesel::update(targets::table).set(targets::name.eq("九里山街道 3 号工地 🚧"));
    renamed.execute(&mut server.connection().await).await.unwrap();
    let mut visit = visit(author, &site, &["hoarding"]);
    visit.photos.push(photo_entry(photo, &visit));
    assert_eq!(author.push(&[author.submit(&visit)]).await, [Outcome::Applied]);
    visit
}

async fn start_with_font(font: Option<&str>) -> (TestServer, TestDistrict, TestDevice) {
    let server = TestServer::start_with(|config| config.stamp_font = font.map(Into::into)).await;
    let district = server.macun().await;
    let device = server.inspector(&district, "zhang", "001").await;
    (server, district, device)
}

/// The review state of the one case of an inspection.
async fn case_state(server: &TestServer, inspection: &Inspection) -> String {
    let cases = cases::table.filter(cases::lineage.eq(inspection.lineage.0)).select(cases::review_state);
    cases.get_result(&mut server.connection().await).await.unwrap()
}

fn stamped_path(inspection: &Inspection) -> String {
    format!("/api/v1/inspections/{}/photos/0/stamped", inspection.inspection_id)
}

async fn picture(response: Response) -> image::DynamicImage {
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["content-type"], "image/jpeg");
    image::load_from_memory(&response.bytes().await.unwrap()).unwrap()
}

#[tokio::test]
async fn a_case_is_under_review_whichever_of_operation_and_photo_comes_first() {
    let (server, district, device) = start_with_font(None).await;
    let (late, early) = (photo(1), photo(2));
    let photo_last = inspect(&server, &district, &device, &late).await;
    assert_eq!(case_state(&server, &photo_last).await, "awaiting_evidence");
    assert!(says_verified(&device.upload(&late).await));
    assert_eq!(case_state(&server, &photo_last).await, "under_review");

    assert!(says_verified(&device.upload(&early).await));
    let photo_first = inspect(&server, &district, &device, &early).await;
    assert_eq!(case_state(&server, &photo_first).await, "under_review");
}

#[tokio::test]
async fn a_photo_is_stamped_whichever_comes_first_and_the_original_stays() {
    let (server, district, device) = start_with_font(None).await;
    let (before, after) = (photo(1), photo(2));
    let photo_last = inspect(&server, &district, &device, &before).await;
    assert!(says_verified(&device.upload(&before).await));
    assert!(says_verified(&device.upload(&after).await));
    let photo_first = inspect(&server, &district, &device, &after).await;
    server.state.photos.verdicts.idle().await;
    server.state.photos.stamper.rounds.idle().await;

    for (inspection, bytes) in [(photo_last, before), (photo_first, after)] {
        let stamped = device.request(Method::GET, &stamped_path(&inspection)).send().await.unwrap();
        let stamped = picture(stamped).await.to_rgb8();
        assert_eq!(stamped.dimensions(), (1600, 1200), "upright, though stored on its side");

        let path = format!("/api/v1/photos/{}/original", PhotoHash::of(&bytes));
        let original = device.request(Method::GET, &path).send().await.unwrap().bytes().await.unwrap();
        assert_eq!(original, bytes);
        let page = device.request(Method::GET, &path.replace("original", "page")).send().await.unwrap();
        let page =
            picture(page).await.resize_exact(1600, 1200, image::imageops::FilterType::Nearest).to_rgb8();
        let darker = |y: u32| {
            let brightness =
                |row: &image::RgbImage| (0..1600).map(|x| u32::from(row.get_pixel(x, y)[1])).sum::<u32>();
            brightness(&stamped) < brightness(&page) * 2 / 3
        };
        assert!(darker(1195) && !darker(300), "the stamp lies over the lower edge");
    }
    let metrics = server.get("/metrics").send().await.unwrap().text().await.unwrap();
    assert!(metrics.contains("lantian_stamps_pending 0"), "{metrics}");
}

#[tokio::test]
async fn without_a_font_a_stamp_is_pending_and_told() {
    let (server, district, device) = start_with_font(Some("")).await;
    let photo = photo(1);
    let inspection = inspect(&server, &district, &device, &photo).await;
    assert!(says_verified(&device.upload(&photo).await));
    server.state.photos.verdicts.idle().await;
    server.state.photos.stamper.rounds.idle().await;
    let pending =
        problem(device.request(Method::GET, &stamped_path(&inspection)).send().await.unwrap()).await;
    assert_eq!(pending.code.as_str(), "photo_unknown");
    assert!(pending.detail.unwrap().contains("pending"));
    let metrics = server.get("/metrics").send().await.unwrap().text().await.unwrap();
    assert!(metrics.contains("lantian_stamps_pending 1"), "{metrics}");
}

#[tokio::test]
async fn thumbnails_are_upright_small_and_cached_for_good() {
    let (server, district, device) = start_with_font(None).await;
    let photo = photo(1);
    inspect(&server, &district, &device, &photo).await;
    device.upload(&photo).await;
    let get =
        |form: &str| device.request(Method::GET, &format!("/api/v1/photos/{}/{form}", PhotoHash::of(&photo)));
    for (form, side) in [("list", 320), ("page", 1280)] {
        let thumbnail = picture(get(form).send().await.unwrap()).await;
        assert_eq!((thumbnail.width(), thumbnail.height()), (side, side * 3 / 4), "{form}");
    }
    let list = get("list").send().await.unwrap();
    let (original, etag) = (get("original").send().await.unwrap(), list.headers()["etag"].clone());
    assert_ne!(original.headers()["etag"], etag);
    for answer in [&list, &original] {
        assert_eq!(answer.headers()["x-content-type-options"], "nosniff");
        assert_eq!(answer.headers()["cache-control"], "private, max-age=31536000, immutable");
    }
    let known = get("list").header("if-none-match", etag.clone()).send().await.unwrap();
    assert_eq!(known.status(), 304);
    assert_eq!(known.headers()["etag"], etag);
    assert_eq!(get("original").header("if-none-match", etag).send().await.unwrap().status(), 200);
    assert_eq!(get("huge").send().await.unwrap().status(), 400);
}

#[tokio::test]
async fn a_photo_is_seen_by_those_who_may_see_an_inspection_that_names_it() {
    let (server, district, author) = start_with_font(None).await;
    let (photo, unnamed) = (photo(1), photo(2));
    let inspection = inspect(&server, &district, &author, &photo).await;
    author.upload(&photo).await;
    author.upload(&unnamed).await;
    server.state.photos.verdicts.idle().await;
    server.state.photos.stamper.rounds.idle().await;
    let elsewhere = server.district("410803").await;

    let [first, second] = district.streets;
    let office = [
        ("supervisor of the grid", &district, TestRole::supervisor("001"), true),
        ("supervisor of another grid", &district, TestRole::supervisor("002"), false),
        (
            "supervisor of another grid whose assignment names the unit",
            &district,
            TestRole { unit_id: Some(first), ..TestRole::supervisor("002") },
            false,
        ),
        ("liaison of the unit", &district, TestRole::liaison(first), true),
        ("liaison of another unit", &district, TestRole::liaison(second), false),
        ("finance", &district, TestRole::finance(), true),
        ("administrator", &district, TestRole::administrator(), true),
        ("finance of another district", &elsewhere, TestRole::finance(), false),
    ];
    let paths = [format!("/api/v1/photos/{}/original", PhotoHash::of(&photo)), stamped_path(&inspection)];
    for path in &paths {
        assert_eq!(author.request(Method::GET, path).send().await.unwrap().status(), 200, "author, {path}");
    }
    for (who, district, role, may) in office {
        let user = server.user(district, who, &[role]).await;
        let office = server.office(&user).await;
        for path in &paths {
            let answer = office.request(Method::GET, path).send().await.unwrap();
            match may {
                true => assert_eq!(answer.status(), 200, "{who}, {path}"),
                false => assert_eq!(problem(answer).await.code.as_str(), "photo_unknown", "{who}, {path}"),
            }
        }
    }
    let unnamed = format!("/api/v1/photos/{}/original", PhotoHash::of(&unnamed));
    let nobody = [author.request(Method::GET, &unnamed), server.get(&unnamed)];
    let codes =
        nobody.map(|request: RequestBuilder| async { problem(request.send().await.unwrap()).await.code });
    let [by_author, by_stranger] = codes;
    assert_eq!(by_author.await.as_str(), "photo_unknown", "no inspection names it yet");
    assert_eq!(by_stranger.await.as_str(), "sign_in_required");
}

#[tokio::test]
async fn the_author_of_an_inspection_sees_its_photos_after_leaving_the_grid() {
    let (server, district, author) = start_with_font(None).await;
    let photo = photo(1);
    inspect(&server, &district, &author, &photo).await;
    author.upload(&photo).await;
    let moved = "UPDATE assignments SET grid = '410804/002'";
    server.connection().await.batch_execute(moved).await.unwrap();
    let path = format!("/api/v1/photos/{}/list", PhotoHash::of(&photo));
    assert_eq!(author.request(Method::GET, &path).send().await.unwrap().status(), 200);
}
