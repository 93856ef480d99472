//! What a decision's record says beside its columns: what was asked, what it led to, and the money for a replay.

use serde::{Deserialize, Serialize};
use sync_core::model::case::Flag;

use super::{EnteredAmount, Outcome};
use crate::ledger::basis::RecordedMoney;

/// The detail of a decision on a case.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Detail {
    /// Doubts that were settled.
    #[serde(default)]
    pub flags: Vec<Flag>,
    /// Amounts that were entered.
    #[serde(default)]
    pub amounts: Vec<EnteredAmount>,
    /// The state it led to.
    pub outcome: Outcome,
    /// What it did to the money.
    #[serde(flatten)]
    pub recorded: RecordedMoney,
}
