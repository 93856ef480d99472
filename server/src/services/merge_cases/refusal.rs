//! Why duplicates were not decided, and the problem that says so.

use sync_core::ids::CaseId;
use sync_core::model::case::{Flag, ReviewState};
use sync_core::text::TextFault;
use sync_core::wire::problem::ProblemKind;

use crate::db::types::StoredValueError;
use crate::ledger::moves::MoveFault;
use crate::problem::ApiError;
use crate::services::move_money::MoneyError;

/// Why nothing was decided; nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// One of the cases is not there, or in nobody's grid that asks.
    #[error("no such case in the grids of the supervisor")]
    CaseUnknown,
    /// Another decision carried this request id.
    #[error("the request id belongs to another decision")]
    RequestIdReused,
    /// A case is no longer the version that was looked at.
    #[error("{case_id} is version {version}, {}", .state.code())]
    Changed {
        /// Which.
        case_id: CaseId,
        /// Its version now.
        version: u32,
        /// Its state now.
        state: ReviewState,
    },
    /// Not in this state.
    #[error("{case_id} is {}", .state.code())]
    StateForbids {
        /// Which.
        case_id: CaseId,
        /// Its state.
        state: ReviewState,
    },
    /// An absorbed case that brings a charge is in doubt.
    #[error(
        "{case_id} needs settling: {}",
        doubts.iter().map(|doubt| doubt.code()).collect::<Vec<_>>().join(", ")
    )]
    NeedsSettling {
        /// Which.
        case_id: CaseId,
        /// Its doubts that the merge does not settle.
        doubts: Vec<Flag>,
    },
    /// A case was decided and charged on paper, before this product: what it cost is not in this ledger.
    #[error("{0} was charged on paper")]
    ChargedOnPaper(CaseId),
    /// A case is under appeal.
    #[error("{0} has an open appeal")]
    AppealOpen(CaseId),
    /// There is nothing to decide among these cases.
    #[error("no proposed duplicates among these cases")]
    NothingProposed,
    /// Cases of different items are not one.
    #[error("the cases are of different items")]
    ItemsDiffer,
    /// A self-check would absorb a case that is charged.
    #[error("{0} is charged and must be the one that survives")]
    SelfCheckAbsorbs(CaseId),
    /// The cases have different units, and none of them was named.
    #[error("one of the cases' units must be named")]
    UnitRequired,
    /// The other cases are none, or not others, or one is there twice.
    #[error("{field} must be other cases, each once")]
    NotOthers {
        /// The field.
        field: &'static str,
    },
    /// More cases than one decision takes.
    #[error("too many cases")]
    TooMany {
        /// The field.
        field: &'static str,
    },
    /// A reason is missing.
    #[error("a reason is missing")]
    ReasonRequired,
    /// The reason is not acceptable.
    #[error(transparent)]
    Reason(#[from] TextFault),
    /// The rules of the ledger do not allow it.
    #[error(transparent)]
    Money(#[from] MoveFault),
    /// The database holds something that this server does not know.
    #[error(transparent)]
    Stored(#[from] StoredValueError),
    /// What is on record cannot be read or written.
    #[error("detail of a decision: {0}")]
    Recorded(#[from] serde_json::Error),
    /// The database.
    #[error(transparent)]
    Database(#[from] diesel::result::Error),
    /// A query failed.
    #[error(transparent)]
    Failed(#[from] ApiError),
}

impl From<MoneyError> for Refusal {
    fn from(error: MoneyError) -> Self {
        match error {
            MoneyError::Fault(fault) => Self::Money(fault),
            MoneyError::Stored(error) => Self::Stored(error),
            MoneyError::Database(error) => Self::Database(error),
        }
    }
}

impl From<Refusal> for ApiError {
    fn from(refusal: Refusal) -> Self {
        let says = refusal.to_string();
        let problem = |kind| Self::new(kind).detail(says);
        match refusal {
            Refusal::CaseUnknown => Self::new(ProblemKind::CaseUnknown),
            Refusal::RequestIdReused => Self::new(ProblemKind::DecisionIdReused).field("request_id"),
            Refusal::Changed { .. } => problem(ProblemKind::CaseChanged).field("expected_version"),
            Refusal::StateForbids { .. } | Refusal::ChargedOnPaper(_) | Refusal::NothingProposed => {
                problem(ProblemKind::CaseStateForbids)
            }
            Refusal::NeedsSettling { .. } => problem(ProblemKind::CaseNeedsSettling),
            Refusal::AppealOpen(_) => problem(ProblemKind::AppealOpen),
            Refusal::ItemsDiffer => problem(ProblemKind::MergeItemsDiffer),
            Refusal::SelfCheckAbsorbs(_) => problem(ProblemKind::SelfCheckCannotAbsorb),
            Refusal::UnitRequired => problem(ProblemKind::MergeUnitRequired).field("unit_id"),
            Refusal::NotOthers { field } => problem(ProblemKind::MalformedRequest).field(field),
            Refusal::TooMany { field } => problem(ProblemKind::TooManyItems).field(field),
            Refusal::ReasonRequired => Self::new(ProblemKind::ReasonRequired).field("reason"),
            Refusal::Reason(fault) => Self::from(fault).field("reason"),
            Refusal::Money(fault) => fault.into(),
            Refusal::Stored(error) => error.into(),
            Refusal::Recorded(error) => Self::internal(error),
            Refusal::Database(error) => error.into(),
            Refusal::Failed(error) => error,
        }
    }
}
