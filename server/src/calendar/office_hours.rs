//! The hours of a workday in which an office works (办公时间).

use jiff::SignedDuration;
use jiff::civil::Time;
use serde::Deserialize;

/// Why hours are not those of an office.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum OfficeHoursFault {
    /// Not TOML of this form.
    #[error("{0}")]
    Form(String),
    /// No hours at all.
    #[error("an office without hours meets no deadline")]
    None,
    /// A part ends before it begins, or begins before the one above it ends.
    #[error("hours must be in order and must not overlap: {0}")]
    Order(Time),
}

/// From when until when.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Shift {
    pub from: Time,
    pub until: Time,
}

/// The hours of every workday, in order; never none.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OfficeHours {
    #[serde(rename = "hours")]
    shifts: Vec<Shift>,
}

impl OfficeHours {
    /// Reads a file.
    ///
    /// # Errors
    /// [`OfficeHoursFault`].
    pub fn from_toml(text: &str) -> Result<Self, OfficeHoursFault> {
        let hours: Self = toml::from_str(text).map_err(|error| OfficeHoursFault::Form(error.to_string()))?;
        let mut free_from = None;
        for shift in &hours.shifts {
            if shift.until <= shift.from || free_from.is_some_and(|end| shift.from < end) {
                return Err(OfficeHoursFault::Order(shift.from));
            }
            free_from = Some(shift.until);
        }
        free_from.map(|_| hours).ok_or(OfficeHoursFault::None)
    }

    pub(super) fn shifts(&self) -> &[Shift] {
        &self.shifts
    }

    /// When the office closes: a day's deadlines end then (Civil Code, article 203).
    #[must_use]
    pub fn close(&self) -> Time {
        self.shifts.last().map_or(Time::MAX, |shift| shift.until)
    }

    /// Working time of a day between two times of it.
    pub(super) fn worked(&self, from: Time, until: Time) -> SignedDuration {
        let parts = self.shifts.iter().map(|shift| {
            let (from, until) = (shift.from.max(from), shift.until.min(until));
            until.duration_since(from).max(SignedDuration::ZERO)
        });
        parts.fold(SignedDuration::ZERO, SignedDuration::saturating_add)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hours_that_overlap_or_run_backwards_are_refused() {
        let hours = |parts: &[(&str, &str)]| {
            let parts: String = parts
                .iter()
                .map(|(from, until)| format!("[[hours]]\nfrom = \"{from}\"\nuntil = \"{until}\"\n"))
                .collect();
            OfficeHours::from_toml(&parts)
        };
        assert!(hours(&[("08:30", "12:00"), ("12:00", "18:00")]).is_ok());
        assert!(matches!(hours(&[("08:30", "12:00"), ("11:00", "18:00")]), Err(OfficeHoursFault::Order(_))));
        assert!(matches!(hours(&[("08:30", "08:30")]), Err(OfficeHoursFault::Order(_))));
        assert_eq!(OfficeHours::from_toml("hours = []"), Err(OfficeHoursFault::None));
        assert!(matches!(hours(&[("8", "12")]), Err(OfficeHoursFault::Form(_))));
    }
}
