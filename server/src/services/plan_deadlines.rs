//! Sets deadlines and days of steps that could not be computed before, because the holiday calendar lacked the year; and
//! hands orders over whose case is another unit's by a correction that a tablet sent. (A decision that names another unit
//! hands over by itself.)
//!
//! Invariant: it is computed under the case's row lock and once; while the year is still missing, no deadline changes.

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Bool;
use diesel_async::{AsyncConnection, RunQueryDsl};
use sync_core::ids::RegionCode;
use uuid::Uuid;

use crate::db::case_keys::{BATCH_CASES, CaseKey, by_district};
use crate::db::changes::record_changes;
use crate::db::rectifications::{LoopChanges, cases_of_loops, lock_cases, present_rounds};
use crate::db::schema::{cases, rectifications};
use crate::db::{Connection, duplicate_lock};
use crate::problem::ApiError;
use crate::services::hand_over_rounds::hand_over;
use crate::state::AppState;

/// Sets what can be set now, and hands over what is another unit's. Says of how many rounds.
///
/// # Errors
/// Faults of the database.
pub async fn plan_deadlines(state: &AppState) -> Result<usize, ApiError> {
    let mut conn = state.connection().await?;
    let mut planned: usize = 0;
    let mut batch = waiting(&mut conn, None).await?;
    while let Some(last) = batch.last().cloned() {
        for (district, ids) in by_district(&batch)? {
            let done = conn.transaction(async |conn| plan(conn, state, &district, &ids).await).await?;
            planned = planned.saturating_add(done);
        }
        batch = waiting(&mut conn, Some(last)).await?;
    }
    Ok(planned)
}

/// Rounds beyond this one that wait for the calendar, and those that a unit has whose case is another's.
async fn waiting(conn: &mut Connection, after: Option<CaseKey>) -> QueryResult<Vec<CaseKey>> {
    let (district, case_id) = after.unwrap_or_default();
    let beyond = rectifications::district
        .gt(district.clone())
        .or(rectifications::district.eq(district).and(rectifications::case_id.gt(case_id)));
    rectifications::table
        .inner_join(cases::table.on(
            cases::district.eq(rectifications::district).and(cases::case_id.eq(rectifications::case_id)),
        ))
        .filter(sql::<Bool>(
            "((rectifications.state = 'assigned' AND next_step_at IS NULL
              AND (deadline IS NULL OR steps_taken < cardinality(steps)))
             OR (rectifications.state IN ('assigned', 'paused', 'rectified', 'returned')
                 AND rectifications.unit_id <> cases.unit_id AND review_state NOT IN ('dismissed', 'merged')))",
        ))
        .filter(beyond)
        .order((rectifications::district, rectifications::case_id))
        .limit(BATCH_CASES)
        .select((rectifications::district, rectifications::case_id))
        .load(conn)
        .await
}

async fn plan(
    conn: &mut Connection,
    state: &AppState,
    district: &RegionCode,
    ids: &[Uuid],
) -> Result<usize, ApiError> {
    let now = state.clock.now();
    duplicate_lock::take(conn, district).await?;
    lock_cases(conn, district, ids.iter().copied()).await?;
    let mut rounds = present_rounds(conn, district, ids.iter().copied()).await?;
    let (mut loops, mut planned) = (LoopChanges::default(), 0);
    for case in cases_of_loops(conn, district, ids.iter().copied()).await? {
        let Some(mut round) = rounds.remove(&case.case_id) else { continue };
        if hand_over(&mut loops, &case, round.clone(), &state.calendar, now) {
            planned += 1;
        } else if round.plan(now, &state.calendar) {
            loops.add(&case, round);
            planned += 1;
        }
    }
    let changes = loops.store(conn, district, now).await?;
    record_changes(conn, district, &changes).await?;
    Ok(planned)
}
