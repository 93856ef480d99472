//! Old tablet, new server, and back: what a released build sent, as the golden files of `sync-core/tests/golden` have it,
//! to the server of today; and what a newer build sends.

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use reqwest::Method;
use serde_json::{Value, json};
use server::db::schema::{operations, units};
use sync_core::ids::{DeviceId, Incarnation, OperationId, UserId};
use sync_core::wire::push::{Outcome, PushRequest, PushResponse};
use tests::field::{code, text, visit};
use tests::review::accepted;
use tests::{TestDevice, TestRole, TestServer};
use uuid::Uuid;

/// The push of the first version of the wire, with an operation of every kind.
const GOLDEN_PUSH: &str = include_str!("../../sync-core/tests/golden/wire_v1/push.json");

/// Macun with the people, the unit and the device that the golden push names.
async fn golden_device(server: &TestServer) -> TestDevice {
    let macun = server.macun().await;
    let unit = (
        units::district.eq(macun.code.as_str()),
        units::unit_id.eq(Uuid::from_u128(0xF)),
        units::name.eq("东环办事处"),
        units::kind.eq("street_office"),
        units::budget_code.eq("103"),
    );
    diesel::insert_into(units::table).values(unit).execute(&mut server.connection().await).await.unwrap();
    let roles = [TestRole::inspector(""), TestRole::supervisor("")];
    let user = server.user_with_id(&macun, UserId(Uuid::from_u128(0xA)), "zhang", &roles).await;
    let office = server.office(&user).await;
    let lead = json!({
        "fire_point_id": Uuid::from_u128(0x51), "source": "satellite", "point": { "lon": 113.33, "lat": 35.28 },
        "grid": "410804/001", "seen_at": "2026-11-22T00:30:00Z", "note": "",
    });
    accepted(office.request(Method::POST, "/api/v1/fire-points").json(&lead).send().await.unwrap()).await;
    server.device_with_id(&user, DeviceId(Uuid::from_u128(0xC)), Incarnation(Uuid::from_u128(0xB))).await
}

async fn stored(server: &TestServer, id: OperationId) -> Vec<u8> {
    let row = operations::table.filter(operations::op_id.eq(id.0)).select(operations::bytes);
    row.first(&mut server.connection().await).await.unwrap()
}

async fn pushed(device: &TestDevice, body: String) -> PushResponse {
    let request =
        device.request(Method::POST, "/api/v1/sync/push").header("content-type", "application/json");
    let answer = request.body(body).send().await.unwrap();
    assert_eq!(answer.status(), 200, "{}", answer.text().await.unwrap());
    answer.json().await.unwrap()
}

#[tokio::test]
async fn an_old_device_pushes_its_golden_operations_to_the_server_of_today() {
    let server = TestServer::start().await;
    let device = golden_device(&server).await;

    let answer = pushed(&device, GOLDEN_PUSH.to_owned()).await;

    let outcomes: Vec<_> = answer.results.iter().map(|result| result.outcome.clone()).collect();
    assert_eq!(outcomes[..4], [Outcome::Applied, Outcome::Applied, Outcome::Applied, Outcome::Applied]);
    // The case of the golden reports was never opened here: understood, and refused by what they name.
    assert_eq!((code(&outcomes[4]), code(&outcomes[5])), ("case_unknown", "case_unknown"));
    assert_eq!(outcomes[6], Outcome::Applied);
    let golden: PushRequest = serde_json::from_str(GOLDEN_PUSH).unwrap();
    for (result, operation) in answer.results.iter().zip(&golden.operations) {
        assert_eq!(stored(&server, result.op_id).await, operation.get().as_bytes(), "stored as it was sent");
    }
    let again = pushed(&device, GOLDEN_PUSH.to_owned()).await;
    let duplicates = again.results.iter().filter(|line| matches!(line.outcome, Outcome::Duplicate { .. }));
    assert_eq!(duplicates.count(), 7, "the same bytes once more change nothing");
    let (changes, _) = device.pull_all(None).await;
    let named = |entity: &str| changes.iter().filter(|change| change.entity == entity).count();
    assert_eq!((named("target"), named("case"), named("operation"), named("fire_point")), (1, 1, 7, 1));
}

#[tokio::test]
async fn operations_of_a_newer_device_are_stored_untouched_and_hinder_nothing() {
    let server = TestServer::start().await;
    let macun = server.macun().await;
    let device = server.inspector(&macun, "li", "").await;
    let site = server.site(&macun, "001/001").await;
    let submit = || text(&device.submit(&visit(&device, &site, &["hoarding"])));
    // Odd spaces and number forms on purpose: bytes are kept, not values.
    let with_field = submit().replacen(r#""body":{"#, r#""weather" : 1.50e0,"body":{"wind": [6,"级"],"#, 1);
    let newer_schema = submit().replacen(r#""schema_version":1"#, r#""schema_version": 2"#, 1);
    let newer_kind = submit().replacen(r#""kind":"submit_inspection""#, r#""kind":"fly_drone""#, 1);
    let sent = [with_field, newer_schema, newer_kind, submit()];

    let body = format!(
        r#"{{"protocol":1,"battery":0.4,"epoch":null,"incarnation":"{}","operations":[{}]}}"#,
        device.incarnation,
        sent.join(" ,\n")
    );
    let answer = pushed(&device, body).await;

    let outcomes: Vec<_> = answer.results.iter().map(|result| &result.outcome).collect();
    assert_eq!((outcomes[0], outcomes[3]), (&Outcome::Applied, &Outcome::Applied));
    assert_eq!((code(outcomes[1]), code(outcomes[2])), ("operation_schema_newer", "operation_kind_unknown"));
    for (result, text) in answer.results.iter().zip(&sent) {
        assert_eq!(stored(&server, result.op_id).await, text.as_bytes());
    }
    let kept: Value = serde_json::from_slice(&stored(&server, answer.results[0].op_id).await).unwrap();
    assert_eq!(kept["body"]["wind"][1], "级", "a later server can read what this one did not know");
}
