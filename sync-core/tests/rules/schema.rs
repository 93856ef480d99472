//! The JSON Schema that is checked in is the one the types give.

use sync_core::policy::pack_schema;

#[test]
fn the_schema_checked_in_is_up_to_date() {
    let checked_in = include_str!("../../policies/pack.schema.json");
    let now = pack_schema().unwrap();
    assert!(
        checked_in == now,
        "run: cargo run -p sync-core --features schema --example pack_schema > sync-core/policies/pack.schema.json"
    );
}
