//! Units (责任单位): list, make, change, remove.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, delete, get, post, put, web};
use serde::Deserialize;
use sync_core::ids::UnitId;
use sync_core::model::unit::Unit;
use sync_core::wire::problem::ProblemKind;
use utoipa::IntoParams;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::auth::authorised::Authorised;
use crate::auth::permission::{Administer, ReadRegisters};
use crate::db::district_entries::{Versioned, Which, load_entries};
use crate::json::Json;
use crate::problem::ApiError;
use crate::services::change_entry::{EntryChange, create_entry, remove_unit, update_entry};
use crate::state::AppState;

/// A unit with its version.
type RegisteredUnit = Versioned<Unit>;
/// A unit as it shall be.
type UnitChange = EntryChange<Unit>;

/// Registers the routes of this module.
pub fn configure(config: &mut ServiceConfig<'_>) {
    config.service(list).service(create).service(update).service(remove);
}

/// The district's units, with their versions.
#[utoipa::path(
    tag = "units",
    responses((status = 200, body = inline(Vec<RegisteredUnit>))),
    security(("session" = []))
)]
#[get("/api/v1/units")]
async fn list(
    actor: Authorised<ReadRegisters>,
    state: web::Data<AppState>,
) -> Result<web::Json<Vec<RegisteredUnit>>, ApiError> {
    let mut connection = state.connection().await?;
    Ok(web::Json(load_entries(&mut connection, &actor.district, Which::All, false).await?))
}

/// Register a unit under an id that the client makes; the same request sent twice registers it once.
#[utoipa::path(
    tag = "units",
    request_body = Unit,
    responses((status = 201, description = "Registered.", body = inline(RegisteredUnit))),
    security(("session" = []))
)]
#[post("/api/v1/units")]
async fn create(
    actor: Authorised<Administer>,
    state: web::Data<AppState>,
    unit: Json<Unit>,
) -> Result<HttpResponse, ApiError> {
    let now = state.clock.now();
    let mut connection = state.connection().await?;
    let made = create_entry(&mut connection, &actor, unit.0, now).await?;
    Ok(HttpResponse::build(StatusCode::CREATED).json(made))
}

/// Change a unit: all of it, on the version it was read in.
#[utoipa::path(
    tag = "units",
    params(("unit_id" = UnitId, Path, description = "The unit.")),
    request_body = inline(UnitChange),
    responses((status = 200, description = "Changed, now or by an earlier try of this request.", body = inline(RegisteredUnit))),
    security(("session" = []))
)]
#[put("/api/v1/units/{unit_id}")]
async fn update(
    actor: Authorised<Administer>,
    state: web::Data<AppState>,
    unit_id: web::Path<UnitId>,
    change: Json<UnitChange>,
) -> Result<web::Json<RegisteredUnit>, ApiError> {
    if change.0.entry.unit_id != *unit_id {
        return Err(ApiError::new(ProblemKind::MalformedRequest).field("unit_id"));
    }
    let now = state.clock.now();
    let mut connection = state.connection().await?;
    Ok(web::Json(update_entry(&mut connection, &actor, change.0, now).await?))
}

/// Which version is removed.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
struct RemovalParameters {
    /// The version that the caller has seen.
    expected_version: u32,
}

/// Remove a unit that nothing names.
#[utoipa::path(
    tag = "units",
    params(("unit_id" = UnitId, Path, description = "The unit."), RemovalParameters),
    responses((status = 204, description = "Removed.")),
    security(("session" = []))
)]
#[delete("/api/v1/units/{unit_id}")]
async fn remove(
    actor: Authorised<Administer>,
    state: web::Data<AppState>,
    unit_id: web::Path<UnitId>,
    removal: web::Query<RemovalParameters>,
) -> Result<HttpResponse, ApiError> {
    let now = state.clock.now();
    let mut connection = state.connection().await?;
    remove_unit(&mut connection, &actor, *unit_id, removal.expected_version, now).await?;
    Ok(HttpResponse::NoContent().finish())
}
