//! The demonstration district (演示区) in a fresh database, and what it does to others.

use std::collections::{BTreeMap, BTreeSet};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use p256::ecdsa::SigningKey;
use reqwest::{Method, StatusCode};
use serde_json::json;
use server::auth::enrolment_code::EnrolmentCode;
use server::db::Connection;
use server::db::schema::{
    assignments, changes, districts, enrolment_codes, grids, pack_adoptions, packs, targets, units, users,
    zones,
};
use server::demo_district::{DISTRICT, DemoDistrict, FillError, Filled, PASSWORD, fill};
use sync_core::ids::{GridPath, Incarnation};
use sync_core::model::target::TargetContent;
use sync_core::policy::{PolicyPack, check_target};
use sync_core::time::Clock;
use sync_core::wire::auth::Enrolled;
use sync_core::wire::pull::{ChangeKind, PullAnswer, entity};
use tests::{TestServer, TestUser};

/// Rows of every table that the demonstration writes, and the district's change number.
#[derive(Debug, PartialEq, Eq)]
struct Counts {
    change_number: i64,
    rows: [i64; 10],
}

async fn counts(connection: &mut Connection) -> Counts {
    macro_rules! rows {
        ($($table:ident),+) => { [$($table::table.count().get_result(connection).await.unwrap()),+] };
    }
    Counts {
        change_number: districts::table
            .select(districts::change_number)
            .get_result(connection)
            .await
            .unwrap(),
        rows: rows!(
            units,
            grids,
            zones,
            users,
            assignments,
            enrolment_codes,
            packs,
            pack_adoptions,
            targets,
            changes
        ),
    }
}

#[tokio::test]
async fn an_empty_database_gets_the_whole_demonstration() {
    let server = TestServer::start().await;
    let (mut connection, demo) = (server.connection().await, DemoDistrict::build().unwrap());
    assert_eq!(fill(&mut connection, &demo, server.clock.now()).await.unwrap(), Filled::New);

    let Counts { change_number, rows } = counts(&mut connection).await;
    assert_eq!(change_number, 1, "one transaction is one number");
    let (grids, people, inspectors) = (1 + 7 + 28, 20, 8);
    let told = 13 + grids + 3 + 1 + people + 2000;
    assert_eq!(rows, [13, grids, 3, people, people, inspectors, 5, 1, 2000, told]);

    let roles: Vec<(String, i64)> = assignments::table
        .group_by(assignments::role)
        .select((assignments::role, diesel::dsl::count_star()))
        .order(assignments::role)
        .load(&mut connection)
        .await
        .unwrap();
    let roles: Vec<(&str, i64)> = roles.iter().map(|(role, count)| (role.as_str(), *count)).collect();
    let expected =
        [("administrator", 1), ("finance", 2), ("inspector", 8), ("liaison", 7), ("supervisor", 2)];
    assert_eq!(roles, expected);
}

#[tokio::test]
async fn stored_targets_are_of_every_kind_valid_by_the_adopted_pack_and_inside_their_grids() {
    type Row = (uuid::Uuid, String, String, String, String, f64, f64, String, uuid::Uuid, serde_json::Value);
    let server = TestServer::start().await;
    let (mut connection, demo) = (server.connection().await, DemoDistrict::build().unwrap());
    fill(&mut connection, &demo, server.clock.now()).await.unwrap();

    let source: String = packs::table
        .inner_join(pack_adoptions::table.on(pack_adoptions::hash.eq(packs::hash)))
        .select(packs::source)
        .get_result(&mut connection)
        .await
        .unwrap();
    let pack = PolicyPack::load(&source, "adopted").unwrap();
    assert_eq!(pack.id().as_str(), "macun-2024");
    let outlines: Vec<(String, Option<serde_json::Value>)> =
        grids::table.select((grids::path, grids::polygon)).load(&mut connection).await.unwrap();
    let outlines: BTreeMap<GridPath, sync_core::geo::Polygon> = outlines
        .into_iter()
        .map(|(path, polygon)| (path.parse().unwrap(), serde_json::from_value(polygon.unwrap()).unwrap()))
        .collect();
    let rows: Vec<Row> = targets::table
        .select((
            targets::target_id,
            targets::kind,
            targets::code,
            targets::name,
            targets::address,
            targets::lon,
            targets::lat,
            targets::grid,
            targets::unit_id,
            targets::facts,
        ))
        .load(&mut connection)
        .await
        .unwrap();
    let built: BTreeMap<_, _> = demo.targets.iter().map(|target| (target.target_id.0, target)).collect();
    let mut kinds = BTreeSet::new();
    for (id, kind, code, name, address, lon, lat, grid, unit_id, facts) in rows {
        let stored: TargetContent = serde_json::from_value(json!({
            "target_id": id, "kind": kind, "code": code, "name": name, "address": address,
            "point": { "lon": lon, "lat": lat }, "grid": grid, "unit_id": unit_id,
            "supervising_department": built[&id].supervising_department,
            "responsible_person": built[&id].responsible_person, "facts": facts,
        }))
        .unwrap();
        assert_eq!(&stored, built[&id], "stored as it was built");
        assert_eq!(check_target(&pack, &stored), []);
        assert!(outlines[&stored.grid].contains(stored.point), "{stored:?}");
        kinds.insert(kind);
    }
    assert_eq!(kinds, pack.kinds().iter().map(|kind| kind.code.to_string()).collect());
}

#[tokio::test]
async fn an_inspectors_device_pulls_the_register_of_its_grid_and_what_goes_with_it() {
    let server = TestServer::start().await;
    let demo = DemoDistrict::build().unwrap();
    fill(&mut *server.connection().await, &demo, server.clock.now()).await.unwrap();
    let inspector = demo.sign_in("inspector1").unwrap();
    let user = TestUser {
        district: DISTRICT.parse().unwrap(),
        user_id: inspector.user_id,
        username: inspector.username.clone(),
    };
    let device = server.device(&user).await;

    let mut pulled: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    let mut path = "/api/v1/sync/pull".to_owned();
    loop {
        let answer = device.request(Method::GET, &path).send().await.unwrap().text().await.unwrap();
        let PullAnswer::Page(page) = serde_json::from_str(&answer).unwrap() else { panic!("{answer}") };
        for change in page.changes {
            assert_eq!(change.change, ChangeKind::Upsert, "{change:?}");
            pulled.entry(change.entity).or_default().insert(change.id);
        }
        if !page.more {
            break;
        }
        path = format!("/api/v1/sync/pull?cursor={}", page.cursor);
    }

    let own = demo.targets.iter().filter(|target| inspector.assignment.grid.covers(&target.grid));
    assert_eq!(pulled[entity::TARGET], own.map(|target| target.target_id.to_string()).collect());
    assert_eq!(pulled[entity::UNIT], demo.units.iter().map(|unit| unit.unit_id.to_string()).collect());
    assert_eq!(pulled[entity::GRID], demo.grids.iter().map(|grid| grid.path.to_string()).collect());
    assert_eq!(pulled[entity::ZONE], demo.zones.iter().map(|zone| zone.zone_id.to_string()).collect());
    let assignment = inspector.assignment.assignment_id.to_string();
    assert_eq!(pulled[entity::ASSIGNMENT], BTreeSet::from([assignment]));
    assert_eq!(pulled[entity::PACK].len(), 1);
}

#[tokio::test]
async fn people_get_in_by_what_the_demonstration_says_of_them() {
    let server = TestServer::start().await;
    let demo = DemoDistrict::build().unwrap();
    fill(&mut *server.connection().await, &demo, server.clock.now()).await.unwrap();

    for username in ["supervisor1", "liaison.macun", "finance1", "admin"] {
        let body = json!({ "username": username, "password": PASSWORD });
        let response = server.request(Method::POST, "/api/v1/sessions").json(&body).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::CREATED, "{username}");
    }
    // Long after the start, because a demonstration is left running.
    server.clock.advance_seconds(400 * 24 * 3600);
    let inspector = demo.sign_in("selfcheck1").unwrap();
    let key = SigningKey::from_slice(&[7; 32]).unwrap();
    let body = json!({
        "code": inspector.enrolment_code,
        "public_key": URL_SAFE_NO_PAD.encode(key.verifying_key().to_encoded_point(false).as_bytes()),
        "device_name": "演示终端",
        "incarnation": Incarnation::fresh(),
    });
    let response = server.request(Method::POST, "/api/v1/devices/enrol").json(&body).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::CREATED);
    let enrolled: Enrolled = response.json().await.unwrap();
    assert_eq!((enrolled.user_id, enrolled.user_name), (inspector.user_id, inspector.name.clone()));
}

#[tokio::test]
async fn a_second_start_changes_nothing_but_makes_spent_codes_good_again() {
    let server = TestServer::start().await;
    let (mut connection, demo) = (server.connection().await, DemoDistrict::build().unwrap());
    let now = server.clock.now();
    fill(&mut connection, &demo, now).await.unwrap();
    let before = counts(&mut connection).await;
    let code = demo.sign_in("inspector1").unwrap().enrolment_code.as_deref().unwrap();
    let hash = EnrolmentCode::typed(code).hash();
    let spent = diesel::update(enrolment_codes::table.find(&hash))
        .set(enrolment_codes::used_at.eq(server::db::types::Time(now)))
        .execute(&mut connection)
        .await
        .unwrap();
    assert_eq!(spent, 1);

    assert_eq!(fill(&mut connection, &demo, now.plus_seconds(60)).await.unwrap(), Filled::Already);
    assert_eq!(counts(&mut connection).await, before);
    let unspent = enrolment_codes::table.filter(enrolment_codes::used_at.is_null()).count();
    assert_eq!(unspent.get_result::<i64>(&mut connection).await.unwrap(), 8);
}

#[tokio::test]
async fn two_servers_that_start_at_once_fill_it_once() {
    let server = TestServer::start().await;
    let demo = DemoDistrict::build().unwrap();
    let (mut first, mut second) = (server.connection().await, server.connection().await);
    let now = server.clock.now();
    let (one, other) = tokio::join!(fill(&mut first, &demo, now), fill(&mut second, &demo, now));
    let outcomes = [one.unwrap(), other.unwrap()];
    assert!(outcomes.contains(&Filled::New) && outcomes.contains(&Filled::Already), "{outcomes:?}");
    assert_eq!(counts(&mut first).await.change_number, 1);
}

#[tokio::test]
async fn a_database_of_others_is_refused_and_left_as_it_is() {
    let server = TestServer::start().await;
    for code in [DISTRICT, "410883"] {
        server.district(code).await;
        let mut connection = server.connection().await;
        let refused =
            fill(&mut connection, &DemoDistrict::build().unwrap(), server.clock.now()).await.unwrap_err();
        assert!(
            matches!(&refused, FillError::NotEmpty { districts } if districts.contains(code)),
            "{refused}"
        );
        assert_eq!(targets::table.count().get_result::<i64>(&mut connection).await.unwrap(), 0);
        let demonstrations = districts::table.filter(districts::demonstration.eq(true)).count();
        assert_eq!(demonstrations.get_result::<i64>(&mut connection).await.unwrap(), 0);
    }
}

#[tokio::test]
async fn a_real_district_beside_the_demonstration_is_refused() {
    let server = TestServer::start().await;
    let (mut connection, demo) = (server.connection().await, DemoDistrict::build().unwrap());
    fill(&mut connection, &demo, server.clock.now()).await.unwrap();
    server.district("410883").await;
    let refused = fill(&mut connection, &demo, server.clock.now()).await.unwrap_err();
    assert!(matches!(&refused, FillError::NotEmpty { districts } if districts == "410883"), "{refused}");
}
