//! What packs ask the server to do by itself: publication before posting (公示), and confirmation after days for review.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use jiff::civil::date;
use serde_json::{Value, json};
use server::db::schema::charges;
use server::services::post_due::post_due;
use sync_core::ids::CaseId;
use sync_core::model::inspection::Inspection;
use sync_core::policy::PolicyPack;
use tests::field::{correction, photo_entry};
use tests::problem;
use tests::review::{AMOUNT_LEFT_TO_OFFICE, Review, accepted, decision};

/// Seconds of a day.
const DAY: i64 = 86_400;

/// A version of the Macun pack that asks for this.
async fn asking(review: &Review, what: &str) -> PolicyPack {
    review.new_version("[charging]\n", &format!("[charging]\n{what}\n"), date(2026, 11, 1)).await
}

async fn visit_by(review: &Review, pack: &PolicyPack) -> Inspection {
    let mut visit = review.visit(&["hoarding"]).await;
    visit.context.pack = Some(pack.reference());
    visit
}

async fn case_by(review: &Review, pack: &PolicyPack) -> CaseId {
    review.push(&visit_by(review, pack).await).await
}

async fn days_pass(review: &Review, days: i64) {
    review.server.clock.advance_seconds(days * DAY);
    review.server.extend_sessions().await;
}

async fn due(review: &Review) -> usize {
    post_due(&review.server.state).await.unwrap()
}

#[tokio::test]
async fn a_published_case_posts_when_its_publication_is_over_and_not_a_day_before() {
    let review = Review::start().await;
    let pack = asking(&review, "publication_days = 7").await;
    let case = case_by(&review, &pack).await;

    let confirmed = review.decide(case, "confirm").await;
    let published = review.show(case).await;
    days_pass(&review, 6).await;
    let too_early = due(&review).await;
    days_pass(&review, 1).await;
    let posted = due(&review).await;

    assert_eq!((&confirmed["review_state"], &confirmed["entries"]), (&json!("confirmed"), &json!([])));
    assert_eq!((&published["posts_on"], &published["pending"]), (&json!("2026-11-29"), &json!(10_000_000)));
    assert_eq!((too_early, posted, due(&review).await), (0, 1, 0));
    let shown = review.show(case).await;
    assert_eq!((&shown["posts_on"], &shown["posted"]), (&Value::Null, &json!(10_000_000)));
    let last = &shown["decisions"][1];
    assert_eq!((&last["kind"], &last["actor"]), (&json!("post_published"), &Value::Null));
}

#[tokio::test]
async fn a_case_dismissed_during_its_publication_never_posts() {
    let review = Review::start().await;
    let pack = asking(&review, "publication_days = 7").await;
    let case = case_by(&review, &pack).await;
    review.decide(case, "confirm").await;

    let dismissed = review.decide(case, "dismiss").await;
    days_pass(&review, 30).await;

    assert_eq!(dismissed["review_state"], "dismissed", "nothing is posted: one person is enough");
    assert_eq!(due(&review).await, 0);
    assert!(review.entries().await.is_empty());
}

#[tokio::test]
async fn an_undecided_case_is_confirmed_after_the_days_that_its_pack_gives() {
    let review = Review::start().await;
    let pack = asking(&review, "auto_post_days = 10").await;
    let case = case_by(&review, &pack).await;
    let other = review.case(&["hoarding"]).await;
    days_pass(&review, 9).await;
    let too_early = due(&review).await;
    days_pass(&review, 1).await;

    assert_eq!((too_early, due(&review).await, due(&review).await), (0, 1, 0));
    let shown = review.show(case).await;
    assert_eq!((&shown["review_state"], &shown["posted"]), (&json!("confirmed"), &json!(10_000_000)));
    assert_eq!(shown["decisions"][0]["kind"], "auto_confirm");
    assert_eq!(review.show(other).await["review_state"], "under_review", "its pack gives no days");
    let late = problem(review.supervisor.decide(case, &decision("dismiss", 1)).await).await;
    assert!(late.detail.unwrap().contains("auto_confirm by a timer"));
}

#[tokio::test]
async fn what_is_in_doubt_returned_or_not_charged_is_left_to_people() {
    let review = Review::start().await;
    let pack = asking(&review, "auto_post_days = 10").await;
    let returned = case_by(&review, &pack).await;
    review.decide(returned, "return").await;
    let mut doubtful = review.visit(&["hoarding"]).await;
    doubtful.context.pack = Some(pack.reference());
    doubtful.fix = None;
    review.push(&doubtful).await;
    let free = case_by(&review, &pack).await;
    let mut level = decision("re_evaluate", 1);
    level["level"] = json!("township");
    accepted(review.supervisor.decide(free, &level).await).await;

    days_pass(&review, 30).await;

    assert_eq!(due(&review).await, 0);
    assert!(review.entries().await.is_empty());
}

#[tokio::test]
async fn two_processes_at_once_do_each_step_once() {
    let review = Review::start().await;
    let pack = asking(&review, "auto_post_days = 10").await;
    for _ in 0..6 {
        case_by(&review, &pack).await;
    }
    days_pass(&review, 10).await;

    let (one, other) = tokio::join!(due(&review), due(&review));

    assert_eq!(one + other, 6);
    assert_eq!(review.entries().await.len(), 6);
    assert_eq!(due(&review).await, 0);
}

#[tokio::test]
async fn a_case_corrected_in_its_publication_does_not_post_until_the_correction_is_decided() {
    let review = Review::start().await;
    let pack = asking(&review, "publication_days = 7").await;
    let visit = visit_by(&review, &pack).await;
    let case = review.push(&visit).await;
    review.decide(case, "confirm").await;
    let corrected = correction(&visit, &[]);
    review.device.push(&[review.device.amend(&corrected)]).await;

    days_pass(&review, 30).await;
    let posted = due(&review).await;

    assert_eq!(posted, 0);
    assert_eq!(review.show(case).await["flags"], json!(["amends_decided"]));
    let mut accept = decision("accept_amendment", 2);
    accept["inspection_id"] = json!(corrected.inspection_id);
    let dismissed = accepted(review.supervisor.decide(case, &accept).await).await;
    assert_eq!((&dismissed["review_state"], &dismissed["entries"]), (&json!("dismissed"), &json!([])));
}

#[tokio::test]
async fn a_case_in_publication_with_an_open_proposal_does_not_post_until_that_is_reviewed() {
    let review = Review::start().await;
    let pack = asking(&review, "publication_days = 7").await;
    let case = case_by(&review, &pack).await;
    review.decide(case, "confirm").await;
    let mut adjust = decision("adjust", 2);
    adjust["level"] = json!("township");
    let proposal = review.propose(case, &adjust).await;

    days_pass(&review, 30).await;
    let waiting = due(&review).await;
    accepted(review.second.review(&proposal, "rejection").await).await;

    assert_eq!((waiting, due(&review).await), (0, 1));
}

#[tokio::test]
async fn a_correction_does_not_bring_a_case_in_publication_a_charge_without_an_amount() {
    let review = Review::start().await;
    let publication = ("[charging]\n", "[charging]\npublication_days = 7\n");
    let pack = review.new_version_with(&[publication, AMOUNT_LEFT_TO_OFFICE], date(2026, 11, 1)).await;
    let visit = visit_by(&review, &pack).await;
    let case = review.push(&visit).await;
    let mut enter = decision("enter_amounts", 1);
    let charge = review.show(case).await["charges"][0]["charge_id"].clone();
    enter["amounts"] = json!([{ "charge_id": charge, "amount": 700 }]);
    review.decide_by_two(case, &enter).await;
    review.decide(case, "confirm").await;
    let mut corrected = correction(&visit, &["hoarding", "material_cover"]);
    corrected.photos.extend(review.visit(&["material_cover"]).await.photos);
    review.verify(&corrected.photos[1..]).await;
    review.device.push(&[review.device.amend(&corrected)]).await;

    let mut accept = decision("accept_amendment", 3);
    accept["inspection_id"] = json!(corrected.inspection_id);
    let refused = problem(review.supervisor.decide(case, &accept).await).await;

    assert_eq!(refused.code.as_str(), "case_amount_missing");
}

#[tokio::test]
async fn one_case_that_cannot_post_does_not_keep_the_others_from_it() {
    let review = Review::start().await;
    let pack = asking(&review, "publication_days = 7").await;
    let stuck = case_by(&review, &pack).await;
    let free = case_by(&review, &pack).await;
    for case in [stuck, free] {
        review.decide(case, "confirm").await;
    }
    diesel::update(charges::table.filter(charges::case_id.eq(stuck.0)))
        .set(charges::amount_fen.eq(None::<i64>))
        .execute(&mut review.server.connection().await)
        .await
        .unwrap();

    days_pass(&review, 7).await;

    assert_eq!(due(&review).await, 1);
    assert_eq!(review.entries().await[0]["case_id"], json!(free));
}

/// A confirmed case whose publication is over.
async fn posted_after_publication(review: &mut Review, visit: &Inspection) -> CaseId {
    let case = review.push(visit).await;
    review.decide(case, "confirm").await;
    days_pass(review, 7).await;
    assert_eq!(due(review).await, 1);
    review.device = review.server.renewed(&review.device);
    case
}

#[tokio::test]
async fn what_a_correction_adds_to_a_posted_case_is_published_first() {
    let mut review = Review::start().await;
    let pack = asking(&review, "publication_days = 7").await;
    let visit = visit_by(&review, &pack).await;
    let case = posted_after_publication(&mut review, &visit).await;
    let mut corrected = correction(&visit, &["hoarding", "material_cover"]);
    corrected.photos = [b"hoarding", b"covering"].map(|shot| photo_entry(shot, &visit)).to_vec();
    review.verify(&corrected.photos).await;
    review.device.push(&[review.device.amend(&corrected)]).await;
    let mut accept = decision("accept_amendment", review.show(case).await["version"].clone());
    accept["inspection_id"] = json!(corrected.inspection_id);

    let accepted = review.decide_by_two(case, &accept).await;

    let shown = review.show(case).await;
    assert_eq!((&accepted["entries"], &shown["posts_on"]), (&json!([]), &json!("2026-12-06")));
    assert_eq!((&shown["posted"], &shown["pending"]), (&json!(10_000_000), &json!(10_000_000)));
    days_pass(&review, 7).await;
    assert_eq!((due(&review).await, due(&review).await), (1, 0));
    assert_eq!(review.show(case).await["posted"], 20_000_000);
}

#[tokio::test]
async fn what_an_adjustment_adds_to_a_confirmed_case_is_published_first() {
    let review = Review::start().await;
    let pack = asking(&review, "publication_days = 7").await;
    let case = case_by(&review, &pack).await;
    let mut free = decision("re_evaluate", 1);
    free["level"] = json!("township");
    accepted(review.supervisor.decide(case, &free).await).await;
    review.decide(case, "confirm").await;
    let mut charged = decision("adjust", review.show(case).await["version"].clone());
    charged["level"] = json!("district");

    let adjusted = review.decide_by_two(case, &charged).await;

    assert_eq!(adjusted["entries"], json!([]));
    assert_eq!(review.show(case).await["posts_on"], "2026-11-29");
    days_pass(&review, 7).await;
    assert_eq!(due(&review).await, 1);
    assert_eq!(review.show(case).await["posted"], 10_000_000);
}

#[tokio::test]
async fn a_case_that_goes_to_another_unit_in_its_publication_is_published_anew() {
    let review = Review::start().await;
    let pack = asking(&review, "publication_days = 7").await;
    let case = case_by(&review, &pack).await;
    review.decide(case, "confirm").await;
    days_pass(&review, 5).await;
    let mut west = decision("re_attribute", review.show(case).await["version"].clone());
    west["unit_id"] = json!(review.macun.streets[1]);

    accepted(review.supervisor.decide(case, &west).await).await;

    assert_eq!(review.show(case).await["posts_on"], "2026-12-04");
    days_pass(&review, 2).await;
    assert_eq!(due(&review).await, 0);
    days_pass(&review, 5).await;
    assert_eq!(due(&review).await, 1);
}
