//! The background work on deadlines of one process: at the start and every few minutes, deadlines that waited for the
//! holiday calendar are set, and overdue rounds go one step up.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};

use crate::services::escalate_overdue::escalate;
use crate::services::plan_appeals::plan_appeals;
use crate::services::plan_deadlines::plan_deadlines;
use crate::state::AppState;

/// How often it is looked for what is overdue (5 min).
const INTERVAL: Duration = Duration::from_secs(300);

/// Works until it is dropped. A round that fails is told in the log, and the next one tries again.
pub async fn run(state: Arc<AppState>) {
    let mut ticks = interval(INTERVAL);
    ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        ticks.tick().await;
        match plan_deadlines(&state).await {
            Ok(0) => {}
            Ok(rounds) => tracing::info!(rounds, "deadlines that waited for the holiday calendar are set"),
            Err(error) => tracing::error!(%error, "setting deadlines failed"),
        }
        match plan_appeals(&state).await {
            Ok(0) => {}
            Ok(appeals) => tracing::info!(appeals, "appeals' dates are set by the holiday calendar"),
            Err(error) => tracing::error!(%error, "setting appeals' dates failed"),
        }
        match escalate(&state).await {
            Ok(0) => {}
            Ok(steps) => tracing::info!(steps, "overdue rectification went one step up"),
            Err(error) => tracing::error!(%error, "escalating overdue rectification failed"),
        }
    }
}
