//! A correction of a decided case is a proposal: shown beside what stands, accepted or refused by decision.

use serde_json::{Value, json};
use server::services::replay_ledger::{Extent, Replayed, replay_ledger};
use sync_core::ids::CaseId;
use sync_core::model::inspection::Inspection;
use tests::field::{correction, photo_entry};
use tests::problem;
use tests::review::{Review, accepted, decision};

/// A case that was posted for `hoarding` and `material_cover`, and its correction that finds `material_cover` and
/// `vehicle_washing`, with its photos at hand.
async fn amended(review: &Review) -> (CaseId, Inspection) {
    let visit = review.visit(&["hoarding", "material_cover"]).await;
    let case = review.push(&visit).await;
    review.decide(case, "confirm").await;
    let corrected = correction(&visit, &["material_cover", "vehicle_washing"]);
    review.device.push(&[review.device.amend(&corrected)]).await;
    (case, corrected)
}

fn about(kind: &str, version: i64, correction: &Inspection) -> Value {
    let mut request = decision(kind, version);
    request["inspection_id"] = json!(correction.inspection_id);
    request
}

async fn refusal(review: &Review, case: CaseId, request: &Value) -> String {
    problem(review.supervisor.decide(case, request).await).await.code.to_string()
}

#[tokio::test]
async fn the_proposed_charges_stand_beside_the_present_ones_with_the_difference() {
    let review = Review::start().await;
    let (case, corrected) = amended(&review).await;

    let shown = review.show(case).await;

    assert_eq!(shown["flags"], json!(["amends_decided"]));
    let amendment = &shown["amendment"];
    assert_eq!(amendment["inspection_id"], json!(corrected.inspection_id));
    let line = |charge: &Value| {
        (
            charge["measure"].clone(),
            charge["posted"].clone(),
            charge["amount"].clone(),
            charge["difference"].clone(),
        )
    };
    let lines: Vec<_> = amendment["charges"].as_array().unwrap().iter().map(line).collect();
    let (none, full) = (json!(0), json!(10_000_000));
    assert_eq!(
        lines,
        [
            (json!("hoarding"), full.clone(), none.clone(), json!(-10_000_000)),
            (json!("material_cover"), full.clone(), full.clone(), none.clone()),
            (json!("vehicle_washing"), none.clone(), full.clone(), full),
        ]
    );
    assert_eq!(amendment["difference"], none);
    assert_eq!(review.totals("2026-11").await["total"]["posted"], 20_000_000, "nothing moved yet");
}

#[tokio::test]
async fn acceptance_by_two_moves_the_case_and_posts_the_difference() {
    let review = Review::start().await;
    let (case, corrected) = amended(&review).await;

    let accepted = review.decide_by_two(case, &about("accept_amendment", 2, &corrected)).await;

    let kinds: Vec<_> = accepted["entries"]
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| (entry["kind"].clone(), entry["amount"].clone()))
        .collect();
    assert_eq!(kinds, [(json!("reversal"), json!(-10_000_000)), (json!("deduction"), json!(10_000_000))]);
    let shown = review.show(case).await;
    assert_eq!(shown["inspection"]["inspection_id"], json!(corrected.inspection_id));
    assert_eq!((&shown["flags"], &shown["amendment"]), (&json!([]), &Value::Null));
    assert_eq!(shown["review_state"], "confirmed");
    let states: Vec<_> = shown["charges"].as_array().unwrap().iter().map(|c| c["state"].clone()).collect();
    assert_eq!(states, ["void", "posted", "posted"]);
}

#[tokio::test]
async fn a_refused_correction_leaves_everything_and_another_one_can_come() {
    let review = Review::start().await;
    let (case, corrected) = amended(&review).await;

    let refused =
        accepted(review.supervisor.decide(case, &about("refuse_amendment", 2, &corrected)).await).await;
    let again = refusal(&review, case, &about("accept_amendment", 3, &corrected)).await;
    let next = correction(&corrected, &["hoarding"]);
    review.device.push(&[review.device.amend(&next)]).await;

    assert_eq!((&refused["entries"], &refused["unsettled"]), (&json!([]), &json!([])));
    assert_eq!(again, "case_state_forbids");
    let shown = review.show(case).await;
    assert_eq!(shown["amendment"]["inspection_id"], json!(next.inspection_id));
    assert_eq!(shown["posted"], 20_000_000);
}

#[tokio::test]
async fn a_correction_that_was_corrected_again_is_not_what_was_looked_at() {
    let review = Review::start().await;
    let (case, corrected) = amended(&review).await;
    let next = correction(&corrected, &["material_cover"]);
    review.device.push(&[review.device.amend(&next)]).await;

    assert_eq!(refusal(&review, case, &about("accept_amendment", 2, &corrected)).await, "case_changed");
    assert_eq!(refusal(&review, case, &about("refuse_amendment", 2, &corrected)).await, "case_changed");
    assert_eq!(refusal(&review, case, &decision("accept_amendment", 2)).await, "malformed_request");
    review.decide_by_two(case, &about("accept_amendment", 2, &next)).await;
}

#[tokio::test]
async fn a_correction_that_finds_nothing_any_more_dismisses_the_case() {
    let review = Review::start().await;
    let visit = review.visit(&["hoarding"]).await;
    let case = review.push(&visit).await;
    review.decide(case, "confirm").await;
    let corrected = correction(&visit, &[]);
    review.device.push(&[review.device.amend(&corrected)]).await;
    assert_eq!(review.show(case).await["amendment"]["found"], false);

    let accepted = review.decide_by_two(case, &about("accept_amendment", 2, &corrected)).await;

    assert_eq!(accepted["review_state"], "dismissed");
    assert_eq!(review.totals("2026-11").await["total"]["posted"], 0);
}

#[tokio::test]
async fn a_correction_of_a_dismissed_case_opens_it_again_by_one_person() {
    let review = Review::start().await;
    let visit = review.visit(&["hoarding"]).await;
    let case = review.push(&visit).await;
    review.decide(case, "dismiss").await;
    let corrected = correction(&visit, &["hoarding", "material_cover"]);
    review.device.push(&[review.device.amend(&corrected)]).await;

    let request = about("accept_amendment", 2, &corrected);
    let reopened = accepted(review.supervisor.decide(case, &request).await).await;

    // One photo of the visit cannot be evidence of two measures.
    assert_eq!(reopened["review_state"], "awaiting_evidence");
    assert_eq!(review.show(case).await["pending"], 20_000_000);
}

#[tokio::test]
async fn a_posted_case_does_not_take_a_correction_whose_photos_are_missing() {
    let review = Review::start().await;
    let visit = review.visit(&["hoarding"]).await;
    let case = review.push(&visit).await;
    review.decide(case, "confirm").await;
    let mut corrected = correction(&visit, &["hoarding", "material_cover"]);
    corrected.photos.push(photo_entry(b"not sent yet", &corrected));
    review.device.push(&[review.device.amend(&corrected)]).await;

    assert_eq!(review.show(case).await["amendment"]["missing_photos"], 1);
    let refused =
        problem(review.supervisor.decide(case, &about("accept_amendment", 2, &corrected)).await).await;
    assert_eq!(
        (refused.code.as_str(), refused.field.as_deref()),
        ("case_state_forbids", Some("inspection_id"))
    );
}

#[tokio::test]
async fn what_a_supervisor_decided_on_the_unit_outlives_the_correction() {
    let review = Review::start().await;
    let visit = review.visit(&["hoarding"]).await;
    let case = review.push(&visit).await;
    review.decide(case, "confirm").await;
    let mut elsewhere = decision("re_attribute", 2);
    elsewhere["unit_id"] = json!(review.macun.streets[1]);
    accepted(review.supervisor.decide(case, &elsewhere).await).await;
    let corrected = correction(&visit, &["material_cover"]);
    review.device.push(&[review.device.amend(&corrected)]).await;

    let accepted = review.decide_by_two(case, &about("accept_amendment", 3, &corrected)).await;

    let units: Vec<_> =
        accepted["entries"].as_array().unwrap().iter().map(|entry| entry["unit_id"].clone()).collect();
    assert_eq!(units, [json!(review.macun.streets[1]), json!(review.macun.streets[1])]);
}

#[tokio::test]
async fn a_case_that_is_opened_again_is_as_doubtful_as_its_correction() {
    let review = Review::start().await;
    let visit = review.visit(&["hoarding"]).await;
    let case = review.push(&visit).await;
    review.decide(case, "dismiss").await;
    let mut corrected = correction(&visit, &["hoarding"]);
    corrected.fix = None;
    review.device.push(&[review.device.amend(&corrected)]).await;

    let request = about("accept_amendment", 2, &corrected);
    let reopened = accepted(review.supervisor.decide(case, &request).await).await;

    assert_eq!(reopened["unsettled"], json!(["fix_suspect"]));
    assert_eq!(refusal(&review, case, &decision("confirm", 3)).await, "case_needs_settling");
}

#[tokio::test]
async fn amounts_entered_with_a_correction_need_two_people_even_where_nothing_posts_yet() {
    let review = Review::start().await;
    let pack = review.amounts_left_to_office().await;
    let mut visit = review.visit(&["hoarding"]).await;
    visit.context.pack = Some(pack.reference());
    let case = review.push(&visit).await;
    let charge = review.show(case).await["charges"][0]["charge_id"].clone();
    review.decide(case, "dismiss").await;
    let corrected = correction(&visit, &["hoarding"]);
    review.device.push(&[review.device.amend(&corrected)]).await;
    let mut request = about("accept_amendment", 2, &corrected);
    request["amounts"] = json!([{ "charge_id": charge, "amount": 9_000_000 }]);

    let reopened = review.decide_by_two(case, &request).await;

    assert_eq!(reopened["review_state"], "under_review");
    assert_eq!(review.show(case).await["pending"], 9_000_000);
}

#[tokio::test]
async fn what_two_people_made_of_an_amount_outlives_a_correction() {
    let review = Review::start().await;
    let visit = review.visit(&["hoarding"]).await;
    let case = review.push(&visit).await;
    review.decide(case, "confirm").await;
    let charge = review.show(case).await["charges"][0]["charge_id"].clone();
    let mut adjust = decision("adjust", 2);
    adjust["amounts"] = json!([{ "charge_id": charge, "amount": 5_000_000 }]);
    review.decide_by_two(case, &adjust).await;
    let mut corrected = correction(&visit, &["hoarding"]);
    corrected.notes = "补充说明".to_owned();
    review.device.push(&[review.device.amend(&corrected)]).await;

    assert_eq!(review.show(case).await["amendment"]["difference"], 0);
    let request = about("accept_amendment", 3, &corrected);
    let accepted = accepted(review.supervisor.decide(case, &request).await).await;

    assert_eq!(accepted["entries"], json!([]));
    assert_eq!(review.totals("2026-11").await["total"]["posted"], 5_000_000);
}

/// What a supervisor decides on an undecided case, and a correction that adds a photo.
async fn corrected_after(review: &Review, request: &Value) -> CaseId {
    let visit = review.visit(&["hoarding"]).await;
    let case = review.push(&visit).await;
    accepted(review.supervisor.decide(case, request).await).await;
    let mut corrected = correction(&visit, &["hoarding"]);
    corrected.photos.push(photo_entry(corrected.inspection_id.to_string().as_bytes(), &corrected));
    review.verify(&corrected.photos[1..]).await;
    review.device.push(&[review.device.amend(&corrected)]).await;
    assert_eq!(review.show(case).await["inspection"]["inspection_id"], json!(corrected.inspection_id));
    case
}

#[tokio::test]
async fn what_a_supervisor_decided_on_an_undecided_case_outlives_its_correction() {
    let review = Review::start().await;
    let (mut elsewhere, mut free) = (decision("re_attribute", 1), decision("re_evaluate", 1));
    elsewhere["unit_id"] = json!(review.macun.streets[1]);
    free["level"] = json!("township");

    let elsewhere = corrected_after(&review, &elsewhere).await;
    let free = corrected_after(&review, &free).await;

    assert_eq!(review.show(elsewhere).await["unit_id"], json!(review.macun.streets[1]));
    let shown = review.show(free).await;
    assert_eq!((&shown["level"], &shown["pending"]), (&json!("township"), &json!(0)));
    for case in [elsewhere, free] {
        review.decide(case, "confirm").await;
    }
    let entries = review.entries().await;
    assert_eq!((entries.len(), &entries[0]["unit_id"]), (1, &json!(review.macun.streets[1])));
    let mut connection = review.server.connection().await;
    let replayed = replay_ledger(&mut connection, &review.macun.code, Extent::All, |_| {}).await.unwrap();
    assert!(matches!(replayed, Replayed::Same { .. }), "{replayed:?}");
}

#[tokio::test]
async fn an_amount_that_two_people_entered_outlives_a_correction_of_the_undecided_case() {
    let review = Review::start().await;
    let pack = review.amounts_left_to_office().await;
    let mut visit = review.visit(&["hoarding"]).await;
    visit.context.pack = Some(pack.reference());
    let case = review.push(&visit).await;
    let mut enter = decision("enter_amounts", 1);
    let charge = review.show(case).await["charges"][0]["charge_id"].clone();
    enter["amounts"] = json!([{ "charge_id": charge, "amount": 700 }]);
    review.decide_by_two(case, &enter).await;

    review.device.push(&[review.device.amend(&correction(&visit, &["hoarding"]))]).await;

    assert_eq!(review.show(case).await["pending"], 700);
}

#[tokio::test]
async fn a_correction_of_a_decided_case_leaves_its_undecided_sibling_without_a_doubt() {
    let review = Review::start().await;
    let visit = review.visit(&["hoarding", "licensed_trucks"]).await;
    let dust = review.push(&visit).await;
    let trucks = CaseId::derive(visit.lineage, &"muck_truck".parse().unwrap());
    review.decide(dust, "confirm").await;

    review.device.push(&[review.device.amend(&correction(&visit, &["hoarding", "licensed_trucks"]))]).await;

    assert_eq!(review.show(dust).await["flags"], json!(["amends_decided"]));
    assert_eq!(review.show(trucks).await["flags"], json!([]));
}
