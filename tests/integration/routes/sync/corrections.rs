//! Corrections: a successor moves undecided cases and proposes its charges anew; a decided case only learns of it.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use server::db::schema::cases;
use sync_core::ids::InspectionId;
use sync_core::wire::push::{Missing, Outcome};
use tests::TestServer;
use tests::field::{code, correction, photo_entry, visit};

use super::stored::{cases_of, flags_of};

async fn set_state(server: &TestServer, lineage: InspectionId, state: &str) {
    diesel::update(cases::table.filter(cases::lineage.eq(lineage.0)))
        .set(cases::review_state.eq(state))
        .execute(&mut server.connection().await)
        .await
        .unwrap();
}

#[tokio::test]
async fn a_returned_case_comes_back_with_its_charges_proposed_anew() {
    let server = TestServer::start().await;
    let macun = server.macun().await;
    let device = server.inspector(&macun, "li", "").await;
    let site = server.site(&macun, "001/001").await;
    let first = visit(&device, &site, &["hoarding", "material_cover"]);
    device.push(&[device.submit(&first)]).await;
    set_state(&server, first.lineage, "returned").await;
    let mut corrected = correction(&first, &["material_cover", "vehicle_washing"]);
    corrected.photos.extend([photo_entry(b"one", &first), photo_entry(b"two", &first)]);
    super::verify_photos(&server, &macun, &[b"one", b"two"]).await;

    assert_eq!(device.push(&[device.amend(&corrected)]).await, [Outcome::Applied]);

    let case = &cases_of(&server, first.lineage).await[0];
    assert_eq!((case.inspection_id, case.version), (corrected.inspection_id, 2));
    assert_eq!(case.state, "under_review");
    let states: Vec<_> =
        case.charges.iter().map(|(measure, _, state)| (measure.as_str(), state.as_str())).collect();
    assert_eq!(states, [("hoarding", "void"), ("material_cover", "pending"), ("vehicle_washing", "pending")]);
}

#[tokio::test]
async fn a_correction_in_the_same_batch_as_what_it_corrects_is_one_case() {
    let server = TestServer::start().await;
    let macun = server.macun().await;
    let device = server.inspector(&macun, "li", "").await;
    let site = server.site(&macun, "001/001").await;
    let first = visit(&device, &site, &["hoarding"]);
    let corrected = correction(&first, &["material_cover"]);

    let outcomes = device.push(&[device.submit(&first), device.amend(&corrected)]).await;

    assert_eq!(outcomes, [Outcome::Applied, Outcome::Applied]);
    let cases = cases_of(&server, first.lineage).await;
    assert_eq!((cases.len(), cases[0].version, cases[0].inspection_id), (1, 2, corrected.inspection_id));
    assert_eq!(
        cases[0].charges.iter().map(|charge| charge.0.as_str()).collect::<Vec<_>>(),
        ["material_cover"]
    );
}

#[tokio::test]
async fn a_finding_taken_back_leaves_a_case_without_charges_to_be_dismissed() {
    let server = TestServer::start().await;
    let macun = server.macun().await;
    let device = server.inspector(&macun, "li", "").await;
    let site = server.site(&macun, "001/001").await;
    let first = visit(&device, &site, &["hoarding"]);
    device.push(&[device.submit(&first), device.amend(&correction(&first, &["licensed_trucks"]))]).await;

    let cases = cases_of(&server, first.lineage).await;

    assert_eq!(cases.iter().map(|case| case.item.as_str()).collect::<Vec<_>>(), ["muck_truck", "site_dust"]);
    assert_eq!((cases[1].state.as_str(), cases[1].charges.len()), ("under_review", 0));
}

#[tokio::test]
async fn a_second_correction_of_the_same_inspection_is_superseded() {
    let server = TestServer::start().await;
    let macun = server.macun().await;
    let device = server.inspector(&macun, "li", "").await;
    let site = server.site(&macun, "001/001").await;
    let first = visit(&device, &site, &["hoarding"]);
    let one = device.amend(&correction(&first, &["hoarding"]));
    let two = device.amend(&correction(&first, &["material_cover"]));
    let three = device.amend(&correction(&first, &["material_cover"]));

    let together = device.push(&[device.submit(&first), one, two]).await;
    let later = device.push(&[three]).await;

    assert_eq!(together[..2], [Outcome::Applied, Outcome::Applied]);
    assert_eq!((code(&together[2]), code(&later[0])), ("superseded", "superseded"));
    assert_eq!(cases_of(&server, first.lineage).await[0].charges.len(), 1);
}

#[tokio::test]
async fn a_correction_waits_for_what_it_corrects() {
    let server = TestServer::start().await;
    let macun = server.macun().await;
    let device = server.inspector(&macun, "li", "").await;
    let site = server.site(&macun, "001/001").await;
    let first = visit(&device, &site, &["hoarding"]);
    let amend = device.amend(&correction(&first, &["hoarding"]));

    let outcomes = device.push(&[amend.clone(), device.submit(&first)]).await;

    let held = Outcome::Held { missing: vec![Missing::Inspection(first.inspection_id)] };
    assert_eq!(outcomes, [held, Outcome::Applied]);
    assert_eq!(device.push(&[amend]).await, [Outcome::Applied]);
}

#[tokio::test]
async fn a_decided_case_keeps_state_and_charges_and_is_flagged() {
    let server = TestServer::start().await;
    let macun = server.macun().await;
    let device = server.inspector(&macun, "li", "").await;
    let site = server.site(&macun, "001/001").await;
    let first = visit(&device, &site, &["hoarding"]);
    device.push(&[device.submit(&first)]).await;
    set_state(&server, first.lineage, "confirmed").await;
    let before = cases_of(&server, first.lineage).await;
    let corrected = correction(&first, &["hoarding", "material_cover"]);

    assert_eq!(device.push(&[device.amend(&corrected)]).await, [Outcome::Applied]);

    let after = cases_of(&server, first.lineage).await;
    assert_eq!(after[0].flags, ["amends_decided"]);
    assert_eq!(after[0].charges, before[0].charges);
    assert_eq!((&after[0].state, after[0].inspection_id), (&before[0].state, first.inspection_id));
    assert_eq!(flags_of(&server, corrected.inspection_id).await.unwrap(), ["amends_decided"]);
}

#[tokio::test]
async fn a_correction_fits_what_it_corrects() {
    let server = TestServer::start().await;
    let macun = server.macun().await;
    let device = server.inspector(&macun, "li", "").await;
    let colleague = server.inspector(&macun, "zhao", "").await;
    let site = server.site(&macun, "001/001").await;
    let (first, second) = (visit(&device, &site, &["hoarding"]), visit(&device, &site, &["hoarding"]));
    device.push(&[device.submit(&first), device.submit(&second)]).await;

    let mut other_lineage = correction(&first, &["hoarding"]);
    other_lineage.lineage = second.lineage;
    let mut by_another = correction(&first, &["hoarding"]);
    by_another.author = colleague.user.user_id;

    assert_eq!(code(&device.push(&[device.amend(&other_lineage)]).await[0]), "lineage_invalid");
    assert_eq!(code(&colleague.push(&[colleague.amend(&by_another)]).await[0]), "lineage_invalid");
}
