//! Moves the clock of a demonstration on (演示时钟), and does at once what became due by it, as the timers would have.
//!
//! Invariant: where there is no demonstration whose clock stands, there is nothing to move.

use serde::{Deserialize, Serialize};
use sync_core::time::{Clock as _, Instant};
use sync_core::wire::problem::ProblemKind;
use utoipa::ToSchema;

use crate::clock::DemonstrationClock;
use crate::problem::ApiError;
use crate::services::escalate_overdue::escalate;
use crate::services::plan_deadlines::plan_deadlines;
use crate::services::post_due::post_due;
use crate::state::AppState;

/// Where the clock is moved.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ClockMove {
    /// From then on it stands here; absent: it goes with the machine's, for good.
    pub now: Option<Instant>,
}

/// What the clocks show.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct ClockFace {
    /// The demonstration's.
    pub now: Instant,
    /// The machine's.
    pub machine: Instant,
    /// Whether the demonstration's stands until it is moved on.
    pub stands: bool,
}

impl ClockFace {
    fn of(clock: &DemonstrationClock) -> Self {
        Self { now: clock.now(), machine: clock.machine(), stands: clock.stands_at().is_some() }
    }
}

/// What the clocks show.
///
/// # Errors
/// `not_found` where no demonstration's clock can be moved.
pub fn show_clock(state: &AppState) -> Result<ClockFace, ApiError> {
    Ok(ClockFace::of(demonstration(state)?))
}

/// Moves the clock.
///
/// # Errors
/// `not_found` where no demonstration's clock can be moved; `date_out_of_range` back or ahead of the machine's; faults of
/// the database in what became due, the clock is moved then.
pub async fn move_clock(state: &AppState, asked: ClockMove) -> Result<ClockFace, ApiError> {
    let clock = demonstration(state)?;
    clock.move_on(asked.now).map_err(|refusal| {
        ApiError::new(ProblemKind::DateOutOfRange).field("now").detail(refusal.to_string())
    })?;
    plan_deadlines(state).await?;
    escalate(state).await?;
    post_due(state).await?;
    Ok(ClockFace::of(clock))
}

fn demonstration(state: &AppState) -> Result<&DemonstrationClock, ApiError> {
    state.demonstration.as_deref().ok_or_else(|| ProblemKind::NotFound.into())
}
