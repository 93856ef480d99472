//! Sets the dates by which appeals (申诉) have to be decided anew that were planned without the holiday calendar's year,
//! once the year is there.
//!
//! Invariant: it is computed under the case's row lock, from the time of filing as then; while the year is still missing,
//! nothing changes.

use diesel::prelude::*;
use diesel::sql_types::{Array, Text, Timestamptz, Uuid as SqlUuid};
use diesel_async::{AsyncConnection, RunQueryDsl};
use sync_core::ids::{AppealId, CaseId, RegionCode, UserId};
use sync_core::model::appeal::AppealState;
use sync_core::time::Instant;
use uuid::Uuid;

use crate::appeals::terms::Terms;
use crate::db::case_keys::{BATCH_CASES, CaseKey, by_district};
use crate::db::changes::{NewChange, record_changes};
use crate::db::rectifications::lock_cases;
use crate::db::schema::{appeals, cases};
use crate::db::statement::statement;
use crate::db::types::{Time, stored};
use crate::db::{Connection, duplicate_lock};
use crate::problem::ApiError;
use crate::state::AppState;

/// An appeal with what its date follows from, and what its case is told by.
type Row = (Uuid, Time, Uuid, String, Uuid, Option<String>);

/// Sets what can be set now. Says of how many appeals.
///
/// # Errors
/// Faults of the database.
pub async fn plan_appeals(state: &AppState) -> Result<usize, ApiError> {
    let mut conn = state.connection().await?;
    let mut planned: usize = 0;
    let mut batch = assumed(&mut conn, None).await?;
    while let Some(last) = batch.last().cloned() {
        for (district, ids) in by_district(&batch)? {
            let done = conn.transaction(async |conn| plan(conn, state, &district, &ids).await).await?;
            planned = planned.saturating_add(done);
        }
        batch = assumed(&mut conn, Some(last)).await?;
    }
    Ok(planned)
}

/// Cases beyond this one with an open appeal whose date was planned without the calendar.
async fn assumed(conn: &mut Connection, after: Option<CaseKey>) -> QueryResult<Vec<CaseKey>> {
    let (district, case_id) = after.unwrap_or_default();
    let beyond = appeals::district
        .gt(district.clone())
        .or(appeals::district.eq(district).and(appeals::case_id.gt(case_id)));
    appeals::table
        .filter(beyond)
        .filter(appeals::due_assumed)
        .filter(appeals::state.eq(AppealState::Open.code()))
        .order((appeals::district, appeals::case_id))
        .limit(BATCH_CASES)
        .select((appeals::district, appeals::case_id))
        .load(conn)
        .await
}

async fn plan(
    conn: &mut Connection,
    state: &AppState,
    district: &RegionCode,
    of_cases: &[Uuid],
) -> Result<usize, ApiError> {
    duplicate_lock::take(conn, district).await?;
    lock_cases(conn, district, of_cases.iter().copied()).await?;
    let book = state.policies.of(conn, district).await?;
    let rows: Vec<Row> = appeals::table
        .inner_join(
            cases::table.on(cases::district.eq(appeals::district).and(cases::case_id.eq(appeals::case_id))),
        )
        .filter(appeals::district.eq(district.as_str()))
        .filter(appeals::case_id.eq_any(of_cases))
        .filter(appeals::due_assumed)
        .filter(appeals::state.eq(AppealState::Open.code()))
        .select((
            appeals::appeal_id,
            appeals::filed_at,
            cases::case_id,
            cases::grid,
            cases::author,
            cases::pack_hash,
        ))
        .load(conn)
        .await?;
    let (mut due, mut changes) = (Vec::<(AppealId, Instant)>::new(), Vec::new());
    for (appeal, filed_at, case_id, grid, author, pack_hash) in rows {
        let hash = pack_hash.map(|hash| stored("cases.pack_hash", &hash)).transpose()?;
        let terms = Terms::of(hash.and_then(|hash| book.by_hash(&hash)));
        let planned = terms.decide_until(filed_at.0, &state.calendar).ok();
        if let Some(planned) = planned.filter(|planned| !planned.assumed) {
            due.push((AppealId(appeal), planned.at));
            changes.push(NewChange::of_case(CaseId(case_id), stored("cases.grid", &grid)?, UserId(author)));
        }
    }
    if due.is_empty() {
        return Ok(0);
    }
    statement(
        "UPDATE appeals SET due_at = planned.due_at, due_assumed = FALSE
         FROM unnest($2, $3) AS planned (appeal_id, due_at)
         WHERE district = $1 AND appeals.appeal_id = planned.appeal_id",
    )
    .bind::<Text, _>(district.as_str())
    .bind::<Array<SqlUuid>, _>(due.iter().map(|(appeal, _)| appeal.0).collect::<Vec<_>>())
    .bind::<Array<Timestamptz>, _>(due.iter().map(|(_, at)| Time(*at)).collect::<Vec<_>>())
    .execute(conn)
    .await?;
    record_changes(conn, district, &changes).await?;
    Ok(due.len())
}
