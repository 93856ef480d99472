//! Rectification (整改): the steps of a case's closed loop, a unit's report and return, the list and the ratios.

use actix_web::{get, post, web};
use jiff::civil::Date;
use serde::Deserialize;
use sync_core::ids::CaseId;
use sync_core::model::rectification::RoundState;
use sync_core::wire::problem::ProblemKind;
use utoipa::IntoParams;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::auth::authorised::Authorised;
use crate::auth::case_scope::CaseScope;
use crate::auth::permission::{AnswerForUnit, ReadCases, ReviewCases};
use crate::json::Json;
use crate::problem::ApiError;
use crate::query::{page_rows, parameter};
use crate::services::list_rectifications::{RectificationFilter, RectificationList, list_rectifications};
use crate::services::rate_rectifications::{RectificationRatios, rate_rectifications};
use crate::services::rectify_case::{
    LoopDecision, LoopRequest, LoopRules, ReturnRequest, give_back, rectify_case,
};
use crate::services::report_rectification::{ReportRequest, Reported, report_rectification};
use crate::state::AppState;

/// Rounds in a page unless asked otherwise.
const ROUNDS_DEFAULT: u16 = 50;
/// Rounds in a page at most.
const ROUNDS_MAX: u16 = 200;

/// Registers the routes of this module.
pub fn configure(config: &mut ServiceConfig<'_>) {
    config.service(ratios).service(list).service(step).service(report).service(give_back_case);
}

fn case_of(path: &str) -> Result<CaseId, ApiError> {
    path.parse().map_err(|_| ProblemKind::CaseUnknown.into())
}

/// Which rounds are asked for; what is absent holds for all.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
struct RectificationParameters {
    /// States of rounds, joined by commas.
    state: Option<String>,
    /// `true`: only those past their deadline in the unit's hands; `false`: only others.
    overdue: Option<String>,
    /// Unit it was ordered from.
    unit: Option<String>,
    /// Grid, with everything below it.
    grid: Option<String>,
    /// `next` of the page before.
    cursor: Option<String>,
    /// How many, 1 to 200.
    limit: Option<String>,
}

impl RectificationParameters {
    fn filter(&self) -> Result<RectificationFilter, ApiError> {
        let codes = self.state.as_deref().unwrap_or_default().split(',').filter(|code| !code.is_empty());
        let states = codes.map(|code| {
            let unknown = ApiError::new(ProblemKind::MalformedRequest).field("state");
            RoundState::from_code(code).ok_or_else(|| unknown.detail("not a state of a round"))
        });
        Ok(RectificationFilter {
            states: states.collect::<Result<_, _>>()?,
            overdue: parameter("overdue", self.overdue.as_deref())?,
            unit: parameter("unit", self.unit.as_deref())?,
            grid: parameter("grid", self.grid.as_deref())?,
            after: parameter("cursor", self.cursor.as_deref())?,
            rows: page_rows(self.limit.as_deref(), ROUNDS_DEFAULT, ROUNDS_MAX)?,
        })
    }
}

/// Present rounds within the caller's grids or unit: overdue ones first, then by deadline.
#[utoipa::path(
    tag = "rectifications",
    params(RectificationParameters),
    responses((status = 200, body = RectificationList)),
    security(("session" = []))
)]
#[get("/api/v1/rectifications")]
async fn list(
    actor: Authorised<ReadCases>,
    state: web::Data<AppState>,
    asked: web::Query<RectificationParameters>,
) -> Result<web::Json<RectificationList>, ApiError> {
    let (filter, now) = (asked.filter()?, state.clock.now());
    let mut connection = state.connection().await?;
    Ok(web::Json(list_rectifications(&mut connection, &CaseScope::of(&actor), &filter, now).await?))
}

/// Of which days.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
struct RatioParameters {
    /// First day of orders, `YYYY-MM-DD`, Asia/Shanghai.
    from: Option<String>,
    /// Last day.
    to: Option<String>,
}

fn day(name: &'static str, text: Option<&str>) -> Result<Date, ApiError> {
    parameter(name, text)?.ok_or_else(|| ApiError::new(ProblemKind::MalformedRequest).field(name))
}

/// Ratios of the orders given on these days, by unit and by grid: kept in time, overdue, redone, closed.
#[utoipa::path(
    tag = "rectifications",
    params(RatioParameters),
    responses((status = 200, body = RectificationRatios)),
    security(("session" = []))
)]
#[get("/api/v1/rectifications/ratios")]
async fn ratios(
    actor: Authorised<ReadCases>,
    state: web::Data<AppState>,
    asked: web::Query<RatioParameters>,
) -> Result<web::Json<RectificationRatios>, ApiError> {
    let days = (day("from", asked.from.as_deref())?, day("to", asked.to.as_deref())?);
    let now = state.clock.now();
    let mut connection = state.connection().await?;
    Ok(web::Json(rate_rectifications(&mut connection, &CaseScope::of(&actor), days, now).await?))
}

/// Take a step of a case's loop: order, extend, pause, resume, send a report back, verify, fail, close. A supervisor of
/// its grid only.
#[utoipa::path(
    tag = "rectifications",
    params(("case_id" = CaseId, Path, description = "The case.")),
    request_body = LoopRequest,
    responses((status = 200, description = "Taken, now or by an earlier try of this request.", body = LoopDecision)),
    security(("session" = []))
)]
#[post("/api/v1/cases/{case_id}/rectification/steps")]
async fn step(
    actor: Authorised<ReviewCases>,
    state: web::Data<AppState>,
    path: web::Path<String>,
    request: Json<LoopRequest>,
) -> Result<web::Json<LoopDecision>, ApiError> {
    let case_id = case_of(&path)?;
    let mut connection = state.connection().await?;
    let book = state.policies.of(&connection, &actor.district).await?;
    let rules = LoopRules { book: &book, calendar: &state.calendar, now: state.clock.now() };
    Ok(web::Json(rectify_case(&mut connection, &actor, case_id, &request.0, rules).await?))
}

/// Report that a case is rectified, with photos uploaded before. A liaison of its unit only.
#[utoipa::path(
    tag = "rectifications",
    params(("case_id" = CaseId, Path, description = "The case.")),
    request_body = ReportRequest,
    responses((status = 200, description = "Reported, now or by an earlier try of this request.", body = Reported)),
    security(("session" = []))
)]
#[post("/api/v1/cases/{case_id}/rectification/reports")]
async fn report(
    actor: Authorised<AnswerForUnit>,
    state: web::Data<AppState>,
    path: web::Path<String>,
    request: Json<ReportRequest>,
) -> Result<web::Json<Reported>, ApiError> {
    let case_id = case_of(&path)?;
    let now = state.clock.now();
    let mut connection = state.connection().await?;
    Ok(web::Json(report_rectification(&mut connection, &actor, case_id, &request.0, now).await?))
}

/// Give a case back to the office: it is not the unit's, or cannot be done. A liaison of its unit only.
#[utoipa::path(
    tag = "rectifications",
    params(("case_id" = CaseId, Path, description = "The case.")),
    request_body = ReturnRequest,
    responses((status = 200, description = "Given back, now or by an earlier try of this request.", body = LoopDecision)),
    security(("session" = []))
)]
#[post("/api/v1/cases/{case_id}/rectification/returns")]
async fn give_back_case(
    actor: Authorised<AnswerForUnit>,
    state: web::Data<AppState>,
    path: web::Path<String>,
    request: Json<ReturnRequest>,
) -> Result<web::Json<LoopDecision>, ApiError> {
    let case_id = case_of(&path)?;
    let mut connection = state.connection().await?;
    let book = state.policies.of(&connection, &actor.district).await?;
    let rules = LoopRules { book: &book, calendar: &state.calendar, now: state.clock.now() };
    Ok(web::Json(give_back(&mut connection, &actor, case_id, &request.0, rules).await?))
}
