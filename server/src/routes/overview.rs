//! The overview (总览): figures of a span of days, and what waits now.

use actix_web::{get, web};
use jiff::ToSpan;
use jiff::civil::Date;
use serde::Deserialize;
use sync_core::time::Month;
use sync_core::wire::problem::ProblemKind;
use utoipa::IntoParams;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::auth::authorised::Authorised;
use crate::auth::case_scope::CaseScope;
use crate::auth::permission::ReadCases;
use crate::problem::ApiError;
use crate::query::parameter;
use crate::services::change_target::register_pack;
use crate::services::show_overview::{Overview, OverviewQuestion, show_overview};
use crate::state::AppState;

/// Days that an overview spans at most: two years.
const DAYS_MAX: i32 = 731;

/// Registers the routes of this module.
pub fn configure(config: &mut ServiceConfig<'_>) {
    config.service(show);
}

/// Which days and which part of the district.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
struct OverviewParameters {
    /// First day of occurrence, `YYYY-MM-DD`, Asia/Shanghai; the first of this month when absent.
    from: Option<String>,
    /// Last day of occurrence, at most two years later; today when absent.
    to: Option<String>,
    /// Grid, with everything below it.
    grid: Option<String>,
}

impl OverviewParameters {
    fn question(&self, today: Date) -> Result<OverviewQuestion, ApiError> {
        let from = parameter("from", self.from.as_deref())?;
        let to = parameter("to", self.to.as_deref())?.unwrap_or(today);
        let from = from.unwrap_or_else(|| Month::of(to).first_day());
        let last = from.checked_add(DAYS_MAX.days()).unwrap_or(Date::MAX);
        if from > to || to >= last {
            return Err(ApiError::new(ProblemKind::DateOutOfRange).field("to"));
        }
        Ok(OverviewQuestion { from, to, grid: parameter("grid", self.grid.as_deref())? })
    }
}

/// Cases and money of what occurred in a span of days within the caller's grids or unit, by kind, item, unit, street and day,
/// beside the span before; and what waits now.
#[utoipa::path(
    tag = "overview",
    params(OverviewParameters),
    responses((status = 200, body = Overview)),
    security(("session" = []))
)]
#[get("/api/v1/overview")]
async fn show(
    actor: Authorised<ReadCases>,
    state: web::Data<AppState>,
    asked: web::Query<OverviewParameters>,
) -> Result<web::Json<Overview>, ApiError> {
    let now = state.clock.now();
    let question = asked.question(now.record_date())?;
    let mut connection = state.connection().await?;
    let book = state.policies.of(&connection, &actor.district).await?;
    let pack = register_pack(&book, &actor.district, now).ok();
    Ok(web::Json(show_overview(&mut connection, &CaseScope::of(&actor), pack, &question, now).await?))
}
