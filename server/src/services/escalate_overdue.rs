//! Takes overdue rounds one step up (督办, 约谈, 问责), as the pack said when they were ordered.
//!
//! Invariants: a step is a numbered decision that a timer made, and happens once however many processes run this: the
//! case's row is locked and the round read again before a step is taken, and a unique key stands behind that. A
//! supervisor who decides meanwhile was first or learns of the step by the case's version. Locks: cases by id, then the
//! district.

use diesel::prelude::*;
use diesel_async::{AsyncConnection, RunQueryDsl};
use serde::Serialize;
use serde_json::json;
use sync_core::ids::{CaseId, DecisionRequestId, RegionCode};
use sync_core::model::case::ReviewState;
use sync_core::model::decision::DecisionKind;
use sync_core::model::rectification::RoundState;
use sync_core::policy::Escalation;
use sync_core::time::Instant;
use uuid::Uuid;

use crate::calendar::WorkCalendar;
use crate::db::bulk::insert_rows;
use crate::db::case_keys::{BATCH_CASES, CaseKey, by_district};
use crate::db::changes::record_changes;
use crate::db::rectifications::{LoopCase, LoopChanges, cases_of_loops, lock_cases, present_rounds};
use crate::db::schema::{cases, rectifications};
use crate::db::types::Time;
use crate::db::{Connection, duplicate_lock};
use crate::problem::ApiError;
use crate::rectification::round::Round;
use crate::services::record_decision::{DecidedBy, NewDecision, Subject, record_decisions};
use crate::services::rectify_case::LoopOutcome;
use crate::state::AppState;

/// A case whose loop can be escalated: decided ones that are no case any more are left alone, and so is one that went
/// back to its inspector.
const REVIEW_STATES: [&str; 2] = [ReviewState::UnderReview.code(), ReviewState::Confirmed.code()];

/// Takes every overdue round of every district one step up that is due now. Says how many steps were taken.
///
/// # Errors
/// Faults of the database; what was taken before stays.
pub async fn escalate(state: &AppState) -> Result<usize, ApiError> {
    let now = state.clock.now();
    let mut taken: usize = 0;
    loop {
        let due = due_now(&mut *state.connection().await?, now).await?;
        let mut in_batch: usize = 0;
        for (district, ids) in by_district(&due)? {
            let mut conn = state.connection().await?;
            let calendar = &state.calendar;
            in_batch = in_batch.saturating_add(
                conn.transaction(async |conn| step_up(conn, &district, &ids, calendar, now).await).await?,
            );
        }
        // Another process may have taken what was due: then nothing is due any more.
        if in_batch == 0 {
            return Ok(taken);
        }
        taken = taken.saturating_add(in_batch);
    }
}

/// The first of what is due.
async fn due_now(conn: &mut Connection, now: Instant) -> QueryResult<Vec<CaseKey>> {
    rectifications::table
        .inner_join(
            cases::table.on(cases::district
                .eq(rectifications::district)
                .and(cases::case_id.eq(rectifications::case_id))),
        )
        .filter(rectifications::state.eq(RoundState::Assigned.code()))
        .filter(rectifications::next_step_at.le(Time(now)))
        .filter(cases::review_state.eq_any(REVIEW_STATES))
        .order((rectifications::district, rectifications::case_id))
        .limit(BATCH_CASES)
        .select((rectifications::district, rectifications::case_id))
        .load(conn)
        .await
}

/// A step as it is written.
#[derive(Debug, Serialize)]
struct StepWrite<'a> {
    district: &'a RegionCode,
    case_id: CaseId,
    round: u16,
    step: Escalation,
    taken_at: Instant,
    decision_no: i64,
}

async fn step_up(
    conn: &mut Connection,
    district: &RegionCode,
    ids: &[Uuid],
    calendar: &WorkCalendar,
    now: Instant,
) -> Result<usize, ApiError> {
    duplicate_lock::take(conn, district).await?;
    lock_cases(conn, district, ids.iter().copied()).await?;
    let mut rounds = present_rounds(conn, district, ids.iter().copied()).await?;
    let mut cases = cases_of_loops(conn, district, ids.iter().copied()).await?;
    cases.sort_by_key(|case| case.case_id);
    let stepped: Vec<(LoopCase, Round, Escalation)> = cases
        .into_iter()
        .filter(|case| REVIEW_STATES.contains(&case.review_state.code()))
        .filter_map(|case| {
            let mut round = rounds.remove(&case.case_id)?;
            let step = round.escalate(now, calendar)?;
            Some((case, round, step))
        })
        .collect();
    if stepped.is_empty() {
        return Ok(0);
    }
    let gaps = stepped.iter().filter(|(_, round, _)| round.awaits_calendar()).count();
    if gaps > 0 {
        tracing::error!(%district, gaps, "the holiday calendar lacks a year: next steps of overdue rounds are not set");
    }
    let mut loops = LoopChanges::default();
    stepped.iter().for_each(|(case, round, _)| loops.add(case, round.clone()));
    let changes = loops.store(conn, district, now).await?;
    let decisions = stepped.iter().map(|(case, round, step)| NewDecision {
        request_id: DecisionRequestId::derive(&format!(
            "escalate/{}/{}/{}",
            case.case_id,
            round.number,
            step.code()
        )),
        subject: Subject::Case { case_id: case.case_id, expected_version: case.version },
        kind: DecisionKind::Escalate,
        by: DecidedBy::Timer,
        reason: None,
        detail: json!({ "step": step, "outcome": LoopOutcome::of(round) }),
    });
    let (decisions, _) = record_decisions(conn, district, decisions.collect(), now).await?;
    let steps: Vec<StepWrite<'_>> = stepped
        .iter()
        .zip(&decisions)
        .map(|((case, round, step), decision)| StepWrite {
            district,
            case_id: case.case_id,
            round: round.number,
            step: *step,
            taken_at: now,
            decision_no: decision.decision_no,
        })
        .collect();
    insert_rows(conn, "rectification_steps", "district, case_id, round, step, taken_at, decision_no", &steps)
        .await?;
    record_changes(conn, district, &changes).await?;
    Ok(steps.len())
}
