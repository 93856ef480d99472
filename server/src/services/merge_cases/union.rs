//! The union of measures (措施并集): what a case is charged for that absorbs others. Only [`Union::of`] reads the database.

use std::collections::{BTreeMap, BTreeSet};

use jiff::civil::Date;
use sync_core::ids::{CaseId, ChargeId, MeasureKey, RegionCode, UnitId};
use sync_core::model::assignment::DiscoveryLevel;
use sync_core::model::case::{ChargeState, ReviewState};

use super::involved::{self, Involved};
use super::points::{Places, keys_beside};
use super::{ExpectedCase, MergeRequest, Refusal};
use crate::db::{Connection, appeals};
use crate::ledger::basis::CaseBasis;
use crate::ledger::moves::{Aim, Books, CaseMoney, ChargeMoney, bring};
use crate::services::confirm_cases::published_first;
use crate::services::move_money::load_money;
use crate::services::rectify_case::LoopRules;

/// A merge that its cases allow, worked out before anything is written.
#[derive(Debug)]
pub(super) struct Union {
    survivor_id: CaseId,
    /// All the cases, locked.
    pub(super) involved: BTreeMap<CaseId, Involved>,
    /// The unit that answers for the survivor.
    pub(super) unit_id: UnitId,
    /// Their money: those that give first, then the one that takes, which is the order of record.
    money: Vec<CaseMoney>,
    aims: BTreeMap<CaseId, Aim>,
    /// The day on which what a confirmed survivor takes over is posted, where a pack asks for its publication first.
    pub(super) posts_on: Option<Date>,
}

impl Union {
    /// Works out what a request does to the cases, which the caller has locked.
    pub(super) async fn of(
        conn: &mut Connection,
        rules: LoopRules<'_>,
        district: &RegionCode,
        survivor_id: CaseId,
        request: &MergeRequest,
        involved: BTreeMap<CaseId, Involved>,
    ) -> Result<Self, Refusal> {
        let LoopRules { book, now, .. } = rules;
        let own = ExpectedCase { case_id: survivor_id, expected_version: request.expected_version };
        involved::check_versions(&involved, request.absorbed.iter().copied().chain([own]))?;
        if let Some((case_id, _)) = appeals::open_of(conn, district, involved.keys().copied()).await?.pop() {
            return Err(Refusal::AppealOpen(case_id));
        }
        let survivor = involved.get(&survivor_id).ok_or(Refusal::CaseUnknown)?;
        let absorbed: Vec<&Involved> = involved.values().filter(|case| case.case_id != survivor_id).collect();
        check(survivor, &absorbed)?;
        let unit_id = unit_of(survivor, &absorbed, request.unit_id)?;
        let ids: Vec<CaseId> = involved.keys().copied().collect();
        let mut money: Vec<CaseMoney> = load_money(conn, district, &ids).await?;
        money.sort_by_key(|case| (case.case_id == survivor_id, case.case_id));
        let mut aims = aims_of(survivor, &involved, &money, (unit_id, request.unit_id.is_some()))?;
        let aim = aims.get_mut(&survivor_id).ok_or(Refusal::CaseUnknown)?;
        let posts_on = match survivor.review_state {
            ReviewState::Confirmed => {
                let moves = unit_id != survivor.unit_id && survivor.posts_on.is_some();
                let all = moves.then_some(aim.charges.iter()).into_iter().flatten();
                published_first(book, all.chain(added(&money, survivor_id, aim)), now)
            }
            _ => None,
        };
        aim.posts = aim.posts && posts_on.is_none();
        Ok(Self { survivor_id, involved, unit_id, money, aims, posts_on })
    }

    pub(super) fn survivor(&self) -> Result<&Involved, Refusal> {
        self.involved.get(&self.survivor_id).ok_or(Refusal::CaseUnknown)
    }

    pub(super) fn absorbed(&self) -> Vec<&Involved> {
        self.involved.values().filter(|case| case.case_id != self.survivor_id).collect()
    }

    /// Whether something stands in the ledger of a case that is absorbed.
    pub(super) fn takes_back_posted(&self) -> Result<bool, Refusal> {
        for case in self.money.iter().filter(|case| case.case_id != self.survivor_id) {
            if case.is_posted()? {
                return Ok(true);
            }
        }
        Ok(false)
    }

    /// What the record says of each case's money.
    pub(super) fn basis(&self) -> Vec<CaseBasis> {
        let basis =
            |case: &CaseMoney| Some(self.involved.get(&case.case_id)?.basis(self.aims.get(&case.case_id)?));
        self.money.iter().filter_map(basis).collect()
    }

    /// Moves the money; returns it as it is then.
    pub(super) fn bring(mut self, books: &mut Books, decision_no: i64) -> Result<Vec<CaseMoney>, Refusal> {
        for case in &mut self.money {
            let aim = self.aims.remove(&case.case_id).ok_or(Refusal::CaseUnknown)?;
            bring(books, case, aim, decision_no)?;
        }
        Ok(self.money)
    }
}

/// What the survivor takes over and nobody was charged before: what stands posted was published.
fn added<'m>(
    money: &'m [CaseMoney],
    survivor: CaseId,
    aim: &'m Aim,
) -> impl Iterator<Item = &'m ChargeMoney> {
    let known: BTreeSet<&MeasureKey> = money
        .iter()
        .flat_map(|case| case.live().map(move |charge| (case.case_id, charge)))
        .filter(|(case, charge)| *case == survivor || charge.state == ChargeState::Posted)
        .map(|(_, charge)| &charge.measure)
        .collect();
    aim.charges.iter().filter(move |charge| !known.contains(&charge.measure))
}

/// Where the money of each case goes; `unit` answers for the survivor, and was named or is the only one.
pub(super) fn aims_of(
    survivor: &Involved,
    involved: &BTreeMap<CaseId, Involved>,
    money: &[CaseMoney],
    unit: (UnitId, bool),
) -> Result<BTreeMap<CaseId, Aim>, Refusal> {
    let others: Vec<(&Involved, &CaseMoney)> = money
        .iter()
        .filter(|case| case.case_id != survivor.case_id)
        .filter_map(|case| Some((involved.get(&case.case_id)?, case)))
        .collect();
    let own = money.iter().find(|case| case.case_id == survivor.case_id).ok_or(Refusal::CaseUnknown)?;
    let aim = aim_of(survivor, own, &others, unit)?;
    let given = others.iter().map(|(case, _)| (case.case_id, Aim::nothing(case.unit_id)));
    Ok(given.chain([(survivor.case_id, aim)]).collect())
}

/// What must hold of the cases, whatever their money.
fn check(survivor: &Involved, absorbed: &[&Involved]) -> Result<(), Refusal> {
    use ReviewState::{AwaitingEvidence, Confirmed, Returned, UnderReview};
    if !matches!(survivor.review_state, AwaitingEvidence | UnderReview | Confirmed) {
        return Err(Refusal::StateForbids { case_id: survivor.case_id, state: survivor.review_state });
    }
    if let Some(past) = absorbed.iter().chain([&survivor]).find(|case| case.of_the_past) {
        return Err(Refusal::ChargedOnPaper(past.case_id));
    }
    for case in absorbed {
        if !matches!(case.review_state, AwaitingEvidence | UnderReview | Returned | Confirmed) {
            return Err(Refusal::StateForbids { case_id: case.case_id, state: case.review_state });
        }
        if case.item != survivor.item {
            return Err(Refusal::ItemsDiffer);
        }
    }
    Ok(())
}

/// The unit that answers for the survivor: the only one there is, or the one that was named.
fn unit_of(survivor: &Involved, absorbed: &[&Involved], named: Option<UnitId>) -> Result<UnitId, Refusal> {
    let units: BTreeSet<UnitId> =
        absorbed.iter().map(|case| case.unit_id).chain([survivor.unit_id]).collect();
    match named {
        Some(unit) if units.contains(&unit) => Ok(unit),
        None if units.len() == 1 => Ok(survivor.unit_id),
        _ => Err(Refusal::UnitRequired),
    }
}

/// Where the survivor's money goes: its own charges, and those of the others for measures that it lacks, of the one
/// that occurred first; of fire points each place is a measure. A measure is charged once, and only on a finding that could be confirmed by itself: no doubt and
/// no missing photo is lost in a merge. What the survivor is charged for and another such finding holds too is marked, so
/// that it outlives a correction of the survivor. What is new is posted at once where the survivor stands posted and no pack asks
/// for its publication; one that was confirmed free of charge does not begin to be charged so.
fn aim_of(
    survivor: &Involved,
    money: &CaseMoney,
    absorbed: &[(&Involved, &CaseMoney)],
    (unit_id, named): (UnitId, bool),
) -> Result<Aim, Refusal> {
    let charged = absorbed.iter().find(|(_, money)| money.live().next().is_some());
    if let (DiscoveryLevel::SelfCheck, Some((case, _))) = (survivor.level, charged) {
        return Err(Refusal::SelfCheckAbsorbs(case.case_id));
    }
    let confirmed = survivor.review_state == ReviewState::Confirmed;
    let pending = money.live().any(|charge| charge.state == ChargeState::Pending);
    let mut charges: Vec<ChargeMoney> = money.live().cloned().collect();
    let confirmed_free = confirmed && charges.is_empty();
    let mut in_time = absorbed.to_vec();
    in_time.sort_by_key(|(case, _)| (case.occurred_at, case.case_id));
    let mut places: Places = money.live().map(|charge| survivor.place_of(charge)).collect();
    for (case, money) in in_time {
        let found: Places = money.live().map(|charge| case.place_of(charge)).collect();
        let keys = keys_beside(&places, &found);
        for charge in money.live() {
            let settled = case.check_settled(named);
            let measure = keys.get(&charge.measure).unwrap_or(&charge.measure).clone();
            if let Some(known) = charges.iter_mut().find(|known| known.measure == measure) {
                if settled.is_ok() {
                    known.found_by(charge.merged_from().unwrap_or(case.case_id));
                }
                continue;
            }
            settled?;
            if confirmed_free {
                return Err(Refusal::StateForbids {
                    case_id: survivor.case_id,
                    state: survivor.review_state,
                });
            }
            places.insert(measure.clone(), found.get(&charge.measure).copied().flatten());
            let charge_id = ChargeId::derive(survivor.case_id, &measure);
            let mut taken_over = ChargeMoney { charge_id, measure, entries: Vec::new(), ..charge.clone() };
            taken_over.found_by(case.case_id);
            charges.push(taken_over);
        }
    }
    let aim = Aim { unit_id, charges, posts: confirmed && !pending };
    if confirmed { Ok(aim.complete()?) } else { Ok(aim) }
}
