//! Decisions (决定): the record of all, and confirmations of many cases at once.

use actix_web::{get, post, web};
use serde::Deserialize;
use utoipa::IntoParams;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::auth::authorised::Authorised;
use crate::auth::case_scope::CaseScope;
use crate::auth::permission::{ReadAccounts, ReviewCases};
use crate::json::Json;
use crate::problem::ApiError;
use crate::query::{codes, page_rows, parameter};
use crate::services::confirm_cases::{ConfirmationList, ConfirmationResults, confirm_list};
use crate::services::list_decisions::{DecisionFilter, DecisionList, list_decisions};
use crate::state::AppState;

/// Decisions in a page unless asked otherwise.
const DECISIONS_DEFAULT: u16 = 50;
/// Decisions in a page at most.
const DECISIONS_MAX: u16 = 200;

/// Registers the routes of this module.
pub fn configure(config: &mut ServiceConfig<'_>) {
    config.service(list_recorded).service(confirm);
}

/// Which decisions; what is absent holds for all.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
struct DecisionParameters {
    /// Kinds of decision, joined by commas.
    kind: Option<String>,
    /// Who decided or reviewed.
    actor: Option<String>,
    /// About which case.
    case: Option<String>,
    /// Decisions about this month of account itself (its closing), `YYYY-MM`.
    month: Option<String>,
    /// First day of decision, `YYYY-MM-DD`, Asia/Shanghai.
    from: Option<String>,
    /// Last day of decision.
    to: Option<String>,
    /// `next` of the page before.
    before: Option<String>,
    /// How many, 1 to 200.
    limit: Option<String>,
}

impl DecisionParameters {
    fn filter(&self) -> Result<DecisionFilter, ApiError> {
        Ok(DecisionFilter {
            kinds: codes("kind", self.kind.as_deref())?,
            actor: parameter("actor", self.actor.as_deref())?,
            case: parameter("case", self.case.as_deref())?,
            month: parameter("month", self.month.as_deref())?,
            from: parameter("from", self.from.as_deref())?,
            to: parameter("to", self.to.as_deref())?,
            before: parameter("before", self.before.as_deref())?,
            rows: page_rows(self.limit.as_deref(), DECISIONS_DEFAULT, DECISIONS_MAX)?,
        })
    }
}

/// Decisions on record, the latest first: on cases of the caller's grids, and on months.
#[utoipa::path(
    tag = "records",
    operation_id = "list_decisions",
    params(DecisionParameters),
    responses((status = 200, body = DecisionList)),
    security(("session" = []))
)]
#[get("/api/v1/decisions")]
async fn list_recorded(
    actor: Authorised<ReadAccounts>,
    state: web::Data<AppState>,
    asked: web::Query<DecisionParameters>,
) -> Result<web::Json<DecisionList>, ApiError> {
    let filter = asked.filter()?;
    let mut connection = state.connection().await?;
    Ok(web::Json(list_decisions(&mut connection, &CaseScope::of(&actor), &filter).await?))
}

/// Confirm a list of cases, each by the version that was looked at; one that cannot be confirmed does not block the
/// others.
#[utoipa::path(
    tag = "cases",
    request_body = ConfirmationList,
    responses((status = 200, description = "What became of each case.", body = ConfirmationResults)),
    security(("session" = []))
)]
#[post("/api/v1/decisions/confirmations")]
async fn confirm(
    actor: Authorised<ReviewCases>,
    state: web::Data<AppState>,
    list: Json<ConfirmationList>,
) -> Result<web::Json<ConfirmationResults>, ApiError> {
    let mut connection = state.connection().await?;
    let book = state.policies.of(&connection, &actor.district).await?;
    Ok(web::Json(confirm_list(&mut connection, &book, &actor, &list.0, state.clock.now()).await?))
}
