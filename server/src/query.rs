//! Parameters of a query string: each is read by its type, and a fault names the parameter.

use std::fmt::Display;
use std::str::FromStr;

use sync_core::wire::problem::ProblemKind;

use crate::problem::ApiError;

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
            text.parse().map_err(|fault: T::Err| {
                ApiError::new(ProblemKind::MalformedRequest).field(name).detail(fault.to_string())
            })
        })
        .transpose()
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
