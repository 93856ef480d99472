//! The register over HTTP: who sees what, what is refused, and what devices hear of each change.

use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};
use sync_core::model::target::TargetContent;
use sync_core::wire::pull::ChangeKind;
use tests::field::new_site;
use tests::review::{Review, read};
use tests::{TestOffice, TestRole, problem};

const TARGETS: &str = "/api/v1/targets";

async fn administrator(review: &Review) -> TestOffice {
    review.office("admin", TestRole::administrator()).await
}

async fn post(office: &TestOffice, content: &TargetContent) -> Response {
    office.request(Method::POST, TARGETS).json(content).send().await.unwrap()
}

async fn put(office: &TestOffice, content: &TargetContent, expected_version: u32) -> Response {
    let mut body = serde_json::to_value(content).unwrap();
    body["expected_version"] = json!(expected_version);
    let path = format!("{TARGETS}/{}", content.target_id);
    office.request(Method::PUT, &path).json(&body).send().await.unwrap()
}

async fn delete(office: &TestOffice, content: &TargetContent, expected_version: u32) -> Response {
    let path = format!("{TARGETS}/{}?expected_version={expected_version}", content.target_id);
    office.request(Method::DELETE, &path).send().await.unwrap()
}

async fn refusal(response: Response) -> (String, Option<String>) {
    let problem = problem(response).await;
    (problem.code.to_string(), problem.field)
}

/// A site with a register number that tells its place in the list.
fn site(review: &Review, code: &str, grid: &str) -> TargetContent {
    TargetContent { code: Some(code.to_owned()), ..new_site(&review.macun, grid) }
}

fn codes(list: &Value) -> Vec<&str> {
    list["targets"].as_array().unwrap().iter().map(|target| target["code"].as_str().unwrap()).collect()
}

#[tokio::test]
async fn a_target_is_made_changed_and_removed_and_the_device_of_its_grid_hears_of_each() {
    let review = Review::start().await;
    let office = administrator(&review).await;
    let mut content = site(&review, "GD-1", "001/001");
    let (_, cursor) = review.device.pull_all(None).await;

    assert_eq!(post(&office, &content).await.status(), StatusCode::CREATED);
    let (made, cursor) = review.device.pull_all(Some(&cursor)).await;
    assert_eq!((made.len(), made[0].change), (1, ChangeKind::Upsert));

    content.name = "北环路工地".to_owned();
    let changed: Value = put(&office, &content, 1).await.json().await.unwrap();
    assert_eq!((&changed["version"], &changed["name"]), (&json!(2), &json!("北环路工地")));
    let (updates, cursor) = review.device.pull_all(Some(&cursor)).await;
    assert_eq!((updates.len(), updates[0].change), (1, ChangeKind::Upsert));

    assert_eq!(delete(&office, &content, 2).await.status(), StatusCode::NO_CONTENT);
    let (tombstones, _) = review.device.pull_all(Some(&cursor)).await;
    assert_eq!((tombstones.len(), tombstones[0].change), (1, ChangeKind::Delete));
    assert_eq!(tombstones[0].id, content.target_id.to_string());

    assert_eq!(review.server.audit_actions().await, ["register_changed"; 3]);
    let shown = read(office.request(Method::GET, &format!("{TARGETS}/{}", content.target_id))).await;
    assert!(shown["removed_at"].is_string(), "cases still find the name of a removed target: {shown}");
    assert!(codes(&read(office.request(Method::GET, TARGETS)).await).is_empty());
    let removed = read(office.request(Method::GET, &format!("{TARGETS}?removed=true"))).await;
    assert_eq!(codes(&removed), ["GD-1"]);
}

#[tokio::test]
async fn a_target_that_moves_leaves_one_grid_and_appears_in_the_other() {
    let review = Review::start().await;
    let office = administrator(&review).await;
    let east = review.server.inspector(&review.macun, "east", "001").await;
    let west = review.server.inspector(&review.macun, "west", "002").await;
    let mut content = site(&review, "GD-1", "001/001");
    post(&office, &content).await;
    let ((_, east_cursor), (_, west_cursor)) = (east.pull_all(None).await, west.pull_all(None).await);

    content.grid = review.macun.grid("002/003");
    assert_eq!(put(&office, &content, 1).await.status(), StatusCode::OK);

    let (left, _) = east.pull_all(Some(&east_cursor)).await;
    let (arrived, _) = west.pull_all(Some(&west_cursor)).await;
    assert_eq!((left.len(), left[0].change), (1, ChangeKind::Revoke));
    assert_eq!((arrived.len(), arrived[0].change), (1, ChangeKind::Upsert));
}

#[tokio::test]
async fn a_request_sent_twice_is_done_once_and_a_stale_one_is_refused() {
    let review = Review::start().await;
    let office = administrator(&review).await;
    let first = site(&review, "GD-1", "001/001");
    for _ in 0..2 {
        assert_eq!(post(&office, &first).await.status(), StatusCode::CREATED);
    }
    let second = TargetContent { name: "另一处".to_owned(), ..first.clone() };
    assert_eq!(refusal(post(&office, &second).await).await.0, "target_exists");
    for _ in 0..2 {
        assert_eq!(put(&office, &second, 1).await.status(), StatusCode::OK);
    }
    assert_eq!(refusal(put(&office, &first, 1).await).await.0, "target_changed");
    assert_eq!(refusal(delete(&office, &first, 1).await).await.0, "target_changed");
    for _ in 0..2 {
        assert_eq!(delete(&office, &first, 2).await.status(), StatusCode::NO_CONTENT);
    }
    assert_eq!(refusal(put(&office, &first, 3).await).await.0, "target_removed");
    assert_eq!(refusal(post(&office, &first).await).await.0, "target_exists");
    assert_eq!(review.server.changes("target").await, 3, "made, changed, removed: once each");
}

#[tokio::test]
async fn what_the_register_cannot_hold_is_refused_with_its_field() {
    let review = Review::start().await;
    let office = administrator(&review).await;
    let good = site(&review, "GD-1", "001/001");
    post(&office, &good).await;
    let other = |change: &dyn Fn(&mut TargetContent)| {
        let mut content = site(&review, "GD-2", "001/001");
        change(&mut content);
        content
    };
    let table = [
        (other(&|c| c.name = " ".to_owned()), "text_required", "name"),
        (other(&|c| c.code = Some(" ".to_owned())), "text_required", "code"),
        (other(&|c| c.code = good.code.clone()), "target_code_taken", "code"),
        (other(&|c| c.kind = "castle".parse().unwrap()), "kind_unknown", "kind"),
        (other(&|c| c.facts.clear()), "text_required", "facts.site_type"),
        (
            other(&|c| c.facts.extend([("fuel".parse().unwrap(), c.facts.values().next().unwrap().clone())])),
            "fact_unknown",
            "facts.fuel",
        ),
        (other(&|c| c.point.lat = 60.0), "place_outside_china", "point"),
        (other(&|c| c.grid = review.macun.grid("009")), "grid_unknown", "grid"),
        (other(&|c| c.grid = "410802/001".parse().unwrap()), "other_district", "grid"),
        (other(&|c| c.unit_id = sync_core::ids::UnitId::fresh()), "unit_unknown", "unit_id"),
    ];
    for (content, code, field) in table {
        let found = refusal(post(&office, &content).await).await;
        assert_eq!(found, (code.to_owned(), Some(field.to_owned())));
    }
    let elsewhere = office.request(Method::PUT, &format!("{TARGETS}/{}", review.macun.bureau.0));
    let mut body = serde_json::to_value(&good).unwrap();
    body["expected_version"] = json!(1);
    let mismatch = refusal(elsewhere.json(&body).send().await.unwrap()).await;
    assert_eq!(mismatch, ("malformed_request".to_owned(), Some("target_id".to_owned())));
    assert_eq!(review.server.changes("target").await, 1);
}

#[tokio::test]
async fn lists_are_filtered_paged_by_number_and_kept_within_what_each_may_see() {
    let review = Review::start().await;
    let office = administrator(&review).await;
    for (code, grid) in [("A-1", "001/001"), ("A-2", "001/002"), ("B-1", "002/001")] {
        let mut content = site(&review, code, grid);
        if grid.starts_with("002") {
            content.unit_id = review.macun.streets[1];
            content.name = "西关搅拌站".to_owned();
        }
        assert_eq!(post(&office, &content).await.status(), StatusCode::CREATED);
    }
    let unit = review.macun.streets[1].to_string();
    type Row<'a> = (&'a [(&'a str, &'a str)], &'a [&'a str]);
    let table: [Row<'_>; 7] = [
        (&[], &["A-1", "A-2", "B-1"]),
        (&[("grid", "410804/001")], &["A-1", "A-2"]),
        (&[("unit", &unit)], &["B-1"]),
        (&[("kind", "boiler")], &[]),
        (&[("text", "a-")], &["A-1", "A-2"]),
        (&[("text", "搅拌")], &["B-1"]),
        (&[("text", "100%")], &[]),
    ];
    for (query, expected) in table {
        let list = read(office.request(Method::GET, TARGETS).query(query)).await;
        assert_eq!((codes(&list), &list["count"]), (expected.to_vec(), &json!(expected.len())), "{query:?}");
    }
    let mut walked = Vec::new();
    let mut cursor = String::new();
    loop {
        let page =
            read(office.request(Method::GET, TARGETS).query(&[("limit", "2"), ("cursor", &cursor)])).await;
        walked.extend(codes(&page).into_iter().map(str::to_owned));
        match page["next"].as_str() {
            Some(next) => cursor = next.to_owned(),
            None => break,
        }
    }
    assert_eq!(walked, ["A-1", "A-2", "B-1"]);

    let seen: [(&str, TestRole, &[&str]); 3] = [
        ("east", TestRole::supervisor("001/001"), &["A-1"]),
        ("liaison", TestRole::liaison(review.macun.streets[1]), &["B-1"]),
        ("finance", TestRole::finance(), &["A-1", "A-2", "B-1"]),
    ];
    for (name, role, expected) in seen {
        let somebody = review.office(name, role).await;
        let list = read(somebody.request(Method::GET, TARGETS)).await;
        assert_eq!(codes(&list), expected, "{name}");
        for target in read(office.request(Method::GET, TARGETS)).await["targets"].as_array().unwrap() {
            let path = format!("{TARGETS}/{}", target["target_id"].as_str().unwrap());
            let shown = somebody.request(Method::GET, &path).send().await.unwrap();
            let own = expected.contains(&target["code"].as_str().unwrap());
            assert_eq!(shown.status(), if own { 200 } else { 404 }, "{name}");
        }
    }
    for (name, value) in [("cursor", "%"), ("grid", "x"), ("limit", "501")] {
        let refused = office.request(Method::GET, TARGETS).query(&[(name, value)]).send().await.unwrap();
        assert_eq!(refusal(refused).await.1.as_deref(), Some(name));
    }
}
