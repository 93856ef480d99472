//! Cases (案件): the list, one case with everything a reviewer needs, and decisions on it.

use actix_web::{HttpResponse, get, post, web};
use serde::Deserialize;
use sync_core::ids::{CaseId, RegionCode};
use sync_core::limits::NAME_MAX_CHARS;
use sync_core::text::check_text;
use sync_core::time::Instant;
use sync_core::wire::problem::ProblemKind;
use utoipa::IntoParams;
use utoipa_actix_web::service_config::ServiceConfig;

use crate::auth::authorised::Authorised;
use crate::auth::case_scope::CaseScope;
use crate::auth::permission::{ReadCases, ReviewCases};
use crate::db::{Connection, periods};
use crate::json::Json;
use crate::problem::ApiError;
use crate::query::{code, codes, page_rows, parameter, refuse_pages};
use crate::services::decide_case::{Answer, Decision, DecisionRequest, decide_case};
use crate::services::list_cases::{
    AccountMonth, CaseFilter, CaseList, CaseNeighbours, CaseOrder, CasePage, NotACaseCursor, find_neighbours,
    list_cases,
};
use crate::services::list_proposals::Proposal;
use crate::services::rectify_case::LoopRules;
use crate::services::show_case::{CaseDetail, show_case};
use crate::state::AppState;
use crate::tables::Language;

/// Cases in a page unless asked otherwise.
const CASES_DEFAULT: u16 = 50;
/// Cases in a page at most.
const CASES_MAX: u16 = 200;

/// Registers the routes of this module.
pub fn configure(config: &mut ServiceConfig<'_>) {
    config.service(list).service(neighbours).service(show).service(decide);
}

/// The case that a path names; a text that is no id names none.
pub(super) fn case_of(path: &str) -> Result<CaseId, ApiError> {
    path.parse().map_err(|_| ProblemKind::CaseUnknown.into())
}

/// What of the cases is asked for, and which page; what is absent holds for all.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub(super) struct CaseParameters {
    /// Responsible unit.
    unit: Option<String>,
    /// Grid, with everything below it.
    grid: Option<String>,
    /// Item.
    item: Option<String>,
    /// Kind of target.
    kind: Option<String>,
    /// Review states, joined by commas.
    state: Option<String>,
    /// First day of occurrence, `YYYY-MM-DD`, Asia/Shanghai.
    from: Option<String>,
    /// Last day of occurrence.
    to: Option<String>,
    /// Words, separated by spaces: target, address, place, notes, item.
    text: Option<String>,
    /// Who recorded it.
    author: Option<String>,
    /// `true`: only with open doubts; `false`: only without.
    flagged: Option<String>,
    /// Rectification states, joined by commas.
    rectification: Option<String>,
    /// At which level it was found.
    level: Option<String>,
    /// On which target.
    target: Option<String>,
    /// `true`: only those proposed as duplicates; `false`: only others.
    duplicate: Option<String>,
    /// `true`: only those with a proposal that a second person has to review; `false`: only others.
    proposed: Option<String>,
    /// Month of account, `YYYY-MM`: what was posted to it, and what would be if it were confirmed now.
    month: Option<String>,
    /// `true`: only those whose rectification is past its deadline in the unit's hands; `false`: only others.
    overdue: Option<String>,
    /// `true`: only those with an appeal that waits for its decision; `false`: only others.
    appealed: Option<String>,
    /// `newest` (default) or `oldest` occurrence first, `largest` or `smallest` amount first.
    sort: Option<String>,
    /// `next` of the page before.
    cursor: Option<String>,
    /// How many, 1 to 200.
    limit: Option<String>,
    /// Of files: `zh` (default) or `en`, the language of headers and names.
    lang: Option<String>,
}

impl CaseParameters {
    /// The filters, at this moment.
    pub(super) async fn filter(
        &self,
        connection: &mut Connection,
        district: &RegionCode,
        now: Instant,
    ) -> Result<CaseFilter, ApiError> {
        if let Some(text) = &self.text {
            check_text(text, NAME_MAX_CHARS).map_err(|fault| ApiError::from(fault).field("text"))?;
        }
        let month = match parameter("month", self.month.as_deref())? {
            None => None,
            Some(month) => {
                let calendar = periods::calendar(connection, district, now).await?;
                Some(AccountMonth { month, occurrences: calendar.occurrences_posting_to(month) })
            }
        };
        Ok(CaseFilter {
            unit: parameter("unit", self.unit.as_deref())?,
            grid: parameter("grid", self.grid.as_deref())?,
            item: parameter("item", self.item.as_deref())?,
            kind: parameter("kind", self.kind.as_deref())?,
            states: codes("state", self.state.as_deref())?,
            from: parameter("from", self.from.as_deref())?,
            to: parameter("to", self.to.as_deref())?,
            text: self.text.clone(),
            author: parameter("author", self.author.as_deref())?,
            flagged: parameter("flagged", self.flagged.as_deref())?,
            rectification: codes("rectification", self.rectification.as_deref())?,
            level: code("level", self.level.as_deref())?,
            target: parameter("target", self.target.as_deref())?,
            duplicate: parameter("duplicate", self.duplicate.as_deref())?,
            proposed: parameter("proposed", self.proposed.as_deref())?,
            month,
            overdue: parameter("overdue", self.overdue.as_deref())?.map(|wanted| (wanted, now)),
            appealed: parameter("appealed", self.appealed.as_deref())?,
        })
    }

    /// In which order.
    pub(super) fn order(&self) -> Result<CaseOrder, ApiError> {
        Ok(parameter("sort", self.sort.as_deref())?.unwrap_or(CaseOrder::Newest))
    }

    /// The language of a file, which has no pages.
    pub(super) fn file_language(&self) -> Result<Language, ApiError> {
        refuse_pages(self.cursor.as_deref(), self.limit.as_deref())?;
        Ok(parameter("lang", self.lang.as_deref())?.unwrap_or_default())
    }

    fn page(&self) -> Result<CasePage, ApiError> {
        let order = self.order()?;
        let cursor = self.cursor.as_deref().filter(|text| !text.is_empty());
        let after = cursor.map(|text| {
            let refused = |fault: NotACaseCursor| {
                ApiError::new(ProblemKind::MalformedRequest).field("cursor").detail(fault.to_string())
            };
            order.cursor(text).map_err(refused)
        });
        Ok(CasePage {
            order,
            after: after.transpose()?,
            rows: page_rows(self.limit.as_deref(), CASES_DEFAULT, CASES_MAX)?,
        })
    }
}

/// Cases within the caller's grids or unit, with counts by state.
#[utoipa::path(
    tag = "cases",
    params(CaseParameters),
    responses((status = 200, body = CaseList)),
    security(("session" = []))
)]
#[get("/api/v1/cases")]
async fn list(
    actor: Authorised<ReadCases>,
    state: web::Data<AppState>,
    asked: web::Query<CaseParameters>,
) -> Result<web::Json<CaseList>, ApiError> {
    let page = asked.page()?;
    let mut connection = state.connection().await?;
    let filter = asked.filter(&mut connection, &actor.district, state.clock.now()).await?;
    Ok(web::Json(list_cases(&mut connection, &CaseScope::of(&actor), &filter, &page).await?))
}

/// What stands before and behind a case in the list of these filters: how a queue goes on after a decision. The case
/// itself need not fit them any more.
#[utoipa::path(
    tag = "cases",
    params(("case_id" = CaseId, Path, description = "The case."), CaseParameters),
    responses((status = 200, body = CaseNeighbours)),
    security(("session" = []))
)]
#[get("/api/v1/cases/{case_id}/neighbours")]
async fn neighbours(
    actor: Authorised<ReadCases>,
    state: web::Data<AppState>,
    path: web::Path<String>,
    asked: web::Query<CaseParameters>,
) -> Result<web::Json<CaseNeighbours>, ApiError> {
    let (case_id, order) = (case_of(&path)?, asked.order()?);
    refuse_pages(asked.cursor.as_deref(), asked.limit.as_deref())?;
    let mut connection = state.connection().await?;
    let filter = asked.filter(&mut connection, &actor.district, state.clock.now()).await?;
    let scope = CaseScope::of(&actor);
    Ok(web::Json(find_neighbours(&mut connection, &scope, &filter, order, case_id).await?))
}

/// One case with everything a reviewer needs.
#[utoipa::path(
    tag = "cases",
    params(("case_id" = CaseId, Path, description = "The case.")),
    responses((status = 200, body = CaseDetail)),
    security(("session" = []))
)]
#[get("/api/v1/cases/{case_id}")]
async fn show(
    actor: Authorised<ReadCases>,
    state: web::Data<AppState>,
    path: web::Path<String>,
) -> Result<web::Json<CaseDetail>, ApiError> {
    let case_id = case_of(&path)?;
    let mut connection = state.connection().await?;
    let book = state.policies.of(&connection, &actor.district).await?;
    let rules = LoopRules { book: &book, calendar: &state.calendar, now: state.clock.now() };
    Ok(web::Json(show_case(&mut connection, rules, &actor, case_id).await?))
}

/// Decide a case; a supervisor of its grid only. What needs a second person (amounts entered or adjusted, posted charges
/// taken back or amended) becomes a proposal.
#[utoipa::path(
    tag = "cases",
    params(("case_id" = CaseId, Path, description = "The case.")),
    request_body = DecisionRequest,
    responses(
        (status = 200, description = "Decided, now or by an earlier try of this request.", body = Decision),
        (status = 202, description = "Proposed: another person must review it.", body = Proposal),
    ),
    security(("session" = []))
)]
#[post("/api/v1/cases/{case_id}/decisions")]
async fn decide(
    actor: Authorised<ReviewCases>,
    state: web::Data<AppState>,
    path: web::Path<String>,
    request: Json<DecisionRequest>,
) -> Result<HttpResponse, ApiError> {
    let case_id = case_of(&path)?;
    let mut connection = state.connection().await?;
    let book = state.policies.of(&connection, &actor.district).await?;
    let rules = LoopRules { book: &book, calendar: &state.calendar, now: state.clock.now() };
    Ok(match decide_case(&mut connection, rules, &actor, case_id, &request.0).await? {
        Answer::Decided(decision) => HttpResponse::Ok().json(decision),
        Answer::Proposed(proposal) => HttpResponse::Accepted().json(proposal),
    })
}
