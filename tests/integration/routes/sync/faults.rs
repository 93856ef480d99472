//! Bad input: a stable code that names the field; nothing is stored by half and nobody else is blocked.

use diesel_async::SimpleAsyncConnection;
use serde_json::{Value, json};
use sync_core::geo::Point;
use sync_core::ids::{TargetId, UnitId};
use sync_core::limits::OPERATION_MAX_BYTES;
use sync_core::model::inspection::Inspection;
use sync_core::model::target::TargetContent;
use sync_core::wire::push::{Outcome, PushResponse};
use tests::field::{code, new_site, text, visit};
use tests::{TestDistrict, TestServer};

use super::stored::{cases_of, flags_of, operation};

/// What a rejection says: code and field.
fn refusal(outcome: &Outcome) -> (&str, &str) {
    match outcome {
        Outcome::Rejected(rejection) => {
            assert!(!rejection.zh.is_empty() && !rejection.en.is_empty());
            (rejection.code.as_str(), rejection.field.as_deref().unwrap_or_default())
        }
        other => panic!("a rejection was expected, not {other:?}"),
    }
}

/// Changes the bytes of an operation as no device of ours would.
fn tampered(operation: &sync_core::wire::operation::Operation, change: impl FnOnce(&mut Value)) -> String {
    let mut value: Value = serde_json::from_str(&text(operation)).unwrap();
    change(&mut value);
    value.to_string()
}

#[tokio::test]
async fn a_poisonous_operation_blocks_nothing_but_itself() {
    let server = TestServer::start().await;
    let macun = server.macun().await;
    let device = server.inspector(&macun, "li", "").await;
    let site = server.site(&macun, "001/001").await;
    let good: Vec<_> = (0..2).map(|_| visit(&device, &site, &["hoarding"])).collect();
    let submit = || device.submit(&visit(&device, &site, &["hoarding"]));
    let poisons = [
        (tampered(&submit(), |op| op["body"]["notes"] = json!("a\0b")), "text_contains_nul"),
        (
            tampered(&submit(), |op| op["body"]["context"]["target"]["facts"]["builder"] = json!("\0")),
            "text_contains_nul",
        ),
        (tampered(&submit(), |op| op["kind"] = json!("teleport\0")), "operation_kind_unknown"),
        (tampered(&submit(), |op| op["schema_version"] = json!(9)), "operation_schema_newer"),
        (text(&submit()).replace("\"notes\":\"\"", r#""notes":"\ud800""#), "operation_malformed"),
        (tampered(&submit(), |op| op["device_seq"] = json!(u64::MAX)), "operation_malformed"),
        (tampered(&submit(), |op| op["body"] = json!([])), "operation_malformed"),
        (tampered(&submit(), |op| op["body"]["notes"] = json!("长".repeat(4001))), "text_too_long"),
        (
            tampered(&submit(), |op| op["body"]["notes"] = json!("x".repeat(OPERATION_MAX_BYTES))),
            "operation_too_large",
        ),
    ];
    let mut texts = vec![text(&device.submit(&good[0]))];
    texts.extend(poisons.iter().map(|(text, _)| text.clone()));
    texts.push(text(&device.submit(&good[1])));

    let answer: PushResponse = device.push_texts(texts).await.json().await.unwrap();

    let outcomes: Vec<_> = answer.results.iter().map(|result| &result.outcome).collect();
    for ((_, expected), outcome) in poisons.iter().zip(&outcomes[1..]) {
        assert_eq!(code(outcome), *expected);
    }
    assert_eq!((outcomes[0], outcomes[outcomes.len() - 1]), (&Outcome::Applied, &Outcome::Applied));
    let poison = answer.results[1].op_id;
    assert_eq!(operation(&server, poison).await.unwrap().0, poisons[0].0.as_bytes(), "kept as sent");
}

/// Invariants of the database stand behind the checks: an operation that breaks one costs nobody else anything.
#[tokio::test]
async fn a_constraint_broken_by_one_operation_is_its_own_rejection() {
    let server = TestServer::start().await;
    let macun = server.macun().await;
    let device = server.inspector(&macun, "li", "").await;
    let site = server.site(&macun, "001/001").await;
    server
        .connection()
        .await
        .batch_execute(
            "ALTER TABLE inspections ADD CONSTRAINT inspections_poison_check
             CHECK (sealed ->> 'notes' <> 'poison')",
        )
        .await
        .unwrap();
    let visits: Vec<Inspection> = ["", "poison", ""]
        .iter()
        .map(|notes| Inspection { notes: (*notes).to_owned(), ..visit(&device, &site, &["hoarding"]) })
        .collect();
    let batch: Vec<_> = visits.iter().map(|visit| device.submit(visit)).collect();

    let outcomes = device.push(&batch).await;

    assert_eq!((&outcomes[0], &outcomes[2]), (&Outcome::Applied, &Outcome::Applied));
    assert_eq!(code(&outcomes[1]), "operation_malformed");
    assert_eq!(flags_of(&server, visits[1].inspection_id).await, None);
    assert_eq!(cases_of(&server, visits[1].lineage).await, []);
    let again = device.push(&batch).await;
    assert_eq!(again[0], Outcome::Duplicate { rejection: None });
    assert_eq!(code(&again[1]), "operation_malformed");
}

#[tokio::test]
async fn an_inspection_of_unknown_things_is_refused_by_name() {
    let server = TestServer::start().await;
    let macun = server.macun().await;
    let device = server.inspector(&macun, "li", "").await;
    let site = server.site(&macun, "001/001").await;
    type Change = fn(&mut Inspection);
    let cases: [(Change, (&str, &str)); 8] = [
        (
            |v| v.context.target.as_mut().unwrap().target_id = TargetId::fresh(),
            ("target_unknown", "context.target.target_id"),
        ),
        (|v| v.kind = "moon_base".parse().unwrap(), ("kind_unknown", "kind")),
        (
            |v| v.answers[0].question = "is_it_nice".parse().unwrap(),
            ("question_unknown", "answers[0].question"),
        ),
        (|v| v.context.grid = "410804/009".parse().unwrap(), ("grid_unknown", "context.grid")),
        (|v| v.context.unit_id = UnitId::fresh(), ("unit_unknown", "context.unit_id")),
        (
            |v| v.context.pack.as_mut().unwrap().id = "another-2024".parse().unwrap(),
            ("pack_unknown", "context.pack"),
        ),
        (|v| v.place = "长".repeat(201), ("text_too_long", "place")),
        (|v| v.replaces = Some(v.inspection_id), ("lineage_invalid", "replaces")),
    ];
    for (change, expected) in cases {
        let mut visit = visit(&device, &site, &["hoarding"]);
        change(&mut visit);
        let outcomes = device.push(&[device.submit(&visit)]).await;
        assert_eq!(refusal(&outcomes[0]), expected);
        assert_eq!(flags_of(&server, visit.inspection_id).await, None);
    }
}

#[tokio::test]
async fn a_target_of_wrong_kind_place_or_facts_is_refused_by_name() {
    let server = TestServer::start().await;
    let macun = server.macun().await;
    let device = server.inspector(&macun, "li", "001").await;
    type Change = fn(&TestDistrict, &mut TargetContent);
    let cases: [(Change, (&str, &str)); 7] = [
        (|_, t| t.point = Point { lon: 35.27, lat: 113.32 }, ("place_outside_china", "point")),
        (|_, t| t.kind = "moon_base".parse().unwrap(), ("kind_unknown", "kind")),
        (|_, t| t.name = " ".to_owned(), ("text_required", "name")),
        (|_, t| t.address = "\0".to_owned(), ("text_contains_nul", "address")),
        (|_, t| t.code = Some("\0".to_owned()), ("text_contains_nul", "code")),
        (|_, t| t.facts.clear(), ("text_required", "facts.site_type")),
        (|macun, t| t.grid = macun.grid("002/001"), ("not_assigned", "grid")),
    ];
    for (change, expected) in cases {
        let mut content = new_site(&macun, "001/001");
        change(&macun, &mut content);
        assert_eq!(refusal(&device.push(&[device.register(&content)]).await[0]), expected);
    }
}

#[tokio::test]
async fn ids_of_another_district_are_refused_as_such() {
    let server = TestServer::start().await;
    let macun = server.macun().await;
    let other = server.district("410104").await;
    let theirs = server.site(&other, "001/001").await;
    let device = server.inspector(&macun, "li", "").await;
    let site = server.site(&macun, "001/001").await;

    let mut their_target = visit(&device, &site, &["hoarding"]);
    their_target.context.target.as_mut().unwrap().target_id = theirs.content.target_id;
    let mut their_grid = visit(&device, &site, &["hoarding"]);
    their_grid.context.grid = other.grid("001");
    let mut their_unit = visit(&device, &site, &["hoarding"]);
    their_unit.context.unit_id = other.bureau;
    let taken = TargetContent { target_id: theirs.content.target_id, ..new_site(&macun, "001/001") };

    let outcomes = device
        .push(&[
            device.submit(&their_target),
            device.submit(&their_grid),
            device.submit(&their_unit),
            device.register(&taken),
        ])
        .await;

    let fields = ["context.target.target_id", "context.grid", "context.unit_id", "target_id"];
    for (outcome, field) in outcomes.iter().zip(fields) {
        assert_eq!(refusal(outcome), ("other_district", field));
    }
}

#[tokio::test]
async fn the_same_inspection_under_another_operation_is_refused() {
    let server = TestServer::start().await;
    let macun = server.macun().await;
    let device = server.inspector(&macun, "li", "").await;
    let site = server.site(&macun, "001/001").await;
    let visit = visit(&device, &site, &["hoarding"]);
    let outcomes = device.push(&[device.submit(&visit), device.submit(&visit)]).await;
    assert_eq!(refusal(&outcomes[1]), ("inspection_exists", "inspection_id"));
}

/// PostgreSQL refuses at the commit, when everything has been judged already: the answer is that nothing was stored.
#[tokio::test]
async fn nothing_is_acknowledged_before_it_is_committed() {
    let server = TestServer::start().await;
    let macun = server.macun().await;
    let device = server.inspector(&macun, "li", "").await;
    let site = server.site(&macun, "001/001").await;
    let submit = device.submit(&visit(&device, &site, &["hoarding"]));
    let at_commit = "CREATE FUNCTION no_commit() RETURNS trigger LANGUAGE plpgsql AS
                         'BEGIN RAISE EXCEPTION USING ERRCODE = ''disk_full''; END';
                     CREATE CONSTRAINT TRIGGER no_commit AFTER INSERT ON operations
                         DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION no_commit()";
    server.execute(at_commit).await.unwrap();

    let answer = device.push_texts(vec![text(&submit)]).await;

    assert!(answer.status().is_server_error(), "{}", answer.status());
    assert_eq!(operation(&server, submit.header.op_id).await, None);
    server.execute("DROP TRIGGER no_commit ON operations").await.unwrap();
    assert_eq!(device.push(&[submit]).await, [Outcome::Applied]);
}
