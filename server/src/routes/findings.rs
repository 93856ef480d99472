//! Findings of higher-level groups (上级督导发现问题), entered by a supervisor.

use actix_web::{post, web};
use utoipa_actix_web::service_config::ServiceConfig;

use crate::auth::authorised::Authorised;
use crate::auth::permission::EnterFindings;
use crate::json::Json;
use crate::problem::ApiError;
use crate::services::enter_finding::{EnteredFinding, FindingRequest, enter_finding};
use crate::state::AppState;

/// Registers the routes of this module.
pub fn configure(config: &mut ServiceConfig<'_>) {
    config.service(enter);
}

/// Enter a finding that reached the office on paper, with its document and its photos, which are uploaded before.
/// A supervisor of the place only; its cases are charged under the level of the group that found it.
#[utoipa::path(
    tag = "findings",
    request_body = FindingRequest,
    responses((status = 200, description = "Entered, now or by an earlier try of this request.", body = EnteredFinding)),
    security(("session" = []))
)]
#[post("/api/v1/findings")]
async fn enter(
    actor: Authorised<EnterFindings>,
    state: web::Data<AppState>,
    request: Json<FindingRequest>,
) -> Result<web::Json<EnteredFinding>, ApiError> {
    Ok(web::Json(enter_finding(&state, &actor, &request.0).await?))
}
