//! The system's clock, the only place that reads it for dates.

use sync_core::time::{Clock, Instant};

/// The system's clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Instant {
        Instant::new(jiff::Timestamp::now())
    }
}
