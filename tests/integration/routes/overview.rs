//! The overview: figures that agree with the cases, within what the caller sees.

use reqwest::Method;
use serde_json::{Value, json};
use tests::field::Occurring as _;
use tests::review::{Review, read};
use tests::{TestOffice, TestRole, problem};

/// Fen of one measure of a construction site in Macun.
const MEASURE: i64 = 10_000_000;

async fn overview(office: &TestOffice, query: &str) -> Value {
    read(office.request(Method::GET, &format!("/api/v1/overview?{query}"))).await
}

fn figures(cases: i64, confirmed: i64, dismissed: i64, pending: i64, posted: i64) -> Value {
    json!({
        "cases": cases, "confirmed": confirmed, "dismissed": dismissed, "pending": pending, "posted": posted,
    })
}

/// What of a row is figures.
fn of(row: &Value) -> Value {
    let parts = ["cases", "confirmed", "dismissed", "pending", "posted"];
    parts
        .into_iter()
        .map(|part| (part.to_owned(), row[part].clone()))
        .collect::<serde_json::Map<_, _>>()
        .into()
}

/// Three cases: one posted in the west, one dismissed and one pending in the east; and one of the month before.
async fn worked() -> Review {
    let review = Review::start().await;
    let site = review.western_site("西区工地").await;
    let mut visit = review.visit_to(&site, &["hoarding", "vehicle_washing"]);
    visit.occurs_at("2026-11-20T02:00:00Z".parse().unwrap());
    let west = review.push(&visit).await;
    review.decide(west, "confirm").await;
    let dismissed = review.case_at(&["hoarding"], "2026-11-20T16:00:00Z").await;
    review.decide(dismissed, "dismiss").await;
    review.case_at(&["hoarding"], "2026-11-21T02:00:00Z").await;
    review.case_at(&["hoarding"], "2026-10-31T15:59:59Z").await;
    review
}

#[tokio::test]
async fn a_month_is_counted_by_kind_item_unit_street_and_day_beside_the_span_before() {
    let review = worked().await;

    let month = overview(&review.finance, "from=2026-11-01&to=2026-11-22").await;

    let all = figures(3, 1, 1, MEASURE, 2 * MEASURE);
    assert_eq!(month["total"], all);
    assert_eq!(month["before"], figures(1, 0, 0, MEASURE, 0));
    assert_eq!(month["kinds"].as_array().unwrap().len(), 1);
    assert_eq!((&month["kinds"][0]["code"], &of(&month["kinds"][0])), (&json!("construction_site"), &all));
    assert_eq!(month["kinds"][0]["zh"], "施工工地");
    assert_eq!((&month["items"][0]["code"], &of(&month["items"][0])), (&json!("site_dust"), &all));
    let units = month["units"].as_array().unwrap();
    assert_eq!(units.len(), 2);
    assert_eq!(
        (&units[0]["unit_name"], &of(&units[0])),
        (&json!("西街道"), &figures(1, 1, 0, 0, 2 * MEASURE))
    );
    assert_eq!(of(&units[1]), figures(2, 0, 1, MEASURE, 0));
    let grids = month["grids"].as_array().unwrap();
    let named = |grid: &Value| (grid["grid"].clone(), grid["grid_name"].clone(), grid["cases"].clone());
    assert_eq!(named(&grids[0]), (json!("410804/001"), json!("网格001"), json!(2)));
    assert_eq!(named(&grids[1]), (json!("410804/002"), json!("网格002"), json!(1)));
    let days: Vec<_> =
        month["days"].as_array().unwrap().iter().map(|day| (&day["day"], &day["cases"])).collect();
    // 16:00 UTC is midnight in Shanghai.
    assert_eq!(days, [(&json!("2026-11-20"), &json!(1)), (&json!("2026-11-21"), &json!(2))]);
}

#[tokio::test]
async fn what_waits_is_counted_whenever_it_occurred() {
    let review = worked().await;

    let today = overview(&review.supervisor, "from=2026-11-22&to=2026-11-22").await;

    assert_eq!(today["total"], figures(0, 0, 0, 0, 0));
    let waiting = &today["waiting"];
    assert_eq!((&waiting["under_review"], &waiting["awaiting_evidence"]), (&json!(2), &json!(0)));
    assert_eq!(waiting["under_review_since"], "2026-10-31T15:59:59.000Z");
    assert_eq!((&waiting["rounds_open"], &waiting["rounds_overdue"]), (&json!(0), &json!(0)));
    assert_eq!(waiting["silent_devices"], json!([]));
}

#[tokio::test]
async fn rounds_past_their_deadline_and_silent_devices_are_named() {
    let review = Review::start().await;
    review.ordered(1).await;
    review.travel("2026-11-27T02:00:00Z").await;
    review.server.extend_sessions().await;

    let later = overview(&review.supervisor, "").await;

    let waiting = &later["waiting"];
    assert_eq!((&waiting["rounds_open"], &waiting["rounds_overdue"]), (&json!(1), &json!(1)));
    let silent = &waiting["silent_devices"][0];
    assert_eq!((&silent["device_id"], &silent["users"]), (&json!(review.device.device_id), &json!(["li"])));
}

#[tokio::test]
async fn a_supervisor_of_a_grid_and_a_liaison_count_their_own() {
    let review = worked().await;
    let western = review.office("xi", TestRole::supervisor("002")).await;
    let liaison = review.office("dong", TestRole::liaison(review.macun.streets[0])).await;

    let span = "from=2026-11-01&to=2026-11-22";
    assert_eq!(overview(&western, span).await["total"], figures(1, 1, 0, 0, 2 * MEASURE));
    assert_eq!(overview(&liaison, span).await["total"], figures(2, 0, 1, MEASURE, 0));
    let of_grid = overview(&review.finance, &format!("{span}&grid=410804/002")).await;
    assert_eq!(of_grid["total"], figures(1, 1, 0, 0, 2 * MEASURE));
}

#[tokio::test]
async fn days_that_are_no_span_are_refused() {
    let review = Review::start().await;
    for query in ["from=2026-11-02&to=2026-11-01", "from=2020-01-01&to=2026-01-01"] {
        let path = format!("/api/v1/overview?{query}");
        let refused = problem(review.finance.request(Method::GET, &path).send().await.unwrap()).await;
        assert_eq!(refused.code.as_str(), "date_out_of_range", "{query}");
    }
}
