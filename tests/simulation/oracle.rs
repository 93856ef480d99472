//! The oracle: what must hold, whatever happened.
//!
//! It knows what the tablets promised and what the server shows, and recomputes the money from nothing but accepted
//! inspections and numbered decisions. It shares no code with the server.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use rusqlite::Connection;
use sync_core::engine::SyncReport;
use sync_core::evaluate::{PriorFacts, evaluate};
use sync_core::ids::{CaseId, ChargeId, PackHash, UnitId};
use sync_core::model::case::{ChargeState, ReviewState};
use sync_core::policy::PolicyPack;
use sync_core::store::{OperationState, PhotoState};
use sync_core::time::Month;
use sync_core::wire::push::Outcome;

use crate::backend::{Backend, Holding, Observed, essence};
use crate::tablet::Tablet;

/// What must hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Property {
    /// What an inspector was told is recorded is on the device until the server has it, byte for byte.
    NothingRecordedIsLost,
    /// What a device was told is applied is applied on the server, after a restore as well.
    NothingAcknowledgedIsLost,
    /// What a revoked device sent lies in quarantine, byte for byte, and has no effect.
    NothingOfARevokedDeviceIsLost,
    /// An original goes only when the server has verified it and a backup has it.
    APhotoGoesOnlyWhenItIsSafe,
    /// Photos of accepted inspections are on the server in the end.
    EveryPhotoArrives,
    /// A round ends, whatever the network does.
    ARoundEnds,
    /// After healing every queue is empty within a few rounds.
    EveryQueueEmpties,
    /// After healing a device holds exactly what a direct query of its scope finds.
    DevicesEqualTheirScope,
    /// Cases and charges follow from the accepted inspections, the ledger from them and the decisions.
    TheLedgerFollowsFromInspectionsAndDecisions,
    /// One charge per case and measure, one deduction per posting, one reversal per entry.
    OneChargePerKey,
    /// Nothing posts to a month that is closed, nor to the future.
    AClosedMonthStays,
    /// A clock that is wrong keeps nobody from recording.
    NoClockStopsCapture,
    /// Killed at any effect, a tablet opens its databases again.
    ACrashDamagesNothing,
    /// An operation is refused only for what somebody else did meanwhile.
    RefusalsHaveAReason,
}

/// A property that does not hold.
#[derive(Debug, Clone)]
pub struct Violation {
    /// Which.
    pub property: Property,
    /// How.
    pub detail: String,
}

impl fmt::Display for Violation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}: {}", self.property, self.detail)
    }
}

impl Property {
    /// It does not hold.
    pub fn broken(self, detail: impl fmt::Display) -> Violation {
        Violation { property: self, detail: detail.to_string() }
    }

    /// It must hold.
    ///
    /// # Errors
    /// The violation.
    pub fn check(self, holds: bool, detail: impl FnOnce() -> String) -> Result<(), Violation> {
        if holds { Ok(()) } else { Err(self.broken(detail())) }
    }
}

/// Reasons for which an operation may be refused: the office or another device was faster, or the inspector has no
/// assignment there on that day.
const REASONS: [&str; 5] =
    ["not_assigned", "target_changed", "target_unknown", "superseded", DEPENDS_ON_REFUSED];
/// The one that a device finds by itself: what it waited for was refused.
const DEPENDS_ON_REFUSED: &str = "depends_on_refused";

/// After healing, when nothing is under way any more.
pub fn judge(backend: &mut dyn Backend, tablets: &mut [Tablet], restored: bool) -> Result<(), Violation> {
    let packs: BTreeMap<PackHash, PolicyPack> =
        backend.cast().packs().into_iter().map(|(hash, pack)| (hash, pack.clone())).collect();
    let (observed, revoked) = (backend.observe(), backend.revoked());
    for tablet in tablets.iter_mut() {
        tablet.check_promises()?;
        let is_revoked = revoked.contains(&tablet.enrolled.device_id);
        operations_agree(tablet, &observed, restored, is_revoked)?;
        if !is_revoked {
            photos_agree(tablet, &observed)?;
        }
    }
    cases_follow(&observed, &packs)?;
    ledger_follows(&observed, &packs)?;
    keys_are_unique(&observed)?;
    months_stay(&observed)?;
    for tablet in tablets.iter_mut().filter(|tablet| !revoked.contains(&tablet.enrolled.device_id)) {
        let direct = backend.held_by(tablet.enrolled.user_id);
        let held = held(tablet);
        if held != direct {
            let what = difference(&held, &direct);
            return Err(Property::DevicesEqualTheirScope.broken(format!("tablet {}: {what}", tablet.number)));
        }
    }
    Ok(())
}

fn operations_agree(
    tablet: &Tablet,
    observed: &Observed,
    restored: bool,
    revoked: bool,
) -> Result<(), Violation> {
    for entry in tablet.operations() {
        let stored = observed.operations.get(&entry.op_id);
        let about = |what: &str| format!("tablet {}: {} {} {what}", tablet.number, entry.kind, entry.op_id);
        match &entry.state {
            OperationState::Waiting | OperationState::Held(_) if revoked => {}
            OperationState::Quarantined { .. } if revoked => {
                let promised = tablet.promises.recorded.get(&entry.op_id);
                let kept = stored.is_some_and(|(sha256, outcome)| {
                    outcome.is_none() && promised.is_none_or(|promised| promised == sha256)
                });
                Property::NothingOfARevokedDeviceIsLost.check(kept, || about("is not in quarantine"))?;
            }
            OperationState::Waiting | OperationState::Held(_) | OperationState::Quarantined { .. } => {
                return Err(Property::EveryQueueEmpties.broken(about(&format!("{:?}", entry.state))));
            }
            OperationState::Applied { .. } => {
                let Some((sha256, outcome)) = stored else {
                    return Err(Property::NothingAcknowledgedIsLost.broken(about("is not on the server")));
                };
                let applied = matches!(outcome, Some(Outcome::Applied));
                Property::NothingAcknowledgedIsLost.check(applied, || about(&format!("is {outcome:?}")))?;
                let promised = tablet.promises.recorded.get(&entry.op_id);
                let same = promised.is_none_or(|promised| promised == sha256);
                Property::NothingAcknowledgedIsLost.check(same, || about("has other bytes"))?;
            }
            OperationState::Refused(rejection) => {
                // What a backup does not know was refused by a server that is gone.
                let own = rejection.code.as_str() == DEPENDS_ON_REFUSED;
                let known = own || restored || matches!(stored, Some((_, Some(Outcome::Rejected(_)))));
                Property::NothingRecordedIsLost.check(known, || about("is refused here and not there"))?;
                let reason = REASONS.contains(&rejection.code.as_str());
                Property::RefusalsHaveAReason.check(reason, || about(rejection.code.as_str()))?;
                let before = tablet.promises.acknowledged.contains(&entry.op_id);
                let turned = before && !restored;
                Property::NothingAcknowledgedIsLost
                    .check(!turned, || about("was applied, and is refused"))?;
            }
        }
    }
    Ok(())
}

/// The photos of what was applied are verified.
fn photos_agree(tablet: &Tablet, observed: &Observed) -> Result<(), Violation> {
    let own = tablet.store().work.inspections(usize::MAX).unwrap();
    for inspection in own {
        for photo in &inspection.inspection.photos {
            let state = tablet.store().work.photo_state(&photo.sha256).unwrap();
            let verified = matches!(state, Some(PhotoState::Verified { .. }));
            let there = observed.photos.contains(&photo.sha256);
            Property::EveryPhotoArrives.check(verified && there, || {
                format!(
                    "tablet {}: photo {} is {state:?}, on the server: {there}",
                    tablet.number, photo.sha256
                )
            })?;
        }
    }
    Ok(())
}

/// The charges of an inspection: unit and amount by case and charge.
type Charges = BTreeMap<CaseId, BTreeMap<ChargeId, (UnitId, Option<i64>)>>;

fn charges_of(
    observed: &Observed,
    packs: &BTreeMap<PackHash, PolicyPack>,
    inspection: sync_core::ids::InspectionId,
) -> Charges {
    let Some(inspection) = observed.inspections.get(&inspection) else { return Charges::new() };
    let pack = inspection.context.pack.as_ref().and_then(|pack| packs.get(&pack.hash));
    let evaluation = evaluate(pack, inspection, &PriorFacts::default());
    let unit = inspection.context.unit_id;
    let of_case = |case: sync_core::evaluate::ProposedCase| {
        let charges = case.charges.into_iter();
        let charges = charges.map(|c| (c.charge_id, (unit, c.amount.fen().map(|fen| fen.get())))).collect();
        (case.case_id, charges)
    };
    evaluation.cases.into_iter().map(of_case).collect()
}

/// Every case stands on an accepted inspection, and an undecided one is charged what that one says.
fn cases_follow(observed: &Observed, packs: &BTreeMap<PackHash, PolicyPack>) -> Result<(), Violation> {
    let property = Property::TheLedgerFollowsFromInspectionsAndDecisions;
    let mut expected: BTreeSet<CaseId> = BTreeSet::new();
    for id in observed.inspections.keys() {
        expected.extend(charges_of(observed, packs, *id).into_keys());
    }
    let found: BTreeSet<CaseId> = observed.cases.iter().map(|case| case.case_id).collect();
    property.check(found == expected, || {
        let missing = expected.difference(&found).count();
        let unexplained = found.difference(&expected).count();
        format!("{missing} cases are missing, {unexplained} follow from no inspection")
    })?;
    for case in &observed.cases {
        let mut charges = charges_of(observed, packs, case.inspection_id);
        let expected = charges.remove(&case.case_id).unwrap_or_default();
        let undecided = matches!(
            case.state,
            ReviewState::AwaitingEvidence | ReviewState::UnderReview | ReviewState::Returned
        );
        let live = case.charges.iter().filter(|(_, (_, state))| *state != ChargeState::Void);
        let live: BTreeMap<ChargeId, Option<i64>> = live.map(|(id, (amount, _))| (*id, *amount)).collect();
        let wanted: BTreeMap<ChargeId, Option<i64>> =
            expected.into_iter().map(|(id, (_, amount))| (id, amount)).collect();
        let right = match case.state {
            ReviewState::Dismissed | ReviewState::Merged => live.is_empty(),
            _ if undecided => live == wanted,
            _ => true,
        };
        property.check(right, || {
            format!(
                "case {} ({:?}) has charges {live:?}, its inspection says {wanted:?}",
                case.case_id, case.state
            )
        })?;
    }
    Ok(())
}

/// What stands in the ledger is what the last decisions on accepted inspections say, to the fen.
fn ledger_follows(observed: &Observed, packs: &BTreeMap<PackHash, PolicyPack>) -> Result<(), Violation> {
    let property = Property::TheLedgerFollowsFromInspectionsAndDecisions;
    let numbers: Vec<i64> = observed.decisions.iter().map(|decision| decision.number).collect();
    let gapless: Vec<i64> = (1..).take(numbers.len()).collect();
    property.check(numbers == gapless, || format!("decisions are numbered {numbers:?}"))?;
    let mut expected: BTreeMap<CaseId, BTreeMap<(ChargeId, UnitId), i64>> = BTreeMap::new();
    for decision in &observed.decisions {
        let Some((case, basis)) = &decision.case else { continue };
        match decision.kind.as_str() {
            "confirm" => {
                let basis = basis.ok_or_else(|| property.broken("a confirmation without its inspection"))?;
                let charges = charges_of(observed, packs, basis).remove(case).unwrap_or_default();
                let amounts = charges.into_iter();
                let amounts =
                    amounts.filter_map(|(id, (unit, amount))| Some(((id, unit), amount?))).collect();
                expected.insert(*case, amounts);
            }
            "dismiss" => {
                expected.remove(case);
            }
            "re_attribute" => {
                let to = decision.unit.ok_or_else(|| property.broken("a case went to no unit"))?;
                let amounts = expected.remove(case).unwrap_or_default().into_iter();
                expected.insert(*case, amounts.map(|((charge, _), amount)| ((charge, to), amount)).collect());
            }
            _ => {}
        }
    }
    let expected: BTreeMap<(ChargeId, UnitId), i64> =
        expected.into_values().flatten().filter(|(_, amount)| *amount != 0).collect();
    let mut standing: BTreeMap<(ChargeId, UnitId), i64> = BTreeMap::new();
    for entry in &observed.entries {
        *standing.entry((entry.charge, entry.unit)).or_default() += entry.amount;
    }
    standing.retain(|_, amount| *amount != 0);
    property.check(standing == expected, || {
        format!("the ledger stands at {standing:?}, decisions on inspections say {expected:?}")
    })
}

fn keys_are_unique(observed: &Observed) -> Result<(), Violation> {
    let (mut deductions, mut reversed) = (BTreeSet::new(), BTreeSet::new());
    for (place, entry) in (1..).zip(&observed.entries) {
        let in_order = entry.number == place;
        Property::OneChargePerKey.check(in_order, || format!("entry {} at place {place}", entry.number))?;
        let once = match (entry.kind.as_str(), entry.reverses) {
            ("deduction", _) => deductions.insert((entry.charge, entry.posting)),
            (_, Some(reverses)) => reversed.insert(reverses),
            _ => true,
        };
        Property::OneChargePerKey
            .check(once, || format!("entry {} is one too many: {entry:?}", entry.number))?;
    }
    Ok(())
}

/// An entry of a decision after the closing is in a month that was open then.
fn months_stay(observed: &Observed) -> Result<(), Violation> {
    let closed: BTreeMap<Month, i64> =
        observed.decisions.iter().filter_map(|decision| Some((decision.month?, decision.number))).collect();
    for entry in &observed.entries {
        let late = closed.get(&entry.period).is_some_and(|closing| *closing < entry.decision);
        Property::AClosedMonthStays.check(!late, || format!("{entry:?} stands in a month closed before"))?;
    }
    Ok(())
}

/// What a tablet holds, read from its file.
fn held(tablet: &mut Tablet) -> Holding {
    let master = tablet.shut_down().join("master.db");
    let connection = Connection::open(master).unwrap();
    let mut statement = connection.prepare("SELECT entity, id, json FROM pulled").unwrap();
    let rows = statement.query_map([], |row| Ok((row.get(0)?, row.get(1)?, row.get(2)?))).unwrap();
    rows.map(|row| {
        let (kind, id, json): (String, String, String) = row.unwrap();
        let row = serde_json::from_str(&json).unwrap();
        let essence = essence(&kind, &row);
        ((kind, id), essence)
    })
    .collect()
}

fn difference(held: &Holding, direct: &Holding) -> String {
    let missing = direct.iter().find(|(key, _)| !held.contains_key(*key));
    let surplus = held.iter().find(|(key, _)| !direct.contains_key(*key));
    let other = direct.iter().find(|(key, row)| held.get(*key).is_some_and(|held| held != *row));
    let stale = other.and_then(|(key, _)| held.get(key));
    format!("missing {missing:?}, too much {surplus:?}, other {other:?} held as {stale:?}")
}

/// After healing a round has nothing left to do.
pub fn is_idle(report: &SyncReport) -> bool {
    report.waiting_operations == 0
        && report.waiting_photos == 0
        && report.unjudged_photos == 0
        && report.failures.is_empty()
        && !report.stopped
}
