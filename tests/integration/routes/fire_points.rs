//! Fire point leads: entered by the office, pulled by the grid's tablets, verified once on the spot.

use reqwest::{Method, Response};
use serde_json::{Value, json};
use sync_core::ids::{FirePointId, InspectionId};
use sync_core::wire::field_record::FirePointVerification;
use sync_core::wire::operation::{Body, Operation};
use sync_core::wire::push::{Missing, Outcome};
use tests::field::{code, visit};
use tests::review::{Review, accepted, read};
use tests::{TestDevice, TestOffice, TestRole, problem};

fn lead(id: FirePointId) -> Value {
    json!({
        "fire_point_id": id, "source": "satellite", "point": { "lon": 113.33, "lat": 35.28 },
        "grid": "410804/001/002", "seen_at": "2026-11-22T01:30:00Z", "note": "村西麦田",
    })
}

async fn enter(office: &TestOffice, lead: &Value) -> Response {
    office.request(Method::POST, "/api/v1/fire-points").json(lead).send().await.unwrap()
}

fn verification(device: &TestDevice, id: FirePointId, inspection_id: Option<InspectionId>) -> Operation {
    device.operation(Body::VerifyFirePoint(FirePointVerification {
        fire_point_id: id,
        inspection_id,
        text: "到场未见火情".to_owned(),
        photos: vec![],
        fix: None,
    }))
}

async fn pulled(device: &TestDevice, id: FirePointId) -> Option<Value> {
    let (changes, _) = device.pull_all(None).await;
    let row = changes.iter().find(|change| change.entity == "fire_point" && change.id == id.to_string());
    row.and_then(|change| change.row.as_ref()).map(|row| serde_json::from_str(row.get()).unwrap())
}

#[tokio::test]
async fn a_lead_is_pulled_in_its_grid_and_verified_as_nothing_found() {
    let review = Review::start().await;
    let id = FirePointId::fresh();
    let entered = accepted(enter(&review.supervisor, &lead(id)).await).await;
    assert_eq!(entered["state"], "lead");
    assert_eq!(accepted(enter(&review.supervisor, &lead(id)).await).await, entered, "a retry is one lead");
    let neighbour = review.server.inspector(&review.macun, "zhao", "002").await;

    assert_eq!(pulled(&neighbour, id).await, None);
    assert_eq!(pulled(&review.device, id).await.unwrap()["note"], "村西麦田");
    let outcomes = review.device.push(&[verification(&review.device, id, None)]).await;

    assert_eq!(outcomes, [Outcome::Applied]);
    assert_eq!(pulled(&review.device, id).await.unwrap()["state"], "not_found");
    let listed = read(review.supervisor.request(Method::GET, "/api/v1/fire-points?state=not_found")).await;
    let listed = &listed["fire_points"][0];
    assert_eq!((&listed["fire_point_id"], &listed["finding"]), (&json!(id), &json!("到场未见火情")));
    assert_eq!(listed["verified_by"], json!(review.device.user.user_id));
}

#[tokio::test]
async fn a_fire_that_was_found_names_its_inspection_which_may_come_in_the_same_batch() {
    let review = Review::start().await;
    let id = FirePointId::fresh();
    accepted(enter(&review.supervisor, &lead(id)).await).await;
    let site = review.server.site(&review.macun, "001/002").await;
    let fire = visit(&review.device, &site, &["hoarding"]);
    let verified = verification(&review.device, id, Some(fire.inspection_id));

    let early = review.device.push(std::slice::from_ref(&verified)).await;
    assert_eq!(early, [Outcome::Held { missing: vec![Missing::Inspection(fire.inspection_id)] }]);
    let together = review.device.push(&[review.device.submit(&fire), verified]).await;

    assert_eq!(together, [Outcome::Applied, Outcome::Applied]);
    let row = pulled(&review.device, id).await.unwrap();
    assert_eq!((&row["state"], &row["inspection_id"]), (&json!("confirmed"), &json!(fire.inspection_id)));
}

#[tokio::test]
async fn a_lead_is_verified_once_and_only_in_the_inspectors_grid() {
    let review = Review::start().await;
    let id = FirePointId::fresh();
    accepted(enter(&review.supervisor, &lead(id)).await).await;
    let neighbour = review.server.inspector(&review.macun, "zhao", "002").await;

    let theirs = neighbour.push(&[verification(&neighbour, id, None)]).await;
    let unknown = review.device.push(&[verification(&review.device, FirePointId::fresh(), None)]).await;
    let twice = review
        .device
        .push(&[verification(&review.device, id, None), verification(&review.device, id, None)])
        .await;

    assert_eq!((code(&theirs[0]), code(&unknown[0])), ("not_assigned", "fire_point_unknown"));
    assert_eq!((&twice[0], code(&twice[1])), (&Outcome::Applied, "fire_point_verified"));
}

#[tokio::test]
async fn a_lead_that_makes_no_sense_names_its_field() {
    let review = Review::start().await;
    let id = FirePointId::fresh();
    accepted(enter(&review.supervisor, &lead(id)).await).await;
    let refused = async |name: &str, value: Value| {
        let mut changed = lead(FirePointId::fresh());
        changed[name] = value;
        problem(enter(&review.supervisor, &changed).await).await.code.to_string()
    };
    assert_eq!(refused("point", json!({ "lon": 35.2, "lat": 113.3 })).await, "place_outside_china");
    assert_eq!(refused("grid", json!("410804/009")).await, "grid_unknown");
    assert_eq!(refused("grid", json!("410803/001")).await, "out_of_scope");
    assert_eq!(refused("seen_at", json!("2026-11-23T00:00:00Z")).await, "number_out_of_range");
    assert_eq!(refused("note", json!("a\0")).await, "text_contains_nul");
    let mut other = lead(id);
    other["note"] = json!("别处");
    assert_eq!(problem(enter(&review.supervisor, &other).await).await.code.as_str(), "decision_id_reused");
    let elsewhere = review.office("elsewhere", TestRole::supervisor("002")).await;
    let mut theirs = lead(FirePointId::fresh());
    assert_eq!(problem(enter(&elsewhere, &theirs).await).await.code.as_str(), "out_of_scope");
    theirs["grid"] = json!("410804/002/001");
    accepted(enter(&elsewhere, &theirs).await).await;
    let seen = read(elsewhere.request(Method::GET, "/api/v1/fire-points")).await;
    assert_eq!(seen["fire_points"].as_array().unwrap().len(), 1, "of the own grids");
}
