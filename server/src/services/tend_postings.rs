//! The background work on money of one process: at the start and every hour, what is due by the packs is confirmed and
//! posted.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::{MissedTickBehavior, interval};

use crate::services::post_due::post_due;
use crate::state::AppState;

/// How often it is looked for what is due (1 h): packs count in days.
const INTERVAL: Duration = Duration::from_secs(3_600);

/// Works until it is dropped. A round that fails is told in the log, and the next one tries again.
pub async fn run(state: Arc<AppState>) {
    let mut hours = interval(INTERVAL);
    hours.set_missed_tick_behavior(MissedTickBehavior::Delay);
    loop {
        hours.tick().await;
        match post_due(&state).await {
            Ok(0) => {}
            Ok(decisions) => tracing::info!(decisions, "confirmed or posted what was due"),
            Err(error) => tracing::error!(%error, "posting what is due failed"),
        }
    }
}
