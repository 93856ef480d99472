//! The JSON body of a request: bounded, and a fault names the field it is in.

use std::future::Future;
use std::pin::Pin;

use actix_web::dev::Payload;
use actix_web::http::header::CONTENT_TYPE;
use actix_web::web::Bytes;
use actix_web::{FromRequest, HttpMessage, HttpRequest};
use serde::de::DeserializeOwned;
use sync_core::wire::problem::ProblemKind;

use crate::problem::ApiError;

/// The decoded body. The size limit is the application's payload limit.
#[derive(Debug)]
pub struct Json<T>(pub T);

impl<T: DeserializeOwned> FromRequest for Json<T> {
    type Error = ApiError;
    type Future = Pin<Box<dyn Future<Output = Result<Self, ApiError>>>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let is_json = request.content_type().eq_ignore_ascii_case("application/json");
        let body = Bytes::from_request(request, payload);
        Box::pin(async move {
            if !is_json {
                return Err(ApiError::new(ProblemKind::UnsupportedMediaType).field(CONTENT_TYPE.as_str()));
            }
            let body = body.await.map_err(|error| ApiError::of(&error))?;
            decode(&body).map(Self)
        })
    }
}

/// Decodes a JSON text; an error names the path of the field.
///
/// # Errors
/// [`ProblemKind::MalformedRequest`] with field and detail.
pub fn decode<T: DeserializeOwned>(text: &[u8]) -> Result<T, ApiError> {
    let mut decoder = serde_json::Deserializer::from_slice(text);
    let value = serde_path_to_error::deserialize(&mut decoder).map_err(|error| {
        let problem = ApiError::new(ProblemKind::MalformedRequest).detail(error.inner().to_string());
        match error.path().to_string() {
            root if root == "." => problem,
            path => problem.field(path),
        }
    })?;
    decoder.end().map_err(|error| ApiError::new(ProblemKind::MalformedRequest).detail(error.to_string()))?;
    Ok(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use sync_core::wire::auth::EnrolRequest;

    #[test]
    fn a_fault_names_its_field() {
        let text = br#"{"code":"a","public_key":"b","device_name":"c","incarnation":"nonsense"}"#;
        let problem = decode::<EnrolRequest>(text).unwrap_err().problem();
        assert_eq!(problem.code.as_str(), "malformed_request");
        assert_eq!(problem.field.as_deref(), Some("incarnation"));
    }

    #[test]
    fn what_follows_the_value_is_refused() {
        assert!(decode::<u8>(b"1 2").is_err());
        assert_eq!(decode::<u8>(b" 1 ").unwrap(), 1);
    }
}
