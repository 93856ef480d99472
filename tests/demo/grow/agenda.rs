//! What happens when: events by the instant they are due, and the hours at which people work.

use std::collections::BTreeMap;

use anyhow::Result;
use jiff::civil::{Date, Time, Weekday, time};
use rand::seq::IndexedRandom;
use rand_chacha::ChaCha8Rng;
use sync_core::time::Instant;

use crate::day;

/// When the office decides what lies on its desk.
const DESK_HOURS: [Time; 2] = [time(9, 40, 0, 0), time(15, 30, 0, 0)];
/// When inspectors go back to a place on their way.
const ON_THE_WAY: Time = time(17, 20, 0, 0);
/// When they are home and come into reach of a network.
const HOME: Time = time(18, 10, 0, 0);

/// Events, each at its instant, in the order in which they were added.
pub struct Agenda<E>(BTreeMap<Instant, Vec<E>>);

impl<E> Agenda<E> {
    /// An empty one.
    pub const fn new() -> Self {
        Self(BTreeMap::new())
    }

    /// Adds an event.
    pub fn add(&mut self, at: Instant, event: E) {
        self.0.entry(at).or_default().push(event);
    }

    /// The next instant with everything that is due then, not after `last`.
    pub fn next(&mut self, last: Instant) -> Option<(Instant, Vec<E>)> {
        let (at, _) = self.0.first_key_value()?;
        if *at > last { None } else { self.0.pop_first() }
    }
}

/// Whether nobody is at a desk: weekends, and the long holidays (国庆、五一、元旦) without their moved workdays.
pub fn is_day_off(date: Date) -> bool {
    let weekend = matches!(date.weekday(), Weekday::Saturday | Weekday::Sunday);
    weekend || matches!((date.month(), date.day()), (1, 1) | (5, 1..=5) | (10, 1..=7))
}

/// When the office comes to it, so many days later or on the first workday after; at once for none.
pub fn at_desk(now: Instant, days: u8, rng: &mut ChaCha8Rng) -> Result<Instant> {
    if days == 0 {
        return Ok(now);
    }
    let date = workday(days_after(now.record_date(), days)?)?;
    let hour = *DESK_HOURS.choose(rng).unwrap_or(&DESK_HOURS[0]);
    day::instant(date, hour)
}

/// When an inspector passes by, so many days later.
pub fn on_the_way(now: Instant, days: u8) -> Result<Instant> {
    day::instant(days_after(now.record_date(), days)?, ON_THE_WAY)
}

/// When an inspector is home that day.
pub fn home(date: Date) -> Result<Instant> {
    day::instant(date, HOME)
}

/// The day itself, or the first workday after it.
pub fn workday(mut date: Date) -> Result<Date> {
    while is_day_off(date) {
        date = date.tomorrow()?;
    }
    Ok(date)
}

fn days_after(mut date: Date, days: u8) -> Result<Date> {
    for _ in 0..days {
        date = date.tomorrow()?;
    }
    Ok(date)
}
