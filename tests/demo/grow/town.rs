//! Finance at the end of the first month: one proposes the closing, another approves it, and what is charged is executed.

use anyhow::{Context, Result};
use serde_json::json;
use sync_core::ids::{DecisionRequestId, RequestId};
use sync_core::time::Month;

use crate::office::Office;

/// Closes the month by two people and records the execution of every unit's sum.
pub fn close_and_execute(url: &str, month: Month) -> Result<()> {
    let (first, second) = (Office::sign_in(url, "finance1")?, Office::sign_in(url, "finance2")?);
    let request = json!({ "request_id": DecisionRequestId::fresh(), "reason": "月末结账" });
    let proposed = first.post(&format!("/api/v1/months/{month}/closing"), &request)?;
    let proposal = proposed.get("proposal_id").and_then(|id| id.as_str()).context("no proposal")?;
    second.post(&format!("/api/v1/proposals/{proposal}/approval"), &json!({}))?;
    let totals = first.totals(month)?;
    let today = crate::day::yesterday();
    for (number, unit) in (1..).zip(&totals.by_unit) {
        if unit.amounts.posted.get() == 0 {
            continue;
        }
        let request = json!({
            "request_id": RequestId::fresh(),
            "unit_id": unit.unit_id,
            "voucher": format!("预拨-{}-{number:03}", month),
            "date": today,
            "amount": unit.amounts.posted,
        });
        first.post(&format!("/api/v1/months/{month}/executions"), &request)?;
    }
    println!("   {} 元 · yuan posted and executed", totals.posted());
    Ok(())
}
