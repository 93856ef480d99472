//! Prior facts (既往事实): what was confirmed before on a target, which the evaluator counts repeated cases by.

use std::collections::{BTreeSet, HashMap};

use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use sync_core::evaluate::PriorFacts;
use sync_core::ids::{ItemCode, RegionCode, TargetId};
use sync_core::model::case::ReviewState;
use sync_core::model::inspection::Inspection;
use sync_core::time::Instant;
use uuid::Uuid;

use crate::db::Connection;
use crate::db::schema::cases;
use crate::db::types::{Time, stored};
use crate::problem::ApiError;

/// Confirmed cases by target: item and occurrence.
pub type ConfirmedCases = HashMap<TargetId, Vec<(ItemCode, Instant)>>;

/// The confirmed cases of these targets.
///
/// # Errors
/// Faults of the database.
pub async fn confirmed_cases(
    mut conn: &Connection,
    district: &RegionCode,
    targets: &BTreeSet<Uuid>,
) -> Result<ConfirmedCases, ApiError> {
    if targets.is_empty() {
        return Ok(ConfirmedCases::new());
    }
    let rows: Vec<(Option<Uuid>, String, Time)> = cases::table
        .filter(cases::district.eq(district.as_str()))
        .filter(cases::target_id.eq_any(targets))
        .filter(cases::review_state.eq(ReviewState::Confirmed.code()))
        .select((cases::target_id, cases::item, cases::occurred_at))
        .load(&mut conn)
        .await?;
    let mut by_target = ConfirmedCases::new();
    for (target, item, occurred_at) in rows {
        if let Some(target) = target {
            by_target
                .entry(TargetId(target))
                .or_default()
                .push((stored("cases.item", &item)?, occurred_at.0));
        }
    }
    Ok(by_target)
}

/// What of that came before an inspection of its target.
#[must_use]
pub fn prior_facts(confirmed: &ConfirmedCases, inspection: &Inspection) -> PriorFacts {
    let mut prior = PriorFacts::default();
    let target = inspection.context.target.as_ref().and_then(|sealed| confirmed.get(&sealed.target_id));
    let earlier = target.into_iter().flatten().filter(|(_, at)| *at < inspection.occurred_at);
    for (item, _) in earlier {
        let count = prior.confirmed.entry(item.clone()).or_default();
        *count = count.saturating_add(1);
    }
    prior
}
