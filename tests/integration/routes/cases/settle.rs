//! Doubts and entered amounts: what blocks confirmation until a supervisor has dealt with it.

use serde_json::{Value, json};
use sync_core::ids::CaseId;
use tests::field::Occurring as _;
use tests::problem;
use tests::review::{Review, accepted, decision};

fn settle(version: i64, flags: &[&str]) -> Value {
    let mut request = decision("settle", version);
    request["flags"] = json!(flags);
    request
}

async fn refusal(review: &Review, case: CaseId, request: &Value) -> String {
    problem(review.supervisor.decide(case, request).await).await.code.to_string()
}

#[tokio::test]
async fn a_case_of_2099_posts_only_after_settling_and_never_to_the_future() {
    let review = Review::start().await;
    let case = review.case_at(&["hoarding"], "2099-01-05T02:00:00Z").await;
    assert_eq!(review.show(case).await["flags"], json!(["clock_suspect"]));

    let blocked = refusal(&review, case, &decision("confirm", 1)).await;
    let settled = accepted(review.supervisor.decide(case, &settle(1, &["clock_suspect"])).await).await;
    review.decide(case, "confirm").await;

    assert_eq!(blocked, "case_needs_settling");
    assert_eq!((&settled["review_state"], &settled["unsettled"]), (&json!("under_review"), &json!([])));
    let entries = review.entries().await;
    assert_eq!(
        (&entries[0]["period"], &entries[0]["occurred_month"]),
        (&json!("2026-11"), &json!("2099-01"))
    );
}

#[tokio::test]
async fn every_doubt_is_settled_by_name() {
    let review = Review::start().await;
    let mut visit = review.visit(&["hoarding"]).await;
    visit.occurs_at("2099-01-05T02:00:00Z".parse().unwrap());
    visit.fix = None;
    let case = review.push(&visit).await;

    let not_raised = refusal(&review, case, &settle(1, &["pack_differs"])).await;
    let one = accepted(review.supervisor.decide(case, &settle(1, &["clock_suspect"])).await).await;
    let blocked = refusal(&review, case, &decision("confirm", 2)).await;
    let other = accepted(review.supervisor.decide(case, &settle(2, &["fix_suspect"])).await).await;

    assert_eq!((not_raised.as_str(), blocked.as_str()), ("case_state_forbids", "case_needs_settling"));
    assert_eq!((&one["unsettled"], &other["unsettled"]), (&json!(["fix_suspect"]), &json!([])));
}

#[tokio::test]
async fn a_doubtful_case_can_be_returned_or_dismissed_as_it_is() {
    let review = Review::start().await;
    let one = review.case_at(&["hoarding"], "2099-01-05T02:00:00Z").await;
    let other = review.case_at(&["hoarding"], "2099-01-05T02:00:00Z").await;

    assert_eq!(review.decide(one, "return").await["review_state"], "returned");
    assert_eq!(review.decide(other, "dismiss").await["review_state"], "dismissed");
}

/// A case with two charges whose amounts the pack leaves to the office, and their ids.
async fn case_with_amounts_to_enter(review: &Review) -> (CaseId, Vec<Value>) {
    let pack = review.amounts_left_to_office().await;
    let mut visit = review.visit(&["hoarding", "material_cover"]).await;
    visit.context.pack = Some(pack.reference());
    let case = review.push(&visit).await;
    let shown = review.show(case).await;
    let charges = shown["charges"].as_array().unwrap();
    (case, charges.iter().map(|charge| charge["charge_id"].clone()).collect())
}

fn enter(version: i64, amounts: &[(&Value, i64)]) -> Value {
    let mut request = decision("enter_amounts", version);
    let amount = |(charge, fen): &(&Value, i64)| json!({ "charge_id": charge, "amount": fen });
    request["amounts"] = amounts.iter().map(amount).collect();
    request
}

#[tokio::test]
async fn an_amount_that_the_pack_leaves_open_is_entered_before_confirmation() {
    let review = Review::start().await;
    let (case, charges) = case_with_amounts_to_enter(&review).await;

    let missing = refusal(&review, case, &decision("confirm", 1)).await;
    let memo = review.totals("2026-11").await["total"]["amounts_missing"].clone();
    let mistyped = review.decide_by_two(case, &enter(1, &[(&charges[0], 999), (&charges[1], 500)])).await;
    let half = review.show(case).await["amount_missing"].clone();
    let righted = review.decide_by_two(case, &enter(2, &[(&charges[0], 2_000_050)])).await;
    review.decide(case, "confirm").await;

    assert_eq!((missing.as_str(), memo), ("case_amount_missing", json!(2)));
    assert_eq!((&mistyped["version"], &righted["version"], half), (&json!(2), &json!(3), json!(false)));
    let amounts: Vec<_> = review.entries().await.iter().map(|entry| entry["amount_yuan"].clone()).collect();
    assert_eq!(amounts, [json!("20000.50"), json!("5.00")]);
}

#[tokio::test]
async fn an_amount_that_the_pack_states_is_nobodys_to_enter() {
    let review = Review::start().await;
    let stated = review.case(&["hoarding"]).await;
    let elsewhere = review.show(stated).await["charges"][0]["charge_id"].clone();
    let (case, charges) = case_with_amounts_to_enter(&review).await;

    assert_eq!(refusal(&review, stated, &enter(1, &[(&elsewhere, 100)])).await, "case_state_forbids");
    assert_eq!(refusal(&review, case, &enter(1, &[(&elsewhere, 100)])).await, "case_state_forbids");
    for fen in [0, -1, 10_000_000_001] {
        assert_eq!(refusal(&review, case, &enter(1, &[(&charges[0], fen)])).await, "number_out_of_range");
    }
    let twice = enter(1, &[(&charges[0], 100), (&charges[0], 100)]);
    assert_eq!(refusal(&review, case, &twice).await, "case_state_forbids");
    assert_eq!(review.show(case).await["version"], 1);
}
