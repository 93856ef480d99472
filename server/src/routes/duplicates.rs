//! Decisions on duplicates (重复案件): merge them into one, or keep them apart.

use actix_web::{HttpResponse, post, web};
use sync_core::ids::CaseId;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::auth::authorised::Authorised;
use crate::auth::permission::ReviewCases;
use crate::json::Json;
use crate::problem::ApiError;
use crate::routes::cases::case_of;
use crate::services::list_proposals::Proposal;
use crate::services::merge_cases::{
    DuplicateDecision, KeepApartRequest, MergeAnswer, MergeRequest, keep_apart, merge_cases,
};
use crate::services::rectify_case::LoopRules;
use crate::state::AppState;

/// Registers the routes of this module.
pub fn configure(config: &mut ServiceConfig<'_>) {
    config.service(merge).service(apart);
}

/// Merge cases into this one: it is charged for the union of their measures, and their own charges are taken back. Where
/// some of those are posted, it becomes a proposal.
#[utoipa::path(
    tag = "cases",
    params(("case_id" = CaseId, Path, description = "The case that survives.")),
    request_body = MergeRequest,
    responses(
        (status = 200, description = "Merged, now or by an earlier try.", body = DuplicateDecision),
        (status = 202, description = "Proposed: another person must review it.", body = Proposal),
    ),
    security(("session" = []))
)]
#[post("/api/v1/cases/{case_id}/merge")]
async fn merge(
    actor: Authorised<ReviewCases>,
    state: web::Data<AppState>,
    path: web::Path<String>,
    request: Json<MergeRequest>,
) -> Result<HttpResponse, ApiError> {
    let case_id = case_of(&path)?;
    let mut connection = state.connection().await?;
    let book = state.policies.of(&connection, &actor.district).await?;
    let rules = LoopRules { book: &book, calendar: &state.calendar, now: state.clock.now() };
    Ok(match merge_cases(&mut connection, rules, &actor, case_id, &request.0).await? {
        MergeAnswer::Merged(decision) => HttpResponse::Ok().json(decision),
        MergeAnswer::Proposed(proposal) => HttpResponse::Accepted().json(proposal),
    })
}

/// Keep proposed duplicates apart: every proposed pair among this case and the others named.
#[utoipa::path(
    tag = "cases",
    params(("case_id" = CaseId, Path, description = "One of the cases.")),
    request_body = KeepApartRequest,
    responses((status = 200, description = "Kept apart, now or by an earlier try.", body = DuplicateDecision)),
    security(("session" = []))
)]
#[post("/api/v1/cases/{case_id}/keep-apart")]
async fn apart(
    actor: Authorised<ReviewCases>,
    state: web::Data<AppState>,
    path: web::Path<String>,
    request: Json<KeepApartRequest>,
) -> Result<web::Json<DuplicateDecision>, ApiError> {
    let (case_id, now) = (case_of(&path)?, state.clock.now());
    let mut connection = state.connection().await?;
    Ok(web::Json(keep_apart(&mut connection, &actor, case_id, &request.0, now).await?))
}
