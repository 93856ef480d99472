//! Totals of a month (月度汇总): what is posted, net of reversals, with what is pending as a memo beside it.
//!
//! Invariants: one statement over ledger and pending charges gives every rollup, so they cannot disagree; posted is the
//! sum of the month's entries and nothing else; pending is what would post to this month if it were confirmed now.

mod rollup;

use serde::Serialize;
use sync_core::ids::{GridPath, ItemCode, UnitId};
use sync_core::time::{Instant, Month};
use utoipa::ToSchema;

pub use rollup::Amounts;

use crate::auth::money_scope::MoneyScope;
use crate::db::{Connection, periods};
use crate::problem::ApiError;

/// A unit's total.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct UnitTotal {
    /// The unit.
    pub unit_id: UnitId,
    /// Its name.
    pub unit_name: String,
    /// The code that finance books under.
    pub budget_code: String,
    /// Its amounts.
    #[serde(flatten)]
    pub amounts: Amounts,
}

/// An item's total.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct ItemTotal {
    /// The item.
    pub item: ItemCode,
    /// Its name in Chinese.
    pub item_zh: String,
    /// Its name in English.
    pub item_en: String,
    /// Its amounts.
    #[serde(flatten)]
    pub amounts: Amounts,
}

/// A street office's grid and all below it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct GridTotal {
    /// The grid, of the second level; the district itself for what lies in no street.
    pub grid: GridPath,
    /// Its name.
    pub grid_name: String,
    /// Its amounts.
    #[serde(flatten)]
    pub amounts: Amounts,
}

/// One cell of the matrix of units and items.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct UnitItemTotal {
    /// The unit.
    pub unit_id: UnitId,
    /// The item.
    pub item: ItemCode,
    /// Its amounts.
    #[serde(flatten)]
    pub amounts: Amounts,
}

/// One line of the export: the finest cut, of which all others are sums.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TotalLine {
    /// Unit.
    pub unit: UnitTotal,
    /// Item.
    pub item: ItemTotal,
    /// Street.
    pub grid: GridTotal,
    /// Its amounts.
    pub amounts: Amounts,
}

/// A month's totals.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct MonthTotals {
    /// The month of account.
    pub month: Month,
    /// Whether it is closed.
    pub closed: bool,
    /// All of it.
    pub total: Amounts,
    /// By responsible unit, in the order of budget codes.
    pub by_unit: Vec<UnitTotal>,
    /// By item.
    pub by_item: Vec<ItemTotal>,
    /// By street.
    pub by_grid: Vec<GridTotal>,
    /// By unit and item.
    pub unit_item: Vec<UnitItemTotal>,
    /// By unit, item and street: the lines of the export.
    #[serde(skip)]
    pub lines: Vec<TotalLine>,
}

/// Totals a month for what the scope shows.
///
/// # Errors
/// Those of the database.
pub async fn total_month(
    connection: &mut Connection,
    scope: &MoneyScope,
    month: Month,
    now: Instant,
) -> Result<MonthTotals, ApiError> {
    let calendar = periods::calendar(connection, &scope.district, now).await?;
    let mut totals = MonthTotals {
        month,
        closed: calendar.last_closed.is_some_and(|last| month <= last),
        total: Amounts::default(),
        by_unit: vec![],
        by_item: vec![],
        by_grid: vec![],
        unit_item: vec![],
        lines: vec![],
    };
    for row in rollup::roll_up(connection, scope, month, calendar.occurrences_posting_to(month)).await? {
        row.add_to(&mut totals)?;
    }
    Ok(totals)
}
