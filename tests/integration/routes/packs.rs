//! Pack versions over HTTP: what is refused, what differs, and that no case changes by an adoption.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use jiff::civil::date;
use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};
use server::db::schema::cases;
use sync_core::ids::{CaseId, PackHash};
use sync_core::policy::builtin_packs;
use tests::field::macun_pack;
use tests::review::{Review, read};
use tests::{TestOffice, TestRole, problem};

fn source(file: &str) -> &'static str {
    builtin_packs().iter().find(|pack| pack.file == file).unwrap().source
}

/// Macun's document with stockpiles at 20,000 yuan, and one item's name.
fn revised() -> String {
    let macun = source("macun-2024.toml");
    let revised = macun.replacen("amount = 10_000", "amount = 20_000", 1);
    assert_ne!(revised, macun, "the schedule has an item of 10,000 yuan");
    revised
}

async fn administrator(review: &Review) -> TestOffice {
    review.office("admin", TestRole::administrator()).await
}

async fn add(office: &TestOffice, source: impl Into<String>) -> Response {
    office.request(Method::POST, "/api/v1/packs").body(source.into()).send().await.unwrap()
}

async fn added(office: &TestOffice, source: impl Into<String>) -> String {
    let response = add(office, source).await;
    assert_eq!(response.status(), StatusCode::CREATED);
    response.json::<Value>().await.unwrap()["hash"].as_str().unwrap().to_owned()
}

async fn adopt(office: &TestOffice, hash: &str, body: &Value) -> Response {
    let path = format!("/api/v1/packs/{hash}/adoption");
    office.request(Method::POST, &path).json(body).send().await.unwrap()
}

#[tokio::test]
async fn a_version_is_its_source_and_listed_with_its_adoption() {
    let review = Review::start().await;
    let office = administrator(&review).await;
    let hash = added(&office, revised()).await;
    assert_eq!(hash, PackHash::of(revised().as_bytes()).as_str());
    assert_eq!(added(&office, revised()).await, hash, "the same source is the same version");
    assert_eq!(review.server.audit_actions().await, ["pack_added"]);

    let list = read(office.request(Method::GET, "/api/v1/packs")).await;
    let list = list.as_array().unwrap();
    assert_eq!(list.len(), builtin_packs().len() + 1);
    let of = |hash: &str| list.iter().find(|version| version["hash"] == hash).unwrap();
    let macun = macun_pack();
    assert_eq!((&of(&hash)["builtin"], &of(&hash)["adoption"]), (&json!(false), &Value::Null));
    assert!(of(macun.hash().as_str())["adoption"].is_object());
    let shown = read(office.request(Method::GET, &format!("/api/v1/packs/{hash}"))).await;
    assert_eq!(shown["source"], revised());
    assert_eq!(shown["items"].as_array().unwrap().len(), macun.items().len());
}

#[tokio::test]
async fn a_pack_that_is_not_valid_is_refused_with_line_path_and_code_of_every_fault() {
    let review = Review::start().await;
    let office = administrator(&review).await;
    let broken = revised().replacen("clause = \"fiscal_deduction\"", "clause = \"no_such\"", 1);
    let refused = problem(add(&office, broken.clone()).await).await;
    assert_eq!(refused.code.as_str(), "pack_invalid");
    let unknown = refused.faults.iter().find(|fault| fault.code == "pack_clause_unknown").unwrap();
    let line = u32::try_from(broken.lines().position(|line| line.contains("no_such")).unwrap() + 1).unwrap();
    assert_eq!(unknown.row, Some(line));
    assert!(unknown.column.as_ref().unwrap().starts_with("items."), "{unknown:?}");
    assert!(unknown.zh.contains("no_such"));

    let table = [
        ("id = ", "pack_invalid"),
        ("id = \"x\"", "pack_invalid"),
        (source("guancheng-2021.toml"), "other_district"),
    ];
    for (source, code) in table {
        assert_eq!(problem(add(&office, source).await).await.code.as_str(), code);
    }
    let bytes = office.request(Method::POST, "/api/v1/packs").body(vec![0xFF, 0xFE]).send().await.unwrap();
    assert_eq!(problem(bytes).await.code.as_str(), "text_undecodable");
}

#[tokio::test]
async fn the_difference_of_two_versions_is_told_item_by_item() {
    let review = Review::start().await;
    let office = administrator(&review).await;
    let hash = added(&office, revised()).await;
    let macun = macun_pack();
    let path = format!("/api/v1/packs/{}/difference?to={hash}", macun.hash());
    let difference = read(office.request(Method::GET, &path)).await;
    let entries = difference["entries"].as_array().unwrap();
    assert_eq!(entries.len(), 1, "{difference}");
    assert_eq!((&entries[0]["part"], &entries[0]["change"]), (&json!("items"), &json!("changed")));
    assert_eq!(entries[0]["keys"], json!([{ "key": "amount", "from": "10000", "to": "20000" }]));
    let same = read(office.request(Method::GET, &format!("/api/v1/packs/{hash}/difference?to={hash}"))).await;
    assert_eq!(same["entries"], json!([]));
    let unknown = format!("/api/v1/packs/{hash}/difference?to={}", "0".repeat(64));
    let unknown = office.request(Method::GET, &unknown).send().await.unwrap();
    assert_eq!(problem(unknown).await.code.as_str(), "not_found");
}

#[tokio::test]
async fn versions_of_one_region_do_not_overlap_and_the_old_one_is_ended_first() {
    let review = Review::start().await;
    let office = administrator(&review).await;
    let hash = added(&office, revised()).await;
    let old = macun_pack().hash().to_string();
    let (_, cursor) = review.device.pull_all(None).await;

    let new_year = json!({ "from": "2027-01-01" });
    assert_eq!(problem(adopt(&office, &hash, &new_year).await).await.code.as_str(), "pack_overlap");
    let table = [
        (json!({ "until": "2027-01-01" }), "text_required"),
        (json!({ "from": "2027-02-01", "until": "2027-01-01" }), "pack_invalid"),
    ];
    for (body, code) in table {
        assert_eq!(problem(adopt(&office, &hash, &body).await).await.code.as_str(), code);
    }
    let ended = adopt(&office, &old, &json!({ "from": "2024-09-30", "until": "2026-12-31" })).await;
    assert_eq!(ended.status(), StatusCode::OK, "{}", ended.text().await.unwrap());
    assert_eq!(adopt(&office, &hash, &new_year).await.status(), StatusCode::OK);
    let (heard, _) = review.device.pull_all(Some(&cursor)).await;
    assert_eq!(heard.iter().filter(|change| change.entity == "pack").count(), 2);
}

/// Everything that is stored of a case.
async fn stored(review: &Review, case: CaseId) -> (String, i32, Option<String>, Value) {
    cases::table
        .filter(cases::case_id.eq(case.0))
        .select((cases::review_state, cases::version, cases::pack_hash, cases::evaluation))
        .first(&mut review.server.connection().await)
        .await
        .unwrap()
}

#[tokio::test]
async fn a_version_whose_days_have_cases_already_needs_acknowledgement_and_changes_none_of_them() {
    let review = Review::start().await;
    let office = administrator(&review).await;
    let before = review.case_at(&["hoarding"], "2026-09-30T15:59:59Z").await;
    let undecided = review.case_at(&["hoarding"], "2026-09-30T16:00:00Z").await;
    let posted = review.case_at(&["hoarding"], "2026-10-15T01:00:00Z").await;
    let dismissed = review.case_at(&["hoarding"], "2026-11-20T01:00:00Z").await;
    review.decide(posted, "confirm").await;
    review.decide(dismissed, "dismiss").await;
    review.close(date(2026, 10, 1)).await;
    let hash = added(&office, revised()).await;
    let old = macun_pack().hash().to_string();
    let all = [before, undecided, posted, dismissed];
    let mut stood = Vec::new();
    for case in all {
        stood.push(stored(&review, case).await);
    }

    // The old version ends with September; October on is the new one's.
    let expected = json!({ "undecided": 1, "posted": 1, "posted_in_closed_months": 1 });
    let shorter = json!({ "from": "2024-09-30", "until": "2026-09-30" });
    let refused = problem(adopt(&office, &old, &shorter).await).await;
    assert_eq!(
        refused.code.as_str(),
        "pack_affects_past",
        "what tablets bring of these days has no pack then"
    );
    let path = format!("/api/v1/packs/{old}/past-effect?from=2024-09-30&until=2026-09-30");
    assert_eq!(read(office.request(Method::GET, &path)).await, expected);
    let path = format!("/api/v1/packs/{old}/past-effect?from=2024-09-30&until=2026-12-31");
    assert_eq!(
        read(office.request(Method::GET, &path)).await,
        json!({ "undecided": 0, "posted": 0, "posted_in_closed_months": 0 }),
        "its own cases are its own"
    );
    let shorter = json!({ "from": "2024-09-30", "until": "2026-09-30", "affects_past": true });
    let ended = adopt(&office, &old, &shorter).await;
    assert_eq!(ended.json::<Value>().await.unwrap()["past_effect"], expected);
    let path = format!("/api/v1/packs/{hash}/past-effect?from=2026-10-01");
    assert_eq!(read(office.request(Method::GET, &path)).await, expected);
    let refused = problem(adopt(&office, &hash, &json!({ "from": "2026-10-01" })).await).await;
    assert_eq!(
        (refused.code.as_str(), refused.field.as_deref()),
        ("pack_affects_past", Some("affects_past"))
    );
    assert_eq!(refused.detail.as_deref(), Some("undecided 1, posted 1, of these in closed months 1"));

    let answer = adopt(&office, &hash, &json!({ "from": "2026-10-01", "affects_past": true })).await;
    assert_eq!(answer.json::<Value>().await.unwrap()["past_effect"], expected);
    for (case, stood) in all.into_iter().zip(stood) {
        assert_eq!(stored(&review, case).await, stood);
    }
    assert_eq!(review.entries().await.len(), 1);
}
