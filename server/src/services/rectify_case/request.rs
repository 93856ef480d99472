//! What the office or a unit asks of a case's loop, and what it led to.

use serde::{Deserialize, Serialize};
use sync_core::ids::{CaseId, DecisionRequestId, PhotoHash, UserId};
use sync_core::limits::{NOTE_MAX_CHARS, RECORD_MAX_PHOTOS};
use sync_core::model::decision::DecisionKind;
use sync_core::model::rectification::{PauseKind, RoundState};
use sync_core::policy::Escalation;
use sync_core::text::{TextFault, check_required, check_text};
use sync_core::time::Instant;
use utoipa::ToSchema;

use super::LoopRefusal;
use crate::db::decisions::DecisionRow;
use crate::rectification::ordered_span::OrderedSpan;

/// A step of the loop.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum LoopStep {
    /// Order rectification (交办) from the responsible unit, also again after a return or a change of unit.
    OrderRectification {
        /// What has to be done.
        requirement: String,
        /// The time given; what the pack says where absent.
        #[serde(default)]
        span: Option<OrderedSpan>,
    },
    /// Give more time (延期), counted from the deadline.
    ExtendDeadline {
        /// How much.
        span: OrderedSpan,
    },
    /// Stop the clock (缓办, 挂账).
    PauseRectification {
        /// Which of the two.
        pause: PauseKind,
    },
    /// Go on with the time that was left, after a pause or in spite of a return.
    ResumeRectification {},
    /// Send a report back as insufficient (退回补充).
    ReturnRectification {},
    /// Re-checked, and in order (复核通过).
    VerifyRectification {
        /// Photos of it, uploaded before.
        #[serde(default)]
        photos: Vec<PhotoHash>,
    },
    /// Re-checked, and not in order (复核不通过): another round with the same time.
    FailRectification {
        /// Photos of it, uploaded before.
        #[serde(default)]
        photos: Vec<PhotoHash>,
    },
    /// Close the loop (销号).
    CloseRectification {},
    /// The unit's return (退回), which has its own address.
    #[serde(skip_deserializing)]
    GiveBack {},
}

impl LoopStep {
    /// As decisions record it.
    #[must_use]
    pub const fn kind(&self) -> DecisionKind {
        match self {
            Self::OrderRectification { .. } => DecisionKind::OrderRectification,
            Self::ExtendDeadline { .. } => DecisionKind::ExtendDeadline,
            Self::PauseRectification { .. } => DecisionKind::PauseRectification,
            Self::ResumeRectification {} => DecisionKind::ResumeRectification,
            Self::ReturnRectification {} | Self::GiveBack {} => DecisionKind::ReturnRectification,
            Self::VerifyRectification { .. } => DecisionKind::VerifyRectification,
            Self::FailRectification { .. } => DecisionKind::FailRectification,
            Self::CloseRectification {} => DecisionKind::CloseRectification,
        }
    }

    /// The photos it names.
    #[must_use]
    pub fn photos(&self) -> &[PhotoHash] {
        match self {
            Self::VerifyRectification { photos } | Self::FailRectification { photos } => photos,
            _ => &[],
        }
    }

    /// Of a re-check: whether it is in order.
    #[must_use]
    pub const fn passed(&self) -> Option<bool> {
        match self {
            Self::VerifyRectification { .. } => Some(true),
            Self::FailRectification { .. } => Some(false),
            _ => None,
        }
    }

    const fn needs_reason(&self) -> bool {
        matches!(
            self,
            Self::ExtendDeadline { .. }
                | Self::PauseRectification { .. }
                | Self::ReturnRectification {}
                | Self::GiveBack {}
                | Self::FailRectification { .. }
        )
    }

    const fn span(&self) -> Option<OrderedSpan> {
        match self {
            Self::OrderRectification { span, .. } => *span,
            Self::ExtendDeadline { span } => Some(*span),
            _ => None,
        }
    }
}

/// A step to be taken.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct LoopRequest {
    /// Made by the client; a retry carries the same and gets the first answer.
    pub request_id: DecisionRequestId,
    /// The version of the case that was looked at.
    pub expected_version: u32,
    /// Why; required to extend, pause, send back and fail, where it is what the unit reads.
    #[serde(default)]
    pub reason: Option<String>,
    /// Which step.
    pub step: LoopStep,
}

/// A unit's return of a case (退回).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ReturnRequest {
    /// Made by the client; a retry carries the same and gets the first answer.
    pub request_id: DecisionRequestId,
    /// The version of the case that was looked at.
    pub expected_version: u32,
    /// Why.
    pub reason: String,
}

impl ReturnRequest {
    pub(super) fn as_step(&self) -> LoopRequest {
        LoopRequest {
            request_id: self.request_id,
            expected_version: self.expected_version,
            reason: Some(self.reason.clone()),
            step: LoopStep::GiveBack {},
        }
    }
}

impl LoopRequest {
    /// Checks what can be checked without the case.
    ///
    /// # Errors
    /// A [`LoopRefusal`] naming the field.
    pub fn check(&self) -> Result<(), LoopRefusal> {
        let reason = self.reason.as_deref().unwrap_or_default();
        let text = |fault| LoopRefusal::Text { field: "reason", fault };
        if self.step.needs_reason() {
            match check_required(reason, NOTE_MAX_CHARS) {
                Err(TextFault::Empty) => return Err(LoopRefusal::ReasonRequired),
                checked => checked.map_err(text)?,
            }
        } else {
            check_text(reason, NOTE_MAX_CHARS).map_err(text)?;
        }
        if let LoopStep::OrderRectification { requirement, .. } = &self.step {
            check_required(requirement, NOTE_MAX_CHARS)
                .map_err(|fault| LoopRefusal::Text { field: "step.requirement", fault })?;
        }
        if self.step.span().is_some_and(|span| !span.is_reasonable()) {
            return Err(LoopRefusal::SpanOutOfRange);
        }
        if self.step.photos().len() > RECORD_MAX_PHOTOS {
            return Err(LoopRefusal::TooManyPhotos);
        }
        Ok(())
    }

    /// Whether this request, by this user for this case, is the one that led to a decision on record.
    #[must_use]
    pub fn led_to(&self, decision: &DecisionRow, actor: UserId, case_id: CaseId) -> bool {
        decision.actor == Some(actor.0)
            && decision.case_id == Some(case_id.0)
            && decision.kind == self.step.kind().code()
            && decision.reason == self.reason
            && decision.expected_version.map(i64::from) == Some(i64::from(self.expected_version))
            && decision.detail.get("step") == Some(&serde_json::json!(self.step))
    }
}

/// Where a step left the round.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LoopOutcome {
    /// The present round.
    pub round: u16,
    /// Where it stands.
    pub state: RoundState,
    /// How far it was taken up.
    pub step: Option<Escalation>,
    /// By when.
    pub deadline: Option<Instant>,
}

/// A step on record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct LoopDecision {
    /// Its number in the district, from 1 without gaps.
    pub decision_no: i64,
    /// The case.
    pub case_id: CaseId,
    /// What was decided.
    pub kind: DecisionKind,
    /// The case's version after it.
    pub version: u32,
    /// Where it left the round.
    #[serde(flatten)]
    pub outcome: LoopOutcome,
}
