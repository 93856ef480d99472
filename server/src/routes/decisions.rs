//! Decisions on many cases at once.

use actix_web::{post, web};
use utoipa_actix_web::service_config::ServiceConfig;

use crate::auth::authorised::Authorised;
use crate::auth::permission::ReviewCases;
use crate::json::Json;
use crate::problem::ApiError;
use crate::services::confirm_cases::{ConfirmationList, ConfirmationResults, confirm_list};
use crate::state::AppState;

/// Registers the routes of this module.
pub fn configure(config: &mut ServiceConfig<'_>) {
    config.service(confirm);
}

/// Confirm a list of cases, each by the version that was looked at; one that cannot be confirmed does not block the
/// others.
#[utoipa::path(
    tag = "cases",
    request_body = ConfirmationList,
    responses((status = 200, description = "What became of each case.", body = ConfirmationResults)),
    security(("session" = []))
)]
#[post("/api/v1/decisions/confirmations")]
async fn confirm(
    actor: Authorised<ReviewCases>,
    state: web::Data<AppState>,
    list: Json<ConfirmationList>,
) -> Result<web::Json<ConfirmationResults>, ApiError> {
    let mut connection = state.connection().await?;
    let book = state.policies.of(&mut connection, &actor.district).await?;
    Ok(web::Json(confirm_list(&mut connection, &book, &actor, &list.0, state.clock.now()).await?))
}
