//! Why a month is not closed, as the problem it is answered with.

use sync_core::wire::problem::ProblemKind;

use crate::ledger::digest::DigestError;
use crate::problem::ApiError;
use crate::services::check_month::Obstacle;

/// Why a month is not closed.
#[derive(Debug, thiserror::Error)]
pub enum CloseRefusal {
    /// The checklist forbids it.
    #[error("{0}")]
    Obstacle(Obstacle),
    /// Who asked for it cannot review it.
    #[error("who asks for closing cannot review it")]
    SamePerson,
    /// The month has no lines.
    #[error(transparent)]
    Digest(#[from] DigestError),
    /// A file cannot be written.
    #[error("the month's files: {0}")]
    Files(ApiError),
    /// The decision's detail cannot be written.
    #[error("the decision's detail: {0}")]
    Detail(#[from] serde_json::Error),
    /// The database.
    #[error(transparent)]
    Database(#[from] diesel::result::Error),
}

impl From<CloseRefusal> for ApiError {
    fn from(refusal: CloseRefusal) -> Self {
        match refusal {
            CloseRefusal::Obstacle(obstacle) => {
                Self::new(obstacle.problem()).field("month").detail(obstacle.to_string())
            }
            CloseRefusal::SamePerson => Self::new(ProblemKind::SamePerson),
            CloseRefusal::Digest(error) => Self::internal(error),
            CloseRefusal::Files(error) => error,
            CloseRefusal::Detail(error) => Self::internal(error),
            CloseRefusal::Database(error) => error.into(),
        }
    }
}
