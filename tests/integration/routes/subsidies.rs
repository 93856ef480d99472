//! Subsidies: a payee list of its own, by two people, with the pack's amounts, and never netted.

use reqwest::{Method, Response};
use serde_json::{Value, json};
use sync_core::ids::{RequestId, SubsidyId};
use tests::review::{Review, accepted, read};
use tests::{TestDistrict, TestOffice, TestRole, TestServer, problem};

/// Mengzhou, whose document grants subsidies, with two people of finance.
struct Mengzhou {
    server: TestServer,
    district: TestDistrict,
    finance: TestOffice,
    other: TestOffice,
}

impl Mengzhou {
    async fn start() -> Self {
        let server = TestServer::start().await;
        let district = server.district("410883").await;
        server.adopt(&district, &["mengzhou-2023.toml"]).await;
        let office = async |name: &str| {
            let user = server.user(&district, name, &[TestRole::finance()]).await;
            server.office(&user).await
        };
        let (finance, other) = (office("qian").await, office("zhou").await);
        Self { finance, other, district, server }
    }

    async fn enter(&self, request: &Value) -> Value {
        accepted(send(&self.finance, "/api/v1/subsidies", request).await).await
    }

    async fn list(&self) -> Value {
        read(self.finance.request(Method::GET, "/api/v1/subsidies")).await
    }
}

fn grade_a() -> Value {
    json!({
        "request_id": RequestId::fresh(), "payee": "孟州市某水泥有限公司", "credit_code": "91350100M000100Y43",
        "target_id": null, "pack_id": "mengzhou-2023", "rule": "grade_a",
        "publication": "豫环文〔2023〕101号", "published_on": "2023-10-20",
    })
}

fn step(subsidy: &Value, step: &str) -> String {
    format!("/api/v1/subsidies/{}/{step}", subsidy["subsidy_id"].as_str().unwrap())
}

async fn send(office: &TestOffice, path: &str, body: &Value) -> Response {
    office.request(Method::POST, path).json(body).send().await.unwrap()
}

async fn code(office: &TestOffice, path: &str, body: &Value) -> String {
    problem(send(office, path, body).await).await.code.to_string()
}

fn payment() -> Value {
    json!({ "voucher": "记-2026-11-031", "date": "2026-11-20" })
}

#[tokio::test]
async fn a_subsidy_is_entered_by_one_approved_by_another_and_paid() {
    let mengzhou = Mengzhou::start().await;

    let entered = mengzhou.enter(&grade_a()).await;

    assert_eq!((&entered["amount_yuan"], &entered["state"]), (&json!("100000.00"), &json!("entered")));
    assert!(entered["clause"].as_str().unwrap().contains("孟环攻坚办〔2023〕9号"), "{entered}");
    assert_eq!(code(&mengzhou.finance, &step(&entered, "approval"), &json!({})).await, "same_person");
    assert_eq!(code(&mengzhou.other, &step(&entered, "payment"), &payment()).await, "subsidy_state_forbids");
    let approved = accepted(send(&mengzhou.other, &step(&entered, "approval"), &json!({})).await).await;
    let paid = accepted(send(&mengzhou.finance, &step(&entered, "payment"), &payment()).await).await;
    assert_eq!((&approved["state"], &paid["state"]), (&json!("approved"), &json!("paid")));
    let list = mengzhou.list().await;
    assert_eq!((&list["total_yuan"], &list["paid_yuan"]), (&json!("100000.00"), &json!("100000.00")));
    for step_name in ["approval", "payment", "cancellation"] {
        let body = match step_name {
            "payment" => payment(),
            "cancellation" => json!({ "reason": "误录" }),
            _ => json!({}),
        };
        assert_eq!(code(&mengzhou.other, &step(&entered, step_name), &body).await, "subsidy_state_forbids");
    }
}

#[tokio::test]
async fn amounts_are_the_packs() {
    let mengzhou = Mengzhou::start().await;
    for (rule, credit_code, yuan) in
        [("grade_b", "91350100M000100Y43", "50000.00"), ("leading", "911101080000000027", "50000.00")]
    {
        let mut request = grade_a();
        request["rule"] = json!(rule);
        request["credit_code"] = json!(credit_code);
        let response = send(&mengzhou.finance, "/api/v1/subsidies", &request).await;
        if credit_code == "91350100M000100Y43" {
            assert_eq!(accepted(response).await["amount_yuan"], yuan);
        } else {
            assert_eq!(problem(response).await.code.as_str(), "credit_code_invalid");
        }
    }
    let mut given = grade_a();
    given["amount"] = json!(1);
    assert_eq!(code(&mengzhou.finance, "/api/v1/subsidies", &given).await, "malformed_request");
}

#[tokio::test]
async fn an_enterprise_has_one_subsidy_of_a_document_unless_it_was_cancelled() {
    let mengzhou = Mengzhou::start().await;
    let first = mengzhou.enter(&grade_a()).await;
    let mut second = grade_a();
    second["rule"] = json!("leading");
    assert_eq!(code(&mengzhou.finance, "/api/v1/subsidies", &second).await, "subsidy_exists");
    let reason = json!({ "reason": "等级有误" });
    assert_eq!(
        code(&mengzhou.finance, &step(&first, "cancellation"), &json!({ "reason": "" })).await,
        "reason_required"
    );
    accepted(send(&mengzhou.finance, &step(&first, "cancellation"), &reason).await).await;

    mengzhou.enter(&second).await;

    let list = mengzhou.list().await;
    assert_eq!((&list["total_yuan"], list["subsidies"].as_array().unwrap().len()), (&json!("50000.00"), 2));
    let page = async |query: &str| {
        read(mengzhou.finance.request(Method::GET, &format!("/api/v1/subsidies?{query}"))).await
    };
    let first = page("limit=1").await;
    let second = page(&format!("limit=1&cursor={}", first["next"].as_str().unwrap())).await;
    assert_eq!(
        (&first["total"], &second["total"], &second["next"]),
        (&list["total"], &list["total"], &Value::Null)
    );
    assert_eq!(json!([first["subsidies"][0], second["subsidies"][0]]), list["subsidies"], "page by page");
    let csv = mengzhou.finance.request(Method::GET, "/api/v1/subsidies.csv").send().await.unwrap();
    let csv = csv.text().await.unwrap();
    assert!(
        csv.contains("孟州市某水泥有限公司,91350100M000100Y43,绩效引领性企业补助")
            && !csv.contains("A级企业补助"),
        "{csv}"
    );
    let xlsx = mengzhou.finance.request(Method::GET, "/api/v1/subsidies.xlsx?lang=en").send().await.unwrap();
    assert!(xlsx.bytes().await.unwrap().starts_with(b"PK"));
}

#[tokio::test]
async fn a_retry_is_one_subsidy_and_two_approvals_at_once_are_one() {
    let mengzhou = Mengzhou::start().await;
    let request = grade_a();
    let entered = mengzhou.enter(&request).await;
    assert_eq!(mengzhou.enter(&request).await, entered);
    let mut other = request.clone();
    other["payee"] = json!("另一企业");
    assert_eq!(code(&mengzhou.finance, "/api/v1/subsidies", &other).await, "request_id_reused");
    let (path, none) = (step(&entered, "approval"), json!({}));

    let (one, two) = tokio::join!(send(&mengzhou.other, &path, &none), send(&mengzhou.other, &path, &none));

    let approved = accepted(one).await;
    assert_eq!((&approved["state"], accepted(two).await), (&json!("approved"), approved.clone()));
    let steps = mengzhou.server.audit_actions().await;
    assert_eq!(steps.iter().filter(|action| *action == "subsidy_changed").count(), 2, "entered and approved");
}

#[tokio::test]
async fn a_step_asked_for_again_after_a_lost_answer_gets_the_first_one() {
    let mengzhou = Mengzhou::start().await;
    let entered = mengzhou.enter(&grade_a()).await;
    accepted(send(&mengzhou.other, &step(&entered, "approval"), &json!({})).await).await;
    let (path, other_voucher) =
        (step(&entered, "payment"), json!({ "voucher": "记-2", "date": "2026-11-20" }));
    let paid = accepted(send(&mengzhou.finance, &path, &payment()).await).await;
    mengzhou.server.clock.advance_seconds(60);

    let again = accepted(send(&mengzhou.finance, &path, &payment()).await).await;

    assert_eq!(again, paid);
    assert_eq!(code(&mengzhou.finance, &path, &other_voucher).await, "subsidy_state_forbids");
    assert_eq!(code(&mengzhou.other, &path, &payment()).await, "subsidy_state_forbids", "somebody else's");
}

#[tokio::test]
async fn bad_subsidies_are_refused_by_their_field() {
    let mengzhou = Mengzhou::start().await;
    let table = [
        ("payee", json!(""), "text_required"),
        ("publication", json!("\u{0}"), "text_contains_nul"),
        ("credit_code", json!("91350100M000100Y44"), "credit_code_invalid"),
        ("rule", json!("grade_c"), "subsidy_rule_unknown"),
        ("pack_id", json!("macun-2024"), "subsidy_rule_unknown"),
        ("published_on", json!("2026-11-23"), "date_out_of_range"),
        ("target_id", json!(SubsidyId::fresh()), "target_unknown"),
    ];
    for (field, value, expected) in table {
        let mut request = grade_a();
        request[field] = value;
        let refused = problem(send(&mengzhou.finance, "/api/v1/subsidies", &request).await).await;
        let named = if field == "pack_id" { "rule" } else { field };
        assert_eq!((refused.code.as_str(), refused.field.as_deref()), (expected, Some(named)));
    }
    let unknown = format!("/api/v1/subsidies/{}/approval", SubsidyId::fresh());
    assert_eq!(code(&mengzhou.finance, &unknown, &json!({})).await, "subsidy_unknown");
    let entered = mengzhou.enter(&grade_a()).await;
    accepted(send(&mengzhou.other, &step(&entered, "approval"), &json!({})).await).await;
    for day in ["2023-10-19", "2026-11-23"] {
        let early = json!({ "voucher": "记-1", "date": day });
        assert_eq!(code(&mengzhou.other, &step(&entered, "payment"), &early).await, "date_out_of_range");
    }
}

#[tokio::test]
async fn what_goes_out_is_never_netted_against_what_is_deducted() {
    let review = Review::start().await;
    let case = review.case(&["hoarding"]).await;
    review.decide(case, "confirm").await;
    let (month, year) = (review.totals("2026-11").await, "/api/v1/years/2026/totals");
    let before = read(review.finance.request(Method::GET, year)).await;
    let paid = "INSERT INTO subsidies (district, subsidy_id, request_id, payee, credit_code, pack_id, pack_hash, rule,
                    clause, amount_fen, publication, published_on, state, entered_by, entered_at, approved_by,
                    approved_at, paid_by, paid_at, voucher, paid_on)
                SELECT '410804', gen_random_uuid(), gen_random_uuid(), '某企业', '91350100M000100Y43', pack_id, hash,
                    'grade_a', '', 10000000, '公示', '2026-11-01', 'paid', one.user_id, now(), other.user_id, now(),
                    one.user_id, now(), '记-1', '2026-11-02'
                FROM packs, users AS one, users AS other WHERE one.username = 'qian' AND other.username = 'zhou'";
    review.server.execute(paid).await.unwrap();

    assert_eq!(review.totals("2026-11").await, month);
    assert_eq!(read(review.finance.request(Method::GET, year)).await, before);
    assert_eq!(
        read(review.finance.request(Method::GET, "/api/v1/subsidies")).await["paid_yuan"],
        "100000.00"
    );
    assert_eq!(review.entries().await.len(), 1);
}

#[tokio::test]
async fn another_district_sees_and_changes_nothing_of_it() {
    let mengzhou = Mengzhou::start().await;
    let entered = mengzhou.enter(&grade_a()).await;
    let macun = mengzhou.server.district("410804").await;
    let stranger = mengzhou.server.user(&macun, "stranger", &[TestRole::finance()]).await;
    let stranger = mengzhou.server.office(&stranger).await;
    assert_ne!(macun.code, mengzhou.district.code);
    assert_eq!(code(&stranger, &step(&entered, "approval"), &json!({})).await, "subsidy_unknown");
    let list = read(stranger.request(Method::GET, "/api/v1/subsidies")).await;
    assert_eq!(list["subsidies"], json!([]));
    let after = format!("/api/v1/subsidies?cursor={}", entered["subsidy_id"].as_str().unwrap());
    let refused = problem(stranger.request(Method::GET, &after).send().await.unwrap()).await;
    assert_eq!(refused.field.as_deref(), Some("cursor"));
}
