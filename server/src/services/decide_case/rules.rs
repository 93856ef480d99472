//! Which decision a case's state allows, and what it leads to. Pure.

use sync_core::model::case::{Flag, ReviewState};
use sync_core::model::decision::DecisionKind;

use super::{DecisionRequest, Refusal};

/// What a decision does to the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Money {
    /// Nothing.
    Unmoved,
    /// Amounts of pending charges are fixed.
    Fix,
    /// Pending charges are posted.
    Post,
    /// Charges become void, posted ones are reversed.
    TakeBack,
}

/// What an allowed decision leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// Review state after it.
    pub state: ReviewState,
    /// Doubts that remain.
    pub flags: Vec<Flag>,
    /// What happens to the charges.
    pub money: Money,
}

/// Judges a request by the case's state and its unsettled doubts.
///
/// # Errors
/// [`Refusal::DecidedElsewhere`], [`Refusal::StateForbids`], [`Refusal::NeedsSettling`], or [`Refusal::FlagNotRaised`].
pub fn judge(state: ReviewState, flags: &[Flag], request: &DecisionRequest) -> Result<Verdict, Refusal> {
    match states_allowing(request.kind) {
        None => return Err(Refusal::DecidedElsewhere(request.kind)),
        Some(states) if !states.contains(&state) => return Err(Refusal::StateForbids(state)),
        Some(_) => {}
    }
    let verdict = |state, money| Verdict { state, flags: flags.to_vec(), money };
    match request.kind {
        DecisionKind::Confirm if flags.is_empty() => Ok(verdict(ReviewState::Confirmed, Money::Post)),
        DecisionKind::Confirm => Err(Refusal::NeedsSettling(flags.to_vec())),
        DecisionKind::Return => Ok(verdict(ReviewState::Returned, Money::Unmoved)),
        DecisionKind::Dismiss => Ok(verdict(ReviewState::Dismissed, Money::TakeBack)),
        DecisionKind::EnterAmounts => Ok(verdict(state, Money::Fix)),
        DecisionKind::Settle if request.flags.contains(&Flag::DuplicateProposed) => {
            Err(Refusal::DuplicateUndecided)
        }
        DecisionKind::Settle => match request.flags.iter().find(|flag| !flags.contains(flag)) {
            Some(flag) => Err(Refusal::FlagNotRaised(*flag)),
            None => {
                let left = flags.iter().filter(|flag| !request.flags.contains(flag)).copied().collect();
                Ok(Verdict { state, flags: left, money: Money::Unmoved })
            }
        },
        other => Err(Refusal::DecidedElsewhere(other)),
    }
}

/// The review states in which a kind of decision can be made; `None` for kinds that are not made here.
const fn states_allowing(kind: DecisionKind) -> Option<&'static [ReviewState]> {
    use ReviewState::{AwaitingEvidence, Confirmed, Returned, UnderReview};
    match kind {
        DecisionKind::Confirm => Some(&[UnderReview]),
        DecisionKind::Return | DecisionKind::Settle | DecisionKind::EnterAmounts => {
            Some(&[AwaitingEvidence, UnderReview])
        }
        DecisionKind::Dismiss => Some(&[AwaitingEvidence, UnderReview, Returned, Confirmed]),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use sync_core::ids::DecisionRequestId;

    fn request(kind: DecisionKind, flags: &[Flag]) -> DecisionRequest {
        DecisionRequest {
            request_id: DecisionRequestId::fresh(),
            expected_version: 1,
            kind,
            reason: Some("现场复核".to_owned()),
            flags: flags.to_vec(),
            amounts: vec![],
        }
    }

    /// For each kind of decision: the states that allow it.
    #[test]
    fn each_decision_has_its_states_and_is_refused_in_all_others() {
        use DecisionKind as Kind;
        use ReviewState as State;
        let table: [(Kind, &[State], Option<State>, Money); 5] = [
            (Kind::Confirm, &[State::UnderReview], Some(State::Confirmed), Money::Post),
            (
                Kind::Return,
                &[State::AwaitingEvidence, State::UnderReview],
                Some(State::Returned),
                Money::Unmoved,
            ),
            (
                Kind::Dismiss,
                &[State::AwaitingEvidence, State::UnderReview, State::Confirmed, State::Returned],
                Some(State::Dismissed),
                Money::TakeBack,
            ),
            (Kind::Settle, &[State::AwaitingEvidence, State::UnderReview], None, Money::Unmoved),
            (Kind::EnterAmounts, &[State::AwaitingEvidence, State::UnderReview], None, Money::Fix),
        ];
        for (kind, allowed, leads_to, money) in table {
            for &state in State::ALL {
                let judged = judge(state, &[], &request(kind, &[]));
                if allowed.contains(&state) {
                    let expected = Verdict { state: leads_to.unwrap_or(state), flags: vec![], money };
                    assert_eq!(judged.unwrap(), expected, "{kind:?} in {state:?}");
                } else {
                    assert!(matches!(judged, Err(Refusal::StateForbids(_))), "{kind:?} in {state:?}");
                }
            }
        }
    }

    #[test]
    fn doubts_block_confirmation_until_each_is_settled() {
        let raised = [Flag::ClockSuspect, Flag::FixSuspect];
        let state = ReviewState::UnderReview;
        let confirm = request(DecisionKind::Confirm, &[]);
        assert!(matches!(judge(state, &raised, &confirm), Err(Refusal::NeedsSettling(_))));
        let settled = judge(state, &raised, &request(DecisionKind::Settle, &[Flag::ClockSuspect])).unwrap();
        assert_eq!((settled.state, settled.flags.as_slice()), (state, &raised[1..]));
        let other = request(DecisionKind::Settle, &[Flag::PackDiffers]);
        assert!(matches!(judge(state, &raised, &other), Err(Refusal::FlagNotRaised(Flag::PackDiffers))));
    }

    #[test]
    fn doubts_do_not_block_a_return_or_a_dismissal() {
        for kind in [DecisionKind::Return, DecisionKind::Dismiss] {
            assert!(judge(ReviewState::UnderReview, &[Flag::FixSuspect], &request(kind, &[])).is_ok());
        }
    }
}
