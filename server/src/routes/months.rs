//! Months of account (账期): which are closed, and their totals as JSON and CSV.

use actix_web::http::header::{CONTENT_DISPOSITION, ContentDisposition, DispositionParam, DispositionType};
use actix_web::{HttpResponse, get, web};
use serde::Deserialize;
use sync_core::time::Month;
use sync_core::wire::problem::ProblemKind;
use utoipa::IntoParams;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::auth::authorised::Authorised;
use crate::auth::money_scope::MoneyScope;
use crate::auth::permission::ReadMoney;
use crate::problem::ApiError;
use crate::query::parameter;
use crate::services::list_months::{MonthList, list_months};
use crate::services::total_month::{MonthTotals, total_month, totals_csv};
use crate::state::AppState;
use crate::tables::Language;

/// Registers the routes of this module. The CSV comes first: its path would also match that of the totals.
pub fn configure(config: &mut ServiceConfig<'_>) {
    config.service(list).service(export_totals).service(show_totals);
}

/// Parameters of the CSV.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
struct CsvParameters {
    /// `zh` (default) or `en`: headers and item names.
    lang: Option<String>,
}

/// The month that a path names.
pub(super) fn month_of(path: &str) -> Result<Month, ApiError> {
    parameter("month", Some(path))?.ok_or_else(|| ApiError::new(ProblemKind::MalformedRequest).field("month"))
}

/// The months of account, the latest first; a liaison sees the own unit's amounts.
#[utoipa::path(tag = "months", responses((status = 200, body = MonthList)), security(("session" = [])))]
#[get("/api/v1/months")]
async fn list(
    actor: Authorised<ReadMoney>,
    state: web::Data<AppState>,
) -> Result<web::Json<MonthList>, ApiError> {
    let mut connection = state.connection().await?;
    Ok(web::Json(list_months(&mut connection, &MoneyScope::of(&actor), state.clock.now()).await?))
}

/// A month's totals by unit, item and grid; a liaison sees the own unit's.
#[utoipa::path(
    tag = "months",
    params(("month" = Month, Path, description = "The month of account.")),
    responses((status = 200, body = MonthTotals)),
    security(("session" = []))
)]
#[get("/api/v1/months/{month}/totals")]
async fn show_totals(
    actor: Authorised<ReadMoney>,
    state: web::Data<AppState>,
    path: web::Path<String>,
) -> Result<web::Json<MonthTotals>, ApiError> {
    let month = month_of(&path)?;
    let mut connection = state.connection().await?;
    Ok(web::Json(total_month(&mut connection, &MoneyScope::of(&actor), month, state.clock.now()).await?))
}

/// A month's totals as CSV: UTF-8 with BOM, one line for each unit, item and street, the total last.
#[utoipa::path(
    tag = "months",
    params(("month" = Month, Path, description = "The month of account."), CsvParameters),
    responses((status = 200, content_type = "text/csv", body = String)),
    security(("session" = []))
)]
#[get("/api/v1/months/{month}/totals.csv")]
async fn export_totals(
    actor: Authorised<ReadMoney>,
    state: web::Data<AppState>,
    path: web::Path<String>,
    parameters: web::Query<CsvParameters>,
) -> Result<HttpResponse, ApiError> {
    let month = month_of(&path)?;
    let language = parameter("lang", parameters.lang.as_deref())?.unwrap_or(Language::Zh);
    let mut connection = state.connection().await?;
    let now = state.clock.now();
    let totals = total_month(&mut connection, &MoneyScope::of(&actor), month, now).await?;
    let csv = totals_csv(&totals, language, now).map_err(ApiError::internal)?;
    let name = format!("lantian-totals-{}-{month}.csv", actor.district);
    let disposition = ContentDisposition {
        disposition: DispositionType::Attachment,
        parameters: vec![DispositionParam::Filename(name)],
    };
    Ok(HttpResponse::Ok()
        .content_type("text/csv; charset=utf-8")
        .insert_header((CONTENT_DISPOSITION, disposition))
        .body(csv))
}
