//! Dice: every choice of a run comes from its seed.
//!
//! The generator is written here (splitmix64) and not taken from a crate, so that a seed means the same run for ever.

use jiff::Timestamp;
use sync_core::time::Instant;
use uuid::Uuid;

/// The odds of something, in thousandths.
pub type PerMille = u64;

/// A stream of choices.
#[derive(Debug, Clone)]
pub struct Dice(u64);

impl Dice {
    /// The stream of this seed.
    pub fn new(seed: u64) -> Self {
        let mut dice = Self(seed);
        dice.next();
        dice
    }

    /// 64 random bits.
    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// A number below `bound`, which is not 0.
    pub fn below(&mut self, bound: usize) -> usize {
        let bound = u64::try_from(bound).unwrap();
        usize::try_from(self.next() % bound).unwrap()
    }

    /// A number from `least` to `most`.
    pub fn between(&mut self, least: i64, most: i64) -> i64 {
        let span = u64::try_from(most - least + 1).unwrap();
        least + i64::try_from(self.next() % span).unwrap()
    }

    /// Whether something with these odds happens.
    pub fn happens(&mut self, odds: PerMille) -> bool {
        self.next() % 1000 < odds
    }

    /// One of them; `None` where there are none.
    pub fn pick<'a, T>(&mut self, all: &'a [T]) -> Option<&'a T> {
        if all.is_empty() { None } else { all.get(self.below(all.len())) }
    }

    /// One by weight.
    pub fn weighted<T: Copy>(&mut self, choices: &[(u64, T)]) -> T {
        let total: u64 = choices.iter().map(|(weight, _)| weight).sum();
        let mut left = self.next() % total;
        for (weight, choice) in choices {
            match left.checked_sub(*weight) {
                None => return *choice,
                Some(rest) => left = rest,
            }
        }
        unreachable!("the weights add up")
    }

    /// An id as it is made at this time (UUIDv7).
    pub fn id(&mut self, at: Instant) -> Uuid {
        let millis = u64::try_from(at.as_millisecond()).unwrap_or(0);
        let (high, low) = (self.next().to_be_bytes(), self.next().to_be_bytes());
        let random = [high[0], high[1], high[2], high[3], high[4], high[5], high[6], high[7], low[0], low[1]];
        uuid::Builder::from_unix_timestamp_millis(millis, &random).into_uuid()
    }

    /// A stream of its own, for a part whose choices must not move those of the others.
    pub fn fork(&mut self) -> Self {
        Self::new(self.next())
    }
}

/// The instant of a text that is one.
pub fn instant(text: &str) -> Instant {
    Instant::new(text.parse::<Timestamp>().unwrap())
}
