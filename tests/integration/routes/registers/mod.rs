//! Registers as files: previews, runs, and what comes back.

mod bad_files;
mod history;
mod import;
mod round_trip;

use reqwest::{Method, Response, StatusCode};
use serde_json::Value;
use tests::review::Review;
use tests::{TestOffice, TestRole};

pub async fn administrator(review: &Review) -> TestOffice {
    review.office("admin", TestRole::administrator()).await
}

pub async fn import(office: &TestOffice, register: &str, query: &str, file: impl Into<Vec<u8>>) -> Response {
    let path = format!("/api/v1/imports/{register}{query}");
    office.request(Method::POST, &path).body(file.into()).send().await.unwrap()
}

/// The preview of a file.
pub async fn preview(office: &TestOffice, register: &str, file: impl Into<Vec<u8>>) -> Value {
    tests::review::accepted(import(office, register, "", file).await).await
}

/// Previews a file and does what the preview shows.
pub async fn run(office: &TestOffice, register: &str, file: impl Into<Vec<u8>>) -> Value {
    let file = file.into();
    let shown = preview(office, register, file.clone()).await;
    let query = format!("?dry_run=false&digest={}", shown["digest"].as_str().unwrap());
    let done = tests::review::accepted(import(office, register, &query, file).await).await;
    assert_eq!(done["applied"], true);
    assert_eq!(done["rows"], shown["rows"], "what is done is what was shown");
    done
}

pub async fn export(office: &TestOffice, file: &str) -> Vec<u8> {
    let response = office.request(Method::GET, &format!("/api/v1/registers/{file}")).send().await.unwrap();
    assert_eq!(response.status(), StatusCode::OK, "{file}");
    response.bytes().await.unwrap().to_vec()
}

/// New, changed, unchanged and faulty rows.
pub fn counts(answer: &Value) -> [u64; 4] {
    ["new", "changed", "unchanged", "faulty"].map(|state| answer["counts"][state].as_u64().unwrap())
}

/// Row, column and code of every fault.
pub fn faults(answer: &Value) -> Vec<(u64, String, String)> {
    let of_row = |row: &Value| row["faults"].as_array().cloned().unwrap_or_default();
    answer["rows"]
        .as_array()
        .unwrap()
        .iter()
        .flat_map(of_row)
        .map(|fault| {
            let text = |name: &str| fault[name].as_str().unwrap_or_default().to_owned();
            (fault["row"].as_u64().unwrap(), text("column"), text("code"))
        })
        .collect()
}

/// A table of targets: construction sites in the first street office, by number and name.
pub fn sites(rows: &[(&str, &str)]) -> String {
    let mut csv = String::from(
        "台账编号,类别,名称,地址,经度,纬度,网格编码,责任单位,监管部门,责任人,工地类型,建筑面积\n",
    );
    for (code, name) in rows {
        csv.push_str(&format!(
            "{code},施工工地,{name},东环路,113.32,35.27,410804/001/001,东街道,住建局,,建筑,1200\n"
        ));
    }
    csv
}
