//! Why a call failed, as the screens branch on it: a code of the problem table, or one of the tablet's own.

use serde::Serialize;
use sync_core::engine::EngineError;
use sync_core::field::FieldError;
use sync_core::store::StoreError;
use sync_core::wire::problem::Problem;

/// A failed call; nothing was written by half.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct CallError {
    /// Stable code.
    pub code: String,
    /// Everything wrong, each with its field.
    pub problems: Vec<Problem>,
    /// For the log.
    pub detail: Option<String>,
}

impl CallError {
    /// One of the tablet's own codes.
    #[must_use]
    pub fn own(code: &str, detail: impl ToString) -> Self {
        Self { code: code.to_owned(), problems: Vec::new(), detail: Some(detail.to_string()) }
    }
}

impl From<Problem> for CallError {
    fn from(problem: Problem) -> Self {
        Self { code: problem.code.as_str().to_owned(), problems: vec![problem], detail: None }
    }
}

impl From<FieldError> for CallError {
    fn from(error: FieldError) -> Self {
        match error {
            FieldError::Refused(problems) => Self {
                code: problems.first().map_or_else(|| "internal".to_owned(), |p| p.code.as_str().to_owned()),
                problems,
                detail: None,
            },
            FieldError::InspectionUnknown(id) => Self::own("inspection_unknown", id),
            FieldError::Store(error) => error.into(),
        }
    }
}

impl From<StoreError> for CallError {
    fn from(error: StoreError) -> Self {
        let code = match &error {
            StoreError::DiskFull => "storage_full",
            StoreError::InUse => "interrupted",
            StoreError::Corrupt(_) => "damaged",
            StoreError::NewerSchema { .. } => "newer_schema",
            _ => "internal",
        };
        Self::own(code, error)
    }
}

impl From<EngineError> for CallError {
    fn from(error: EngineError) -> Self {
        match error {
            EngineError::Store(error) => error.into(),
            other => Self::own("internal", other),
        }
    }
}

impl From<serde_json::Error> for CallError {
    fn from(error: serde_json::Error) -> Self {
        Self::own("malformed_request", error)
    }
}
