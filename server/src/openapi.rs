//! The OpenAPI document: made from the handlers, finished with what all of them share.

use actix_web::App;
use sync_core::wire::problem::{Problem, ProblemFault};
use utoipa::PartialSchema;
use utoipa::openapi::path::Operation;
use utoipa::openapi::security::{ApiKey, ApiKeyValue, Http, HttpAuthScheme, SecurityScheme};
use utoipa::openapi::{ContentBuilder, Info, OpenApi, PathItem, Ref, ResponseBuilder};
use utoipa_actix_web::AppExt;

use crate::auth::authorised::SESSION_COOKIE;
use crate::problem::PROBLEM_MEDIA_TYPE;
use crate::routes;

/// The document of every registered route.
#[must_use]
pub fn document() -> OpenApi {
    let (_, mut document) = App::new().into_utoipa_app().configure(routes::configure).split_for_parts();
    document.info = Info::new("Lantian (蓝天)", env!("CARGO_PKG_VERSION"));
    document.info.description =
        Some("From the finding to the money: inspections, cases, ledger. See docs/api-design.md.".to_owned());
    let components = document.components.get_or_insert_default();
    components.schemas.insert("Problem".to_owned(), Problem::schema());
    components.schemas.insert("ProblemFault".to_owned(), ProblemFault::schema());
    components.schemas.insert("ProblemCode".to_owned(), sync_core::ids::ProblemCode::schema());
    components.add_security_scheme("device", SecurityScheme::Http(Http::new(HttpAuthScheme::Bearer)));
    components.add_security_scheme(
        "session",
        SecurityScheme::ApiKey(ApiKey::Cookie(ApiKeyValue::new(SESSION_COOKIE))),
    );
    for operation in document.paths.paths.values_mut().flat_map(operations) {
        operation.operation_id = name_of(operation);
        operation.responses.responses.insert("default".to_owned(), problem_response().into());
    }
    document
}

/// Handlers are named within their module; a name that no other operation has begins with the tag.
fn name_of(operation: &Operation) -> Option<String> {
    let tag = operation.tags.as_ref()?.first()?.replace('-', "_");
    operation.operation_id.as_ref().map(|name| format!("{tag}_{name}"))
}

fn problem_response() -> utoipa::openapi::Response {
    let content = ContentBuilder::new().schema(Some(Ref::from_schema_name("Problem"))).build();
    ResponseBuilder::new()
        .description("A problem; branch on its code.")
        .content(PROBLEM_MEDIA_TYPE, content)
        .build()
}

fn operations(item: &mut PathItem) -> impl Iterator<Item = &mut Operation> {
    [
        &mut item.get,
        &mut item.put,
        &mut item.post,
        &mut item.delete,
        &mut item.options,
        &mut item.head,
        &mut item.patch,
        &mut item.trace,
    ]
    .into_iter()
    .flatten()
}
