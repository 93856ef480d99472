//! Closes a month of account (结账): it takes no entry any more, and its files and digest are kept for ever.
//!
//! Invariants: months close in order, after their end, by two people of finance; whoever posts reads the calendar under
//! the district's row lock, which closing holds from before it sums to the commit, so every entry is either under the
//! digest or in a later month. The chain is verified from its first entry, most of it before the lock is taken. Decision,
//! period, digest, files and the audit event with the files' hashes are written together or not at all.

mod files;
mod propose;
mod refusal;

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use serde::Serialize;
use serde_json::json;
use sync_core::ids::{DecisionRequestId, RegionCode, UserId};
use sync_core::model::decision::DecisionKind;
use sync_core::time::{Instant, Month};
use utoipa::ToSchema;
use uuid::Uuid;

pub use files::month_file;
pub use propose::{ClosingRequest, propose_closing};
pub use refusal::CloseRefusal;

use crate::audit::{self, Action, Event};
use crate::db::ledger_entries::LedgerEntryRow;
use crate::db::periods::ClosedPeriod;
use crate::db::schema::units;
use crate::db::{Connection, closed_names, district_numbers, ledger_entries, month_exports, periods};
use crate::ledger::chain::Head;
use crate::ledger::digest::{self, BudgetCodes, ClosingDetail, MonthLines};
use crate::services::check_month::obstacles;
use crate::services::record_decision::{DecidedBy, NewDecision, Subject, record_decision};
use crate::services::verify_ledger::{Verification, walk, walk_to};

/// A month to be closed, by two people who are of finance today.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Closing {
    /// The district.
    pub district: RegionCode,
    /// The month.
    pub month: Month,
    /// The request that led to it.
    pub request_id: DecisionRequestId,
    /// Who asked for it (经办).
    pub actor: UserId,
    /// Who agreed (复核).
    pub reviewer: UserId,
    /// Why, if anything is to be said.
    pub reason: Option<String>,
}

/// A closed month.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ClosedMonth {
    /// Which.
    pub month: Month,
    /// The decision that closed it.
    pub decision_no: i64,
    /// When.
    pub closed_at: Instant,
    /// Its digest in hex: the SHA-256 of its lines.
    pub digest: String,
}

/// Closes a month within the caller's transaction, which ends soon after: the district's row is locked.
///
/// # Errors
/// [`CloseRefusal`]; the caller's transaction must then be rolled back.
pub async fn close_month(
    connection: &mut Connection,
    closing: &Closing,
    now: Instant,
) -> Result<ClosedMonth, CloseRefusal> {
    let Closing { district, month, .. } = closing;
    if closing.actor == closing.reviewer {
        return Err(CloseRefusal::SamePerson);
    }
    let mut verified = Head::default();
    let beforehand = walk(connection, district.as_str(), &mut verified).await?;
    let head = district_numbers::lock(connection, district).await?;
    let verification = match beforehand {
        Ok(()) => walk_to(connection, district.as_str(), &mut verified, &head).await?,
        Err(fault) => Verification::Broken { entry_no: verified.entry_no.saturating_add(1), fault },
    };
    let calendar = periods::calendar(connection, district, now).await?;
    let obstacles = obstacles(connection, district, *month, calendar, &verification).await?;
    if let Some(first) = obstacles.into_iter().next() {
        return Err(CloseRefusal::Obstacle(first));
    }

    let entries = ledger_entries::of_month(connection, district.as_str(), *month).await?;
    let budget_codes = budget_codes(connection, district, &entries).await?;
    let contents = entries.iter().map(|entry| &entry.content);
    let lines = MonthLines::of(district, *month, contents, &budget_codes)?;
    let period = decide(connection, closing, head, &lines, budget_codes, now).await?;
    periods::close(connection, district, &period).await?;
    closed_names::keep(connection, district, *month).await?;
    let files = files::of_month(connection, district, *month, &lines, now).await?;
    month_exports::insert(connection, district, *month, &files).await?;
    let kept = json!({ "decision_no": period.decision_no, "files": month_exports::hashes(&files) });
    let event = Event::new(Action::MonthFilesKept, district).by(Some(closing.actor));
    audit::record(connection, now, &[event.about("month", month).detail(kept)]).await?;
    Ok(ClosedMonth {
        month: *month,
        decision_no: period.decision_no,
        closed_at: now,
        digest: hex::encode(period.digest),
    })
}

/// Records the decision; returns the period as it is closed by it.
async fn decide(
    connection: &mut Connection,
    closing: &Closing,
    head: Head,
    lines: &MonthLines,
    budget_codes: BudgetCodes,
    now: Instant,
) -> Result<ClosedPeriod, CloseRefusal> {
    let digest = lines.digest().to_vec();
    let detail = ClosingDetail {
        form: digest::FORM,
        digest: hex::encode(&digest),
        entry_no: head.entry_no,
        entry_hash: hex::encode(&head.hash),
        budget_codes,
    };
    let decision = NewDecision {
        request_id: closing.request_id,
        subject: Subject::Month(closing.month),
        kind: DecisionKind::CloseMonth,
        by: DecidedBy::TwoPeople { actor: closing.actor, reviewer: closing.reviewer },
        reason: closing.reason.clone(),
        detail: serde_json::to_value(&detail)?,
    };
    let (decision, _) = record_decision(connection, &closing.district, decision, now).await?;
    Ok(ClosedPeriod { month: closing.month, closed_at: now, digest, decision_no: decision.decision_no, head })
}

/// The budget codes today of the units that these entries stand on.
async fn budget_codes(
    connection: &mut Connection,
    district: &RegionCode,
    entries: &[LedgerEntryRow],
) -> QueryResult<BudgetCodes> {
    let mut ids: Vec<Uuid> = entries.iter().map(|entry| entry.content.unit_id).collect();
    ids.sort_unstable();
    ids.dedup();
    let codes: Vec<(Uuid, String)> = units::table
        .filter(units::district.eq(district.as_str()))
        .filter(units::unit_id.eq_any(ids))
        .select((units::unit_id, units::budget_code))
        .load(connection)
        .await?;
    Ok(codes.into_iter().collect())
}
