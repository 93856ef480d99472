//! What a decision may record of a case: what the evaluator says of its inspection, and beyond that only what people
//! named in a decision made for it.
//!
//! | may differ from the inspection | once decided by |
//! | --- | --- |
//! | unit | re-attribute, merge, re-evaluate, adjust |
//! | pack version, level | re-evaluate, adjust |
//! | amount | enter amounts, adjust, appeal reduced; with re-evaluate and accepted corrections, where the pack names none |
//! | charges beyond it or otherwise | merge; what an absorbed case found stays as it stood |
//! | charges left out | dismiss, merge, adjust, appeal reduced or reversed |

use std::collections::{BTreeMap, BTreeSet};

use sync_core::evaluate::{ChargeAmount, PriorFacts, ProposedCharge, evaluate};
use sync_core::ids::{CaseId, ChargeId, InspectionId, MeasureKey, PackHash, UnitId};
use sync_core::model::assignment::DiscoveryLevel;
use sync_core::model::decision::DecisionKind;
use sync_core::model::inspection::PackRef;
use sync_core::money::Fen;

use super::{Accepted, Evidence};
use crate::ledger::basis::{CaseBasis, ChargeBasis};
use crate::ledger::moves::CaseMoney;

/// Why what a decision recorded does not follow.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum BasisFault {
    /// There is no such accepted inspection.
    #[error("there is no inspection {0}")]
    InspectionUnknown(InspectionId),
    /// There is no such pack version.
    #[error("there is no pack {0}")]
    PackUnknown(PackHash),
    /// The case is not the inspection's.
    #[error("the case is not one of inspection {0}")]
    OtherCase(InspectionId),
    /// Nobody decided for this unit.
    #[error("unit {0} is neither sealed nor decided")]
    Unit(UnitId),
    /// Nobody decided for this pack version.
    #[error("the pack version is neither sealed nor decided")]
    Pack,
    /// Nobody decided for this level.
    #[error("level {level} is neither sealed nor decided", level = .0.code())]
    Level(DiscoveryLevel),
    /// A charge is not the case's.
    #[error("charge {0} is not derived from the case")]
    OtherCharge(ChargeId),
    /// A charge does not follow from the inspection.
    #[error("the inspection does not lead to a charge for {0}")]
    ChargeBeyond(MeasureKey),
    /// A charge that follows is left out.
    #[error("the charge for {0} is left out")]
    ChargeLeftOut(MeasureKey),
    /// Nobody decided for this amount.
    #[error("the amount for {0} is neither the pack's nor decided")]
    Amount(MeasureKey),
    /// Clause or pack version of a charge are not the pack's.
    #[error("the clause for {0} is not the pack's")]
    Clause(MeasureKey),
}

/// What people decided for a case beyond its inspection.
#[derive(Debug, Default)]
pub(super) struct Past {
    units: BTreeSet<UnitId>,
    packs: Vec<Option<PackHash>>,
    levels: BTreeSet<DiscoveryLevel>,
    amounts: BTreeMap<MeasureKey, Option<Fen>>,
    beyond: BTreeSet<MeasureKey>,
    left_out: BTreeSet<MeasureKey>,
}

impl Past {
    /// Holds what a decision recorded against its inspection, and remembers what it decided beyond.
    pub(super) fn check(
        &mut self,
        kind: DecisionKind,
        basis: &CaseBasis,
        accepted: &Accepted,
        evidence: &Evidence,
        stands: &CaseMoney,
    ) -> Result<(), BasisFault> {
        let inspection = &accepted.inspection;
        if CaseId::derive(inspection.lineage, &basis.item) != basis.case_id {
            return Err(BasisFault::OtherCase(inspection.inspection_id));
        }
        self.remember(kind, basis);
        let context = &inspection.context;
        if basis.unit_id != context.unit_id && !self.units.contains(&basis.unit_id) {
            return Err(BasisFault::Unit(basis.unit_id));
        }
        if basis.level != context.level && !self.levels.contains(&basis.level) {
            return Err(BasisFault::Level(basis.level));
        }
        let sealed = context.pack.as_ref().map(|pack| &pack.hash);
        if basis.pack_hash.as_ref() != sealed && !self.packs.contains(&basis.pack_hash) {
            return Err(BasisFault::Pack);
        }
        let expected = proposed(basis, accepted, evidence)?;
        for charge in &basis.charges {
            self.check_charge(kind, basis, charge, &expected, stands)?;
        }
        let named: BTreeSet<&MeasureKey> = basis.charges.iter().map(|charge| &charge.measure).collect();
        let missing =
            expected.iter().map(|charge| &charge.measure).filter(|measure| !named.contains(measure));
        for measure in missing {
            if leaves_out(kind) {
                self.left_out.insert(measure.clone());
            } else if !self.left_out.contains(measure) {
                return Err(BasisFault::ChargeLeftOut(measure.clone()));
            }
        }
        Ok(())
    }

    fn remember(&mut self, kind: DecisionKind, basis: &CaseBasis) {
        use DecisionKind::{Adjust, Merge, ReAttribute, ReEvaluate};
        if matches!(kind, ReAttribute | Merge | ReEvaluate | Adjust) {
            self.units.insert(basis.unit_id);
        }
        if matches!(kind, ReEvaluate | Adjust) {
            self.packs.push(basis.pack_hash.clone());
            self.levels.insert(basis.level);
        }
    }

    fn check_charge(
        &mut self,
        kind: DecisionKind,
        basis: &CaseBasis,
        charge: &ChargeBasis,
        expected: &[ProposedCharge],
        stands: &CaseMoney,
    ) -> Result<(), BasisFault> {
        let measure = &charge.measure;
        if ChargeId::derive(basis.case_id, measure) != charge.charge_id {
            return Err(BasisFault::OtherCharge(charge.charge_id));
        }
        let proposed = expected.iter().find(|proposed| proposed.measure == *measure);
        if names_amount(kind, proposed) {
            self.amounts.insert(measure.clone(), charge.amount);
        }
        let fault = self.charge_fault(basis, charge, proposed);
        let merges = kind == DecisionKind::Merge;
        if merges && charge.merged_from.is_some() {
            self.beyond.insert(measure.clone());
        }
        if fault.is_none() {
            return Ok(());
        }
        if merges {
            self.beyond.insert(measure.clone());
            self.amounts.insert(measure.clone(), charge.amount);
        }
        let decided = self.amounts.get(measure) == Some(&charge.amount);
        let merged = self.beyond.contains(measure) && (decided || as_it_stood(charge, stands));
        fault.filter(|_| !merged).map_or(Ok(()), Err)
    }

    /// Why a charge is not the one that is proposed.
    fn charge_fault(
        &self,
        basis: &CaseBasis,
        charge: &ChargeBasis,
        proposed: Option<&ProposedCharge>,
    ) -> Option<BasisFault> {
        let measure = &charge.measure;
        let Some(proposed) = proposed else { return Some(BasisFault::ChargeBeyond(measure.clone())) };
        if charge.clause != proposed.clause || Some(&charge.pack_hash) != basis.pack_hash.as_ref() {
            return Some(BasisFault::Clause(measure.clone()));
        }
        let by_pack = match proposed.amount {
            ChargeAmount::Fixed(fen) => charge.amount == Some(fen),
            ChargeAmount::Entered => charge.amount.is_none(),
        };
        let decided = self.amounts.get(measure) == Some(&charge.amount);
        (!by_pack && !decided).then(|| BasisFault::Amount(measure.clone()))
    }
}

/// Whether a charge is what was recorded of it last.
fn as_it_stood(charge: &ChargeBasis, stands: &CaseMoney) -> bool {
    stands.charges.iter().any(|before| {
        before.charge_id == charge.charge_id
            && before.amount == charge.amount
            && before.pack_hash == charge.pack_hash
            && before.clause == charge.clause
    })
}

/// Whether a kind of decision names amounts: by hand, or with a judgement where the pack leaves them to the office.
fn names_amount(kind: DecisionKind, proposed: Option<&ProposedCharge>) -> bool {
    use DecisionKind::{AcceptAmendment, Adjust, AppealReduce, EnterAmounts, ReEvaluate};
    match kind {
        EnterAmounts | Adjust | AppealReduce => true,
        ReEvaluate | AcceptAmendment => {
            proposed.is_some_and(|proposed| proposed.amount == ChargeAmount::Entered)
        }
        _ => false,
    }
}

/// Whether a kind of decision may leave out charges that follow from the inspection.
const fn leaves_out(kind: DecisionKind) -> bool {
    matches!(
        kind,
        DecisionKind::Dismiss
            | DecisionKind::Merge
            | DecisionKind::Adjust
            | DecisionKind::AppealReduce
            | DecisionKind::AppealReverse
    )
}

/// What the evaluator says of the case, by the pack and at the level that the basis names; nothing where it was charged
/// on paper.
fn proposed(
    basis: &CaseBasis,
    accepted: &Accepted,
    evidence: &Evidence,
) -> Result<Vec<ProposedCharge>, BasisFault> {
    if accepted.of_the_past {
        return Ok(vec![]);
    }
    let Some(hash) = &basis.pack_hash else { return Ok(vec![]) };
    let pack = evidence.pack(hash).ok_or_else(|| BasisFault::PackUnknown(hash.clone()))?;
    let mut judged = accepted.inspection.clone();
    judged.context.level = basis.level;
    judged.context.pack = Some(PackRef { id: pack.id().clone(), hash: hash.clone() });
    let evaluation = evaluate(Some(pack), &judged, &PriorFacts::default());
    let case = evaluation.cases.into_iter().find(|case| case.case_id == basis.case_id);
    Ok(case.map(|case| case.charges).unwrap_or_default())
}
