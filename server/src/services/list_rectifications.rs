//! Lists present rounds of rectification (整改) that an actor sees, the latest order first, a page at a time.
//!
//! Invariant: pages follow by key, so an order that appears meanwhile shifts nothing.

use std::collections::HashMap;

use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::Bool;
use diesel_async::RunQueryDsl;
use serde::Serialize;
use sync_core::ids::{CaseId, GridPath, UnitId};
use sync_core::model::rectification::RoundState;
use sync_core::time::Instant;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::auth::case_scope::{CaseScope, in_grid};
use crate::db::Connection;
use crate::db::rectifications::{PAST_STATES, present_rounds};
use crate::db::schema::{cases, rectifications};
use crate::db::types::Time;
use crate::problem::ApiError;
use crate::services::list_cases::{CaseCursor, CaseSummary, summaries};
use crate::services::show_rectification::RoundView;

/// Which rounds; what is absent holds for all.
#[derive(Debug, Clone, Default)]
pub struct RectificationFilter {
    /// States.
    pub states: Vec<RoundState>,
    /// Whether the deadline has passed while the unit has it.
    pub overdue: Option<bool>,
    /// The unit it was ordered from.
    pub unit: Option<UnitId>,
    /// Grid, with everything below it.
    pub grid: Option<GridPath>,
    /// After which round; from the start when absent. The cursor's time is that of the order.
    pub after: Option<CaseCursor>,
    /// How many at most.
    pub rows: u16,
}

/// A case with its present round.
#[derive(Debug, Serialize, ToSchema)]
pub struct RectificationItem {
    /// What lists show of the case.
    pub case: CaseSummary,
    /// Its present round.
    pub round: RoundView,
    /// Whether the deadline has passed while the unit has it, or it was reported too late.
    pub overdue: bool,
}

/// A page.
#[derive(Debug, Serialize, ToSchema)]
pub struct RectificationList {
    /// The rounds with their cases.
    pub rectifications: Vec<RectificationItem>,
    /// The cursor to ask with for the next page; absent on the last.
    pub next: Option<String>,
}

/// Lists present rounds.
///
/// # Errors
/// Those of the database.
pub async fn list_rectifications(
    conn: &mut Connection,
    scope: &CaseScope,
    filter: &RectificationFilter,
    now: Instant,
) -> Result<RectificationList, ApiError> {
    let mut seen = cases::table.filter(scope.condition()).select(cases::case_id).into_boxed();
    if let Some(grid) = &filter.grid {
        seen = seen.filter(in_grid(grid));
    }
    let mut query = rectifications::table
        .filter(rectifications::district.eq(scope.district().as_str()))
        .filter(rectifications::state.ne_all(PAST_STATES))
        .filter(rectifications::case_id.eq_any(seen))
        .order((rectifications::ordered_at.desc(), rectifications::case_id))
        .limit(i64::from(filter.rows).saturating_add(1))
        .select((rectifications::ordered_at, rectifications::case_id))
        .into_boxed();
    if !filter.states.is_empty() {
        query = query.filter(rectifications::state.eq_any(filter.states.iter().map(|state| state.code())));
    }
    if let Some(unit) = filter.unit {
        query = query.filter(rectifications::unit_id.eq(unit.0));
    }
    if let Some(overdue) = filter.overdue {
        let is_overdue = sql::<Bool>("(rectifications.state = 'assigned' AND coalesce(deadline < ")
            .bind::<diesel::sql_types::Timestamptz, _>(Time(now))
            .sql(", FALSE))");
        query = query.filter(is_overdue.eq(overdue));
    }
    if let Some(after) = filter.after {
        let (at, id) = (Time(after.occurred_at), after.case_id.0);
        query = query.filter(
            rectifications::ordered_at
                .lt(at)
                .or(rectifications::ordered_at.eq(at).and(rectifications::case_id.gt(id))),
        );
    }
    let mut keys: Vec<(Time, Uuid)> = query.load(conn).await?;
    let more = keys.len() > usize::from(filter.rows);
    keys.truncate(usize::from(filter.rows));
    let last = keys.last().map(|(at, id)| CaseCursor { occurred_at: at.0, case_id: CaseId(*id) });
    let ids: Vec<CaseId> = keys.into_iter().map(|(_, id)| CaseId(id)).collect();
    let mut rounds: HashMap<_, _> = present_rounds(conn, scope.district(), ids.iter().map(|id| id.0)).await?;
    let cases = summaries(conn, scope.district(), &ids).await?;
    let items = cases.into_iter().filter_map(|case| {
        let round = rounds.remove(&case.case_id)?;
        let overdue = round.on_time(now) == Some(false);
        Some(RectificationItem { case, round: RoundView::new(round), overdue })
    });
    Ok(RectificationList {
        rectifications: items.collect(),
        next: last.filter(|_| more).map(|cursor| cursor.encode()),
    })
}
