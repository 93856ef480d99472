//! From the order to closure, each step on record.

use image::metadata::Orientation;
use reqwest::Method;
use serde_json::{Value, json};
use tests::TestRole;
use tests::rectification::{order, plain, report, step_request};
use tests::review::{Review, accepted};
use tests::scene::{SceneExif, SceneKind, scene};

fn picture() -> Vec<u8> {
    let exif = SceneExif {
        taken_at: "2026-11-22T01:00:00Z".parse().unwrap(),
        point: None,
        orientation: Orientation::NoTransforms,
    };
    scene(SceneKind::ConstructionSite, 3, &exif)
}

fn kinds(case: &Value) -> Vec<&str> {
    case["decisions"].as_array().unwrap().iter().map(|d| d["kind"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_case_goes_from_order_to_closure_and_every_step_is_on_record() {
    let review = Review::start().await;
    let liaison = review.liaison().await;
    let case = review.case(&["hoarding"]).await;

    let ordered =
        review.step(case, json!({ "kind": "order_rectification", "requirement": "补齐围挡" })).await;
    // Seven days by the pack; the last one is a Sunday and moves to Monday's close.
    assert_eq!(ordered["deadline"], "2026-11-30T10:00:00.000Z");
    assert_eq!((&ordered["round"], &ordered["state"]), (&json!(1), &json!("assigned")));

    let photo = liaison.upload(&picture()).await;
    let mut said = report(1);
    said["photos"] = json!([photo]);
    let reported = accepted(liaison.report(case, &said).await).await;
    assert_eq!(reported, json!({ "case_id": case, "round": 1, "state": "rectified" }));
    review.step(case, plain("verify_rectification")).await;
    review.step(case, plain("close_rectification")).await;

    let shown = review.show(case).await;
    assert_eq!(kinds(&shown), ["order_rectification", "verify_rectification", "close_rectification"]);
    assert_eq!((&shown["rectification_state"], &shown["version"]), (&json!("closed"), &json!(5)));
    let round = &shown["rectification"][0];
    assert_eq!((&round["state"], &round["span"]), (&json!("closed"), &json!({ "days": 7 })));
    let records = round["records"].as_array().unwrap();
    assert_eq!((&records[0]["kind"], &records[0]["author_name"]), (&json!("report"), &json!("liaison")));
    assert_eq!(records[0]["photos"][0]["sha256"], json!(photo));
    assert_eq!((&records[1]["kind"], &records[1]["passed"]), (&json!("check"), &json!(true)));
}

#[tokio::test]
async fn photos_of_a_report_are_seen_by_those_who_see_the_case_and_by_nobody_else() {
    let review = Review::start().await;
    let liaison = review.liaison().await;
    let case = review.ordered(3).await;
    let photo = liaison.upload(&picture()).await;
    let mut said = report(1);
    said["photos"] = json!([photo]);
    accepted(liaison.report(case, &said).await).await;

    let neighbour = review.office("neighbour", TestRole::liaison(review.macun.streets[1])).await;
    let path = format!("/api/v1/photos/{photo}/list");
    for (office, status) in [(&liaison, 200), (&review.supervisor, 200), (&neighbour, 404)] {
        let response = office.request(Method::GET, &path).send().await.unwrap();
        assert_eq!(response.status(), status, "{}", office.user.username);
    }
}

#[tokio::test]
async fn a_failed_recheck_begins_another_round_with_the_same_time_from_now() {
    let review = Review::start().await;
    let liaison = review.liaison().await;
    let case = review.ordered(2).await;
    review.report(&liaison, case).await;
    review.travel("2026-11-24T02:00:00Z").await;

    let failed = review.step(case, plain("fail_rectification")).await;

    assert_eq!((&failed["round"], &failed["state"]), (&json!(2), &json!("assigned")));
    assert_eq!(failed["deadline"], "2026-11-26T10:00:00.000Z");
    let rounds = review.show(case).await["rectification"].clone();
    assert_eq!((&rounds[0]["state"], &rounds[1]["ordered_by"]), (&json!("failed"), &Value::Null));
    assert_eq!(rounds[0]["records"][1]["text"], "按规定", "the unit reads why");
    let late = accepted(liaison.report(case, &report(2)).await).await;
    assert_eq!(late["state"], "rectified");
}

#[tokio::test]
async fn a_unit_gives_a_case_back_and_the_office_insists_or_orders_anew() {
    let review = Review::start().await;
    let liaison = review.liaison().await;
    let case = review.ordered(2).await;

    let version = review.show(case).await["version"].clone();
    let returned = accepted(liaison.give_back(case, version).await).await;
    assert_eq!((&returned["kind"], &returned["state"]), (&json!("return_rectification"), &json!("returned")));
    let insisted = review.step(case, plain("resume_rectification")).await;
    assert_eq!((&insisted["round"], &insisted["state"]), (&json!(1), &json!("assigned")));

    let version = review.show(case).await["version"].clone();
    accepted(liaison.give_back(case, version).await).await;
    let anew = review.step(case, order(json!({ "days": 3 }))).await;
    assert_eq!((&anew["round"], &anew["state"]), (&json!(2), &json!("assigned")));
    assert_eq!(review.show(case).await["rectification"][0]["state"], "withdrawn");
}

#[tokio::test]
async fn an_insufficient_report_is_sent_back_and_the_round_goes_on() {
    let review = Review::start().await;
    let liaison = review.liaison().await;
    let case = review.ordered(2).await;
    review.report(&liaison, case).await;

    let sent_back = review.step(case, plain("return_rectification")).await;

    assert_eq!((&sent_back["round"], &sent_back["state"]), (&json!(1), &json!("assigned")));
    assert_eq!(review.round(case).await["reported_at"], Value::Null);
    review.report(&liaison, case).await;
    assert_eq!(review.round(case).await["records"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn the_same_step_and_the_same_report_again_get_the_first_answer() {
    let review = Review::start().await;
    let liaison = review.liaison().await;
    let case = review.case(&["hoarding"]).await;
    let (asked, said) = (step_request(1, order(json!({ "days": 3 }))), report(1));

    let first = accepted(review.supervisor.step(case, &asked).await).await;
    let reported = accepted(liaison.report(case, &said).await).await;
    let again = accepted(review.supervisor.step(case, &asked).await).await;
    let reported_again = accepted(liaison.report(case, &said).await).await;

    assert_eq!((first, reported), (again, reported_again), "whatever happened since");
    assert_eq!(review.round(case).await["records"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn the_list_shows_overdue_rounds_first_then_by_deadline_and_its_pages_keep_the_order() {
    let review = Review::start().await;
    let liaison = review.liaison().await;
    // Ordered in another order than they are due in.
    let [third, first, second] = [review.ordered(8).await, review.ordered(1).await, review.ordered(4).await];
    let reported = review.ordered(1).await;
    accepted(liaison.report(reported, &report(1)).await).await;
    let walk = async |between: &str| {
        let one = review.rounds("?limit=2").await;
        review.travel(between).await;
        let two = review.rounds(&format!("?limit=2&cursor={}", one["next"].as_str().unwrap())).await;
        assert_eq!(two["next"], Value::Null);
        let pages = [one, two].map(|page| page["rectifications"].as_array().unwrap().clone());
        pages.concat().iter().map(|item| item["case"]["case_id"].clone()).collect::<Vec<_>>()
    };

    // The round of a day each are due together; nothing is overdue yet.
    let mut of_a_day = [first, reported];
    of_a_day.sort();
    let by_deadline = [of_a_day[0], of_a_day[1], second, third].map(|case| json!(case));
    // Its deadline passes between the two pages: they are one list all the same.
    assert_eq!(walk("2026-11-23T10:00:01Z").await, by_deadline);

    // What was reported in time is not overdue, and comes after what is.
    let overdue_first = [first, reported, second, third].map(|case| json!(case));
    assert_eq!(walk("2026-11-23T10:00:02Z").await, overdue_first);
    let overdue = review.rounds("?overdue=true").await;
    let overdue = overdue["rectifications"].as_array().unwrap();
    assert_eq!((overdue.len(), &overdue[0]["case"]["case_id"]), (1, &json!(first)));
    assert_eq!(review.rounds("?state=closed").await["rectifications"], json!([]));
}
