//! How ids, instants and JSON sit in columns: ids as text, instants as milliseconds, rows as JSON text.

use std::error::Error;
use std::str::FromStr;

use rusqlite::types::{FromSql, FromSqlError, FromSqlResult, ValueRef};
use serde::de::DeserializeOwned;

use crate::time::Instant;

/// A text column that parses as `T`.
pub(super) struct Parsed<T>(pub T);

impl<T> FromSql for Parsed<T>
where
    T: FromStr,
    T::Err: Error + Send + Sync + 'static,
{
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        value.as_str()?.parse().map(Self).map_err(FromSqlError::other)
    }
}

/// A text column that holds the JSON of `T`.
pub(super) struct Json<T>(pub T);

impl<T: DeserializeOwned> FromSql for Json<T> {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        serde_json::from_str(value.as_str()?).map(Self).map_err(FromSqlError::other)
    }
}

/// An integer column of milliseconds since 1970.
pub(super) struct Millis(pub Instant);

impl FromSql for Millis {
    fn column_result(value: ValueRef<'_>) -> FromSqlResult<Self> {
        Instant::from_millisecond(value.as_i64()?).map(Self).map_err(FromSqlError::other)
    }
}

/// A number of rows for `LIMIT`.
pub(super) fn row_limit(rows: usize) -> i64 {
    i64::try_from(rows).unwrap_or(i64::MAX)
}

/// The ids as a JSON array, for `json_each` in a set-based statement.
pub(super) fn id_list<T: ToString>(ids: impl IntoIterator<Item = T>) -> String {
    let texts = ids.into_iter().map(|id| serde_json::Value::String(id.to_string())).collect();
    serde_json::Value::Array(texts).to_string()
}
