//! Every step in a wrong state, by the wrong people, on an old version, twice at once, with unknown photos.

use serde_json::{Value, json};
use sync_core::ids::{CaseId, PhotoHash};
use tests::rectification::{order, plain, report, step_request};
use tests::review::{Review, accepted};
use tests::{TestOffice, TestRole, problem};

async fn refusal(office: &TestOffice, case: CaseId, request: &Value) -> (String, Option<String>) {
    let refused = problem(office.step(case, request).await).await;
    (refused.code.to_string(), refused.field)
}

fn because(code: &str, field: &str) -> (String, Option<String>) {
    (code.to_owned(), Some(field.to_owned()))
}

#[tokio::test]
async fn a_step_in_a_wrong_state_is_refused_and_changes_nothing() {
    let review = Review::start().await;
    let case = review.case(&["hoarding"]).await;
    let steps = [
        plain("resume_rectification"),
        plain("return_rectification"),
        plain("verify_rectification"),
        plain("fail_rectification"),
        plain("close_rectification"),
        json!({ "kind": "extend_deadline", "span": { "days": 1 } }),
        json!({ "kind": "pause_rectification", "pause": "deferred" }),
    ];
    for step in &steps {
        let asked = step_request(1, step.clone());
        assert_eq!(
            refusal(&review.supervisor, case, &asked).await,
            because("rectification_unknown", "round")
        );
    }
    review.step(case, order(json!({ "days": 3 }))).await;
    for step in steps.iter().take(5).chain([&order(json!({ "days": 3 }))]) {
        let asked = step_request(2, step.clone());
        let refused = refusal(&review.supervisor, case, &asked).await;
        assert_eq!(refused, because("rectification_state_forbids", "step"), "{step}");
    }
    assert_eq!(review.show(case).await["version"], 2);
}

#[tokio::test]
async fn rectification_is_ordered_under_review_or_confirmed_and_on_no_other_case() {
    let review = Review::start().await;
    let [confirmed, returned, dismissed] = [
        review.case(&["hoarding"]).await,
        review.case(&["hoarding"]).await,
        review.case(&["hoarding"]).await,
    ];
    review.decide(confirmed, "confirm").await;
    review.decide(returned, "return").await;
    review.decide(dismissed, "dismiss").await;

    review.step(confirmed, order(json!({ "days": 3 }))).await;
    for case in [returned, dismissed] {
        let asked = step_request(2, order(json!({ "days": 3 })));
        assert_eq!(refusal(&review.supervisor, case, &asked).await, because("case_state_forbids", "step"));
    }
}

#[tokio::test]
async fn only_the_grids_supervisor_decides_and_only_the_units_liaison_answers() {
    let review = Review::start().await;
    let case = review.ordered(3).await;
    let neighbour = review.office("neighbour", TestRole::supervisor("002")).await;
    let other = review.office("other", TestRole::liaison(review.macun.streets[1])).await;

    let asked = step_request(2, json!({ "kind": "extend_deadline", "span": { "days": 1 } }));
    assert_eq!(refusal(&neighbour, case, &asked).await.0, "case_unknown");
    assert_eq!(problem(other.report(case, &report(1)).await).await.code.as_str(), "case_unknown");
    assert_eq!(problem(other.give_back(case, json!(2)).await).await.code.as_str(), "case_unknown");
    assert_eq!(
        problem(review.supervisor.report(case, &report(1)).await).await.code.as_str(),
        "role_forbidden"
    );
    assert_eq!(review.round(case).await["state"], "assigned");
}

#[tokio::test]
async fn a_step_on_an_older_version_learns_that_the_unit_reported_meanwhile() {
    let review = Review::start().await;
    let liaison = review.liaison().await;
    let case = review.ordered(3).await;
    review.report(&liaison, case).await;

    let late = step_request(2, json!({ "kind": "extend_deadline", "span": { "days": 1 } }));
    assert_eq!(refusal(&review.supervisor, case, &late).await, because("case_changed", "expected_version"));
    assert_eq!(problem(liaison.give_back(case, json!(2)).await).await.code.as_str(), "case_changed");
}

#[tokio::test]
async fn of_two_steps_at_once_one_is_taken_and_the_other_learns_of_it() {
    let review = Review::start().await;
    for _ in 0..5 {
        let case = review.ordered(3).await;
        let extend = step_request(2, json!({ "kind": "extend_deadline", "span": { "days": 1 } }));
        let pause = step_request(2, json!({ "kind": "pause_rectification", "pause": "deferred" }));

        let (one, two) =
            tokio::join!(review.supervisor.step(case, &extend), review.supervisor.step(case, &pause));

        let mut statuses = [one.status().as_u16(), two.status().as_u16()];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 409]);
        assert_eq!(review.show(case).await["version"], 3);
    }
}

#[tokio::test]
async fn of_two_reports_at_once_one_stands() {
    let review = Review::start().await;
    let liaison = review.liaison().await;
    let case = review.ordered(3).await;
    let (first, second) = (report(1), report(1));

    let (one, two) = tokio::join!(liaison.report(case, &first), liaison.report(case, &second));

    let mut statuses = [one.status().as_u16(), two.status().as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409]);
    assert_eq!(review.round(case).await["records"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn a_request_id_is_for_one_step_and_one_report() {
    let review = Review::start().await;
    let liaison = review.liaison().await;
    let case = review.case(&["hoarding"]).await;
    let mut asked = step_request(1, order(json!({ "days": 3 })));
    accepted(review.supervisor.step(case, &asked).await).await;
    asked["step"] = order(json!({ "days": 4 }));
    assert_eq!(refusal(&review.supervisor, case, &asked).await, because("decision_id_reused", "request_id"));

    let mut said = report(1);
    accepted(liaison.report(case, &said).await).await;
    let mut pictured = said.clone();
    pictured["photos"] = json!([PhotoHash::of(b"another")]);
    assert_eq!(problem(liaison.report(case, &pictured).await).await.code.as_str(), "decision_id_reused");
    said["text"] = json!("另一份");
    assert_eq!(problem(liaison.report(case, &said).await).await.code.as_str(), "decision_id_reused");
}

#[tokio::test]
async fn photos_that_are_not_here_are_refused() {
    let review = Review::start().await;
    let liaison = review.liaison().await;
    let case = review.ordered(3).await;
    let mut said = report(1);
    said["photos"] = json!([PhotoHash::of(b"never sent")]);

    let refused = problem(liaison.report(case, &said).await).await;

    assert_eq!((refused.code.as_str(), refused.field.as_deref()), ("photo_unknown", Some("photos")));
    assert_eq!(review.round(case).await["state"], "assigned");
}

#[tokio::test]
async fn a_report_of_another_round_is_refused() {
    let review = Review::start().await;
    let liaison = review.liaison().await;
    let unordered = review.case(&["hoarding"]).await;
    let case = review.ordered(3).await;
    for (case, round) in [(unordered, 1), (case, 2), (case, 0)] {
        let refused = problem(liaison.report(case, &report(round)).await).await;
        assert_eq!(refused.code.as_str(), "rectification_unknown", "round {round}");
    }
}

#[tokio::test]
async fn texts_and_spans_that_make_no_sense_name_their_field() {
    let review = Review::start().await;
    let case = review.case(&["hoarding"]).await;
    for (span, code, field) in [
        (json!({ "days": 0 }), "number_out_of_range", "step.span"),
        (json!({ "working_hours": 401 }), "number_out_of_range", "step.span"),
        (json!({ "weeks": 1 }), "malformed_request", "step.span"),
    ] {
        let refused = refusal(&review.supervisor, case, &step_request(1, order(span.clone()))).await;
        assert_eq!(refused.0, code, "{span}");
        assert!(refused.1.is_none_or(|named| field.starts_with(&named)), "{span}");
    }
    let mut nameless = order(json!({ "days": 1 }));
    nameless["requirement"] = json!(" ");
    let refused = refusal(&review.supervisor, case, &step_request(1, nameless)).await;
    assert_eq!(refused, because("text_required", "step.requirement"));
    review.step(case, order(json!({ "days": 1 }))).await;
    let mut without = step_request(2, json!({ "kind": "pause_rectification", "pause": "deferred" }));
    without["reason"] = Value::Null;
    assert_eq!(refusal(&review.supervisor, case, &without).await, because("reason_required", "reason"));
}
