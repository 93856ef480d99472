//! Keeps proposed duplicates apart (不予并案): they are two findings, and each is decided by itself.

use std::collections::BTreeSet;

use diesel::prelude::*;
use diesel_async::{AsyncConnection, RunQueryDsl};
use sync_core::ids::CaseId;
use sync_core::model::decision::DecisionKind;
use sync_core::time::Instant;

use super::involved::{self, Involved};
use super::{
    Detail, DuplicateDecision, ExpectedCase, KeepApartRequest, Refusal, answer, pairs, repeated,
    versions_after,
};
use crate::auth::actor::Actor;
use crate::db::changes::record_changes;
use crate::db::schema::cases;
use crate::db::types::Time;
use crate::db::{Connection, decisions};
use crate::ledger::basis::RecordedMoney;
use crate::services::find_duplicates::flag;
use crate::services::record_decision::{DecidedBy, NewDecision, Subject, record_decision};

/// Keeps every proposed pair among these cases apart, for a supervisor of all their grids.
///
/// # Errors
/// [`Refusal`]; nothing is changed then.
pub async fn keep_apart(
    conn: &mut Connection,
    actor: &Actor,
    case_id: CaseId,
    request: &KeepApartRequest,
    now: Instant,
) -> Result<DuplicateDecision, Refusal> {
    request.check(case_id)?;
    conn.transaction(async |conn| keep(conn, actor, case_id, request, now).await).await
}

async fn keep(
    conn: &mut Connection,
    actor: &Actor,
    case_id: CaseId,
    request: &KeepApartRequest,
    now: Instant,
) -> Result<DuplicateDecision, Refusal> {
    let ids: BTreeSet<CaseId> = request.others.iter().map(|case| case.case_id).chain([case_id]).collect();
    let involved = involved::lock(conn, actor, &ids).await?;
    if let Some(first) = decisions::of_request(conn, &actor.district, request.request_id).await? {
        return repeated(&first, actor, case_id, DecisionKind::KeepApart, &serde_json::to_value(request)?);
    }
    let own = ExpectedCase { case_id, expected_version: request.expected_version };
    involved::check_versions(&involved, request.others.iter().copied().chain([own]))?;
    let decided = pairs::close(conn, &actor.district, &ids).await?;
    if decided.is_empty() {
        return Err(Refusal::NothingProposed);
    }
    diesel::update(cases::table)
        .filter(cases::district.eq(actor.district.as_str()))
        .filter(cases::case_id.eq_any(ids.iter().map(|case| case.0)))
        .set((cases::version.eq(cases::version + 1), cases::updated_at.eq(Time(now))))
        .execute(conn)
        .await?;
    flag::<Refusal>(conn, &actor.district, &ids).await?;

    let others: Vec<&Involved> = involved.values().filter(|case| case.case_id != case_id).collect();
    let detail = Detail {
        request: serde_json::to_value(request)?,
        others: versions_after(&others),
        recorded: RecordedMoney::default(),
    };
    let version = involved.get(&case_id).ok_or(Refusal::CaseUnknown)?.version;
    let new = NewDecision {
        request_id: request.request_id,
        subject: Subject::Case { case_id, expected_version: version },
        kind: DecisionKind::KeepApart,
        by: DecidedBy::Person(actor.user_id),
        reason: Some(request.reason.clone()),
        detail: serde_json::to_value(&detail)?,
    };
    let (decision, _) = record_decision(conn, &actor.district, new, now).await?;
    pairs::decide(conn, &actor.district, &decided, "kept_apart", decision.decision_no).await?;
    let changes: Vec<_> = involved.values().map(Involved::change).collect();
    record_changes(conn, &actor.district, &changes).await?;
    answer(&decision)
}
