//! The background work on photos of one process: at the start, every hour and when woken it judges complete uploads and
//! makes stamped copies; after the hourly verdicts it sweeps.

use std::sync::Arc;

use tokio::time::{Interval, MissedTickBehavior, interval};

use crate::photos::limits::SWEEP_INTERVAL;
use crate::services::judge_uploads::judge_uploads;
use crate::services::stamp_photos::stamp_photos;
use crate::services::sweep_uploads::sweep_uploads;
use crate::state::AppState;

/// Works until it is dropped. A round that fails is told in the log, and the next one tries again.
pub async fn run(state: Arc<AppState>) {
    tokio::join!(judge(&state), stamp(&state));
}

async fn judge(state: &AppState) {
    let mut hours = hours();
    let rounds = &state.photos.verdicts;
    let mut wakes = rounds.wakes();
    loop {
        let sweeps = tokio::select! {
            _ = hours.tick() => true,
            // The sender lives in the state, so this fails never.
            _ = wakes.changed() => false,
        };
        let asked = *wakes.borrow_and_update();
        if let Err(error) = judge_uploads(state).await {
            tracing::error!(%error, "judging uploads failed");
        }
        if sweeps && let Err(error) = sweep_uploads(state).await {
            tracing::error!(%error, "sweeping uploads failed");
        }
        rounds.finished(asked);
    }
}

async fn stamp(state: &AppState) {
    let mut hours = hours();
    let rounds = &state.photos.stamper.rounds;
    let mut wakes = rounds.wakes();
    loop {
        tokio::select! {
            _ = hours.tick() => {}
            _ = wakes.changed() => {}
        }
        let asked = *wakes.borrow_and_update();
        if let Err(error) = stamp_photos(state).await {
            tracing::error!(%error, "stamping photos failed");
        }
        rounds.finished(asked);
    }
}

fn hours() -> Interval {
    let mut hours = interval(SWEEP_INTERVAL);
    hours.set_missed_tick_behavior(MissedTickBehavior::Delay);
    hours
}
