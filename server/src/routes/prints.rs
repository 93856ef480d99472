//! Printed pages (打印件): deduction notices, rectification orders, inspection records, each one HTML page for A4.

use actix_web::http::header::{CACHE_CONTROL, CONTENT_SECURITY_POLICY, X_CONTENT_TYPE_OPTIONS};
use actix_web::{HttpRequest, HttpResponse, get, web};
use serde::Deserialize;
use sync_core::ids::{CaseId, UnitId};
use sync_core::time::Month;
use sync_core::wire::problem::ProblemKind;
use utoipa::IntoParams;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::auth::authorised::Authorised;
use crate::auth::money_scope::MoneyScope;
use crate::auth::permission::{ReadCases, ReadMoney};
use crate::prints::{PrintError, content_security_policy};
use crate::problem::ApiError;
use crate::query::parameter;
use crate::routes::months::month_of;
use crate::services::print_deduction_notice::print_deduction_notice;
use crate::services::print_inspection_record::print_inspection_record;
use crate::services::print_rectification_order::print_rectification_order;
use crate::state::AppState;
use crate::tables::Language;
use crate::words::PackWords;

/// Registers the routes of this module.
pub fn configure(config: &mut ServiceConfig<'_>) {
    config.service(deduction_notice).service(rectification_order).service(inspection_record);
}

/// Parameters of a page.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
struct PageParameters {
    /// `zh` (default) or `en`.
    lang: Option<String>,
}

impl PageParameters {
    fn language(&self) -> Result<Language, ApiError> {
        Ok(parameter("lang", self.lang.as_deref())?.unwrap_or_default())
    }
}

/// A unit's deduction notice (财力扣缴通知书) for a month: a draft until the month is closed.
#[utoipa::path(
    tag = "prints",
    params(
        ("month" = Month, Path, description = "The month of account."),
        ("unit_id" = UnitId, Path, description = "The unit."),
        PageParameters
    ),
    responses((status = 200, content_type = "text/html", body = String)),
    security(("session" = []))
)]
#[get("/api/v1/prints/months/{month}/units/{unit_id}/deduction-notice")]
async fn deduction_notice(
    actor: Authorised<ReadMoney>,
    state: web::Data<AppState>,
    path: web::Path<(String, String)>,
    asked: web::Query<PageParameters>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let (month, unit) = path.into_inner();
    let (month, language) = (month_of(&month)?, asked.language()?);
    let unit: UnitId = unit.parse().map_err(|_| ApiError::new(ProblemKind::NotFound).field("unit_id"))?;
    let mut connection = state.connection().await?;
    let words = PackWords::new(state.policies.of(&connection, &actor.district).await?, language);
    let (scope, now) = (MoneyScope::of(&actor), state.clock.now());
    let site = address(&state, &request, "");
    let notice = print_deduction_notice(&mut connection, &scope, unit, month, &words, &site, now).await?;
    drop(connection);
    page(move || notice.html(language)).await
}

/// A case's rectification order (交办单, 整改通知书).
#[utoipa::path(
    tag = "prints",
    params(("case_id" = CaseId, Path, description = "The case."), PageParameters),
    responses((status = 200, content_type = "text/html", body = String)),
    security(("session" = []))
)]
#[get("/api/v1/prints/cases/{case_id}/rectification-order")]
async fn rectification_order(
    actor: Authorised<ReadCases>,
    state: web::Data<AppState>,
    path: web::Path<String>,
    asked: web::Query<PageParameters>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let language = asked.language()?;
    let case_id: CaseId = path.parse().map_err(|_| ProblemKind::CaseUnknown)?;
    let address = address(&state, &request, &format!("/cases/{case_id}"));
    let order = print_rectification_order(&state, &actor, case_id, language, address).await?;
    page(move || order.html(language)).await
}

/// The record of the inspection that a case stands on (现场检查笔录), with its stamped photos.
#[utoipa::path(
    tag = "prints",
    params(("case_id" = CaseId, Path, description = "The case."), PageParameters),
    responses((status = 200, content_type = "text/html", body = String)),
    security(("session" = []))
)]
#[get("/api/v1/prints/cases/{case_id}/inspection-record")]
async fn inspection_record(
    actor: Authorised<ReadCases>,
    state: web::Data<AppState>,
    path: web::Path<String>,
    asked: web::Query<PageParameters>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let language = asked.language()?;
    let case_id: CaseId = path.parse().map_err(|_| ProblemKind::CaseUnknown)?;
    let address = address(&state, &request, &format!("/cases/{case_id}"));
    let record = print_inspection_record(&state, &actor, case_id, language, address).await?;
    page(move || record.html(language)).await
}

/// Where people find what a page is about: the screen at this path below the configured address, else below the one they
/// asked at. Screens let who is not signed in do so first.
fn address(state: &AppState, request: &HttpRequest, path: &str) -> String {
    match &state.config.public_url {
        Some(url) => format!("{}{path}", url.trim_end_matches('/')),
        None => {
            let asked = request.connection_info();
            format!("{}://{}{path}", asked.scheme(), asked.host())
        }
    }
}

async fn page(
    write: impl FnOnce() -> Result<String, PrintError> + Send + 'static,
) -> Result<HttpResponse, ApiError> {
    let html = web::block(write).await.map_err(ApiError::internal)?.map_err(ApiError::internal)?;
    Ok(HttpResponse::Ok()
        .content_type("text/html; charset=utf-8")
        .insert_header((CONTENT_SECURITY_POLICY, content_security_policy()))
        .insert_header((X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .insert_header((CACHE_CONTROL, "no-store"))
        .body(html))
}
