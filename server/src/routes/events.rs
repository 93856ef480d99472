//! Events (实时通知): what changes within the caller's scope, as it is committed.

use actix_web::http::header::{CACHE_CONTROL, CONTENT_ENCODING, HeaderName};
use actix_web::{HttpRequest, HttpResponse, get, web};
use utoipa_actix_web::service_config::ServiceConfig;

use crate::auth::authorised::Authorised;
use crate::auth::permission::HearChanges;
use crate::live::{EventId, HeardChange, event_stream};
use crate::problem::ApiError;
use crate::services::hear_changes::{Hearer, hear_changes};
use crate::state::AppState;

/// The media type of server-sent events.
const EVENT_STREAM: &str = "text/event-stream";

/// The id of the last event that a client got.
const LAST_EVENT_ID: HeaderName = HeaderName::from_static("last-event-id");

/// Tells a proxy to pass on what it gets at once.
const ACCEL_BUFFERING: HeaderName = HeaderName::from_static("x-accel-buffering");

/// Registers the routes of this module.
pub fn configure(config: &mut ServiceConfig<'_>) {
    config.service(hear);
}

/// Hear of changes within the caller's scope (server-sent events): `ready` when it listens, `change` with what, id and
/// version, `reload` where more changed than is told. With `Last-Event-ID` it goes on from there. It ends with the
/// session or device, when the caller's assignments change, and after a quarter of an hour: come again.
#[utoipa::path(
    tag = "events",
    params(("last-event-id" = Option<String>, Header, description = "The id of the last event that was received.")),
    responses((status = 200, content_type = "text/event-stream", body = HeardChange)),
    security(("session" = []), ("device" = []))
)]
#[get("/api/v1/events")]
async fn hear(
    actor: Authorised<HearChanges>,
    state: web::Data<AppState>,
    request: HttpRequest,
) -> Result<HttpResponse, ApiError> {
    let last = request.headers().get(LAST_EVENT_ID).and_then(|id| id.to_str().ok());
    // An id that cannot be read is one that nobody knows: the client is told to reload.
    let last = last.filter(|id| !id.is_empty()).map(|id| id.parse().unwrap_or(EventId::UNKNOWN));
    let Hearer { opening, subscription, lasts } = hear_changes(&state, &actor, last).await?;
    Ok(HttpResponse::Ok()
        .content_type(EVENT_STREAM)
        .insert_header((CACHE_CONTROL, "no-store"))
        .insert_header((ACCEL_BUFFERING, "no"))
        // Compressing would hold events back until there are enough of them.
        .insert_header((CONTENT_ENCODING, "identity"))
        .streaming(event_stream(opening, subscription, lasts)))
}
