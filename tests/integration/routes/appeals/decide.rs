//! Outcomes: upheld by one person, reduced or reversed by two; the money follows, and the appeal is answered once.

use jiff::civil::date;
use reqwest::Method;
use serde_json::{Value, json};
use server::services::replay_ledger::{Extent, Replayed, replay_ledger};
use sync_core::ids::CaseId;
use tests::TestRole;
use tests::appeal::appeal_request;
use tests::review::{Review, accepted, decision, read};

use super::code;

const IN_OCTOBER: &str = "2026-10-15T02:00:00Z";

fn amounts(decided: &Value) -> Vec<i64> {
    let entries = decided["entries"].as_array().unwrap();
    entries.iter().map(|entry| entry["amount"].as_i64().unwrap()).collect()
}

/// The case's only appeal.
async fn appeal_of(review: &Review, case: CaseId) -> Value {
    review.show(case).await["appeals"][0].clone()
}

#[tokio::test]
async fn an_appeal_is_upheld_by_one_person_and_nothing_moves() {
    let review = Review::start().await;
    let liaison = review.liaison().await;
    let case = review.charged(&["hoarding"]).await;
    review.appeal(&liaison, case).await;

    let decided = review.decide(case, "appeal_uphold").await;

    assert_eq!((&decided["review_state"], &decided["entries"]), (&json!("confirmed"), &json!([])));
    let appeal = appeal_of(&review, case).await;
    assert_eq!((&appeal["state"], &appeal["outcome"]), (&json!("decided"), &json!("appeal_uphold")));
    assert_eq!((&appeal["decision_no"], &appeal["reason"]), (&decided["decision_no"], &json!("现场复核")));
    assert_eq!(review.entries().await.len(), 1);
    assert_eq!(code(liaison.appeal(case, &appeal_request(4)).await).await, "appeal_decided");
    assert_eq!(code(liaison.withdraw(&appeal).await).await, "appeal_not_open");
}

#[tokio::test]
async fn a_reduction_posts_the_difference_when_a_second_person_agrees() {
    let review = Review::start().await;
    let liaison = review.liaison().await;
    let case = review.charged(&["hoarding", "material_cover"]).await;
    review.appeal(&liaison, case).await;

    let request = review.reduction(case, 4_000_000).await;
    let proposal = review.propose(case, &request).await;
    assert_eq!(appeal_of(&review, case).await["state"], "open", "nothing is decided yet");
    let approved = accepted(review.second.review(&proposal, "approval").await).await;

    assert_eq!(amounts(&approved["decision"]), [-6_000_000]);
    assert_eq!(approved["decision"]["entries"][0]["kind"], "adjustment");
    assert_eq!(approved["decision"]["review_state"], "confirmed");
    assert_eq!(review.totals("2026-11").await["total"]["posted"], 14_000_000);
    let appeal = appeal_of(&review, case).await;
    assert_eq!((&appeal["outcome"], &appeal["state"]), (&json!("appeal_reduce"), &json!("decided")));
    assert_eq!(appeal["decision_no"], approved["decision"]["decision_no"]);
}

#[tokio::test]
async fn a_reversal_takes_back_what_stands_on_each_unit_and_dismisses_the_case() {
    let review = Review::start().await;
    let second = review.office("other", TestRole::liaison(review.macun.streets[1])).await;
    let case = review.charged(&["hoarding", "material_cover"]).await;
    let mut elsewhere = decision("re_attribute", 2);
    elsewhere["unit_id"] = json!(review.macun.streets[1]);
    accepted(review.supervisor.decide(case, &elsewhere).await).await;
    review.appeal(&second, case).await;

    let request = review.asking(case, "appeal_reverse").await;
    let decided = review.decide_by_two(case, &request).await;

    assert_eq!(decided["review_state"], "dismissed");
    let entries = decided["entries"].as_array().unwrap();
    assert_eq!(amounts(&decided), [-10_000_000, -10_000_000]);
    for entry in entries {
        assert_eq!(
            (&entry["kind"], &entry["unit_id"]),
            (&json!("reversal"), &json!(review.macun.streets[1]))
        );
    }
    assert_eq!(review.totals("2026-11").await["total"]["posted"], 0);
    assert_eq!(appeal_of(&review, case).await["outcome"], "appeal_reverse");
    let states: Vec<_> = review.show(case).await["charges"]
        .as_array()
        .unwrap()
        .iter()
        .map(|charge| charge["state"].clone())
        .collect();
    assert_eq!(states, ["void", "void"]);
}

#[tokio::test]
async fn an_outcome_on_a_case_of_a_closed_month_posts_to_the_first_open_one_and_all_replays() {
    let review = Review::start().await;
    let liaison = review.liaison().await;
    let mut cases = Vec::new();
    for _ in 0..3 {
        let case = review.case_at(&["hoarding", "material_cover"], IN_OCTOBER).await;
        review.decide(case, "confirm").await;
        review.appeal(&liaison, case).await;
        cases.push(case);
    }
    let before = review.reduction(cases[0], 1_000_000).await;
    review.decide_by_two(cases[0], &before).await;
    review.close(date(2026, 10, 1)).await;

    let reduced = {
        let request = review.reduction(cases[1], 3_000_000).await;
        review.decide_by_two(cases[1], &request).await
    };
    let reversed = {
        let request = review.asking(cases[2], "appeal_reverse").await;
        review.decide_by_two(cases[2], &request).await
    };
    let again = review.charged(&["hoarding"]).await;
    review.appeal(&liaison, again).await;
    review.decide(again, "appeal_uphold").await;

    for entry in [reduced, reversed].iter().flat_map(|decided| decided["entries"].as_array().unwrap()) {
        assert_eq!(entry["period"], "2026-11");
    }
    assert_eq!(review.totals("2026-10").await["total"]["posted"], 51_000_000);
    let mut connection = review.server.connection().await;
    let replayed = replay_ledger(&mut connection, &review.macun.code, Extent::All, |_| {}).await.unwrap();
    let Replayed::Same { decisions, entries, months } = replayed else { panic!("{replayed:?}") };
    assert_eq!((decisions, entries), (9, 11));
    let digest = read(review.finance.request(Method::GET, "/api/v1/months/2026-10/exports")).await;
    assert_eq!(json!(months[0].1), digest["digest"]);
}

#[tokio::test]
async fn a_trace_of_the_money_shows_the_appeal() {
    let review = Review::start().await;
    let liaison = review.liaison().await;
    let case = review.charged(&["hoarding"]).await;
    review.appeal(&liaison, case).await;
    let request = review.reduction(case, 1).await;
    review.decide_by_two(case, &request).await;

    let trace = read(review.finance.request(Method::GET, "/api/v1/ledger/entries/1/trace")).await;

    assert_eq!(trace["appeals"][0]["outcome"], "appeal_reduce");
    assert_eq!(trace["decisions"][1]["kind"], "appeal_reduce");
    assert_eq!(trace["of_charge"][1]["amount"], -9_999_999);
}

#[tokio::test]
async fn without_an_open_appeal_there_is_no_outcome() {
    let review = Review::start().await;
    let liaison = review.liaison().await;
    let case = review.charged(&["hoarding"]).await;
    let outcomes = async |review: &Review| {
        let reduction = review.reduction(case, 1).await;
        let (uphold, reverse) =
            (review.asking(case, "appeal_uphold").await, review.asking(case, "appeal_reverse").await);
        let mut codes = Vec::new();
        for request in [uphold, reduction, reverse] {
            codes.push(code(review.supervisor.decide(case, &request).await).await);
        }
        codes
    };

    assert_eq!(outcomes(&review).await, ["appeal_not_open"; 3], "never filed");
    let appeal = review.appeal(&liaison, case).await;
    accepted(liaison.withdraw(&appeal).await).await;
    assert_eq!(outcomes(&review).await, ["appeal_not_open"; 3], "withdrawn");
    review.appeal(&liaison, case).await;
    review.decide(case, "appeal_uphold").await;
    assert_eq!(outcomes(&review).await, ["appeal_not_open"; 3], "decided");
}

#[tokio::test]
async fn an_outcome_is_for_supervisors_of_the_grid_on_what_they_looked_at_with_a_reason() {
    let review = Review::start().await;
    let liaison = review.liaison().await;
    let neighbour = review.office("neighbour", TestRole::supervisor("002")).await;
    let (case, undecided) = (review.charged(&["hoarding"]).await, review.case(&["hoarding"]).await);
    review.appeal(&liaison, case).await;
    let request = decision("appeal_uphold", 3);

    assert_eq!(code(neighbour.decide(case, &request).await).await, "case_unknown");
    assert_eq!(code(liaison.decide(case, &request).await).await, "role_forbidden");
    assert_eq!(code(review.finance.decide(case, &request).await).await, "role_forbidden");
    let stale = decision("appeal_uphold", 2);
    assert_eq!(code(review.supervisor.decide(case, &stale).await).await, "case_changed");
    let mut silent = decision("appeal_uphold", 3);
    silent["reason"] = Value::Null;
    assert_eq!(code(review.supervisor.decide(case, &silent).await).await, "reason_required");
    let early = decision("appeal_uphold", 1);
    assert_eq!(code(review.supervisor.decide(undecided, &early).await).await, "case_state_forbids");
    accepted(review.supervisor.decide(case, &request).await).await;
}

#[tokio::test]
async fn a_reduction_names_charges_of_the_case_once_each_at_lower_amounts() {
    let review = Review::start().await;
    let liaison = review.liaison().await;
    let (case, other) = (review.charged(&["hoarding"]).await, review.charged(&["hoarding"]).await);
    review.appeal(&liaison, case).await;
    let charge = review.show(case).await["charges"][0]["charge_id"].clone();
    let foreign = review.show(other).await["charges"][0]["charge_id"].clone();
    let amount = |charge: &Value, fen: i64| json!({ "charge_id": charge, "amount": fen });
    let bad: [(Value, &str); 7] = [
        (json!([]), "malformed_request"),
        (json!([amount(&charge, 10_000_000)]), "amount_not_reduced"),
        (json!([amount(&charge, 10_000_001)]), "amount_not_reduced"),
        (json!([amount(&foreign, 1)]), "amount_not_reduced"),
        (json!([amount(&charge, 2), amount(&charge, 1)]), "amount_not_reduced"),
        (json!([amount(&charge, -1)]), "number_out_of_range"),
        (json!([amount(&charge, 10_000_000_001)]), "number_out_of_range"),
    ];
    for (asked, expected) in bad {
        let mut request = decision("appeal_reduce", 3);
        request["amounts"] = asked.clone();
        assert_eq!(code(review.supervisor.decide(case, &request).await).await, expected, "{asked}");
    }
    let mut misplaced = decision("appeal_uphold", 3);
    misplaced["amounts"] = json!([amount(&charge, 1)]);
    assert_eq!(code(review.supervisor.decide(case, &misplaced).await).await, "malformed_request");
    let nothing = review.reduction(case, 0).await;
    assert_eq!(amounts(&review.decide_by_two(case, &nothing).await), [-10_000_000]);
}

#[tokio::test]
async fn nobody_reviews_the_own_outcome() {
    let review = Review::start().await;
    let liaison = review.liaison().await;
    let case = review.charged(&["hoarding"]).await;
    review.appeal(&liaison, case).await;
    let request = review.asking(case, "appeal_reverse").await;
    let proposal = review.propose(case, &request).await;

    assert_eq!(code(review.supervisor.review(&proposal, "approval").await).await, "same_person");
    assert_eq!(appeal_of(&review, case).await["state"], "open");
}

#[tokio::test]
async fn a_later_charge_can_be_appealed_against_again() {
    let review = Review::start().await;
    let liaison = review.liaison().await;
    let case = review.charged(&["hoarding"]).await;
    review.appeal(&liaison, case).await;
    review.decide(case, "appeal_uphold").await;
    let mut adjust = review.asking(case, "adjust").await;
    adjust["amounts"] =
        json!([{ "charge_id": review.show(case).await["charges"][0]["charge_id"], "amount": 11_000_000 }]);
    let adjusted = review.decide_by_two(case, &adjust).await;

    let again = review.appeal(&liaison, case).await;

    assert_eq!(again["charged_by"], adjusted["decision_no"]);
}
