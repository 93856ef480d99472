//! Months of account (账期): which are closed, and their totals. Their files are in `exports`.

use actix_web::{get, web};
use sync_core::time::Month;
use sync_core::wire::problem::ProblemKind;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::auth::authorised::Authorised;
use crate::auth::money_scope::MoneyScope;
use crate::auth::permission::ReadMoney;
use crate::problem::ApiError;
use crate::query::parameter;
use crate::services::list_months::{MonthList, list_months};
use crate::services::total_month::{MonthTotals, total_month};
use crate::state::AppState;

/// Registers the routes of this module.
pub fn configure(config: &mut ServiceConfig<'_>) {
    config.service(list).service(show_totals);
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
