//! The HTTP application: routes, what wraps every request, and the answer to what matches no route.
//!
//! What matches no route may be a screen ([`crate::screens`]).
//!
//! Invariants: every response carries `x-request-id`; every error is a problem; an unmatched path is `not_found`, a
//! matched path with another method `method_not_allowed`.

use std::net::TcpListener;
use std::sync::Arc;
use std::time::Instant as Stopwatch;

use actix_web::body::{BoxBody, EitherBody, MessageBody};
use actix_web::dev::{ResourceDef, ServiceRequest, ServiceResponse};
pub use actix_web::dev::{Server, ServerHandle};
use actix_web::http::header::{HeaderName, HeaderValue, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS};
use actix_web::middleware::{Compress, DefaultHeaders, Next, from_fn};
use actix_web::{App, HttpMessage, HttpRequest, HttpResponse, HttpServer, web};
use sync_core::limits::PUSH_MAX_BYTES;
use sync_core::wire::problem::ProblemKind;
use tracing_actix_web::{RequestId, TracingLogger};
use utoipa::openapi::OpenApi;
use utoipa_actix_web::AppExt;
use utoipa_swagger_ui::SwaggerUi;

use crate::openapi;
use crate::problem::ApiError;
use crate::routes;
use crate::state::AppState;

/// The header that names a request.
pub const REQUEST_ID_HEADER: HeaderName = HeaderName::from_static("x-request-id");

/// Seconds that running requests have to finish after a stop was asked for.
const SHUTDOWN_SECONDS: u64 = 30;

/// The label of requests that match no route.
const UNMATCHED: &str = "unmatched";

/// Starts to serve on `listener`, with TLS where `tls` is given. The server runs while its future is awaited.
///
/// # Errors
/// [`std::io::Error`] where the listener cannot be used.
pub fn serve(
    state: Arc<AppState>,
    listener: TcpListener,
    tls: Option<rustls::ServerConfig>,
) -> std::io::Result<Server> {
    let state = web::Data::from(state);
    let document = openapi::document();
    let patterns = web::Data::new(document.paths.paths.keys().map(ResourceDef::new).collect::<Vec<_>>());
    let workers = state.config.workers;
    let mut server = HttpServer::new(move || {
        App::new()
            .app_data(state.clone())
            .app_data(patterns.clone())
            .app_data(web::PayloadConfig::new(PUSH_MAX_BYTES))
            .into_utoipa_app()
            .configure(routes::configure)
            .into_app()
            .service(documentation(document.clone()))
            .default_service(web::to(answer_unmatched))
            .wrap(from_fn(answer_problems))
            .wrap(common_headers())
            .wrap(Compress::default())
            .wrap(TracingLogger::default())
    })
    .disable_signals()
    .shutdown_timeout(SHUTDOWN_SECONDS);
    if let Some(workers) = workers {
        server = server.workers(workers);
    }
    let server = match tls {
        Some(tls) => server.listen_rustls_0_23(listener, tls)?,
        None => server.listen(listener)?,
    };
    Ok(server.run())
}

/// The document and its page; the page's scripts are in the program.
fn documentation(document: OpenApi) -> SwaggerUi {
    SwaggerUi::new("/api/docs/{_:.*}").url("/api/openapi.json", document)
}

/// What no route answers: a screen, or a problem.
async fn answer_unmatched(
    request: HttpRequest,
    patterns: web::Data<Vec<ResourceDef>>,
    state: web::Data<AppState>,
) -> Result<HttpResponse, ApiError> {
    if patterns.iter().any(|pattern| pattern.is_match(request.path())) {
        return Err(ProblemKind::MethodNotAllowed.into());
    }
    let screen = state.screens.answer(&request).await.map_err(ApiError::internal)?;
    screen.ok_or_else(|| ProblemKind::NotFound.into())
}

/// What every answer tells the browser: to take a media type as it is said, and to tell other hosts (map tiles, where
/// they are configured: some ask who calls) this server's name and nothing more.
fn common_headers() -> DefaultHeaders {
    DefaultHeaders::new()
        .add((X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .add((REFERRER_POLICY, "strict-origin-when-cross-origin"))
}

/// Turns every error into a problem with the request's id, names the request in a header, and counts it.
async fn answer_problems<B: MessageBody + 'static>(
    request: ServiceRequest,
    next: Next<B>,
) -> Result<ServiceResponse<EitherBody<B, BoxBody>>, actix_web::Error> {
    let started = Stopwatch::now();
    let id = request.extensions().get::<RequestId>().map(ToString::to_string).unwrap_or_default();
    let method = request.method().clone();
    let name_request = |error: &actix_web::Error| ApiError::of(error).request_id(id.clone());

    let response = next.call(request).await.map_err(|error| name_request(&error))?;
    let problem = response.response().error().map(name_request);
    let mut response = match problem {
        Some(problem) => {
            let answer = HttpResponse::from_error(problem);
            response.into_response(answer).map_into_right_body()
        }
        None => response.map_into_left_body(),
    };
    if let Ok(value) = HeaderValue::from_str(&id) {
        response.headers_mut().insert(REQUEST_ID_HEADER, value);
    }
    if let Some(state) = response.request().app_data::<web::Data<AppState>>() {
        let route = response.request().match_pattern();
        let route = route.as_deref().unwrap_or(UNMATCHED);
        let seconds = started.elapsed().as_secs_f64();
        state.metrics.answered(method.as_str(), route, response.status().as_u16(), seconds);
    }
    Ok(response)
}
