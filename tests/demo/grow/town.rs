//! What happens in the district beside single cases: months close and are executed, enterprises are subsidised, leads on
//! fires and findings of groups from above come in, a supplemented policy pack is adopted.

use anyhow::{Context, Result};
use jiff::civil::Date;
use serde_json::{Value, json};
use server::demo_district::DemoDistrict;
use sync_core::evaluate::ProposedCharge;
use sync_core::ids::CaseId;
use sync_core::model::credit_code::is_credit_code;
use sync_core::policy::builtin_packs;
use sync_core::time::Month;

use super::cases::{Case, Cases};
use super::pictures;
use super::plan::{Lead, Matter, PaperFinding, Visit};
use crate::offices::Offices;

/// What is added to the pack, as text.
const SUPPLEMENT: &str = include_str!("supplement.toml");
/// What is written otherwise in it, each with what it becomes.
const REPLACED: [(&str, &str); 4] = [
    ("zh = \"马村区空气质量持续改善行动方案\"", "zh = \"马村区空气质量持续改善行动方案（演示补充版）\""),
    (
        "en = \"Macun District action plan for continuous air quality improvement\"",
        "en = \"Macun District action plan, with what the demonstration adds\"",
    ),
    (
        "[clauses]\n",
        "[clauses]\ndemonstration_roads = { section = \"13\", document = \"孟环攻坚办〔2023〕9号\" }\n\
         demonstration_grading = { section = \"31\", document = \"孟环攻坚办〔2023〕9号\" }\n",
    ),
    (
        "{ code = \"swept\", item = \"other_air\", clause = \"road_and_bare_land\",",
        "{ code = \"swept\", item = \"road_dust\",",
    ),
];

/// The shipped pack ends on the eve, and the supplemented one is in force from that day on.
pub fn adopt_supplement(offices: &Offices, from: Date) -> Result<()> {
    let shipped = builtin_packs().iter().find(|pack| pack.file == "macun-2024.toml").context("no pack")?;
    let mut source = shipped.source.to_owned();
    for (text, by) in REPLACED {
        anyhow::ensure!(source.contains(text), "the pack does not say {text}");
        source = source.replacen(text, by, 1);
    }
    source.push_str(SUPPLEMENT);
    let adopted = offices.admin.read("/api/v1/packs")?;
    let of_shipped = adopted.as_array().context("no packs")?.iter().find(|pack| !pack["adoption"].is_null());
    let old = of_shipped.and_then(|pack| pack["hash"].as_str()).context("no pack is adopted")?;
    let added = offices.admin.add_pack(&source)?;
    let new = added["hash"].as_str().context("no hash")?;
    let days = [
        (old, json!({ "from": "2024-09-30", "until": from.yesterday()?, "affects_past": true })),
        (new, json!({ "from": from })),
    ];
    for (hash, days) in days {
        offices.admin.post(&format!("/api/v1/packs/{hash}/adoption"), &days)?;
    }
    Ok(())
}

/// A lead is entered.
pub fn enter_lead(offices: &Offices, lead: &Lead) -> Result<()> {
    let request = json!({
        "fire_point_id": lead.id,
        "source": lead.source,
        "point": lead.target.point,
        "grid": lead.target.grid,
        "seen_at": lead.seen_at,
        "note": format!("{}附近，疑似烟点。", lead.target.name),
    });
    offices.supervisor.post("/api/v1/fire-points", &request).map(drop)
}

/// A group's finding is entered; answers with its cases.
pub fn enter_finding(offices: &Offices, cases: &mut Cases, finding: &PaperFinding) -> Result<Vec<CaseId>> {
    let PaperFinding { id, at, target, failed, scene, group: (issuer, level), seed } = finding;
    let photos = (0..).zip(failed).map(|(number, question): (u64, _)| {
        let jpeg = pictures::of_finding(*scene, seed ^ number, *at, target.point);
        let sha256 = offices.supervisor.upload(&jpeg)?;
        Ok(json!({ "sha256": sha256, "question": question, "taken_at": at, "point": target.point }))
    });
    let answers = failed.iter().map(|question| json!({ "question": question, "verdict": "fail" }));
    let request = json!({
        "request_id": id,
        "occurred_at": at,
        "place": { "at": "target", "target_id": target.target_id, "point": null },
        "answers": answers.collect::<Vec<_>>(),
        "notes": "督导现场检查发现。",
        "level": level,
        "document": {
            "number": format!("督〔{}〕{}号", at.record_date().year(), seed % 90 + 10),
            "issuer": issuer,
            "date": at.record_date(),
            "title": "大气污染防治督导检查问题清单",
        },
        "photos": photos.collect::<Result<Vec<_>>>()?,
    });
    let answer = offices.supervisor.post("/api/v1/findings", &request)?;
    let opened = answer["cases"].as_array().context("no cases")?;
    let visit = Visit {
        inspection_id: *id,
        inspector: String::new(),
        at: *at,
        target: target.clone(),
        failed: failed.clone(),
        matter: Matter::None,
        lead: None,
        scene: *scene,
        seed: *seed,
    };
    opened
        .iter()
        .map(|case| {
            let id = serde_json::from_value(case["case_id"].clone())?;
            cases.add(id, Case::new(visit.clone(), Vec::<ProposedCharge>::new()));
            Ok(id)
        })
        .collect()
}

/// What is proposed on cases of the month and waits is rejected, and the month closes by two people.
pub fn close(offices: &Offices, cases: &mut Cases, month: Month) -> Result<()> {
    let waiting = offices.second.read("/api/v1/proposals?state=open&limit=200")?;
    for proposal in waiting["proposals"].as_array().context("no proposals")? {
        let id = proposal["proposal_id"].as_str().context("no id")?;
        let reason = json!({ "reason": "结账前未补充依据，不予变更。" });
        offices.second.post(&format!("/api/v1/proposals/{id}/rejection"), &reason)?;
        cases.forget_proposal(serde_json::from_value(proposal["case_id"].clone())?)?;
    }
    let request = json!({ "request_id": cases.request_id(), "reason": "月末结账" });
    let proposed = offices.finance.post(&format!("/api/v1/months/{month}/closing"), &request)?;
    let proposal = proposed["proposal_id"].as_str().context("no proposal")?;
    offices.auditor.post(&format!("/api/v1/proposals/{proposal}/approval"), &json!({})).map(drop)
}

/// What the closed month charges is executed: of most units whole, of some in two, of one with a mistake, of one not yet.
pub fn execute(offices: &Offices, cases: &mut Cases, month: Month) -> Result<()> {
    let today = offices.now().record_date();
    let totals = offices.finance.totals(month)?;
    let charged = totals.by_unit.iter().filter(|unit| unit.amounts.posted.get() > 0);
    for (number, unit) in (1..).zip(charged) {
        let mut record = |part: &str, amount: i64| -> Result<Value> {
            let request = json!({
                "request_id": cases.request_id(),
                "unit_id": unit.unit_id,
                "voucher": format!("扣缴-{month}-{number:03}{part}"),
                "date": today,
                "amount": amount,
            });
            offices.finance.post(&format!("/api/v1/months/{month}/executions"), &request)
        };
        let whole = unit.amounts.posted.get();
        match number % 5 {
            2 => {
                record("A", whole / 2)?;
                record("B", whole - whole / 2)?;
            }
            3 => {
                let wrong = record("", whole / 10)?;
                record("更", whole - whole / 10)?;
                let execution = wrong["execution_id"].as_str().context("no execution")?;
                let request = json!({ "request_id": cases.request_id(), "reason": "金额录入有误" });
                let path = format!("/api/v1/months/{month}/executions/{execution}/cancellation");
                offices.finance.post(&path, &request)?;
            }
            4 => {}
            _ => drop(record("", whole)?),
        }
    }
    Ok(())
}

/// Subsidies in every state.
pub fn subsidise(offices: &Offices, cases: &mut Cases, district: &DemoDistrict) -> Result<()> {
    let today = offices.now().record_date();
    let graded = district.targets.iter().filter_map(|target| {
        let grade = target.facts.iter().find(|(fact, _)| fact.as_str() == "grade")?.1.clone();
        let rule = match serde_json::to_value(grade).ok()?.as_str()? {
            "a" => "grade_a",
            "b" => "grade_b",
            _ => return None,
        };
        Some((target, rule))
    });
    for (number, (target, rule)) in (1_u32..).zip(graded.take(8)) {
        let request = json!({
            "request_id": cases.request_id(),
            "payee": target.name,
            "credit_code": credit_code(number).context("no code")?,
            "target_id": target.target_id,
            "pack_id": "macun-2024",
            "rule": rule,
            "publication": format!("豫环公示〔{}〕{}号", today.year(), 100 + number),
            "published_on": today.yesterday()?,
        });
        let entered = offices.finance.post("/api/v1/subsidies", &request)?;
        let path = format!("/api/v1/subsidies/{}", entered["subsidy_id"].as_str().context("no subsidy")?);
        if number == 8 {
            let reason = json!({ "reason": "企业绩效等级复核后下调。" });
            offices.finance.post(&format!("{path}/cancellation"), &reason)?;
        }
        if number <= 5 {
            offices.auditor.post(&format!("{path}/approval"), &json!({}))?;
        }
        if number <= 3 {
            let payment = json!({ "voucher": format!("补助-{number:03}"), "date": today });
            offices.finance.post(&format!("{path}/payment"), &payment)?;
        }
    }
    Ok(())
}

/// A credit code of an invented enterprise: with the check character that fits.
fn credit_code(number: u32) -> Option<String> {
    let body = format!("91410804MADEMX{number:03}");
    let checks = "0123456789ABCDEFGHJKLMNPQRTUWXY".chars();
    checks.map(|check| format!("{body}{check}")).find(|code| is_credit_code(code))
}
