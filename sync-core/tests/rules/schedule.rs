//! Every item of every pack, walked: amount, count, clause, zone, and a checklist question that leads to it.

use std::collections::BTreeMap;

use sync_core::evaluate::{ChargeAmount, NonChargeReason, PriorFacts, evaluate};
use sync_core::model::target::FactValue;
use sync_core::model::zone::ZoneKind;
use sync_core::policy::{CountUnit, FactTest, builtin_packs};

use crate::visit::{Visit, builtin, visit};

/// What a count of the item leads to.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Costs {
    Yuan(i64),
    Entered,
    Accountability,
    NoMoney,
}
use Costs::{Accountability, Entered, NoMoney, Yuan};
use CountUnit::{Case, FirePoint, Measure};
use ZoneKind::{BuiltUpArea, FireworksProhibited, NoBurn};

type Row = (&'static str, Costs, CountUnit, &'static str, Option<ZoneKind>);

const MACUN: &str = "马政〔2024〕5号 三（三）";
const MACUN_ITEMS: &[Row] = &[
    ("coal_boiler", Yuan(100_000), Case, MACUN, None),
    ("site_dust", Yuan(100_000), Measure, MACUN, None),
    ("production_control", Yuan(100_000), Case, MACUN, None),
    ("muck_truck", Yuan(100_000), Case, MACUN, None),
    ("open_burning", Yuan(50_000), Case, MACUN, None),
    ("fireworks", Yuan(50_000), Case, MACUN, Some(FireworksProhibited)),
    ("stockpile_dust", Yuan(10_000), Case, MACUN, None),
    ("no_burn_zone", Yuan(10_000), Case, MACUN, Some(NoBurn)),
    ("catering_fume", Yuan(10_000), Case, MACUN, Some(BuiltUpArea)),
    ("other_air", Yuan(10_000), Case, MACUN, None),
];

const GUANCHENG_ITEMS: &[Row] = &[
    ("loose_coal", Accountability, Case, "三（三）5", None),
    ("high_pollution_fuel", Accountability, Case, "四（三）", None),
    ("scattered_polluter", Accountability, Case, "四（三）", None),
    ("straw_burning", NoMoney, FirePoint, "三（八）19", None),
    ("site_dust", NoMoney, Measure, "三（九）22", None),
    ("site_rules", NoMoney, Case, "三（九）22", None),
    ("road_dust", NoMoney, Case, "三（九）23", None),
    ("boiler", NoMoney, Case, "三（四）7", None),
    ("emergency_control", NoMoney, Case, "三（十）26", None),
    ("vehicle_emission", NoMoney, Case, "三（六）15", None),
];

const MENGZHOU_ITEMS: &[Row] = &[
    ("road_dust", Entered, Case, "孟环攻坚办〔2023〕9号 二（四）13", None),
    ("open_burning", NoMoney, Case, "二（四）15", None),
    ("fireworks", NoMoney, Case, "二（四）16", None),
    ("loose_coal", NoMoney, Case, "二（二）7", Some(NoBurn)),
    ("site_dust", NoMoney, Case, "二（四）13", None),
    ("stockpile_dust", NoMoney, Case, "二（四）14", None),
    ("catering_fume", NoMoney, Case, "二（四）13", None),
    ("boiler", NoMoney, Case, "二（五）21", None),
    ("enterprise_emission", NoMoney, Case, "二（五）18", None),
    ("production_control", NoMoney, Case, "二（七）32", None),
    ("vehicle_ban", NoMoney, Case, "二（三）12", None),
];

const XIPING_ITEMS: &[Row] = &[
    ("straw_burning", Yuan(500_000), FirePoint, "五（二）", None),
    ("open_burning", Yuan(100_000), FirePoint, "五（二）", None),
    ("site_dust", NoMoney, Case, "五（一）", None),
    ("site_monitoring", NoMoney, Case, "五（一）", None),
    ("stockpile_dust", NoMoney, Case, "五（一）", None),
    ("bare_land", NoMoney, Case, "五（一）", None),
    ("road_dust", NoMoney, Case, "五（一）", None),
    ("fireworks", NoMoney, Case, "五（三）", None),
    ("loose_coal", NoMoney, Case, "三（五）", Some(NoBurn)),
    ("coal_facility", NoMoney, Case, "三（三）", None),
    ("mixed_fuel", NoMoney, Case, "六（三）", None),
    ("catering_fume", NoMoney, Case, "六（六）", None),
    ("enterprise_emission", NoMoney, Case, "六（四）", None),
    ("vehicle_emission", NoMoney, Case, "四（二）", None),
];

const ZHUMADIAN_ITEMS: &[Row] = &[
    ("straw_burning", Yuan(500_000), FirePoint, "驻政办〔2017〕24号 五（五）1", None),
    ("site_dust", NoMoney, Case, "五（二）2", None),
    ("site_monitoring", NoMoney, Case, "五（二）3", None),
    ("open_burning", NoMoney, Case, "五（五）3", None),
    ("barbecue", NoMoney, Case, "五（五）3", Some(BuiltUpArea)),
    ("fireworks", NoMoney, Case, "五（五）2", Some(BuiltUpArea)),
    ("coal_boiler", NoMoney, Case, "五（四）1", Some(BuiltUpArea)),
    ("no_burn_zone", NoMoney, Case, "五（四）2", Some(NoBurn)),
    ("catering_fume", NoMoney, Case, "五（六）", Some(BuiltUpArea)),
    ("stockpile_dust", NoMoney, Case, "五（二）14", None),
    ("muck_truck", NoMoney, Case, "五（二）10", None),
    ("road_dust", NoMoney, Case, "五（二）11", None),
    ("road_damage", NoMoney, Case, "五（二）12", Some(BuiltUpArea)),
    ("bare_land", NoMoney, Case, "五（二）12", None),
    ("production_control", NoMoney, Case, "五（七）4", None),
];

fn schedules() -> BTreeMap<&'static str, &'static [Row]> {
    BTreeMap::from([
        ("guancheng-2021.toml", GUANCHENG_ITEMS),
        ("macun-2024.toml", MACUN_ITEMS),
        ("mengzhou-2023.toml", MENGZHOU_ITEMS),
        ("xiping-2024.toml", XIPING_ITEMS),
        ("zhumadian-2017.toml", ZHUMADIAN_ITEMS),
    ])
}

#[test]
fn every_built_in_pack_has_a_table_here() {
    let files: Vec<_> = builtin_packs().iter().map(|pack| pack.file).collect();
    assert_eq!(schedules().into_keys().collect::<Vec<_>>(), files);
}

/// A fail of each question that leads to the item, on a target that meets its conditions and in its zone, makes one
/// case with the charge the document states; outside the zone it makes one without.
#[test]
fn every_item_of_every_pack_costs_what_its_document_says_wherever_a_checklist_leads_to_it() {
    for (file, rows) in schedules() {
        let pack = builtin(file.trim_end_matches(".toml"));
        let items: Vec<_> = pack.items().iter().map(|item| item.code.as_str()).collect();
        assert_eq!(items, rows.iter().map(|row| row.0).collect::<Vec<_>>(), "{file}");
        for ((_, costs, count, clause, zone), item) in rows.iter().zip(pack.items()) {
            assert_eq!(item.zone, *zone, "{file} {}", item.code);
            assert_eq!(item.count, *count, "{file} {}", item.code);
            assert!(pack.citation(&item.clause).ends_with(clause), "{file} {}", item.code);
            let mut asked = 0;
            for kind in pack.kinds() {
                for question in kind.questions.iter().filter(|question| question.item == item.code) {
                    asked += 1;
                    let mut found = visit(&pack, kind.code.as_str()).fail(question.code.as_str());
                    for condition in &item.conditions {
                        let FactTest::AtMost(most) = condition.test else { panic!("{:?}", condition.test) };
                        found = found.fact(condition.fact.as_str(), FactValue::Number(most));
                    }
                    let evaluation = evaluate(Some(&pack), &found, &PriorFacts::default());
                    assert_eq!(evaluation.cases.len(), 1, "{file} {}", question.code);
                    let case = &evaluation.cases[0];
                    assert_eq!(case.item, item.code);
                    assert_eq!(case.evidence.required(), usize::from(item.photos));
                    match costs {
                        Yuan(_) | Entered => {
                            assert_eq!(case.charges.len(), 1, "{file} {}", question.code);
                            let charge = &case.charges[0];
                            assert!(charge.clause.ends_with(clause), "{}", charge.clause);
                            let measure = match count {
                                Case => "case",
                                Measure => question.code.as_str(),
                                FirePoint => "point_1",
                            };
                            assert_eq!(charge.measure.as_str(), measure);
                            match charge.amount {
                                ChargeAmount::Fixed(fen) => assert_eq!(Yuan(fen.get() / 100), *costs),
                                ChargeAmount::Entered => assert_eq!(Entered, *costs),
                            }
                        }
                        Accountability | NoMoney => {
                            let because = match costs {
                                Accountability => NonChargeReason::AccountabilityOnly,
                                _ => NonChargeReason::NoAmount,
                            };
                            assert_eq!(case.charges, [], "{file} {}", question.code);
                            assert_eq!(case.non_charges[0].reason, because);
                        }
                    }
                    if let Some(zone) = item.zone {
                        let outside = evaluate(Some(&pack), &found.zones(&[]), &PriorFacts::default());
                        assert_eq!(outside.cases[0].charges, []);
                        let because = &outside.cases[0].non_charges[0].reason;
                        assert_eq!(*because, NonChargeReason::OutsideZone { zone });
                    }
                }
            }
            assert!(asked > 0, "{file}: no checklist leads to {}", item.code);
        }
    }
}

#[test]
fn macun_has_all_ten_kinds_and_every_reason_reads_in_both_languages() {
    let macun = builtin("macun-2024");
    let kinds: Vec<_> = macun.kinds().iter().map(|kind| kind.code.as_str()).collect();
    assert_eq!(
        kinds,
        [
            "construction_site",
            "stockpile",
            "straw_point",
            "catering_device",
            "boiler",
            "enterprise",
            "vehicle",
            "bare_land",
            "road",
            "other"
        ]
    );
    for kind in macun.kinds() {
        let mut found = visit(&macun, kind.code.as_str());
        for question in &kind.questions {
            found = found.fail(question.code.as_str());
        }
        let evaluation = evaluate(Some(&macun), &found, &PriorFacts::default());
        let charged = evaluation.charges().map(|charge| (charge.reason.zh(), charge.reason.en()));
        let refused = evaluation.cases.iter().flat_map(|case| &case.non_charges);
        let refused = refused.map(|non_charge| (non_charge.reason.zh(), non_charge.reason.en()));
        for (zh, en) in charged.chain(refused) {
            assert!(zh.chars().any(|c| c > '\u{4e00}') && en.is_ascii(), "{zh} / {en}");
        }
    }
}
