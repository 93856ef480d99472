//! Decides duplicates (重复案件的认定): merge them into one (并案), or keep them apart (不予并案).
//!
//! Invariants: one transaction takes the lock of duplicates, then all the cases' rows by id, then the district's row, so
//! of two racing decisions the second learns of the first. A merge gives the survivor the union of measures and takes
//! the others' money back: each finding is charged once, whatever was posted before. The record says of every case what
//! it stands on and what it is charged, so a replay needs nothing else. Every change is written or none. A case under
//! appeal takes no part in a merge ([`hold`](crate::appeals::hold)).

mod involved;
mod keep_apart;
mod pairs;
mod refusal;
mod request;
mod union;

use std::collections::{BTreeMap, BTreeSet};

use diesel::prelude::*;
use diesel_async::{AsyncConnection, RunQueryDsl};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use sync_core::ids::{CaseId, UnitId};
use sync_core::model::decision::DecisionKind;
use sync_core::time::Instant;

pub use keep_apart::keep_apart;
pub use refusal::Refusal;
pub use request::{
    DuplicateDecision, ExpectedCase, KeepApartRequest, MergeRequest, OTHERS_MAX, VersionAfter,
};
pub use union::MERGED_FROM;

use crate::auth::actor::Actor;
use crate::db::changes::record_changes;
use crate::db::decisions::DecisionRow;
use crate::db::schema::cases;
use crate::db::types::{Day, Time, stored_code};
use crate::db::{Connection, appeals, decisions};
use crate::ledger::basis::RecordedMoney;
use crate::ledger::moves::{Aim, CaseMoney, bring};
use crate::services::find_duplicates::flag;
use crate::services::move_money::{load_money, open_books, write_money};
use crate::services::record_decision::{DecidedBy, NewDecision, Subject, record_decision};
use involved::Involved;

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

/// Merges cases into one, for a supervisor of all their grids.
///
/// # Errors
/// [`Refusal`]; nothing is changed then.
pub async fn merge_cases(
    conn: &mut Connection,
    actor: &Actor,
    survivor: CaseId,
    request: &MergeRequest,
    now: Instant,
) -> Result<DuplicateDecision, Refusal> {
    request.check(survivor)?;
    conn.transaction(async |conn| merge(conn, actor, survivor, request, now).await).await
}

async fn merge(
    conn: &mut Connection,
    actor: &Actor,
    survivor_id: CaseId,
    request: &MergeRequest,
    now: Instant,
) -> Result<DuplicateDecision, Refusal> {
    let ids: BTreeSet<CaseId> =
        request.absorbed.iter().map(|case| case.case_id).chain([survivor_id]).collect();
    let involved = involved::lock(conn, actor, &ids).await?;
    if let Some(first) = decisions::of_request(conn, &actor.district, request.request_id).await? {
        return repeated(&first, actor, survivor_id, DecisionKind::Merge, &serde_json::to_value(request)?);
    }
    let own = ExpectedCase { case_id: survivor_id, expected_version: request.expected_version };
    involved::check_versions(&involved, request.absorbed.iter().copied().chain([own]))?;
    if let Some((case_id, _)) = appeals::open_of(conn, &actor.district, ids.iter().copied()).await?.pop() {
        return Err(Refusal::AppealOpen(case_id));
    }
    let survivor = involved.get(&survivor_id).ok_or(Refusal::CaseUnknown)?;
    let absorbed: Vec<&Involved> = involved.values().filter(|case| case.case_id != survivor_id).collect();
    union::check(survivor, &absorbed)?;
    let unit_id = union::unit_of(survivor, &absorbed, request.unit_id)?;

    let mut money: Vec<CaseMoney> =
        load_money(conn, &actor.district, &ids.iter().copied().collect::<Vec<_>>()).await?;
    let aims = aims_of(survivor, &involved, &money, unit_id)?;
    // Those that give first, then the one that takes; the record names them in this order.
    money.sort_by_key(|case| (case.case_id == survivor_id, case.case_id));

    write_cases(conn, actor, survivor, unit_id, &absorbed, &request.reason, now).await?;
    let absorbed_ids: Vec<CaseId> = absorbed.iter().map(|case| case.case_id).collect();
    let mut touched = pairs::inherit(conn, &actor.district, survivor_id, &absorbed_ids).await?;
    let decided = pairs::close(conn, &actor.district, &ids).await?;
    touched.extend(&ids);
    let flagged = flag::<Refusal>(conn, &actor.district, &touched).await?;

    let basis =
        money.iter().filter_map(|case| Some(involved.get(&case.case_id)?.basis(aims.get(&case.case_id)?)));
    let detail = Detail {
        request: serde_json::to_value(request)?,
        others: versions_after(&absorbed),
        recorded: RecordedMoney { money: basis.collect() },
    };
    let new = NewDecision {
        request_id: request.request_id,
        subject: Subject::Case { case_id: survivor_id, expected_version: survivor.version },
        kind: DecisionKind::Merge,
        by: DecidedBy::Person(actor.user_id),
        reason: Some(request.reason.clone()),
        detail: serde_json::to_value(&detail)?,
    };
    let (decision, head) = record_decision(conn, &actor.district, new, now).await?;
    let mut books = open_books(conn, &actor.district, head, now).await?;
    for case in &mut money {
        let aim = aims.get(&case.case_id).cloned().ok_or(Refusal::CaseUnknown)?;
        bring(&mut books, case, aim, decision.decision_no)?;
    }
    write_money(conn, &books, &money).await?;
    pairs::decide(conn, &actor.district, &decided, "merged", decision.decision_no).await?;
    let mut changes = flagged;
    changes.extend(involved.values().map(|case| (case.case_id, case.change())));
    record_changes(conn, &actor.district, &changes.into_values().collect::<Vec<_>>()).await?;
    answer(&decision)
}

/// Where the money of each case goes.
fn aims_of(
    survivor: &Involved,
    involved: &BTreeMap<CaseId, Involved>,
    money: &[CaseMoney],
    unit_id: UnitId,
) -> Result<BTreeMap<CaseId, Aim>, Refusal> {
    let others: Vec<(&Involved, &CaseMoney)> = money
        .iter()
        .filter(|case| case.case_id != survivor.case_id)
        .filter_map(|case| Some((involved.get(&case.case_id)?, case)))
        .collect();
    let own = money.iter().find(|case| case.case_id == survivor.case_id).ok_or(Refusal::CaseUnknown)?;
    let aim = union::aim_of(survivor, own, &others, unit_id)?;
    let given = others.iter().map(|(case, _)| (case.case_id, Aim::nothing(case.unit_id)));
    Ok(given.chain([(survivor.case_id, aim)]).collect())
}

/// Writes what the merge leaves of the cases. What was merged into an absorbed case before is now in the survivor.
async fn write_cases(
    conn: &mut Connection,
    actor: &Actor,
    survivor: &Involved,
    unit_id: UnitId,
    absorbed: &[&Involved],
    reason: &str,
    now: Instant,
) -> QueryResult<()> {
    let absorbed: Vec<_> = absorbed.iter().map(|case| case.case_id.0).collect();
    let of_district = cases::table.filter(cases::district.eq(actor.district.as_str()));
    diesel::update(of_district.filter(cases::case_id.eq(survivor.case_id.0)))
        .set((
            cases::unit_id.eq(unit_id.0),
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
