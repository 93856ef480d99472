//! A supervisor confirms a list of cases: each by its version, each with an answer of its own.

use std::collections::{BTreeSet, HashMap};

use diesel_async::AsyncConnection;
use serde::{Deserialize, Serialize};
use sync_core::ids::{CaseId, DecisionRequestId};
use sync_core::limits::NOTE_MAX_CHARS;
use sync_core::model::assignment::Role;
use sync_core::model::case::ReviewState;
use sync_core::model::decision::DecisionKind;
use sync_core::policy::PolicyBook;
use sync_core::text::check_text;
use sync_core::time::Instant;
use sync_core::wire::problem::{Problem, ProblemKind};
use utoipa::ToSchema;

use super::{CASES_PER_TRANSACTION, Due, Manner, confirm_cases};
use crate::auth::actor::Actor;
use crate::db::cases::CaseStateRow;
use crate::db::changes::record_changes;
use crate::db::decisions::DecisionRow;
use crate::db::{Connection, cases, decisions, duplicate_lock};
use crate::problem::ApiError;
use crate::services::decide_case::{Refusal, StandingCase};
use crate::services::record_decision::DecidedBy;

/// One case to be confirmed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Confirmation {
    /// Made by the client; a retry carries the same and gets the first answer.
    pub request_id: DecisionRequestId,
    /// The case.
    pub case_id: CaseId,
    /// The version of it that was looked at.
    pub expected_version: u32,
}

/// Cases to be confirmed, at most 200.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ConfirmationList {
    /// Each case once.
    pub confirmations: Vec<Confirmation>,
    /// A remark for all of them.
    pub reason: Option<String>,
}

/// What became of one case.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ConfirmationResult {
    /// The case.
    pub case_id: CaseId,
    /// The decision, where it is confirmed, now or by an earlier try of this request.
    pub decision_no: Option<i64>,
    /// Why it is not.
    pub problem: Option<Problem>,
}

/// What became of each case, in the order of the request.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ConfirmationResults {
    /// One for each.
    pub results: Vec<ConfirmationResult>,
}

/// Confirms a list of cases for a supervisor of their grids.
///
/// # Errors
/// `too_many_items`, `malformed_request` for a case named twice, faults of the reason's text, `period_closed`; what is
/// wrong with one case is its answer.
pub async fn confirm_list(
    connection: &mut Connection,
    book: &PolicyBook,
    actor: &Actor,
    list: &ConfirmationList,
    now: Instant,
) -> Result<ConfirmationResults, ApiError> {
    check(list)?;
    let answers =
        connection.transaction(async |connection| confirm(connection, book, actor, list, now).await).await?;
    let result = |asked: &Confirmation| {
        let (decision_no, problem) = match answers.get(&asked.case_id) {
            Some(Ok(decision_no)) => (Some(*decision_no), None),
            Some(Err(error)) => (None, Some(error.problem())),
            None => (None, Some(Problem::new(ProblemKind::CaseUnknown))),
        };
        ConfirmationResult { case_id: asked.case_id, decision_no, problem }
    };
    Ok(ConfirmationResults { results: list.confirmations.iter().map(result).collect() })
}

fn check(list: &ConfirmationList) -> Result<(), ApiError> {
    if list.confirmations.len() > usize::from(CASES_PER_TRANSACTION) {
        return Err(ApiError::new(ProblemKind::TooManyItems).field("confirmations"));
    }
    let cases: BTreeSet<CaseId> = list.confirmations.iter().map(|asked| asked.case_id).collect();
    if cases.len() < list.confirmations.len() {
        return Err(ApiError::new(ProblemKind::MalformedRequest)
            .field("confirmations")
            .detail("a case twice"));
    }
    check_text(list.reason.as_deref().unwrap_or_default(), NOTE_MAX_CHARS)
        .map_err(|fault| ApiError::from(fault).field("reason"))
}

/// Answers by case; a case that is not here is unknown.
type Answers = HashMap<CaseId, Result<i64, ApiError>>;

async fn confirm(
    connection: &mut Connection,
    book: &PolicyBook,
    actor: &Actor,
    list: &ConfirmationList,
    now: Instant,
) -> Result<Answers, ApiError> {
    let district = &actor.district;
    let ids: Vec<CaseId> = list.confirmations.iter().map(|asked| asked.case_id).collect();
    let requests: Vec<DecisionRequestId> = list.confirmations.iter().map(|asked| asked.request_id).collect();
    // A dismissal holds one case while it frees its duplicates: several are locked after it, or before it.
    duplicate_lock::take(connection, district).await?;
    let mut rows: HashMap<CaseId, CaseStateRow> = cases::lock_many(connection, district, &ids)
        .await?
        .into_iter()
        .map(|row| (CaseId(row.case_id), row))
        .collect();
    let earlier: HashMap<_, DecisionRow> = decisions::of_requests(connection, district, &requests)
        .await?
        .into_iter()
        .map(|decision| (decision.request_id, decision))
        .collect();
    let (mut answers, mut due) = (Answers::new(), Vec::new());
    for asked in &list.confirmations {
        let Some(row) = rows.remove(&asked.case_id) else { continue };
        let case = StandingCase::try_from(row)?;
        if !actor.covers(Role::Supervisor, &case.grid) {
            continue;
        }
        let judged = match earlier.get(&asked.request_id.0) {
            Some(first) if is_of(first, asked, list, actor) => Ok(Some(first.decision_no)),
            Some(_) => Err(Refusal::RequestIdReused),
            None => fit(&case, asked).map(|()| None),
        };
        match judged {
            Ok(Some(decision_no)) => drop(answers.insert(asked.case_id, Ok(decision_no))),
            Ok(None) => due.push(Due { case, request_id: asked.request_id }),
            Err(refusal) => drop(answers.insert(asked.case_id, Err(refusal.into()))),
        }
    }
    let manner = Manner {
        kind: DecisionKind::Confirm,
        by: DecidedBy::Person(actor.user_id),
        reason: list.reason.clone(),
    };
    let confirmed = confirm_cases(connection, book, district, &due, &manner, now).await?;
    record_changes(connection, district, &confirmed.changes).await?;
    answers.extend(confirmed.decided.into_iter().map(|(case, decision_no)| (case, Ok(decision_no))));
    answers.extend(confirmed.refused.into_iter().map(|(case, fault)| (case, Err(fault.into()))));
    Ok(answers)
}

/// Whether a case can be confirmed as it stands.
fn fit(case: &StandingCase, asked: &Confirmation) -> Result<(), Refusal> {
    if i64::from(case.version) != i64::from(asked.expected_version) {
        return Err(Refusal::ChangedTo(case.version));
    }
    match case.state {
        ReviewState::UnderReview if case.flags.is_empty() => Ok(()),
        ReviewState::UnderReview => Err(Refusal::NeedsSettling(case.flags.clone())),
        other => Err(Refusal::StateForbids(other)),
    }
}

/// Whether this request led to the decision.
fn is_of(decision: &DecisionRow, asked: &Confirmation, list: &ConfirmationList, actor: &Actor) -> bool {
    decision.actor == Some(actor.user_id.0)
        && decision.reason == list.reason
        && decision.case_id == Some(asked.case_id.0)
        && decision.kind == DecisionKind::Confirm.code()
        && decision.expected_version.map(i64::from) == Some(i64::from(asked.expected_version))
}
