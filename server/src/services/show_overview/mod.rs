//! Shows the overview (总览) of what an actor sees: cases and money of a span of days by kind, item, unit, street and day, what
//! waits now, what is overdue, and devices that nobody has heard of.
//!
//! Money here is that of the charges of the cases that occurred in the span, pending and posted; the months' accounts
//! are [`crate::services::total_month`]. Dismissed and merged cases are counted and have no money.
//!
//! Invariant: a fixed number of statements, whatever the number of cases.

mod figures;
mod waiting;

use jiff::civil::Date;
use serde::Serialize;
use sync_core::ids::GridPath;
use sync_core::policy::PolicyPack;
use sync_core::time::Instant;
use utoipa::ToSchema;

use figures::SpanFigures;
pub use figures::{CodeFigures, DayFigures, Figures, GridFigures, UnitFigures};
pub use waiting::{SilentDevice, Waiting};

use crate::auth::case_scope::CaseScope;
use crate::db::Connection;
use crate::problem::ApiError;

/// Which days and which part of the district.
#[derive(Debug, Clone)]
pub struct OverviewQuestion {
    /// First day of occurrence, zone of record.
    pub from: Date,
    /// Last day of occurrence.
    pub to: Date,
    /// Grid, with everything below it.
    pub grid: Option<GridPath>,
}

/// The overview.
#[derive(Debug, Serialize, ToSchema)]
pub struct Overview {
    /// First day.
    #[schema(value_type = String, format = "date")]
    pub from: Date,
    /// Last day.
    #[schema(value_type = String, format = "date")]
    pub to: Date,
    /// All of the span.
    pub total: Figures,
    /// The span of as many days that ends before `from`, to compare with.
    pub before: Figures,
    /// By kind of target, most cases first.
    pub kinds: Vec<CodeFigures>,
    /// By item, most cases first.
    pub items: Vec<CodeFigures>,
    /// By responsible unit, the highest amount first.
    pub units: Vec<UnitFigures>,
    /// By the streets' grids (the level below the district), most cases first.
    pub grids: Vec<GridFigures>,
    /// By day, those without cases left out.
    pub days: Vec<DayFigures>,
    /// What waits now, whenever it occurred.
    pub waiting: Waiting,
}

/// Shows the overview; kinds are named by the pack that register entries follow today.
///
/// # Errors
/// Those of the database.
pub async fn show_overview(
    connection: &mut Connection,
    scope: &CaseScope,
    pack: Option<&PolicyPack>,
    asked: &OverviewQuestion,
    now: Instant,
) -> Result<Overview, ApiError> {
    let name_kind = |code: &str| {
        let kind = pack.and_then(|pack| pack.kinds().iter().find(|kind| kind.code.as_str() == code));
        kind.map_or_else(|| (code.to_owned(), code.to_owned()), |kind| (kind.zh.clone(), kind.en.clone()))
    };
    let figures = figures::figures(connection, scope, asked, name_kind).await?;
    let waiting = waiting::waiting(connection, scope, asked.grid.as_ref(), now).await?;
    let SpanFigures { total, before, kinds, items, units, grids, days } = figures;
    Ok(Overview { from: asked.from, to: asked.to, total, before, kinds, items, units, grids, days, waiting })
}
