//! Whether the server lives, whether it can serve, and what it counts.

use actix_web::http::header::ContentType;
use actix_web::{HttpResponse, get, web};
use diesel_async::RunQueryDsl;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::problem::ApiError;
use crate::state::AppState;

/// Registers the routes of this module.
pub fn configure(config: &mut ServiceConfig<'_>) {
    config.service(healthz).service(readyz).service(metrics);
}

/// The process lives.
#[utoipa::path(tag = "operation", responses((status = 200, description = "It lives.", body = String)))]
#[get("/healthz")]
async fn healthz() -> &'static str {
    "ok\n"
}

/// The server can serve: the database answers.
#[utoipa::path(tag = "operation", responses((status = 200, description = "It can serve.", body = String)))]
#[get("/readyz")]
async fn readyz(state: web::Data<AppState>) -> Result<&'static str, ApiError> {
    let mut connection = state.connection().await?;
    diesel::sql_query("SELECT 1").execute(&mut *connection).await.map_err(ApiError::unavailable)?;
    Ok("ready\n")
}

/// Counters in Prometheus' text format.
#[utoipa::path(tag = "operation", responses((status = 200, description = "The counters.", body = String)))]
#[get("/metrics")]
async fn metrics(state: web::Data<AppState>) -> Result<HttpResponse, ApiError> {
    let text = state.metrics.text(&state.pool, &state.pushes).map_err(ApiError::internal)?;
    Ok(HttpResponse::Ok().insert_header(ContentType::plaintext()).body(text))
}
