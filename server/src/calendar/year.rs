//! One year's holidays and make-up workdays, as a TOML file says them after the notice of the State Council's office.

use std::collections::BTreeSet;

use jiff::civil::{Date, Weekday};
use serde::Deserialize;

/// What a file of a year says.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct YearFile {
    year: i16,
    notice: String,
    holidays: Vec<HolidayEntry>,
}

/// A holiday and the days that are worked for it.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct HolidayEntry {
    zh: String,
    from: Date,
    until: Date,
    /// Weekend days that are worked (调休上班).
    #[serde(default)]
    workdays: Vec<Date>,
}

/// Why a file is not a year of holidays.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum YearFault {
    /// Not TOML of this form.
    #[error("{0}")]
    Form(String),
    /// The last day comes before the first.
    #[error("{0}: the last day comes before the first")]
    Reversed(String),
    /// A day of another year.
    #[error("{0} is not in the year of the file")]
    OtherYear(Date),
    /// A make-up workday that is worked anyway, or is off: it must be a weekend day outside the holidays.
    #[error("{0} cannot be a make-up workday")]
    NotAMakeUpDay(Date),
}

/// The days of one year that differ from their weekday.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Year {
    year: i16,
    notice: String,
    off: BTreeSet<Date>,
    worked: BTreeSet<Date>,
}

impl Year {
    /// Reads a file.
    ///
    /// # Errors
    /// [`YearFault`] where it contradicts itself.
    pub fn from_toml(text: &str) -> Result<Self, YearFault> {
        let file: YearFile = toml::from_str(text).map_err(|error| YearFault::Form(error.to_string()))?;
        let mut year =
            Self { year: file.year, notice: file.notice, off: BTreeSet::new(), worked: BTreeSet::new() };
        for holiday in &file.holidays {
            if holiday.until < holiday.from {
                return Err(YearFault::Reversed(holiday.zh.clone()));
            }
            // Before the days are walked through, so that a slip of the pen cannot make it a long walk.
            year.check(&[holiday.from, holiday.until])?;
            let days = std::iter::successors(Some(holiday.from), |day| day.tomorrow().ok());
            year.off.extend(days.take_while(|day| *day <= holiday.until));
            year.check(&holiday.workdays)?;
            year.worked.extend(&holiday.workdays);
        }
        match year.worked.iter().find(|day| !is_weekend(**day) || year.off.contains(day)) {
            Some(day) => Err(YearFault::NotAMakeUpDay(*day)),
            None => Ok(year),
        }
    }

    /// A year of which no holidays are known: Monday to Friday are worked.
    pub(super) fn of_weekdays(year: i16) -> Self {
        Self { year, notice: String::new(), off: BTreeSet::new(), worked: BTreeSet::new() }
    }

    fn check(&self, days: &[Date]) -> Result<(), YearFault> {
        let other = days.iter().find(|day| day.year() != self.year);
        other.map_or(Ok(()), |day| Err(YearFault::OtherYear(*day)))
    }

    /// Which year.
    #[must_use]
    pub fn year(&self) -> i16 {
        self.year
    }

    /// Number of the notice that says so (文号).
    #[must_use]
    pub fn notice(&self) -> &str {
        &self.notice
    }

    /// Whether a day of this year is worked.
    pub(super) fn is_workday(&self, day: Date) -> bool {
        self.worked.contains(&day) || !(is_weekend(day) || self.off.contains(&day))
    }
}

fn is_weekend(day: Date) -> bool {
    matches!(day.weekday(), Weekday::Saturday | Weekday::Sunday)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn year(holiday: &str) -> Result<Year, YearFault> {
        let head = "year = 2024\nnotice = \"x\"\n[[holidays]]\nzh = \"春节\"\n";
        Year::from_toml(&format!("{head}{holiday}"))
    }

    #[test]
    fn a_year_that_contradicts_itself_is_refused() {
        let day = |text: &str| text.parse::<Date>().unwrap();
        assert!(year("from = \"2024-02-10\"\nuntil = \"2024-02-17\"").is_ok());
        for (holiday, fault) in [
            ("from = \"2024-02-10\"\nuntil = \"2024-02-09\"", YearFault::Reversed("春节".to_owned())),
            ("from = \"2024-02-10\"\nuntil = \"2204-02-11\"", YearFault::OtherYear(day("2204-02-11"))),
            (
                "from = \"2024-02-10\"\nuntil = \"2024-02-10\"\nworkdays = [\"2024-02-05\"]",
                YearFault::NotAMakeUpDay(day("2024-02-05")),
            ),
            (
                "from = \"2024-02-10\"\nuntil = \"2024-02-11\"\nworkdays = [\"2024-02-11\"]",
                YearFault::NotAMakeUpDay(day("2024-02-11")),
            ),
        ] {
            assert_eq!(year(holiday), Err(fault));
        }
        assert!(matches!(year("from = \"2024-02-30\"\nuntil = \"2024-02-09\""), Err(YearFault::Form(_))));
        assert!(matches!(
            year("from = \"2024-02-10\"\nuntil = \"2024-02-10\"\nworkday = []"),
            Err(YearFault::Form(_))
        ));
    }
}
