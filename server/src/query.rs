//! Parameters of a query string: each is read by its type, and a fault names the parameter.

use std::fmt::Display;
use std::str::FromStr;

use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde::de::value::StrDeserializer;
use sync_core::wire::problem::ProblemKind;
use utoipa::IntoParams;

use crate::problem::ApiError;

/// Rows in a page of a list without filters, unless asked otherwise.
const ROWS_DEFAULT: u16 = 100;
/// Rows in a page of such a list at most.
const ROWS_MAX: u16 = 500;

/// A text that PostgreSQL does not take: it has a NUL.
fn refuse_nul(name: &'static str, text: &str) -> Result<(), ApiError> {
    if text.contains('\0') {
        return Err(ApiError::new(ProblemKind::MalformedRequest).field(name).detail("a NUL"));
    }
    Ok(())
}

/// Reads a parameter; an absent or empty one asks for nothing.
///
/// # Errors
/// `malformed_request` naming the parameter.
pub fn parameter<T>(name: &'static str, text: Option<&str>) -> Result<Option<T>, ApiError>
where
    T: FromStr,
    T::Err: Display,
{
    text.filter(|text| !text.is_empty())
        .map(|text| {
            refuse_nul(name, text)?;
            text.parse().map_err(|fault: T::Err| {
                ApiError::new(ProblemKind::MalformedRequest).field(name).detail(fault.to_string())
            })
        })
        .transpose()
}

/// Reads a code as the wire writes it; an absent or empty one asks for nothing.
///
/// # Errors
/// `malformed_request` naming the parameter.
pub fn code<T: DeserializeOwned>(name: &'static str, text: Option<&str>) -> Result<Option<T>, ApiError> {
    Ok(codes(name, text)?.into_iter().next())
}

/// Reads codes joined by commas; empty when absent.
///
/// # Errors
/// `malformed_request` naming the parameter.
pub fn codes<T: DeserializeOwned>(name: &'static str, text: Option<&str>) -> Result<Vec<T>, ApiError> {
    refuse_nul(name, text.unwrap_or_default())?;
    let codes = text.unwrap_or_default().split(',').filter(|code| !code.is_empty());
    let read = |code: &str| T::deserialize(StrDeserializer::<serde::de::value::Error>::new(code));
    codes
        .map(|code| {
            read(code).map_err(|fault| {
                ApiError::new(ProblemKind::MalformedRequest).field(name).detail(fault.to_string())
            })
        })
        .collect()
}

/// Refuses what asks for a page of a file: a file has none, and leaving it aside would pass for all.
///
/// # Errors
/// `malformed_request` naming the parameter.
pub fn refuse_pages(cursor: Option<&str>, limit: Option<&str>) -> Result<(), ApiError> {
    let asked = [("cursor", cursor), ("limit", limit)].into_iter().find(|(_, asked)| asked.is_some());
    let Some((field, _)) = asked else { return Ok(()) };
    Err(ApiError::new(ProblemKind::MalformedRequest).field(field).detail("a file has no pages"))
}

/// Parameters of a list without filters.
#[derive(Debug, Deserialize, IntoParams)]
#[serde(deny_unknown_fields)]
pub struct PageParameters {
    /// `next` of the page before.
    cursor: Option<String>,
    /// How many, 1 to 500; 100 unless asked otherwise.
    limit: Option<String>,
}

/// A page of a list whose rows stay and keep their place: it begins after the row of this id.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Page<Id> {
    /// The last row of the page before; absent on the first.
    pub after: Option<Id>,
    /// How many rows at most.
    pub rows: u16,
}

impl PageParameters {
    /// What they ask for.
    ///
    /// # Errors
    /// `malformed_request`, or `number_out_of_range`, naming the parameter.
    pub fn page<Id>(&self) -> Result<Page<Id>, ApiError>
    where
        Id: FromStr,
        Id::Err: Display,
    {
        Ok(Page {
            after: parameter("cursor", self.cursor.as_deref())?,
            rows: page_rows(self.limit.as_deref(), ROWS_DEFAULT, ROWS_MAX)?,
        })
    }
}

impl<Id> Page<Id> {
    /// The rows to read: one more, which tells that a page follows.
    #[must_use]
    pub fn with_one_more(&self) -> i64 {
        i64::from(self.rows).saturating_add(1)
    }

    /// Takes the one more away; answers with the cursor of the next page, where there is one.
    pub fn cut<Row>(&self, rows: &mut Vec<Row>, id: impl Fn(&Row) -> Id) -> Option<String>
    where
        Id: Display,
    {
        let more = rows.len() > usize::from(self.rows);
        rows.truncate(usize::from(self.rows));
        rows.last().filter(|_| more).map(|row| id(row).to_string())
    }
}

/// That no row of the list has the cursor's id.
#[must_use]
pub fn unknown_cursor() -> ApiError {
    ApiError::new(ProblemKind::MalformedRequest).field("cursor").detail("not a cursor of this list")
}

/// Reads how many rows a page shall have.
///
/// # Errors
/// `malformed_request`, or `number_out_of_range` outside of 1 to `most`.
pub fn page_rows(text: Option<&str>, default: u16, most: u16) -> Result<u16, ApiError> {
    let rows = parameter("limit", text)?.unwrap_or(default);
    if (1..=most).contains(&rows) {
        Ok(rows)
    } else {
        Err(ApiError::new(ProblemKind::NumberOutOfRange).field("limit").detail(format!("1 to {most}")))
    }
}
