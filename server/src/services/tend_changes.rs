//! The background work on the change log of one process: at the start and every day it is pruned.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};

use crate::services::prune_changes::prune_changes;
use crate::state::AppState;

/// How often (a day): what goes is months old.
const INTERVAL: Duration = Duration::from_secs(24 * 3_600);

/// Works until it is dropped. A round that fails is told in the log, and the next one tries again.
pub async fn run(state: Arc<AppState>) {
    let mut days = interval(INTERVAL);
    days.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        days.tick().await;
        match prune_changes(&state).await {
            Ok(0) => {}
            Ok(pruned) => tracing::info!(pruned, "outdated changes went"),
            Err(error) => tracing::error!(%error, "pruning changes failed"),
        }
    }
}
