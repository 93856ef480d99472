//! Devices: enrol, prove, sign in on one, list, revoke.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, get, post, web};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::{Deserialize, Serialize};
use sync_core::ids::DeviceId;
use sync_core::wire::auth::{AccessToken, Challenge, EnrolRequest, Enrolled, TokenRequest};
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::admin::list_devices::{DeviceList, list_devices};
use crate::auth::authorised::Authorised;
use crate::auth::client::Client;
use crate::auth::enrol_device::enrol_device;
use crate::auth::give_recovery_key::give_recovery_key;
use crate::auth::issue_challenge::issue_challenge;
use crate::auth::issue_token::issue_token;
use crate::auth::permission::{Administer, OpenOwnStores};
use crate::auth::revoke_device::revoke_device;
use crate::json::Json;
use crate::problem::ApiError;
use crate::query::PageParameters;
use crate::state::AppState;

/// Registers the routes of this module.
pub fn configure(config: &mut ServiceConfig<'_>) {
    config.service(enrol).service(challenge).service(token).service(recover).service(list).service(revoke);
}

/// Enrol a device with a code (入网).
#[utoipa::path(tag = "devices", responses((status = 201, description = "Enrolled.", body = Enrolled)))]
#[post("/api/v1/devices/enrol")]
async fn enrol(
    state: web::Data<AppState>,
    client: Client,
    request: Json<EnrolRequest>,
) -> Result<HttpResponse, ApiError> {
    let enrolled = enrol_device(&state, &request.0, &client).await?;
    Ok(HttpResponse::build(StatusCode::CREATED).json(enrolled))
}

/// Ask for bytes to sign.
#[utoipa::path(
    tag = "devices",
    params(("device_id" = DeviceId, Path, description = "The device.")),
    responses((status = 200, description = "What to sign.", body = Challenge))
)]
#[post("/api/v1/devices/{device_id}/challenge")]
async fn challenge(
    state: web::Data<AppState>,
    device_id: web::Path<DeviceId>,
) -> Result<web::Json<Challenge>, ApiError> {
    Ok(web::Json(issue_challenge(&state, *device_id).await?))
}

/// Exchange the signed challenge for an access token of minutes.
#[utoipa::path(
    tag = "devices",
    params(("device_id" = DeviceId, Path, description = "The device.")),
    responses((status = 200, description = "The token.", body = AccessToken))
)]
#[post("/api/v1/devices/{device_id}/token")]
async fn token(
    state: web::Data<AppState>,
    device_id: web::Path<DeviceId>,
    client: Client,
    request: Json<TokenRequest>,
) -> Result<web::Json<AccessToken>, ApiError> {
    Ok(web::Json(issue_token(&state, *device_id, &request.0, &client).await?))
}

/// What a user signs in with on a device.
#[derive(Debug, Deserialize, ToSchema)]
pub struct RecoveryRequest {
    /// The password.
    password: String,
}

/// The key by which the user's stores on the device open without the PIN.
#[derive(Debug, Serialize, ToSchema)]
pub struct RecoveryKey {
    /// 32 bytes, base64url without padding.
    recovery_key: String,
}

/// Sign in on a device (登录): the key by which one's stores there open without the PIN.
#[utoipa::path(
    tag = "devices",
    security(("device" = [])),
    responses((status = 200, description = "The key, always the same for this user on this device.", body = RecoveryKey))
)]
#[post("/api/v1/devices/recovery-key")]
async fn recover(
    state: web::Data<AppState>,
    actor: Authorised<OpenOwnStores>,
    client: Client,
    request: Json<RecoveryRequest>,
) -> Result<web::Json<RecoveryKey>, ApiError> {
    let key = give_recovery_key(&state, &actor, request.0.password, &client).await?;
    Ok(web::Json(RecoveryKey { recovery_key: URL_SAFE_NO_PAD.encode(key) }))
}

/// The district's devices, a page at a time.
#[utoipa::path(
    tag = "devices",
    params(PageParameters),
    security(("session" = [])),
    responses((status = 200, description = "The devices, the newest first.", body = DeviceList))
)]
#[get("/api/v1/devices")]
async fn list(
    state: web::Data<AppState>,
    actor: Authorised<Administer>,
    asked: web::Query<PageParameters>,
) -> Result<web::Json<DeviceList>, ApiError> {
    let page = asked.page()?;
    Ok(web::Json(list_devices(&mut *state.connection().await?, &actor.district, page).await?))
}

/// Revoke a device (停用). What it still pushes goes to quarantine.
#[utoipa::path(
    tag = "devices",
    security(("session" = [])),
    params(("device_id" = DeviceId, Path, description = "The device.")),
    responses((status = 204, description = "Revoked."))
)]
#[post("/api/v1/devices/{device_id}/revoke")]
async fn revoke(
    state: web::Data<AppState>,
    actor: Authorised<Administer>,
    device_id: web::Path<DeviceId>,
) -> Result<HttpResponse, ApiError> {
    let now = state.clock.now();
    let mut connection = state.connection().await?;
    revoke_device(&mut connection, &actor.district, *device_id, Some(actor.user_id), now).await?;
    Ok(HttpResponse::NoContent().finish())
}
