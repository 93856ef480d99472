//! What waits while an appeal is open: every decision that would move the case's money, and posting by itself.

use jiff::civil::date;
use reqwest::Method;
use serde_json::{Value, json};
use server::services::post_due::post_due;
use sync_core::ids::{CaseId, DecisionRequestId};
use tests::TestOffice;
use tests::field::correction;
use tests::rectification::order;
use tests::review::{Review, accepted, decision};

use super::code;

/// Seconds of a day.
const DAY: i64 = 86_400;

/// A case that is published for seven days, under appeal.
async fn published(review: &Review, liaison: &TestOffice) -> (CaseId, Value) {
    let days = "[charging]\npublication_days = 7\n";
    let pack = review.new_version("[charging]\n", days, date(2026, 11, 1)).await;
    let mut visit = review.visit(&["hoarding"]).await;
    visit.context.pack = Some(pack.reference());
    let case = review.push(&visit).await;
    review.decide(case, "confirm").await;
    let appeal = review.appeal(liaison, case).await;
    (case, appeal)
}

async fn days_pass(review: &Review, days: i64) -> usize {
    review.server.clock.advance_seconds(days * DAY);
    review.server.extend_sessions().await;
    post_due(&review.server.state).await.unwrap()
}

#[tokio::test]
async fn a_published_case_does_not_post_while_an_appeal_is_open() {
    let review = Review::start().await;
    let liaison = review.liaison().await;
    let (case, _) = published(&review, &liaison).await;

    assert_eq!(days_pass(&review, 8).await, 0);
    review.decide(case, "appeal_uphold").await;
    assert!(review.entries().await.is_empty(), "the timer posts, not the outcome");
    assert_eq!(days_pass(&review, 0).await, 1);

    assert_eq!(review.show(case).await["posted"], 10_000_000);
}

#[tokio::test]
async fn a_withdrawn_appeal_lets_the_case_post() {
    let review = Review::start().await;
    let liaison = review.liaison().await;
    let (case, appeal) = published(&review, &liaison).await;
    assert_eq!(days_pass(&review, 8).await, 0);

    accepted(liaison.withdraw(&appeal).await).await;

    assert_eq!(days_pass(&review, 0).await, 1);
    assert_eq!(review.show(case).await["posted"], 10_000_000);
}

#[tokio::test]
async fn what_was_reduced_while_it_was_published_posts_at_the_lower_amount() {
    let review = Review::start().await;
    let liaison = review.liaison().await;
    let (case, _) = published(&review, &liaison).await;
    let request = review.reduction(case, 2_500_000).await;

    let reduced = review.decide_by_two(case, &request).await;

    assert_eq!(reduced["entries"], json!([]));
    assert_eq!(days_pass(&review, 6).await, 0);
    assert_eq!(days_pass(&review, 1).await, 1);
    assert_eq!(review.show(case).await["posted"], 2_500_000);
}

#[tokio::test]
async fn what_was_reversed_while_it_was_published_never_posts() {
    let review = Review::start().await;
    let liaison = review.liaison().await;
    let (case, _) = published(&review, &liaison).await;
    let request = review.asking(case, "appeal_reverse").await;
    review.decide_by_two(case, &request).await;

    assert_eq!(days_pass(&review, 30).await, 0);
    let shown = review.show(case).await;
    assert_eq!((&shown["posts_on"], &shown["review_state"]), (&Value::Null, &json!("dismissed")));
    assert!(review.entries().await.is_empty());
}

#[tokio::test]
async fn decisions_that_move_the_money_wait_for_the_appeal_and_others_do_not() {
    let review = Review::start().await;
    let liaison = review.liaison().await;
    let first = review.visit(&["hoarding"]).await;
    let case = review.push(&first).await;
    review.decide(case, "confirm").await;
    review.appeal(&liaison, case).await;
    let mut second = correction(&first, &["hoarding", "material_cover"]);
    second.notes = "补充".to_owned();
    review.device.push(&[review.device.amend(&second)]).await;
    let shown = review.show(case).await;
    let version = shown["version"].clone();
    let with = |kind: &str, field: &str, value: Value| {
        let mut request = decision(kind, version.clone());
        if !field.is_empty() {
            request[field] = value;
        }
        request
    };
    let amounts = json!([{ "charge_id": shown["charges"][0]["charge_id"], "amount": 1 }]);

    for request in [
        with("dismiss", "", Value::Null),
        with("re_attribute", "unit_id", json!(review.macun.streets[1])),
        with("adjust", "amounts", amounts),
        with("accept_amendment", "inspection_id", json!(second.inspection_id)),
    ] {
        assert_eq!(code(review.supervisor.decide(case, &request).await).await, "appeal_open", "{request}");
    }
    let refuse = with("refuse_amendment", "inspection_id", json!(second.inspection_id));
    accepted(review.supervisor.decide(case, &refuse).await).await;
    review.step(case, order(json!({ "working_days": 3 }))).await;
    review.decide(case, "appeal_uphold").await;
    review.propose(case, &review.asking(case, "dismiss").await).await;
}

#[tokio::test]
async fn a_case_under_appeal_neither_absorbs_nor_is_absorbed_but_may_be_kept_apart() {
    let review = Review::start().await;
    let liaison = review.liaison().await;
    let site = review.server.site(&review.macun, "001/001").await;
    let appealed = review.push(&review.visit_to(&site, &["hoarding"])).await;
    review.decide(appealed, "confirm").await;
    review.appeal(&liaison, appealed).await;
    let other = review.push(&review.visit_to(&site, &["material_cover"])).await;
    let post = async |survivor: CaseId, what: &str, list: &str, absorbed: CaseId| {
        let request = json!({
            "request_id": DecisionRequestId::fresh(),
            "expected_version": review.show(survivor).await["version"],
            list: [{ "case_id": absorbed, "expected_version": review.show(absorbed).await["version"] }],
            "reason": "同一工地",
        });
        let path = format!("/api/v1/cases/{survivor}/{what}");
        review.supervisor.request(Method::POST, &path).json(&request).send().await.unwrap()
    };

    assert_eq!(code(post(appealed, "merge", "absorbed", other).await).await, "appeal_open");
    assert_eq!(code(post(other, "merge", "absorbed", appealed).await).await, "appeal_open");
    accepted(post(appealed, "keep-apart", "others", other).await).await;
}

#[tokio::test]
async fn what_an_appeal_took_back_is_opened_again_by_two() {
    let review = Review::start().await;
    let liaison = review.liaison().await;
    let visit = review.visit(&["hoarding"]).await;
    let case = review.push(&visit).await;
    review.decide(case, "confirm").await;
    review.appeal(&liaison, case).await;
    let reversal = review.asking(case, "appeal_reverse").await;
    review.decide_by_two(case, &reversal).await;
    let mut again = correction(&visit, &["hoarding"]);
    again.photos = visit.photos.clone();
    review.device.push(&[review.device.amend(&again)]).await;
    let mut accept = decision("accept_amendment", review.show(case).await["version"].clone());
    accept["inspection_id"] = json!(again.inspection_id);

    let proposal = review.propose(case, &accept).await;

    assert_eq!(review.show(case).await["review_state"], "dismissed");
    accepted(review.second.review(&proposal, "approval").await).await;
    assert_eq!(review.show(case).await["review_state"], "under_review");
}
