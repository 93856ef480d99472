//! Rates coverage duties (覆盖率): of a kind's targets, how many were inspected or measured in the period, or have a date
//! on record in it, by street grid and by unit, as far as the actor sees them.
//!
//! - Targets are the register's of the duty's kind at the period's end: registered before it, not removed before it.
//!   They count for the grid and unit that they belong to now.
//! - What covers a target: see [`db::coverage`](crate::db::coverage).
//! - Required is the duty's percentage of each row's own targets, rounded up; shares are in basis points (1/10,000),
//!   rounded down, absent where there are no targets.

use diesel::dsl::sql;
use diesel::pg::Pg;
use diesel::prelude::*;
use diesel::query_builder::{Query, QueryFragment};
use diesel::sql_types::{BigInt, Nullable, Text, Untyped, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use jiff::civil::Date;
use serde::Serialize;
use sync_core::ids::{FactCode, GridPath, KindCode, QuestionCode, RuleCode, UnitId};
use sync_core::model::inspection::PackRef;
use sync_core::policy::{Cadence, CoverageDuty, PolicyBook, PolicyPack};
use sync_core::time::{Instant, Month};
use sync_core::wire::problem::ProblemKind;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::auth::target_scope::{TargetScope, lies_in};
use crate::calendar::Period;
use crate::db::Connection;
use crate::db::coverage::{CountedBy, OverCounted};
use crate::db::schema::targets;
use crate::db::types::{Time, stored};
use crate::problem::ApiError;

/// Basis points of a whole.
const WHOLE: i64 = 10_000;
/// Percent of a whole.
const HUNDRED: i64 = 100;

/// What is asked for.
#[derive(Debug, Clone)]
pub struct CoverageQuestion {
    /// The month; duties and periods are those of its last day, of the present month those of today.
    pub month: Month,
    /// Only targets of this grid and below it.
    pub grid: Option<GridPath>,
}

impl CoverageQuestion {
    /// The day whose pack and periods are meant.
    #[must_use]
    pub fn day(&self, now: Instant) -> Date {
        let today = now.record_date();
        if Month::of(today) == self.month { today } else { self.month.first_day().last_of_month() }
    }
}

/// A coverage duty with its period.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct DutyInPeriod {
    /// Its code in the pack.
    pub code: RuleCode,
    /// In Chinese.
    pub zh: String,
    /// In English.
    pub en: String,
    /// The clause it follows from, as it is cited.
    pub citation: String,
    /// Of targets of this kind.
    pub kind: KindCode,
    /// At least this share of them, percent.
    pub percent: u8,
    /// How often.
    pub every: Cadence,
    /// Only inspections with this measurement count; any when absent.
    pub measurement: Option<QuestionCode>,
    /// Not inspections count, but this date on record of the target.
    pub fact: Option<FactCode>,
    /// First and last day.
    #[serde(flatten)]
    pub period: Period,
}

impl DutyInPeriod {
    pub(super) fn new(pack: &PolicyPack, duty: &CoverageDuty, day: Date) -> Self {
        Self {
            code: duty.code.clone(),
            zh: duty.zh.clone(),
            en: duty.en.clone(),
            citation: pack.citation(&duty.clause),
            kind: duty.kind.clone(),
            percent: duty.percent,
            every: duty.every,
            measurement: duty.measurement.clone(),
            fact: duty.fact.clone(),
            period: Period::around(day, duty.every),
        }
    }
}

/// Counts and what follows from them.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, ToSchema)]
pub struct CoverageCounts {
    /// Targets in the register (应检).
    pub targets: i64,
    /// Covered in the period (已检).
    pub covered: i64,
    /// How many have to be.
    pub required: i64,
    /// How many are missing to that.
    pub missing: i64,
    /// `covered` of `targets`, basis points.
    pub share_bp: Option<i64>,
    /// Whether the duty is fulfilled.
    pub fulfilled: bool,
}

impl CoverageCounts {
    fn new(percent: u8, targets: i64, covered: i64) -> Self {
        let asked = targets.saturating_mul(i64::from(percent));
        let required = asked.saturating_add(HUNDRED - 1) / HUNDRED;
        Self {
            targets,
            covered,
            required,
            missing: required.saturating_sub(covered).max(0),
            share_bp: covered.saturating_mul(WHOLE).checked_div(targets),
            fulfilled: covered >= required,
        }
    }
}

/// Those of a street's grid; of the district's own, for targets that lie in no street's.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct GridCoverage {
    /// The grid, with everything below it.
    pub grid: GridPath,
    /// Its name.
    pub grid_name: String,
    /// Counts and what follows.
    #[serde(flatten)]
    pub counts: CoverageCounts,
}

/// Those of a responsible unit.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct UnitCoverage {
    /// The unit.
    pub unit_id: UnitId,
    /// Its name.
    pub unit_name: String,
    /// Counts and what follows.
    #[serde(flatten)]
    pub counts: CoverageCounts,
}

/// A duty's figures.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct DutyCoverage {
    /// The duty.
    #[serde(flatten)]
    pub duty: DutyInPeriod,
    /// All targets that the actor sees.
    pub total: CoverageCounts,
    /// By street grid, in the order of their paths; only those with targets.
    pub grids: Vec<GridCoverage>,
    /// By unit, in the order of their names; only those with targets.
    pub units: Vec<UnitCoverage>,
}

/// The coverage duties of a month.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub struct Coverage {
    /// The month.
    pub month: Month,
    /// The day whose pack and periods these are, Asia/Shanghai.
    #[schema(value_type = String, format = "date")]
    pub day: Date,
    /// The pack in force on it; absent where none was, and then there are no duties.
    pub pack: Option<PackRef>,
    /// Its duties, in its order.
    pub duties: Vec<DutyCoverage>,
}

/// Rates every coverage duty of the pack in force; one statement a duty.
///
/// # Errors
/// Those of the database; `malformed_request` for a month at the edge of the calendar.
pub async fn rate_coverage(
    conn: &mut Connection,
    scope: &TargetScope,
    book: &PolicyBook,
    asked: &CoverageQuestion,
    now: Instant,
) -> Result<Coverage, ApiError> {
    let day = asked.day(now);
    let pack = book.in_force(scope.district(), day);
    let mut coverage =
        Coverage { month: asked.month, day, pack: pack.map(PolicyPack::reference), duties: Vec::new() };
    let duties =
        pack.into_iter().flat_map(|pack| pack.content().coverage.iter().map(move |duty| (pack, duty)));
    for (pack, duty) in duties {
        coverage.duties.push(rate_duty(conn, scope, asked, DutyInPeriod::new(pack, duty, day), now).await?);
    }
    Ok(coverage)
}

/// A street's grid, a unit, or neither: all of them.
#[derive(QueryableByName)]
struct Tally {
    #[diesel(sql_type = Nullable<Text>)]
    street: Option<String>,
    #[diesel(sql_type = Nullable<SqlUuid>)]
    unit_id: Option<Uuid>,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = BigInt)]
    targets: i64,
    #[diesel(sql_type = BigInt)]
    covered: i64,
}

/// A street's path is six digits, a slash and three digits.
const TALLIES: &str = "
    SELECT tally.street, tally.unit_id, coalesce(grids.name, units.name, '') AS name, tally.targets, tally.covered
    FROM (SELECT district, street, unit_id, count(*) AS targets, count(*) FILTER (WHERE covered) AS covered
          FROM (SELECT district, left(grid, 10) AS street, unit_id, covered FROM counted) AS placed
          GROUP BY GROUPING SETS ((district, street), (district, unit_id), ())) AS tally
    LEFT JOIN grids ON grids.district = tally.district AND grids.path = tally.street
    LEFT JOIN units ON units.district = tally.district AND units.unit_id = tally.unit_id
    ORDER BY tally.street, name, tally.unit_id";

async fn rate_duty(
    conn: &mut Connection,
    scope: &TargetScope,
    asked: &CoverageQuestion,
    duty: DutyInPeriod,
    now: Instant,
) -> Result<DutyCoverage, ApiError> {
    let statement = over_targets(scope, &duty, asked.grid.as_ref(), now, sql::<Untyped>(TALLIES))?;
    let tallies: Vec<Tally> = statement.load(conn).await?;
    let percent = duty.percent;
    let mut rated = DutyCoverage {
        duty,
        total: CoverageCounts::new(percent, 0, 0),
        grids: Vec::new(),
        units: Vec::new(),
    };
    for tally in tallies {
        let counts = CoverageCounts::new(percent, tally.targets, tally.covered);
        match (tally.street, tally.unit_id) {
            (Some(street), _) => {
                let grid = stored("targets.grid", &street)?;
                rated.grids.push(GridCoverage { grid, grid_name: tally.name, counts });
            }
            (None, Some(unit)) => {
                rated.units.push(UnitCoverage { unit_id: UnitId(unit), unit_name: tally.name, counts });
            }
            (None, None) => rated.total = counts,
        }
    }
    Ok(rated)
}

/// The statement over the targets of a duty, each with the last inspection that counts for it. A date on record that is yet
/// to come counts for nothing.
///
/// # Errors
/// `malformed_request` for a period at the edge of the calendar.
pub(super) fn over_targets<R: QueryFragment<Pg> + Send + 'static>(
    scope: &TargetScope,
    duty: &DutyInPeriod,
    grid: Option<&GridPath>,
    now: Instant,
    read: R,
) -> Result<OverCounted<impl QueryFragment<Pg> + Query + Send + 'static + use<R>, R>, ApiError> {
    let (begins, ends) = duty.period.instants().map_err(|fault| {
        ApiError::new(ProblemKind::MalformedRequest).field("month").detail(fault.to_string())
    })?;
    let mut picked = targets::table
        .filter(scope.condition())
        .filter(targets::kind.eq(duty.kind.to_string()))
        .filter(targets::created_at.lt(Time(ends)))
        .filter(targets::deleted_at.is_null().or(targets::deleted_at.ge(Time(ends))))
        .select((
            targets::district,
            targets::target_id,
            targets::code,
            targets::name,
            targets::address,
            targets::grid,
            targets::unit_id,
            targets::lon,
            targets::lat,
            targets::facts,
        ))
        .into_boxed();
    if let Some(grid) = grid {
        picked = picked.filter(lies_in(grid));
    }
    let by = match &duty.fact {
        Some(fact) => CountedBy::date_on_record(fact, duty.period.to.min(now.record_date())),
        None => CountedBy::inspections(duty.measurement.as_ref()),
    };
    Ok(OverCounted::new(picked, (begins, ends), by, read))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_required_is_rounded_up_and_a_share_down() {
        let fifth = |targets, covered| CoverageCounts::new(20, targets, covered);
        assert_eq!((fifth(6, 1).required, fifth(6, 1).missing, fifth(6, 1).fulfilled), (2, 1, false));
        assert_eq!((fifth(6, 2).share_bp, fifth(6, 2).fulfilled), (Some(3_333), true));
        assert_eq!((fifth(5, 3).required, fifth(5, 3).missing), (1, 0));
        let none = fifth(0, 0);
        assert_eq!((none.required, none.share_bp, none.fulfilled), (0, None, true));
        assert!(!CoverageCounts::new(100, 200, 199).fulfilled);
    }

    #[test]
    fn the_present_month_is_seen_from_today_and_another_from_its_last_day() {
        let now: Instant = "2026-10-31T16:00:00Z".parse().unwrap();
        for (month, day) in [("2026-11", "2026-11-01"), ("2026-10", "2026-10-31"), ("2024-02", "2024-02-29")]
        {
            let asked = CoverageQuestion { month: month.parse().unwrap(), grid: None };
            assert_eq!(asked.day(now).to_string(), day);
        }
    }
}
