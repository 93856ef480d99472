//! Findings of higher-level groups: entered from paper by a supervisor, sealed with what the server knows, charged under
//! the group's level.

use image::metadata::Orientation;
use reqwest::{Method, Response};
use serde_json::{Value, json};
use server::services::replay_ledger::{Extent, Replayed, replay_ledger};
use sync_core::ids::{InspectionId, PhotoHash};
use tests::review::{Review, accepted, decision};
use tests::scene::{SceneExif, SceneKind, scene};
use tests::{TestOffice, TestRole, problem};

/// A finding at a new site of `001/001`, without photos.
async fn at_site(review: &Review, failed: &[&str]) -> Value {
    let site = review.server.site(&review.macun, "001/001").await;
    finding(json!({ "at": "target", "target_id": site.content.target_id, "point": null }), failed)
}

/// A finding at a spot of a grid.
fn at_spot(grid: &str, kind: &str, failed: &[&str]) -> Value {
    let point = json!({ "lon": 113.4, "lat": 35.3 });
    finding(json!({ "at": "spot", "kind": kind, "grid": grid, "point": point, "place": "村东地头" }), failed)
}

fn finding(place: Value, failed: &[&str]) -> Value {
    let answer = |question: &&str| json!({ "question": question, "verdict": "fail" });
    json!({
        "request_id": InspectionId::fresh(),
        "occurred_at": "2026-11-18T03:00:00Z",
        "place": place,
        "answers": failed.iter().map(answer).collect::<Vec<_>>(),
        "level": "provincial",
        "document": {
            "number": "豫环督〔2026〕17号", "issuer": "省生态环境保护督察组", "date": "2026-11-20", "title": "问题交办单",
        },
    })
}

fn photo() -> Vec<u8> {
    let exif = SceneExif {
        taken_at: "2026-11-18T03:00:00Z".parse().unwrap(),
        point: None,
        orientation: Orientation::NoTransforms,
    };
    scene(SceneKind::ConstructionSite, 7, &exif)
}

async fn enter(office: &TestOffice, finding: &Value) -> Response {
    office.request(Method::POST, "/api/v1/findings").json(finding).send().await.unwrap()
}

async fn refusal(review: &Review, finding: &Value) -> (String, Option<String>) {
    let refused = problem(enter(&review.supervisor, finding).await).await;
    (refused.code.to_string(), refused.field)
}

fn because(code: &str, field: &str) -> (String, Option<String>) {
    (code.to_owned(), Some(field.to_owned()))
}

#[tokio::test]
async fn a_finding_at_a_target_opens_its_case_charged_under_the_groups_level() {
    let review = Review::start().await;
    let finding = at_site(&review, &["hoarding", "material_cover"]).await;

    let entered = accepted(enter(&review.supervisor, &finding).await).await;

    let case = &entered["cases"][0];
    assert_eq!((&case["item"], &case["level"]), (&json!("site_dust"), &json!("provincial")));
    assert_eq!((&case["unit_name"], &case["pending"]), (&json!("东街道"), &json!(20_000_000)));
    assert_eq!(case["grid"], "410804/001/001");
    assert_eq!((&case["flags"], &case["author_name"]), (&json!([]), &json!("zhang")), "no device, no doubt");
    let shown = review.show(case["case_id"].as_str().unwrap().parse().unwrap()).await;
    assert_eq!((&shown["source"], &shown["document"]), (&json!("office"), &finding["document"]));
    assert_eq!(shown["inspection"]["context"]["pack"]["id"], "macun-2024");
    assert_eq!(shown["inspection"]["fix"], Value::Null);
    // Coordinates in JSON may come back another by their last digit.
    assert!(shown["distance_to_target_metres"].as_f64().unwrap() < 0.001, "{shown}");
}

#[tokio::test]
async fn a_finding_at_a_spot_belongs_to_the_unit_of_its_grid() {
    let review = Review::start().await;
    let finding = at_spot("410804/002/001", "straw_point", &["no_straw_burning"]);

    let entered = accepted(enter(&review.supervisor, &finding).await).await;

    let case = &entered["cases"][0];
    assert_eq!((&case["item"], &case["unit_name"]), (&json!("open_burning"), &json!("西街道")));
    assert_eq!((&case["target_id"], &case["place"]), (&Value::Null, &json!("村东地头")));
    assert_eq!(case["pending"], 5_000_000);
}

#[tokio::test]
async fn uploaded_photos_are_its_evidence_and_with_them_it_can_be_confirmed_and_posts() {
    let review = Review::start().await;
    let mut finding = at_site(&review, &["hoarding"]).await;
    let unknown = PhotoHash::of(b"nowhere");
    finding["photos"] = json!([{ "sha256": unknown }]);
    assert_eq!(refusal(&review, &finding).await, because("photo_unknown", "photos[0].sha256"));

    let sha256 = review.supervisor.upload(&photo()).await;
    finding["photos"] = json!([{ "sha256": sha256, "question": "hoarding" }]);
    let entered = accepted(enter(&review.supervisor, &finding).await).await;
    let case = entered["cases"][0]["case_id"].as_str().unwrap().parse().unwrap();

    assert_eq!(entered["cases"][0]["review_state"], "under_review");
    review.decide(case, "confirm").await;
    assert_eq!(review.totals("2026-11").await["total"]["posted_yuan"], "100000.00");
}

#[tokio::test]
async fn without_photos_it_awaits_evidence() {
    let review = Review::start().await;
    let finding = at_site(&review, &["hoarding"]).await;

    let entered = accepted(enter(&review.supervisor, &finding).await).await;

    assert_eq!(entered["cases"][0]["review_state"], "awaiting_evidence");
}

#[tokio::test]
async fn the_same_request_again_or_at_once_is_one_finding_with_one_answer() {
    let review = Review::start().await;
    for _ in 0..5 {
        let finding = at_site(&review, &["hoarding"]).await;
        let (one, two) =
            tokio::join!(enter(&review.supervisor, &finding), enter(&review.supervisor, &finding));
        let first = accepted(one).await;
        assert_eq!(first, accepted(two).await);
        assert_eq!(first, accepted(enter(&review.supervisor, &finding).await).await);
    }
}

#[tokio::test]
async fn an_id_used_for_something_else_is_refused() {
    let review = Review::start().await;
    let finding = at_site(&review, &["hoarding"]).await;
    accepted(enter(&review.supervisor, &finding).await).await;

    let changes: [fn(&mut Value); 5] = [
        |f| f["level"] = json!("national"),
        |f| f["notes"] = json!("别的"),
        |f| f["occurred_at"] = json!("2026-11-18T03:00:01Z"),
        |f| f["document"]["number"] = json!("豫环督〔2026〕18号"),
        |f| f["answers"][0]["question"] = json!("material_cover"),
    ];
    for change in changes {
        let mut changed = finding.clone();
        change(&mut changed);
        assert_eq!(refusal(&review, &changed).await, because("inspection_exists", "request_id"));
    }
    let other = review.office("wang", TestRole::supervisor("")).await;
    assert_eq!(problem(enter(&other, &finding).await).await.code.as_str(), "inspection_exists");
}

/// The finding again as a correction of itself, changed so.
fn corrected(finding: &Value, change: impl FnOnce(&mut Value)) -> Value {
    let mut correction = finding.clone();
    correction["request_id"] = json!(InspectionId::fresh());
    correction["replaces"] = finding["request_id"].clone();
    change(&mut correction);
    correction
}

#[tokio::test]
async fn a_correction_moves_the_undecided_case_and_charges_it_by_what_it_says() {
    let review = Review::start().await;
    let finding = at_site(&review, &["hoarding"]).await;
    let first = accepted(enter(&review.supervisor, &finding).await).await;
    let correction = corrected(&finding, |f| f["answers"][0]["question"] = json!("material_cover"));

    let entered = accepted(enter(&review.supervisor, &correction).await).await;
    let again = accepted(enter(&review.supervisor, &correction).await).await;

    assert_eq!(entered, again);
    let case = &entered["cases"][0];
    assert_eq!((&case["case_id"], &case["version"]), (&first["cases"][0]["case_id"], &json!(2)));
    let shown = review.show(case["case_id"].as_str().unwrap().parse().unwrap()).await;
    assert_eq!(shown["inspection"]["inspection_id"], correction["request_id"]);
    let live: Vec<_> = shown["charges"]
        .as_array()
        .unwrap()
        .iter()
        .filter(|charge| charge["state"] == "pending")
        .map(|charge| charge["measure"].clone())
        .collect();
    assert_eq!(live, [json!("material_cover")]);
}

#[tokio::test]
async fn a_correction_of_a_decided_finding_is_a_proposal_that_two_people_accept_and_it_replays() {
    let review = Review::start().await;
    let mut finding = at_site(&review, &["hoarding"]).await;
    finding["photos"] = json!([{ "sha256": review.supervisor.upload(&photo()).await }]);
    let entered = accepted(enter(&review.supervisor, &finding).await).await;
    let case = entered["cases"][0]["case_id"].as_str().unwrap().parse().unwrap();
    review.decide(case, "confirm").await;
    let correction = corrected(&finding, |f| f["answers"][0]["verdict"] = json!("pass"));

    accepted(enter(&review.supervisor, &correction).await).await;

    assert_eq!(review.show(case).await["amendment"]["found"], false);
    let mut accept = decision("accept_amendment", 2);
    accept["inspection_id"] = correction["request_id"].clone();
    review.decide_by_two(case, &accept).await;
    assert_eq!(review.show(case).await["review_state"], "dismissed");
    assert_eq!(review.totals("2026-11").await["total"]["posted"], 0);
    let mut connection = review.server.connection().await;
    let replayed = replay_ledger(&mut connection, &review.macun.code, Extent::All, |_| {}).await.unwrap();
    assert!(matches!(replayed, Replayed::Same { .. }), "{replayed:?}");
}

#[tokio::test]
async fn a_finding_is_corrected_once_and_only_one_that_the_office_entered_in_own_grids() {
    let review = Review::start().await;
    let finding = at_site(&review, &["hoarding"]).await;
    accepted(enter(&review.supervisor, &finding).await).await;
    accepted(enter(&review.supervisor, &corrected(&finding, |_| ())).await).await;

    assert_eq!(refusal(&review, &corrected(&finding, |_| ())).await, because("superseded", "replaces"));
    let west = review.office("xi", TestRole::supervisor("002")).await;
    let other = at_spot("410804/002/001", "straw_point", &["no_straw_burning"]);
    let foreign = corrected(&other, |f| f["replaces"] = finding["request_id"].clone());
    assert_eq!(problem(enter(&west, &foreign).await).await.code.as_str(), "lineage_invalid");
    let visit = review.visit(&["hoarding"]).await;
    review.push(&visit).await;
    let of_a_tablet = corrected(&finding, |f| f["replaces"] = json!(visit.inspection_id));
    assert_eq!(refusal(&review, &of_a_tablet).await, because("lineage_invalid", "replaces"));
}

#[tokio::test]
async fn of_two_corrections_at_once_one_is_entered() {
    let review = Review::start().await;
    for _ in 0..5 {
        let finding = at_site(&review, &["hoarding"]).await;
        accepted(enter(&review.supervisor, &finding).await).await;
        let (one, two) = (corrected(&finding, |_| ()), corrected(&finding, |_| ()));

        let (one, two) = tokio::join!(enter(&review.supervisor, &one), enter(&review.supervisor, &two));

        let mut statuses = [one.status().as_u16(), two.status().as_u16()];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 409]);
    }
}

#[tokio::test]
async fn what_the_group_measured_is_sealed_and_must_be_possible() {
    let review = Review::start().await;
    let mut finding = at_site(&review, &["hoarding"]).await;
    finding["measurements"] = json!([{ "code": "tsp", "value": 60_000.0 }]);
    let refused = refusal(&review, &finding).await;
    finding["measurements"][0]["value"] = json!(812.5);

    let entered = accepted(enter(&review.supervisor, &finding).await).await;

    assert_eq!(refused.1.as_deref(), Some("measurements[0].value"), "{}", refused.0);
    let shown = review.show(entered["cases"][0]["case_id"].as_str().unwrap().parse().unwrap()).await;
    assert_eq!(shown["inspection"]["measurements"], finding["measurements"]);
}

#[tokio::test]
async fn a_finding_is_judged_by_the_pack_of_the_day_it_occurred() {
    let review = Review::start().await;
    let mut finding = at_site(&review, &["hoarding"]).await;

    finding["occurred_at"] = json!("2024-09-29T15:59:59Z");
    assert_eq!(refusal(&review, &finding).await, because("finding_without_case", "answers"));
    finding["occurred_at"] = json!("2024-09-29T16:00:00Z");
    accepted(enter(&review.supervisor, &finding).await).await;
}

#[tokio::test]
async fn what_cannot_be_is_refused_with_its_field() {
    let review = Review::start().await;
    let good = at_site(&review, &["hoarding"]).await;
    let spot = at_spot("410804/001/001", "straw_point", &["no_straw_burning"]);
    let refused = async |from: &Value, change: fn(&mut Value)| {
        let mut changed = from.clone();
        change(&mut changed);
        refusal(&review, &changed).await
    };

    let future = refused(&good, |f| f["occurred_at"] = json!("2026-11-22T02:00:01Z")).await;
    assert_eq!(future, because("occurrence_in_future", "occurred_at"));
    let self_check = refused(&good, |f| f["level"] = json!("self_check")).await;
    assert_eq!(self_check, because("malformed_request", "level"));
    let unknown_question = refused(&good, |f| f["answers"][0]["question"] = json!("no_straw_burning")).await;
    assert_eq!(unknown_question, because("question_unknown", "answers[0].question"));
    let passed = refused(&good, |f| f["answers"][0]["verdict"] = json!("pass")).await;
    assert_eq!(passed, because("finding_without_case", "answers"));
    let nobody = refused(&good, |f| f["document"]["issuer"] = json!(" ")).await;
    assert_eq!(nobody, because("text_required", "document.issuer"));
    let nul = refused(&good, |f| f["notes"] = json!("a\0b")).await;
    assert_eq!(nul, because("text_contains_nul", "notes"));
    let swapped = refused(&spot, |f| f["place"]["point"] = json!({ "lon": 35.3, "lat": 113.4 })).await;
    assert_eq!(swapped, because("place_outside_china", "place.point"));
    let no_kind = refused(&spot, |f| f["place"]["kind"] = json!("volcano")).await;
    assert_eq!(no_kind, because("kind_unknown", "kind"));
    let no_target = refused(&good, |f| f["place"]["target_id"] = json!(InspectionId::fresh())).await;
    assert_eq!(no_target, because("target_unknown", "place.target_id"));
    let no_grid = refused(&spot, |f| f["place"]["grid"] = json!("410804/009")).await;
    assert_eq!(no_grid, because("out_of_scope", "place.grid"));
}

#[tokio::test]
async fn a_supervisor_enters_findings_of_own_grids_only() {
    let review = Review::start().await;
    let neighbour = review.office("wang", TestRole::supervisor("002")).await;
    let at_site = at_site(&review, &["hoarding"]).await;
    let at_spot = at_spot("410804/001", "straw_point", &["no_straw_burning"]);

    let site = problem(enter(&neighbour, &at_site).await).await;
    let spot = problem(enter(&neighbour, &at_spot).await).await;

    assert_eq!((site.code.as_str(), spot.code.as_str()), ("target_unknown", "out_of_scope"));
}

#[tokio::test]
async fn the_devices_of_the_grid_hear_of_the_case() {
    let review = Review::start().await;
    let finding = at_site(&review, &["hoarding"]).await;
    let (_, cursor) = review.device.pull_all(None).await;

    let entered = accepted(enter(&review.supervisor, &finding).await).await;

    let (changes, _) = review.device.pull_all(Some(&cursor)).await;
    assert_eq!(changes.len(), 1);
    assert_eq!(changes[0].id, entered["cases"][0]["case_id"].as_str().unwrap());
}
