//! Rectification (整改): the closed loop (闭环) of a case, round by round.
//!
//! Source: macun-2024 二（八）5 (发现交办、整改反馈、复核督办、约谈问责) and xiping-2024 六（四）; that there is one loop for
//! every case is a reading. A round (轮次) is one order with one deadline; a failed re-check ends it and begins the next.
//! How far an overdue round was taken up (督办, 约谈, 问责) stands beside its state, because a unit that reports
//! late has been summoned all the same.

use serde::{Deserialize, Serialize};

use crate::ids::{CaseId, GridPath, UnitId};
use crate::model::case::RectificationState;
use crate::model::coded_enum;
use crate::policy::Escalation;
use crate::time::Instant;

coded_enum! {
    /// Where a round stands.
    RoundState {
        /// The unit has it (已交办).
        Assigned = "assigned",
        /// A supervisor stopped the clock (缓办, 挂账).
        Paused = "paused",
        /// The unit gave it back (退回): the clock stands until a supervisor answers.
        Returned = "returned",
        /// Reported as rectified (已整改).
        Rectified = "rectified",
        /// Re-checked and in order (复核通过).
        Verified = "verified",
        /// Re-checked and not in order (复核不通过): the next round follows.
        Failed = "failed",
        /// Closed (已销号).
        Closed = "closed",
        /// Taken back by a newer order (改派).
        Withdrawn = "withdrawn",
    }
}

coded_enum! {
    /// Why the clock of a round was stopped.
    PauseKind {
        /// Deferred (缓办): it is put off, for the weather, the season or a lawsuit.
        Deferred = "deferred",
        /// On the books (挂账): it cannot be done for now and stays registered.
        OnTheBooks = "on_the_books",
    }
}

impl RoundState {
    /// The case's rectification state in one word, as lists and older devices show it: a round that waits for the
    /// unit shows how far it was taken up.
    #[must_use]
    pub const fn summary(self, step: Option<Escalation>) -> RectificationState {
        match (self, step) {
            (Self::Withdrawn, _) => RectificationState::None,
            (Self::Rectified, _) => RectificationState::Rectified,
            (Self::Verified, _) => RectificationState::Verified,
            (Self::Closed, _) => RectificationState::Closed,
            (Self::Assigned | Self::Paused | Self::Returned | Self::Failed, None) => {
                RectificationState::Assigned
            }
            (Self::Assigned | Self::Paused | Self::Returned | Self::Failed, Some(step)) => match step {
                Escalation::Supervision => RectificationState::Supervision,
                Escalation::Summons => RectificationState::Summons,
                Escalation::Accountability => RectificationState::Accountability,
            },
        }
    }
}

/// What a unit or an inspector last reported.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct LastReport {
    /// When it was made.
    pub at: Instant,
    /// What was done.
    pub text: String,
}

/// The present round of a case as devices pull it: enough to know what is to be reported or re-checked, by when.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(feature = "openapi", derive(utoipa::ToSchema))]
pub struct RectificationRow {
    /// The case.
    pub case_id: CaseId,
    /// Which round, from 1.
    pub round: u16,
    /// Where it stands.
    pub state: RoundState,
    /// How far it was taken up, if it was overdue.
    pub step: Option<Escalation>,
    /// Why its clock is stopped, if it is.
    pub pause: Option<PauseKind>,
    /// The unit that has to rectify.
    pub unit_id: UnitId,
    /// The case's grid.
    pub grid: GridPath,
    /// What has to be done.
    pub requirement: String,
    /// When it was ordered.
    pub ordered_at: Instant,
    /// By when; absent while the holiday calendar lacks the year it falls in.
    pub deadline: Option<Instant>,
    /// The last report of this round.
    pub report: Option<LastReport>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_round_that_waits_for_the_unit_shows_how_far_it_was_taken_up_and_one_that_moved_on_does_not() {
        let summons = Some(Escalation::Summons);
        assert_eq!(RoundState::Assigned.summary(None), RectificationState::Assigned);
        assert_eq!(RoundState::Paused.summary(summons), RectificationState::Summons);
        assert_eq!(RoundState::Rectified.summary(summons), RectificationState::Rectified);
        assert_eq!(RoundState::Withdrawn.summary(summons), RectificationState::None);
    }
}
