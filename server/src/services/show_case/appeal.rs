//! Until when a case's unit may appeal, as filing will judge it.

use sync_core::ids::PackHash;
use sync_core::model::appeal::AppealState;
use sync_core::model::case::{ChargeState, ReviewState};
use sync_core::time::Instant;

use super::parts::ChargeView;
use crate::appeals::hold::CHARGING;
use crate::appeals::terms::Terms;
use crate::db::decisions::DecisionRow;
use crate::db::types::{StoredValueError, stored};
use crate::services::list_appeals::Appeal;
use crate::services::rectify_case::LoopRules;

/// The last moment to appeal; none where nothing is charged, an appeal is open, or the charge was appealed against and
/// that decided.
pub(super) fn appealable_until(
    rules: LoopRules<'_>,
    state: ReviewState,
    pack_hash: Option<&str>,
    charges: &[ChargeView],
    appeals: &[Appeal],
    decided: &[(DecisionRow, Option<String>)],
) -> Result<Option<Instant>, StoredValueError> {
    let charged = charges.iter().any(|charge| charge.state != ChargeState::Void);
    let is_charging = |decision: &&(DecisionRow, Option<String>)| {
        CHARGING.iter().any(|kind| kind.code() == decision.0.kind)
    };
    let Some((charging, _)) = decided.iter().rfind(is_charging) else { return Ok(None) };
    let answered = appeals.iter().any(|appeal| match appeal.state {
        AppealState::Open => true,
        AppealState::Decided => appeal.charged_by == charging.decision_no,
        AppealState::Withdrawn => false,
    });
    if state != ReviewState::Confirmed || !charged || answered {
        return Ok(None);
    }
    let hash: Option<PackHash> = pack_hash.map(|hash| stored("cases.pack_hash", hash)).transpose()?;
    let terms = Terms::of(hash.and_then(|hash| rules.book.by_hash(&hash)));
    Ok(terms.file_until(charging.decided_at.0, rules.calendar).ok())
}
