//! Reviews proposals (复核): approves, rejects, or takes them back.
//!
//! Invariants: who reviews is not who proposed, both have the same permission for the same thing today, and it is decided
//! on what was looked at: a case that changed meanwhile makes the proposal stale. What it is about is locked before the
//! proposal itself. Approving executes the decision and ends the proposal in one transaction; approved twice at once,
//! it is decided once.

use std::collections::BTreeMap;

use diesel_async::AsyncConnection;
use serde::Serialize;
use serde_json::json;
use sync_core::ids::{CaseId, DecisionRequestId, GridPath, ProposalId, UserId};
use sync_core::limits::NOTE_MAX_CHARS;
use sync_core::model::decision::DecisionKind;
use sync_core::text::{TextFault, check_required};
use sync_core::time::{Instant, Month};
use sync_core::wire::problem::ProblemKind;
use utoipa::ToSchema;

use crate::audit::{self, Action, Event};
use crate::auth::actor::Actor;
use crate::auth::identify::todays_assignments_of;
use crate::db::cases::CaseStateRow;
use crate::db::changes::{Entity, NewChange, record_changes};
use crate::db::proposals::{self, ProposalEnd, ProposalRow};
use crate::db::types::{StoredValueError, Time, stored, stored_code, stored_json};
use crate::db::{Connection, cases, duplicate_lock, evidence_lock};
use crate::problem::ApiError;
use crate::services::close_month::{Closing, close_month};
use crate::services::decide_case::{self, Decision, Meanwhile};
use crate::services::list_proposals::{Proposal, ProposalState, reviewing_role, shown};
use crate::services::merge_cases::{MergeRequest, merge_reviewed};
use crate::services::record_decision::DecidedBy;
use crate::services::rectify_case::LoopRules;

/// A proposal that was approved, with the decision it led to.
#[derive(Debug, Serialize, ToSchema)]
pub struct Approval {
    /// The proposal.
    pub proposal: Proposal,
    /// The decision, where it is one on a single case; of a merge and of a month the proposal has its number.
    pub decision: Option<Decision>,
}

/// What a proposal's decision did, apart from the changes to be heard of, which are recorded last.
#[derive(Debug)]
pub struct Executed {
    /// Number of the decision.
    pub decision_no: i64,
    /// What devices and screens must hear of.
    pub changes: Vec<NewChange>,
}

/// Approves a proposal: what was proposed is decided now.
///
/// # Errors
/// `proposal_unknown`, `same_person`, `proposal_closed`; `case_changed` where it became stale; `proposer_not_entitled`
/// where who proposed it could not today; whatever the decision itself is refused for.
pub async fn approve_proposal(
    connection: &mut Connection,
    rules: LoopRules<'_>,
    actor: &Actor,
    id: ProposalId,
) -> Result<Approval, ApiError> {
    let stale =
        connection.transaction(async |connection| approve(connection, rules, actor, id).await).await?;
    if let Some(meanwhile) = stale {
        let refusal = ApiError::new(ProblemKind::CaseChanged).field("proposal_id");
        return Err(refusal.detail(meanwhile.to_string()));
    }
    let proposal = proposals::find(connection, &actor.district, id).await?;
    let proposal = proposal.ok_or(ProblemKind::ProposalUnknown)?;
    let kind: DecisionKind = stored_code("proposals.kind", &proposal.kind)?;
    let decision = match proposal.case_id {
        Some(_) if kind != DecisionKind::Merge => {
            let request_id = DecisionRequestId(proposal.request_id);
            decide_case::decision_of(connection, &actor.district, request_id).await?
        }
        _ => None,
    };
    Ok(Approval { proposal: show(connection, actor, proposal).await?, decision })
}

/// Decides what was proposed, or finds that the case changed meanwhile.
async fn approve(
    connection: &mut Connection,
    rules: LoopRules<'_>,
    actor: &Actor,
    id: ProposalId,
) -> Result<Option<Meanwhile>, ApiError> {
    let now = rules.now;
    // The closing of a month decides on no case, and would hold up everybody who does while it walks the ledger.
    let about_case =
        proposals::find(connection, &actor.district, id).await?.is_some_and(|it| it.case_id.is_some());
    if about_case {
        evidence_lock::share(connection, &actor.district).await?;
        duplicate_lock::take(connection, &actor.district).await?;
    }
    let Open { proposal, case, outdated, grids } = match hold(connection, actor, id).await? {
        Held::Open(open) => *open,
        Held::Ended(proposal) if is_of(&proposal, ProposalState::Approved, actor) => return Ok(None),
        Held::Ended(_) => return Err(ProblemKind::ProposalClosed.into()),
    };
    if proposal.proposed_by == actor.user_id.0 {
        return Err(ProblemKind::SamePerson.into());
    }
    let ended = ended(&proposal, case.as_ref())?;
    if let Some(case) = outdated {
        end(connection, actor, &proposal, ProposalState::Stale, None, None, now).await?;
        record_changes(connection, &actor.district, &[ended]).await?;
        return Ok(Some(decide_case::meanwhile(connection, &actor.district, &case).await?));
    }
    let proposer = UserId(proposal.proposed_by);
    check_proposer(connection, actor, &proposal, &grids, now).await?;
    let by = DecidedBy::TwoPeople { actor: proposer, reviewer: actor.user_id };
    let executed = execute(connection, rules, actor, &proposal, case, by).await?;
    let decided = Some(executed.decision_no);
    end(connection, actor, &proposal, ProposalState::Approved, None, decided, now).await?;
    let changes: Vec<NewChange> = executed.changes.into_iter().chain([ended]).collect();
    record_changes(connection, &actor.district, &changes).await?;
    Ok(None)
}

/// Whether who proposed it could still do so: a decision of two people is one of two who hold the role that day.
async fn check_proposer(
    connection: &mut Connection,
    actor: &Actor,
    proposal: &ProposalRow,
    grids: &[GridPath],
    now: Instant,
) -> Result<(), ApiError> {
    let role = reviewing_role(stored_code("proposals.kind", &proposal.kind)?);
    let proposer = UserId(proposal.proposed_by);
    let mut held = todays_assignments_of(connection, &actor.district, proposer, now).await?;
    held.retain(|assignment| assignment.role == role);
    let covers = |grid: &GridPath| held.iter().any(|assignment| assignment.grid.covers(grid));
    if !held.is_empty() && grids.iter().all(covers) {
        return Ok(());
    }
    Err(ApiError::new(ProblemKind::ProposerNotEntitled).field("proposal_id"))
}

/// What screens hear of a proposal that ends.
fn ended(proposal: &ProposalRow, case: Option<&CaseStateRow>) -> Result<NewChange, ApiError> {
    let grid = case.map(|case| stored("cases.grid", &case.grid)).transpose()?;
    Ok(NewChange::of_proposal(ProposalId(proposal.proposal_id), grid))
}

/// A kind of decision that two people make has no executor: a defect.
#[derive(Debug, thiserror::Error)]
#[error("nothing executes a proposal of kind {}", .0.code())]
struct NoExecutor(DecisionKind);

/// Decides what was proposed; the one place that knows who executes which kind.
async fn execute(
    connection: &mut Connection,
    rules: LoopRules<'_>,
    actor: &Actor,
    proposal: &ProposalRow,
    case: Option<CaseStateRow>,
    by: DecidedBy,
) -> Result<Executed, ApiError> {
    let kind: DecisionKind = stored_code("proposals.kind", &proposal.kind)?;
    match (kind, case) {
        (
            DecisionKind::Dismiss
            | DecisionKind::EnterAmounts
            | DecisionKind::Adjust
            | DecisionKind::AcceptAmendment
            | DecisionKind::AppealReduce
            | DecisionKind::AppealReverse,
            Some(case),
        ) => {
            let request = stored_json("proposals.request", proposal.request.clone())?;
            Ok(decide_case::decide_reviewed(connection, rules, &actor.district, case, &request, by).await?)
        }
        (DecisionKind::Merge, Some(case)) => {
            let request: MergeRequest = stored_json("proposals.request", proposal.request.clone())?;
            Ok(merge_reviewed(connection, rules, actor, CaseId(case.case_id), &request, by).await?)
        }
        (DecisionKind::CloseMonth, None) => {
            let closing = Closing {
                district: actor.district.clone(),
                month: proposal.month.map(|day| Month::of(day.0)).ok_or(ProblemKind::InternalError)?,
                request_id: DecisionRequestId(proposal.request_id),
                actor: UserId(proposal.proposed_by),
                reviewer: actor.user_id,
                reason: proposal.reason.clone(),
            };
            let closed = close_month(connection, &closing, rules.now).await?;
            let changes = vec![NewChange::of_district(Entity::Month(closed.month))];
            Ok(Executed { decision_no: closed.decision_no, changes })
        }
        (other, _) => Err(ApiError::internal(NoExecutor(other))),
    }
}

/// Rejects a proposal; nothing is decided.
///
/// # Errors
/// `proposal_unknown`, `same_person`, `proposal_closed`, `reason_required` and faults of the reason's text.
pub async fn reject_proposal(
    connection: &mut Connection,
    actor: &Actor,
    id: ProposalId,
    reason: &str,
    now: Instant,
) -> Result<Proposal, ApiError> {
    match check_required(reason, NOTE_MAX_CHARS) {
        Err(TextFault::Empty) => return Err(ApiError::new(ProblemKind::ReasonRequired).field("reason")),
        checked => checked.map_err(|fault| ApiError::from(fault).field("reason"))?,
    }
    close(connection, actor, id, ProposalState::Rejected, Some(reason), now).await
}

/// Takes back a proposal that the caller made; nothing is decided.
///
/// # Errors
/// `proposal_unknown`, `proposal_closed`; `role_forbidden` for another's proposal.
pub async fn withdraw_proposal(
    connection: &mut Connection,
    actor: &Actor,
    id: ProposalId,
    now: Instant,
) -> Result<Proposal, ApiError> {
    close(connection, actor, id, ProposalState::Withdrawn, None, now).await
}

/// Ends a proposal without a decision.
async fn close(
    connection: &mut Connection,
    actor: &Actor,
    id: ProposalId,
    state: ProposalState,
    reason: Option<&str>,
    now: Instant,
) -> Result<Proposal, ApiError> {
    connection
        .transaction(async |connection| {
            duplicate_lock::take(connection, &actor.district).await?;
            let Open { proposal, case, .. } = match hold(connection, actor, id).await? {
                Held::Open(open) => *open,
                Held::Ended(proposal) if is_of(&proposal, state, actor) => return Ok(()),
                Held::Ended(_) => return Err(ApiError::from(ProblemKind::ProposalClosed)),
            };
            match (state, proposal.proposed_by == actor.user_id.0) {
                (ProposalState::Withdrawn, false) => return Err(ProblemKind::RoleForbidden.into()),
                (ProposalState::Rejected, true) => return Err(ProblemKind::SamePerson.into()),
                _ => {}
            }
            end(connection, actor, &proposal, state, reason, None, now).await?;
            let ended = ended(&proposal, case.as_ref())?;
            Ok(record_changes(connection, &actor.district, &[ended]).await?)
        })
        .await?;
    let proposal = proposals::find(connection, &actor.district, id).await?;
    show(connection, actor, proposal.ok_or(ProblemKind::ProposalUnknown)?).await
}

/// A proposal with what it is about, both locked.
struct Open {
    proposal: ProposalRow,
    /// The case that is decided on.
    case: Option<CaseStateRow>,
    /// A case that is no longer what was looked at.
    outdated: Option<CaseStateRow>,
    /// Where its cases are.
    grids: Vec<GridPath>,
}

enum Held {
    Open(Box<Open>),
    Ended(Box<ProposalRow>),
}

/// The cases that a proposal is about, each with the version it was made on.
fn expected_cases(
    proposal: &ProposalRow,
    kind: DecisionKind,
) -> Result<BTreeMap<CaseId, u32>, StoredValueError> {
    let own = proposal.case_id.zip(proposal.expected_version.and_then(|version| u32::try_from(version).ok()));
    let mut expected: BTreeMap<CaseId, u32> =
        own.map(|(case, version)| (CaseId(case), version)).into_iter().collect();
    if kind == DecisionKind::Merge {
        let request: MergeRequest = stored_json("proposals.request", proposal.request.clone())?;
        expected.extend(request.absorbed.iter().map(|case| (case.case_id, case.expected_version)));
    }
    Ok(expected)
}

/// Locks what a proposal is about and then the proposal, for somebody who could review it. A merge is about several
/// cases, so the caller took the lock of duplicates.
async fn hold(connection: &mut Connection, actor: &Actor, id: ProposalId) -> Result<Held, ApiError> {
    let district = &actor.district;
    let unknown = || ApiError::from(ProblemKind::ProposalUnknown);
    let proposal = proposals::find(connection, district, id).await?.ok_or_else(unknown)?;
    let kind: DecisionKind = stored_code("proposals.kind", &proposal.kind)?;
    let role = reviewing_role(kind);
    let expected = expected_cases(&proposal, kind)?;
    let ids: Vec<CaseId> = expected.keys().copied().collect();
    let cases = cases::lock_many(connection, district, &ids).await?;
    if cases.len() < expected.len() || (expected.is_empty() && !actor.has(role)) {
        return Err(unknown());
    }
    let grids: Vec<GridPath> =
        cases.iter().map(|case| stored("cases.grid", &case.grid)).collect::<Result<_, _>>()?;
    if !grids.iter().all(|grid| actor.covers(role, grid)) {
        return Err(unknown());
    }
    let version = |case: &CaseStateRow| expected.get(&CaseId(case.case_id)).copied().map(i64::from);
    let outdated = cases.iter().find(|case| version(case) != Some(i64::from(case.version))).cloned();
    let case = cases.into_iter().find(|case| Some(case.case_id) == proposal.case_id);
    let proposal = proposals::lock(connection, district, id).await?.ok_or_else(unknown)?;
    Ok(if proposal.state == ProposalState::Open.code() {
        Held::Open(Box::new(Open { proposal, case, outdated, grids }))
    } else {
        Held::Ended(Box::new(proposal))
    })
}

/// Whether it ended so by this person: then the same is asked for again.
fn is_of(proposal: &ProposalRow, state: ProposalState, actor: &Actor) -> bool {
    let by =
        if state == ProposalState::Withdrawn { Some(proposal.proposed_by) } else { proposal.reviewed_by };
    proposal.state == state.code() && by == Some(actor.user_id.0)
}

async fn end(
    connection: &mut Connection,
    actor: &Actor,
    proposal: &ProposalRow,
    state: ProposalState,
    reason: Option<&str>,
    decision_no: Option<i64>,
    now: Instant,
) -> Result<(), ApiError> {
    let reviewed = matches!(state, ProposalState::Approved | ProposalState::Rejected);
    let ended = ProposalEnd {
        state: state.code(),
        reviewed_by: reviewed.then_some(actor.user_id.0),
        reviewed_at: Time(now),
        review_reason: reason.map(str::to_owned),
        decision_no,
    };
    let id = ProposalId(proposal.proposal_id);
    proposals::end(connection, &actor.district, id, &ended).await?;
    let event = Event::new(Action::ProposalEnded, &actor.district)
        .by(Some(actor.user_id))
        .about("proposal", id)
        .detail(json!({ "state": state, "decision_no": decision_no }));
    audit::record(connection, now, &[event]).await?;
    Ok(())
}

async fn show(
    connection: &mut Connection,
    actor: &Actor,
    proposal: ProposalRow,
) -> Result<Proposal, ApiError> {
    let shown = shown(connection, actor, vec![proposal]).await?.pop();
    shown.ok_or_else(|| ProblemKind::ProposalUnknown.into())
}
