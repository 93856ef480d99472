//! The system clock, the only place of the server that reads it.

use jiff::Timestamp;
use sync_core::time::{Clock, Instant};

/// The clock of the machine.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Instant {
        Instant::new(Timestamp::now())
    }
}
