//! Doubts and entered amounts: what blocks confirmation until a supervisor has dealt with it.

use serde_json::{Value, json};
use sync_core::ids::CaseId;
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
    visit.occurred_at = "2099-01-05T02:00:00Z".parse().unwrap();
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
