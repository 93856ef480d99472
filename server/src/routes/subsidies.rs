//! Subsidies (资金补助) to enterprises: a payee list of its own, beside the ledger of deductions.

use actix_web::{HttpResponse, get, post, web};
use serde::Deserialize;
use sync_core::ids::{RegionCode, SubsidyId};
use sync_core::wire::problem::ProblemKind;
use utoipa::IntoParams;
use utoipa_actix_web::service_config::ServiceConfig;

use super::exports::attachment;
use crate::auth::authorised::Authorised;
use crate::auth::permission::{KeepAccounts, ReadAccounts};
use crate::json::Json;
use crate::problem::ApiError;
use crate::query::{PageParameters, parameter};
use crate::services::keep_subsidies::{
    PaymentRequest, Subsidy, SubsidyCancellation, SubsidyList, SubsidyRequest, approve_subsidy,
    cancel_subsidy, enter_subsidy, list_subsidies, pay_subsidy, read_payees, subsidies_file,
};
use crate::state::AppState;
use crate::tables::{FileFormat, Language};
use crate::words::PackWords;

/// Registers the routes of this module.
pub fn configure(config: &mut ServiceConfig<'_>) {
    config
        .service(list)
        .service(export_csv)
        .service(export_xlsx)
        .service(enter)
        .service(approve)
        .service(pay)
        .service(cancel);
}

/// Parameters of the files.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
struct FileParameters {
    /// `zh` (default) or `en`.
    lang: Option<String>,
}

fn subsidy_of(path: &str) -> Result<SubsidyId, ApiError> {
    path.parse().map_err(|_| ProblemKind::SubsidyUnknown.into())
}

/// The payee list, with the sums of the whole.
#[utoipa::path(
    tag = "subsidies",
    params(PageParameters),
    responses((status = 200, body = SubsidyList)),
    security(("session" = []))
)]
#[get("/api/v1/subsidies")]
async fn list(
    actor: Authorised<ReadAccounts>,
    state: web::Data<AppState>,
    asked: web::Query<PageParameters>,
) -> Result<web::Json<SubsidyList>, ApiError> {
    let page = asked.page()?;
    let mut connection = state.connection().await?;
    Ok(web::Json(list_subsidies(&mut connection, &actor.district, page).await?))
}

/// The payee list as CSV, without what was cancelled.
#[utoipa::path(
    tag = "subsidies",
    params(FileParameters),
    responses((status = 200, content_type = "text/csv", body = String)),
    security(("session" = []))
)]
#[get("/api/v1/subsidies.csv")]
async fn export_csv(
    actor: Authorised<ReadAccounts>,
    state: web::Data<AppState>,
    asked: web::Query<FileParameters>,
) -> Result<HttpResponse, ApiError> {
    export(&actor.district, &state, &asked, FileFormat::Csv).await
}

/// The payee list as XLSX, without what was cancelled.
#[utoipa::path(
    tag = "subsidies",
    params(FileParameters),
    responses((
        status = 200,
        content_type = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        body = Vec<u8>
    )),
    security(("session" = []))
)]
#[get("/api/v1/subsidies.xlsx")]
async fn export_xlsx(
    actor: Authorised<ReadAccounts>,
    state: web::Data<AppState>,
    asked: web::Query<FileParameters>,
) -> Result<HttpResponse, ApiError> {
    export(&actor.district, &state, &asked, FileFormat::Xlsx).await
}

async fn export(
    district: &RegionCode,
    state: &AppState,
    asked: &FileParameters,
    format: FileFormat,
) -> Result<HttpResponse, ApiError> {
    let language = parameter("lang", asked.lang.as_deref())?.unwrap_or(Language::Zh);
    let mut connection = state.connection().await?;
    let payees = read_payees(&mut connection, district).await?;
    let words = PackWords::new(state.policies.of(&connection, district).await?, language);
    let bytes = subsidies_file(&payees, &words, format, state.clock.now()).map_err(ApiError::internal)?;
    let name = format!("lantian-subsidies-{district}.{}", format.extension());
    Ok(attachment(format.media_type(), &name, bytes))
}

/// Enter a subsidy; amount and clause are the adopted pack's.
#[utoipa::path(
    tag = "subsidies",
    request_body = SubsidyRequest,
    responses((status = 200, description = "Entered, now or by an earlier try.", body = Subsidy)),
    security(("session" = []))
)]
#[post("/api/v1/subsidies")]
async fn enter(
    actor: Authorised<KeepAccounts>,
    state: web::Data<AppState>,
    request: Json<SubsidyRequest>,
) -> Result<web::Json<Subsidy>, ApiError> {
    let now = state.clock.now();
    let mut connection = state.connection().await?;
    let book = state.policies.of(&connection, &actor.district).await?;
    Ok(web::Json(enter_subsidy(&mut connection, &actor, &book, &request.0, now).await?))
}

/// Approve what another person entered.
#[utoipa::path(
    tag = "subsidies",
    params(("subsidy_id" = SubsidyId, Path, description = "The subsidy.")),
    responses((status = 200, body = Subsidy)),
    security(("session" = []))
)]
#[post("/api/v1/subsidies/{subsidy_id}/approval")]
async fn approve(
    actor: Authorised<KeepAccounts>,
    state: web::Data<AppState>,
    path: web::Path<String>,
) -> Result<web::Json<Subsidy>, ApiError> {
    let id = subsidy_of(&path)?;
    let mut connection = state.connection().await?;
    Ok(web::Json(approve_subsidy(&mut connection, &actor, id, state.clock.now()).await?))
}

/// Record the payment of an approved subsidy.
#[utoipa::path(
    tag = "subsidies",
    params(("subsidy_id" = SubsidyId, Path, description = "The subsidy.")),
    request_body = PaymentRequest,
    responses((status = 200, body = Subsidy)),
    security(("session" = []))
)]
#[post("/api/v1/subsidies/{subsidy_id}/payment")]
async fn pay(
    actor: Authorised<KeepAccounts>,
    state: web::Data<AppState>,
    path: web::Path<String>,
    payment: Json<PaymentRequest>,
) -> Result<web::Json<Subsidy>, ApiError> {
    let id = subsidy_of(&path)?;
    let mut connection = state.connection().await?;
    Ok(web::Json(pay_subsidy(&mut connection, &actor, id, &payment.0, state.clock.now()).await?))
}

/// Cancel a subsidy that is not paid, with a reason.
#[utoipa::path(
    tag = "subsidies",
    params(("subsidy_id" = SubsidyId, Path, description = "The subsidy.")),
    request_body = SubsidyCancellation,
    responses((status = 200, body = Subsidy)),
    security(("session" = []))
)]
#[post("/api/v1/subsidies/{subsidy_id}/cancellation")]
async fn cancel(
    actor: Authorised<KeepAccounts>,
    state: web::Data<AppState>,
    path: web::Path<String>,
    cancellation: Json<SubsidyCancellation>,
) -> Result<web::Json<Subsidy>, ApiError> {
    let id = subsidy_of(&path)?;
    let mut connection = state.connection().await?;
    Ok(web::Json(cancel_subsidy(&mut connection, &actor, id, &cancellation.0, state.clock.now()).await?))
}
