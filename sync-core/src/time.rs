//! Time: instants in UTC to the millisecond, always beside the zone they were lived in, and months of account.
//!
//! Invariants: nothing here reads a clock; a [`Clock`] is handed in. A case is judged by its date in
//! Asia/Shanghai, whatever the zone of the device.

use std::fmt;
use std::str::FromStr;

use jiff::civil::{Date, DateTime};
use jiff::tz::TimeZone;
use jiff::{Timestamp, ToSpan};
use serde::{Deserialize, Serialize};

/// The zone of record: dates and months of every document and ledger are Chinese standard time.
pub const RECORD_ZONE: &str = "Asia/Shanghai";

/// Why a text is not a time, zone or month.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TimeError {
    /// Not an RFC 3339 instant, or out of range.
    #[error("not a time in RFC 3339 form: {0:?}")]
    NotAnInstant(String),
    /// Not a zone of the IANA database.
    #[error("not a time zone of the IANA database: {0:?}")]
    UnknownZone(String),
    /// Not a month as `YYYY-MM`.
    #[error("not a month of the form YYYY-MM: {0:?}")]
    NotAMonth(String),
}

/// Where "now" comes from: the system, a test, or a simulator.
pub trait Clock: Send + Sync {
    /// The present instant.
    fn now(&self) -> Instant;
}

/// An instant in UTC, to the millisecond; RFC 3339 on the wire.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(value_type = String, format = "date-time"))]
#[serde(try_from = "String", into = "String")]
pub struct Instant(Timestamp);

impl Instant {
    /// From a jiff timestamp, cut to the millisecond.
    #[must_use]
    pub fn new(timestamp: Timestamp) -> Self {
        Self(Timestamp::from_millisecond(timestamp.as_millisecond()).unwrap_or(timestamp))
    }

    /// From milliseconds since 1970.
    ///
    /// # Errors
    /// [`TimeError::NotAnInstant`] outside the years −9999 to 9999.
    pub fn from_millisecond(millis: i64) -> Result<Self, TimeError> {
        Timestamp::from_millisecond(millis).map(Self).map_err(|_| TimeError::NotAnInstant(millis.to_string()))
    }

    /// Milliseconds since 1970.
    #[must_use]
    pub fn as_millisecond(self) -> i64 {
        self.0.as_millisecond()
    }

    /// As a jiff timestamp.
    #[must_use]
    pub fn timestamp(self) -> Timestamp {
        self.0
    }

    /// This instant `seconds` later (earlier when negative), held at the end of the calendar.
    #[must_use]
    pub fn plus_seconds(self, seconds: i64) -> Self {
        let end = if seconds < 0 { Timestamp::MIN } else { Timestamp::MAX };
        Self(self.0.checked_add(jiff::SignedDuration::from_secs(seconds)).unwrap_or(end))
    }

    /// Seconds from `earlier` to this; negative when it is later.
    #[must_use]
    pub fn seconds_since(self, earlier: Self) -> i64 {
        self.0.as_second().saturating_sub(earlier.0.as_second())
    }

    /// What the clock shows at this instant in the zone of record.
    #[must_use]
    pub fn record_datetime(self) -> DateTime {
        self.0.to_zoned(record_zone()).datetime()
    }

    /// The instant at which the clock in the zone of record shows this.
    ///
    /// # Errors
    /// [`TimeError::NotAnInstant`] at the edge of the calendar.
    pub fn at_record(datetime: DateTime) -> Result<Self, TimeError> {
        record_zone()
            .to_ambiguous_timestamp(datetime)
            .compatible()
            .map(Self::new)
            .map_err(|_| TimeError::NotAnInstant(datetime.to_string()))
    }

    /// The date in the zone of record.
    #[must_use]
    pub fn record_date(self) -> Date {
        self.record_datetime().date()
    }

    /// Date and time in the zone of record, as `2026-11-22 13:05:09`, for people.
    #[must_use]
    pub fn record_text(self) -> String {
        self.0.to_zoned(record_zone()).strftime("%Y-%m-%d %H:%M:%S").to_string()
    }
}

/// Asia/Shanghai from the bundled database, or its fixed offset of eight hours were the bundle ever broken.
fn record_zone() -> TimeZone {
    TimeZone::get(RECORD_ZONE).unwrap_or_else(|_| TimeZone::fixed(jiff::tz::offset(8)))
}

impl fmt::Display for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.3}", self.0)
    }
}

impl FromStr for Instant {
    type Err = TimeError;
    fn from_str(text: &str) -> Result<Self, TimeError> {
        text.parse::<Timestamp>().map(Self::new).map_err(|_| TimeError::NotAnInstant(text.to_owned()))
    }
}

impl TryFrom<String> for Instant {
    type Error = TimeError;
    fn try_from(text: String) -> Result<Self, TimeError> {
        text.parse()
    }
}

impl From<Instant> for String {
    fn from(instant: Instant) -> Self {
        instant.to_string()
    }
}

/// A zone of the IANA database by name, such as `Asia/Shanghai`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(value_type = String))]
#[serde(try_from = "String", into = "String")]
pub struct ZoneName(String);

impl ZoneName {
    /// The zone of record.
    #[must_use]
    pub fn record() -> Self {
        Self(RECORD_ZONE.to_owned())
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for ZoneName {
    type Err = TimeError;
    fn from_str(text: &str) -> Result<Self, TimeError> {
        TimeZone::get(text)
            .map(|_| Self(text.to_owned()))
            .map_err(|_| TimeError::UnknownZone(text.to_owned()))
    }
}

impl TryFrom<String> for ZoneName {
    type Error = TimeError;
    fn try_from(text: String) -> Result<Self, TimeError> {
        text.parse()
    }
}

impl From<ZoneName> for String {
    fn from(zone: ZoneName) -> Self {
        zone.0
    }
}

/// A month of account (账期) in the zone of record, `YYYY-MM`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema), schema(value_type = String, example = "2024-10"))]
#[serde(try_from = "String", into = "String")]
pub struct Month(Date);

impl Month {
    /// The month of a date.
    #[must_use]
    pub fn of(date: Date) -> Self {
        Self(date.first_of_month())
    }

    /// Its first day.
    #[must_use]
    pub fn first_day(self) -> Date {
        self.0
    }

    /// The month after it; itself at the end of the calendar.
    #[must_use]
    pub fn next(self) -> Self {
        Self(self.0.checked_add(1.month()).unwrap_or(self.0))
    }

    /// The instant at which it begins in the zone of record.
    ///
    /// # Errors
    /// [`TimeError::NotAnInstant`] at the edge of the calendar.
    pub fn begins(self) -> Result<Instant, TimeError> {
        Instant::at_record(self.0.at(0, 0, 0, 0))
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.0.year(), self.0.month())
    }
}

impl FromStr for Month {
    type Err = TimeError;
    fn from_str(text: &str) -> Result<Self, TimeError> {
        let bad = || TimeError::NotAMonth(text.to_owned());
        let (year, month) = text.split_once('-').ok_or_else(bad)?;
        let digits = |part: &str, count| part.len() == count && part.bytes().all(|b| b.is_ascii_digit());
        if !digits(year, 4) || !digits(month, 2) {
            return Err(bad());
        }
        let (year, month) = (year.parse().map_err(|_| bad())?, month.parse().map_err(|_| bad())?);
        Date::new(year, month, 1).map(Self).map_err(|_| bad())
    }
}

impl TryFrom<String> for Month {
    type Error = TimeError;
    fn try_from(text: String) -> Result<Self, TimeError> {
        text.parse()
    }
}

impl From<Month> for String {
    fn from(month: Month) -> Self {
        month.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_month_of_account_turns_at_midnight_in_shanghai() {
        let last: Instant = "2024-10-31T15:59:59.999Z".parse().unwrap();
        let first: Instant = "2024-10-31T16:00:00Z".parse().unwrap();
        assert_eq!(Month::of(last.record_date()).to_string(), "2024-10");
        assert_eq!(Month::of(first.record_date()).to_string(), "2024-11");
        assert_eq!(Month::of(first.record_date()).begins().unwrap(), first);
        assert_eq!("2024-12".parse::<Month>().unwrap().next().to_string(), "2025-01");
    }

    #[test]
    fn instants_travel_as_rfc_3339_to_the_millisecond() {
        let instant: Instant = "2026-11-22T05:15:00.123456Z".parse().unwrap();
        assert_eq!(serde_json::to_string(&instant).unwrap(), "\"2026-11-22T05:15:00.123Z\"");
        assert_eq!(instant.record_text(), "2026-11-22 13:15:00");
        assert_eq!(Instant::at_record(instant.record_datetime()), Ok(instant));
        assert_eq!(instant.plus_seconds(i64::MAX).seconds_since(instant).signum(), 1);
        assert_eq!(instant.plus_seconds(-60).seconds_since(instant), -60);
    }

    #[test]
    fn other_forms_are_refused() {
        for bad in ["2024-1", "2024-13", "24-01", "2024-1x", "+024-01", ""] {
            assert!(bad.parse::<Month>().is_err(), "{bad}");
        }
        assert!("Mars/Olympus".parse::<ZoneName>().is_err());
        assert!("yesterday".parse::<Instant>().is_err());
    }
}
