//! Lists the gap of a coverage duty (未覆盖清单): the targets that nothing covers in the period yet, those longest
//! without an inspection or a date that counts first, a page at a time.
//!
//! Invariant: the same targets and inspections as in [`rate_coverage`](crate::services::rate_coverage) count, so the
//! whole list is as long as that one's targets without the covered.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use diesel::dsl::sql;
use diesel::prelude::*;
use diesel::sql_types::{BigInt, Double, Nullable, Text, Timestamptz, Untyped, Uuid as SqlUuid};
use diesel_async::RunQueryDsl;
use jiff::civil::Date;
use serde::Serialize;
use sync_core::geo::Point;
use sync_core::ids::{GridPath, TargetId, UnitId};
use sync_core::policy::PolicyBook;
use sync_core::time::Instant;
use sync_core::wire::problem::ProblemKind;
use utoipa::ToSchema;
use uuid::Uuid;

use crate::auth::target_scope::TargetScope;
use crate::db::Connection;
use crate::db::types::{StoredValueError, Time, stored};
use crate::problem::ApiError;
use crate::services::rate_coverage::{CoverageQuestion, DutyInPeriod, over_targets};

/// Which page.
#[derive(Debug, Clone, Default)]
pub struct GapPage {
    /// After which target; from the start when absent.
    pub after: Option<GapCursor>,
    /// How many at most.
    pub rows: u16,
}

/// Where a page ends: opaque to clients.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct GapCursor {
    last_at: Option<Instant>,
    code: String,
}

/// The text is not a cursor.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("not a cursor of this list")]
pub struct NotAGapCursor;

impl GapCursor {
    fn encode(&self) -> String {
        let at = self.last_at.map(|at| at.as_millisecond().to_string()).unwrap_or_default();
        URL_SAFE_NO_PAD.encode(format!("{at} {}", self.code))
    }
}

impl std::str::FromStr for GapCursor {
    type Err = NotAGapCursor;
    fn from_str(text: &str) -> Result<Self, NotAGapCursor> {
        let bytes = URL_SAFE_NO_PAD.decode(text).map_err(|_| NotAGapCursor)?;
        let plain = String::from_utf8(bytes).map_err(|_| NotAGapCursor)?;
        let (at, code) = plain.split_once(' ').ok_or(NotAGapCursor)?;
        if code.is_empty() || code.contains('\0') {
            return Err(NotAGapCursor);
        }
        let instant = |at: &str| -> Result<Instant, NotAGapCursor> {
            let millis = at.parse().map_err(|_| NotAGapCursor)?;
            Instant::from_millisecond(millis).map_err(|_| NotAGapCursor)
        };
        let last_at = (!at.is_empty()).then(|| instant(at)).transpose()?;
        Ok(Self { last_at, code: code.to_owned() })
    }
}

/// A target that nothing covers yet.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct UncoveredTarget {
    /// The target.
    pub target_id: TargetId,
    /// Its register number.
    pub code: String,
    /// Its name.
    pub name: String,
    /// Its address.
    pub address: String,
    /// Where it is, WGS-84.
    pub point: Point,
    /// Its grid.
    pub grid: GridPath,
    /// The grid's name.
    pub grid_name: String,
    /// The responsible unit.
    pub unit_id: UnitId,
    /// The unit's name.
    pub unit_name: String,
    /// The day of the last inspection that counts for such a duty, before the period, Asia/Shanghai; of a duty by a date
    /// on record, that date. Absent: never.
    #[schema(value_type = Option<String>, format = "date")]
    pub last_inspected_on: Option<Date>,
}

/// A page of the gap.
#[derive(Debug, Clone, PartialEq, Serialize, ToSchema)]
pub struct CoverageGap {
    /// The duty.
    #[serde(flatten)]
    pub duty: DutyInPeriod,
    /// The targets.
    pub targets: Vec<UncoveredTarget>,
    /// The cursor to ask with for the next page; absent on the last.
    pub next: Option<String>,
}

#[derive(QueryableByName)]
struct Row {
    #[diesel(sql_type = SqlUuid)]
    target_id: Uuid,
    #[diesel(sql_type = Text)]
    code: String,
    #[diesel(sql_type = Text)]
    name: String,
    #[diesel(sql_type = Text)]
    address: String,
    #[diesel(sql_type = Double)]
    lon: f64,
    #[diesel(sql_type = Double)]
    lat: f64,
    #[diesel(sql_type = Text)]
    grid: String,
    #[diesel(sql_type = Text)]
    grid_name: String,
    #[diesel(sql_type = SqlUuid)]
    unit_id: Uuid,
    #[diesel(sql_type = Text)]
    unit_name: String,
    #[diesel(sql_type = Nullable<Timestamptz>)]
    last_at: Option<Time>,
}

impl TryFrom<Row> for UncoveredTarget {
    type Error = StoredValueError;

    fn try_from(row: Row) -> Result<Self, StoredValueError> {
        Ok(Self {
            target_id: TargetId(row.target_id),
            code: row.code,
            name: row.name,
            address: row.address,
            point: Point { lon: row.lon, lat: row.lat },
            grid: stored("targets.grid", &row.grid)?,
            grid_name: row.grid_name,
            unit_id: UnitId(row.unit_id),
            unit_name: row.unit_name,
            last_inspected_on: row.last_at.map(|at| at.0.record_date()),
        })
    }
}

const GAP: &str = "
    SELECT target_id, counted.code, counted.name, address, lon, lat, counted.grid, grids.name AS grid_name,
           counted.unit_id, units.name AS unit_name, last_at
    FROM counted
    JOIN grids ON grids.district = counted.district AND grids.path = counted.grid
    JOIN units ON units.district = counted.district AND units.unit_id = counted.unit_id
    WHERE NOT covered AND (coalesce(last_at, '-infinity'), counted.code) > (coalesce(";

/// Lists the gap of the duty of this code in the pack in force; one statement.
///
/// # Errors
/// `duty_unknown`; `malformed_request` for a month at the edge of the calendar; those of the database.
pub async fn list_coverage_gap(
    conn: &mut Connection,
    scope: &TargetScope,
    (book, code): (&PolicyBook, &str),
    asked: &CoverageQuestion,
    page: GapPage,
    now: Instant,
) -> Result<CoverageGap, ApiError> {
    let day = asked.day(now);
    let duty = book
        .in_force(scope.district(), day)
        .and_then(|pack| {
            let duty = pack.content().coverage.iter().find(|duty| duty.code.as_str() == code)?;
            Some(DutyInPeriod::new(pack, duty, day))
        })
        .ok_or_else(|| ApiError::new(ProblemKind::DutyUnknown).field("duty"))?;
    let after = page.after.unwrap_or_default();
    // No register number is empty: the first page comes after it.
    let read = sql::<Untyped>(GAP)
        .bind::<Nullable<Timestamptz>, _>(after.last_at.map(Time))
        .sql(", '-infinity'), ")
        .bind::<Text, _>(after.code)
        .sql(") ORDER BY coalesce(last_at, '-infinity'), counted.code LIMIT ")
        .bind::<BigInt, _>(i64::from(page.rows).saturating_add(1));
    let mut rows: Vec<Row> = over_targets(scope, &duty, asked.grid.as_ref(), now, read)?.load(conn).await?;
    let more = rows.len() > usize::from(page.rows);
    rows.truncate(usize::from(page.rows));
    let end = rows
        .last()
        .filter(|_| more)
        .map(|row| GapCursor { last_at: row.last_at.map(Instant::from), code: row.code.clone() });
    let targets = rows.into_iter().map(UncoveredTarget::try_from).collect::<Result<_, _>>()?;
    Ok(CoverageGap { duty, targets, next: end.map(|cursor| cursor.encode()) })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_is_read_back_and_another_text_refused() {
        for last_at in [None, Some("2026-10-31T16:00:00Z".parse().unwrap())] {
            let cursor = GapCursor { last_at, code: "CY 0001".to_owned() };
            assert_eq!(cursor.encode().parse(), Ok(cursor));
        }
        for plain in ["", "x", "12 ", "twelve CY-1", "1 a\0b"] {
            assert_eq!(URL_SAFE_NO_PAD.encode(plain).parse::<GapCursor>(), Err(NotAGapCursor), "{plain:?}");
        }
    }
}
