//! Column types for values of `sync-core`, which knows no database.
//!
//! One mechanism: rows hold what the column holds. An id is its `Uuid` (`id.0`, `Id(uuid)`), a code its text
//! (`code.as_str()`, [`stored`]), money its `i64` (`fen.get()`, `Fen::new`); only times and dates need the wrappers
//! here. A stored text that is no code any more is a fault of the database, never of the request.

use diesel::deserialize::{self, FromSql, FromSqlRow};
use diesel::expression::AsExpression;
use diesel::pg::{Pg, PgValue};
use diesel::serialize::{self, Output, ToSql};
use diesel::sql_types::{Date, Timestamptz};
use sync_core::time::Instant;

/// An instant in a `timestamptz` column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, AsExpression, FromSqlRow)]
#[diesel(sql_type = Timestamptz)]
pub struct Time(pub Instant);

impl ToSql<Timestamptz, Pg> for Time {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        let timestamp = jiff_diesel::Timestamp::from(self.0.timestamp());
        ToSql::<Timestamptz, Pg>::to_sql(&timestamp, &mut out.reborrow())
    }
}

impl FromSql<Timestamptz, Pg> for Time {
    fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
        let timestamp = <jiff_diesel::Timestamp as FromSql<Timestamptz, Pg>>::from_sql(value)?;
        Ok(Self(Instant::new(timestamp.to_jiff())))
    }
}

impl From<Instant> for Time {
    fn from(instant: Instant) -> Self {
        Self(instant)
    }
}

impl From<Time> for Instant {
    fn from(time: Time) -> Self {
        time.0
    }
}

/// A day of the zone of record in a `date` column.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, AsExpression, FromSqlRow)]
#[diesel(sql_type = Date)]
pub struct Day(pub jiff::civil::Date);

impl ToSql<Date, Pg> for Day {
    fn to_sql<'b>(&'b self, out: &mut Output<'b, '_, Pg>) -> serialize::Result {
        let date = jiff_diesel::Date::from(self.0);
        ToSql::<Date, Pg>::to_sql(&date, &mut out.reborrow())
    }
}

impl FromSql<Date, Pg> for Day {
    fn from_sql(value: PgValue<'_>) -> deserialize::Result<Self> {
        let date = <jiff_diesel::Date as FromSql<Date, Pg>>::from_sql(value)?;
        Ok(Self(date.to_jiff()))
    }
}

impl From<jiff::civil::Date> for Day {
    fn from(date: jiff::civil::Date) -> Self {
        Self(date)
    }
}

impl From<Day> for jiff::civil::Date {
    fn from(day: Day) -> Self {
        day.0
    }
}

/// A stored text is not a value of its type.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the database holds {text:?} in {column}, which is not a value of it")]
pub struct StoredValueError {
    column: &'static str,
    text: String,
}

impl StoredValueError {
    /// What a column holds and should not.
    #[must_use]
    pub fn new(column: &'static str, text: &str) -> Self {
        Self { column, text: text.to_owned() }
    }
}

/// Reads a code, month or the like out of a text column; `column` names it for the log.
///
/// # Errors
/// [`StoredValueError`] where the text does not parse.
pub fn stored<T: std::str::FromStr>(column: &'static str, text: &str) -> Result<T, StoredValueError> {
    text.parse().map_err(|_| StoredValueError { column, text: text.to_owned() })
}

/// Reads an enum that is stored as its serde code, such as `Role`.
///
/// # Errors
/// [`StoredValueError`] where no variant has this code.
pub fn stored_code<T: serde::de::DeserializeOwned>(
    column: &'static str,
    text: &str,
) -> Result<T, StoredValueError> {
    let code = serde::de::value::StrDeserializer::<serde::de::value::Error>::new(text);
    T::deserialize(code).map_err(|_| StoredValueError { column, text: text.to_owned() })
}

/// Reads a value out of a JSON column.
///
/// # Errors
/// [`StoredValueError`] where the JSON is not a `T`.
pub fn stored_json<T: serde::de::DeserializeOwned>(
    column: &'static str,
    json: serde_json::Value,
) -> Result<T, StoredValueError> {
    T::deserialize(&json).map_err(|_| StoredValueError { column, text: json.to_string() })
}

/// First and last millisecond since 1970 that a column takes: the years 1 to 9999.
const STORABLE_MILLISECONDS: (i64, i64) = (-62_135_596_800_000, 253_402_214_399_999);

/// The nearest instant that a column takes; a device's clock may stand anywhere, and no inspection is refused for it.
#[must_use]
pub fn storable(instant: Instant) -> Instant {
    let (first, last) = STORABLE_MILLISECONDS;
    Instant::from_millisecond(instant.as_millisecond().clamp(first, last)).unwrap_or(instant)
}

#[cfg(test)]
mod tests {
    use super::*;
    use sync_core::ids::GridPath;
    use sync_core::model::assignment::Role;

    #[test]
    fn stored_codes_are_read_back_and_others_named() {
        assert_eq!(stored_code::<Role>("assignments.role", "liaison").unwrap(), Role::Liaison);
        let error = stored_code::<Role>("assignments.role", "king").unwrap_err().to_string();
        assert!(error.contains("assignments.role") && error.contains("king"), "{error}");
        assert!(stored::<GridPath>("grids.path", "410804/1").is_err());
    }
}
