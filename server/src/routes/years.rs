//! Years of account (年度): what is posted, executed and outstanding per unit, as JSON and files.

use actix_web::{HttpResponse, get, web};
use serde::Deserialize;
use sync_core::wire::problem::ProblemKind;
use utoipa::IntoParams;
use utoipa_actix_web::service_config::ServiceConfig;

use super::exports::attachment;
use crate::auth::authorised::Authorised;
use crate::auth::money_scope::MoneyScope;
use crate::auth::permission::ReadMoney;
use crate::problem::ApiError;
use crate::query::parameter;
use crate::services::total_year::{Year, YearTotals, total_year, year_file};
use crate::state::AppState;
use crate::tables::{FileFormat, Language};

/// Registers the routes of this module. The files come first: their paths would also match that of the totals.
pub fn configure(config: &mut ServiceConfig<'_>) {
    config.service(export_csv).service(export_xlsx).service(show);
}

/// Parameters of the files.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
struct FileParameters {
    /// `zh` (default) or `en`.
    lang: Option<String>,
}

fn year_of(path: &str) -> Result<Year, ApiError> {
    parameter("year", Some(path))?.ok_or_else(|| ApiError::new(ProblemKind::MalformedRequest).field("year"))
}

/// A year's totals per unit and budget code, by month; a liaison sees the own unit's.
#[utoipa::path(
    tag = "executions",
    params(("year" = i16, Path, description = "The year of account.")),
    responses((status = 200, body = YearTotals)),
    security(("session" = []))
)]
#[get("/api/v1/years/{year}/totals")]
async fn show(
    actor: Authorised<ReadMoney>,
    state: web::Data<AppState>,
    path: web::Path<String>,
) -> Result<web::Json<YearTotals>, ApiError> {
    let year = year_of(&path)?;
    let mut connection = state.connection().await?;
    Ok(web::Json(total_year(&mut connection, &MoneyScope::of(&actor), year, state.clock.now()).await?))
}

/// A year's totals as CSV, one line for each unit and month.
#[utoipa::path(
    tag = "executions",
    params(("year" = i16, Path, description = "The year of account."), FileParameters),
    responses((status = 200, content_type = "text/csv", body = String)),
    security(("session" = []))
)]
#[get("/api/v1/years/{year}/totals.csv")]
async fn export_csv(
    actor: Authorised<ReadMoney>,
    state: web::Data<AppState>,
    path: web::Path<String>,
    asked: web::Query<FileParameters>,
) -> Result<HttpResponse, ApiError> {
    export(&MoneyScope::of(&actor), &state, &path, &asked, FileFormat::Csv).await
}

/// A year's totals as XLSX, for finance to file.
#[utoipa::path(
    tag = "executions",
    params(("year" = i16, Path, description = "The year of account."), FileParameters),
    responses((
        status = 200,
        content_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        body = Vec<u8>
    )),
    security(("session" = []))
)]
#[get("/api/v1/years/{year}/totals.xlsx")]
async fn export_xlsx(
    actor: Authorised<ReadMoney>,
    state: web::Data<AppState>,
    path: web::Path<String>,
    asked: web::Query<FileParameters>,
) -> Result<HttpResponse, ApiError> {
    export(&MoneyScope::of(&actor), &state, &path, &asked, FileFormat::Xlsx).await
}

async fn export(
    scope: &MoneyScope,
    state: &AppState,
    year: &str,
    asked: &FileParameters,
    format: FileFormat,
) -> Result<HttpResponse, ApiError> {
    let name = format!("lantian-year-{}-{year}.{}", scope.district, format.extension());
    let year = year_of(year)?;
    let language = parameter("lang", asked.lang.as_deref())?.unwrap_or(Language::Zh);
    let now = state.clock.now();
    let mut connection = state.connection().await?;
    let totals = total_year(&mut connection, scope, year, now).await?;
    let bytes = year_file(&totals, language, format, now).map_err(ApiError::internal)?;
    Ok(attachment(format.media_type(), &name, bytes))
}
