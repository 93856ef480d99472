//! A list of cases confirmed at once: each by its version, each with its own answer.

use reqwest::Method;
use serde_json::{Value, json};
use sync_core::ids::{CaseId, DecisionRequestId};
use tests::review::{Review, accepted, decision};
use tests::{TestOffice, TestRole, problem};

fn asked(case: CaseId, version: i64) -> Value {
    json!({ "request_id": DecisionRequestId::fresh(), "case_id": case, "expected_version": version })
}

async fn confirm(office: &TestOffice, list: &[Value]) -> reqwest::Response {
    let request = office.request(Method::POST, "/api/v1/decisions/confirmations");
    request.json(&json!({ "confirmations": list, "reason": null })).send().await.unwrap()
}

#[tokio::test]
async fn each_case_is_confirmed_or_says_why_not_and_blocks_no_other() {
    let review = Review::start().await;
    let good = [review.case(&["hoarding"]).await, review.case(&["hoarding", "material_cover"]).await];
    let changed = review.case(&["hoarding"]).await;
    let doubtful = review.case_at(&["hoarding"], "2099-01-05T02:00:00Z").await;
    let returned = review.case(&["hoarding"]).await;
    review.decide(returned, "return").await;
    let unknown: CaseId = "00000000-0000-0000-0000-000000000000".parse().unwrap();
    let list = [
        asked(good[0], 1),
        asked(changed, 7),
        asked(doubtful, 1),
        asked(good[1], 1),
        asked(returned, 2),
        asked(unknown, 1),
    ];

    let answer = accepted(confirm(&review.supervisor, &list).await).await;

    let codes: Vec<_> = answer["results"]
        .as_array()
        .unwrap()
        .iter()
        .map(|result| result["problem"].get("code").and_then(Value::as_str).unwrap_or("confirmed").to_owned())
        .collect();
    let expected = [
        "confirmed",
        "case_changed",
        "case_needs_settling",
        "confirmed",
        "case_state_forbids",
        "case_unknown",
    ];
    assert_eq!(codes, expected);
    assert_eq!(review.totals("2026-11").await["total"]["posted"], 30_000_000);
    let again = accepted(confirm(&review.supervisor, &list[..1]).await).await;
    assert_eq!(again["results"][0]["decision_no"], answer["results"][0]["decision_no"]);
    assert_eq!(review.entries().await.len(), 3);
}

#[tokio::test]
async fn two_lists_at_once_confirm_each_case_once() {
    let review = Review::start().await;
    let mut cases = Vec::new();
    for _ in 0..6 {
        cases.push(review.case(&["hoarding"]).await);
    }
    let list =
        |order: &mut dyn Iterator<Item = &CaseId>| order.map(|case| asked(*case, 1)).collect::<Vec<_>>();
    let (forward, backward) = (list(&mut cases.iter()), list(&mut cases.iter().rev()));

    let (one, other) =
        tokio::join!(confirm(&review.supervisor, &forward), confirm(&review.second, &backward));

    accepted(one).await;
    accepted(other).await;
    assert_eq!(review.entries().await.len(), 6);
}

#[tokio::test]
async fn a_list_is_for_supervisors_of_the_grids_and_names_each_case_once() {
    let review = Review::start().await;
    let case = review.case(&["hoarding"]).await;
    let neighbour = review.office("neighbour", TestRole::supervisor("002")).await;

    let elsewhere = accepted(confirm(&neighbour, &[asked(case, 1)]).await).await;
    let finance = problem(confirm(&review.finance, &[asked(case, 1)]).await).await;
    let twice = problem(confirm(&review.supervisor, &[asked(case, 1), asked(case, 1)]).await).await;
    let many: Vec<_> = (0..201).map(|_| asked(case, 1)).collect();
    let too_many = problem(confirm(&review.supervisor, &many).await).await;

    assert_eq!(elsewhere["results"][0]["problem"]["code"], "case_unknown");
    assert_eq!(finance.code.as_str(), "role_forbidden");
    assert_eq!(twice.code.as_str(), "malformed_request");
    assert_eq!(too_many.code.as_str(), "too_many_items");
    assert!(review.entries().await.is_empty());
    accepted(review.supervisor.decide(case, &decision("confirm", 1)).await).await;
}
