//! What follows a confirmation: a place is put in order and looked at again, two people take a posting back, two others
//! close the month.

use anyhow::{Context, Result};
use serde_json::{Value, json};
use sync_core::ids::{CaseId, DecisionRequestId};
use sync_core::money::Fen;
use sync_core::time::{Instant, Month};

use crate::inspectors::{Inspectors, Visit};
use crate::offices::Offices;

/// Why a posted charge is taken back.
const TAKE_BACK_REASON: &str = "车主补交运输许可，检查当日有效。";

/// Seconds of a day.
const DAY: i64 = 86_400;

/// The case that a visit opened.
fn case_of(visit: &Visit) -> Result<CaseId> {
    Ok(visit.shown.cases.first().context("the visit opened no case")?.case_id)
}

/// The supervisor orders, the unit reports with a photo, the inspector looks again on the spot, the supervisor closes.
pub fn close_the_loop(offices: &Offices, inspectors: &mut Inspectors, visit: &Visit) -> Result<()> {
    let case = case_of(visit)?;
    let step = |step: Value| -> Result<Value> {
        let version = offices.supervisor.case(case)?.version;
        let request =
            json!({ "request_id": DecisionRequestId::fresh(), "expected_version": version, "step": step });
        offices.supervisor.post(&format!("/api/v1/cases/{case}/rectification/steps"), &request)
    };
    let requirement = "补齐围挡，恢复车辆冲洗，裸露土方全部覆盖。";
    let ordered = step(json!({ "kind": "order_rectification", "requirement": requirement }))?;
    let deadline: Instant = serde_json::from_value(ordered["deadline"].clone())?;
    println!("   交办 · ordered: {}，至 · until {}", visit.target_name, deadline.record_text());

    offices.move_clock(offices.now().plus_seconds(3 * DAY))?;
    let liaison = offices.liaison(visit.unit_id).context("the unit has no liaison")?;
    let photo = liaison.upload(&inspectors.picture_of_order(visit, offices.now()))?;
    let text = "围挡已补齐，冲洗平台已启用，土方已覆盖。";
    let report =
        json!({ "request_id": DecisionRequestId::fresh(), "round": 1, "text": text, "photos": [photo] });
    liaison.post(&format!("/api/v1/cases/{case}/rectification/reports"), &report)?;
    println!("   整改反馈 · reported by the unit: {text}");

    offices.move_clock(offices.now().plus_seconds(DAY))?;
    inspectors.recheck(visit, case)?;
    println!("   复核 · re-checked on the spot by {}", visit.script.inspector);
    step(json!({ "kind": "close_rectification" }))?;
    println!("   销号 · closed");
    Ok(())
}

/// One supervisor asks for what was posted to be taken back, another agrees. Answers with the amount.
pub fn take_back_by_two(offices: &Offices, visit: &Visit) -> Result<Fen> {
    let case = case_of(visit)?;
    let request = json!({
        "request_id": DecisionRequestId::fresh(),
        "expected_version": offices.supervisor.case(case)?.version,
        "kind": "dismiss",
        "reason": TAKE_BACK_REASON,
    });
    let proposed = offices.supervisor.post(&format!("/api/v1/cases/{case}/decisions"), &request)?;
    let proposal = proposed["proposal_id"].as_str().context("one person decided alone")?;
    println!("   经办 · asked for: {}，{TAKE_BACK_REASON}", visit.target_name);
    offices.second.post(&format!("/api/v1/proposals/{proposal}/approval"), &json!({}))?;
    let amount = visit.shown.total().context("the charges' sum does not fit")?;
    println!("   复核 · agreed: −{amount} 元");
    Ok(amount)
}

/// When the month is over, one of finance asks for it to be closed and another agrees. Answers with the digest.
pub fn close_month(offices: &Offices, month: Month) -> Result<String> {
    offices.move_clock(month.next().begins()?.plus_seconds(3 * DAY))?;
    let request = json!({ "request_id": DecisionRequestId::fresh(), "reason": "月末结账" });
    let proposed = offices.finance.post(&format!("/api/v1/months/{month}/closing"), &request)?;
    let proposal = proposed["proposal_id"].as_str().context("no proposal")?;
    offices.auditor.post(&format!("/api/v1/proposals/{proposal}/approval"), &json!({}))?;
    let kept = offices.finance.read(&format!("/api/v1/months/{month}/exports"))?;
    Ok(kept["digest"].as_str().context("no digest")?.to_owned())
}
