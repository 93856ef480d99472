//! Grids (网格): list, make, change.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, get, post, put, web};
use sync_core::ids::GridPath;
use sync_core::model::grid::Grid;
use sync_core::wire::problem::ProblemKind;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::auth::authorised::Authorised;
use crate::auth::permission::{Administer, ReadRegisters};
use crate::db::district_entries::{Versioned, Which, load_entries};
use crate::json::Json;
use crate::problem::ApiError;
use crate::services::change_entry::{EntryChange, create_entry, update_entry};
use crate::state::AppState;

/// A grid with its version.
type RegisteredGrid = Versioned<Grid>;
/// A grid as it shall be.
type GridChange = EntryChange<Grid>;

/// Registers the routes of this module.
pub fn configure(config: &mut ServiceConfig<'_>) {
    config.service(list).service(create).service(update);
}

/// The district's grids by path, with their versions.
#[utoipa::path(
    tag = "grids",
    responses((status = 200, body = inline(Vec<RegisteredGrid>))),
    security(("session" = []))
)]
#[get("/api/v1/grids")]
async fn list(
    actor: Authorised<ReadRegisters>,
    state: web::Data<AppState>,
) -> Result<web::Json<Vec<RegisteredGrid>>, ApiError> {
    let mut connection = state.connection().await?;
    Ok(web::Json(load_entries(&mut connection, &actor.district, Which::All, false).await?))
}

/// Register a grid under its path; the same request sent twice registers it once.
#[utoipa::path(
    tag = "grids",
    request_body = Grid,
    responses((status = 201, description = "Registered.", body = inline(RegisteredGrid))),
    security(("session" = []))
)]
#[post("/api/v1/grids")]
async fn create(
    actor: Authorised<Administer>,
    state: web::Data<AppState>,
    grid: Json<Grid>,
) -> Result<HttpResponse, ApiError> {
    let now = state.clock.now();
    let mut connection = state.connection().await?;
    let made = create_entry(&mut connection, &actor, grid.0, now).await?;
    Ok(HttpResponse::build(StatusCode::CREATED).json(made))
}

/// Change a grid: all of it, on the version it was read in. The path's slashes are written `%2F`.
#[utoipa::path(
    tag = "grids",
    params(("path" = GridPath, Path, description = "The grid.")),
    request_body = inline(GridChange),
    responses((status = 200, description = "Changed, now or by an earlier try of this request.", body = inline(RegisteredGrid))),
    security(("session" = []))
)]
#[put("/api/v1/grids/{path}")]
async fn update(
    actor: Authorised<Administer>,
    state: web::Data<AppState>,
    path: web::Path<GridPath>,
    change: Json<GridChange>,
) -> Result<web::Json<RegisteredGrid>, ApiError> {
    if change.0.entry.path != *path {
        return Err(ApiError::new(ProblemKind::MalformedRequest).field("path"));
    }
    let now = state.clock.now();
    let mut connection = state.connection().await?;
    Ok(web::Json(update_entry(&mut connection, &actor, change.0, now).await?))
}
