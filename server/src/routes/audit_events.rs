//! The audit trail (审计): who signed in, whose rights changed, what was done to devices and registers.

use actix_web::{get, web};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::auth::authorised::Authorised;
use crate::auth::permission::Administer;
use crate::problem::ApiError;
use crate::query::{codes, page_rows, parameter};
use crate::services::list_audit_events::{AuditFilter, AuditList, list_audit_events};
use crate::state::AppState;

/// Events in a page unless asked otherwise.
const EVENTS_DEFAULT: u16 = 50;
/// Events in a page at most.
const EVENTS_MAX: u16 = 200;

/// Registers the routes of this module.
pub fn configure(config: &mut ServiceConfig<'_>) {
    config.service(list);
}

/// Which events; what is absent holds for all.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
struct AuditParameters {
    /// Actions by their codes, joined by commas, such as `sign_in,sign_in_failed`.
    action: Option<String>,
    /// By whom.
    user: Option<String>,
    /// `next` of the page before.
    before: Option<String>,
    /// How many, 1 to 200.
    limit: Option<String>,
}

/// Events of the district, the latest first.
#[utoipa::path(
    tag = "records",
    operation_id = "list_audit_events",
    params(AuditParameters),
    responses((status = 200, body = AuditList)),
    security(("session" = []))
)]
#[get("/api/v1/audit-events")]
async fn list(
    actor: Authorised<Administer>,
    state: web::Data<AppState>,
    asked: web::Query<AuditParameters>,
) -> Result<web::Json<AuditList>, ApiError> {
    let filter = AuditFilter {
        actions: codes("action", asked.action.as_deref())?,
        user: parameter("user", asked.user.as_deref())?,
        before: parameter("before", asked.before.as_deref())?,
        rows: page_rows(asked.limit.as_deref(), EVENTS_DEFAULT, EVENTS_MAX)?,
    };
    let mut connection = state.connection().await?;
    Ok(web::Json(list_audit_events(&mut connection, &actor.district, &filter).await?))
}
