//! Proposals (待复核事项): what one person asks for and another reviews before it is decided.

use actix_web::{get, post, web};
use serde::Deserialize;
use sync_core::ids::ProposalId;
use sync_core::wire::problem::ProblemKind;
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;

use crate::auth::authorised::Authorised;
use crate::auth::permission::ReviewDecisions;
use crate::json::Json;
use crate::problem::ApiError;
use crate::query::{page_rows, parameter};
use crate::services::list_proposals::{Proposal, ProposalFilter, ProposalList, list_proposals};
use crate::services::rectify_case::LoopRules;
use crate::services::review_proposal::{Approval, approve_proposal, reject_proposal, withdraw_proposal};
use crate::state::AppState;

/// Proposals in a page unless asked otherwise.
const PROPOSALS_DEFAULT: u16 = 50;
/// Proposals in a page at most.
const PROPOSALS_MAX: u16 = 200;

/// Registers the routes of this module.
pub fn configure(config: &mut ServiceConfig<'_>) {
    config.service(list).service(approve).service(reject).service(withdraw);
}

/// The proposal that a path names; a text that is no id names none.
fn proposal_of(path: &str) -> Result<ProposalId, ApiError> {
    path.parse().map_err(|_| ProblemKind::ProposalUnknown.into())
}

/// Which proposals.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
struct ProposalParameters {
    /// `open`, `approved`, `rejected`, `withdrawn` or `stale`; all when absent.
    state: Option<String>,
    /// Of this case.
    case: Option<String>,
    /// `next` of the page before.
    before: Option<String>,
    /// How many, 1 to 200.
    limit: Option<String>,
}

/// Why a proposal is rejected.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct ProposalRejection {
    /// In words.
    reason: String,
}

/// Proposals on cases of the caller's grids (supervisors) and on months (finance), the latest first.
#[utoipa::path(
    tag = "proposals",
    params(ProposalParameters),
    responses((status = 200, body = ProposalList)),
    security(("session" = []))
)]
#[get("/api/v1/proposals")]
async fn list(
    actor: Authorised<ReviewDecisions>,
    state: web::Data<AppState>,
    asked: web::Query<ProposalParameters>,
) -> Result<web::Json<ProposalList>, ApiError> {
    let filter = ProposalFilter {
        state: parameter("state", asked.state.as_deref())?,
        case: parameter("case", asked.case.as_deref())?,
        before: parameter("before", asked.before.as_deref())?,
        rows: page_rows(asked.limit.as_deref(), PROPOSALS_DEFAULT, PROPOSALS_MAX)?,
    };
    let mut connection = state.connection().await?;
    Ok(web::Json(list_proposals(&mut connection, &actor, &filter).await?))
}

/// Approve another's proposal: what it asks for is decided, with both names.
#[utoipa::path(
    tag = "proposals",
    params(("proposal_id" = ProposalId, Path, description = "The proposal.")),
    responses((status = 200, description = "Decided, now or by an earlier try of the caller.", body = Approval)),
    security(("session" = []))
)]
#[post("/api/v1/proposals/{proposal_id}/approval")]
async fn approve(
    actor: Authorised<ReviewDecisions>,
    state: web::Data<AppState>,
    path: web::Path<String>,
) -> Result<web::Json<Approval>, ApiError> {
    let id = proposal_of(&path)?;
    let mut connection = state.connection().await?;
    let book = state.policies.of(&connection, &actor.district).await?;
    let rules = LoopRules { book: &book, calendar: &state.calendar, now: state.clock.now() };
    Ok(web::Json(approve_proposal(&mut connection, rules, &actor, id).await?))
}

/// Reject another's proposal, with a reason: nothing is decided.
#[utoipa::path(
    tag = "proposals",
    params(("proposal_id" = ProposalId, Path, description = "The proposal.")),
    request_body = ProposalRejection,
    responses((status = 200, body = Proposal)),
    security(("session" = []))
)]
#[post("/api/v1/proposals/{proposal_id}/rejection")]
async fn reject(
    actor: Authorised<ReviewDecisions>,
    state: web::Data<AppState>,
    path: web::Path<String>,
    request: Json<ProposalRejection>,
) -> Result<web::Json<Proposal>, ApiError> {
    let id = proposal_of(&path)?;
    let mut connection = state.connection().await?;
    let now = state.clock.now();
    Ok(web::Json(reject_proposal(&mut connection, &actor, id, &request.0.reason, now).await?))
}

/// Take back the own proposal: nothing is decided.
#[utoipa::path(
    tag = "proposals",
    params(("proposal_id" = ProposalId, Path, description = "The proposal.")),
    responses((status = 200, body = Proposal)),
    security(("session" = []))
)]
#[post("/api/v1/proposals/{proposal_id}/withdrawal")]
async fn withdraw(
    actor: Authorised<ReviewDecisions>,
    state: web::Data<AppState>,
    path: web::Path<String>,
) -> Result<web::Json<Proposal>, ApiError> {
    let id = proposal_of(&path)?;
    let mut connection = state.connection().await?;
    Ok(web::Json(withdraw_proposal(&mut connection, &actor, id, state.clock.now()).await?))
}
