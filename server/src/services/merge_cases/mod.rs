//! Decides duplicates (重复案件的认定): merge them into one (并案), or keep them apart (不予并案).
//!
//! Invariants: one transaction takes the lock of duplicates, then all the cases' rows by id, then the district's row, so
//! of two racing decisions the second learns of the first. A merge gives the survivor the union of measures and takes
//! the others' money back: each finding is charged once, whatever was posted before. The record says of every case what
//! it stands on and what it is charged, so a replay needs nothing else. Every change is written or none. A case under
//! appeal takes no part in a merge ([`hold`](crate::appeals::hold)). What takes posted charges of an absorbed case back
//! needs two people: it becomes a proposal, and is merged when another person approves it.

mod involved;
mod keep_apart;
mod pairs;
mod points;
#[cfg(test)]
mod properties;
mod refusal;
mod request;
mod union;

use std::collections::BTreeSet;

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{Date as SqlDate, Nullable};
use diesel_async::{AsyncConnection, RunQueryDsl};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sync_core::ids::{CaseId, RegionCode};
use sync_core::model::decision::DecisionKind;
use sync_core::time::Instant;

pub use keep_apart::keep_apart;
pub use refusal::Refusal;
pub use request::{
    DuplicateDecision, ExpectedCase, KeepApartRequest, MergeRequest, OTHERS_MAX, VersionAfter,
};

use crate::auth::actor::Actor;
use crate::db::changes::{NewChange, record_changes};
use crate::db::decisions::DecisionRow;
use crate::db::proposals::ProposalRow;
use crate::db::schema::cases;
use crate::db::types::{Day, Time, stored_code};
use crate::db::{Connection, decisions, proposals};
use crate::ledger::basis::RecordedMoney;
use crate::services::find_duplicates::flag;
use crate::services::hand_over_rounds::unite_rounds;
use crate::services::list_proposals::{Proposal, shown};
use crate::services::move_money::{open_books, write_money};
use crate::services::propose_decision::{NewProposal, propose_decision};
use crate::services::record_decision::{DecidedBy, NewDecision, Subject, record_decision};
use crate::services::rectify_case::LoopRules;
use crate::services::review_proposal::Executed;
use involved::Involved;
use union::Union;

/// What the record of a decision on duplicates says beside its columns.
#[derive(Debug, Serialize, Deserialize)]
struct Detail {
    /// What was asked: a retry must ask the same.
    request: Value,
    /// The cases' versions after it.
    others: Vec<VersionAfter>,
    /// What it did to the money.
    #[serde(flatten)]
    recorded: RecordedMoney,
}

/// What asking for a merge led to.
#[derive(Debug, Clone, PartialEq)]
pub enum MergeAnswer {
    /// The cases are merged.
    Merged(DuplicateDecision),
    /// Posted charges of an absorbed case would be taken back: a second person must agree.
    Proposed(Box<Proposal>),
}

/// Merges cases into one, for a supervisor of all their grids, or proposes it where posted charges are taken back.
///
/// # Errors
/// [`Refusal`]; nothing is changed then.
pub async fn merge_cases(
    conn: &mut Connection,
    rules: LoopRules<'_>,
    actor: &Actor,
    survivor: CaseId,
    request: &MergeRequest,
) -> Result<MergeAnswer, Refusal> {
    request.check(survivor)?;
    conn.transaction(async |conn| merge(conn, rules, actor, survivor, request).await).await
}

async fn merge(
    conn: &mut Connection,
    rules: LoopRules<'_>,
    actor: &Actor,
    survivor: CaseId,
    request: &MergeRequest,
) -> Result<MergeAnswer, Refusal> {
    let now = rules.now;
    let involved = involved::lock(conn, actor, &request.cases(survivor)).await?;
    if let Some(earlier) = earlier(conn, actor, survivor, request).await? {
        return Ok(earlier);
    }
    let union = Union::of(conn, rules, &actor.district, survivor, request, involved).await?;
    if union.takes_back_posted()? {
        let stands = union.survivor()?;
        let new = NewProposal {
            request_id: request.request_id,
            subject: Subject::Case { case_id: survivor, expected_version: stands.version },
            grid: Some(stands.grid.clone()),
            kind: DecisionKind::Merge,
            request: serde_json::to_value(request)?,
            reason: Some(request.reason.clone()),
            proposed_by: actor.user_id,
        };
        let proposal = propose_decision(conn, &actor.district, new, now).await?;
        return proposed(conn, actor, proposal).await;
    }
    let by = DecidedBy::Person(actor.user_id);
    let (decision, changes) = unite(conn, &actor.district, union, request, by, rules).await?;
    record_changes(conn, &actor.district, &changes).await?;
    Ok(MergeAnswer::Merged(answer(&decision)?))
}

/// Merges what was proposed and approved by `reviewer`, who sees all the cases. The caller records the changes last.
///
/// # Errors
/// [`Refusal`]; the caller's transaction must then be rolled back.
pub async fn merge_reviewed(
    conn: &mut Connection,
    rules: LoopRules<'_>,
    reviewer: &Actor,
    survivor: CaseId,
    request: &MergeRequest,
    by: DecidedBy,
) -> Result<Executed, Refusal> {
    let involved = involved::lock(conn, reviewer, &request.cases(survivor)).await?;
    let union = Union::of(conn, rules, &reviewer.district, survivor, request, involved).await?;
    let (decision, changes) = unite(conn, &reviewer.district, union, request, by, rules).await?;
    Ok(Executed { decision_no: decision.decision_no, changes })
}

/// What this request led to before.
async fn earlier(
    conn: &mut Connection,
    actor: &Actor,
    survivor: CaseId,
    request: &MergeRequest,
) -> Result<Option<MergeAnswer>, Refusal> {
    let asked = serde_json::to_value(request)?;
    if let Some(first) = decisions::of_request(conn, &actor.district, request.request_id).await? {
        return repeated(&first, actor, survivor, DecisionKind::Merge, &asked)
            .map(MergeAnswer::Merged)
            .map(Some);
    }
    let Some(first) = proposals::of_request(conn, &actor.district, request.request_id).await? else {
        return Ok(None);
    };
    if first.proposed_by != actor.user_id.0 || first.case_id != Some(survivor.0) || first.request != asked {
        return Err(Refusal::RequestIdReused);
    }
    proposed(conn, actor, first).await.map(Some)
}

async fn proposed(
    conn: &mut Connection,
    actor: &Actor,
    proposal: ProposalRow,
) -> Result<MergeAnswer, Refusal> {
    let shown = shown(conn, actor, vec![proposal]).await?.pop();
    shown.map(|proposal| MergeAnswer::Proposed(Box::new(proposal))).ok_or(Refusal::CaseUnknown)
}

/// Writes everything but the devices' changes: cases, pairs, decision, money.
async fn unite(
    conn: &mut Connection,
    district: &RegionCode,
    union: Union,
    request: &MergeRequest,
    by: DecidedBy,
    rules: LoopRules<'_>,
) -> Result<(DecisionRow, Vec<NewChange>), Refusal> {
    let now = rules.now;
    let (survivor, absorbed) = (union.survivor()?, union.absorbed());
    write_cases(conn, district, &union, &request.reason, now).await?;
    let ids: BTreeSet<CaseId> = union.involved.keys().copied().collect();
    let absorbed_ids: Vec<CaseId> = absorbed.iter().map(|case| case.case_id).collect();
    let handed = unite_rounds(conn, district, survivor.case_id, &absorbed_ids, rules.calendar, now).await?;
    let mut touched = pairs::inherit(conn, district, survivor.case_id, &absorbed_ids).await?;
    let decided = pairs::close(conn, district, &ids).await?;
    touched.extend(&ids);
    let mut changes = flag::<Refusal>(conn, district, &touched).await?;

    let detail = Detail {
        request: serde_json::to_value(request)?,
        others: versions_after(&absorbed),
        recorded: RecordedMoney { money: union.basis() },
    };
    let new = NewDecision {
        request_id: request.request_id,
        subject: Subject::Case { case_id: survivor.case_id, expected_version: survivor.version },
        kind: DecisionKind::Merge,
        by,
        reason: Some(request.reason.clone()),
        detail: serde_json::to_value(&detail)?,
    };
    changes.extend(union.involved.values().map(|case| (case.case_id, case.change())));
    let (decision, head) = record_decision(conn, district, new, now).await?;
    let mut books = open_books(conn, district, head, now).await?;
    let moved = union.bring(&mut books, decision.decision_no)?;
    write_money(conn, &books, &moved).await?;
    pairs::decide(conn, district, &decided, "merged", decision.decision_no).await?;
    Ok((decision, changes.into_values().chain(handed).collect()))
}

/// Writes what the merge leaves of the cases. What was merged into an absorbed case before is now in the survivor.
async fn write_cases(
    conn: &mut Connection,
    district: &RegionCode,
    union: &Union,
    reason: &str,
    now: Instant,
) -> Result<(), Refusal> {
    let (survivor, unit_id) = (union.survivor()?, union.unit_id);
    let absorbed: Vec<_> = union.absorbed().iter().map(|case| case.case_id.0).collect();
    // What waits already waits for the rest.
    let posts_on = sql::<Nullable<SqlDate>>("greatest(posts_on, ")
        .bind::<Nullable<SqlDate>, _>(union.posts_on.map(Day))
        .sql(")");
    let of_district = cases::table.filter(cases::district.eq(district.as_str()));
    diesel::update(of_district.filter(cases::case_id.eq(survivor.case_id.0)))
        .set((
            cases::unit_id.eq(unit_id.0),
            cases::posts_on.eq(posts_on),
            cases::version.eq(cases::version + 1),
            cases::reason.eq(reason),
            cases::updated_at.eq(Time(now)),
        ))
        .execute(conn)
        .await?;
    diesel::update(of_district.filter(cases::case_id.eq_any(&absorbed)))
        .set((
            cases::review_state.eq("merged"),
            cases::merged_into.eq(survivor.case_id.0),
            cases::posts_on.eq(None::<Day>),
            cases::flags.eq(Vec::<String>::new()),
            cases::version.eq(cases::version + 1),
            cases::reason.eq(reason),
            cases::updated_at.eq(Time(now)),
        ))
        .execute(conn)
        .await?;
    diesel::update(of_district.filter(cases::merged_into.eq_any(&absorbed)))
        .set(cases::merged_into.eq(survivor.case_id.0))
        .execute(conn)
        .await?;
    Ok(())
}

fn versions_after(cases: &[&Involved]) -> Vec<VersionAfter> {
    let after =
        |case: &&Involved| VersionAfter { case_id: case.case_id, version: case.version().saturating_add(1) };
    cases.iter().map(after).collect()
}

/// The answer to a request whose id is known: the first one's, if it was the same.
fn repeated(
    first: &DecisionRow,
    actor: &Actor,
    case_id: CaseId,
    kind: DecisionKind,
    request: &Value,
) -> Result<DuplicateDecision, Refusal> {
    let same = first.actor == Some(actor.user_id.0)
        && first.case_id == Some(case_id.0)
        && first.kind == kind.code()
        && first.detail.get("request") == Some(request);
    if same { answer(first) } else { Err(Refusal::RequestIdReused) }
}

/// What a decision did, from what is on record.
fn answer(decision: &DecisionRow) -> Result<DuplicateDecision, Refusal> {
    let detail: Detail = serde_json::from_value(decision.detail.clone())?;
    let before = decision.expected_version.unwrap_or_default();
    Ok(DuplicateDecision {
        decision_no: decision.decision_no,
        case_id: CaseId(decision.case_id.unwrap_or_default()),
        kind: stored_code("decisions.kind", &decision.kind)?,
        version: u32::try_from(before).unwrap_or_default().saturating_add(1),
        others: detail.others,
    })
}
