//! The books (账簿) that moves are written to: the end of the chain, the calendar of account, and what was added.

use sync_core::ids::RegionCode;
use sync_core::time::{Instant, Month};

use super::MoveFault;
use crate::db::ledger_entries::{EntryContent, LedgerEntryRow};
use crate::ledger::chain::Head;
use crate::ledger::entry_kind::EntryKind;
use crate::ledger::period::Calendar;

use super::case_money::{CaseMoney, ChargeMoney, PastEntry};
use crate::db::types::Day;

/// A district's books at one instant; who writes them down holds the district's lock.
#[derive(Debug, Clone)]
pub struct Books {
    /// The district.
    pub district: RegionCode,
    /// The last entry so far.
    pub head: Head,
    /// Which months take entries.
    pub calendar: Calendar,
    /// When it is written.
    pub now: Instant,
    /// The entries that moves added, in order.
    pub written: Vec<LedgerEntryRow>,
}

impl Books {
    /// Books with nothing added yet.
    #[must_use]
    pub const fn new(district: RegionCode, head: Head, calendar: Calendar, now: Instant) -> Self {
        Self { district, head, calendar, now, written: Vec::new() }
    }

    /// The first entry of a posting of a charge.
    pub(super) fn deduction(
        &self,
        case: &CaseMoney,
        charge: &ChargeMoney,
        decision_no: i64,
    ) -> Result<EntryContent, MoveFault> {
        let amount = charge.amount.ok_or(MoveFault::AmountMissing(charge.charge_id))?;
        let period = self.calendar.posting_month(case.occurred_month)?;
        Ok(EntryContent {
            district: self.district.to_string(),
            kind: EntryKind::Deduction.code().to_owned(),
            unit_id: charge.unit_id.0,
            period: Day(period.first_day()),
            occurred_month: Day(case.occurred_month.first_day()),
            case_id: case.case_id.0,
            charge_id: charge.charge_id.0,
            posting_no: charge.postings().saturating_add(1),
            reverses: None,
            decision_no,
            amount_fen: amount.get(),
            grid: case.grid.to_string(),
            item: case.item.to_string(),
            measure: charge.measure.to_string(),
            pack_hash: charge.pack_hash.to_string(),
            clause: charge.clause.clone(),
            posted_at: self.now.timestamp().into(),
        })
    }

    /// An entry that changes what an earlier one left standing: in that one's month, or the first open one after it,
    /// and of the same posting.
    pub(super) fn following(
        &self,
        last: &EntryContent,
        kind: EntryKind,
        decision_no: i64,
        amount_fen: i64,
    ) -> Result<EntryContent, MoveFault> {
        let period = self.calendar.posting_month(Month::of(last.period.0))?;
        Ok(EntryContent {
            kind: kind.code().to_owned(),
            period: Day(period.first_day()),
            reverses: None,
            decision_no,
            amount_fen,
            posted_at: self.now.timestamp().into(),
            ..last.clone()
        })
    }

    /// Numbers and links an entry, and gives it to its charge.
    pub(super) fn append(&mut self, charge: &mut ChargeMoney, content: EntryContent) {
        let entry = self.head.append(content);
        charge.entries.push(PastEntry { entry_no: entry.entry_no, content: entry.content.clone() });
        self.written.push(entry);
    }
}
