//! Retry within one round: exponential, jittered, bounded. When it is used up the round goes on without what
//! failed or ends, and the report says what still waits; the next round starts afresh.

use crate::time::Instant;

/// Failures in a row of one request before it is given up for this round.
pub(super) const ATTEMPTS: u32 = 4;
/// Failures of any kind in one round before the round ends.
pub(super) const ROUND_FAILURES: u32 = 40;
/// Longest pause before the second attempt, in milliseconds; doubles with each further one.
const FIRST_PAUSE_MILLIS: i64 = 500;
/// Longest pause at all, in milliseconds, even where the server asks for more.
const LONGEST_PAUSE_MILLIS: i64 = 30_000;

/// Whether a rest goes on. One that would last longer than any was begun by a clock that was put back since: nobody
/// waits for hours, or for the years from 1970, because somebody corrected the time.
pub(super) fn rests(until: Instant, now: Instant) -> bool {
    let left = until.as_millisecond().saturating_sub(now.as_millisecond());
    0 < left && left <= LONGEST_PAUSE_MILLIS
}

/// Counts failures and says how long to rest.
#[derive(Debug)]
pub(super) struct Retry {
    in_row: u32,
    in_round: u32,
    random: u64,
}

/// What to do after a failure.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum AfterFailure {
    /// Ask the same again at this time.
    RestUntil(Instant),
    /// Go on without it.
    GiveUp,
    /// End the round.
    EndRound,
}

impl Retry {
    pub(super) const fn new(seed: u64) -> Self {
        Self { in_row: 0, in_round: 0, random: seed }
    }

    /// Something was answered: the next failure is a first one again.
    pub(super) const fn succeeded(&mut self) {
        self.in_row = 0;
    }

    /// Counts a failure; `asked_seconds` is the pause the server asked for (`Retry-After`).
    pub(super) fn failed(&mut self, now: Instant, asked_seconds: Option<u64>) -> AfterFailure {
        self.in_row = self.in_row.saturating_add(1);
        self.in_round = self.in_round.saturating_add(1);
        if self.in_round >= ROUND_FAILURES {
            return AfterFailure::EndRound;
        }
        if self.in_row >= ATTEMPTS {
            self.in_row = 0;
            return AfterFailure::GiveUp;
        }
        let ceiling = (FIRST_PAUSE_MILLIS << (self.in_row - 1)).min(LONGEST_PAUSE_MILLIS);
        let half = ceiling / 2;
        let jitter = i64::try_from(self.next_random() >> 1).unwrap_or(0) % (half + 1);
        let asked = asked_seconds.map_or(0, |s| i64::try_from(s).unwrap_or(i64::MAX).saturating_mul(1000));
        let pause = (half + jitter).max(asked).min(LONGEST_PAUSE_MILLIS);
        let until = now.as_millisecond().saturating_add(pause);
        AfterFailure::RestUntil(Instant::from_millisecond(until).unwrap_or(now))
    }

    /// Another number of the seed, for what must differ between two copies of a device.
    pub(super) fn draw(&mut self) -> (u64, u64) {
        (self.next_random(), self.next_random())
    }

    /// splitmix64: spreads devices apart, needs no more.
    const fn next_random(&mut self) -> u64 {
        self.random = self.random.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.random;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pauses(seed: u64) -> Vec<i64> {
        let now = Instant::from_millisecond(0).unwrap();
        let mut retry = Retry::new(seed);
        std::iter::from_fn(|| match retry.failed(now, None) {
            AfterFailure::RestUntil(until) => Some(until.as_millisecond()),
            AfterFailure::GiveUp | AfterFailure::EndRound => None,
        })
        .collect()
    }

    #[test]
    fn pauses_grow_and_two_devices_do_not_return_together() {
        let [first, second, third] = pauses(7)[..] else { panic!("three pauses, then given up") };
        assert!((250..=500).contains(&first) && (500..=1000).contains(&second), "{first} {second}");
        assert!((1000..=2000).contains(&third), "{third}");
        assert_ne!(pauses(7), pauses(8));
    }

    #[test]
    fn the_server_may_ask_for_more_but_not_for_hours() {
        let now = Instant::from_millisecond(0).unwrap();
        let asked = |seconds| Retry::new(1).failed(now, Some(seconds));
        let at = |millis| AfterFailure::RestUntil(Instant::from_millisecond(millis).unwrap());
        assert_eq!(asked(7), at(7_000));
        assert_eq!(asked(u64::MAX), asked(86_400));
        assert_eq!(asked(86_400), at(LONGEST_PAUSE_MILLIS));
    }

    #[test]
    fn a_round_ends_however_often_something_succeeds_between() {
        let now = Instant::from_millisecond(0).unwrap();
        let mut retry = Retry::new(1);
        for _ in 1..ROUND_FAILURES {
            assert!(matches!(retry.failed(now, None), AfterFailure::RestUntil(_)));
            retry.succeeded();
        }
        assert_eq!(retry.failed(now, None), AfterFailure::EndRound);
    }
}
