//! Seeded choices: the one source of chance in the demonstration, so that every build of it is the same.

use std::ops::RangeInclusive;

use rand::seq::IndexedRandom as _;
use rand::{RngExt as _, SeedableRng as _};
use rand_chacha::ChaCha8Rng;
use sync_core::geo::Point;
use uuid::Uuid;

use super::map::Cell;
use super::words;

/// Changing it changes every drawn name and place; ids and codes stay.
const SEED: u64 = 410_804;

/// Namespace of the demonstration's ids (a random UUID, fixed for ever).
const NAMESPACE: Uuid = Uuid::from_u128(0x9c1f_62a4_37d8_4b0e_a6c5_0d7e_5b13_f482);

/// Trade names there are.
const TRADE_NAMES: usize = words::TRADE_FIRST.len() * words::TRADE_SECOND.len();

/// Step through the trade names; coprime with their number, so that none comes twice within a round.
const TRADE_STEP: usize = 175;

/// The id of a thing by its name within the demonstration, such as `unit/301001`: always the same, whatever else is
/// added or drawn.
pub(super) fn id(name: &str) -> Uuid {
    Uuid::new_v5(&NAMESPACE, name.as_bytes())
}

/// Draws.
pub(super) struct Draw(ChaCha8Rng);

impl Draw {
    pub(super) fn new() -> Self {
        Self(ChaCha8Rng::seed_from_u64(SEED))
    }

    /// One of the list; the default of an empty one.
    pub(super) fn one<T: Copy + Default>(&mut self, list: &[T]) -> T {
        list.choose(&mut self.0).copied().unwrap_or_default()
    }

    pub(super) fn number(&mut self, range: RangeInclusive<i32>) -> i32 {
        self.0.random_range(range)
    }

    /// True so many times in a hundred.
    pub(super) fn percent(&mut self, percent: i32) -> bool {
        self.number(1..=100) <= percent
    }

    /// The name of a person.
    pub(super) fn person(&mut self) -> String {
        format!("{}{}", self.one(&words::SURNAMES), self.one(&words::GIVEN_NAMES))
    }

    /// A place well inside the cell.
    pub(super) fn point(&mut self, cell: &Cell) -> Point {
        let (longitudes, latitudes) = cell.inner();
        Cell::point(self.number(longitudes), self.number(latitudes))
    }
}

/// The trade name (字号) of this number: another for each, up to [`TRADE_NAMES`].
pub(super) fn trade_name(number: usize) -> String {
    let index = number.wrapping_mul(TRADE_STEP) % TRADE_NAMES;
    let (first, second) = (index / words::TRADE_SECOND.len(), index % words::TRADE_SECOND.len());
    words::TRADE_FIRST.get(first).into_iter().chain(words::TRADE_SECOND.get(second)).copied().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    #[test]
    fn trade_names_are_all_different_and_of_two_characters() {
        let names: BTreeSet<String> = (0..TRADE_NAMES).map(trade_name).collect();
        assert_eq!(names.len(), TRADE_NAMES);
        assert!(names.iter().all(|name| name.chars().count() == 2));
    }

    #[test]
    fn a_stored_id_never_changes() {
        assert_eq!(id("unit/301001").to_string(), "0734a303-fd53-55d0-9c90-7a86a6e2af5b");
    }
}
