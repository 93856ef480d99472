//! The years that are known, and the office's hours.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::office_hours::{OfficeHours, OfficeHoursFault};
use super::year::{Year, YearFault};

/// The years that come with the product.
const YEARS: [&str; 3] = [
    include_str!("../../calendars/cn-2024.toml"),
    include_str!("../../calendars/cn-2025.toml"),
    include_str!("../../calendars/cn-2026.toml"),
];
/// The hours that come with the product.
const OFFICE_HOURS: &str = include_str!("../../calendars/office-hours.toml");

/// The holidays of this year are not known: its file is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the holiday calendar has no year {year}")]
pub struct CalendarGap {
    /// The year.
    pub year: i16,
}

/// Why a calendar cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum CalendarFault {
    /// A year's file.
    #[error(transparent)]
    Year(#[from] YearFault),
    /// The hours' file.
    #[error(transparent)]
    OfficeHours(#[from] OfficeHoursFault),
}

/// Which days are worked, and at which hours.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct WorkCalendar {
    years: BTreeMap<i16, Year>,
    pub(super) hours: OfficeHours,
}

impl WorkCalendar {
    /// The calendar that comes with the product.
    ///
    /// # Errors
    /// [`CalendarFault`] where its files are wrong, which the tests exclude.
    pub fn bundled() -> Result<Self, CalendarFault> {
        let years = YEARS.into_iter().map(Year::from_toml).collect::<Result<Vec<_>, _>>()?;
        Ok(Self::new(years, OfficeHours::from_toml(OFFICE_HOURS)?))
    }

    /// A calendar of these years; of two for the same year the later one holds.
    #[must_use]
    pub fn new(years: impl IntoIterator<Item = Year>, hours: OfficeHours) -> Self {
        Self { years: years.into_iter().map(|year| (year.year(), year)).collect(), hours }
    }

    /// The same calendar with another year, or with that year replaced: how an administrator closes a gap.
    #[must_use]
    pub fn with_year(mut self, year: Year) -> Self {
        self.years.insert(year.year(), year);
        self
    }

    /// The same calendar with other hours.
    #[must_use]
    pub fn with_hours(self, hours: OfficeHours) -> Self {
        Self { hours, ..self }
    }

    /// Whether a day is worked.
    ///
    /// # Errors
    /// [`CalendarGap`] for a year without data.
    pub fn is_workday(&self, day: Date) -> Result<bool, CalendarGap> {
        let year = self.years.get(&day.year()).ok_or(CalendarGap { year: day.year() })?;
        Ok(year.is_workday(day))
    }

    /// The day itself where it is worked, else the next one that is.
    pub(super) fn workday_from(&self, mut day: Date) -> Result<Date, CalendarGap> {
        while !self.is_workday(day)? {
            day = next(day)?;
        }
        Ok(day)
    }
}

/// The day after; the end of the calendar is a gap too.
pub(super) fn next(day: Date) -> Result<Date, CalendarGap> {
    day.tomorrow().map_err(|_| CalendarGap { year: day.year() })
}
