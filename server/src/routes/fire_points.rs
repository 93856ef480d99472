//! Fire point leads (火点线索): entered by the office, verified by inspectors on the spot.

use actix_web::{get, post, web};
use serde::Deserialize;
use sync_core::model::fire_point::{FirePointRow, FirePointState};
use sync_core::wire::problem::ProblemKind;
use utoipa::IntoParams;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::auth::authorised::Authorised;
use crate::auth::permission::{EnterFirePoints, ReadFirePoints};
use crate::json::Json;
use crate::problem::ApiError;
use crate::query::{page_rows, parameter};
use crate::services::enter_fire_point::{FirePointRequest, enter_fire_point};
use crate::services::list_fire_points::{FirePointFilter, FirePointList, list_fire_points};
use crate::state::AppState;

/// Leads in a page unless asked otherwise.
const LEADS_DEFAULT: u16 = 50;
/// Leads in a page at most.
const LEADS_MAX: u16 = 200;

/// Registers the routes of this module.
pub fn configure(config: &mut ServiceConfig<'_>) {
    config.service(list).service(enter);
}

/// Which leads are asked for; what is absent holds for all.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
struct FirePointParameters {
    /// `lead`, `confirmed` or `not_found`.
    state: Option<String>,
    /// `next` of the page before.
    cursor: Option<String>,
    /// How many, 1 to 200.
    limit: Option<String>,
}

impl FirePointParameters {
    fn filter(&self) -> Result<FirePointFilter, ApiError> {
        let state = self.state.as_deref().filter(|code| !code.is_empty()).map(|code| {
            let unknown = ApiError::new(ProblemKind::MalformedRequest).field("state");
            FirePointState::from_code(code).ok_or_else(|| unknown.detail("not a state of a lead"))
        });
        Ok(FirePointFilter {
            state: state.transpose()?,
            after: parameter("cursor", self.cursor.as_deref())?,
            rows: page_rows(self.limit.as_deref(), LEADS_DEFAULT, LEADS_MAX)?,
        })
    }
}

/// Leads within the caller's grids, the latest first, with what was found.
#[utoipa::path(
    tag = "fire_points",
    params(FirePointParameters),
    responses((status = 200, body = FirePointList)),
    security(("session" = []))
)]
#[get("/api/v1/fire-points")]
async fn list(
    actor: Authorised<ReadFirePoints>,
    state: web::Data<AppState>,
    asked: web::Query<FirePointParameters>,
) -> Result<web::Json<FirePointList>, ApiError> {
    let filter = asked.filter()?;
    let mut connection = state.connection().await?;
    Ok(web::Json(list_fire_points(&mut connection, &actor, &filter).await?))
}

/// Enter a lead; devices of its grid pull it. A supervisor of the grid only.
#[utoipa::path(
    tag = "fire_points",
    request_body = FirePointRequest,
    responses((status = 200, description = "Entered, now or by an earlier try of this request.", body = FirePointRow)),
    security(("session" = []))
)]
#[post("/api/v1/fire-points")]
async fn enter(
    actor: Authorised<EnterFirePoints>,
    state: web::Data<AppState>,
    request: Json<FirePointRequest>,
) -> Result<web::Json<FirePointRow>, ApiError> {
    let now = state.clock.now();
    let mut connection = state.connection().await?;
    Ok(web::Json(enter_fire_point(&mut connection, &actor, &request.0, now).await?))
}
