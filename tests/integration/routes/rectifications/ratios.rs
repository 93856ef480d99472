//! Ratios: kept in time, overdue, redone, closed, of the orders of some days, by unit and by grid.

use reqwest::Method;
use serde_json::{Value, json};
use tests::rectification::{order, plain, report};
use tests::review::{Review, accepted, read};
use tests::{TestRole, problem};

async fn ratios(review: &Review, days: &str) -> Value {
    read(review.supervisor.request(Method::GET, &format!("/api/v1/rectifications/ratios?{days}"))).await
}

#[tokio::test]
async fn each_order_counts_once_and_shares_are_basis_points() {
    let review = Review::start().await;
    let liaison = review.liaison().await;
    let [closed, redone, late, open, dismissed] = [
        review.ordered(1).await,
        review.ordered(1).await,
        review.ordered(1).await,
        review.ordered(20).await,
        review.ordered(1).await,
    ];
    let western = review.visit_to(&review.western_site("西工地").await, &["hoarding"]);
    let western = review.push(&western).await;
    review.step(western, order(json!({ "working_days": 1 }))).await;
    review.report(&liaison, closed).await;
    review.report(&liaison, redone).await;
    review.step(closed, plain("verify_rectification")).await;
    review.step(closed, plain("close_rectification")).await;
    review.step(redone, plain("fail_rectification")).await;
    review.decide(dismissed, "dismiss").await;
    // After the deadline of Monday 18:00: one reports late, the redone one and the western one are overdue.
    review.travel("2026-11-23T12:00:00Z").await;
    accepted(liaison.report(late, &report(1)).await).await;

    let rates = ratios(&review, "from=2026-11-22&to=2026-11-22").await;

    let total = &rates["total"];
    let counts = ["ordered", "withdrawn", "due", "on_time", "overdue", "checked", "rework", "closed", "open"];
    let counts: Vec<i64> = counts.iter().map(|name| total[name].as_i64().unwrap()).collect();
    assert_eq!(counts, [7, 1, 5, 2, 3, 2, 1, 1, 4]);
    assert_eq!((&total["on_time_bp"], &total["overdue_bp"]), (&json!(4_000), &json!(6_000)));
    assert_eq!((&total["rework_bp"], &total["closed_bp"]), (&json!(5_000), &json!(1_666)));
    let units = rates["units"].as_array().unwrap();
    let of_units: Vec<_> =
        units.iter().map(|unit| (unit["unit_name"].clone(), unit["ordered"].clone())).collect();
    assert_eq!(of_units, [(json!("东街道"), json!(6)), (json!("西街道"), json!(1))]);
    let grids: Vec<_> = rates["grids"].as_array().unwrap().iter().map(|grid| grid["grid"].clone()).collect();
    assert_eq!(grids, [json!("410804/001/001"), json!("410804/002/001")]);
    assert_eq!(review.round(open).await["state"], "assigned");
}

#[tokio::test]
async fn a_day_without_orders_has_no_shares_and_a_liaison_sees_the_own_unit() {
    let review = Review::start().await;
    review.ordered(1).await;
    let empty = ratios(&review, "from=2026-11-21&to=2026-11-21").await;
    assert_eq!((&empty["total"]["ordered"], &empty["total"]["on_time_bp"]), (&json!(0), &Value::Null));

    let other = review.office("other", TestRole::liaison(review.macun.streets[1])).await;
    let path = "/api/v1/rectifications/ratios?from=2026-11-01&to=2026-11-30";
    assert_eq!(read(other.request(Method::GET, path)).await["total"]["ordered"], 0);
    let listed = read(other.request(Method::GET, "/api/v1/rectifications")).await;
    assert_eq!(listed["rectifications"], json!([]));
}

#[tokio::test]
async fn days_that_are_none_name_their_parameter() {
    let review = Review::start().await;
    for (query, field) in
        [("to=2026-11-30", "from"), ("from=2026-11-01", "to"), ("from=2026-11-31&to=x", "from")]
    {
        let path = format!("/api/v1/rectifications/ratios?{query}");
        let refused = problem(review.supervisor.request(Method::GET, &path).send().await.unwrap()).await;
        assert_eq!((refused.code.as_str(), refused.field.as_deref()), ("malformed_request", Some(field)));
    }
}

#[tokio::test]
async fn a_pause_does_not_take_an_overdue_order_out_of_the_ratios() {
    let review = Review::start().await;
    let case = review.ordered(1).await;
    review.travel("2026-11-25T02:00:00Z").await;
    let before = ratios(&review, "from=2026-11-22&to=2026-11-22").await["total"]["overdue"].clone();

    review.step(case, json!({ "kind": "pause_rectification", "pause": "deferred" })).await;

    let after = ratios(&review, "from=2026-11-22&to=2026-11-22").await;
    assert_eq!((before, &after["total"]["overdue"]), (json!(1), &json!(1)));
}

#[tokio::test]
async fn what_was_reported_late_is_nobodys_overdue_order_to_list_and_filter_alike() {
    let review = Review::start().await;
    let case = review.ordered(1).await;
    review.travel("2026-11-25T02:00:00Z").await;
    let listed = async |query: &str| -> Vec<Value> {
        let list = review.rounds(query).await;
        let items = list["rectifications"].as_array().unwrap();
        items.iter().map(|item| item["overdue"].clone()).collect()
    };
    assert_eq!((listed("").await, listed("?overdue=true").await), (vec![json!(true)], vec![json!(true)]));

    accepted(review.liaison().await.report(case, &report(1)).await).await;

    assert_eq!((listed("").await, listed("?overdue=true").await), (vec![json!(false)], vec![]));
}

#[tokio::test]
async fn a_dismissed_case_has_no_order_on_the_board_any_more() {
    let review = Review::start().await;
    let case = review.ordered(1).await;
    assert_eq!(review.rounds("").await["rectifications"].as_array().unwrap().len(), 1);

    review.decide(case, "dismiss").await;

    assert_eq!(review.rounds("").await["rectifications"], json!([]));
    let shown = read(review.supervisor.request(Method::GET, "/api/v1/overview")).await;
    assert!(shown.to_string().contains("\"rounds_open\":0"), "{shown}");
}
