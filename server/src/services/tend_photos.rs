//! The background work on photos of one process: sweeps at the start and every hour, stamps when woken.

use std::sync::Arc;

use tokio::time::{MissedTickBehavior, interval};

use crate::photos::limits::SWEEP_INTERVAL;
use crate::services::stamp_photos::stamp_photos;
use crate::services::sweep_uploads::sweep_uploads;
use crate::state::AppState;

/// Works until it is dropped. A round that fails is told in the log, and the next one tries again.
pub async fn run(state: Arc<AppState>) {
    let mut hours = interval(SWEEP_INTERVAL);
    hours.set_missed_tick_behavior(MissedTickBehavior::Delay);
    let mut wakes = state.photos.stamper.wakes();
    loop {
        tokio::select! {
            _ = hours.tick() => {
                if let Err(error) = sweep_uploads(&state).await {
                    tracing::error!(%error, "sweeping uploads failed");
                }
            }
            // The sender lives in the state, so this fails never.
            _ = wakes.changed() => {}
        }
        let asked = *wakes.borrow_and_update();
        if let Err(error) = stamp_photos(&state).await {
            tracing::error!(%error, "stamping photos failed");
        }
        state.photos.stamper.finished(asked);
    }
}
