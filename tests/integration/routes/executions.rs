//! Executions: only against closed months, never more than stands, never edited, and the year they add up to.

use jiff::civil::date;
use reqwest::{Method, Response};
use serde_json::{Value, json};
use sync_core::ids::{ExecutionId, RequestId, UnitId};
use tests::review::{Review, accepted, decision, read};
use tests::{TestOffice, TestRole, problem};

const IN_OCTOBER: &str = "2026-10-15T02:00:00Z";
const EXECUTIONS: &str = "/api/v1/months/2026-10/executions";

/// October closed with 200,000 yuan of the eastern street.
async fn closed_october() -> Review {
    let review = Review::start().await;
    let case = review.case_at(&["hoarding", "material_cover"], IN_OCTOBER).await;
    review.decide(case, "confirm").await;
    review.close(date(2026, 10, 1)).await;
    review
}

fn execution(unit: UnitId, amount: i64) -> Value {
    json!({
        "request_id": RequestId::fresh(), "unit_id": unit, "voucher": "记-2026-11-018", "date": "2026-11-20",
        "amount": amount,
    })
}

async fn send(office: &TestOffice, path: &str, body: &Value) -> Response {
    office.request(Method::POST, path).json(body).send().await.unwrap()
}

async fn code(office: &TestOffice, path: &str, body: &Value) -> String {
    problem(send(office, path, body).await).await.code.to_string()
}

async fn year(office: &TestOffice) -> Value {
    read(office.request(Method::GET, "/api/v1/years/2026/totals")).await
}

#[tokio::test]
async fn what_is_executed_adds_up_to_the_year_per_unit_and_budget_code() {
    let review = closed_october().await;
    let running = review.case(&["hoarding"]).await;
    review.decide(running, "confirm").await;
    let [east, _] = review.macun.streets;

    accepted(send(&review.finance, EXECUTIONS, &execution(east, 15_000_000)).await).await;

    let year = year(&review.finance).await;
    let unit = &year["units"][0];
    assert_eq!((&unit["budget_code"], &unit["unit_name"]), (&json!("101"), &json!("东街道")));
    for sums in [unit, &year["total"]] {
        assert_eq!(
            (&sums["posted_yuan"], &sums["executed_yuan"], &sums["outstanding_yuan"]),
            (&json!("300000.00"), &json!("150000.00"), &json!("50000.00"))
        );
    }
    let months: Vec<_> = unit["months"]
        .as_array()
        .unwrap()
        .iter()
        .map(|month| {
            (
                month["month"].as_str().unwrap(),
                month["closed"].as_bool().unwrap(),
                month["outstanding"].as_i64(),
            )
        })
        .collect();
    assert_eq!(months, [("2026-10", true, Some(5_000_000)), ("2026-11", false, Some(0))]);
    let list = read(review.finance.request(Method::GET, EXECUTIONS)).await;
    assert_eq!(list["executions"][0]["voucher"], "记-2026-11-018");
    assert_eq!(list["executions"][0]["recorded_by"], "qian");
}

#[tokio::test]
async fn a_unit_is_never_executed_beyond_what_stands_whatever_races() {
    let review = closed_october().await;
    let [east, west] = review.macun.streets;
    assert_eq!(code(&review.finance, EXECUTIONS, &execution(east, 20_000_001)).await, "execution_exceeds");
    assert_eq!(code(&review.finance, EXECUTIONS, &execution(west, 1)).await, "execution_exceeds");
    assert_eq!(code(&review.finance, EXECUTIONS, &execution(east, -1)).await, "execution_exceeds");
    let (one, other) = (execution(east, 15_000_000), execution(east, 15_000_000));

    let (one, other) =
        tokio::join!(send(&review.finance, EXECUTIONS, &one), send(&review.reviewer, EXECUTIONS, &other));

    let mut statuses = [one.status().as_u16(), other.status().as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409]);
    assert_eq!(year(&review.finance).await["total"]["executed"], 15_000_000);
}

#[tokio::test]
async fn a_month_that_gives_money_back_is_executed_with_its_sign() {
    let review = Review::start().await;
    let case = review.case_at(&["hoarding"], IN_OCTOBER).await;
    review.decide(case, "confirm").await;
    review.close(date(2026, 10, 1)).await;
    review.decide_by_two(case, &decision("dismiss", 2)).await;
    review.server.clock.set("2026-12-05T02:00:00Z".parse().unwrap());
    review.server.extend_sessions().await;
    review.close(date(2026, 11, 1)).await;
    let [east, _] = review.macun.streets;
    let path = "/api/v1/months/2026-11/executions";
    let mut back = execution(east, -10_000_000);
    back["date"] = json!("2026-12-04");
    let mut more = back.clone();
    more["request_id"] = json!(RequestId::fresh());
    more["amount"] = json!(-1);

    accepted(send(&review.finance, path, &back).await).await;

    assert_eq!(code(&review.finance, path, &more).await, "execution_exceeds");
}

#[tokio::test]
async fn a_wrong_execution_is_cancelled_by_its_opposite_once() {
    let review = closed_october().await;
    let [east, _] = review.macun.streets;
    let recorded = accepted(send(&review.finance, EXECUTIONS, &execution(east, 15_000_000)).await).await;
    let path = format!("{EXECUTIONS}/{}/cancellation", recorded["execution_id"].as_str().unwrap());
    let request = json!({ "request_id": RequestId::fresh(), "reason": "凭证号有误" });

    let cancelled = accepted(send(&review.finance, &path, &request).await).await;

    assert_eq!(
        (&cancelled["amount"], &cancelled["cancels"]),
        (&json!(-15_000_000), &recorded["execution_id"])
    );
    assert_eq!(accepted(send(&review.finance, &path, &request).await).await, cancelled, "a retry");
    let again = json!({ "request_id": RequestId::fresh(), "reason": "再次红冲" });
    assert_eq!(code(&review.finance, &path, &again).await, "execution_cancelled");
    let cancelled_path = format!("{EXECUTIONS}/{}/cancellation", cancelled["execution_id"].as_str().unwrap());
    assert_eq!(code(&review.finance, &cancelled_path, &again).await, "execution_cancelled");
    let unknown = format!("{EXECUTIONS}/{}/cancellation", ExecutionId::fresh());
    assert_eq!(code(&review.finance, &unknown, &again).await, "execution_unknown");
    let blank = json!({ "request_id": RequestId::fresh(), "reason": " " });
    assert_eq!(code(&review.finance, &path, &blank).await, "reason_required");
    let list = read(review.finance.request(Method::GET, EXECUTIONS)).await;
    let shown: Vec<_> = list["executions"].as_array().unwrap().iter().map(|row| &row["cancelled"]).collect();
    assert_eq!(shown, [&json!(true), &json!(false)]);
    assert_eq!(year(&review.finance).await["total"]["outstanding"], 20_000_000);
    accepted(send(&review.finance, EXECUTIONS, &execution(east, 20_000_000)).await).await;
}

#[tokio::test]
async fn executions_are_listed_page_by_page_and_one_knows_of_its_cancellation_on_a_later_page() {
    let review = closed_october().await;
    let [east, _] = review.macun.streets;
    let wrong = accepted(send(&review.finance, EXECUTIONS, &execution(east, 1_000)).await).await;
    let path = format!("{EXECUTIONS}/{}/cancellation", wrong["execution_id"].as_str().unwrap());
    // All at one time: then it is their ids that keep the order.
    accepted(send(&review.finance, EXECUTIONS, &execution(east, 2_000)).await).await;
    let request = json!({ "request_id": RequestId::fresh(), "reason": "凭证号有误" });
    review.server.clock.advance_seconds(1);
    accepted(send(&review.finance, &path, &request).await).await;
    let page =
        async |query: &str| read(review.finance.request(Method::GET, &format!("{EXECUTIONS}?{query}"))).await;
    let whole = page("").await;

    let first = page("limit=2").await;
    let second = page(&format!("limit=2&cursor={}", first["next"].as_str().unwrap())).await;

    assert_eq!((first["executions"].as_array().unwrap().len(), &second["next"]), (2, &Value::Null));
    let pages: Vec<_> =
        [&first, &second].into_iter().flat_map(|page| page["executions"].as_array().unwrap()).collect();
    assert_eq!(pages, whole["executions"].as_array().unwrap().iter().collect::<Vec<_>>());
    let cancelled: Vec<_> =
        pages.iter().filter(|row| row["cancelled"] == true).map(|row| &row["amount"]).collect();
    assert_eq!(cancelled, [1_000]);
    let of_october = format!("/api/v1/months/2026-11/executions?cursor={}", first["next"].as_str().unwrap());
    let refused = problem(review.finance.request(Method::GET, &of_october).send().await.unwrap()).await;
    assert_eq!(refused.field.as_deref(), Some("cursor"), "of another month");
}

#[tokio::test]
async fn the_same_request_is_one_execution_and_the_same_id_for_another_is_refused() {
    let review = closed_october().await;
    let [east, _] = review.macun.streets;
    let request = execution(east, 1_000);

    let (one, two) = tokio::join!(
        send(&review.finance, EXECUTIONS, &request),
        send(&review.finance, EXECUTIONS, &request)
    );

    assert_eq!(accepted(one).await, accepted(two).await);
    let mut other = request.clone();
    other["amount"] = json!(2_000);
    assert_eq!(code(&review.finance, EXECUTIONS, &other).await, "request_id_reused");
    assert_eq!(year(&review.finance).await["total"]["executed"], 1_000);
}

#[tokio::test]
async fn bad_executions_are_refused_by_their_field() {
    let review = closed_october().await;
    let [east, _] = review.macun.streets;
    let table = [
        ("voucher", json!("  "), "text_required"),
        ("voucher", json!("记\u{0}"), "text_contains_nul"),
        ("voucher", json!("记".repeat(201)), "text_too_long"),
        ("date", json!("2026-10-31"), "date_out_of_range"),
        ("date", json!("2026-11-23"), "date_out_of_range"),
        ("date", json!("yesterday"), "malformed_request"),
        ("amount", json!(0), "number_out_of_range"),
        ("amount", json!(1.5), "malformed_request"),
        ("amount", json!(i64::MAX), "execution_exceeds"),
    ];
    for (field, value, expected) in table {
        let mut request = execution(east, 1_000);
        request[field] = value;
        let refused = problem(send(&review.finance, EXECUTIONS, &request).await).await;
        assert_eq!((refused.code.as_str(), refused.field.as_deref()), (expected, Some(field)));
    }
    let open = "/api/v1/months/2026-11/executions";
    let mut request = execution(east, 1_000);
    request["date"] = json!("2026-12-01");
    assert_eq!(code(&review.finance, open, &request).await, "date_out_of_range");
    assert_eq!(
        code(&review.finance, "/api/v1/months/2026-09/executions", &execution(east, 1)).await,
        "month_not_closed"
    );
}

#[tokio::test]
async fn executions_refuse_to_be_rewritten() {
    let review = closed_october().await;
    let [east, _] = review.macun.streets;
    accepted(send(&review.finance, EXECUTIONS, &execution(east, 1_000)).await).await;
    for statement in ["UPDATE executions SET amount_fen = 1", "DELETE FROM executions"] {
        let refused = review.server.execute(statement).await.unwrap_err().to_string();
        assert!(refused.contains("is append-only"), "{statement}: {refused}");
    }
}

#[tokio::test]
async fn a_liaison_sees_the_own_units_year_and_the_files_carry_it_for_finance() {
    let review = closed_october().await;
    let liaison = review.office("liaison", TestRole::liaison(review.macun.streets[1])).await;
    assert_eq!(year(&liaison).await["units"], json!([]));
    accepted(send(&review.finance, EXECUTIONS, &execution(review.macun.streets[0], 1_000)).await).await;
    assert_eq!(read(liaison.request(Method::GET, EXECUTIONS)).await["executions"], json!([]));
    let path = "/api/v1/years/2026/totals.csv";
    let csv = review.finance.request(Method::GET, path).send().await.unwrap().text().await.unwrap();
    assert!(csv.contains("东街道,101,2026-10,已结账,200000.00,10.00,199990.00"), "{csv}");
    let path = "/api/v1/years/2026/totals.xlsx?lang=en";
    let xlsx = review.finance.request(Method::GET, path).send().await.unwrap();
    assert_eq!(xlsx.status(), 200);
    assert!(xlsx.bytes().await.unwrap().starts_with(b"PK"));
    for bad in ["26", "x", "20261"] {
        let path = format!("/api/v1/years/{bad}/totals");
        let refused = problem(review.finance.request(Method::GET, &path).send().await.unwrap()).await;
        assert_eq!(refused.field.as_deref(), Some("year"), "{bad}");
    }
}
