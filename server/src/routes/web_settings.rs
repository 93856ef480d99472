//! What a page must know before anybody has signed in.

use actix_web::{get, web};
use utoipa_actix_web::service_config::ServiceConfig;

use crate::problem::ApiError;
use crate::services::show_web_settings::{WebSettings, show_web_settings};
use crate::state::AppState;

/// Registers the routes of this module.
pub fn configure(config: &mut ServiceConfig<'_>) {
    config.service(show);
}

/// District, map tiles, languages, password rules, version: nothing of it is secret.
#[utoipa::path(tag = "operation", responses((status = 200, body = WebSettings)))]
#[get("/api/v1/web-settings")]
async fn show(state: web::Data<AppState>) -> Result<web::Json<WebSettings>, ApiError> {
    let mut connection = state.connection().await?;
    Ok(web::Json(show_web_settings(&mut connection, &state.screens).await?))
}
