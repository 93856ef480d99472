//! What a decision's record says beside its columns: what was asked, what it led to, and the money for a replay.

use serde::{Deserialize, Serialize};
use sync_core::ids::{CaseId, InspectionId, PackHash, UnitId, UserId};
use sync_core::model::assignment::DiscoveryLevel;
use sync_core::model::case::Flag;

use super::{DecisionOutcome, DecisionRequest, EnteredAmount};
use crate::db::decisions::DecisionRow;
use crate::ledger::basis::RecordedMoney;

/// The detail of a decision on a case. What was not asked is left out.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Detail {
    /// Doubts that were settled.
    #[serde(default)]
    pub flags: Vec<Flag>,
    /// Amounts that were entered.
    #[serde(default)]
    pub amounts: Vec<EnteredAmount>,
    /// The unit that was named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub unit_id: Option<UnitId>,
    /// The pack version that was named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pack_hash: Option<PackHash>,
    /// The discovery level that was named.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub level: Option<DiscoveryLevel>,
    /// The correction that was accepted or refused.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub inspection_id: Option<InspectionId>,
    /// The state it led to.
    pub outcome: DecisionOutcome,
    /// What it did to the money.
    #[serde(flatten)]
    pub recorded: RecordedMoney,
}

impl Detail {
    /// A decision for which nothing was asked but the decision itself.
    #[must_use]
    pub const fn new(outcome: DecisionOutcome, recorded: RecordedMoney) -> Self {
        Self {
            flags: Vec::new(),
            amounts: Vec::new(),
            unit_id: None,
            pack_hash: None,
            level: None,
            inspection_id: None,
            outcome,
            recorded,
        }
    }

    /// What a request asked, with what it led to.
    #[must_use]
    pub fn of(request: &DecisionRequest, outcome: DecisionOutcome, recorded: RecordedMoney) -> Self {
        Self {
            flags: request.flags.clone(),
            amounts: request.amounts.clone(),
            unit_id: request.unit_id,
            pack_hash: request.pack_hash.clone(),
            level: request.level,
            inspection_id: request.inspection_id,
            outcome,
            recorded,
        }
    }

    /// The decision's detail.
    ///
    /// # Errors
    /// Where it is not that of a decision on a case.
    pub fn read(decision: &DecisionRow) -> Result<Self, serde_json::Error> {
        serde_json::from_value(decision.detail.clone())
    }

    /// Whether this request, by this user for this case, is the one that led to the decision.
    #[must_use]
    pub fn is_of(
        &self,
        decision: &DecisionRow,
        request: &DecisionRequest,
        actor: UserId,
        case_id: CaseId,
    ) -> bool {
        decision.actor == Some(actor.0)
            && decision.case_id == Some(case_id.0)
            && decision.kind == request.kind.code()
            && decision.reason == request.reason
            && decision.expected_version.map(i64::from) == Some(i64::from(request.expected_version))
            && *self == Self::of(request, self.outcome.clone(), self.recorded.clone())
    }
}
