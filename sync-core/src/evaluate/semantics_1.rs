//! Semantics 1: how a checklist becomes cases and charges. Packs that name it are judged by it for ever; a change
//! of meaning is `semantics_2`, never an edit here.
//!
//! A question failed if any of its answers failed. A failed question is charged unless, in this order: the
//! register rules it out, the draft was not adopted, the level is not charged, the place lies outside the item's
//! zone, a fact is unknown or otherwise, or the document names no money. What is left is charged by the item's
//! count: the case once, for the first such question of the checklist; each question; or each fire point.

use std::collections::{BTreeMap, BTreeSet};

use super::PriorFacts;
use super::evidence::Evidence;
use super::outcome::{ChargeAmount, Evaluation, NonCharge, ProposedCase, ProposedCharge, StopWork};
use super::reason::{ChargeReason, NamedFact, NonChargeReason};
use crate::ids::{CaseId, ChargeId, FactCode, MeasureKey, QuestionCode};
use crate::model::assignment::DiscoveryLevel;
use crate::model::inspection::{Answer, Inspection, Verdict};
use crate::model::target::FactValue;
use crate::policy::{Amount, Condition, CountUnit, Item, Kind, PolicyPack, Question, Semantics, Status};

/// The number of a fire that was not counted (reading: it is one point).
const UNCOUNTED_POINT: u16 = 1;

/// The answer where no pack is in force: nothing can be judged, everything is listed.
pub(super) fn without_pack(inspection: &Inspection) -> Evaluation {
    let questions: BTreeSet<_> = inspection.answers.iter().map(|answer| &answer.question).collect();
    Evaluation {
        semantics: Semantics::V1,
        pack: None,
        cases: Vec::new(),
        non_charges: all_because(questions, &NonChargeReason::NoPackInForce),
    }
}

/// Judges an inspection by a pack of semantics 1.
pub(super) fn judge(pack: &PolicyPack, inspection: &Inspection, prior: &PriorFacts) -> Evaluation {
    let given = Given::of(&inspection.answers);
    let mut evaluation = Evaluation {
        semantics: Semantics::V1,
        pack: Some(pack.reference()),
        cases: Vec::new(),
        non_charges: Vec::new(),
    };
    let Some(kind) = pack.kind(&inspection.kind) else {
        evaluation.non_charges = all_because(given.0.into_keys(), &NonChargeReason::UnknownKind);
        return evaluation;
    };
    let visit = Visit { pack, kind, inspection, prior, given };
    evaluation.cases = pack.items().iter().filter_map(|item| visit.case(item)).collect();
    evaluation.non_charges = visit.not_failed();
    evaluation
}

fn all_because<'q>(
    questions: impl IntoIterator<Item = &'q QuestionCode>,
    reason: &NonChargeReason,
) -> Vec<NonCharge> {
    let because = |question: &QuestionCode| NonCharge { question: question.clone(), reason: reason.clone() };
    questions.into_iter().map(because).collect()
}

/// Answers by question, whatever their order and however often a question was answered.
struct Given<'a>(BTreeMap<&'a QuestionCode, Vec<&'a Answer>>);

impl<'a> Given<'a> {
    fn of(answers: &'a [Answer]) -> Self {
        let mut by_question: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for answer in answers {
            by_question.entry(&answer.question).or_default().push(answer);
        }
        Self(by_question)
    }

    fn has(&self, question: &QuestionCode, verdict: Verdict) -> bool {
        self.0.get(question).is_some_and(|answers| answers.iter().any(|a| a.verdict == verdict))
    }

    /// The numbers of the fire points of a failed question, in order.
    fn points(&self, question: &QuestionCode) -> BTreeSet<u16> {
        let failed = self.0.get(question).into_iter().flatten().filter(|a| a.verdict == Verdict::Fail);
        let numbers: BTreeSet<_> = failed.flat_map(|a| a.points.iter().map(|point| point.number)).collect();
        if numbers.is_empty() { BTreeSet::from([UNCOUNTED_POINT]) } else { numbers }
    }
}

struct Visit<'a> {
    pack: &'a PolicyPack,
    kind: &'a Kind,
    inspection: &'a Inspection,
    prior: &'a PriorFacts,
    given: Given<'a>,
}

impl Visit<'_> {
    /// The case of an item, if any of its questions failed.
    fn case(&self, item: &Item) -> Option<ProposedCase> {
        let failed: Vec<&Question> = self
            .kind
            .questions
            .iter()
            .filter(|question| question.item == item.code && self.given.has(&question.code, Verdict::Fail))
            .collect();
        if failed.is_empty() {
            return None;
        }
        let mut case = ProposedCase {
            case_id: CaseId::derive(self.inspection.lineage, &item.code),
            item: item.code.clone(),
            zh: item.zh.clone(),
            en: item.en.clone(),
            charges: Vec::new(),
            non_charges: Vec::new(),
            evidence: Evidence::gather(
                item.photos,
                failed.iter().map(|question| &question.code),
                &self.inspection.photos,
            ),
            stop_work: self.stop_work(item),
        };
        for question in failed {
            match self.amount(item, question) {
                Ok(amount) => self.charge(&mut case, item, question, amount),
                Err(reason) => case.non_charges.push(NonCharge { question: question.code.clone(), reason }),
            }
        }
        Some(case)
    }

    fn charge(&self, case: &mut ProposedCase, item: &Item, question: &Question, amount: ChargeAmount) {
        let counted: Vec<(MeasureKey, ChargeReason)> = match item.count {
            CountUnit::Case if case.charges.is_empty() => vec![(MeasureKey::case(), ChargeReason::Found)],
            CountUnit::Case => {
                let reason = NonChargeReason::CountedOnce;
                case.non_charges.push(NonCharge { question: question.code.clone(), reason });
                Vec::new()
            }
            CountUnit::Measure => {
                vec![(MeasureKey::measure(&question.code), ChargeReason::MeasureFailed)]
            }
            CountUnit::FirePoint => {
                let point = |number| (MeasureKey::point(number), ChargeReason::FirePoint { number });
                self.given.points(&question.code).into_iter().map(point).collect()
            }
        };
        let clause = self.pack.citation(&item.clause);
        case.charges.extend(counted.into_iter().map(|(measure, reason)| ProposedCharge {
            charge_id: ChargeId::derive(case.case_id, &measure),
            measure,
            question: question.code.clone(),
            amount,
            clause: clause.clone(),
            reason,
        }));
    }

    /// What one count of a failed question costs, or why nothing.
    fn amount(&self, item: &Item, question: &Question) -> Result<ChargeAmount, NonChargeReason> {
        let context = &self.inspection.context;
        if let Some(condition) = &question.not_applicable
            && condition.holds(self.fact(condition)) == Some(true)
        {
            return Err(NonChargeReason::RuledOut { fact: self.named(&condition.fact) });
        }
        if self.pack.document().status == Status::Draft && context.pack.is_none() {
            return Err(NonChargeReason::DraftNotAdopted);
        }
        if !self.level_is_charged() {
            return Err(match context.level {
                DiscoveryLevel::SelfCheck => NonChargeReason::SelfCheck,
                level => NonChargeReason::LevelNotChargeable { level },
            });
        }
        if let Some(zone) = item.zone.filter(|zone| !context.zones.contains(zone)) {
            return Err(NonChargeReason::OutsideZone { zone });
        }
        for condition in &item.conditions {
            let fact = self.named(&condition.fact);
            match condition.holds(self.fact(condition)) {
                Some(true) => {}
                Some(false) => {
                    return Err(NonChargeReason::ConditionNotMet { fact, test: condition.test.clone() });
                }
                None => return Err(NonChargeReason::FactUnknown { fact }),
            }
        }
        match item.amount {
            Amount::Fixed(fen) => Ok(ChargeAmount::Fixed(fen)),
            Amount::Entered => Ok(ChargeAmount::Entered),
            Amount::Accountability => Err(NonChargeReason::AccountabilityOnly),
            Amount::None => Err(NonChargeReason::NoAmount),
        }
    }

    fn level_is_charged(&self) -> bool {
        self.pack.content().charging.levels.contains(&self.inspection.context.level)
    }

    fn fact(&self, condition: &Condition) -> Option<&FactValue> {
        self.inspection.context.target.as_ref()?.facts.get(&condition.fact)
    }

    fn named(&self, code: &FactCode) -> NamedFact {
        let (zh, en) =
            self.kind.fact(code).map(|fact| (fact.zh.clone(), fact.en.clone())).unwrap_or_default();
        NamedFact { code: code.clone(), zh, en }
    }

    /// The order that confirmation would lead to: only on a target, and only for findings of a charged level.
    fn stop_work(&self, item: &Item) -> Option<StopWork> {
        let ladder = item.stop_work.as_ref().filter(|_| self.level_is_charged())?;
        self.inspection.context.target.as_ref()?;
        let earlier = self.prior.confirmed.get(&item.code).copied().unwrap_or_default();
        let step = ladder.steps.get(usize::try_from(earlier).unwrap_or(usize::MAX));
        let period = *step.or_else(|| ladder.steps.last())?;
        let clause = self.pack.citation(&ladder.clause);
        Some(StopWork { occurrence: earlier.saturating_add(1), period, clause })
    }

    /// Every question of the checklist that did not fail, then every answer to a question that it does not have.
    fn not_failed(&self) -> Vec<NonCharge> {
        let known = self.kind.questions.iter().filter_map(|question| {
            let reason = if self.given.has(&question.code, Verdict::Fail) {
                return None;
            } else if self.given.has(&question.code, Verdict::Pass) {
                NonChargeReason::Passed
            } else if self.given.has(&question.code, Verdict::NotApplicable) {
                NonChargeReason::NotApplicable
            } else {
                NonChargeReason::NotAnswered
            };
            Some(NonCharge { question: question.code.clone(), reason })
        });
        let unknown = self.given.0.keys().filter(|code| self.kind.question(code).is_none());
        known.chain(all_because(unknown.copied(), &NonChargeReason::UnknownQuestion)).collect()
    }
}
