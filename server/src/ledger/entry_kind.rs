//! What a ledger entry does to a unit's account.

/// Kind of a ledger entry (分录类别). Amounts are signed: a deduction is positive, its reversal negative.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize, utoipa::ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum EntryKind {
    /// Deduction (扣缴): a charge is posted.
    Deduction,
    /// Reversal (红冲): takes back what stands of a charge on a unit's account.
    Reversal,
    /// Adjustment (调整): the difference an accepted amendment makes.
    Adjustment,
    /// Transfer (划转): one half of a re-attribution to another unit.
    Transfer,
}

impl EntryKind {
    /// Its code on the wire, in the database and in the hash.
    #[must_use]
    pub const fn code(self) -> &'static str {
        match self {
            Self::Deduction => "deduction",
            Self::Reversal => "reversal",
            Self::Adjustment => "adjustment",
            Self::Transfer => "transfer",
        }
    }
}
