//! One case, with everything a reviewer needs.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use reqwest::Method;
use serde_json::{Value, json};
use server::db::schema::photos;
use tests::field::correction;
use tests::problem;
use tests::review::{Review, decision};

#[tokio::test]
async fn a_case_shows_place_charges_photos_and_history() {
    let review = Review::start().await;
    let visit = review.visit(&["hoarding", "material_cover"]).await;
    let case = review.push(&visit).await;
    review.decide(case, "confirm").await;
    let exif = json!({
        "orientation": 6, "taken_at_local": "2026-11-22T09:30:00", "taken_at": "2026-11-22T01:30:00.000Z",
        "point": { "lon": 113.5, "lat": 35.25 }, "camera_make": "Lantian", "camera_model": null
    });
    let mut connection = review.server.connection().await;
    diesel::update(photos::table).set(photos::exif.eq(&exif)).execute(&mut connection).await.unwrap();

    let shown = review.show(case).await;

    assert_eq!(
        (&shown["item_zh"], &shown["unit_name"]),
        (&json!("施工工地未落实六个百分之百"), &json!("东街道"))
    );
    assert_eq!(shown["target"]["name"], "东环路安置房工地");
    // Coordinates in JSON may come back another by their last digit.
    assert!(shown["distance_to_target_metres"].as_f64().unwrap() < 0.001, "{shown}");
    assert_eq!(shown["inspection"]["inspection_id"], json!(visit.inspection_id));
    let charge = &shown["charges"][0];
    assert_eq!((&charge["measure"], &charge["amount_yuan"]), (&json!("hoarding"), &json!("100000.00")));
    assert_eq!((&charge["state"], &charge["posted"]), (&json!("posted"), &json!(10_000_000)));
    assert!(charge["clause"].as_str().unwrap().contains("马政〔2024〕5号"), "{charge}");
    assert!(charge["zh"].as_str().unwrap().contains("叠加扣缴"), "{charge}");
    let photo = &shown["photos"][0];
    let sha256 = visit.photos[0].sha256.as_str();
    assert_eq!((&photo["sha256"], &photo["state"]), (&json!(sha256), &json!("verified")));
    assert_eq!(photo["thumbnail_url"], format!("/api/v1/photos/{sha256}/list"));
    assert_eq!(photo["stamped_url"], Value::Null, "no stamped copy was made yet");
    assert_eq!(photo["exif"], exif, "what the file says of itself");
    let decided = &shown["decisions"][0];
    assert_eq!((&decided["kind"], &decided["actor_name"]), (&json!("confirm"), &json!("zhang")));
    assert_eq!((&decided["reason"], &shown["doubts"]), (&json!("现场复核"), &json!([])));
}

#[tokio::test]
async fn a_photo_that_is_not_here_is_awaited_and_has_no_address() {
    let review = Review::start().await;
    let visit = review.visit(&["hoarding"]).await;
    review.device.push(&[review.device.submit(&visit)]).await;
    let case = sync_core::ids::CaseId::derive(visit.lineage, &"site_dust".parse().unwrap());

    let shown = review.show(case).await;

    assert_eq!(shown["review_state"], "awaiting_evidence");
    let photo = &shown["photos"][0];
    assert_eq!((&photo["state"], &photo["original_url"]), (&json!("awaited"), &Value::Null));
}

#[tokio::test]
async fn every_doubt_is_explained_in_both_languages() {
    let review = Review::start().await;
    let mut visit = review.visit(&["hoarding"]).await;
    visit.fix = None;
    let case = review.push(&visit).await;

    let doubts = review.show(case).await["doubts"].clone();

    assert_eq!(doubts[0]["flag"], "fix_suspect");
    assert!(doubts[0]["zh"].as_str().unwrap().contains("定位缺失"));
    assert!(doubts[0]["en"].as_str().unwrap().contains("fix is missing"));
}

#[tokio::test]
async fn a_corrected_case_shows_its_lineage_and_what_is_no_longer_charged() {
    let review = Review::start().await;
    let visit = review.visit(&["hoarding", "material_cover"]).await;
    let case = review.push(&visit).await;
    review.decide(case, "return").await;

    let corrected = correction(&visit, &["hoarding"]);
    review.device.push(&[review.device.amend(&corrected)]).await;

    let shown = review.show(case).await;
    assert_eq!((&shown["review_state"], &shown["version"]), (&json!("under_review"), &json!(3)));
    let ids: Vec<_> =
        shown["corrections"].as_array().unwrap().iter().map(|c| c["inspection_id"].clone()).collect();
    assert_eq!(ids, [json!(visit.inspection_id), json!(corrected.inspection_id)]);
    let states: Vec<_> = shown["charges"].as_array().unwrap().iter().map(|c| c["state"].clone()).collect();
    assert_eq!(states, [json!("pending"), json!("void")]);
    assert_eq!(shown["decisions"][0]["kind"], "return");
}

#[tokio::test]
async fn a_correction_overtakes_a_decision_on_what_it_replaces() {
    let review = Review::start().await;
    let visit = review.visit(&["hoarding"]).await;
    let case = review.push(&visit).await;
    let corrected = correction(&visit, &["hoarding", "material_cover"]);
    review.device.push(&[review.device.amend(&corrected)]).await;

    let late = problem(review.supervisor.decide(case, &decision("confirm", 1)).await).await;

    assert_eq!(late.code.as_str(), "case_changed");
    assert!(late.detail.unwrap().starts_with("version 2"));
}

#[tokio::test]
async fn what_is_no_id_is_no_case() {
    let review = Review::start().await;
    for path in ["/api/v1/cases/7", "/api/v1/cases/00000000-0000-0000-0000-000000000000"] {
        let response = review.supervisor.request(Method::GET, path).send().await.unwrap();
        assert_eq!(problem(response).await.code.as_str(), "case_unknown");
    }
}
