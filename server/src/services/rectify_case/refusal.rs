//! Why nothing happened to a case's loop, and the problem that says so.

use sync_core::ids::PhotoHash;
use sync_core::model::case::ReviewState;
use sync_core::text::TextFault;
use sync_core::wire::problem::ProblemKind;

use crate::calendar::CalendarGap;
use crate::db::types::StoredValueError;
use crate::problem::ApiError;
use crate::rectification::round::RoundFault;

/// Why nothing happened; nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum LoopRefusal {
    /// Not there, or not the actor's.
    #[error("no such case of the actor")]
    CaseUnknown,
    /// Another request carried this id.
    #[error("the request id belongs to another decision")]
    RequestIdReused,
    /// The case is no longer the version that was looked at.
    #[error("version {0}")]
    Changed(i32),
    /// Not in this review state.
    #[error("the case is {}", .0.code())]
    ReviewForbids(ReviewState),
    /// The case has no such round.
    #[error("nothing was ordered, or another round")]
    RoundUnknown,
    /// Not in the round's state.
    #[error(transparent)]
    Round(RoundFault),
    /// The one who reported it cannot say that it is in order.
    #[error("reported by the same person")]
    SamePerson,
    /// The calendar lacks a year.
    #[error(transparent)]
    Gap(CalendarGap),
    /// No pack says how long, and the order does not.
    #[error("the pack says no days for this item")]
    DeadlineRequired,
    /// The time given is none, or too much.
    #[error("1 to {} units", crate::rectification::ordered_span::SPAN_MAX)]
    SpanOutOfRange,
    /// A photo is not uploaded and verified.
    #[error("photo {0}")]
    PhotoUnknown(PhotoHash),
    /// More photos than one record takes.
    #[error("too many photos")]
    TooManyPhotos,
    /// A reason is missing.
    #[error("a reason is missing")]
    ReasonRequired,
    /// A text is not acceptable.
    #[error("{field}: {fault}")]
    Text {
        /// Which.
        field: &'static str,
        /// Why.
        fault: TextFault,
    },
    /// The database holds something that this server does not know.
    #[error(transparent)]
    Stored(#[from] StoredValueError),
    /// The outcome on record cannot be read.
    #[error("outcome of a decision: {0}")]
    Recorded(#[from] serde_json::Error),
    /// The database.
    #[error(transparent)]
    Database(#[from] diesel::result::Error),
    /// A query failed.
    #[error(transparent)]
    Failed(#[from] ApiError),
}

impl From<RoundFault> for LoopRefusal {
    fn from(fault: RoundFault) -> Self {
        match fault {
            RoundFault::Gap(gap) => Self::Gap(gap),
            other => Self::Round(other),
        }
    }
}

impl From<LoopRefusal> for ApiError {
    fn from(refusal: LoopRefusal) -> Self {
        let says = refusal.to_string();
        let problem = |kind| Self::new(kind).detail(says);
        match refusal {
            LoopRefusal::CaseUnknown => Self::new(ProblemKind::CaseUnknown),
            LoopRefusal::RequestIdReused => Self::new(ProblemKind::DecisionIdReused).field("request_id"),
            LoopRefusal::Changed(_) => problem(ProblemKind::CaseChanged).field("expected_version"),
            LoopRefusal::ReviewForbids(_) => problem(ProblemKind::CaseStateForbids).field("step"),
            LoopRefusal::SamePerson => Self::new(ProblemKind::SamePerson).field("step"),
            LoopRefusal::RoundUnknown => problem(ProblemKind::RectificationUnknown).field("round"),
            LoopRefusal::Round(RoundFault::StateForbids(_)) => {
                problem(ProblemKind::RectificationStateForbids).field("step")
            }
            LoopRefusal::Round(RoundFault::ExtensionsSpent) => {
                problem(ProblemKind::ExtensionsSpent).field("step")
            }
            LoopRefusal::Round(RoundFault::DoesNotReach) | LoopRefusal::SpanOutOfRange => {
                problem(ProblemKind::NumberOutOfRange).field("step.span")
            }
            LoopRefusal::Round(RoundFault::Gap(_)) | LoopRefusal::Gap(_) => {
                problem(ProblemKind::CalendarGap).field("step.span")
            }
            LoopRefusal::DeadlineRequired => problem(ProblemKind::DeadlineRequired).field("step.span"),
            LoopRefusal::PhotoUnknown(_) => problem(ProblemKind::PhotoUnknown).field("photos"),
            LoopRefusal::TooManyPhotos => Self::new(ProblemKind::TooManyItems).field("photos"),
            LoopRefusal::ReasonRequired => Self::new(ProblemKind::ReasonRequired).field("reason"),
            LoopRefusal::Text { field, fault } => Self::from(fault).field(field),
            LoopRefusal::Stored(error) => error.into(),
            LoopRefusal::Recorded(error) => Self::internal(error),
            LoopRefusal::Database(error) => error.into(),
            LoopRefusal::Failed(error) => error,
        }
    }
}
