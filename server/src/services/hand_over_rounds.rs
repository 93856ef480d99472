//! Hands the order of a case that goes to another unit (改派) over to that unit.
//!
//! Invariant: of an order that somebody has to act on, the unit is the case's. The order of before stays on record as
//! withdrawn, with its reports, and the same is given anew with the whole time.

use sync_core::ids::{CaseId, RegionCode};
use sync_core::time::Instant;

use crate::calendar::WorkCalendar;
use crate::db::Connection;
use crate::db::changes::NewChange;
use crate::db::rectifications::{LoopCase, LoopChanges, NO_CASE_ANY_MORE, cases_of_loops, present_rounds};
use crate::problem::ApiError;
use crate::rectification::round::Round;

/// Hands the orders of these cases over, as part of the decision that named their units: the caller holds their locks, has
/// written their rows with another version, and records the changes returned.
///
/// # Errors
/// Faults of the database.
pub async fn hand_over_rounds(
    conn: &mut Connection,
    district: &RegionCode,
    cases: &[CaseId],
    calendar: &WorkCalendar,
    now: Instant,
) -> Result<Vec<NewChange>, ApiError> {
    let ids = || cases.iter().map(|case| case.0);
    let mut rounds = present_rounds(conn, district, ids()).await?;
    let mut loops = LoopChanges::default();
    for case in cases_of_loops(conn, district, ids()).await? {
        if let Some(round) = rounds.remove(&case.case_id) {
            hand_over(&mut loops, &case, round, calendar, now);
        }
    }
    Ok(loops.store_beside_decision(conn, district, now).await?)
}

/// Adds what becomes of a case's present round where that is another unit's; whether it is.
pub fn hand_over(
    loops: &mut LoopChanges,
    case: &LoopCase,
    mut round: Round,
    calendar: &WorkCalendar,
    now: Instant,
) -> bool {
    if NO_CASE_ANY_MORE.contains(&case.review_state.code()) {
        return false;
    }
    let Some(next) = round.hand_over(case.unit_id, &case.grid, now, calendar) else { return false };
    loops.add(case, round);
    loops.add(case, next);
    true
}
