//! What a trace tells a unit of a case and a charge that went to another unit (改派): how they stood when they left it.
//!
//! Invariant: nothing here is newer than the last decision that wrote an entry on the unit's own account.

use sync_core::model::case::{ChargeState, RectificationState, ReviewState};
use sync_core::money::Fen;

use super::{TracedDecision, TracedInspection};
use crate::services::list_cases::CaseSummary;
use crate::services::list_entries::Entry;
use crate::services::show_case::ChargeView;

/// Where the last decision that the unit is told of left the case.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct LastOutcome {
    pub(super) review_state: ReviewState,
    pub(super) version: u32,
}

/// The case as the unit last had it. Nothing is asked of the unit any more, and what waits is the other unit's.
pub(super) fn case(
    case: &mut CaseSummary,
    own: &[Entry],
    decisions: &[TracedDecision],
    inspections: &[TracedInspection],
    outcome: Option<LastOutcome>,
) {
    if let Some(entry) = own.last() {
        (case.unit_id, case.unit_name) = (entry.unit_id, entry.unit_name.clone());
    }
    if let Some(LastOutcome { review_state, version }) = outcome {
        (case.review_state, case.version) = (review_state, version);
    }
    case.rectification_state = RectificationState::None;
    case.flags.clear();
    case.reason = decisions.last().and_then(|decision| decision.reason.clone());
    (case.pending, case.posted, case.amount_missing) = (Fen::ZERO, sum(own), false);
    let photos = inspections.last().map(|inspection| inspection.photos.len());
    case.photo_count = photos.and_then(|count| i64::try_from(count).ok()).unwrap_or_default();
}

/// The charge as the unit's own entries have it: what it was charged before the last of them took it away, and what
/// still stands on its account.
pub(super) fn charge(charge: &mut ChargeView, own: &[Entry]) {
    let Some(last) = own.last() else { return };
    let before = own.iter().filter(|entry| entry.decision.decision_no < last.decision.decision_no);
    let amount = Fen::checked_sum(before.map(|entry| entry.amount));
    (charge.unit_id, charge.unit_name) = (last.unit_id, last.unit_name.clone());
    (charge.clause, charge.pack_hash) = (last.clause.clone(), last.pack_hash.clone());
    (charge.state, charge.posted) = (ChargeState::Posted, sum(own));
    charge.amount_yuan = amount.map(|amount| amount.to_string());
    charge.amount = amount;
}

fn sum(own: &[Entry]) -> Fen {
    Fen::checked_sum(own.iter().map(|entry| entry.amount)).unwrap_or(Fen::ZERO)
}
