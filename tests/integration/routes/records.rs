//! What is on record: decisions with the people who made them, the audit trail, the chain of the ledger.

use reqwest::Method;
use serde_json::{Value, json};
use tests::review::{Review, decision, read};
use tests::{TestOffice, TestRole, problem};

async fn get(office: &TestOffice, path: &str) -> Value {
    read(office.request(Method::GET, path)).await
}

fn numbers(list: &Value) -> Vec<i64> {
    list["decisions"].as_array().unwrap().iter().map(|it| it["decision_no"].as_i64().unwrap()).collect()
}

#[tokio::test]
async fn decisions_are_listed_with_case_people_and_reason_the_latest_first() {
    let review = Review::start().await;
    let case = review.case(&["hoarding"]).await;
    review.decide(case, "confirm").await;
    review.decide_by_two(case, &decision("dismiss", 2)).await;

    let list = get(&review.finance, "/api/v1/decisions").await;

    assert_eq!(numbers(&list), [2, 1]);
    let dismissed = &list["decisions"][0];
    assert_eq!((&dismissed["kind"], &dismissed["case_id"]), (&json!("dismiss"), &json!(case)));
    assert_eq!((&dismissed["actor_name"], &dismissed["reviewer_name"]), (&json!("zhang"), &json!("sun")));
    assert!(dismissed["reason"].is_string() && dismissed["item_zh"].is_string(), "{dismissed}");
    assert_eq!(list["decisions"][1]["reviewer"], Value::Null);
}

#[tokio::test]
async fn each_filter_of_decisions_finds_its_own_and_pages_follow() {
    let review = Review::start().await;
    let (one, other) = (review.case(&["hoarding"]).await, review.case(&["hoarding"]).await);
    review.decide(one, "confirm").await;
    review.decide(other, "return").await;
    let (zhang, sun) = (review.supervisor.user.user_id, review.second.user.user_id);
    for (query, expected) in [
        (String::new(), &[2, 1][..]),
        ("kind=confirm".to_owned(), &[1]),
        ("kind=confirm,return".to_owned(), &[2, 1]),
        (format!("case={other}"), &[2]),
        (format!("actor={zhang}"), &[2, 1]),
        (format!("actor={sun}"), &[]),
        ("month=2026-11".to_owned(), &[]),
        ("from=2026-11-22&to=2026-11-22".to_owned(), &[2, 1]),
        ("to=2026-11-21".to_owned(), &[]),
        ("from=2026-11-23".to_owned(), &[]),
        ("limit=1".to_owned(), &[2]),
        ("limit=1&before=2".to_owned(), &[1]),
    ] {
        let list = get(&review.supervisor, &format!("/api/v1/decisions?{query}")).await;
        assert_eq!(numbers(&list), expected, "{query}");
        let next = if query == "limit=1" { json!(2) } else { Value::Null };
        assert_eq!(list["next"], next, "{query}");
    }
}

#[tokio::test]
async fn a_supervisor_lists_the_decisions_of_the_own_grids_alone() {
    let review = Review::start().await;
    let east = review.case(&["hoarding"]).await;
    let site = review.western_site("西区工地").await;
    let west = review.push(&review.visit_to(&site, &["hoarding"])).await;
    review.decide(east, "confirm").await;
    review.decide(west, "confirm").await;
    let western = review.office("xi", TestRole::supervisor("002")).await;

    let list = get(&western, "/api/v1/decisions").await;

    assert_eq!(list["decisions"].as_array().unwrap().len(), 1);
    assert_eq!(list["decisions"][0]["case_id"], json!(west));
}

#[tokio::test]
async fn the_audit_trail_tells_an_administrator_who_did_what() {
    let review = Review::start().await;
    let administrator = review.office("guan", TestRole::administrator()).await;
    let case = review.case(&["hoarding"]).await;
    review.decide(case, "confirm").await;
    let signed_out = review.second.request(Method::DELETE, "/api/v1/sessions/current").send().await.unwrap();
    assert!(signed_out.status().is_success());

    let all = get(&administrator, "/api/v1/audit-events").await;
    let latest = &all["events"][0];
    assert_eq!((&latest["action"], &latest["user_name"]), (&json!("sign_out"), &json!("sun")));
    let decided = get(&administrator, "/api/v1/audit-events?action=decision").await;
    assert_eq!(decided["events"].as_array().unwrap().len(), 1);
    assert_eq!(decided["events"][0]["subject"], json!(format!("case/{case}")));
    let first = get(&administrator, "/api/v1/audit-events?limit=1").await;
    let second = get(
        &administrator,
        &format!("/api/v1/audit-events?limit=1&before={}", first["next"].as_str().unwrap()),
    )
    .await;
    assert_eq!(second["events"][0], all["events"][1]);
    let nobody = review.device.user.user_id;
    let none = get(&administrator, &format!("/api/v1/audit-events?user={nobody}&action=decision")).await;
    assert_eq!(none["events"], json!([]));
}

#[tokio::test]
async fn a_nul_in_a_path_or_query_is_refused_as_what_it_is() {
    let review = Review::start().await;
    let administrator = review.office("admin", TestRole::administrator()).await;
    for (office, path, code) in [
        (&review.finance, "/api/v1/months/2026-10/exports/a%00b", "not_found"),
        (&administrator, "/api/v1/audit-events?action=a%00b", "malformed_request"),
    ] {
        let refused = problem(office.request(Method::GET, path).send().await.unwrap()).await;
        assert_eq!(refused.code.as_str(), code, "{path}");
    }
}

#[tokio::test]
async fn the_chain_of_the_ledger_is_walked_and_a_break_is_said() {
    let review = Review::start().await;
    let case = review.case(&["hoarding"]).await;
    review.decide(case, "confirm").await;

    let sound = get(&review.finance, "/api/v1/ledger/verification").await;
    assert_eq!(
        (&sound["sound"], &sound["entries"], &sound["fault"]),
        (&json!(true), &json!(1), &Value::Null)
    );
    assert_eq!(sound["hash"].as_str().unwrap().len(), 64);

    let altered = "ALTER TABLE ledger_entries DISABLE TRIGGER USER; UPDATE ledger_entries SET amount_fen = 1";
    review.server.execute(altered).await.unwrap();
    let broken = get(&review.finance, "/api/v1/ledger/verification").await;
    assert_eq!(
        (&broken["sound"], &broken["entries"], &broken["hash"]),
        (&json!(false), &json!(0), &Value::Null)
    );
    assert!(broken["fault"].is_string());
}
