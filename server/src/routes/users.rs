//! Users, their assignments and enrolment codes: the administrator's part.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, get, post, put, web};
use jiff::civil::Date;
use serde::{Deserialize, Serialize};
use sync_core::ids::{AssignmentId, UserId};
use sync_core::time::Instant;
use utoipa::ToSchema;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::admin::assign_role::{NewAssignment, assign_role};
use crate::admin::create_user::{NewUser, create_user};
use crate::admin::disable_user::disable_user;
use crate::admin::enable_user::enable_user;
use crate::admin::end_assignment::end_assignment;
use crate::admin::list_users::{UserList, list_users};
use crate::admin::move_assignment::{AssignmentMove, move_assignment};
use crate::admin::rename_user::{UserChange, rename_user};
use crate::admin::reset_password::reset_password;
use crate::auth::authorised::Authorised;
use crate::auth::enrolment_code::issue_enrolment_code;
use crate::auth::permission::Administer;
use crate::json::Json;
use crate::problem::ApiError;
use crate::query::PageParameters;
use crate::state::AppState;

/// Registers the routes of this module.
pub fn configure(config: &mut ServiceConfig<'_>) {
    config
        .service(list)
        .service(create)
        .service(rename)
        .service(disable)
        .service(enable)
        .service(reset)
        .service(assign)
        .service(end)
        .service(relocate)
        .service(issue_code);
}

/// The district's users with all their assignments, by the name they sign in with.
#[utoipa::path(
    tag = "users",
    params(PageParameters),
    security(("session" = [])),
    responses((status = 200, body = UserList))
)]
#[get("/api/v1/users")]
async fn list(
    state: web::Data<AppState>,
    actor: Authorised<Administer>,
    asked: web::Query<PageParameters>,
) -> Result<web::Json<UserList>, ApiError> {
    let page = asked.page()?;
    let mut connection = state.connection().await?;
    Ok(web::Json(list_users(&mut connection, &actor.district, page).await?))
}

/// The id of the user that was created.
#[derive(Debug, Serialize, ToSchema)]
struct CreatedUser {
    /// The id.
    user_id: UserId,
}

/// Create a user.
#[utoipa::path(
    tag = "users",
    security(("session" = [])),
    responses((status = 201, description = "Created.", body = CreatedUser))
)]
#[post("/api/v1/users")]
async fn create(
    state: web::Data<AppState>,
    actor: Authorised<Administer>,
    request: Json<NewUser>,
) -> Result<HttpResponse, ApiError> {
    let now = state.clock.now();
    let mut connection = state.connection().await?;
    let user_id =
        create_user(&mut connection, &state.passwords, &actor.district, request.0, Some(actor.user_id), now)
            .await?;
    Ok(HttpResponse::build(StatusCode::CREATED).json(CreatedUser { user_id }))
}

/// Change what a user is called; the name to sign in by stays.
#[utoipa::path(
    tag = "users",
    security(("session" = [])),
    params(("user_id" = UserId, Path, description = "The user.")),
    request_body = UserChange,
    responses((status = 204, description = "Changed."))
)]
#[put("/api/v1/users/{user_id}")]
async fn rename(
    state: web::Data<AppState>,
    actor: Authorised<Administer>,
    user_id: web::Path<UserId>,
    request: Json<UserChange>,
) -> Result<HttpResponse, ApiError> {
    let now = state.clock.now();
    let mut connection = state.connection().await?;
    rename_user(&mut connection, &actor.district, *user_id, &request.0, Some(actor.user_id), now).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Disable a user: sessions end, devices refuse to sync for the user and keep what was not sent.
#[utoipa::path(
    tag = "users",
    security(("session" = [])),
    params(("user_id" = UserId, Path, description = "The user.")),
    responses((status = 204, description = "Disabled."))
)]
#[post("/api/v1/users/{user_id}/disable")]
async fn disable(
    state: web::Data<AppState>,
    actor: Authorised<Administer>,
    user_id: web::Path<UserId>,
) -> Result<HttpResponse, ApiError> {
    let now = state.clock.now();
    let mut connection = state.connection().await?;
    disable_user(&mut connection, &actor.district, *user_id, Some(actor.user_id), now).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Enable a disabled user again: what is assigned holds again; sign-in and enrolment begin anew.
#[utoipa::path(
    tag = "users",
    security(("session" = [])),
    params(("user_id" = UserId, Path, description = "The user.")),
    responses((status = 204, description = "Enabled."))
)]
#[post("/api/v1/users/{user_id}/enable")]
async fn enable(
    state: web::Data<AppState>,
    actor: Authorised<Administer>,
    user_id: web::Path<UserId>,
) -> Result<HttpResponse, ApiError> {
    let now = state.clock.now();
    let mut connection = state.connection().await?;
    enable_user(&mut connection, &actor.district, *user_id, Some(actor.user_id), now).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// A new password, shown once.
#[derive(Debug, Serialize, ToSchema)]
struct ResetPassword {
    /// The password.
    password: String,
}

/// Give a user a password that the server makes up: for a first sign-in, after a lockout, or when it was forgotten.
#[utoipa::path(
    tag = "users",
    security(("session" = [])),
    params(("user_id" = UserId, Path, description = "The user.")),
    responses((status = 200, description = "Every session of the user has ended.", body = ResetPassword))
)]
#[post("/api/v1/users/{user_id}/password")]
async fn reset(
    state: web::Data<AppState>,
    actor: Authorised<Administer>,
    user_id: web::Path<UserId>,
) -> Result<web::Json<ResetPassword>, ApiError> {
    let now = state.clock.now();
    let mut connection = state.connection().await?;
    let by = Some(actor.user_id);
    let password =
        reset_password(&mut connection, &state.passwords, &actor.district, *user_id, by, now).await?;
    Ok(web::Json(ResetPassword { password }))
}

/// The id of the assignment that was made.
#[derive(Debug, Serialize, ToSchema)]
struct MadeAssignment {
    /// The id.
    assignment_id: AssignmentId,
}

/// Assign a role to a user (任职).
#[utoipa::path(
    tag = "users",
    security(("session" = [])),
    params(("user_id" = UserId, Path, description = "The user.")),
    responses((status = 201, description = "Assigned.", body = MadeAssignment))
)]
#[post("/api/v1/users/{user_id}/assignments")]
async fn assign(
    state: web::Data<AppState>,
    actor: Authorised<Administer>,
    user_id: web::Path<UserId>,
    request: Json<NewAssignment>,
) -> Result<HttpResponse, ApiError> {
    let now = state.clock.now();
    let mut connection = state.connection().await?;
    let by = Some(actor.user_id);
    let assignment_id = assign_role(&mut connection, &actor.district, *user_id, &request.0, by, now).await?;
    Ok(HttpResponse::build(StatusCode::CREATED).json(MadeAssignment { assignment_id }))
}

/// The last day of an assignment.
#[derive(Debug, Deserialize, ToSchema)]
struct AssignmentEnd {
    /// The last day on which it holds.
    #[schema(value_type = String, format = "date")]
    until: Date,
}

/// Give an assignment its last day.
#[utoipa::path(
    tag = "users",
    security(("session" = [])),
    params(("assignment_id" = AssignmentId, Path, description = "The assignment.")),
    responses((status = 204, description = "It ends then."))
)]
#[post("/api/v1/assignments/{assignment_id}/end")]
async fn end(
    state: web::Data<AppState>,
    actor: Authorised<Administer>,
    assignment_id: web::Path<AssignmentId>,
    request: Json<AssignmentEnd>,
) -> Result<HttpResponse, ApiError> {
    let now = state.clock.now();
    let mut connection = state.connection().await?;
    let by = Some(actor.user_id);
    end_assignment(&mut connection, &actor.district, *assignment_id, request.0.until, by, now).await?;
    Ok(HttpResponse::NoContent().finish())
}

/// Move an assignment to another grid: it ends the day before, and another begins.
#[utoipa::path(
    tag = "users",
    security(("session" = [])),
    params(("assignment_id" = AssignmentId, Path, description = "The assignment.")),
    responses((status = 201, description = "The assignment that follows.", body = MadeAssignment))
)]
#[post("/api/v1/assignments/{assignment_id}/move")]
async fn relocate(
    state: web::Data<AppState>,
    actor: Authorised<Administer>,
    assignment_id: web::Path<AssignmentId>,
    request: Json<AssignmentMove>,
) -> Result<HttpResponse, ApiError> {
    let now = state.clock.now();
    let mut connection = state.connection().await?;
    let by = Some(actor.user_id);
    let assignment_id =
        move_assignment(&mut connection, &actor.district, *assignment_id, &request.0, by, now).await?;
    Ok(HttpResponse::build(StatusCode::CREATED).json(MadeAssignment { assignment_id }))
}

/// An enrolment code, shown once.
#[derive(Debug, Serialize, ToSchema)]
struct IssuedCode {
    /// The code.
    code: String,
    /// Until when it is good.
    expires_at: Instant,
}

/// Issue an enrolment code (入网码) for a user's device.
#[utoipa::path(
    tag = "users",
    security(("session" = [])),
    params(("user_id" = UserId, Path, description = "The user.")),
    responses((status = 201, description = "Issued.", body = IssuedCode))
)]
#[post("/api/v1/users/{user_id}/enrolment-codes")]
async fn issue_code(
    state: web::Data<AppState>,
    actor: Authorised<Administer>,
    user_id: web::Path<UserId>,
) -> Result<HttpResponse, ApiError> {
    let now = state.clock.now();
    let mut connection = state.connection().await?;
    let by = Some(actor.user_id);
    let (code, expires_at) =
        issue_enrolment_code(&mut connection, &actor.district, *user_id, by, now).await?;
    Ok(HttpResponse::build(StatusCode::CREATED).json(IssuedCode { code: code.to_string(), expires_at }))
}
