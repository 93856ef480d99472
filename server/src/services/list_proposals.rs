//! Lists proposals (待复核事项) that a caller may review or has made, the latest first.

use std::collections::{BTreeSet, HashMap};
use std::str::FromStr;

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{Array, Bool, Text};
use diesel_async::RunQueryDsl;
use serde::{Deserialize, Serialize};
use sync_core::ids::{CaseId, DecisionRequestId, ProposalId, UserId};
use sync_core::model::assignment::Role;
use sync_core::model::decision::DecisionKind;
use sync_core::time::{Instant, Month};
use utoipa::ToSchema;
use uuid::Uuid;

use crate::auth::actor::Actor;
use crate::db::Connection;
use crate::db::proposals::ProposalRow;
use crate::db::schema::{proposals, users};
use crate::db::types::{StoredValueError, stored_code, stored_json};
use crate::problem::ApiError;
use crate::services::decide_case::EnteredAmount;
use crate::services::list_cases::{CaseSummary, summaries};

/// State of a proposal.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum ProposalState {
    /// Awaits its review (待复核).
    Open,
    /// Agreed to, and decided (已同意).
    Approved,
    /// Not agreed to (已驳回).
    Rejected,
    /// Taken back by who made it (已撤回).
    Withdrawn,
    /// What it is about changed meanwhile (已失效).
    Stale,
}

impl ProposalState {
    /// Its code on the wire and in the database.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Approved => "approved",
            Self::Rejected => "rejected",
            Self::Withdrawn => "withdrawn",
            Self::Stale => "stale",
        }
    }
}

/// A text that names no state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("open, approved, rejected, withdrawn or stale")]
pub struct UnknownState;

impl FromStr for ProposalState {
    type Err = UnknownState;

    fn from_str(text: &str) -> Result<Self, UnknownState> {
        stored_code("state", text).map_err(|_| UnknownState)
    }
}

/// A proposal (待复核事项): one person asks for it (经办), another reviews it (复核).
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct Proposal {
    /// Its id.
    pub proposal_id: ProposalId,
    /// The id of the request that made it; the decision carries it too.
    pub request_id: DecisionRequestId,
    /// What shall be decided.
    pub kind: DecisionKind,
    /// The case; absent where a month shall be decided.
    pub case_id: Option<CaseId>,
    /// What of the case a list shows, as it is now.
    pub case: Option<CaseSummary>,
    /// The version of the case it was made on.
    pub expected_version: Option<i32>,
    /// The month of account; absent where a case shall be decided.
    pub month: Option<Month>,
    /// The request as it was made.
    pub request: serde_json::Value,
    /// The amounts that it names; empty where the decision itself says them.
    pub amounts: Vec<EnteredAmount>,
    /// Why.
    pub reason: Option<String>,
    /// Who asks for it.
    pub proposed_by: UserId,
    /// By name.
    pub proposed_by_name: String,
    /// When.
    pub proposed_at: Instant,
    /// Its state.
    pub state: ProposalState,
    /// Who reviewed it.
    pub reviewed_by: Option<UserId>,
    /// By name.
    pub reviewed_by_name: Option<String>,
    /// When it was reviewed, withdrawn or found stale.
    pub reviewed_at: Option<Instant>,
    /// Why it was rejected.
    pub review_reason: Option<String>,
    /// The decision it led to.
    pub decision_no: Option<i64>,
    /// Whether the caller may review it: it is open, of the caller's grids or office, and another's.
    pub may_review: bool,
}

/// What requests of all kinds may name.
#[derive(Debug, Deserialize)]
struct Named {
    #[serde(default)]
    amounts: Vec<EnteredAmount>,
}

/// Which proposals.
#[derive(Debug, Clone, Default)]
pub struct ProposalFilter {
    /// In this state; any when absent.
    pub state: Option<ProposalState>,
    /// Of this case.
    pub case: Option<CaseId>,
    /// Made before this one: `next` of the page before.
    pub before: Option<ProposalId>,
    /// How many at most.
    pub rows: u16,
}

/// A page of proposals.
#[derive(Debug, Serialize, ToSchema)]
pub struct ProposalList {
    /// The proposals, the latest first.
    pub proposals: Vec<Proposal>,
    /// What to ask for before the next page; absent on the last.
    pub next: Option<ProposalId>,
}

/// The role that reviews a kind of decision.
#[must_use]
pub const fn reviewing_role(kind: DecisionKind) -> Role {
    match kind {
        DecisionKind::CloseMonth => Role::Finance,
        _ => Role::Supervisor,
    }
}

/// Lists the proposals on cases of the caller's grids (supervisors); finance sees those on months, which it reviews, and
/// all on cases, which keep a month from closing.
///
/// # Errors
/// Those of the database.
pub async fn list_proposals(
    connection: &mut Connection,
    actor: &Actor,
    filter: &ProposalFilter,
) -> Result<ProposalList, ApiError> {
    let grids = actor.grids(Role::Supervisor);
    let of_grids = sql::<Bool>(
        "EXISTS (SELECT FROM cases WHERE cases.district = proposals.district
                   AND cases.case_id = proposals.case_id AND (cases.grid = ANY (",
    )
    .bind::<Array<Text>, _>(grids.iter().map(ToString::to_string).collect::<Vec<_>>())
    .sql(") OR cases.grid LIKE ANY (")
    .bind::<Array<Text>, _>(grids.iter().map(|grid| format!("{grid}/%")).collect::<Vec<_>>())
    .sql(")))");
    let is_finance = actor.has(Role::Finance).into_sql::<Bool>();
    let mut query = proposals::table
        .filter(proposals::district.eq(actor.district.as_str()))
        .filter(of_grids.or(is_finance))
        .order(proposals::proposal_id.desc())
        .limit(i64::from(filter.rows).saturating_add(1))
        .select(ProposalRow::as_select())
        .into_boxed();
    if let Some(state) = filter.state {
        query = query.filter(proposals::state.eq(state.code()));
    }
    if let Some(case) = filter.case {
        query = query.filter(proposals::case_id.eq(case.0));
    }
    if let Some(before) = filter.before {
        query = query.filter(proposals::proposal_id.lt(before.0));
    }
    let mut rows: Vec<ProposalRow> = query.load(connection).await?;
    let more = rows.len() > usize::from(filter.rows);
    rows.truncate(usize::from(filter.rows));
    let next = rows.last().filter(|_| more).map(|row| ProposalId(row.proposal_id));
    Ok(ProposalList { proposals: shown(connection, actor, rows).await?, next })
}

/// Proposals as this caller sees them, with the names of the people.
///
/// # Errors
/// Those of the database.
pub async fn shown(
    connection: &mut Connection,
    actor: &Actor,
    rows: Vec<ProposalRow>,
) -> Result<Vec<Proposal>, ApiError> {
    let people: BTreeSet<Uuid> =
        rows.iter().flat_map(|row| [Some(row.proposed_by), row.reviewed_by]).flatten().collect();
    let names: HashMap<Uuid, String> = users::table
        .filter(users::district.eq(actor.district.as_str()))
        .filter(users::user_id.eq_any(people))
        .select((users::user_id, users::name))
        .load(connection)
        .await?
        .into_iter()
        .collect();
    let ids: Vec<CaseId> = rows.iter().filter_map(|row| row.case_id).map(CaseId).collect();
    let cases = summaries(connection, &actor.district, &ids).await?;
    let cases: HashMap<CaseId, CaseSummary> = cases.into_iter().map(|case| (case.case_id, case)).collect();
    let show = |row: ProposalRow| -> Result<Proposal, StoredValueError> {
        let state = stored_code("proposals.state", &row.state)?;
        let kind = stored_code("proposals.kind", &row.kind)?;
        let Named { amounts } = stored_json("proposals.request", row.request.clone())?;
        let others = row.proposed_by != actor.user_id.0;
        Ok(Proposal {
            proposal_id: ProposalId(row.proposal_id),
            request_id: DecisionRequestId(row.request_id),
            kind,
            case_id: row.case_id.map(CaseId),
            case: row.case_id.and_then(|id| cases.get(&CaseId(id)).cloned()),
            expected_version: row.expected_version,
            month: row.month.map(|day| Month::of(day.0)),
            request: row.request,
            amounts,
            reason: row.reason,
            proposed_by: UserId(row.proposed_by),
            proposed_by_name: names.get(&row.proposed_by).cloned().unwrap_or_default(),
            proposed_at: row.proposed_at.0,
            state,
            reviewed_by: row.reviewed_by.map(UserId),
            reviewed_by_name: row.reviewed_by.and_then(|user| names.get(&user).cloned()),
            reviewed_at: row.reviewed_at.map(|at| at.0),
            review_reason: row.review_reason,
            decision_no: row.decision_no,
            may_review: others && state == ProposalState::Open && actor.has(reviewing_role(kind)),
        })
    };
    Ok(rows.into_iter().map(show).collect::<Result<_, _>>()?)
}
