//! Ratios (比率) of the orders of a span of days: kept in time, overdue, redone, closed, by unit and by grid.
//!
//! One population: the orders (交办) given on these days, each round being one, counted for the unit and grid it was
//! given to.
//! - `withdrawn`: taken back, or of a case that was dismissed or merged; it counts no further.
//! - `due`: reported, or past its deadline in the unit's hands. `on_time` of them: reported by the deadline as extended;
//!   `overdue`: the rest.
//! - `checked`: re-checked. `rework` (返工) of them: not in order.
//! - `closed` (销号), and `open`: what is neither closed, redone nor withdrawn.
//!
//! Shares are in basis points (1/10,000), rounded down; absent where nothing is counted.

use std::collections::BTreeMap;

use diesel::dsl::{count_star, sql};
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Timestamptz};
use diesel_async::RunQueryDsl;
use jiff::civil::Date;
use serde::Serialize;
use sync_core::ids::{GridPath, UnitId};
use sync_core::time::Instant;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::auth::case_scope::CaseScope;
use crate::db::Connection;
use crate::db::schema::{cases, rectifications, units};
use crate::db::types::{Time, stored};
use crate::problem::ApiError;

/// Basis points of a whole.
const WHOLE: i64 = 10_000;

/// Counts and shares.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, ToSchema)]
pub struct Ratios {
    /// Orders given.
    pub ordered: i64,
    /// Taken back.
    pub withdrawn: i64,
    /// Reported, or overdue.
    pub due: i64,
    /// Reported in time (按期).
    pub on_time: i64,
    /// Not reported in time (逾期).
    pub overdue: i64,
    /// Re-checked.
    pub checked: i64,
    /// Not in order on re-check (返工).
    pub rework: i64,
    /// Closed (销号).
    pub closed: i64,
    /// Neither closed, redone nor withdrawn.
    pub open: i64,
    /// `on_time` of `due`, basis points.
    pub on_time_bp: Option<i64>,
    /// `overdue` of `due`, basis points.
    pub overdue_bp: Option<i64>,
    /// `rework` of `checked`, basis points.
    pub rework_bp: Option<i64>,
    /// `closed` of `ordered` without `withdrawn`, basis points.
    pub closed_bp: Option<i64>,
}

/// Those of a unit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct UnitRatios {
    /// The unit.
    pub unit_id: UnitId,
    /// Its name.
    pub unit_name: String,
    /// Counts and shares.
    #[serde(flatten)]
    pub ratios: Ratios,
}

/// Those of a grid, as cases name it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct GridRatios {
    /// The grid.
    pub grid: GridPath,
    /// Counts and shares.
    #[serde(flatten)]
    pub ratios: Ratios,
}

/// Ratios of a span of days.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct RectificationRatios {
    /// First day of orders, Asia/Shanghai.
    #[schema(value_type = String, format = "date")]
    pub from: Date,
    /// Last day.
    #[schema(value_type = String, format = "date")]
    pub to: Date,
    /// All of them.
    pub total: Ratios,
    /// By unit, in the order of their names.
    pub units: Vec<UnitRatios>,
    /// By grid, in the order of their paths.
    pub grids: Vec<GridRatios>,
}

impl Ratios {
    fn add(&mut self, other: &Self) {
        self.ordered = self.ordered.saturating_add(other.ordered);
        self.withdrawn = self.withdrawn.saturating_add(other.withdrawn);
        self.due = self.due.saturating_add(other.due);
        self.on_time = self.on_time.saturating_add(other.on_time);
        self.checked = self.checked.saturating_add(other.checked);
        self.rework = self.rework.saturating_add(other.rework);
        self.closed = self.closed.saturating_add(other.closed);
    }

    /// What follows from the counts.
    fn finished(mut self) -> Self {
        let share = |part: i64, whole: i64| part.saturating_mul(WHOLE).checked_div(whole);
        let over = self.withdrawn.saturating_add(self.rework).saturating_add(self.closed);
        self.overdue = self.due.saturating_sub(self.on_time);
        self.open = self.ordered.saturating_sub(over);
        self.on_time_bp = share(self.on_time, self.due);
        self.overdue_bp = share(self.overdue, self.due);
        self.rework_bp = share(self.rework, self.checked);
        self.closed_bp = share(self.closed, self.ordered.saturating_sub(self.withdrawn));
        self
    }
}

/// Computes the ratios of the orders given from one day to another, as far as the scope sees their cases.
///
/// # Errors
/// Those of the database; `malformed_request` where a day is at the edge of the calendar.
pub async fn rate_rectifications(
    conn: &mut Connection,
    scope: &CaseScope,
    (from, to): (Date, Date),
    now: Instant,
) -> Result<RectificationRatios, ApiError> {
    let edge = || ApiError::new(sync_core::wire::problem::ProblemKind::MalformedRequest);
    let begins = Instant::at_record(from.at(0, 0, 0, 0)).map_err(|_| edge().field("from"))?;
    let after = to.tomorrow().map_err(|_| edge().field("to"))?;
    let ends = Instant::at_record(after.at(0, 0, 0, 0)).map_err(|_| edge().field("to"))?;

    let mut rates = RectificationRatios { from, to, total: Ratios::default(), units: vec![], grids: vec![] };
    let mut by_unit: BTreeMap<Uuid, Ratios> = BTreeMap::new();
    let mut grids: BTreeMap<String, Ratios> = BTreeMap::new();
    for (unit, grid, ratios) in groups(conn, scope, begins, ends, now).await? {
        rates.total.add(&ratios);
        by_unit.entry(unit).or_default().add(&ratios);
        grids.entry(grid).or_default().add(&ratios);
    }
    rates.total = rates.total.finished();
    let named: Vec<(Uuid, String)> = units::table
        .filter(units::district.eq(scope.district().as_str()))
        .filter(units::unit_id.eq_any(by_unit.keys()))
        .order(units::name)
        .select((units::unit_id, units::name))
        .load(conn)
        .await?;
    rates.units = named
        .into_iter()
        .filter_map(|(unit, unit_name)| {
            let ratios = by_unit.remove(&unit)?.finished();
            Some(UnitRatios { unit_id: UnitId(unit), unit_name, ratios })
        })
        .collect();
    rates.grids = grids
        .into_iter()
        .map(|(grid, ratios)| {
            Ok(GridRatios { grid: stored("rectifications.grid", &grid)?, ratios: ratios.finished() })
        })
        .collect::<Result<_, ApiError>>()?;
    Ok(rates)
}

type Group = (Uuid, String, Ratios);

/// Counts by unit and grid, in one statement.
async fn groups(
    conn: &mut Connection,
    scope: &CaseScope,
    begins: Instant,
    ends: Instant,
    now: Instant,
) -> Result<Vec<Group>, ApiError> {
    const WITHDRAWN: &str = "(state = 'withdrawn' OR (state <> 'closed' AND EXISTS (
        SELECT FROM cases AS c WHERE c.district = rectifications.district AND c.case_id = rectifications.case_id
           AND c.review_state IN ('dismissed', 'merged'))))";
    let counted =
        |condition: &str| sql::<BigInt>(&format!("count(*) FILTER (WHERE NOT {WITHDRAWN} AND {condition})"));
    let due = sql::<BigInt>(&format!(
        "count(*) FILTER (WHERE NOT {WITHDRAWN} AND deadline IS NOT NULL AND (reported_at IS NOT NULL \
         OR deadline < coalesce(stopped_at, "
    ))
    .bind::<Timestamptz, _>(Time(now))
    .sql(")))");
    let seen = cases::table.filter(scope.condition()).select(cases::case_id).into_boxed();
    type Row = (Uuid, String, i64, i64, i64, i64, i64, i64, i64);
    let rows: Vec<Row> = rectifications::table
        .filter(rectifications::district.eq(scope.district().as_str()))
        .filter(rectifications::ordered_at.ge(Time(begins)))
        .filter(rectifications::ordered_at.lt(Time(ends)))
        .filter(rectifications::case_id.eq_any(seen))
        .group_by((rectifications::unit_id, rectifications::grid))
        .select((
            rectifications::unit_id,
            rectifications::grid,
            count_star(),
            sql::<BigInt>(&format!("count(*) FILTER (WHERE {WITHDRAWN})")),
            due,
            counted("reported_at IS NOT NULL AND least(reported_at, stopped_at) <= deadline"),
            counted("checked_at IS NOT NULL"),
            counted("state = 'failed'"),
            counted("state = 'closed'"),
        ))
        .load(conn)
        .await?;
    let group = |(unit, grid, ordered, withdrawn, due, on_time, checked, rework, closed): Row| {
        let ratios =
            Ratios { ordered, withdrawn, due, on_time, checked, rework, closed, ..Ratios::default() };
        (unit, grid, ratios)
    };
    Ok(rows.into_iter().map(group).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_order_is_closed_redone_withdrawn_or_open_and_shares_of_nothing_are_absent() {
        let counts = Ratios {
            ordered: 10,
            withdrawn: 1,
            due: 6,
            on_time: 4,
            checked: 3,
            rework: 1,
            closed: 2,
            ..Ratios::default()
        };
        let ratios = counts.finished();
        assert_eq!((ratios.overdue, ratios.open), (2, 6));
        assert_eq!((ratios.on_time_bp, ratios.overdue_bp), (Some(6_666), Some(3_333)));
        assert_eq!((ratios.rework_bp, ratios.closed_bp), (Some(3_333), Some(2_222)));
        assert_eq!(Ratios::default().finished(), Ratios::default());
    }
}
