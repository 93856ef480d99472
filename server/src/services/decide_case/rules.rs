//! Which decision a case's state allows, and which state it leads to. Pure.

use sync_core::model::case::{Flag, ReviewState};
use sync_core::model::decision::DecisionKind;

use super::{DecisionRequest, Refusal};

/// What an allowed decision leads to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// Review state after it.
    pub state: ReviewState,
    /// Doubts that remain.
    pub flags: Vec<Flag>,
}

/// Judges a request by the case's state and its unsettled doubts.
///
/// # Errors
/// [`Refusal::DecidedElsewhere`], [`Refusal::StateForbids`], [`Refusal::NeedsSettling`], or [`Refusal::FlagNotRaised`].
pub fn judge(state: ReviewState, flags: &[Flag], request: &DecisionRequest) -> Result<Verdict, Refusal> {
    use DecisionKind as Kind;
    match states_allowing(request.kind) {
        None => return Err(Refusal::DecidedElsewhere(request.kind)),
        Some(states) if !states.contains(&state) => return Err(Refusal::StateForbids(state)),
        Some(_) => {}
    }
    let settled: Vec<Flag> = match request.kind {
        Kind::Confirm if !flags.is_empty() => return Err(Refusal::NeedsSettling(flags.to_vec())),
        Kind::Settle if request.flags.contains(&Flag::DuplicateProposed) => {
            return Err(Refusal::DuplicateUndecided);
        }
        Kind::Settle => request.flags.clone(),
        Kind::AcceptAmendment | Kind::RefuseAmendment => vec![Flag::AmendsDecided],
        // What a supervisor names is no doubt any more, whether or not it was one.
        _ => named(request).into_iter().filter(|flag| flags.contains(flag)).collect(),
    };
    if let Some(flag) = settled.iter().find(|flag| !flags.contains(flag)) {
        return Err(Refusal::FlagNotRaised(*flag));
    }
    let state = match (request.kind, state) {
        (Kind::Confirm, _) => ReviewState::Confirmed,
        (Kind::Return, _) => ReviewState::Returned,
        (Kind::Dismiss | Kind::AppealReverse, _) => ReviewState::Dismissed,
        (Kind::EvidenceUnobtainable, _) => ReviewState::UnderReview,
        (Kind::ReEvaluate, ReviewState::Returned) => ReviewState::UnderReview,
        // A dismissal is undone by it: what the correction finds is reviewed.
        (Kind::AcceptAmendment, ReviewState::Dismissed) => ReviewState::UnderReview,
        (_, state) => state,
    };
    Ok(Verdict { state, flags: flags.iter().filter(|flag| !settled.contains(flag)).copied().collect() })
}

/// The doubts that a request settles by naming a pack, a level or a unit.
fn named(request: &DecisionRequest) -> Vec<Flag> {
    let doubts = [
        (request.pack_hash.is_some(), Flag::PackDiffers),
        (request.level.is_some(), Flag::LevelDiffers),
        (request.unit_id.is_some(), Flag::UnitDiffers),
    ];
    doubts.into_iter().filter(|(named, _)| *named).map(|(_, flag)| flag).collect()
}

/// The review states in which a kind of decision can be made; `None` for kinds that are not made here.
const fn states_allowing(kind: DecisionKind) -> Option<&'static [ReviewState]> {
    use ReviewState::{AwaitingEvidence, Confirmed, Dismissed, Merged, Returned, UnderReview};
    match kind {
        DecisionKind::Confirm => Some(&[UnderReview]),
        DecisionKind::Return | DecisionKind::Settle | DecisionKind::EnterAmounts => {
            Some(&[AwaitingEvidence, UnderReview])
        }
        // A return that nobody can answer any more is taken back by it.
        DecisionKind::ReEvaluate => Some(&[AwaitingEvidence, UnderReview, Returned]),
        DecisionKind::EvidenceUnobtainable => Some(&[AwaitingEvidence]),
        DecisionKind::Dismiss | DecisionKind::ReAttribute => {
            Some(&[AwaitingEvidence, UnderReview, Returned, Confirmed])
        }
        DecisionKind::Adjust
        | DecisionKind::AppealUphold
        | DecisionKind::AppealReduce
        | DecisionKind::AppealReverse => Some(&[Confirmed]),
        DecisionKind::AcceptAmendment => Some(&[Confirmed, Dismissed]),
        DecisionKind::RefuseAmendment => Some(&[Confirmed, Dismissed, Merged]),
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
            unit_id: None,
            pack_hash: None,
            level: None,
            inspection_id: None,
        }
    }

    /// For each kind of decision: the states that allow it, and the one it leads to where it leads to one.
    #[test]
    fn each_decision_has_its_states_and_is_refused_in_all_others() {
        use DecisionKind as Kind;
        use ReviewState::{AwaitingEvidence, Confirmed, Dismissed, Merged, Returned, UnderReview};
        let undecided = [AwaitingEvidence, UnderReview];
        let standing = [AwaitingEvidence, UnderReview, Confirmed, Returned];
        let table: [(Kind, &[ReviewState], Option<ReviewState>); 14] = [
            (Kind::Confirm, &[UnderReview], Some(Confirmed)),
            (Kind::Return, &undecided, Some(Returned)),
            (Kind::Dismiss, &standing, Some(Dismissed)),
            (Kind::Settle, &undecided, None),
            (Kind::EnterAmounts, &undecided, None),
            (Kind::ReEvaluate, &[AwaitingEvidence, UnderReview, Returned], None),
            (Kind::EvidenceUnobtainable, &[AwaitingEvidence], Some(UnderReview)),
            (Kind::ReAttribute, &standing, None),
            (Kind::Adjust, &[Confirmed], None),
            (Kind::AppealUphold, &[Confirmed], None),
            (Kind::AppealReduce, &[Confirmed], None),
            (Kind::AppealReverse, &[Confirmed], Some(Dismissed)),
            (Kind::RefuseAmendment, &[Confirmed, Dismissed, Merged], None),
            (Kind::AcceptAmendment, &[Confirmed, Dismissed], None),
        ];
        for (kind, allowed, leads_to) in table {
            let amendment = matches!(kind, Kind::RefuseAmendment | Kind::AcceptAmendment);
            let raised: &[Flag] = if amendment { &[Flag::AmendsDecided] } else { &[] };
            for &state in ReviewState::ALL {
                let judged = judge(state, raised, &request(kind, &[]));
                if allowed.contains(&state) {
                    let reopened = [(Kind::AcceptAmendment, Dismissed), (Kind::ReEvaluate, Returned)]
                        .contains(&(kind, state));
                    let expected = if reopened { UnderReview } else { leads_to.unwrap_or(state) };
                    let expected = Verdict { state: expected, flags: vec![] };
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

    #[test]
    fn naming_a_level_settles_the_doubt_about_it_and_no_other() {
        let raised = [Flag::FixSuspect, Flag::LevelDiffers];
        let mut anew = request(DecisionKind::ReEvaluate, &[]);
        anew.level = Some(sync_core::model::assignment::DiscoveryLevel::District);
        let judged = judge(ReviewState::UnderReview, &raised, &anew).unwrap();
        assert_eq!(judged.flags, [Flag::FixSuspect]);
    }

    #[test]
    fn an_amendment_is_accepted_or_refused_only_where_there_is_one() {
        for kind in [DecisionKind::AcceptAmendment, DecisionKind::RefuseAmendment] {
            let judged = judge(ReviewState::Confirmed, &[], &request(kind, &[]));
            assert!(matches!(judged, Err(Refusal::FlagNotRaised(Flag::AmendsDecided))), "{kind:?}");
        }
    }
}
