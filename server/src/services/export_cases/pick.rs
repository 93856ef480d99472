//! Which cases go into a file.

use diesel::dsl::sql;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{Query, QueryFragment};
use diesel::sql_types::Text;
use sync_core::wire::problem::ProblemKind;

use crate::auth::case_scope::CaseScope;
use crate::db::picked::OverPicked;
use crate::db::schema::cases;
use crate::problem::ApiError;
use crate::services::list_cases::{CaseFilter, CaseOrder, largest_first};

/// Cases in a file at most: twice what a large district finds in a year, and what the server can hold at once.
pub const CASES_MAX: usize = 50_000;

/// The statement over the cases that scope and filters pick, in the list's order; one more than fits is picked, to know.
pub(super) fn over_cases(
    scope: &CaseScope,
    filter: &CaseFilter,
    order: CaseOrder,
    select: &'static str,
) -> OverPicked<impl QueryFragment<Pg> + Query + Send + 'static> {
    let most = i64::try_from(CASES_MAX).unwrap_or(i64::MAX).saturating_add(1);
    let picked = cases::table
        .filter(scope.condition())
        .filter(filter.condition())
        .filter(filter.state_condition())
        .limit(most)
        .select((
            cases::district,
            cases::case_id,
            cases::inspection_id,
            cases::item,
            sql::<Text>("coalesce(evaluation->>'zh', item) AS item_zh"),
            sql::<Text>("coalesce(evaluation->>'en', item) AS item_en"),
            cases::kind,
            cases::pack_hash,
            cases::target_id,
            cases::grid,
            cases::unit_id,
            cases::author,
            cases::level,
            cases::occurred_at,
            cases::review_state,
            cases::rectification_state,
            cases::flags,
            cases::reason,
        ))
        .into_boxed();
    let picked = match order {
        CaseOrder::Newest => picked.order((cases::occurred_at.desc(), cases::case_id.asc())),
        CaseOrder::Oldest => picked.order((cases::occurred_at.asc(), cases::case_id.desc())),
        CaseOrder::Largest => picked.order((largest_first().asc(), cases::case_id.asc())),
        CaseOrder::Smallest => picked.order((largest_first().desc(), cases::case_id.desc())),
    };
    OverPicked::inlined(picked, select)
}

/// Refuses what is more than a file holds.
pub(super) fn refuse_too_many(rows: usize) -> Result<(), ApiError> {
    if rows <= CASES_MAX {
        return Ok(());
    }
    Err(ApiError::new(ProblemKind::TooManyItems)
        .detail(format!("{CASES_MAX} cases at most; narrow the filters")))
}
