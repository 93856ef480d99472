//! A clock that stands still until a test moves it.

use std::sync::{Mutex, PoisonError};

use sync_core::time::{Clock, Instant};

/// The test's clock.
#[derive(Debug)]
pub struct TestClock(Mutex<Instant>);

impl TestClock {
    /// A clock that shows this instant.
    #[must_use]
    pub fn at(instant: Instant) -> Self {
        Self(Mutex::new(instant))
    }

    /// Sets it.
    pub fn set(&self, instant: Instant) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = instant;
    }

    /// Moves it on.
    pub fn advance_seconds(&self, seconds: i64) {
        self.set(self.now().plus_seconds(seconds));
    }
}

impl Clock for TestClock {
    fn now(&self) -> Instant {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
