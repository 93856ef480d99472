//! Overdue rounds go one step up by themselves, exactly once, also with two server processes.

use std::sync::Arc;

use serde_json::{Value, json};
use server::services::escalate_overdue::escalate;
use server::state::AppState;
use sync_core::ids::CaseId;
use sync_core::time::Instant;
use tests::TestServer;
use tests::rectification::{plain, report, step_request};
use tests::review::{Review, accepted};

/// Another server process on the same database.
fn another_process(server: &TestServer) -> Arc<AppState> {
    let config = server.state.config.clone();
    Arc::new(AppState::new(config, server.state.pool.clone(), server.clock.clone()).unwrap())
}

fn at(text: &str) -> Instant {
    text.parse().unwrap()
}

async fn escalations(review: &Review, case: CaseId) -> Vec<Value> {
    let decisions = review.show(case).await["decisions"].as_array().unwrap().clone();
    decisions.into_iter().filter(|decision| decision["kind"] == "escalate").collect()
}

#[tokio::test]
async fn an_overdue_round_goes_to_supervision_summons_and_accountability() {
    let review = Review::start().await;
    let case = review.ordered(1).await;
    // The deadline is Monday 18:00; steps are three days apart, and a weekend moves to Monday.
    for (now, state) in [
        ("2026-11-23T10:00:00Z", "supervision"),
        ("2026-11-26T10:00:00Z", "summons"),
        ("2026-11-30T10:00:00Z", "accountability"),
    ] {
        review.server.clock.set(at(now).plus_seconds(-1));
        assert_eq!(escalate(&review.server.state).await.unwrap(), 0, "a second before {now}");
        review.travel(now).await;
        assert_eq!(escalate(&review.server.state).await.unwrap(), 1, "{now}");
        assert_eq!(escalate(&review.server.state).await.unwrap(), 0, "once");
        assert_eq!(review.show(case).await["rectification_state"], state);
    }
    review.travel("2026-12-20T10:00:00Z").await;
    assert_eq!(escalate(&review.server.state).await.unwrap(), 0, "there is no fourth step");
    let decided = escalations(&review, case).await;
    assert_eq!((decided.len(), &decided[0]["actor"]), (3, &Value::Null));
    let steps = review.round(case).await["steps"].clone();
    assert_eq!(
        (&steps[0]["step"], &steps[0]["decision_no"]),
        (&json!("supervision"), &decided[0]["decision_no"])
    );
}

#[tokio::test]
async fn two_processes_at_once_take_each_step_once() {
    let review = Review::start().await;
    let other = another_process(&review.server);
    let mut cases = Vec::new();
    for _ in 0..20 {
        cases.push(review.ordered(1).await);
    }
    review.travel("2026-11-24T02:00:00Z").await;

    let (one, two) = tokio::join!(escalate(&review.server.state), escalate(&other));

    assert_eq!(one.unwrap() + two.unwrap(), cases.len());
    let mut numbers = Vec::new();
    for case in cases {
        let decided = escalations(&review, case).await;
        assert_eq!(decided.len(), 1);
        numbers.push(decided[0]["decision_no"].as_i64().unwrap());
    }
    numbers.sort_unstable();
    assert_eq!(numbers, (21..=40).collect::<Vec<_>>(), "numbered without gaps after the twenty orders");
}

#[tokio::test]
async fn a_supervisor_and_the_timer_on_one_case_follow_each_other() {
    let review = Review::start().await;
    for _ in 0..5 {
        review.travel("2026-11-22T02:00:00Z").await;
        let case = review.ordered(1).await;
        review.travel("2026-11-24T02:00:00Z").await;
        let pause = step_request(2, json!({ "kind": "pause_rectification", "pause": "deferred" }));

        let (paused, taken) =
            tokio::join!(review.supervisor.step(case, &pause), escalate(&review.server.state));

        // The first counts: the timer leaves a paused round alone, and a supervisor learns of the step.
        let expected = match taken.unwrap() {
            0 => (200, 0, "paused"),
            _ => (409, 1, "assigned"),
        };
        let steps = escalations(&review, case).await.len();
        let state = review.round(case).await["state"].clone();
        assert_eq!((paused.status().as_u16(), steps, state.as_str().unwrap()), expected);
    }
}

#[tokio::test]
async fn reported_paused_returned_and_dismissed_ones_are_left_alone() {
    let review = Review::start().await;
    let liaison = review.liaison().await;
    let [reported, paused, returned, dismissed] =
        [review.ordered(1).await, review.ordered(1).await, review.ordered(1).await, review.ordered(1).await];
    accepted(liaison.report(reported, &report(1)).await).await;
    review.step(paused, json!({ "kind": "pause_rectification", "pause": "on_the_books" })).await;
    accepted(liaison.give_back(returned, json!(2)).await).await;
    review.decide(dismissed, "dismiss").await;
    review.travel("2026-12-10T02:00:00Z").await;

    assert_eq!(escalate(&review.server.state).await.unwrap(), 0);
}

#[tokio::test]
async fn a_report_after_a_step_ends_the_steps_and_the_record_keeps_them() {
    let review = Review::start().await;
    let liaison = review.liaison().await;
    let case = review.ordered(1).await;
    review.travel("2026-11-24T02:00:00Z").await;
    escalate(&review.server.state).await.unwrap();

    review.report(&liaison, case).await;
    review.step(case, plain("verify_rectification")).await;

    let shown = review.show(case).await;
    assert_eq!(shown["rectification_state"], "verified");
    assert_eq!(shown["rectification"][0]["step"], "supervision");
    review.travel("2026-12-10T02:00:00Z").await;
    assert_eq!(escalate(&review.server.state).await.unwrap(), 0);
}

#[tokio::test]
async fn where_the_calendar_lacks_the_next_year_the_step_is_taken_and_the_one_after_it_waits() {
    let review = Review::start().await;
    let case = review.case(&["hoarding"]).await;
    review.travel("2026-12-29T02:00:00Z").await;
    let ordered = step_request(1, tests::rectification::order(json!({ "working_hours": 1 })));
    accepted(review.supervisor.step(case, &ordered).await).await;

    review.travel("2026-12-30T02:00:00Z").await;
    assert_eq!(escalate(&review.server.state).await.unwrap(), 1);
    review.travel("2027-03-01T02:00:00Z").await;
    assert_eq!(escalate(&review.server.state).await.unwrap(), 0, "nobody knows when it is due");
}
