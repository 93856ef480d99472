//! Sync of devices (同步): push what was recorded, pull what changed, compare what is held.

use actix_web::web::{Bytes, Data, Query};
use actix_web::{get, post, web};
use serde::Deserialize;
use sync_core::limits::PUSH_MAX_OPERATIONS;
use sync_core::wire::PROTOCOL_VERSION;
use sync_core::wire::digest::ScopeDigest;
use sync_core::wire::problem::ProblemKind;
use sync_core::wire::pull::PullAnswer;
use sync_core::wire::push::{PushRequest, PushResponse};
use tracing::Instrument;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::auth::actor::{Actor, Via};
use crate::auth::authorised::Authorised;
use crate::auth::permission::{PullChanges, PushWork};
use crate::json::decode;
use crate::problem::ApiError;
use crate::services::sync::Pusher;
use crate::services::sync::digest_scope::digest_scope;
use crate::services::sync::pull_changes::pull_changes;
use crate::services::sync::push_operations::push_operations;
use crate::state::AppState;

/// Registers the routes of this module.
pub fn configure(config: &mut ServiceConfig<'_>) {
    config.service(push).service(pull).service(digest);
}

/// Push operations: every one gets its result, in the order of the request.
#[utoipa::path(
    tag = "sync",
    security(("device" = [])),
    request_body(content = serde_json::Value, description = "A push request: protocol, epoch, incarnation, and \
        at most 200 operations with 1 MiB (docs/protocol.md)."),
    responses((status = 200, description = "One result for each operation.", body = PushResponse))
)]
#[post("/api/v1/sync/push")]
async fn push(
    actor: Authorised<PushWork>,
    state: Data<AppState>,
    body: Bytes,
) -> Result<web::Json<PushResponse>, ApiError> {
    let request = read_push(&body)?;
    let pusher = pusher(&actor)?;
    if request.incarnation != pusher.incarnation {
        return Err(ApiError::new(ProblemKind::OperationNotYours).field("incarnation"));
    }
    let runtime = state.runtime.clone();
    let pushing = async move { push_operations(&state, pusher, request).await };
    let pushed = runtime.spawn(pushing.in_current_span()).await;
    pushed.map_err(ApiError::internal)?.map(web::Json)
}

/// The version stands first: another one may look different in all else.
fn read_push(body: &[u8]) -> Result<PushRequest, ApiError> {
    #[derive(Deserialize)]
    struct Version {
        protocol: u16,
    }
    if decode::<Version>(body)?.protocol != PROTOCOL_VERSION {
        return Err(ApiError::new(ProblemKind::UnsupportedProtocol).field("protocol"));
    }
    let request: PushRequest = decode(body)?;
    if request.operations.len() > PUSH_MAX_OPERATIONS {
        return Err(ApiError::new(ProblemKind::TooManyOperations).field("operations"));
    }
    Ok(request)
}

/// The permission lets nobody else in.
fn pusher(actor: &Actor) -> Result<Pusher, ApiError> {
    match actor.via {
        Via::Device { device_id, incarnation } => Ok(Pusher {
            district: actor.district.clone(),
            user: actor.user_id,
            device: device_id,
            incarnation,
        }),
        Via::Session { .. } => Err(ProblemKind::RoleForbidden.into()),
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct PullQuery {
    cursor: Option<String>,
}

/// Pull what changed behind the cursor, or everything where there is none.
#[utoipa::path(
    tag = "sync",
    security(("device" = [])),
    params(("cursor" = Option<String>, Query, description = "As the last answer gave it.")),
    responses((status = 200, description = "A page of changes, or the word to start over (docs/protocol.md).",
               body = serde_json::Value))
)]
#[get("/api/v1/sync/pull")]
async fn pull(
    actor: Authorised<PullChanges>,
    state: Data<AppState>,
    query: Query<PullQuery>,
) -> Result<web::Json<PullAnswer>, ApiError> {
    pull_changes(&state, &actor, query.cursor.as_deref()).await.map(web::Json)
}

/// What the device should hold where the server stands now: rows and hash by kind (docs/protocol.md).
#[utoipa::path(
    tag = "sync",
    security(("device" = [])),
    responses((status = 200, description = "A cursor, and what holds there.", body = ScopeDigest))
)]
#[get("/api/v1/sync/digest")]
async fn digest(
    actor: Authorised<PullChanges>,
    state: Data<AppState>,
) -> Result<web::Json<ScopeDigest>, ApiError> {
    digest_scope(&state, &actor).await.map(web::Json)
}
