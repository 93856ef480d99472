//! What cannot be recorded, typed. Bad input carries problems of the one table, each with the field it is about.

use crate::store::{ContextError, StoreError};
use crate::wire::problem::{Problem, ProblemKind};

/// Why something was not recorded. Nothing is stored by half then.
#[derive(Debug, thiserror::Error)]
pub enum FieldError {
    /// The input is not acceptable; each problem names its field.
    #[error("{}", sentences(.0))]
    Refused(Vec<Problem>),
    /// The user's own inspection is not known here.
    #[error("no own inspection or draft {0} on this device")]
    InspectionUnknown(String),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

fn sentences(problems: &[Problem]) -> String {
    problems.iter().map(|p| p.title_en.as_str()).collect::<Vec<_>>().join(" ")
}

impl FieldError {
    /// One problem with one field.
    #[must_use]
    pub fn refused(kind: ProblemKind, field: impl Into<String>) -> Self {
        Self::Refused(vec![problem(kind, field)])
    }
}

/// A problem about a field.
#[must_use]
pub fn problem(kind: ProblemKind, field: impl Into<String>) -> Problem {
    Problem { field: Some(field.into()), ..Problem::new(kind) }
}

/// `Ok` when there is nothing wrong.
///
/// # Errors
/// [`FieldError::Refused`].
pub fn refuse_all(problems: Vec<Problem>) -> Result<(), FieldError> {
    if problems.is_empty() { Ok(()) } else { Err(FieldError::Refused(problems)) }
}

impl From<ContextError> for FieldError {
    fn from(error: ContextError) -> Self {
        match error {
            ContextError::Store(error) => Self::Store(error),
            ContextError::TargetUnknown(_) => Self::refused(ProblemKind::TargetUnknown, "target"),
            ContextError::GridMissing | ContextError::GridUnknown(_) => {
                Self::refused(ProblemKind::GridUnknown, "grid")
            }
            ContextError::NotAssigned(_) => Self::refused(ProblemKind::NotAssigned, "grid"),
        }
    }
}
