//! Proposes a decision (经办): one person asks for what two must agree on; nothing else changes until another reviews it.
//!
//! Invariants: a case or a month has one open proposal at most (unique indexes); the same request again finds the
//! first proposal. The caller has locked what it is about, and writes nothing after it.

use diesel::prelude::*;
use serde_json::{Value, json};
use sync_core::ids::{DecisionRequestId, GridPath, ProposalId, RegionCode, UserId};
use sync_core::model::decision::DecisionKind;
use sync_core::time::Instant;

use crate::audit::{self, Action, Event};
use crate::db::Connection;
use crate::db::changes::{NewChange, record_changes};
use crate::db::proposals::{self, ProposalRow};
use crate::db::types::{Day, Time};
use crate::services::record_decision::Subject;

/// What is proposed.
#[derive(Debug, Clone, PartialEq)]
pub struct NewProposal {
    /// Made by the client; the decision will carry it.
    pub request_id: DecisionRequestId,
    /// What it is about.
    pub subject: Subject,
    /// The case's grid; none where it is about a month.
    pub grid: Option<GridPath>,
    /// What shall be decided.
    pub kind: DecisionKind,
    /// All that deciding needs, as the executor of this kind reads it.
    pub request: Value,
    /// Why.
    pub reason: Option<String>,
    /// Who asks for it.
    pub proposed_by: UserId,
}

/// Writes a proposal with its audit event. An open one of the same case that was made on an older version is stale
/// and ends.
///
/// # Errors
/// Whatever PostgreSQL says; another open one violates `proposals_open_case_key` or `proposals_open_month_key`, a
/// request id used before `proposals_request_key`.
pub async fn propose_decision(
    connection: &mut Connection,
    district: &RegionCode,
    new: NewProposal,
    now: Instant,
) -> QueryResult<ProposalRow> {
    let (case_id, expected_version, month) = match new.subject {
        Subject::Case { case_id, expected_version } => (Some(case_id), Some(expected_version), None),
        Subject::Month(month) => (None, None, Some(month)),
    };
    if let Some((case_id, version)) = case_id.zip(expected_version) {
        proposals::end_outdated(connection, district, case_id, version, now).await?;
    }
    let proposal = ProposalRow {
        district: district.to_string(),
        proposal_id: ProposalId::fresh().0,
        request_id: new.request_id.0,
        kind: new.kind.code().to_owned(),
        case_id: case_id.map(|case| case.0),
        expected_version,
        month: month.map(|month| Day(month.first_day())),
        request: new.request,
        reason: new.reason,
        proposed_by: new.proposed_by.0,
        proposed_at: Time(now),
        state: "open".to_owned(),
        reviewed_by: None,
        reviewed_at: None,
        review_reason: None,
        decision_no: None,
    };
    proposals::insert(connection, &proposal).await?;
    let event = Event::new(Action::DecisionProposed, district)
        .by(Some(new.proposed_by))
        .about("proposal", proposal.proposal_id)
        .detail(json!({ "kind": new.kind, "case_id": case_id, "month": month }));
    audit::record(connection, now, &[event]).await?;
    let change = NewChange::of_proposal(ProposalId(proposal.proposal_id), new.grid);
    record_changes(connection, district, &[change]).await?;
    Ok(proposal)
}
