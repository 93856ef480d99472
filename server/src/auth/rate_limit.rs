//! How often one address may guess at passwords and enrolment codes.
//!
//! Each process counts for itself: behind a balancer an address has as many tries as there are processes, which the
//! lockout of accounts bounds. The clock is the injected one.

use std::net::IpAddr;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use governor::clock::Clock as GovernorClock;
use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::keyed::DashMapStateStore;
use governor::{Quota, RateLimiter};
use sync_core::time::Clock;
use sync_core::wire::problem::ProblemKind;

/// Guesses that an address may make at once: a whole office behind one address signs in within the same minutes.
pub const GUESSES_AT_ONCE: NonZeroU32 = NonZeroU32::new(60).unwrap();

/// Seconds until one more guess is allowed.
const SECONDS_PER_GUESS: u64 = 2;

/// Addresses that are remembered before those that have all their guesses again are forgotten.
const ADDRESSES_REMEMBERED: usize = 10_000;

#[derive(Clone)]
struct InjectedClock(Arc<dyn Clock>);

impl GovernorClock for InjectedClock {
    type Instant = Nanos;

    fn now(&self) -> Nanos {
        let millis = self.0.now().as_millisecond();
        Duration::from_millis(millis.try_into().unwrap_or(0)).into()
    }
}

/// Counts guesses by address.
pub struct GuessLimit {
    limiter: RateLimiter<IpAddr, DashMapStateStore<IpAddr>, InjectedClock, NoOpMiddleware<Nanos>>,
}

impl GuessLimit {
    /// A count of its own.
    #[must_use]
    pub fn new(clock: Arc<dyn Clock>) -> Self {
        let quota = Quota::with_period(Duration::from_secs(SECONDS_PER_GUESS))
            .unwrap_or(Quota::per_minute(GUESSES_AT_ONCE))
            .allow_burst(GUESSES_AT_ONCE);
        Self { limiter: RateLimiter::new(quota, DashMapStateStore::default(), InjectedClock(clock)) }
    }

    /// Counts one guess.
    ///
    /// # Errors
    /// [`ProblemKind::RateLimited`] where it is one too many.
    pub fn count(&self, network: IpAddr) -> Result<(), ProblemKind> {
        if self.limiter.len() > ADDRESSES_REMEMBERED {
            self.limiter.retain_recent();
        }
        self.limiter.check_key(&network).map_err(|_| ProblemKind::RateLimited)
    }
}
