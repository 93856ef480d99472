//! What a supervisor asks for, and what the decision did.

use serde::{Deserialize, Serialize};
use sync_core::ids::{CaseId, ChargeId, DecisionRequestId, InspectionId, PackHash, UnitId};
use sync_core::limits::NOTE_MAX_CHARS;
use sync_core::model::assignment::DiscoveryLevel;
use sync_core::model::case::{Flag, ReviewState};
use sync_core::model::decision::DecisionKind;
use sync_core::money::Fen;
use sync_core::text::{TextFault, check_required, check_text};
use sync_core::time::Month;
use utoipa::ToSchema;

use super::Refusal;
use crate::ledger::entry_kind::EntryKind;
use crate::services::list_proposals::Proposal;

/// The highest amount that can be entered for one charge: 100 million yuan, in fen.
pub const ENTERED_AMOUNT_MAX: Fen = Fen::new(10_000_000_000);

/// Charges whose amounts one decision may enter.
pub const ENTERED_AMOUNTS_MAX: usize = 1_000;

/// The amount of a charge: one for which the pack names none, or a posted one that is adjusted.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct EnteredAmount {
    /// Which charge of the case.
    pub charge_id: ChargeId,
    /// Fen: more than zero; when adjusting or reducing, zero too.
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
    /// With `enter_amounts`: which amounts. With `adjust`: to which amounts, unless a pack or a level is named. With
    /// `accept_amendment`: those that the pack leaves to the office. With `appeal_reduce`: to which lower amounts.
    #[serde(default)]
    pub amounts: Vec<EnteredAmount>,
    /// With `re_attribute`, and where it shall change with `re_evaluate`: the unit that answers for it.
    #[serde(default)]
    pub unit_id: Option<UnitId>,
    /// With `re_evaluate` and `adjust`: the pack version to judge by; it must be in force where and when it occurred.
    #[serde(default)]
    pub pack_hash: Option<PackHash>,
    /// With `re_evaluate` and `adjust`: the discovery level it counts at.
    #[serde(default)]
    pub level: Option<DiscoveryLevel>,
    /// With `accept_amendment` and `refuse_amendment`: the correction that was looked at.
    #[serde(default)]
    pub inspection_id: Option<InspectionId>,
}

impl DecisionRequest {
    /// Checks what can be checked without the case.
    ///
    /// # Errors
    /// A [`Refusal`] naming the field.
    pub fn check(&self) -> Result<(), Refusal> {
        self.check_reason()?;
        for (field, given, wanted) in self.fields() {
            match wanted {
                Wanted::Needed if !given => return Err(Refusal::Misplaced { field }),
                Wanted::Not if given => return Err(Refusal::Misplaced { field }),
                _ => {}
            }
        }
        let anew = self.pack_hash.is_some() || self.level.is_some();
        match self.kind {
            DecisionKind::ReEvaluate if !anew && self.unit_id.is_none() => {
                return Err(Refusal::Misplaced { field: "pack_hash" });
            }
            // By amounts, or by judging anew.
            DecisionKind::Adjust if anew != self.amounts.is_empty() => {
                return Err(Refusal::Misplaced { field: "amounts" });
            }
            _ => {}
        }
        if self.amounts.len() > ENTERED_AMOUNTS_MAX {
            return Err(Refusal::TooManyAmounts);
        }
        let to_nothing = matches!(self.kind, DecisionKind::Adjust | DecisionKind::AppealReduce);
        let least = if to_nothing { Fen::ZERO } else { Fen::new(1) };
        let in_range = |entered: &EnteredAmount| (least..=ENTERED_AMOUNT_MAX).contains(&entered.amount);
        if self.amounts.iter().all(in_range) { Ok(()) } else { Err(Refusal::AmountOutOfRange) }
    }

    fn check_reason(&self) -> Result<(), Refusal> {
        let text = |fault| Refusal::Text { field: "reason", fault };
        match (&self.reason, self.kind) {
            (None, DecisionKind::Confirm) => Ok(()),
            (Some(reason), DecisionKind::Confirm) => check_text(reason, NOTE_MAX_CHARS).map_err(text),
            (reason, _) => match check_required(reason.as_deref().unwrap_or_default(), NOTE_MAX_CHARS) {
                Err(TextFault::Empty) => Err(Refusal::ReasonRequired),
                checked => checked.map_err(text),
            },
        }
    }

    /// Each field, whether it is given, and whether this kind wants it.
    fn fields(&self) -> [(&'static str, bool, Wanted); 6] {
        use DecisionKind as Kind;
        let wanted = |needed: &[Kind], taken: &[Kind]| match self.kind {
            kind if needed.contains(&kind) => Wanted::Needed,
            kind if taken.contains(&kind) => Wanted::Taken,
            _ => Wanted::Not,
        };
        let amendment = wanted(&[Kind::AcceptAmendment, Kind::RefuseAmendment], &[]);
        let amounts =
            wanted(&[Kind::EnterAmounts, Kind::AppealReduce], &[Kind::Adjust, Kind::AcceptAmendment]);
        [
            ("flags", !self.flags.is_empty(), wanted(&[Kind::Settle], &[])),
            ("amounts", !self.amounts.is_empty(), amounts),
            ("unit_id", self.unit_id.is_some(), wanted(&[Kind::ReAttribute], &[Kind::ReEvaluate])),
            ("pack_hash", self.pack_hash.is_some(), wanted(&[], &[Kind::ReEvaluate, Kind::Adjust])),
            ("level", self.level.is_some(), wanted(&[], &[Kind::ReEvaluate, Kind::Adjust])),
            ("inspection_id", self.inspection_id.is_some(), amendment),
        ]
    }
}

/// Whether a kind of decision wants a field.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Wanted {
    Needed,
    Taken,
    Not,
}

/// The state that a decision led to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct DecisionOutcome {
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
    pub outcome: DecisionOutcome,
    /// What it wrote to the ledger.
    pub entries: Vec<WrittenEntry>,
}

/// What a request led to.
#[derive(Debug, Clone, PartialEq)]
pub enum Answer {
    /// It is decided.
    Decided(Decision),
    /// It needs a second person, and is proposed.
    Proposed(Box<Proposal>),
}
