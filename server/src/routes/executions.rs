//! Executions (扣缴执行): what finance did against closed months.

use actix_web::{get, post, web};
use sync_core::ids::ExecutionId;
use sync_core::time::Month;
use sync_core::wire::problem::ProblemKind;
use utoipa_actix_web::service_config::ServiceConfig;

use super::months::month_of;
use crate::auth::authorised::Authorised;
use crate::auth::money_scope::MoneyScope;
use crate::auth::permission::{KeepAccounts, ReadMoney};
use crate::json::Json;
use crate::problem::ApiError;
use crate::query::PageParameters;
use crate::services::list_executions::{ExecutionList, list_executions};
use crate::services::record_execution::{
    CancellationRequest, ExecutionRequest, RecordedExecution, cancel_execution, record_execution,
};
use crate::state::AppState;

/// Registers the routes of this module.
pub fn configure(config: &mut ServiceConfig<'_>) {
    config.service(list).service(record).service(cancel);
}

/// What was executed against a month, cancelled entries and cancellations too; a liaison sees the own unit's.
#[utoipa::path(
    tag = "executions",
    params(("month" = Month, Path, description = "The month of account."), PageParameters),
    responses((status = 200, body = ExecutionList)),
    security(("session" = []))
)]
#[get("/api/v1/months/{month}/executions")]
async fn list(
    actor: Authorised<ReadMoney>,
    state: web::Data<AppState>,
    path: web::Path<String>,
    asked: web::Query<PageParameters>,
) -> Result<web::Json<ExecutionList>, ApiError> {
    let (month, page) = (month_of(&path)?, asked.page()?);
    let mut connection = state.connection().await?;
    Ok(web::Json(list_executions(&mut connection, &MoneyScope::of(&actor), month, page).await?))
}

/// Record an execution against a closed month: voucher, day and amount, never more than stands of the unit.
#[utoipa::path(
    tag = "executions",
    params(("month" = Month, Path, description = "The month of account.")),
    request_body = ExecutionRequest,
    responses((status = 200, description = "Recorded, now or by an earlier try.", body = RecordedExecution)),
    security(("session" = []))
)]
#[post("/api/v1/months/{month}/executions")]
async fn record(
    actor: Authorised<KeepAccounts>,
    state: web::Data<AppState>,
    path: web::Path<String>,
    request: Json<ExecutionRequest>,
) -> Result<web::Json<RecordedExecution>, ApiError> {
    let month = month_of(&path)?;
    let now = state.clock.now();
    let mut connection = state.connection().await?;
    Ok(web::Json(record_execution(&mut connection, &actor, month, &request.0, now).await?))
}

/// Cancel an execution (红冲): an entry of the opposite amount takes its place beside it.
#[utoipa::path(
    tag = "executions",
    params(
        ("month" = Month, Path, description = "The month of account."),
        ("execution_id" = ExecutionId, Path, description = "The execution."),
    ),
    request_body = CancellationRequest,
    responses((status = 200, description = "Cancelled, now or by an earlier try.", body = RecordedExecution)),
    security(("session" = []))
)]
#[post("/api/v1/months/{month}/executions/{execution_id}/cancellation")]
async fn cancel(
    actor: Authorised<KeepAccounts>,
    state: web::Data<AppState>,
    path: web::Path<(String, String)>,
    request: Json<CancellationRequest>,
) -> Result<web::Json<RecordedExecution>, ApiError> {
    let (month, execution) = path.into_inner();
    let month = month_of(&month)?;
    let execution: ExecutionId = execution.parse().map_err(|_| ProblemKind::ExecutionUnknown)?;
    let now = state.clock.now();
    let mut connection = state.connection().await?;
    Ok(web::Json(cancel_execution(&mut connection, &actor, month, execution, &request.0, now).await?))
}
