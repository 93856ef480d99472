//! What stands before and behind a case in a filtered list: how a queue goes on by itself, over every page.
//!
//! The case itself need not fit the filters any more: whoever has just decided it goes on from where it stood.

use serde::Serialize;
use sync_core::ids::CaseId;
use sync_core::wire::problem::ProblemKind;
use utoipa::ToSchema;

use super::filter::CaseFilter;
use super::order::{CaseOrder, key_of, keys};
use crate::auth::case_scope::CaseScope;
use crate::db::Connection;
use crate::problem::ApiError;

/// The neighbours of a case in a list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct CaseNeighbours {
    /// The case before it; absent at the start.
    pub previous: Option<CaseId>,
    /// The case behind it; absent at the end.
    pub next: Option<CaseId>,
}

/// Finds the neighbours of a case that the scope shows.
///
/// # Errors
/// `case_unknown`; those of the database.
pub async fn find_neighbours(
    connection: &mut Connection,
    scope: &CaseScope,
    filter: &CaseFilter,
    order: CaseOrder,
    case_id: CaseId,
) -> Result<CaseNeighbours, ApiError> {
    let here = key_of(connection, scope, order, case_id).await?;
    let here = here.ok_or_else(|| ApiError::new(ProblemKind::CaseUnknown))?;
    let next = keys(connection, scope, filter, order, Some(here), 1).await?;
    let previous = keys(connection, scope, filter, order.backwards(), Some(here), 1).await?;
    Ok(CaseNeighbours {
        previous: previous.first().map(|key| key.case_id()),
        next: next.first().map(|key| key.case_id()),
    })
}
