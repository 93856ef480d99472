//! Events: from a commit to whoever may hear of it, at whichever process, and to nobody else.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use server::live::HEARD_ROWS_MAX;
use sync_core::ids::CaseId;
use tests::events::EventReader;
use tests::field::correction;
use tests::rectification::order;
use tests::review::{Review, accepted, decision};
use tests::{TestOffice, TestRole, TestServer, problem};

/// A case in the second street office's grid.
async fn western_case(review: &Review, name: &str) -> CaseId {
    let site = review.western_site(name).await;
    review.push(&review.visit_to(&site, &["hoarding"])).await
}

/// The next change.
async fn change(reader: &mut EventReader) -> Value {
    let event = reader.next().await.unwrap();
    assert_eq!(event.name, "change", "{event:?}");
    event.data
}

/// Everything that is still heard; the stream then ends.
async fn rest(mut reader: EventReader) -> Vec<String> {
    let mut names = Vec::new();
    while let Some(event) = reader.next().await {
        names.push(event.name);
    }
    names
}

#[tokio::test]
async fn a_decision_is_heard_with_what_id_and_version_and_without_data() {
    let review = Review::start().await;
    let case = review.case(&["hoarding"]).await;
    let mut heard = review.second.hear().await;
    assert_eq!(heard.headers()["content-type"], "text/event-stream");
    assert_eq!(heard.headers()["cache-control"], "no-store");

    review.decide(case, "confirm").await;

    assert_eq!(change(&mut heard).await, json!({ "what": "case", "id": case, "version": 2 }));
}

#[tokio::test]
async fn a_supervisor_hears_of_the_own_grids_and_not_of_others() {
    let review = Review::start().await;
    let east = review.office("dong", TestRole::supervisor("001")).await;
    let mut heard = east.hear().await;

    western_case(&review, "西区工地").await;
    let own = review.case(&["hoarding"]).await;

    assert_eq!(heard.until(own).await, ["target"], "the site of the own case was registered");
}

#[tokio::test]
async fn a_liaison_hears_of_the_own_units_cases_and_not_of_others() {
    let review = Review::start().await;
    let west = review.office("xi", TestRole::liaison(review.macun.streets[1])).await;
    let mut heard = west.hear().await;

    review.case(&["hoarding"]).await;
    let own = western_case(&review, "西区工地").await;

    assert_eq!(heard.until(own).await, Vec::<String>::new());
}

#[tokio::test]
async fn the_unit_that_a_case_leaves_hears_of_it_and_then_no_more() {
    let review = Review::start().await;
    let case = review.case(&["hoarding"]).await;
    let left = review.liaison().await;
    let mut heard = left.hear().await;

    let mut request = decision("re_attribute", 1);
    request["unit_id"] = json!(review.macun.streets[1]);
    accepted(review.supervisor.decide(case, &request).await).await;

    assert_eq!(change(&mut heard).await, json!({ "what": "case", "id": case, "version": 2 }));
    review.step(case, order(json!({ "working_days": 2 }))).await;
    let own = review.case(&["hoarding"]).await;
    assert!(!heard.until(own).await.contains(&"case".to_owned()), "it is another unit's");
}

#[tokio::test]
async fn the_unit_that_a_correction_takes_an_undecided_case_from_hears_of_it() {
    let review = Review::start().await;
    let visit = review.visit(&["hoarding"]).await;
    let case = review.push(&visit).await;
    let left = review.liaison().await;
    let mut heard = left.hear().await;

    let mut elsewhere = correction(&visit, &["hoarding"]);
    elsewhere.context.unit_id = review.macun.streets[1];
    review.device.push(&[review.device.amend(&elsewhere)]).await;

    assert_eq!(change(&mut heard).await, json!({ "what": "case", "id": case, "version": 2 }));
}

#[tokio::test]
async fn another_district_is_not_heard() {
    let review = Review::start().await;
    let other = review.server.district("410802").await;
    let user = review.server.user(&other, "stranger", &[TestRole::administrator()]).await;
    let stranger = review.server.office(&user).await;
    let mut heard = stranger.hear().await;

    review.case(&["hoarding"]).await;
    let unit = json!({
        "unit_id": "01890000-0000-7000-8000-000000000009", "name": "某街道", "kind": "bureau", "budget_code": "9",
    });
    let made = stranger.request(Method::POST, "/api/v1/units").json(&unit).send().await.unwrap();
    assert_eq!(made.status(), StatusCode::CREATED);

    assert_eq!(change(&mut heard).await["what"], "unit");
}

#[tokio::test]
async fn proposals_and_months_are_heard_by_the_office_and_not_by_devices() {
    let review = Review::start().await;
    let case = review.case(&["hoarding"]).await;
    review.decide(case, "confirm").await;
    let mut office = review.second.hear().await;
    let mut device = review.device.hear().await;

    let proposal = review.propose(case, &decision("dismiss", 2)).await;
    let proposed = json!({ "what": "proposal", "id": proposal["proposal_id"], "version": null });
    assert_eq!(change(&mut office).await, proposed);
    accepted(review.second.review(&proposal, "approval").await).await;

    assert_eq!(change(&mut office).await, json!({ "what": "case", "id": case, "version": 3 }));
    assert_eq!(change(&mut office).await, proposed);
    assert_eq!(device.until(case).await, Vec::<String>::new());
    let pulled = review.device.pull_all(None).await.0;
    assert!(pulled.iter().all(|change| change.entity != "proposal"));
}

#[tokio::test]
async fn users_and_devices_are_heard_by_who_sees_the_district_and_by_nobody_else() {
    let review = Review::start().await;
    let administrator = review.office("admin", TestRole::administrator()).await;
    let east = review.office("dong", TestRole::supervisor("001")).await;
    let (mut office, mut street) = (administrator.hear().await, east.hear().await);
    let mut device = review.device.hear().await;

    let user = review.device.user.user_id;
    let renamed = administrator.request(Method::PUT, &format!("/api/v1/users/{user}"));
    assert!(renamed.json(&json!({ "name": "李丽" })).send().await.unwrap().status().is_success());
    let path = format!(
        "/api/v1/devices/{}/revoke",
        review.server.inspector(&review.macun, "wang", "").await.device_id
    );
    assert!(administrator.request(Method::POST, &path).send().await.unwrap().status().is_success());

    assert_eq!(change(&mut office).await, json!({ "what": "user", "id": user, "version": null }));
    let revoked = loop {
        let next = change(&mut office).await;
        if next["what"] == "device" {
            break next;
        }
    };
    assert_eq!(revoked["version"], Value::Null);
    let own = review.case(&["hoarding"]).await;
    assert_eq!(street.until(own).await, ["target"]);
    let heard = device.until(own).await;
    assert!(heard.iter().all(|kind| kind != "user" && kind != "device"), "{heard:?}");
}

#[tokio::test]
async fn a_device_hears_of_what_it_would_pull() {
    let review = Review::start().await;
    let elsewhere = review.server.inspector(&review.macun, "wang", "002").await;
    let mut heard = elsewhere.hear().await;

    review.case(&["hoarding"]).await;
    let own = western_case(&review, "西区工地").await;

    assert_eq!(heard.until(own).await, Vec::<String>::new());
}

#[tokio::test]
async fn who_was_cut_off_is_told_what_was_missed_once_and_goes_on() {
    let review = Review::start().await;
    let heard = review.second.hear().await;
    let last = heard.last_id.clone();
    drop(heard);
    let first = review.case(&["hoarding"]).await;

    let mut again = review.second.hear_again(&last).await;
    again.until(first).await;
    let second = review.case(&["hoarding"]).await;

    let between = again.until(second).await;
    assert!(!between.contains(&"case".to_owned()), "{between:?}");
    assert!(between.contains(&"ready".to_owned()), "{between:?}");
}

#[tokio::test]
async fn who_comes_with_an_id_of_another_life_or_from_the_future_is_told_to_reload() {
    let review = Review::start().await;
    let last = review.second.hear().await.last_id.clone();
    let (epoch, number) = last.split_once('.').unwrap();
    let future = format!("{epoch}.{}", number.parse::<i64>().unwrap() + 1);
    for id in [format!("01890000-0000-7000-8000-000000000009.{number}"), future, "nonsense".to_owned()] {
        let mut heard = review.second.hear_again(&id).await;
        assert_eq!(heard.name().await, "reload", "{id}");
        assert_eq!(heard.last_id, last, "it goes on from now");
    }
}

#[tokio::test]
async fn more_than_can_be_told_one_by_one_is_told_as_reload() {
    let review = Review::start().await;
    let mut heard = review.second.hear().await;
    let last = heard.last_id.clone();
    let rows = HEARD_ROWS_MAX + 1;
    review
        .server
        .execute(&format!(
            "WITH next AS (UPDATE districts SET change_number = change_number + 1 RETURNING district, change_number)
             INSERT INTO changes (district, number, ordinal, change_id, entity, entity_id)
             SELECT district, change_number, n, gen_random_uuid(), 'zone', gen_random_uuid()::text
             FROM next, generate_series(1, {rows}) n;
             SELECT pg_notify('lantian_changes', district || ' ' || change_number) FROM districts"
        ))
        .await
        .unwrap();

    assert_eq!(heard.name().await, "reload");
    let mut again = review.second.hear_again(&last).await;
    assert_eq!(again.name().await, "reload");
}

#[tokio::test]
async fn a_stream_ends_with_its_session_and_with_no_other() {
    let review = Review::start().await;
    let other = review.server.office(&review.second.user).await;
    let (ended, mut going) = (review.second.hear().await, other.hear().await);

    let signed_out = review.second.request(Method::DELETE, "/api/v1/sessions/current").send().await.unwrap();

    assert_eq!(signed_out.status(), StatusCode::NO_CONTENT);
    assert_eq!(rest(ended).await, Vec::<String>::new());
    let refused = review.second.request(Method::GET, "/api/v1/events").send().await.unwrap();
    assert_eq!(problem(refused).await.code.as_str(), "sign_in_required");
    let case = review.case(&["hoarding"]).await;
    going.until(case).await;
}

#[tokio::test]
async fn a_stream_lasts_no_longer_than_its_session() {
    let review = Review::start().await;
    let session = review.second.session_id;
    let expires_at = review.server.now().plus_seconds(1);
    let shorten = format!("UPDATE sessions SET expires_at = '{expires_at}' WHERE session_id = '{session}'");
    review.server.execute(&shorten).await.unwrap();

    assert_eq!(rest(review.second.hear().await).await, Vec::<String>::new());
}

#[tokio::test]
async fn the_streams_of_a_disabled_user_and_of_a_revoked_device_end() {
    let review = Review::start().await;
    let administrator = review.office("guan", TestRole::administrator()).await;
    let other = review.server.inspector(&review.macun, "wang", "002").await;
    let (office, device, revoked) =
        (review.second.hear().await, review.device.hear().await, other.hear().await);
    let done = async |path: String| {
        let response = administrator.request(Method::POST, &path).send().await.unwrap();
        assert!(response.status().is_success(), "{path}: {}", response.status());
    };

    done(format!("/api/v1/users/{}/disable", review.second.user.user_id)).await;
    done(format!("/api/v1/users/{}/disable", review.device.user.user_id)).await;
    done(format!("/api/v1/devices/{}/revoke", other.device_id)).await;

    for ended in [office, device, revoked] {
        assert_eq!(rest(ended).await, Vec::<String>::new());
    }
}

/// Gives a user another assignment.
async fn assign(review: &Review, to: &TestOffice) {
    let administrator = review.office("guan", TestRole::administrator()).await;
    let assignment = json!({ "role": "finance", "grid": review.macun.code, "from": "2026-11-01" });
    let path = format!("/api/v1/users/{}/assignments", to.user.user_id);
    let response = administrator.request(Method::POST, &path).json(&assignment).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::CREATED);
}

#[tokio::test]
async fn a_change_of_ones_assignments_is_heard_and_ends_the_stream() {
    let review = Review::start().await;
    let east = review.office("dong", TestRole::supervisor("001")).await;
    let heard = east.hear().await;

    assign(&review, &east).await;

    assert_eq!(rest(heard).await, ["change"]);
    let mut again = east.hear().await;
    let west = western_case(&review, "西区工地").await;
    again.until(west).await;
}

#[tokio::test]
async fn a_commit_at_one_server_is_heard_at_another() {
    let review = Review::start().await;
    let beside = TestServer::beside(&review.server).await;
    let mut heard = beside.moved(&review.second).hear().await;

    let case = review.case(&["hoarding"]).await;

    heard.until(case).await;
    let signed_out = review.second.request(Method::DELETE, "/api/v1/sessions/current").send().await.unwrap();
    assert_eq!(signed_out.status(), StatusCode::NO_CONTENT);
    rest(heard).await;
}

#[tokio::test]
async fn when_the_listening_connection_was_lost_every_stream_ends_and_its_client_misses_nothing() {
    let review = Review::start().await;
    let heard = review.second.hear().await;
    let last = heard.last_id.clone();
    let cut = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity
               WHERE datname = current_database() AND query LIKE '%LISTEN lantian%' AND pid <> pg_backend_pid()";
    review.server.execute(cut).await.unwrap();
    let case = review.case(&["hoarding"]).await;

    rest(heard).await;
    review.second.hear_again(&last).await.until(case).await;
}

#[tokio::test]
async fn a_server_that_stops_ends_its_streams() {
    let review = Review::start().await;
    let heard = review.second.hear().await;

    review.server.state.streams.close();

    assert_eq!(rest(heard).await, Vec::<String>::new());
    let refused = review.second.request(Method::GET, "/api/v1/events").send().await.unwrap();
    assert_eq!(problem(refused).await.code.as_str(), "unavailable");
}
