//! What a supervisor asks for, and what the decision did.

use serde::{Deserialize, Serialize};
use sync_core::ids::{CaseId, ChargeId, DecisionRequestId, UnitId, UserId};
use sync_core::limits::NOTE_MAX_CHARS;
use sync_core::model::case::{Flag, ReviewState};
use sync_core::model::decision::DecisionKind;
use sync_core::money::Fen;
use sync_core::text::{check_required, check_text};
use sync_core::time::Month;
use utoipa::ToSchema;

use super::Refusal;
use crate::db::decisions::DecisionRow;
use crate::ledger::entry_kind::EntryKind;

/// The highest amount that can be entered for one charge: 100 million yuan, in fen.
pub const ENTERED_AMOUNT_MAX: Fen = Fen::new(10_000_000_000);

/// Charges whose amounts one decision may enter.
pub const ENTERED_AMOUNTS_MAX: usize = 1_000;

/// The amount of a charge for which the pack names none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EnteredAmount {
    /// Which charge of the case.
    pub charge_id: ChargeId,
    /// Fen, more than zero.
    pub amount: Fen,
}

/// A decision to be made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct DecisionRequest {
    /// Made by the client; a retry carries the same and gets the first answer.
    pub request_id: DecisionRequestId,
    /// The version of the case that was looked at.
    pub expected_version: u32,
    /// What is decided.
    pub kind: DecisionKind,
    /// Why; required of all but `confirm`.
    pub reason: Option<String>,
    /// With `settle`: which doubts.
    #[serde(default)]
    pub flags: Vec<Flag>,
    /// With `enter_amounts`: which amounts.
    #[serde(default)]
    pub amounts: Vec<EnteredAmount>,
}

impl DecisionRequest {
    /// Checks what can be checked without the case.
    ///
    /// # Errors
    /// A [`Refusal`] naming the field.
    pub fn check(&self) -> Result<(), Refusal> {
        let text = |fault| Refusal::Text { field: "reason", fault };
        match (&self.reason, self.kind) {
            (None, DecisionKind::Confirm) => {}
            (Some(reason), DecisionKind::Confirm) => check_text(reason, NOTE_MAX_CHARS).map_err(text)?,
            (reason, _) => match check_required(reason.as_deref().unwrap_or_default(), NOTE_MAX_CHARS) {
                Err(sync_core::text::TextFault::Empty) => return Err(Refusal::ReasonRequired),
                checked => checked.map_err(text)?,
            },
        }
        if (self.kind == DecisionKind::Settle) == self.flags.is_empty() {
            return Err(Refusal::Misplaced { field: "flags" });
        }
        if (self.kind == DecisionKind::EnterAmounts) == self.amounts.is_empty() {
            return Err(Refusal::Misplaced { field: "amounts" });
        }
        if self.amounts.len() > ENTERED_AMOUNTS_MAX {
            return Err(Refusal::TooManyAmounts);
        }
        let in_range = |entered: &EnteredAmount| (Fen::new(1)..=ENTERED_AMOUNT_MAX).contains(&entered.amount);
        if self.amounts.iter().all(in_range) { Ok(()) } else { Err(Refusal::AmountOutOfRange) }
    }

    /// Whether this request, by this user for this case, is the one that led to a decision on record.
    #[must_use]
    pub fn led_to(&self, decision: &DecisionRow, actor: UserId, case_id: CaseId) -> bool {
        let recorded = |name: &str| decision.detail.get(name).cloned().unwrap_or_default();
        decision.actor == Some(actor.0)
            && decision.case_id == Some(case_id.0)
            && decision.kind == self.kind.code()
            && decision.reason == self.reason
            && decision.expected_version.map(i64::from) == Some(i64::from(self.expected_version))
            && recorded("flags") == serde_json::json!(self.flags)
            && recorded("amounts") == serde_json::json!(self.amounts)
    }
}

/// The state that a decision led to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Outcome {
    /// Review state after it.
    pub review_state: ReviewState,
    /// Doubts that remained after it.
    pub unsettled: Vec<Flag>,
}

/// A ledger entry that a decision wrote.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct WrittenEntry {
    /// Its number in the district.
    pub entry_no: i64,
    /// What it does.
    pub kind: EntryKind,
    /// The charge it belongs to.
    pub charge_id: ChargeId,
    /// The unit whose account it is on.
    pub unit_id: UnitId,
    /// The month of account.
    pub period: Month,
    /// Signed fen.
    pub amount: Fen,
}

/// A decision on record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct Decision {
    /// Its number in the district, from 1 without gaps.
    pub decision_no: i64,
    /// The case.
    pub case_id: CaseId,
    /// What was decided.
    pub kind: DecisionKind,
    /// The case's version after it.
    pub version: u32,
    /// The state it led to.
    #[serde(flatten)]
    pub outcome: Outcome,
    /// What it wrote to the ledger.
    pub entries: Vec<WrittenEntry>,
}
