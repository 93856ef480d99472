//! Parameters of a query string: each is read by its type, and a fault names the parameter.

use std::fmt::Display;
use std::str::FromStr;

use serde::de::DeserializeOwned;
use serde::de::value::StrDeserializer;
use sync_core::wire::problem::ProblemKind;

use crate::problem::ApiError;

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
