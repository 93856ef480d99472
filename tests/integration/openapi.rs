//! The OpenAPI document as it was last agreed on. After a wanted change: `INSTA_UPDATE=always cargo test openapi`.

#[test]
fn the_document_is_the_agreed_one() {
    insta::assert_json_snapshot!("openapi", server::openapi::document());
}
