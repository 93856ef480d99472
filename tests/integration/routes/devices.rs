//! Devices: enrolment by a code, tokens for a signed challenge, revocation.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use p256::ecdsa::signature::Signer;
use p256::ecdsa::{Signature, SigningKey};
use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};
use server::auth::enrolment_code::CODE_SECONDS;
use server::auth::issue_challenge::CHALLENGE_SECONDS;
use server::auth::sign_in::FAILURES_BEFORE_LOCK;
use sync_core::ids::{DeviceId, Incarnation, UserId};
use sync_core::wire::auth::{AccessToken, Challenge, Enrolled};
use sync_core::wire::push::Outcome;
use tests::review::{Review, read};
use tests::{MACUN, TestDevice, TestOffice, TestRole, TestServer, TestUser, problem};

struct World {
    server: TestServer,
    administrator: TestOffice,
    inspector: TestUser,
}

async fn world() -> World {
    let server = TestServer::start().await;
    let district = server.district(MACUN).await;
    let administrator = server.user(&district, "admin", &[TestRole::administrator()]).await;
    let inspector = server.user(&district, "lina", &[TestRole::inspector("001")]).await;
    World { administrator: server.office(&administrator).await, server, inspector }
}

impl World {
    async fn code(&self, user: UserId) -> String {
        let path = format!("/api/v1/users/{user}/enrolment-codes");
        let response = self.administrator.request(Method::POST, &path).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::CREATED);
        response.json::<Value>().await.unwrap()["code"].as_str().unwrap().to_owned()
    }

    async fn enrol(&self, code: &str, key: &SigningKey) -> Response {
        let point = key.verifying_key().to_encoded_point(false);
        let body = json!({
            "code": code,
            "public_key": URL_SAFE_NO_PAD.encode(point.as_bytes()),
            "device_name": "平板 1",
            "incarnation": Incarnation::fresh(),
        });
        self.server.request(Method::POST, "/api/v1/devices/enrol").json(&body).send().await.unwrap()
    }

    async fn challenge(&self, device: DeviceId) -> Challenge {
        let path = format!("/api/v1/devices/{device}/challenge");
        self.server.request(Method::POST, &path).send().await.unwrap().json().await.unwrap()
    }

    async fn token(&self, device: &TestDevice, challenge: &str, key: &SigningKey) -> Response {
        let signature: Signature = key.sign(challenge.as_bytes());
        let body = json!({
            "challenge": challenge,
            "signature": URL_SAFE_NO_PAD.encode(signature.to_bytes()),
            "user_id": device.user.user_id,
            "incarnation": device.incarnation,
        });
        let path = format!("/api/v1/devices/{}/token", device.device_id);
        self.server.request(Method::POST, &path).json(&body).send().await.unwrap()
    }
}

fn key() -> SigningKey {
    SigningKey::from_slice(&rand::random::<[u8; 32]>()).unwrap()
}

async fn code_of(response: Response) -> String {
    problem(response).await.code.to_string()
}

/// What every synced device does: pull.
async fn pull(device: &TestDevice) -> Response {
    device.request(Method::GET, "/api/v1/sync/pull").send().await.unwrap()
}

async fn refusal(device: &TestDevice) -> String {
    code_of(pull(device).await).await
}

#[tokio::test]
async fn a_code_enrols_one_device_once_however_it_is_typed() {
    let world = world().await;
    let code = world.code(world.inspector.user_id).await.to_lowercase().replace('-', " ");
    let response = world.enrol(&code, &key()).await;
    assert_eq!(response.status(), StatusCode::CREATED);
    let enrolled: Enrolled = response.json().await.unwrap();
    assert_eq!(enrolled.user_id, world.inspector.user_id);
    assert_eq!(enrolled.district.as_str(), MACUN);

    assert_eq!(code_of(world.enrol(&code, &key()).await).await, "enrolment_code_invalid");
    assert_eq!(code_of(world.enrol("00000-00000", &key()).await).await, "enrolment_code_invalid");
    assert_eq!(world.server.audit_actions().await, ["enrolment_code_issued", "device_enrolled"]);
}

#[tokio::test]
async fn a_device_that_never_heard_the_answer_is_answered_again_and_no_other_is() {
    let world = world().await;
    let code = world.code(world.inspector.user_id).await;
    let key_of_it = key();
    let first: Enrolled = world.enrol(&code, &key_of_it).await.json().await.unwrap();
    let again: Enrolled = world.enrol(&code, &key_of_it).await.json().await.unwrap();
    assert_eq!((first.device_id, first.user_id), (again.device_id, again.user_id));
    assert_eq!(code_of(world.enrol(&code, &key()).await).await, "enrolment_code_invalid");
    world.server.clock.advance_seconds(CODE_SECONDS);
    assert_eq!(code_of(world.enrol(&code, &key_of_it).await).await, "enrolment_code_invalid");
}

#[tokio::test]
async fn two_devices_that_race_for_one_code_do_not_both_enrol() {
    let world = world().await;
    let code = world.code(world.inspector.user_id).await;
    let (one, two) = (key(), key());
    let answers = futures::future::join(world.enrol(&code, &one), world.enrol(&code, &two)).await;
    let mut statuses = [answers.0.status().as_u16(), answers.1.status().as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [201, 401]);
}

#[tokio::test]
async fn a_code_expires() {
    let world = world().await;
    let (early, late) =
        (world.code(world.inspector.user_id).await, world.code(world.inspector.user_id).await);
    world.server.clock.advance_seconds(CODE_SECONDS - 1);
    assert_eq!(world.enrol(&early, &key()).await.status(), StatusCode::CREATED);
    world.server.clock.advance_seconds(1);
    assert_eq!(code_of(world.enrol(&late, &key()).await).await, "enrolment_code_invalid");
}

#[tokio::test]
async fn several_users_share_a_device_by_enrolling_its_key_again() {
    let world = world().await;
    let other = world.server.user_of(&world.inspector, "zhaolei", &[TestRole::inspector("002")]).await;
    let key = key();
    let first: Enrolled =
        world.enrol(&world.code(world.inspector.user_id).await, &key).await.json().await.unwrap();
    let second: Enrolled = world.enrol(&world.code(other.user_id).await, &key).await.json().await.unwrap();
    assert_eq!(first.device_id, second.device_id);

    let list = world.administrator.request(Method::GET, "/api/v1/devices").send().await.unwrap();
    let list: Value = list.json().await.unwrap();
    let list = list["devices"].as_array().unwrap();
    assert_eq!(list.len(), 1);
    assert_eq!(list[0]["users"].as_array().unwrap().len(), 2);
}

#[tokio::test]
async fn a_device_works_for_one_district() {
    let world = world().await;
    let elsewhere = world.server.district("410802").await;
    let foreign_admin = world.server.user(&elsewhere, "admin2", &[TestRole::administrator()]).await;
    let foreign = world.server.user(&elsewhere, "sunli", &[TestRole::inspector("001")]).await;
    let key = key();
    let code = world.code(world.inspector.user_id).await;
    assert_eq!(world.enrol(&code, &key).await.status(), StatusCode::CREATED);

    let office = world.server.office(&foreign_admin).await;
    let path = format!("/api/v1/users/{}/enrolment-codes", foreign.user_id);
    let issued: Value = office.request(Method::POST, &path).send().await.unwrap().json().await.unwrap();
    let code = issued["code"].as_str().unwrap();
    assert_eq!(code_of(world.enrol(code, &key).await).await, "other_district");
    // The refusal gave the code back.
    assert_eq!(world.enrol(code, &self::key()).await.status(), StatusCode::CREATED);
}

#[tokio::test]
async fn keys_that_are_no_points_of_the_curve_are_refused() {
    let world = world().await;
    for public_key in ["", "AAAA", &URL_SAFE_NO_PAD.encode([4u8; 65]), "not base64!"] {
        let body = json!({
            "code": "x", "public_key": public_key, "device_name": "x", "incarnation": Incarnation::fresh(),
        });
        let response =
            world.server.request(Method::POST, "/api/v1/devices/enrol").json(&body).send().await.unwrap();
        assert_eq!(code_of(response).await, "public_key_invalid", "{public_key}");
    }
}

#[tokio::test]
async fn a_signed_challenge_gives_a_token_of_minutes() {
    let world = world().await;
    let device = world.server.device(&world.inspector).await;
    let challenge = world.challenge(device.device_id).await;
    let response = world.token(&device, &challenge.challenge, &device.key).await;
    assert_eq!(response.status(), StatusCode::OK);
    let token: AccessToken = response.json().await.unwrap();
    let minutes = token.expires_at.seconds_since(challenge.expires_at) / 60;
    assert!((5..=30).contains(&minutes), "{minutes}");
}

#[tokio::test]
async fn a_challenge_is_good_for_one_answer_right_or_wrong() {
    let world = world().await;
    let device = world.server.device(&world.inspector).await;
    let challenge = world.challenge(device.device_id).await.challenge;
    assert_eq!(world.token(&device, &challenge, &device.key).await.status(), StatusCode::OK);
    assert_eq!(code_of(world.token(&device, &challenge, &device.key).await).await, "challenge_invalid");

    let challenge = world.challenge(device.device_id).await.challenge;
    assert_eq!(code_of(world.token(&device, &challenge, &key()).await).await, "challenge_invalid");
    assert_eq!(code_of(world.token(&device, &challenge, &device.key).await).await, "challenge_invalid");
}

#[tokio::test]
async fn a_challenge_is_good_for_a_minute_and_for_its_device() {
    let world = world().await;
    let device = world.server.device(&world.inspector).await;
    let other = world.server.device(&world.inspector).await;
    let foreign = world.challenge(other.device_id).await.challenge;
    assert_eq!(code_of(world.token(&device, &foreign, &device.key).await).await, "challenge_invalid");

    let late = world.challenge(device.device_id).await.challenge;
    world.server.clock.advance_seconds(CHALLENGE_SECONDS);
    assert_eq!(code_of(world.token(&device, &late, &device.key).await).await, "challenge_invalid");
    assert_eq!(
        code_of(world.token(&device, "lantian-challenge made up", &device.key).await).await,
        "challenge_invalid"
    );
}

#[tokio::test]
async fn an_unknown_device_or_a_user_who_never_enrolled_gets_no_token() {
    let world = world().await;
    let path = format!("/api/v1/devices/{}/challenge", DeviceId::fresh());
    let response = world.server.request(Method::POST, &path).send().await.unwrap();
    assert_eq!(code_of(response).await, "device_unknown");

    let mut device = world.server.device(&world.inspector).await;
    device.user = world.administrator.user.clone();
    let challenge = world.challenge(device.device_id).await.challenge;
    assert_eq!(code_of(world.token(&device, &challenge, &device.key).await).await, "device_unknown");
}

#[tokio::test]
async fn a_reinstalled_device_is_noted_and_its_old_token_ends() {
    let world = world().await;
    let mut device = world.server.device(&world.inspector).await;
    device.incarnation = Incarnation::fresh();
    let challenge = world.challenge(device.device_id).await.challenge;
    assert_eq!(world.token(&device, &challenge, &device.key).await.status(), StatusCode::OK);
    assert_eq!(world.server.audit_actions().await, ["device_reinstalled"]);
    assert_eq!(refusal(&device).await, "token_invalid");
}

#[tokio::test]
async fn a_revoked_device_is_told_so_and_its_revocation_is_on_record_once() {
    let world = world().await;
    let device = world.server.device(&world.inspector).await;
    let path = format!("/api/v1/devices/{}/revoke", device.device_id);
    for _ in 0..2 {
        let response = world.administrator.request(Method::POST, &path).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::NO_CONTENT);
    }
    assert_eq!(world.server.audit_actions().await, ["device_revoked"]);
    assert_eq!(refusal(&device).await, "device_revoked");
    // It still gets tokens, to push its work into quarantine.
    let challenge = world.challenge(device.device_id).await.challenge;
    assert_eq!(world.token(&device, &challenge, &device.key).await.status(), StatusCode::OK);
    // Its key does not come back by another code.
    let code = world.code(world.inspector.user_id).await;
    assert_eq!(code_of(world.enrol(&code, &device.key).await).await, "device_revoked");
}

#[tokio::test]
async fn devices_of_another_district_cannot_be_seen_or_revoked() {
    let world = world().await;
    let elsewhere = world.server.district("410802").await;
    let foreign = world.server.user(&elsewhere, "sunli", &[TestRole::inspector("001")]).await;
    let device = world.server.device(&foreign).await;
    let path = format!("/api/v1/devices/{}/revoke", device.device_id);
    let refused = world.administrator.request(Method::POST, &path).send().await.unwrap();
    assert_eq!(code_of(refused).await, "not_found");
    let list = world.administrator.request(Method::GET, "/api/v1/devices").send().await.unwrap();
    assert_eq!(list.json::<Value>().await.unwrap()["devices"], json!([]));
    let foreign_cursor = format!("/api/v1/devices?cursor={}", device.device_id);
    let refused = world.administrator.request(Method::GET, &foreign_cursor).send().await.unwrap();
    assert_eq!(code_of(refused).await, "malformed_request");
}

#[tokio::test]
async fn tokens_that_are_forged_expired_or_of_others_are_refused_by_code() {
    let world = world().await;
    let device = world.server.device(&world.inspector).await;
    let [header, claims, signature] = device.token.access_token.split('.').collect::<Vec<_>>()[..] else {
        panic!("a JWT has three parts")
    };
    let header_json: Value = serde_json::from_slice(&URL_SAFE_NO_PAD.decode(header).unwrap()).unwrap();
    let none =
        URL_SAFE_NO_PAD.encode(json!({ "alg": "none", "typ": "JWT", "kid": header_json["kid"] }).to_string());
    let foreign_server = TestServer::start().await;
    let foreign = foreign_server.district(MACUN).await;
    let foreign = foreign_server.user(&foreign, "x", &[TestRole::inspector("001")]).await;
    let foreign = foreign_server.device(&foreign).await;
    for forged in [
        format!("{none}.{claims}."),
        format!("{header}.{claims}.{}", signature.chars().rev().collect::<String>()),
        foreign.token.access_token,
        "nonsense".to_owned(),
    ] {
        let mut stranger = world.server.device(&world.inspector).await;
        stranger.token.access_token = forged.clone();
        assert_eq!(refusal(&stranger).await, "token_invalid", "{forged}");
    }
    // Signed by us, for a device that the district does not have.
    let mut elsewhere = world.server.device(&world.inspector).await;
    elsewhere.token = world
        .server
        .state
        .access_keys
        .issue(
            &"410802".parse().unwrap(),
            device.device_id,
            device.user.user_id,
            device.incarnation,
            world.server.now(),
        )
        .unwrap();
    assert_eq!(refusal(&elsewhere).await, "device_unknown");

    assert_eq!(pull(&device).await.status(), StatusCode::OK);
    world.server.clock.set(device.token.expires_at);
    assert_eq!(refusal(&device).await, "token_expired");
}

#[tokio::test]
async fn devices_are_listed_page_by_page_each_once_with_all_its_users() {
    let world = world().await;
    let other = world.server.user_of(&world.inspector, "zhaolei", &[TestRole::inspector("002")]).await;
    let shared = key();
    for user in [&world.inspector, &other] {
        world.enrol(&world.code(user.user_id).await, &shared).await;
    }
    // Two that enrolled in one moment, and one later.
    for seconds in [0, 0, 60] {
        world.server.clock.advance_seconds(seconds);
        world.enrol(&world.code(other.user_id).await, &key()).await;
    }
    let page = async |query: &str| {
        read(world.administrator.request(Method::GET, &format!("/api/v1/devices?{query}"))).await
    };
    let whole = page("").await["devices"].as_array().unwrap().clone();
    assert_eq!(whole.len(), 4);

    let (mut pages, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = page(&format!("limit=1{cursor}")).await;
        pages.extend(page["devices"].as_array().unwrap().clone());
        let Some(next) = page["next"].as_str() else { break };
        cursor = format!("&cursor={next}");
        assert!(pages.len() < 10, "it comes to an end");
    }

    assert_eq!(pages, whole);
    let shared = pages.iter().find(|device| device["users"].as_array().unwrap().len() == 2).unwrap();
    assert_eq!(shared["user_names"].as_array().unwrap().len(), 2);
    assert!(whole[0]["enrolled_at"].as_str() > whole[1]["enrolled_at"].as_str(), "the newest first");
}

#[tokio::test]
async fn the_list_says_what_waits_of_a_devices_work() {
    let review = Review::start().await;
    let administrator = review.office("admin", TestRole::administrator()).await;
    let device = &review.device;
    let waiting = async || {
        let list = read(administrator.request(Method::GET, "/api/v1/devices")).await;
        let own = list["devices"]
            .as_array()
            .unwrap()
            .iter()
            .find(|it| it["device_id"] == json!(device.device_id))
            .cloned();
        let own = own.unwrap();
        (own["last_push_at"].is_string(), own["photos_awaited"].clone(), own["quarantined"].clone())
    };
    assert_eq!(waiting().await, (false, json!(0), json!(0)));

    let visit = review.visit(&["hoarding", "material_cover"]).await;
    assert_eq!(device.push(&[device.submit(&visit)]).await, [Outcome::Applied]);
    assert_eq!(waiting().await, (true, json!(2), json!(0)));
    review.verify(&visit.photos[..1]).await;
    assert_eq!(waiting().await, (true, json!(1), json!(0)));

    let path = format!("/api/v1/devices/{}/revoke", device.device_id);
    assert!(administrator.request(Method::POST, &path).send().await.unwrap().status().is_success());
    let late = review.visit(&["hoarding"]).await;
    assert_eq!(device.push(&[device.submit(&late)]).await, [Outcome::Quarantined]);
    assert_eq!(waiting().await, (true, json!(1), json!(1)));
}

/// Asks for the key by which the user's stores on this device open without the PIN.
async fn recovery(device: &TestDevice, password: &str) -> Response {
    let request = device.request(Method::POST, "/api/v1/devices/recovery-key");
    request.json(&json!({ "password": password })).send().await.unwrap()
}

#[tokio::test]
async fn a_recovery_key_is_one_for_a_user_and_a_device_and_given_for_the_password_alone() {
    let world = world().await;
    world.server.set_password(&world.inspector, "correct horse").await;
    let device = world.server.device(&world.inspector).await;
    let other = world.server.device(&world.inspector).await;
    assert_eq!(code_of(recovery(&device, "wrong horse").await).await, "wrong_credentials");
    let mut keys = Vec::new();
    for device in [&device, &device, &other] {
        let given: Value = recovery(device, "correct horse").await.json().await.unwrap();
        keys.push(given["recovery_key"].as_str().unwrap().to_owned());
    }
    assert_eq!(URL_SAFE_NO_PAD.decode(&keys[0]).unwrap().len(), 32);
    assert_eq!(keys[0], keys[1]);
    assert_ne!(keys[0], keys[2], "another device has another");
    let actions = world.server.audit_actions().await;
    assert_eq!(actions.iter().filter(|action| *action == "recovery_key_given").count(), 3);
}

#[tokio::test]
async fn passwords_are_not_guessed_on_a_device_either_and_a_revoked_one_opens_nothing() {
    let world = world().await;
    world.server.set_password(&world.inspector, "correct horse").await;
    let device = world.server.device(&world.inspector).await;
    for _ in 0..FAILURES_BEFORE_LOCK {
        assert_eq!(code_of(recovery(&device, "wrong horse").await).await, "wrong_credentials");
    }
    assert_eq!(code_of(recovery(&device, "correct horse").await).await, "account_locked");

    let revoked = world.server.device(&world.inspector).await;
    let path = format!("/api/v1/devices/{}/revoke", revoked.device_id);
    world.administrator.request(Method::POST, &path).send().await.unwrap();
    assert_eq!(code_of(recovery(&revoked, "correct horse").await).await, "device_revoked");
}
