//! Prints the JSON Schema of policy packs:
//! `cargo run -p sync-core --features schema --example pack_schema > sync-core/policies/pack.schema.json`.

use std::io::Write;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    Ok(std::io::stdout().write_all(sync_core::policy::pack_schema()?.as_bytes())?)
}
