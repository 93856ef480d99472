//! Proposes to close a month (经办): a second person of finance approves it like every proposal.

use diesel_async::AsyncConnection;
use serde::{Deserialize, Serialize};
use serde_json::json;
use sync_core::ids::DecisionRequestId;
use sync_core::limits::NOTE_MAX_CHARS;
use sync_core::model::decision::DecisionKind;
use sync_core::text::check_text;
use sync_core::time::{Instant, Month};
use sync_core::wire::problem::ProblemKind;
use utoipa::ToSchema;

use super::CloseRefusal;
use crate::auth::actor::Actor;
use crate::db::proposals::{self, ProposalRow};
use crate::db::types::Day;
use crate::db::{Connection, district_numbers};
use crate::problem::ApiError;
use crate::services::check_month::present_obstacles;
use crate::services::list_proposals::{Proposal, shown};
use crate::services::propose_decision::{NewProposal, propose_decision};
use crate::services::record_decision::Subject;

/// A month to be closed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ClosingRequest {
    /// Made by the client; a retry carries the same and gets the first answer. The decision will carry it too.
    pub request_id: DecisionRequestId,
    /// What the second person should know.
    pub reason: Option<String>,
}

/// Asks for a month to be closed. What forbids it now is refused now; it is checked again when it is approved.
///
/// # Errors
/// Whatever closing is refused for, `proposal_open`, `decision_id_reused`, those of texts; faults of the database.
pub async fn propose_closing(
    connection: &mut Connection,
    actor: &Actor,
    month: Month,
    request: &ClosingRequest,
    now: Instant,
) -> Result<Proposal, ApiError> {
    if let Some(reason) = &request.reason {
        check_text(reason, NOTE_MAX_CHARS).map_err(|fault| ApiError::from(fault).field("reason"))?;
    }
    let known = proposals::of_request(connection, &actor.district, request.request_id).await?;
    if known.is_none() {
        let obstacles = present_obstacles(connection, &actor.district, month, now).await?;
        if let Some(first) = obstacles.into_iter().next() {
            return Err(CloseRefusal::Obstacle(first).into());
        }
    }
    let proposal = connection
        .transaction(async |connection| {
            district_numbers::lock(connection, &actor.district).await?;
            match proposals::of_request(connection, &actor.district, request.request_id).await? {
                Some(first) if led_to(request, &first, actor, month) => Ok(first),
                Some(_) => Err(ApiError::new(ProblemKind::DecisionIdReused).field("request_id")),
                None => {
                    let new = NewProposal {
                        request_id: request.request_id,
                        subject: Subject::Month(month),
                        grid: None,
                        kind: DecisionKind::CloseMonth,
                        request: json!({ "month": month }),
                        reason: request.reason.clone(),
                        proposed_by: actor.user_id,
                    };
                    Ok(propose_decision(connection, &actor.district, new, now).await?)
                }
            }
        })
        .await?;
    let proposals = shown(connection, actor, vec![proposal]).await?;
    proposals.into_iter().next().ok_or_else(|| ProblemKind::ProposalUnknown.into())
}

/// Whether this request, by this person for this month, is the one that led to the proposal.
fn led_to(request: &ClosingRequest, proposal: &ProposalRow, actor: &Actor, month: Month) -> bool {
    proposal.kind == DecisionKind::CloseMonth.code()
        && proposal.month == Some(Day(month.first_day()))
        && proposal.proposed_by == actor.user_id.0
        && proposal.reason == request.reason
}
