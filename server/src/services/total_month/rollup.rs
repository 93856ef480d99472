//! The one statement behind a month's totals, and its rows.

use diesel::QueryableByName;
use diesel::sql_types::{Array, BigInt, Date as SqlDate, Nullable, Text, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use serde::Serialize;
use sync_core::ids::UnitId;
use sync_core::money::Fen;
use sync_core::time::Month;
use utoipa::ToSchema;
use uuid::Uuid;

use super::{GridTotal, ItemTotal, MonthTotals, TotalLine, UnitItemTotal, UnitTotal};
use crate::auth::money_scope::MoneyScope;
use crate::db::Connection;
use crate::db::statement::statement;
use crate::db::types::{Day, StoredValueError, stored};
use crate::ledger::period::Occurrences;

/// What stands in a month.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Amounts {
    /// Posted, net of reversals, in fen.
    pub posted: Fen,
    /// The same as exact yuan.
    pub posted_yuan: String,
    /// Cases of which something stands posted.
    pub cases: i64,
    /// Memo: what would post here if it were confirmed now, in fen.
    pub pending: Fen,
    /// The same as exact yuan.
    pub pending_yuan: String,
    /// Cases of which something is pending.
    pub pending_cases: i64,
    /// Pending charges whose amount is still to be entered.
    pub amounts_missing: i64,
}

/// A row of the rollup; what it is not grouped by is absent or meaningless.
#[derive(Debug, QueryableByName)]
pub(super) struct RollupRow {
    #[diesel(sql_type = Nullable<SqlUuid>)]
    unit_id: Option<Uuid>,
    #[diesel(sql_type = Nullable<Text>)]
    unit_name: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    budget_code: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    item: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    item_zh: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    item_en: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    street: Option<String>,
    #[diesel(sql_type = Nullable<Text>)]
    street_name: Option<String>,
    #[diesel(sql_type = BigInt)]
    posted: i64,
    #[diesel(sql_type = BigInt)]
    posted_cases: i64,
    #[diesel(sql_type = BigInt)]
    pending: i64,
    #[diesel(sql_type = BigInt)]
    pending_cases: i64,
    #[diesel(sql_type = BigInt)]
    amounts_missing: i64,
}

/// The month's ledger entries and pending charges, summed at every level at once. Entries come from their index alone, in
/// whose order they are grouped. Nearly all cases stand in one row of `of_case`: these are counted where they stand, and
/// the counts added; only the others are told apart at each level. An item is named as the first of its cases names it,
/// a closed month as its closing kept it. A street is the first ten characters of a grid's path.
const ROLL_UP: &str = "
WITH of_case AS MATERIALIZED (
    SELECT unit_id, item, grid, case_id, sum(amount_fen)::bigint AS posted, 0::bigint AS pending, 0::bigint AS missing
    FROM ledger_entries
    WHERE district = $1 AND period = $2 AND ($3::uuid[] IS NULL OR unit_id = ANY ($3))
    GROUP BY unit_id, item, grid, case_id
    UNION ALL
    SELECT charges.unit_id, cases.item, cases.grid, case_id, 0, coalesce(sum(amount_fen), 0)::bigint,
           count(*) FILTER (WHERE amount_fen IS NULL)
    FROM charges JOIN cases USING (district, case_id)
    WHERE district = $1 AND charges.state = 'pending' AND occurred_month BETWEEN $4 AND $5
      AND ($3::uuid[] IS NULL OR charges.unit_id = ANY ($3))
    GROUP BY charges.unit_id, cases.item, cases.grid, case_id
), in_several AS MATERIALIZED (
    SELECT case_id FROM of_case GROUP BY case_id HAVING count(*) > 1
), parts AS MATERIALIZED (
    SELECT unit_id, item, left(grid, 10) AS street, NULL::uuid AS case_id, min(case_id::text COLLATE \"C\") AS first_case,
           sum(posted)::bigint AS posted, sum(pending)::bigint AS pending, sum(missing)::bigint AS missing,
           count(*) FILTER (WHERE posted <> 0) AS posted_cases,
           count(*) FILTER (WHERE pending <> 0 OR missing > 0) AS pending_cases
    FROM of_case WHERE case_id NOT IN (SELECT case_id FROM in_several)
    GROUP BY unit_id, item, grid
    UNION ALL
    SELECT unit_id, item, left(grid, 10), case_id, case_id::text COLLATE \"C\",
           sum(posted)::bigint, sum(pending)::bigint, sum(missing)::bigint, 0, 0
    FROM of_case WHERE case_id IN (SELECT case_id FROM in_several)
    GROUP BY unit_id, item, left(grid, 10), case_id
), named AS (
    SELECT first.item, coalesce(closed.item_zh, evaluation->>'zh', first.item) AS item_zh,
           coalesce(closed.item_en, evaluation->>'en', first.item) AS item_en
    FROM (SELECT item, min(first_case)::uuid AS case_id FROM parts GROUP BY item) AS first
    JOIN cases ON cases.district = $1 AND cases.case_id = first.case_id
    LEFT JOIN closed_cases AS closed ON closed.district = $1 AND closed.month = $2 AND closed.case_id = first.case_id
), sums AS (
    SELECT grouping(unit_id, item, street) AS level, unit_id, item, street,
           coalesce(sum(posted), 0)::bigint AS posted,
           (coalesce(sum(posted_cases), 0) + count(DISTINCT case_id) FILTER (WHERE posted <> 0))::bigint
               AS posted_cases,
           coalesce(sum(pending), 0)::bigint AS pending,
           (coalesce(sum(pending_cases), 0)
            + count(DISTINCT case_id) FILTER (WHERE pending <> 0 OR missing > 0))::bigint AS pending_cases,
           coalesce(sum(missing), 0)::bigint AS amounts_missing
    FROM parts
    GROUP BY GROUPING SETS ((unit_id, item, street), (unit_id, item), (unit_id), (item), (street), ())
)
SELECT sums.*, named.item_zh, named.item_en, coalesce(closed_unit.name, units.name) AS unit_name,
       coalesce(closed_unit.budget_code, units.budget_code) AS budget_code,
       coalesce(closed_grid.name, grids.name) AS street_name
FROM sums
LEFT JOIN named ON named.item = sums.item
LEFT JOIN units ON units.district = $1 AND units.unit_id = sums.unit_id
LEFT JOIN grids ON grids.district = $1 AND grids.path = sums.street
LEFT JOIN closed_names AS closed_unit ON closed_unit.district = $1 AND closed_unit.month = $2
     AND closed_unit.kind = 'unit' AND closed_unit.id = sums.unit_id::text
LEFT JOIN closed_names AS closed_grid ON closed_grid.district = $1 AND closed_grid.month = $2
     AND closed_grid.kind = 'grid' AND closed_grid.id = sums.street
ORDER BY level, budget_code, sums.item, street";

/// No occurrence: an empty span of days.
const NONE: (jiff::civil::Date, jiff::civil::Date) =
    (jiff::civil::date(9999, 12, 31), jiff::civil::date(1, 1, 1));

/// Sums a month; `memo` says which occurrences would post to it, `None`: none.
pub(super) async fn roll_up(
    connection: &mut Connection,
    scope: &MoneyScope,
    month: Month,
    memo: Option<Occurrences>,
) -> diesel::QueryResult<Vec<RollupRow>> {
    let (from, until) = memo.map_or(NONE, Occurrences::days);
    statement(ROLL_UP)
        .bind::<Text, _>(scope.district.as_str())
        .bind::<SqlDate, _>(Day(month.first_day()))
        .bind::<Nullable<Array<SqlUuid>>, _>(scope.units.clone())
        .bind::<SqlDate, _>(Day(from))
        .bind::<SqlDate, _>(Day(until))
        .load(connection)
        .await
}

impl RollupRow {
    /// Puts the row where it belongs, by what it is grouped by.
    pub(super) fn add_to(self, totals: &mut MonthTotals) -> Result<(), StoredValueError> {
        let amounts = Amounts::of(&self);
        let unit = self.unit_id.map(|unit_id| UnitTotal {
            unit_id: UnitId(unit_id),
            unit_name: self.unit_name.unwrap_or_default(),
            budget_code: self.budget_code.unwrap_or_default(),
            amounts: amounts.clone(),
        });
        let item = match self.item {
            None => None,
            Some(item) => Some(ItemTotal {
                item: stored("item", &item)?,
                item_zh: self.item_zh.unwrap_or_default(),
                item_en: self.item_en.unwrap_or_default(),
                amounts: amounts.clone(),
            }),
        };
        let grid = match self.street {
            None => None,
            Some(street) => Some(GridTotal {
                grid: stored("grid", &street)?,
                grid_name: self.street_name.unwrap_or_default(),
                amounts: amounts.clone(),
            }),
        };
        match (unit, item, grid) {
            (None, None, None) => totals.total = amounts,
            (Some(unit), None, None) => totals.by_unit.push(unit),
            (None, Some(item), None) => totals.by_item.push(item),
            (None, None, Some(grid)) => totals.by_grid.push(grid),
            (Some(unit), Some(item), None) => {
                totals.unit_item.push(UnitItemTotal { unit_id: unit.unit_id, item: item.item, amounts });
            }
            (Some(unit), Some(item), Some(grid)) => {
                totals.lines.push(TotalLine { unit, item, grid, amounts })
            }
            // Not among the grouping sets of the statement.
            (Some(_), None, Some(_)) | (None, Some(_), Some(_)) => {}
        }
        Ok(())
    }
}

impl Amounts {
    fn of(row: &RollupRow) -> Self {
        let (posted, pending) = (Fen::new(row.posted), Fen::new(row.pending));
        Self {
            posted,
            posted_yuan: posted.to_string(),
            cases: row.posted_cases,
            pending,
            pending_yuan: pending.to_string(),
            pending_cases: row.pending_cases,
            amounts_missing: row.amounts_missing,
        }
    }
}

impl Default for Amounts {
    fn default() -> Self {
        Self {
            posted: Fen::ZERO,
            posted_yuan: Fen::ZERO.to_string(),
            cases: 0,
            pending: Fen::ZERO,
            pending_yuan: Fen::ZERO.to_string(),
            pending_cases: 0,
            amounts_missing: 0,
        }
    }
}
