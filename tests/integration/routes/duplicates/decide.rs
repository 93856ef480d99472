//! Merging and keeping apart: one finding is charged once, whatever was posted before, and of two decisions at once one
//! is made.

use jiff::civil::date;
use reqwest::{Method, Response};
use serde_json::{Value, json};
use server::services::post_due::post_due;
use server::services::replay_ledger::{Extent, Replayed, replay_ledger};
use sync_core::ids::{CaseId, DecisionRequestId};
use sync_core::model::assignment::DiscoveryLevel;
use sync_core::model::inspection::Inspection;
use sync_core::wire::push::Outcome;
use tests::field::Occurring as _;
use tests::field::correction;
use tests::rectification::order;
use tests::review::{Review, accepted, decision, proposed};
use tests::{TestOffice, TestRole, problem};

use super::{ROUNDS, fire, first_fire, flags, push as push_fire};

/// Two visits to one new site, where these measures failed; the second case is a proposed duplicate of the first.
pub(super) async fn two_visits(review: &Review, first: &[&str], second: &[&str]) -> [Inspection; 2] {
    let site = review.server.site(&review.macun, "001/001").await;
    [review.visit_to(&site, first), review.visit_to(&site, second)]
}

pub(super) async fn two_cases(review: &Review, first: &[&str], second: &[&str]) -> [CaseId; 2] {
    let [one, two] = two_visits(review, first, second).await;
    [review.push(&one).await, review.push(&two).await]
}

async fn expected(review: &Review, case: CaseId) -> Value {
    json!({ "case_id": case, "expected_version": review.show(case).await["version"] })
}

/// A merge of the cases as they stand.
pub(super) async fn merging(review: &Review, survivor: CaseId, absorbed: &[CaseId]) -> Value {
    let mut others = Vec::new();
    for case in absorbed {
        others.push(expected(review, *case).await);
    }
    json!({
        "request_id": DecisionRequestId::fresh(),
        "expected_version": review.show(survivor).await["version"],
        "absorbed": others,
        "unit_id": null,
        "reason": "同一工地同一问题",
    })
}

/// A decision to keep the cases apart as they stand.
async fn keeping(review: &Review, case: CaseId, other: CaseId) -> Value {
    json!({
        "request_id": DecisionRequestId::fresh(),
        "expected_version": review.show(case).await["version"],
        "others": [expected(review, other).await],
        "reason": "两处问题",
    })
}

pub(super) async fn post(office: &TestOffice, case: CaseId, what: &str, request: &Value) -> Response {
    office.request(Method::POST, &format!("/api/v1/cases/{case}/{what}")).json(request).send().await.unwrap()
}

pub(super) async fn merge(review: &Review, survivor: CaseId, absorbed: &[CaseId]) -> Value {
    let request = merging(review, survivor, absorbed).await;
    accepted(post(&review.supervisor, survivor, "merge", &request).await).await
}

/// A merge that a second person has to agree to: the proposal.
async fn propose(review: &Review, survivor: CaseId, absorbed: &[CaseId]) -> Value {
    let request = merging(review, survivor, absorbed).await;
    proposed(post(&review.supervisor, survivor, "merge", &request).await).await
}

/// The same, agreed to.
async fn merge_by_two(review: &Review, survivor: CaseId, absorbed: &[CaseId]) {
    let proposal = propose(review, survivor, absorbed).await;
    accepted(review.second.review(&proposal, "approval").await).await;
}

/// Two cases that were kept apart, the second posted: what a merge into the first takes back.
async fn apart_and_posted(review: &Review) -> [CaseId; 2] {
    let [one, two] = two_cases(review, &["hoarding"], &["hoarding", "material_cover"]).await;
    let apart = keeping(review, two, one).await;
    accepted(post(&review.supervisor, two, "keep-apart", &apart).await).await;
    review.decide(two, "confirm").await;
    [one, two]
}

async fn refusal(review: &Review, survivor: CaseId, request: &Value) -> String {
    problem(post(&review.supervisor, survivor, "merge", request).await).await.code.to_string()
}

/// Measure and state of each charge.
pub(super) fn charges(shown: &Value) -> Vec<(String, String)> {
    let text = |charge: &Value, name: &str| charge[name].as_str().unwrap().to_owned();
    shown["charges"].as_array().unwrap().iter().map(|c| (text(c, "measure"), text(c, "state"))).collect()
}

pub(super) fn charge(measure: &str, state: &str) -> (String, String) {
    (measure.to_owned(), state.to_owned())
}

/// Kind, measure and yuan of each entry.
pub(super) async fn entries(review: &Review) -> Vec<(String, String, i64)> {
    let text = |entry: &Value, name: &str| entry[name].as_str().unwrap().to_owned();
    let entries = review.entries().await;
    let line = |e: &Value| (text(e, "kind"), text(e, "measure"), e["amount"].as_i64().unwrap() / 100);
    entries.iter().map(line).collect()
}

pub(super) fn entry(kind: &str, measure: &str, yuan: i64) -> (String, String, i64) {
    (kind.to_owned(), measure.to_owned(), yuan)
}

#[tokio::test]
async fn the_survivor_gets_the_union_of_measures_and_the_other_is_charged_nothing() {
    let review = Review::start().await;
    let [one, two] = two_cases(&review, &["hoarding"], &["hoarding", "material_cover"]).await;

    let merged = merge(&review, one, &[two]).await;

    assert_eq!((&merged["kind"], &merged["version"]), (&json!("merge"), &json!(2)));
    assert_eq!(merged["others"], json!([{ "case_id": two, "version": 2 }]));
    let (survivor, absorbed) = (review.show(one).await, review.show(two).await);
    assert_eq!(charges(&survivor), [charge("hoarding", "pending"), charge("material_cover", "pending")]);
    assert_eq!((&survivor["flags"], &survivor["absorbed"]), (&json!([]), &json!([two])));
    assert_eq!(survivor["duplicates"][0]["state"], "merged");
    assert_eq!(charges(&absorbed), [charge("hoarding", "void"), charge("material_cover", "void")]);
    assert_eq!((&absorbed["review_state"], &absorbed["merged_into"]), (&json!("merged"), &json!(one)));
    review.decide(one, "confirm").await;
    let each = |measure| entry("deduction", measure, 100_000);
    assert_eq!(entries(&review).await, [each("hoarding"), each("material_cover")]);
}

#[tokio::test]
async fn what_a_confirmed_survivor_lacked_is_posted_and_what_the_other_had_posted_is_reversed() {
    let review = Review::start().await;
    let [one, two] = two_visits(&review, &["hoarding"], &["hoarding", "material_cover"]).await;
    let one = review.push(&one).await;
    review.decide(one, "confirm").await;
    let two = review.push(&two).await;
    let apart = keeping(&review, two, one).await;
    accepted(post(&review.supervisor, two, "keep-apart", &apart).await).await;
    review.decide(two, "confirm").await;

    merge_by_two(&review, one, &[two]).await;

    let expected = [
        entry("deduction", "hoarding", 100_000),
        entry("deduction", "hoarding", 100_000),
        entry("deduction", "material_cover", 100_000),
        entry("reversal", "hoarding", -100_000),
        entry("reversal", "material_cover", -100_000),
        entry("deduction", "material_cover", 100_000),
    ];
    assert_eq!(entries(&review).await, expected);
    assert_eq!(review.totals("2026-11").await["total"]["posted_yuan"], "200000.00");
}

#[tokio::test]
async fn a_pending_survivor_of_a_posted_case_posts_when_it_is_confirmed() {
    let review = Review::start().await;
    let [one, two] = two_visits(&review, &["hoarding"], &["hoarding"]).await;
    let one = review.push(&one).await;
    review.decide(one, "confirm").await;
    let two = review.push(&two).await;

    merge_by_two(&review, two, &[one]).await;
    assert_eq!(review.totals("2026-11").await["total"]["posted"], 0);
    review.decide(two, "confirm").await;

    let (deduction, reversal) =
        (entry("deduction", "hoarding", 100_000), entry("reversal", "hoarding", -100_000));
    assert_eq!(entries(&review).await, [deduction.clone(), reversal, deduction]);
}

#[tokio::test]
async fn a_merge_that_takes_posted_charges_back_changes_nothing_until_another_agrees() {
    let review = Review::start().await;
    let [one, two] = apart_and_posted(&review).await;
    let request = merging(&review, one, &[two]).await;

    let proposal = proposed(post(&review.supervisor, one, "merge", &request).await).await;
    let again = proposed(post(&review.supervisor, one, "merge", &request).await).await;

    assert_eq!((&proposal, &proposal["kind"]), (&again, &json!("merge")));
    assert_eq!(review.show(two).await["review_state"], "confirmed");
    assert_eq!(review.show(one).await["proposal"]["proposal_id"], proposal["proposal_id"]);
    let own = problem(review.supervisor.review(&proposal, "approval").await).await;
    assert_eq!(own.code.as_str(), "same_person");

    let approved = accepted(review.second.review(&proposal, "approval").await).await;

    let merged = accepted(post(&review.supervisor, one, "merge", &request).await).await;
    assert_eq!(merged["decision_no"], approved["proposal"]["decision_no"]);
    let absorbed = review.show(two).await;
    assert_eq!((&absorbed["review_state"], &absorbed["posted"]), (&json!("merged"), &json!(0)));
    let decided = &review.show(one).await["decisions"][0];
    assert_eq!(decided["actor"], json!(review.supervisor.user.user_id));
    assert_eq!(decided["reviewer"], json!(review.second.user.user_id));
}

#[tokio::test]
async fn a_proposed_merge_is_stale_once_an_absorbed_case_changed() {
    let review = Review::start().await;
    let [one, two] = apart_and_posted(&review).await;
    let proposal = propose(&review, one, &[two]).await;
    let mut elsewhere = decision("re_attribute", review.show(two).await["version"].clone());
    elsewhere["unit_id"] = json!(review.macun.streets[1]);
    accepted(review.supervisor.decide(two, &elsewhere).await).await;

    let late = problem(review.second.review(&proposal, "approval").await).await;

    assert_eq!(late.code.as_str(), "case_changed");
    assert!(late.detail.unwrap().contains("re_attribute by zhang"));
    assert_eq!(review.show(one).await["proposal"], Value::Null);
}

#[tokio::test]
async fn a_proposed_merge_is_reviewed_by_who_sees_all_its_cases() {
    let review = Review::start().await;
    let east = review.case(&["hoarding"]).await;
    let west = review.push(&review.visit_to(&review.western_site("西区工地").await, &["hoarding"])).await;
    review.decide(west, "confirm").await;
    let own = review.office("wang", TestRole::supervisor("001")).await;
    let mut request = merging(&review, east, &[west]).await;
    request["unit_id"] = json!(review.macun.streets[0]);
    let proposal = proposed(post(&review.supervisor, east, "merge", &request).await).await;

    for how in ["approval", "rejection"] {
        let refused = problem(own.review(&proposal, how).await).await;
        assert_eq!(refused.code.as_str(), "proposal_unknown");
    }
    accepted(review.second.review(&proposal, "approval").await).await;
}

#[tokio::test]
async fn of_two_reviewers_of_a_merge_at_once_one_merges_and_each_measure_is_charged_once() {
    let review = Review::start().await;
    let third = review.office("wu", TestRole::supervisor("")).await;
    for round in 1..=ROUNDS {
        let [one, two] = apart_and_posted(&review).await;
        let proposal = propose(&review, one, &[two]).await;

        let answers =
            tokio::join!(review.second.review(&proposal, "approval"), third.review(&proposal, "approval"));

        let mut statuses = [answers.0.status().as_u16(), answers.1.status().as_u16()];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 409]);
        assert_eq!(review.entries().await.len(), 4 * round);
        assert_eq!(review.totals("2026-11").await["total"]["posted"], 0);
    }
}

#[tokio::test]
async fn an_amount_that_a_merge_brought_is_entered_on_the_survivor() {
    let review = Review::start().await;
    let [one, mut two] = two_visits(&review, &["hoarding"], &["material_cover"]).await;
    let one = review.push(&one).await;
    two.context.pack = Some(review.amounts_left_to_office().await.reference());
    let two = review.push(&two).await;
    merge(&review, one, &[two]).await;
    let shown = review.show(one).await;
    let brought = shown["charges"][1].clone();
    assert_eq!((&brought["amount"], &shown["amount_missing"]), (&Value::Null, &json!(true)));

    let mut enter = decision("enter_amounts", shown["version"].clone());
    enter["amounts"] = json!([{ "charge_id": brought["charge_id"], "amount": 700 }]);
    review.decide_by_two(one, &enter).await;
    review.decide(one, "confirm").await;

    assert_eq!(
        entries(&review).await,
        [entry("deduction", "hoarding", 100_000), entry("deduction", "material_cover", 7)]
    );
    let mut connection = review.server.connection().await;
    let replayed = replay_ledger(&mut connection, &review.macun.code, Extent::All, |_| {}).await.unwrap();
    assert!(matches!(replayed, Replayed::Same { .. }), "{replayed:?}");
}

#[tokio::test]
async fn a_reversal_of_a_closed_month_stands_in_the_first_open_one() {
    let review = Review::start().await;
    let [mut one, two] = two_visits(&review, &["hoarding"], &["hoarding"]).await;
    one.occurs_at("2026-10-20T02:00:00Z".parse().unwrap());
    let one = review.push(&one).await;
    review.decide(one, "confirm").await;
    let two = review.push(&two).await;
    let request = merging(&review, two, &[one]).await;

    review.close(date(2026, 10, 1)).await;
    let proposal = proposed(post(&review.supervisor, two, "merge", &request).await).await;
    accepted(review.second.review(&proposal, "approval").await).await;

    let periods: Vec<_> = review.entries().await.iter().map(|entry| entry["period"].clone()).collect();
    assert_eq!(periods, [json!("2026-10"), json!("2026-11")]);
}

#[tokio::test]
async fn where_the_units_differ_the_supervisor_names_one_and_what_is_posted_goes_there() {
    let review = Review::start().await;
    let [one, mut two] = two_visits(&review, &["hoarding"], &["material_cover"]).await;
    two.context.unit_id = review.macun.streets[1];
    let one = review.push(&one).await;
    review.decide(one, "confirm").await;
    review.step(one, order(json!({ "working_days": 2 }))).await;
    let two = review.push(&two).await;
    let mut request = merging(&review, one, &[two]).await;

    assert_eq!(refusal(&review, one, &request).await, "merge_unit_required");
    request["unit_id"] = json!(review.macun.bureau);
    assert_eq!(refusal(&review, one, &request).await, "merge_unit_required");
    request["unit_id"] = json!(review.macun.streets[1]);
    accepted(post(&review.supervisor, one, "merge", &request).await).await;

    let kinds: Vec<_> = entries(&review).await.into_iter().map(|(kind, _, yuan)| (kind, yuan)).collect();
    let line = |kind: &str, yuan: i64| (kind.to_owned(), yuan);
    let transfers = [line("transfer", -100_000), line("transfer", 100_000)];
    assert_eq!(kinds[1..3], transfers);
    assert_eq!(kinds[3], line("deduction", 100_000));
    assert_eq!(review.show(one).await["unit_name"], "西街道");
    let round = review.round(one).await;
    assert_eq!(
        (&round["round"], &round["unit_id"]),
        (&json!(2), &json!(review.macun.streets[1])),
        "the order too"
    );
}

#[tokio::test]
async fn a_self_check_never_absorbs_a_case_that_is_charged() {
    let review = Review::start().await;
    let [mut one, two] = two_visits(&review, &["hoarding"], &["hoarding"]).await;
    one.context.level = DiscoveryLevel::SelfCheck;
    let (one, two) = (review.push(&one).await, review.push(&two).await);

    let request = merging(&review, one, &[two]).await;
    assert_eq!(refusal(&review, one, &request).await, "self_check_cannot_absorb");
    merge(&review, two, &[one]).await;

    assert_eq!(charges(&review.show(two).await), [charge("hoarding", "pending")]);
}

#[tokio::test]
async fn a_correction_of_the_survivor_keeps_what_the_merge_brought() {
    let review = Review::start().await;
    let [first, second] = two_visits(&review, &["hoarding"], &["material_cover"]).await;
    let (one, two) = (review.push(&first).await, review.push(&second).await);
    merge(&review, one, &[two]).await;

    let mut corrected = correction(&first, &["vehicle_washing"]);
    corrected.photos = first.photos.clone();
    corrected.photos[0].question = None;
    let outcome = review.device.push(&[review.device.amend(&corrected)]).await;

    assert_eq!(outcome, [Outcome::Applied]);
    let expected = [
        charge("hoarding", "void"),
        charge("material_cover", "pending"),
        charge("vehicle_washing", "pending"),
    ];
    assert_eq!(charges(&review.show(one).await), expected);
}

#[tokio::test]
async fn cases_kept_apart_are_confirmed_each_and_stay_apart() {
    let review = Review::start().await;
    let [first, second] = two_visits(&review, &["hoarding"], &["hoarding"]).await;
    let (one, two) = (review.push(&first).await, review.push(&second).await);
    let request = keeping(&review, one, two).await;

    let kept = accepted(post(&review.supervisor, one, "keep-apart", &request).await).await;

    assert_eq!((&kept["kind"], &kept["version"]), (&json!("keep_apart"), &json!(2)));
    assert_eq!(review.show(one).await["duplicates"][0]["state"], "kept_apart");
    let again = problem(post(&review.supervisor, one, "keep-apart", &keeping(&review, one, two).await).await);
    assert_eq!(again.await.code.as_str(), "case_state_forbids");
    let mut corrected = correction(&second, &["hoarding"]);
    corrected.photos = second.photos.clone();
    review.device.push(&[review.device.amend(&corrected)]).await;
    assert_eq!(flags(&review, two).await, json!([]), "what was kept apart is not proposed again");
    review.decide(one, "confirm").await;
    review.decide(two, "confirm").await;
    assert_eq!(review.entries().await.len(), 2);
}

#[tokio::test]
async fn dismissal_of_one_frees_the_other() {
    let review = Review::start().await;
    let [one, two] = two_cases(&review, &["hoarding"], &["hoarding"]).await;

    review.decide(two, "dismiss").await;

    assert_eq!((flags(&review, one).await, flags(&review, two).await), (json!([]), json!([])));
    review.decide(one, "confirm").await;
}

#[tokio::test]
async fn what_may_be_the_same_as_an_absorbed_case_may_be_the_same_as_the_survivor() {
    let review = Review::start().await;
    let seen = first_fire(&review).await;
    let west = push_fire(&review, &review.device, &seen).await;
    let middle = push_fire(&review, &review.device, &fire(&review.device, &seen, 40.0, 0)).await;
    let east = push_fire(&review, &review.device, &fire(&review.device, &seen, 80.0, 0)).await;
    let others = |shown: &Value| -> Vec<Value> {
        let pairs = shown["duplicates"].as_array().unwrap().iter();
        pairs.filter(|pair| pair["state"] == "proposed").map(|pair| pair["case_id"].clone()).collect()
    };
    assert_eq!(others(&review.show(west).await), [json!(middle)]);

    merge(&review, west, &[middle]).await;

    assert_eq!(others(&review.show(west).await), [json!(east)]);
    assert_eq!(flags(&review, east).await, json!(["duplicate_proposed"]));
}

#[tokio::test]
async fn what_arrives_near_an_absorbed_case_may_be_the_same_as_the_survivor() {
    let review = Review::start().await;
    let seen = first_fire(&review).await;
    let west = push_fire(&review, &review.device, &seen).await;
    let middle = push_fire(&review, &review.device, &fire(&review.device, &seen, 40.0, 0)).await;
    merge(&review, west, &[middle]).await;
    let east = push_fire(&review, &review.device, &fire(&review.device, &seen, 80.0, 0)).await;

    assert_eq!(flags(&review, east).await, json!(["duplicate_proposed"]));
    let shown = review.show(west).await;
    let pairs: Vec<_> =
        shown["duplicates"].as_array().unwrap().iter().map(|pair| pair["case_id"].clone()).collect();
    assert!(pairs.contains(&json!(east)), "{shown}");
    review.decide(west, "dismiss").await;
    let beside = push_fire(&review, &review.device, &fire(&review.device, &seen, 35.0, 0)).await;
    let shown = review.show(beside).await;
    let pairs: Vec<_> =
        shown["duplicates"].as_array().unwrap().iter().map(|pair| pair["case_id"].clone()).collect();
    assert_eq!(pairs, [json!(east)], "a dismissed survivor stands for nothing");
}

#[tokio::test]
async fn a_case_in_publication_does_not_post_while_it_may_be_a_duplicate() {
    let mut review = Review::start().await;
    let asked = "[charging]\npublication_days = 7\n";
    let pack = review.new_version("[charging]\n", asked, date(2026, 11, 1)).await;
    let [mut one, mut two] = two_visits(&review, &["hoarding"], &["hoarding"]).await;
    for visit in [&mut one, &mut two] {
        visit.context.pack = Some(pack.reference());
    }
    let one = review.push(&one).await;
    review.decide(one, "confirm").await;
    let two = review.push(&two).await;
    assert_eq!(flags(&review, two).await, json!(["duplicate_proposed"]));
    assert_eq!(a_week_passes(&review).await, 0);

    review.device = review.server.renewed(&review.device);
    let request = keeping(&review, one, two).await;
    assert_eq!(post(&review.supervisor, one, "keep-apart", &request).await.status(), 200);
    assert_eq!(a_week_passes(&review).await, 1);
    assert_eq!(entries(&review).await, [entry("deduction", "hoarding", 100_000)]);
}

#[tokio::test]
async fn a_merge_in_a_wrong_state_of_other_items_or_on_an_old_version_is_refused() {
    let review = Review::start().await;
    let [one, two] = two_cases(&review, &["hoarding"], &["hoarding"]).await;
    let burning = first_fire(&review).await;
    let burning = push_fire(&review, &review.device, &burning).await;

    let other_item = merging(&review, one, &[burning]).await;
    assert_eq!(refusal(&review, one, &other_item).await, "merge_items_differ");
    let mut stale = merging(&review, one, &[two]).await;
    stale["absorbed"][0]["expected_version"] = json!(7);
    assert_eq!(refusal(&review, one, &stale).await, "case_changed");
    let itself = merging(&review, one, &[one]).await;
    assert_eq!(refusal(&review, one, &itself).await, "malformed_request");
    let mut silent = merging(&review, one, &[two]).await;
    silent["reason"] = json!(" ");
    assert_eq!(refusal(&review, one, &silent).await, "reason_required");
    review.decide(two, "dismiss").await;
    let dismissed = merging(&review, one, &[two]).await;
    assert_eq!(refusal(&review, one, &dismissed).await, "case_state_forbids");
    assert_eq!(review.show(one).await["version"], 1);
}

#[tokio::test]
async fn only_a_supervisor_of_all_the_grids_merges() {
    let review = Review::start().await;
    let [one, two] = two_cases(&review, &["hoarding"], &["hoarding"]).await;
    let neighbour = review.office("wang", TestRole::supervisor("002")).await;
    let request = merging(&review, one, &[two]).await;

    let refused = problem(post(&neighbour, one, "merge", &request).await).await;

    assert_eq!(refused.code.as_str(), "case_unknown");
}

#[tokio::test]
async fn of_two_supervisors_that_merge_the_other_way_round_one_does_and_the_other_learns_of_it() {
    let review = Review::start().await;
    let other = review.office("wang", TestRole::supervisor("001")).await;
    for _ in 0..ROUNDS {
        let [one, two] = two_cases(&review, &["hoarding"], &["material_cover"]).await;
        let (into_one, into_two) = (merging(&review, one, &[two]).await, merging(&review, two, &[one]).await);

        let answers = tokio::join!(
            post(&review.supervisor, one, "merge", &into_one),
            post(&other, two, "merge", &into_two)
        );

        let mut codes = Vec::new();
        for answer in [answers.0, answers.1] {
            let body: Value = answer.json().await.unwrap();
            codes.push(body.get("code").and_then(Value::as_str).unwrap_or("decided").to_owned());
        }
        codes.sort();
        assert_eq!(codes, ["case_changed", "decided"]);
    }
}

#[tokio::test]
async fn a_merge_and_a_confirmation_at_once_charge_each_measure_once() {
    let review = Review::start().await;
    let other = review.office("wang", TestRole::supervisor("001")).await;
    for round in 1..=ROUNDS {
        let [one, two] = two_visits(&review, &["hoarding"], &["hoarding"]).await;
        let one = review.push(&one).await;
        review.decide(one, "confirm").await;
        let two = review.push(&two).await;
        let request = merging(&review, one, &[two]).await;

        let confirm = decision("confirm", 1);
        let (merged, confirmed) =
            tokio::join!(post(&review.supervisor, one, "merge", &request), other.decide(two, &confirm));

        assert_eq!((merged.status().as_u16(), confirmed.status().as_u16()), (200, 409));
        assert_eq!(review.entries().await.len(), round);
    }
}

#[tokio::test]
async fn the_same_merge_twice_at_once_is_one_decision_with_one_answer() {
    let review = Review::start().await;
    let [one, two] = two_cases(&review, &["hoarding"], &["hoarding"]).await;
    let request = merging(&review, one, &[two]).await;

    let (first, second) = tokio::join!(
        post(&review.supervisor, one, "merge", &request),
        post(&review.supervisor, one, "merge", &request)
    );

    let first = accepted(first).await;
    assert_eq!(first, accepted(second).await);
    assert_eq!(first, accepted(post(&review.supervisor, one, "merge", &request).await).await);
    let mut changed = request.clone();
    changed["reason"] = json!("别的");
    assert_eq!(refusal(&review, one, &changed).await, "decision_id_reused");
}

/// What a supervisor asks for about a correction.
pub(super) fn about(kind: &str, version: Value, corrected: &Inspection) -> Value {
    let mut request = decision(kind, version);
    request["inspection_id"] = json!(corrected.inspection_id);
    request
}

#[tokio::test]
async fn what_the_survivor_corrects_away_leaves_what_the_merge_brought_and_that_can_be_decided_on() {
    let review = Review::start().await;
    let [first, second] = two_visits(&review, &["hoarding"], &["material_cover"]).await;
    let (one, two) = (review.push(&first).await, review.push(&second).await);
    merge(&review, one, &[two]).await;
    review.decide(one, "confirm").await;
    let corrected = correction(&first, &[]);
    review.device.push(&[review.device.amend(&corrected)]).await;
    let shown = review.show(one).await;
    assert_eq!(
        (&shown["amendment"]["found"], &shown["amendment"]["difference"]),
        (&json!(true), &json!(-10_000_000))
    );

    let request = about("accept_amendment", shown["version"].clone(), &corrected);
    let accepted = review.decide_by_two(one, &request).await;

    assert_eq!(accepted["review_state"], "confirmed");
    assert_eq!(
        charges(&review.show(one).await),
        [charge("hoarding", "void"), charge("material_cover", "posted")]
    );
    assert_eq!(review.totals("2026-11").await["total"]["posted_yuan"], "100000.00");
    review.decide_by_two(one, &decision("dismiss", accepted["version"].clone())).await;
    assert_eq!(review.totals("2026-11").await["total"]["posted"], 0);
    let mut connection = review.server.connection().await;
    let replayed = replay_ledger(&mut connection, &review.macun.code, Extent::All, |_| {}).await.unwrap();
    assert!(matches!(replayed, Replayed::Same { .. }), "{replayed:?}");
}

#[tokio::test]
async fn a_case_that_is_opened_again_is_looked_for_among_duplicates() {
    let review = Review::start().await;
    let [first, second] = two_visits(&review, &["hoarding"], &["hoarding"]).await;
    let (one, two) = (review.push(&first).await, review.push(&second).await);
    let dismissed = review.decide(two, "dismiss").await;
    review.decide(one, "confirm").await;
    let mut corrected = correction(&second, &["hoarding"]);
    corrected.photos = second.photos.clone();
    review.device.push(&[review.device.amend(&corrected)]).await;

    let request = about("accept_amendment", dismissed["version"].clone(), &corrected);
    let reopened = accepted(review.supervisor.decide(two, &request).await).await;

    assert_eq!(
        (&reopened["review_state"], &reopened["unsettled"]),
        (&json!("under_review"), &super::flagged())
    );
    assert_eq!(flags(&review, two).await, super::flagged());
    let blocked = review.supervisor.decide(two, &decision("confirm", reopened["version"].clone())).await;
    assert_eq!(problem(blocked).await.code.as_str(), "case_needs_settling");
    assert_eq!(review.entries().await.len(), 1, "one finding is charged once");
}

#[tokio::test]
async fn no_doubt_and_no_missing_evidence_is_lost_in_a_merge() {
    let review = Review::start().await;
    let site = review.server.site(&review.macun, "001/001").await;
    let survivor = review.push(&review.visit_to(&site, &["hoarding"])).await;
    review.decide(survivor, "confirm").await;
    let mut doubtful = review.visit_to(&site, &["material_cover"]);
    doubtful.fix = None;
    let doubtful = review.push(&doubtful).await;
    let awaiting = review.visit_to(&site, &["vehicle_washing"]);
    review.device.push(&[review.device.submit(&awaiting)]).await;
    let awaiting = CaseId::derive(awaiting.lineage, &"site_dust".parse().unwrap());
    let returned = review.push(&review.visit_to(&site, &["vehicle_washing"])).await;
    review.decide(returned, "return").await;
    let same = review.visit_to(&site, &["hoarding"]);
    review.device.push(&[review.device.submit(&same)]).await;
    let same = CaseId::derive(same.lineage, &"site_dust".parse().unwrap());

    let refused = async |case| {
        let request = merging(&review, survivor, &[case]).await;
        refusal(&review, survivor, &request).await
    };
    assert_eq!(refused(doubtful).await, "case_needs_settling");
    assert_eq!([refused(awaiting).await, refused(returned).await], ["case_state_forbids"; 2]);
    assert_eq!(review.entries().await.len(), 1);

    let mut settle = decision("settle", review.show(doubtful).await["version"].clone());
    settle["flags"] = json!(["fix_suspect"]);
    accepted(review.supervisor.decide(doubtful, &settle).await).await;
    merge(&review, survivor, &[doubtful]).await;
    merge(&review, survivor, &[same]).await;

    let each = |measure| entry("deduction", measure, 100_000);
    assert_eq!(entries(&review).await, [each("hoarding"), each("material_cover")]);
}

/// How many cases the timer posts after a week.
pub(super) async fn a_week_passes(review: &Review) -> usize {
    review.server.clock.advance_seconds(7 * 86_400);
    review.server.extend_sessions().await;
    post_due(&review.server.state).await.unwrap()
}

#[tokio::test]
async fn what_a_merge_adds_to_a_posted_case_is_published_first_where_the_pack_asks_for_it() {
    let mut review = Review::start().await;
    let asked = "[charging]\npublication_days = 7\n";
    let pack = review.new_version("[charging]\n", asked, date(2026, 11, 1)).await;
    let [mut one, mut two] = two_visits(&review, &["hoarding"], &["hoarding", "material_cover"]).await;
    for visit in [&mut one, &mut two] {
        visit.context.pack = Some(pack.reference());
    }
    let one = review.push(&one).await;
    review.decide(one, "confirm").await;
    assert_eq!(a_week_passes(&review).await, 1);
    review.device = review.server.renewed(&review.device);
    let two = review.push(&two).await;

    merge(&review, one, &[two]).await;

    let shown = review.show(one).await;
    assert_eq!(charges(&shown), [charge("hoarding", "posted"), charge("material_cover", "pending")]);
    assert_eq!(shown["posts_on"], "2026-12-06");
    assert_eq!(a_week_passes(&review).await, 1);
    let each = |measure| entry("deduction", measure, 100_000);
    assert_eq!(entries(&review).await, [each("hoarding"), each("material_cover")]);
    let mut connection = review.server.connection().await;
    let replayed = replay_ledger(&mut connection, &review.macun.code, Extent::All, |_| {}).await.unwrap();
    assert!(matches!(replayed, Replayed::Same { .. }), "{replayed:?}");
}

#[tokio::test]
async fn a_case_that_was_confirmed_free_of_charge_does_not_begin_to_be_charged_by_a_merge() {
    let review = Review::start().await;
    let [one, two] = two_visits(&review, &["hoarding"], &["hoarding"]).await;
    let one = review.push(&one).await;
    let mut free = decision("re_evaluate", 1);
    free["level"] = json!("township");
    accepted(review.supervisor.decide(one, &free).await).await;
    review.decide(one, "confirm").await;
    let two = review.push(&two).await;

    assert_eq!(refusal(&review, one, &merging(&review, one, &[two]).await).await, "case_state_forbids");
    merge(&review, two, &[one]).await;
}
