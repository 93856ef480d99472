//! A case that goes to another unit (改派) takes its order along: of an order that somebody has to act on, one unit has it,
//! and it is the case's.

use reqwest::Method;
use serde_json::{Value, json};
use server::services::plan_deadlines::plan_deadlines;
use sync_core::ids::CaseId;
use sync_core::wire::push::Outcome;
use tests::field::correction;
use tests::rectification::{order, plain, report};
use tests::review::{Review, accepted, decision, read};
use tests::{TestOffice, TestRole, problem};

/// Re-attributes a case to the second street.
async fn goes_west(review: &Review, case: CaseId) -> Value {
    let mut request = decision("re_attribute", review.show(case).await["version"].clone());
    request["unit_id"] = json!(review.macun.streets[1]);
    accepted(review.supervisor.decide(case, &request).await).await
}

async fn west(review: &Review) -> TestOffice {
    review.office("west", TestRole::liaison(review.macun.streets[1])).await
}

/// How many orders somebody sees on the board.
async fn on_board(office: &TestOffice) -> usize {
    let board = read(office.request(Method::GET, "/api/v1/rectifications")).await;
    board["rectifications"].as_array().unwrap().len()
}

#[tokio::test]
async fn the_other_unit_gets_the_order_anew_and_the_first_has_nothing_to_do() {
    let review = Review::start().await;
    let (east, west) = (review.liaison().await, west(&review).await);
    let case = review.ordered(2).await;
    review.travel("2026-11-24T02:00:00Z").await;

    let decided = goes_west(&review, case).await;

    let shown = review.show(case).await;
    assert_eq!(shown["version"], decided["version"], "the decision makes the one new version");
    let rounds = shown["rectification"].as_array().unwrap();
    let [first, second] = rounds.as_slice() else { panic!("{rounds:?}") };
    assert_eq!((&first["state"], &first["unit_id"]), (&json!("withdrawn"), &json!(review.macun.streets[0])));
    assert_eq!((&second["state"], &second["unit_id"]), (&json!("assigned"), &json!(review.macun.streets[1])));
    assert_eq!(second["requirement"], first["requirement"]);
    assert_eq!(second["ordered_by"], first["ordered_by"]);
    assert_eq!(second["deadline"], "2026-11-26T10:00:00.000Z", "two working days from now");
    assert_eq!(shown["rectification_state"], "assigned");
    assert_eq!((on_board(&east).await, on_board(&west).await), (0, 1));
    let late = problem(east.report(case, &report(1)).await).await;
    assert_eq!(late.code.as_str(), "case_unknown");
    let other_round = problem(west.report(case, &report(1)).await).await;
    assert_eq!(other_round.code.as_str(), "rectification_unknown");
    assert_eq!(accepted(west.report(case, &report(2)).await).await["state"], "rectified");
}

#[tokio::test]
async fn the_printed_order_names_the_unit_that_has_to_act_and_its_deadline() {
    let review = Review::start().await;
    let west = west(&review).await;
    let case = review.ordered(2).await;
    review.travel("2026-11-24T02:00:00Z").await;
    goes_west(&review, case).await;
    let name = review.show(case).await["unit_name"].as_str().unwrap().to_owned();

    let path = format!("/api/v1/prints/cases/{case}/rectification-order");
    let page = west.request(Method::GET, &path).send().await.unwrap().text().await.unwrap();

    assert!(page.contains(&name) && page.contains("2026-11-26 18:00"), "{page}");
    assert!(!page.contains("2026-11-24 18:00"), "the deadline of the unit that the case left: {page}");
}

#[tokio::test]
async fn what_was_rechecked_stays_the_order_of_the_unit_that_did_it() {
    let review = Review::start().await;
    let east = review.liaison().await;
    let case = review.ordered(2).await;
    let name = review.show(case).await["unit_name"].as_str().unwrap().to_owned();
    review.report(&east, case).await;
    review.step(case, plain("verify_rectification")).await;

    goes_west(&review, case).await;

    let round = review.round(case).await;
    assert_eq!((&round["round"], &round["unit_id"]), (&json!(1), &json!(review.macun.streets[0])));
    let path = format!("/api/v1/prints/cases/{case}/rectification-order");
    let page = review.supervisor.request(Method::GET, &path).send().await.unwrap().text().await.unwrap();
    assert!(page.contains(&name), "{page}");
    assert_eq!(review.step(case, plain("close_rectification")).await["state"], "closed");
}

#[tokio::test]
async fn a_report_and_a_return_of_the_first_unit_do_not_bind_the_other() {
    let review = Review::start().await;
    let (east, west) = (review.liaison().await, west(&review).await);
    for returned in [true, false] {
        let case = review.ordered(2).await;
        if returned {
            accepted(east.give_back(case, review.show(case).await["version"].clone()).await).await;
        } else {
            review.report(&east, case).await;
        }

        goes_west(&review, case).await;

        assert_eq!(review.round(case).await["state"], "assigned");
        assert_eq!(review.show(case).await["rectification"][0]["state"], "withdrawn");
        accepted(west.report(case, &report(2)).await).await;
        let again = review.step(case, plain("fail_rectification")).await;
        assert_eq!((&again["round"], &again["state"]), (&json!(3), &json!("assigned")));
        assert_eq!(review.round(case).await["unit_id"], json!(review.macun.streets[1]));
    }
}

#[tokio::test]
async fn a_pause_goes_on_and_leaves_the_other_unit_the_whole_time() {
    let review = Review::start().await;
    let case = review.ordered(2).await;
    review.step(case, json!({ "kind": "pause_rectification", "pause": "on_the_books" })).await;

    goes_west(&review, case).await;

    let round = review.round(case).await;
    assert_eq!((&round["state"], &round["pause"]), (&json!("paused"), &json!("on_the_books")));
    review.travel("2026-11-30T02:00:00Z").await;
    let resumed = review.step(case, plain("resume_rectification")).await;
    assert_eq!(resumed["state"], "assigned");
    assert_eq!(resumed["round"], 2);
    assert!(resumed["deadline"].as_str().unwrap() >= "2026-12-01", "{resumed}");
}

#[tokio::test]
async fn the_ratios_count_the_order_for_the_unit_that_has_it() {
    let review = Review::start().await;
    let case = review.ordered(1).await;
    goes_west(&review, case).await;
    review.travel("2026-12-10T02:00:00Z").await;

    let path = "/api/v1/rectifications/ratios?from=2026-11-01&to=2026-11-30";
    let ratios = read(review.supervisor.request(Method::GET, path)).await;

    let units = ratios["units"].as_array().unwrap();
    let of = |unit| {
        let line = units.iter().find(|line| line["unit_id"] == json!(unit)).unwrap();
        ["ordered", "withdrawn", "due", "overdue"].map(|figure| line[figure].as_i64().unwrap())
    };
    assert_eq!(of(review.macun.streets[0]), [1, 1, 0, 0], "{ratios}");
    assert_eq!(of(review.macun.streets[1]), [1, 0, 1, 1], "{ratios}");
}

#[tokio::test]
async fn a_correction_that_names_another_unit_hands_the_order_over_with_the_next_run() {
    let review = Review::start().await;
    let visit = review.visit(&["hoarding"]).await;
    let case = review.push(&visit).await;
    review.step(case, order(json!({ "working_days": 2 }))).await;
    let mut elsewhere = correction(&visit, &["hoarding"]);
    elsewhere.context.unit_id = review.macun.streets[1];
    assert_eq!(review.device.push(&[review.device.amend(&elsewhere)]).await, [Outcome::Applied]);
    assert_eq!(review.show(case).await["unit_id"], json!(review.macun.streets[1]));

    assert_eq!(plan_deadlines(&review.server.state).await.unwrap(), 1);
    assert_eq!(plan_deadlines(&review.server.state).await.unwrap(), 0, "once");

    let round = review.round(case).await;
    assert_eq!((&round["round"], &round["unit_id"]), (&json!(2), &json!(review.macun.streets[1])));
    assert_eq!(round["state"], "assigned");
}
