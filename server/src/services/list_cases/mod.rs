//! Lists cases (案件) that an actor sees: filtered, in order, a page at a time, with counts by state.
//!
//! Invariants: pages follow by key, not by offset, so a case that appears meanwhile shifts nothing; nothing outside of
//! the scope is counted.

mod cursor;
mod filter;
mod neighbours;
mod order;
mod summary;

use diesel::dsl::count_star;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Text};
use diesel_async::RunQueryDsl;
use serde::Serialize;
use sync_core::ids::CaseId;
use sync_core::model::case::ReviewState;
use utoipa::ToSchema;

pub use cursor::{CaseCursor, NotACaseCursor};
pub use filter::{AccountMonth, CaseFilter};
pub use neighbours::{CaseNeighbours, find_neighbours};
pub(super) use order::largest_first;
pub use order::{CaseKey, CaseOrder};
pub use summary::{CaseSummary, summaries};

use crate::auth::case_scope::CaseScope;
use crate::db::Connection;
use crate::db::picked::OverPicked;
use crate::db::schema::cases;
use crate::db::types::stored_code;
use crate::problem::ApiError;

/// Which page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CasePage {
    /// In which order.
    pub order: CaseOrder,
    /// After which case; from the start when absent.
    pub after: Option<CaseKey>,
    /// How many cases at most.
    pub rows: u16,
}

/// How many cases are in a state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct StateCount {
    /// The state.
    pub review_state: ReviewState,
    /// How many.
    pub cases: i64,
}

/// A page of cases.
#[derive(Debug, Serialize, ToSchema)]
pub struct CaseList {
    /// The cases.
    pub cases: Vec<CaseSummary>,
    /// The cursor to ask with for the next page; absent on the last.
    pub next: Option<String>,
    /// Counts by state for the same filters, whatever states were asked for; states without cases are left out. With
    /// words among the filters the latest 2,000 cases are counted.
    pub counts: Vec<StateCount>,
}

/// Lists cases.
///
/// # Errors
/// Those of the database.
pub async fn list_cases(
    connection: &mut Connection,
    scope: &CaseScope,
    filter: &CaseFilter,
    page: &CasePage,
) -> Result<CaseList, ApiError> {
    let one_more = i64::from(page.rows).saturating_add(1);
    let mut keys = order::keys(connection, scope, filter, page.order, page.after, one_more).await?;
    let more = keys.len() > usize::from(page.rows);
    keys.truncate(usize::from(page.rows));
    let ids: Vec<CaseId> = keys.iter().map(CaseKey::case_id).collect();
    Ok(CaseList {
        cases: summaries(connection, scope.district(), &ids).await?,
        next: keys.last().filter(|_| more).map(CaseKey::encode),
        counts: count_by_state(connection, scope, filter).await?,
    })
}

/// Cases that are counted where words are asked for: what contains them is known from the rows only, and a word that is
/// in every case would have all of them read.
const TEXT_COUNT_MAX: i64 = 2_000;

const COUNT_PICKED: &str =
    "SELECT review_state, count(*) AS cases FROM picked GROUP BY review_state ORDER BY review_state";

#[derive(QueryableByName)]
struct CountRow {
    #[diesel(sql_type = Text)]
    review_state: String,
    #[diesel(sql_type = BigInt)]
    cases: i64,
}

async fn count_by_state(
    connection: &mut Connection,
    scope: &CaseScope,
    filter: &CaseFilter,
) -> Result<Vec<StateCount>, ApiError> {
    let counts: Vec<(String, i64)> = if filter.text.is_some() {
        let latest = cases::table
            .filter(scope.condition())
            .filter(filter.condition())
            .order((cases::occurred_at.desc(), cases::case_id))
            .limit(TEXT_COUNT_MAX)
            .select(cases::review_state);
        let counted: Vec<CountRow> = OverPicked::new(latest, COUNT_PICKED).load(connection).await?;
        counted.into_iter().map(|row| (row.review_state, row.cases)).collect()
    } else {
        cases::table
            .filter(scope.condition())
            .filter(filter.condition())
            .group_by(cases::review_state)
            .order(cases::review_state)
            .select((cases::review_state, count_star()))
            .load(connection)
            .await?
    };
    counts
        .into_iter()
        .map(|(state, cases)| {
            Ok(StateCount { review_state: stored_code("cases.review_state", &state)?, cases })
        })
        .collect()
}
