//! The OpenAPI document as it was last agreed on. After a wanted change: `INSTA_UPDATE=always cargo test openapi`.

use std::collections::BTreeSet;

use serde_json::Value;
use sync_core::model::case::ReviewState;

#[test]
fn the_document_is_the_agreed_one() {
    insta::assert_json_snapshot!("openapi", server::openapi::document());
}

fn document() -> Value {
    serde_json::to_value(server::openapi::document()).unwrap()
}

fn references<'a>(value: &'a Value, found: &mut BTreeSet<&'a str>) {
    match value {
        Value::Object(fields) => fields.iter().for_each(|(name, value)| match value {
            Value::String(to) if name == "$ref" => {
                found.insert(to);
            }
            other => references(other, found),
        }),
        Value::Array(values) => values.iter().for_each(|value| references(value, found)),
        _ => {}
    }
}

#[test]
fn every_operation_has_a_name_of_its_own() {
    let document = document();
    let items = document["paths"].as_object().unwrap().values();
    let operations: Vec<&Value> = items.flat_map(|item| item.as_object().unwrap().values()).collect();
    let names: BTreeSet<&str> = operations.iter().map(|it| it["operationId"].as_str().unwrap()).collect();
    assert_eq!(names.len(), operations.len());
}

#[test]
fn everything_referred_to_is_defined() {
    let document = document();
    let mut found = BTreeSet::new();
    references(&document, &mut found);
    for to in found {
        assert!(document.pointer(to.trim_start_matches('#')).is_some(), "{to}");
    }
}

#[test]
fn states_are_named_as_on_the_wire() {
    let codes: Vec<&str> = ReviewState::ALL.iter().map(|state| state.code()).collect();
    assert_eq!(document()["components"]["schemas"]["ReviewState"]["enum"], serde_json::json!(codes));
}
