//! Why an appeal was not filed or not taken back, and the problem that says so.

use sync_core::ids::PhotoHash;
use sync_core::model::case::ReviewState;
use sync_core::text::TextFault;
use sync_core::time::Instant;
use sync_core::wire::problem::ProblemKind;

use crate::calendar::CalendarGap;
use crate::db::types::StoredValueError;
use crate::problem::ApiError;
use crate::services::decide_case::Meanwhile;

/// Why nothing happened; nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum AppealRefusal {
    /// Not there, or not a case of the unit.
    #[error("no such case of the unit")]
    CaseUnknown,
    /// Not there, or not an appeal of the unit.
    #[error("no such appeal of the unit")]
    Unknown,
    /// Another appeal carried this request id.
    #[error("the request id belongs to another appeal")]
    RequestIdReused,
    /// The case is no longer the version that was looked at.
    #[error("{0}")]
    Changed(Meanwhile),
    /// The case charges nobody: it is not confirmed, or without charges.
    #[error("the case is {} and charges nothing that could be appealed against", .0.code())]
    NotCharged(ReviewState),
    /// Another appeal of the case is open.
    #[error("an appeal is open")]
    Open,
    /// An appeal against the same charge was decided.
    #[error("the appeal against this charge was decided")]
    Decided,
    /// The appeal to be taken back was decided.
    #[error("the appeal was decided")]
    NotOpen,
    /// The time is over.
    #[error("until {}", .0.record_text())]
    Late(Instant),
    /// The calendar lacks a year.
    #[error(transparent)]
    Gap(#[from] CalendarGap),
    /// A photo is not uploaded and verified.
    #[error("photo {0}")]
    PhotoUnknown(PhotoHash),
    /// More photos than one appeal takes.
    #[error("too many photos")]
    TooManyPhotos,
    /// The grounds are not acceptable.
    #[error(transparent)]
    Grounds(#[from] TextFault),
    /// The database holds something that this server does not know.
    #[error(transparent)]
    Stored(#[from] StoredValueError),
    /// The database.
    #[error(transparent)]
    Database(#[from] diesel::result::Error),
    /// A query failed.
    #[error(transparent)]
    Failed(#[from] ApiError),
}

impl From<AppealRefusal> for ApiError {
    fn from(refusal: AppealRefusal) -> Self {
        let says = refusal.to_string();
        let problem = |kind| Self::new(kind).detail(says);
        match refusal {
            AppealRefusal::CaseUnknown => Self::new(ProblemKind::CaseUnknown),
            AppealRefusal::Unknown => Self::new(ProblemKind::AppealUnknown),
            AppealRefusal::RequestIdReused => Self::new(ProblemKind::RequestIdReused).field("request_id"),
            AppealRefusal::Changed(_) => problem(ProblemKind::CaseChanged).field("expected_version"),
            AppealRefusal::NotCharged(_) => problem(ProblemKind::CaseStateForbids),
            AppealRefusal::Open => Self::new(ProblemKind::AppealOpen),
            AppealRefusal::Decided => Self::new(ProblemKind::AppealDecided),
            AppealRefusal::NotOpen => problem(ProblemKind::AppealNotOpen),
            AppealRefusal::Late(_) => problem(ProblemKind::AppealLate),
            AppealRefusal::Gap(_) => problem(ProblemKind::CalendarGap),
            AppealRefusal::PhotoUnknown(_) => problem(ProblemKind::PhotoUnknown).field("photos"),
            AppealRefusal::TooManyPhotos => Self::new(ProblemKind::TooManyItems).field("photos"),
            AppealRefusal::Grounds(fault) => Self::from(fault).field("grounds"),
            AppealRefusal::Stored(error) => error.into(),
            AppealRefusal::Database(error) => error.into(),
            AppealRefusal::Failed(error) => error,
        }
    }
}
