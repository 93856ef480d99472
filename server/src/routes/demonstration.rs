//! The demonstration (演示): its clock. Where the server serves no demonstration that began in the past, nothing is here.

use actix_web::{get, put, web};
use utoipa_actix_web::service_config::ServiceConfig;

use crate::auth::authorised::Authorised;
use crate::auth::permission::Administer;
use crate::json::Json;
use crate::problem::ApiError;
use crate::services::move_clock::{ClockFace, ClockMove, move_clock, show_clock};
use crate::state::AppState;

/// Registers the routes of this module.
pub fn configure(config: &mut ServiceConfig<'_>) {
    config.service(show).service(advance);
}

/// What the clock of the demonstration shows.
#[utoipa::path(tag = "demonstration", responses((status = 200, body = ClockFace)), security(("session" = [])))]
#[get("/api/v1/demonstration/clock")]
async fn show(
    _: Authorised<Administer>,
    state: web::Data<AppState>,
) -> Result<web::Json<ClockFace>, ApiError> {
    Ok(web::Json(show_clock(&state)?))
}

/// Move the clock of the demonstration on, never back; what becomes due by it is done before the answer.
#[utoipa::path(
    tag = "demonstration",
    request_body = ClockMove,
    responses((status = 200, body = ClockFace)),
    security(("session" = []))
)]
#[put("/api/v1/demonstration/clock")]
async fn advance(
    _: Authorised<Administer>,
    state: web::Data<AppState>,
    asked: Json<ClockMove>,
) -> Result<web::Json<ClockFace>, ApiError> {
    Ok(web::Json(move_clock(&state, asked.0).await?))
}
