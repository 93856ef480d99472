//! What a register exports, its import takes back unchanged.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use sync_core::ids::ZoneId;
use tests::problem;
use tests::review::Review;

use super::{administrator, counts, export, preview, run, sites};

async fn filled() -> (Review, tests::TestOffice) {
    let review = Review::start().await;
    let office = administrator(&review).await;
    let named = "=1+1号工地";
    run(&office, "targets", sites(&[("GD-1", named), ("007", "含，逗号")])).await;
    let boiler = "台账编号,类别,名称,地址,经度,纬度,网格编码,责任单位,监管部门,责任人,锅炉吨位,燃料\n\
                  GL-1,锅炉,供热锅炉,,113.3200001,35.27,410804/002,西街道,,张三,9.5,煤\n";
    run(&office, "targets", boiler).await;
    let square = json!([[[113.2, 35.2], [113.4, 35.2], [113.4, 35.4], [113.2, 35.2]]]);
    let zone = json!({
        "zone_id": ZoneId::fresh(), "kind": "built_up_area", "name": "建成区", "polygon": square,
        "from": "2026-01-01", "until": "2026-12-31",
    });
    let made = office.request(Method::POST, "/api/v1/zones").json(&zone).send().await.unwrap();
    assert_eq!(made.status(), StatusCode::CREATED);
    let grid = json!({
        "path": "410804/001/004", "name": "马家村", "unit_id": review.macun.streets[0],
        "polygon": square, "statistical_code": "410804001004", "staff": { "chief": "王强" },
    });
    let made = office.request(Method::POST, "/api/v1/grids").json(&grid).send().await.unwrap();
    assert_eq!(made.status(), StatusCode::CREATED, "{}", made.text().await.unwrap());
    (review, office)
}

#[tokio::test]
async fn every_register_in_every_form_and_language_reads_back_unchanged() {
    let (_review, office) = filled().await;
    let files = [
        ("targets", "targets.xlsx", 3),
        ("targets", "targets.csv", 3),
        ("units", "units.xlsx", 3),
        ("units", "units.csv", 3),
        ("grids", "grids.xlsx", 10),
        ("grids", "grids.csv", 10),
        ("grids", "grids.geojson", 10),
        ("zones", "zones.xlsx", 1),
        ("zones", "zones.csv", 1),
        ("zones", "zones.geojson", 1),
        ("users", "users.xlsx", 6),
        ("users", "users.csv", 6),
    ];
    for (register, file, rows) in files {
        for language in ["zh", "en"] {
            let bytes = export(&office, &format!("{file}?lang={language}")).await;
            let shown = preview(&office, register, bytes).await;
            assert_eq!(counts(&shown), [0, 0, rows, 0], "{file} in {language}: {shown}");
        }
    }
}

#[tokio::test]
async fn a_map_of_grids_names_its_features_and_gives_their_outlines() {
    let (_review, office) = filled().await;
    let map: Value = serde_json::from_slice(&export(&office, "grids.geojson").await).unwrap();
    let features = map["features"].as_array().unwrap();
    let drawn: Vec<_> = features.iter().filter(|feature| !feature["geometry"].is_null()).collect();
    assert_eq!(drawn.len(), 1);
    assert_eq!(drawn[0]["geometry"]["coordinates"][0][1], json!([113.4, 35.2]));
    assert_eq!(drawn[0]["properties"]["责任单位"], "东街道");
}

#[tokio::test]
async fn what_is_no_register_or_no_form_of_it_is_not_found() {
    let review = Review::start().await;
    let office = administrator(&review).await;
    for file in ["castles.csv", "targets", "targets.pdf", "targets.geojson", "users.geojson"] {
        let path = format!("/api/v1/registers/{file}");
        let answer = office.request(Method::GET, &path).send().await.unwrap();
        assert_eq!(problem(answer).await.code.as_str(), "not_found", "{file}");
    }
}
