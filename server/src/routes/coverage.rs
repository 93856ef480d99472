//! Coverage duties (覆盖率): live figures by grid and unit, and the targets that fill the gap.

use actix_web::{get, web};
use serde::Deserialize;
use sync_core::time::Month;
use utoipa::IntoParams;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::auth::authorised::Authorised;
use crate::auth::permission::ReadRegisters;
use crate::auth::target_scope::TargetScope;
use crate::problem::ApiError;
use crate::query::{page_rows, parameter};
use crate::services::list_coverage_gap::{CoverageGap, GapPage, list_coverage_gap};
use crate::services::rate_coverage::{Coverage, CoverageQuestion, rate_coverage};
use crate::state::AppState;

/// Targets in a page unless asked otherwise.
const TARGETS_DEFAULT: u16 = 50;
/// Targets in a page at most.
const TARGETS_MAX: u16 = 500;

/// Registers the routes of this module.
pub fn configure(config: &mut ServiceConfig<'_>) {
    config.service(rates).service(gap);
}

fn question(month: Option<&str>, grid: Option<&str>, state: &AppState) -> Result<CoverageQuestion, ApiError> {
    let month = parameter("month", month)?;
    Ok(CoverageQuestion {
        month: month.unwrap_or_else(|| Month::of(state.clock.now().record_date())),
        grid: parameter("grid", grid)?,
    })
}

/// Which month and grid.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
struct CoverageParameters {
    /// `YYYY-MM`, Asia/Shanghai; the present one when absent.
    month: Option<String>,
    /// Grid, with everything below it.
    grid: Option<String>,
}

/// The coverage duties of the pack in force on the month's last day (today, in the present month), each in its period:
/// what the caller's grids or unit have covered, by street grid and by unit.
#[utoipa::path(
    tag = "coverage",
    params(CoverageParameters),
    responses((status = 200, body = Coverage)),
    security(("session" = []))
)]
#[get("/api/v1/coverage")]
async fn rates(
    actor: Authorised<ReadRegisters>,
    state: web::Data<AppState>,
    asked: web::Query<CoverageParameters>,
) -> Result<web::Json<Coverage>, ApiError> {
    let asked = question(asked.month.as_deref(), asked.grid.as_deref(), &state)?;
    let mut connection = state.connection().await?;
    let book = state.policies.of(&connection, &actor.district).await?;
    let scope = TargetScope::of(&actor);
    Ok(web::Json(rate_coverage(&mut connection, &scope, &book, &asked, state.clock.now()).await?))
}

/// Which month and grid, and which page.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
struct GapParameters {
    /// `YYYY-MM`, Asia/Shanghai; the present one when absent.
    month: Option<String>,
    /// Grid, with everything below it.
    grid: Option<String>,
    /// `next` of the page before.
    cursor: Option<String>,
    /// How many, 1 to 500.
    limit: Option<String>,
}

/// The targets that nothing covers in the duty's period yet, the longest without an inspection that counts first.
#[utoipa::path(
    tag = "coverage",
    params(("duty" = String, Path, description = "The duty's code in the pack."), GapParameters),
    responses((status = 200, body = CoverageGap)),
    security(("session" = []))
)]
#[get("/api/v1/coverage/{duty}/gap")]
async fn gap(
    actor: Authorised<ReadRegisters>,
    state: web::Data<AppState>,
    duty: web::Path<String>,
    asked: web::Query<GapParameters>,
) -> Result<web::Json<CoverageGap>, ApiError> {
    let page = GapPage {
        after: parameter("cursor", asked.cursor.as_deref())?,
        rows: page_rows(asked.limit.as_deref(), TARGETS_DEFAULT, TARGETS_MAX)?,
    };
    let asked = question(asked.month.as_deref(), asked.grid.as_deref(), &state)?;
    let (scope, now) = (TargetScope::of(&actor), state.clock.now());
    let mut connection = state.connection().await?;
    let book = state.policies.of(&connection, &actor.district).await?;
    let gap = list_coverage_gap(&mut connection, &scope, (&book, duty.as_str()), &asked, page, now).await?;
    Ok(web::Json(gap))
}
