//! The register of targets (台账): list, show, make, change, remove.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, delete, get, post, put, web};
use serde::Deserialize;
use sync_core::ids::TargetId;
use sync_core::limits::NAME_MAX_CHARS;
use sync_core::model::target::{Target, TargetContent};
use sync_core::text::check_text;
use sync_core::wire::problem::ProblemKind;
use utoipa::IntoParams;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::auth::authorised::Authorised;
use crate::auth::permission::{Administer, ReadRegisters};
use crate::auth::target_scope::TargetScope;
use crate::json::Json;
use crate::problem::ApiError;
use crate::query::{page_rows, parameter, refuse_pages};
use crate::services::change_target::{TargetChange, create_target, remove_target, update_target};
use crate::services::list_targets::{RegisteredTarget, TargetFilter, TargetList, list_targets, show_target};
use crate::state::AppState;

/// Targets in a page unless asked otherwise.
const TARGETS_DEFAULT: u16 = 50;
/// Targets in a page at most.
const TARGETS_MAX: u16 = 500;

/// Registers the routes of this module.
pub fn configure(config: &mut ServiceConfig<'_>) {
    config.service(list).service(show).service(create).service(update).service(remove);
}

/// What of the register is asked for, and which page; what is absent holds for all.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(super) struct TargetParameters {
    /// Kind.
    kind: Option<String>,
    /// Grid, with everything below it.
    grid: Option<String>,
    /// Responsible unit.
    unit: Option<String>,
    /// Part of number, name or address.
    text: Option<String>,
    /// `true`: those that were removed from the register, instead of those that stand.
    removed: Option<String>,
    /// `next` of the page before.
    cursor: Option<String>,
    /// How many, 1 to 500.
    limit: Option<String>,
}

impl TargetParameters {
    /// The filters.
    pub(super) fn filter(&self) -> Result<TargetFilter, ApiError> {
        if let Some(text) = &self.text {
            check_text(text, NAME_MAX_CHARS).map_err(|fault| ApiError::from(fault).field("text"))?;
        }
        Ok(TargetFilter {
            kind: parameter("kind", self.kind.as_deref())?,
            grid: parameter("grid", self.grid.as_deref())?,
            unit: parameter("unit", self.unit.as_deref())?,
            text: self.text.clone(),
            removed: parameter("removed", self.removed.as_deref())?.unwrap_or(false),
        })
    }

    /// Refuses what asks for a page, of a file that has none.
    pub(super) fn refuse_pages(&self) -> Result<(), ApiError> {
        refuse_pages(self.cursor.as_deref(), self.limit.as_deref())
    }
}

/// The register within the caller's grids or unit, by register number.
#[utoipa::path(
    tag = "targets",
    params(TargetParameters),
    responses((status = 200, body = TargetList)),
    security(("session" = []))
)]
#[get("/api/v1/targets")]
async fn list(
    actor: Authorised<ReadRegisters>,
    state: web::Data<AppState>,
    asked: web::Query<TargetParameters>,
) -> Result<web::Json<TargetList>, ApiError> {
    let filter = asked.filter()?;
    let after = parameter("cursor", asked.cursor.as_deref())?;
    let rows = page_rows(asked.limit.as_deref(), TARGETS_DEFAULT, TARGETS_MAX)?;
    let mut connection = state.connection().await?;
    Ok(web::Json(list_targets(&mut connection, &TargetScope::of(&actor), &filter, after, rows).await?))
}

/// One entry of the register, also one that was removed.
#[utoipa::path(
    tag = "targets",
    params(("target_id" = TargetId, Path, description = "The target.")),
    responses((status = 200, body = RegisteredTarget)),
    security(("session" = []))
)]
#[get("/api/v1/targets/{target_id}")]
async fn show(
    actor: Authorised<ReadRegisters>,
    state: web::Data<AppState>,
    target_id: web::Path<TargetId>,
) -> Result<web::Json<RegisteredTarget>, ApiError> {
    let mut connection = state.connection().await?;
    Ok(web::Json(show_target(&mut connection, &TargetScope::of(&actor), *target_id).await?))
}

/// Register a target under an id that the client makes; the same request sent twice registers it once.
#[utoipa::path(
    tag = "targets",
    request_body = TargetContent,
    responses((status = 201, description = "Registered.", body = Target)),
    security(("session" = []))
)]
#[post("/api/v1/targets")]
async fn create(
    actor: Authorised<Administer>,
    state: web::Data<AppState>,
    content: Json<TargetContent>,
) -> Result<HttpResponse, ApiError> {
    let now = state.clock.now();
    let mut connection = state.connection().await?;
    let book = state.policies.of(&connection, &actor.district).await?;
    let target = create_target(&mut connection, &actor, &book, content.0, now).await?;
    Ok(HttpResponse::build(StatusCode::CREATED).json(target))
}

/// Change a target: all of it, on the version it was read in.
#[utoipa::path(
    tag = "targets",
    params(("target_id" = TargetId, Path, description = "The target.")),
    request_body = TargetChange,
    responses((status = 200, description = "Changed, now or by an earlier try of this request.", body = Target)),
    security(("session" = []))
)]
#[put("/api/v1/targets/{target_id}")]
async fn update(
    actor: Authorised<Administer>,
    state: web::Data<AppState>,
    target_id: web::Path<TargetId>,
    change: Json<TargetChange>,
) -> Result<web::Json<Target>, ApiError> {
    if change.0.content.target_id != *target_id {
        return Err(ApiError::new(ProblemKind::MalformedRequest).field("target_id"));
    }
    let now = state.clock.now();
    let mut connection = state.connection().await?;
    let book = state.policies.of(&connection, &actor.district).await?;
    Ok(web::Json(update_target(&mut connection, &actor, &book, change.0, now).await?))
}

/// Which version is removed.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
struct RemovalParameters {
    /// The version that the caller has seen.
    expected_version: u32,
}

/// Remove a target from the register: devices drop it, cases keep naming it.
#[utoipa::path(
    tag = "targets",
    params(("target_id" = TargetId, Path, description = "The target."), RemovalParameters),
    responses((status = 204, description = "Removed.")),
    security(("session" = []))
)]
#[delete("/api/v1/targets/{target_id}")]
async fn remove(
    actor: Authorised<Administer>,
    state: web::Data<AppState>,
    target_id: web::Path<TargetId>,
    removal: web::Query<RemovalParameters>,
) -> Result<HttpResponse, ApiError> {
    let now = state.clock.now();
    let mut connection = state.connection().await?;
    remove_target(&mut connection, &actor, *target_id, removal.expected_version, now).await?;
    Ok(HttpResponse::NoContent().finish())
}
