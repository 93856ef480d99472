//! What decisions and appeals have to do with each other: the one place that says so.
//!
//! | decision | and an appeal |
//! | --- | --- |
//! | confirm, confirmed by timer, re-attribute, adjust, accepted correction, merge | charges a unit: can be appealed against |
//! | dismiss, re-attribute, adjust, accepted correction, merge, post after publication | waits while one is open |
//! | uphold, reduce, reverse | answers the open one |
//! | all others (the loop, keep apart, refuse a correction) | neither: they move no money |
//!
//! So while an appeal is open, nothing but its outcome moves the case's money or gives the case to another unit, and a
//! supervisor who would have done so decides the appeal instead.

use sync_core::model::decision::DecisionKind;

/// Decisions that charge a unit, or charge it otherwise than before, where the case is confirmed after them.
pub const CHARGING: [DecisionKind; 6] = [
    DecisionKind::Confirm,
    DecisionKind::AutoConfirm,
    DecisionKind::ReAttribute,
    DecisionKind::Adjust,
    DecisionKind::AcceptAmendment,
    DecisionKind::Merge,
];

/// What a kind of decision has to do with an open appeal.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Relation {
    /// It waits until the appeal is decided or withdrawn.
    Waits,
    /// It answers the appeal, and needs one.
    Answers,
    /// Nothing.
    None,
}

/// Why a decision cannot be made.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Hold {
    /// An appeal is open.
    #[error("an appeal is open")]
    Open,
    /// No appeal is open.
    #[error("no appeal is open")]
    NotOpen,
}

impl Relation {
    /// That of a kind of decision.
    #[must_use]
    pub const fn of(kind: DecisionKind) -> Self {
        match kind {
            DecisionKind::Dismiss
            | DecisionKind::ReAttribute
            | DecisionKind::Adjust
            | DecisionKind::AcceptAmendment
            | DecisionKind::Merge
            | DecisionKind::PostPublished => Self::Waits,
            DecisionKind::AppealUphold | DecisionKind::AppealReduce | DecisionKind::AppealReverse => {
                Self::Answers
            }
            _ => Self::None,
        }
    }

    /// The appeal that the decision answers, if it does; `open` is the case's open one.
    ///
    /// # Errors
    /// [`Hold`].
    pub fn check<A>(self, open: Option<A>) -> Result<Option<A>, Hold> {
        match (self, open) {
            (Self::Waits, Some(_)) => Err(Hold::Open),
            (Self::Answers, None) => Err(Hold::NotOpen),
            (Self::Answers, open) => Ok(open),
            (Self::Waits | Self::None, _) => Ok(None),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn while_an_appeal_is_open_only_its_outcome_moves_money() {
        for &kind in DecisionKind::ALL {
            let (without, with) = (Relation::of(kind).check(None::<u8>), Relation::of(kind).check(Some(7)));
            let expected = match Relation::of(kind) {
                Relation::Waits => (Ok(None), Err(Hold::Open)),
                Relation::Answers => (Err(Hold::NotOpen), Ok(Some(7))),
                Relation::None => (Ok(None), Ok(None)),
            };
            assert_eq!((without, with), expected, "{kind:?}");
        }
        // A case with an open appeal is confirmed: what cannot be decided then needs no hold.
        let undecided = [DecisionKind::Confirm, DecisionKind::AutoConfirm];
        for kind in CHARGING.iter().filter(|kind| !undecided.contains(kind)) {
            assert_eq!(Relation::of(*kind), Relation::Waits, "{kind:?} would charge anew under an appeal");
        }
    }
}
