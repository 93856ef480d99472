//! Basis (依据): what a decision's record must say so that the ledger can be replayed from inspections and decisions.
//!
//! Every decision that moves money or fixes amounts carries in its detail, under `money`, one [`CaseBasis`] for each
//! case that it concerns: what the case stands on, and what it is charged from then on. A replay makes an
//! [`Aim`] of it and calls [`bring`](super::moves::bring), as deciding did.

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sync_core::ids::{CaseId, ChargeId, InspectionId, ItemCode, MeasureKey, PackHash, UnitId};
use sync_core::model::assignment::DiscoveryLevel;
use sync_core::model::case::ChargeState;
use sync_core::money::Fen;

use super::moves::{Aim, ChargeMoney};

/// What a case stands on after a decision.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CaseBasis {
    /// The case.
    pub case_id: CaseId,
    /// Its item.
    pub item: ItemCode,
    /// The accepted inspection: grid and month of occurrence are that one's.
    pub inspection_id: InspectionId,
    /// The pack version it is judged by; none where none was in force.
    pub pack_hash: Option<PackHash>,
    /// The discovery level it counts at.
    pub level: DiscoveryLevel,
    /// The unit that answers for it.
    pub unit_id: UnitId,
    /// Whether what was pending is posted by this decision.
    pub posts: bool,
    /// What it is charged for; all else of it is void.
    pub charges: Vec<ChargeBasis>,
}

/// A charge that stays or appears.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ChargeBasis {
    /// Its id.
    pub charge_id: ChargeId,
    /// What it is charged for.
    pub measure: MeasureKey,
    /// Fen; absent while it has to be entered.
    pub amount: Option<Fen>,
    /// The pack version it follows from.
    pub pack_hash: PackHash,
    /// Document and clause.
    pub clause: String,
    /// The absorbed case that found it, alone or too.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub merged_from: Option<CaseId>,
}

/// The part of a decision's detail that a replay reads; all else in it is for people.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RecordedMoney {
    /// One for each case that the decision concerns; empty where it moves no money and fixes no amount.
    #[serde(default)]
    pub money: Vec<CaseBasis>,
}

impl From<&ChargeMoney> for ChargeBasis {
    fn from(charge: &ChargeMoney) -> Self {
        Self {
            charge_id: charge.charge_id,
            measure: charge.measure.clone(),
            amount: charge.amount,
            pack_hash: charge.pack_hash.clone(),
            clause: charge.clause.clone(),
            merged_from: charge.merged_from(),
        }
    }
}

impl CaseBasis {
    /// What the decision aimed at. The charges' reasons, which no entry holds, are left out.
    #[must_use]
    pub fn aim(&self) -> Aim {
        let charge = |charge: &ChargeBasis| ChargeMoney {
            charge_id: charge.charge_id,
            measure: charge.measure.clone(),
            unit_id: self.unit_id,
            amount: charge.amount,
            pack_hash: charge.pack_hash.clone(),
            clause: charge.clause.clone(),
            reason: Value::Null,
            state: ChargeState::Pending,
            entries: Vec::new(),
        };
        Aim { unit_id: self.unit_id, charges: self.charges.iter().map(charge).collect(), posts: self.posts }
    }
}
