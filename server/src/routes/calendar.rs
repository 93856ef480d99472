//! The working calendar (工作日历): when a span would end, before anybody orders it.

use actix_web::{get, web};
use serde::{Deserialize, Serialize};
use sync_core::time::Instant;
use sync_core::wire::problem::ProblemKind;
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;

use crate::auth::authorised::Authorised;
use crate::auth::permission::ReadCases;
use crate::problem::ApiError;
use crate::query::parameter;
use crate::rectification::ordered_span::{OrderedSpan, SPAN_MAX};
use crate::state::AppState;

/// Registers the routes of this module.
pub fn configure(config: &mut ServiceConfig<'_>) {
    config.service(deadline);
}

/// Which span.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
struct DeadlineParameters {
    /// `working_hours`, `working_days` or `days`.
    unit: Option<String>,
    /// How many of them, 1 to 400.
    count: Option<String>,
    /// From when on; now when absent.
    from: Option<String>,
}

/// When a span ends.
#[derive(Debug, Serialize, ToSchema)]
struct Deadline {
    /// The instant.
    deadline: Instant,
}

/// When a span of time would end, by holidays and office hours; nothing is ordered.
#[utoipa::path(
    tag = "rectifications",
    params(DeadlineParameters),
    responses((status = 200, body = Deadline)),
    security(("session" = []))
)]
#[get("/api/v1/calendar/deadline")]
async fn deadline(
    _actor: Authorised<ReadCases>,
    state: web::Data<AppState>,
    asked: web::Query<DeadlineParameters>,
) -> Result<web::Json<Deadline>, ApiError> {
    let count: u32 = parameter("count", asked.count.as_deref())?.unwrap_or_default();
    let span = OrderedSpan::from_parts(asked.unit.as_deref().unwrap_or_default(), count)
        .ok_or_else(|| ApiError::new(ProblemKind::MalformedRequest).field("unit"))?;
    if !span.is_reasonable() {
        let range = format!("1 to {SPAN_MAX}");
        return Err(ApiError::new(ProblemKind::NumberOutOfRange).field("count").detail(range));
    }
    let from = parameter("from", asked.from.as_deref())?.unwrap_or_else(|| state.clock.now());
    let deadline = state
        .calendar
        .deadline(from, span.into())
        .map_err(|gap| ApiError::new(ProblemKind::CalendarGap).detail(gap.to_string()))?;
    Ok(web::Json(Deadline { deadline }))
}
