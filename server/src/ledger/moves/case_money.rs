//! A case's money: its charges with every ledger entry they ever had.

use std::collections::BTreeMap;

use serde_json::{Value, json};
use sync_core::evaluate::ProposedCharge;
use sync_core::ids::{CaseId, ChargeId, GridPath, ItemCode, MeasureKey, PackHash, UnitId};
use sync_core::model::case::ChargeState;
use sync_core::money::Fen;
use sync_core::time::Month;
use uuid::Uuid;

use super::MoveFault;
use crate::db::ledger_entries::EntryContent;
use crate::ledger::entry_kind::EntryKind;

/// Under this name a charge's reason says which absorbed case found it too.
pub const MERGED_FROM: &str = "merged_from";

/// What moves must know of a case.
#[derive(Debug, Clone, PartialEq)]
pub struct CaseMoney {
    /// The case.
    pub case_id: CaseId,
    /// Its item.
    pub item: ItemCode,
    /// Its grid, under which its deductions are booked.
    pub grid: GridPath,
    /// Month of occurrence.
    pub occurred_month: Month,
    /// Its charges, in the order of their measures.
    pub charges: Vec<ChargeMoney>,
}

/// A charge (扣缴项) with its entries.
#[derive(Debug, Clone, PartialEq)]
pub struct ChargeMoney {
    /// Its id.
    pub charge_id: ChargeId,
    /// What it is charged for.
    pub measure: MeasureKey,
    /// The unit it falls on.
    pub unit_id: UnitId,
    /// Fen; absent until entered.
    pub amount: Option<Fen>,
    /// The pack version it follows from.
    pub pack_hash: PackHash,
    /// Document and clause.
    pub clause: String,
    /// Why it is charged, as it is shown.
    pub reason: Value,
    /// Its state.
    pub state: ChargeState,
    /// Its entries by number.
    pub entries: Vec<PastEntry>,
}

/// An entry of the past.
#[derive(Debug, Clone, PartialEq)]
pub struct PastEntry {
    /// Its number in the district.
    pub entry_no: i64,
    /// What it says.
    pub content: EntryContent,
}

/// What stands of a charge on one unit's account.
#[derive(Debug, Clone, PartialEq)]
pub struct Balance {
    /// The unit.
    pub unit_id: UnitId,
    /// The net sum, not zero.
    pub amount: Fen,
    /// The last entry that made it, which is no reversal.
    pub last: PastEntry,
}

impl CaseMoney {
    /// What stands of it on any account; zero where nothing was posted or all was taken back.
    ///
    /// # Errors
    /// [`MoveFault::SumTooLarge`].
    pub fn standing(&self) -> Result<Fen, MoveFault> {
        self.charges.iter().try_fold(Fen::ZERO, |sum, charge| {
            sum.checked_add(charge.standing()?).ok_or(MoveFault::SumTooLarge(charge.charge_id))
        })
    }

    /// Whether something of it stands in the ledger.
    ///
    /// # Errors
    /// [`MoveFault::SumTooLarge`].
    pub fn is_posted(&self) -> Result<bool, MoveFault> {
        for charge in &self.charges {
            if !charge.balances()?.is_empty() {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// Its charges that are not void.
    pub fn live(&self) -> impl Iterator<Item = &ChargeMoney> {
        self.charges.iter().filter(|charge| charge.state != ChargeState::Void)
    }

    /// The charge of this id.
    #[must_use]
    pub fn charge(&self, id: ChargeId) -> Option<&ChargeMoney> {
        self.charges.iter().find(|charge| charge.charge_id == id)
    }
}

impl ChargeMoney {
    /// A charge as the evaluator proposes it, pending, on this unit.
    #[must_use]
    pub fn proposed(charge: &ProposedCharge, pack_hash: &PackHash, unit_id: UnitId) -> Self {
        Self {
            charge_id: charge.charge_id,
            measure: charge.measure.clone(),
            unit_id,
            amount: charge.amount.fen(),
            pack_hash: pack_hash.clone(),
            clause: charge.clause.clone(),
            reason: json!({
                "question": charge.question,
                "reason": charge.reason,
                "zh": charge.reason.zh(),
                "en": charge.reason.en(),
            }),
            state: ChargeState::Pending,
            entries: Vec::new(),
        }
    }

    /// The absorbed case that found it: by its finding the charge stands, whatever becomes of the survivor's own.
    #[must_use]
    pub fn merged_from(&self) -> Option<CaseId> {
        self.reason.get(MERGED_FROM)?.as_str()?.parse().ok()
    }

    /// Marks it as found by a case that is absorbed; the first one, through whichever merges, stays named.
    pub fn found_by(&mut self, absorbed: CaseId) {
        if let Value::Object(fields) = &mut self.reason {
            fields.entry(MERGED_FROM).or_insert_with(|| Value::String(absorbed.to_string()));
        }
    }

    /// How often it was posted.
    #[must_use]
    pub fn postings(&self) -> i32 {
        let deductions = self.entries.iter().filter(|entry| entry.is(EntryKind::Deduction));
        deductions.map(|entry| entry.content.posting_no).max().unwrap_or(0)
    }

    /// The net sum of its entries on all accounts.
    ///
    /// # Errors
    /// [`MoveFault::SumTooLarge`].
    pub fn standing(&self) -> Result<Fen, MoveFault> {
        Fen::checked_sum(self.entries.iter().map(|entry| Fen::new(entry.content.amount_fen)))
            .ok_or(MoveFault::SumTooLarge(self.charge_id))
    }

    /// What stands of it, account by account, in the order of the entries that made it.
    ///
    /// # Errors
    /// [`MoveFault::SumTooLarge`].
    pub fn balances(&self) -> Result<Vec<Balance>, MoveFault> {
        let mut accounts: BTreeMap<Uuid, (Fen, Option<&PastEntry>)> = BTreeMap::new();
        for entry in &self.entries {
            let (sum, last) = accounts.entry(entry.content.unit_id).or_default();
            *sum = sum
                .checked_add(Fen::new(entry.content.amount_fen))
                .ok_or(MoveFault::SumTooLarge(self.charge_id))?;
            if !entry.is(EntryKind::Reversal) {
                *last = Some(entry);
            }
        }
        let mut balances: Vec<Balance> = accounts
            .into_iter()
            .filter(|(_, (sum, _))| *sum != Fen::ZERO)
            .filter_map(|(unit, (amount, last))| {
                Some(Balance { unit_id: UnitId(unit), amount, last: last?.clone() })
            })
            .collect();
        balances.sort_by_key(|balance| balance.last.entry_no);
        Ok(balances)
    }
}

impl PastEntry {
    /// Whether it is of this kind.
    #[must_use]
    pub fn is(&self, kind: EntryKind) -> bool {
        self.content.kind == kind.code()
    }
}
