//! Adjustment (调整): posted amounts change by decision of two people, and the difference is posted.

use jiff::civil::date;
use serde_json::{Value, json};
use sync_core::ids::CaseId;
use tests::problem;
use tests::review::{Review, decision};

/// A posted case with two charges of 100,000 yuan, and their ids.
async fn posted(review: &Review) -> (CaseId, Vec<Value>) {
    let case = review.case_at(&["hoarding", "material_cover"], "2026-10-10T02:00:00Z").await;
    review.decide(case, "confirm").await;
    let shown = review.show(case).await;
    let charges = shown["charges"].as_array().unwrap();
    (case, charges.iter().map(|charge| charge["charge_id"].clone()).collect())
}

fn adjust(version: i64, charge: &Value, fen: i64) -> Value {
    let mut request = decision("adjust", version);
    request["amounts"] = json!([{ "charge_id": charge, "amount": fen }]);
    request
}

async fn refusal(review: &Review, case: CaseId, request: &Value) -> String {
    problem(review.supervisor.decide(case, request).await).await.code.to_string()
}

#[tokio::test]
async fn the_difference_is_posted_and_a_later_reversal_takes_what_stands() {
    let review = Review::start().await;
    let (case, charges) = posted(&review).await;

    let adjusted = review.decide_by_two(case, &adjust(2, &charges[0], 3_000_000)).await;
    let dismissed = review.decide_by_two(case, &decision("dismiss", 3)).await;

    let entry = &adjusted["entries"][0];
    assert_eq!((&entry["kind"], &entry["amount"]), (&json!("adjustment"), &json!(-7_000_000)));
    let reversed: Vec<_> =
        dismissed["entries"].as_array().unwrap().iter().map(|entry| entry["amount"].clone()).collect();
    assert_eq!(reversed, [json!(-10_000_000), json!(-3_000_000)]);
    assert_eq!(review.totals("2026-10").await["total"]["posted"], 0);
}

#[tokio::test]
async fn after_closing_an_adjustment_goes_to_the_first_open_month() {
    let review = Review::start().await;
    let (case, charges) = posted(&review).await;
    review.close(date(2026, 10, 1)).await;

    let adjusted = review.decide_by_two(case, &adjust(2, &charges[1], 0)).await;

    assert_eq!(adjusted["entries"][0]["period"], "2026-11");
    assert_eq!(review.totals("2026-10").await["total"]["posted"], 20_000_000);
    assert_eq!(review.totals("2026-11").await["total"]["posted"], -10_000_000);
    let charge = &review.show(case).await["charges"][1];
    assert_eq!(
        (&charge["state"], &charge["amount"], &charge["posted"]),
        (&json!("posted"), &json!(0), &json!(0))
    );
}

#[tokio::test]
async fn only_posted_charges_are_adjusted_each_once_and_to_another_amount() {
    let review = Review::start().await;
    let (case, charges) = posted(&review).await;
    let pending = review.case(&["hoarding"]).await;
    let pending_charge = review.show(pending).await["charges"][0]["charge_id"].clone();

    assert_eq!(refusal(&review, pending, &adjust(1, &pending_charge, 1)).await, "case_state_forbids");
    assert_eq!(refusal(&review, case, &adjust(2, &pending_charge, 1)).await, "case_state_forbids");
    assert_eq!(refusal(&review, case, &adjust(2, &charges[0], 10_000_000)).await, "case_state_forbids");
    assert_eq!(refusal(&review, case, &adjust(2, &charges[0], -1)).await, "number_out_of_range");
    assert_eq!(refusal(&review, case, &adjust(2, &charges[0], 10_000_000_001)).await, "number_out_of_range");
    assert_eq!(refusal(&review, case, &adjust(1, &charges[0], 1)).await, "case_changed");
    let mut twice = adjust(2, &charges[0], 1);
    twice["amounts"] = json!([twice["amounts"][0], { "charge_id": charges[0], "amount": 2 }]);
    assert_eq!(refusal(&review, case, &twice).await, "case_state_forbids");
    assert_eq!(refusal(&review, case, &decision("adjust", 2)).await, "malformed_request");
    assert_eq!(review.entries().await.len(), 2);
}

#[tokio::test]
async fn a_level_that_is_not_charged_takes_posted_charges_back() {
    let review = Review::start().await;
    let (case, _) = posted(&review).await;
    let mut request = decision("adjust", 2);
    request["level"] = json!("self_check");

    let adjusted = review.decide_by_two(case, &request).await;

    let kinds: Vec<_> =
        adjusted["entries"].as_array().unwrap().iter().map(|entry| entry["kind"].clone()).collect();
    assert_eq!(kinds, ["reversal", "reversal"]);
    let shown = review.show(case).await;
    assert_eq!((&shown["level"], &shown["review_state"]), (&json!("self_check"), &json!("confirmed")));
    assert!(shown["non_charges"][0]["zh"].as_str().unwrap().contains("自查"), "{}", shown["non_charges"]);
}

#[tokio::test]
async fn the_record_says_what_a_replay_needs() {
    let review = Review::start().await;
    let (case, charges) = posted(&review).await;
    review.decide_by_two(case, &adjust(2, &charges[0], 3_000_000)).await;

    let shown = review.show(case).await;
    let money = &shown["decisions"][1]["detail"]["money"][0];

    assert_eq!(money["case_id"], json!(case));
    assert_eq!(money["inspection_id"], shown["inspection"]["inspection_id"]);
    assert_eq!((&money["level"], &money["unit_id"]), (&json!("district"), &json!(review.macun.streets[0])));
    let amounts: Vec<_> =
        money["charges"].as_array().unwrap().iter().map(|charge| charge["amount"].clone()).collect();
    assert_eq!(amounts, [json!(3_000_000), json!(10_000_000)]);
}
