//! Traces a ledger entry (分录溯源): from any yuan back to charge, case, decisions with their people, appeals, pack and clause,
//! inspections with the bytes that a device sent, and photos; and on to what later reversed or transferred it.
//!
//! Invariants: a unit that a case left is told its history up to there, and case and charge as they stood then. What was
//! decided, found, charged and objected to since is the other unit's. Who sees the district's money and not the case, as
//! the supervisor of another grid, is told charge and clause and none of the evidence.

mod as_it_left;
mod read;

use serde::Serialize;
use sync_core::evaluate::ProposedCase;
use sync_core::ids::{
    DeviceId, InspectionId, OperationId, PackHash, PackId, PhotoHash, QuestionCode, UserId,
};
use sync_core::model::decision::DecisionKind;
use sync_core::model::inspection::Inspection;
use sync_core::time::{Instant, Month};
use sync_core::wire::problem::ProblemKind;
use utoipa::ToSchema;

use crate::auth::case_scope::CaseScope;
use crate::auth::money_scope::MoneyScope;
use crate::db::{Connection, periods};
use crate::problem::ApiError;
use crate::services::list_appeals::{Appeal, appeals_of};
use crate::services::list_cases::{CaseSummary, summaries};
use crate::services::list_entries::{Entry, EntryFilter, list_entries};
use crate::services::show_case::{ChargeView, PhotoState, is_open_to};

/// Entries of one charge that are shown at most.
const CHARGE_ENTRIES_MAX: u16 = 500;

/// The closing that an entry's month had.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct TracedClosing {
    /// The month of account.
    pub month: Month,
    /// When it was closed.
    pub closed_at: Instant,
    /// The decision that closed it.
    pub decision_no: i64,
    /// The digest that it replays to, in hex.
    pub digest: String,
}

/// A decision on the case, with its people.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct TracedDecision {
    /// Its number.
    pub decision_no: i64,
    /// What was decided.
    pub kind: DecisionKind,
    /// Who decided, by name; absent where a timer did.
    pub actor_name: Option<String>,
    /// The second person, by name, where two were needed.
    pub reviewer_name: Option<String>,
    /// Why.
    pub reason: Option<String>,
    /// When.
    pub decided_at: Instant,
}

/// The pack version that the entry names.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct TracedPack {
    /// Its name.
    pub pack_id: PackId,
    /// Its version: the SHA-256 of its source.
    pub pack_hash: PackHash,
    /// Document and clause that the entry follows from.
    pub clause: String,
    /// The item's name in Chinese.
    pub item_zh: String,
    /// The item's name in English.
    pub item_en: String,
}

/// The operation that an inspection came in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct TracedOperation {
    /// Its id.
    pub op_id: OperationId,
    /// SHA-256 of the bytes as they were sent and are kept, in hex.
    pub sha256: String,
    /// How many bytes.
    pub size: i64,
    /// The device that sent them.
    pub device_id: DeviceId,
    /// When the server got them.
    pub received_at: Instant,
}

/// A photo of an inspection.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct TracedPhoto {
    /// SHA-256 of its original.
    pub sha256: PhotoHash,
    /// What became of it.
    pub state: PhotoState,
    /// When it was taken.
    pub taken_at: Instant,
    /// The question it is evidence for.
    pub question: Option<QuestionCode>,
    /// Where the untouched original is; absent unless verified.
    pub original_url: Option<String>,
}

/// An inspection of the case's lineage.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct TracedInspection {
    /// The sealed inspection, with the context it was judged in.
    pub inspection: Inspection,
    /// The one it corrects.
    pub replaces: Option<InspectionId>,
    /// Who recorded it.
    pub author: UserId,
    /// The author's name.
    pub author_name: String,
    /// Whether the case stands on it now.
    pub stands: bool,
    /// The operation it came in; absent for what the office entered.
    pub operation: Option<TracedOperation>,
    /// Its photos, in the order of its manifest.
    pub photos: Vec<TracedPhoto>,
}

/// Where an entry comes from, and what became of it.
#[derive(Debug, Serialize, ToSchema)]
pub struct EntryTrace {
    /// The entry.
    pub entry: Entry,
    /// Every entry of its charge by number: postings, reversals, adjustments and transfers.
    pub of_charge: Vec<Entry>,
    /// The closing of its month; absent while that is open.
    pub closing: Option<TracedClosing>,
    /// Its charge, with why it is charged.
    pub charge: ChargeView,
    /// Its case.
    pub case: CaseSummary,
    /// The decisions on the case, the first first.
    pub decisions: Vec<TracedDecision>,
    /// The appeals against what the case charges, the first first.
    pub appeals: Vec<Appeal>,
    /// Pack and clause.
    pub pack: TracedPack,
    /// The case's inspections, the first first.
    pub inspections: Vec<TracedInspection>,
    /// Whether decisions, appeals and inspections are left out because the case is outside of the reader's grids.
    pub evidence_withheld: bool,
}

/// Traces an entry that the scope sees; its evidence where `cases` shows the case, or once did.
///
/// # Errors
/// `entry_unknown`; faults of the database.
pub async fn trace_entry(
    connection: &mut Connection,
    scope: &MoneyScope,
    cases: &CaseScope,
    entry_no: i64,
    now: Instant,
) -> Result<EntryTrace, ApiError> {
    let district = &scope.district;
    let charge_id = read::charge_of(connection, scope, entry_no).await?.ok_or(ProblemKind::EntryUnknown)?;
    let filter = EntryFilter { charge: Some(charge_id), rows: CHARGE_ENTRIES_MAX, ..EntryFilter::default() };
    let of_charge = list_entries(connection, scope, &filter).await?.entries;
    let entry = of_charge.iter().find(|entry| entry.entry_no == entry_no).cloned();
    let entry = entry.ok_or(ProblemKind::EntryUnknown)?;
    let mut case =
        summaries(connection, district, &[entry.case_id]).await?.pop().ok_or(ProblemKind::CaseUnknown)?;
    let left = scope.units.as_ref().filter(|own| !own.contains(&case.unit_id.0));
    let last = left.and_then(|_| of_charge.iter().map(|entry| entry.decision.decision_no).max());
    let mut decisions = read::decisions(connection, district, entry.case_id, last).await?;
    let until = left.and_then(|_| decisions.last().map(|decision| decision.decided_at));
    let mut inspections = read::inspections(connection, district, entry.case_id, until).await?;
    let mut appeals = appeals_of(connection, district, entry.case_id, now).await?;
    let charge = read::charge(connection, district, entry.case_id, charge_id).await?;
    let mut charge = charge.ok_or(ProblemKind::EntryUnknown)?;
    if let Some(own) = left {
        appeals.retain(|appeal| own.contains(&appeal.unit_id.0));
        let outcome = read::last_outcome(connection, district, entry.case_id, last).await?;
        as_it_left::case(&mut case, &of_charge, &decisions, &inspections, outcome);
        as_it_left::charge(&mut charge, &of_charge);
    }
    let evidence_withheld = scope.units.is_none() && !is_open_to(connection, cases, entry.case_id).await?;
    if evidence_withheld {
        (decisions, appeals, inspections) = (Vec::new(), Vec::new(), Vec::new());
    }
    let proposed: ProposedCase = read::evaluation(connection, district, entry.case_id).await?;
    let closing = periods::find_closed(connection, district, entry.period).await?;
    Ok(EntryTrace {
        inspections,
        decisions,
        appeals,
        pack: TracedPack {
            pack_id: entry.pack_id.clone(),
            pack_hash: entry.pack_hash.clone(),
            clause: entry.clause.clone(),
            item_zh: proposed.zh,
            item_en: proposed.en,
        },
        closing: closing.map(|period| TracedClosing {
            month: period.month,
            closed_at: period.closed_at,
            decision_no: period.decision_no,
            digest: hex::encode(period.digest),
        }),
        charge,
        entry,
        of_charge,
        case,
        evidence_withheld,
    })
}
