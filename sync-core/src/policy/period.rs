//! Period (周期): the days around a day in which something regular is due, by its cadence.
//!
//! Readings where the documents name no first day: weeks begin on Mondays and fortnights are counted from one
//! Monday; a month has the halves 1 to 15 and 16 to its end; two months, half years and years are those of the
//! calendar; seasons begin in October (秋冬季, `guancheng-2021`: 1 October to 31 March) and in April.

use jiff::ToSpan;
use jiff::civil::{Date, date};
use serde::Serialize;

use crate::policy::Cadence;
use crate::time::{Instant, TimeError};

/// A Monday; weeks and fortnights are counted from it.
const FIRST_MONDAY: Date = date(2024, 1, 1);

/// Days of the first half of a month.
const HALF_MONTH_DAYS: i64 = 15;

/// Hours of a day of the calendar.
const DAY_HOURS: i64 = 24;

/// Days of a period, both included, Asia/Shanghai.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct Period {
    /// First day.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = "date"))]
    pub from: Date,
    /// Last day.
    #[cfg_attr(feature = "openapi", schema(value_type = String, format = "date"))]
    pub to: Date,
}

impl Period {
    /// The period that a day lies in.
    #[must_use]
    pub fn around(day: Date, every: Cadence) -> Self {
        match every {
            Cadence::Daily => Self::of_days(day, 1),
            Cadence::Weekly => Self::of_days(day, 7),
            Cadence::TwoWeekly => Self::of_days(day, 14),
            Cadence::TwiceMonthly => Self::half_month(day),
            Cadence::Monthly => Self::of_months(day, 1, 0),
            Cadence::TwoMonthly => Self::of_months(day, 2, 0),
            Cadence::HalfYearly => Self::of_months(day, 6, 0),
            Cadence::Yearly => Self::of_months(day, 12, 0),
            Cadence::Seasonal => Self::of_months(day, 6, 3),
        }
    }

    /// The instants it begins at and ends before.
    ///
    /// # Errors
    /// [`TimeError::NotAnInstant`] at the edge of the calendar.
    pub fn instants(self) -> Result<(Instant, Instant), TimeError> {
        let after = self.to.tomorrow().map_err(|_| TimeError::NotAnInstant(self.to.to_string()))?;
        Ok((Instant::at_record(self.from.at(0, 0, 0, 0))?, Instant::at_record(after.at(0, 0, 0, 0))?))
    }

    fn of_days(day: Date, length: i64) -> Self {
        let since = day.duration_since(FIRST_MONDAY).as_hours() / DAY_HOURS;
        let from = day.saturating_sub(since.rem_euclid(length).days());
        Self { from, to: from.saturating_add((length - 1).days()) }
    }

    fn half_month(day: Date) -> Self {
        let second = day.first_of_month().saturating_add(HALF_MONTH_DAYS.days());
        if day < second {
            Self { from: day.first_of_month(), to: second.saturating_sub(1.day()) }
        } else {
            Self { from: second, to: day.last_of_month() }
        }
    }

    /// `length` months, which divides the year, counted from `shift` months after January.
    fn of_months(day: Date, length: i64, shift: i64) -> Self {
        let past = (i64::from(day.month()) - 1 - shift).rem_euclid(length);
        let from = day.first_of_month().saturating_sub(past.months());
        Self { from, to: from.saturating_add((length - 1).months()).last_of_month() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_lies_in_the_period_of_its_cadence() {
        for (every, day, from, to) in [
            (Cadence::Daily, "2026-11-22", "2026-11-22", "2026-11-22"),
            (Cadence::Weekly, "2026-11-22", "2026-11-16", "2026-11-22"),
            (Cadence::Weekly, "2023-12-31", "2023-12-25", "2023-12-31"),
            (Cadence::TwoWeekly, "2024-01-14", "2024-01-01", "2024-01-14"),
            (Cadence::TwoWeekly, "2023-12-31", "2023-12-18", "2023-12-31"),
            (Cadence::TwiceMonthly, "2026-02-15", "2026-02-01", "2026-02-15"),
            (Cadence::TwiceMonthly, "2026-02-16", "2026-02-16", "2026-02-28"),
            (Cadence::Monthly, "2024-02-29", "2024-02-01", "2024-02-29"),
            (Cadence::TwoMonthly, "2026-02-01", "2026-01-01", "2026-02-28"),
            (Cadence::TwoMonthly, "2026-11-22", "2026-11-01", "2026-12-31"),
            (Cadence::HalfYearly, "2026-06-30", "2026-01-01", "2026-06-30"),
            (Cadence::HalfYearly, "2026-07-01", "2026-07-01", "2026-12-31"),
            (Cadence::Yearly, "2026-11-22", "2026-01-01", "2026-12-31"),
            (Cadence::Seasonal, "2022-03-31", "2021-10-01", "2022-03-31"),
            (Cadence::Seasonal, "2022-04-01", "2022-04-01", "2022-09-30"),
            (Cadence::Seasonal, "2021-10-01", "2021-10-01", "2022-03-31"),
        ] {
            let expected = Period { from: from.parse().unwrap(), to: to.parse().unwrap() };
            assert_eq!(Period::around(day.parse().unwrap(), every), expected, "{every:?} of {day}");
        }
    }

    #[test]
    fn a_period_begins_and_ends_at_midnight_in_shanghai() {
        let november = Period::around(date(2026, 11, 22), Cadence::Monthly);
        let (begins, ends) = november.instants().unwrap();
        assert_eq!(begins.to_string(), "2026-10-31T16:00:00.000Z");
        assert_eq!(ends.to_string(), "2026-11-30T16:00:00.000Z");
    }
}
