//! Closing of months (结账): the checklist before it, the request for it, and the files that are kept after it.

use actix_web::{HttpResponse, get, post, web};
use sync_core::time::Month;
use sync_core::wire::problem::ProblemKind;
use utoipa_actix_web::service_config::ServiceConfig;

use super::exports::attachment;
use super::months::month_of;
use crate::auth::authorised::Authorised;
use crate::auth::permission::{KeepAccounts, ReadAccounts};
use crate::db::month_exports;
use crate::json::Json;
use crate::problem::ApiError;
use crate::services::check_month::{Checklist, check_month};
use crate::services::close_month::{ClosingRequest, propose_closing};
use crate::services::list_exports::{MonthExportList, list_exports};
use crate::services::list_proposals::Proposal;
use crate::state::AppState;

/// Registers the routes of this module.
pub fn configure(config: &mut ServiceConfig<'_>) {
    config.service(check).service(close).service(list_files).service(show_file);
}

/// What is open before a month is closed: what forbids it, and what will post to a later month.
#[utoipa::path(
    tag = "months",
    params(("month" = Month, Path, description = "The month of account.")),
    responses((status = 200, body = Checklist)),
    security(("session" = []))
)]
#[get("/api/v1/months/{month}/checklist")]
async fn check(
    actor: Authorised<ReadAccounts>,
    state: web::Data<AppState>,
    path: web::Path<String>,
) -> Result<web::Json<Checklist>, ApiError> {
    let month = month_of(&path)?;
    let mut connection = state.connection().await?;
    Ok(web::Json(check_month(&mut connection, &actor.district, month, state.clock.now()).await?))
}

/// Ask for a month to be closed. A second person of finance approves it: `POST /api/v1/proposals/{proposal_id}/approval`.
#[utoipa::path(
    tag = "months",
    params(("month" = Month, Path, description = "The month of account.")),
    request_body = ClosingRequest,
    responses((status = 202, description = "Proposed, now or by an earlier try of this request.", body = Proposal)),
    security(("session" = []))
)]
#[post("/api/v1/months/{month}/closing")]
async fn close(
    actor: Authorised<KeepAccounts>,
    state: web::Data<AppState>,
    path: web::Path<String>,
    request: Json<ClosingRequest>,
) -> Result<HttpResponse, ApiError> {
    let month = month_of(&path)?;
    let now = state.clock.now();
    let mut connection = state.connection().await?;
    Ok(HttpResponse::Accepted().json(propose_closing(&mut connection, &actor, month, &request.0, now).await?))
}

/// A closed month's digest and files.
#[utoipa::path(
    tag = "months",
    params(("month" = Month, Path, description = "The month of account.")),
    responses((status = 200, body = MonthExportList)),
    security(("session" = []))
)]
#[get("/api/v1/months/{month}/exports")]
async fn list_files(
    actor: Authorised<ReadAccounts>,
    state: web::Data<AppState>,
    path: web::Path<String>,
) -> Result<web::Json<MonthExportList>, ApiError> {
    let month = month_of(&path)?;
    let mut connection = state.connection().await?;
    Ok(web::Json(list_exports(&mut connection, &actor.district, month).await?))
}

/// A file of a closed month, byte for byte as it was written when the month was closed.
#[utoipa::path(
    tag = "months",
    params(
        ("month" = Month, Path, description = "The month of account."),
        ("name" = String, Path, description = "The file's name in the list."),
    ),
    responses((status = 200, content_type = "application/octet-stream", body = Vec<u8>)),
    security(("session" = []))
)]
#[get("/api/v1/months/{month}/exports/{name}")]
async fn show_file(
    actor: Authorised<ReadAccounts>,
    state: web::Data<AppState>,
    path: web::Path<(String, String)>,
) -> Result<HttpResponse, ApiError> {
    let (month, name) = path.into_inner();
    let month = month_of(&month)?;
    let mut connection = state.connection().await?;
    // No file's name has a NUL, which PostgreSQL does not take.
    if name.contains('\0') {
        return Err(ProblemKind::NotFound.into());
    }
    let export = month_exports::find(&mut connection, &actor.district, month, &name).await?;
    let export = export.ok_or(ProblemKind::NotFound)?;
    let name = format!("lantian-{}-{month}-{}", actor.district, export.name);
    Ok(attachment(&export.media_type, &name, export.bytes))
}
