//! Replays a ledger (台账重放): from accepted inspections and numbered decisions alone, decision by decision (invariant 1).
//!
//! Every inspection is judged anew by the pack that it names; what a decision recorded ([`RecordedMoney`]) must follow
//! from that judgement and from what people decided before; the moves of money are those that deciding made
//! ([`crate::ledger::moves`]). So each entry comes out again with its number and its hash, and each closed month with
//! its digest.
//!
//! Invariants: pure, nothing here reads stored entries, charges or cases; a replay that is at odds with itself is a
//! [`ReplayFault`], and where it differs from the stored ledger is found by [`difference`].

mod difference;
mod evidence;
mod expected;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, HashMap};

use sync_core::ids::{CaseId, InspectionId, RegionCode};
use sync_core::model::decision::DecisionKind;
use sync_core::model::inspection::Inspection;
use sync_core::time::{Instant, Month};

pub use difference::difference;
pub use evidence::{Accepted, Evidence, EvidenceFault, sealed_inspection};
pub use expected::BasisFault;
use expected::Past;

use crate::db::ledger_entries::{EntryContent, LedgerEntryRow};
use crate::db::types::storable;
use crate::ledger::basis::{CaseBasis, RecordedMoney};
use crate::ledger::chain::Head;
use crate::ledger::digest::{ClosingDetail, DigestError, MonthLines};
use crate::ledger::moves::{Books, CaseMoney, MoveFault, bring};
use crate::ledger::period::Calendar;

/// What a decision says to a replay.
#[derive(Debug, Clone, PartialEq)]
pub struct NumberedDecision {
    /// Its number.
    pub decision_no: i64,
    /// What was decided.
    pub kind: DecisionKind,
    /// When.
    pub decided_at: Instant,
    /// What it recorded.
    pub recorded: Recorded,
}

/// What a decision recorded.
#[derive(Debug, Clone, PartialEq)]
pub enum Recorded {
    /// Where it wanted the money of cases; nothing, of most.
    Money(RecordedMoney),
    /// That it closed a month.
    Closing(Month, ClosingDetail),
}

/// Why a replay cannot go on: the record is at odds with itself.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ReplayFault {
    /// A number is left out.
    #[error("decision {0} is missing")]
    DecisionMissing(i64),
    /// What a decision recorded does not follow from its inspection.
    #[error("decision {decision_no}, case {case_id}: {fault}")]
    Basis {
        /// Which decision.
        decision_no: i64,
        /// Of which case.
        case_id: CaseId,
        /// Why not.
        fault: BasisFault,
    },
    /// The rules of the ledger do not allow what a decision did.
    #[error("decision {decision_no}: {fault}")]
    Money {
        /// Which decision.
        decision_no: i64,
        /// Why not.
        fault: MoveFault,
    },
    /// A month cannot be summed.
    #[error("closing of {month}: {fault}")]
    Digest {
        /// Which month.
        month: Month,
        /// Why not.
        fault: DigestError,
    },
    /// A month replays to another digest than its closing recorded.
    #[error("{month} replays to digest {replayed}, its closing recorded {recorded}")]
    DigestDiffers {
        /// Which month.
        month: Month,
        /// What comes out, in hex.
        replayed: String,
        /// What is on record, in hex.
        recorded: String,
    },
    /// The ledger stood elsewhere when a month was closed.
    #[error(
        "the ledger replays to entry {replayed} when {month} was closed, its closing recorded {recorded}"
    )]
    HeadDiffers {
        /// Which month.
        month: Month,
        /// What comes out.
        replayed: i64,
        /// What is on record.
        recorded: i64,
    },
}

/// What a decision led to.
#[derive(Debug, Clone, PartialEq)]
pub enum Step {
    /// These entries, in order; none, of most decisions.
    Entries(Vec<LedgerEntryRow>),
    /// A month is closed with this digest.
    Closed {
        /// Which month.
        month: Month,
        /// Its digest.
        digest: Vec<u8>,
    },
}

/// A case as replayed.
#[derive(Debug)]
struct ReplayedCase {
    money: CaseMoney,
    past: Past,
}

/// A ledger on its way through its decisions.
#[derive(Debug)]
pub struct Replay {
    district: RegionCode,
    decision_no: i64,
    head: Head,
    last_closed: Option<Month>,
    cases: HashMap<CaseId, ReplayedCase>,
    /// The entries of months that are not closed yet.
    open_months: BTreeMap<Month, Vec<EntryContent>>,
}

impl Replay {
    /// The empty ledger of a district.
    #[must_use]
    pub fn new(district: RegionCode) -> Self {
        Self {
            district,
            decision_no: 0,
            head: Head::default(),
            last_closed: None,
            cases: HashMap::new(),
            open_months: BTreeMap::new(),
        }
    }

    /// Where the replayed ledger stands.
    #[must_use]
    pub const fn head(&self) -> &Head {
        &self.head
    }

    /// Takes the next decision. `evidence` holds the inspections and packs that it names.
    ///
    /// # Errors
    /// [`ReplayFault`]; the replay ends there.
    pub fn apply(&mut self, decision: &NumberedDecision, evidence: &Evidence) -> Result<Step, ReplayFault> {
        let next = self.decision_no.saturating_add(1);
        if decision.decision_no != next {
            return Err(ReplayFault::DecisionMissing(next));
        }
        self.decision_no = next;
        match &decision.recorded {
            Recorded::Closing(month, detail) => self.close(*month, detail),
            Recorded::Money(recorded) => self.move_money(decision, recorded, evidence).map(Step::Entries),
        }
    }

    fn move_money(
        &mut self,
        decision: &NumberedDecision,
        recorded: &RecordedMoney,
        evidence: &Evidence,
    ) -> Result<Vec<LedgerEntryRow>, ReplayFault> {
        let NumberedDecision { decision_no, kind, decided_at, .. } = *decision;
        let current = Month::of(decided_at.record_date());
        let calendar = Calendar { last_closed: self.last_closed, current };
        let mut books = Books::new(self.district.clone(), self.head.clone(), calendar, decided_at);
        for basis in &recorded.money {
            let fault = |fault| ReplayFault::Basis { decision_no, case_id: basis.case_id, fault };
            let accepted = evidence
                .inspection(basis.inspection_id)
                .ok_or_else(|| fault(BasisFault::InspectionUnknown(basis.inspection_id)))?;
            let case = standing(&mut self.cases, basis, &accepted.inspection);
            case.past.check(kind, basis, accepted, evidence, &case.money).map_err(fault)?;
            bring(&mut books, &mut case.money, basis.aim(), decision_no)
                .map_err(|fault| ReplayFault::Money { decision_no, fault })?;
        }
        for entry in &books.written {
            let month = Month::of(entry.content.period.0);
            self.open_months.entry(month).or_default().push(entry.content.clone());
        }
        self.head = books.head;
        Ok(books.written)
    }

    fn close(&mut self, month: Month, detail: &ClosingDetail) -> Result<Step, ReplayFault> {
        let entries = self.open_months.remove(&month).unwrap_or_default();
        let lines = MonthLines::of(&self.district, month, &entries, &detail.budget_codes)
            .map_err(|fault| ReplayFault::Digest { month, fault })?;
        let digest = lines.digest().to_vec();
        let replayed = hex::encode(&digest);
        if replayed != detail.digest {
            return Err(ReplayFault::DigestDiffers { month, replayed, recorded: detail.digest.clone() });
        }
        if self.head.entry_no != detail.entry_no || hex::encode(&self.head.hash) != detail.entry_hash {
            let (replayed, recorded) = (self.head.entry_no, detail.entry_no);
            return Err(ReplayFault::HeadDiffers { month, replayed, recorded });
        }
        self.last_closed = Some(month);
        Ok(Step::Closed { month, digest })
    }
}

/// The case of a basis, standing on the inspection that the basis names.
fn standing<'c>(
    cases: &'c mut HashMap<CaseId, ReplayedCase>,
    basis: &CaseBasis,
    inspection: &Inspection,
) -> &'c mut ReplayedCase {
    let grid = inspection.context.grid.clone();
    let occurred_month = Month::of(storable(inspection.occurred_at).record_date());
    let case = cases.entry(basis.case_id).or_insert_with(|| ReplayedCase {
        money: CaseMoney {
            case_id: basis.case_id,
            item: basis.item.clone(),
            grid: grid.clone(),
            occurred_month,
            charges: Vec::new(),
        },
        past: Past::default(),
    });
    case.money.grid = grid;
    case.money.occurred_month = occurred_month;
    case
}

/// The inspections that a decision's record names.
#[must_use]
pub fn inspections_of(recorded: &Recorded) -> Vec<InspectionId> {
    match recorded {
        Recorded::Money(recorded) => recorded.money.iter().map(|basis| basis.inspection_id).collect(),
        Recorded::Closing(..) => vec![],
    }
}
