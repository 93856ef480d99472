//! Policy packs (政策包): versions, their difference, adoption.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, get, post, web};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use sync_core::ids::PackHash;
use sync_core::wire::problem::ProblemKind;
use utoipa::{IntoParams, ToSchema};
use utoipa_actix_web::service_config::ServiceConfig;

use crate::admin::adopt_pack::{
    AdoptedPack, AdoptionDays, PackToAdopt, add_pack, adopt_pack, days_in_force, load_pack,
};
use crate::auth::authorised::Authorised;
use crate::auth::permission::{Administer, ReadRegisters};
use crate::json::Json;
use crate::problem::ApiError;
use crate::query::parameter;
use crate::services::compare_packs::{PackDifference, compare_packs};
use crate::services::list_packs::{PackDetail, PackVersion, list_packs, pack_source, show_pack};
use crate::services::measure_past_effect::{PastEffect, measure_past_effect};
use crate::state::AppState;

/// Registers the routes of this module.
pub fn configure(config: &mut ServiceConfig<'_>) {
    config.service(list).service(add).service(show).service(compare).service(measure).service(adopt);
}

/// The version that a path names; a text that is no hash names none.
fn version_of(path: &str) -> Result<PackHash, ApiError> {
    path.parse().map_err(|_| ApiError::new(ProblemKind::NotFound).field("hash"))
}

/// The versions that the district can use, with their adoption.
#[utoipa::path(tag = "packs", responses((status = 200, body = Vec<PackVersion>)), security(("session" = [])))]
#[get("/api/v1/packs")]
async fn list(
    actor: Authorised<ReadRegisters>,
    state: web::Data<AppState>,
) -> Result<web::Json<Vec<PackVersion>>, ApiError> {
    Ok(web::Json(list_packs(&mut *state.connection().await?, &actor.district).await?))
}

/// The version that was added.
#[derive(Debug, Serialize, ToSchema)]
struct AddedPack {
    /// SHA-256 of its source.
    hash: PackHash,
}

/// Add a version: its source (TOML), checked as a whole. A version never changes; the same source is the same version.
#[utoipa::path(
    tag = "packs",
    request_body(content = String, content_type = "application/toml"),
    responses((status = 201, description = "Added, now or before.", body = AddedPack)),
    security(("session" = []))
)]
#[post("/api/v1/packs")]
async fn add(
    actor: Authorised<Administer>,
    state: web::Data<AppState>,
    source: web::Bytes,
) -> Result<HttpResponse, ApiError> {
    let source = std::str::from_utf8(&source)
        .map_err(|error| ApiError::new(ProblemKind::TextUndecodable).detail(error.to_string()))?;
    let now = state.clock.now();
    let mut connection = state.connection().await?;
    let hash = add_pack(&mut connection, &actor.district, source, Some(actor.user_id), now).await?;
    Ok(HttpResponse::build(StatusCode::CREATED).json(AddedPack { hash }))
}

/// One version with its schedule and its source.
#[utoipa::path(
    tag = "packs",
    params(("hash" = PackHash, Path, description = "The version.")),
    responses((status = 200, body = PackDetail)),
    security(("session" = []))
)]
#[get("/api/v1/packs/{hash}")]
async fn show(
    actor: Authorised<ReadRegisters>,
    state: web::Data<AppState>,
    hash: web::Path<String>,
) -> Result<web::Json<PackDetail>, ApiError> {
    let hash = version_of(&hash)?;
    Ok(web::Json(show_pack(&mut *state.connection().await?, &actor.district, &hash).await?))
}

/// With which version it is compared.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
struct DifferenceParameters {
    /// The later version; it must be named.
    to: Option<String>,
}

/// What a later version says otherwise: items, kinds, duties, clauses, entry by entry and key by key.
#[utoipa::path(
    tag = "packs",
    params(("hash" = PackHash, Path, description = "The earlier version."), DifferenceParameters),
    responses((status = 200, body = PackDifference)),
    security(("session" = []))
)]
#[get("/api/v1/packs/{hash}/difference")]
async fn compare(
    actor: Authorised<ReadRegisters>,
    state: web::Data<AppState>,
    hash: web::Path<String>,
    asked: web::Query<DifferenceParameters>,
) -> Result<web::Json<PackDifference>, ApiError> {
    let to = asked.to.as_deref().ok_or_else(|| ApiError::new(ProblemKind::TextRequired).field("to"))?;
    let (from, to) = (version_of(&hash)?, version_of(to)?);
    let mut connection = state.connection().await?;
    let before = pack_source(&mut connection, &actor.district, &from).await?;
    let after = pack_source(&mut connection, &actor.district, &to).await?;
    let entries = compare_packs(&before, &after)?;
    Ok(web::Json(PackDifference { from: from.to_string(), to: to.to_string(), entries }))
}

/// Days that replace the document's own.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
struct DayParameters {
    /// First day.
    from: Option<String>,
    /// Last day.
    until: Option<String>,
}

/// What adopting a version would meet in the past: cases that occurred in its days and were judged otherwise.
#[utoipa::path(
    tag = "packs",
    params(("hash" = PackHash, Path, description = "The version."), DayParameters),
    responses((status = 200, body = PastEffect)),
    security(("session" = []))
)]
#[get("/api/v1/packs/{hash}/past-effect")]
async fn measure(
    actor: Authorised<Administer>,
    state: web::Data<AppState>,
    hash: web::Path<String>,
    asked: web::Query<DayParameters>,
) -> Result<web::Json<PastEffect>, ApiError> {
    let hash = version_of(&hash)?;
    let days = AdoptionDays {
        from: parameter("from", asked.from.as_deref())?,
        until: parameter("until", asked.until.as_deref())?,
    };
    let mut connection = state.connection().await?;
    let source = pack_source(&mut connection, &actor.district, &hash).await?;
    let pack = load_pack(&actor.district, &source, hash.as_str())?;
    let in_force = days_in_force(&pack, days);
    Ok(web::Json(measure_past_effect(&mut connection, &actor.district, &hash, in_force).await?))
}

/// An adoption.
#[derive(Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
struct AdoptionRequest {
    /// First day, for a draft or to replace the document's own.
    #[schema(value_type = Option<String>, format = "date")]
    from: Option<Date>,
    /// Last day.
    #[schema(value_type = Option<String>, format = "date")]
    until: Option<Date>,
    /// Acknowledges that cases occurred in its days already, and that none of them changes.
    #[serde(default)]
    affects_past: bool,
}

/// Adopt a version, or give it other days. No case changes by it.
#[utoipa::path(
    tag = "packs",
    params(("hash" = PackHash, Path, description = "The version.")),
    request_body = AdoptionRequest,
    responses((status = 200, description = "Adopted.", body = AdoptedPack)),
    security(("session" = []))
)]
#[post("/api/v1/packs/{hash}/adoption")]
async fn adopt(
    actor: Authorised<Administer>,
    state: web::Data<AppState>,
    hash: web::Path<String>,
    request: Json<AdoptionRequest>,
) -> Result<web::Json<AdoptedPack>, ApiError> {
    let hash = version_of(&hash)?;
    let AdoptionRequest { from, until, affects_past } = request.0;
    if from.is_none() && until.is_some() {
        return Err(ApiError::new(ProblemKind::TextRequired).field("from"));
    }
    let now = state.clock.now();
    let mut connection = state.connection().await?;
    let source = pack_source(&mut connection, &actor.district, &hash).await?;
    let days = AdoptionDays { from, until };
    let pack = PackToAdopt { source: &source, file: hash.as_str(), days, affects_past };
    Ok(web::Json(adopt_pack(&mut connection, &actor.district, pack, Some(actor.user_id), now).await?))
}
