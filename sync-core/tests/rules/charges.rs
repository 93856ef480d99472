//! What is charged and why, by example.

use sync_core::evaluate::{
    ChargeAmount, ChargeReason, Evaluation, NonChargeReason, PriorFacts, StopWork, evaluate,
};
use sync_core::ids::{CaseId, ChargeId, MeasureKey};
use sync_core::model::assignment::DiscoveryLevel;
use sync_core::model::inspection::{Inspection, Verdict};
use sync_core::model::target::FactValue;
use sync_core::model::zone::ZoneKind;
use sync_core::policy::{PolicyPack, StopPeriod};

use crate::visit::{Visit, builtin, visit};

fn judged(pack: &PolicyPack, inspection: &Inspection) -> Evaluation {
    evaluate(Some(pack), inspection, &PriorFacts::default())
}

fn yuan(evaluation: &Evaluation) -> i64 {
    evaluation.total().unwrap().get() / 100
}

/// Why a failed question of the only case is not charged.
fn refusal(evaluation: &Evaluation) -> &NonChargeReason {
    assert_eq!(evaluation.cases.len(), 1);
    assert_eq!(evaluation.cases[0].charges, []);
    &evaluation.cases[0].non_charges[0].reason
}

#[test]
fn each_failed_measure_of_a_macun_site_is_charged_100_000_once() {
    let macun = builtin("macun-2024");
    let inspection = visit(&macun, "construction_site")
        .fail("hoarding")
        .fail("material_cover")
        .answer("vehicle_washing", Verdict::Pass)
        .fail("ground_hardening");
    let evaluation = judged(&macun, &inspection);
    assert_eq!(yuan(&evaluation), 300_000);
    let case = &evaluation.cases[0];
    assert_eq!(case.case_id, CaseId::derive(inspection.lineage, &case.item));
    let measures: Vec<_> = case.charges.iter().map(|charge| charge.measure.as_str()).collect();
    assert_eq!(measures, ["hoarding", "material_cover", "ground_hardening"]);
    for charge in &case.charges {
        assert_eq!(charge.charge_id, ChargeId::derive(case.case_id, &charge.measure));
        assert_eq!(charge.reason, ChargeReason::MeasureFailed);
        assert_eq!(charge.clause, "马政〔2024〕5号 三（三）");
    }
}

#[test]
fn a_municipal_site_has_no_wet_demolition_but_a_demolition_site_has() {
    let macun = builtin("macun-2024");
    let site = |site_type: &str| {
        let fact = FactValue::Text(site_type.into());
        judged(&macun, &visit(&macun, "construction_site").fact("site_type", fact).fail("wet_demolition"))
    };
    let municipal = site("municipal");
    let reason = refusal(&municipal);
    assert!(matches!(reason, NonChargeReason::RuledOut { fact } if fact.code.as_str() == "site_type"));
    assert_eq!(reason.zh(), "按台账属性（工地类型）不适用");
    assert_eq!(yuan(&site("demolition")), 100_000);
}

#[test]
fn a_stockpile_is_charged_once_however_many_requirements_failed() {
    let macun = builtin("macun-2024");
    let inspection = visit(&macun, "stockpile").fail("exit_washing").fail("closed_transfer");
    let evaluation = judged(&macun, &inspection);
    let case = &evaluation.cases[0];
    assert_eq!(yuan(&evaluation), 10_000);
    assert_eq!(case.charges[0].measure, MeasureKey::case());
    assert_eq!(case.charges[0].question.as_str(), "closed_transfer", "the first of the checklist");
    assert_eq!(case.non_charges[0].question.as_str(), "exit_washing");
    assert_eq!(case.non_charges[0].reason, NonChargeReason::CountedOnce);
}

#[test]
fn a_self_check_is_recorded_and_not_charged() {
    let macun = builtin("macun-2024");
    let found = |level| judged(&macun, &visit(&macun, "stockpile").level(level).fail("exit_washing"));
    assert_eq!(*refusal(&found(DiscoveryLevel::SelfCheck)), NonChargeReason::SelfCheck);
    let township = DiscoveryLevel::Township;
    assert_eq!(*refusal(&found(township)), NonChargeReason::LevelNotChargeable { level: township });
    for level in [DiscoveryLevel::National, DiscoveryLevel::Provincial, DiscoveryLevel::Municipal] {
        assert_eq!(yuan(&found(level)), 10_000);
    }
}

#[test]
fn an_item_of_a_zone_is_charged_inside_it_only() {
    let macun = builtin("macun-2024");
    let at = |zones: &[ZoneKind]| judged(&macun, &visit(&macun, "other").zones(zones).fail("no_barbecue"));
    assert_eq!(yuan(&at(&[ZoneKind::NoBurn])), 10_000);
    let outside = at(&[ZoneKind::BuiltUpArea]);
    assert_eq!(*refusal(&outside), NonChargeReason::OutsideZone { zone: ZoneKind::NoBurn });
}

#[test]
fn a_boiler_is_charged_up_to_ten_tonnes_and_when_its_tonnage_is_known() {
    let macun = builtin("macun-2024");
    let boiler = |tonnes: f64| {
        let fact = FactValue::Number(tonnes);
        judged(&macun, &visit(&macun, "boiler").fact("boiler_tonnage", fact).fail("no_coal"))
    };
    assert_eq!(yuan(&boiler(10.0)), 100_000);
    let large = boiler(10.5);
    assert!(matches!(refusal(&large), NonChargeReason::ConditionNotMet { .. }));
    assert_eq!(refusal(&large).zh(), "台账属性（锅炉吨位）须不大于 10 才扣缴");
    let spot = judged(&macun, &visit(&macun, "boiler").spot().fail("no_coal"));
    assert!(matches!(refusal(&spot), NonChargeReason::FactUnknown { .. }));
    assert_eq!(refusal(&spot).en(), "Boiler tonnage is not known in the register");
}

#[test]
fn every_question_that_did_not_fail_is_listed_with_its_reason() {
    let macun = builtin("macun-2024");
    let inspection = visit(&macun, "vehicle").answer("licensed", Verdict::Pass).fail("teapot");
    let evaluation = judged(&macun, &inspection);
    assert_eq!(evaluation.cases, []);
    let listed: Vec<_> = evaluation.non_charges.iter().map(|n| (n.question.as_str(), &n.reason)).collect();
    let expected = [
        ("licensed", &NonChargeReason::Passed),
        ("closed_body", &NonChargeReason::NotAnswered),
        ("teapot", &NonChargeReason::UnknownQuestion),
    ];
    assert_eq!(listed, expected);
}

#[test]
fn without_a_pack_in_force_nothing_is_charged_and_everything_is_said() {
    let macun = builtin("macun-2024");
    let evaluation = evaluate(None, &visit(&macun, "vehicle").fail("licensed"), &PriorFacts::default());
    assert_eq!(evaluation.cases, []);
    assert_eq!(evaluation.non_charges[0].reason, NonChargeReason::NoPackInForce);
    let unknown = judged(&macun, &visit(&macun, "teapot").fail("licensed"));
    assert_eq!(unknown.non_charges[0].reason, NonChargeReason::UnknownKind);
}

#[test]
fn photos_count_once_for_their_question_or_for_one_that_lacks_them() {
    let macun = builtin("macun-2024");
    let failed = visit(&macun, "construction_site").fail("hoarding").fail("vehicle_washing");
    let missing = |inspection: &Inspection| judged(&macun, inspection).cases[0].evidence.missing();
    assert_eq!(missing(&failed), 2);
    let two_of_one = failed.clone().photo("a", Some("hoarding")).photo("b", Some("hoarding"));
    assert_eq!(missing(&two_of_one), 1);
    let with_visit = two_of_one.photo("c", None);
    let evidence = judged(&macun, &with_visit).cases[0].evidence.clone();
    assert_eq!((evidence.required(), evidence.missing()), (2, 0));
    assert_eq!(evidence.missing_of(|_| false), 2, "nothing verified yet");
    assert_eq!(missing(&failed.photo("c", None).photo("c", None)), 1, "one photo twice is one photo");
}

#[test]
fn fixed_amounts_are_told_from_entered_ones() {
    let macun = builtin("macun-2024");
    let evaluation = judged(&macun, &visit(&macun, "stockpile").fail("exit_washing"));
    let amount = evaluation.charges().next().unwrap().amount;
    assert_eq!(amount.fen().unwrap().to_string(), "10000.00");
    assert_eq!(ChargeAmount::Entered.fen(), None);
}

#[test]
fn macun_charges_a_straw_fire_by_the_case_whatever_its_points() {
    let macun = builtin("macun-2024");
    let evaluation =
        judged(&macun, &visit(&macun, "straw_point").fail("no_straw_burning").points(&[1, 2, 3]));
    assert_eq!(yuan(&evaluation), 50_000);
}

#[test]
fn each_straw_fire_point_is_charged_500_000_in_xiping_and_zhumadian() {
    for id in ["xiping-2024", "zhumadian-2017"] {
        let pack = builtin(id);
        let fires = |numbers: &[u16]| {
            judged(&pack, &visit(&pack, "straw_point").fail("no_straw_burning").points(numbers))
        };
        assert_eq!(yuan(&fires(&[])), 500_000, "a fire that nobody counted is one point");
        let three = fires(&[3, 1, 2]);
        assert_eq!(yuan(&three), 1_500_000);
        let keys: Vec<_> = three.charges().map(|charge| charge.measure.as_str()).collect();
        assert_eq!(keys, ["point_1", "point_2", "point_3"]);
        assert_eq!(three.cases[0].charges[1].reason, ChargeReason::FirePoint { number: 2 });
        let kept = fires(&[3]);
        assert_eq!(
            kept.cases[0].charges[0], three.cases[0].charges[2],
            "a correction keeps a point's charge"
        );
    }
}

#[test]
fn other_fires_are_charged_100_000_a_point_in_xiping() {
    let xiping = builtin("xiping-2024");
    let inspection = visit(&xiping, "straw_point")
        .fail("no_straw_burning")
        .points(&[1])
        .fail("no_waste_burning")
        .points(&[2, 3]);
    let evaluation = judged(&xiping, &inspection);
    assert_eq!(yuan(&evaluation), 700_000);
    assert_eq!(evaluation.cases.len(), 2);
}

#[test]
fn a_polluted_road_of_mengzhou_is_charged_what_a_supervisor_enters() {
    let mengzhou = builtin("mengzhou-2023");
    let evaluation = judged(&mengzhou, &visit(&mengzhou, "road").fail("not_heavily_polluted"));
    assert_eq!(evaluation.cases[0].charges[0].amount, ChargeAmount::Entered);
    assert_eq!(yuan(&evaluation), 0);
}

#[test]
fn a_draft_charges_only_where_the_sealed_context_says_that_it_was_in_force() {
    let xiping = builtin("xiping-2024");
    let mut found = visit(&xiping, "straw_point").fail("no_straw_burning");
    assert_eq!(yuan(&judged(&xiping, &found)), 500_000);
    found.context.pack = None;
    assert_eq!(*refusal(&judged(&xiping, &found)), NonChargeReason::DraftNotAdopted);
}

#[test]
fn a_site_of_zhumadian_stops_a_week_then_a_month_then_three_months() {
    let zhumadian = builtin("zhumadian-2017");
    let found = visit(&zhumadian, "construction_site").fail("hoarding");
    let order = |confirmed: u32, inspection: &Inspection| {
        let prior = PriorFacts { confirmed: [("site_dust".parse().unwrap(), confirmed)].into() };
        evaluate(Some(&zhumadian), inspection, &prior).cases[0].stop_work.clone()
    };
    let periods = [StopPeriod::Weeks(1), StopPeriod::Months(1), StopPeriod::Months(3), StopPeriod::Months(3)];
    for (confirmed, period) in (0..).zip(periods) {
        let clause = "驻政办〔2017〕24号 五（二）5、6".to_owned();
        assert_eq!(order(confirmed, &found), Some(StopWork { occurrence: confirmed + 1, period, clause }));
    }
    assert_eq!(order(u32::MAX, &found).unwrap().occurrence, u32::MAX, "never wraps");
    assert_eq!(order(0, &found.clone().level(DiscoveryLevel::SelfCheck)), None);
    assert_eq!(order(0, &found.spot()), None, "a spot is no target to come back to");
}

#[test]
fn small_sites_and_outlets_need_no_online_monitoring() {
    let zhumadian = builtin("zhumadian-2017");
    let site = |area: f64| {
        let fact = FactValue::Number(area);
        let found = visit(&zhumadian, "construction_site").fact("building_area", fact);
        refusal(&judged(&zhumadian, &found.fail("video_monitoring"))).clone()
    };
    assert!(
        matches!(site(9_999.0), NonChargeReason::RuledOut { fact } if fact.code.as_str() == "building_area")
    );
    assert_eq!(site(10_000.0), NonChargeReason::NoAmount, "asked for, without an amount");
}

#[test]
fn an_answer_that_was_given_twice_fails_if_one_of_them_does() {
    let macun = builtin("macun-2024");
    let found = visit(&macun, "stockpile").answer("exit_washing", Verdict::Pass).fail("exit_washing");
    let evaluation = judged(&macun, &found);
    assert_eq!(yuan(&evaluation), 10_000);
    assert!(evaluation.non_charges.iter().all(|listed| listed.question.as_str() != "exit_washing"));
}
