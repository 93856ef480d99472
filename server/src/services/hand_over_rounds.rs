//! Hands the order of a case that goes to another unit (改派) over to that unit, and of a case that is merged (并案) to the
//! survivor.
//!
//! Invariants: of an order that somebody has to act on, the unit is the case's. The order of before stays on record as
//! withdrawn, with its reports, and the same is given anew with the whole time. An order that follows its case into a
//! merge and stays its unit's goes on as it stands, with copies of its reports and steps.

use sync_core::ids::{CaseId, RegionCode};
use sync_core::model::rectification::RoundState;
use sync_core::time::Instant;
use sync_core::wire::problem::ProblemKind;

use crate::calendar::WorkCalendar;
use crate::db::Connection;
use crate::db::changes::NewChange;
use crate::db::rectifications::{
    LoopCase, LoopChanges, NO_CASE_ANY_MORE, cases_of_loops, copy_records, present_rounds, rounds_of,
};
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

/// Leaves the survivor of a merge with one order, and the absorbed cases with none that anybody has to act on: its own, else
/// the first that was given of theirs. All as in [`hand_over_rounds`].
///
/// # Errors
/// `merge_loop_closed` where the survivor's loop is over and an absorbed one's is not; faults of the database.
pub async fn unite_rounds(
    conn: &mut Connection,
    district: &RegionCode,
    survivor: CaseId,
    absorbed: &[CaseId],
    calendar: &WorkCalendar,
    now: Instant,
) -> Result<Vec<NewChange>, ApiError> {
    let ids = || absorbed.iter().chain([&survivor]).map(|case| case.0);
    let mut rounds = present_rounds(conn, district, ids()).await?;
    let known = cases_of_loops(conn, district, ids()).await?;
    let mut loops = LoopChanges::default();
    let Some(case) = known.iter().find(|case| case.case_id == survivor) else { return Ok(Vec::new()) };
    let mut copies = None;
    if let Some(own) = rounds.remove(&survivor) {
        let over = matches!(own.state, RoundState::Verified | RoundState::Closed);
        if over && rounds.values().any(|round| round.clone().lapse()) {
            return Err(ProblemKind::MergeLoopClosed.into());
        }
        hand_over(&mut loops, case, own, calendar, now);
    } else if let Some((from, first)) = rounds.iter().min_by_key(|(from, round)| (round.ordered_at, **from)) {
        let before = rounds_of(conn, district, survivor).await?;
        let number = before.last().map_or(1, |last| last.number.saturating_add(1));
        if let Some(next) = first.follow(case.unit_id, &case.grid, number, now, calendar) {
            copies = (next.unit_id == first.unit_id).then_some(((*from, first.number), (survivor, number)));
            loops.add(case, next);
        }
    }
    for absorbed in known.iter().filter(|case| case.case_id != survivor) {
        if let Some(mut round) = rounds.remove(&absorbed.case_id)
            && round.lapse()
        {
            loops.add(absorbed, round);
        }
    }
    let changes = loops.store_beside_decision(conn, district, now).await?;
    if let Some((from, to)) = copies {
        copy_records(conn, district, from, to).await?;
    }
    Ok(changes)
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
