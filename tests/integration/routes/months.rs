//! Months: what is posted and pending in them, and who sees it.

use std::collections::BTreeMap;

use jiff::civil::date;
use reqwest::Method;
use serde_json::{Value, json};
use tests::review::{Review, accepted, decision, read};
use tests::{TestRole, problem};

/// Three cases: of the eastern street one confirmed with two charges and one pending; of the western one confirmed.
async fn a_month_at_work() -> Review {
    let review = Review::start().await;
    let posted = review.case(&["hoarding", "material_cover"]).await;
    let site = review.western_site("站前工地").await;
    let western = review.push(&review.visit_to(&site, &["hoarding"])).await;
    review.case(&["vehicle_washing"]).await;
    review.decide(posted, "confirm").await;
    review.decide(western, "confirm").await;
    review
}

fn by(totals: &Value, rollup: &str, key: &str) -> BTreeMap<String, (i64, i64, i64)> {
    let number = |row: &Value, name: &str| row[name].as_i64().unwrap();
    let rows = totals[rollup].as_array().unwrap();
    rows.iter()
        .map(|row| {
            let amounts = (number(row, "posted"), number(row, "cases"), number(row, "pending"));
            (row[key].as_str().unwrap().to_owned(), amounts)
        })
        .collect()
}

#[tokio::test]
async fn totals_say_posted_and_pending_by_unit_item_and_street() {
    let review = a_month_at_work().await;

    let totals = review.totals("2026-11").await;

    assert_eq!((&totals["month"], &totals["closed"]), (&json!("2026-11"), &json!(false)));
    let total = &totals["total"];
    assert_eq!((&total["posted_yuan"], &total["cases"]), (&json!("300000.00"), &json!(2)));
    assert_eq!((&total["pending_yuan"], &total["pending_cases"]), (&json!("100000.00"), &json!(1)));
    let (east, west) = ((20_000_000, 1, 10_000_000), (10_000_000, 1, 0));
    let of = |one: &str, other: &str| BTreeMap::from([(one.to_owned(), east), (other.to_owned(), west)]);
    assert_eq!(by(&totals, "by_unit", "unit_name"), of("东街道", "西街道"));
    assert_eq!(by(&totals, "by_grid", "grid"), of("410804/001", "410804/002"));
    let [east_id, west_id] = review.macun.streets.map(|unit| unit.to_string());
    assert_eq!(by(&totals, "unit_item", "unit_id"), of(&east_id, &west_id));
    let item = BTreeMap::from([("site_dust".to_owned(), (30_000_000, 2, 10_000_000))]);
    assert_eq!(by(&totals, "by_item", "item"), item);
}

#[tokio::test]
async fn a_case_that_stands_with_two_units_counts_with_each_and_once_in_all() {
    let review = Review::start().await;
    let moved = review.case_at(&["hoarding"], "2026-10-10T02:00:00Z").await;
    review.decide(moved, "confirm").await;
    review.close(date(2026, 10, 1)).await;
    let mut request = decision("re_attribute", 2);
    request["unit_id"] = json!(review.macun.streets[1]);
    accepted(review.supervisor.decide(moved, &request).await).await;
    let other = review.case(&["hoarding"]).await;
    review.decide(other, "confirm").await;

    let totals = review.totals("2026-11").await;

    assert_eq!((&totals["total"]["posted"], &totals["total"]["cases"]), (&json!(10_000_000), &json!(2)));
    let units = [("东街道", (0, 2, 0)), ("西街道", (10_000_000, 1, 0))];
    let units: BTreeMap<String, _> = units.into_iter().map(|(name, of)| (name.to_owned(), of)).collect();
    assert_eq!(by(&totals, "by_unit", "unit_name"), units);
    let item = BTreeMap::from([("site_dust".to_owned(), (10_000_000, 2, 0))]);
    assert_eq!(by(&totals, "by_item", "item"), item);
}

#[tokio::test]
async fn a_month_without_anything_has_zero_totals() {
    let review = Review::start().await;

    let totals = review.totals("2026-10").await;

    assert_eq!(totals["total"]["posted_yuan"], "0.00");
    assert_eq!(totals["by_unit"], json!([]));
}

#[tokio::test]
async fn pending_is_a_memo_of_the_month_it_would_post_to() {
    let review = Review::start().await;
    review.case_at(&["hoarding"], "2026-09-15T02:00:00Z").await;
    review.case_at(&["hoarding"], "2099-01-05T02:00:00Z").await;
    let pending = async |month: &str| review.totals(month).await["total"]["pending"].as_i64().unwrap();
    assert_eq!((pending("2026-09").await, pending("2026-11").await), (10_000_000, 10_000_000));

    review.close(date(2026, 9, 1)).await;

    assert_eq!((pending("2026-09").await, pending("2026-10").await), (0, 10_000_000));
    assert_eq!((pending("2026-11").await, pending("2099-01").await), (10_000_000, 0));
    let months = read(review.finance.request(Method::GET, "/api/v1/months")).await;
    let listed: Vec<_> = months["months"]
        .as_array()
        .unwrap()
        .iter()
        .map(|m| {
            (m["month"].as_str().unwrap(), m["closed"].as_bool().unwrap(), m["pending"].as_i64().unwrap())
        })
        .collect();
    let expected = [("2026-11", false, 10_000_000), ("2026-10", false, 10_000_000), ("2026-09", true, 0)];
    assert_eq!(listed, expected);
}

#[tokio::test]
async fn months_show_what_is_posted_in_them() {
    let review = a_month_at_work().await;
    let october = review.case_at(&["hoarding"], "2026-10-15T02:00:00Z").await;
    review.decide(october, "confirm").await;

    let months = read(review.finance.request(Method::GET, "/api/v1/months")).await;

    let posted: Vec<_> = months["months"]
        .as_array()
        .unwrap()
        .iter()
        .map(|m| (m["month"].as_str().unwrap(), m["posted_yuan"].as_str().unwrap()))
        .collect();
    assert_eq!(posted, [("2026-11", "300000.00"), ("2026-10", "100000.00")]);
}

#[tokio::test]
async fn a_liaison_sees_the_own_unit_and_nobody_elses_money() {
    let review = a_month_at_work().await;
    let liaison = review.office("liaison", TestRole::liaison(review.macun.streets[1])).await;

    let totals = read(liaison.request(Method::GET, "/api/v1/months/2026-11/totals")).await;
    let months = read(liaison.request(Method::GET, "/api/v1/months")).await;
    let entries = read(liaison.request(Method::GET, "/api/v1/ledger/entries")).await;
    let csv = liaison.request(Method::GET, "/api/v1/months/2026-11/totals.csv").send().await.unwrap();

    assert_eq!(totals["total"]["posted"], 10_000_000);
    assert_eq!(by(&totals, "by_unit", "unit_name").into_keys().collect::<Vec<_>>(), ["西街道"]);
    assert_eq!(months["months"][0]["posted"], 10_000_000);
    assert_eq!(entries["entries"].as_array().unwrap().len(), 1);
    assert!(!csv.text().await.unwrap().contains("东街道"));
}

#[tokio::test]
async fn supervisor_and_administrator_read_what_finance_reads_and_inspectors_nothing() {
    let review = a_month_at_work().await;
    let administrator = review.office("administrator", TestRole::administrator()).await;
    let inspector = review.office("inspector", TestRole::inspector("")).await;
    let expected = review.totals("2026-11").await;

    for office in [&review.supervisor, &administrator] {
        assert_eq!(read(office.request(Method::GET, "/api/v1/months/2026-11/totals")).await, expected);
    }
    for path in ["months", "months/2026-11/totals", "months/2026-11/totals.csv", "ledger/entries"] {
        let refused = inspector.request(Method::GET, &format!("/api/v1/{path}")).send().await.unwrap();
        assert_eq!(problem(refused).await.code.as_str(), "role_forbidden", "{path}");
    }
}

#[tokio::test]
async fn what_is_no_month_is_refused_and_named() {
    let review = Review::start().await;
    for month in ["2026-13", "2026-1", "202611", "november", "2026-11-01"] {
        for form in ["totals", "totals.csv"] {
            let path = format!("/api/v1/months/{month}/{form}");
            let refused = problem(review.finance.request(Method::GET, &path).send().await.unwrap()).await;
            assert_eq!(
                (refused.code.as_str(), refused.field.as_deref()),
                ("malformed_request", Some("month"))
            );
        }
    }
}

#[tokio::test]
async fn the_csv_opens_in_a_spreadsheet_with_exact_yuan() {
    let review = a_month_at_work().await;
    review.server.execute("UPDATE units SET name = '=1+1,\"西\"' WHERE name = '西街道'").await.unwrap();
    let csv = async |query: &str| {
        let path = format!("/api/v1/months/2026-11/totals.csv{query}");
        let response = review.finance.request(Method::GET, &path).send().await.unwrap();
        assert_eq!(response.headers()["content-type"], "text/csv; charset=utf-8");
        response.text().await.unwrap()
    };

    let (chinese, english) = (csv("").await, csv("?lang=en").await);

    assert!(chinese.starts_with('\u{FEFF}') && english.starts_with('\u{FEFF}'));
    assert_eq!(chinese.matches('\n').count(), chinese.matches("\r\n").count());
    insta::assert_snapshot!("totals_zh", chinese.replace("\r\n", "\n"));
    insta::assert_snapshot!("totals_en", english.replace("\r\n", "\n"));
}
