//! What packs ask the server to do by itself: publication before posting (公示), and confirmation after days for review.

use jiff::civil::date;
use serde_json::{Value, json};
use server::services::post_due::post_due;
use sync_core::ids::CaseId;
use sync_core::policy::PolicyPack;
use tests::problem;
use tests::review::{Review, accepted, decision};

/// Seconds of a day.
const DAY: i64 = 86_400;

/// A version of the Macun pack that asks for this.
async fn asking(review: &Review, what: &str) -> PolicyPack {
    review.new_version("[charging]\n", &format!("[charging]\n{what}\n"), date(2026, 11, 1)).await
}

async fn case_by(review: &Review, pack: &PolicyPack) -> CaseId {
    let mut visit = review.visit(&["hoarding"]).await;
    visit.context.pack = Some(pack.reference());
    review.push(&visit).await
}

async fn days_pass(review: &Review, days: i64) {
    review.server.clock.advance_seconds(days * DAY);
    review.server.extend_sessions().await;
}

async fn due(review: &Review) -> usize {
    post_due(&review.server.state).await.unwrap()
}

#[tokio::test]
async fn a_published_case_posts_when_its_publication_is_over_and_not_a_day_before() {
    let review = Review::start().await;
    let pack = asking(&review, "publication_days = 7").await;
    let case = case_by(&review, &pack).await;

    let confirmed = review.decide(case, "confirm").await;
    let published = review.show(case).await;
    days_pass(&review, 6).await;
    let too_early = due(&review).await;
    days_pass(&review, 1).await;
    let posted = due(&review).await;

    assert_eq!((&confirmed["review_state"], &confirmed["entries"]), (&json!("confirmed"), &json!([])));
    assert_eq!((&published["posts_on"], &published["pending"]), (&json!("2026-11-29"), &json!(10_000_000)));
    assert_eq!((too_early, posted, due(&review).await), (0, 1, 0));
    let shown = review.show(case).await;
    assert_eq!((&shown["posts_on"], &shown["posted"]), (&Value::Null, &json!(10_000_000)));
    let last = &shown["decisions"][1];
    assert_eq!((&last["kind"], &last["actor"]), (&json!("post_published"), &Value::Null));
}

#[tokio::test]
async fn a_case_dismissed_during_its_publication_never_posts() {
    let review = Review::start().await;
    let pack = asking(&review, "publication_days = 7").await;
    let case = case_by(&review, &pack).await;
    review.decide(case, "confirm").await;

    let dismissed = review.decide(case, "dismiss").await;
    days_pass(&review, 30).await;

    assert_eq!(dismissed["review_state"], "dismissed", "nothing is posted: one person is enough");
    assert_eq!(due(&review).await, 0);
    assert!(review.entries().await.is_empty());
}

#[tokio::test]
async fn an_undecided_case_is_confirmed_after_the_days_that_its_pack_gives() {
    let review = Review::start().await;
    let pack = asking(&review, "auto_post_days = 10").await;
    let case = case_by(&review, &pack).await;
    let other = review.case(&["hoarding"]).await;
    days_pass(&review, 9).await;
    let too_early = due(&review).await;
    days_pass(&review, 1).await;

    assert_eq!((too_early, due(&review).await, due(&review).await), (0, 1, 0));
    let shown = review.show(case).await;
    assert_eq!((&shown["review_state"], &shown["posted"]), (&json!("confirmed"), &json!(10_000_000)));
    assert_eq!(shown["decisions"][0]["kind"], "auto_confirm");
    assert_eq!(review.show(other).await["review_state"], "under_review", "its pack gives no days");
    let late = problem(review.supervisor.decide(case, &decision("dismiss", 1)).await).await;
    assert!(late.detail.unwrap().contains("auto_confirm by a timer"));
}

#[tokio::test]
async fn what_is_in_doubt_returned_or_not_charged_is_left_to_people() {
    let review = Review::start().await;
    let pack = asking(&review, "auto_post_days = 10").await;
    let returned = case_by(&review, &pack).await;
    review.decide(returned, "return").await;
    let mut doubtful = review.visit(&["hoarding"]).await;
    doubtful.context.pack = Some(pack.reference());
    doubtful.fix = None;
    review.push(&doubtful).await;
    let free = case_by(&review, &pack).await;
    let mut level = decision("re_evaluate", 1);
    level["level"] = json!("township");
    accepted(review.supervisor.decide(free, &level).await).await;

    days_pass(&review, 30).await;

    assert_eq!(due(&review).await, 0);
    assert!(review.entries().await.is_empty());
}

#[tokio::test]
async fn two_processes_at_once_do_each_step_once() {
    let review = Review::start().await;
    let pack = asking(&review, "auto_post_days = 10").await;
    for _ in 0..6 {
        case_by(&review, &pack).await;
    }
    days_pass(&review, 10).await;

    let (one, other) = tokio::join!(due(&review), due(&review));

    assert_eq!(one + other, 6);
    assert_eq!(review.entries().await.len(), 6);
    assert_eq!(due(&review).await, 0);
}
