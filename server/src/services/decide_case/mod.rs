//! Decides a case (审核决定): confirm, return, dismiss, settle doubts, enter amounts, adjust, judge anew, re-attribute, go
//! on without evidence, accept or refuse a correction, uphold, reduce or reverse on appeal.
//!
//! Invariants: one transaction takes the case's row lock first and the district's second, so decision, entry and change
//! numbers are in commit order and without gaps; a decision names the version it was made on, and of two racing ones
//! the second learns of the first; the same request again gets the first answer; decision, money, audit and the
//! devices' change are written together or not at all. What enters or changes amounts by hand, or takes back what is
//! posted, needs two people: it becomes a proposal, and is decided when another person approves it.

mod answer;
mod deed;
mod detail;
mod refusal;
mod request;
mod rules;
mod standing;

use diesel_async::AsyncConnection;
use sync_core::ids::{CaseId, DecisionRequestId, RegionCode};
use sync_core::model::assignment::Role;
use sync_core::model::decision::DecisionKind;

pub use answer::meanwhile;
pub use detail::Detail;
pub use refusal::{LastDecision, Meanwhile, Refusal};
pub use request::{Answer, Decision, DecisionOutcome, DecisionRequest, EnteredAmount, WrittenEntry};
pub use standing::StandingCase;

use crate::auth::actor::Actor;
use crate::db::cases::CaseStateRow;
use crate::db::changes::record_changes;
use crate::db::types::stored_json;
use crate::db::{Connection, cases, decisions, duplicate_lock, evidence_lock, proposals};
use crate::problem::ApiError;
use crate::services::list_proposals::shown;
use crate::services::propose_decision::{NewProposal, propose_decision};
use crate::services::record_decision::{DecidedBy, Subject};
use crate::services::rectify_case::LoopRules;
use crate::services::review_proposal::Executed;
use deed::Deed;

/// Decides a case for a supervisor of its grid, or proposes the decision where it needs a second person.
///
/// # Errors
/// [`Refusal`]; nothing is changed then.
pub async fn decide_case(
    connection: &mut Connection,
    rules: LoopRules<'_>,
    actor: &Actor,
    case_id: CaseId,
    request: &DecisionRequest,
) -> Result<Answer, Refusal> {
    request.check()?;
    connection.transaction(async |connection| decide(connection, rules, actor, case_id, request).await).await
}

async fn decide(
    connection: &mut Connection,
    rules: LoopRules<'_>,
    actor: &Actor,
    case_id: CaseId,
    request: &DecisionRequest,
) -> Result<Answer, Refusal> {
    let (district, now) = (&actor.district, rules.now);
    if weighs_evidence(request.kind) {
        evidence_lock::share(connection, district).await?;
    }
    if touches_duplicates(request.kind) {
        duplicate_lock::take(connection, district).await?;
    }
    let row = cases::lock(connection, district, case_id).await?.ok_or(Refusal::CaseUnknown)?;
    let case = StandingCase::try_from(row.clone())?;
    if !actor.covers(Role::Supervisor, &case.grid) {
        return Err(Refusal::CaseUnknown);
    }
    if let Some(earlier) = earlier(connection, actor, case_id, request).await? {
        return Ok(earlier);
    }
    if i64::from(case.version) != i64::from(request.expected_version) {
        return Err(meanwhile(connection, district, &row).await?.into());
    }
    let grid = case.grid.clone();
    let deed = Deed::prepare(connection, rules.book, district, case, request, now).await?;
    if deed.needs_two() {
        let new = NewProposal {
            request_id: request.request_id,
            subject: Subject::Case { case_id, expected_version: row.version },
            grid: Some(grid),
            kind: request.kind,
            request: serde_json::to_value(request)?,
            reason: request.reason.clone(),
            proposed_by: actor.user_id,
        };
        let proposal = propose_decision(connection, district, new, now).await?;
        let shown = shown(connection, actor, vec![proposal]).await?.pop();
        return shown.map(|proposal| Answer::Proposed(Box::new(proposal))).ok_or(Refusal::CaseUnknown);
    }
    let (decision, changes) = deed.make(connection, rules, DecidedBy::Person(actor.user_id)).await?;
    record_changes(connection, district, &changes).await?;
    Ok(Answer::Decided(answer::answer(connection, &decision).await?))
}

/// Decides what was proposed and approved, on the case that the caller holds in the version it was proposed on. The
/// caller shares the evidence lock, took the one of duplicates, and records the changes last.
///
/// # Errors
/// [`Refusal`]; the caller's transaction must then be rolled back.
pub async fn decide_reviewed(
    connection: &mut Connection,
    rules: LoopRules<'_>,
    district: &RegionCode,
    case: CaseStateRow,
    request: &DecisionRequest,
    by: DecidedBy,
) -> Result<Executed, Refusal> {
    let deed = Deed::prepare(connection, rules.book, district, case.try_into()?, request, rules.now).await?;
    let (decision, changes) = deed.make(connection, rules, by).await?;
    Ok(Executed { decision_no: decision.decision_no, changes })
}

/// The decision that a request led to, as it is answered.
///
/// # Errors
/// Faults of the database.
pub async fn decision_of(
    connection: &mut Connection,
    district: &RegionCode,
    request_id: DecisionRequestId,
) -> Result<Option<Decision>, ApiError> {
    match decisions::of_request(connection, district, request_id).await? {
        Some(decision) => Ok(Some(answer::answer(connection, &decision).await?)),
        None => Ok(None),
    }
}

/// Whether a kind of decision looks at which photos are verified.
const fn weighs_evidence(kind: DecisionKind) -> bool {
    matches!(kind, DecisionKind::ReEvaluate | DecisionKind::Adjust | DecisionKind::AcceptAmendment)
}

/// Whether a kind of decision may dismiss its case or judge it anew, of which its duplicates then hear. An adjustment by
/// another pack version is only proposed here: who approves it holds the lock.
const fn touches_duplicates(kind: DecisionKind) -> bool {
    matches!(
        kind,
        DecisionKind::Dismiss
            | DecisionKind::AcceptAmendment
            | DecisionKind::AppealReverse
            | DecisionKind::ReEvaluate
    )
}

/// What this request led to before.
async fn earlier(
    connection: &mut Connection,
    actor: &Actor,
    case_id: CaseId,
    request: &DecisionRequest,
) -> Result<Option<Answer>, Refusal> {
    let district = &actor.district;
    if let Some(first) = decisions::of_request(connection, district, request.request_id).await? {
        let same =
            Detail::read(&first).is_ok_and(|detail| detail.is_of(&first, request, actor.user_id, case_id));
        return match same {
            true => Ok(Some(Answer::Decided(answer::answer(connection, &first).await?))),
            false => Err(Refusal::RequestIdReused),
        };
    }
    let Some(first) = proposals::of_request(connection, district, request.request_id).await? else {
        return Ok(None);
    };
    let asked: DecisionRequest = stored_json("proposals.request", first.request.clone())?;
    if first.proposed_by != actor.user_id.0 || first.case_id != Some(case_id.0) || asked != *request {
        return Err(Refusal::RequestIdReused);
    }
    let shown = shown(connection, actor, vec![first]).await?.pop();
    Ok(shown.map(|proposal| Answer::Proposed(Box::new(proposal))))
}
