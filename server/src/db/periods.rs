//! Rows of `periods` (账期): the closed months. Append-only: there is an insert and no update.

use diesel::dsl::{exists, max, min, not};
use diesel::prelude::*;
use diesel_async::RunQueryDsl;
use sync_core::ids::RegionCode;
use sync_core::time::{Instant, Month};

use crate::db::Connection;
use crate::db::schema::{ledger_entries, periods};
use crate::db::types::{Day, Time};
use crate::ledger::chain::Head;
use crate::ledger::period::Calendar;

/// What a closed month keeps of its closing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClosedPeriod {
    /// The month.
    pub month: Month,
    /// When it was closed.
    pub closed_at: Instant,
    /// Its digest ([`crate::ledger::digest`]).
    pub digest: Vec<u8>,
    /// The decision that closed it.
    pub decision_no: i64,
    /// Where the ledger stood, verified up to there.
    pub head: Head,
}

/// The district's calendar of account at `now`. Who posts by it holds the district's row lock, as closing does.
///
/// # Errors
/// Whatever PostgreSQL says.
pub async fn calendar(
    connection: &mut Connection,
    district: &RegionCode,
    now: Instant,
) -> QueryResult<Calendar> {
    let last_closed: Option<Day> = periods::table
        .filter(periods::district.eq(district.as_str()))
        .select(max(periods::month))
        .first(connection)
        .await?;
    Ok(Calendar {
        last_closed: last_closed.map(|day| Month::of(day.0)),
        current: Month::of(now.record_date()),
    })
}

/// What is selected of a closed month.
type Row = (Day, Time, Vec<u8>, i64, i64, Vec<u8>);

/// In the order of [`Row`].
const COLUMNS: (
    periods::month,
    periods::closed_at,
    periods::digest,
    periods::decision_no,
    periods::entry_no,
    periods::entry_hash,
) = (
    periods::month,
    periods::closed_at,
    periods::digest,
    periods::decision_no,
    periods::entry_no,
    periods::entry_hash,
);

impl From<Row> for ClosedPeriod {
    fn from((month, closed_at, digest, decision_no, entry_no, hash): Row) -> Self {
        Self {
            month: Month::of(month.0),
            closed_at: closed_at.0,
            digest,
            decision_no,
            head: Head { entry_no, hash },
        }
    }
}

/// The closed months of a district, the first first.
///
/// # Errors
/// Whatever PostgreSQL says.
pub async fn closed(connection: &mut Connection, district: &RegionCode) -> QueryResult<Vec<ClosedPeriod>> {
    let rows: Vec<Row> = periods::table
        .filter(periods::district.eq(district.as_str()))
        .order(periods::month)
        .select(COLUMNS)
        .load(connection)
        .await?;
    Ok(rows.into_iter().map(ClosedPeriod::from).collect())
}

/// A month, if it is closed.
///
/// # Errors
/// Whatever PostgreSQL says.
pub async fn find_closed(
    connection: &mut Connection,
    district: &RegionCode,
    month: Month,
) -> QueryResult<Option<ClosedPeriod>> {
    let row: Option<Row> = periods::table
        .find((district.as_str(), Day(month.first_day())))
        .select(COLUMNS)
        .first(connection)
        .await
        .optional()?;
    Ok(row.map(ClosedPeriod::from))
}

/// Whether any closed month was verified up to an entry that is not there, or is another one now.
///
/// # Errors
/// Whatever PostgreSQL says.
pub async fn stand_on_other_entries(connection: &mut Connection, district: &str) -> QueryResult<bool> {
    let entry = ledger_entries::table
        .filter(ledger_entries::district.eq(periods::district))
        .filter(ledger_entries::entry_no.eq(periods::entry_no))
        .filter(ledger_entries::hash.eq(periods::entry_hash));
    let others = periods::table
        .filter(periods::district.eq(district))
        .filter(periods::entry_no.gt(0))
        .filter(not(exists(entry)));
    diesel::select(exists(others)).get_result(connection).await
}

/// Locks a closed month to the end of the transaction, for what is recorded against it one after another; whether there
/// is such a month.
///
/// # Errors
/// Whatever PostgreSQL says.
pub async fn lock_closed(
    connection: &mut Connection,
    district: &RegionCode,
    month: Month,
) -> QueryResult<bool> {
    let locked: Option<Day> = periods::table
        .find((district.as_str(), Day(month.first_day())))
        .select(periods::month)
        .for_no_key_update()
        .first(connection)
        .await
        .optional()?;
    Ok(locked.is_some())
}

/// The first month in which something is posted.
///
/// # Errors
/// Whatever PostgreSQL says.
pub async fn first_posted(connection: &mut Connection, district: &RegionCode) -> QueryResult<Option<Month>> {
    let first: Option<Day> = ledger_entries::table
        .filter(ledger_entries::district.eq(district.as_str()))
        .select(min(ledger_entries::period))
        .first(connection)
        .await?;
    Ok(first.map(|day| Month::of(day.0)))
}

/// Writes that a month is closed, under the district's row lock.
///
/// # Errors
/// Whatever PostgreSQL says; a closed month refuses to be closed again.
pub async fn close(
    connection: &mut Connection,
    district: &RegionCode,
    period: &ClosedPeriod,
) -> QueryResult<()> {
    diesel::insert_into(periods::table)
        .values((
            periods::district.eq(district.as_str()),
            periods::month.eq(Day(period.month.first_day())),
            periods::closed_at.eq(Time(period.closed_at)),
            periods::digest.eq(&period.digest),
            periods::decision_no.eq(period.decision_no),
            periods::entry_no.eq(period.head.entry_no),
            periods::entry_hash.eq(&period.head.hash),
        ))
        .execute(connection)
        .await?;
    Ok(())
}
