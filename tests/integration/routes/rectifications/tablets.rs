//! What tablets pull of the loop, and the reports and re-checks they bring.

use serde_json::{Value, json};
use sync_core::ids::CaseId;
use sync_core::wire::operation::Body;
use sync_core::wire::push::Outcome;
use tests::field::{code, photo_entry};
use tests::rectification::{order, plain, report, step_request};
use tests::review::{Review, accepted};
use tests::{TestDevice, TestRole, problem};

/// The row of a case's round as a device pulls it from the start.
async fn pulled(device: &TestDevice, case: CaseId) -> Option<Value> {
    let (changes, _) = device.pull_all(None).await;
    let row = changes.iter().find(|change| change.entity == "rectification" && change.id == case.to_string());
    row.and_then(|change| change.row.as_ref()).map(|row| serde_json::from_str(row.get()).unwrap())
}

#[tokio::test]
async fn an_inspector_of_the_grid_pulls_the_order_and_brings_report_and_recheck() {
    let review = Review::start().await;
    let case = review.ordered(2).await;
    let colleague = review.server.inspector(&review.macun, "wu", "001").await;

    let row = pulled(&colleague, case).await.unwrap();
    assert_eq!(
        (&row["round"], &row["state"], &row["requirement"]),
        (&json!(1), &json!("assigned"), &json!("补齐围挡"))
    );
    assert_eq!(row["deadline"], "2026-11-24T10:00:00.000Z");
    let device = &review.device;
    assert_eq!(device.push(&[device.report(case, 1)]).await, [Outcome::Applied]);
    assert_eq!(colleague.push(&[colleague.recheck(case, 1, true)]).await, [Outcome::Applied]);
    let round = review.round(case).await;
    assert_eq!(round["state"], "verified");
    let records = round["records"].as_array().unwrap();
    let devices: Vec<&Value> = records.iter().map(|record| &record["device_id"]).collect();
    assert_eq!(devices, [&json!(device.device_id), &json!(colleague.device_id)]);
    assert_eq!(pulled(&colleague, case).await.unwrap()["report"]["text"], "围挡已补齐");
    review.step(case, plain("close_rectification")).await;
    assert_eq!(pulled(&colleague, case).await.unwrap()["state"], "closed");
}

#[tokio::test]
async fn a_failed_recheck_on_the_spot_begins_the_next_round_by_itself() {
    let review = Review::start().await;
    let case = review.ordered(2).await;
    let device = &review.device;

    device.push(&[device.report(case, 1)]).await;
    let (_, cursor) = device.pull_all(None).await;
    assert_eq!(device.push(&[device.recheck(case, 1, false)]).await, [Outcome::Applied]);

    let round = review.round(case).await;
    assert_eq!((&round["round"], &round["ordered_by"]), (&json!(2), &Value::Null));
    assert_eq!(round["deadline"], "2026-11-24T10:00:00.000Z");
    let (changes, _) = device.pull_all(Some(&cursor)).await;
    let kinds: Vec<_> = changes.iter().map(|change| change.entity.as_str()).collect();
    assert_eq!(kinds, ["case", "rectification", "operation"]);
}

#[tokio::test]
async fn who_reported_does_not_find_it_in_order_and_may_say_that_it_is_not() {
    let review = Review::start().await;
    let case = review.ordered(2).await;
    let device = &review.device;

    let brought = device.push(&[device.report(case, 1), device.recheck(case, 1, true)]).await;
    assert_eq!((&brought[0], code(&brought[1])), (&Outcome::Applied, "same_person"));
    let later = device.push(&[device.recheck(case, 1, true)]).await;
    assert_eq!(code(&later[0]), "same_person");
    assert_eq!(review.round(case).await["state"], "rectified");
    assert_eq!(device.push(&[device.recheck(case, 1, false)]).await, [Outcome::Applied]);

    let both = [TestRole::supervisor(""), TestRole::liaison(review.macun.streets[0])];
    let own = review.server.user(&review.macun, "wang", &both).await;
    let own = review.server.office(&own).await;
    accepted(own.report(case, &report(2)).await).await;
    let version = review.show(case).await["version"].clone();
    let refused = problem(own.step(case, &step_request(version, plain("verify_rectification"))).await).await;
    assert_eq!(refused.code.as_str(), "same_person");
    assert_eq!(review.step(case, plain("verify_rectification")).await["state"], "verified");
}

#[tokio::test]
async fn of_two_tablets_the_first_recheck_counts_and_the_other_is_told_why_not() {
    let review = Review::start().await;
    let case = review.ordered(2).await;
    let colleague = review.server.inspector(&review.macun, "wu", "001").await;
    review.device.push(&[review.device.report(case, 1)]).await;

    let first = colleague.push(&[colleague.recheck(case, 1, true)]).await;
    let second = review.device.push(&[review.device.recheck(case, 1, false)]).await;

    assert_eq!(first, [Outcome::Applied]);
    assert_eq!(code(&second[0]), "rectification_state_forbids");
    assert_eq!(review.round(case).await["state"], "verified");
}

#[tokio::test]
async fn a_record_about_what_is_not_there_or_not_the_inspectors_is_rejected_alone() {
    let review = Review::start().await;
    let case = review.ordered(2).await;
    let unordered = review.case(&["hoarding"]).await;
    let neighbour = review.server.inspector(&review.macun, "zhao", "002").await;
    let device = &review.device;

    let outcomes = device
        .push(&[
            device.report(CaseId(uuid::Uuid::from_u128(7)), 1),
            device.report(unordered, 1),
            device.report(case, 2),
            device.recheck(case, 1, true),
            device.report(case, 1),
        ])
        .await;

    let codes: Vec<_> = outcomes[..4].iter().map(code).collect();
    let unknown = "rectification_unknown";
    assert_eq!(codes, ["case_unknown", unknown, unknown, "rectification_state_forbids"]);
    assert_eq!(outcomes[4], Outcome::Applied);
    let theirs = neighbour.push(&[neighbour.recheck(case, 1, true)]).await;
    assert_eq!(code(&theirs[0]), "not_assigned");
    let blank = {
        let mut operation = device.recheck(case, 1, false);
        let Body::RecheckRectification(check) = &mut operation.body else { unreachable!() };
        check.text = " ".to_owned();
        operation
    };
    assert_eq!(code(&device.push(&[blank]).await[0]), "text_required");
}

#[tokio::test]
async fn a_lost_answer_is_given_again_and_the_round_moves_once() {
    let review = Review::start().await;
    let case = review.ordered(2).await;
    let batch = [review.device.report(case, 1)];

    review.device.push(&batch).await;
    let again = review.device.push(&batch).await;

    assert_eq!(again, [Outcome::Duplicate { rejection: None }]);
    assert_eq!(review.round(case).await["records"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn an_offline_report_made_in_time_is_in_time_though_the_timer_was_faster() {
    let review = Review::start().await;
    let case = review.ordered(1).await;
    let report = review.device.report(case, 1);
    review.travel("2026-11-24T02:00:00Z").await;
    server::services::escalate_overdue::escalate(&review.server.state).await.unwrap();

    let device = review.server.renewed(&review.device);
    assert_eq!(device.push(&[report]).await, [Outcome::Applied]);

    let round = review.round(case).await;
    assert_eq!((&round["state"], &round["step"]), (&json!("rectified"), &json!("supervision")));
    assert_eq!(round["reported_at"], "2026-11-22T01:00:00.000Z");
}

#[tokio::test]
async fn photos_of_a_tablets_report_may_come_later_and_are_seen_then() {
    let review = Review::start().await;
    let case = review.ordered(2).await;
    let visit = review.visit(&["hoarding"]).await;
    let mut report = review.device.report(case, 1);
    let Body::ReportRectification(content) = &mut report.body else { unreachable!() };
    content.photos.push(photo_entry(b"fence", &visit));

    review.device.push(&[report]).await;

    let record = review.round(case).await["records"][0].clone();
    assert_eq!(record["photos"].as_array().unwrap().len(), 1);
    assert_eq!(record["photos"][0]["taken_at"], json!(visit.occurred_at));
}

#[tokio::test]
async fn a_round_leaves_the_tablet_of_an_inspector_who_works_elsewhere() {
    let review = Review::start().await;
    let case = review.ordered(2).await;
    let elsewhere = review.server.inspector(&review.macun, "zhao", "002").await;
    let everywhere = review.server.user(&review.macun, "inspector", &[TestRole::inspector("")]).await;
    let everywhere = review.server.device(&everywhere).await;

    assert_eq!(pulled(&elsewhere, case).await, None);
    assert!(pulled(&everywhere, case).await.is_some());
    let again = review.case(&["hoarding"]).await;
    review.step(again, order(json!({ "days": 1 }))).await;
    assert!(pulled(&everywhere, again).await.is_some());
}
