//! The office in the three months: supervisors decide what the devices sent, units put right.
//!
//! Every decision is drawn from the plan's seed and the case's place in the list, so that it is the same each time.

use std::collections::BTreeMap;

use anyhow::{Context, Result};
use rand::seq::IndexedRandom;
use rand::{RngExt, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde_json::{Value, json};
use sync_core::ids::{DecisionRequestId, UnitId};
use sync_core::model::assignment::Role;

use super::field::Field;
use super::plan::Plan;
use crate::office::{Listed, Office};

/// Of a hundred cases under review: confirmed, returned and dismissed; the rest wait.
const CONFIRMED: u32 = 72;
const RETURNED: u32 = 10;
const DISMISSED: u32 = 6;
/// Of a hundred confirmed cases, those ordered to be rectified.
const ORDERED: u32 = 60;
/// Of a hundred orders, those that the unit reports as done.
const REPORTED: u32 = 75;
/// Of a hundred reports, those that pass the re-check.
const PASSED: u32 = 85;

const RETURN_REASONS: [&str; 3] =
    ["照片看不清现场全貌，请补拍。", "请补拍洗车平台近照。", "检查项与照片不符，请核对后重新提交。"];
const DISMISS_REASONS: [&str; 2] = ["现场已按要求覆盖，照片为覆盖前作业过程。", "不属于本责任单位管辖工序。"];
const REQUIREMENTS: [&str; 3] = [
    "裸露土方全部覆盖，出入口冲洗设施恢复使用。",
    "料堆加装围挡并覆盖，落实喷淋。",
    "净化器检修并保持运行，留存清洗记录。",
];
const REPORTS: [&str; 3] =
    ["已全部覆盖，冲洗设施已恢复。", "已完成整改，附现场照片。", "已检修并清洗，运行正常。"];

/// Plays the office.
pub fn review(supervisor: &Office, url: &str, plan: &Plan, field: &mut Field) -> Result<()> {
    let mut rng = ChaCha8Rng::seed_from_u64(plan.seed);
    let mut tally: BTreeMap<&str, usize> = BTreeMap::new();
    decide_all(supervisor, &mut rng, &mut tally)?;
    let corrected = field.correct_returned()?;
    tally.insert("corrected", corrected);
    decide_all(supervisor, &mut rng, &mut tally)?;

    let liaisons = Liaisons::sign_in(url, plan)?;
    let confirmed = supervisor.cases("state=confirmed")?;
    for case in &confirmed {
        if rng.random_range(0..100) < ORDERED {
            rectify(supervisor, liaisons.of(case.unit_id)?, case, &mut rng, &mut tally)?;
        }
    }
    for (what, count) in tally {
        println!("   {what}: {count}");
    }
    Ok(())
}

fn decide_all(
    supervisor: &Office,
    rng: &mut ChaCha8Rng,
    tally: &mut BTreeMap<&'static str, usize>,
) -> Result<()> {
    for case in supervisor.cases("state=under_review&flagged=false")? {
        let drawn = rng.random_range(0..100);
        let (kind, reason) = if drawn < CONFIRMED {
            ("confirm", None)
        } else if drawn < CONFIRMED + RETURNED {
            ("return", RETURN_REASONS.choose(rng).copied())
        } else if drawn < CONFIRMED + RETURNED + DISMISSED {
            ("dismiss", DISMISS_REASONS.choose(rng).copied())
        } else {
            continue;
        };
        supervisor.decide(&case, kind, reason)?;
        *tally.entry(kind).or_default() += 1;
    }
    Ok(())
}

/// An order, and how far it goes.
fn rectify(
    supervisor: &Office,
    liaison: &Office,
    case: &Listed,
    rng: &mut ChaCha8Rng,
    tally: &mut BTreeMap<&'static str, usize>,
) -> Result<()> {
    let step = |step: Value, reason: Option<&str>| -> Result<()> {
        let version = supervisor.case(case.case_id)?.version;
        let request = json!({
            "request_id": DecisionRequestId::fresh(),
            "expected_version": version,
            "reason": reason,
            "step": step,
        });
        supervisor.post(&format!("/api/v1/cases/{}/rectification/steps", case.case_id), &request).map(drop)
    };
    let requirement = REQUIREMENTS.choose(rng).copied();
    step(json!({ "kind": "order_rectification", "requirement": requirement }), None)?;
    *tally.entry("ordered").or_default() += 1;
    if rng.random_range(0..100) >= REPORTED {
        return Ok(());
    }
    let report = json!({
        "request_id": DecisionRequestId::fresh(),
        "round": 1,
        "text": REPORTS.choose(rng),
    });
    liaison.post(&format!("/api/v1/cases/{}/rectification/reports", case.case_id), &report)?;
    if rng.random_range(0..100) < PASSED {
        step(json!({ "kind": "verify_rectification" }), None)?;
        step(json!({ "kind": "close_rectification" }), None)?;
        *tally.entry("rectified and closed").or_default() += 1;
    } else {
        step(json!({ "kind": "fail_rectification" }), Some("复核发现仍有裸露，限期再改。"))?;
        *tally.entry("to be done again").or_default() += 1;
    }
    Ok(())
}

/// The liaisons by their units.
struct Liaisons(BTreeMap<UnitId, Office>);

impl Liaisons {
    fn sign_in(url: &str, plan: &Plan) -> Result<Self> {
        let people = plan.district.sign_ins.iter();
        let liaisons = people.filter(|person| person.assignment.role == Role::Liaison);
        liaisons
            .map(|person| {
                let unit = person.assignment.unit_id.context("a liaison without a unit")?;
                Ok((unit, Office::sign_in(url, &person.username)?))
            })
            .collect::<Result<_>>()
            .map(Self)
    }

    fn of(&self, unit: UnitId) -> Result<&Office> {
        self.0.get(&unit).context("the unit has no liaison")
    }
}
