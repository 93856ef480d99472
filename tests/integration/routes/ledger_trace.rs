//! Traces: any yuan goes back to clause, decision, inspection with the bytes sent, and photos; and on to what became of it.

use jiff::civil::date;
use reqwest::Method;
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use sync_core::ids::{CaseId, DecisionRequestId};
use sync_core::wire::push::Outcome;
use tests::field::Occurring as _;
use tests::field::{correction, text};
use tests::review::{Review, accepted, decision, read};
use tests::{TestRole, problem};

async fn trace(review: &Review, entry: i64) -> Value {
    read(review.finance.request(Method::GET, &format!("/api/v1/ledger/entries/{entry}/trace"))).await
}

#[tokio::test]
async fn a_yuan_of_a_closed_month_goes_back_to_clause_inspection_bytes_and_photos() {
    let review = Review::start().await;
    let mut visit = review.visit(&["hoarding"]).await;
    visit.occurs_at("2026-10-15T02:00:00Z".parse().unwrap());
    let case = review.push(&visit).await;
    review.decide(case, "return").await;
    let second = correction(&visit, &["hoarding"]);
    let operation = review.device.amend(&second);
    let bytes = text(&operation);
    assert_eq!(review.device.push(std::slice::from_ref(&operation)).await, [Outcome::Applied]);
    review.decide(case, "confirm").await;
    let digest = review.try_close("2026-10").await.unwrap()["digest"].clone();
    review.decide_by_two(case, &decision("dismiss", 4)).await;

    let trace = trace(&review, 1).await;

    assert_eq!(
        (&trace["entry"]["amount_yuan"], &trace["case"]["case_id"]),
        (&json!("100000.00"), &json!(case))
    );
    assert_eq!(trace["closing"]["digest"], digest);
    assert_eq!(trace["pack"]["pack_id"], "macun-2024");
    assert_eq!(trace["pack"]["clause"], trace["charge"]["clause"]);
    assert_eq!(trace["charge"]["zh"], "该项措施不到位，叠加扣缴");
    let decisions: Vec<_> = trace["decisions"]
        .as_array()
        .unwrap()
        .iter()
        .map(|decision| (decision["kind"].as_str().unwrap(), decision["actor_name"].as_str().unwrap()))
        .collect();
    assert_eq!(decisions, [("return", "zhang"), ("confirm", "zhang"), ("dismiss", "zhang")]);
    assert_eq!(trace["decisions"][2]["reviewer_name"], "sun");
    let kinds: Vec<_> =
        trace["of_charge"].as_array().unwrap().iter().map(|e| e["kind"].as_str().unwrap()).collect();
    assert_eq!(kinds, ["deduction", "reversal"], "what became of it");
    let inspections = trace["inspections"].as_array().unwrap();
    let stands: Vec<_> = inspections.iter().map(|inspection| &inspection["stands"]).collect();
    assert_eq!(stands, [&json!(false), &json!(true)]);
    let standing = &inspections[1];
    assert_eq!(standing["author_name"], "li");
    assert_eq!(standing["operation"]["sha256"], hex::encode(Sha256::digest(bytes.as_bytes())));
    assert_eq!(standing["operation"]["size"], bytes.len());
    assert_eq!(standing["inspection"]["answers"][0]["question"], "hoarding");
    let photo = &standing["photos"][0];
    assert_eq!((&photo["sha256"], &photo["state"]), (&json!(visit.photos[0].sha256), &json!("verified")));
    assert!(photo["original_url"].as_str().unwrap().ends_with("/original"));
}

#[tokio::test]
async fn a_yuan_that_a_merge_brought_goes_back_to_the_inspection_and_photos_of_the_absorbed_case() {
    let review = Review::start().await;
    let site = review.server.site(&review.macun, "001/001").await;
    let (one, two) = (review.visit_to(&site, &["hoarding"]), review.visit_to(&site, &["material_cover"]));
    let (survivor, absorbed) = (review.push(&one).await, review.push(&two).await);
    let merge = json!({
        "request_id": DecisionRequestId::fresh(),
        "expected_version": review.show(survivor).await["version"],
        "absorbed": [{ "case_id": absorbed, "expected_version": review.show(absorbed).await["version"] }],
        "unit_id": null,
        "reason": "同一工地",
    });
    let path = format!("/api/v1/cases/{survivor}/merge");
    accepted(review.supervisor.request(Method::POST, &path).json(&merge).send().await.unwrap()).await;
    review.decide(survivor, "confirm").await;

    let entries = review.entries().await;
    let brought = entries.iter().find(|entry| entry["measure"] == "material_cover").unwrap();
    let trace = trace(&review, brought["entry_no"].as_i64().unwrap()).await;

    let inspections = trace["inspections"].as_array().unwrap();
    let ids: Vec<_> = inspections.iter().map(|one| one["inspection"]["inspection_id"].clone()).collect();
    assert_eq!(ids, [json!(one.inspection_id), json!(two.inspection_id)]);
    assert_eq!(inspections[1]["photos"][0]["sha256"], json!(two.photos[0].sha256));
}

#[tokio::test]
async fn the_unit_that_a_case_left_is_told_its_history_up_to_there() {
    let review = Review::start().await;
    let [east, west] = review.macun.streets;
    let left = review.office("dong", TestRole::liaison(east)).await;
    let visit = review.visit(&["hoarding"]).await;
    let case = review.push(&visit).await;
    review.decide(case, "confirm").await;
    let mut away = decision("re_attribute", 2);
    away["unit_id"] = json!(west);
    away["reason"] = json!("属西街道");
    accepted(review.supervisor.decide(case, &away).await).await;
    review.server.clock.advance_seconds(60);
    review.device.push(&[review.device.amend(&correction(&visit, &["material_cover"]))]).await;
    let version = review.show(case).await["version"].clone();
    review.decide_by_two(case, &decision("dismiss", version)).await;

    let seen = read(left.request(Method::GET, "/api/v1/ledger/entries/1/trace")).await;

    let kinds = |trace: &Value| -> Vec<String> {
        let decisions = trace["decisions"].as_array().unwrap();
        decisions.iter().map(|decision| decision["kind"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(kinds(&seen), ["confirm", "re_attribute"]);
    let case = &seen["case"];
    assert_eq!((&case["reason"], &case["unit_id"]), (&json!("属西街道"), &json!(east)));
    assert_eq!((&case["review_state"], &case["flags"]), (&json!("confirmed"), &json!([])), "not dismissed");
    let charge = &seen["charge"];
    assert_eq!((&charge["unit_id"], &charge["amount_yuan"]), (&json!(east), &json!("100000.00")));
    assert_eq!(
        (&charge["state"], &charge["posted"]),
        (&json!("posted"), &json!(0)),
        "the other unit's is not told"
    );
    assert_eq!(seen["inspections"].as_array().unwrap().len(), 1, "the correction is another unit's");
    assert_eq!(kinds(&trace(&review, 1).await), ["confirm", "re_attribute", "dismiss"]);
}

#[tokio::test]
async fn an_entry_that_is_not_there_or_of_another_unit_is_unknown() {
    let review = Review::start().await;
    let case: CaseId = review.case(&["hoarding"]).await;
    review.decide(case, "confirm").await;
    let own = review.office("own", TestRole::liaison(review.macun.streets[0])).await;
    let other = review.office("other", TestRole::liaison(review.macun.streets[1])).await;
    for (office, entry) in
        [(&review.finance, "2"), (&review.finance, "x"), (&review.finance, "-1"), (&other, "1")]
    {
        let path = format!("/api/v1/ledger/entries/{entry}/trace");
        let refused = problem(office.request(Method::GET, &path).send().await.unwrap()).await;
        assert_eq!(refused.code.as_str(), "entry_unknown", "{entry}");
    }
    let seen = read(own.request(Method::GET, "/api/v1/ledger/entries/1/trace")).await;
    assert_eq!((&seen["entry"]["entry_no"], &seen["closing"]), (&json!(1), &Value::Null));
    review.close(date(2026, 10, 1)).await;
    assert_eq!(trace(&review, 1).await["closing"], Value::Null, "another month's closing is not its own");
}

#[tokio::test]
async fn a_supervisor_of_another_grid_is_told_charge_and_clause_and_none_of_the_evidence() {
    let review = Review::start().await;
    let case = review.case(&["hoarding"]).await;
    review.decide(case, "confirm").await;
    let other = review.office("wang", TestRole::supervisor("002")).await;
    let own = review.office("wu", TestRole::supervisor("001")).await;
    let path = "/api/v1/ledger/entries/1/trace";

    let traced = read(other.request(Method::GET, path)).await;

    assert_eq!(
        (&traced["evidence_withheld"], &traced["entry"]["amount_yuan"]),
        (&json!(true), &json!("100000.00"))
    );
    assert_eq!(traced["pack"]["clause"], traced["charge"]["clause"]);
    for part in ["decisions", "appeals", "inspections"] {
        assert_eq!(traced[part], json!([]), "{part}");
    }
    let traced = read(own.request(Method::GET, path)).await;
    assert_eq!(traced["evidence_withheld"], json!(false));
    assert_eq!(traced["inspections"].as_array().unwrap().len(), 1);
}
