//! Totals of a year (年度累计): per unit and budget code what is posted, executed and outstanding, month by month.
//!
//! Invariants: outstanding is what stands of closed months and is not executed, for only closed months are executed;
//! every sum is of the rows below it. A closed month stands under the budget code and name of its closing.

mod file;

use std::collections::BTreeMap;

use diesel::sql_types::{Array, BigInt, Date as SqlDate, Nullable, Text, Uuid as SqlUuid};
use diesel::{QueryableByName, sql_query};
use diesel_async::RunQueryDsl;
use jiff::civil::{Date, date};
use serde::Serialize;
use sync_core::ids::UnitId;
use sync_core::money::Fen;
use sync_core::time::{Instant, Month};
use utoipa::ToSchema;
use uuid::Uuid;

pub use file::year_file;

use crate::auth::money_scope::MoneyScope;
use crate::db::types::Day;
use crate::db::{Connection, periods};
use crate::problem::ApiError;

/// What stands in a month or a year.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
struct Sums {
    posted: Fen,
    closed: Fen,
    executed: Fen,
}

/// The same as it is answered.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct YearAmounts {
    /// Posted, net of reversals, in fen.
    pub posted: Fen,
    /// The same as exact yuan.
    pub posted_yuan: String,
    /// Executed, net of cancellations, in fen.
    pub executed: Fen,
    /// The same as exact yuan.
    pub executed_yuan: String,
    /// Posted in closed months and not executed, in fen.
    pub outstanding: Fen,
    /// The same as exact yuan.
    pub outstanding_yuan: String,
}

/// A unit's month.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct UnitMonth {
    /// Which.
    pub month: Month,
    /// Whether it is closed.
    pub closed: bool,
    /// Its amounts.
    #[serde(flatten)]
    pub amounts: YearAmounts,
}

/// A unit's year.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct UnitYear {
    /// The unit.
    pub unit_id: UnitId,
    /// Its name in the last of its months.
    pub unit_name: String,
    /// The code that finance books its months under; one that was changed within the year has a line for each.
    pub budget_code: String,
    /// Its amounts.
    #[serde(flatten)]
    pub amounts: YearAmounts,
    /// Its months, the first first; those without anything are left out.
    pub months: Vec<UnitMonth>,
}

/// A year's totals.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct YearTotals {
    /// The year.
    pub year: i16,
    /// All of it.
    pub total: YearAmounts,
    /// By unit, in the order of budget codes.
    pub units: Vec<UnitYear>,
}

#[derive(Debug, QueryableByName)]
struct UnitMonthRow {
    #[diesel(sql_type = SqlUuid)]
    unit_id: Uuid,
    #[diesel(sql_type = Text)]
    unit_name: String,
    #[diesel(sql_type = Text)]
    budget_code: String,
    #[diesel(sql_type = SqlDate)]
    month: Day,
    #[diesel(sql_type = BigInt)]
    posted: i64,
    #[diesel(sql_type = BigInt)]
    executed: i64,
}

const BY_UNIT_AND_MONTH: &str = "
SELECT unit_id, coalesce(closed.name, units.name) AS unit_name,
       coalesce(closed.budget_code, units.budget_code) AS budget_code, moved.month,
       sum(posted)::bigint AS posted, sum(executed)::bigint AS executed
FROM (
    SELECT district, unit_id, period AS month, amount_fen AS posted, 0::bigint AS executed
    FROM ledger_entries WHERE district = $1 AND period BETWEEN $2 AND $3
    UNION ALL
    SELECT district, unit_id, month, 0, amount_fen
    FROM executions WHERE district = $1 AND month BETWEEN $2 AND $3
) AS moved JOIN units USING (district, unit_id)
LEFT JOIN closed_names AS closed ON closed.district = $1 AND closed.month = moved.month
     AND closed.kind = 'unit' AND closed.id = unit_id::text
WHERE $4::uuid[] IS NULL OR unit_id = ANY ($4)
GROUP BY unit_id, 2, 3, moved.month
ORDER BY 3, moved.month";

/// Totals a year for what the scope shows.
///
/// # Errors
/// Those of the database.
pub async fn total_year(
    connection: &mut Connection,
    scope: &MoneyScope,
    year: Year,
    now: Instant,
) -> Result<YearTotals, ApiError> {
    let calendar = periods::calendar(connection, &scope.district, now).await?;
    let rows: Vec<UnitMonthRow> = sql_query(BY_UNIT_AND_MONTH)
        .bind::<Text, _>(scope.district.as_str())
        .bind::<SqlDate, _>(Day(year.first_day()))
        .bind::<SqlDate, _>(Day(year.last_day()))
        .bind::<Nullable<Array<SqlUuid>>, _>(scope.units.clone())
        .load(connection)
        .await?;
    let is_closed = |month: Month| calendar.last_closed.is_some_and(|last| month <= last);
    let mut total = Sums::default();
    let mut units: BTreeMap<(String, Uuid), (String, Sums, Vec<UnitMonth>)> = BTreeMap::new();
    for row in rows {
        let month = Month::of(row.month.0);
        let posted = Fen::new(row.posted);
        let closed = if is_closed(month) { posted } else { Fen::ZERO };
        let sums = Sums { posted, closed, executed: Fen::new(row.executed) };
        let unit = units
            .entry((row.budget_code, row.unit_id))
            .or_insert_with(|| (String::new(), Sums::default(), Vec::new()));
        unit.0 = row.unit_name;
        unit.1 = unit.1.plus(sums);
        total = total.plus(sums);
        unit.2.push(UnitMonth { month, closed: is_closed(month), amounts: sums.into() });
    }
    let unit = |((budget_code, unit_id), (unit_name, sums, months))| UnitYear {
        unit_id: UnitId(unit_id),
        unit_name,
        budget_code,
        amounts: YearAmounts::from(sums),
        months,
    };
    Ok(YearTotals { year: year.0, total: total.into(), units: units.into_iter().map(unit).collect() })
}

/// A calendar year of account.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Year(i16);

/// A text is no year.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("must be a year from 2000 to 2999")]
pub struct NotAYear;

impl Year {
    fn first_day(self) -> Date {
        date(self.0, 1, 1)
    }

    fn last_day(self) -> Date {
        date(self.0, 12, 31)
    }
}

impl std::str::FromStr for Year {
    type Err = NotAYear;
    fn from_str(text: &str) -> Result<Self, NotAYear> {
        match text.parse() {
            Ok(year @ 2000..=2999) => Ok(Self(year)),
            _ => Err(NotAYear),
        }
    }
}

impl Sums {
    /// The database's sums of fen fit; a year of them does too, else it stands at the end of what fits.
    fn plus(self, other: Self) -> Self {
        let sum = |one: Fen, other: Fen| Fen::new(one.get().saturating_add(other.get()));
        Self {
            posted: sum(self.posted, other.posted),
            closed: sum(self.closed, other.closed),
            executed: sum(self.executed, other.executed),
        }
    }
}

impl From<Sums> for YearAmounts {
    fn from(sums: Sums) -> Self {
        let outstanding = Fen::new(sums.closed.get().saturating_sub(sums.executed.get()));
        Self {
            posted: sums.posted,
            posted_yuan: sums.posted.to_string(),
            executed: sums.executed,
            executed_yuan: sums.executed.to_string(),
            outstanding,
            outstanding_yuan: outstanding.to_string(),
        }
    }
}
