//! Appeals (申诉): a unit files and takes back its own; everybody lists those on cases they see. Their outcome is a
//! decision on the case.

use actix_web::{get, post, web};
use serde::Deserialize;
use sync_core::ids::{AppealId, CaseId};
use sync_core::model::appeal::AppealState;
use sync_core::wire::problem::ProblemKind;
use utoipa::IntoParams;
use utoipa_actix_web::service_config::ServiceConfig;

use super::cases::case_of;
use crate::auth::authorised::Authorised;
use crate::auth::permission::{AnswerForUnit, ReadCases};
use crate::json::Json;
use crate::problem::ApiError;
use crate::query::{page_rows, parameter};
use crate::services::appeal_case::{AppealRequest, file_appeal, withdraw_appeal};
use crate::services::list_appeals::{Appeal, AppealFilter, AppealList, list_appeals};
use crate::services::rectify_case::LoopRules;
use crate::state::AppState;

/// Appeals in a page unless asked otherwise.
const APPEALS_DEFAULT: u16 = 50;
/// Appeals in a page at most.
const APPEALS_MAX: u16 = 200;

/// Registers the routes of this module.
pub fn configure(config: &mut ServiceConfig<'_>) {
    config.service(list).service(file).service(withdraw);
}

/// Which appeals; what is absent holds for all.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
struct AppealParameters {
    /// `open`, `withdrawn` or `decided`.
    state: Option<String>,
    /// `true`: only open ones past the time to decide them; `false`: only others.
    overdue: Option<String>,
    /// `next` of the page before.
    before: Option<String>,
    /// How many, 1 to 200.
    limit: Option<String>,
}

impl AppealParameters {
    fn filter(&self) -> Result<AppealFilter, ApiError> {
        let state = self.state.as_deref().filter(|code| !code.is_empty()).map(|code| {
            let unknown = ApiError::new(ProblemKind::MalformedRequest).field("state");
            AppealState::from_code(code).ok_or_else(|| unknown.detail("open, withdrawn or decided"))
        });
        Ok(AppealFilter {
            state: state.transpose()?,
            overdue: parameter("overdue", self.overdue.as_deref())?,
            before: parameter("before", self.before.as_deref())?,
            rows: page_rows(self.limit.as_deref(), APPEALS_DEFAULT, APPEALS_MAX)?,
        })
    }
}

/// Appeals on cases within the caller's grids or unit, the latest first.
#[utoipa::path(
    tag = "appeals",
    params(AppealParameters),
    responses((status = 200, body = AppealList)),
    security(("session" = []))
)]
#[get("/api/v1/appeals")]
async fn list(
    actor: Authorised<ReadCases>,
    state: web::Data<AppState>,
    asked: web::Query<AppealParameters>,
) -> Result<web::Json<AppealList>, ApiError> {
    let (filter, now) = (asked.filter()?, state.clock.now());
    let mut connection = state.connection().await?;
    Ok(web::Json(list_appeals(&mut connection, &actor, &filter, now).await?))
}

/// Appeal against what a confirmed case charges the own unit with, in time, with photos uploaded before. A liaison of its
/// unit only. It is decided by a decision on the case: `appeal_uphold`, `appeal_reduce` or `appeal_reverse`.
#[utoipa::path(
    tag = "appeals",
    params(("case_id" = CaseId, Path, description = "The case.")),
    request_body = AppealRequest,
    responses((status = 200, description = "Filed, now or by an earlier try of this request.", body = Appeal)),
    security(("session" = []))
)]
#[post("/api/v1/cases/{case_id}/appeals")]
async fn file(
    actor: Authorised<AnswerForUnit>,
    state: web::Data<AppState>,
    path: web::Path<String>,
    request: Json<AppealRequest>,
) -> Result<web::Json<Appeal>, ApiError> {
    let case_id = case_of(&path)?;
    let mut connection = state.connection().await?;
    let book = state.policies.of(&connection, &actor.district).await?;
    let rules = LoopRules { book: &book, calendar: &state.calendar, now: state.clock.now() };
    Ok(web::Json(file_appeal(&mut connection, &actor, case_id, &request.0, rules).await?))
}

/// Take back an open appeal of the own unit.
#[utoipa::path(
    tag = "appeals",
    params(("appeal_id" = AppealId, Path, description = "The appeal.")),
    responses((status = 200, description = "Taken back, now or before.", body = Appeal)),
    security(("session" = []))
)]
#[post("/api/v1/appeals/{appeal_id}/withdrawal")]
async fn withdraw(
    actor: Authorised<AnswerForUnit>,
    state: web::Data<AppState>,
    path: web::Path<String>,
) -> Result<web::Json<Appeal>, ApiError> {
    let id: AppealId = path.parse().map_err(|_| ProblemKind::AppealUnknown)?;
    let now = state.clock.now();
    let mut connection = state.connection().await?;
    Ok(web::Json(withdraw_appeal(&mut connection, &actor, id, now).await?))
}
