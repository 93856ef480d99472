//! What a failed request is answered with: `application/problem+json`, from the one table of `sync-core`.
//!
//! Invariants: every error response of the server comes through [`ApiError`], also those of extractors and of
//! unmatched routes; a cause is logged, never sent.

use std::error::Error as StdError;
use std::fmt;
use std::sync::Arc;

use actix_web::error::{JsonPayloadError, PathError, PayloadError, QueryPayloadError};
use actix_web::http::StatusCode;
use actix_web::http::header::{HeaderName, HeaderValue};
use actix_web::{HttpResponse, ResponseError};
use diesel::result::{DatabaseErrorKind, Error as DieselError};
use diesel_async::pooled_connection::deadpool::PoolError;
use sync_core::text::TextFault;
use sync_core::wire::problem::{Problem, ProblemFault, ProblemKind};

use crate::db::constraints::meaning_of;
use crate::db::types::StoredValueError;
use crate::tables::read::TableFault;

/// The media type of problems (RFC 9457).
pub const PROBLEM_MEDIA_TYPE: &str = "application/problem+json";

/// A request that fails, with the problem it is answered by.
#[derive(Debug, Clone)]
pub struct ApiError {
    kind: ProblemKind,
    field: Option<String>,
    detail: Option<String>,
    request_id: Option<String>,
    extras: Option<Box<Extras>>,
    cause: Option<Arc<dyn StdError + Send + Sync>>,
}

/// What few problems have: apart, so that every result that may be a problem stays small.
#[derive(Debug, Clone, Default)]
struct Extras {
    headers: Vec<(HeaderName, HeaderValue)>,
    faults: Vec<ProblemFault>,
}

impl ApiError {
    /// A problem of this kind.
    #[must_use]
    pub fn new(kind: ProblemKind) -> Self {
        Self { kind, field: None, detail: None, request_id: None, extras: None, cause: None }
    }

    /// A fault of the server; the cause goes to the log.
    #[must_use]
    pub fn internal(cause: impl StdError + Send + Sync + 'static) -> Self {
        Self { cause: Some(Arc::new(cause)), ..Self::new(ProblemKind::InternalError) }
    }

    /// Something the server needs is not there now; the cause goes to the log.
    #[must_use]
    pub fn unavailable(cause: impl StdError + Send + Sync + 'static) -> Self {
        Self { cause: Some(Arc::new(cause)), ..Self::new(ProblemKind::Unavailable) }
    }

    /// Names the field it is about.
    #[must_use]
    pub fn field(self, field: impl Into<String>) -> Self {
        Self { field: Some(field.into()), ..self }
    }

    /// Says what exactly was wrong.
    #[must_use]
    pub fn detail(self, detail: impl Into<String>) -> Self {
        Self { detail: Some(detail.into()), ..self }
    }

    /// Names the request, to find it in the log.
    #[must_use]
    pub fn request_id(self, id: impl Into<String>) -> Self {
        Self { request_id: Some(id.into()), ..self }
    }

    /// Answers with this header too.
    #[must_use]
    pub fn header(mut self, name: HeaderName, value: HeaderValue) -> Self {
        self.extras.get_or_insert_default().headers.push((name, value));
        self
    }

    /// Names everything wrong with a file.
    #[must_use]
    pub fn faults(mut self, faults: Vec<ProblemFault>) -> Self {
        self.extras.get_or_insert_default().faults = faults;
        self
    }

    /// Its kind.
    #[must_use]
    pub fn kind(&self) -> ProblemKind {
        self.kind
    }

    /// The problem of any error that actix answers with: ours as it is, those of its extractors by their type.
    #[must_use]
    pub fn of(error: &actix_web::Error) -> Self {
        let malformed =
            |cause: &dyn fmt::Display| Self::new(ProblemKind::MalformedRequest).detail(cause.to_string());
        if let Some(ours) = error.as_error::<Self>() {
            ours.clone()
        } else if let Some(cause) = error.as_error::<JsonPayloadError>() {
            match cause {
                JsonPayloadError::OverflowKnownLength { .. } | JsonPayloadError::Overflow { .. } => {
                    Self::new(ProblemKind::PayloadTooLarge)
                }
                JsonPayloadError::ContentType => Self::new(ProblemKind::UnsupportedMediaType),
                other => malformed(other),
            }
        } else if let Some(cause) = error.as_error::<PayloadError>() {
            match cause {
                PayloadError::Overflow => Self::new(ProblemKind::PayloadTooLarge),
                other => malformed(other),
            }
        } else if let Some(cause) = error.as_error::<QueryPayloadError>() {
            malformed(cause)
        } else if let Some(cause) = error.as_error::<PathError>() {
            malformed(cause)
        } else {
            let status = error.as_response_error().status_code();
            match status.as_u16() {
                413 => Self::new(ProblemKind::PayloadTooLarge),
                415 => Self::new(ProblemKind::UnsupportedMediaType),
                400..500 => malformed(error),
                _ => Self::new(ProblemKind::InternalError),
            }
        }
    }

    /// The problem as it is sent.
    #[must_use]
    pub fn problem(&self) -> Problem {
        Problem {
            field: self.field.clone(),
            detail: self.detail.clone(),
            request_id: self.request_id.clone(),
            faults: self.extras.as_ref().map(|extras| extras.faults.clone()).unwrap_or_default(),
            ..Problem::new(self.kind)
        }
    }
}

impl fmt::Display for ApiError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.kind.code())?;
        for (name, value) in [("field", &self.field), ("detail", &self.detail)] {
            if let Some(value) = value {
                write!(f, ", {name} {value:?}")?;
            }
        }
        if let Some(cause) = &self.cause {
            write!(f, ", because {cause}")?;
        }
        Ok(())
    }
}

impl StdError for ApiError {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.cause.as_ref().map(|cause| {
            let cause: &(dyn StdError + 'static) = cause.as_ref();
            cause
        })
    }
}

impl ResponseError for ApiError {
    fn status_code(&self) -> StatusCode {
        StatusCode::from_u16(self.kind.status()).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
    }

    fn error_response(&self) -> HttpResponse {
        let mut response = HttpResponse::build(self.status_code());
        for header in self.extras.iter().flat_map(|extras| &extras.headers) {
            response.insert_header(header.clone());
        }
        response.content_type(PROBLEM_MEDIA_TYPE).json(self.problem())
    }
}

impl From<ProblemKind> for ApiError {
    fn from(kind: ProblemKind) -> Self {
        Self::new(kind)
    }
}

impl From<DieselError> for ApiError {
    fn from(error: DieselError) -> Self {
        let DieselError::DatabaseError(kind, information) = &error else { return Self::internal(error) };
        match (information.constraint_name().and_then(meaning_of), kind) {
            (Some((problem, field)), _) => Self::new(problem).field(field),
            (None, DatabaseErrorKind::ClosedConnection | DatabaseErrorKind::SerializationFailure) => {
                Self::unavailable(error)
            }
            (None, _) => Self::internal(error),
        }
    }
}

impl From<PoolError> for ApiError {
    fn from(error: PoolError) -> Self {
        Self::unavailable(error)
    }
}

impl From<StoredValueError> for ApiError {
    fn from(error: StoredValueError) -> Self {
        Self::internal(error)
    }
}

impl From<TextFault> for ApiError {
    fn from(fault: TextFault) -> Self {
        let kind = match fault {
            TextFault::Nul => ProblemKind::TextContainsNul,
            TextFault::TooLong { .. } => ProblemKind::TextTooLong,
            TextFault::Empty => ProblemKind::TextRequired,
        };
        Self::new(kind).detail(fault.to_string())
    }
}

/// A file that is not read is answered by the problem of its first fault, with all of them.
impl From<Vec<TableFault>> for ApiError {
    fn from(faults: Vec<TableFault>) -> Self {
        let faults: Vec<ProblemFault> = faults.iter().map(|fault| fault.report().into()).collect();
        let kind = faults.first().and_then(|fault| ProblemKind::from_code(&fault.code));
        Self::new(kind.unwrap_or(ProblemKind::FileDamaged)).faults(faults)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cause_is_logged_and_not_sent() {
        let error = ApiError::internal(std::io::Error::other("disk /secret/path is full"));
        assert!(error.to_string().contains("/secret/path"));
        assert!(!serde_json::to_string(&error.problem()).unwrap().contains("secret"));
        assert_eq!(error.status_code(), StatusCode::INTERNAL_SERVER_ERROR);
    }

    #[test]
    fn text_faults_have_their_codes() {
        let error = ApiError::from(TextFault::Nul).field("name");
        assert_eq!(error.problem().code.as_str(), "text_contains_nul");
        assert_eq!(error.problem().field.as_deref(), Some("name"));
    }
}
