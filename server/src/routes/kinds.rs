//! Target kinds (台账类别) of the pack in force today: for filters, registers and findings.

use actix_web::{get, web};
use utoipa_actix_web::service_config::ServiceConfig;

use crate::auth::authorised::Authorised;
use crate::auth::permission::ReadRegisters;
use crate::problem::ApiError;
use crate::services::change_target::register_pack;
use crate::services::describe_kinds::{KindView, describe_kinds};
use crate::state::AppState;

/// Registers the routes of this module.
pub fn configure(config: &mut ServiceConfig<'_>) {
    config.service(list);
}

/// The kinds that register entries follow today, with facts, checklist and measurements.
#[utoipa::path(tag = "packs", operation_id = "list_kinds", responses((status = 200, body = Vec<KindView>)), security(("session" = [])))]
#[get("/api/v1/kinds")]
async fn list(
    actor: Authorised<ReadRegisters>,
    state: web::Data<AppState>,
) -> Result<web::Json<Vec<KindView>>, ApiError> {
    let connection = state.connection().await?;
    let book = state.policies.of(&connection, &actor.district).await?;
    Ok(web::Json(describe_kinds(register_pack(&book, &actor.district, state.clock.now())?)))
}
