//! Push: every operation gets its result once and for ever.

use std::collections::BTreeSet;

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use reqwest::Method;
use serde_json::json;
use server::db::schema::devices;
use server::db::types::Time;
use sync_core::limits::{PUSH_MAX_BYTES, PUSH_MAX_OPERATIONS};
use sync_core::time::Clock;
use sync_core::wire::operation::{Body, TargetUpdate};
use sync_core::wire::push::{Missing, Outcome};
use tests::field::{code, new_site, photo_entry, text, visit};
use tests::{TestServer, problem};

use super::stored::{Case, cases_of, charge_count, flags_of, operation};

const FOUND: Outcome = Outcome::Duplicate { rejection: None };

#[tokio::test]
async fn a_site_failing_three_measures_is_one_case_with_three_charges_by_itself() {
    let server = TestServer::start().await;
    let macun = server.macun().await;
    let device = server.inspector(&macun, "li", "").await;
    let site = server.site(&macun, "001/001").await;
    let visit = visit(&device, &site, &["hoarding", "material_cover", "vehicle_washing"]);

    assert_eq!(device.push(&[device.submit(&visit)]).await, [Outcome::Applied]);

    let yuan_100_000 = Some(10_000_000);
    let charge = |measure: &str| (measure.to_owned(), yuan_100_000, "pending".to_owned());
    let expected = Case {
        item: "site_dust".to_owned(),
        inspection_id: visit.inspection_id,
        state: "awaiting_evidence".to_owned(),
        version: 1,
        flags: Vec::new(),
        charges: vec![charge("hoarding"), charge("material_cover"), charge("vehicle_washing")],
    };
    assert_eq!(cases_of(&server, visit.lineage).await, [expected]);
    assert_eq!(flags_of(&server, visit.inspection_id).await, Some(Vec::new()));
}

#[tokio::test]
async fn a_lost_answer_is_given_again_and_nothing_is_charged_twice() {
    let server = TestServer::start().await;
    let macun = server.macun().await;
    let device = server.inspector(&macun, "li", "").await;
    let site = server.site(&macun, "001/001").await;
    let good = device.submit(&visit(&device, &site, &["hoarding"]));
    let mut bad = device.submit(&visit(&device, &site, &["hoarding"]));
    bad.header.kind = "amend_inspection".to_owned();
    let batch = [good.clone(), bad];

    let first = device.push(&batch).await;
    let second = device.push(&batch).await;

    assert_eq!(first[0], Outcome::Applied);
    assert_eq!(second[0], FOUND);
    assert_eq!((code(&first[1]), code(&second[1])), ("lineage_invalid", "lineage_invalid"));
    assert!(matches!(second[1], Outcome::Duplicate { .. }));
    assert_eq!(charge_count(&server).await, 1);
    assert_eq!(operation(&server, good.header.op_id).await, Some((good.encode().unwrap(), true)));
}

#[tokio::test]
async fn after_a_partial_acknowledgement_only_the_rest_is_new() {
    let server = TestServer::start().await;
    let macun = server.macun().await;
    let device = server.inspector(&macun, "li", "").await;
    let site = server.site(&macun, "001/001").await;
    let operations: Vec<_> = (0..5).map(|_| device.submit(&visit(&device, &site, &["hoarding"]))).collect();

    device.push(&operations[..2]).await;
    let outcomes = device.push(&operations).await;

    assert_eq!(outcomes, [FOUND, FOUND, Outcome::Applied, Outcome::Applied, Outcome::Applied]);
    assert_eq!(charge_count(&server).await, 5);
}

#[tokio::test]
async fn the_same_batch_twice_at_once_charges_once() {
    let server = TestServer::start().await;
    let macun = server.macun().await;
    let device = server.inspector(&macun, "li", "").await;
    let site = server.site(&macun, "001/001").await;
    let operations: Vec<_> = (0..50).map(|_| device.submit(&visit(&device, &site, &["hoarding"]))).collect();

    let (one, other) = tokio::join!(device.push(&operations), device.push(&operations));

    for (one, other) in one.iter().zip(&other) {
        let both = [one, other];
        assert!(both.contains(&&Outcome::Applied) && both.contains(&&FOUND), "{both:?}");
    }
    assert_eq!(charge_count(&server).await, 50);
}

/// Two processes share nothing but the database.
#[tokio::test]
async fn the_same_batch_at_two_processes_at_once_charges_once() {
    const ROUNDS: i64 = 5;
    const VISITS: i64 = 10;
    let server = TestServer::start().await;
    let beside = TestServer::beside(&server).await;
    let macun = server.macun().await;
    let device = server.inspector(&macun, "li", "").await;
    let elsewhere = beside.renewed(&device).at(&beside.url);
    let site = server.site(&macun, "001/001").await;
    for round in 1..=ROUNDS {
        let submit = |_| device.submit(&visit(&device, &site, &["hoarding"]));
        let operations: Vec<_> = (0..VISITS).map(submit).collect();

        let (one, other) = tokio::join!(device.push(&operations), elsewhere.push(&operations));

        for (one, other) in one.iter().zip(&other) {
            let both = [one, other];
            assert!(both.contains(&&Outcome::Applied) && both.contains(&&FOUND), "{both:?}");
        }
        assert_eq!(charge_count(&server).await, round * VISITS);
    }
}

#[tokio::test]
async fn the_same_id_with_other_bytes_is_refused_loudly_and_not_stored() {
    let server = TestServer::start().await;
    let macun = server.macun().await;
    let device = server.inspector(&macun, "li", "").await;
    let site = server.site(&macun, "001/001").await;
    let first = device.submit(&visit(&device, &site, &["hoarding"]));
    let mut other = device.submit(&visit(&device, &site, &["material_cover"]));
    other.header.op_id = first.header.op_id;

    device.push(std::slice::from_ref(&first)).await;
    let later = device.push(std::slice::from_ref(&other)).await;
    let together = device.push(&[first.clone(), other]).await;

    assert_eq!(code(&later[0]), "operation_id_reused");
    assert_eq!((&together[0], code(&together[1])), (&FOUND, "operation_id_reused"));
    assert_eq!(operation(&server, first.header.op_id).await, Some((first.encode().unwrap(), true)));
    let metrics = server.get("/metrics").send().await.unwrap().text().await.unwrap();
    assert!(metrics.contains(r#"lantian_operations_total{result="operation_id_reused"} 2"#), "{metrics}");
}

#[tokio::test]
async fn a_batch_over_its_limits_is_refused_as_a_whole() {
    let server = TestServer::start().await;
    let macun = server.macun().await;
    let device = server.inspector(&macun, "li", "").await;
    let site = new_site(&macun, "001/001");
    let operation = text(&device.register(&site));

    let many = device.push_texts(vec![operation.clone(); PUSH_MAX_OPERATIONS + 1]).await;
    assert_eq!(problem(many).await.code.as_str(), "too_many_operations");
    let most = device.push_texts(vec![operation.clone(); PUSH_MAX_OPERATIONS]).await;
    assert_eq!(most.status(), 200);
    let padding = format!("{{\"op_id\":\"x{}\"}}", " ".repeat(PUSH_MAX_BYTES));
    let large = device.push_texts(vec![padding]).await;
    assert_eq!(problem(large).await.code.as_str(), "payload_too_large");
}

#[tokio::test]
async fn another_protocol_is_named_whatever_else_it_says() {
    let server = TestServer::start().await;
    let macun = server.macun().await;
    let device = server.inspector(&macun, "li", "").await;
    let request = device.request(Method::POST, "/api/v1/sync/push").json(&json!({"protocol": 2, "new": []}));
    assert_eq!(problem(request.send().await.unwrap()).await.code.as_str(), "unsupported_protocol");
}

#[tokio::test]
async fn an_operation_without_an_id_fails_its_request_and_stores_nothing() {
    let server = TestServer::start().await;
    let macun = server.macun().await;
    let device = server.inspector(&macun, "li", "").await;
    let good = device.register(&new_site(&macun, "001/001"));
    let problem = problem(device.push_texts(vec![text(&good), "{\"op_id\":7}".to_owned()]).await).await;
    assert_eq!(problem.code.as_str(), "malformed_request");
    assert_eq!(problem.field.as_deref(), Some("operations[1].op_id"));
    assert_eq!(operation(&server, good.header.op_id).await, None);
}

#[tokio::test]
async fn a_target_registered_offline_is_inspected_and_updated_in_the_same_batch() {
    let server = TestServer::start().await;
    let macun = server.macun().await;
    let device = server.inspector(&macun, "li", "").await;
    let mut content = new_site(&macun, "001/001");
    content.code = None;
    let site = sync_core::model::target::Target { content: content.clone(), version: 0 };
    let visit = visit(&device, &site, &["hoarding"]);
    let updates = ["改名一", "改名二"].map(|name| {
        let content = sync_core::model::target::TargetContent { name: name.to_owned(), ..content.clone() };
        device.operation(Body::UpdateTarget(TargetUpdate { base_version: 0, content }))
    });
    let [first, second] = updates;

    let visited_again = self::visit(&device, &site, &["hoarding"]);
    let outcomes = device
        .push(&[
            device.register(&content),
            device.submit(&visit),
            first,
            second,
            device.submit(&visited_again),
        ])
        .await;

    assert_eq!(outcomes, vec![Outcome::Applied; 5]);
    for visit in [visit, visited_again] {
        assert_eq!(flags_of(&server, visit.inspection_id).await, Some(Vec::new()));
    }
    let (changes, _) = device.pull_all(None).await;
    let target = changes.iter().find(|change| change.entity == "target").unwrap();
    let row: serde_json::Value = serde_json::from_str(target.row.as_ref().unwrap().get()).unwrap();
    assert_eq!((&row["name"], &row["version"]), (&json!("改名二"), &json!(3)));
    assert!(row["code"].as_str().unwrap().starts_with("T-"), "{row}");
}

#[tokio::test]
async fn an_update_on_an_old_version_is_refused() {
    let server = TestServer::start().await;
    let macun = server.macun().await;
    let device = server.inspector(&macun, "li", "").await;
    let site = server.site(&macun, "001/001").await;
    let update = || {
        let content = site.content.clone();
        device.operation(Body::UpdateTarget(TargetUpdate { base_version: site.version, content }))
    };
    assert_eq!(device.push(&[update()]).await, [Outcome::Applied]);
    assert_eq!(code(&device.push(&[update()]).await[0]), "target_changed");
}

#[tokio::test]
async fn an_inspection_waits_for_its_target_and_is_applied_once_that_arrived() {
    let server = TestServer::start().await;
    let macun = server.macun().await;
    let device = server.inspector(&macun, "li", "").await;
    let content = new_site(&macun, "001/001");
    let site = sync_core::model::target::Target { content: content.clone(), version: 0 };
    let submit = device.submit(&visit(&device, &site, &["hoarding"]));

    let held = device.push(std::slice::from_ref(&submit)).await;
    assert_eq!(held, [Outcome::Held { missing: vec![Missing::Target(content.target_id)] }]);
    assert_eq!(operation(&server, submit.header.op_id).await, None, "held is an answer, never a result");

    device.push(&[device.register(&content)]).await;
    assert_eq!(device.push(&[submit]).await, [Outcome::Applied]);
}

#[tokio::test]
async fn work_of_another_author_or_device_is_not_taken_and_not_spoilt() {
    let server = TestServer::start().await;
    let macun = server.macun().await;
    let device = server.inspector(&macun, "li", "").await;
    let colleague = server.inspector(&macun, "zhao", "").await;
    let site = server.site(&macun, "001/001").await;
    let theirs = colleague.submit(&visit(&colleague, &site, &["hoarding"]));

    let outcomes = device.push(std::slice::from_ref(&theirs)).await;
    assert_eq!(code(&outcomes[0]), "operation_not_yours");
    assert_eq!(colleague.push(std::slice::from_ref(&theirs)).await, [Outcome::Applied]);
    assert_eq!(code(&device.push(&[theirs]).await[0]), "operation_not_yours");

    let mut elsewhere = device.submit(&visit(&device, &site, &["hoarding"]));
    elsewhere.header.device = colleague.device_id;
    assert_eq!(code(&device.push(&[elsewhere]).await[0]), "operation_not_yours");
}

#[tokio::test]
async fn work_of_a_revoked_device_is_kept_in_quarantine_and_it_pulls_nothing() {
    let server = TestServer::start().await;
    let macun = server.macun().await;
    let device = server.inspector(&macun, "li", "").await;
    let site = server.site(&macun, "001/001").await;
    let before = device.submit(&visit(&device, &site, &["hoarding"]));
    let after = device.submit(&visit(&device, &site, &["hoarding"]));
    device.push(std::slice::from_ref(&before)).await;
    diesel::update(devices::table.filter(devices::device_id.eq(device.device_id.0)))
        .set(devices::revoked_at.eq(Time(server.clock.now())))
        .execute(&mut server.connection().await)
        .await
        .unwrap();

    for _ in 0..2 {
        let outcomes = device.push(&[before.clone(), after.clone()]).await;
        assert_eq!(outcomes, [FOUND, Outcome::Quarantined]);
    }
    assert_eq!(operation(&server, after.header.op_id).await, Some((after.encode().unwrap(), false)));
    assert_eq!(charge_count(&server).await, 1);
    let pull = device.request(Method::GET, "/api/v1/sync/pull").send().await.unwrap();
    assert_eq!(problem(pull).await.code.as_str(), "device_revoked");
}

#[tokio::test]
async fn photos_verified_before_the_push_put_the_case_under_review_at_once() {
    let server = TestServer::start().await;
    let macun = server.macun().await;
    let device = server.inspector(&macun, "li", "").await;
    let site = server.site(&macun, "001/001").await;
    let mut visit = visit(&device, &site, &["hoarding"]);
    visit.photos.push(photo_entry(b"a photo", &visit));
    super::verify_photos(&server, &macun, &[b"a photo"]).await;

    device.push(&[device.submit(&visit)]).await;

    assert_eq!(cases_of(&server, visit.lineage).await[0].state, "under_review");
}

#[tokio::test]
async fn photos_verified_after_the_push_complete_the_case_with_the_last_of_them() {
    let server = TestServer::start().await;
    let macun = server.macun().await;
    let device = server.inspector(&macun, "li", "").await;
    let site = server.site(&macun, "001/001").await;
    let mut visit = visit(&device, &site, &["hoarding", "material_cover"]);
    visit.photos.extend([photo_entry(b"one", &visit), photo_entry(b"two", &visit)]);
    device.push(&[device.submit(&visit)]).await;
    let (_, cursor) = device.pull_all(None).await;

    let mut states = BTreeSet::new();
    for photo in [b"one", b"two"] {
        states.insert(cases_of(&server, visit.lineage).await[0].state.clone());
        super::verify_photos(&server, &macun, &[photo]).await;
    }

    assert_eq!(states, BTreeSet::from(["awaiting_evidence".to_owned()]));
    assert_eq!(cases_of(&server, visit.lineage).await[0].state, "under_review");
    let (changes, _) = device.pull_all(Some(&cursor)).await;
    assert_eq!(changes.iter().map(|change| change.entity.as_str()).collect::<Vec<_>>(), ["case"]);
}

#[tokio::test]
async fn a_target_id_of_the_register_is_taken_once() {
    let server = TestServer::start().await;
    let macun = server.macun().await;
    let device = server.inspector(&macun, "li", "").await;
    let content = new_site(&macun, "001/001");
    let mut same_code = new_site(&macun, "001/001");
    same_code.code.clone_from(&content.code);

    let outcomes = device
        .push(&[device.register(&content), device.register(&content), device.register(&same_code)])
        .await;

    assert_eq!(outcomes[0], Outcome::Applied);
    assert_eq!((code(&outcomes[1]), code(&outcomes[2])), ("target_exists", "target_code_taken"));
}
