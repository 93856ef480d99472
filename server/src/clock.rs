//! The clocks of the server: the machine's, the only place that reads it, and the demonstration's, which is moved on.

use std::sync::{Arc, Mutex, PoisonError};

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

/// The clock of a demonstration (演示时钟), so that months of work can be played in a minute: it stands in the past until
/// it is moved on.
///
/// Invariants: it never goes back, and never ahead of the machine's; once it is with the machine's it stays with it.
pub struct DemonstrationClock {
    machine: Arc<dyn Clock>,
    /// None: it goes with the machine's.
    stands_at: Mutex<Option<Instant>>,
}

/// Why the clock was not moved: what was asked for lies before what it shows, or ahead of the machine's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the clock shows {shows}, the machine's {machine}: it moves from the one to the other, never back")]
pub struct NotBetween {
    /// What it shows.
    pub shows: Instant,
    /// What the machine's shows.
    pub machine: Instant,
}

impl DemonstrationClock {
    /// A clock that stands at this instant; where that is ahead of the machine's, it goes with the machine's.
    #[must_use]
    pub fn standing(at: Instant, machine: Arc<dyn Clock>) -> Self {
        let stands_at = Mutex::new(Some(at).filter(|at| *at < machine.now()));
        Self { machine, stands_at }
    }

    /// Where it stands, unless it goes with the machine's.
    #[must_use]
    pub fn stands_at(&self) -> Option<Instant> {
        *self.stands_at.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// What the machine's clock shows.
    #[must_use]
    pub fn machine(&self) -> Instant {
        self.machine.now()
    }

    /// Moves it on to this instant, or lets it go with the machine's from now on.
    ///
    /// # Errors
    /// [`NotBetween`].
    pub fn move_on(&self, to: Option<Instant>) -> Result<(), NotBetween> {
        let mut stands_at = self.stands_at.lock().unwrap_or_else(PoisonError::into_inner);
        let machine = self.machine.now();
        let shows = stands_at.unwrap_or(machine);
        if to.is_some_and(|to| !(shows..=machine).contains(&to)) {
            return Err(NotBetween { shows, machine });
        }
        *stands_at = to;
        Ok(())
    }
}

impl Clock for DemonstrationClock {
    fn now(&self) -> Instant {
        self.stands_at().unwrap_or_else(|| self.machine.now())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Standing(Instant);

    impl Clock for Standing {
        fn now(&self) -> Instant {
            self.0
        }
    }

    fn instant(text: &str) -> Instant {
        text.parse().unwrap()
    }

    fn clock(at: &str) -> DemonstrationClock {
        DemonstrationClock::standing(instant(at), Arc::new(Standing(instant("2026-11-22T02:00:00Z"))))
    }

    #[test]
    fn it_stands_until_it_is_moved_on_and_then_goes_with_the_machines() {
        let clock = clock("2026-09-01T00:00:00Z");
        assert_eq!(clock.now(), instant("2026-09-01T00:00:00Z"));
        clock.move_on(Some(instant("2026-09-03T01:30:00Z"))).unwrap();
        assert_eq!(clock.now(), instant("2026-09-03T01:30:00Z"));
        clock.move_on(None).unwrap();
        assert_eq!((clock.now(), clock.stands_at()), (instant("2026-11-22T02:00:00Z"), None));
    }

    #[test]
    fn it_goes_neither_back_nor_ahead_of_the_machines() {
        let clock = clock("2026-09-01T00:00:00Z");
        for refused in ["2026-08-31T23:59:59Z", "2026-11-22T02:00:01Z"] {
            clock.move_on(Some(instant(refused))).unwrap_err();
        }
        clock.move_on(None).unwrap();
        clock.move_on(Some(instant("2026-11-21T00:00:00Z"))).unwrap_err();
    }

    #[test]
    fn one_that_would_stand_in_the_future_goes_with_the_machines() {
        assert_eq!(clock("2026-11-23T00:00:00Z").stands_at(), None);
    }
}
