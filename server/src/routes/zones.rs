//! Zones (区域): list, make, change.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, get, post, put, web};
use sync_core::ids::ZoneId;
use sync_core::model::zone::Zone;
use sync_core::wire::problem::ProblemKind;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::auth::authorised::Authorised;
use crate::auth::permission::{Administer, ReadRegisters};
use crate::db::district_entries::{Versioned, Which, load_entries};
use crate::json::Json;
use crate::problem::ApiError;
use crate::services::change_entry::{EntryChange, create_entry, update_entry};
use crate::state::AppState;

/// A zone with its version.
type RegisteredZone = Versioned<Zone>;
/// A zone as it shall be.
type ZoneChange = EntryChange<Zone>;

/// Registers the routes of this module.
pub fn configure(config: &mut ServiceConfig<'_>) {
    config.service(list).service(create).service(update);
}

/// The district's zones, with their versions.
#[utoipa::path(
    tag = "zones",
    responses((status = 200, body = inline(Vec<RegisteredZone>))),
    security(("session" = []))
)]
#[get("/api/v1/zones")]
async fn list(
    actor: Authorised<ReadRegisters>,
    state: web::Data<AppState>,
) -> Result<web::Json<Vec<RegisteredZone>>, ApiError> {
    let mut connection = state.connection().await?;
    Ok(web::Json(load_entries(&mut connection, &actor.district, Which::All, false).await?))
}

/// Register a zone under an id that the client makes; the same request sent twice registers it once.
#[utoipa::path(
    tag = "zones",
    request_body = Zone,
    responses((status = 201, description = "Registered.", body = inline(RegisteredZone))),
    security(("session" = []))
)]
#[post("/api/v1/zones")]
async fn create(
    actor: Authorised<Administer>,
    state: web::Data<AppState>,
    zone: Json<Zone>,
) -> Result<HttpResponse, ApiError> {
    let now = state.clock.now();
    let mut connection = state.connection().await?;
    let made = create_entry(&mut connection, &actor, zone.0, now).await?;
    Ok(HttpResponse::build(StatusCode::CREATED).json(made))
}

/// Change a zone: all of it, on the version it was read in.
#[utoipa::path(
    tag = "zones",
    params(("zone_id" = ZoneId, Path, description = "The zone.")),
    request_body = inline(ZoneChange),
    responses((status = 200, description = "Changed, now or by an earlier try of this request.", body = inline(RegisteredZone))),
    security(("session" = []))
)]
#[put("/api/v1/zones/{zone_id}")]
async fn update(
    actor: Authorised<Administer>,
    state: web::Data<AppState>,
    zone_id: web::Path<ZoneId>,
    change: Json<ZoneChange>,
) -> Result<web::Json<RegisteredZone>, ApiError> {
    if change.0.entry.zone_id != *zone_id {
        return Err(ApiError::new(ProblemKind::MalformedRequest).field("zone_id"));
    }
    let now = state.clock.now();
    let mut connection = state.connection().await?;
    Ok(web::Json(update_entry(&mut connection, &actor, change.0, now).await?))
}
