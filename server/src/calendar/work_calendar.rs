//! The years that are known, and the office's hours.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

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

/// The file of a directory that holds office hours; the others hold years.
const OFFICE_HOURS_FILE: &str = "office-hours.toml";

/// The holidays of this year are not known: its file is missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the holiday calendar has no year {year}")]
pub struct CalendarGap {
    /// The year.
    pub year: i16,
}

/// Why a calendar cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum CalendarFault {
    /// A year's file.
    #[error(transparent)]
    Year(#[from] YearFault),
    /// The hours' file.
    #[error(transparent)]
    OfficeHours(#[from] OfficeHoursFault),
    /// A file of a directory cannot be read.
    #[error("{path}: {source}", path = path.display())]
    Unreadable {
        /// Which.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// A file of a directory is not what its name says.
    #[error("{path}: {fault}", path = path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// What is wrong with it.
        fault: Box<CalendarFault>,
    },
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

    /// The same calendar with the files of a directory over it: `office-hours.toml`, and each other `.toml` a year.
    ///
    /// # Errors
    /// [`CalendarFault`] naming the file.
    pub fn with_directory(self, directory: &Path) -> Result<Self, CalendarFault> {
        let unreadable = |path: &Path| {
            let path = path.to_owned();
            move |source| CalendarFault::Unreadable { path, source }
        };
        let entries = std::fs::read_dir(directory).map_err(unreadable(directory))?;
        let mut paths: Vec<PathBuf> = entries
            .map(|entry| entry.map(|entry| entry.path()).map_err(unreadable(directory)))
            .collect::<Result<_, _>>()?;
        paths.retain(|path| path.extension().is_some_and(|extension| extension == "toml"));
        paths.sort();
        paths.into_iter().try_fold(self, |calendar, path| {
            let text = std::fs::read_to_string(&path).map_err(unreadable(&path))?;
            let read = if path.file_name().is_some_and(|name| name == OFFICE_HOURS_FILE) {
                OfficeHours::from_toml(&text)
                    .map(|hours| calendar.with_hours(hours))
                    .map_err(CalendarFault::from)
            } else {
                Year::from_toml(&text).map(|year| calendar.with_year(year)).map_err(CalendarFault::from)
            };
            read.map_err(|fault| CalendarFault::File { path, fault: Box::new(fault) })
        })
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_administrator_adds_a_year_and_hours_by_files_and_a_wrong_one_is_named() {
        let directory = tempfile::tempdir().unwrap();
        let write = |name: &str, text: &str| std::fs::write(directory.path().join(name), text).unwrap();
        write("cn-2027.toml", "year = 2027\nnotice = \"x\"\nholidays = []\n");
        write("office-hours.toml", "[[hours]]\nfrom = \"09:00:00\"\nuntil = \"17:00:00\"\n");
        write("README.md", "not a calendar");
        let calendar = || WorkCalendar::bundled().unwrap().with_directory(directory.path());
        let known = calendar().unwrap();
        assert_eq!(known.is_workday(jiff::civil::date(2027, 1, 4)), Ok(true));
        assert_eq!(known.hours.close(), jiff::civil::time(17, 0, 0, 0));

        write("cn-2028.toml", "year = 2028");
        let fault = calendar().unwrap_err().to_string();
        assert!(fault.contains("cn-2028.toml") && fault.contains("notice"), "{fault}");
        let nowhere = WorkCalendar::bundled().unwrap().with_directory(Path::new("/nowhere"));
        assert!(matches!(nowhere, Err(CalendarFault::Unreadable { .. })));
    }
}
