//! Re-attribution (变更责任单位): another unit answers for the case, and what stands goes with it, also after closing.

use jiff::civil::date;
use reqwest::Method;
use serde_json::{Value, json};
use sync_core::ids::UnitId;
use tests::review::{Review, accepted, decision, read};
use tests::{TestRole, problem};

fn re_attribute(version: i64, unit: UnitId) -> Value {
    let mut request = decision("re_attribute", version);
    request["unit_id"] = json!(unit);
    request
}

fn money(entries: &Value) -> Vec<(String, UnitId, String, i64)> {
    let text = |entry: &Value, name: &str| entry[name].as_str().unwrap().to_owned();
    let of = |entry: &Value| {
        let unit = serde_json::from_value(entry["unit_id"].clone()).unwrap();
        (text(entry, "kind"), unit, text(entry, "period"), entry["amount"].as_i64().unwrap())
    };
    entries.as_array().unwrap().iter().map(of).collect()
}

#[tokio::test]
async fn a_pending_case_changes_its_unit_without_an_entry() {
    let review = Review::start().await;
    let case = review.case(&["hoarding"]).await;
    let other = review.macun.streets[1];

    let decided = accepted(review.supervisor.decide(case, &re_attribute(1, other)).await).await;
    review.decide(case, "confirm").await;

    assert_eq!(decided["entries"], json!([]));
    let entries = review.entries().await;
    assert_eq!((entries.len(), &entries[0]["unit_id"]), (1, &json!(other)));
    assert_eq!(review.show(case).await["unit_id"], json!(other));
}

#[tokio::test]
async fn what_is_posted_goes_along_by_a_pair_of_transfers() {
    let review = Review::start().await;
    let case = review.case(&["hoarding"]).await;
    review.decide(case, "confirm").await;
    let [from, to] = review.macun.streets;

    let decided = accepted(review.supervisor.decide(case, &re_attribute(2, to)).await).await;

    let transfer = |unit, fen| ("transfer".to_owned(), unit, "2026-11".to_owned(), fen);
    assert_eq!(money(&decided["entries"]), [transfer(from, -10_000_000), transfer(to, 10_000_000)]);
    let totals = review.totals("2026-11").await;
    assert_eq!(totals["total"]["posted"], 10_000_000);
    let reversed = review.decide_by_two(case, &decision("dismiss", 3)).await;
    assert_eq!(money(&reversed["entries"]), [("reversal".to_owned(), to, "2026-11".to_owned(), -10_000_000)]);
}

#[tokio::test]
async fn after_closing_the_transfers_stand_in_the_first_open_month() {
    let review = Review::start().await;
    let case = review.case_at(&["hoarding"], "2026-10-10T02:00:00Z").await;
    review.decide(case, "confirm").await;
    review.close(date(2026, 10, 1)).await;

    let to = review.macun.streets[1];
    let decided = accepted(review.supervisor.decide(case, &re_attribute(2, to)).await).await;

    assert!(money(&decided["entries"]).iter().all(|(_, _, period, _)| period == "2026-11"));
    let closed = review.totals("2026-10").await;
    assert_eq!(closed["by_unit"][0]["unit_id"], json!(review.macun.streets[0]), "a closed month stays");
    assert_eq!(review.totals("2026-11").await["total"]["posted"], 0);
}

#[tokio::test]
async fn both_liaisons_see_the_case_change_hands_and_the_inspector_hears_of_it() {
    let review = Review::start().await;
    let [from, to] = review.macun.streets;
    let before = review.office("before", TestRole::liaison(from)).await;
    let after = review.office("after", TestRole::liaison(to)).await;
    let case = review.case(&["hoarding"]).await;
    let (_, cursor) = review.device.pull_all(None).await;

    accepted(review.supervisor.decide(case, &re_attribute(1, to)).await).await;

    let path = format!("/api/v1/cases/{case}");
    let gone = before.request(Method::GET, &path).send().await.unwrap();
    assert_eq!(problem(gone).await.code.as_str(), "case_unknown");
    assert_eq!(read(after.request(Method::GET, &path)).await["unit_id"], json!(to));
    let (changes, _) = review.device.pull_all(Some(&cursor)).await;
    let row: Value = serde_json::from_str(changes[0].row.as_ref().unwrap().get()).unwrap();
    assert_eq!((changes.len(), &row["unit_id"]), (1, &json!(to)));
}

#[tokio::test]
async fn the_unit_must_be_another_one_of_the_district_and_named() {
    let review = Review::start().await;
    let case = review.case(&["hoarding"]).await;
    let refusal = async |request: &Value| {
        let refused = problem(review.supervisor.decide(case, request).await).await;
        (refused.code.to_string(), refused.field.unwrap())
    };

    let same = refusal(&re_attribute(1, review.macun.streets[0])).await;
    let unknown = refusal(&re_attribute(1, UnitId::fresh())).await;
    let missing = refusal(&decision("re_attribute", 1)).await;

    assert_eq!(same, ("case_state_forbids".to_owned(), "unit_id".to_owned()));
    assert_eq!(unknown, ("unit_unknown".to_owned(), "unit_id".to_owned()));
    assert_eq!(missing, ("malformed_request".to_owned(), "unit_id".to_owned()));
    assert_eq!(review.show(case).await["version"], 1);
}
