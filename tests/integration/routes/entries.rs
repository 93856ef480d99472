//! Units, grids and zones over HTTP: what is refused, what devices hear, and of two changes at once one.

use reqwest::{Method, Response, StatusCode};
use serde_json::{Value, json};
use sync_core::ids::{UnitId, ZoneId};
use tests::rectification::order;
use tests::review::{Review, accepted, decision, read};
use tests::{TestOffice, TestRole, problem};

async fn administrator(review: &Review) -> TestOffice {
    review.office("admin", TestRole::administrator()).await
}

async fn send(office: &TestOffice, method: Method, path: &str, body: &Value) -> Response {
    office.request(method, path).json(body).send().await.unwrap()
}

async fn refusal(response: Response) -> (String, Option<String>) {
    let problem = problem(response).await;
    (problem.code.to_string(), problem.field)
}

fn with(base: &Value, field: &str, value: Value) -> Value {
    let mut changed = base.clone();
    changed[field] = value;
    changed
}

fn square(lon: f64, lat: f64) -> Value {
    json!([[[lon, lat], [lon + 0.1, lat], [lon + 0.1, lat + 0.1], [lon, lat + 0.1], [lon, lat]]])
}

fn new_unit() -> Value {
    json!({
        "unit_id": UnitId::fresh(), "name": "解放街道办事处", "kind": "street_office",
        "credit_code": "11410804MB00000016", "budget_code": "301",
    })
}

fn new_zone() -> Value {
    json!({
        "zone_id": ZoneId::fresh(), "kind": "no_burn", "name": "禁燃区", "polygon": square(113.3, 35.2),
        "from": "2026-01-01", "until": null,
    })
}

#[tokio::test]
async fn a_unit_is_made_renamed_and_removed_while_nothing_names_it() {
    let review = Review::start().await;
    let office = administrator(&review).await;
    let unit = new_unit();
    let path = format!("/api/v1/units/{}", unit["unit_id"].as_str().unwrap());
    let (_, cursor) = review.device.pull_all(None).await;

    for _ in 0..2 {
        assert_eq!(send(&office, Method::POST, "/api/v1/units", &unit).await.status(), StatusCode::CREATED);
    }
    let renamed = with(&with(&unit, "name", json!("解放街道")), "expected_version", json!(1));
    for _ in 0..2 {
        let answer = send(&office, Method::PUT, &path, &renamed).await;
        assert_eq!(answer.json::<Value>().await.unwrap()["version"], 2, "a retry is answered alike");
    }
    let stale = with(&renamed, "name", json!("另一个名字"));
    assert_eq!(refusal(send(&office, Method::PUT, &path, &stale).await).await.0, "register_changed");
    let (heard, cursor) = review.device.pull_all(Some(&cursor)).await;
    assert_eq!((heard.len(), heard[0].entity.as_str()), (1, "unit"));

    let removal = async |id: String, version: u32| {
        let path = format!("/api/v1/units/{id}?expected_version={version}");
        office.request(Method::DELETE, &path).send().await.unwrap()
    };
    assert_eq!(refusal(removal(review.macun.streets[0].to_string(), 1).await).await.0, "unit_in_use");
    let id = unit["unit_id"].as_str().unwrap().to_owned();
    assert_eq!(refusal(removal(id.clone(), 1).await).await.0, "register_changed");
    assert_eq!(removal(id.clone(), 2).await.status(), StatusCode::NO_CONTENT);
    assert_eq!(removal(id, 2).await.status(), StatusCode::NOT_FOUND);
    let (heard, _) = review.device.pull_all(Some(&cursor)).await;
    assert_eq!((heard.len(), heard[0].row.is_none()), (1, true));
    assert_eq!(review.server.audit_actions().await, ["register_changed"; 3]);
}

#[tokio::test]
async fn a_unit_that_cannot_be_is_refused_with_its_field() {
    let review = Review::start().await;
    let office = administrator(&review).await;
    let unit = new_unit();
    let table = [
        (with(&unit, "name", json!(" ")), "text_required", "name"),
        (with(&unit, "name", json!("东街道")), "unit_name_taken", "name"),
        (with(&unit, "budget_code", json!("101")), "budget_code_taken", "budget_code"),
        (with(&unit, "credit_code", json!("123")), "credit_code_invalid", "credit_code"),
        (with(&unit, "credit_code", json!("11410804MB0000001X")), "credit_code_invalid", "credit_code"),
        (with(&unit, "unit_id", json!(review.macun.bureau)), "unit_exists", "unit_id"),
        (with(&unit, "kind", json!("palace")), "malformed_request", "kind"),
    ];
    for (body, code, field) in table {
        let found = refusal(send(&office, Method::POST, "/api/v1/units", &body).await).await;
        assert_eq!(found, (code.to_owned(), Some(field.to_owned())));
    }
    assert_eq!(review.server.changes("unit").await, 0);
}

#[tokio::test]
async fn a_grid_is_made_below_its_parent_and_changed_with_outline_and_staff() {
    let review = Review::start().await;
    let office = administrator(&review).await;
    let grid = json!({
        "path": "410804/001/004", "name": "马家村", "statistical_code": "410804001004",
        "unit_id": review.macun.streets[0], "polygon": square(113.3, 35.2),
        "staff": { "chief": "王强", "member": "李娜", "patroller": null, "supervisor": null },
    });
    let path = "/api/v1/grids/410804%2F001%2F004";
    let table = [
        (with(&grid, "path", json!("410804/009/001")), "grid_parent_unknown", "path"),
        (with(&grid, "path", json!("410802/001")), "other_district", "path"),
        (with(&grid, "path", json!("410804/001/001")), "grid_exists", "path"),
        (with(&grid, "statistical_code", json!("4108")), "statistical_code_invalid", "statistical_code"),
        (with(&grid, "unit_id", json!(UnitId::fresh())), "unit_unknown", "unit_id"),
        (with(&grid, "polygon", json!([])), "polygon_empty", "polygon"),
        (with(&grid, "polygon", square(35.2, 113.3)), "coordinates_swapped", "polygon"),
        (with(&grid, "polygon", square(0.0, 0.0)), "place_outside_china", "polygon"),
    ];
    for (body, code, field) in table {
        let found = refusal(send(&office, Method::POST, "/api/v1/grids", &body).await).await;
        assert_eq!(found, (code.to_owned(), Some(field.to_owned())));
    }
    assert_eq!(send(&office, Method::POST, "/api/v1/grids", &grid).await.status(), StatusCode::CREATED);
    let changed = with(&with(&grid, "name", json!("马家社区")), "expected_version", json!(1));
    let changed: Value = send(&office, Method::PUT, path, &changed).await.json().await.unwrap();
    assert_eq!((&changed["name"], &changed["version"]), (&json!("马家社区"), &json!(2)));
    let versioned = with(&grid, "expected_version", json!(1));
    let elsewhere = send(&office, Method::PUT, "/api/v1/grids/410804%2F001", &versioned).await;
    assert_eq!(refusal(elsewhere).await, ("malformed_request".to_owned(), Some("path".to_owned())));
    let list = read(office.request(Method::GET, "/api/v1/grids")).await;
    let shown = list.as_array().unwrap().iter().find(|shown| shown["path"] == grid["path"]).unwrap();
    assert_eq!(shown, &changed);
    assert_eq!(review.server.changes("grid").await, 2);
}

#[tokio::test]
async fn a_zone_is_drawn_and_ends_on_a_day() {
    let review = Review::start().await;
    let office = administrator(&review).await;
    let zone = new_zone();
    let bow = json!([[[113.0, 35.0], [114.0, 36.0], [114.0, 35.0], [113.0, 36.0], [113.0, 35.0]]]);
    let open = json!([[[113.0, 35.0], [114.0, 35.0], [114.0, 36.0]]]);
    let table = [
        (with(&zone, "polygon", bow), "polygon_crosses", "polygon"),
        (with(&zone, "polygon", open), "polygon_not_closed", "polygon"),
        (with(&zone, "until", json!("2025-12-31")), "days_reversed", "until"),
        (with(&zone, "name", json!("")), "text_required", "name"),
    ];
    for (body, code, field) in table {
        let found = refusal(send(&office, Method::POST, "/api/v1/zones", &body).await).await;
        assert_eq!(found, (code.to_owned(), Some(field.to_owned())));
    }
    let (_, cursor) = review.device.pull_all(None).await;
    assert_eq!(send(&office, Method::POST, "/api/v1/zones", &zone).await.status(), StatusCode::CREATED);
    let path = format!("/api/v1/zones/{}", zone["zone_id"].as_str().unwrap());
    let ended = with(&with(&zone, "until", json!("2026-12-31")), "expected_version", json!(1));
    assert_eq!(send(&office, Method::PUT, &path, &ended).await.status(), StatusCode::OK);
    let (heard, _) = review.device.pull_all(Some(&cursor)).await;
    let row: Value = serde_json::from_str(heard[0].row.as_ref().unwrap().get()).unwrap();
    assert_eq!((heard.len(), &row["until"]), (1, &json!("2026-12-31")));
    let list = read(office.request(Method::GET, "/api/v1/zones")).await;
    assert_eq!((list[0]["from"].as_str(), list[0]["version"].as_u64()), (Some("2026-01-01"), Some(2)));
}

#[tokio::test]
async fn of_two_changes_at_once_one_is_made_and_the_other_is_told() {
    let review = Review::start().await;
    let office = administrator(&review).await;
    let unit = new_unit();
    send(&office, Method::POST, "/api/v1/units", &unit).await;
    let path = format!("/api/v1/units/{}", unit["unit_id"].as_str().unwrap());
    let rename = |name: &str| with(&with(&unit, "name", json!(name)), "expected_version", json!(1));
    let (one, other) = (rename("甲街道"), rename("乙街道"));
    let (one, other) =
        futures::join!(send(&office, Method::PUT, &path, &one), send(&office, Method::PUT, &path, &other));
    let mut statuses = [one.status().as_u16(), other.status().as_u16()];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409]);
    assert_eq!(review.server.changes("unit").await, 2);
}

#[tokio::test]
async fn a_unit_that_only_an_order_names_is_in_use() {
    let review = Review::start().await;
    let office = administrator(&review).await;
    let unit = new_unit();
    assert_eq!(send(&office, Method::POST, "/api/v1/units", &unit).await.status(), StatusCode::CREATED);
    let case = review.case(&["hoarding"]).await;
    let elsewhere = async |unit: Value| {
        let mut request = decision("re_attribute", review.show(case).await["version"].clone());
        request["unit_id"] = unit;
        accepted(review.supervisor.decide(case, &request).await).await;
    };
    elsewhere(unit["unit_id"].clone()).await;
    review.step(case, order(json!({ "working_days": 1 }))).await;
    elsewhere(json!(review.macun.streets[1])).await;

    let path = format!("/api/v1/units/{}?expected_version=1", unit["unit_id"].as_str().unwrap());
    let removed = office.request(Method::DELETE, &path).send().await.unwrap();

    assert_eq!(refusal(removed).await.0, "unit_in_use");
}
