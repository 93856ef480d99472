//! Office sessions: sign in, look, sign out; and one's own password.

use actix_web::cookie::time::Duration;
use actix_web::cookie::{Cookie, SameSite};
use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse, delete, get, post, put, web};
use serde::{Deserialize, Serialize};
use sync_core::ids::{RegionCode, UserId};
use sync_core::limits::NAME_MAX_CHARS;
use sync_core::model::assignment::Assignment;
use sync_core::text::check_required;
use sync_core::time::Instant;
use sync_core::wire::problem::ProblemKind;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;
use uuid::Uuid;

use crate::auth::actor::Via;
use crate::auth::authorised::{Authorised, SESSION_COOKIE};
use crate::auth::change_password::change_password;
use crate::auth::client::Client;
use crate::auth::end_session::end_session;
use crate::auth::identify::{self, LastingSession};
use crate::auth::list_sessions::{Session, list_sessions};
use crate::auth::permission::SignedIn;
use crate::auth::sign_in::sign_in;
use crate::json::Json;
use crate::problem::ApiError;
use crate::state::AppState;

/// Registers the routes of this module.
pub fn configure(config: &mut ServiceConfig<'_>) {
    config
        .service(begin)
        .service(show_current)
        .service(list)
        .service(end_current)
        .service(end)
        .service(replace_password);
}

/// Name and password.
#[derive(Debug, Deserialize, ToSchema)]
struct SignInRequest {
    /// The name to sign in by.
    username: String,
    /// The password.
    password: String,
}

/// Who is signed in, and until when.
#[derive(Debug, Serialize, ToSchema)]
struct CurrentSession {
    /// The user.
    user_id: UserId,
    /// The user's name.
    user_name: String,
    /// The district.
    district: RegionCode,
    /// The assignments that hold today.
    assignments: Vec<Assignment>,
    /// What every write sends back in `x-csrf-token`.
    csrf_token: String,
    /// Until when the session lasts.
    expires_at: Instant,
}

impl From<LastingSession> for CurrentSession {
    fn from(session: LastingSession) -> Self {
        let LastingSession { actor, csrf_token, expires_at } = session;
        Self {
            user_id: actor.user_id,
            user_name: actor.user_name,
            district: actor.district,
            assignments: actor.assignments,
            csrf_token,
            expires_at,
        }
    }
}

/// Sign in (登录). Sets the session cookie.
#[utoipa::path(tag = "sessions", responses((status = 201, description = "Signed in.", body = CurrentSession)))]
#[post("/api/v1/sessions")]
async fn begin(
    state: web::Data<AppState>,
    client: Client,
    request: Json<SignInRequest>,
) -> Result<HttpResponse, ApiError> {
    let Json(SignInRequest { username, password }) = request;
    for (text, field) in [(&username, "username"), (&password, "password")] {
        check_required(text, NAME_MAX_CHARS).map_err(|fault| ApiError::from(fault).field(field))?;
    }
    let session = sign_in(&state, &username, password, &client).await?;
    let now = state.clock.now();
    let lasting = identify::session(&mut *state.connection().await?, &session.token, now).await?;
    let cookie = cookie(&state, session.token, Duration::seconds(session.seconds));
    Ok(HttpResponse::build(StatusCode::CREATED).cookie(cookie).json(CurrentSession::from(lasting)))
}

fn cookie(state: &AppState, token: String, lasts: Duration) -> Cookie<'static> {
    Cookie::build(SESSION_COOKIE, token)
        .path("/")
        .http_only(true)
        .same_site(SameSite::Strict)
        .secure(state.config.is_https())
        .max_age(lasts)
        .finish()
}

/// Who is signed in: for a page that was loaded anew.
#[utoipa::path(
    tag = "sessions",
    security(("session" = [])),
    responses((status = 200, description = "The session.", body = CurrentSession))
)]
#[get("/api/v1/sessions/current")]
async fn show_current(
    state: web::Data<AppState>,
    _actor: Authorised<SignedIn>,
    request: HttpRequest,
) -> Result<web::Json<CurrentSession>, ApiError> {
    let cookie = request.cookie(SESSION_COOKIE).ok_or(ProblemKind::SignInRequired)?;
    let now = state.clock.now();
    let session = identify::session(&mut *state.connection().await?, cookie.value(), now).await?;
    Ok(web::Json(session.into()))
}

/// One's own sessions.
#[utoipa::path(
    tag = "sessions",
    security(("session" = [])),
    responses((status = 200, description = "The sessions, the newest first.", body = Vec<Session>))
)]
#[get("/api/v1/sessions")]
async fn list(
    state: web::Data<AppState>,
    actor: Authorised<SignedIn>,
) -> Result<web::Json<Vec<Session>>, ApiError> {
    let now = state.clock.now();
    Ok(web::Json(list_sessions(&mut *state.connection().await?, &actor, now).await?))
}

/// Sign out (退出).
#[utoipa::path(
    tag = "sessions",
    security(("session" = [])),
    responses((status = 204, description = "Signed out."))
)]
#[delete("/api/v1/sessions/current")]
async fn end_current(
    state: web::Data<AppState>,
    actor: Authorised<SignedIn>,
    client: Client,
) -> Result<HttpResponse, ApiError> {
    if let Via::Session { session_id } = actor.via {
        end_session(&state, &actor, session_id, &client).await?;
    }
    Ok(HttpResponse::NoContent().cookie(cookie(&state, String::new(), Duration::ZERO)).finish())
}

/// End another session of one's own.
#[utoipa::path(
    tag = "sessions",
    security(("session" = [])),
    responses((status = 204, description = "Ended."))
)]
#[delete("/api/v1/sessions/{session_id}")]
async fn end(
    state: web::Data<AppState>,
    actor: Authorised<SignedIn>,
    client: Client,
    session_id: web::Path<Uuid>,
) -> Result<HttpResponse, ApiError> {
    end_session(&state, &actor, *session_id, &client).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// The old password and the new one.
#[derive(Debug, Deserialize, ToSchema)]
struct PasswordChange {
    /// The password until now.
    current: String,
    /// The password from now on, at least 10 characters.
    new: String,
}

/// Change one's own password (修改密码). Every other session ends.
#[utoipa::path(
    tag = "sessions",
    security(("session" = [])),
    responses((status = 204, description = "Changed."))
)]
#[put("/api/v1/account/password")]
async fn replace_password(
    state: web::Data<AppState>,
    actor: Authorised<SignedIn>,
    client: Client,
    request: Json<PasswordChange>,
) -> Result<HttpResponse, ApiError> {
    let Json(PasswordChange { current, new }) = request;
    change_password(&state, &actor, current, new, &client).await?;
    Ok(HttpResponse::NoContent().finish())
}
