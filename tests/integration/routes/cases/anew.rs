//! Undecided cases are judged anew by decision only: by another pack version, level or unit; and go on without evidence
//! that cannot come any more.

use jiff::civil::date;
use serde_json::{Value, json};
use sync_core::ids::CaseId;
use tests::review::{CHEAPER, Review, SITE_DUST, accepted, decision};
use tests::{TestRole, problem};

fn re_evaluate(version: i64, field: &str, value: Value) -> Value {
    let mut request = decision("re_evaluate", version);
    request[field] = value;
    request
}

async fn refusal(review: &Review, case: CaseId, request: &Value) -> String {
    problem(review.supervisor.decide(case, request).await).await.code.to_string()
}

#[tokio::test]
async fn a_new_pack_version_changes_an_undecided_case_only_by_decision() {
    let review = Review::start().await;
    let case = review.case(&["hoarding", "material_cover"]).await;
    let newer = review.new_version(SITE_DUST, CHEAPER, date(2026, 11, 1)).await;
    assert_eq!(review.show(case).await["pending"], 20_000_000, "nothing changes by itself");

    let request = re_evaluate(1, "pack_hash", json!(newer.hash()));
    let decided = accepted(review.supervisor.decide(case, &request).await).await;

    assert_eq!((&decided["version"], &decided["review_state"]), (&json!(2), &json!("under_review")));
    let shown = review.show(case).await;
    assert_eq!(shown["pending"], 16_000_000);
    assert_eq!(shown["charges"][0]["pack_hash"], json!(newer.hash()));
    review.decide(case, "confirm").await;
    assert_eq!(review.entries().await[0]["pack_hash"], json!(newer.hash()));
}

#[tokio::test]
async fn the_pack_must_have_been_in_force_where_and_when_it_occurred() {
    let review = Review::start().await;
    let older = review.case_at(&["hoarding"], "2026-10-31T15:59:59Z").await;
    let shipped = review.show(older).await["inspection"]["context"]["pack"]["hash"].clone();
    let case = review.case(&["hoarding"]).await;
    let newer = review.new_version(SITE_DUST, CHEAPER, date(2026, 11, 1)).await;

    let too_new = refusal(&review, older, &re_evaluate(1, "pack_hash", json!(newer.hash()))).await;
    let too_old = refusal(&review, case, &re_evaluate(1, "pack_hash", shipped)).await;
    let unheard = refusal(&review, case, &re_evaluate(1, "pack_hash", json!("0".repeat(64)))).await;

    assert_eq!([too_new, too_old, unheard], ["pack_not_in_force"; 3]);
}

#[tokio::test]
async fn a_posted_case_takes_a_new_pack_by_adjustment_of_two_people() {
    let review = Review::start().await;
    let case = review.case(&["hoarding"]).await;
    review.decide(case, "confirm").await;
    let newer = review.new_version(SITE_DUST, CHEAPER, date(2026, 11, 1)).await;

    let direct = refusal(&review, case, &re_evaluate(2, "pack_hash", json!(newer.hash()))).await;
    let mut adjust = decision("adjust", 2);
    adjust["pack_hash"] = json!(newer.hash());
    let adjusted = review.decide_by_two(case, &adjust).await;

    assert_eq!(direct, "case_state_forbids");
    let entry = &adjusted["entries"][0];
    assert_eq!((&entry["kind"], &entry["amount"]), (&json!("adjustment"), &json!(-2_000_000)));
    assert_eq!(review.entries().await[1]["pack_hash"], json!(newer.hash()));
}

#[tokio::test]
async fn only_a_supervisor_changes_the_level_and_the_doubt_is_settled_by_it() {
    let review = Review::start().await;
    let mut visit = review.visit(&["hoarding"]).await;
    visit.context.level = sync_core::model::assignment::DiscoveryLevel::SelfCheck;
    let case = review.push(&visit).await;
    let before = review.show(case).await;
    assert_eq!((&before["flags"], &before["pending"]), (&json!(["level_differs"]), &json!(0)));

    let request = re_evaluate(1, "level", json!("district"));
    let decided = accepted(review.supervisor.decide(case, &request).await).await;

    assert_eq!(decided["unsettled"], json!([]));
    let shown = review.show(case).await;
    assert_eq!((&shown["level"], &shown["pending"]), (&json!("district"), &json!(10_000_000)));
    let mut silent = request.clone();
    silent["reason"] = Value::Null;
    assert_eq!(refusal(&review, case, &silent).await, "reason_required");
    let finance = problem(review.finance.decide(case, &request).await).await;
    assert_eq!(finance.code.as_str(), "role_forbidden");
}

#[tokio::test]
async fn a_level_that_is_not_charged_voids_what_was_pending() {
    let review = Review::start().await;
    let case = review.case(&["hoarding"]).await;

    let request = re_evaluate(1, "level", json!("township"));
    accepted(review.supervisor.decide(case, &request).await).await;

    let shown = review.show(case).await;
    assert_eq!((&shown["charges"][0]["state"], &shown["pending"]), (&json!("void"), &json!(0)));
    let back = re_evaluate(2, "level", json!("district"));
    accepted(review.supervisor.decide(case, &back).await).await;
    assert_eq!(review.show(case).await["charges"][0]["state"], "pending");
}

#[tokio::test]
async fn judging_anew_names_something_and_only_what_belongs_to_it() {
    let review = Review::start().await;
    let case = review.case(&["hoarding"]).await;

    assert_eq!(refusal(&review, case, &decision("re_evaluate", 1)).await, "malformed_request");
    let amounts = re_evaluate(1, "amounts", json!([{ "charge_id": case, "amount": 1 }]));
    assert_eq!(refusal(&review, case, &amounts).await, "malformed_request");
    assert_eq!(refusal(&review, case, &re_evaluate(9, "level", json!("district"))).await, "case_changed");
    review.decide(case, "confirm").await;
    assert_eq!(refusal(&review, case, &re_evaluate(2, "level", json!("city"))).await, "malformed_request");
    let confirmed = refusal(&review, case, &re_evaluate(2, "level", json!("municipal"))).await;
    assert_eq!(confirmed, "case_state_forbids");
}

#[tokio::test]
async fn where_evidence_can_no_longer_come_a_supervisor_goes_on_without_it() {
    let review = Review::start().await;
    let mut visit = review.visit(&["hoarding"]).await;
    visit.photos.clear();
    let case = review.push(&visit).await;
    let neighbour = review.office("neighbour", TestRole::supervisor("002")).await;

    let elsewhere = problem(neighbour.decide(case, &decision("evidence_unobtainable", 1)).await).await;
    let decided = review.decide(case, "evidence_unobtainable").await;
    let again = refusal(&review, case, &decision("evidence_unobtainable", 2)).await;
    review.decide(case, "confirm").await;

    assert_eq!(elsewhere.code.as_str(), "case_unknown");
    assert_eq!(decided["review_state"], "under_review");
    assert_eq!(again, "case_state_forbids");
    assert_eq!(review.entries().await.len(), 1);
}

#[tokio::test]
async fn a_return_that_nobody_can_answer_is_taken_back_by_judging_the_case_anew() {
    let review = Review::start().await;
    let case = review.case(&["hoarding"]).await;
    review.decide(case, "return").await;

    let request = re_evaluate(2, "level", json!("district"));
    let taken_back = accepted(review.supervisor.decide(case, &request).await).await;

    assert_eq!(taken_back["review_state"], "under_review");
    review.decide(case, "confirm").await;
    assert_eq!(review.entries().await.len(), 1);
}
