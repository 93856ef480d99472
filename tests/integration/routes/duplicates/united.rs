//! What becomes of cases that were merged into one (并案): what each found stays found, the order is one, and whoever answers
//! for the survivor sees all of it.

use image::metadata::Orientation;
use jiff::civil::date;
use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use server::services::replay_ledger::{Extent, Replayed, replay_ledger};
use sync_core::geo::Point;
use sync_core::ids::{CaseId, UnitId};
use sync_core::model::inspection::{FirePoint, Inspection, Verdict};
use sync_core::wire::push::Outcome;
use tests::field::{code, correction, photo_entry};
use tests::rectification::{order, plain, report};
use tests::review::{Review, accepted, decision, proposed, read};
use tests::scene::{SceneExif, SceneKind, scene};
use tests::{TestOffice, TestRole, problem};

use super::decide::{about, charge, charges, entries, entry, merge, merging, post, two_visits};
use super::{DEGREES_PER_METRE, fire, first_fire, push as push_fire};

/// A version of the Macun pack that charges less for site dust.
const LESS: (&str, &str) = (
    "en = \"Site without the six 100% dust measures\"\namount = 100_000",
    "en = \"Site without the six 100% dust measures\"\namount = 80_000",
);

/// How the Macun pack counts fires in the open.
const BURNING_BY_CASE: &str = "en = \"Open burning\"\namount = 50_000\ncount = \"case\"";

/// Its other question about them: points are counted by one.
const SECOND_QUESTION: &str = "  { code = \"no_waste_burning\", item = \"open_burning\", zh = \"无垃圾、枯枝落叶、杂草焚烧\", \
    en = \"No waste, branches, leaves or weeds are burnt\" },\n";

async fn pushed(review: &Review, visits: &[Inspection; 2]) -> [CaseId; 2] {
    [review.push(&visits[0]).await, review.push(&visits[1]).await]
}

async fn corrected(review: &Review, of: &Inspection, failed: &[&str]) -> Inspection {
    let mut corrected = correction(of, failed);
    corrected.photos = of.photos.clone();
    corrected.photos[0].question = None;
    assert_eq!(review.device.push(&[review.device.amend(&corrected)]).await, [Outcome::Applied]);
    corrected
}

async fn replays(review: &Review) {
    let mut connection = review.server.connection().await;
    let replayed = replay_ledger(&mut connection, &review.macun.code, Extent::All, |_| {}).await.unwrap();
    assert!(matches!(replayed, Replayed::Same { .. }), "{replayed:?}");
}

/// Merges a case of the second street into one of the first, which answers for both.
async fn merged_across_units(review: &Review) -> ([CaseId; 2], [Inspection; 2]) {
    let mut visits = two_visits(review, &["hoarding"], &["material_cover"]).await;
    visits[1].context.unit_id = review.macun.streets[1];
    visits[1].photos = vec![photo_entry(&picture(), &visits[1])];
    review.device.upload(&picture()).await;
    review.server.state.photos.verdicts.idle().await;
    let one = review.push(&visits[0]).await;
    assert_eq!(review.device.push(&[review.device.submit(&visits[1])]).await, [Outcome::Applied]);
    let two = CaseId::derive(visits[1].lineage, &"site_dust".parse().unwrap());
    merge_to(review, one, two, review.macun.streets[0]).await;
    ([one, two], visits)
}

/// The photo of the absorbed case.
fn picture() -> Vec<u8> {
    let exif = SceneExif {
        taken_at: "2026-11-22T01:30:00Z".parse().unwrap(),
        point: None,
        orientation: Orientation::NoTransforms,
    };
    scene(SceneKind::ConstructionSite, 1, &exif)
}

async fn merge_to(review: &Review, survivor: CaseId, absorbed: CaseId, unit: UnitId) {
    let mut request = merging(review, survivor, &[absorbed]).await;
    request["unit_id"] = json!(unit);
    accepted(post(&review.supervisor, survivor, "merge", &request).await).await;
}

async fn answer(office: &TestOffice, path: &str) -> StatusCode {
    office.request(Method::GET, path).send().await.unwrap().status()
}

#[tokio::test]
async fn what_both_found_outlives_every_correction_of_the_survivor() {
    let review = Review::start().await;
    let visits = two_visits(&review, &["hoarding"], &["hoarding"]).await;
    let [one, two] = pushed(&review, &visits).await;
    merge(&review, one, &[two]).await;
    assert_eq!(review.show(one).await["charges"][0]["merged_from"], json!(two));

    let without = corrected(&review, &visits[0], &["material_cover"]).await;

    let both = [charge("hoarding", "pending"), charge("material_cover", "pending")];
    assert_eq!(charges(&review.show(one).await), both);
    let with = corrected(&review, &without, &["hoarding"]).await;
    assert_eq!(
        charges(&review.show(one).await),
        [charge("hoarding", "pending"), charge("material_cover", "void")]
    );
    corrected(&review, &with, &["material_cover"]).await;
    assert_eq!(charges(&review.show(one).await), both, "found by the absorbed case still");
    review.decide(one, "confirm").await;
    let each = |measure| entry("deduction", measure, 100_000);
    assert_eq!(entries(&review).await, [each("hoarding"), each("material_cover")]);
    replays(&review).await;
}

#[tokio::test]
async fn a_correction_of_a_posted_survivor_does_not_take_back_what_the_absorbed_case_found_too() {
    let review = Review::start().await;
    let visits = two_visits(&review, &["hoarding", "material_cover"], &["hoarding"]).await;
    let [one, two] = pushed(&review, &visits).await;
    merge(&review, one, &[two]).await;
    review.decide(one, "confirm").await;
    let nothing = corrected(&review, &visits[0], &[]).await;

    let request = about("accept_amendment", review.show(one).await["version"].clone(), &nothing);
    let accepted = review.decide_by_two(one, &request).await;

    assert_eq!(accepted["review_state"], "confirmed");
    let expected = [charge("hoarding", "posted"), charge("material_cover", "void")];
    assert_eq!(charges(&review.show(one).await), expected);
    assert_eq!(review.totals("2026-11").await["total"]["posted_yuan"], "100000.00");
    replays(&review).await;
}

#[tokio::test]
async fn what_an_absorbed_case_in_doubt_found_too_goes_with_the_survivors_correction() {
    let review = Review::start().await;
    let mut visits = two_visits(&review, &["hoarding"], &["hoarding"]).await;
    visits[1].fix = None;
    let [one, two] = pushed(&review, &visits).await;
    merge(&review, one, &[two]).await;

    corrected(&review, &visits[0], &["material_cover"]).await;

    let expected = [charge("hoarding", "void"), charge("material_cover", "pending")];
    assert_eq!(charges(&review.show(one).await), expected);
}

#[tokio::test]
async fn the_order_of_an_absorbed_case_goes_on_with_the_survivor() {
    let mut review = Review::start().await;
    let liaison = review.liaison().await;
    let visits = two_visits(&review, &["hoarding"], &["hoarding"]).await;
    let [one, two] = pushed(&review, &visits).await;
    review.step(two, order(json!({ "working_days": 2 }))).await;
    let given = review.round(two).await;
    review.travel("2026-11-23T02:00:00Z").await;

    merge(&review, one, &[two]).await;

    let round = review.round(one).await;
    assert_eq!((&round["round"], &round["state"]), (&json!(1), &json!("assigned")));
    assert_eq!((&round["deadline"], &round["ordered_at"]), (&given["deadline"], &given["ordered_at"]));
    assert_eq!(review.show(one).await["rectification_state"], "assigned");
    assert_eq!(review.round(two).await["state"], "withdrawn");
    let board = read(liaison.request(Method::GET, "/api/v1/rectifications")).await;
    let board: Vec<&Value> =
        board["rectifications"].as_array().unwrap().iter().map(|row| &row["case"]["case_id"]).collect();
    assert_eq!(board, [&json!(one)]);
    review.device = review.server.renewed(&review.device);
    let late = review.device.push(&[review.device.report(two, 1)]).await;
    assert_eq!(code(&late[0]), "rectification_state_forbids");
    assert_eq!(accepted(liaison.report(one, &report(1)).await).await["state"], "rectified");
}

#[tokio::test]
async fn what_was_reported_on_an_absorbed_case_is_rechecked_on_the_survivor() {
    let review = Review::start().await;
    let liaison = review.liaison().await;
    let visits = two_visits(&review, &["hoarding"], &["hoarding"]).await;
    let [one, two] = pushed(&review, &visits).await;
    review.step(two, order(json!({ "working_days": 2 }))).await;
    review.report(&liaison, two).await;
    let reported = review.round(two).await;

    merge(&review, one, &[two]).await;

    let round = review.round(one).await;
    assert_eq!((&round["state"], &round["reported_at"]), (&json!("rectified"), &reported["reported_at"]));
    let texts = |round: &Value| round["records"][0]["text"].clone();
    assert_eq!(texts(&round), texts(&reported));
    assert_eq!(texts(&review.round(two).await), texts(&reported), "where it was made it stays");
    assert_eq!(review.step(one, plain("verify_rectification")).await["state"], "verified");
}

#[tokio::test]
async fn an_order_that_the_survivor_has_stays_and_another_unit_gets_the_absorbed_ones_anew() {
    let review = Review::start().await;
    let visits = two_visits(&review, &["hoarding"], &["hoarding"]).await;
    let [one, two] = pushed(&review, &visits).await;
    for case in [one, two] {
        review.step(case, order(json!({ "working_days": 2 }))).await;
    }
    let own = review.round(one).await;
    merge(&review, one, &[two]).await;
    assert_eq!(review.round(one).await, own);
    assert_eq!(review.round(two).await["state"], "withdrawn");

    let mut visits = two_visits(&review, &["hoarding"], &["hoarding"]).await;
    visits[1].context.unit_id = review.macun.streets[1];
    let [three, four] = pushed(&review, &visits).await;
    review.step(four, order(json!({ "working_days": 2 }))).await;
    review.travel("2026-11-24T02:00:00Z").await;
    merge_to(&review, three, four, review.macun.streets[0]).await;

    let round = review.round(three).await;
    assert_eq!((&round["state"], &round["unit_id"]), (&json!("assigned"), &json!(review.macun.streets[0])));
    assert_eq!(round["deadline"], "2026-11-26T10:00:00.000Z", "two working days from now");
    assert_eq!(review.round(four).await["state"], "withdrawn");
}

#[tokio::test]
async fn who_answers_for_the_survivor_opens_the_absorbed_case_and_its_photos() {
    let review = Review::start().await;
    let ([_, two], visits) = merged_across_units(&review).await;
    let liaison = review.liaison().await;
    let stranger = review.office("stranger", TestRole::liaison(review.macun.bureau)).await;
    let photo = format!("/api/v1/photos/{}/original", visits[1].photos[0].sha256);
    let case = format!("/api/v1/cases/{two}");

    for path in [&case, &photo] {
        assert_eq!(answer(&liaison, path).await, 200, "{path}");
        assert_eq!(answer(&stranger, path).await, 404, "{path}");
    }
}

#[tokio::test]
async fn the_printed_order_of_a_survivor_says_what_each_case_found() {
    let review = Review::start().await;
    let ([one, _], _) = merged_across_units(&review).await;
    review.step(one, order(json!({ "working_days": 2 }))).await;

    let path = format!("/api/v1/prints/cases/{one}/rectification-order");
    let page = review.supervisor.request(Method::GET, &path).send().await.unwrap().text().await.unwrap();

    for question in ["围挡", "覆盖"] {
        assert!(page.contains(question), "{question}: {page}");
    }
}

#[tokio::test]
async fn a_measure_found_twice_is_judged_anew_by_another_pack_and_stays() {
    let review = Review::start().await;
    let visits = two_visits(&review, &["hoarding", "material_cover"], &["hoarding"]).await;
    let [one, two] = pushed(&review, &visits).await;
    merge(&review, one, &[two]).await;
    let pack = review.new_version_with(&[LESS], date(2026, 11, 1)).await;
    let mut anew = decision("re_evaluate", review.show(one).await["version"].clone());
    anew["pack_hash"] = json!(pack.hash());
    accepted(review.supervisor.decide(one, &anew).await).await;
    review.decide(one, "confirm").await;
    let nothing = corrected(&review, &visits[0], &[]).await;

    let request = about("accept_amendment", review.show(one).await["version"].clone(), &nothing);
    review.decide_by_two(one, &request).await;

    let expected = [charge("hoarding", "posted"), charge("material_cover", "void")];
    assert_eq!(charges(&review.show(one).await), expected);
    assert_eq!(review.totals("2026-11").await["total"]["posted_yuan"], "80000.00");
    replays(&review).await;
}

#[tokio::test]
async fn what_a_merge_brought_is_dismissed_by_two_and_comes_back_with_the_case() {
    let review = Review::start().await;
    let visits = two_visits(&review, &["hoarding"], &["material_cover"]).await;
    let two = review.push(&visits[1]).await;
    review.decide(two, "confirm").await;
    let one = review.push(&visits[0]).await;
    let request = merging(&review, one, &[two]).await;
    let merged = proposed(post(&review.supervisor, one, "merge", &request).await).await;
    accepted(review.second.review(&merged, "approval").await).await;

    let dismissal = decision("dismiss", review.show(one).await["version"].clone());
    review.decide_by_two(one, &dismissal).await;
    assert_eq!(review.totals("2026-11").await["total"]["posted"], 0);
    let again = corrected(&review, &visits[0], &["hoarding"]).await;
    let reopening = about("accept_amendment", review.show(one).await["version"].clone(), &again);
    review.decide_by_two(one, &reopening).await;

    let both = [charge("hoarding", "pending"), charge("material_cover", "pending")];
    assert_eq!(charges(&review.show(one).await), both);
    replays(&review).await;
}

#[tokio::test]
async fn a_correction_of_an_absorbed_case_is_looked_at_before_the_survivor_is_confirmed() {
    let review = Review::start().await;
    let visits = two_visits(&review, &["hoarding"], &["material_cover"]).await;
    let [one, two] = pushed(&review, &visits).await;
    merge(&review, one, &[two]).await;

    let withdrawn = corrected(&review, &visits[1], &[]).await;

    assert_eq!(review.show(one).await["flags"], json!(["absorbed_amended"]));
    let confirm = decision("confirm", review.show(one).await["version"].clone());
    let blocked = problem(review.supervisor.decide(one, &confirm).await).await;
    assert_eq!(blocked.code.as_str(), "case_needs_settling");
    let refuse = about("refuse_amendment", review.show(two).await["version"].clone(), &withdrawn);
    accepted(review.supervisor.decide(two, &refuse).await).await;
    assert_eq!(review.show(one).await["flags"], json!([]));
    review.decide(one, "confirm").await;
}

#[tokio::test]
async fn a_merge_that_names_another_unit_in_a_publication_begins_it_anew() {
    let mut review = Review::start().await;
    let asked = "[charging]\npublication_days = 7\n";
    let pack = review.new_version("[charging]\n", asked, date(2026, 11, 1)).await;
    let mut visits = two_visits(&review, &["hoarding"], &["hoarding"]).await;
    visits[1].context.unit_id = review.macun.streets[1];
    for visit in &mut visits {
        visit.context.pack = Some(pack.reference());
    }
    let one = review.push(&visits[0]).await;
    review.decide(one, "confirm").await;
    review.server.clock.advance_seconds(6 * 86_400);
    review.server.extend_sessions().await;
    review.device = review.server.renewed(&review.device);
    let two = review.push(&visits[1]).await;

    merge_to(&review, one, two, review.macun.streets[1]).await;

    assert_eq!(review.show(one).await["posts_on"], "2026-12-05");
}

/// A fire with points at so many metres north of the first one's.
fn fires_at(seen: &Inspection, metres: &[f64]) -> Inspection {
    let mut seen = seen.clone();
    let origin = seen.fix.as_ref().unwrap().point;
    let number = |at: usize| u16::try_from(at).unwrap() + 1;
    let point = |(at, metres): (usize, &f64)| FirePoint {
        number: number(at),
        point: Some(Point { lat: origin.lat + metres * DEGREES_PER_METRE, ..origin }),
    };
    let answer = seen.answers.iter_mut().find(|answer| answer.verdict == Verdict::Fail).unwrap();
    answer.points = metres.iter().enumerate().map(point).collect();
    seen
}

#[tokio::test]
async fn of_two_reports_with_several_points_each_place_is_charged_once() {
    let review = Review::start().await;
    let by_point = BURNING_BY_CASE.replace("\"case\"", "\"fire_point\"");
    let counted = [(BURNING_BY_CASE, by_point.as_str()), (SECOND_QUESTION, "")];
    let pack = review.new_version_with(&counted, date(2026, 11, 1)).await;
    let mut seen = first_fire(&review).await;
    seen.context.pack = Some(pack.reference());
    let west = push_fire(&review, &review.device, &fires_at(&seen, &[0.0, 80.0])).await;
    let other = fires_at(&fire(&review.device, &seen, 0.0, 60), &[85.0, 170.0]);
    let east = push_fire(&review, &review.device, &other).await;
    let before = review.show(west).await["pending"].as_i64().unwrap();

    merge(&review, west, &[east]).await;

    let shown = review.show(west).await;
    let measures: Vec<_> = charges(&shown).into_iter().map(|(measure, _)| measure).collect();
    assert_eq!(measures, ["point_1", "point_2", "point_3"]);
    assert_eq!(shown["pending"], before / 2 * 3);
    let from = |at: usize| &shown["charges"][at]["merged_from"];
    assert_eq!([from(0), from(1), from(2)], [&Value::Null, &json!(east), &json!(east)]);
    review.decide(west, "confirm").await;
    replays(&review).await;
}

#[tokio::test]
async fn a_case_whose_loop_is_over_does_not_swallow_an_open_order() {
    let review = Review::start().await;
    let liaison = review.liaison().await;
    let visits = two_visits(&review, &["hoarding"], &["hoarding"]).await;
    let [one, two] = pushed(&review, &visits).await;
    for case in [one, two] {
        review.step(case, order(json!({ "working_days": 2 }))).await;
    }
    review.report(&liaison, one).await;
    review.step(one, plain("verify_rectification")).await;

    let request = merging(&review, one, &[two]).await;
    let refused = problem(post(&review.supervisor, one, "merge", &request).await).await;
    assert_eq!(refused.code.as_str(), "merge_loop_closed");
    merge(&review, two, &[one]).await;

    assert_eq!(review.round(two).await["state"], "assigned");
}
