//! What an inspection was sealed in, against what the server sees: flagged for a supervisor, never refused for clock,
//! fix or measurements (invariant 3), never recomputed.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use jiff::civil::date;
use server::db::schema::{assignments, cases, grids, targets, zones};
use server::db::types::Day;
use sync_core::geo::Point;
use sync_core::ids::{InspectionId, PackHash, ZoneId};
use sync_core::limits::FIX_APART_MAX_SECONDS;
use sync_core::model::assignment::DiscoveryLevel;
use sync_core::model::inspection::{Inspection, Measurement};
use sync_core::model::target::FactValue;
use sync_core::model::zone::ZoneKind;
use sync_core::policy::builtin_packs;
use sync_core::wire::push::{Missing, Outcome};
use tests::field::Occurring as _;
use tests::field::{code, visit};
use tests::review::{CHEAPER, Review, SITE_DUST};
use tests::{TestDistrict, TestServer};

use super::stored::{cases_of, charge_count, flags_of};

/// Pushes one visit, changed by `change`, and says which flags it got.
async fn flags_after(change: impl FnOnce(&TestDistrict, &mut Inspection)) -> Vec<String> {
    let server = TestServer::start().await;
    let macun = server.macun().await;
    let device = server.inspector(&macun, "li", "").await;
    let site = server.site(&macun, "001/001").await;
    let mut visit = visit(&device, &site, &["hoarding"]);
    change(&macun, &mut visit);
    assert_eq!(device.push(&[device.submit(&visit)]).await, [Outcome::Applied]);
    let flags = flags_of(&server, visit.inspection_id).await.unwrap();
    let cases = cases_of(&server, visit.lineage).await;
    assert!(
        cases.iter().all(|case| case.flags == flags),
        "a case is blocked by what its inspection is: {cases:?}"
    );
    flags
}

#[tokio::test]
async fn a_clock_at_1970_or_2099_is_applied_and_flagged() {
    for clock in ["1970-01-01T00:00:00Z", "2099-12-31T23:59:59Z", "-009999-01-02T01:59:59Z"] {
        let flags = flags_after(|_, visit| visit.occurred_at = clock.parse().unwrap()).await;
        assert!(flags.contains(&"clock_suspect".to_owned()), "{clock}: {flags:?}");
    }
}

#[tokio::test]
async fn a_wild_fix_is_applied_and_flagged() {
    let away = Point { lon: -120.0, lat: 1e300 };
    assert_eq!(flags_after(|_, visit| visit.fix.as_mut().unwrap().point = away).await, ["fix_suspect"]);
    assert_eq!(flags_after(|_, visit| visit.fix = None).await, ["fix_suspect"]);
}

#[tokio::test]
async fn an_impossible_measurement_is_applied_and_flagged() {
    let tsp = Measurement { code: "tsp".parse().unwrap(), value: -1e308 };
    assert_eq!(flags_after(|_, visit| visit.measurements = vec![tsp]).await, ["measurement_suspect"]);
}

#[tokio::test]
async fn another_level_unit_zone_pack_or_target_than_the_server_sees_is_flagged() {
    assert_eq!(flags_after(|_, v| v.context.level = DiscoveryLevel::National).await, ["level_differs"]);
    assert_eq!(flags_after(|macun, v| v.context.unit_id = macun.streets[1]).await, ["unit_differs"]);
    assert_eq!(flags_after(|_, v| v.context.zones = vec![ZoneKind::NoBurn]).await, ["zones_differ"]);
    assert_eq!(flags_after(|_, v| v.context.pack = None).await, ["pack_differs"]);
    let other_facts = |v: &mut Inspection| {
        let facts = &mut v.context.target.as_mut().unwrap().facts;
        facts.insert("site_type".parse().unwrap(), FactValue::Text("municipal".to_owned()));
    };
    assert_eq!(flags_after(|_, v| other_facts(v)).await, ["target_differs"]);
    let other_version = |v: &mut Inspection| v.context.target.as_mut().unwrap().version = 7;
    assert_eq!(flags_after(|_, v| other_version(v)).await, ["target_differs"]);
}

#[tokio::test]
async fn the_zones_of_a_target_are_those_at_its_own_place() {
    let server = TestServer::start().await;
    let macun = server.macun().await;
    let device = server.inspector(&macun, "li", "").await;
    let site = server.site(&macun, "001/001").await;
    let Point { lon, lat } = site.content.point;
    let (west, east, south, north) = (lon - 0.01, lon + 0.0001, lat - 0.01, lat + 0.01);
    let ring = [[west, south], [east, south], [east, north], [west, north], [west, south]];
    diesel::insert_into(zones::table)
        .values((
            zones::district.eq(macun.code.as_str()),
            zones::zone_id.eq(ZoneId::fresh().0),
            zones::kind.eq("no_burn"),
            zones::name.eq("禁燃区"),
            zones::polygon.eq(serde_json::json!([ring])),
            zones::from_day.eq(Day(date(2024, 1, 1))),
        ))
        .execute(&mut server.connection().await)
        .await
        .unwrap();
    let mut across_the_street = visit(&device, &site, &["hoarding"]);
    across_the_street.fix.as_mut().unwrap().point.lon += 0.0002;
    let zoneless = across_the_street.clone();
    across_the_street.context.zones = vec![ZoneKind::NoBurn];
    device.push(&[device.submit(&across_the_street)]).await;
    assert_eq!(flags_of(&server, across_the_street.inspection_id).await, Some(Vec::new()));

    let zoneless = Inspection { inspection_id: InspectionId::fresh(), ..zoneless };
    let zoneless = Inspection { lineage: zoneless.inspection_id, ..zoneless };
    device.push(&[device.submit(&zoneless)]).await;
    assert_eq!(flags_of(&server, zoneless.inspection_id).await.unwrap(), ["zones_differ"]);
}

#[tokio::test]
async fn a_spot_that_lies_in_a_grid_of_another_unit_is_flagged() {
    let server = TestServer::start().await;
    let macun = server.macun().await;
    let device = server.inspector(&macun, "li", "").await;
    let site = server.site(&macun, "001/001").await;
    let Point { lon, lat } = site.content.point;
    let (west, east, south, north) = (lon - 0.01, lon + 0.01, lat - 0.01, lat + 0.01);
    let ring = [[west, south], [east, south], [east, north], [west, north], [west, south]];
    diesel::update(grids::table.filter(grids::path.eq(macun.grid("002").as_str().to_owned())))
        .set(grids::polygon.eq(serde_json::json!([ring])))
        .execute(&mut server.connection().await)
        .await
        .unwrap();
    let mut across_the_boundary = visit(&device, &site, &["hoarding"]);
    across_the_boundary.context.target = None;
    let mut there = visit(&device, &site, &["hoarding"]);
    there.context.target = None;
    (there.context.grid, there.context.unit_id) = (macun.grid("002"), macun.streets[1]);
    device.push(&[device.submit(&across_the_boundary), device.submit(&there)]).await;
    assert_eq!(flags_of(&server, across_the_boundary.inspection_id).await.unwrap(), ["unit_differs"]);
    assert_eq!(flags_of(&server, there.inspection_id).await, Some(Vec::new()));
}

#[tokio::test]
async fn a_fix_taken_elsewhere_in_time_is_a_doubt() {
    let taken = |after: i64| {
        flags_after(move |_, visit| {
            let fix = visit.fix.as_mut().unwrap();
            fix.fixed_at = visit.occurred_at.plus_seconds(after);
        })
    };
    assert_eq!(taken(FIX_APART_MAX_SECONDS).await, [""; 0]);
    assert_eq!(taken(FIX_APART_MAX_SECONDS + 1).await, ["fix_suspect"]);
    assert_eq!(taken(-FIX_APART_MAX_SECONDS - 1).await, ["fix_suspect"]);
}

#[tokio::test]
async fn a_self_check_is_a_case_without_a_charge() {
    let server = TestServer::start().await;
    let macun = server.macun().await;
    let device = server.inspector(&macun, "li", "").await;
    let site = server.site(&macun, "001/001").await;
    diesel::update(assignments::table)
        .set(assignments::level.eq("self_check"))
        .execute(&mut server.connection().await)
        .await
        .unwrap();
    let mut visit = visit(&device, &site, &["hoarding"]);
    visit.context.level = DiscoveryLevel::SelfCheck;

    device.push(&[device.submit(&visit)]).await;

    assert_eq!(flags_of(&server, visit.inspection_id).await, Some(Vec::new()));
    assert_eq!((cases_of(&server, visit.lineage).await.len(), charge_count(&server).await), (1, 0));
}

#[tokio::test]
async fn a_target_removed_meanwhile_was_inspected_all_the_same() {
    let server = TestServer::start().await;
    let macun = server.macun().await;
    let device = server.inspector(&macun, "li", "").await;
    let site = server.site(&macun, "001/001").await;
    diesel::update(targets::table)
        .set(targets::deleted_at.eq(targets::created_at.nullable()))
        .execute(&mut server.connection().await)
        .await
        .unwrap();
    let visit = visit(&device, &site, &["hoarding"]);
    assert_eq!(device.push(&[device.submit(&visit)]).await, [Outcome::Applied]);
    assert_eq!(flags_of(&server, visit.inspection_id).await.unwrap(), ["target_differs"]);
}

#[tokio::test]
async fn a_write_follows_the_assignment_at_occurrence_not_that_of_today() {
    let server = TestServer::start().await;
    let macun = server.macun().await;
    let device = server.inspector(&macun, "li", "001").await;
    let site = server.site(&macun, "001/001").await;
    let end_on = async |last| {
        diesel::update(assignments::table)
            .set(assignments::until_day.eq(Day(last)))
            .execute(&mut server.connection().await)
            .await
            .unwrap();
    };
    let mut yesterday = visit(&device, &site, &["hoarding"]);
    yesterday.occurs_at(yesterday.occurred_at.plus_seconds(-86_400));

    end_on(date(2026, 11, 21)).await;
    assert_eq!(device.push(&[device.submit(&yesterday)]).await, [Outcome::Applied]);
    let today = visit(&device, &site, &["hoarding"]);
    assert_eq!(code(&device.push(&[device.submit(&today)]).await[0]), "not_assigned");
}

#[tokio::test]
async fn a_clock_that_cannot_be_right_is_judged_by_the_assignment_at_receipt() {
    let server = TestServer::start().await;
    let macun = server.macun().await;
    let device = server.inspector(&macun, "li", "001").await;
    let elsewhere = server.site(&macun, "002/001").await;
    let mut visit = visit(&device, &elsewhere, &["hoarding"]);
    assert_eq!(code(&device.push(&[device.submit(&visit)]).await[0]), "not_assigned");
    visit.occurred_at = "1970-01-01T00:00:00Z".parse().unwrap();
    assert_eq!(code(&device.push(&[device.submit(&visit)]).await[0]), "not_assigned");
}

#[tokio::test]
async fn a_case_belongs_to_the_month_of_shanghai_to_the_second() {
    let server = TestServer::start().await;
    let macun = server.macun().await;
    let device = server.inspector(&macun, "li", "").await;
    let site = server.site(&macun, "001/001").await;
    for (occurred_at, month) in [
        ("2026-10-31T15:59:59.999Z", date(2026, 10, 1)),
        ("2026-10-31T16:00:00Z", date(2026, 11, 1)),
        ("2026-10-31T16:00:01Z", date(2026, 11, 1)),
    ] {
        let mut visit = visit(&device, &site, &["hoarding"]);
        visit.occurs_at(occurred_at.parse().unwrap());
        device.push(&[device.submit(&visit)]).await;
        let stored: Day = cases::table
            .filter(cases::lineage.eq(visit.lineage.0))
            .select(cases::occurred_month)
            .first(&mut server.connection().await)
            .await
            .unwrap();
        assert_eq!(stored.0, month, "{occurred_at}");
    }
}

#[tokio::test]
async fn an_inspection_is_judged_by_the_pack_it_was_sealed_with_whatever_is_in_force_today() {
    let review = Review::start().await;
    let visit = review.visit(&["hoarding"]).await;
    let newer = review.new_version(SITE_DUST, CHEAPER, date(2026, 11, 23)).await;
    assert_ne!(visit.context.pack.as_ref().unwrap().hash, *newer.hash());
    review.server.clock.advance_seconds(48 * 3600);
    let device = review.server.renewed(&review.device);

    assert_eq!(device.push(&[device.submit(&visit)]).await, [Outcome::Applied]);

    assert_eq!(flags_of(&review.server, visit.inspection_id).await.unwrap(), Vec::<String>::new());
    let cases = cases_of(&review.server, visit.lineage).await;
    assert_eq!(cases[0].charges, [("hoarding".to_owned(), Some(10_000_000), "pending".to_owned())]);
}

#[tokio::test]
async fn an_inspection_waits_for_the_pack_it_was_sealed_with_where_a_restored_server_has_lost_it() {
    let review = Review::start().await;
    let mut visit = review.visit(&["hoarding"]).await;
    let shipped = builtin_packs().iter().find(|pack| pack.file == "macun-2024.toml").unwrap();
    let lost = PackHash::of(shipped.source.replacen(SITE_DUST, CHEAPER, 1).as_bytes());
    visit.context.pack.as_mut().unwrap().hash = lost.clone();
    let submission = review.device.submit(&visit);

    let held = review.device.push(std::slice::from_ref(&submission)).await;
    assert_eq!(held, [Outcome::Held { missing: vec![Missing::Pack(lost.clone())] }]);

    let again = review.new_version(SITE_DUST, CHEAPER, date(2026, 11, 1)).await;
    assert_eq!(*again.hash(), lost);
    assert_eq!(review.device.push(&[submission]).await, [Outcome::Applied]);
}
