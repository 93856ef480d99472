//! What the evaluator says: cases with their proposed charges, and a reason for everything that is not charged.

use serde::{Deserialize, Serialize};

use super::evidence::Evidence;
use super::reason::{ChargeReason, NonChargeReason};
use crate::ids::{CaseId, ChargeId, ItemCode, MeasureKey, QuestionCode};
use crate::model::inspection::PackRef;
use crate::money::Fen;
use crate::policy::{Semantics, StopPeriod};

/// What a charge costs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ChargeAmount {
    /// This sum.
    Fixed(Fen),
    /// What a supervisor will enter with a reason.
    Entered,
}

impl ChargeAmount {
    /// The sum, where it is fixed.
    #[must_use]
    pub const fn fen(self) -> Option<Fen> {
        match self {
            Self::Fixed(fen) => Some(fen),
            Self::Entered => None,
        }
    }
}

/// A charge that follows from the inspection; a supervisor confirms it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ProposedCharge {
    /// Its id, derived from case and measure.
    pub charge_id: ChargeId,
    /// What it is charged for.
    pub measure: MeasureKey,
    /// The question that failed.
    pub question: QuestionCode,
    /// What it costs.
    pub amount: ChargeAmount,
    /// Document number, section and item it follows from.
    pub clause: String,
    /// Why.
    pub reason: ChargeReason,
}

/// A question that leads to no charge (of its own).
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct NonCharge {
    /// Which question.
    pub question: QuestionCode,
    /// Why not.
    pub reason: NonChargeReason,
}

/// What repeated cases on one target lead to beside money (停工整顿).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StopWork {
    /// Which occurrence this would be, from 1.
    pub occurrence: u32,
    /// How long work stops.
    pub period: StopPeriod,
    /// Document number, section and item it follows from.
    pub clause: String,
}

/// A case: one item with at least one failed question.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ProposedCase {
    /// Its id, derived from lineage and item.
    pub case_id: CaseId,
    /// The item.
    pub item: ItemCode,
    /// The item's name in Chinese.
    pub zh: String,
    /// The item's name in English.
    pub en: String,
    /// Charges that follow, in checklist order.
    pub charges: Vec<ProposedCharge>,
    /// Failed questions that are not charged (again), in checklist order.
    pub non_charges: Vec<NonCharge>,
    /// Photos required and at hand.
    pub evidence: Evidence,
    /// Stop-work order that confirmation would lead to.
    pub stop_work: Option<StopWork>,
}

/// The evaluator's whole answer.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Evaluation {
    /// Semantics it was judged by.
    pub semantics: Semantics,
    /// Pack it was judged by; `None` where none was in force.
    pub pack: Option<PackRef>,
    /// Cases, in the order of the pack's items.
    pub cases: Vec<ProposedCase>,
    /// Every question that did not fail or could not be judged, in checklist order, unknown ones last.
    pub non_charges: Vec<NonCharge>,
}

impl Evaluation {
    /// Every charge of every case.
    pub fn charges(&self) -> impl Iterator<Item = &ProposedCharge> {
        self.cases.iter().flat_map(|case| &case.charges)
    }

    /// The sum of the fixed amounts; `None` when it does not fit.
    #[must_use]
    pub fn total(&self) -> Option<Fen> {
        Fen::checked_sum(self.charges().filter_map(|charge| charge.amount.fen()))
    }
}
