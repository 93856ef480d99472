//! Decisions: each made once, by the right person, on the version that was looked at, with its money.

use jiff::civil::date;
use reqwest::Method;
use serde_json::{Value, json};
use tests::review::{Review, accepted, decision, read};
use tests::{TestRole, problem};

/// Kind, period and fen of each entry.
fn money(entries: &[Value]) -> Vec<(String, String, i64)> {
    let text = |entry: &Value, name: &str| entry[name].as_str().unwrap().to_owned();
    entries.iter().map(|e| (text(e, "kind"), text(e, "period"), e["amount"].as_i64().unwrap())).collect()
}

fn entry(kind: &str, period: &str, yuan: i64) -> (String, String, i64) {
    (kind.to_owned(), period.to_owned(), yuan * 100)
}

#[tokio::test]
async fn confirmation_posts_each_charge_once_to_the_month_of_occurrence() {
    let review = Review::start().await;
    let case = review.case(&["hoarding", "material_cover", "vehicle_washing"]).await;

    let confirmed = review.decide(case, "confirm").await;

    assert_eq!((&confirmed["decision_no"], &confirmed["version"]), (&json!(1), &json!(2)));
    assert_eq!(confirmed["review_state"], "confirmed");
    let each = entry("deduction", "2026-11", 100_000);
    assert_eq!(money(&review.entries().await), [each.clone(), each.clone(), each]);
    let shown = review.show(case).await;
    assert_eq!((&shown["posted"], &shown["pending"]), (&json!(30_000_000), &json!(0)));
    assert_eq!(review.totals("2026-11").await["total"]["posted_yuan"], "300000.00");
}

#[tokio::test]
async fn the_same_request_again_gets_the_first_answer_and_posts_nothing_more() {
    let review = Review::start().await;
    let case = review.case(&["hoarding"]).await;
    let request = decision("confirm", 1);

    let first = accepted(review.supervisor.decide(case, &request).await).await;
    let dismissed = review.decide_by_two(case, &decision("dismiss", 2)).await;
    let again = accepted(review.supervisor.decide(case, &request).await).await;

    assert_eq!(first, again, "whatever was decided since");
    assert_eq!(dismissed["decision_no"], 2);
    assert_eq!(review.entries().await.len(), 2);
}

#[tokio::test]
async fn a_request_id_with_other_content_is_refused() {
    let review = Review::start().await;
    let (case, other_case) = (review.case(&["hoarding"]).await, review.case(&["hoarding"]).await);
    let other_supervisor = review.office("wang", TestRole::supervisor("")).await;
    let request = decision("confirm", 1);
    accepted(review.supervisor.decide(case, &request).await).await;

    for (name, value) in
        [("kind", json!("dismiss")), ("reason", json!("别的")), ("expected_version", json!(2))]
    {
        let mut changed = request.clone();
        changed[name] = value;
        let refused = problem(review.supervisor.decide(case, &changed).await).await;
        assert_eq!(refused.code.as_str(), "decision_id_reused", "{name}");
    }
    let elsewhere = problem(review.supervisor.decide(other_case, &request).await).await;
    let by_another = problem(other_supervisor.decide(case, &request).await).await;

    assert_eq!(elsewhere.code.as_str(), "decision_id_reused");
    assert_eq!(by_another.code.as_str(), "decision_id_reused");
    assert_eq!(review.entries().await.len(), 1);
}

#[tokio::test]
async fn a_decision_on_an_older_version_learns_who_decided_meanwhile() {
    let review = Review::start().await;
    let case = review.case(&["hoarding"]).await;
    review.decide(case, "return").await;

    let late = problem(review.supervisor.decide(case, &decision("confirm", 1)).await).await;

    assert_eq!((late.code.as_str(), late.field.as_deref()), ("case_changed", Some("expected_version")));
    assert_eq!(late.detail.as_deref(), Some("version 2, returned, return by zhang at 2026-11-22 10:00:00"));
    let ahead = problem(review.supervisor.decide(case, &decision("confirm", 99)).await).await;
    assert_eq!(ahead.code.as_str(), "case_changed");
    assert!(review.entries().await.is_empty());
}

#[tokio::test]
async fn dismissal_after_posting_reverses_every_charge_and_nets_to_zero() {
    let review = Review::start().await;
    let case = review.case(&["hoarding", "material_cover"]).await;
    review.decide(case, "confirm").await;

    review.decide_by_two(case, &decision("dismiss", 2)).await;

    let (deduction, reversal) =
        (entry("deduction", "2026-11", 100_000), entry("reversal", "2026-11", -100_000));
    let entries = review.entries().await;
    assert_eq!(money(&entries), [deduction.clone(), deduction, reversal.clone(), reversal]);
    assert_eq!((&entries[2]["reverses"], &entries[3]["reverses"]), (&json!(1), &json!(2)));
    let totals = review.totals("2026-11").await;
    assert_eq!((&totals["total"]["posted"], &totals["total"]["cases"]), (&json!(0), &json!(0)));
    let shown = review.show(case).await;
    assert!(shown["charges"].as_array().unwrap().iter().all(|c| c["state"] == "void" && c["posted"] == 0));
    let again = problem(review.supervisor.decide(case, &decision("dismiss", 3)).await).await;
    assert_eq!(again.code.as_str(), "case_state_forbids");
}

#[tokio::test]
async fn a_dismissed_pending_case_leaves_no_entry() {
    let review = Review::start().await;
    let case = review.case(&["hoarding"]).await;

    review.decide(case, "dismiss").await;

    assert!(review.entries().await.is_empty());
    assert_eq!(review.show(case).await["charges"][0]["state"], "void");
    assert_eq!(review.totals("2026-11").await["total"]["pending"], 0);
}

#[tokio::test]
async fn a_closed_month_gives_way_to_the_first_open_one_and_the_month_of_occurrence_is_kept() {
    let review = Review::start().await;
    let case = review.case_at(&["hoarding"], "2026-09-15T02:00:00Z").await;
    review.close(date(2026, 9, 1)).await;

    review.decide(case, "confirm").await;
    review.close(date(2026, 10, 1)).await;
    review.decide_by_two(case, &decision("dismiss", 2)).await;

    let entries = review.entries().await;
    let expected = [entry("deduction", "2026-10", 100_000), entry("reversal", "2026-11", -100_000)];
    assert_eq!(money(&entries), expected);
    assert!(entries.iter().all(|entry| entry["occurred_month"] == "2026-09"));
}

#[tokio::test]
async fn a_case_of_the_last_second_of_a_month_posts_to_it() {
    let review = Review::start().await;
    let last = review.case_at(&["hoarding"], "2026-10-31T15:59:59Z").await;
    let first = review.case_at(&["hoarding"], "2026-10-31T16:00:00Z").await;

    review.decide(last, "confirm").await;
    review.decide(first, "confirm").await;

    let expected = [entry("deduction", "2026-10", 100_000), entry("deduction", "2026-11", 100_000)];
    assert_eq!(money(&review.entries().await), expected);
}

#[tokio::test]
async fn nothing_posts_when_even_the_present_month_is_closed() {
    let review = Review::start().await;
    let case = review.case(&["hoarding"]).await;
    // The only way to a closed present month is a clock that was ahead when it was closed.
    let now = review.server.now();
    review.server.clock.set("2026-12-01T02:00:00Z".parse().unwrap());
    review.server.extend_sessions().await;
    review.close(date(2026, 11, 1)).await;
    review.server.clock.set(now);

    let refused = problem(review.supervisor.decide(case, &decision("confirm", 1)).await).await;

    assert_eq!(refused.code.as_str(), "period_closed");
    let shown = review.show(case).await;
    assert_eq!((&shown["review_state"], &shown["version"]), (&json!("under_review"), &json!(1)));
}

#[tokio::test]
async fn a_case_that_awaits_evidence_can_be_returned_or_dismissed_but_not_confirmed() {
    let review = Review::start().await;
    let mut visit = review.visit(&["hoarding"]).await;
    visit.photos.clear();
    let case = review.push(&visit).await;
    assert_eq!(review.show(case).await["review_state"], "awaiting_evidence");

    let refused = problem(review.supervisor.decide(case, &decision("confirm", 1)).await).await;
    let returned = review.decide(case, "return").await;

    assert_eq!(refused.code.as_str(), "case_state_forbids");
    assert_eq!(returned["review_state"], "returned");
}

#[tokio::test]
async fn a_reason_is_needed_readable_and_of_bounded_length() {
    let review = Review::start().await;
    let case = review.case(&["hoarding"]).await;
    let refusal = async |kind: &str, reason: Value| {
        let mut request = decision(kind, 1);
        request["reason"] = reason;
        problem(review.supervisor.decide(case, &request).await).await.code.to_string()
    };

    for kind in ["return", "dismiss"] {
        assert_eq!(refusal(kind, Value::Null).await, "reason_required");
        assert_eq!(refusal(kind, json!(" \n")).await, "reason_required");
    }
    assert_eq!(refusal("confirm", json!("a\0b")).await, "text_contains_nul");
    assert_eq!(refusal("return", json!("长".repeat(4_001))).await, "text_too_long");
    assert_eq!(refusal("return", json!("x".repeat(1 << 20))).await, "payload_too_large");
    assert_eq!(review.show(case).await["version"], 1);
}

#[tokio::test]
async fn a_request_that_says_too_much_or_too_little_names_the_field() {
    let review = Review::start().await;
    let case = review.case(&["hoarding"]).await;
    let field = async |change: fn(&mut Value)| {
        let mut request = decision("return", 1);
        change(&mut request);
        let refused = problem(review.supervisor.decide(case, &request).await).await;
        assert_eq!(refused.code.as_str(), "malformed_request");
        refused.field
    };

    assert_eq!(field(|r| r["kind"] = json!("approve")).await.as_deref(), Some("kind"));
    assert_eq!(field(|r| r["kind"] = json!("settle")).await.as_deref(), Some("flags"));
    assert_eq!(field(|r| r["flags"] = json!(["fix_suspect"])).await.as_deref(), Some("flags"));
    assert_eq!(field(|r| r["request_id"] = json!("7")).await.as_deref(), Some("request_id"));
    assert_eq!(field(|r| r["reson"] = json!("typo")).await.as_deref(), Some("reson"));
}

#[tokio::test]
async fn only_a_supervisor_of_the_grid_decides() {
    let review = Review::start().await;
    let case = review.case(&["hoarding"]).await;
    let refusal = async |name: &str, role: TestRole| {
        let office = review.office(name, role).await;
        problem(office.decide(case, &decision("confirm", 1)).await).await.code.to_string()
    };

    assert_eq!(refusal("finance", TestRole::finance()).await, "role_forbidden");
    assert_eq!(refusal("liaison", TestRole::liaison(review.macun.streets[0])).await, "role_forbidden");
    assert_eq!(refusal("administrator", TestRole::administrator()).await, "role_forbidden");
    assert_eq!(refusal("neighbour", TestRole::supervisor("002")).await, "case_unknown");
    let own = review.office("own", TestRole::supervisor("001/001")).await;
    accepted(own.decide(case, &decision("confirm", 1)).await).await;
}

#[tokio::test]
async fn a_case_of_another_district_is_unknown() {
    let review = Review::start().await;
    let case = review.case(&["hoarding"]).await;
    let elsewhere = review.server.district("410803").await;
    let user = review.server.user(&elsewhere, "zhao", &[TestRole::supervisor("")]).await;
    let office = review.server.office(&user).await;

    let decided = problem(office.decide(case, &decision("confirm", 1)).await).await;
    let shown = office.request(Method::GET, &format!("/api/v1/cases/{case}")).send().await.unwrap();

    assert_eq!(decided.code.as_str(), "case_unknown");
    assert_eq!(problem(shown).await.code.as_str(), "case_unknown");
    let listed = read(office.request(Method::GET, "/api/v1/cases")).await;
    assert_eq!(listed, json!({ "cases": [], "next": null, "counts": [] }));
}

#[tokio::test]
async fn the_inspector_hears_of_the_decision_and_its_reason() {
    let review = Review::start().await;
    let case = review.case(&["hoarding"]).await;
    let (_, cursor) = review.device.pull_all(None).await;

    review.decide(case, "return").await;

    let (changes, _) = review.device.pull_all(Some(&cursor)).await;
    let row: Value = serde_json::from_str(changes[0].row.as_ref().unwrap().get()).unwrap();
    assert_eq!((changes.len(), changes[0].entity.as_str()), (1, "case"));
    assert_eq!((&row["case_id"], &row["review_state"]), (&json!(case), &json!("returned")));
    assert_eq!((&row["version"], &row["reason"]), (&json!(2), &json!("现场复核")));
}

#[tokio::test]
async fn a_decision_is_on_the_audit_trail() {
    use diesel::prelude::*;
    use diesel_async::RunQueryDsl;
    use server::db::schema::audit_events;

    let review = Review::start().await;
    let case = review.case(&["hoarding"]).await;
    review.decide(case, "confirm").await;

    let events: Vec<(Option<uuid::Uuid>, Option<String>, Value)> = audit_events::table
        .filter(audit_events::action.eq("decision"))
        .select((audit_events::user_id, audit_events::subject, audit_events::detail))
        .load(&mut review.server.connection().await)
        .await
        .unwrap();

    let detail = json!({ "decision_no": 1, "kind": "confirm" });
    let actor = review.supervisor.user.user_id.0;
    assert_eq!(events, [(Some(actor), Some(format!("case/{case}")), detail)]);
}
