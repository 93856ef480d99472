//! Why a decision was not made, and the problem that says so.

use std::fmt;

use sync_core::model::case::{Flag, ReviewState};
use sync_core::model::decision::DecisionKind;
use sync_core::text::TextFault;
use sync_core::time::Instant;
use sync_core::wire::problem::ProblemKind;

use crate::appeals::hold::Hold;
use crate::db::types::StoredValueError;
use crate::ledger::moves::MoveFault;
use crate::problem::ApiError;
use crate::services::move_money::MoneyError;

/// The last decision on a case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LastDecision {
    /// Its kind by its code.
    pub kind: String,
    /// Who made it, by name; nobody where a timer did.
    pub by: Option<String>,
    /// When.
    pub at: Instant,
}

/// Where a case stands now, for someone who looked at an older version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Meanwhile {
    /// Its version.
    pub version: i32,
    /// Its review state by its code.
    pub review_state: String,
    /// The last decision, if any.
    pub decided: Option<LastDecision>,
}

impl fmt::Display for Meanwhile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "version {}, {}", self.version, self.review_state)?;
        match &self.decided {
            Some(last) => {
                let by = last.by.as_deref().unwrap_or("a timer");
                write!(f, ", {} by {by} at {}", last.kind, last.at.record_text())
            }
            None => Ok(()),
        }
    }
}

/// Why a decision was not made; nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum Refusal {
    /// Not there, or in nobody's grid that asks.
    #[error("no such case in the grids of the supervisor")]
    CaseUnknown,
    /// Another decision carried this request id.
    #[error("the request id belongs to another decision")]
    RequestIdReused,
    /// The case is no longer the version that was looked at.
    #[error("{0}")]
    Changed(Meanwhile),
    /// The case is no longer the version that was looked at, but this.
    #[error("version {0}")]
    ChangedTo(i32),
    /// Not in this state.
    #[error("the case is {}", .0.code())]
    StateForbids(ReviewState),
    /// Made by another way than as a decision on one case.
    #[error("{} is not decided in this way", .0.code())]
    DecidedElsewhere(DecisionKind),
    /// Doubts are open.
    #[error("to be settled: {}", codes(.0))]
    NeedsSettling(Vec<Flag>),
    /// A doubt to be settled is not raised.
    #[error("the case has no doubt {}", .0.code())]
    FlagNotRaised(Flag),
    /// A proposed duplicate is not settled, but merged or kept apart.
    #[error("a proposed duplicate is merged or kept apart")]
    DuplicateUndecided,
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
    /// A field is missing with this kind of decision, or has no place there.
    #[error("{field} belongs to one kind of decision, and must not be empty there")]
    Misplaced {
        /// Which.
        field: &'static str,
    },
    /// More amounts than one decision takes.
    #[error("too many amounts")]
    TooManyAmounts,
    /// An amount is not between one fen and the limit.
    #[error("an amount must be more than 0 and at most {}", super::request::ENTERED_AMOUNT_MAX)]
    AmountOutOfRange,
    /// A charge is not the case's, or its amount is not for a supervisor to enter, or entered already.
    #[error("a charge is not one of the case's that await an amount")]
    AmountNotAwaited,
    /// A charge to be adjusted is not posted, or stands at that amount.
    #[error("a charge is not one of the case's that are posted at another amount")]
    NotAdjustable,
    /// A charge to be reduced is not the case's, named twice, or would not be lower.
    #[error("a charge is not one of the case's, each once, at a lower amount")]
    NotReduced,
    /// What the decision has to do with an open appeal forbids it.
    #[error(transparent)]
    Appeal(#[from] Hold),
    /// The unit that is named answers for it already.
    #[error("this unit answers for the case already")]
    UnitUnchanged,
    /// The case was decided and charged on paper, before this product: what it cost is not in this ledger.
    #[error("the case was charged on paper, and is not charged here")]
    ChargedOnPaper,
    /// The pack that is named was not in force.
    #[error("the pack is not the one in force where and when the case occurred")]
    PackNotInForce,
    /// The correction that is named is not the last one, or none is pending.
    #[error("another correction of the case is pending, or none")]
    OtherAmendment,
    /// Photos of the correction are missing.
    #[error("photos of the correction that are required and not verified: {0}")]
    EvidenceMissing(usize),
    /// The rules of the ledger do not allow it.
    #[error(transparent)]
    Money(#[from] MoveFault),
    /// The database holds something that this server does not know.
    #[error(transparent)]
    Stored(#[from] StoredValueError),
    /// The outcome on record cannot be read.
    #[error("outcome of a decision: {0}")]
    Recorded(#[from] serde_json::Error),
    /// Something else failed.
    #[error(transparent)]
    Failed(#[from] ApiError),
    /// The database.
    #[error(transparent)]
    Database(#[from] diesel::result::Error),
}

fn codes(flags: &[Flag]) -> String {
    flags.iter().map(|flag| flag.code()).collect::<Vec<_>>().join(", ")
}

impl From<Meanwhile> for Refusal {
    fn from(meanwhile: Meanwhile) -> Self {
        Self::Changed(meanwhile)
    }
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

impl From<MoveFault> for ApiError {
    fn from(fault: MoveFault) -> Self {
        let problem = match fault {
            MoveFault::AmountMissing(_) => Self::new(ProblemKind::CaseAmountMissing).field("amounts"),
            MoveFault::NotPosted(_) => Self::new(ProblemKind::CaseStateForbids).field("amounts"),
            MoveFault::NoOpenMonth(_) => Self::new(ProblemKind::PeriodClosed),
            MoveFault::SumTooLarge(_) => Self::new(ProblemKind::NumberOutOfRange).field("amounts"),
        };
        problem.detail(fault.to_string())
    }
}

impl From<Hold> for ApiError {
    fn from(hold: Hold) -> Self {
        match hold {
            Hold::Open => Self::new(ProblemKind::AppealOpen),
            Hold::NotOpen => Self::new(ProblemKind::AppealNotOpen).field("kind"),
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
            Refusal::Changed(_) | Refusal::ChangedTo(_) => {
                problem(ProblemKind::CaseChanged).field("expected_version")
            }
            Refusal::StateForbids(_) => problem(ProblemKind::CaseStateForbids).field("kind"),
            Refusal::ChargedOnPaper => problem(ProblemKind::CaseStateForbids).field("kind"),
            Refusal::DecidedElsewhere(_) => problem(ProblemKind::MalformedRequest).field("kind"),
            Refusal::NeedsSettling(_) => problem(ProblemKind::CaseNeedsSettling),
            Refusal::FlagNotRaised(_) => problem(ProblemKind::CaseStateForbids).field("flags"),
            Refusal::DuplicateUndecided => Self::new(ProblemKind::DuplicateUndecided).field("flags"),
            Refusal::ReasonRequired => Self::new(ProblemKind::ReasonRequired).field("reason"),
            Refusal::Text { field, fault } => Self::from(fault).field(field),
            Refusal::Misplaced { field } => problem(ProblemKind::MalformedRequest).field(field),
            Refusal::TooManyAmounts => Self::new(ProblemKind::TooManyItems).field("amounts"),
            Refusal::AmountOutOfRange => problem(ProblemKind::NumberOutOfRange).field("amounts"),
            Refusal::AmountNotAwaited => problem(ProblemKind::CaseStateForbids).field("amounts"),
            Refusal::NotAdjustable => problem(ProblemKind::CaseStateForbids).field("amounts"),
            Refusal::NotReduced => problem(ProblemKind::AmountNotReduced).field("amounts"),
            Refusal::Appeal(hold) => hold.into(),
            Refusal::UnitUnchanged => problem(ProblemKind::CaseStateForbids).field("unit_id"),
            Refusal::PackNotInForce => Self::new(ProblemKind::PackNotInForce).field("pack_hash"),
            Refusal::OtherAmendment => problem(ProblemKind::CaseChanged).field("inspection_id"),
            Refusal::EvidenceMissing(_) => problem(ProblemKind::CaseStateForbids).field("inspection_id"),
            Refusal::Failed(error) => error,
            Refusal::Money(fault) => fault.into(),
            Refusal::Database(error) => error.into(),
            Refusal::Stored(error) => error.into(),
            Refusal::Recorded(error) => Self::internal(error),
        }
    }
}
