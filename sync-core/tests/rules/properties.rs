//! What holds of every inspection, however it was filled in.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use sync_core::evaluate::{Evaluation, PriorFacts, check, evaluate};
use sync_core::ids::{ChargeId, InspectionId};
use sync_core::model::assignment::DiscoveryLevel;
use sync_core::model::inspection::{Answer, FirePoint, Inspection, Verdict};
use sync_core::model::target::FactValue;
use sync_core::model::zone::ZoneKind;
use sync_core::money::Fen;
use sync_core::policy::{Amount, Kind, PolicyPack, builtin_packs};

use crate::visit::visit;

static PACKS: LazyLock<Vec<PolicyPack>> = LazyLock::new(|| {
    builtin_packs().iter().map(|pack| PolicyPack::load(pack.source, pack.file).unwrap()).collect()
});

fn verdict() -> impl Strategy<Value = Verdict> {
    select(vec![Verdict::Pass, Verdict::Fail, Verdict::NotApplicable])
}

fn points() -> impl Strategy<Value = Vec<FirePoint>> {
    vec(0_u16..6, 0..4)
        .prop_map(|numbers| numbers.into_iter().map(|number| FirePoint { number, point: None }).collect())
}

fn fact() -> impl Strategy<Value = FactValue> {
    prop_oneof![
        any::<bool>().prop_map(FactValue::Flag),
        any::<f64>().prop_map(FactValue::Number),
        (0.0..20_000.0).prop_map(FactValue::Number),
        select(vec!["municipal", "demolition", "坏"]).prop_map(|text| FactValue::Text(text.into())),
    ]
}

/// Answers to this checklist, some twice and some to questions of other kinds, in any order.
fn answers(kind: &Kind) -> impl Strategy<Value = Vec<Answer>> + use<> {
    let mut codes: Vec<_> = kind.questions.iter().map(|question| question.code.clone()).collect();
    codes.push("no_such_question".parse().unwrap());
    vec((select(codes), verdict(), points()), 0..16).prop_map(|answers| {
        let answer = |(question, verdict, points)| Answer { question, verdict, note: String::new(), points };
        answers.into_iter().map(answer).collect()
    })
}

/// A pack and an inspection of one of its kinds (seldom of another) in any context.
fn judged() -> impl Strategy<Value = (&'static PolicyPack, Inspection)> {
    (any::<Index>(), any::<Index>()).prop_flat_map(|(pack, kind)| {
        let pack = pack.get(&PACKS);
        let kind = kind.get(pack.kinds());
        let code = prop_oneof![9 => Just(kind.code.to_string()), 1 => Just("no_such_kind".to_owned())];
        let fact_codes: Vec<_> = kind.facts.iter().map(|fact| fact.code.clone()).collect();
        let facts = if fact_codes.is_empty() {
            Just(BTreeMap::new()).boxed()
        } else {
            btree_map(select(fact_codes), fact(), 0..4).boxed()
        };
        let level =
            select(vec![DiscoveryLevel::District, DiscoveryLevel::Provincial, DiscoveryLevel::SelfCheck]);
        let zones = vec(select(vec![ZoneKind::BuiltUpArea, ZoneKind::NoBurn]), 0..3);
        (answers(kind), code, option::of(facts), level, zones, any::<bool>()).prop_map(
            move |(answers, code, facts, level, zones, adopted)| {
                let mut inspection = visit(pack, &code);
                inspection.answers = answers;
                inspection.context.level = level;
                inspection.context.zones = zones;
                inspection.context.pack = inspection.context.pack.filter(|_| adopted);
                match facts {
                    Some(facts) => inspection.context.target.as_mut().unwrap().facts = facts,
                    None => inspection.context.target = None,
                }
                (pack, inspection)
            },
        )
    })
}

fn of(pack: &PolicyPack, inspection: &Inspection) -> Evaluation {
    evaluate(Some(pack), inspection, &PriorFacts::default())
}

fn charge_ids(evaluation: &Evaluation) -> BTreeSet<ChargeId> {
    evaluation.charges().map(|charge| charge.charge_id).collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(256))]

    /// Each question asked or answered is accounted for: charged, or listed once with why not.
    #[test]
    fn every_question_is_charged_or_has_one_reason_why_not((pack, inspection) in judged()) {
        let evaluation = of(pack, &inspection);
        let charged: BTreeSet<_> = evaluation.charges().map(|charge| &charge.question).collect();
        let in_cases = evaluation.cases.iter().flat_map(|case| &case.non_charges);
        let refused: Vec<_> = in_cases.chain(&evaluation.non_charges).map(|listed| &listed.question).collect();
        let mut accounted: Vec<_> = charged.into_iter().chain(refused).collect();
        let kind = pack.kind(&inspection.kind);
        let checklist = kind.into_iter().flat_map(|kind| &kind.questions).map(|question| &question.code);
        let answered = inspection.answers.iter().map(|answer| &answer.question);
        let expected: BTreeSet<_> = checklist.chain(answered).collect();
        accounted.sort();
        prop_assert_eq!(accounted, expected.into_iter().collect::<Vec<_>>());
    }

    #[test]
    fn a_case_and_measure_is_charged_once((pack, inspection) in judged()) {
        let evaluation = of(pack, &inspection);
        prop_assert_eq!(charge_ids(&evaluation).len(), evaluation.charges().count());
        let cases: BTreeSet<_> = evaluation.cases.iter().map(|case| case.case_id).collect();
        prop_assert_eq!(cases.len(), evaluation.cases.len());
    }

    #[test]
    fn the_order_of_answers_does_not_matter(
        ((pack, inspection), shuffled) in judged().prop_flat_map(|(pack, inspection)| {
            let answers = Just(inspection.answers.clone()).prop_shuffle();
            (Just((pack, inspection)), answers)
        })
    ) {
        let reordered = Inspection { answers: shuffled, ..inspection.clone() };
        prop_assert_eq!(of(pack, &reordered), of(pack, &inspection));
    }

    #[test]
    fn what_passed_or_does_not_apply_never_makes_a_case((pack, mut inspection) in judged()) {
        for answer in inspection.answers.iter_mut().filter(|answer| answer.verdict == Verdict::Fail) {
            answer.verdict = Verdict::Pass;
        }
        prop_assert_eq!(of(pack, &inspection).cases, vec![]);
    }

    #[test]
    fn a_further_passed_question_changes_no_case((pack, inspection) in judged(), which in any::<Index>()) {
        let Some(kind) = pack.kind(&inspection.kind) else { return Ok(()) };
        let question = which.get(&kind.questions).code.clone();
        let mut more = inspection.clone();
        more.answers.push(Answer { question, verdict: Verdict::Pass, note: String::new(), points: vec![] });
        prop_assert_eq!(of(pack, &more).cases, of(pack, &inspection).cases);
    }

    #[test]
    fn the_total_is_each_items_count_times_its_amount((pack, inspection) in judged()) {
        let evaluation = of(pack, &inspection);
        let mut total = 0;
        for case in &evaluation.cases {
            let count = i64::try_from(case.charges.len()).unwrap();
            match pack.item(&case.item).unwrap().amount {
                Amount::Fixed(fen) => total += count * fen.get(),
                Amount::Entered => {}
                Amount::Accountability | Amount::None => prop_assert_eq!(count, 0),
            }
        }
        prop_assert_eq!(evaluation.total(), Some(Fen::new(total)));
    }

    #[test]
    fn only_charged_levels_and_adopted_documents_cost_anything((pack, mut inspection) in judged()) {
        inspection.context.level = DiscoveryLevel::SelfCheck;
        prop_assert_eq!(of(pack, &inspection).charges().count(), 0);
    }

    /// A correction that finds more keeps every case and charge of the inspection it replaces.
    #[test]
    fn a_correction_keeps_the_ids_of_what_it_keeps(
        ((pack, inspection), more) in judged().prop_flat_map(|(pack, inspection)| {
            let kind = pack.kind(&inspection.kind).unwrap_or(&pack.kinds()[0]);
            let more = answers(kind);
            (Just((pack, inspection)), more)
        })
    ) {
        let before = of(pack, &inspection);
        let mut correction = inspection.clone();
        correction.replaces = Some(inspection.inspection_id);
        correction.inspection_id = InspectionId::fresh();
        correction.answers.extend(more.into_iter().map(|answer| Answer { points: vec![], ..answer }));
        let after = of(pack, &correction);
        let uncounted = inspection.answers.iter().all(|answer| answer.points.is_empty());
        let cases = |evaluation: &Evaluation| -> BTreeSet<_> {
            evaluation.cases.iter().map(|case| case.case_id).collect()
        };
        prop_assert!(cases(&before).is_subset(&cases(&after)));
        prop_assert!(!uncounted || charge_ids(&before).is_subset(&charge_ids(&after)));
        let renamed = Inspection { answers: inspection.answers, ..correction };
        prop_assert_eq!(of(pack, &renamed), before);
    }

    #[test]
    fn a_checklist_walked_once_is_never_refused((pack, mut inspection) in judged()) {
        prop_assume!(pack.kind(&inspection.kind).is_some());
        let mut answered = BTreeSet::new();
        inspection.answers.retain(|answer| {
            answer.question.as_str() != "no_such_question" && answered.insert(answer.question.clone())
        });
        for answer in &mut inspection.answers {
            for (number, point) in (1..).zip(&mut answer.points) {
                point.number = number;
            }
        }
        prop_assert_eq!(check(Some(pack), &inspection), vec![]);
    }
}
