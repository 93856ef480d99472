//! The preview of a deadline: what an order would get.

use reqwest::Method;
use serde_json::{Value, json};
use tests::problem;
use tests::review::{Review, read};

async fn deadline(review: &Review, query: &str) -> Value {
    read(review.supervisor.request(Method::GET, &format!("/api/v1/calendar/deadline?{query}"))).await
}

#[tokio::test]
async fn a_span_ends_as_the_working_calendar_says() {
    let review = Review::start().await;
    // A Sunday: the fifth workday after it is Friday, 18:00 in Shanghai.
    let five_days = deadline(&review, "unit=working_days&count=5").await;
    assert_eq!(five_days, json!({ "deadline": "2026-11-27T10:00:00.000Z" }));
    let from_monday = deadline(&review, "unit=days&count=1&from=2026-11-23T01:00:00Z").await;
    assert_eq!(from_monday, json!({ "deadline": "2026-11-24T10:00:00.000Z" }));
}

#[tokio::test]
async fn a_span_that_is_none_and_a_year_without_holidays_are_refused_by_name() {
    let review = Review::start().await;
    for (query, code, field) in [
        ("unit=weeks&count=1", "malformed_request", Some("unit")),
        ("unit=days", "number_out_of_range", Some("count")),
        ("unit=days&count=401", "number_out_of_range", Some("count")),
        ("unit=days&count=30&from=2040-01-01T00:00:00Z", "calendar_gap", None),
    ] {
        let path = format!("/api/v1/calendar/deadline?{query}");
        let refused = problem(review.supervisor.request(Method::GET, &path).send().await.unwrap()).await;
        assert_eq!((refused.code.as_str(), refused.field.as_deref()), (code, field), "{query}");
    }
}
