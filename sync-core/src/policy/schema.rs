//! JSON Schema of pack files, for editors and reviewers; checked in as `policies/pack.schema.json`.

use super::pack::PackContent;

/// The schema as pretty JSON with a final newline.
///
/// # Errors
/// What `serde_json` says, were a schema ever not JSON.
pub fn pack_schema() -> Result<String, serde_json::Error> {
    serde_json::to_string_pretty(&schemars::schema_for!(PackContent)).map(|text| text + "\n")
}
