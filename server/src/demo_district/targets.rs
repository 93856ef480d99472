//! The register (台账) of the demonstration: two thousand invented targets of all ten kinds, each valid by the pack.

use jiff::ToSpan as _;
use jiff::civil::{Date, date};
use sync_core::ids::{IdError, TargetId};
use sync_core::model::target::{FactValue, Facts, TargetContent};

use super::draw::{self, Draw, trade_name};
use super::map::{Community, STREETS};
use super::{units, words};

/// The register is as it stood on this day: no fact in it is later.
const REGISTER_DAY: Date = date(2023, 12, 29);

/// Numbers of the street offices that targets fall into in turn: one named twice gets twice as many. Each is named,
/// so that every inspector finds every kind.
type Spread = &'static [u16];

/// In the town above all.
const TOWN: Spread = &[1, 2, 1, 2, 1, 2, 3, 1, 2, 4, 1, 2, 5, 1, 2, 6, 1, 2, 7];
/// On farm land above all.
const FIELDS: Spread = &[4, 5, 7, 4, 5, 7, 6, 4, 5, 7, 3, 4, 5, 7, 1, 2];
/// Everywhere alike.
const ALIKE: Spread = &[1, 2, 3, 4, 5, 6, 7];

/// What a kind's targets have in common.
struct KindPlan {
    kind: &'static str,
    /// Letters of the kind in register codes (pinyin initials).
    letters: &'static str,
    count: usize,
    spread: Spread,
    department: &'static str,
    describe: fn(&mut Draw, usize, &Community) -> Description,
}

/// What differs.
struct Description {
    name: String,
    facts: Vec<(&'static str, FactValue)>,
}

const PLANS: [KindPlan; 10] = [
    KindPlan {
        kind: "construction_site",
        letters: "GD",
        count: 220,
        spread: TOWN,
        department: units::HOUSING,
        describe: construction_site,
    },
    KindPlan {
        kind: "stockpile",
        letters: "DC",
        count: 180,
        spread: ALIKE,
        department: units::INDUSTRY,
        describe: stockpile,
    },
    KindPlan {
        kind: "straw_point",
        letters: "JG",
        count: 260,
        spread: FIELDS,
        department: "马村区农业农村局",
        describe: straw_point,
    },
    KindPlan {
        kind: "catering_device",
        letters: "CY",
        count: 480,
        spread: TOWN,
        department: units::CITY_MANAGEMENT,
        describe: catering_device,
    },
    KindPlan {
        kind: "boiler",
        letters: "GL",
        count: 120,
        spread: ALIKE,
        department: units::MARKETS,
        describe: boiler,
    },
    KindPlan {
        kind: "enterprise",
        letters: "QY",
        count: 240,
        spread: ALIKE,
        department: units::ENVIRONMENT,
        describe: enterprise,
    },
    KindPlan {
        kind: "vehicle",
        letters: "CL",
        count: 160,
        spread: ALIKE,
        department: units::CITY_MANAGEMENT,
        describe: vehicle,
    },
    KindPlan {
        kind: "bare_land",
        letters: "LD",
        count: 140,
        spread: ALIKE,
        department: units::HOUSING,
        describe: bare_land,
    },
    KindPlan {
        kind: "road",
        letters: "DL",
        count: 120,
        spread: ALIKE,
        department: units::TRANSPORT,
        describe: road,
    },
    KindPlan {
        kind: "other",
        letters: "QT",
        count: 80,
        spread: TOWN,
        department: units::CITY_MANAGEMENT,
        describe: other,
    },
];

/// The targets, kind by kind.
///
/// # Errors
/// [`IdError`] where a code in the tables here is none.
pub(super) fn targets(draw: &mut Draw) -> Result<Vec<TargetContent>, IdError> {
    let communities: Vec<Community> = STREETS
        .iter()
        .map(|street| street.communities())
        .collect::<Result<Vec<_>, _>>()?
        .into_iter()
        .flatten()
        .collect();
    let mut targets = Vec::new();
    for plan in &PLANS {
        for (index, street) in plan.spread.iter().cycle().take(plan.count).enumerate() {
            let inside: Vec<Option<&Community>> =
                communities.iter().filter(|community| community.street.number == *street).map(Some).collect();
            if let Some(community) = draw.one(&inside) {
                targets.push(target(draw, plan, index, community)?);
            }
        }
    }
    Ok(targets)
}

fn target(
    draw: &mut Draw,
    plan: &KindPlan,
    index: usize,
    community: &Community,
) -> Result<TargetContent, IdError> {
    let code = format!("MC-{}-{:04}", plan.letters, index + 1);
    let Description { name, facts } = (plan.describe)(draw, index, community);
    let facts = facts.into_iter().map(|(fact, value)| Ok((fact.parse()?, value)));
    let house = draw.number(1..=188);
    Ok(TargetContent {
        target_id: TargetId(draw::id(&format!("target/{code}"))),
        kind: plan.kind.parse()?,
        code: Some(code),
        name,
        address: format!(
            "{}街道{}社区{}路{house}号",
            community.street.name,
            community.name,
            trade_name(index)
        ),
        point: draw.point(&community.cell),
        grid: community.path.clone(),
        unit_id: community.street.unit(),
        supervising_department: Some(plan.department.to_owned()),
        responsible_person: Some(draw.person()),
        facts: facts.collect::<Result<Facts, IdError>>()?,
    })
}

fn text(text: impl Into<String>) -> FactValue {
    FactValue::Text(text.into())
}

fn number(number: i32) -> FactValue {
    FactValue::Number(f64::from(number))
}

/// So many days before the register's.
fn days_before(days: i32) -> FactValue {
    text(REGISTER_DAY.saturating_sub(days.days()).to_string())
}

fn construction_site(draw: &mut Draw, index: usize, _: &Community) -> Description {
    let (works, site_type) = draw.one(&words::SITE_WORKS);
    Description {
        name: format!("{}{works}", trade_name(index)),
        facts: vec![
            ("site_type", text(site_type)),
            ("building_area", number(draw.number(8..=640) * 100)),
            ("builder", text(format!("{}建设工程有限公司", trade_name(index * 5 + 3)))),
            ("video_monitoring", FactValue::Flag(draw.percent(70))),
        ],
    }
}

fn stockpile(draw: &mut Draw, index: usize, _: &Community) -> Description {
    let (yard, material) = draw.one(&words::YARDS);
    Description {
        name: format!("{}{yard}", trade_name(index)),
        facts: vec![
            ("material", text(material)),
            ("floor_area", number(draw.number(3..=180) * 100)),
            ("in_use", FactValue::Flag(draw.percent(85))),
        ],
    }
}

fn straw_point(draw: &mut Draw, index: usize, community: &Community) -> Description {
    let side = draw.one(&words::FIELD_SIDES);
    Description {
        name: format!("{}社区{side}{:03}号地块", community.name, index + 1),
        facts: vec![("crop", text(draw.one(&words::CROPS))), ("field_area", number(draw.number(20..=600)))],
    }
}

fn catering_device(draw: &mut Draw, index: usize, _: &Community) -> Description {
    Description {
        name: format!("{}{}", trade_name(index), draw.one(&words::RESTAURANTS)),
        facts: vec![
            ("outlet_area", number(draw.number(3..=80) * 10)),
            ("purifier_model", text(draw.one(&words::PURIFIER_SERIES))),
            ("last_cleaned", days_before(draw.number(5..=240))),
        ],
    }
}

fn boiler(draw: &mut Draw, index: usize, _: &Community) -> Description {
    let fuel = draw.one(&["coal", "gas", "gas", "gas", "gas", "biomass", "electric"]);
    Description {
        name: format!("{}{}锅炉", trade_name(index), draw.one(&words::BOILER_OWNERS)),
        facts: vec![
            ("boiler_tonnage", number(draw.one(&[1, 2, 4, 6, 8, 10, 15, 20, 35]))),
            ("fuel", text(fuel)),
        ],
    }
}

fn enterprise(draw: &mut Draw, index: usize, _: &Community) -> Description {
    let (form, industry) = draw.one(&words::ENTERPRISES);
    Description {
        name: format!("{}{form}", trade_name(index)),
        facts: vec![
            ("industry", text(industry)),
            ("grade", text(draw.one(&["a", "b", "b", "leading", "c", "c", "c", "d"]))),
        ],
    }
}

/// A vehicle. Its plate cannot be a real one: none has the letter O.
fn vehicle(draw: &mut Draw, index: usize, _: &Community) -> Description {
    let plate = format!("豫HO{:04}", 1001 + index);
    let mut facts = vec![("plate", text(plate.as_str()))];
    if draw.percent(85) {
        facts.push(("licence", text(format!("马建运〔2023〕{:04}号", index + 1))));
    }
    Description { name: format!("{}运输队 {plate}", trade_name(index)), facts }
}

fn bare_land(draw: &mut Draw, index: usize, _: &Community) -> Description {
    Description {
        name: format!("{}{}", trade_name(index), draw.one(&words::BARE_LAND)),
        facts: vec![
            ("floor_area", number(draw.number(5..=400) * 100)),
            ("bare_since", days_before(draw.number(20..=700))),
        ],
    }
}

fn road(draw: &mut Draw, index: usize, community: &Community) -> Description {
    let class = draw.one(&words::ROADS);
    Description {
        name: format!("{}{class}（{}社区段）", trade_name(index), community.name),
        facts: vec![("length", number(draw.number(2..=45) * 100))],
    }
}

fn other(draw: &mut Draw, index: usize, _: &Community) -> Description {
    Description {
        name: format!("{}{}", trade_name(index), draw.one(&words::OTHER_PLACES)),
        facts: Vec::new(),
    }
}
